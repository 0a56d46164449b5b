//! Troubles that have an address: one key that goes wrong, a name that cannot be looked up, a network that is bad for a
//! while, a status of one's own.

use allgreen::truth::Outcome;
use allgreen::world::{BadKey, BurstLoss, Setting};
use allgreen::{Duration, SimTime, Simulation};

use crate::support::histogram;
use crate::{Scene, outcomes};

fn all(sim: &Simulation, from: u64, to: u64) -> f64 {
    sim.truth().outcomes(SimTime::from_secs(from), SimTime::from_secs(to)).iter().sum::<u64>() as f64
}

fn share(sim: &Simulation, outcome: Outcome, from: u64, to: u64) -> f64 {
    outcomes(sim, outcome, from, to) as f64 / all(sim, from, to)
}

/// Users who ask for one of ten products and, without one, for help.
fn shop(arrow: &'static str) -> Scene<'static> {
    Scene {
        rate: 20.0,
        data: r#""product": (keys: 10, bytes: 100)"#,
        nodes: r#"
            "web": (kind: Service, concurrency: 1000, routes: {
                "GET /": (steps: [Work(Const("2ms")), Call((to: "db", op: Read("product")))]),
                "GET /help": (steps: [Work(Const("2ms"))]),
            }),
            "db": (kind: Database, concurrency: 1000, replicas: 2, database: (read: Const("2ms"), write: Const("2ms")))"#,
        arrows: arrow,
        steps: r#"(request: "GET /", owes: (parts: ["product"], answer_within: "100ms")), (request: "GET /help", owes: (answer_within: "100ms"))"#,
    }
}

const PLAIN: &str = r#""users -> web": (), "web -> db": (timeout: "5s")"#;

#[test]
fn a_bad_key_fails_or_takes_longer_for_whoever_asks_for_it_and_for_nothing_else() {
    let bad = |errors, factor| Setting::BadKey(Some(BadKey { datum: "product".into(), key: 3, errors, factor }));
    // A tenth of the journeys is about it, and half of the requests.
    let scene = shop(PLAIN);
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 0.012, "{found} of {expected}");
    let fails = |on| scene.run(200, &[(20, on, &[], bad(1.0, 1.0))]);
    for on in ["web", "db"] {
        near(share(&fails(on), Outcome::Failed, 21, 190), 0.05);
    }
    near(share(&scene.run(200, &[(20, "web", &[], bad(0.5, 1.0))]), Outcome::Failed, 21, 190), 0.025);
    let slow = scene.run(200, &[(20, "web", &[], bad(0.0, 100.0)), (150, "web", &[], Setting::BadKey(None))]);
    near(share(&slow, Outcome::Late, 21, 149), 0.05);
    assert_eq!(share(&slow, Outcome::Late, 155, 190), 0.0);
    // A replica that joins has it too.
    let more = scene.run(200, &[(20, "db", &[], bad(1.0, 1.0)), (30, "db", &[], Setting::Replicas(5))]);
    near(share(&more, Outcome::Failed, 60, 190), 0.05);
}

#[test]
fn failures_have_the_status_that_they_are_given() {
    let changes = [(20, "web", [].as_slice(), Setting::ErrorRate(0.5))];
    let status = |to| shop(PLAIN).run(120, &[changes[0].clone(), (20, "web", &[], Setting::ErrorStatus(to))]);
    let forbidden = status(403);
    let told = |sim: &Simulation, status| {
        histogram(sim.telemetry(), "web", "http.server.request.duration", Some(("http.response.status_code", status))).1
    };
    assert!(told(&forbidden, "403") > 1000.0 && share(&forbidden, Outcome::Refused, 21, 110) > 0.45);
    let busy = status(503);
    assert!(told(&busy, "503") > 1000.0 && share(&busy, Outcome::Failed, 21, 110) > 0.45);
}

#[test]
fn a_name_that_cannot_be_looked_up_fails_at_once_unless_it_is_known() {
    let run = |arrow: &str, to: f64| {
        let arrows = format!(r#""users -> web": (), "web -> db": (timeout: "5s"{arrow})"#);
        shop(arrows.leak()).run(120, &[(20, "web -> db", &[], Setting::LookupErrors(to))])
    };
    let errors = |sim: &Simulation| {
        histogram(sim.telemetry(), "web", "db.client.operation.duration", Some(("error.type", "name_not_resolved")))
    };
    let half = run("", 0.5);
    // Half of those who look up fail, ask for nothing more, and no time passes.
    assert!((share(&half, Outcome::Failed, 21, 110) - 0.5 / 1.5).abs() < 0.02);
    let (took, count) = errors(&half);
    assert!(took == 0.0 && count > 800.0, "{took} s for {count}");
    // Another attempt looks up again.
    let again = run(r#", retry: (attempts: 3, backoff: "1ms")"#, 0.5);
    assert!((share(&again, Outcome::Failed, 21, 110) - 0.125 / 1.875).abs() < 0.02);
    // Who keeps connections looks up nothing, and who believes an old answer does so later.
    assert_eq!(errors(&run(", keep_alive: (shared: true)", 1.0)).1, 0.0);
    let known = run(r#", discovery: "30s""#, 1.0);
    assert_eq!(share(&known, Outcome::Failed, 21, 28), 0.0);
    assert!(share(&known, Outcome::Failed, 61, 110) > 0.45);
}

#[test]
fn loss_in_bursts_is_as_much_as_theory_says_and_comes_together() {
    let bursts = BurstLoss { loss: 1.0, every: Duration::from_secs(9), lasts: Duration::from_secs(1) };
    let arrows = r#""users -> web": (), "web -> db": (timeout: "1s")"#;
    let late = |to: Setting| {
        let sim = shop(arrows).run(1800, &[(0, "web -> db", &[], to)]);
        let each = |second| outcomes(&sim, Outcome::Late, second, second + 1) as f64;
        let each: Vec<f64> = (10..1790).map(each).collect();
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        let variance = each.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / each.len() as f64;
        (mean, variance / mean)
    };
    // A request and its answer are lost together mostly; the mean of 180 bursts has an error of about a tenth.
    let (together, spread) = late(Setting::BurstLoss(Some(bursts)));
    let (apart, alone) = late(Setting::RequestLoss(0.1));
    assert!((together / apart - 1.0).abs() < 0.3, "{together} and {apart} a second");
    assert!(alone < 1.3 && spread > 5.0 * alone, "variance over mean is {spread} in bursts, {alone} alone");
}
