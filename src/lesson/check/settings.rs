//! Settings that changes bring: each suits what it is set on, and is within the range that a world may start with.

use std::collections::BTreeMap;

use super::{Place, Target, changes};
use crate::diagnostic::{DataPath, Findings};
use crate::lesson::LessonSpec;
use crate::time::Duration;
use crate::world::check::{
    MOST_EVENTS_PER_SECOND, MOST_REPLICAS, cache_ttl, canonical, events_per_second, health_check, limits, partition,
    ranges, service,
};
use crate::world::{Arrow, Node, Retry, Set, Setting};

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Node,
    /// A node with one of these parts.
    Cache,
    Issuer,
    Verifier,
    LockService,
    Limiter,
    Memory,
    Primary,
    Queue,
    Consumer,
    FollowingDatabase,
    Users,
    Arrow,
}

pub(super) fn check(spec: &LessonSpec, place: &Place<'_>, found: &mut Findings) {
    let script = DataPath::root().field("script");
    for (at, scripted) in spec.script.iter().enumerate() {
        let change = script.at(at).field("change");
        if scripted.change.on.contains("->") {
            place.arrow(found, &change.field("on"), &scripted.change.on);
        }
        if scripted.change.rolling > Duration::from_mins(60) {
            found.value(
                &change.field("rolling"),
                "more than an hour between two replicas",
                "write a time up to \"1h\"",
            );
        }
        changes::check(place, found, &change, &scripted.change);
        for (at, set) in scripted.change.sets.iter().enumerate() {
            let path = change.field("sets").at(at);
            changes::set(place, found, &path, (&scripted.change, set));
            if set.on == "*" {
                all_nodes(place, found, &path, set);
                continue;
            }
            let Some(target) = place.target(found, &path.field("on"), &set.on) else { continue };
            check_set(spec, place, found, &path, target, set);
        }
    }
    if found.is_empty() {
        together(spec, place, found);
        replicas(spec, place, found);
    }
}

/// All nodes at their largest must still be possible to simulate.
fn replicas(spec: &LessonSpec, place: &Place<'_>, found: &mut Findings) {
    let mut most: BTreeMap<&str, u16> = BTreeMap::new();
    let declared = |node: &Node| node.replicas.max(node.autoscale.map_or(0, |scale| scale.max));
    most.extend(place.spec.nodes.iter().map(|(name, node)| (name.as_str(), declared(node))));
    for set in spec.script.iter().flat_map(|scripted| &scripted.change.sets) {
        let wanted = match set.to {
            Setting::Replicas(replicas) => replicas,
            Setting::Autoscale(Some(scale)) => scale.max,
            _ => continue,
        };
        most.entry(&set.on).and_modify(|known| *known = wanted.max(*known));
    }
    let all: u64 = most.values().copied().map(u64::from).sum();
    if all > MOST_REPLICAS {
        let what = format!("changes make {all} replicas in all, more than the {MOST_REPLICAS} that can be simulated");
        found.key(&DataPath::root().field("script"), what, "use fewer replicas");
    }
}

/// Changes of several arrows multiply: the world with all of them at their most must still be possible to simulate.
fn together(spec: &LessonSpec, place: &Place<'_>, found: &mut Findings) {
    let mut worst = place.spec.clone();
    let (mut traffic, mut multiplies) = (1.0_f64, 0);
    for set in spec.script.iter().flat_map(|scripted| &scripted.change.sets) {
        if let Setting::TrafficFactor(factor) = set.to {
            traffic = traffic.max(factor);
        }
        let named = |(name, _): &(&String, &mut Arrow)| canonical(name) == canonical(&set.on);
        let Some((_, arrow)) = worst.arrows.iter_mut().find(named) else { continue };
        match set.to {
            Setting::Duplication(share) => arrow.impairments.duplication = arrow.impairments.duplication.max(share),
            Setting::Hedge(Some(hedge)) => arrow.hedge = Some(hedge),
            Setting::Retry(Some(retry)) => {
                let attempts = |retry: Option<Retry>| retry.map_or(1, |retry| retry.attempts);
                let budget = |retry: Option<Retry>| retry.map_or(Some(0.0), |retry| retry.budget);
                let either = [arrow.retry, Some(retry)];
                let budget = either.map(budget).into_iter().try_fold(0.0_f64, |most, one| Some(most.max(one?)));
                let attempts = either.map(attempts).into_iter().max().unwrap_or(1);
                arrow.retry = Some(Retry { attempts, budget, ..retry });
            }
            _ => continue,
        }
        multiplies += 1;
    }
    if multiplies == 0 {
        return;
    }
    let events = events_per_second(&worst) * traffic;
    if events > MOST_EVENTS_PER_SECOND {
        let what = format!(
            "retries, copies and hedges that changes bring multiply: up to {events:.0} events per simulated second, and {MOST_EVENTS_PER_SECOND:.0} are accepted"
        );
        let help = "change fewer arrows of one way, or give the retries a `budget`";
        found.key(&DataPath::root().field("script"), what, help);
    }
}

