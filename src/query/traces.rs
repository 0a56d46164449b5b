//! The traces of a run as Tempo would hold them. Knows telemetry, and which traces a search cannot want; nothing else of
//! queries.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

mod values;

use super::traceql::{
    Attribute, Condition, Event, Intrinsic, Kind, Link, Scope, Span, Status, Trace, TraceScan, TraceStore, Value,
};
use crate::Telemetry;
use crate::telemetry::{ABSENT, SpanHead, SpanKind, SpanRecord, SpanShape, TraceRef, attribute, event};
use crate::time::{Duration, Stamp};

/// The spans of a run by their traces. A trace is read when it is asked for.
pub struct Traces<'a> {
    telemetry: &'a Telemetry,
    /// Rows of spans, those of a trace together, in the order they ended.
    rows: Vec<u32>,
    /// Where the rows of each trace begin, by its number; one more at the end.
    begins: Vec<u32>,
    /// The instant of stamp zero, in nanoseconds since 1970.
    zero: i64,
}

impl<'a> Traces<'a> {
    /// Puts the spans of each trace together.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use allgreen::query::{traceql, traces::Traces};
    /// let world = allgreen::World::load("worlds/storefront.ron")?;
    /// let mut sim = allgreen::Simulation::new(&world, allgreen::Seed(7));
    /// sim.run_until(allgreen::SimTime::from_secs(600));
    /// let query = traceql::parse("{ status = error } >> { duration > 1s }")?;
    /// let found = traceql::search(&Traces::new(sim.telemetry()), &query, 0, i64::MAX, &Default::default());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(telemetry: &'a Telemetry) -> Self {
        let place = |trace: TraceRef| TraceRef::to_raw(Some(trace)) as usize;
        let traces = telemetry.spans.traces().last().map_or(0, place);
        let mut begins = vec![0_u32; traces + 2];
        for head in telemetry.spans.heads() {
            begins[place(head.trace) + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        let mut rows = vec![0_u32; telemetry.spans.len()];
        for (row, head) in (0_u32..).zip(telemetry.spans.heads()) {
            let next = &mut next[place(head.trace)];
            rows[*next as usize] = row;
            *next += 1;
        }
        let zero = i64::try_from(telemetry.epoch().unix_ns(Stamp(0))).unwrap_or(0);
        Traces { telemetry, rows, begins, zero }
    }

    /// The earliest start and the latest end of a span, in nanoseconds since 1970.
    pub fn extent(&self) -> Option<(i64, i64)> {
        let heads = || self.telemetry.spans.heads();
        let first = heads().map(|head| head.start).min()?;
        let last = heads().map(|head| head.start + head.duration).max()?;
        Some((self.at(first), self.at(last)))
    }

    /// The names of attributes that spans or their resources have, or their events have, sorted; no other scope has any.
    pub fn tags(&self, scope: Scope) -> Vec<&'a str> {
        let telemetry = self.telemetry;
        let text = |symbol| telemetry.names.text(symbol);
        let names: BTreeSet<&str> = match scope {
            Scope::Span => {
                let fields = |shape: &'a SpanShape| shape.template.fields.iter().map(|field| field.name);
                let constants = |shape: &'a SpanShape| shape.constants.iter().map(|(name, _)| *name);
                let shapes = telemetry.spans.shapes().iter();
                shapes.flat_map(|shape| constants(shape).chain(fields(shape))).map(text).collect()
            }
            Scope::Resource => {
                let version = (!telemetry.processes.is_empty()).then_some("service.version");
                let own = telemetry.resources.iter().flat_map(|one| attribute::of_resource(one).map(|(name, _)| name));
                own.chain(version).collect()
            }
            Scope::Event => [event::EXCEPTION_TYPE, event::EXCEPTION_MESSAGE].into(),
            _ => BTreeSet::new(),
        };
        names.into_iter().collect()
    }

    fn at(&self, stamp: Stamp) -> i64 {
        self.zero.saturating_add(stamp.0)
    }

