//! Memory that a replica holds, beyond what it held: a leak, for as long as nobody restarts it.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// Memory strays by this share of itself at least.
const STRAY: f64 = 0.10;
/// Bytes in what people call a megabyte.
const MEGABYTE: f64 = 1e6;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts
        .level(telemetry, "process.memory.usage", |reading| Some(Subject::new(reading.service(), reading.instance())));
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: MEGABYTE, share: STRAY, fewest: 1.0 };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|bytes| figure(bytes / MEGABYTE));
        format!("{} holds {now} MB, {before} MB before", subject.of)
    })
}