/// A setting of all nodes must be one that all have.
fn all_nodes(place: &Place<'_>, found: &mut Findings, path: &DataPath, set: &Set) {
    let to = path.field("to");
    let whole = matches!(set.to, Setting::Replicas(_) | Setting::Flag(..) | Setting::HealthChecks(_));
    if whole || owner(&set.to) != Owner::Node {
        let what = format!("`{}` can't be set on all nodes", name(&set.to));
        return found.value(&to, what, "name one node or arrow");
    }
    value(place, found, &to, ("*", "*"), &set.to);
}

fn check_set(
    spec: &LessonSpec,
    place: &Place<'_>,
    found: &mut Findings,
    path: &DataPath,
    target: Target<'_>,
    set: &Set,
) {
    let to = path.field("to");
    let (caller, fits) = match target {
        Target::Node(name) => (name, place.spec.nodes.get(name).is_some_and(|node| suits(node, owner(&set.to)))),
        Target::Arrow(from) => (from, owner(&set.to) == Owner::Arrow),
    };
    if !fits {
        let what = format!("`{}` can't be set on `{}`", name(&set.to), set.on);
        return found.value(&to, what, format!("it belongs to {}", belongs(owner(&set.to))));
    }
    let whole = set.to.is_of_the_whole();
    if whole && !set.replicas.is_empty() {
        let what = format!("`{}` is of the node as a whole", name(&set.to));
        found.value(&path.field("replicas"), what, "leave `replicas` out");
    }
    let most = most_replicas(spec, place, caller);
    for (at, replica) in set.replicas.iter().enumerate() {
        found.range(
            &path.field("replicas").at(at),
            &format!("the number of a replica of `{caller}`"),
            *replica,
            1..=most,
        );
    }
    value(place, found, &to, (caller, &set.on), &set.to);
}

/// The most replicas that a node ever has in this lesson.
fn most_replicas(spec: &LessonSpec, place: &Place<'_>, node: &str) -> u16 {
    let sets = spec.script.iter().flat_map(|scripted| &scripted.change.sets).filter(|set| set.on == node);
    let scaled = sets.filter_map(|set| if let Setting::Replicas(replicas) = set.to { Some(replicas) } else { None });
    let declared = place.spec.nodes.get(node).map_or(1, |node| node.replicas);
    scaled.chain([declared]).max().unwrap_or(declared)
}