    fn rows_of(&self, trace: usize) -> &[u32] {
        match (self.begins.get(trace), self.begins.get(trace + 1)) {
            (Some(from), Some(to)) => &self.rows[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// For each trace, by its number, whether it is worth a look: it has a span in time, and one that may meet all
    /// conditions.
    fn worth(&self, scan: &TraceScan<'_>) -> Vec<bool> {
        const IN_TIME: u8 = 1;
        const MEETS: u8 = 2;
        let tests: Vec<Test<'_>> =
            scan.conditions.iter().map(|condition| Test::new(self.telemetry, condition)).collect();
        let (from, until) = (Stamp(scan.from.saturating_sub(self.zero)), Stamp(scan.until.saturating_sub(self.zero)));
        let mut seen = vec![0_u8; self.begins.len().saturating_sub(1)];
        for head in self.telemetry.spans.heads() {
            let seen = &mut seen[TraceRef::to_raw(Some(head.trace)) as usize];
            *seen |= if from <= head.start && head.start < until { IN_TIME } else { 0 };
            *seen |= if tests.iter().all(|test| test.may_pass(&head)) { MEETS } else { 0 };
        }
        seen.into_iter().map(|seen| seen == IN_TIME | MEETS).collect()
    }
}

impl TraceStore for Traces<'_> {
    /// The trace that began last comes first.
    fn scan(&self, scan: &TraceScan<'_>, visit: &mut dyn FnMut(&dyn Trace) -> ControlFlow<()>) {
        let worth = self.worth(scan);
        for (number, _) in worth.iter().enumerate().rev().filter(|(_, worth)| **worth) {
            let Some(trace) = u32::try_from(number).ok().and_then(TraceRef::from_raw) else { continue };
            if visit(&OneTrace::new(self, trace, self.rows_of(number))).is_break() {
                return;
            }
        }
    }

    fn values_of(&self, attribute: &Attribute, from: i64, until: i64) -> Option<Vec<Value>> {
        let (from, until) = (Stamp(from.saturating_sub(self.zero)), Stamp(until.saturating_sub(self.zero)));
        values::of(self.telemetry, attribute, from, until)
    }
}

/// A condition, worked out as far as a span's head tells: never false when the span meets it.
enum Test<'c> {
    /// By shape.
    Shape(Vec<bool>),
    /// By replica.
    Resource(Vec<bool>),
    Duration(&'c Condition),
    Status(&'c Condition),
    /// Only the whole span tells.
    Perhaps,
}

impl<'c> Test<'c> {
    fn new(telemetry: &Telemetry, condition: &'c Condition) -> Self {
        let shapes = telemetry.spans.shapes().iter();
        match &condition.attribute {
            Attribute::Intrinsic(Intrinsic::Name) => {
                Test::Shape(shapes.map(|shape| condition.accepts(&Value::Text(shape.template.text.clone()))).collect())
            }
            Attribute::Intrinsic(Intrinsic::Kind) => {
                Test::Shape(shapes.map(|shape| condition.accepts(&Value::Kind(kind(shape.kind)))).collect())
            }
            Attribute::Intrinsic(Intrinsic::Duration) => Test::Duration(condition),
            Attribute::Intrinsic(Intrinsic::Status) => Test::Status(condition),
            // The version differs from process to process.
            Attribute::Named { scope: Scope::Resource, parent: false, name } if name != "service.version" => {
                let accepts = |resource| {
                    let found = attribute::of_resource(resource).find(|(key, _)| key == name);
                    found.is_some_and(|(_, value)| condition.accepts(&Value::Text(value.to_owned())))
                };
                Test::Resource(telemetry.resources.iter().map(accepts).collect())
            }
            Attribute::Named { scope: Scope::Span, parent: false, name } => {
                Test::Shape(shapes.map(|shape| may_have(telemetry, shape, name, condition)).collect())
            }
            _ => Test::Perhaps,
        }
    }

    fn may_pass(&self, head: &SpanHead) -> bool {
        match self {
            Test::Shape(passes) => passes[usize::from(head.shape.0)],
            Test::Resource(passes) => passes[usize::from(head.resource.0)],
            Test::Duration(condition) => condition.accepts(&Value::Duration(nanoseconds(head.duration))),
            Test::Status(condition) => condition.accepts(&Value::Status(status(head.error))),
            Test::Perhaps => true,
        }
    }
}

/// Whether spans of this shape may have an attribute that a condition accepts.
fn may_have(telemetry: &Telemetry, shape: &SpanShape, name: &str, condition: &Condition) -> bool {
    let text = |symbol| telemetry.names.text(symbol);
    match shape.constants.iter().find(|(key, _)| text(*key) == name) {
        Some((_, value)) => condition.accepts(&Value::Text(text(*value).to_owned())),
        None => shape.template.fields.iter().any(|field| text(field.name) == name),
    }
}

fn kind(kind: SpanKind) -> Kind {
    match kind {
        SpanKind::Internal => Kind::Internal,
        SpanKind::Server => Kind::Server,
        SpanKind::Client => Kind::Client,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
    }
}

fn status(error: bool) -> Status {
    if error { Status::Error } else { Status::Unset }
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.0).unwrap_or(i64::MAX)
}

/// One trace, borrowed.
struct OneTrace<'a> {
    of: &'a Traces<'a>,
    id: TraceRef,
    spans: Vec<SpanRecord<'a>>,
    parents: OnceCell<Vec<Option<usize>>>,
}

impl<'a> OneTrace<'a> {
    fn new(of: &'a Traces<'a>, id: TraceRef, rows: &[u32]) -> Self {
        let spans: Vec<SpanRecord<'a>> = rows.iter().map(|row| of.telemetry.spans.get(*row as usize)).collect();
        OneTrace { of, id, spans, parents: OnceCell::new() }
    }

