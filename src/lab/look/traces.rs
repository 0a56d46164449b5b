//! Lists of traces: one pass over all spans, a few numbers kept for each trace.

use super::{is_meant, replicas, since, stamp_of};
use crate::lab::{Observation, Refusal, TraceFilter, TraceRow};
use crate::telemetry::{ResourceId, ShapeId, SpanRecord, TraceRef};
use crate::time::{Duration, Stamp};

/// Traces listed unless a filter says otherwise.
const USUAL: usize = 50;
/// Traces listed at most.
const MOST: usize = 2000;

/// What is kept of a trace.
#[derive(Clone, Copy)]
struct Seen {
    start: Stamp,
    end: Stamp,
    spans: u32,
    errors: u32,
    /// The root as far as known: whether it has a parent, its start, and who it is.
    root: (bool, Stamp, ResourceId, ShapeId),
    /// Whether a span is of the node that is asked for, and whether its name is.
    service: bool,
    name: bool,
}

/// The newest or the slowest traces that match.
pub fn traces(seen: &Observation, filter: &TraceFilter) -> Result<Vec<TraceRow>, Refusal> {
    let telemetry = &seen.telemetry;
    let means = replicas(telemetry, filter.service.as_deref())?;
    let named = names_that_match(seen, &filter.name);
    let from = since(stamp_of(seen.now), filter.last);

    let mut all: Vec<Option<Seen>> = Vec::new();
    for span in telemetry.spans.iter() {
        let at = TraceRef::to_raw(Some(span.trace)) as usize;
        if all.len() <= at {
            all.resize(at + 1, None);
        }
        let meant = is_meant(&means, span.resource);
        let name = named.get(usize::from(span.shape.0)).copied().unwrap_or(false);
        let name = name && meant && filter.service.is_some();
        all[at] = Some(add(all[at], &span, meant, name));
    }

    let matches = |trace: &Seen| {
        let named = trace.name || named.get(usize::from(trace.root.3.0)).copied().unwrap_or(false);
        trace.service
            && named
            && trace.start >= from
            && !(filter.errors_only && trace.errors == 0)
            && filter.min_duration.is_none_or(|least| length(trace) >= least)
    };
    let found = all.iter().enumerate().filter_map(|(at, trace)| {
        let trace = trace.filter(|trace| matches(trace))?;
        Some((TraceRef::from_raw(at as u32)?, trace))
    });
    let mut found: Vec<(TraceRef, Seen)> = found.collect();
    if filter.slowest {
        found.sort_by_key(|(id, trace)| (std::cmp::Reverse(length(trace)), *id));
    } else {
        found.sort_by_key(|(id, trace)| std::cmp::Reverse((trace.start, *id)));
    }
    found.truncate(filter.limit.unwrap_or(USUAL).min(MOST));
    let row = |(id, trace): (TraceRef, Seen)| TraceRow {
        id: telemetry.spans.trace_id(id),
        start: trace.start,
        duration: length(&trace),
        service: telemetry.resource(trace.root.2).service.clone(),
        name: telemetry.spans.shape_of(trace.root.3).template.text.clone(),
        spans: trace.spans as usize,
        errors: trace.errors as usize,
    };
    Ok(found.into_iter().map(row).collect())
}

/// For each span shape, whether its name contains the text.
fn names_that_match(seen: &Observation, text: &str) -> Vec<bool> {
    let text = text.to_lowercase();
    seen.telemetry.spans.shapes().iter().map(|shape| shape.template.text.to_lowercase().contains(&text)).collect()
}

fn add(trace: Option<Seen>, span: &SpanRecord<'_>, service: bool, name: bool) -> Seen {
    let end = Stamp(span.start.0.saturating_add_unsigned(span.duration.0));
    let root = (span.parent.0 != 0, span.start, span.resource, span.shape);
    let error = u32::from(span.error);
    let Some(mut trace) = trace else {
        return Seen { start: span.start, end, spans: 1, errors: error, root, service, name };
    };
    trace.start = trace.start.min(span.start);
    trace.end = trace.end.max(end);
    trace.spans += 1;
    trace.errors += error;
    if (root.0, root.1) < (trace.root.0, trace.root.1) {
        trace.root = root;
    }
    trace.service |= service;
    trace.name |= name;
    trace
}

fn length(trace: &Seen) -> Duration {
    Duration(trace.start.0.abs_diff(trace.end.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;
    use crate::time::SimTime;

    fn seen() -> Observation {
        let mut fixture = Fixture::new(&["edge", "cart"]);
        for number in 0..10u32 {
            let trace = fixture.trace();
            let start = i64::from(number) * 1000;
            let length = i64::from(100 - number);
            fixture.span(1, trace, (2 * number + 2, 2 * number + 1), "read cart", (start + 1, start + 9), number == 3);
            fixture.span(0, trace, (2 * number + 1, 0), "GET /cart", (start, start + length), false);
        }
        fixture.observe(SimTime::from_secs(10))
    }

    #[test]
    fn the_newest_and_the_slowest_are_listed() {
        let seen = seen();
        let newest = traces(&seen, &TraceFilter { limit: Some(3), ..TraceFilter::default() }).unwrap();
        assert_eq!(newest.iter().map(|row| row.start.0 / 1_000_000_000).collect::<Vec<_>>(), [9, 8, 7]);
        assert_eq!((newest[0].service.as_str(), newest[0].name.as_str(), newest[0].spans), ("edge", "GET /cart", 2));
        let slowest = traces(&seen, &TraceFilter { slowest: true, ..TraceFilter::default() }).unwrap();
        assert_eq!(slowest[0].duration, Duration::from_millis(100));
        assert_eq!(slowest.len(), 10);
    }

    #[test]
    fn filters_combine() {
        let seen = seen();
        let count = |filter: TraceFilter| traces(&seen, &filter).unwrap().len();
        let cart = || Some("cart".to_owned());
        assert_eq!(count(TraceFilter { errors_only: true, ..TraceFilter::default() }), 1);
        assert_eq!(count(TraceFilter { name: "READ".into(), service: cart(), ..TraceFilter::default() }), 10);
        assert_eq!(
            count(TraceFilter { name: "read".into(), ..TraceFilter::default() }),
            0,
            "the root has another name"
        );
        assert_eq!(count(TraceFilter { last: Some(Duration::from_millis(2500)), ..TraceFilter::default() }), 2);
        let least = Some(Duration::from_millis(98));
        assert_eq!(count(TraceFilter { min_duration: least, ..TraceFilter::default() }), 3);
        let wrong = TraceFilter { service: Some("crat".into()), ..TraceFilter::default() };
        assert_eq!(traces(&seen, &wrong).unwrap_err().remedy, "did you mean `cart`?");
    }
}