/// The value of a setting, within the ranges of worlds.
fn value(place: &Place<'_>, found: &mut Findings, path: &DataPath, (node, on): (&str, &str), to: &Setting) {
    let at = path.at(0);
    match to {
        Setting::Version(version) => crate::world::check::not_blank(found, &at, "the version", version),
        Setting::Replicas(replicas) => {
            found.range(&at, "the number of replicas", *replicas, ranges::REPLICAS);
        }
        Setting::Concurrency(concurrency) => {
            found.range(&at, "`Concurrency`", *concurrency, ranges::CONCURRENCY);
        }
        Setting::QueueLimit(limit) => {
            found.range(&at, "`QueueLimit`", *limit, ranges::QUEUE_LIMIT);
        }
        Setting::WorkFactor(factor) => {
            found.range(&at, "`WorkFactor`", *factor, 0.0..=1_000.0);
        }
        Setting::WorkGrowth(growth) => ranges::time(found, &at, "`WorkGrowth`", *growth, Duration::ZERO),
        Setting::RefusalRate(share) => ranges::share(found, &at, "`RefusalRate`", *share),
        Setting::ErrorRate(share) => ranges::share(found, &at, "`ErrorRate`", *share),
        Setting::ClockOffset(offset) => ranges::clock_offset(found, &at, *offset),
        Setting::ClockDrift(ppm) => ranges::clock_drift(found, &at, *ppm),
        Setting::ClockStep(offset) => ranges::clock_offset(found, &at, *offset),
        Setting::ClockSync(Some(sync)) => ranges::clock_sync(found, path, sync),
        Setting::Pause(time) | Setting::MachinePause(time) => ranges::some_time(found, &at, "a pause", *time),
        Setting::HealthChecks(health) => {
            for (place_in_list, check) in health.checks.iter().enumerate() {
                let path = path.field("checks").at(place_in_list);
                health_check(found, &path, (place.spec, &place.out), node, check);
            }
        }
        Setting::Sampling(share) => ranges::share(found, &at, "`Sampling`", *share),
        Setting::TokenLifetime(time) => ranges::token_lifetime(found, &at, *time),
        Setting::TokenLeeway(time) => ranges::time(found, &at, "`TokenLeeway`", *time, Duration::ZERO),
        Setting::LockLease(time) => ranges::some_time(found, &at, "`LockLease`", *time),
        Setting::CacheCapacity(entries) => {
            found.range(&at, "`CacheCapacity`", *entries, ranges::CACHE_CAPACITY);
        }
        Setting::SingleFlight(Some(wait)) => ranges::some_time(found, &at, "`SingleFlight`", *wait),
        Setting::PoisonCache(entry) | Setting::FlushKey(entry) => key(place, found, path, &entry.datum, entry.key),
        Setting::ErrorStatus(status) => ranges::error_status(found, &at, *status),
        Setting::BadKey(Some(bad)) => {
            key(place, found, path, &bad.datum, bad.key);
            ranges::share(found, &path.field("errors"), "`errors`", bad.errors);
            found.range(&path.field("factor"), "`factor`", bad.factor, 0.0..=1_000.0);
        }
        Setting::Slow(Some(slow)) => service::slow(found, path, slow),
        Setting::Pauses(Some(pauses)) => service::pauses(found, path, pauses),
        Setting::Autoscale(Some(scale)) => service::autoscale(found, path, scale),
        Setting::Failover(time) => ranges::some_time(found, &at, "`Failover`", *time),
        Setting::RateLimits(list) => limits::rate_limits(found, &at, list),
        Setting::Discovery(Some(ttl)) => ranges::believed(found, &at, "`Discovery`", *ttl),
        Setting::Eject(Some(eject)) => limits::ejection(found, path, eject),
        Setting::CacheTtl(Some(ttl)) => cache_ttl(found, &at, *ttl),
        Setting::LostInvalidations(share) => ranges::share(found, &at, "`LostInvalidations`", *share),
        Setting::QueueCapacity(capacity) => {
            found.range(&at, "`QueueCapacity`", *capacity, ranges::QUEUE_CAPACITY);
        }
        Setting::Visibility(Some(time)) => ranges::some_time(found, &at, "`Visibility`", *time),
        Setting::MaxDeliveries(most) => {
            found.range(&at, "`MaxDeliveries`", *most, ranges::DELIVERIES);
        }
        Setting::Poison(share) => ranges::share(found, &at, "`Poison`", *share),
        Setting::Idempotency(Some(keys)) => ranges::idempotency(found, path, keys),
        Setting::ReplicaLag(lag) => ranges::up_to_a_day(found, &at, "`ReplicaLag`", *lag),
        Setting::TrafficFactor(factor) => traffic(place, found, &at, *factor),
        Setting::Timeout(Some(timeout)) => ranges::some_time(found, &at, "`Timeout`", *timeout),
        Setting::Retry(Some(retry)) => ranges::retry(found, path, retry),
        Setting::Breaker(Some(breaker)) => ranges::breaker(found, path, breaker),
        Setting::Pool(Some(pool)) => ranges::pool(found, path, pool),
        Setting::Latency(latency) => ranges::dist(found, &at, "`Latency`", latency),
        Setting::Loss(share) => ranges::share(found, &at, "`Loss`", *share),
        Setting::RequestLoss(share) => ranges::share(found, &at, "`RequestLoss`", *share),
        Setting::ResponseLoss(share) => ranges::share(found, &at, "`ResponseLoss`", *share),
        Setting::Duplication(share) => ranges::share(found, &at, "`Duplication`", *share),
        Setting::LookupErrors(share) => ranges::share(found, &at, "`LookupErrors`", *share),
        Setting::BurstLoss(Some(bursts)) => ranges::burst_loss(found, path, bursts),
        Setting::Reordering(Some(held)) => ranges::reordering(found, path, held),
        Setting::Bandwidth(Some(rate)) => {
            found.range(&at, "`Bandwidth`", *rate, ranges::BANDWIDTH);
        }
        Setting::Partition(Some(cut)) => partition(found, path, (place.spec, on), cut),
        Setting::KeepAlive(Some(keeps)) => ranges::keep_alive(found, path, keeps),
        Setting::Bulkhead(Some(most)) => {
            found.range(&at, "`Bulkhead`", *most, ranges::BULKHEAD);
        }
        Setting::Hedge(Some(hedge)) => ranges::hedge(found, path, hedge),
        Setting::Flag(flag, _) => {
            let flags = place.spec.nodes.get(node).map(|node| &node.flags);
            if let Some(flags) = flags.filter(|flags| !flags.contains_key(flag)) {
                found.unknown(&at, &format!("flag of `{node}` called"), flag, flags.keys().map(String::as_str));
            }
        }
        Setting::CacheTtl(None)
        | Setting::Down(_)
        | Setting::Discoverable(_)
        | Setting::Visibility(None)
        | Setting::Redrive
        | Setting::Overflow(_)
        | Setting::AckMode(_)
        | Setting::Idempotency(None)
        | Setting::BadKey(None)
        | Setting::BurstLoss(None)
        | Setting::Reordering(None)
        | Setting::Bandwidth(None)
        | Setting::Partition(None)
        | Setting::KeepAlive(None)
        | Setting::Bulkhead(None)
        | Setting::Hedge(None)
        | Setting::ChecksBody(_)
        | Setting::Balance(_)
        | Setting::ClockSync(None)
        | Setting::Discovery(None)
        | Setting::Eject(None)
        | Setting::Slow(None)
        | Setting::Pauses(None)
        | Setting::Autoscale(None)
        | Setting::MemoryLeak(_)
        | Setting::SingleFlight(None)
        | Setting::Timeout(None)
        | Setting::Retry(None)
        | Setting::Breaker(None)
        | Setting::Pool(None)
        | Setting::Fallback(_)
        | Setting::DataVersionTelemetry(_)
        | Setting::LogLevel(_)
        | Setting::FlagTelemetry(_)
        | Setting::FlushCache
        | Setting::Restart
        | Setting::Replace
        | Setting::Trace(_)
        | Setting::LogFailures(_)
        | Setting::ClientSpans(_) => {}
    }
}

