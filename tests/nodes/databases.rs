//! Databases: reads from replicas that are behind, rows that wait, slow queries, and a primary that is lost.

use allgreen::truth::Outcome;
use allgreen::world::{Setting, Slow};
use allgreen::{Duration, Simulation};

use crate::support::histogram;
use crate::{Scene, lines, outcomes};

fn stored(keys: &str, row_locks: bool, rate: f64, steps: &'static str) -> Scene<'static> {
    let nodes = format!(
        r#"
        "web": (kind: Service, concurrency: 1000, routes: {{
            "PUT /": (steps: [Call((to: "db", op: Write("item"))), Effect("stored")]),
            "GET /": (steps: [Call((to: "replica", op: Read("item")))]),
        }}),
        "db": (kind: Database, concurrency: 40, database: (read: Const("2ms"), write: Const("20ms"), row_locks: {row_locks})),
        "replica": (kind: Database, database: (read: Const("2ms"), write: Const("2ms"), follows: "db", lag: "3s"))"#
    );
    Scene {
        rate,
        data: format!(r#""item": ({keys}, bytes: 100)"#).leak(),
        nodes: nodes.leak(),
        arrows: r#""users -> web": (), "web -> db": (), "web -> replica": ()"#,
        steps,
    }
}

fn mean(sim: &Simulation, node: &str) -> f64 {
    let (sum, count) = histogram(sim.telemetry(), node, "db.server.operation.duration", None);
    sum / count
}

#[test]
fn a_replica_answers_as_of_its_lag() {
    let stale = |think: &str| {
        let steps = format!(
            r#"(request: "PUT /", owes: (effects: {{ "stored": 1 }})), (request: "GET /", think: Const("{think}"), owes: (parts: ["item"], fresh_within: "0s"))"#
        );
        let scene = stored("keys: 1000000, popularity: PerUser", false, 20.0, steps.leak());
        let sim = scene.run(100, &[]);
        assert!((mean(&sim, "replica") - 0.002).abs() < 1e-9, "reads go to the replica");
        outcomes(&sim, Outcome::Stale, 0, 90)
    };
    // Who reads a second after the own write sees what was before; who waits for four does not.
    assert!(stale("1s") > 1700 && stale("4s") < 40);
}

#[test]
fn writes_to_one_row_wait_for_each_other() {
    let put = r#"(request: "PUT /", owes: (effects: { "stored": 1 }))"#;
    // 40 writes a second of 20 ms each: four fifths of one row's time, one in fifty of the servers'.
    let wait = |keys: &str, locks| {
        let sim = stored(keys, locks, 40.0, put).run(300, &[]);
        assert_eq!(
            outcomes(&sim, Outcome::Right, 0, 150),
            sim.truth().outcomes(Default::default(), allgreen::SimTime::from_secs(150)).iter().sum::<u64>()
        );
        mean(&sim, "db")
    };
    assert!((wait("keys: 1", false) - 0.02).abs() < 1e-9);
    assert!(wait("keys: 100000", true) < 0.0205);
    // M/D/1 at 0.8: S + λ S² / (2 (1 − ρ)) = 60 ms.
    let hot = wait("keys: 1", true);
    assert!((hot - 0.06).abs() < 0.01, "{hot}");
}

#[test]
fn a_share_of_queries_is_slow() {
    let put = r#"(request: "PUT /", owes: (effects: { "stored": 1 }))"#;
    let slow = Setting::Slow(Some(Slow { share: 0.1, factor: 50.0 }));
    let sim = stored("keys: 100", false, 20.0, put).run(400, &[(0, "db", &[], slow)]);
    // 0.9 × 20 ms + 0.1 × 1 s.
    assert!((mean(&sim, "db") - 0.118).abs() < 0.01, "{}", mean(&sim, "db"));
}

#[test]
fn a_failover_refuses_writes_and_loses_what_was_not_copied() {
    let steps = r#"(request: "PUT /", owes: (effects: { "stored": 1 }, effects_within: "5s")),
        (request: "GET /", think: Const("30s"), owes: (parts: ["item"], fresh_within: "0s"))"#;
    let scene =
        stored("keys: 100000000, popularity: PerUser".replace("100000000", "50000000").leak(), false, 20.0, steps);
    let sim = scene.run(200, &[(100, "db", &[], Setting::Failover(Duration::from_secs(20)))]);
    assert_eq!(outcomes(&sim, Outcome::Failed, 0, 99) + outcomes(&sim, Outcome::Failed, 121, 190), 0);
    let refused = outcomes(&sim, Outcome::Failed, 100, 120);
    assert!((350..450).contains(&refused), "{refused}");
    // Who wrote in the last three seconds was told so, and reads an old value half a minute later.
    let lost = outcomes(&sim, Outcome::Stale, 125, 135);
    assert!((40..75).contains(&lost), "{lost}");
    assert_eq!(outcomes(&sim, Outcome::Stale, 136, 190), 0);
    assert_eq!(lines(&sim, "received promote request"), 1);
}

#[test]
fn where_the_newest_stamp_wins_a_late_clock_loses_what_it_writes() {
    // The order is written, and a fifth of a second later the payment marks it.
    let nodes = |clock: &str| {
        format!(
            r#"
            "web": (kind: Service, routes: {{ "PUT /": (steps: [
                Call((to: "db", op: Write("item"))), Work(Const("200ms")), Call((to: "pay", op: Route("POST /"))),
            ]), "GET /": (steps: [Call((to: "db", op: Read("item")))]) }}),
            "pay": (kind: Service, clocks: [(offset: "{clock}")],
                routes: {{ "POST /": (steps: [Call((to: "db", op: Write("item")))]) }}),
            "db": (kind: Database, database: (read: Const("2ms"), write: Const("2ms"), newest_stamp_wins: true))"#
        )
    };
    let scene = |clock| Scene {
        rate: 10.0,
        data: r#""item": (keys: 1000000, popularity: PerUser, bytes: 100)"#,
        nodes: nodes(clock).leak(),
        arrows: r#""users -> web": (), "web -> pay": (), "web -> db": (), "pay -> db": ()"#,
        steps: r#"(request: "PUT /"), (request: "GET /", think: Const("5s"), owes: (parts: ["item"], fresh_within: "1s"))"#,
    };
    let outdated = |sim: &allgreen::Simulation| {
        crate::support::gauge(sim.telemetry(), "db", "db.server.writes.outdated").last().copied().unwrap()
    };
    let right = scene("-100ms").run(60, &[]);
    assert_eq!((outcomes(&right, Outcome::Stale, 0, 50), outdated(&right)), (0, 0.0));
    let wrong = scene("-300ms").run(60, &[]);
    assert_eq!(outcomes(&wrong, Outcome::Failed, 0, 50) + outcomes(&wrong, Outcome::Late, 0, 50), 0);
    let stale = outcomes(&wrong, Outcome::Stale, 6, 50);
    assert!((340..540).contains(&stale) && outdated(&wrong) > stale as f64, "{stale}");
}
