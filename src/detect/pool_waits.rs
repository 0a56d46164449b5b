//! The mean time to obtain a connection of a pool: a pool that is too small makes its callers wait before anything is sent,
//! and no health page asks for a connection.

use super::Finding;
use super::counts::{Counts, Subject, mean};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// The mean strays by so many seconds, and by half of itself, at least.
const SECONDS: f64 = 0.001;
const STRAY: f64 = 0.5;
/// A minute of fewer waits says nothing.
const FEWEST: f64 = 10.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    counts.growth(telemetry, "db.client.connection.wait_time", |reading| {
        let pool = Subject::new(reading.service(), reading.label("db.client.connection.pool.name"));
        Some((pool, mean as fn(&[f64]) -> _))
    });
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: SECONDS, share: STRAY, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|seconds| figure(1000.0 * seconds));
        format!("{} waits {now} ms for a connection of the pool {}, {before} ms before", subject.service, subject.of)
    })
}
