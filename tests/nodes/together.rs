//! Two mechanisms at once: what one does while the other is at work, and what is left when both are over.

use allgreen::time::SignedDuration;
use allgreen::truth::Outcome;
use allgreen::world::{Autoscale, Dist, Ejection, Ntp, Pauses, Setting};
use allgreen::{Duration, SimTime, Simulation};

use crate::support::histogram;
use crate::{Scene, change, clock_error, lines, outcomes};

fn asked(sim: &Simulation, from: u64, to: u64) -> u64 {
    sim.truth().outcomes(SimTime::from_secs(from), SimTime::from_secs(to)).iter().sum()
}

fn not_right(sim: &Simulation, from: u64, to: u64) -> u64 {
    asked(sim, from, to) - outcomes(sim, Outcome::Right, from, to)
}

/// A web service whose calls take 10 ms.
fn web(node: &str, arrow: &str) -> Scene<'static> {
    let node = format!(r#""web": (kind: Service, {node} routes: {{ "GET /": (steps: [Work(Const("10ms"))]) }})"#);
    Scene {
        rate: 40.0,
        data: "",
        nodes: format!(r#""edge": (kind: LoadBalancer), {node}"#).leak(),
        arrows: format!(r#""users -> edge": (), "edge -> web": (timeout: "1s", {arrow})"#).leak(),
        steps: r#"(request: "GET /", owes: (answer_within: "200ms"))"#,
    }
}

/// A queue and who handles what it holds.
fn mails(queue: &str, workers: &str, arrows: &str) -> Scene<'static> {
    let nodes = format!(
        r#""web": (kind: Service, routes: {{ "POST /": (steps: [Call((to: "mails", op: Publish("mail")))]) }}),
        "mails": (kind: Queue, {queue}), {workers}"#
    );
    Scene {
        rate: 5.0,
        data: "",
        nodes: nodes.leak(),
        arrows: format!(r#""users -> web": (), "web -> mails": (), {arrows}"#).leak(),
        steps: r#"(request: "POST /", owes: (effects: { "mailed": 1 }, effects_within: "20s"))"#,
    }
}

#[test]
fn an_idle_consumer_leaves_no_message_at_any_replica_of_its_queue() {
    let worker = r#""mailer": (kind: Worker, concurrency: 1, consumes: (queue: "mails"), routes: {
        "mail": (steps: [Work(Exp("100ms")), Effect("mailed")]) })"#;
    let queue = r#"replicas: 2, queue: (capacity: 10000, service: Const("1ms"))"#;
    let sim = mails(queue, worker, r#""mails -> mailer": ()"#).run(300, &[]);
    assert_eq!((sim.audit(), not_right(&sim, 0, 250)), (Ok(()), 0));
}

#[test]
fn a_consumer_that_did_something_else_looks_for_messages_when_it_is_done() {
    // A job has the only server for ten seconds of each minute.
    let worker = r#""mailer": (kind: Worker, concurrency: 1, consumes: (queue: "mails"),
        jobs: { "cleanup": (every: Const("60s"), route: "cleanup") },
        routes: { "cleanup": (steps: [Work(Const("10s"))]), "mail": (steps: [Work(Const("10ms")), Effect("mailed")]) })"#;
    let mut scene = mails(r#"queue: (capacity: 10000, service: Const("1ms"))"#, worker, r#""mails -> mailer": ()"#);
    scene.rate = 0.2;
    let sim = scene.run(600, &[]);
    assert_eq!((sim.audit(), not_right(&sim, 0, 550)), (Ok(()), 0));
}

#[test]
fn the_nodes_of_one_group_take_turns() {
    let worker = |name: &str| {
        format!(
            r#""{name}": (kind: Worker, consumes: (queue: "mails", group: "mail"), routes: {{
                "mail": (steps: [Work(Const("10ms")), Effect("mailed")], log: "by {name}") }})"#
        )
    };
    let workers = format!("{}, {}", worker("one"), worker("two"));
    let queue = r#"queue: (capacity: 10000, service: Const("1ms"))"#;
    let sim = mails(queue, &workers, r#""mails -> one": (), "mails -> two": ()"#).run(200, &[]);
    let (one, two) = (lines(&sim, "by one"), lines(&sim, "by two"));
    assert!(one > 400 && one.abs_diff(two) <= 1, "{one} {two}");
}

