//! What users tell the help desk: late and vague, and all that a silent incident cannot keep quiet. Users complain about
//! nothing, too, so that single reports are no alarm.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// Reports a minute stray by so many at least.
const STRAY: f64 = 0.25;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    let all = Subject::new("", "");
    counts.line(&all);
    telemetry.reports.iter().for_each(|report| counts.one(&all, report.stamp));
    let rule = Rule { side: Side::Above, noise: Noise::Count, floor: STRAY, share: 0.0, fewest: 1.0 };
    rule.findings(&counts.per_minute(), |_, now, before| {
        format!("users' reports in a minute: {}, {} before", figure(now), figure(before))
    })
}
