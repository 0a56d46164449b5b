//! Changes to a system over time: settings of nodes and arrows, by name. The one mechanism behind deploys, faults,
//! red herrings and a learner's fixes. Knows what can be changed; must never know why.

use serde::{Deserialize, Serialize};

use super::policy::{Ack, BurstLoss, Hedge, Idempotency, KeepAlive, Partition, Reordering};
use super::{Autoscale, BadKey, CacheKey, Ejection, Ntp, Pauses, RateLimit, Slow};
use super::{Balance, Breaker, Dist, Fallback, Health, Overflow, Pool, Propagation, Retry, Severity};
use crate::time::{Duration, SignedDuration};

/// One setting of one node or arrow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// A node's name, an arrow's (`"from -> to"`), or `"*"` for all nodes but users.
    pub on: String,
    /// Which replicas of the node, or of the arrow's caller, counted from 1; empty means all.
    #[serde(default)]
    pub replicas: Vec<u16>,
    /// Only replicas in these zones; empty means all.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Only for what these users ask for (a flag, a canary, a fault of one account type). None is for everybody.
    #[serde(default)]
    pub users: Option<Cohort>,
    /// The new value.
    pub to: Setting,
}

/// Some users: those who match all that is said here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cohort {
    /// In one of these regions; empty means any.
    pub regions: Vec<String>,
    /// With one of these account types; empty means any.
    pub accounts: Vec<String>,
    /// With one of these client versions; empty means any.
    pub clients: Vec<String>,
    /// This share of them, 0 to 1: the same users for each setting of one node or arrow, more of them as it grows.
    pub share: f64,
}

impl Default for Cohort {
    fn default() -> Self {
        Cohort { regions: Vec::new(), accounts: Vec::new(), clients: Vec::new(), share: 1.0 }
    }
}

impl Set {
    /// A setting of all replicas, for everybody.
    pub fn new(on: impl Into<String>, to: Setting) -> Set {
        Set { on: on.into(), replicas: Vec::new(), zones: Vec::new(), users: None, to }
    }
}

/// How a change goes from the old values to the new ones: in equal steps at equal times. With [`Set::users`], the share
/// of users grows instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gradual {
    /// From the beginning to the last step.
    pub over: Duration,
    /// How many steps.
    pub steps: u16,
}

/// What a change waits for. It is looked at every second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Condition {
    /// More messages than this wait in a queue, in all its replicas.
    QueueDepth(String, u32),
    /// The oldest message of a queue waits longer than this.
    QueueAge(String, Duration),
    /// More requests than this are at a node, served or waiting, in all its replicas.
    ActiveRequests(String, u32),
    /// A replica of a node runs for longer than this since it started.
    Uptime(String, Duration),
    /// The clock of a node's first replica says this time of day, counted from midnight UTC.
    TimeOfDay(String, Duration),
}

impl Condition {
    /// The node that it is about.
    pub fn node(&self) -> &str {
        match self {
            Condition::QueueDepth(node, _)
            | Condition::QueueAge(node, _)
            | Condition::ActiveRequests(node, _)
            | Condition::Uptime(node, _)
            | Condition::TimeOfDay(node, _) => node,
        }
    }
}

