//! Users come when a world, a crowd or a file says, and are owed effects in their order.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;

use allgreen::truth::Outcome;
use allgreen::world::{Change, ChangeKind, Reordering, Set, Setting};
use allgreen::{Duration, Problems, Seed, SimTime, Simulation, World};

/// Users who make one request; `users` are fields of theirs.
fn text(users: &str) -> String {
    format!(
        r#"World(
            format: 1, name: "w", title: "W", epoch: "2026-01-01T00:00:00Z",
            nodes: {{
                "users": (kind: Users, users: (count: 1000, journeys: {{ "look": 1.0, "order": 1.0 }}, regions: {{ "eu": 9.0, "us": 1.0 }}, accounts: {{ "free": 9.0, "enterprise": 1.0 }}, reports: (probability: 0.0, idle_per_hour: 0.0), {users})),
                "shop": (kind: Service, concurrency: 100000, routes: {{
                    "GET /": (steps: [Work(Const("1ms"))]),
                    "POST /order": (steps: [Call((to: "events", op: Publish("paid"))), Call((to: "events", op: Publish("sent")))]),
                }}),
                "events": (kind: Queue, queue: (capacity: 100000, service: Const("1ms"))),
                "mailer": (kind: Worker, replicas: 2, concurrency: 100, consumes: (queue: "events"), routes: {{
                    "paid": (steps: [Work(Const("2ms")), Effect("paid")]),
                    "sent": (steps: [Work(Const("2ms")), Effect("sent")]),
                }}),
            }},
            arrows: {{
                "users -> shop": (latency: Const("0s")),
                "shop -> events": (latency: Const("0s")),
                "events -> mailer": (latency: Const("0s")),
            }},
            journeys: {{
                "look": (steps: [(request: "GET /")]),
                "order": (steps: [(request: "POST /order", owes: (effects: {{ "paid": 1, "sent": 1 }}, effects_within: "10s", order: ["paid", "sent"]))]),
            }},
            monitor: (scrape_every: "1s", probe_every: "10m"),
        )"#
    )
}

fn start(users: &str) -> Simulation {
    let text = text(users);
    let world = World::from_ron("w", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    Simulation::new(&world, Seed(3))
}

fn asked(sim: &Simulation, secs: std::ops::Range<u64>) -> f64 {
    sim.truth().outcomes(SimTime::from_secs(secs.start), SimTime::from_secs(secs.end)).iter().sum::<u64>() as f64
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected} ± {within}");
}

#[test]
fn a_crowd_comes_and_goes_at_its_time() {
    let crowd = r#"journeys_per_second: 20.0, crowds: [(from: "100s", lasts: "50s", factor: 10.0), (from: "200s", lasts: "50s", factor: 0.0)]"#;
    let mut sim = start(crowd);
    sim.run_until(SimTime::from_secs(400));
    // Five standard deviations of the Poisson law.
    near(asked(&sim, 0..100), 2000.0, 5.0 * 2000f64.sqrt());
    near(asked(&sim, 100..150), 10_000.0, 5.0 * 10_000f64.sqrt());
    near(asked(&sim, 150..200), 1000.0, 5.0 * 1000f64.sqrt());
    assert_eq!(asked(&sim, 200..250), 0.0);
    near(asked(&sim, 250..350), 2000.0, 5.0 * 2000f64.sqrt());
}

#[test]
fn a_day_swings() {
    let mut sim = start("journeys_per_second: 0.5, daily_swing: 0.8");
    sim.run_until(SimTime::from_secs(13 * 3600));
    let hour = |hour: u64| asked(&sim, hour * 3600..hour * 3600 + 1800) / 900.0;
    // Lowest at the start, highest twelve hours later.
    near(hour(0), 0.2, 0.1);
    near(hour(6), 1.05, 0.15);
    near(hour(12), 1.8, 0.2);
}

#[test]
fn nobody_is_missed_where_the_rate_rises_from_next_to_nothing() {
    let mut sim = start("journeys_per_second: 0.5, daily_swing: 1.0");
    sim.run_until(SimTime::from_secs(12 * 3600 + 60));
    near(asked(&sim, 0..12 * 3600), 21_600.0, 5.0 * 147.0);
    let mut sim = start("journeys_per_second: 0.001");
    let set = Set::new("users", Setting::TrafficFactor(1000.0));
    sim.schedule(SimTime::from_secs(10), &Change::new("launch", ChangeKind::Traffic, vec![set]));
    sim.run_until(SimTime::from_secs(620));
    near(asked(&sim, 20..620), 600.0, 5.0 * 24.5);
}

#[test]
fn a_crowd_is_not_missed_however_rarely_users_come_otherwise() {
    let rare = r#"journeys_per_second: 0.05, crowds: [(from: "100s", lasts: "50s", factor: 1000.0)]"#;
    let mut sim = start(rare);
    sim.run_until(SimTime::from_secs(200));
    near(asked(&sim, 100..150), 2500.0, 250.0);
}

