//! What a trainer may see of a lesson while it runs: plain data. Like the debrief it is a door through which ground truth
//! reaches a face, and it opens only on [`Command::Trainer`](super::Command::Trainer), which the session file keeps.

use super::{CauseView, TimelineRow};
use crate::time::SimTime;

/// The ground truth of a running lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainerView {
    /// The root cause.
    pub cause: CauseView,
    /// All places that are right answers.
    pub places: Vec<String>,
    /// Arrows that fail silently.
    pub silent_arrows: Vec<String>,
    /// The whole script, with what is still ahead, and what the learner did.
    pub timeline: Vec<TimelineRow>,
    /// Requests by minute of true time.
    pub minutes: Vec<HarmMinute>,
    /// What became of requests since the cause: (journey, outcome, requests), the most first within a journey.
    pub outcomes: Vec<(String, &'static str, u64)>,
    /// The fixes that the lesson knows of, and what each does.
    pub fixes: Vec<(String, String)>,
    /// The evidence: where to look, and what it shows.
    pub evidence: Vec<(String, String)>,
    /// What was proved of the lesson, property by property, and over how many seeds.
    pub proof: Vec<(String, String)>,
    /// All hints.
    pub hints: Vec<String>,
    /// What an expert would have looked at, by step.
    pub expert: Vec<String>,
    /// What really happened, in words.
    pub story: String,
}

/// What became of the requests of one minute whose debts have settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HarmMinute {
    /// The start of the minute.
    pub at: SimTime,
    /// Requests that began in it.
    pub requests: u64,
    /// Those whose users did not get what they were owed.
    pub harmed: u64,
}
