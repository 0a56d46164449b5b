//! Random changes to what every sketch has: settings of its nodes and arrows, at any time, for all replicas or the first.

use allgreen::world::{
    Breaker, Change, ChangeKind, Dist, Fallback, FallbackValue, Health, Pool, Propagation, Retry, Set, Setting,
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
}

pub fn faults() -> impl Strategy<Value = Fault> {
    let times = (0..SECS * 1000, prop::option::of(1..20_000u64), prop_oneof![2 => Just(0), 1 => 1..3_000u64]);
    (times, any::<usize>(), setting(), any::<bool>()).prop_map(
        |((at_ms, undone_after_ms, rolling_ms), on, to, first_only)| Fault {
            at_ms,
            on,
            to,
            first_only,
            rolling_ms,
            undone_after_ms,
        },
    )
}

fn setting() -> impl Strategy<Value = Setting> {
    let share = || prop_oneof![Just(0.0), Just(1.0), 0.0..1.0f64];
    let time = |most: u64| (0..most).prop_map(Duration::from_millis);
    let node = prop_oneof![
        (1..4u16).prop_map(Setting::Replicas),
        (1..30u32).prop_map(Setting::Concurrency),
        (0.1..30.0f64).prop_map(Setting::WorkFactor),
        time(3).prop_map(Setting::WorkGrowth),
        share().prop_map(Setting::ErrorRate),
        (-2000..2000i64).prop_map(|ms| Setting::ClockOffset(allgreen::time::SignedDuration(ms * 1_000_000))),
        (-500.0..500.0f64).prop_map(Setting::ClockDrift),
        share().prop_map(Setting::Sampling),
        any::<bool>().prop_map(Setting::DataVersionTelemetry),
        Just(Setting::HealthChecks(Health::default())),
        Just(Setting::Restart),
        Just(Setting::Version("2.0.0".into())),
    ];
    let store = prop_oneof![
        prop::option::of(time(9000)).prop_map(Setting::CacheTtl),
        share().prop_map(Setting::LostInvalidations),
        Just(Setting::FlushCache),
        (1..20u32).prop_map(Setting::QueueCapacity),
        time(9000).prop_map(Setting::ReplicaLag),
        (0.0..4.0f64).prop_map(Setting::TrafficFactor),
    ];
    let value = prop::sample::select(vec![FallbackValue::Default, FallbackValue::Empty, FallbackValue::Stale]);
    let arrow = prop_oneof![
        prop::option::of((1..500u64).prop_map(Duration::from_millis)).prop_map(Setting::Timeout),
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
        (1..400u64).prop_map(|ms| Setting::Latency(Dist::Exp(Duration::from_millis(ms)))),
        share().prop_map(Setting::Loss),
        Just(Setting::Trace(Propagation::Dropped)),
        any::<bool>().prop_map(Setting::LogFailures),
        any::<bool>().prop_map(Setting::ClientSpans),
    ];
    prop_oneof![3 => node, 2 => store, 4 => arrow]
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
            | Setting::Latency(_)
            | Setting::Loss(_)
            | Setting::Trace(_)
            | Setting::LogFailures(_)
            | Setting::ClientSpans(_)
    )
}

impl Fault {
    /// Whether it makes a clock jump.
    pub fn steps_a_clock(&self) -> bool {
        matches!(self.to, Setting::ClockOffset(_))
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
            Setting::CacheTtl(_) | Setting::LostInvalidations(_) | Setting::FlushCache => with(&|n| n.cache.is_some()),
            Setting::QueueCapacity(_) => with(&|node| node.queue.is_some()),
            Setting::ReplicaLag(_) => with(&|node| node.database.as_ref().is_some_and(|db| db.follows.is_some())),
            Setting::TrafficFactor(_) => Some("users".to_owned()),
            Setting::Replicas(_) => with(&|node| !node.routes.is_empty()),
            _ => with(&|node| node.users.is_none()),
        }?;
        let replicas = if self.first_only { vec![1] } else { Vec::new() };
        let set = Set { replicas, ..Set::new(on.clone(), self.to.clone()) };
        let change = Change {
            says: Some("a change".into()),
            by: "hunt".into(),
            on,
            rolling: Duration::from_millis(self.rolling_ms),
            ..Change::new(format!("f{}", self.at_ms), ChangeKind::Config, vec![set])
        };
        Some((SimTime::from_millis(self.at_ms), change))
    }

    /// Its end, if it ends.
    pub fn undo(&self, change: &Change) -> Option<(SimTime, Change)> {
        let at = SimTime::from_millis(self.at_ms + self.undone_after_ms?);
        let undoes = Some(change.id.clone());
        Some((at, Change { id: format!("u{}", self.at_ms), sets: Vec::new(), undoes, ..change.clone() }))
    }
}