    /// A parent that was not recorded leaves a root behind.
    fn find_parents(&self) -> Vec<Option<usize>> {
        let places = self.spans.iter().enumerate().map(|(at, span)| (span.number.0, at));
        let places: BTreeMap<u32, usize> = places.collect();
        self.spans.iter().map(|span| places.get(&span.parent.0).copied()).collect()
    }

    /// The attribute of a span itself.
    fn own(&self, span: &SpanRecord<'a>, name: &str) -> Option<Value> {
        let telemetry = self.of.telemetry;
        let shape = telemetry.spans.shape_of(span.shape);
        let text = |symbol| telemetry.names.text(symbol);
        if let Some((_, value)) = shape.constants.iter().find(|(key, _)| text(*key) == name) {
            return Some(Value::Text(text(*value).to_owned()));
        }
        let mut fields = shape.template.fields.iter().zip(span.args);
        let (field, arg) = fields.find(|(field, arg)| **arg != ABSENT && text(field.name) == name)?;
        Some(value(attribute::value(telemetry, field.kind, *arg)))
    }
}

fn value(given: attribute::Value<'_>) -> Value {
    match given {
        attribute::Value::Text(text) => Value::Text(text.to_owned()),
        attribute::Value::Int(number) => Value::Int(number),
        attribute::Value::Double(number) => Value::Float(number),
        attribute::Value::Bool(flag) => Value::Bool(flag),
    }
}

impl Trace for OneTrace<'_> {
    fn id(&self) -> String {
        self.of.telemetry.spans.trace_id(self.id).to_string()
    }

    fn spans(&self) -> usize {
        self.spans.len()
    }

