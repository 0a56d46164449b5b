//! Requests that a service works on or keeps waiting: by Little's law (1961) their rate times how long they take, so that it
//! rises with either, where nobody measures the waiting.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// Requests at one replica stray by so many, and by this share, at least.
const STRAY: f64 = 0.5;
const SHARE: f64 = 0.35;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.level(telemetry, "http.server.active_requests", |reading| Some(Subject::new(reading.service(), "")));
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: STRAY, share: SHARE, fewest: 1.0 };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("a replica of {} has {now} requests at a time, {before} before", subject.service)
    })
}