/// A key of a family of data.
fn key(place: &Place<'_>, found: &mut Findings, path: &DataPath, datum: &str, key: u32) {
    match place.spec.data.get(datum) {
        Some(known) => {
            found.range(&path.field("key"), "the key", key, 0..=known.keys.saturating_sub(1));
        }
        None => {
            let known = place.spec.data.keys().map(String::as_str);
            found.unknown(&path.field("datum"), "datum", datum, known);
        }
    }
}

/// More traffic must still be possible to simulate.
fn traffic(place: &Place<'_>, found: &mut Findings, path: &DataPath, factor: f64) {
    if !found.range(path, "`TrafficFactor`", factor, 0.0..=1_000.0) || factor <= 1.0 {
        return;
    }
    let events = place.events.get_or_init(|| events_per_second(place.spec)) * factor;
    if events > MOST_EVENTS_PER_SECOND {
        let what = format!("{factor:?} times the traffic costs up to {events:.0} events per simulated second");
        found.value(
            path,
            what,
            format!("write a smaller factor: {MOST_EVENTS_PER_SECOND:.0} events per second are accepted"),
        );
    }
}

fn owner(setting: &Setting) -> Owner {
    match setting {
        Setting::Version(_)
        | Setting::Replicas(_)
        | Setting::Concurrency(_)
        | Setting::QueueLimit(_)
        | Setting::Replace
        | Setting::WorkFactor(_)
        | Setting::WorkGrowth(_)
        | Setting::ErrorRate(_)
        | Setting::ErrorStatus(_)
        | Setting::BadKey(_)
        | Setting::RefusalRate(_)
        | Setting::Idempotency(_)
        | Setting::Down(_)
        | Setting::Discoverable(_)
        | Setting::Flag(..)
        | Setting::ClockOffset(_)
        | Setting::ClockDrift(_)
        | Setting::ClockStep(_)
        | Setting::ClockSync(_)
        | Setting::Pause(_)
        | Setting::MachinePause(_)
        | Setting::Slow(_)
        | Setting::Pauses(_)
        | Setting::Autoscale(_)
        | Setting::HealthChecks(_)
        | Setting::DataVersionTelemetry(_)
        | Setting::Sampling(_)
        | Setting::LogLevel(_)
        | Setting::FlagTelemetry(_)
        | Setting::Restart => Owner::Node,
        Setting::CacheTtl(_)
        | Setting::CacheCapacity(_)
        | Setting::SingleFlight(_)
        | Setting::PoisonCache(_)
        | Setting::FlushKey(_)
        | Setting::LostInvalidations(_)
        | Setting::FlushCache => Owner::Cache,
        Setting::TokenLifetime(_) => Owner::Issuer,
        Setting::TokenLeeway(_) => Owner::Verifier,
        Setting::LockLease(_) => Owner::LockService,
        Setting::MemoryLeak(_) => Owner::Memory,
        Setting::Failover(_) => Owner::Primary,
        Setting::RateLimits(_) => Owner::Limiter,
        Setting::QueueCapacity(_)
        | Setting::Overflow(_)
        | Setting::Visibility(_)
        | Setting::MaxDeliveries(_)
        | Setting::Redrive => Owner::Queue,
        Setting::AckMode(_) | Setting::Poison(_) => Owner::Consumer,
        Setting::ReplicaLag(_) => Owner::FollowingDatabase,
        Setting::TrafficFactor(_) => Owner::Users,
        Setting::Timeout(_)
        | Setting::Retry(_)
        | Setting::Fallback(_)
        | Setting::Breaker(_)
        | Setting::Pool(_)
        | Setting::Discovery(_)
        | Setting::Eject(_)
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
        | Setting::KeepAlive(_)
        | Setting::Bulkhead(_)
        | Setting::Hedge(_)
        | Setting::ChecksBody(_)
        | Setting::Balance(_)
        | Setting::Trace(_)
        | Setting::LogFailures(_)
        | Setting::ClientSpans(_) => Owner::Arrow,
    }
}

