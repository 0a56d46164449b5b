//! Spans that time contradicts. A span that starts before its parent has one of the two clocks wrong: effects do not come
//! before causes (Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, 1978). A server span that ends
//! after the call that asked for it was given up by who asked: a timeout that was swallowed, unless a clock is wrong.

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::{SpanKind, SpanRecord, Telemetry};
use crate::time::{Duration, Stamp};

/// Clocks that a time server disciplines agree to this. With a tenth of it, drift between two polls rings.
const LEEWAY: Duration = Duration::from_millis(20);
/// The share strays by half a percentage point at least.
const STRAY: f64 = 0.005;
/// A minute of fewer spans says nothing.
const FEWEST: f64 = 10.0;

/// Spans that start before their parents.
pub(super) fn early(telemetry: &Telemetry) -> Vec<Finding> {
    let early = |parent: &SpanRecord<'_>, child: &SpanRecord<'_>| Some(child.start + LEEWAY < parent.start);
    detect(telemetry, early, "start before their parents")
}

/// Server spans that end after the client span above them.
pub(super) fn outliving(telemetry: &Telemetry) -> Vec<Finding> {
    let kind = |span: &SpanRecord<'_>| telemetry.spans.shape_of(span.shape).kind;
    let outlives = |parent: &SpanRecord<'_>, child: &SpanRecord<'_>| {
        let is_call = (kind(parent), kind(child)) == (SpanKind::Client, SpanKind::Server);
        is_call.then(|| ended(child) > ended(parent) + LEEWAY)
    };
    detect(telemetry, outlives, "end after the call that asked for them")
}

fn ended(span: &SpanRecord<'_>) -> Stamp {
    span.start + span.duration
}

/// The share of an arrow's pairs of spans that are wrong; `is_wrong` answers None for pairs that are none of its business.
fn detect(
    telemetry: &Telemetry,
    is_wrong: impl Fn(&SpanRecord<'_>, &SpanRecord<'_>) -> Option<bool>,
    what: &str,
) -> Vec<Finding> {
    let spans = &telemetry.spans;
    let mut places: Vec<(u32, usize)> = spans.iter().enumerate().map(|(row, span)| (span.number.0, row)).collect();
    places.sort_unstable();
    let mut counts = Counts::new(telemetry);
    let service = |span: &SpanRecord<'_>| telemetry.resource(span.resource).service.as_str();
    for child in spans.iter().filter(|child| child.parent.0 != 0) {
        let Ok(found) = places.binary_search_by_key(&child.parent.0, |(number, _)| *number) else { continue };
        let parent = spans.get(places[found].1);
        if service(&parent) == service(&child) {
            continue;
        }
        if let Some(wrong) = is_wrong(&parent, &child) {
            // Both are there when the later one has ended.
            let stamp = ended(&parent).max(ended(&child));
            let arrow = Subject::new(service(&child), service(&parent));
            counts.add(&arrow, stamp, [f64::from(u8::from(wrong)), 1.0]);
        }
    }
    let rule = Rule { side: Side::Above, noise: Noise::Share, floor: STRAY, share: 0.25, fewest: FEWEST };
    rule.findings(&counts, |subject, now, before| {
        let [now, before] = [now, before].map(|share| figure(100.0 * share));
        format!("{now} % of the spans of {} under {} {what}, {before} % before", subject.service, subject.of)
    })
}
