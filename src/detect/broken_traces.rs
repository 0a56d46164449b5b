//! The share of a service's spans that begin a trace: when trace context is lost on the way to it, its work has no parent,
//! and the trace that it belongs to ends early.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::{SpanKind, Telemetry};

/// The share strays by two percentage points at least.
const STRAY: f64 = 0.02;
/// A minute of fewer spans says nothing.
const FEWEST: f64 = 10.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut counts = Counts::new(telemetry);
    for span in telemetry.spans.heads() {
        if matches!(telemetry.spans.shape_of(span.shape).kind, SpanKind::Server | SpanKind::Consumer) {
            let service = Subject::new(telemetry.resource(span.resource).service.as_str(), "");
            counts.add(&service, span.start + span.duration, [f64::from(u8::from(span.parent.0 == 0)), 1.0]);
        }
    }
    let rule = Rule { side: Side::Above, noise: Noise::Share, floor: STRAY, share: 0.1, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|share| figure(100.0 * share));
        format!("{now} % of the spans of {} begin a trace, {before} % before", subject.service)
    })
}
