//! Rate limits, and how callers learn which replicas of a callee there are and which of them to avoid.

use serde::{Deserialize, Serialize};

use crate::time::Duration;

/// A limit on requests, kept by each replica for itself: more are answered with 429.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Who shares one allowance.
    #[serde(default)]
    pub per: Per,
    /// The allowance.
    pub allow: Allow,
}

/// Who shares one allowance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Per {
    /// All requests at the replica.
    #[default]
    Replica,
    /// Requests of one route.
    Route,
    /// Requests of one user.
    User,
}

/// How many requests are let through, by the replica's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Allow {
    /// A token bucket.
    Bucket {
        /// Tokens that come in a second; a request takes one.
        per_second: f64,
        /// Tokens that the bucket holds.
        burst: u32,
    },
    /// A fixed window, as quotas have it: windows begin at whole multiples of `every` on the clock.
    Window {
        /// Requests in one window.
        requests: u32,
        /// How long a window is.
        every: Duration,
    },
}

/// How a caller stops sending to replicas that seem unwell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Ejection {
    /// Asks the health page: a replica that fails this often in a row is avoided until it answers once. The page says that
    /// the process runs, and nothing about its answers.
    Probe {
        /// Time between two probes.
        every: Duration,
        /// Failed probes in a row.
        failures: u32,
    },
    /// Watches the answers: a replica with this many failures (5xx, timeouts, refused connections) in a row is avoided
    /// for a while. Answers with 200 are successes, whatever they say.
    Outlier {
        /// Failures in a row.
        failures: u32,
        /// How long it is avoided.
        avoid_for: Duration,
    },
}

/// A job's times by the calendar, on the clock of the replica that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cron {
    /// Time between two starts; `1h` is the top of every hour.
    pub every: Duration,
    /// How long after each whole multiple of `every` it starts.
    #[serde(default)]
    pub at: Duration,
}
