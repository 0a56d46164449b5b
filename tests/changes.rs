//! Changes happen when, to whom and how fast they say: in steps, for some users, in one zone, when something holds; and
//! each can be undone.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use allgreen::truth::{Outcome, Settled};
use allgreen::world::{Change, ChangeKind, Cohort, Condition, Fallback, Gradual, Set, Setting};
use allgreen::{Duration, Seed, SimTime, Simulation, World};

const WORLD: &str = r#"World(
    format: 1, name: "changes", title: "Changes", epoch: "2026-01-01T11:58:00Z",
    nodes: {
        "users": (kind: Users, users: (count: 2000, journeys_per_second: 50.0, journeys: { "go": 1.0 }, regions: { "eu": 2.0, "us": 1.0 }, accounts: { "free": 3.0, "enterprise": 1.0 }, reports: (probability: 0.0, idle_per_hour: 0.0))),
        "edge": (kind: LoadBalancer, concurrency: 100000),
        "web": (kind: Service, replicas: 2, zones: ["a", "b"], concurrency: 100000, clocks: [(offset: "30s"), ()], flags: { "gift": false }, routes: { "GET /": (steps: [
            Work(Const("1ms")),
            Call((to: "api", op: Route("GET /price"))),
            Call((to: "gifts", op: Route("POST /gift"), when: Flag("gift"))),
        ]) }),
        "api": (kind: Service, replicas: 2, zones: ["a", "b"], concurrency: 100000, routes: { "GET /price": (steps: [Work(Const("1ms"))]) }),
        "gifts": (kind: Service, replicas: 2, zones: ["a", "b"], concurrency: 100000, routes: { "POST /gift": (steps: [Effect("gift"), Call((to: "parcels", op: Publish("parcel")))]) }),
        "parcels": (kind: Queue, zones: ["b"], queue: (capacity: 100000, service: Const("1ms"))),
    },
    arrows: {
        "users -> edge": (latency: Const("0s"), timeout: "10s"),
        "edge -> web": (latency: Const("0s"), timeout: "5s"),
        "web -> api": (latency: Const("0s"), timeout: "1s"),
        "web -> gifts": (latency: Const("0s"), timeout: "1s"),
        "gifts -> parcels": (latency: Const("0s"), timeout: "1s"),
    },
    journeys: { "go": (steps: [(request: "GET /", owes: (effects: { "gift": 1 }, effects_within: "5s"))]) },
    monitor: (scrape_every: "10s", probe_every: "10s"),
)"#;

fn start() -> Simulation {
    let world = World::from_ron("changes", WORLD).unwrap_or_else(|problems| panic!("{problems}"));
    Simulation::new(&world, Seed(11))
}

const SECS: fn(u64) -> SimTime = SimTime::from_secs;

fn change(id: &str, set: Set) -> Change {
    Change::new(id, ChangeKind::Config, vec![set])
}

fn undo(id: &str) -> Change {
    Change { undoes: Some(id.into()), ..Change::new(format!("undo {id}"), ChangeKind::Config, vec![]) }
}

fn failing(share: f64) -> Set {
    Set::new("web", Setting::ErrorRate(share))
}

fn flag(users: Option<Cohort>) -> Set {
    Set { users, ..Set::new("web", Setting::Flag("gift".into(), true)) }
}

/// The share of what was asked for in these seconds that ended so.
fn share(sim: &Simulation, secs: std::ops::Range<u64>, outcome: Outcome) -> f64 {
    let counts = sim.truth().outcomes(SECS(secs.start), SECS(secs.end));
    counts[outcome as usize] as f64 / counts.iter().sum::<u64>() as f64
}

fn settled(sim: &Simulation, secs: std::ops::Range<u64>) -> impl Iterator<Item = &Settled> {
    sim.truth().settled().filter(move |s| s.asked >= SECS(secs.start) && s.asked < SECS(secs.end))
}

/// The users who got it right in these seconds, and those who did not.
fn by_outcome(sim: &Simulation, secs: std::ops::Range<u64>) -> [BTreeSet<u32>; 2] {
    [true, false].map(|right| {
        let wanted = settled(sim, secs.clone()).filter(|s| (s.outcome == Outcome::Right) == right);
        wanted.map(|s| s.user.number).collect()
    })
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected} ± {within}");
}

