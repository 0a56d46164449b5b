//! Worlds by somebody who wishes a machine ill. Each is refused with a place and a remedy, or runs to a budget and keeps what
//! was simulated.

use super::TINY;
use crate::{Seed, SimTime, Simulation, World};

const NASTY: &[(&str, &str, &str)] = &[
    ("journeys_per_second: 2.0", "journeys_per_second: 1000000000.0", "outside 0 to 100,000"),
    ("journeys_per_second: 2.0", "journeys_per_second: NaN", "is NaN"),
    ("journeys_per_second: 2.0", "journeys_per_second: -2.0", "is -2"),
    ("regions: {\"eu\": 1.0}", "regions: {\"eu\": inf}", "weight"),
    (
        "regions: {\"eu\": 1.0}",
        "regions: {\"eu\": 1.0}, crowds: [(from: \"1s\", lasts: \"1h\", factor: 1e30)]",
        "factor",
    ),
    ("attempts: 2, backoff: \"20ms\"", "attempts: 255, backoff: \"0s\"", "number of attempts"),
    ("kind: Service,", "kind: Service, queue_limit: 4294967295,", "queue_limit"),
    ("kind: Service,", "kind: Service, replicas: 0,", "number of replicas is 0"),
    ("kind: Service,", "kind: Service, replicas: 65535,", "more than the 60000"),
    ("kind: Service,", "kind: Service, memory: (base: 18446744073709551615, limit: 1),", "no room"),
    (
        "kind: Service,",
        "kind: Service, telemetry: (chatter: [(every: Const(\"1ns\"), level: Info, text: \"\")]),",
        "1ns",
    ),
    ("kind: Service,", "kind: Service, jobs: { \"x\": (every: Const(\"0s\"), route: \"GET /items\") },", "0s"),
    ("Exp(\"3ms\")", "Const(\"99999999999h\")", "longer than ten years"),
    ("Exp(\"3ms\")", "Const(\"-3ms\")", "not a duration"),
    ("Exp(\"3ms\")", "LogNormal(median: \"60m\", sigma: 5.0)", "mean of `Work`"),
    ("Exp(\"3ms\")", "LogNormal(median: \"3ms\", sigma: NaN)", "sigma"),
    ("keys: 100", "keys: 4294967295, popularity: Zipf(1.0)", "more than fit"),
    ("\"web -> db\": (", "\"web -> web\": (), \"web -> db\": (", "to itself"),
    ("\"web -> db\": (", "\"web -> db\": (loss: 1e308, ", "loss"),
    (
        "\"web -> db\": (",
        "\"web -> db\": (impairments: (burst_loss: (loss: 1.0, every: \"1ns\", lasts: \"1ns\")), ",
        "`every` is 1ns",
    ),
    ("\"web -> db\": (", "\"web -> db\": (impairments: (lookup_errors: -0.1), ", "lookup_errors"),
    ("\"web -> db\": (", "\"web -> db\": (impairments: (bandwidth: 0), ", "bandwidth"),
    ("    journeys: {\n", "    monitor: (scrape_every: \"1ns\"),\n    journeys: {\n", "scrape_every"),
    ("2026-03-02T08:00:00Z", "999999999-03-02T08:00:00Z", "RFC 3339"),
    ("2026-03-02T08:00:00Z", "9999-03-02T08:00:00Z", "64 bits"),
    (
        "kind: Database,",
        "kind: Database, limits: [(allow: Window(requests: 1, every: \"1m\"))],",
        "no request comes to a route of this node",
    ),
];

#[test]
fn nasty_worlds_are_refused_with_a_place_and_a_remedy() {
    for (from, to, what) in NASTY {
        refused(from, to, what);
    }
}

#[track_caller]
fn refused(from: &str, to: &str, what: &str) {
    assert!(TINY.contains(from), "{from}");
    let found = World::from_ron("nasty.ron", &TINY.replacen(from, to, 1)).err().unwrap_or_default();
    let told = found
        .iter()
        .any(|problem| problem.what().contains(what) && problem.position().is_some() && problem.suggestion().is_some());
    assert!(told, "{}: {found}", to.chars().take(200).collect::<String>());
}

/// The engine counts steps, calls at once and groups of consumers with few bits.
#[test]
fn more_of_a_thing_than_is_counted_is_refused() {
    let many = |what: &str, count: usize| vec![what; count].join(", ");
    let call = r#"(to: "db", op: Read("items"))"#;
    refused(r#"Work(Exp("3ms"))"#, &many(r#"Effect("seen")"#, 66_000), "steps of one route are more than fit");
    refused(r#"Work(Exp("3ms"))"#, &format!("All([{}])", many(call, 66_000)), "calls at once are more than fit");
    let groups = |count: usize| {
        let worker = |at: usize| {
            format!(r#""w{at}": (kind: Worker, consumes: (queue: "q", group: "g{at}"), routes: {{"m": ()}}),"#)
        };
        let nodes: String = (0..count).map(worker).collect();
        let arrows: String = (0..count).map(|at| format!(r#""q -> w{at}": (),"#)).collect();
        let queue = r#""q": (kind: Queue, queue: (capacity: 10, service: Const("1ms"))),"#;
        let text = TINY.replacen("    nodes: {", &format!("    nodes: {{ {queue} {nodes}"), 1);
        World::from_ron("many.ron", &text.replacen("    arrows: {", &format!("    arrows: {{ {arrows}"), 1))
    };
    assert!(groups(200).is_ok());
    let error = groups(256).err().unwrap_or_default().to_string();
    assert!(error.contains("256 groups of consumers are more than fit"), "{error}");
}

/// Within all ranges, and yet more than can be run: as many waiting as allowed, for as long as allowed.
#[test]
fn a_world_that_fills_up_stops_at_its_budget_and_keeps_what_was_simulated() {
    let text = TINY
        .replace("journeys_per_second: 2.0", "journeys_per_second: 20000.0")
        .replace("kind: Service,", "kind: Service, concurrency: 1, queue_limit: 10000000,")
        .replace("Exp(\"3ms\")", "Const(\"60m\")");
    let world = World::from_ron("full.ron", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let mut sim = Simulation::new(&world, Seed(1));
    assert!(!sim.run_within(SimTime::from_secs(24 * 3600), 200_000));
    assert_eq!(sim.events(), 200_000);
    let (before, bytes) = (sim.now(), sim.bytes());
    assert!(before > SimTime::from_secs(1) && sim.in_flight().visits > 10_000 && bytes > 1_000_000, "{before} {bytes}");
    assert_eq!(sim.audit(), Ok(()));
    // It goes on from there.
    assert!(!sim.run_within(SimTime::from_secs(24 * 3600), 1000));
    assert!(sim.events() == 201_000 && sim.now() > before && sim.bytes() >= bytes);
}
