//! Every kind of fix: it can be ordered, takes effect, can be taken back and refused, and is the same after a file.

use proptest::prelude::*;

use super::deployed::{Deployed, Order};
use super::*;
use crate::engine::Simulation;
use crate::lab::Deployment;
use crate::random::Seed;
use crate::time::{Duration, SimTime};
use crate::world::{Ack, Balance, Change, FallbackValue, HealthCheck, Overflow, Set, Setting, Severity, World};

const SHOP: &str = include_str!("tests_shop.ron");

fn options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
}

fn shop() -> World {
    World::from_ron("shop", SHOP).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The shop after half an hour, with a slow host, wrong clocks and dead letters.
fn running() -> Simulation {
    let mut sim = Simulation::new(&shop(), Seed(5));
    for (at, change) in [
        (
            "1s",
            r#"(id: "host-1", kind: Infrastructure, says: "a host", sets: [(on: "stock", replicas: [2], to: WorkFactor(9.0)), (on: "stock", replicas: [2], to: ClockDrift(300.0))])"#,
        ),
        (
            "2s",
            r#"(id: "config-1", kind: Config, says: "a timeout", on: "shop -> stock", sets: [(on: "shop -> stock", to: Timeout("90ms"))])"#,
        ),
        ("3s", r#"(id: "sla-1", kind: DependencySla, says: "an announcement")"#),
        (
            "4s",
            r#"(id: "traffic-1", kind: Traffic, says: "a campaign", on: "users", sets: [(on: "users", to: TrafficFactor(1.0))])"#,
        ),
        ("5s", r#"(id: "flag-1", kind: Flag, says: "a switch of theirs", on: "payments")"#),
    ] {
        let change: Change = options().from_str(change).unwrap();
        sim.schedule(SimTime::ZERO + Duration::parse(at).unwrap(), &change);
    }
    sim.run_until(SimTime::from_secs(600));
    sim
}

fn order(sim: &Simulation, fix: &Fix, id: &str) -> Result<Order, crate::lab::Refusal> {
    Deployed { sim, pending: Vec::new(), deployments: &[] }.order(fix, id)
}

/// All that can be seen from outside, but for the change feed.
fn seen(sim: &Simulation) -> String {
    let telemetry = sim.telemetry();
    let sizes = (telemetry.logs.bytes(), telemetry.spans.bytes(), telemetry.metrics.bytes());
    let settings: Vec<String> = sim.settings().iter().map(|row| format!("{row:?}")).collect();
    format!("{}\n{:?}\n{sizes:?} {}", settings.join("\n"), sim.clocks(), sim.events())
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// For each kind a fix that can be ordered, and some that cannot, with a word of the refusal.
#[rustfmt::skip]
fn cases() -> Vec<(Fix, Vec<(Fix, &'static str)>)> {
    let stock = || "shop->stock".to_owned();
    let db = || "shop -> db".to_owned();
    let no = || "nobody -> stock".to_owned();
    let node = |name: &str| name.to_owned();
    let checks = |name: &str| vec![HealthCheck::Dependency(name.to_owned())];
    vec![
        (Fix::RollBack { change: node("config-1") }, vec![(Fix::RollBack { change: node("config-9") }, "no change"), (Fix::RollBack { change: node("sla-1") }, "your company"), (Fix::RollBack { change: node("traffic-1") }, "users come"), (Fix::RollBack { change: node("flag-1") }, "another company")]),
        (Fix::SetTimeout { arrow: stock(), timeout: Some(secs(2)) }, vec![(Fix::SetTimeout { arrow: stock(), timeout: Some(Duration::from_millis(90)) }, "nothing"), (Fix::SetTimeout { arrow: stock(), timeout: Some(secs(4000)) }, "outside"), (Fix::SetTimeout { arrow: node("orders -> mailer"), timeout: None }, "hands out")]),
        (Fix::SetRetries { arrow: stock(), attempts: 4 }, vec![(Fix::SetRetries { arrow: stock(), attempts: 0 }, "outside"), (Fix::SetRetries { arrow: no(), attempts: 3 }, "no arrow")]),
        (Fix::SetBackoff { arrow: stock(), backoff: secs(1), jitter: 1.0 }, vec![(Fix::SetBackoff { arrow: db(), backoff: secs(1), jitter: 0.0 }, "no retries"), (Fix::SetBackoff { arrow: stock(), backoff: secs(1), jitter: 2.0 }, "outside")]),
        (Fix::SetRetryBudget { arrow: stock(), budget: Some(0.1) }, vec![(Fix::SetRetryBudget { arrow: stock(), budget: Some(f64::NAN) }, "outside"), (Fix::SetRetryBudget { arrow: stock(), budget: None }, "nothing")]),
        (Fix::SetFallback { arrow: stock(), value: Some(FallbackValue::Stale) }, vec![(Fix::SetFallback { arrow: db(), value: None }, "nothing")]),
        (Fix::SetBreaker { arrow: db(), threshold: 0.5, window: 20, open_for: secs(10) }, vec![(Fix::SetBreaker { arrow: db(), threshold: 0.0, window: 20, open_for: secs(10) }, "outside")]),
        (Fix::RemoveBreaker { arrow: stock() }, vec![(Fix::RemoveBreaker { arrow: db() }, "no circuit breaker")]),
        (Fix::SetPool { arrow: db(), size: 9 }, vec![(Fix::SetPool { arrow: db(), size: 4 }, "nothing"), (Fix::SetPool { arrow: node("users -> shop"), size: 4 }, "users")]),
        (Fix::SetPoolWait { arrow: db(), wait: Some(secs(1)) }, vec![(Fix::SetPoolWait { arrow: stock(), wait: None }, "no connection pool")]),
        (Fix::SetBulkhead { arrow: stock(), most: Some(5) }, vec![(Fix::SetBulkhead { arrow: stock(), most: None }, "nothing"), (Fix::SetBulkhead { arrow: stock(), most: Some(0) }, "outside")]),
        (Fix::SetHedge { arrow: stock(), after: Some(Duration::from_millis(20)) }, vec![(Fix::SetHedge { arrow: db(), after: None }, "nothing")]),
        (Fix::CheckBody { arrow: node("shop -> payments") }, vec![(Fix::CheckBody { arrow: stock() }, "nothing")]),
        (Fix::SetBalance { arrow: stock(), balance: Balance::LeastConnections }, vec![(Fix::SetBalance { arrow: stock(), balance: Balance::RoundRobin }, "nothing")]),
        (Fix::SetKeepAlive { arrow: stock(), max_age: Some(secs(30)) }, vec![(Fix::SetKeepAlive { arrow: db(), max_age: Some(secs(30)) }, "lasting")]),
        (Fix::SetDiscovery { arrow: stock(), ttl: Some(secs(30)) }, vec![(Fix::SetDiscovery { arrow: stock(), ttl: None }, "nothing"), (Fix::SetDiscovery { arrow: node("orders -> mailer"), ttl: None }, "hands out")]),
        (Fix::SetEjection { arrow: stock(), failures: Some(3), avoid_for: secs(30) }, vec![(Fix::SetEjection { arrow: stock(), failures: None, avoid_for: secs(30) }, "nothing"), (Fix::SetEjection { arrow: stock(), failures: Some(0), avoid_for: secs(30) }, "outside")]),
        (Fix::Restart { node: node("shop") }, vec![(Fix::Restart { node: node("users") }, "users"), (Fix::Restart { node: node("payments") }, "another company")]),
        (Fix::RestartReplica { node: node("stock"), replica: 2 }, vec![(Fix::RestartReplica { node: node("stock"), replica: 3 }, "number 3")]),
        (Fix::ReplaceReplica { node: node("stock"), replica: 2 }, vec![(Fix::ReplaceReplica { node: node("stock"), replica: 0 }, "number 0")]),
        (Fix::RemoveReplica { node: node("stock"), replica: 2 }, vec![(Fix::RemoveReplica { node: node("db"), replica: 1 }, "no replica of `db`")]),
        (Fix::Scale { node: node("shop"), replicas: 3 }, vec![(Fix::Scale { node: node("shop"), replicas: 100 }, "range"), (Fix::Scale { node: node("shop"), replicas: 2 }, "nothing")]),
        (Fix::SetConcurrency { node: node("stock"), concurrency: 7 }, vec![(Fix::SetConcurrency { node: node("stock"), concurrency: 0 }, "outside")]),
        (Fix::SetQueueLimit { node: node("stock"), limit: 3 }, vec![(Fix::SetQueueLimit { node: node("stok"), limit: 3 }, "no node")]),
        (Fix::SetFlag { node: node("shop"), flag: node("new-search"), on: true }, vec![(Fix::SetFlag { node: node("shop"), flag: node("old"), on: true }, "no flag"), (Fix::SetFlag { node: node("stock"), flag: node("old"), on: true }, "no node with flags")]),
        (Fix::KeepIdempotencyKeys { node: node("stock"), keep: secs(600) }, vec![(Fix::KeepIdempotencyKeys { node: node("stock"), keep: Duration::ZERO }, "outside")]),
        (Fix::SetAutoscale { node: node("stock"), min: 2, max: 4, target: 0.5 }, vec![(Fix::SetAutoscale { node: node("stock"), min: 2, max: 2, target: 0.5 }, "nothing"), (Fix::SetAutoscale { node: node("stock"), min: 3, max: 2, target: 0.5 }, "more than")]),
        (Fix::StopAutoscale { node: node("stock") }, vec![(Fix::StopAutoscale { node: node("shop") }, "no autoscaler")]),
        (Fix::SetRateLimit { node: node("account"), per_second: Some(9.0), burst: 20 }, vec![(Fix::SetRateLimit { node: node("account"), per_second: Some(50.0), burst: 20 }, "nothing"), (Fix::SetRateLimit { node: node("shop"), per_second: None, burst: 20 }, "no node with rate limits")]),
        (Fix::SetTokenLifetime { node: node("auth"), lifetime: secs(60) }, vec![(Fix::SetTokenLifetime { node: node("account"), lifetime: secs(60) }, "no issuer")]),
        (Fix::SetTokenLeeway { node: node("account"), leeway: secs(5) }, vec![(Fix::SetTokenLeeway { node: node("account"), leeway: Duration::ZERO }, "nothing"), (Fix::SetTokenLeeway { node: node("auth"), leeway: secs(5) }, "no verifier")]),
        (Fix::SetLockLease { node: node("locks"), lease: secs(30) }, vec![(Fix::SetLockLease { node: node("db"), lease: secs(30) }, "no lock service")]),
        (Fix::FlushCache { node: node("cache") }, vec![(Fix::FlushCache { node: node("db") }, "no cache")]),
        (Fix::FlushKey { node: node("cache"), datum: node("item"), key: 7 }, vec![(Fix::FlushKey { node: node("cache"), datum: node("itm"), key: 7 }, "no data"), (Fix::FlushKey { node: node("cache"), datum: node("item"), key: 50 }, "the key")]),
        (Fix::SetCacheCapacity { node: node("cache"), entries: 10 }, vec![(Fix::SetCacheCapacity { node: node("cache"), entries: 40 }, "nothing")]),
        (Fix::SetSingleFlight { node: node("cache"), wait: Some(secs(1)) }, vec![(Fix::SetSingleFlight { node: node("cache"), wait: None }, "nothing"), (Fix::SetSingleFlight { node: node("db"), wait: None }, "no cache")]),
        (Fix::SetCacheTtl { node: node("cache"), ttl: secs(5) }, vec![(Fix::SetCacheTtl { node: node("cache"), ttl: secs(300) }, "nothing")]),
        (Fix::ResendInvalidations { node: node("cache") }, vec![(Fix::ResendInvalidations { node: node("db") }, "no cache")]),
        (Fix::SetQueueCapacity { node: node("orders"), capacity: 9 }, vec![(Fix::SetQueueCapacity { node: node("shop"), capacity: 9 }, "no queue")]),
        (Fix::SetOverflow { node: node("orders"), overflow: Overflow::DropOldest }, vec![(Fix::SetOverflow { node: node("orders"), overflow: Overflow::Reject }, "nothing")]),
        (Fix::SetAckMode { node: node("mailer"), ack: Ack::OnDelivery }, vec![(Fix::SetAckMode { node: node("shop"), ack: Ack::OnDelivery }, "no consumer")]),
        (Fix::SetMaxDeliveries { node: node("orders"), deliveries: 9 }, vec![(Fix::SetMaxDeliveries { node: node("orders"), deliveries: 0 }, "outside")]),
        (Fix::SetVisibility { node: node("orders"), timeout: Some(secs(9)) }, vec![(Fix::SetVisibility { node: node("orders"), timeout: None }, "nothing")]),
        (Fix::Redrive { node: node("letters") }, vec![(Fix::Redrive { node: node("orders") }, "no queue of dead letters")]),
        (Fix::SyncClocks { node: node("stock") }, vec![(Fix::SyncClocks { node: node("users") }, "users")]),
        (Fix::StepClock { node: node("stock") }, vec![(Fix::StepClock { node: node("nobody") }, "no node")]),
        (Fix::LogFallback { arrow: stock() }, vec![(Fix::LogFallback { arrow: db() }, "nothing")]),
        (Fix::LogBreaker { arrow: stock() }, vec![(Fix::LogBreaker { arrow: db() }, "no circuit breaker")]),
        (Fix::DeepenHealth { node: node("shop"), checks: checks("db") }, vec![(Fix::DeepenHealth { node: node("shop"), checks: vec![] }, "1 to 16"), (Fix::DeepenHealth { node: node("shop"), checks: checks("mailer") }, "no dependency")]),
        (Fix::PropagateTrace { arrow: node("orders -> mailer") }, vec![(Fix::PropagateTrace { arrow: stock() }, "nothing")]),
        (Fix::LinkTraces { arrow: node("orders -> mailer") }, vec![(Fix::LinkTraces { arrow: no() }, "no arrow")]),
        (Fix::AddClientSpans { arrow: stock() }, vec![(Fix::AddClientSpans { arrow: db() }, "nothing")]),
        (Fix::ReportDataVersion { node: node("shop") }, vec![(Fix::ReportDataVersion { node: node("") }, "no node")]),
        (Fix::SetLogLevel { node: node("shop"), level: Severity::Error }, vec![(Fix::SetLogLevel { node: node("shop"), level: Severity::Info }, "nothing")]),
        (Fix::RecordFlags { node: node("shop") }, vec![(Fix::RecordFlags { node: node("stock") }, "no node with flags")]),
        (Fix::SetSampling { node: node("shop"), share: 0.5 }, vec![(Fix::SetSampling { node: node("shop"), share: 1.5 }, "outside"), (Fix::SetSampling { node: node("shop"), share: 1.0 }, "nothing")]),
    ]
}

#[test]
fn every_kind_has_a_case() {
    let tried: Vec<&str> = cases().iter().map(|(fix, _)| fix.kind().verb).collect();
    let known: Vec<&str> = Fix::KINDS.iter().map(|kind| kind.verb).collect();
    assert_eq!(tried, known);
}

#[test]
fn every_kind_takes_effect_when_it_was_said_to_and_not_before() {
    let start = running();
    for (fix, _) in cases() {
        let order = order(&start, &fix, "you-1").unwrap_or_else(|refusal| panic!("{}: {refusal}", fix.words()));
        assert!(order.lead >= secs(5) && !fix.cost().is_empty());
        let (mut with, mut without) = (start.fork(), start.fork());
        with.schedule(with.now() + order.lead, &order.change);
        let just_before = Duration(order.lead.0 - 1);
        let whole = order.lead + order.settles + secs(60);
        for (time, differs) in [(just_before, false), (whole, true)] {
            with.run_until(start.now() + time);
            without.run_until(start.now() + time);
            assert_eq!(seen(&with) != seen(&without), differs, "{} after {time}", fix.words());
        }
        with.audit().unwrap_or_else(|wrong| panic!("{}: {wrong}", fix.words()));
    }
}

#[test]
fn every_kind_can_be_refused_with_a_remedy() {
    let start = running();
    for (_, wrong) in cases() {
        for (fix, word) in wrong {
            let refusal = order(&start, &fix, "you-1").err();
            let refusal = refusal.unwrap_or_else(|| panic!("{} can be ordered", fix.words()));
            assert!(refusal.what.contains(word), "{}: {refusal}", fix.words());
            assert!(!refusal.remedy.is_empty());
        }
    }
}

#[test]
fn every_setting_is_back_after_a_roll_back() {
    let start = running();
    let before: Vec<_> = start.settings().into_iter().filter(|row| row.setting != "version").collect();
    for (fix, _) in cases() {
        let made = order(&start, &fix, "you-1").unwrap();
        let mut sim = start.fork();
        sim.schedule(sim.now() + made.lead, &made.change);
        sim.run_until(sim.now() + made.lead + made.settles + secs(1));
        let back = order(&sim, &Fix::RollBack { change: "you-1".into() }, "you-2").unwrap();
        sim.schedule(sim.now() + back.lead, &back.change);
        sim.run_until(sim.now() + back.lead + back.settles + secs(1));
        let after: Vec<_> = sim.settings().into_iter().filter(|row| row.setting != "version").collect();
        assert_eq!(after, before, "{}", fix.words());
    }
}

#[test]
fn a_bad_host_survives_a_restart_and_ends_with_a_replacement() {
    let slow = |fix: &Fix| {
        let mut sim = running();
        let order = order(&sim, fix, "you-1").unwrap();
        sim.schedule(sim.now() + order.lead, &order.change);
        sim.run_until(sim.now() + secs(120));
        let from = sim.now();
        sim.run_until(from + secs(120));
        let telemetry = sim.telemetry();
        let of_stock = |span: &crate::telemetry::SpanRecord<'_>| {
            let resource = &telemetry.resources[usize::from(span.resource.0)];
            resource.instance == "stock-2" && span.start.0 > from.0 as i64
        };
        let times: Vec<u64> = telemetry.spans.iter().filter(of_stock).map(|span| span.duration.0).collect();
        assert!(times.len() > 20, "{}", times.len());
        times.iter().sum::<u64>() / times.len() as u64
    };
    let restarted = slow(&Fix::RestartReplica { node: "stock".into(), replica: 2 });
    let replaced = slow(&Fix::ReplaceReplica { node: "stock".into(), replica: 2 });
    assert!(restarted > 5 * replaced, "{restarted} {replaced}");
}

#[test]
fn replicas_that_join_are_rolled_back_with_the_others_and_are_not_on_the_bad_host() {
    let mut sim = running();
    let bad_host = Set { replicas: vec![1], ..Set::new("shop", Setting::ErrorRate(0.5)) };
    sim.schedule(sim.now(), &Change::new("host-2", crate::world::ChangeKind::Infrastructure, vec![bad_host]));
    let steps = [
        Fix::SetFlag { node: "shop".into(), flag: "new-search".into(), on: true },
        Fix::Scale { node: "shop".into(), replicas: 3 },
        Fix::RollBack { change: "you-1".into() },
        Fix::RemoveReplica { node: "shop".into(), replica: 1 },
        Fix::RemoveReplica { node: "shop".into(), replica: 2 },
    ];
    for (at, fix) in steps.iter().enumerate() {
        sim.run_until(sim.now() + secs(60));
        let order = order(&sim, fix, &format!("you-{}", at + 1)).unwrap();
        sim.schedule(sim.now() + order.lead, &order.change);
        sim.run_until(sim.now() + order.lead + order.settles + secs(20));
    }
    let from = sim.now();
    sim.run_until(from + secs(60));
    let telemetry = sim.telemetry();
    let of = |service: &str, error: bool| {
        let recent = telemetry.spans.iter().filter(|span| span.start.0 > from.0 as i64 && (span.error || !error));
        recent.filter(|span| telemetry.resources[usize::from(span.resource.0)].service == service).count()
    };
    // Twenty times a second a user looks at an item, which asks stock once without the flag, and twice with it.
    assert!(of("shop", false) > 2400 && of("stock", false) < 1600, "{} {}", of("shop", false), of("stock", false));
    assert!(of("shop", true) * 10 < of("shop", false), "half of them fail on the bad host");
}

/// Orders fixes one after another, each before the others are in effect.
fn all_at_once(sim: &Simulation, fixes: &[Fix]) -> Result<(), crate::lab::Refusal> {
    let mut changes: Vec<Change> = Vec::new();
    for (at, fix) in fixes.iter().enumerate() {
        let deployed = Deployed { sim, pending: changes.iter().collect(), deployments: &[] };
        let order = deployed.order(fix, &format!("you-{}", at + 1))?;
        changes.push(order.change);
    }
    Ok(())
}

fn remove(replica: u16) -> Fix {
    Fix::RemoveReplica { node: "shop".into(), replica }
}

fn scale(replicas: u16) -> Fix {
    Fix::Scale { node: "shop".into(), replicas }
}

#[test]
fn the_last_replica_that_runs_stays() {
    let start = running();
    let refused = |sim: &Simulation, fixes: &[Fix]| {
        all_at_once(sim, fixes).err().unwrap_or_else(|| panic!("{fixes:?} can be ordered")).what
    };
    // Orders that are on the way count.
    assert!(refused(&start, &[remove(1), remove(2)]).contains("no replica of `shop`"));
    assert!(refused(&start, &[remove(1), remove(1)]).contains("would change nothing"));
    assert!(refused(&start, &[remove(1), scale(1)]).contains("no replica of `shop`"));
    assert!(all_at_once(&start, &[scale(3), remove(1), remove(2)]).is_ok());
    // So does what is in effect.
    let mut sim = start.fork();
    for (at, fix) in [scale(3), remove(1), remove(2)].iter().enumerate() {
        let order = order(&sim, fix, &format!("you-{}", at + 1)).unwrap();
        sim.schedule(sim.now() + order.lead, &order.change);
        sim.run_until(sim.now() + order.lead + order.settles + secs(20));
    }
    assert_eq!(shown(&sim, "shop", "replicas"), "3, not running: shop-1, shop-2");
    assert!(refused(&sim, &[remove(3)]).contains("no replica of `shop`"));
    assert!(refused(&sim, &[Fix::RollBack { change: "you-1".into() }]).contains("no replica of `shop`"));
    assert!(all_at_once(&sim, &[Fix::RollBack { change: "you-2".into() }]).is_ok());
}

/// What the deployed configuration says of a setting.
fn shown(sim: &Simulation, on: &str, setting: &str) -> String {
    let rows = sim.settings();
    let row = rows.into_iter().find(|row| row.on == on && row.setting == setting);
    row.map_or_else(String::new, |row| row.value)
}

#[test]
fn what_replicas_have_otherwise_is_shown_by_replica() {
    let mut sim = running();
    assert_eq!(shown(&sim, "shop", "flags"), "new-search off");
    let mut set = |change: &str| {
        let change: Change = options().from_str(change).unwrap();
        sim.schedule(sim.now(), &change);
        sim.run_until(sim.now() + secs(5));
        sim.fork()
    };
    let one = set(
        r#"(id: "a", kind: Deploy, sets: [(on: "shop", replicas: [1], to: Version("9.9")), (on: "shop -> db", replicas: [2], to: Timeout("7s"))])"#,
    );
    let versions = shown(&one, "shop", "version");
    assert!(versions.starts_with("shop-1: 9.9; shop-2: "), "{versions}");
    assert_eq!(shown(&one, "shop -> db", "timeout"), "shop-1: 2s; shop-2: 7s");
    let sampled = set(r#"(id: "b", kind: Config, sets: [(on: "shop", replicas: [2], to: Sampling(0.5))])"#);
    assert_eq!(shown(&sampled, "shop", "sampling"), "shop-1: not set; shop-2: 50% of new traces");
    let some = set(
        r#"(id: "c", kind: Flag, sets: [(on: "shop", users: (share: 0.2), to: Flag("new-search", true)), (on: "shop -> stock", users: (share: 0.2), to: Timeout("1s"))])"#,
    );
    assert_eq!(shown(&some, "shop", "flags"), "new-search off (otherwise for some users)");
    assert!(shown(&some, "shop -> stock", "timeout").ends_with("ms (otherwise for some users)"));
}

#[test]
fn a_flag_that_is_on_for_some_users_can_be_switched_off_for_all() {
    let mut sim = running();
    let off = Fix::SetFlag { node: "shop".into(), flag: "new-search".into(), on: false };
    assert!(order(&sim, &off, "you-1").unwrap_err().what.contains("nothing"), "it is off for everybody");
    let users = Some(crate::world::Cohort { share: 0.2, ..crate::world::Cohort::default() });
    let some = Set { users, ..Set::new("shop", Setting::Flag("new-search".into(), true)) };
    sim.schedule(sim.now(), &Change::new("flag-7", crate::world::ChangeKind::Flag, vec![some]));
    sim.run_until(sim.now() + secs(1));
    assert!(order(&sim, &off, "you-1").is_ok());
}

#[test]
fn every_kind_is_the_same_after_a_file() {
    for (fix, _) in cases() {
        let text = ron::to_string(&fix).unwrap();
        let read: Fix = options().from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read, fix);
        let again = Fix::make(fix.kind(), fix.target(), &fix.values());
        assert_eq!(again, Some(fix));
    }
}

/// A fix of any kind, of a target that mostly suits.
fn any_fix(world: &World) -> impl Strategy<Value = Fix> + use<> {
    let spec = world.spec();
    let nodes: Vec<String> = spec.nodes.keys().cloned().collect();
    let arrows: Vec<String> = spec.arrows.keys().cloned().collect();
    let data: Vec<String> = spec.data.keys().cloned().chain(["none".into()]).collect();
    let flags: Vec<String> =
        spec.nodes.values().flat_map(|node| node.flags.keys().cloned()).chain(["none".into()]).collect();
    (0..Fix::KINDS.len(), any::<u32>(), prop::collection::vec((any::<u32>(), any::<bool>()), 4)).prop_map(
        move |(kind, target, draws)| {
            let kind = Fix::KINDS[kind];
            let one = |list: &[String], draw: u32| list[draw as usize % list.len()].clone();
            let target = match kind.target {
                FixTarget::Change => format!("you-{}", target % 8),
                FixTarget::Arrow | FixTarget::Call => one(&arrows, target),
                _ => one(&nodes, target),
            };
            let value = |(field, (draw, none)): (&FixField, &(u32, bool))| match field.sort {
                _ if *none && field.none.is_some() => FixValue::None,
                FixSort::Time(least, most) => {
                    FixValue::Time(Duration(least.0 + (most.0 - least.0) / 1_000_000 * u64::from(draw % 1000)))
                }
                FixSort::Count(least, most) => FixValue::Count(least + u64::from(*draw) % (most - least + 1).min(40)),
                FixSort::Share(least, most) => FixValue::Share(least + (most - least) * f64::from(draw % 101) / 100.0),
                FixSort::Choice(words) => FixValue::Word(words[*draw as usize % words.len()].0.to_owned()),
                FixSort::Flag => FixValue::Word(one(&flags, *draw)),
                FixSort::Datum => FixValue::Word(one(&data, *draw)),
                FixSort::Checks => FixValue::Checks(vec![HealthCheck::Dependency(one(&nodes, *draw))]),
            };
            let values: Vec<FixValue> = kind.fields.iter().zip(&draws).map(value).collect();
            Fix::make(kind, &target, &values).unwrap()
        },
    )
}

/// Orders fixes, some seconds apart, and checks every count.
fn carry_out(world: &World, seed: u64, fixes: &[(Fix, u64)]) -> Result<(), TestCaseError> {
    let mut sim = Simulation::new(world, Seed(seed));
    sim.run_until(SimTime::from_secs(20));
    let (mut changes, mut deployments): (Vec<Change>, Vec<Deployment>) = (Vec::new(), Vec::new());
    for (fix, after) in fixes {
        let now = sim.now();
        let pending = changes.iter().zip(&deployments).filter(|(_, own)| own.is_pending(now));
        let deployed =
            Deployed { sim: &sim, pending: pending.map(|(change, _)| change).collect(), deployments: &deployments };
        let id = format!("you-{}", changes.len() + 1);
        if let Ok(order) = deployed.order(fix, &id) {
            let effective = now + order.lead;
            let settled = effective + order.settles;
            deployments.push(Deployment { fix: fix.clone(), change: id, ordered: now, effective, settled });
            sim.schedule(effective, &order.change);
            changes.push(order.change);
        }
        sim.run_until(sim.now() + secs(*after));
        prop_assert_eq!(sim.audit(), Ok(()), "after {:?}", fix);
    }
    sim.run_until(sim.now() + secs(200));
    prop_assert_eq!(sim.audit(), Ok(()));
    Ok(())
}

fn shipped() -> Vec<World> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/worlds");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let worlds = files.iter().filter(|path| path.extension().is_some_and(|ext| ext == "ron"));
    let small = worlds.map(|path| World::load(path).unwrap()).filter(|world| world.spec().nodes.len() < 100);
    small.chain([shop()]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_fixes_keeps_every_count_right(
        seed in 0..1000u64,
        (world, fixes) in prop::sample::select(shipped()).prop_flat_map(|world| {
            let fixes = prop::collection::vec((any_fix(&world), 0..60u64), 1..12);
            (Just(world), fixes)
        }),
    ) {
        carry_out(&world, seed, &fixes)?;
    }
}
