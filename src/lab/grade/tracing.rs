//! Step 6, Trace: whether a pinned trace is one of a harmed request, and whether it crosses the place that failed.

use super::{Case, Review, things};
use crate::lab::{Look, SpanRow, TraceView, look};
use crate::telemetry::TraceRef;

pub fn review(case: &Case<'_>) -> Review {
    let telemetry = case.sim.telemetry();
    let spec = case.lesson.spec();
    let pinned: Vec<TraceRef> = case
        .notebook
        .pinned
        .iter()
        .filter_map(|pinned| match &pinned.look {
            Look::Trace(id) => look::find_trace(telemetry, id).ok(),
            _ => None,
        })
        .collect();
    let Some(caused) = case.caused_at() else {
        return Review {
            did: format!("pinned {}", things(pinned.len(), "trace", "traces")),
            evidence: "there was nothing to trace".into(),
            score: None,
        };
    };
    let harmed = |trace: &TraceRef| {
        let mut debts = case.sim.truth().settled();
        debts.any(|debt| debt.trace == Some(*trace) && debt.outcome.is_harm() && debt.asked >= caused)
    };
    let crosses = |trace: &TraceRef| {
        let view = look::waterfall(telemetry, *trace);
        spec.causes().flat_map(|cause| &cause.at).any(|at| crosses(&view, &crate::lab::fix::arrow_name(at)))
    };
    let judged = pinned.iter().map(|trace| (harmed(trace), crosses(trace)));
    let best = judged.max_by_key(|(harmed, crosses)| u8::from(*harmed) + u8::from(*crosses));
    let did = match best {
        None => "pinned no trace".to_owned(),
        Some((true, true)) => "pinned the trace of a harmed request that crosses the failing place".into(),
        Some((true, false)) => "pinned the trace of a harmed request; the failing place is not in it".into(),
        Some((false, true)) => "pinned a trace that crosses the failing place; its request was not harmed".into(),
        Some((false, false)) => "pinned a trace of another request on another path".into(),
    };
    let score = best.map_or(0.0, |(harmed, crosses)| f64::from(u8::from(harmed) + u8::from(crosses)) / 2.0);
    let example = case.sim.truth().settled().rev().filter(|debt| debt.outcome.is_silent_harm() && debt.asked >= caused);
    let example =
        example.filter_map(|debt| debt.trace).take(200).find(|trace| !telemetry.spans.of_trace(*trace).is_empty());
    let evidence = match example {
        Some(trace) => format!("for example trace {}", telemetry.spans.trace_id(trace)),
        None => "no harmed request left a recorded trace".into(),
    };
    Review { did, evidence, score: Some(score) }
}

/// Whether a trace has a span at a node, or shows a call over an arrow.
fn crosses(trace: &TraceView, at: &str) -> bool {
    let is_of = |span: &SpanRow, node: &str| span.instance.rsplit_once('-').is_some_and(|(service, _)| service == node);
    match at.split_once(" -> ") {
        None => trace.spans.iter().any(|span| is_of(span, at)),
        Some((from, to)) => {
            let calls =
                |span: &SpanRow| span.attributes.iter().any(|(key, value)| key == "server.address" && value == to);
            let called = trace.spans.iter().any(|span| is_of(span, from) && calls(span));
            let both = |node: &str| trace.spans.iter().any(|span| is_of(span, node));
            called || (both(from) && both(to))
        }
    }
}