/// A setting and its new value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Setting {
    /// Node: the version that runs. Says nothing about what the version does: the other settings do.
    Version(String),
    /// Node: replicas.
    Replicas(u16),
    /// Node: requests that one replica works on at a time.
    Concurrency(u32),
    /// Node: requests that may wait at one replica; more are refused with 503.
    QueueLimit(u32),
    /// Node: all `Work` and storage times are multiplied by this.
    WorkFactor(f64),
    /// Node: each request adds this much to the work of the next, until a restart (a leak, a list that grows).
    WorkGrowth(Duration),
    /// Node: the share of requests that fail with an honest 500, on top of the routes' own.
    ErrorRate(f64),
    /// Node: the status with which those, the routes' own failures and those of a bad key are answered instead of 500: one of
    /// 400, 401, 403, 404, 409, 429, 500, 502, 503, 504.
    ErrorStatus(u16),
    /// Node: one key whose requests fail or take longer.
    BadKey(Option<BadKey>),
    /// Node: the share of requests that are answered with a 200 whose body says no, on top of the routes' own.
    RefusalRate(f64),
    /// Node: clock offset, as a step.
    ClockOffset(SignedDuration),
    /// Node: clock drift in parts per million from now on.
    ClockDrift(f64),
    /// Node: the clock jumps by this much, once; a leap second that is stepped is `-1s`.
    ClockStep(SignedDuration),
    /// Node: synchronisation of the clock with a time server. None: the daemon has stopped.
    ClockSync(Option<Ntp>),
    /// Node: the process does nothing for this long, once, and then goes on with what it was doing.
    Pause(Duration),
    /// Node: the virtual machine stands still for this long, once: a pause that its clock sleeps through.
    MachinePause(Duration),
    /// Node: requests whose work takes longer.
    Slow(Option<Slow>),
    /// Node: when it stops the world.
    Pauses(Option<Pauses>),
    /// Node with memory: bytes that each request leaves behind for ever.
    MemoryLeak(u64),
    /// Node: changes the number of replicas by itself. None leaves them as they are.
    Autoscale(Option<Autoscale>),
    /// Primary database: it is lost, once. After this long the replica that runs and is least behind takes its place, without
    /// what it had not copied; until then nobody takes requests.
    Failover(Duration),
    /// Node: what its health page checks.
    HealthChecks(Health),
    /// Node: spans and access lines carry the version of the data served.
    DataVersionTelemetry(bool),
    /// Node: the share of new traces that are recorded.
    Sampling(f64),
    /// Issuer of tokens: how long a token is good.
    TokenLifetime(Duration),
    /// Verifier of tokens: how far stamps may be off.
    TokenLeeway(Duration),
    /// Node with rate limits: its limits.
    RateLimits(Vec<RateLimit>),
    /// Lock service: how long a lock is held at most.
    LockLease(Duration),
    /// Node: lines below this are not written.
    LogLevel(Severity),
    /// Node: an event each time a feature flag is looked up.
    FlagTelemetry(bool),
    /// Cache: how long an entry lives.
    CacheTtl(Option<Duration>),
    /// Cache: the share of invalidations that are lost.
    LostInvalidations(f64),
    /// Cache: entries that one replica holds.
    CacheCapacity(u32),
    /// Cache: misses for a key that is being fetched wait this long.
    SingleFlight(Option<Duration>),
    /// Cache: a value that belongs to another key gets under this one, once.
    PoisonCache(CacheKey),
    /// Cache: the entry of one key is dropped, once.
    FlushKey(CacheKey),
    /// Cache: all entries are dropped, once.
    FlushCache,
    /// Queue: messages that it holds.
    QueueCapacity(u32),
    /// Queue: what happens to one message more than it holds.
    Overflow(Overflow),
    /// Queue: how long a delivered message may stay without acknowledgement.
    Visibility(Option<Duration>),
    /// Queue: deliveries of one message before it is given up.
    MaxDeliveries(u8),
    /// Queue of dead letters: all its messages go back to the queues that gave them up, once.
    Redrive,
    /// Consumer: when it acknowledges.
    AckMode(Ack),
    /// Consumer: the share of messages that it can never handle, on top of the routes' own.
    Poison(f64),
    /// Node: idempotency keys that it keeps.
    Idempotency(Option<Idempotency>),
    /// Replica of a database: how far behind it is.
    ReplicaLag(Duration),
    /// Users: journeys that start per second, as a multiple of the world's.
    TrafficFactor(f64),
    /// Node: the process does not run: nobody can connect, what it had in hand is finished, what waited in its line is cut
    /// off. It starts anew when this ends.
    Down(bool),
    /// Node: whether look-ups find it. Where they don't, it runs on, and answers whoever knows its address.
    Discoverable(bool),
    /// Node: a feature flag, by name.
    Flag(String, bool),
    /// Node: the process starts anew, once: what it is working on is finished first; what waits in its line is cut off,
    /// memory and caches are gone.
    Restart,
    /// Replica: it is replaced by a new one on another host, once. What was set on it alone returns to what it was before;
    /// what it held in memory is gone.
    Replace,
    /// Arrow: how long the caller waits for one attempt.
    Timeout(Option<Duration>),
    /// Arrow: retries.
    Retry(Option<Retry>),
    /// Arrow: fallback.
    Fallback(Option<Fallback>),
    /// Arrow: circuit breaker.
    Breaker(Option<Breaker>),
    /// Arrow: connection pool.
    Pool(Option<Pool>),
    /// Arrow: how long a look-up of the callee's replicas is believed. None always knows.
    Discovery(Option<Duration>),
    /// Arrow: how replicas that seem unwell are avoided.
    Eject(Option<Ejection>),
    /// Arrow: network time, one way.
    Latency(Dist),
    /// Arrow: the probability that a packet is lost.
    Loss(f64),
    /// Arrow: the probability that a request is lost, on top of `Loss`.
    RequestLoss(f64),
    /// Arrow: the probability that an answer is lost, on top of `Loss`.
    ResponseLoss(f64),
    /// Arrow: loss that comes in bursts, on top of the others.
    BurstLoss(Option<BurstLoss>),
    /// Arrow: the probability that looking up the callee's name fails, at once.
    LookupErrors(f64),
    /// Arrow: the probability that a request arrives twice.
    Duplication(f64),
    /// Arrow: a share of packets that others overtake.
    Reordering(Option<Reordering>),
    /// Arrow: bytes per second in each direction.
    Bandwidth(Option<u64>),
    /// Arrow: what does not get through at all.
    Partition(Option<Partition>),
    /// Arrow: connections that stay open between calls.
    KeepAlive(Option<KeepAlive>),
    /// Arrow: attempts under way at a time.
    Bulkhead(Option<u32>),
    /// Arrow: a second attempt next to a slow first one.
    Hedge(Option<Hedge>),
    /// Arrow: whether the caller takes a 200 whose body says no as a failure.
    ChecksBody(bool),
    /// Arrow: how a replica of the callee is chosen.
    Balance(Balance),
    /// Arrow: whether trace context crosses.
    Trace(Propagation),
    /// Arrow: a line at WARN for each attempt that failed.
    LogFailures(bool),
    /// Arrow: a client span for each attempt.
    ClientSpans(bool),
}

