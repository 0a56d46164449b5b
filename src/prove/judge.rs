//! From what was found on each seed to what is proved of the lesson: for each property the seeds on which it held, and
//! whether chance explains those on which it did not. Knows facts; runs nothing.
//!
//! On one seed a property that is true fails by chance at most 1 % of the time: the tests are made so. A lesson has the
//! property unless more seeds fail than that explains, at 95 % confidence: none of 2 to 5, one of 6 to 35, three of 100.

use super::chance::is_chance;
use super::facts::Facts;
use super::{evidence, fixes, harm, herrings, silent};
use crate::lab::proving;
use crate::lesson::{Lesson, Proof, Property, Proved};

/// What the facts of all seeds, in order, prove of a lesson.
pub fn judge(lesson: &Lesson, facts: &[Facts]) -> Proof {
    let clean = facts.iter().filter(|facts| facts.telling.is_empty()).count();
    Proof {
        lesson: lesson.spec().id.clone(),
        content: lesson.content(),
        first_seed: facts.first().map_or(0, |facts| facts.seed),
        seeds: facts.len() as u64,
        clean_log: (!proving::is_quiet(lesson)).then_some(2 * clean > facts.len()),
        properties: vec![
            silent::proved(facts),
            harm::harmful(lesson, facts),
            evidence::solvable(lesson, facts),
            fixes::fixable(facts),
            fixes::honest(facts),
            harm::minimal(lesson, facts),
            herrings::unspoiled(facts),
        ],
    }
}

/// A property by the seeds on which it held.
pub fn proved(
    property: Property,
    facts: &[Facts],
    held: impl Fn(&Facts) -> bool,
    (words, details): (String, Vec<String>),
) -> Proved {
    let failed_on: Vec<u64> = facts.iter().filter(|facts| !held(facts)).map(|facts| facts.seed).collect();
    let failed = failed_on.len() as u64;
    let seeds = facts.len() as u64;
    Proved { property, holds: is_chance(failed, seeds), held: seeds - failed, failed_on, words, details }
}

/// The mean over seeds.
pub fn mean(facts: &[Facts], of: impl Fn(&Facts) -> f64) -> f64 {
    facts.iter().map(of).sum::<f64>() / facts.len().max(1) as f64
}
