//! A route's share of its service's requests: who cannot get past one step of a journey does not come to the next, and who
//! is refused comes again. Requests in all swing with the hour, their shares do not.

use std::collections::BTreeMap;

use super::Finding;
use super::counts::{Counts, REQUESTS, Subject, observed_above};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The share strays by one percentage point, and a tenth of itself, at least.
const STRAY: f64 = 0.01;
const SHARE: f64 = 0.10;
/// A minute of fewer requests says nothing.
const FEWEST: f64 = 50.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.growth(telemetry, REQUESTS[0], |reading| {
        Some((Subject::new(reading.service(), reading.label("http.route")), observed_above as fn(&[f64]) -> _))
    });
    let mut totals: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (subject, minutes) in &counts.lines {
        let total = totals.entry(subject.service.clone()).or_insert_with(|| vec![0.0; minutes.len()]);
        total.iter_mut().zip(minutes).for_each(|(total, sum)| *total += sum[0]);
    }
    for (subject, minutes) in &mut counts.lines {
        let total = totals.get(&subject.service).into_iter().flatten();
        minutes.iter_mut().zip(total).for_each(|(sum, total)| sum[1] = *total);
    }
    let rule = Rule { side: Side::Both, noise: Noise::Share, floor: STRAY, share: SHARE, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|share| figure(100.0 * share));
        format!("{now} % of the requests of {} are {}, {before} % before", subject.service, subject.of)
    })
}
