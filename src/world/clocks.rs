//! Clocks of replicas, as a world declares them: how wrong they are, and what keeps them right.

use serde::{Deserialize, Serialize};

use crate::time::{Duration, SignedDuration};

/// The clock of one replica: `offset + drift × t` away from true time, and what corrects it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// At the start.
    pub offset: SignedDuration,
    /// Parts per million; 1 ppm is 3.6 ms an hour.
    pub drift_ppm: f64,
    /// Synchronisation with a time server. None lets the clock drift.
    pub sync: Option<Ntp>,
}

/// Synchronisation by NTP (Mills, RFC 5905, 2010); the defaults are those of `ntpd`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ntp {
    /// Time between two polls of the server.
    pub every: Duration,
    /// How wrong one measurement may be, either way (half of the path's asymmetry). Every value is as likely.
    pub error: Duration,
    /// How far the server itself is off. Whoever follows it is as far off, and measures nothing of it.
    #[serde(skip_serializing_if = "SignedDuration::is_zero")]
    pub off_by: SignedDuration,
    /// A measured offset above this is corrected at once, forwards or backwards. None never steps.
    pub step_above: Option<Duration>,
    /// How fast a smaller offset is slewed away, in parts per million. At 0 it measures and corrects nothing.
    pub slew_ppm: f64,
}

impl Default for Ntp {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(64),
            error: Duration::from_millis(1),
            off_by: SignedDuration::ZERO,
            step_above: Some(Duration::from_millis(128)),
            slew_ppm: 500.0,
        }
    }
}
