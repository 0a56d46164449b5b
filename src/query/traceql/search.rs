//! Searches traces, and renders what was found as Tempo's search API does.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde_json::{Value as Json, json};

use super::ast::{Attribute, Element, Field, Intrinsic, Op, Query, Scope, Spanset};
use super::fields::View;
use super::spansets::{Group, named, run};
use super::store::{Condition, TraceScan, TraceStore};
use super::value::Value;

/// What a search may give.
#[derive(Clone, Copy, Debug)]
pub struct SearchLimits {
    /// Traces.
    pub traces: usize,
    /// Spans shown of a spanset; all are counted.
    pub spans: usize,
}

impl Default for SearchLimits {
    /// Tempo's.
    fn default() -> Self {
        SearchLimits { traces: 20, spans: 3 }
    }
}

/// A trace that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundTrace {
    /// Its id.
    pub id: String,
    /// The service of its root.
    pub root_service: String,
    /// The name of its root.
    pub root_name: String,
    /// The start of its first span, in nanoseconds since 1970.
    pub start: i64,
    /// From its first start to its last end, in nanoseconds.
    pub duration: i64,
    /// The spansets found.
    pub spansets: Vec<FoundSpanset>,
}

/// A spanset that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSpanset {
    /// What it was split by, and its aggregates.
    pub attributes: Vec<(String, Value)>,
    /// How many spans it has.
    pub matched: usize,
    /// The first of them, by start.
    pub spans: Vec<FoundSpan>,
}

/// A span that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSpan {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its start, in nanoseconds since 1970.
    pub start: i64,
    /// Its length, in nanoseconds.
    pub duration: i64,
    /// The attributes that the query names and the span has.
    pub attributes: Vec<(String, Value)>,
}

impl Query {
    /// The attributes that filters and selections name, each once: to tell of those that no span has.
    pub fn attributes(&self) -> Vec<Attribute> {
        named(&self.pipeline)
    }

    /// The one attribute that is selected, if it is one.
    pub fn selected(&self) -> Option<Attribute> {
        match self.pipeline.last() {
            Some(Element::Select(attributes)) if attributes.len() == 1 => attributes.first().cloned(),
            _ => None,
        }
    }
}

