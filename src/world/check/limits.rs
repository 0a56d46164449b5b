//! Rate limits, ejection and calendar times, within ranges. Shared with changes, which set the same.

use super::ranges;
use crate::diagnostic::{DataPath, Findings};
use crate::time::Duration;
use crate::world::{Allow, Cron, Ejection, RateLimit};

/// Limits of a node.
pub(crate) fn rate_limits(found: &mut Findings, path: &DataPath, limits: &[RateLimit]) {
    for (at, limit) in limits.iter().enumerate() {
        let path = path.at(at).field("allow");
        match limit.allow {
            Allow::Bucket { per_second, burst } => {
                found.range(&path.field("per_second"), "`per_second`", per_second, 0.0..=1e6);
                found.range(&path.field("burst"), "`burst`", burst, 1..=10_000_000);
            }
            Allow::Window { every, .. } => {
                let least = Duration::from_millis(1);
                if every < least || every > Duration::from_mins(31 * 24 * 60) {
                    let what = format!("a window of {every}, outside {least} to 31 days");
                    found.value(&path.field("every"), what, "write a time such as \"1m\" or \"24h\"");
                }
            }
        }
    }
}

/// How a caller avoids replicas.
pub(crate) fn ejection(found: &mut Findings, path: &DataPath, ejection: &Ejection) {
    let failures = match ejection {
        Ejection::Probe { every, failures } => {
            ranges::time(
                found,
                &path.field("every"),
                "the time between two probes",
                *every,
                Duration::from_millis(100),
            );
            *failures
        }
        Ejection::Outlier { failures, avoid_for } => {
            ranges::some_time(found, &path.field("avoid_for"), "`avoid_for`", *avoid_for);
            *failures
        }
    };
    found.range(&path.field("failures"), "`failures`", failures, 1..=1_000_000);
}

/// A job's times.
pub(super) fn cron(found: &mut Findings, path: &DataPath, cron: &Cron) {
    let every = path.field("every");
    if cron.every < Duration::from_secs(1) || cron.every > Duration::from_mins(7 * 24 * 60) {
        let what = format!("a job every {}, outside 1s to 7 days", cron.every);
        found.value(&every, what, "write a time such as \"1h\"");
    }
    if cron.at >= cron.every && cron.every > Duration::ZERO {
        let what = format!("{} after is not before the next time, {} later", cron.at, cron.every);
        found.value(&path.field("at"), what, "write a time below `every`");
    }
}
