//! Where traces come from: small traits over whatever holds them, and traces in memory.

use std::ops::ControlFlow;

use super::ast::{Attribute, Op, Scope};
use super::fields::compares;
use super::value::{Kind, Status, Value};

/// Holds traces.
pub trait TraceStore {
    /// Visits traces that have a span within the time asked for, until told to stop.
    fn scan(&self, scan: &TraceScan<'_>, visit: &mut dyn FnMut(&dyn Trace) -> ControlFlow<()>);

    /// The different values that an attribute has on any span that starts within a time (from, and before until; both in
    /// nanoseconds since 1970), where a store can tell without a look at each trace.
    fn values_of(&self, _attribute: &Attribute, _from: i64, _until: i64) -> Option<Vec<Value>> {
        None
    }
}

/// Which traces are asked for.
#[derive(Clone, Copy, Debug)]
pub struct TraceScan<'a> {
    /// The first instant, in nanoseconds since 1970.
    pub from: i64,
    /// The instant after the last, in nanoseconds since 1970.
    pub until: i64,
    /// Conditions that must all hold for one span of a trace of use. A store may leave out traces without such a span.
    pub conditions: &'a [Condition],
}

/// A comparison of an attribute with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Of what.
    pub attribute: Attribute,
    /// How.
    pub op: Op,
    /// With what.
    pub value: Value,
}

impl Condition {
    /// Whether a value of the attribute meets it.
    pub fn accepts(&self, value: &Value) -> bool {
        compares(value, self.op, &self.value)
    }
}

/// One trace; its spans are numbered from 0, in any order.
pub trait Trace {
    /// Its id in hexadecimal digits.
    fn id(&self) -> String;
    /// How many spans it has.
    fn spans(&self) -> usize;
    /// What every span has.
    fn span(&self, span: usize) -> Span<'_>;
    /// The number of a span's parent; none for a root, or when the parent was lost.
    fn parent(&self, span: usize) -> Option<usize>;
    /// An attribute of a span, its resource or its instrumentation; [`Scope::Any`] is not asked for.
    fn attribute(&self, span: usize, scope: Scope, name: &str) -> Option<Value>;
    /// All attributes of a span and its resource.
    fn attributes(&self, span: usize) -> Vec<(Scope, String, Value)>;
    /// The id of a span in hexadecimal digits.
    fn span_id(&self, span: usize) -> String;
    /// The events of a span.
    fn events(&self, _span: usize) -> Vec<Event> {
        Vec::new()
    }
    /// The links of a span.
    fn links(&self, _span: usize) -> Vec<Link> {
        Vec::new()
    }
}

/// What every span has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its kind.
    pub kind: Kind,
    /// Its status.
    pub status: Status,
    /// What the status says.
    pub status_message: &'a str,
    /// Its start, in nanoseconds since 1970.
    pub start: i64,
    /// Its length, in nanoseconds.
    pub duration: i64,
}

/// An event of a span.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// How long after the span's start, in nanoseconds.
    pub after: i64,
    /// Its attributes.
    pub attributes: Vec<(String, Value)>,
}

/// A link of a span.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// The trace it leads to.
    pub trace: String,
    /// The span it leads to.
    pub span: String,
    /// Its attributes.
    pub attributes: Vec<(String, Value)>,
}

/// Traces in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryTraces(pub Vec<MemoryTrace>);

/// A trace in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryTrace {
    /// Its id.
    pub id: String,
    /// Its spans.
    pub spans: Vec<MemorySpan>,
}

/// A span in memory.
#[derive(Clone, Debug, Default)]
pub struct MemorySpan {
    /// The number of its parent in the trace.
    pub parent: Option<usize>,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Its status.
    pub status: Status,
    /// Its start, in nanoseconds since 1970.
    pub start: i64,
    /// Its length, in nanoseconds.
    pub duration: i64,
    /// Attributes with their scopes.
    pub attributes: Vec<(Scope, String, Value)>,
    /// Events.
    pub events: Vec<Event>,
    /// Links.
    pub links: Vec<Link>,
}

impl TraceStore for MemoryTraces {
    fn scan(&self, scan: &TraceScan<'_>, visit: &mut dyn FnMut(&dyn Trace) -> ControlFlow<()>) {
        for trace in &self.0 {
            let wanted = trace.spans.iter().any(|span| (scan.from..scan.until).contains(&span.start));
            if wanted && visit(trace).is_break() {
                return;
            }
        }
    }
}

impl Trace for MemoryTrace {
    fn id(&self) -> String {
        self.id.clone()
    }
    fn spans(&self) -> usize {
        self.spans.len()
    }
    fn span(&self, span: usize) -> Span<'_> {
        let MemorySpan { name, kind, status, start, duration, .. } = &self.spans[span];
        Span { name, kind: *kind, status: *status, status_message: "", start: *start, duration: *duration }
    }
    fn parent(&self, span: usize) -> Option<usize> {
        self.spans[span].parent
    }
    fn attribute(&self, span: usize, scope: Scope, name: &str) -> Option<Value> {
        let found = self.spans[span].attributes.iter().find(|(known, key, _)| *known == scope && key == name);
        found.map(|(.., value)| value.clone())
    }
    fn attributes(&self, span: usize) -> Vec<(Scope, String, Value)> {
        self.spans[span].attributes.clone()
    }
    fn span_id(&self, span: usize) -> String {
        format!("{:016x}", span + 1)
    }
    fn events(&self, span: usize) -> Vec<Event> {
        self.spans[span].events.clone()
    }
    fn links(&self, span: usize) -> Vec<Link> {
        self.spans[span].links.clone()
    }
}