#[test]
fn a_gradual_change_goes_in_steps_and_stops_when_it_is_undone() {
    let gradual = Some(Gradual { over: Duration::from_secs(100), steps: 5 });
    let mut sim = start();
    sim.schedule(SECS(0), &Change { gradual, ..change("ramp", failing(0.5)) });
    let mut stopped = sim.fork();
    stopped.schedule(SECS(70), &undo("ramp"));
    for sim in [&mut sim, &mut stopped] {
        sim.run_until(SECS(200));
    }
    for (step, from) in [0u64, 20, 40, 60, 80, 100].into_iter().enumerate() {
        let of_web = 0.1 * step as f64;
        near(share(&sim, from..from + 20, Outcome::Failed), of_web, 0.06);
    }
    assert!(share(&stopped, 60..69, Outcome::Failed) > 0.2);
    near(share(&stopped, 71..190, Outcome::Failed), 0.0, 0.0);
}

#[test]
fn a_rolling_change_that_is_undone_on_its_way_reaches_no_further_replica() {
    let step = Duration::from_secs(40);
    let mut sim = start();
    sim.schedule(SECS(0), &Change { rolling: step, ..change("deploy", failing(1.0)) });
    let mut undone = sim.fork();
    undone.schedule(SECS(20), &undo("deploy"));
    // A roll-back goes from replica to replica as well, and is slower here than what it takes back.
    let mut slowly = sim.fork();
    slowly.schedule(SECS(20), &Change { rolling: step.mul_f64(2.0), ..undo("deploy") });
    for sim in [&mut sim, &mut undone, &mut slowly] {
        sim.run_until(SECS(120));
        near(share(sim, 1..19, Outcome::Failed), 0.5, 0.03);
    }
    near(share(&sim, 41..119, Outcome::Failed), 1.0, 0.0);
    near(share(&undone, 21..119, Outcome::Failed), 0.0, 0.0);
    near(share(&slowly, 21..119, Outcome::Failed), 0.0, 0.0);
}

#[test]
fn a_change_that_is_undone_while_it_waits_never_begins() {
    let when = Some(Condition::TimeOfDay("api".into(), Duration::from_secs(12 * 3600)));
    let mut sim = start();
    sim.schedule(SECS(0), &Change { when, ..change("noon", failing(1.0)) });
    let mut undone = sim.fork();
    undone.schedule(SECS(60), &undo("noon"));
    for sim in [&mut sim, &mut undone] {
        sim.run_until(SECS(200));
    }
    near(share(&sim, 125..195, Outcome::Failed), 1.0, 0.0);
    near(share(&undone, 125..195, Outcome::Failed), 0.0, 0.0);
}

#[test]
fn latency_and_the_number_of_replicas_can_be_gradual() {
    let gradual = Some(Gradual { over: Duration::from_secs(40), steps: 4 });
    let mut sim = start();
    sim.schedule(SECS(0), &Change { gradual, ..change("grow", Set::new("api", Setting::Replicas(6))) });
    sim.schedule(SECS(60), &undo("grow"));
    let mut seen = Vec::new();
    for at in [5, 15, 25, 35, 45, 65] {
        sim.run_until(SECS(at));
        seen.push(sim.node("api").unwrap().replicas);
    }
    assert_eq!(seen, [2, 3, 4, 5, 6, 2]);
}

#[test]
fn a_fault_of_one_account_type_meets_nobody_else() {
    let enterprise = Cohort { accounts: vec!["enterprise".into()], ..Cohort::default() };
    let mut sim = start();
    sim.schedule(SECS(10), &change("fault", Set { users: Some(enterprise), ..failing(1.0) }));
    sim.schedule(SECS(60), &undo("fault"));
    sim.run_until(SECS(120));
    for s in settled(&sim, 11..59) {
        let hit = sim.truth().user(s.user).account == "enterprise";
        assert_eq!(s.outcome == Outcome::Failed, hit);
    }
    near(share(&sim, 11..59, Outcome::Failed), 0.25, 0.04);
    near(share(&sim, 61..100, Outcome::Failed), 0.0, 0.0);
}

#[test]
fn the_network_can_be_bad_for_some_users_only() {
    let us = Some(Cohort { regions: vec!["us".into()], ..Cohort::default() });
    let set = |to| Set { users: us.clone(), ..Set::new("web -> api", to) };
    let mut sim = start();
    sim.schedule(SECS(0), &change("loss", set(Setting::RequestLoss(1.0))));
    let empty = Fallback { value: allgreen::world::FallbackValue::Empty, log: false };
    sim.schedule(SECS(60), &change("fall back", set(Setting::Fallback(Some(empty)))));
    sim.schedule(SECS(120), &change("repair", Set::new("web -> api", Setting::RequestLoss(0.0))));
    sim.run_until(SECS(160));
    let failed =
        |secs| settled(&sim, secs).map(|s| (sim.truth().user(s.user).region == "us", s.outcome == Outcome::Failed));
    assert!(failed(1..58).all(|(hit, failed)| hit == failed));
    assert!(failed(60..150).all(|(_, failed)| !failed), "the fallback answers");
}