#[test]
fn a_partition_has_one_replica_that_keeps_its_order() {
    let worker = r#""mailer": (kind: Worker, concurrency: 8, consumes: (queue: "mails"), routes: {
        "first": (steps: [Work(Exp("300ms")), Effect("first")]), "second": (steps: [Work(Exp("1ms")), Effect("second")]) })"#;
    let scene = Scene {
        rate: 5.0,
        data: "",
        nodes: format!(
            r#""web": (kind: Service, routes: {{ "POST /": (steps: [
                Call((to: "mails", op: Publish("first"))), Call((to: "mails", op: Publish("second"))) ]) }}),
            "mails": (kind: Queue, replicas: 2, queue: (capacity: 10000, service: Const("1ms"), partitions: (count: 8))),
            {worker}"#
        )
        .leak(),
        arrows: r#""users -> web": (), "web -> mails": (), "mails -> mailer": ()"#,
        steps: r#"(request: "POST /", owes: (effects: { "first": 1, "second": 1 }, effects_within: "60s", order: ["first", "second"]))"#,
    };
    let sim = scene.run(300, &[]);
    assert!(asked(&sim, 0, 200) > 900);
    assert_eq!(outcomes(&sim, Outcome::Misordered, 0, 200), 0);
}

#[test]
fn a_lock_is_one_lock_whichever_replica_of_the_service_is_asked() {
    let nodes = r#"
        "checkout": (kind: Service, routes: { "POST /pay": (steps: [
            Critical((at: "locks", key: "order", steps: [Work(Const("20ms")), Effect("charged")])) ]) }),
        "locks": (kind: Cache, replicas: 2, cache: (capacity: 1, service: Const("1ms")),
            locks: (lease: "30s", judge: Server, service: Const("1ms")))"#;
    let scene = Scene {
        rate: 5.0,
        data: r#""order": (keys: 4, bytes: 100)"#,
        nodes,
        arrows: r#""users -> checkout": (), "checkout -> locks": (protocol: Redis, retry: (attempts: 8, backoff: "50ms"))"#,
        steps: r#"(request: "POST /pay", owes: (effects: { "charged": 1 }, effects_within: "30s", answer_within: "20s"))"#,
    };
    let sim = scene.run(200, &[]);
    assert!(asked(&sim, 0, 150) > 600);
    assert_eq!(not_right(&sim, 0, 150), 0);
}

#[test]
fn a_deploy_does_not_end_a_failover_before_its_time() {
    let nodes = r#"
        "web": (kind: Service, concurrency: 1000, routes: { "PUT /": (steps: [Call((to: "db", op: Write("item"))), Effect("stored")]),
            "GET /": (steps: [Call((to: "db", op: Read("item")))]) }),
        "db": (kind: Database, concurrency: 40, database: (read: Const("2ms"), write: Const("2ms"))),
        "replica": (kind: Database, database: (read: Const("2ms"), write: Const("2ms"), follows: "db", lag: "3s"))"#;
    let scene = Scene {
        rate: 10.0,
        data: r#""item": (keys: 50000000, popularity: PerUser, bytes: 100)"#,
        nodes,
        arrows: r#""users -> web": (), "web -> db": (latency: Const("1s")), "web -> replica": ()"#,
        steps: r#"(request: "PUT /", owes: (effects: { "stored": 1 }, answer_within: "10s")),
            (request: "GET /", think: Const("5s"), owes: (parts: ["item"], fresh_within: "0s", answer_within: "10s"))"#,
    };
    let changes = [
        (60, "db", [].as_slice(), Setting::Failover(Duration::from_secs(60))),
        (65, "db", &[], Setting::Version("2".into())),
    ];
    let sim = scene.run(300, &changes);
    // Nothing is written while there is no primary, not even what was on its way when it was lost.
    assert_eq!(outcomes(&sim, Outcome::Right, 59, 118), 0);
    assert_eq!(not_right(&sim, 125, 250), 0);

    // Of followers that do not run none is promoted: the primary comes back with all that it had.
    let dead = (50, "replica", [].as_slice(), Setting::Down(true));
    let lost = |changes: &[(u64, &'static str, &'static [u16], Setting)]| {
        outcomes(&scene.run(300, changes), Outcome::Stale, 0, 250)
    };
    let failover = (60, "db", [].as_slice(), Setting::Failover(Duration::from_secs(2)));
    assert!(lost(std::slice::from_ref(&failover)) > 10);
    assert_eq!(lost(&[dead, failover]), 0);
}

