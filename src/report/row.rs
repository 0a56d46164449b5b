//! One session as a trainer sees it.

use std::path::{Path, PathBuf};

use crate::lab::{Command, Debrief, Fix, Session, StepReview, Times, Verdict};
use crate::time::Duration;

/// How right the last hypothesis was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CauseGrade {
    /// None was stated.
    None,
    /// Neither the place nor the mechanism.
    Wrong,
    /// The place or the mechanism; or of several causes not all.
    Partly,
    /// The place and the mechanism of every cause.
    Right,
}

impl CauseGrade {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            CauseGrade::None => "none",
            CauseGrade::Wrong => "wrong",
            CauseGrade::Partly => "partly",
            CauseGrade::Right => "right",
        }
    }
}

/// One session.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The file.
    pub file: PathBuf,
    /// Who worked on it, in order.
    pub who: Vec<String>,
    /// When the first of them sat down, by the clock on the wall; empty if it is not known.
    pub began: String,
    /// The lesson's short name and its title.
    pub lesson: (String, String),
    /// The seed of the run.
    pub seed: u64,
    /// Whether the learner asked for the debrief; if not, this is how it stands.
    pub finished: bool,
    /// What the fixes did.
    pub verdict: Verdict,
    /// The last hypothesis in words, and how right it was.
    pub cause: (String, CauseGrade),
    /// The fixes, in order.
    pub fixes: Vec<String>,
    /// Whether the trainer's view was shown, and so the answers.
    pub shown: bool,
    /// Whether the file was changed by hand since it was saved, as far as its seal tells.
    pub changed_by_hand: bool,
    /// Hints taken, and how many there are.
    pub hints: (usize, usize),
    /// The nine steps: name, incident time spent, score 0 to 1.
    pub steps: Vec<(&'static str, Duration, Option<f64>)>,
    /// The step that took the most incident time.
    pub longest: Option<(&'static str, Duration)>,
    /// To the first hypothesis, to mitigation, to the root fix.
    pub times: Times,
    /// Incident time in all.
    pub total: Duration,
}

impl Row {
    /// `finished` is whether the learner asked for the debrief, `changed_by_hand` what the file's seal tells.
    pub(super) fn new(
        file: &Path,
        session: &Session,
        debrief: &Debrief,
        (finished, changed_by_hand): (bool, bool),
    ) -> Row {
        let seen = session.observe();
        let mut who: Vec<String> = Vec::new();
        for name in seen.work.shifts.iter().map(|work| work.shift.name().to_owned()) {
            if !who.contains(&name) {
                who.push(name);
            }
        }
        let began = seen.work.shifts.first().map_or(String::new(), |work| work.shift.began.clone());
        let stated = seen.notebook.hypotheses.last().map(|(_, hypothesis)| hypothesis.words());
        let grade = match debrief.named {
            None => CauseGrade::None,
            Some(all) if all > 1.0 - 1e-9 => CauseGrade::Right,
            Some(some) if some > 0.0 => CauseGrade::Partly,
            Some(_) => CauseGrade::Wrong,
        };
        let fix = |command: &Command| if let Command::Deploy(fix) = command { Some(Fix::words(fix)) } else { None };
        let step = |step: &StepReview| (step.step, step.spent, step.score);
        Row {
            file: file.to_owned(),
            who,
            began,
            lesson: (seen.lesson_id.clone(), seen.lesson_title.clone()),
            seed: seen.seed.0,
            finished,
            verdict: debrief.verdict,
            cause: (stated.unwrap_or_default(), grade),
            fixes: session.commands().iter().filter_map(fix).collect(),
            shown: session.commands().contains(&Command::Trainer),
            changed_by_hand,
            hints: (seen.notebook.hints.len(), seen.notebook.hints_in_all),
            steps: debrief.steps.iter().map(step).collect(),
            longest: debrief.longest(),
            times: debrief.times,
            total: seen.now.since(seen.opened_at),
        }
    }

    /// Whether the harm ended for good, or nothing was wrong and nothing was changed.
    pub fn is_solved(&self) -> bool {
        matches!(self.verdict, Verdict::RootFix | Verdict::RightlyLeftAlone)
    }

    /// Everybody who worked on it.
    pub fn people(&self) -> String {
        if self.who.is_empty() { "somebody".to_owned() } else { self.who.join(", ") }
    }

    /// What is to be known beside the verdict: not ended by its learner, answers shown, changed by hand.
    pub fn remarks(&self) -> Vec<&'static str> {
        let remarks =
            [(!self.finished, "not ended"), (self.shown, "answers shown"), (self.changed_by_hand, "changed by hand")];
        remarks.into_iter().filter(|(is, _)| *is).map(|(_, remark)| remark).collect()
    }

    /// The verdict in a word or two, with a sign that is not a colour.
    pub fn verdict_word(&self) -> (&'static str, &'static str) {
        match self.verdict {
            Verdict::RootFix => ("✓", "root fix"),
            Verdict::PartialFix => ("◐", "partial fix"),
            Verdict::SymptomPatch => ("◐", "symptom patch"),
            Verdict::NoEffect => ("○", "no effect"),
            Verdict::Worse => ("✗", "worse"),
            Verdict::NotTried => ("–", "not tried"),
            Verdict::RightlyLeftAlone => ("✓", "left alone"),
        }
    }
}