#[test]
fn a_flag_rolls_out_to_the_same_users_and_more_of_them() {
    let gradual = Some(Gradual { over: Duration::from_secs(100), steps: 4 });
    let half = Cohort { share: 0.5, ..Cohort::default() };
    let mut sim = start();
    sim.schedule(SECS(0), &Change { gradual, ..change("roll out", flag(Some(half))) });
    sim.schedule(SECS(200), &change("all", flag(None)));
    sim.schedule(SECS(250), &undo("all"));
    sim.schedule(SECS(300), &undo("roll out"));
    sim.run_until(SECS(350));
    for (step, from) in [1u64, 26, 51, 76, 101].into_iter().enumerate() {
        near(share(&sim, from..from + 23, Outcome::Right), 0.125 * step as f64, 0.05);
    }
    let [early, _] = by_outcome(&sim, 26..49);
    let [late, left_out] = by_outcome(&sim, 101..199);
    assert!(late.is_disjoint(&left_out), "a user has the flag or not");
    assert!(early.intersection(&left_out).next().is_none(), "and keeps it");
    near(share(&sim, 201..249, Outcome::Right), 1.0, 0.0);
    near(share(&sim, 251..299, Outcome::Right), 0.5, 0.05);
    near(share(&sim, 301..340, Outcome::Right), 0.0, 0.0);
}

#[test]
fn a_change_waits_for_its_condition() {
    let waits = |condition| {
        let mut sim = start();
        sim.schedule(SECS(0), &change("gifts", flag(None)));
        sim.schedule(SECS(0), &Change { when: Some(condition), ..change("then", failing(1.0)) });
        sim.run_until(SECS(200));
        settled(&sim, 0..190).find(|s| s.outcome == Outcome::Failed).map(|s| s.asked.as_secs_f64())
    };
    // Fifty parcels a second, and nobody takes them.
    near(waits(Condition::QueueDepth("parcels".into(), 2000)).unwrap(), 41.0, 4.0);
    near(waits(Condition::QueueAge("parcels".into(), Duration::from_secs(30))).unwrap(), 31.0, 2.0);
    near(waits(Condition::Uptime("api".into(), Duration::from_secs(100))).unwrap(), 101.0, 1.5);
    // The first replica's clock is half a minute fast: noon comes after 90 s.
    let noon = Duration::from_mins(12 * 60);
    near(waits(Condition::TimeOfDay("web".into(), noon)).unwrap(), 90.0, 2.0);
    near(waits(Condition::TimeOfDay("api".into(), noon)).unwrap(), 120.0, 2.0);
    assert_eq!(waits(Condition::ActiveRequests("web".into(), 1_000_000)), None);
}

#[test]
fn a_zone_that_is_lost_takes_its_replicas_and_nothing_else() {
    let loss = Set { zones: vec!["a".into()], ..Set::new("*", Setting::Down(true)) };
    let mut sim = start();
    sim.schedule(SECS(0), &change("gifts", flag(None)));
    sim.schedule(SECS(50), &change("zone a", loss));
    sim.schedule(SECS(100), &undo("zone a"));
    sim.run_until(SECS(99));
    let served = |sim: &Simulation, instance: &str, from: u64| {
        let spans = sim.telemetry().spans.iter().filter(|span| {
            let resource = &sim.telemetry().resources[usize::from(span.resource.0)];
            resource.instance == instance && span.start.0 > SECS(from).0 as i64
        });
        spans.count()
    };
    assert_eq!((served(&sim, "api-1", 51), served(&sim, "gifts-1", 51)), (0, 0));
    assert!(served(&sim, "api-2", 51) > 2000, "the other zone takes all");
    near(share(&sim, 51..90, Outcome::Right), 1.0, 0.0);
    sim.run_until(SECS(160));
    assert!(served(&sim, "api-1", 110) > 500, "and gives back half");
    let probes: Vec<u16> =
        sim.telemetry().health.iter().filter(|page| page.resource.0 == 0).map(|page| page.code).collect();
    assert_eq!(probes, [200, 503, 200], "the health page of api-1 is gone for a while");
}
