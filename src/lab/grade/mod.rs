//! Grading: what the learner's fixes did, by running the world on with and without them; and what each of the nine
//! steps brought to light. Knows the ground truth; hands it out as a [`Debrief`] and in no other way. One number never
//! decides, and no word of the learner is matched against a key word.

mod affected;
mod ahead;
mod chance;
mod changes;
mod counterfactual;
mod document;
mod fixing;
mod health;
mod horizon;
mod hypothesis;
mod identify;
mod map;
mod narrow;
mod pinned;
pub(crate) mod proving;
mod recurrence;
mod ticket;
mod times;
mod tracing;
mod trainer;
mod verdict;

use super::{
    CauseView, Command, Debrief, Fix, Notebook, Progress, Recurrence, Refusal, StepReview, TimelineRow, Verdict,
};
use crate::engine::Simulation;
use crate::lesson::{Cause, Effect, Lesson, LessonSpec, Mechanism, NamedFix, Part};
use crate::random::Seed;
use crate::time::{Duration, SimTime};
use crate::world::Change;
use affected::Affected;

/// Everything that a session knows when the debrief is asked for.
pub(super) struct Case<'a> {
    pub lesson: &'a Lesson,
    pub seed: Seed,
    /// The run with all that the learner did, now.
    pub sim: &'a Simulation,
    /// The run right before the first fix was ordered.
    pub before_fixes: Option<&'a Simulation>,
    /// The changes that fixes became, in the order of the notebook's deployments.
    pub changes: &'a [Change],
    pub notebook: &'a Notebook,
    pub commands: &'a [Command],
    /// When the calendar jumped, on the incident clock, and how far it was ahead from then on.
    pub jumps: &'a [(SimTime, Duration)],
    /// What long times came to.
    pub recurrences: &'a [Recurrence],
    /// What was run beforehand, if anything was.
    pub lanes: Option<&'a Lanes>,
    pub opened_at: SimTime,
}

impl Case<'_> {
    /// When the cause began; None if nothing is wrong.
    fn caused_at(&self) -> Option<SimTime> {
        let spec = self.lesson.spec();
        let found = spec.script.iter().filter(|scripted| spec.is_cause(scripted));
        found.map(|scripted| scripted.at).min().filter(|_| !self.is_quiet())
    }

    /// Whether nothing is wrong in this lesson.
    fn is_quiet(&self) -> bool {
        self.lesson.spec().cause.mechanism == Mechanism::NoIncident
    }

    /// When the first fix takes effect.
    fn first_fix(&self) -> Option<SimTime> {
        self.notebook.deployed.iter().map(|order| order.effective).min()
    }
}

impl Case<'_> {
    /// Harmed requests an hour while all was well, in the run as it is.
    pub fn healthy(&self) -> f64 {
        let mut times: Vec<SimTime> = self
            .sim
            .truth()
            .settled()
            .filter(|settled| settled.outcome.is_harm())
            .map(|settled| settled.asked)
            .collect();
        times.sort_unstable();
        verdict::background(self, &Run { seed: self.seed.0, with: Vec::new(), without: times })
    }
}

/// What one step came to, before it is laid beside the lesson's words and the clock.
struct Review {
    did: String,
    evidence: String,
    score: Option<f64>,
}

pub(super) use ahead::{Ahead, Lanes};
pub(crate) use counterfactual::Run;
pub(super) use counterfactual::orders;
pub(super) use horizon::windows;
pub(super) use recurrence::{Span, after as recurrence_after, new_ticket};
pub(super) use ticket::roughly;
pub(crate) use ticket::{complaints, spoken};
pub(super) use trainer::view as trainer_view;
pub(super) use verdict::of_runs;

/// The nine steps, in order.
const STEPS: [&str; 9] =
    ["Map", "Narrow", "Identify", "Check changes", "Verify health", "Trace", "Hypothesise", "Fix", "Document"];

/// Grades a session. Takes a while: `progress` is told, and may stop it.
pub(super) fn debrief(case: &Case<'_>, progress: Progress<'_>) -> Result<Debrief, Refusal> {
    let runs = counterfactual::run(case, progress)?;
    let affected = Affected::new(case);
    let spec = case.lesson.spec();
    let verdict = verdict::of_learner(case, &runs);
    let map = map::compare(case, &affected);
    let spent = times::spent(case);
    let reviews = [
        map::review(&map),
        narrow::review(case, &affected),
        identify::review(case),
        changes::review(case),
        health::review(case),
        tracing::review(case),
        hypothesis::review(case, &runs),
        fixing::review(case, verdict, &runs),
        document::review(case),
    ];
    let steps = STEPS.into_iter().zip(reviews).zip(spent).enumerate().map(|(at, ((step, review), spent))| StepReview {
        step,
        did: review.did,
        evidence: review.evidence,
        expert: spec.texts.expert.get(at).cloned().unwrap_or_default(),
        score: review.score,
        spent,
    });
    Ok(Debrief {
        title: spec.texts.title.clone(),
        story: spec.texts.debrief.clone(),
        cause: cause_view(case, &affected),
        timeline: timeline(case),
        steps: steps.collect(),
        named: hypothesis::named(case),
        verdict,
        times: times::times(case, verdict, &runs),
        futures: verdict::futures(case, &runs),
        fixes: known_fixes(case.lesson),
        map,
        recurrences: case.recurrences.to_vec(),
    })
}

