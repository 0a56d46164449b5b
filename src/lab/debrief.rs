//! What the lab tells at the end: plain data, the only door through which ground truth reaches a face.

use crate::lesson::Mechanism;
use crate::time::{Duration, SimTime};

/// The debrief.
#[derive(Clone, Debug, PartialEq)]
pub struct Debrief {
    /// The lesson's title.
    pub title: String,
    /// What really happened, in words.
    pub story: String,
    /// The root cause.
    pub cause: CauseView,
    /// What happened in the system, by time: the script, with each change's part in it.
    pub timeline: Vec<TimelineRow>,
    /// The nine steps of the work, one by one.
    pub steps: Vec<StepReview>,
    /// How much of place and mechanism the hypothesis named, 0 to 1 (of several causes, on average, by as many of the last
    /// hypotheses); None if none was stated.
    pub named: Option<f64>,
    /// What the learner's fixes did.
    pub verdict: Verdict,
    /// The two futures of this seed: harm per minute with the learner's fixes and without.
    pub futures: Futures,
    /// The fixes that the lesson knows of, and what each does.
    pub fixes: Vec<(String, String)>,
    /// The learner's map laid over the real call graph.
    pub map: MapReview,
    /// Times on the incident clock, counted from the learner's arrival.
    pub times: Times,
    /// What the long times came to that the learner let pass.
    pub recurrences: Vec<Recurrence>,
}

impl Debrief {
    /// The step that took the most incident time.
    pub fn longest(&self) -> Option<(&'static str, Duration)> {
        let spent = self.steps.iter().map(|step| (step.step, step.spent));
        spent.filter(|(_, spent)| *spent > Duration::ZERO).rev().max_by_key(|(_, spent)| *spent)
    }

    /// Where the time went, in a sentence. None if none passed.
    pub fn time_words(&self) -> Option<String> {
        let (step, spent) = self.longest()?;
        let all = self.steps.iter().fold(Duration::ZERO, |all, step| all + step.spent);
        let rest = if self.recurrences.is_empty() { "" } else { ", not counting the long times that you let pass" };
        Some(format!("most of the time went into {step}: {spent} of {all}{rest}"))
    }
}

/// What a long time came to, by windows that stand for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    /// When it was over, on the incident clock.
    pub at: SimTime,
    /// How long it was.
    pub over: Duration,
    /// Windows that were run.
    pub windows: usize,
    /// Harmed requests in all of it, by what was counted in the windows.
    pub harmed: f64,
    /// Harmed requests that the healthy background would have in as long a time.
    pub usual: f64,
    /// What chance may do to `harmed`, three standard deviations.
    pub chance: f64,
    /// Whether harm came back beyond that, so that a new ticket was opened.
    pub returned: bool,
    /// Whether it had fallen before, between the fixes and the long time.
    pub fell: bool,
    /// The journey that was harmed most.
    pub journey: String,
    /// How, in a word.
    pub outcome: &'static str,
}

impl Recurrence {
    /// In a sentence.
    pub fn words(&self) -> String {
        let count = format!(
            "{:.0} (± {:.0}) requests were harmed, where {:.0} are usual",
            self.harmed, self.chance, self.usual
        );
        let long = super::grade::roughly(self.over);
        let most = format!("most were {} on {}", self.outcome, self.journey);
        match (self.returned, self.fell) {
            (true, true) => format!("after {long} it had come back: {count}; {most}"),
            (true, false) => format!("after {long} it had not stopped: {count}; {most}"),
            (false, _) => format!("{long} went well: {count}"),
        }
    }
}

/// The root cause.
#[derive(Clone, Debug, PartialEq)]
pub struct CauseView {
    /// The node or arrow.
    pub at: String,
    /// How it failed.
    pub mechanism: Mechanism,
    /// The change that did it, by id; empty if nothing was wrong.
    pub change: String,
    /// When it began, in true time.
    pub since: Option<SimTime>,
    /// Users harmed between the cause and the learner's arrival, requests counted.
    pub harmed_before_arrival: u64,
    /// Further root causes that were at work, each in words.
    pub also: Vec<String>,
}

