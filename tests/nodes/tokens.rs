//! Tokens: the issuer's clock stamps them, the verifier's judges them.

use allgreen::Duration;
use allgreen::truth::Outcome;
use allgreen::world::Setting;

use crate::{Scene, lines, outcomes};

const SIGNED_IN: Scene<'static> = Scene {
    rate: 20.0,
    data: r#""session": (keys: 1000, popularity: PerUser, bytes: 700)"#,
    nodes: r#"
        "gateway": (kind: Gateway, replicas: 2, clocks: [(), (offset: "-300ms")],
            verifies: (token: "session", except: ["POST /session"], log: true),
            routes: { "*": (steps: [Work(Const("1ms"))]) }),
        "identity": (kind: Service, replicas: 2, clocks: [(), (offset: "200ms")], issues: (valid_for: "5m"),
            routes: { "POST /session": (steps: [Work(Const("5ms")), Issue("session")]) }),
        "shop": (kind: Service, routes: { "GET /orders": (steps: [Work(Const("5ms"))]) })"#,
    arrows: r#""users -> gateway": (latency: Const("5ms")), "gateway -> identity": (), "gateway -> shop": ()"#,
    steps: r#"
        (request: "POST /session", owes: (parts: ["session"])),
        (request: "GET /orders", think: Const("50ms")),
        (request: "GET /orders", think: Const("2m"))"#,
};

#[test]
fn a_token_from_the_future_is_refused_for_each_pair_of_issuer_and_verifier() {
    let sim = SIGNED_IN.run(600, &[]);
    let refused = outcomes(&sim, Outcome::Refused, 0, 400) as f64;
    // The first request meets: good issuer and good gateway, fine; every other of the four pairs is refused.
    let share = refused / (20.0 * 400.0);
    assert!((share - 0.75).abs() < 0.05, "{share}");
    let said = lines(&sim, "token used before issued") as f64;
    assert!(said >= refused && lines(&sim, "expired") == 0, "{said} {refused}");
    // No dashboard of errors sees a 401: nothing failed.
    assert_eq!(outcomes(&sim, Outcome::Failed, 0, 600), 0);
}

#[test]
fn leeway_on_the_verifier_is_a_fix_and_a_short_life_is_a_fault() {
    let second = Duration::from_secs(1);
    let sim = SIGNED_IN.run(
        900,
        &[
            (200, "gateway", &[], Setting::TokenLeeway(second)),
            (500, "identity", &[2], Setting::TokenLifetime(Duration::from_secs(60))),
        ],
    );
    assert!(outcomes(&sim, Outcome::Refused, 0, 199) > 2000);
    assert_eq!(outcomes(&sim, Outcome::Refused, 201, 499), 0);
    // The third request comes two minutes later; every second token came from that replica.
    let expired = outcomes(&sim, Outcome::Refused, 622, 890) as f64 / (20.0 * 268.0);
    assert!((expired - 0.5).abs() < 0.07, "{expired}");
    assert!(lines(&sim, "token is expired") > 1000);
}

#[test]
fn a_token_is_refused_before_its_time() {
    let refused = |wait: &str| {
        let mut scene = SIGNED_IN;
        scene.nodes = r#"
            "gateway": (kind: Gateway, verifies: (token: "session", except: ["POST /session"], log: true), routes: { "*": (steps: [Work(Const("1ms"))]) }),
            "identity": (kind: Service, issues: (valid_for: "5m", not_before: "10s"), routes: { "POST /session": (steps: [Issue("session")]) }),
            "shop": (kind: Service, routes: { "GET /orders": (steps: [Work(Const("5ms"))]) })"#;
        scene.steps = format!(
            r#"(request: "POST /session", owes: (parts: ["session"])), (request: "GET /orders", think: Const("{wait}"))"#
        )
        .leak();
        let sim = scene.run(120, &[]);
        let refused = outcomes(&sim, Outcome::Refused, 0, 80);
        assert_eq!(lines(&sim, "not valid yet") > 0, refused > 0);
        refused as f64 / 20.0
    };
    assert!((refused("9s") - 71.0).abs() < 8.0, "{}", refused("9s"));
    assert_eq!(refused("11s"), 0.0);
}
