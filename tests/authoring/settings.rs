//! Any setting of any node or arrow, by name: each one there is is set in the world of `docs/faults.md`, for all replicas
//! and for one, for all users and for some, at once and in steps, and undone. Each must make a difference.

use std::collections::BTreeSet;

use allgreen::world::{Change, ChangeKind, Cohort, Condition, Gradual, Set, Setting};
use allgreen::{Duration, Seed, SimTime, Simulation, World};

use crate::faults::{page, problems};
use crate::types::{self, Shape};
use crate::{examples, root};

/// A setting, what it is set on, and what must be so before it makes a difference, each with its second.
struct Case {
    on: &'static str,
    to: &'static str,
    given: &'static [(u64, &'static str, &'static str)],
}

const fn case(on: &'static str, to: &'static str) -> Case {
    Case { on, to, given: &[] }
}

const fn given(on: &'static str, to: &'static str, given: &'static [(u64, &'static str, &'static str)]) -> Case {
    Case { on, to, given }
}

const CASES: &[Case] = &[
    case("catalog", "Version(\"2.0.0\")"),
    case("catalog", "Replicas(1)"),
    given("catalog", "Concurrency(1)", &[(0, "catalog", "WorkFactor(10.0)")]),
    given("payments", "QueueLimit(0)", &[(0, "payments", "WorkFactor(10.0)")]),
    case("catalog", "WorkFactor(3.0)"),
    case("catalog", "WorkGrowth(\"5ms\")"),
    case("catalog", "ErrorRate(0.5)"),
    given("catalog", "ErrorStatus(503)", &[(0, "catalog", "ErrorRate(0.5)")]),
    case("catalog", "BadKey((datum: \"product\", key: 0, errors: 0.9, factor: 3.0))"),
    case("payments", "RefusalRate(0.5)"),
    case("catalog", "ClockOffset(\"-700ms\")"),
    case("catalog", "ClockDrift(200.0)"),
    case("catalog", "ClockStep(\"-1s\")"),
    given("catalog", "ClockSync((every: \"1s\"))", &[(0, "catalog", "ClockOffset(\"3s\")")]),
    case("catalog", "Pause(\"2s\")"),
    case("catalog", "MachinePause(\"2s\")"),
    case("catalog", "Slow((share: 0.5, factor: 10.0))"),
    case("catalog", "Pauses((every: Const(\"2s\"), lasts: Const(\"300ms\")))"),
    given("catalog", "MemoryLeak(2000000)", &[]),
    case("catalog", "Autoscale((min: 3, max: 4, target: 0.5, every: \"2s\", warm_up: \"1s\"))"),
    case("db", "Failover(\"5s\")"),
    case("orders", "HealthChecks((checks: [Dependency(\"db\")]))"),
    case("orders", "DataVersionTelemetry(true)"),
    case("gateway", "Sampling(0.2)"),
    case("identity", "TokenLifetime(\"1s\")"),
    given("gateway", "TokenLeeway(\"5s\")", &[(0, "identity", "ClockOffset(\"3s\")")]),
    case("gateway", "RateLimits([(allow: Bucket(per_second: 3.0, burst: 1))])"),
    given("locks", "LockLease(\"1ms\")", &[(0, "orders", "WorkFactor(20.0)")]),
    case("catalog", "LogLevel(Error)"),
    case("orders", "FlagTelemetry(true)"),
    case("cache", "CacheTtl(\"1ms\")"),
    case("cache", "LostInvalidations(1.0)"),
    case("cache", "CacheCapacity(3)"),
    given("cache", "SingleFlight(\"1s\")", &[(0, "db", "WorkFactor(300.0)"), (0, "cache", "CacheCapacity(400)")]),
    case("cache", "PoisonCache((datum: \"product\", key: 0))"),
    given("cache", "FlushKey((datum: \"product\", key: 0))", &[(0, "cache", "LostInvalidations(1.0)")]),
    given("cache", "FlushCache", &[(0, "cache", "LostInvalidations(1.0)")]),
    given("mails", "QueueCapacity(2)", &[(0, "mailer", "WorkFactor(60.0)")]),
    given("mails", "Overflow(DropOldest)", &[(0, "mailer", "WorkFactor(60.0)"), (0, "mails", "QueueCapacity(2)")]),
    given("mails", "Visibility(\"300ms\")", &[(0, "mailer", "WorkFactor(30.0)")]),
    given("mails", "MaxDeliveries(1)", &[(0, "mailer", "Poison(0.5)")]),
    given("dead-mails", "Redrive", &[(0, "mailer", "Poison(0.5)")]),
    given("mailer", "AckMode(OnDelivery)", &[(0, "mailer", "Poison(0.5)")]),
    case("mailer", "Poison(0.5)"),
    given(
        "payments",
        "Idempotency((keep: \"1m\"))",
        &[
            (0, "orders -> payments", "ResponseLoss(0.5)"),
            (0, "orders -> payments", "Retry((attempts: 3, backoff: \"5ms\"))"),
        ],
    ),
    given(
        "standby",
        "ReplicaLag(\"9s\")",
        &[(0, "standby", "DataVersionTelemetry(true)"), (0, "orders", "DataVersionTelemetry(true)")],
    ),
    case("users", "TrafficFactor(3.0)"),
    case("catalog", "Down(true)"),
    case("catalog", "Discoverable(false)"),
    case("orders", "Flag(\"sends-mail\", false)"),
    case("catalog", "Restart"),
    case("catalog", "Replace"),
    case("gateway -> catalog", "Timeout(\"3ms\")"),
    given("gateway -> catalog", "Retry((attempts: 3, backoff: \"1ms\"))", &[(0, "catalog", "ErrorRate(0.5)")]),
    given("catalog -> db", "Fallback((value: Default, log: true))", &[(0, "db", "ErrorRate(0.8)")]),
    given(
        "gateway -> catalog",
        "Breaker((window: 4, threshold: 0.5, open_for: \"3s\"))",
        &[(0, "catalog", "ErrorRate(0.9)")],
    ),
    given("orders -> payments", "Pool((size: 1, wait: \"1ms\"))", &[]),
    given("gateway -> catalog", "Discovery(\"1m\")", &[(9, "catalog", "Replicas(1)")]),
    given(
        "gateway -> catalog",
        "Eject(Probe(every: \"1s\", failures: 1))",
        &[(0, "gateway -> catalog", "Discovery(\"1m\")"), (9, "catalog", "Replicas(1)")],
    ),
    case("gateway -> catalog", "Latency(Const(\"90ms\"))"),
    case("gateway -> catalog", "Loss(0.3)"),
    case("gateway -> catalog", "RequestLoss(0.3)"),
    case("gateway -> catalog", "ResponseLoss(0.3)"),
    case("gateway -> catalog", "BurstLoss((loss: 0.9, every: \"2s\", lasts: \"1s\"))"),
    case("gateway -> catalog", "LookupErrors(0.3)"),
    case("gateway -> catalog", "Duplication(0.5)"),
    case("gateway -> catalog", "Reordering((share: 0.3, delay: Exp(\"100ms\")))"),
    case("gateway -> catalog", "Bandwidth(4000)"),
    case("gateway -> catalog", "Partition((way: Response))"),
    case("gateway -> catalog", "KeepAlive((setup: Const(\"20ms\")))"),
    case("orders -> payments", "Bulkhead(1)"),
    case("orders -> payments", "Hedge((after: \"30ms\"))"),
    given("orders -> payments", "ChecksBody(true)", &[(0, "payments", "RefusalRate(0.5)")]),
    case("gateway -> catalog", "Balance(Random)"),
    case("gateway -> catalog", "Trace(Dropped)"),
    given("gateway -> catalog", "LogFailures(false)", &[(0, "catalog", "ErrorRate(0.5)")]),
    case("gateway -> catalog", "ClientSpans(false)"),
];

