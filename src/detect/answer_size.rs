//! The mean size of a route's answers, when it falls: an answer in whose place a fallback came, or that lacks a part, is a
//! 200 like any other, and smaller on the wire.

use super::Finding;
use super::counts::{Counts, Subject, mean};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The mean strays by this share of itself at least.
const STRAY: f64 = 0.01;
/// Bytes by which it strays at least.
const BYTES: f64 = 4.0;
/// A minute of fewer answers says nothing.
const FEWEST: f64 = 20.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.growth(telemetry, "http.server.response.body.size", |reading| {
        let good = reading.label("http.response.status_code").starts_with('2');
        good.then(|| (Subject::new(reading.service(), reading.label("http.route")), mean as fn(&[f64]) -> _))
    });
    let rule = Rule { side: Side::Below, noise: Noise::Seen, floor: BYTES, share: STRAY, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("answers of {} {} are {now} bytes on average, {before} before", subject.service, subject.of)
    })
}
