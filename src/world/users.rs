//! Users: how many come and when, what they do, what they are owed for it, and when they complain.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Dist;
use crate::time::Duration;

/// Users who start journeys: Poisson arrivals, open loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// How many different users there are.
    pub count: u32,
    /// Journeys that start per second, on average.
    pub journeys_per_second: f64,
    /// Which journeys they go on, with weights.
    pub journeys: BTreeMap<String, f64>,
    /// Regions with weights.
    pub regions: BTreeMap<String, f64>,
    /// Account types with weights.
    #[serde(default)]
    pub accounts: BTreeMap<String, f64>,
    /// Client versions with weights.
    #[serde(default)]
    pub clients: BTreeMap<String, f64>,
    /// Swing of the arrival rate over a day: 0.3 is ±30 %, highest twelve hours after the start.
    #[serde(default)]
    pub daily_swing: f64,
    /// Times at which more (or fewer) of them come.
    #[serde(default)]
    pub crowds: Vec<Crowd>,
    /// A CSV file next to the world file, by relative path: journeys that start when it says, besides the others. Its first
    /// line names the columns: `time` (seconds since the start) and `journey`; and `user`, `region`, `account` and
    /// `client` if they matter.
    #[serde(default)]
    pub trace: Option<String>,
    /// How users report what went wrong.
    #[serde(default)]
    pub reports: Reports,
}

/// A time at which more users come: a sale, a broadcast (a flash crowd).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crowd {
    /// When they come, from the start.
    pub from: Duration,
    /// For how long.
    pub lasts: Duration,
    /// Journeys that start per second, as a multiple of the usual.
    pub factor: f64,
}

/// When and how users complain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reports {
    /// The probability that a harmed user writes.
    pub probability: f64,
    /// How long after.
    pub delay: Dist,
    /// Complaints per hour about nothing at all.
    pub idle_per_hour: f64,
}

/// What a user does: requests in order, and what the user is owed for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// One line for people.
    #[serde(default)]
    pub about: String,
    /// In order; a failed one ends the journey.
    pub steps: Vec<JourneyStep>,
}

/// One request of a journey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyStep {
    /// `"METHOD /path"` at the node that the users' arrow leads to.
    pub request: String,
    /// Time before it, after the one before.
    #[serde(default = "no_time")]
    pub think: Dist,
    /// Carries an idempotency key, the same for all attempts.
    #[serde(default)]
    pub keyed: bool,
    /// What the user is owed.
    #[serde(default)]
    pub owes: Owes,
}

/// A debt to a user. When it falls due the ground truth writes down what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Owes {
    /// Data that the answer must contain.
    pub parts: Vec<String>,
    /// How old a superseded version may be. None accepts any version.
    pub fresh_within: Option<Duration>,
    /// The answer must come within this.
    pub answer_within: Duration,
    /// Effects that must happen, and how many times.
    pub effects: BTreeMap<String, u32>,
    /// By when, counted from the request.
    pub effects_within: Duration,
    /// Effects of which each must not happen before those named ahead of it.
    pub order: Vec<String>,
}

fn no_time() -> Dist {
    Dist::Const(Duration::ZERO)
}

impl Default for Reports {
    fn default() -> Self {
        Self { probability: 0.02, delay: Dist::Exp(Duration::from_mins(4)), idle_per_hour: 1.0 }
    }
}

impl Default for Owes {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            fresh_within: None,
            answer_within: Duration::from_secs(5),
            effects: BTreeMap::new(),
            effects_within: Duration::from_mins(2),
            order: Vec::new(),
        }
    }
}