const SET_AT: SimTime = SimTime::from_secs(6);
const UNDO_AT: SimTime = SimTime::from_secs(12);
const END: SimTime = SimTime::from_secs(21);

fn setting(text: &str) -> Setting {
    examples::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

fn change(set: Set) -> Change {
    Change::new("set", ChangeKind::Config, vec![set])
}

/// A run in which what a case needs is so, just before the setting.
fn before(world: &World, given: &[(u64, &str, &str)]) -> Simulation {
    let mut sim = Simulation::new(world, Seed(2));
    for (at, on, to) in given {
        let sets = vec![Set::new(*on, setting(to))];
        sim.schedule(SimTime::from_secs(*at), &Change::new(format!("given {on} {to}"), ChangeKind::Config, sets));
    }
    sim.run_until(SET_AT);
    sim
}

/// How it goes on, with changes.
fn after(before: &Simulation, changes: &[(SimTime, &Change)]) -> Simulation {
    let mut sim = before.fork();
    changes.iter().for_each(|(at, change)| sim.schedule(*at, change));
    sim.run_until(END);
    sim
}

#[test]
fn the_walk_leaves_out_no_setting() {
    let types = types::read(&root().join("src"));
    let Shape::Enum(variants) = &types["Setting"].shape else { panic!("`Setting` is no enum") };
    let all: BTreeSet<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
    let walked = CASES.iter().map(|case| case.to.split('(').next().unwrap());
    assert_eq!(walked.collect::<BTreeSet<_>>(), all);
}

/// The ways in which a setting may change, each with a word for it.
fn ways(world: &World, case: &Case) -> Vec<(&'static str, Change)> {
    let all = Set::new(case.on, setting(case.to));
    let whole = ["Replicas", "Autoscale", "Failover", "TrafficFactor"].iter().any(|name| case.to.starts_with(name));
    let caller = case.on.split(" -> ").next().unwrap();
    let mut ways = Vec::new();
    if !whole && world.spec().nodes[caller].replicas == 2 {
        ways.push(("on one replica", change(Set { replicas: vec![1], ..all.clone() })));
    }
    if all.to.is_for_users() {
        let cohort = Cohort { regions: vec!["us".into()], ..Cohort::default() };
        ways.push(("for some users", change(Set { users: Some(cohort), ..all.clone() })));
    }
    if all.to.is_gradual() {
        let gradual = Some(Gradual { over: Duration::from_secs(8), steps: 3 });
        ways.push(("in steps", Change { gradual, ..change(all.clone()) }));
    }
    let when = Some(Condition::Uptime("db".into(), Duration::from_secs(15)));
    ways.push(("on a condition", Change { when, ..change(all) }));
    ways
}

#[test]
fn every_setting_makes_a_difference_goes_back_and_may_be_for_some_or_slow_or_late() {
    let (_, text) = page();
    let world = World::from_ron("docs/faults.md", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let usual = before(&world, &[]);
    let (mut counts, mut wrong) = (std::collections::BTreeMap::<&str, u32>::new(), Vec::new());
    for case in CASES {
        let name = format!("{} on {}", case.to, case.on);
        let own = (!case.given.is_empty()).then(|| before(&world, case.given));
        let before = own.as_ref().unwrap_or(&usual);
        let at_once = change(Set::new(case.on, setting(case.to)));
        let undo = Change { undoes: Some("set".into()), ..Change::new("undo", ChangeKind::Config, Vec::new()) };
        let plain = after(before, &[]);
        let set = after(before, &[(SET_AT, &at_once)]);
        let undone = after(before, &[(SET_AT, &at_once), (UNDO_AT, &undo)]);
        wrong.extend(problems(&world, &at_once).map(|problems| format!("{name}: {problems}")));
        if set.digest() == plain.digest() {
            wrong.push(format!("{name}: makes no difference"));
        }
        // What an autoscaler has added stays.
        if !case.to.starts_with("Autoscale") && undone.settings() != plain.settings() {
            wrong.push(format!("{name}: does not go back"));
        }
        wrong.extend(
            [&set, &undone].into_iter().filter_map(|sim| sim.audit().err()).map(|why| format!("{name}: {why}")),
        );
        for (way, changed) in ways(&world, case) {
            wrong.extend(problems(&world, &changed).map(|problems| format!("{name} {way}: {problems}")));
            let differs = after(before, &[(SET_AT, &changed)]).digest() != set.digest();
            *counts.entry(way).or_default() += u32::from(differs);
            // With something given, one half may be as good as the whole.
            if !differs && case.given.is_empty() {
                wrong.push(format!("{name} {way}: the same as at once, for all"));
            }
        }
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts["on one replica"] > 20 && counts["for some users"] > 6, "{counts:?}");
    assert!(counts["in steps"] > 12 && counts["on a condition"] > 60, "{counts:?}");
}
