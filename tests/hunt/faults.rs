//! Random changes to what every sketch has: settings of its nodes and arrows, at any time, for all replicas or the first.

use allgreen::time::SignedDuration;
use allgreen::world::{
    Ack, Allow, Autoscale, BadKey, Balance, Breaker, BurstLoss, CacheKey, Change, ChangeKind, Cohort, Condition, Dist,
    Ejection, Fallback, FallbackValue, Gradual, Health, Hedge, Idempotency, KeepAlive, Ntp, Overflow, Partition,
    Pauses, Per, Pool, Propagation, RateLimit, Reordering, Retry, Set, Setting, Severity, Slow, Way,
};
use allgreen::{Duration, SimTime};
use proptest::prelude::*;

use crate::invariants::SECS;
use crate::worlds::Sketch;

/// One change.
#[derive(Clone, Debug)]
pub struct Fault {
    at_ms: u64,
    /// Which of the sketch's nodes or arrows, modulo their number.
    on: usize,
    to: Setting,
    first_only: bool,
    rolling_ms: u64,
    /// Undone after this time.
    undone_after_ms: Option<u64>,
    /// For some users only, where that can be.
    share_of_users: Option<f64>,
    /// In steps, where that can be.
    gradual: bool,
    /// Only in one zone, where there are any.
    in_a_zone: bool,
    /// It waits for this.
    when: Option<Condition>,
}

pub fn faults() -> impl Strategy<Value = Fault> {
    let times = (0..SECS * 1000, prop::option::of(1..20_000u64), prop_oneof![2 => Just(0), 1 => 1..3_000u64]);
    let whom = (any::<bool>(), prop::option::weighted(0.2, 0.0..1.0f64), prop::bool::weighted(0.2));
    let (zone, when) = (prop::bool::weighted(0.3), prop::option::weighted(0.15, condition()));
    (times, any::<usize>(), setting(), whom, (zone, when)).prop_map(
        |((at_ms, undone_after_ms, rolling_ms), on, to, (first_only, share_of_users, gradual), (in_a_zone, when))| {
            Fault { at_ms, on, to, first_only, rolling_ms, undone_after_ms, share_of_users, gradual, in_a_zone, when }
        },
    )
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (0..20u32).prop_map(|most| Condition::ActiveRequests("db".into(), most)),
        (1..40u64).prop_map(|secs| Condition::Uptime("s0".into(), Duration::from_secs(secs))),
        (1..40u64).prop_map(|secs| Condition::TimeOfDay("s0".into(), Duration::from_secs(secs))),
    ]
}

fn time(most_ms: u64) -> impl Strategy<Value = Duration> {
    (1..most_ms).prop_map(Duration::from_millis)
}

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..1.0f64]
}

fn setting() -> impl Strategy<Value = Setting> {
    prop_oneof![3 => nodes(), 2 => processes(), 2 => stores(), 2 => guards(), 4 => arrows(), 2 => networks()]
}

/// What every node has.
fn nodes() -> impl Strategy<Value = Setting> {
    let milliseconds = || (-2000..2000i64).prop_map(|ms| SignedDuration(ms * 1_000_000));
    let idempotency = (time(20_000), any::<bool>()).prop_map(|(keep, shared)| Idempotency { keep, shared });
    prop_oneof![
        (1..4u16).prop_map(Setting::Replicas),
        (1..30u32).prop_map(Setting::Concurrency),
        (0..30u32).prop_map(Setting::QueueLimit),
        (0.1..30.0f64).prop_map(Setting::WorkFactor),
        time(3).prop_map(Setting::WorkGrowth),
        share().prop_map(Setting::ErrorRate),
        prop::sample::select(vec![403, 429, 503]).prop_map(Setting::ErrorStatus),
        prop::option::of((0..9u32, share(), 0.1..30.0f64)).prop_map(|bad| {
            Setting::BadKey(bad.map(|(key, errors, factor)| BadKey { datum: "item".into(), key, errors, factor }))
        }),
        share().prop_map(Setting::RefusalRate),
        prop::option::of(idempotency).prop_map(Setting::Idempotency),
        milliseconds().prop_map(Setting::ClockOffset),
        milliseconds().prop_map(Setting::ClockStep),
        (-500.0..500.0f64).prop_map(Setting::ClockDrift),
        prop::option::of(time(9000)).prop_map(|every| Setting::ClockSync(
            every.map(|every| Ntp { every: every.max(Duration::from_secs(1)), ..Ntp::default() })
        )),
        share().prop_map(Setting::Sampling),
        prop::sample::select(vec![Severity::Debug, Severity::Warn]).prop_map(Setting::LogLevel),
        any::<bool>().prop_map(Setting::FlagTelemetry),
        any::<bool>().prop_map(|on| Setting::Flag("audits".into(), on)),
        any::<bool>().prop_map(Setting::DataVersionTelemetry),
        Just(Setting::HealthChecks(Health::default())),
        Just(Setting::Restart),
        Just(Setting::Replace),
        any::<bool>().prop_map(Setting::Down),
        Just(Setting::Version("2.0.0".into())),
    ]
}

