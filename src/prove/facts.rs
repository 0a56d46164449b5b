//! What was found on one seed of one lesson: plain data, kept until the lesson, its world or the program changes.

use serde::{Deserialize, Serialize};

use crate::detect::alarms::Minute;
use crate::lesson::Effect;

/// Everything that is needed of one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The seed.
    pub seed: u64,
    /// Minutes from the cause to the learner's arrival.
    pub incident: Vec<Minute>,
    /// The same minutes without the cause.
    pub healthy: Vec<Minute>,
    /// Who was harmed.
    pub harm: Harm,
    /// Each evidence, in the lesson's order.
    pub evidence: Vec<Separation>,
    /// Each fix, in the lesson's order.
    pub fixes: Vec<Tried>,
    /// Each red herring, in the script's order.
    pub herrings: Vec<Herring>,
    /// Log lines that name the cause, one of a kind.
    pub telling: Vec<String>,
}

impl Facts {
    /// Whether another build found the same, to the last bit. Who was harmed it may put into other words.
    pub fn agree_with(&self, other: &Facts) -> bool {
        let harm = Harm { who: other.harm.who.clone(), ..self.harm.clone() };
        Facts { harm, ..self.clone() } == *other
    }
}

/// Harmed requests from the cause (or the first red herring, if nothing is wrong) to the learner's arrival.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Harm {
    /// Of that time, hours.
    pub hours: f64,
    /// With the whole script.
    pub harmed: u64,
    /// With the script but for the cause.
    pub causeless: u64,
    /// With background life alone.
    pub background: u64,
    /// Users harmed whom nothing would have harmed without the cause.
    pub users: u64,
    /// The share of the harm beyond the causeless run that no status code shows.
    pub silent: f64,
    /// Who, in the debrief's words.
    pub who: String,
    /// Harmed requests beyond the causeless run, by journey and outcome, the most first.
    pub what: Vec<(String, u64)>,
}

/// How well one evidence tells the run from the one without the cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Separation {
    /// The chart.
    pub chart: String,
    /// Whether a debrief would accept it as support of the hypothesis.
    pub seen: bool,
    /// The area under the ROC curve of its points since the cause, 0.5 to 1: that of the line that tells best.
    pub auc: f64,
}

/// What one fix did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The fix.
    pub fix: String,
    /// What the lesson says of it.
    pub stated: Effect,
    /// What it did, or why it could not be ordered.
    pub found: Result<Effect, String>,
    /// Harmed requests an hour soon after, long after, and at that time had nothing been done.
    pub soon_late_untouched: [f64; 3],
}

/// What one red herring did by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Herring {
    /// The change.
    pub change: String,
    /// Harmed requests from then to the learner's arrival with it.
    pub harmed: u64,
    /// The same with background life alone.
    pub background: u64,
}
