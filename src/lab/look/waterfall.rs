//! One trace: parents before children, children by their stamps. A span whose parent nobody recorded is a root.

use std::collections::BTreeMap;

use crate::lab::{Refusal, SpanRow, TraceView};
use crate::telemetry::{SpanRecord, Telemetry, TraceRef};

/// Hexadecimal digits of a trace id.
const DIGITS: usize = 32;
/// Ids listed when a prefix means several.
const MOST_LISTED: usize = 4;

/// The trace that a learner means by an id or the first digits of one.
pub fn find_trace(telemetry: &Telemetry, id: &str) -> Result<TraceRef, Refusal> {
    let digits = id.trim().to_ascii_lowercase();
    let is_hexadecimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hexadecimal || digits.len() > DIGITS {
        let shown = crate::lab::refusal::quoted(id);
        return Err(Refusal::new(
            format!("`{shown}` is no trace id"),
            "give the first hexadecimal digits of one, from a log line or from the list of traces",
        ));
    }
    let wanted = u128::from_str_radix(&digits, 16).unwrap_or_default();
    let rest = 4 * (DIGITS - digits.len()) as u32;
    let starts_so = |trace: &TraceRef| telemetry.spans.trace_id(*trace).0 >> rest == wanted;
    let mut found = telemetry.spans.traces().filter(starts_so);
    let Some(first) = found.next() else {
        return Err(Refusal::new(format!("no trace id begins with `{digits}`"), "take an id from the list of traces"));
    };
    let others: Vec<String> =
        found.take(MOST_LISTED).map(|trace| telemetry.spans.trace_id(trace).to_string()).collect();
    if !others.is_empty() {
        let ids = std::iter::once(telemetry.spans.trace_id(first).to_string()).chain(others);
        let ids: Vec<String> = ids.map(|id| id.chars().take(digits.len() + 4).collect()).collect();
        return Err(Refusal::new(
            format!("several trace ids begin with `{digits}`"),
            format!("give more digits: {}, …", ids.join(", ")),
        ));
    }
    Ok(first)
}

/// The trace with this id, or the one whose id begins so.
pub fn trace(telemetry: &Telemetry, id: &str) -> Result<TraceView, Refusal> {
    let trace = find_trace(telemetry, id)?;
    let view = waterfall(telemetry, trace);
    if view.spans.is_empty() {
        return Err(Refusal::new(
            format!("no span of trace {} was recorded", view.id),
            "it was not sampled, or has not ended: look at the log lines of the trace",
        ));
    }
    Ok(view)
}

/// All spans of a trace that were recorded.
pub fn waterfall(telemetry: &Telemetry, trace: TraceRef) -> TraceView {
    let mut spans = telemetry.spans.of_trace(trace);
    spans.sort_by_key(|span| (span.start, span.number));
    let places: BTreeMap<u32, usize> = spans.iter().enumerate().map(|(at, span)| (span.number.0, at)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
    let mut roots = Vec::new();
    for (at, span) in spans.iter().enumerate() {
        match places.get(&span.parent.0).filter(|parent| **parent != at) {
            Some(parent) => children[*parent].push(at),
            None => roots.push(at),
        }
    }
    let mut rows = Vec::with_capacity(spans.len());
    let mut next: Vec<(usize, usize)> = roots.into_iter().rev().map(|root| (root, 0)).collect();
    while let Some((at, depth)) = next.pop() {
        rows.push(row(telemetry, &spans[at], depth));
        next.extend(children[at].iter().rev().map(|child| (*child, depth + 1)));
    }
    TraceView { id: telemetry.spans.trace_id(trace), spans: rows }
}

fn row(telemetry: &Telemetry, span: &SpanRecord<'_>, depth: usize) -> SpanRow {
    let shape = telemetry.spans.shape_of(span.shape);
    let own = telemetry.span_attributes(span).into_iter();
    let links = telemetry.spans.links_of(span.number);
    let links = links.map(|link| ("link to trace".to_owned(), telemetry.spans.trace_id(link.trace).to_string()));
    SpanRow {
        id: format!("{:016x}", span_id(span.number.0)),
        depth,
        instance: telemetry.resource(span.resource).instance.clone(),
        name: shape.template.text.clone(),
        kind: shape.kind.name(),
        start: span.start,
        duration: span.duration,
        error: span.error,
        attributes: own.map(|(key, value)| (key.to_owned(), value)).chain(links).collect(),
    }
}

/// A span's id: its number within the run, spread over 64 bits.
fn span_id(number: u32) -> u64 {
    crate::random::mix(u64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;

    #[test]
    fn parents_come_before_children_and_orphans_are_roots() {
        let mut fixture = Fixture::new(&["a", "b"]);
        let trace = fixture.trace();
        fixture.span(1, trace, (3, 2), "grandchild", (5, 8), false);
        fixture.span(1, trace, (4, 99), "orphan", (9, 10), false);
        fixture.span(0, trace, (5, 1), "second", (6, 9), false);
        // The child's clock is behind: it starts before its parent.
        fixture.span(1, trace, (2, 1), "first", (-4, 9), false);
        fixture.span(0, trace, (1, 0), "root", (0, 20), false);
        let view = waterfall(&fixture.telemetry, trace);
        let rows: Vec<(&str, usize)> = view.spans.iter().map(|span| (span.name.as_str(), span.depth)).collect();
        assert_eq!(rows, [("root", 0), ("first", 1), ("grandchild", 2), ("second", 1), ("orphan", 0)]);
    }

    #[test]
    fn a_trace_is_found_by_its_first_digits() {
        let mut fixture = Fixture::new(&["a"]);
        let traces: Vec<TraceRef> = (0..300).map(|_| fixture.trace()).collect();
        fixture.span(0, traces[7], (1, 0), "root", (0, 20), false);
        let id = fixture.telemetry.spans.trace_id(traces[7]).to_string();
        assert_eq!(find_trace(&fixture.telemetry, &id), Ok(traces[7]));
        assert_eq!(trace(&fixture.telemetry, &id[..10]).unwrap().spans.len(), 1);
        assert!(find_trace(&fixture.telemetry, &id[..1]).unwrap_err().what.contains("several"));
        let unsampled = fixture.telemetry.spans.trace_id(traces[8]).to_string();
        assert!(trace(&fixture.telemetry, &unsampled).unwrap_err().what.contains("recorded"));
        for wrong in ["", "xyz", &"0".repeat(33), &"f".repeat(32)] {
            assert!(!find_trace(&fixture.telemetry, wrong).unwrap_err().remedy.is_empty());
        }
    }
}