/// One row of the true timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineRow {
    /// When, in true time.
    pub at: SimTime,
    /// The change's id, or what the learner did.
    pub what: String,
    /// `cause`, `camouflage`, `red herring`, `background`, `you`.
    pub part: &'static str,
    /// Words.
    pub text: String,
}

/// One of the nine steps.
#[derive(Clone, Debug, PartialEq)]
pub struct StepReview {
    /// `Map`, `Narrow`, `Identify`, `Check changes`, `Verify health`, `Trace`, `Hypothesise`, `Fix`, `Document`.
    pub step: &'static str,
    /// What the learner did.
    pub did: String,
    /// What the evidence was.
    pub evidence: String,
    /// What an expert would have looked at.
    pub expert: String,
    /// How well it went, 0 to 1; None if the step has no measure.
    pub score: Option<f64>,
    /// Minutes of the incident clock spent on it.
    pub spent: Duration,
}

/// What the learner's fixes did to the harm, by counterfactual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The harm ended and stayed away, on every seed tried.
    RootFix,
    /// Of several causes not all are gone: the harm fell and stayed there.
    PartialFix,
    /// The harm fell and returned, or moved.
    SymptomPatch,
    /// The harm is what it would have been.
    NoEffect,
    /// There is more harm than there would have been.
    Worse,
    /// No fix was deployed.
    NotTried,
    /// Nothing was wrong and nothing was changed.
    RightlyLeftAlone,
}

impl Verdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::RootFix => "root fix: the harm ended and stayed away",
            Verdict::PartialFix => "partial fix: the harm fell and stayed there, but did not end",
            Verdict::SymptomPatch => "symptom patch: the harm fell, then returned or moved",
            Verdict::NoEffect => "no effect: the harm is what it would have been",
            Verdict::Worse => "worse: more harm than doing nothing",
            Verdict::NotTried => "no fix was deployed",
            Verdict::RightlyLeftAlone => "rightly left alone: nothing was wrong",
        }
    }
}

/// Two futures of the same seed, harm per minute: requests whose users did not get what they were owed, beyond the
/// healthy background.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Futures {
    /// (start of the minute, harmed requests that began in it) with the learner's fixes.
    pub with: Vec<(SimTime, u64)>,
    /// The same without them.
    pub without: Vec<(SimTime, u64)>,
    /// When the first fix was deployed.
    pub fixed_at: Option<SimTime>,
    /// Seeds on which the fixes were tried: (seed, harm per hour before, soon after, long after, without a fix).
    pub seeds: Vec<SeedHarm>,
}

/// Harm on one seed, in harmed requests an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedHarm {
    /// The seed.
    pub seed: u64,
    /// Between the cause and the first fix; before the learner's arrival if nothing is wrong.
    pub before: f64,
    /// In the first part of the horizon after the last fix.
    pub soon: f64,
    /// In the last part of the horizon.
    pub late: f64,
    /// In the last part of the horizon, without any fix.
    pub untouched: f64,
    /// The healthy background: the same world before the cause.
    pub background: f64,
}

/// The learner's map against the real one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapReview {
    /// Arrows of the failing journeys' real call graph, and whether the learner drew each. If nothing fails, those that were
    /// drawn and exist.
    pub real: Vec<(String, String, bool)>,
    /// Other arrows that were drawn.
    pub extra: Vec<(String, String)>,
    /// Arrows that fail silently here, and whether the learner marked each.
    pub silent: Vec<(String, bool)>,
    /// Arrows marked that do not.
    pub mismarked: Vec<String>,
}

/// Times on the incident clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// To the first hypothesis.
    pub hypothesis: Option<Duration>,
    /// To the first fix that lowered the harm by half.
    pub mitigation: Option<Duration>,
    /// To the last fix that was no closer look, if the verdict is a root fix.
    pub root_fix: Option<Duration>,
}
