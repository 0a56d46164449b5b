//! Step 8, Fix: what the fixes did, in numbers.

use super::counterfactual::Runs;
use super::{Case, Review, things, verdict};
use crate::lab::{Fix, Verdict};
use crate::lesson::{LessonSpec, Part};

pub fn review(case: &Case<'_>, what: Verdict, runs: &Runs) -> Review {
    let fixes = || case.notebook.deployed.iter().map(|order| &order.fix);
    let did: Vec<String> = fixes().map(Fix::words).collect();
    let futures = verdict::futures(case, runs);
    let seeds = futures.seeds.iter().map(|seed| {
        format!(
            "seed {}: {:.0} harmed an hour before, {:.0} soon after, {:.0} long after, {:.0} had nothing been done",
            seed.seed, seed.before, seed.soon, seed.late, seed.untouched
        )
    });
    let mut evidence = vec![what.words().to_owned()];
    if !did.is_empty() {
        let spec = case.lesson.spec();
        let ended = verdict::ended(case, runs).filter(|_| what == Verdict::PartialFix);
        evidence.extend(ended.map(|share| partly(share, spec, fixes())));
        evidence.extend(innocent(spec, fixes()));
        evidence.extend(seeds);
    }
    let score = match what {
        Verdict::RootFix | Verdict::RightlyLeftAlone => 1.0,
        Verdict::PartialFix => 0.7,
        Verdict::SymptomPatch => 0.4,
        Verdict::NoEffect | Verdict::Worse | Verdict::NotTried => 0.0,
    };
    Review {
        did: if did.is_empty() { "changed nothing".into() } else { did.join(", then ") },
        evidence: evidence.join("; "),
        score: Some(score),
    }
}

/// The changes that were rolled back.
fn rolled_back<'a>(fixes: impl Iterator<Item = &'a Fix>) -> Vec<&'a str> {
    let change = |fix: &'a Fix| if let Fix::RollBack { change } = fix { Some(change.trim()) } else { None };
    fixes.filter_map(change).collect()
}

/// What is known of a part of the harm that is gone.
fn partly<'a>(share: f64, spec: &LessonSpec, fixes: impl Iterator<Item = &'a Fix>) -> String {
    let changes = rolled_back(fixes);
    let gone = spec.causes().filter(|cause| changes.contains(&cause.change.as_str())).count();
    let causes = spec.causes().count();
    let fell = format!("the harm fell by {:.0} %, and stayed there", share * 100.0);
    match gone {
        0 => format!("{fell}: of {causes} causes not all are gone"),
        1 => format!("{fell}: 1 of {causes} causes is gone"),
        gone => format!("{fell}: {gone} of {causes} causes are gone"),
    }
}

/// How many of the changes that were rolled back had done nothing. None if no such change was.
fn innocent<'a>(spec: &LessonSpec, fixes: impl Iterator<Item = &'a Fix>) -> Option<String> {
    let changes = rolled_back(fixes);
    let is_innocent = |id: &&&str| {
        let scripted = spec.script.iter().find(|scripted| scripted.change.id == **id);
        let innocent = |part: Part| matches!(part, Part::RedHerring | Part::Background);
        scripted.is_some_and(|scripted| innocent(scripted.part) && !spec.is_cause(scripted))
    };
    let innocent = changes.iter().filter(is_innocent).count();
    let all = things(changes.len(), "change that was rolled back", "changes that were rolled back");
    (innocent > 0).then(|| format!("of {all} {innocent} had done nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{Cause, Lesson, Mechanism};

    fn back(changes: &[&str]) -> Vec<Fix> {
        changes.iter().map(|change| Fix::RollBack { change: (*change).to_owned() }).collect()
    }

    #[test]
    fn innocent_changes_that_were_rolled_back_are_counted() {
        let lesson = Lesson::load("tests/support/shop/lessons/tiny.ron").unwrap();
        let words = |changes: &[&str]| innocent(lesson.spec(), back(changes).iter());
        assert_eq!(words(&["config-2", "you-1"]), None);
        assert_eq!(words(&["flag-1"]).as_deref(), Some("of 1 change that was rolled back 1 had done nothing"));
        let both = words(&["flag-1", "config-2"]);
        assert_eq!(both.as_deref(), Some("of 2 changes that were rolled back 1 had done nothing"));
    }

    #[test]
    fn a_part_that_is_gone_is_told_by_the_causes_that_were_rolled_back() {
        let lesson = Lesson::load("tests/support/shop/lessons/tiny.ron").unwrap();
        let mut spec = lesson.spec().clone();
        spec.also = vec![Cause {
            at: vec!["db".into()],
            mechanism: Mechanism::Leak,
            alike: Vec::new(),
            change: "deploy-9".into(),
            silent_arrows: Vec::new(),
        }];
        let words = |changes: &[&str]| partly(0.524, &spec, back(changes).iter());
        assert_eq!(words(&["config-2", "flag-1"]), "the harm fell by 52 %, and stayed there: 1 of 2 causes is gone");
        assert!(words(&[]).ends_with("of 2 causes not all are gone"));
    }
}