/// How processes go.
fn processes() -> impl Strategy<Value = Setting> {
    let pauses = (time(6000), prop::option::of(1..80u32), time(900)).prop_map(|(every, requests, lasts)| Pauses {
        every: requests.is_none().then_some(Dist::Exp(every)),
        requests,
        lasts: Dist::Exp(lasts),
    });
    let scale = (1..3u16, 0..3u16, 0.05..1.0f64).prop_map(|(min, more, target)| {
        let usual = Autoscale::between(min, min + more, target);
        Autoscale { every: Duration::from_secs(2), calm: Duration::from_secs(3), ..usual }
    });
    let slow = (share(), 0.1..30.0f64).prop_map(|(share, factor)| Slow { share, factor });
    prop_oneof![
        time(4000).prop_map(Setting::Pause),
        time(4000).prop_map(Setting::MachinePause),
        prop::option::of(pauses).prop_map(Setting::Pauses),
        prop::option::of(slow).prop_map(Setting::Slow),
        prop::option::of(scale).prop_map(Setting::Autoscale),
        (0..200u64).prop_map(Setting::MemoryLeak),
    ]
}

/// What caches, databases, queues and users have.
fn stores() -> impl Strategy<Value = Setting> {
    let key = || (0..100u32).prop_map(|key| CacheKey { datum: "item".into(), key });
    let overflow = prop::sample::select(vec![Overflow::Reject, Overflow::DropNewest, Overflow::DropOldest]);
    prop_oneof![
        prop::option::of(time(9000)).prop_map(Setting::CacheTtl),
        share().prop_map(Setting::LostInvalidations),
        (1..80u32).prop_map(Setting::CacheCapacity),
        prop::option::of(time(3000)).prop_map(Setting::SingleFlight),
        key().prop_map(Setting::PoisonCache),
        key().prop_map(Setting::FlushKey),
        Just(Setting::FlushCache),
        (1..20u32).prop_map(Setting::QueueCapacity),
        overflow.prop_map(Setting::Overflow),
        prop::option::of(time(5000)).prop_map(Setting::Visibility),
        (1..4u8).prop_map(Setting::MaxDeliveries),
        Just(Setting::Redrive),
        any::<bool>().prop_map(|early| Setting::AckMode(if early { Ack::OnDelivery } else { Ack::AfterHandling })),
        share().prop_map(Setting::Poison),
        time(9000).prop_map(Setting::ReplicaLag),
        time(6000).prop_map(Setting::Failover),
        (0.0..4.0f64).prop_map(Setting::TrafficFactor),
    ]
}

/// What lets some in and others not.
fn guards() -> impl Strategy<Value = Setting> {
    let per = prop::sample::select(vec![Per::Replica, Per::Route, Per::User]);
    let allow = prop_oneof![
        (0.0..40.0f64, 1..9u32).prop_map(|(per_second, burst)| Allow::Bucket { per_second, burst }),
        (0..90u32, time(5000)).prop_map(|(requests, every)| Allow::Window { requests, every }),
    ];
    let limit = (per, allow).prop_map(|(per, allow)| RateLimit { per, allow });
    prop_oneof![
        time(9000).prop_map(Setting::TokenLifetime),
        time(3000).prop_map(Setting::TokenLeeway),
        time(2000).prop_map(Setting::LockLease),
        prop::collection::vec(limit, 0..3).prop_map(Setting::RateLimits),
    ]
}

