//! What lets requests through and where they go: rate limits, ejection, look-ups that are old, jobs by the calendar.

use allgreen::truth::Outcome;
use allgreen::world::{Allow, Balance, Ejection, Partition, Per, RateLimit, Setting, Way};
use allgreen::{Duration, Simulation};

use crate::support::histogram;
use crate::{Scene, outcomes};

fn secs(text: &str) -> allgreen::time::SignedDuration {
    allgreen::time::SignedDuration::parse(text).unwrap()
}

fn asked(sim: &Simulation, from: u64, to: u64) -> f64 {
    sim.truth().outcomes(allgreen::SimTime::from_secs(from), allgreen::SimTime::from_secs(to)).iter().sum::<u64>()
        as f64
}

fn refused(sim: &Simulation, from: u64, to: u64) -> f64 {
    outcomes(sim, Outcome::Refused, from, to) as f64 / asked(sim, from, to)
}

fn limited(limits: &str) -> Scene<'static> {
    let nodes = format!(
        r#""gateway": (kind: Gateway, limits: [{limits}]),
        "web": (kind: Service, routes: {{ "GET /": (steps: [Work(Const("5ms"))]), "GET /other": (steps: [Work(Const("5ms"))]) }})"#
    );
    Scene {
        rate: 20.0,
        data: "",
        nodes: nodes.leak(),
        arrows: r#""users -> gateway": (), "gateway -> web": ()"#,
        steps: r#"(request: "GET /"), (request: "GET /other")"#,
    }
}

#[test]
fn a_token_bucket_lets_its_rate_through_and_answers_the_rest_with_429() {
    let scene = limited("(allow: Bucket(per_second: 10.0, burst: 20))");
    let sim = scene.run(200, &[]);
    let through = outcomes(&sim, Outcome::Right, 20, 180) as f64 / 160.0;
    assert!((through - 10.0).abs() < 0.5, "{through}");
    let told = histogram(
        sim.telemetry(),
        "gateway",
        "http.server.request.duration",
        Some(("http.response.status_code", "429")),
    )
    .1;
    assert!(told > 1500.0);
    let wide = RateLimit { per: Per::Replica, allow: Allow::Bucket { per_second: 1e4, burst: 1000 } };
    let sim = scene.run(200, &[(100, "gateway", &[], Setting::RateLimits(vec![wide]))]);
    assert_eq!(refused(&sim, 101, 190), 0.0);
    // Each route has an allowance of its own; each user, too, and a million users never use theirs up.
    let routes = limited("(per: Route, allow: Bucket(per_second: 10.0, burst: 20))").run(200, &[]);
    let through = outcomes(&routes, Outcome::Right, 20, 180) as f64 / 160.0;
    assert!((through - 20.0).abs() < 0.7, "{through}");
    let users = limited("(per: User, allow: Window(requests: 2, every: \"1h\"))").run(200, &[]);
    assert!(refused(&users, 0, 190) < 0.01);
}

