//! Messages consumed for each one that a producer was told is sent: what a queue acknowledges and drops is on no gauge, and
//! on neither side's errors. Only the two counters together show it.

use super::Finding;
use super::counts::{Counts, Reading, Subject, above, below};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// Messages consumed for each one sent stray by this much at least.
const STRAY: f64 = 0.03;
/// A minute of fewer messages sent says nothing.
const FEWEST: f64 = 10.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    let queue = |reading: &Reading<'_>| Subject::new(reading.label("messaging.destination.name"), "");
    counts.growth(telemetry, "messaging.client.sent.messages", |reading| {
        let sent = reading.label("error.type").is_empty();
        sent.then(|| (queue(reading), below as fn(&[f64]) -> _))
    });
    counts.growth(telemetry, "messaging.client.consumed.messages", |reading| {
        Some((queue(reading), above as fn(&[f64]) -> _))
    });
    let rule = Rule { side: Side::Below, noise: Noise::Ratio, floor: STRAY, share: 0.0, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("{now} messages are consumed for each one sent to {}, {before} before", subject.service)
    })
}