/// Searches traces with a span from an instant to before another (nanoseconds since 1970), in the store's
/// order; the newest first with the hint `most_recent=true`.
pub fn search(store: &dyn TraceStore, query: &Query, from: i64, until: i64, limits: &SearchLimits) -> Vec<FoundTrace> {
    let conditions = conditions(query);
    let shown = named(&query.pipeline);
    let mut found = Vec::new();
    if limits.traces == 0 {
        return found;
    }
    let newest = query.hints.iter().any(|(name, value)| name == "most_recent" && *value == Value::Bool(true));
    store.scan(&TraceScan { from, until, conditions: &conditions }, &mut |trace| {
        let view = View::new(trace);
        let all = Group { spans: (0..trace.spans()).collect(), shown: Vec::new() };
        let groups = run(&view, &query.pipeline, vec![all]);
        if !groups.is_empty() {
            found.push(found_trace(&view, groups, &shown, limits));
        }
        // Those kept are sorted now and then, so that a wide search does not hold all it found.
        if newest && found.len() >= limits.traces.saturating_mul(2) {
            keep_newest(&mut found, limits.traces);
        }
        if !newest && found.len() == limits.traces { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if newest {
        keep_newest(&mut found, limits.traces);
    }
    found
}

fn keep_newest(found: &mut Vec<FoundTrace>, count: usize) {
    found.sort_by(|a, b| b.start.cmp(&a.start).then_with(|| a.id.cmp(&b.id)));
    found.truncate(count);
}

fn found_trace(view: &View<'_>, groups: Vec<Group>, shown: &[Attribute], limits: &SearchLimits) -> FoundTrace {
    let root = |intrinsic| match view.attribute(&Attribute::Intrinsic(intrinsic), 0) {
        Value::Nil => String::new(),
        value => value.text(),
    };
    FoundTrace {
        id: view.trace.id(),
        root_service: root(Intrinsic::RootService),
        root_name: root(Intrinsic::RootName),
        start: view.tree().start,
        duration: view.tree().end - view.tree().start,
        spansets: groups.into_iter().map(|group| found_spanset(view, group, shown, limits)).collect(),
    }
}

fn found_spanset(view: &View<'_>, mut group: Group, shown: &[Attribute], limits: &SearchLimits) -> FoundSpanset {
    group.spans.sort_by_key(|span| (view.trace.span(*span).start, *span));
    let one = |span: &usize| {
        let head = view.trace.span(*span);
        let value = |attribute: &Attribute| {
            let key = match attribute {
                Attribute::Named { name, parent: false, .. } => name.clone(),
                Attribute::Intrinsic(Intrinsic::Name | Intrinsic::Duration) => return None,
                other => other.to_string(),
            };
            Some((key, view.attribute(attribute, *span))).filter(|(_, value)| *value != Value::Nil)
        };
        FoundSpan {
            id: view.trace.span_id(*span),
            name: head.name.to_owned(),
            start: head.start,
            duration: head.duration,
            attributes: shown.iter().filter_map(value).collect(),
        }
    };
    FoundSpanset {
        matched: group.spans.len(),
        spans: group.spans.iter().take(limits.spans).map(one).collect(),
        attributes: group.shown,
    }
}

/// The different values of an attribute over the spans that a query finds, in order, as many as `most`. Measures of the
/// query are passed over.
pub fn values(
    store: &dyn TraceStore,
    query: &Query,
    attribute: &Attribute,
    from: i64,
    until: i64,
    most: usize,
) -> Vec<Value> {
    let mut found: BTreeMap<(String, String), Value> = BTreeMap::new();
    if let [Element::Spanset(Spanset::Filter(Field::Static(Value::Bool(true))))] = query.pipeline.as_slice()
        && let Some(values) = store.values_of(attribute, from, until)
    {
        let keyed = values.into_iter().map(|value| ((value.text(), value.type_name().to_owned()), value));
        found.extend(keyed);
        return found.into_values().take(most).collect();
    }
    store.scan(&TraceScan { from, until, conditions: &conditions(query) }, &mut |trace| {
        let view = View::new(trace);
        let all = Group { spans: (0..trace.spans()).collect(), shown: Vec::new() };
        for span in run(&view, &query.pipeline, vec![all]).into_iter().flat_map(|group| group.spans) {
            let value = view.attribute(attribute, span);
            if value != Value::Nil && found.len() < most {
                found.entry((value.text(), value.type_name().to_owned())).or_insert(value);
            }
        }
        if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    found.into_values().collect()
}

/// Conditions that one span must meet for a query to give anything: those of a first filter, where it is the only one.
pub(super) fn conditions(query: &Query) -> Vec<Condition> {
    let Some(Element::Spanset(Spanset::Filter(field))) = query.pipeline.first() else { return Vec::new() };
    let parts = match field {
        Field::And(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let simple = |field: &Field| match field {
        Field::Binary(left, op, right) if op.is_test() && *op != Op::NotEqual => match (&**left, &**right) {
            (Field::Attribute(attribute), Field::Static(value)) if *value != Value::Nil => {
                Some(Condition { attribute: attribute.clone(), op: *op, value: value.clone() })
            }
            _ => None,
        },
        _ => None,
    };
    let of_one_span = |condition: &Condition| {
        !matches!(
            condition.attribute,
            Attribute::Named { parent: true, .. } | Attribute::Named { scope: Scope::Event | Scope::Link, .. }
        )
    };
    parts.iter().filter_map(simple).filter(of_one_span).collect()
}

/// The answer of Tempo's `/api/search`.
pub fn search_json(found: &[FoundTrace]) -> Json {
    let traces: Vec<Json> = found.iter().map(trace_json).collect();
    json!({"traces": traces, "metrics": {"inspectedTraces": found.len()}})
}

fn trace_json(trace: &FoundTrace) -> Json {
    let spansets: Vec<Json> = trace.spansets.iter().map(spanset_json).collect();
    json!({
        "traceID": trace.id,
        "rootServiceName": trace.root_service,
        "rootTraceName": trace.root_name,
        "startTimeUnixNano": trace.start.to_string(),
        "durationMs": trace.duration / 1_000_000,
        "spanSet": spansets.first(),
        "spanSets": spansets,
    })
}

fn spanset_json(spanset: &FoundSpanset) -> Json {
    let span = |span: &FoundSpan| {
        json!({
            "spanID": span.id,
            "name": span.name,
            "startTimeUnixNano": span.start.to_string(),
            "durationNanos": span.duration.to_string(),
            "attributes": attributes_json(&span.attributes),
        })
    };
    let mut out = json!({"matched": spanset.matched, "spans": spanset.spans.iter().map(span).collect::<Vec<_>>()});
    if !spanset.attributes.is_empty() {
        out["attributes"] = attributes_json(&spanset.attributes);
    }
    out
}

fn attributes_json(attributes: &[(String, Value)]) -> Json {
    attributes.iter().map(|(key, value)| json!({"key": key, "value": value_json(value)})).collect()
}

/// A value as OTLP's JSON has it.
pub(super) fn value_json(value: &Value) -> Json {
    match value {
        Value::Bool(flag) => json!({"boolValue": flag}),
        Value::Int(number) => json!({"intValue": number.to_string()}),
        Value::Float(number) => json!({"doubleValue": number}),
        other => json!({"stringValue": other.text()}),
    }
}