impl Setting {
    /// Whether it belongs to all replicas of a node together.
    pub(crate) fn is_of_the_whole(&self) -> bool {
        matches!(self, Setting::Replicas(_) | Setting::TrafficFactor(_) | Setting::Autoscale(_) | Setting::Failover(_))
    }
}

/// What a change looks like in the change feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ChangeKind {
    Deploy,
    Config,
    Flag,
    Traffic,
    Scaling,
    Region,
    DependencySla,
    Infrastructure,
}

/// A change: when, what the feed says, and which settings it touches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its identifier in the feed, such as `"deploy-1412"`.
    pub id: String,
    /// What kind of change the feed calls it.
    pub kind: ChangeKind,
    /// The words of the feed. None: nobody recorded it.
    #[serde(default)]
    pub says: Option<String>,
    /// Who did it.
    #[serde(default)]
    pub by: String,
    /// The node or arrow that the feed names.
    #[serde(default)]
    pub on: String,
    /// The settings. Empty for a record of something that changed nothing that matters.
    #[serde(default)]
    pub sets: Vec<Set>,
    /// The id of an earlier change: its settings return to what they were before it, and it goes no further.
    #[serde(default)]
    pub undoes: Option<String>,
    /// Time between one replica and the next (a rolling deploy). Zero is all at once.
    #[serde(default)]
    pub rolling: Duration,
    /// In steps. None is at once.
    #[serde(default)]
    pub gradual: Option<Gradual>,
    /// From its time on it waits for this to hold, and then begins. None begins at its time.
    #[serde(default)]
    pub when: Option<Condition>,
}

impl Change {
    /// A change that happens at once and that the feed says nothing about.
    pub fn new(id: impl Into<String>, kind: ChangeKind, sets: Vec<Set>) -> Change {
        Change {
            id: id.into(),
            kind,
            says: None,
            by: String::new(),
            on: String::new(),
            sets,
            undoes: None,
            rolling: Duration::ZERO,
            gradual: None,
            when: None,
        }
    }
}

