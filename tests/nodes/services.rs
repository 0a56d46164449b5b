//! Processes: how they share processors, when they stop, what they leak, and how many of them there are.

use allgreen::truth::Outcome;
use allgreen::world::{Dist, Pauses, Setting};
use allgreen::{Duration, Simulation};

use crate::support::{gauge, histogram};
use crate::{Scene, outcomes};

fn service(rate: f64, node: &str) -> Scene<'static> {
    let nodes = format!(
        r#""edge": (kind: LoadBalancer, concurrency: 100000, telemetry: (spans: false, access_log: false)),
        "web": (kind: Service, {node}, telemetry: (spans: false, access_log: false))"#
    );
    Scene {
        rate,
        data: "",
        nodes: nodes.leak(),
        arrows: r#""users -> edge": (latency: Const("0s")), "edge -> web": (latency: Const("0s"), balance: LeastConnections)"#,
        steps: r#"(request: "GET /", owes: (answer_within: "1s"))"#,
    }
}

fn sojourn(sim: &Simulation) -> f64 {
    let (sum, count) = histogram(sim.telemetry(), "edge", "http.client.request.duration", None);
    sum / count
}

#[test]
fn shared_processors_survive_a_fork() {
    let node =
        r#"concurrency: 50, discipline: ProcessorSharing(2.0), routes: { "GET /": (steps: [Work(Exp("30ms"))]) }"#;
    let sim = service(60.0, node).run(60, &[]);
    assert!(outcomes(&sim, Outcome::Right, 0, 50) > 2900);
}

