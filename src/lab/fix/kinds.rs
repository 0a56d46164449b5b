//! The kinds of fix, one row each. Knows their names and values; what they do is in the file of their family.

use serde::{Deserialize, Serialize};

use super::form::FixKind;
use super::sheet::Sheet;
use super::value::{FieldType, FixValue};
use super::{arrows, clocks, guards, instrumentation, processes, queues, stores, targets};
use crate::time::Duration;
use crate::world::{Ack, Balance, FallbackValue, HealthCheck, Overflow, Severity};

macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $kind:ident { $(#[$target_doc:meta])* $target:ident $(, $(#[$field_doc:meta])* $field:ident: $type:ty)* $(,)? }
        is $form:path, $sheet:path;
    )*) => {
        /// A change to the system that a learner can make. Each takes effect in the simulation and nowhere else.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Fix {
            $( $(#[$doc])* $kind { $(#[$target_doc])* $target: String, $( $(#[$field_doc])* $field: $type, )* }, )*
        }

        impl Fix {
            /// Every kind, in the order of a list.
            pub const KINDS: &'static [&'static FixKind] = &[$(&$form,)*];

            /// Its kind.
            pub fn kind(&self) -> &'static FixKind {
                match self { $( Fix::$kind { .. } => &$form, )* }
            }

            /// What it is done to: a node, an arrow as `"from -> to"`, or a change by its id.
            pub fn target(&self) -> &str {
                match self { $( Fix::$kind { $target, .. } => $target, )* }
            }

            /// The same, and what its field is called in a file.
            pub(crate) fn target_field(&mut self) -> (&'static str, &mut String) {
                match self { $( Fix::$kind { $target, .. } => (stringify!($target), $target), )* }
            }

            /// Its values, in the order of its kind's fields.
            pub(crate) fn values(&self) -> Vec<FixValue> {
                match self { $( Fix::$kind { $($field,)* .. } => vec![$($field.give(),)*], )* }
            }

            /// A fix of a kind; None if the values are not those of its fields.
            pub fn make(kind: &FixKind, target: &str, values: &[FixValue]) -> Option<Fix> {
                let mut values = values.iter();
                $(
                    if kind.verb == $form.verb {
                        return Some(Fix::$kind {
                            $target: target.to_owned(),
                            $( $field: FieldType::take(values.next()?)?, )*
                        });
                    }
                )*
                // Kinds are made in this file only.
                values.next().and(None)
            }

            /// What it does.
            pub(super) fn sheet(&self) -> Sheet<'_> {
                match self { $( Fix::$kind { $target $(, $field)* } => $sheet($target $(, $field)*), )* }
            }
        }
    };
}

