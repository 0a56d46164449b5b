//! The age of a queue's oldest message: consumer lag in seconds, which says what a depth does not, how late everybody is.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The age strays by so many seconds, and by this share of itself, at least.
const SECONDS: f64 = 2.0;
const STRAY: f64 = 0.5;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.level(telemetry, "messaging.queue.oldest_age", |reading| {
        Some(Subject::new(reading.service(), reading.label("messaging.consumer.group.name")))
    });
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: SECONDS, share: STRAY, fewest: 1.0 };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("the oldest message in {} has waited {now} s, {before} s before", subject.service)
    })
}
