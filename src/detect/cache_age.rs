//! The mean age of what a cache serves, over all its replicas: an entry that is not invalidated when its datum changes, or
//! that lives longer than it should, is served older than before. While a cache fills, ages grow for as long as entries live, so
//! that the minutes in which it does are not learnt from, and one that still fills after twenty is not judged.

use super::Finding;
use super::counts::{Counts, Subject, above, below};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The mean strays by so many seconds, and by this share of itself, at least.
const SECONDS: f64 = 1.0;
const STRAY: f64 = 0.10;
/// A minute of fewer hits says nothing.
const FEWEST: f64 = 20.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    let mut add = |family: &str, sum: fn(&[f64]) -> [f64; 2]| {
        counts.growth(telemetry, family, |reading| Some((Subject::new(reading.service(), ""), sum)));
    };
    add("cache.served_age", above);
    add("cache.hits", below);
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: SECONDS, share: STRAY, fewest: FEWEST };
    rule.findings(&counts.full_caches(), |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("what {} serves is {now} s old on average, {before} s before", subject.service)
    })
}
