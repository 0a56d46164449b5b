//! How far a replica measured its clock to be off when it last asked its time server. A clock that nobody disciplines
//! measures nothing.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The offset strays by so many seconds at least.
const SECONDS: f64 = 0.005;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.level(telemetry, "system.clock.offset", |reading| Some(Subject::new(reading.service(), reading.instance())));
    let rule = Rule { side: Side::Both, noise: Noise::Seen, floor: SECONDS, share: 0.0, fewest: 1.0 };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|seconds| figure(1000.0 * seconds));
        format!("the clock of {} is off by {now} ms, by {before} ms before", subject.of)
    })
}
