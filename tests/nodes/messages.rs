//! Queues and their consumers while settings change: nothing is handled twice, lost or handed over that should not be.

use allgreen::truth::Outcome;
use allgreen::world::{Ack, Setting};
use allgreen::{Duration, SimTime, Simulation};

use crate::{Scene, outcomes};

/// A shop that publishes an order to two groups of workers.
fn shop(queue: &str, work: &str) -> Scene<'static> {
    let nodes = format!(
        r#"
        "web": (kind: Service, routes: {{ "POST /order": (steps: [Call((to: "orders", op: Publish("paid")))]) }}),
        "orders": (kind: Queue, queue: (service: Const("1ms"), dead_letters: "dead", {queue})),
        "dead": (kind: Queue, queue: (capacity: 100000, service: Const("1ms"))),
        "mailer": (kind: Worker, concurrency: 1000, consumes: (queue: "orders", group: "mail"), routes: {{ "paid": (steps: [Work(Const("{work}")), Effect("mail")], log: "mailed") }}),
        "biller": (kind: Worker, concurrency: 1000, consumes: (queue: "orders", group: "bill"), routes: {{ "paid": (steps: [Work(Const("{work}")), Effect("bill")]) }})"#
    );
    Scene {
        rate: 10.0,
        data: "",
        nodes: nodes.leak(),
        arrows: r#""users -> web": (timeout: "1s"), "web -> orders": (timeout: "500ms"), "orders -> mailer": (), "orders -> biller": ()"#,
        steps: r#"(request: "POST /order", owes: (effects: { "mail": 1, "bill": 1 }, effects_within: "2m"))"#,
    }
}

fn asked(sim: &Simulation, from: u64, to: u64) -> u64 {
    sim.truth().outcomes(SimTime::from_secs(from), SimTime::from_secs(to)).iter().sum()
}

fn not_right(sim: &Simulation, from: u64, to: u64) -> u64 {
    asked(sim, from, to) - outcomes(sim, Outcome::Right, from, to)
}

#[test]
fn who_begins_to_acknowledge_on_delivery_handles_what_is_under_way_once() {
    let scene = shop(r#"capacity: 100000, visibility: "30s""#, "5s");
    let sim = scene.run(240, &[(50, "mailer", &[], Setting::AckMode(Ack::OnDelivery))]);
    assert!(asked(&sim, 0, 100) > 800);
    assert_eq!(not_right(&sim, 0, 100), 0);
}

#[test]
fn a_queue_that_stands_still_hands_nothing_over_and_goes_on_afterwards() {
    let scene = shop("capacity: 100000", "10ms");
    for still in [Setting::MachinePause(Duration::from_secs(20)), Setting::Pause(Duration::from_secs(20))] {
        // Messages wait when it stops, and their consumer comes back while it stands still.
        let changes = [
            (30, "mailer", [].as_slice(), Setting::Down(true)),
            (50, "orders", &[], still.clone()),
            (55, "mailer", &[], Setting::Down(false)),
        ];
        let sim = scene.run(240, &changes);
        let mails = |from: u64, to: u64| mailed(&sim, from, to);
        assert!(mails(20, 30) > 60 && mails(31, 70) == 0 && mails(70, 75) > 150, "{still:?}");
    }
}

/// Messages that the mailer handled in `[from, to)` seconds.
fn mailed(sim: &Simulation, from: u64, to: u64) -> usize {
    let telemetry = sim.telemetry();
    let span = SimTime::from_secs(from).0 as i64..SimTime::from_secs(to).0 as i64;
    let lines = telemetry.logs.iter().filter(|line| span.contains(&line.stamp.0));
    let is_mail = |line: allgreen::telemetry::LogRecord<'_>| {
        let mut text = String::new();
        telemetry.logs.render_into(&telemetry.names, line, &mut text);
        text == "mailed"
    };
    lines.filter(|line| is_mail(*line)).count()
}

#[test]
fn dead_letters_come_back_to_the_group_that_gave_them_up() {
    let scene = shop("capacity: 100000, max_deliveries: 2", "10ms");
    let changes = [
        (10, "mailer", [].as_slice(), Setting::ErrorRate(1.0)),
        (20, "mailer", &[], Setting::ErrorRate(0.0)),
        (40, "dead", &[], Setting::Redrive),
    ];
    let sim = scene.run(240, &changes);
    assert_eq!(not_right(&sim, 0, 30), 0, "mailed once, billed once");
}

#[test]
fn a_dead_letter_that_finds_no_room_stays_one() {
    let scene = shop("capacity: 50, max_deliveries: 2, overflow: Reject", "10ms");
    let off = Setting::TrafficFactor(0.0);
    let changes = [
        (10, "mailer", [].as_slice(), Setting::ErrorRate(1.0)),
        (30, "mailer", &[], Setting::ErrorRate(0.0)),
        (31, "users", &[], off),
        (39, "mailer", &[], Setting::Down(true)),
        (40, "dead", &[], Setting::Redrive),
        (50, "mailer", &[], Setting::Down(false)),
        (60, "dead", &[], Setting::Redrive),
        (61, "dead", &[], Setting::Redrive),
        (62, "dead", &[], Setting::Redrive),
        (63, "dead", &[], Setting::Redrive),
        (64, "dead", &[], Setting::Redrive),
    ];
    let sim = scene.run(300, &changes);
    assert_eq!(not_right(&sim, 0, 30), 0);
}
