//! What queues do to messages: each way in which one is delivered again, out of order, given up or lost shows in the
//! ledger and in what exporters say.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use allgreen::truth::Outcome;
use allgreen::world::{Ack, Change, ChangeKind, Set, Setting};
use allgreen::{Duration, Seed, SimTime, Simulation, World};
use support::gauge;

/// Users → shop → orders (a queue) → mailer.
struct Mails<'a> {
    /// Fields of the queue.
    queue: &'a str,
    /// Fields of the consumption.
    consumes: &'a str,
    /// Fields of the worker.
    mailer: &'a str,
    /// What the worker's handler does, and its other fields.
    handler: &'a str,
    /// Fields of the arrow from the queue to the worker.
    arrow: &'a str,
    /// More nodes and arrows.
    nodes: &'a str,
    arrows: &'a str,
    /// What is owed.
    owes: &'a str,
}

const MAILS: Mails<'_> = Mails {
    queue: "",
    consumes: "",
    mailer: "",
    handler: r#"steps: [Work(Exp("20ms")), Effect("mail")]"#,
    arrow: "",
    nodes: "",
    arrows: "",
    owes: r#"effects: { "mail": 1 }, effects_within: "60s""#,
};

impl Mails<'_> {
    fn start(&self) -> Simulation {
        let Mails { queue, consumes, mailer, handler, arrow, nodes, arrows, owes } = self;
        let text = format!(
            r#"World(
                format: 1, name: "mails", title: "Mails", epoch: "2026-01-01T00:00:00Z",
                nodes: {{
                    "users": (kind: Users, users: (count: 100, journeys_per_second: 20.0, journeys: {{ "buy": 1.0 }}, regions: {{ "eu": 1.0 }}, reports: (probability: 0.0, idle_per_hour: 0.0))),
                    "shop": (kind: Service, concurrency: 10000, routes: {{ "POST /buy": (steps: [Call((to: "orders", op: Publish("placed")))]) }}),
                    "orders": (kind: Queue, queue: (capacity: 10000, service: Const("1ms"), {queue})),
                    "mailer": (kind: Worker, concurrency: 4, {mailer} consumes: (queue: "orders", {consumes}), routes: {{ "placed": ({handler}) }}),
                    {nodes}
                }},
                arrows: {{
                    "users -> shop": (latency: Const("0s"), timeout: "30s"),
                    "shop -> orders": (latency: Const("0s")),
                    "orders -> mailer": (latency: Const("0s"), {arrow}),
                    {arrows}
                }},
                journeys: {{ "buy": (steps: [(request: "POST /buy", owes: ({owes}))]) }},
                monitor: (scrape_every: "1s", probe_every: "10m"),
            )"#
        );
        let world = World::from_ron("mails", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        Simulation::new(&world, Seed(5))
    }

    fn run(&self, secs: u64) -> Simulation {
        let mut sim = self.start();
        sim.run_until(SimTime::from_secs(secs));
        sim
    }
}

fn change(on: &str, to: Setting) -> Change {
    Change::new(format!("{to:?}"), ChangeKind::Config, vec![Set::new(on, to)])
}

fn share(sim: &Simulation, secs: std::ops::Range<u64>, outcome: Outcome) -> f64 {
    let counts = sim.truth().outcomes(SimTime::from_secs(secs.start), SimTime::from_secs(secs.end));
    counts[outcome as usize] as f64 / counts.iter().sum::<u64>() as f64
}

fn last(sim: &Simulation, node: &str, metric: &str) -> f64 {
    *gauge(sim.telemetry(), node, metric).last().unwrap()
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected} ± {within}");
}

