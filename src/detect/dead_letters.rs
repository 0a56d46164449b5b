//! Messages that a queue gives up after too many deliveries: nobody waits for an answer to them, so nobody misses one.

use super::Finding;
use super::counts::{Counts, Subject, above};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// Messages a minute stray by this share, and by so many, at least.
const SHARE: f64 = 0.5;
const STRAY: f64 = 0.25;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.growth(telemetry, "messaging.queue.dead_lettered", |reading| {
        Some((Subject::new(reading.service(), ""), above as fn(&[f64]) -> _))
    });
    let rule = Rule { side: Side::Above, noise: Noise::Count, floor: STRAY, share: SHARE, fewest: 1.0 };
    rule.findings(&counts.per_minute(), |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("{} gives up {now} messages a minute, {before} before", subject.service)
    })
}