/// Policies of arrows.
fn arrows() -> impl Strategy<Value = Setting> {
    let value = prop::sample::select(vec![FallbackValue::Default, FallbackValue::Empty, FallbackValue::Stale]);
    let keeps = (prop::option::of(time(3000)), prop::option::of(time(9000)), any::<bool>());
    let keeps = keeps.prop_map(|(idle, max_age, shared)| KeepAlive {
        setup: Dist::Const(Duration::from_millis(1)),
        idle,
        max_age,
        shared,
    });
    let eject = prop_oneof![
        (1..9u32, time(5000)).prop_map(|(failures, avoid_for)| Ejection::Outlier { failures, avoid_for }),
        (1..5u32, 100..3000u64)
            .prop_map(|(failures, ms)| Ejection::Probe { failures, every: Duration::from_millis(ms) }),
    ];
    let balance = [Balance::RoundRobin, Balance::LeastConnections, Balance::Random, Balance::Hash];
    let trace = [Propagation::Dropped, Propagation::Linked, Propagation::Propagated];
    prop_oneof![
        prop::option::of(time(500)).prop_map(Setting::Timeout),
        prop::option::of((1..5u8, time(200), 0.0..1.0f64, prop::option::of(0.0..0.5f64))).prop_map(|retry| {
            Setting::Retry(retry.map(|(attempts, backoff, jitter, budget)| Retry { attempts, backoff, jitter, budget }))
        }),
        prop::option::of(value).prop_map(|value| Setting::Fallback(value.map(|value| Fallback { value, log: true }))),
        prop::option::of(1..30u16).prop_map(|window| {
            let open_for = Duration::from_secs(2);
            Setting::Breaker(window.map(|window| Breaker { window, threshold: 0.5, open_for, probes: 1, log: true }))
        }),
        prop::option::of((1..6u32, prop::option::of(time(100))))
            .prop_map(|pool| Setting::Pool(pool.map(|(size, wait)| Pool { size, wait }))),
        prop::option::of(keeps).prop_map(Setting::KeepAlive),
        prop::option::of(1..9u32).prop_map(Setting::Bulkhead),
        prop::option::of(time(200)).prop_map(|after| Setting::Hedge(after.map(|after| Hedge { after }))),
        prop::option::of(time(9000)).prop_map(Setting::Discovery),
        prop::option::of(eject).prop_map(Setting::Eject),
        any::<bool>().prop_map(Setting::ChecksBody),
        prop::sample::select(balance.to_vec()).prop_map(Setting::Balance),
        prop::sample::select(trace.to_vec()).prop_map(Setting::Trace),
        any::<bool>().prop_map(Setting::LogFailures),
        any::<bool>().prop_map(Setting::ClientSpans),
    ]
}

/// What the network does.
fn networks() -> impl Strategy<Value = Setting> {
    let held = (share(), time(300)).prop_map(|(share, delay)| Reordering { share, delay: Dist::Exp(delay) });
    let bursts = (share(), time(4000), time(2000)).prop_map(|(loss, every, lasts)| BurstLoss { loss, every, lasts });
    let way = prop::sample::select(vec![Way::Both, Way::Request, Way::Response]);
    prop_oneof![
        time(400).prop_map(|time| Setting::Latency(Dist::Exp(time))),
        share().prop_map(Setting::Loss),
        share().prop_map(Setting::RequestLoss),
        share().prop_map(Setting::ResponseLoss),
        prop::option::of(bursts).prop_map(Setting::BurstLoss),
        share().prop_map(Setting::LookupErrors),
        share().prop_map(Setting::Duplication),
        prop::option::of(held).prop_map(Setting::Reordering),
        prop::option::of(20_000..900_000u64).prop_map(Setting::Bandwidth),
        prop::option::of(way)
            .prop_map(|way| Setting::Partition(way.map(|way| Partition { way, ..Partition::default() }))),
    ]
}

/// What a setting is for.
fn is_for_arrows(setting: &Setting) -> bool {
    matches!(
        setting,
        Setting::Timeout(_)
            | Setting::Retry(_)
            | Setting::Fallback(_)
            | Setting::Breaker(_)
            | Setting::Pool(_)
            | Setting::KeepAlive(_)
            | Setting::Bulkhead(_)
            | Setting::Hedge(_)
            | Setting::Discovery(_)
            | Setting::Eject(_)
            | Setting::ChecksBody(_)
            | Setting::Balance(_)
            | Setting::Latency(_)
            | Setting::Loss(_)
            | Setting::RequestLoss(_)
            | Setting::ResponseLoss(_)
            | Setting::BurstLoss(_)
            | Setting::LookupErrors(_)
            | Setting::Duplication(_)
            | Setting::Reordering(_)
            | Setting::Bandwidth(_)
            | Setting::Partition(_)
            | Setting::Trace(_)
            | Setting::LogFailures(_)
            | Setting::ClientSpans(_)
    )
}

