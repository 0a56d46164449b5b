//! A lock keeps a second try out of a critical section, as long as its lease and the clocks that judge it hold.

use allgreen::truth::Outcome;
use allgreen::world::Setting;
use allgreen::{Duration, Simulation};

use crate::{Scene, outcomes};

/// A checkout of two replicas that charges under a lock; the gateway gives up after a second and tries again.
fn checkout(clocks: &str, judge: &str, work: &str) -> Scene<'static> {
    let nodes = format!(
        r#"
        "gateway": (kind: Gateway),
        "checkout": (kind: Service, replicas: 2, clocks: [{clocks}], routes: {{ "POST /pay": (steps: [
            Critical((at: "locks", key: "order", steps: [Work({work}), Effect("charged")])),
            Work(Const("10ms")),
        ]) }}),
        "locks": (kind: Cache, cache: (capacity: 1, service: Const("1ms")), locks: (lease: "2s", judge: {judge}, service: Const("1ms")))"#
    );
    Scene {
        rate: 8.0,
        data: r#""order": (keys: 1000000, bytes: 100)"#,
        nodes: nodes.leak(),
        arrows: r#"
            "users -> gateway": (),
            "gateway -> checkout": (timeout: "1s", retry: (attempts: 4, backoff: "10ms")),
            "checkout -> locks": (protocol: Redis, retry: (attempts: 8, backoff: "100ms"))"#,
        steps: r#"(request: "POST /pay", owes: (effects: { "charged": 1 }, effects_within: "2m", answer_within: "60s"))"#,
    }
}

fn duplicated(sim: &Simulation) -> u64 {
    outcomes(sim, Outcome::Duplicated, 0, 300)
}

#[test]
fn a_second_try_finds_the_work_done_and_does_not_repeat_it() {
    // Every first attempt takes longer than its caller waits; the second one waits for the lock.
    let sim = checkout("()", "Server", r#"Const("1200ms")"#).run(420, &[]);
    assert_eq!(duplicated(&sim), 0);
    assert!(outcomes(&sim, Outcome::Right, 0, 300) > 2000);
}

#[test]
fn clocks_that_disagree_make_two_holders_of_one_lock() {
    let sim = checkout(r#"(offset: "0s"), (offset: "20s")"#, "Caller", r#"Const("1200ms")"#).run(420, &[]);
    let double = duplicated(&sim);
    // When the first try was at the replica whose clock is behind, the second sees a lease that has ended.
    assert!((400..1200).contains(&double), "{double}");
    // The same clocks do no harm where the service judges.
    let sim = checkout(r#"(offset: "0s"), (offset: "20s")"#, "Server", r#"Const("1200ms")"#).run(420, &[]);
    assert_eq!(duplicated(&sim), 0);
}

#[test]
fn a_holder_that_stands_still_wakes_up_without_its_lease() {
    let pause = |time| [(100, "checkout", [1u16].as_slice(), Setting::MachinePause(time))];
    let scene = checkout("()", "Server", r#"Const("200ms")"#);
    let short = scene.run(420, &pause(Duration::from_secs(1)));
    assert_eq!(duplicated(&short), 0);
    let scene = checkout("()", "Server", r#"Const("900ms")"#);
    let long = scene.run(420, &pause(Duration::from_secs(60)));
    let double = duplicated(&long);
    assert!((1..40).contains(&double), "only who held a lock when the machine stopped: {double}");
    // A lease longer than the pause keeps the second try out, which then fails.
    let lease = (1, "locks", [].as_slice(), Setting::LockLease(Duration::from_mins(5)));
    let [paused] = pause(Duration::from_secs(60));
    assert_eq!(duplicated(&scene.run(420, &[lease, paused])), 0);
}

#[test]
fn two_sections_under_one_key_are_both_done() {
    let scene = Scene {
        rate: 8.0,
        data: r#""account": (keys: 1000000, popularity: PerUser, bytes: 100)"#,
        nodes: r#"
            "bank": (kind: Service, routes: { "POST /move": (steps: [
                Critical((at: "locks", key: "account", steps: [Work(Const("1ms")), Effect("debit")])),
                Critical((at: "locks", key: "account", steps: [Work(Const("1ms")), Effect("credit")])),
            ]) }),
            "locks": (kind: Service, locks: (lease: "2s", service: Const("1ms")))"#,
        arrows: r#""users -> bank": (), "bank -> locks": (protocol: Redis)"#,
        steps: r#"(request: "POST /move", owes: (effects: { "debit": 1, "credit": 1 }, effects_within: "5s"))"#,
    };
    let sim = scene.run(120, &[]);
    assert!(outcomes(&sim, Outcome::Right, 0, 100) > 700);
    assert_eq!(outcomes(&sim, Outcome::Lost, 0, 100), 0);
}