#[test]
fn ejection_costs_nothing_where_nothing_is_wrong() {
    let policies = [r#"eject: Outlier(failures: 3, avoid_for: "30s")"#, r#"eject: Probe(every: "10s", failures: 2)"#];
    for policy in policies {
        let scene = web("replicas: 5,", &format!("balance: RoundRobin, {policy}"));
        let scaled = scene.run(400, &[(60, "web", &[], Setting::Replicas(2)), (240, "web", &[], Setting::Replicas(4))]);
        assert_eq!(not_right(&scaled, 0, 390), 0, "{policy}: replicas go and come");
        let mut sim = scene.start();
        let mut deploy = change("web", &[], Setting::Version("2".into()));
        deploy.rolling = Duration::from_secs(20);
        sim.schedule(SimTime::from_secs(60), &deploy);
        sim.run_until(SimTime::from_secs(250));
        assert_eq!(not_right(&sim, 0, 240), 0, "{policy}: a rolling deploy");
    }
}

#[test]
fn a_page_that_is_always_well_ejects_nobody() {
    let scene = web(
        "replicas: 2, health: (always_ok: true),",
        r#"balance: RoundRobin, eject: Probe(every: "5s", failures: 2)"#,
    );
    let sim = scene.run(200, &[(50, "web", &[2], Setting::Down(true))]);
    let failed = outcomes(&sim, Outcome::Failed, 80, 190) as f64 / asked(&sim, 80, 190) as f64;
    assert!((failed - 0.5).abs() < 0.05, "{failed}");
}

#[test]
fn those_who_wait_for_a_fetch_that_fails_fetch_one_after_the_other() {
    let nodes = r#"
        "web": (kind: Service, concurrency: 1000, routes: { "GET /": (steps: [Call((to: "cache", op: Read("item")))]) }),
        "cache": (kind: Cache, concurrency: 1000, cache: (capacity: 1, behind: "db", single_flight: "20s", service: Const("1ms"))),
        "db": (kind: Database, database: (read: Const("20ms"), write: Const("5ms")), concurrency: 1000)"#;
    let scene = Scene {
        rate: 50.0,
        data: r#""item": (keys: 20, bytes: 100)"#,
        nodes,
        arrows: r#""users -> web": (), "web -> cache": (protocol: Redis), "cache -> db": ()"#,
        steps: r#"(request: "GET /", owes: (parts: ["item"], answer_within: "2s"))"#,
    };
    let sim = scene.run(200, &[(60, "db", &[], Setting::ErrorRate(0.5)), (120, "db", &[], Setting::ErrorRate(0.0))]);
    assert_eq!(outcomes(&sim, Outcome::Late, 0, 190), 0);
    let (failed, all) = (outcomes(&sim, Outcome::Failed, 60, 120) as f64, asked(&sim, 60, 120) as f64);
    assert!(failed > 100.0 && failed < 0.6 * all, "{failed} of {all}");
    assert_eq!(not_right(&sim, 125, 190), 0);
}

#[test]
fn a_new_replica_has_what_its_zone_has_and_what_all_have() {
    let scene = web(r#"replicas: 2, zones: ["a", "b"],"#, "balance: RoundRobin");
    let mut sim = scene.start();
    let mut slow = change("web", &[], Setting::WorkFactor(50.0));
    slow.sets[0].zones = vec!["a".into()];
    sim.schedule(SimTime::from_secs(20), &slow);
    sim.schedule(SimTime::from_secs(60), &change("web", &[], Setting::Replicas(4)));
    sim.run_until(SimTime::from_secs(300));
    let slow = outcomes(&sim, Outcome::Late, 100, 290) as f64 / asked(&sim, 100, 290) as f64;
    assert!((slow - 0.5).abs() < 0.02, "the two in zone a: {slow}");

    let down = web("replicas: 2,", "")
        .run(200, &[(20, "web", &[], Setting::Down(true)), (60, "web", &[], Setting::Replicas(4))]);
    assert_eq!(outcomes(&down, Outcome::Right, 21, 190), 0, "an image that is missing is missing everywhere");
    let gone = web("replicas: 2,", "")
        .run(200, &[(20, "web", &[1], Setting::Down(true)), (60, "web", &[], Setting::Replicas(4))]);
    let failed = outcomes(&gone, Outcome::Failed, 100, 190) as f64 / asked(&gone, 100, 190) as f64;
    assert!(failed < 0.01, "callers leave out the one that is gone: {failed}");
}

#[test]
fn a_narrow_arrow_that_is_wide_again_is_free_at_once() {
    let scene = web("concurrency: 1000,", "impairments: (bandwidth: 10000000)");
    let sim = scene.run(
        200,
        &[
            (50, "edge -> web", &[], Setting::Bandwidth(Some(1000))),
            (110, "edge -> web", &[], Setting::Bandwidth(Some(10_000_000))),
        ],
    );
    assert!(not_right(&sim, 55, 108) > 1000);
    // What was sent before keeps its time; a second later the line is free.
    assert_eq!(not_right(&sim, 113, 190), 0);
}

#[test]
fn a_faster_rhythm_does_not_wait_for_a_slower_one() {
    let pauses = |every: &str| Pauses {
        every: Some(Dist::Const(Duration::parse(every).unwrap())),
        requests: None,
        lasts: Dist::Const(Duration::from_secs(3)),
    };
    let scene = web(r#"pauses: (every: Const("50m"), lasts: Const("1ms")),"#, "");
    let sim = scene.run(300, &[(60, "web", &[], Setting::Pauses(Some(pauses("20s"))))]);
    assert!(not_right(&sim, 60, 120) > 100);

    let ntp = |every| Ntp { every: Duration::parse(every).unwrap(), ..Ntp::default() };
    let scene = web(r#"clocks: [(offset: "30s")],"#, "");
    let hourly = (1, "web", [].as_slice(), Setting::ClockSync(Some(ntp("100h"))));
    let often = (60, "web", [].as_slice(), Setting::ClockSync(Some(ntp("10s"))));
    assert!(clock_error(&scene.run(120, std::slice::from_ref(&hourly)), "web-1") > 29.0);
    assert!(clock_error(&scene.run(120, &[hourly, often]), "web-1").abs() < 1.0);

    let probes = |every| Setting::Eject(Some(Ejection::Probe { every: Duration::from_secs(every), failures: 1 }));
    let scene = web("replicas: 2,", r#"balance: RoundRobin, eject: Probe(every: "1h", failures: 1)"#);
    let paused = (70, "web", [2u16].as_slice(), Setting::MachinePause(Duration::from_secs(100)));
    let sim = scene.run(160, &[(60, "edge -> web", &[], probes(5)), paused]);
    assert_eq!(not_right(&sim, 77, 150), 0);
}

#[test]
fn an_autoscaler_of_shared_processors_counts_processors() {
    // Four replicas of two processors, six tenths of them in use.
    let node = r#"replicas: 4, discipline: ProcessorSharing(2.0), autoscale: (target: 0.6, min: 1, max: 8, every: "15s", calm: "30s"),"#;
    let mut scene = web(node, "balance: RoundRobin");
    scene.rate = 480.0;
    let sim = scene.run(240, &[]);
    let replicas = sim.node("web").unwrap().replicas;
    assert!((4..=5).contains(&replicas), "{replicas}: {:?}", sim.telemetry().changes);
    let policy = Autoscale { target: 0.1, ..sim.world().spec().nodes["web"].autoscale.unwrap() };
    let sim = scene.run(240, &[(60, "web", &[], Setting::Autoscale(Some(policy)))]);
    assert_eq!(sim.node("web").unwrap().replicas, 8);
}

#[test]
fn what_a_new_replica_never_had_is_not_undone_there() {
    let scene = web("", "");
    let mut sim = scene.start();
    let step = change("web", &[], Setting::ClockStep(SignedDuration::parse("10s").unwrap()));
    let mut back = change("web", &[], Setting::Restart);
    (back.sets, back.undoes) = (Vec::new(), Some(step.id.clone()));
    sim.schedule(SimTime::from_secs(20), &step);
    sim.schedule(SimTime::from_secs(40), &change("web", &[], Setting::Replicas(2)));
    sim.schedule(SimTime::from_secs(90), &back);
    sim.run_until(SimTime::from_secs(120));
    assert!(clock_error(&sim, "web-1").abs() < 1e-6 && clock_error(&sim, "web-2").abs() < 1e-6);
}

#[test]
fn a_machine_that_stands_still_goes_on_standing_still_when_its_clock_is_stepped() {
    let zero = Setting::ClockStep(SignedDuration::ZERO);
    let changes = [(20, "web", [].as_slice(), Setting::MachinePause(Duration::from_secs(30))), (21, "web", &[], zero)];
    let behind = clock_error(&web("", "").run(90, &changes), "web-1");
    assert!((behind + 30.0).abs() < 1e-6, "{behind}");
}

#[test]
fn of_two_changes_of_one_setting_nothing_is_left_when_both_are_undone() {
    for first in [0, 1] {
        let mut sim = web("", "").start();
        let losses = [0.5, 0.9].map(|loss| change("edge -> web", &[], Setting::Loss(loss)));
        let undo = losses.clone().map(|loss| {
            let mut back = change("edge -> web", &[], Setting::Restart);
            (back.id, back.sets, back.undoes) = (format!("undo {}", loss.id), Vec::new(), Some(loss.id));
            back
        });
        sim.schedule(SimTime::from_secs(20), &losses[0]);
        sim.schedule(SimTime::from_secs(40), &losses[1]);
        sim.schedule(SimTime::from_secs(60), &undo[first]);
        sim.schedule(SimTime::from_secs(80), &undo[1 - first]);
        sim.run_until(SimTime::from_secs(200));
        assert!(not_right(&sim, 41, 59) > 300);
        assert_eq!(not_right(&sim, 82, 190), 0, "{first} first");
    }
}

#[test]
fn a_process_that_ended_has_closed_its_connections() {
    let scene = |changes: &[(u64, &'static str, &'static [u16], Setting)]| {
        let mut scene = web("", r#"keep_alive: (setup: Const("500ms"), shared: true)"#);
        scene.rate = 0.2;
        let sim = scene.run(600, changes);
        outcomes(&sim, Outcome::Late, 50, 550)
    };
    assert_eq!(scene(&[]), 0);
    // The callee starts anew, and nobody calls it while it is away.
    assert!(scene(&[(200, "web", &[], Setting::Restart)]) > 0);
}

#[test]
fn a_message_on_its_way_to_a_process_that_ends_goes_back() {
    let worker = r#""mailer": (kind: Worker, replicas: 2, consumes: (queue: "mails"), routes: {
        "mail": (steps: [Work(Const("10ms")), Effect("mailed")]) })"#;
    let queue = r#"queue: (capacity: 10000, service: Const("1ms"))"#;
    let sim = mails(queue, worker, r#""mails -> mailer": (latency: Const("2s"))"#)
        .run(200, &[(60, "mailer", &[1], Setting::Down(true))]);
    assert_eq!((sim.audit(), not_right(&sim, 0, 150)), (Ok(()), 0));
    let handled = histogram(sim.telemetry(), "mailer", "messaging.process.duration", None).1;
    assert!(handled > 800.0, "{handled}");
}
