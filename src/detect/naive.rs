//! The alarms that everybody has, as detectors: errors and latency at the edge, health pages, alarming log lines. What they
//! watch is what `allgreen prove` holds an incident's silence against, so on silent incidents they are the null hypothesis:
//! they find them as rarely as they ring without.

use super::alarms::{Alarm, minutes};
use super::counts::{Counts, MINUTE, Subject};
use super::edge::edges;
use super::rule::{Noise, Rule, Side, figure};
use super::{Finding, Named};
use crate::telemetry::Telemetry;
use crate::time::SimTime;

/// The share of errors strays by half a percentage point at least.
const ERRORS: f64 = 0.005;
/// Latencies stray by these shares at least; in seconds by [`LATENCY`].
const P95: f64 = 0.10;
const P99: f64 = 0.15;
const LATENCY: f64 = 0.010;
/// Pages that are not ok: one is too many.
const PAGES: f64 = 0.25;
/// Lines a minute stray by this share at least.
const LINES: f64 = 0.15;

/// All of them, in their usual order.
pub(super) fn all() -> Vec<Named> {
    let named = |alarm: Alarm| {
        let name = match alarm {
            Alarm::Errors => "edge-errors",
            Alarm::P95 => "edge-p95",
            Alarm::P99 => "edge-p99",
            Alarm::Health => "health-pages",
            Alarm::Warnings => "warn-lines",
            Alarm::ErrorLines => "error-lines",
        };
        Named::new(name, alarm.words(), move |telemetry: &Telemetry| detect(alarm, telemetry))
    };
    Alarm::ALL.into_iter().map(named).collect()
}

fn rule(alarm: Alarm) -> Rule {
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: 0.0, share: 0.0, fewest: 1.0 };
    match alarm {
        Alarm::Errors => Rule { floor: ERRORS, ..rule },
        Alarm::P95 => Rule { floor: LATENCY, share: P95, ..rule },
        Alarm::P99 => Rule { floor: LATENCY, share: P99, ..rule },
        Alarm::Health => Rule { floor: PAGES, ..rule },
        Alarm::Warnings | Alarm::ErrorLines => Rule { noise: Noise::Count, share: LINES, ..rule },
    }
}

fn detect(alarm: Alarm, telemetry: &Telemetry) -> Vec<Finding> {
    let edges = edges(telemetry);
    let mut counts = Counts::new(telemetry);
    let end = SimTime(MINUTE.0.saturating_mul(counts.minutes() as u64));
    let at_edge = matches!(alarm, Alarm::Errors | Alarm::P95 | Alarm::P99);
    let subject = Subject::new(if let ([one], true) = (&edges[..], at_edge) { one } else { "" }, "");
    let place = Alarm::ALL.iter().position(|other| *other == alarm).unwrap_or_default();
    let seen = minutes(telemetry, &edges, SimTime::ZERO, end);
    for (minute, seen) in counts.line(&subject).iter_mut().zip(seen) {
        *minute = [seen.0[place], 1.0];
    }
    let words = |_: &Subject, now, before| format!("{}: {}, {} before", alarm.words(), figure(now), figure(before));
    rule(alarm).findings(&counts, words)
}