fn suits(node: &Node, owner: Owner) -> bool {
    match owner {
        Owner::Node => true,
        Owner::Cache => node.cache.is_some(),
        Owner::Issuer => node.issues.is_some(),
        Owner::Verifier => node.verifies.is_some(),
        Owner::LockService => node.locks.is_some(),
        Owner::Memory => node.memory.is_some(),
        Owner::Primary => node.database.as_ref().is_some_and(|database| database.follows.is_none()),
        Owner::Limiter => !node.limits.is_empty(),
        Owner::Queue => node.queue.is_some(),
        Owner::Consumer => node.consumes.is_some(),
        Owner::FollowingDatabase => node.database.as_ref().is_some_and(|database| database.follows.is_some()),
        Owner::Users => node.users.is_some(),
        Owner::Arrow => false,
    }
}

fn belongs(owner: Owner) -> &'static str {
    match owner {
        Owner::Node => "a node: write its name",
        Owner::Cache => "a node with a cache",
        Owner::Issuer => "a node that issues tokens",
        Owner::Verifier => "a node that verifies tokens",
        Owner::LockService => "a node that keeps locks",
        Owner::Memory => "a node whose memory is counted",
        Owner::Primary => "a primary database",
        Owner::Limiter => "a node with rate limits",
        Owner::Queue => "a node with a queue",
        Owner::Consumer => "a node that consumes from a queue",
        Owner::FollowingDatabase => "a database that follows a primary",
        Owner::Users => "a node of users",
        Owner::Arrow => "an arrow: write \"from -> to\"",
    }
}

/// The word for a setting in a file.
pub(super) fn name(setting: &Setting) -> String {
    let text = format!("{setting:?}");
    text.split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
}
