//! Arrows: what is spoken over one, how long the network takes, and what the caller does when no good answer comes.

use serde::{Deserialize, Serialize};

use super::policy::{Hedge, Impairments, KeepAlive};
use super::{Dist, Ejection};
use crate::time::Duration;

/// A client–server relationship and the policies on the client's side of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrow {
    /// What is spoken.
    #[serde(default)]
    pub protocol: Protocol,
    /// Network time, one way.
    #[serde(default = "default_latency")]
    pub latency: Dist,
    /// The probability that a packet is lost, one way: the caller hears nothing.
    #[serde(default)]
    pub loss: f64,
    /// How long the caller waits for one attempt. None waits for ever.
    #[serde(default)]
    pub timeout: Option<Duration>,
    /// Attempts after the first.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// What the caller uses when the call failed for good. None passes the failure on.
    #[serde(default)]
    pub fallback: Option<Fallback>,
    /// Stops calling after too many failures.
    #[serde(default)]
    pub breaker: Option<Breaker>,
    /// Connections that the caller may use at a time.
    #[serde(default)]
    pub pool: Option<Pool>,
    /// Connections that stay open between calls.
    #[serde(default)]
    pub keep_alive: Option<KeepAlive>,
    /// Attempts that one caller replica may have under way at a time; more fail at once (a bulkhead).
    #[serde(default)]
    pub bulkhead: Option<u32>,
    /// A second attempt next to a slow first one.
    #[serde(default)]
    pub hedge: Option<Hedge>,
    /// Whether the caller reads in the body of a 200 that it was refused, and takes that as a failure.
    #[serde(default)]
    pub checks_body: bool,
    /// What the network does besides taking time.
    #[serde(default)]
    pub impairments: Impairments,
    /// How a replica of the callee is chosen.
    #[serde(default)]
    pub balance: Balance,
    /// How long the caller believes what it looked up of the callee's replicas. None always knows who takes traffic.
    #[serde(default)]
    pub discovery: Option<Duration>,
    /// How the caller avoids replicas that seem unwell. None with `discovery` sends to all that were found.
    #[serde(default)]
    pub eject: Option<Ejection>,
    /// Whether trace context crosses.
    #[serde(default)]
    pub trace: Propagation,
    /// What the caller says about its calls.
    #[serde(default)]
    pub telemetry: ArrowTelemetry,
}

/// What is spoken over an arrow; decides the names of its telemetry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Protocol {
    #[default]
    Http,
    Grpc,
    Sql,
    Redis,
    Amqp,
}

/// Retries: attempts after the first, with exponential backoff and full or partial jitter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all, the first included.
    pub attempts: u8,
    /// Before the second attempt; doubles for each one after.
    pub backoff: Duration,
    /// The share of the backoff that is random, 0 to 1.
    #[serde(default)]
    pub jitter: f64,
    /// Retries allowed as a share of calls, over time (a token bucket). None means no budget.
    #[serde(default)]
    pub budget: Option<f64>,
}

/// What a caller uses in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// What it answers.
    pub value: FallbackValue,
    /// Whether a line at WARN says so.
    #[serde(default)]
    pub log: bool,
}

/// The value of a fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FallbackValue {
    /// A constant in the code: no version, a few bytes.
    Default,
    /// Nothing at all.
    Empty,
    /// For each part of the answer the last value that this replica of the caller was given for the same key, whoever asked
    /// (4,096 keys are remembered, until a restart); else nothing.
    Stale,
}

/// A circuit breaker (Nygard, *Release It!*, 2007): closed, open, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Calls looked back at.
    pub window: u16,
    /// The share of failures in the window that opens it, 0 to 1.
    pub threshold: f64,
    /// How long it stays open before it lets a probe through.
    pub open_for: Duration,
    /// Calls that it lets through when half-open. It closes when as many have ended and failures stayed below the threshold;
    /// one that went out before and ends now counts too.
    #[serde(default = "one_probe")]
    pub probes: u8,
    /// Whether a line says that it opened or closed.
    #[serde(default)]
    pub log: bool,
}

/// A connection pool of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Connections.
    pub size: u32,
    /// How long a call may wait for one. None waits for ever.
    #[serde(default)]
    pub wait: Option<Duration>,
}

/// How a caller chooses among the replicas of a callee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Balance {
    /// In turn.
    #[default]
    RoundRobin,
    /// The one with the fewest calls of this caller in flight.
    LeastConnections,
    /// Any.
    Random,
    /// By key, so that one key always goes to one replica; few keys move when replicas come or go (consistent hashing).
    Hash,
}

/// Whether trace context crosses an arrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Propagation {
    /// The callee continues the caller's trace.
    #[default]
    Propagated,
    /// The callee starts a trace of its own, whose first span has a link to the caller's (as messaging systems do).
    Linked,
    /// The callee starts a trace of its own.
    Dropped,
}

/// What the caller of an arrow says about its calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArrowTelemetry {
    /// A CLIENT (or PRODUCER) span for each attempt.
    pub spans: bool,
    /// Client-side duration histograms and pool gauges.
    pub metrics: bool,
    /// Whether the span of an attempt that failed says so. Code that catches a failure and goes on often ends its span
    /// as if nothing had happened.
    pub span_errors: bool,
    /// A line at WARN for an attempt that failed or timed out.
    pub log_failures: bool,
    /// A counter of answers with 200 whose body says no.
    pub refusals: bool,
}

fn one_probe() -> u8 {
    1
}
fn default_latency() -> Dist {
    Dist::LogNormal { median: Duration::from_micros(300), sigma: 0.3 }
}

impl Default for ArrowTelemetry {
    fn default() -> Self {
        Self { spans: true, metrics: true, span_errors: true, log_failures: true, refusals: false }
    }
}
