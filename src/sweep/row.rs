//! How one detector did on one incident and one seed: one row of a sweep's file.

use crate::time::{Duration, SimTime, Stamp};

/// How one detector did on one incident and one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number of the task: an incident and a seed. Rows are in its order, and then in that of the detectors.
    pub task: u64,
    /// The lesson, or the generated incident.
    pub lesson: String,
    /// The world in which it was generated, if it was.
    pub generated: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The detector.
    pub detector: String,
    /// Whether something is wrong at all; if not, the run is a control itself.
    pub incident: bool,
    /// When the cause happened; if nothing is wrong, when the first innocent change did.
    pub cause: SimTime,
    /// When the learner arrives, and the telemetry ends.
    pub opens: SimTime,
    /// When the first request was made that the cause harmed. None if there were no more than chance explains.
    pub onset: Option<SimTime>,
    /// Requests that the cause harmed.
    pub harmed: u64,
    /// Findings before the cause.
    pub early: u64,
    /// Findings since the cause that the control has not, at the same time about the same service.
    pub found: u64,
    /// Findings since the cause in the control.
    pub control: u64,
    /// When the first was found.
    pub first: Option<Stamp>,
    /// Different services that findings name.
    pub services: u64,
    /// Whether a finding names a node of the cause, or an end of its arrow.
    pub names_cause: bool,
}

impl Row {
    /// Whether there was something to find: an incident that harmed users on this seed.
    pub fn counts(&self) -> bool {
        self.onset.is_some()
    }

    /// Whether it was found.
    pub fn is_found(&self) -> bool {
        self.counts() && self.found > 0
    }

    /// Seconds from the onset of the harm to the first finding; negative if it was found before anybody was harmed.
    pub fn delay_secs(&self) -> Option<f64> {
        let (onset, first) = (self.onset?, self.first?);
        Some((first.0 - onset.stamp().0) as f64 / 1e9)
    }

    /// How long the control was watched: from the cause, where it would be, to the end.
    pub fn watched(&self) -> Duration {
        self.opens.since(self.cause)
    }
}
