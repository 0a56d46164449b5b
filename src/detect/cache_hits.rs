//! The share of look-ups that a cache answers. It falls when entries are lost or keys change, and rises when what should
//! have been fetched anew is not.

use super::Finding;
use super::counts::{Counts, Subject, below};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The share strays by two percentage points at least.
const STRAY: f64 = 0.02;
/// A minute of fewer look-ups says nothing.
const FEWEST: f64 = 30.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    let mut add = |family: &str, sum: fn(&[f64]) -> [f64; 2]| {
        counts.growth(telemetry, family, |reading| Some((Subject::new(reading.service(), ""), sum)));
    };
    add("cache.hits", |numbers| [numbers[0]; 2]);
    add("cache.misses", below);
    let rule = Rule { side: Side::Both, noise: Noise::Share, floor: STRAY, share: 0.0, fewest: FEWEST };
    rule.findings(&counts.full_caches(), |subject, now, before| {
        let [now, before] = [now, before].map(|share| figure(100.0 * share));
        format!("{} answers {now} % of look-ups, {before} % before", subject.service)
    })
}