    fn span(&self, at: usize) -> Span<'_> {
        let span = &self.spans[at];
        let shape = self.of.telemetry.spans.shape_of(span.shape);
        Span {
            name: &shape.template.text,
            kind: kind(shape.kind),
            status: status(span.error),
            status_message: "",
            start: self.of.at(span.start),
            duration: nanoseconds(span.duration),
        }
    }

    fn parent(&self, at: usize) -> Option<usize> {
        self.parents.get_or_init(|| self.find_parents())[at]
    }

    fn attribute(&self, at: usize, scope: Scope, name: &str) -> Option<Value> {
        let telemetry = self.of.telemetry;
        let span = &self.spans[at];
        match (scope, name) {
            (Scope::Span, name) => self.own(span, name),
            (Scope::Resource, name) => {
                let resource = telemetry.resource(span.resource);
                let version =
                    if name == "service.version" { telemetry.version_at(span.resource, span.start) } else { "" };
                let found = attribute::of_process(resource, version).find(|(key, _)| *key == name);
                found.map(|(_, value)| Value::Text(value.to_owned()))
            }
            (Scope::Instrumentation, "name") => Some(Value::Text(env!("CARGO_PKG_NAME").to_owned())),
            (Scope::Instrumentation, "version") => Some(Value::Text(env!("CARGO_PKG_VERSION").to_owned())),
            _ => None,
        }
    }

    fn attributes(&self, at: usize) -> Vec<(Scope, String, Value)> {
        let telemetry = self.of.telemetry;
        let span = self.spans[at];
        let version = telemetry.version_at(span.resource, span.start);
        let process = attribute::of_process(telemetry.resource(span.resource), version);
        let process = process.map(|(name, text)| (Scope::Resource, name.to_owned(), Value::Text(text.to_owned())));
        let own = attribute::of_span(telemetry, span).map(|(name, own)| (Scope::Span, name.to_owned(), value(own)));
        process.chain(own).collect()
    }

    fn span_id(&self, at: usize) -> String {
        self.spans[at].number.id().unwrap_or_default()
    }

    fn events(&self, at: usize) -> Vec<Event> {
        let event = event::of_span(self.of.telemetry, self.spans[at]).map(|event| Event {
            name: event::EXCEPTION.to_owned(),
            after: nanoseconds(event.after),
            attributes: event.attributes().map(|(key, text)| (key.to_owned(), Value::Text(text.to_owned()))).into(),
        });
        event.into_iter().collect()
    }

    fn links(&self, at: usize) -> Vec<Link> {
        let spans = &self.of.telemetry.spans;
        let link = |link: crate::telemetry::SpanLink| Link {
            trace: spans.trace_id(link.trace).to_string(),
            span: link.span.id().unwrap_or_default(),
            attributes: Vec::new(),
        };
        spans.links_of(self.spans[at].number).map(link).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::traceql::{SearchLimits, parse, search};
    use super::*;
    use crate::telemetry::{ArgKind, Field, Resource, ResourceId, ShapeId, SpanNumber, Template};
    use crate::time::Epoch;

    const MS: i64 = 1_000_000;

    /// Ten traces: the edge asks the cart; the fourth asking fails, each takes a millisecond longer than the one before.
    pub(super) fn telemetry() -> Telemetry {
        let mut telemetry = Telemetry::new(Epoch::UNIX);
        for service in ["edge", "cart"] {
            let (instance, service) = (format!("{service}-1"), service.to_owned());
            let kind = crate::world::Kind::Service;
            telemetry.resources.push(Resource { service, instance, zone: String::new(), kind });
        }
        let method = (telemetry.names.intern("http.request.method"), telemetry.names.intern("GET"));
        let status = Field { name: telemetry.names.intern("http.response.status_code"), kind: ArgKind::Count };
        let shape = |kind, name: &str, constants, fields| {
            let template = Template { text: name.to_owned(), fields };
            SpanShape { kind, constants, template }
        };
        let served = shape(SpanKind::Server, "GET /cart", vec![method], vec![status]);
        let asked = shape(SpanKind::Client, "GET", vec![method], vec![]);
        let served = telemetry.spans.shape("served", || served);
        let asked = telemetry.spans.shape("asked", || asked);
        for number in 0..10_u32 {
            let trace = telemetry.spans.start_trace(u64::from(number));
            let mut push = |own: u32, parent: u32, resource: u16, shape: ShapeId, length: i64, args: &[u32]| {
                telemetry.spans.push(SpanRecord {
                    start: Stamp(i64::from(number) * 1000 * MS),
                    duration: Duration::from_millis(length as u64),
                    trace,
                    number: SpanNumber(own),
                    parent: SpanNumber(parent),
                    resource: ResourceId(resource),
                    shape,
                    error: number == 3 && resource == 1,
                    args,
                });
            };
            let (root, child) = (2 * number + 1, 2 * number + 2);
            push(child, root, 1, asked, 5, &[]);
            push(root, 0, 0, served, 20 + i64::from(number), &[if number == 3 { 500 } else { 200 }]);
        }
        telemetry
    }

    fn found(query: &str, until: i64) -> Vec<String> {
        let telemetry = telemetry();
        let query = parse(query).unwrap_or_else(|error| panic!("{error}"));
        let found = search(&Traces::new(&telemetry), &query, 0, until, &SearchLimits { traces: 100, spans: 3 });
        let shown = |trace: super::super::traceql::FoundTrace| {
            format!("{} {}", trace.start / (1000 * MS), trace.spansets[0].spans[0].name)
        };
        found.into_iter().map(shown).collect()
    }

    #[test]
    fn traces_are_found_by_what_their_spans_say() {
        let fourth = ["3 GET /cart"];
        for query in [
            "{ span.http.response.status_code = 500 }",
            "{ .http.response.status_code >= 500 && kind = server }",
            "{ resource.service.name = \"edge\" } > { } | { name = \"GET\" && status = error }",
            "{ status = error && span.http.request.method = \"GET\" }",
        ] {
            let found = found(query, i64::MAX);
            assert_eq!(found.len(), 1, "{query}: {found:?}");
            assert!(found[0].starts_with(&fourth[0][..1]), "{query}: {found:?}");
        }
        assert_eq!(found("{ duration > 27ms }", i64::MAX), ["9 GET /cart", "8 GET /cart"]);
        assert_eq!(found("{ duration > 27ms }", 9000 * MS), ["8 GET /cart"]);
        assert_eq!(found("{ resource.service.instance.id = \"cart-1\" }", i64::MAX).len(), 10);
        for query in [
            "{ resource.service.name = \"pay\" }",
            "{ span.http.request.method = \"PUT\" }",
            "{ resource.cloud.availability_zone = \"a\" }",
            "{ span.none = 1 }",
            "{ name = \"none\" }",
        ] {
            assert!(found(query, i64::MAX).is_empty(), "{query}");
        }
    }

    #[test]
    fn a_call_that_threw_has_an_exception() {
        let mut telemetry = telemetry();
        let callee = (telemetry.names.intern("server.address"), telemetry.names.intern("cart"));
        let error = Field { name: telemetry.names.intern("error.type"), kind: ArgKind::Name };
        let template = Template { text: "GET".to_owned(), fields: vec![error] };
        let shape = SpanShape { kind: SpanKind::Client, constants: vec![callee], template };
        let shape = telemetry.spans.shape("thrown", || shape);
        for (number, what) in ["timeout", "503"].into_iter().enumerate() {
            let number = 100 + number as u32;
            let trace = telemetry.spans.start_trace(u64::from(number));
            telemetry.spans.push(SpanRecord {
                start: Stamp(i64::from(number) * 1000 * MS),
                duration: Duration::from_millis(800),
                trace,
                number: SpanNumber(number),
                parent: SpanNumber(0),
                resource: ResourceId(0),
                shape,
                error: true,
                args: &[telemetry.names.intern(what).0],
            });
        }
        let found = |query: &str| {
            let query = parse(query).unwrap_or_else(|error| panic!("{error}"));
            search(&Traces::new(&telemetry), &query, 0, i64::MAX, &SearchLimits::default()).len()
        };
        assert_eq!(found("{ event:name = \"exception\" }"), 1);
        assert_eq!(found("{ event.exception.type = \"TimeoutError\" && event:timeSinceStart = 800ms }"), 1);
        assert_eq!(found("{ event.exception.message = \"no answer in time from cart\" }"), 1);
        let names = Traces::new(&telemetry).tags(Scope::Event);
        assert_eq!(names, ["exception.message", "exception.type"]);
    }

    #[test]
    fn what_is_left_out_is_never_what_would_be_found() {
        let telemetry = telemetry();
        let traces = Traces::new(&telemetry);
        let all = |conditions: &[Condition]| {
            let scan = TraceScan { from: 0, until: i64::MAX, conditions };
            traces.worth(&scan).into_iter().filter(|worth| *worth).count()
        };
        assert_eq!(all(&[]), 10);
        let condition = |name: &str, scope, value| Condition {
            attribute: Attribute::Named { scope, parent: false, name: name.into() },
            op: super::super::traceql::Op::Equal,
            value,
        };
        assert_eq!(all(&[condition("service.version", Scope::Resource, Value::Text("1".into()))]), 10);
        assert_eq!(all(&[condition("service.name", Scope::Any, Value::Text("x".into()))]), 10);
        assert_eq!(all(&[condition("http.response.status_code", Scope::Span, Value::Int(200))]), 10);
        assert_eq!(all(&[condition("http.request.method", Scope::Span, Value::Text("PUT".into()))]), 0);
    }

    #[test]
    fn nothing_recorded_is_nothing_found() {
        let telemetry = Telemetry::new(Epoch::UNIX);
        let traces = Traces::new(&telemetry);
        let query = parse("{ }").unwrap_or_else(|error| panic!("{error}"));
        assert!(search(&traces, &query, 0, i64::MAX, &SearchLimits::default()).is_empty());
        assert_eq!(traces.extent(), None);
    }
}