#[test]
fn collections_stop_the_world_and_the_histogram_says_so() {
    let node = r#"replicas: 2, routes: { "GET /": (steps: [Work(Const("5ms"))]) },
        pauses: (every: Const("10s"), lasts: Const("400ms"))"#;
    let sim = service(50.0, node).run(200, &[(100, "web", &[], Setting::Pauses(None))]);
    let (sum, count) = histogram(sim.telemetry(), "web", "jvm.gc.duration", None);
    // Ten seconds after the start, and after the end of each pause, at both replicas.
    assert_eq!((count, (sum * 10.0).round()), (18.0, 72.0));
    let requests = Pauses { every: None, requests: Some(100), lasts: Dist::Const(Duration::from_millis(50)) };
    let sim = service(50.0, r#"routes: { "GET /": (steps: [Work(Const("5ms"))]) }"#)
        .run(200, &[(0, "web", &[], Setting::Pauses(Some(requests)))]);
    let (_, count) = histogram(sim.telemetry(), "web", "jvm.gc.duration", None);
    assert!((count - 100.0).abs() < 10.0, "{count}");
}

#[test]
fn pauses_longer_than_the_time_between_them_leave_that_time_to_work() {
    let node = r#"routes: { "GET /": (steps: [Work(Const("5ms"))]) },
        pauses: (every: Const("20ms"), lasts: Const("40ms"))"#;
    let sim = service(20.0, node).run(100, &[]);
    let (sum, count) = histogram(sim.telemetry(), "web", "jvm.gc.duration", None);
    // One in sixty milliseconds, up to the last scrape.
    assert!((1500.0..1670.0).contains(&count) && (sum / count - 0.04).abs() < 1e-9, "{count}, {sum} s");
    // A third of the time is left, and a tenth is needed: who comes waits for the end of a pause or two.
    assert!(sojourn(&sim) > 0.02 && sojourn(&sim) < 0.08, "{}", sojourn(&sim));
    assert!(outcomes(&sim, Outcome::Right, 0, 99) > 1900);
}

#[test]
fn a_leak_slows_work_until_the_process_is_killed_and_starts_anew() {
    let node = r#"replicas: 2, routes: { "GET /": (steps: [Work(Const("20ms"))]) },
        memory: (base: 100000000, limit: 200000000)"#;
    let leak = (100, "web", [1u16].as_slice(), Setting::MemoryLeak(50_000));
    let sim = service(40.0, node).run(400, &[leak]);
    let held = gauge(sim.telemetry(), "web", "process.memory.usage");
    let most = held.iter().copied().fold(0.0, f64::max);
    assert!(most > 280e6 && most < 301e6, "{most}");
    // 2000 requests of one replica fill a hundred seconds; then it begins again at nothing.
    let restarts = held.windows(2).filter(|pair| pair[1] < pair[0] - 20e6).count();
    assert!((1..6).contains(&restarts), "{restarts}");
    assert_eq!(outcomes(&sim, Outcome::Failed, 0, 390), 0, "nothing but time");
    assert!(sojourn(&sim) > 0.021, "{}", sojourn(&sim));
}

#[test]
fn an_autoscaler_follows_the_load_and_tells_the_change_feed() {
    let node = r#"replicas: 2, concurrency: 10, routes: { "GET /": (steps: [Work(Exp("100ms"))]) },
        autoscale: (min: 2, max: 8, target: 0.5, calm: "1m")"#;
    let traffic = |at, factor| (at, "users", [].as_slice(), Setting::TrafficFactor(factor));
    // 100 requests a second of 100 ms keep ten servers busy: two replicas are right. Three times that wants six.
    let sim = service(100.0, node).run(600, &[traffic(100, 3.0), traffic(400, 1.0)]);
    let running = |sim: &Simulation| sim.node("web").unwrap().replicas;
    let texts: Vec<&str> = sim.telemetry().changes.iter().map(|change| change.text.as_str()).collect();
    assert!(texts.iter().all(|text| text.starts_with("web: ")) && texts.len() >= 2, "{texts:?}");
    assert!(running(&sim) <= 3, "{texts:?}");
    let mut high = service(100.0, node).start();
    high.schedule(allgreen::SimTime::from_secs(100), &crate::change("users", &[], Setting::TrafficFactor(3.0)));
    high.run_until(allgreen::SimTime::from_secs(390));
    assert!((6..=8).contains(&running(&high)), "{}", running(&high));
}

#[test]
fn one_slow_replica_hurts_round_robin_more_than_least_connections() {
    let scene = |balance: &str| {
        let mut scene =
            service(50.0, r#"replicas: 4, concurrency: 4, routes: { "GET /": (steps: [Work(Exp("10ms"))]) }"#);
        scene.arrows = scene.arrows.replace("LeastConnections", balance).leak();
        sojourn(&scene.run(200, &[(0, "web", &[3], Setting::WorkFactor(25.0))]))
    };
    let (turn, least) = (scene("RoundRobin"), scene("LeastConnections"));
    assert!(turn > 3.0 * least, "{turn} {least}");
}

#[test]
fn who_waits_in_line_is_cut_off_by_a_restart_and_who_is_served_is_not() {
    // One server, work of a second, ten a second: after ten seconds a hundred wait.
    let node = r#"concurrency: 1, queue_limit: 1000, routes: { "GET /": (steps: [Work(Const("1s"))]) }"#;
    for gone in [Setting::Restart, Setting::Down(true)] {
        let mut scene = service(10.0, node);
        scene.steps = r#"(request: "GET /", owes: (answer_within: "10m"))"#;
        let mut sim = scene.start();
        sim.run_until(allgreen::SimTime::from_secs(10));
        let present = |sim: &Simulation| sim.station_flow("web").unwrap().present();
        let waited = present(&sim) - 1;
        assert!(waited > 60, "{waited}");
        sim.schedule(allgreen::SimTime::from_secs(10), &crate::change("web", &[], gone));
        sim.run_until(allgreen::SimTime::from_millis(10_001));
        assert_eq!((present(&sim), sim.audit()), (1, Ok(())), "what is in hand is finished");
        sim.run_until(allgreen::SimTime::from_secs(12));
        let failed =
            |kind| histogram(sim.telemetry(), "edge", "http.client.request.duration", Some(("error.type", kind))).1;
        // Who comes while it is away is refused at once.
        assert_eq!(failed("connection_reset"), waited as f64);
        assert!(failed("connection_refused") > 5.0);
        let spared = outcomes(&sim, Outcome::Right, 0, 10);
        assert_eq!(outcomes(&sim, Outcome::Failed, 0, 10), waited);
        sim.run_until(allgreen::SimTime::from_secs(20));
        assert_eq!(outcomes(&sim, Outcome::Right, 0, 10), spared.max(10));
    }
}

#[test]
fn a_deploy_of_a_service_that_keeps_up_makes_no_errors() {
    let node = r#"replicas: 2, concurrency: 20, routes: { "GET /": (steps: [Work(Exp("50ms"))]) }"#;
    let mut sim = service(50.0, node).start();
    let rolling = allgreen::world::Change {
        rolling: Duration::from_secs(10),
        ..crate::change("web", &[], Setting::Version("2.0.0".into()))
    };
    sim.schedule(allgreen::SimTime::from_secs(10), &rolling);
    sim.run_until(allgreen::SimTime::from_secs(60));
    assert_eq!(outcomes(&sim, Outcome::Failed, 0, 50), 0);
    assert!(outcomes(&sim, Outcome::Right, 0, 50) > 2300);
}

#[test]
fn a_leak_is_by_the_request_whatever_work_it_makes() {
    let leaked = |steps: &str| {
        let node = format!(
            r#"memory: (base: 1000, leak: 1000, limit: 1000000000), routes: {{ "GET /": (steps: [{steps}]) }}"#
        );
        let sim = service(20.0, &node).run(100, &[]);
        let held = gauge(sim.telemetry(), "web", "process.memory.usage");
        held.last().copied().unwrap_or_default()
    };
    let once = leaked(r#"Work(Const("1ms"))"#);
    assert!((1.8e6..2.2e6).contains(&once), "{once}");
    for steps in ["", r#"Work(Const("1ms")), Work(Const("1ms")), Work(Const("1ms"))"#] {
        assert!((leaked(steps) - once).abs() < 20_000.0, "{steps}: {} and {once}", leaked(steps));
    }
}

#[test]
fn a_process_that_is_down_answers_nothing_that_was_on_its_way() {
    let mut scene = service(20.0, r#"concurrency: 1000, routes: { "GET /": (steps: [Work(Const("1ms"))]) }"#);
    let far = r#""edge -> web": (latency: Const("2s")"#;
    scene.arrows = scene.arrows.replace(r#""edge -> web": (latency: Const("0s")"#, far).leak();
    let sim = scene.run(60, &[(10, "web", &[], Setting::Down(true))]);
    let reset =
        histogram(sim.telemetry(), "edge", "http.client.request.duration", Some(("error.type", "connection_reset"))).1;
    assert!(reset > 20.0, "{reset}");
    // Eight seconds of what was asked came before.
    let (_, served) = histogram(sim.telemetry(), "web", "http.server.request.duration", None);
    assert!((100.0..220.0).contains(&served), "{served}");
}
