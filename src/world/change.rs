//! Changes to a system over time: settings of nodes and arrows, by name. The one mechanism behind deploys, faults,
//! red herrings and a learner's fixes. Knows what can be changed; must never know why.

use serde::{Deserialize, Serialize};

use super::spec::{Breaker, Dist, Fallback, Health, Pool, Propagation, Retry};
use super::{Autoscale, Ejection, Ntp, Pauses, Poison, RateLimit, Slow};
use crate::time::{Duration, SignedDuration};

/// One setting of one node or arrow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// A node's name, or an arrow's: `"from -> to"`.
    pub on: String,
    /// Which replicas of the node, or of the arrow's caller, counted from 1; empty means all.
    #[serde(default)]
    pub replicas: Vec<u16>,
    /// The new value.
    pub to: Setting,
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
    /// Node: all `Work` and storage times are multiplied by this.
    WorkFactor(f64),
    /// Node: each request adds this much to the work of the next, until a restart (a leak, a list that grows).
    WorkGrowth(Duration),
    /// Node: the share of requests that fail with an honest 500, on top of the routes' own.
    ErrorRate(f64),
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
    /// Primary database: it is lost, once. After this long the replica that is least behind takes its place, without what
    /// it had not copied; until then nobody takes requests.
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
    /// Cache: how long an entry lives.
    CacheTtl(Option<Duration>),
    /// Cache: the share of invalidations that are lost.
    LostInvalidations(f64),
    /// Cache: entries that one replica holds.
    CacheCapacity(u32),
    /// Cache: misses for a key that is being fetched wait this long.
    SingleFlight(Option<Duration>),
    /// Cache: a value that belongs to another key gets under this one, once.
    PoisonCache(Poison),
    /// Cache: all entries are dropped, once.
    FlushCache,
    /// Queue: messages that it holds.
    QueueCapacity(u32),
    /// Replica of a database: how far behind it is.
    ReplicaLag(Duration),
    /// Users: journeys that start per second, as a multiple of the world's.
    TrafficFactor(f64),
    /// Node: the process starts anew, once: what it is working on is finished first; memory and caches are gone.
    Restart,
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
    /// The id of an earlier change: its settings return to what they were before it.
    #[serde(default)]
    pub undoes: Option<String>,
    /// Time between one replica and the next (a rolling deploy). Zero is all at once.
    #[serde(default)]
    pub rolling: Duration,
}