#[test]
fn effects_in_the_wrong_order_are_misordered_for_the_user() {
    let mut sim = start("journeys_per_second: 50.0");
    let held = Reordering { share: 0.2, delay: allgreen::world::Dist::Const(Duration::from_millis(500)) };
    let set = Set::new("events -> mailer", Setting::Reordering(Some(held)));
    sim.schedule(SimTime::from_secs(100), &Change::new("held", ChangeKind::Config, vec![set]));
    sim.run_until(SimTime::from_secs(250));
    let orders = |from: u64, to: u64| {
        let of = sim.truth().journeys().iter().position(|name| name == "order").unwrap() as u16;
        let range = SimTime::from_secs(from)..SimTime::from_secs(to);
        let all: Vec<Outcome> =
            sim.truth().settled().filter(|s| s.journey == of && range.contains(&s.asked)).map(|s| s.outcome).collect();
        all.iter().filter(|outcome| **outcome == Outcome::Misordered).count() as f64 / all.len() as f64
    };
    assert_eq!(orders(0, 99), 0.0);
    // The first of the two is held up and the second is not.
    near(orders(101, 230), 0.2 * 0.8, 0.03);
}

/// A world file with a trace beside it.
fn load(trace: &str, users: &str) -> Result<World, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("w.ron");
    fs::write(&path, text(users)).unwrap();
    fs::write(folder.path().join("friday.csv"), trace).unwrap();
    World::load(&path)
}

const TRACED: &str = r#"journeys_per_second: 0.0, trace: "friday.csv""#;

#[test]
fn journeys_start_when_a_file_says_and_by_whom() {
    let trace = "time,journey,region,account,user\n0.5,order,us,enterprise,\n\n2,look,,,17\n2,look,eu,free,\r\n9.25,order,us,,\n";
    let world = load(trace, TRACED).unwrap_or_else(|problems| panic!("{problems}"));
    let mut sim = Simulation::new(&world, Seed(9));
    sim.run_until(SimTime::from_secs(4));
    let mut fork = sim.fork();
    sim.run_until(SimTime::from_secs(60));
    fork.run_until(SimTime::from_secs(60));
    assert_eq!(sim.digest(), fork.digest());
    let mut seen: Vec<_> = sim.truth().settled().copied().collect();
    seen.sort_by_key(|settled| settled.asked);
    let rows: Vec<_> =
        seen.iter().map(|s| (s.asked.as_secs_f64(), sim.truth().journeys()[usize::from(s.journey)].as_str())).collect();
    assert_eq!(rows, [(0.5, "order"), (2.0, "look"), (2.0, "look"), (9.25, "order")]);
    let facts: Vec<_> = seen.iter().map(|s| sim.truth().user(s.user)).collect();
    assert_eq!((facts[0].region.as_str(), facts[0].account.as_str()), ("us", "enterprise"));
    assert!(seen[1].user.number == 17 || seen[2].user.number == 17);
    assert_eq!(facts[3].region, "us");
}

#[test]
fn a_trace_that_cannot_be_read_is_refused_with_its_line() {
    let wrong = |trace: &str| {
        let problems = load(trace, TRACED).unwrap_err();
        let first = problems.iter().next().unwrap().clone();
        (first.position().map_or(0, |at| at.line), first.what().to_owned())
    };
    let says = |what: &str| what.to_owned();
    assert_eq!(wrong("journey\nlook\n"), (1, says("the first line must name the columns `time` and `journey`")));
    assert_eq!(wrong("time,jorney\n1,look\n"), (1, says("there is no column `jorney`")));
    assert_eq!(wrong("time,time,journey\n"), (1, says("the column `time` is given twice")));
    assert_eq!(wrong("time,journey\n1,look,2\n"), (2, says("3 cells, and there are 2 columns")));
    assert_eq!(
        wrong("time,journey\n1,look\nsoon,look\n"),
        (3, says("`soon` is not a time in seconds since the start"))
    );
    assert_eq!(wrong("time,journey\n-1,look\n"), (2, says("`-1` is not a time in seconds since the start")));
    assert_eq!(wrong("time,journey\n5,look\n\n4,look\n"), (4, says("this journey starts before that of line 2")));
    assert_eq!(wrong("time,journey\n5,lok\n"), (2, says("these users have no journey `lok`")));
    assert_eq!(wrong("time,journey,user\n5,look,1000\n"), (2, says("`1000` is not the number of a user")));
    assert_eq!(wrong("time,journey,region\n5,look,mars\n"), (2, says("these users have no region `mars`")));
    assert_eq!(wrong("time,journey\n"), (0, says("there are no journeys in this file")));
    let crowded: String = (0..100_001).map(|_| "7,look\n").collect();
    let what = says("more than 100000 journeys in one second");
    assert_eq!(wrong(&format!("time,journey\n{crowded}")), (100_002, what));
}

#[test]
fn a_trace_lies_next_to_its_world() {
    let wrong = |world: Result<World, Problems>| world.unwrap_err().iter().next().unwrap().what().to_owned();
    let elsewhere = |path: &str| load("", &TRACED.replace("friday.csv", path));
    assert_eq!(wrong(elsewhere("thursday.csv")), "there is no such file");
    assert_eq!(wrong(elsewhere("../x.csv")), "`../x.csv` does not lead to a file in the folder of this world");
    assert_eq!(wrong(elsewhere("/etc/passwd")), "`/etc/passwd` does not lead to a file in the folder of this world");
    let no_file = World::from_ron("w", &text(TRACED));
    assert_eq!(wrong(no_file), "a trace is read from the folder of the world's file, and this world has none");
}