impl Fault {
    /// Whether it makes a clock jump.
    pub fn steps_a_clock(&self) -> bool {
        matches!(self.to, Setting::ClockOffset(_) | Setting::ClockStep(_) | Setting::ClockSync(_) | Setting::Replace)
    }

    /// The change, as a script would have it; None if the sketch has nothing that it could change.
    pub fn change(&self, sketch: &Sketch) -> Option<(SimTime, Change)> {
        let world = sketch.world();
        let spec = world.spec();
        let named = |names: Vec<&String>| names.get(self.on % names.len().max(1)).map(|name| (*name).clone());
        let with = |test: &dyn Fn(&allgreen::world::Node) -> bool| {
            named(spec.nodes.iter().filter(|(_, node)| test(node)).map(|(name, _)| name).collect())
        };
        let on = match self.to {
            ref arrows if is_for_arrows(arrows) => named(spec.arrows.keys().collect()),
            Setting::CacheTtl(_)
            | Setting::LostInvalidations(_)
            | Setting::CacheCapacity(_)
            | Setting::SingleFlight(_)
            | Setting::PoisonCache(_)
            | Setting::FlushKey(_)
            | Setting::FlushCache => with(&|node| node.cache.is_some()),
            Setting::QueueCapacity(_)
            | Setting::Overflow(_)
            | Setting::Visibility(_)
            | Setting::MaxDeliveries(_)
            | Setting::Redrive => with(&|node| node.queue.is_some()),
            Setting::AckMode(_) | Setting::Poison(_) => with(&|node| node.consumes.is_some()),
            Setting::ReplicaLag(_) => with(&|node| node.database.as_ref().is_some_and(|db| db.follows.is_some())),
            Setting::Failover(_) => with(&|node| node.database.as_ref().is_some_and(|db| db.follows.is_none())),
            Setting::TokenLifetime(_) => with(&|node| node.issues.is_some()),
            Setting::TokenLeeway(_) => with(&|node| node.verifies.is_some()),
            Setting::LockLease(_) => with(&|node| node.locks.is_some()),
            Setting::RateLimits(_) => with(&|node| !node.limits.is_empty()),
            Setting::Flag(..) => with(&|node| !node.flags.is_empty()),
            Setting::MemoryLeak(_) => with(&|node| node.memory.is_some()),
            Setting::TrafficFactor(_) => Some("users".to_owned()),
            Setting::Replicas(_) | Setting::Autoscale(_) => with(&|node| !node.routes.is_empty()),
            _ => with(&|node| node.users.is_none()),
        }?;
        let replicas = if self.first_only { vec![1] } else { Vec::new() };
        let share = self.share_of_users.filter(|_| self.to.is_for_users());
        let users = share.map(|share| Cohort { share, ..Cohort::default() });
        let zoned = spec.nodes.get(on.split(" -> ").next().unwrap_or_default()).map(|node| node.zones.clone());
        let zones: Vec<String> = zoned.unwrap_or_default().into_iter().take(usize::from(self.in_a_zone)).collect();
        let whole = matches!(
            self.to,
            Setting::Replicas(_) | Setting::Autoscale(_) | Setting::Failover(_) | Setting::TrafficFactor(_)
        );
        let zones = if whole { Vec::new() } else { zones };
        let set = Set { replicas, users, zones, ..Set::new(on.clone(), self.to.clone()) };
        let steps = Gradual { over: Duration::from_secs(3), steps: 4 };
        let gradual = (self.gradual && (self.to.is_gradual() || set.users.is_some())).then_some(steps);
        let change = Change {
            says: Some("a change".into()),
            by: "hunt".into(),
            on,
            rolling: if gradual.is_some() { Duration::ZERO } else { Duration::from_millis(self.rolling_ms) },
            gradual,
            when: self.when.clone(),
            ..Change::new(format!("f{}-{}", self.at_ms, self.on % 1000), ChangeKind::Config, vec![set])
        };
        Some((SimTime::from_millis(self.at_ms), change))
    }

    /// Its end, if it ends.
    pub fn undo(&self, change: &Change) -> Option<(SimTime, Change)> {
        let at = SimTime::from_millis(self.at_ms + self.undone_after_ms?);
        let undoes = Some(change.id.clone());
        Some((at, Change { id: format!("u{}", change.id), sets: Vec::new(), undoes, ..change.clone() }))
    }
}