kinds! {
    /// Undo a change of the feed.
    RollBack {
        /// Its id.
        change,
    } is processes::ROLL_BACK, processes::roll_back;
    /// Change how long a caller waits.
    SetTimeout {
        /// `"from -> to"`.
        arrow,
        /// None waits for ever.
        timeout: Option<Duration>,
    } is arrows::TIMEOUT, arrows::timeout;
    /// Change how often a caller tries.
    SetRetries {
        /// `"from -> to"`.
        arrow,
        /// Attempts in all; 1 is no retry.
        attempts: u8,
    } is arrows::RETRIES, arrows::retries;
    /// Change how long a caller waits before it tries again.
    SetBackoff {
        /// `"from -> to"`.
        arrow,
        /// Before the second attempt; doubles for each one after.
        backoff: Duration,
        /// The share of it that is random, 0 to 1.
        jitter: f64,
    } is arrows::BACKOFF, arrows::backoff;
    /// Limit retries to a share of calls.
    SetRetryBudget {
        /// `"from -> to"`.
        arrow,
        /// The share, 0 to 1; None is no limit.
        budget: Option<f64>,
    } is arrows::RETRY_BUDGET, arrows::retry_budget;
    /// Change or remove a fallback.
    SetFallback {
        /// `"from -> to"`.
        arrow,
        /// None passes failures on.
        value: Option<FallbackValue>,
    } is arrows::FALLBACK, arrows::fallback;
    /// Put a circuit breaker in, or change the one that is there.
    SetBreaker {
        /// `"from -> to"`.
        arrow,
        /// The share of failures that opens it, above 0 and up to 1.
        threshold: f64,
        /// Calls looked back at.
        window: u16,
        /// How long it stays open before it lets a probe through.
        open_for: Duration,
    } is arrows::BREAKER, arrows::breaker;
    /// Take a circuit breaker out.
    RemoveBreaker {
        /// `"from -> to"`.
        arrow,
    } is arrows::NO_BREAKER, arrows::no_breaker;
    /// Change a connection pool.
    SetPool {
        /// `"from -> to"`.
        arrow,
        /// Connections.
        size: u32,
    } is arrows::POOL, arrows::pool;
    /// Change how long a call waits for a connection of a pool.
    SetPoolWait {
        /// `"from -> to"`.
        arrow,
        /// None waits for ever.
        wait: Option<Duration>,
    } is arrows::POOL_WAIT, arrows::pool_wait;
    /// Limit the calls that a caller has under way at a time; more fail at once.
    SetBulkhead {
        /// `"from -> to"`.
        arrow,
        /// Calls of one replica of the caller; None is no limit.
        most: Option<u32>,
    } is arrows::BULKHEAD, arrows::bulkhead;
    /// Send a second attempt next to a slow first one.
    SetHedge {
        /// `"from -> to"`.
        arrow,
        /// How long the first has alone; None sends no second one.
        after: Option<Duration>,
    } is arrows::HEDGE, arrows::hedge;
    /// Make a caller read the body of a 200, and take one that says no as a failure.
    CheckBody {
        /// `"from -> to"`.
        arrow,
    } is arrows::CHECK_BODY, arrows::check_body;
    /// Change how a caller chooses a replica.
    SetBalance {
        /// `"from -> to"`.
        arrow,
        /// The policy.
        balance: Balance,
    } is arrows::BALANCE, arrows::balance;
    /// Change how long a connection stays open.
    SetKeepAlive {
        /// `"from -> to"`.
        arrow,
        /// None stays open for ever.
        max_age: Option<Duration>,
    } is arrows::KEEP_ALIVE, arrows::keep_alive;
    /// Change how long a caller believes what it looked up of a callee's replicas.
    SetDiscovery {
        /// `"from -> to"`.
        arrow,
        /// None always knows who takes traffic.
        ttl: Option<Duration>,
    } is targets::DISCOVERY, targets::discovery;
    /// Make a caller avoid replicas whose answers fail.
    SetEjection {
        /// `"from -> to"`.
        arrow,
        /// Failures in a row after which a replica is avoided; None avoids nobody.
        failures: Option<u32>,
        /// How long it is avoided.
        avoid_for: Duration,
    } is targets::EJECTION, targets::ejection;
    /// Restart all replicas of a node, one after another.
    Restart {
        /// The node.
        node,
    } is processes::RESTART, processes::restart;
    /// Restart one replica.
    RestartReplica {
        /// The node.
        node,
        /// Which, counted from 1.
        replica: u16,
    } is processes::RESTART_REPLICA, processes::restart_replica;
    /// Replace one replica by a new one on another host.
    ReplaceReplica {
        /// The node.
        node,
        /// Which, counted from 1.
        replica: u16,
    } is processes::REPLACE_REPLICA, processes::replace_replica;
    /// Take one replica out of service.
    RemoveReplica {
        /// The node.
        node,
        /// Which, counted from 1.
        replica: u16,
    } is processes::REMOVE_REPLICA, processes::remove_replica;
    /// Change the number of replicas.
    Scale {
        /// The node.
        node,
        /// Replicas.
        replicas: u16,
    } is processes::SCALE, processes::scale;
    /// Change how many requests or messages one replica works on at a time.
    SetConcurrency {
        /// The node.
        node,
        /// At a time.
        concurrency: u32,
    } is processes::CONCURRENCY, processes::concurrency;
    /// Change how many requests may wait at one replica; more are refused at once.
    SetQueueLimit {
        /// The node.
        node,
        /// Requests.
        limit: u32,
    } is processes::QUEUE_LIMIT, processes::queue_limit;
    /// Switch a feature flag.
    SetFlag {
        /// The node.
        node,
        /// The flag.
        flag: String,
        /// Whether it is on.
        on: bool,
    } is processes::FLAG, processes::flag;
    /// Make a node remember idempotency keys, so that what comes twice is done once.
    KeepIdempotencyKeys {
        /// The node.
        node,
        /// How long a key is kept.
        keep: Duration,
    } is processes::IDEMPOTENCY, processes::idempotency;
    /// Let a node change the number of its replicas by itself.
    SetAutoscale {
        /// The node.
        node,
        /// The fewest replicas.
        min: u16,
        /// The most replicas.
        max: u16,
        /// The share of servers that should be busy.
        target: f64,
    } is processes::AUTOSCALE, processes::autoscale;
    /// Leave the number of replicas as it is.
    StopAutoscale {
        /// The node.
        node,
    } is processes::NO_AUTOSCALE, processes::no_autoscale;
    /// Change the limit on requests of a node that has one.
    SetRateLimit {
        /// The node.
        node,
        /// Requests a second; None is no limit.
        per_second: Option<f64>,
        /// Requests that may come at once.
        burst: u32,
    } is guards::RATE_LIMIT, guards::rate_limit;
    /// Change how long tokens are good.
    SetTokenLifetime {
        /// The issuer.
        node,
        /// From its issue to its end.
        lifetime: Duration,
    } is guards::TOKEN_LIFETIME, guards::token_lifetime;
    /// Change how far the times in a token may be off.
    SetTokenLeeway {
        /// The verifier.
        node,
        /// Either way.
        leeway: Duration,
    } is guards::TOKEN_LEEWAY, guards::token_leeway;
    /// Change how long a lock is held at most.
    SetLockLease {
        /// The lock service.
        node,
        /// From when the lock was taken.
        lease: Duration,
    } is guards::LOCK_LEASE, guards::lock_lease;
    /// Drop all entries of a cache.
    FlushCache {
        /// The cache.
        node,
    } is stores::FLUSH, stores::flush;
    /// Drop one entry of a cache.
    FlushKey {
        /// The cache.
        node,
        /// The family of data.
        datum: String,
        /// The key.
        key: u32,
    } is stores::FLUSH_KEY, stores::flush_key;
    /// Change how many entries a cache holds.
    SetCacheCapacity {
        /// The cache.
        node,
        /// Entries of one replica.
        entries: u32,
    } is stores::CACHE_CAPACITY, stores::cache_capacity;
    /// Let all who miss a key wait for the one that fetches it.
    SetSingleFlight {
        /// The cache.
        node,
        /// How long they wait; None lets every miss fetch.
        wait: Option<Duration>,
    } is stores::SINGLE_FLIGHT, stores::single_flight;
    /// Change how long entries of a cache live.
    SetCacheTtl {
        /// The cache.
        node,
        /// Time to live.
        ttl: Duration,
    } is stores::TTL, stores::ttl;
    /// Send invalidations again until the cache acknowledges them.
    ResendInvalidations {
        /// The cache.
        node,
    } is stores::RESEND_INVALIDATIONS, stores::resend_invalidations;
    /// Change the size of a queue.
    SetQueueCapacity {
        /// The queue.
        node,
        /// Messages.
        capacity: u32,
    } is queues::CAPACITY, queues::capacity;
    /// Change what a full queue does.
    SetOverflow {
        /// The queue.
        node,
        /// With one message more.
        overflow: Overflow,
    } is queues::OVERFLOW, queues::overflow;
    /// Change when a consumer acknowledges messages.
    SetAckMode {
        /// The consumer.
        node,
        /// When.
        ack: Ack,
    } is queues::ACK_MODE, queues::ack_mode;
    /// Change how often a queue delivers one message before it gives up.
    SetMaxDeliveries {
        /// The queue.
        node,
        /// Deliveries.
        deliveries: u8,
    } is queues::MAX_DELIVERIES, queues::max_deliveries;
    /// Change how long a delivered message may stay without acknowledgement.
    SetVisibility {
        /// The queue.
        node,
        /// None waits as long as the consumer's connection lives.
        timeout: Option<Duration>,
    } is queues::VISIBILITY, queues::visibility;
    /// Send dead letters back to the queues that gave them up.
    Redrive {
        /// The queue of dead letters.
        node,
    } is queues::REDRIVE, queues::redrive;
    /// Set the clocks of a node right and start the daemon that keeps them so.
    SyncClocks {
        /// The node.
        node,
    } is clocks::SYNC, clocks::sync;
    /// Set the clocks of a node right, once.
    StepClock {
        /// The node.
        node,
    } is clocks::STEP, clocks::step;
    /// Make a fallback write a line each time it is used, and a failed attempt too.
    LogFallback {
        /// `"from -> to"`.
        arrow,
    } is instrumentation::LOG_FALLBACK, instrumentation::log_fallback;
    /// Make a circuit breaker write a line when it opens or closes.
    LogBreaker {
        /// `"from -> to"`.
        arrow,
    } is instrumentation::LOG_BREAKER, instrumentation::log_breaker;
    /// Make a health page check what the node depends on.
    DeepenHealth {
        /// The node.
        node,
        /// What it checks.
        checks: Vec<HealthCheck>,
    } is instrumentation::DEEP_HEALTH, instrumentation::deep_health;
    /// Make trace context cross an arrow.
    PropagateTrace {
        /// `"from -> to"`.
        arrow,
    } is instrumentation::PROPAGATE, instrumentation::propagate;
    /// Make an arrow's callee start a trace of its own, with a link to the caller's.
    LinkTraces {
        /// `"from -> to"`.
        arrow,
    } is instrumentation::LINK, instrumentation::link;
    /// Add a client span to each attempt over an arrow.
    AddClientSpans {
        /// `"from -> to"`.
        arrow,
    } is instrumentation::CLIENT_SPANS, instrumentation::client_spans;
    /// Make a node put the version of the data it serves on its spans.
    ReportDataVersion {
        /// The node.
        node,
    } is instrumentation::DATA_VERSION, instrumentation::data_version;
    /// Change which lines a node writes.
    SetLogLevel {
        /// The node.
        node,
        /// Lines below this are not written.
        level: Severity,
    } is instrumentation::LOG_LEVEL, instrumentation::log_level;
    /// Make a node tell of each look at a feature flag.
    RecordFlags {
        /// The node.
        node,
    } is instrumentation::RECORD_FLAGS, instrumentation::record_flags;
    /// Change the share of new traces that a node records.
    SetSampling {
        /// The node.
        node,
        /// 0 to 1.
        share: f64,
    } is instrumentation::SAMPLING, instrumentation::sampling;
}
