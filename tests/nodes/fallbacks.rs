//! What a caller uses in place of an answer, what a queue does with one message too many, and which replica is asked.

use allgreen::truth::Outcome;
use allgreen::world::Setting;
use allgreen::{SimTime, Simulation};

use crate::support::histogram;
use crate::{Scene, outcomes};

fn all(sim: &Simulation, from: u64, to: u64) -> u64 {
    sim.truth().outcomes(SimTime::from_secs(from), SimTime::from_secs(to)).iter().sum()
}

#[test]
fn a_default_and_nothing_at_all_are_partial_and_the_last_answer_is_not() {
    let after = |fallback: &str, keys: &str| {
        let data = format!(r#""item": ({keys}, bytes: 100, default_bytes: 10)"#);
        let arrows = format!(r#""users -> web": (), "web -> db": (timeout: "100ms"{fallback})"#);
        let scene = Scene {
            rate: 20.0,
            data: data.leak(),
            nodes: r#"
                "web": (kind: Service, routes: { "GET /": (steps: [Call((to: "db", op: Read("item")))]) }),
                "db": (kind: Database, database: (read: Const("2ms"), write: Const("2ms")))"#,
            arrows: arrows.leak(),
            steps: r#"(request: "GET /", owes: (parts: ["item"])), (request: "GET /", think: Const("30s"), owes: (parts: ["item"]))"#,
        };
        let sim = scene.run(90, &[(40, "db", &[], Setting::Down(true))]);
        assert_eq!(outcomes(&sim, Outcome::Right, 0, 39), all(&sim, 0, 39));
        // Half of those who ask now are on a journey on which they asked before, when there were answers.
        let of = |outcome| (20.0 * outcomes(&sim, outcome, 41, 69) as f64 / all(&sim, 41, 69) as f64).round() / 20.0;
        [Outcome::Right, Outcome::Partial, Outcome::Failed].map(of)
    };
    assert_eq!(after("", "keys: 1"), [0.0, 0.0, 1.0]);
    assert_eq!(after(", fallback: (value: Default)", "keys: 1"), [0.0, 1.0, 0.0]);
    assert_eq!(after(", fallback: (value: Empty)", "keys: 1"), [0.0, 1.0, 0.0]);
    // Of so many items nobody but oneself has asked for the same; the one item has been asked for by somebody.
    assert_eq!(after(", fallback: (value: Stale)", "keys: 10000000"), [0.5, 0.5, 0.0]);
    assert_eq!(after(", fallback: (value: Stale)", "keys: 1"), [1.0, 0.0, 0.0]);
}

#[test]
fn a_full_queue_refuses_or_drops_the_newest_or_the_oldest() {
    // Five messages a second, one is handled in a second; ten fit.
    let shares = |overflow: &str| {
        let nodes = format!(
            r#"
            "web": (kind: Service, routes: {{ "GET /": (steps: [Call((to: "queue", op: Publish("mail")))]) }}),
            "queue": (kind: Queue, queue: (capacity: 10, overflow: {overflow}, service: Const("1ms"))),
            "mailer": (kind: Worker, concurrency: 1, consumes: (queue: "queue"), routes: {{ "mail": (steps: [Work(Const("1s")), Effect("mail")]) }})"#
        );
        let scene = Scene {
            rate: 5.0,
            data: "",
            nodes: nodes.leak(),
            arrows: r#""users -> web": (), "web -> queue": (), "queue -> mailer": ()"#,
            steps: r#"(request: "GET /", owes: (effects: { "mail": 1 }, effects_within: "6s"))"#,
        };
        let sim = scene.run(240, &[]);
        [Outcome::Failed, Outcome::Lost, Outcome::Late, Outcome::Right]
            .map(|outcome| outcomes(&sim, outcome, 40, 200) as f64 / all(&sim, 40, 200) as f64)
    };
    let near = |found: [f64; 4], expected: [f64; 4]| {
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.06), "{found:?}");
    };
    // Who gets in waits for ten others, which is too long.
    near(shares("Reject"), [0.8, 0.0, 0.2, 0.0]);
    near(shares("DropNewest"), [0.0, 0.8, 0.2, 0.0]);
    // The ten that wait are of the last two seconds, and each is handled soon or never.
    near(shares("DropOldest"), [0.0, 0.8, 0.0, 0.2]);
}

#[test]
fn a_hash_keeps_a_key_at_one_replica_and_moves_few_when_replicas_change() {
    let run = |balance: &str, change: Option<(u64, &str, &[u16], Setting)>| {
        let arrows = format!(r#""users -> web": (), "web -> cache": (balance: {balance}), "web -> db": ()"#);
        let scene = Scene {
            rate: 200.0,
            data: r#""item": (keys: 400, bytes: 100)"#,
            nodes: r#"
                "web": (kind: Service, concurrency: 1000, routes: { "GET /": (steps: [
                    Call((to: "cache", op: Get("item"))),
                    Call((to: "db", op: Read("item"), when: Missing("item"))),
                    Call((to: "cache", op: Put("item"), when: Fetched("item"))),
                ]) }),
                "cache": (kind: Cache, replicas: 4, concurrency: 1000, cache: (capacity: 1000, service: Const("100us"))),
                "db": (kind: Database, concurrency: 1000, database: (read: Const("1ms"), write: Const("1ms")))"#,
            arrows: arrows.leak(),
            steps: r#"(request: "GET /", owes: (parts: ["item"]))"#,
        };
        scene.run(75, change.as_slice()).station_flow("db").unwrap().arrived
    };
    // Each key is fetched once, or once by each of four.
    let once = run("Hash", None);
    assert!(once < 415, "{once}");
    for balance in ["RoundRobin", "Random", "LeastConnections"] {
        assert!(run(balance, None) > 1500, "{balance}");
    }
    let moved = |change| run("Hash", Some(change)) - once;
    // One of four is gone: its keys move, a quarter of all. The others stay where they are.
    let gone = moved((40, "cache", &[2], Setting::Down(true)));
    assert!((70..130).contains(&gone), "{gone}");
    let fewer = moved((40, "cache", &[], Setting::Replicas(3)));
    assert!((70..130).contains(&fewer), "{fewer}");
    // A fifth one comes: a fifth of the keys are its, and are with a neighbour until it is warm.
    let more = moved((20, "cache", &[], Setting::Replicas(5)));
    assert!((110..210).contains(&more), "{more}");
}

#[test]
fn a_replica_that_is_replaced_leaves_its_bad_host_behind_and_one_that_restarts_does_not() {
    let scene = Scene {
        rate: 20.0,
        data: "",
        nodes: r#""web": (kind: Service, replicas: 2, routes: { "GET /": (steps: [Work(Const("10ms"))]) })"#,
        arrows: r#""users -> web": ()"#,
        steps: r#"(request: "GET /", owes: (answer_within: "200ms"))"#,
    };
    let late = |fix| {
        let slow = (10, "web", [1u16].as_slice(), Setting::WorkFactor(50.0));
        let sim = scene.run(120, &[slow, (40, "web", &[1], fix)]);
        assert!(outcomes(&sim, Outcome::Late, 11, 39) > 200);
        let (sum, count) = histogram(sim.telemetry(), "web", "http.server.request.duration", None);
        assert!(sum / count > 0.01);
        outcomes(&sim, Outcome::Late, 70, 110)
    };
    assert_eq!(late(Setting::Replace), 0);
    assert!(late(Setting::Restart) > 300);
}
