//! The mean latency of an arrow's attempts, against its own past: the edge hides one arrow's slowness behind what it adds to
//! it, and behind the fallback that cuts it short.

use super::Finding;
use super::counts::{CALLS, Counts, Subject, mean};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The mean strays by this share of itself, and by so many seconds, at least.
const STRAY: f64 = 0.10;
const SECONDS: f64 = 0.001;
/// A minute of fewer attempts says nothing.
const FEWEST: f64 = 10.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    for family in CALLS {
        counts.growth(telemetry, family, |reading| {
            let arrow = Subject::new(reading.service(), reading.label("server.address"));
            Some((arrow, mean as fn(&[f64]) -> _))
        });
    }
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: SECONDS, share: STRAY, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|seconds| figure(1000.0 * seconds));
        format!("calls {} -> {} take {now} ms on average, {before} ms before", subject.service, subject.of)
    })
}