fn cause_view(case: &Case<'_>, affected: &Affected) -> CauseView {
    let (cause, quiet) = (&case.lesson.spec().cause, case.is_quiet());
    CauseView {
        at: if quiet { String::new() } else { cause.at.first().cloned().unwrap_or_default() },
        mechanism: cause.mechanism,
        change: if quiet { String::new() } else { cause.change.clone() },
        since: case.caused_at(),
        harmed_before_arrival: affected.harmed_before_arrival,
        also: case.lesson.spec().also.iter().map(also).collect(),
    }
}

/// A further cause in words.
fn also(cause: &Cause) -> String {
    let at = cause.at.first().map_or("", String::as_str);
    format!("{} at {at}, by {}", cause.mechanism.words(), cause.change)
}

/// The fixes that a lesson knows of, and what each does.
fn known_fixes(lesson: &Lesson) -> Vec<(String, String)> {
    let spec = lesson.spec();
    spec.fixes.iter().map(|named| (named.words(), does(spec, named).to_owned())).collect()
}

/// What a fix does. Of several causes one that is rolled back alone ends its part of the harm.
fn does(spec: &LessonSpec, named: &NamedFix) -> &'static str {
    let undoes =
        |fix: &Fix| matches!(fix, Fix::RollBack { change } if spec.causes().any(|cause| cause.change == *change));
    let leaves_a_cause = !spec.also.is_empty() && matches!(named.effect, Effect::Symptom | Effect::None);
    match leaves_a_cause && named.orders().any(undoes) {
        true => Verdict::PartialFix.words(),
        false => effect(named.effect),
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Root => Verdict::RootFix.words(),
        Effect::Symptom => Verdict::SymptomPatch.words(),
        Effect::None => Verdict::NoEffect.words(),
        Effect::Worse => Verdict::Worse.words(),
    }
}

/// The script and the learner's fixes, by time. What the script still had ahead is shown too.
fn timeline(case: &Case<'_>) -> Vec<TimelineRow> {
    let scripted = case.lesson.spec().script.iter().map(|scripted| TimelineRow {
        at: scripted.at,
        what: scripted.change.id.clone(),
        part: match scripted.part {
            Part::Cause => "cause",
            Part::Camouflage => "camouflage",
            Part::RedHerring => "red herring",
            Part::Background => "background",
        },
        text: scripted.change.says.clone().unwrap_or_else(|| "nobody recorded it".into()),
    });
    let you = |at, what: &str, text| TimelineRow { at, what: what.to_owned(), part: "you", text };
    let arrived = you(case.opened_at, "arrived", "the ticket was opened".into());
    let fixes = case.notebook.deployed.iter().map(|order| you(order.effective, &order.change, order.fix.words()));
    let thoughts = case.notebook.hypotheses.iter().map(|(at, thought)| you(*at, "hypothesis", thought.words()));
    let mut rows: Vec<TimelineRow> = scripted.chain([arrived]).chain(fixes).chain(thoughts).collect();
    rows.sort_by_key(|row| row.at);
    rows
}

/// How well two sets agree: the harmonic mean of precision and recall; two empty sets agree.
fn agreement(hits: usize, given: usize, wanted: usize) -> f64 {
    if given + wanted == 0 { 1.0 } else { 2.0 * hits as f64 / (given + wanted) as f64 }
}

/// So many things in words: `1 trace`, `3 traces`.
fn things(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_causes_a_known_fix_may_undo_one() {
        let lesson = Lesson::load("tests/support/shop/lessons/tiny.ron").unwrap();
        let mut spec = lesson.spec().clone();
        let back =
            |effect: Effect| NamedFix { fix: Fix::RollBack { change: "config-2".into() }, with: Vec::new(), effect };
        assert_eq!(does(&spec, &back(Effect::None)), Verdict::NoEffect.words());
        let further = Cause { change: "deploy-9".into(), ..spec.cause.clone() };
        spec.also.push(further);
        assert_eq!(does(&spec, &back(Effect::None)), Verdict::PartialFix.words());
        assert_eq!(does(&spec, &back(Effect::Root)), Verdict::RootFix.words());
        let other = NamedFix { fix: Fix::Restart { node: "shop".into() }, ..back(Effect::Symptom) };
        assert_eq!(does(&spec, &other), Verdict::SymptomPatch.words());
    }

    #[test]
    fn agreement_is_the_f1_score() {
        assert_eq!(agreement(0, 0, 0), 1.0);
        assert_eq!(agreement(0, 3, 0), 0.0);
        assert_eq!(agreement(2, 2, 2), 1.0);
        assert!((agreement(1, 1, 3) - 0.5).abs() < 1e-12);
    }
}
