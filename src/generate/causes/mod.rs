//! Causes that a world has room for: where, how, how badly, behind what camouflage, and which charts would show it. One
//! file for a family; here is the list of them. Nothing here was tried: proof does that.

mod arrows;
mod consumers;
mod processes;
mod stores;

use super::survey::Survey;
use crate::lab::{ChartQuery, Fix, Show};
use crate::lesson::Mechanism;
use crate::world::{ChangeKind, Set};

/// One way in which a world could fail silently.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub mechanism: Mechanism,
    /// What names the same from another side.
    pub alike: Vec<Mechanism>,
    /// Places that count as right; the first one is the best answer, and with the mechanism names the candidate.
    pub at: Vec<String>,
    pub silent_arrows: Vec<String>,
    pub kind: ChangeKind,
    /// The node that the feed names.
    pub on: String,
    /// The words of the feed: true, and harmless to read.
    pub says: Vec<String>,
    /// The change, from the mildest form to the worst.
    pub degrees: Vec<Degree>,
    /// What was so from the start, and keeps the cause quiet.
    pub quiet: Vec<Set>,
    /// Fixes to try besides a roll-back.
    pub fixes: Vec<Fix>,
    /// Charts that may show it.
    pub charts: Vec<ChartQuery>,
    /// How it hides, as a sentence for the debrief.
    pub hides: String,
    /// What a health page should ask, as the end of a sentence.
    pub watch: String,
}

/// A form of a change.
#[derive(Clone, Debug)]
pub(super) struct Degree {
    pub sets: Vec<Set>,
    /// What it did, as the rest of a sentence: `the timeout of a -> b went from 400ms to 58ms`.
    pub did: String,
}

impl Candidate {
    /// Its name among the candidates of a world: what a learner would have to find.
    pub fn name(&self) -> String {
        format!("{:?} at {}", self.mechanism, self.at.first().map_or("", String::as_str))
    }
}

type Find = fn(&Survey<'_>) -> Vec<Candidate>;

/// All families.
const FAMILIES: [Find; 11] = [
    arrows::cut_timeouts,
    arrows::small_pools,
    arrows::eager_breakers,
    arrows::lossy_ways,
    arrows::repeated_effects,
    consumers::slow,
    consumers::overflowing,
    consumers::poisoned,
    processes::refusing,
    processes::leaking,
    processes::limping,
];

/// All candidates of a world, family by family; families without any are left out.
pub(super) fn all(survey: &Survey<'_>) -> Vec<Vec<Candidate>> {
    let found = FAMILIES.iter().chain(&stores::FAMILIES).map(|find| find(survey));
    found.filter(|family| !family.is_empty()).collect()
}

/// A chart of a metric with some labels, over all of the time.
fn chart(metric: &str, with: &[(&str, &str)], show: Show) -> ChartQuery {
    let with = with.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    ChartQuery { metric: metric.to_owned(), with, by: None, show, last: None }
}
