//! The share of a route's answers that are 4xx: what a service refuses as its callers' fault is no server error, and on no
//! dashboard of errors. A verifier whose clock is wrong refuses good tokens so.

use super::Finding;
use super::counts::{Adds, Counts, Reading, Subject, hit, miss};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The share strays by half a percentage point at least.
const STRAY: f64 = 0.005;
/// A minute of fewer answers says nothing.
const FEWEST: f64 = 10.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.growth(telemetry, "http.server.request.duration", |reading: &Reading<'_>| -> Adds {
        let refused = reading.label("http.response.status_code").starts_with('4');
        let subject = Subject::new(reading.service(), reading.label("http.route"));
        Some((subject, if refused { hit } else { miss }))
    });
    let rule = Rule { side: Side::Above, noise: Noise::Share, floor: STRAY, share: 0.25, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|share| figure(100.0 * share));
        format!("{} {} refuses {now} % of its requests, {before} % before", subject.service, subject.of)
    })
}