#[test]
fn a_visibility_timeout_shorter_than_the_work_mails_twice() {
    let slow = |queue| Mails {
        queue,
        mailer: "replicas: 100,",
        handler: r#"steps: [Work(Const("3s")), Effect("mail")]"#,
        ..MAILS
    };
    let long = slow(r#"visibility: "10s""#).run(200);
    near(share(&long, 0..120, Outcome::Right), 1.0, 0.0);
    assert_eq!(last(&long, "orders", "messaging.queue.redelivered"), 0.0);
    let mut short = slow(r#"visibility: "10s""#).start();
    short.schedule(SimTime::from_secs(60), &change("orders", Setting::Visibility(Some(Duration::from_secs(2)))));
    short.run_until(SimTime::from_secs(200));
    near(share(&short, 0..50, Outcome::Right), 1.0, 0.0);
    near(share(&short, 65..120, Outcome::Duplicated), 1.0, 0.0);
    assert!(last(&short, "orders", "messaging.queue.redelivered") > 500.0);
}

#[test]
fn a_consumer_that_keeps_keys_mails_once_however_often_a_message_comes() {
    let arrow = "impairments: (response_loss: 0.2)";
    let mails = Mails { queue: r#"visibility: "3s""#, arrow, ..MAILS };
    near(share(&mails.run(200), 0..100, Outcome::Duplicated), 0.2, 0.03);
    let mails = Mails { mailer: r#"idempotency: (keep: "10m"),"#, ..mails };
    near(share(&mails.run(200), 0..100, Outcome::Right), 1.0, 0.0);
}

#[test]
fn what_fails_after_an_automatic_acknowledgement_is_lost() {
    let mut sim = Mails { handler: r#"steps: [Work(Exp("20ms")), Effect("mail")], errors: 0.1"#, ..MAILS }.start();
    sim.schedule(SimTime::from_secs(100), &change("mailer", Setting::AckMode(Ack::OnDelivery)));
    sim.run_until(SimTime::from_secs(300));
    near(share(&sim, 0..99, Outcome::Right), 1.0, 0.001);
    near(share(&sim, 101..200, Outcome::Lost), 0.1, 0.02);
}

#[test]
fn a_delivery_that_is_lost_comes_again_when_the_queue_finds_out() {
    let lossy = r#"impairments: (request_loss: 0.3)"#;
    let sim = Mails { queue: r#"visibility: "5s", max_deliveries: 50"#, arrow: lossy, ..MAILS }.run(200);
    near(share(&sim, 0..100, Outcome::Right), 1.0, 0.001);
    // Without a visibility timeout the queue waits for the connection to die, longer than users do.
    let sim = Mails { arrow: lossy, ..MAILS }.run(300);
    near(share(&sim, 0..100, Outcome::Late), 0.3, 0.03);
}

#[test]
fn poison_goes_to_the_dead_letters_and_back_when_somebody_fixed_the_handler() {
    let letters = r#""letters": (kind: Queue, queue: (capacity: 10000, service: Const("1ms"))),"#;
    let mails = Mails { queue: r#"max_deliveries: 3, dead_letters: "letters""#, nodes: letters, ..MAILS };
    let mut sim = mails.start();
    sim.schedule(SimTime::from_secs(10), &change("mailer", Setting::Poison(0.1)));
    sim.run_until(SimTime::from_secs(110));
    near(share(&sim, 10..45, Outcome::Lost), 0.1, 0.03);
    let dead = last(&sim, "letters", "messaging.queue.depth");
    near(dead / 2000.0, 0.1, 0.02);
    near(last(&sim, "orders", "messaging.queue.dead_lettered") / dead, 1.0, 0.03);
    near(last(&sim, "orders", "messaging.queue.redelivered") / dead, 2.0, 0.06);
    sim.schedule(SimTime::from_secs(110), &change("mailer", Setting::Poison(0.0)));
    sim.schedule(SimTime::from_secs(111), &change("letters", Setting::Redrive));
    sim.run_until(SimTime::from_secs(200));
    assert_eq!(last(&sim, "letters", "messaging.queue.depth"), 0.0);
    near(share(&sim, 55..111, Outcome::Right), 1.0, 0.0);
}

#[test]
fn a_poison_message_holds_up_its_partition_and_no_other() {
    let queue = r#"partitions: (count: 10), visibility: "5s", max_deliveries: 100"#;
    let handler = r#"steps: [Work(Exp("20ms")), Effect("mail")], poison: 0.0005"#;
    let sim = Mails { queue, handler, ..MAILS }.run(400);
    let late = share(&sim, 200..300, Outcome::Late);
    assert!(late > 0.05 && late < 0.7, "some partitions stand still: {late}");
    let free = Mails { queue: r#"visibility: "5s", max_deliveries: 100"#, handler, ..MAILS }.run(400);
    assert!(share(&free, 200..300, Outcome::Late) < 0.01, "without partitions others overtake it");
}

#[test]
fn each_group_of_consumers_gets_every_message() {
    let nodes = r#""books": (kind: Worker, consumes: (queue: "orders", group: "books"), routes: { "placed": (steps: [Work(Exp("5ms")), Effect("booked")]) }),"#;
    let owes = r#"effects: { "mail": 1, "booked": 1 }, effects_within: "60s""#;
    let mails = Mails { nodes, arrows: r#""orders -> books": (),"#, consumes: r#"group: "mails""#, owes, ..MAILS };
    near(share(&mails.run(150), 0..80, Outcome::Right), 1.0, 0.0);
    // In one group they share the messages: each gets some.
    let nodes = nodes.replace(r#"group: "books""#, r#"group: "mails""#);
    let sim = Mails { nodes: &nodes, ..mails }.run(150);
    near(share(&sim, 0..80, Outcome::Lost), 1.0, 0.0);
    assert_eq!(last(&sim, "orders", "messaging.queue.depth"), 0.0);
}
