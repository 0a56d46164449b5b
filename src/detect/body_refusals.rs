//! The share of an arrow's attempts whose answer is a 200 with a body that says no, where a caller was made to count them.

use super::Finding;
use super::counts::{CALLS, Counts, Subject, above, miss};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The share strays by half a percentage point at least.
const STRAY: f64 = 0.005;
/// A minute of fewer attempts says nothing.
const FEWEST: f64 = 10.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    let mut add = |family: &str, sum: fn(&[f64]) -> [f64; 2]| {
        counts.growth(telemetry, family, |reading| {
            Some((Subject::new(reading.service(), reading.label("server.address")), sum))
        });
    };
    CALLS.into_iter().for_each(|family| add(family, miss));
    add("app.client.refusals", above);
    let rule = Rule { side: Side::Above, noise: Noise::Share, floor: STRAY, share: 0.25, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|share| figure(100.0 * share));
        format!("{} says no to {now} % of the calls of {}, {before} % before", subject.of, subject.service)
    })
}
