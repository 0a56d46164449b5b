//! Clocks drift, are corrected, stand still and jump; what nodes decide by them goes wrong with them.

use allgreen::truth::Outcome;
use allgreen::world::Setting;
use allgreen::{Duration, SimTime};

use crate::support::gauge;
use crate::{Scene, change, clock_error, lines, outcomes};

fn secs(text: &str) -> allgreen::time::SignedDuration {
    allgreen::time::SignedDuration::parse(text).unwrap()
}

/// A service of three replicas, each with a clock of its own.
fn clocked(clocks: &'static str) -> Scene<'static> {
    let nodes = format!(
        r#""web": (kind: Service, replicas: 3, clocks: [{clocks}], routes: {{ "GET /": (steps: [Work(Const("5ms"))]) }})"#
    );
    Scene {
        rate: 10.0,
        data: "",
        nodes: nodes.leak(),
        arrows: r#""users -> web": (latency: Const("1ms"))"#,
        steps: r#"(request: "GET /", owes: (answer_within: "1s"))"#,
    }
}

#[test]
fn a_time_daemon_steps_what_is_far_off_and_slews_what_is_near() {
    let scene =
        clocked(r#"(offset: "-3s", sync: (every: "10s")), (offset: "50ms", sync: (every: "10s")), (offset: "2s")"#);
    let mut sim = scene.start();
    let mut worst_slew: f64 = 0.0;
    let mut before = clock_error(&sim, "web-2");
    for second in 1..=300 {
        sim.run_until(SimTime::from_secs(second));
        let now = clock_error(&sim, "web-2");
        worst_slew = worst_slew.max((now - before).abs());
        before = now;
    }
    // 500 parts per million; never a jump.
    assert!(worst_slew <= 501e-6 && worst_slew > 100e-6, "{worst_slew}");
    assert!(clock_error(&sim, "web-1").abs() < 0.005 && clock_error(&sim, "web-2").abs() < 0.005);
    assert_eq!(clock_error(&sim, "web-3"), 2.0);
    assert_eq!(lines(&sim, "time reset 3.00"), 1, "a step is logged, a slew is not");
    assert!(gauge(sim.telemetry(), "web", "system.clock.offset").last().unwrap().abs() < 0.01);
}

#[test]
fn a_clock_drifts_between_two_polls_and_runs_away_when_the_daemon_stops() {
    let scene = clocked(r#"(drift_ppm: 80.0, sync: (every: "1m", error: "0s"))"#);
    let mut sim = scene.start();
    sim.schedule(SimTime::from_secs(1000), &change("web", &[2], Setting::ClockSync(None)));
    let mut worst: f64 = 0.0;
    for second in 200..1000 {
        sim.run_until(SimTime::from_secs(second));
        worst = worst.max(clock_error(&sim, "web-1").abs());
    }
    // 80 ppm for a minute are 4.8 ms, and the slew takes ten seconds of the next minute.
    assert!(worst > 0.003 && worst < 0.006, "{worst}");
    sim.run_until(SimTime::from_secs(5000));
    assert!(clock_error(&sim, "web-1").abs() < 0.006);
    assert!(clock_error(&sim, "web-2") > 0.3, "80 ppm for 4000 s");
}

#[test]
fn a_leap_second_that_is_stepped_makes_stamps_go_back() {
    let sim = clocked("()").run(60, &[(30, "web", &[1], Setting::ClockStep(secs("-1s")))]);
    assert_eq!(clock_error(&sim, "web-1"), -1.0);
    let logs = &sim.telemetry().logs;
    let stamps: Vec<i64> = logs
        .iter()
        .filter(|record| record.resource == sim.telemetry().replicas("web").next().unwrap())
        .map(|record| record.stamp.0)
        .collect();
    assert!(stamps.windows(2).any(|pair| pair[1] < pair[0] - 500_000_000));
}

#[test]
fn a_machine_that_stands_still_makes_callers_wait_and_its_clock_fall_behind() {
    let pause = Duration::from_secs(20);
    let sim = clocked("()").run(90, &[(30, "web", &[2], Setting::MachinePause(pause))]);
    assert_eq!(clock_error(&sim, "web-2"), -20.0);
    assert_eq!(outcomes(&sim, Outcome::Late, 0, 29) + outcomes(&sim, Outcome::Late, 51, 80), 0);
    // One in three of ten a second for nineteen seconds.
    let late = outcomes(&sim, Outcome::Late, 30, 50);
    assert!((50..80).contains(&late), "{late}");
    // A process that stops is as late, and keeps its clock.
    let sim = clocked("()").run(90, &[(30, "web", &[2], Setting::Pause(pause))]);
    assert_eq!((clock_error(&sim, "web-2"), outcomes(&sim, Outcome::Late, 30, 50)), (0.0, late));
}

#[test]
fn a_cache_judges_the_age_of_its_entries_by_its_own_clock() {
    let scene = Scene {
        rate: 50.0,
        data: r#""item": (keys: 20, bytes: 100)"#,
        nodes: r#"
            "web": (kind: Service, routes: { "GET /": (steps: [
                Call((to: "cache", op: Get("item"))),
                Call((to: "db", op: Read("item"), when: Missing("item"))),
                Call((to: "cache", op: Put("item"), when: Fetched("item"))),
                Call((to: "db", op: Write("item"), when: Chance(0.01))),
            ]) }),
            "cache": (kind: Cache, cache: (capacity: 100, ttl: "1m", service: Const("100us"))),
            "db": (kind: Database, database: (read: Const("2ms"), write: Const("2ms")))"#,
        arrows: r#""users -> web": (), "web -> cache": (), "web -> db": ()"#,
        steps: r#"(request: "GET /", owes: (parts: ["item"], fresh_within: "61s"))"#,
    };
    let misses = |sim: &allgreen::Simulation, from: usize, to: usize| {
        let misses = gauge(sim.telemetry(), "cache", "cache.misses");
        misses[to] - misses[from]
    };
    let plain = scene.run(300, &[]);
    assert_eq!(outcomes(&plain, Outcome::Stale, 0, 300), 0);
    // An hour forwards: everything is old at once. An hour backwards: nothing grows old for an hour.
    let ahead = scene.run(300, &[(100, "cache", &[], Setting::ClockStep(secs("1h")))]);
    assert!(misses(&ahead, 99, 102) >= 15.0, "{}", misses(&ahead, 99, 102));
    let back = scene.run(300, &[(100, "cache", &[], Setting::ClockStep(secs("-1h")))]);
    assert_eq!(misses(&back, 102, 250), 0.0);
    assert!(outcomes(&back, Outcome::Stale, 200, 300) > 500, "{}", outcomes(&back, Outcome::Stale, 200, 300));
}

#[test]
fn a_clock_that_follows_a_wrong_server_is_as_wrong_and_measures_nothing() {
    let scene = clocked(r#"(sync: (every: "10s", off_by: "-900ms"))"#);
    let sim = scene.run(100, &[]);
    assert!((clock_error(&sim, "web-1") + 0.9).abs() < 0.005);
    assert!(gauge(sim.telemetry(), "web", "system.clock.offset").last().unwrap().abs() < 0.005);
}
