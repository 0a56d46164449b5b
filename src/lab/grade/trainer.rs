//! The trainer's view of a running lesson: the cause, the script, and the harm so far.

use std::collections::BTreeMap;

use super::{Affected, Case, cause_view, known_fixes, timeline};
use crate::builtin;
use crate::lab::{HarmMinute, TrainerView};
use crate::lesson::{Lesson, Proved};
use crate::time::{Duration, SimTime};

const MINUTE: Duration = Duration::from_mins(1);

/// What a trainer may see now. Takes as long as it takes to count all that was settled.
pub(in crate::lab) fn view(case: &Case<'_>) -> TrainerView {
    let spec = case.lesson.spec();
    let (minutes, outcomes) = harm(case);
    TrainerView {
        cause: cause_view(case, &Affected::new(case)),
        places: spec.causes().flat_map(|cause| cause.at.clone()).collect(),
        silent_arrows: spec.causes().flat_map(|cause| cause.silent_arrows.clone()).collect(),
        timeline: timeline(case),
        minutes,
        outcomes,
        fixes: known_fixes(case.lesson),
        evidence: spec.evidence.iter().map(|evidence| (evidence.look().words(), evidence.shows.clone())).collect(),
        proof: proof(case.lesson),
        hints: spec.texts.hints.clone(),
        expert: spec.texts.expert.clone(),
        story: spec.texts.debrief.clone(),
    }
}

/// The row of the table of proofs that ships, if it is of this very lesson.
fn proof(lesson: &Lesson) -> Vec<(String, String)> {
    let Some(proof) = builtin::proof(lesson) else {
        let command = format!("`allgreen prove {}` makes one", lesson.spec().id);
        return vec![("no proof of this version of the lesson".to_owned(), command)];
    };
    let row = |proved: &Proved| {
        let holds = if proved.holds { "" } else { " FAILS" };
        (format!("{}{holds} on {} seeds", proved.property.name(), proved.share()), proved.words.clone())
    };
    proof.properties.iter().map(row).collect()
}

/// By minute since the start, and by outcome since the cause.
fn harm(case: &Case<'_>) -> (Vec<HarmMinute>, Vec<(String, &'static str, u64)>) {
    let truth = case.sim.truth();
    let since = case.caused_at().unwrap_or(case.opened_at);
    let mut minutes: BTreeMap<u64, HarmMinute> = BTreeMap::new();
    let mut outcomes: BTreeMap<(u16, &'static str), u64> = BTreeMap::new();
    for settled in truth.settled() {
        let number = settled.asked.0 / MINUTE.0;
        let minute = minutes
            .entry(number)
            .or_insert_with(|| HarmMinute { at: SimTime(number * MINUTE.0), ..HarmMinute::default() });
        minute.requests += 1;
        minute.harmed += u64::from(settled.outcome.is_harm());
        if settled.asked >= since {
            *outcomes.entry((settled.journey, settled.outcome.name())).or_default() += 1;
        }
    }
    let mut rows: Vec<(u16, &'static str, u64)> = outcomes.into_iter().map(|((at, name), n)| (at, name, n)).collect();
    rows.sort_by_key(|(journey, name, requests)| (*journey, std::cmp::Reverse(*requests), *name));
    let name = |at: u16| truth.journeys().get(usize::from(at)).cloned().unwrap_or_default();
    (minutes.into_values().collect(), rows.into_iter().map(|(at, outcome, n)| (name(at), outcome, n)).collect())
}