impl Setting {
    /// The value on the way from `from` to this one, `share` of the way; None if there is no such thing.
    pub fn on_the_way(&self, from: &Setting, share: f64) -> Option<Setting> {
        use Setting::*;
        let number = |a: &f64, b: &f64| a + (b - a) * share;
        let time = |a: &Duration, b: &Duration| Duration(number(&(a.0 as f64), &(b.0 as f64)) as u64);
        let whole = |a: u64, b: u64| libm::round(number(&(a as f64), &(b as f64))) as u64;
        Some(match (from, self) {
            (WorkFactor(a), WorkFactor(b)) => WorkFactor(number(a, b)),
            (WorkGrowth(a), WorkGrowth(b)) => WorkGrowth(time(a, b)),
            (ErrorRate(a), ErrorRate(b)) => ErrorRate(number(a, b)),
            (RefusalRate(a), RefusalRate(b)) => RefusalRate(number(a, b)),
            (ClockDrift(a), ClockDrift(b)) => ClockDrift(number(a, b)),
            (Sampling(a), Sampling(b)) => Sampling(number(a, b)),
            (CacheTtl(Some(a)), CacheTtl(Some(b))) => CacheTtl(Some(time(a, b))),
            (LostInvalidations(a), LostInvalidations(b)) => LostInvalidations(number(a, b)),
            (QueueCapacity(a), QueueCapacity(b)) => QueueCapacity(whole((*a).into(), (*b).into()) as u32),
            (Poison(a), Poison(b)) => Poison(number(a, b)),
            (ReplicaLag(a), ReplicaLag(b)) => ReplicaLag(time(a, b)),
            (TrafficFactor(a), TrafficFactor(b)) => TrafficFactor(number(a, b)),
            (Replicas(a), Replicas(b)) => Replicas(whole((*a).into(), (*b).into()) as u16),
            (Timeout(Some(a)), Timeout(Some(b))) => Timeout(Some(time(a, b))),
            (Latency(a), Latency(b)) => Latency(match (a, b) {
                (Dist::Const(a), Dist::Const(b)) => Dist::Const(time(a, b)),
                (Dist::Exp(a), Dist::Exp(b)) => Dist::Exp(time(a, b)),
                (Dist::Uniform(a, c), Dist::Uniform(b, d)) => Dist::Uniform(time(a, b), time(c, d)),
                (Dist::LogNormal { median: a, sigma: c }, Dist::LogNormal { median: b, sigma: d }) => {
                    Dist::LogNormal { median: time(a, b), sigma: number(c, d) }
                }
                _ => return None,
            }),
            (Loss(a), Loss(b)) => Loss(number(a, b)),
            (RequestLoss(a), RequestLoss(b)) => RequestLoss(number(a, b)),
            (ResponseLoss(a), ResponseLoss(b)) => ResponseLoss(number(a, b)),
            (LookupErrors(a), LookupErrors(b)) => LookupErrors(number(a, b)),
            (Duplication(a), Duplication(b)) => Duplication(number(a, b)),
            (Bandwidth(Some(a)), Bandwidth(Some(b))) => Bandwidth(Some(whole(*a, *b))),
            _ => return None,
        })
    }

    /// Whether values of this setting have others between them.
    pub fn is_gradual(&self) -> bool {
        self.on_the_way(self, 0.5).is_some()
    }

    /// Whether this is the same setting, whatever its value.
    pub fn is_same(&self, other: &Setting) -> bool {
        match (self, other) {
            (Setting::Flag(a, _), Setting::Flag(b, _)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// Whether some users may have another value than the rest.
    pub fn is_for_users(&self) -> bool {
        matches!(
            self,
            Setting::Flag(..)
                | Setting::WorkFactor(_)
                | Setting::ErrorRate(_)
                | Setting::RefusalRate(_)
                | Setting::Latency(_)
                | Setting::Loss(_)
                | Setting::RequestLoss(_)
                | Setting::ResponseLoss(_)
                | Setting::Timeout(_)
                | Setting::Fallback(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_half_way_is_between_the_two() {
        let secs = |secs| Dist::Exp(Duration::from_secs(secs));
        assert_eq!(Setting::Loss(0.2).on_the_way(&Setting::Loss(0.0), 0.5), Some(Setting::Loss(0.1)));
        assert_eq!(
            Setting::Latency(secs(1)).on_the_way(&Setting::Latency(secs(3)), 0.25),
            Some(Setting::Latency(Dist::Exp(Duration::from_millis(2500))))
        );
        assert_eq!(Setting::Replicas(2).on_the_way(&Setting::Replicas(5), 0.5), Some(Setting::Replicas(4)));
        assert!(!Setting::Restart.is_gradual() && !Setting::Timeout(None).is_gradual());
        assert!(Setting::Flag("a".into(), true).is_same(&Setting::Flag("a".into(), false)));
        assert!(!Setting::Flag("a".into(), true).is_same(&Setting::Flag("b".into(), true)));
    }
}
