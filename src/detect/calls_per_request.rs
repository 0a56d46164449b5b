//! Attempts that go out over an arrow for each request that the caller works on. They fall when a breaker is open, a pool is
//! full or a flag is off, and the caller's own traffic does not; they rise when calls are repeated, and keep an overload
//! alive (Bronson et al., *Metastable Failures in Distributed Systems*, HotOS 2021).

use super::Finding;
use super::counts::{Adds, CALLS, Counts, REQUESTS, Reading, Subject, observations, observed_above};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// Attempts for each request stray by this share at least.
const STRAY: f64 = 0.05;
/// And by so many.
const ATTEMPTS: f64 = 0.005;
/// A minute in which the caller has fewer requests says nothing.
const FEWEST: f64 = 20.0;
/// Kinds of error of attempts that never went out.
const KEPT_BACK: [&str; 5] =
    ["circuit_open", "pool_timeout", "bulkhead_full", "connection_refused", "name_not_resolved"];

/// Fewer than before.
pub(super) fn missing(telemetry: &Telemetry) -> Vec<Finding> {
    detect(telemetry, Side::Below)
}

/// More than before.
pub(super) fn extra(telemetry: &Telemetry) -> Vec<Finding> {
    detect(telemetry, Side::Above)
}

fn detect(telemetry: &Telemetry, side: Side) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    for family in CALLS {
        counts.growth(telemetry, family, |reading: &Reading<'_>| -> Adds {
            let went_out = !KEPT_BACK.contains(&reading.label("error.type"));
            went_out.then(|| {
                (Subject::new(reading.service(), reading.label("server.address")), observed_above as fn(&[f64]) -> _)
            })
        });
    }
    let mut requests = Counts::new(telemetry);
    for family in REQUESTS {
        requests.growth(telemetry, family, |reading| {
            Some((Subject::new(reading.service(), ""), (|numbers| [0.0, observations(numbers)]) as fn(&[f64]) -> _))
        });
    }
    for (subject, minutes) in &mut counts.lines {
        let own = requests.lines.get(&Subject::new(subject.service.as_str(), "")).into_iter().flatten();
        minutes.iter_mut().zip(own).for_each(|(sum, own)| sum[1] = own[1]);
    }
    let rule = Rule { side, noise: Noise::Ratio, floor: ATTEMPTS, share: STRAY, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("{now} calls {} -> {} for each request, {before} before", subject.service, subject.of)
    })
}
