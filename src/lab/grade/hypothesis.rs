//! Step 7, Hypothesise: (where, mechanism) against the truth, and whether pinned evidence supports it.

use super::counterfactual::Runs;
use super::pinned::Support;
use super::{Case, Review};
use crate::lab::Hypothesis;
use crate::lab::fix::arrow_name;
use crate::lesson::{Cause, Mechanism};

/// Parts of the score: place and mechanism, and the evidence.
const NAMED: f64 = 0.8;
const EVIDENCE: f64 = 0.2;

pub fn review(case: &Case<'_>, runs: &Runs) -> Review {
    let spec = case.lesson.spec();
    let words = |cause: &Cause| {
        let at = cause.at.first().map_or("", String::as_str);
        format!("{} at {at}", cause.mechanism.words())
    };
    let support = Support::new(case, runs);
    let evidence = match case.is_quiet() {
        true => Mechanism::NoIncident.words().to_owned(),
        false => format!("{}; {}", spec.causes().map(words).collect::<Vec<_>>().join("; and "), support.words()),
    };
    let Some((_, last)) = case.notebook.hypotheses.last() else {
        return Review { did: "stated no hypothesis".into(), evidence, score: Some(0.0) };
    };
    let supported = if case.is_quiet() { !case.notebook.pinned.is_empty() } else { support.shown.is_some() };
    let score = match case.is_quiet() == denies(last) {
        // Evidence does not support that nothing is wrong where something is, nor the other way round.
        false => 0.0,
        true => named(case).unwrap_or_default() * NAMED + if supported { EVIDENCE } else { 0.0 },
    };
    let stated = match counted(case) {
        none if none.is_empty() => last.words(),
        counted => counted.into_iter().map(Hypothesis::words).collect::<Vec<_>>().join("; and "),
    };
    let hints = match case.notebook.hints.len() {
        0 => String::new(),
        1 => ", after a hint".to_owned(),
        hints => format!(", after {hints} hints"),
    };
    Review { did: stated + &hints, evidence, score: Some(score) }
}

/// How much of the causes was named, 0 to 1: half of it is the place, half the mechanism; None if nothing was. For each
/// cause the best of the hypotheses that count.
pub fn named(case: &Case<'_>) -> Option<f64> {
    let spec = case.lesson.spec();
    let (_, last) = case.notebook.hypotheses.last()?;
    if case.is_quiet() {
        return Some(f64::from(u8::from(denies(last))));
    }
    let of = |cause: &Cause, hypothesis: &Hypothesis| {
        let place = cause.at.iter().any(|at| arrow_name(at) == arrow_name(&hypothesis.at));
        let mechanism = cause.mechanism == hypothesis.mechanism || cause.alike.contains(&hypothesis.mechanism);
        f64::from(u8::from(place) + u8::from(mechanism)) / 2.0
    };
    let counted = counted(case);
    let best = |cause: &Cause| counted.iter().map(|hypothesis| of(cause, hypothesis)).fold(0.0, f64::max);
    Some(spec.causes().map(best).sum::<f64>() / spec.causes().count() as f64)
}

/// The hypotheses that count, in order: of one cause the last, of several as many of the last as there are causes. None if
/// the last one denies an incident that there is.
pub fn counted<'a>(case: &'a Case<'_>) -> Vec<&'a Hypothesis> {
    let stated = || case.notebook.hypotheses.iter().map(|(_, hypothesis)| hypothesis);
    let causes = case.lesson.spec().causes().count();
    match stated().next_back() {
        Some(last) if case.is_quiet() => vec![last],
        Some(last) if !denies(last) => latest(stated().filter(|hypothesis| !denies(hypothesis)), causes),
        _ => Vec::new(),
    }
}

/// Whether it says that nothing is wrong.
pub fn denies(hypothesis: &Hypothesis) -> bool {
    hypothesis.mechanism == Mechanism::NoIncident
}

/// The last so many that differ in place or mechanism, in order: who names a change to what was said before says the same
/// again.
fn latest<'a>(stated: impl DoubleEndedIterator<Item = &'a Hypothesis>, most: usize) -> Vec<&'a Hypothesis> {
    let mut found: Vec<&Hypothesis> = Vec::new();
    for hypothesis in stated.rev() {
        let is_same = |known: &&Hypothesis| {
            known.mechanism == hypothesis.mechanism && arrow_name(&known.at) == arrow_name(&hypothesis.at)
        };
        if found.len() < most && !found.iter().any(is_same) {
            found.push(hypothesis);
        }
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(at: &str, mechanism: Mechanism, change: Option<&str>) -> Hypothesis {
        Hypothesis { at: at.into(), mechanism, change: change.map(str::to_owned) }
    }

    #[test]
    fn of_several_causes_as_many_hypotheses_count() {
        let all = [
            stated("shop -> stock", Mechanism::SwallowedTimeout, None),
            stated("stock", Mechanism::Leak, None),
            stated("shop->stock", Mechanism::SwallowedTimeout, Some("config-2")),
            stated("db", Mechanism::ReplicaLag, None),
            stated("db", Mechanism::ReplicaLag, Some("config-3")),
        ];
        let counted = |most: usize| latest(all.iter(), most);
        assert_eq!(counted(1), [&all[4]]);
        assert_eq!(counted(2), [&all[2], &all[4]], "what was said before with less is the same");
        assert_eq!(counted(9), [&all[1], &all[2], &all[4]]);
        let none: Vec<&Hypothesis> = latest([].iter(), 2);
        assert!(none.is_empty());
    }
}
