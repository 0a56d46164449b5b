//! Writes that a database acknowledged and did not keep, because what was there had a newer stamp: where the newest stamp
//! wins, a clock that is ahead makes everybody else's writes old ones (Kingsbury, *The trouble with timestamps*, 2013).

use super::Finding;
use super::counts::{Counts, Subject, above};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// Writes a minute stray by this share, and by so many, at least.
const SHARE: f64 = 0.5;
const STRAY: f64 = 0.25;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.growth(telemetry, "db.server.writes.outdated", |reading| {
        Some((Subject::new(reading.service(), ""), above as fn(&[f64]) -> _))
    });
    let rule = Rule { side: Side::Above, noise: Noise::Count, floor: STRAY, share: SHARE, fewest: 1.0 };
    rule.findings(&counts.per_minute(), |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("{} does not keep {now} writes a minute, {before} before", subject.service)
    })
}
