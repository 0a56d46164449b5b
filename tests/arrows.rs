//! What arrows do to calls: each impairment and policy shows in the ledger and in telemetry as theory says, whether the
//! world has it from the start or a change brings it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use allgreen::truth::Outcome;
use allgreen::world::{Change, ChangeKind, Hedge, KeepAlive, Set, Setting};
use allgreen::{Duration, Seed, SimTime, Simulation, World};
use support::{gauge, histogram};

const CALLS: &str = "http.client.request.duration";
const SERVED: &str = "http.server.request.duration";

/// Users → shop → pay, which charges a card once for each purchase and answers with a receipt.
struct Shop<'a> {
    /// Fields of the arrow from the shop to the payment service.
    arrow: &'a str,
    /// Fields of the payment service.
    pay: &'a str,
    /// Fields of the call.
    call: &'a str,
    /// Fields of the payment's route.
    route: &'a str,
    /// Replicas of the shop.
    callers: u16,
    rate: f64,
}

const SHOP: Shop<'_> = Shop { arrow: "", pay: "", call: "", route: "", callers: 2, rate: 50.0 };

impl Shop<'_> {
    fn world(&self) -> World {
        let Shop { arrow, pay, call, route, callers, rate } = self;
        let text = format!(
            r#"World(
                format: 1, name: "shop", title: "Shop", epoch: "2026-01-01T00:00:00Z",
                data: {{ "receipt": (keys: 10, bytes: 9820) }},
                nodes: {{
                    "users": (kind: Users, users: (count: 1000, journeys_per_second: {rate:?}, journeys: {{ "buy": 1.0 }}, regions: {{ "eu": 1.0 }}, reports: (probability: 0.0, idle_per_hour: 0.0))),
                    "shop": (kind: Service, replicas: {callers}, zones: ["a", "b"], concurrency: 10000, routes: {{ "POST /buy": (steps: [Call((to: "pay", op: Route("POST /charge"), {call}))]) }}),
                    "pay": (kind: Service, zones: ["a", "b"], concurrency: 10000, {pay} routes: {{ "POST /charge": (steps: [Work(Const("10ms")), Effect("charged"), Call((to: "db", op: Read("receipt")))], {route}) }}),
                    "db": (kind: Database, concurrency: 10000, database: (read: Const("0s"), write: Const("0s"))),
                }},
                arrows: {{
                    "users -> shop": (latency: Const("0s"), timeout: "30s"),
                    "shop -> pay": (latency: Const("0s"), {arrow}),
                    "pay -> db": (latency: Const("0s")),
                }},
                journeys: {{ "buy": (steps: [(request: "POST /buy", owes: (effects: {{ "charged": 1 }}, effects_within: "20s"))]) }},
                monitor: (scrape_every: "1s", probe_every: "10m"),
            )"#
        );
        World::from_ron("shop", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    fn start(&self) -> Simulation {
        Simulation::new(&self.world(), Seed(5))
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

/// The share of purchases made in these seconds that ended so.
fn share(sim: &Simulation, secs: std::ops::Range<u64>, outcome: Outcome) -> f64 {
    let counts = sim.truth().outcomes(SimTime::from_secs(secs.start), SimTime::from_secs(secs.end));
    counts[outcome as usize] as f64 / counts.iter().sum::<u64>() as f64
}

fn count(sim: &Simulation, node: &str, metric: &str, with: Option<(&str, &str)>) -> f64 {
    histogram(sim.telemetry(), node, metric, with).1
}

fn mean(sim: &Simulation, node: &str, metric: &str) -> f64 {
    let (sum, count) = histogram(sim.telemetry(), node, metric, None);
    sum / count
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected} ± {within}");
}

const RETRIES: &str = r#"timeout: "100ms", retry: (attempts: 5, backoff: "50ms"),"#;

#[test]
fn a_lost_answer_makes_a_retry_charge_twice_and_a_lost_request_does_not() {
    let lossy = |which| format!("{RETRIES} impairments: ({which}: 0.2)");
    let sim = Shop { arrow: &lossy("response_loss"), ..SHOP }.run(120);
    near(share(&sim, 0..90, Outcome::Duplicated), 0.2, 0.02);
    let sim = Shop { arrow: &lossy("request_loss"), ..SHOP }.run(120);
    near(share(&sim, 0..90, Outcome::Right), 1.0, 0.002);
    near(count(&sim, "shop", CALLS, Some(("error.type", "timeout"))) / count(&sim, "shop", CALLS, None), 0.2, 0.02);
}

#[test]
fn an_idempotency_key_charges_once_as_long_as_it_is_kept() {
    let arrow = format!("{RETRIES} impairments: (response_loss: 0.2, duplication: 0.3)");
    let shop = Shop { arrow: &arrow, call: "keyed: true", ..SHOP };
    let right = |pay| share(&Shop { pay, ..shop }.run(120), 0..90, Outcome::Right);
    near(right(r#"idempotency: (keep: "10m"),"#), 1.0, 0.002);
    // Each of two replicas has keys of its own: a retry or a duplicate at the other one is done again.
    assert!(right(r#"idempotency: (keep: "10m", shared: false), replicas: 2,"#) < 0.95);
    // Forgotten before the retry comes.
    assert!(right(r#"idempotency: (keep: "50ms"),"#) < 0.95);
    // No node keeps the keys.
    assert!(right("") < 0.7);
}

#[test]
fn a_retry_while_the_first_is_worked_on_is_refused_with_409_and_then_gets_its_answer() {
    let shop = Shop {
        arrow: r#"timeout: "100ms", retry: (attempts: 4, backoff: "100ms"),"#,
        call: "keyed: true",
        pay: r#"idempotency: (keep: "10m"),"#,
        ..SHOP
    };
    let mut sim = shop.start();
    sim.schedule(SimTime::from_secs(0), &change("pay", Setting::WorkFactor(25.0)));
    sim.run_until(SimTime::from_secs(60));
    // Work takes 250 ms: attempts at 0 (times out), 200 (409), 400 ms (the answer of the first).
    near(share(&sim, 1..30, Outcome::Right), 1.0, 0.0);
    let conflicts = count(&sim, "shop", CALLS, Some(("error.type", "409")));
    near(conflicts / count(&sim, "shop", CALLS, None), 1.0 / 3.0, 0.01);
}

#[test]
fn a_duplicated_request_is_done_twice_and_answered_once() {
    let mut sim = SHOP.start();
    sim.schedule(SimTime::from_secs(60), &change("shop -> pay", Setting::Duplication(0.25)));
    sim.run_until(SimTime::from_secs(180));
    near(share(&sim, 0..59, Outcome::Right), 1.0, 0.0);
    near(share(&sim, 61..150, Outcome::Duplicated), 0.25, 0.03);
    assert!(count(&sim, "pay", SERVED, None) > 1.1 * count(&sim, "shop", CALLS, None));
}

#[test]
fn packets_that_are_held_up_take_longer() {
    let sim = Shop { arrow: r#"impairments: (reordering: (share: 0.1, delay: Const("400ms")))"#, ..SHOP }.run(200);
    // Both ways may be held up.
    near(mean(&sim, "shop", CALLS), 0.010 + 2.0 * 0.1 * 0.4, 0.005);
}

#[test]
fn bytes_take_their_time_and_wait_for_each_other() {
    // A receipt is 10,000 bytes with its envelope, a request 180: 100 ms and 1.8 ms at 100 kB/s.
    let arrow = "impairments: (bandwidth: 100000)";
    near(mean(&Shop { arrow, rate: 0.5, callers: 2, ..SHOP }.run(400), "shop", CALLS), 0.010 + 0.1018, 0.005);
    // M/D/1 with a load of 0.8 on the way back.
    near(
        mean(&Shop { arrow, rate: 8.0, callers: 1, ..SHOP }.run(1200), "shop", CALLS),
        0.1118 + 0.1 * 0.8 / (2.0 * 0.2),
        0.05,
    );
}

#[test]
fn a_partition_cuts_one_way_or_one_pair_of_zones() {
    let cut = |partition: &str| {
        let arrow = format!(r#"timeout: "1s", impairments: (partition: ({partition}))"#);
        Shop { arrow: &arrow, pay: "replicas: 2,", ..SHOP }.run(60)
    };
    let served = |sim: &Simulation| {
        let names = &sim.telemetry().names;
        if names.find(SERVED).is_none() { 0.0 } else { count(sim, "pay", SERVED, None) }
    };
    let (request, response) = (cut("way: Request"), cut("way: Response"));
    assert_eq!(served(&request), 0.0);
    assert!(served(&response) > 2500.0, "the work is done, and nobody hears of it");
    for sim in [&request, &response] {
        near(count(sim, "shop", CALLS, Some(("error.type", "timeout"))), count(sim, "shop", CALLS, None), 0.0);
    }
    // A quarter of the calls goes from zone a to zone b.
    near(share(&cut(r#"zones: ("a", "b")"#), 0..30, Outcome::Failed), 0.25, 0.03);
}

#[test]
fn a_hedge_answers_for_a_slow_replica_and_leaves_nothing_behind() {
    let slow = |sim: &mut Simulation| {
        let mut change = change("pay", Setting::WorkFactor(100.0));
        change.sets[0].replicas = vec![1];
        sim.schedule(SimTime::ZERO, &change);
    };
    let shop = Shop { pay: "replicas: 2,", arrow: "pool: (size: 500),", ..SHOP };
    let mut plain = shop.start();
    let mut hedged = shop.start();
    let hedge = Hedge { after: Duration::from_millis(40) };
    hedged.schedule(SimTime::ZERO, &change("shop -> pay", Setting::Hedge(Some(hedge))));
    for sim in [&mut plain, &mut hedged] {
        slow(sim);
        sim.schedule(SimTime::from_secs(60), &change("users", Setting::TrafficFactor(0.0)));
        sim.run_until(SimTime::from_secs(100));
        assert_eq!(sim.in_flight(), allgreen::engine::InFlight::default());
        assert_eq!(gauge(sim.telemetry(), "shop", "db.client.connection.count").last(), Some(&1000.0));
    }
    let mean = |sim: &Simulation| mean(sim, "users", CALLS).max(self::mean(sim, "shop", SERVED));
    near(mean(&plain), 0.505, 0.03);
    // Half of the first attempts meet the slow replica, and half of their hedges do so again.
    near(mean(&hedged), 0.5 * 0.010 + 0.25 * 0.050 + 0.25 * 1.0, 0.02);
    assert!(count(&hedged, "shop", CALLS, Some(("error.type", "cancelled"))) > 500.0);
    assert_eq!(count(&plain, "shop", CALLS, Some(("error.type", "cancelled"))), 0.0);
}

#[test]
fn a_full_bulkhead_fails_at_once() {
    // Erlang B: 25/s, half a second each, 10 attempts at a time.
    let mut sim = Shop { arrow: "bulkhead: 10", callers: 1, rate: 25.0, ..SHOP }.start();
    sim.schedule(SimTime::ZERO, &change("pay", Setting::WorkFactor(50.0)));
    sim.run_until(SimTime::from_secs(600));
    let erlang_b = (1..=10).fold(1.0, |b, k| 12.5 * b / (f64::from(k) + 12.5 * b));
    let refused = count(&sim, "shop", CALLS, Some(("error.type", "bulkhead_full")));
    near(refused / count(&sim, "shop", CALLS, None), erlang_b, 0.02);
    near(histogram(sim.telemetry(), "shop", CALLS, Some(("error.type", "bulkhead_full"))).0, 0.0, 0.0);
}

#[test]
fn a_connection_that_stays_open_does_not_learn_of_a_new_replica() {
    let served_by_second = |keeps: Option<KeepAlive>| {
        let mut sim = SHOP.start();
        sim.schedule(SimTime::ZERO, &change("shop -> pay", Setting::KeepAlive(keeps)));
        sim.schedule(SimTime::from_secs(60), &change("pay", Setting::Replicas(2)));
        sim.run_until(SimTime::from_secs(300));
        let all = gauge(sim.telemetry(), "pay", "process.uptime").len();
        assert!(all > 0);
        let spans = sim.telemetry().spans.iter().filter(|span| {
            let resource = &sim.telemetry().resources[usize::from(span.resource.0)];
            resource.instance == "pay-2" && span.parent.0 != 0
        });
        spans.count()
    };
    let keeps = |max_age, shared| {
        let setup = allgreen::world::Dist::Const(Duration::from_millis(20));
        Some(KeepAlive { setup, idle: None, max_age, shared })
    };
    let chosen_anew = served_by_second(None);
    assert!(chosen_anew > 4000, "half of the requests of 220 seconds: {chosen_anew}");
    assert_eq!(served_by_second(keeps(None, true)), 0, "one connection that is never closed");
    let aged = served_by_second(keeps(Some(Duration::from_secs(10)), false));
    assert!(aged > 2000, "{aged}");
}

#[test]
fn a_new_connection_costs_its_setup_and_shows_in_a_gauge() {
    let keep = |idle| format!(r#"keep_alive: (setup: Const("30ms"), idle: "{idle}")"#);
    let warm = Shop { arrow: &keep("10m"), ..SHOP }.run(120);
    near(mean(&warm, "shop", CALLS), 0.010, 0.001);
    assert!(gauge(warm.telemetry(), "shop", "http.client.open_connections").last().unwrap() >= &2.0);
    let cold = Shop { arrow: &keep("1us"), ..SHOP }.run(120);
    near(mean(&cold, "shop", CALLS), 0.040, 0.001);
}

#[test]
fn a_refusal_in_a_body_is_silent_until_somebody_reads_it() {
    let mut sim = Shop { arrow: "telemetry: (refusals: true)", ..SHOP }.start();
    sim.schedule(SimTime::from_secs(60), &change("pay", Setting::RefusalRate(0.2)));
    sim.schedule(SimTime::from_secs(120), &change("shop -> pay", Setting::ChecksBody(true)));
    sim.run_until(SimTime::from_secs(240));
    near(share(&sim, 0..59, Outcome::Right), 1.0, 0.0);
    near(share(&sim, 61..119, Outcome::Lost), 0.2, 0.03);
    near(share(&sim, 61..119, Outcome::Failed), 0.0, 0.0);
    near(share(&sim, 121..200, Outcome::Failed), 0.2, 0.03);
    let statuses = count(&sim, "pay", SERVED, Some(("http.response.status_code", "200")));
    near(statuses, count(&sim, "pay", SERVED, None), 0.0);
    let counted = gauge(sim.telemetry(), "shop", "app.client.refusals");
    near(*counted.last().unwrap() / (180.0 * 50.0), 0.2, 0.02);
    let errors = count(&sim, "shop", CALLS, Some(("error.type", "refused_in_body")));
    near(errors / (120.0 * 50.0), 0.2, 0.02);
}

#[test]
fn all_policies_together_end_leave_nothing_behind_and_fork_alike() {
    let arrow = r#"timeout: "60ms", retry: (attempts: 3, backoff: "20ms", jitter: 0.5, budget: 0.3), bulkhead: 30,
        hedge: (after: "15ms"), pool: (size: 8, wait: "50ms"), fallback: (value: Stale), checks_body: true,
        breaker: (window: 10, threshold: 0.5, open_for: "2s", probes: 3),
        keep_alive: (setup: Exp("5ms"), idle: "200ms", max_age: "3s"),
        impairments: (
            request_loss: 0.05, response_loss: 0.05, duplication: 0.05, bandwidth: 400000,
            reordering: (share: 0.1, delay: Exp("30ms")), partition: (way: Response, zones: ("a", "b")),
        )"#;
    let shop = Shop {
        arrow,
        pay: r#"replicas: 3, idempotency: (keep: "10s"),"#,
        call: "keyed: true",
        route: "errors: 0.05, refusals: 0.05",
        callers: 2,
        rate: 60.0,
    };
    for shared in [false, true] {
        let mut sim = shop.start();
        let setup = allgreen::world::Dist::Const(Duration::from_millis(1));
        let keeps = KeepAlive { setup, idle: None, max_age: Some(Duration::from_secs(1)), shared };
        sim.schedule(SimTime::from_secs(10), &change("shop -> pay", Setting::KeepAlive(Some(keeps))));
        sim.schedule(SimTime::from_secs(20), &change("pay", Setting::Restart));
        sim.schedule(SimTime::from_secs(40), &change("users", Setting::TrafficFactor(0.0)));
        sim.run_until(SimTime::from_millis(25_017));
        let mut fork = sim.fork();
        for sim in [&mut sim, &mut fork] {
            sim.run_until(SimTime::from_secs(300));
            assert_eq!(sim.in_flight(), allgreen::engine::InFlight::default());
        }
        assert_eq!(sim.digest(), fork.digest());
        let open = gauge(sim.telemetry(), "shop", "db.client.connection.count");
        assert_eq!(open.last(), Some(&16.0), "all connections of the pools are free again");
        assert!(sim.truth().settled().count() > 2000);
    }
}
