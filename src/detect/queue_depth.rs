//! Messages that wait in a queue: consumer lag in messages. A queue that is always full at the same depth is as silent as an
//! empty one.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The depth strays by so many messages, and by this share of itself, at least.
const MESSAGES: f64 = 3.0;
const STRAY: f64 = 0.5;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.level(telemetry, "messaging.queue.depth", |reading| {
        Some(Subject::new(reading.service(), reading.label("messaging.consumer.group.name")))
    });
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: MESSAGES, share: STRAY, fewest: 1.0 };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("{now} messages wait in {}, {before} before", subject.service)
    })
}
