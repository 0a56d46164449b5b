//! The share of an arrow's attempts that fail, as the caller measures them: a timeout that is caught and answered with a
//! fallback is an error here, and nowhere else.

use super::Finding;
use super::counts::{Adds, CALLS, Counts, Reading, Subject, hit, miss};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The share strays by half a percentage point at least.
const STRAY: f64 = 0.005;
/// A minute of fewer attempts says nothing.
const FEWEST: f64 = 10.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    for family in CALLS {
        counts.growth(telemetry, family, |reading: &Reading<'_>| -> Adds {
            let failed = !reading.label("error.type").is_empty();
            Some((Subject::new(reading.service(), reading.label("server.address")), if failed { hit } else { miss }))
        });
    }
    let rule = Rule { side: Side::Above, noise: Noise::Share, floor: STRAY, share: 0.25, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|share| figure(100.0 * share));
        format!("{now} % of the calls {} -> {} fail, {before} % before", subject.service, subject.of)
    })
}
