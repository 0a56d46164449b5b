//! What a system tells of itself: what replicas log, measure, trace and show as their health, and what the monitoring
//! system keeps of it.

use serde::{Deserialize, Serialize};

use super::Dist;
use crate::time::Duration;

/// What a replica logs, measures and traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Instrumentation {
    /// Lines below this are not written.
    pub level: Severity,
    /// A line at INFO for each request served.
    pub access_log: bool,
    /// The severity of the line for a request or message that failed here. Work that is tried again anyway is often
    /// told of at DEBUG, which is not written unless `level` says so.
    #[serde(skip_serializing_if = "Severity::is_error")]
    pub failures: Severity,
    /// Server-side metrics.
    pub metrics: bool,
    /// Metrics by their OpenTelemetry names that it does not expose, whoever measures them.
    pub hides: Vec<String>,
    /// SERVER (or CONSUMER) spans.
    pub spans: bool,
    /// The share of new traces that are recorded (head sampling, decided where a trace starts).
    pub sampling: f64,
    /// Spans and access lines carry the version of the data served.
    pub data_version: bool,
    /// An event `feature_flag.evaluation` at INFO each time a flag is looked up.
    pub flags: bool,
    /// Lines that it writes anyway.
    pub chatter: Vec<Chatter>,
}

/// A line that a node writes now and then, alarming or not, about nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chatter {
    /// Time between two lines of one replica.
    pub every: Dist,
    /// Its severity.
    pub level: Severity,
    /// Its words; each `{n}` becomes a small random number.
    pub text: String,
}

/// Log severity, as OpenTelemetry names and numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Severity {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

impl Severity {
    /// Whether it is the highest.
    fn is_error(&self) -> bool {
        *self == Severity::Error
    }

    /// OpenTelemetry's severity number.
    pub fn number(self) -> u8 {
        match self {
            Severity::Debug => 5,
            Severity::Info => 9,
            Severity::Warn => 13,
            Severity::Error => 17,
        }
    }

    /// OpenTelemetry's severity text: `DEBUG`, `INFO`, `WARN`, `ERROR`.
    pub fn text(self) -> &'static str {
        match self {
            Severity::Debug => "DEBUG",
            Severity::Info => "INFO",
            Severity::Warn => "WARN",
            Severity::Error => "ERROR",
        }
    }
}

/// What a health page checks. Nothing at all is the usual: the process runs and the port listens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// Each failing check is an issue on the page, and the page says `degraded`.
    pub checks: Vec<HealthCheck>,
    /// The page is served from elsewhere and says that all is well, whatever is.
    pub always_ok: bool,
}

/// One thing that a deep health check looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum HealthCheck {
    /// Recent calls over the arrow to this node: too many failed, timed out or fell back.
    Dependency(String),
    /// The oldest message of this queue waits longer than this.
    ConsumerLag(String, Duration),
    /// Calls wait for a connection to this node.
    PoolWait(String, Duration),
}

/// The monitoring system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Monitor {
    /// Time between two scrapes of one target.
    pub scrape_every: Duration,
    /// Time between two probes of a health page.
    pub probe_every: Duration,
    /// Whole traces are kept or dropped when they are over. None keeps all that was recorded.
    pub tail: Option<TailSampling>,
}

/// Tail sampling: a collector holds the spans of a trace for some time, and then keeps all of them or none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TailSampling {
    /// From the first span that ends; it decides at the next scrape after that.
    pub wait: Duration,
    /// Keeps traces with a span whose status is an error.
    pub errors: bool,
    /// Keeps traces with a span that is longer than this.
    pub slower_than: Option<Duration>,
    /// The share of the others that is kept.
    pub share: f64,
}

impl Default for Instrumentation {
    fn default() -> Self {
        Self {
            level: Severity::Info,
            access_log: true,
            failures: Severity::Error,
            metrics: true,
            hides: Vec::new(),
            spans: true,
            sampling: 1.0,
            data_version: false,
            flags: false,
            chatter: Vec::new(),
        }
    }
}

impl Default for Monitor {
    fn default() -> Self {
        Self { scrape_every: Duration::from_secs(10), probe_every: Duration::from_secs(10), tail: None }
    }
}

impl Default for TailSampling {
    fn default() -> Self {
        Self { wait: Duration::from_secs(10), errors: true, slower_than: None, share: 0.01 }
    }
}