#[test]
fn a_quota_ends_with_its_window_by_the_clock_of_who_counts() {
    let scene = limited(r#"(allow: Window(requests: 1000, every: "1m"))"#);
    let sim = scene.run(240, &[]);
    // Nearly forty requests a second use up a minute's thousand in less than half of it.
    assert!(refused(&sim, 60, 80) < 0.01 && refused(&sim, 95, 119) > 0.99 && refused(&sim, 121, 140) < 0.01);
    // A clock that jumps into the next minute gives a new allowance at once.
    let sim = scene.run(240, &[(100, "gateway", &[], Setting::ClockStep(secs("30s")))]);
    assert!(refused(&sim, 95, 99) > 0.99 && refused(&sim, 101, 120) < 0.01);
}

/// Four replicas behind a balancer; the third answers at once, with an error.
fn black_hole(policies: &str, rate: f64) -> Scene<'static> {
    Scene {
        rate,
        data: "",
        nodes: r#""edge": (kind: LoadBalancer), "web": (kind: Service, replicas: 4, routes: { "GET /": (steps: [Work(Exp("100ms"))]) })"#,
        arrows: format!(r#""users -> edge": (), "edge -> web": (timeout: "2s", {policies})"#).leak(),
        steps: r#"(request: "GET /")"#,
    }
}

fn failed(sim: &Simulation, from: u64, to: u64) -> f64 {
    outcomes(sim, Outcome::Failed, from, to) as f64 / asked(sim, from, to)
}

#[test]
fn a_replica_that_fails_fast_draws_the_traffic_of_least_connections_until_it_is_ejected() {
    let broken = |policies: &str| {
        failed(&black_hole(policies, 100.0).run(200, &[(50, "web", &[3], Setting::ErrorRate(1.0))]), 60, 190)
    };
    let turn = broken("balance: RoundRobin");
    assert!((turn - 0.25).abs() < 0.03, "{turn}");
    let least = broken("balance: LeastConnections");
    assert!(least > 0.6, "{least}");
    let watched = broken(r#"balance: LeastConnections, eject: Outlier(failures: 5, avoid_for: "30s")"#);
    assert!(watched < 0.02, "{watched}");
    // The health page says that the process runs.
    let probed = broken(r#"balance: LeastConnections, eject: Probe(every: "1s", failures: 2)"#);
    assert!(probed > 0.6, "{probed}");
}

#[test]
fn a_probe_finds_a_replica_that_is_gone_after_a_while() {
    let restart = (50, "web", [3u16].as_slice(), Setting::MachinePause(Duration::from_secs(60)));
    let sim = black_hole(r#"balance: RoundRobin, eject: Probe(every: "5s", failures: 2)"#, 40.0).run(200, &[restart]);
    let between = failed(&sim, 50, 54);
    assert!((between - 0.25).abs() < 0.06, "{between}");
    assert_eq!(failed(&sim, 62, 190), 0.0);
    let later = black_hole("balance: RoundRobin", 40.0).run(
        200,
        &[
            (
                1,
                "edge -> web",
                &[],
                Setting::Eject(Some(Ejection::Outlier { failures: 3, avoid_for: Duration::from_mins(2) })),
            ),
            (50, "web", &[3], Setting::MachinePause(Duration::from_secs(60))),
        ],
    );
    assert!(failed(&later, 56, 190) < 0.01, "{}", failed(&later, 56, 190));
}

#[test]
fn an_old_look_up_sends_to_replicas_that_are_gone_and_not_to_new_ones() {
    let scene = black_hole(r#"balance: RoundRobin, discovery: "1m""#, 40.0);
    let sim = scene.run(300, &[(70, "web", &[], Setting::Replicas(2))]);
    assert_eq!(failed(&sim, 0, 69), 0.0);
    let gone = failed(&sim, 71, 119);
    assert!((gone - 0.5).abs() < 0.05, "{gone}");
    assert_eq!(failed(&sim, 122, 290), 0.0);
    let sim = scene.run(300, &[(70, "web", &[], Setting::Replicas(6))]);
    let served = |name: &str| {
        let telemetry = sim.telemetry();
        let replica =
            telemetry.replicas("web").find(|id| telemetry.resources[usize::from(id.0)].instance == name).unwrap();
        telemetry.logs.iter().filter(|record| record.resource == replica && record.stamp.0 < 119_000_000_000).count()
    };
    assert!(served("web-1") > 1000 && served("web-6") <= 1, "{} {}", served("web-1"), served("web-6"));
    assert_eq!(sim.arrow("edge -> web").unwrap().balance, Balance::RoundRobin);
}

#[test]
fn a_replica_that_is_not_found_serves_who_knows_its_address() {
    let served = |arrow: &str, changes: &[(u64, &'static str, &'static [u16], Setting)]| {
        let sim = black_hole(arrow, 40.0).run(200, changes);
        // The edge is away from 80 to 83, where it starts anew.
        assert_eq!(failed(&sim, 0, 79) + failed(&sim, 84, 190), 0.0, "{arrow}");
        let telemetry = sim.telemetry();
        let mut replicas = telemetry.replicas("web");
        let second = replicas.find(|id| telemetry.resources[usize::from(id.0)].instance == "web-2").unwrap();
        let late = |stamp: i64| (71_000_000_000..190_000_000_000).contains(&stamp);
        telemetry.logs.iter().filter(|record| record.resource == second && late(record.stamp.0)).count()
    };
    let hidden = (70, "web", [2u16].as_slice(), Setting::Discoverable(false));
    assert_eq!(served("balance: RoundRobin", std::slice::from_ref(&hidden)), 0);
    assert_eq!(
        served(r#"balance: RoundRobin, eject: Probe(every: "5s", failures: 2)"#, std::slice::from_ref(&hidden)),
        0
    );
    let old = r#"balance: RoundRobin, discovery: "24h""#;
    assert!(served(old, std::slice::from_ref(&hidden)) > 500);
    let anew = served(old, &[hidden.clone(), (80, "edge", &[], Setting::Restart)]);
    assert!((60..140).contains(&anew), "until the caller starts anew: {anew}");
    let back = (100, "web", [2u16].as_slice(), Setting::Discoverable(true));
    assert!(served("balance: RoundRobin", &[hidden, back]) > 500);
}

#[test]
fn a_job_by_the_calendar_runs_at_the_top_of_the_hour_of_each_clock() {
    let scene = Scene {
        rate: 0.1,
        data: "",
        nodes: r#""web": (kind: Service, replicas: 2, clocks: [(), (offset: "-10m")],
            routes: { "GET /": (), "GET /tidy": (steps: [Work(Const("1s"))], log: "tidied") },
            jobs: { "tidy": (cron: (every: "1h", at: "5m"), on_each: true, route: "GET /tidy") }, telemetry: (access_log: false))"#,
        arrows: r#""users -> web": ()"#,
        steps: r#"(request: "GET /")"#,
    };
    let stamps = |sim: &Simulation| {
        let telemetry = sim.telemetry();
        let tidied = telemetry.logs.iter().filter(|record| {
            let mut text = String::new();
            telemetry.logs.render_into(&telemetry.names, *record, &mut text);
            text == "tidied"
        });
        let mut minutes: Vec<(u16, i64)> =
            tidied.map(|record| (record.resource.0, record.stamp.0 / 60_000_000_000)).collect();
        minutes.sort_unstable();
        minutes.iter().map(|(_, minute)| *minute).collect::<Vec<_>>()
    };
    // The world begins at midnight. Each replica's own clock says five past.
    assert_eq!(stamps(&scene.run(7600, &[])), [5, 65, 125, 5, 65]);
    // A clock that goes back half an hour comes by the same time again.
    let back = scene.run(7600, &[(3960, "web", &[1], Setting::ClockStep(secs("-30m")))]);
    assert_eq!(stamps(&back), [5, 65, 65, 5, 65]);
}

#[test]
fn a_call_may_be_for_one_type_of_account_alone() {
    let scene = Scene {
        rate: 50.0,
        data: "",
        nodes: r#""web": (kind: Service, routes: { "GET /": (steps: [
                Call((to: "rights", op: Route("GET /rights"), when: Account("enterprise")))]) }),
            "rights": (kind: Service, routes: { "GET /rights": (steps: [Work(Const("1ms"))]) }),
            "plain": (kind: External, routes: { "GET /": (steps: [Work(Const("1ms"))]) }),
            "status": (kind: External, routes: { "GET /": (steps: [Work(Const("1ms"))]) }, health: (always_ok: true))"#,
        arrows: r#""users -> web": (), "web -> rights": ()"#,
        steps: r#"(request: "GET /")"#,
    };
    let sim = scene.run(
        200,
        &[
            (100, "rights", &[], Setting::ErrorRate(1.0)),
            (100, "status", &[], Setting::Pause(Duration::from_secs(90))),
            (100, "plain", &[], Setting::Pause(Duration::from_secs(90))),
        ],
    );
    let failed = sim.truth().settled().filter(|debt| debt.outcome != Outcome::Right);
    let accounts: Vec<String> = failed.map(|debt| sim.truth().user(debt.user).account).collect();
    assert!(accounts.len() > 500 && accounts.iter().all(|account| account == "enterprise"));
    // The page of an external service is served from elsewhere.
    let unwell = |node: &str| {
        let telemetry = sim.telemetry();
        let replica = telemetry.replicas(node).next().unwrap();
        telemetry.health.iter().filter(|page| page.resource == replica && page.code != 200).count()
    };
    assert!(unwell("status") == 0 && unwell("plain") > 0);
}

#[test]
fn a_hedge_does_not_hide_a_replica_that_hangs_from_its_ejection() {
    let scene = black_hole(
        r#"balance: RoundRobin, hedge: (after: "300ms"), eject: Outlier(failures: 3, avoid_for: "1h")"#,
        40.0,
    );
    let sim = scene.run(200, &[(50, "web", &[3], Setting::MachinePause(Duration::from_secs(149)))]);
    let telemetry = sim.telemetry();
    let third = telemetry.replicas("web").nth(2).unwrap();
    // What it was asked before it was avoided is answered when the machine goes on: a few, and not a quarter of all.
    let asked = telemetry.logs.iter().filter(|line| line.resource == third && line.stamp.0 > 50_000_000_000);
    assert!(asked.count() < 200);
    assert!(failed(&sim, 60, 190) < 0.01);
}

#[test]
fn a_probe_does_not_reach_a_replica_behind_a_partition() {
    let scene = |policies: &str| {
        let mut scene = black_hole(policies, 40.0);
        scene.nodes = r#""edge": (kind: LoadBalancer, zones: ["a"]), "web": (kind: Service, replicas: 4, zones: ["a", "b"], routes: { "GET /": (steps: [Work(Exp("100ms"))]) })"#;
        let cut = Partition { way: Way::Response, zones: Some(("a".into(), "b".into())) };
        failed(&scene.run(200, &[(50, "edge -> web", &[], Setting::Partition(Some(cut)))]), 65, 190)
    };
    assert!(scene("balance: RoundRobin") > 0.4);
    let probed = scene(r#"balance: RoundRobin, eject: Probe(every: "5s", failures: 2)"#);
    assert!(probed < 0.01, "{probed}");
}
