//! Traces and spans, by column. Knows what was recorded and sampled; a span whose parent was lost is just a root.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use super::args::Args;
use super::chunks::{Chunks, Columns};
use super::names::Symbol;
use super::template::Template;
use super::{ResourceId, SpanNumber};
use crate::random::mix;
use crate::time::{Duration, Stamp};

/// A trace id: 16 bytes, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The number of a trace within one run, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceRef(NonZeroU32);

impl TraceRef {
    /// Zero is none.
    pub fn from_raw(raw: u32) -> Option<TraceRef> {
        NonZeroU32::new(raw).map(TraceRef)
    }

    /// None is zero.
    pub fn to_raw(this: Option<TraceRef>) -> u32 {
        this.map_or(0, |trace| trace.0.get())
    }
}

/// The kind of a span, as OpenTelemetry names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum SpanKind {
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

impl SpanKind {
    /// `SERVER`, `CLIENT`, …
    pub fn name(self) -> &'static str {
        match self {
            SpanKind::Internal => "INTERNAL",
            SpanKind::Server => "SERVER",
            SpanKind::Client => "CLIENT",
            SpanKind::Producer => "PRODUCER",
            SpanKind::Consumer => "CONSUMER",
        }
    }
}

/// What spans of one sort share: kind, name, constant attributes, and the names of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanShape {
    /// Its kind.
    pub kind: SpanKind,
    /// Attributes that are the same for each span of this shape.
    pub constants: Vec<(Symbol, Symbol)>,
    /// The name (no holes), and the attributes that differ from span to span.
    pub template: Template,
}

/// The number of a span shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapeId(pub u16);

/// All spans of a run.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    shapes: Vec<SpanShape>,
    known: BTreeMap<String, ShapeId>,
    traces: Chunks<TraceColumns>,
    rows: Chunks<SpanColumns>,
    links: Chunks<LinkColumns>,
}

#[derive(Clone, Debug, Default)]
struct TraceColumns {
    identity: Vec<u64>,
}

impl Columns for TraceColumns {
    const ROWS: usize = 1 << 16;
    fn rows(&self) -> usize {
        self.identity.len()
    }
}

#[derive(Clone, Debug, Default)]
struct SpanColumns {
    start: Vec<i64>,
    micros: Vec<u32>,
    trace: Vec<u32>,
    number: Vec<u32>,
    parent: Vec<u32>,
    resource: Vec<u16>,
    shape: Vec<u16>,
    error: Vec<bool>,
    args: Args,
}

impl Columns for SpanColumns {
    const ROWS: usize = 1 << 16;
    fn rows(&self) -> usize {
        self.start.len()
    }
}

/// A link from the span of one trace to a span of another: what was handled because of it, in a trace of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanLink {
    /// The span that has the link.
    pub from: SpanNumber,
    /// The other trace.
    pub trace: TraceRef,
    /// The span in it.
    pub span: SpanNumber,
}

/// Links, in the order of the spans that have them.
#[derive(Clone, Debug, Default)]
struct LinkColumns(Vec<SpanLink>);

impl Columns for LinkColumns {
    const ROWS: usize = 1 << 12;
    fn rows(&self) -> usize {
        self.0.len()
    }
}

/// One span, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct SpanRecord<'a> {
    /// The start, by the replica's own clock.
    pub start: Stamp,
    /// Its length, to the microsecond.
    pub duration: Duration,
    /// Its trace.
    pub trace: TraceRef,
    /// Its number within the run.
    pub number: SpanNumber,
    /// Its parent's number; zero for a root.
    pub parent: SpanNumber,
    /// The replica that recorded it.
    pub resource: ResourceId,
    /// What it shares with others.
    pub shape: ShapeId,
    /// Whether its status is an error.
    pub error: bool,
    /// Its own attributes' values.
    pub args: &'a [u32],
}

/// What is known of a span without its own attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanHead {
    /// The start, by the replica's own clock.
    pub start: Stamp,
    /// Its length, to the microsecond.
    pub duration: Duration,
    /// Its trace.
    pub trace: TraceRef,
    /// Its parent's number; zero for a root.
    pub parent: SpanNumber,
    /// The replica that recorded it.
    pub resource: ResourceId,
    /// What it shares with others.
    pub shape: ShapeId,
    /// Whether its status is an error.
    pub error: bool,
}

impl Spans {
    /// Registers a shape, once; `key` names it. Beyond as many as there are numbers, all others are one more shape.
    pub fn shape(&mut self, key: &str, shape: impl FnOnce() -> SpanShape) -> ShapeId {
        if let Some(id) = self.known.get(key) {
            return *id;
        }
        let id = ShapeId(self.shapes.len().min(usize::from(u16::MAX)) as u16);
        if self.shapes.len() < usize::from(u16::MAX) {
            self.shapes.push(shape());
        } else if self.shapes.len() == usize::from(u16::MAX) {
            let text = "a span of one more kind than are told apart".to_owned();
            let template = Template { text, fields: Vec::new() };
            self.shapes.push(SpanShape { constants: Vec::new(), template, ..shape() });
        }
        self.known.insert(key.to_owned(), id);
        id
    }

    /// What spans of this shape share.
    pub fn shape_of(&self, id: ShapeId) -> &SpanShape {
        &self.shapes[id.0 as usize]
    }

    /// All shapes, by id.
    pub fn shapes(&self) -> &[SpanShape] {
        &self.shapes
    }

    /// Starts a trace; `identity` decides its id.
    #[inline]
    pub fn start_trace(&mut self, identity: u64) -> TraceRef {
        self.traces.open().identity.push(identity);
        TraceRef(NonZeroU32::new(self.traces.len() as u32).unwrap_or(NonZeroU32::MAX))
    }

    /// The id of a trace.
    pub fn trace_id(&self, trace: TraceRef) -> TraceId {
        let (chunk, place) = self.traces.locate(trace.0.get() as usize - 1);
        let identity = chunk.identity[place];
        TraceId(u128::from(mix(identity)) << 64 | u128::from(mix(identity ^ 0xa5a5_a5a5_a5a5_a5a5)))
    }

    /// The trace that has this id.
    pub fn find_trace(&self, id: TraceId) -> Option<TraceRef> {
        let half = (id.0 >> 64) as u64;
        let mut identities = self.traces.iter().flat_map(|chunk| &chunk.identity);
        let place = identities.position(|identity| mix(*identity) == half)?;
        let trace = TraceRef::from_raw(u32::try_from(place + 1).ok()?)?;
        (self.trace_id(trace) == id).then_some(trace)
    }

    /// Traces begun, in order. Not all have recorded spans.
    pub fn traces(&self) -> impl Iterator<Item = TraceRef> + use<> {
        (1..=self.traces.len() as u32).filter_map(TraceRef::from_raw)
    }

    /// Appends a finished span.
    #[inline]
    pub fn push(&mut self, span: SpanRecord<'_>) {
        let chunk = self.rows.open();
        chunk.start.push(span.start.0);
        chunk.micros.push(u32::try_from(span.duration.0 / 1000).unwrap_or(u32::MAX));
        chunk.trace.push(TraceRef::to_raw(Some(span.trace)));
        chunk.number.push(span.number.0);
        chunk.parent.push(span.parent.0);
        chunk.resource.push(span.resource.0);
        chunk.shape.push(span.shape.0);
        chunk.error.push(span.error);
        let arity = self.shapes[span.shape.0 as usize].template.fields.len();
        chunk.args.push(chunk.start.len() - 1, arity, span.args);
    }

    /// Appends a link of a span that begins: spans with links come in the order of their numbers.
    pub fn link(&mut self, link: SpanLink) {
        self.links.open().0.push(link);
    }

    /// The links of a span.
    pub fn links_of(&self, span: SpanNumber) -> impl Iterator<Item = SpanLink> + '_ {
        self.links.iter().flat_map(move |chunk| {
            let from = chunk.0.partition_point(|link| link.from < span);
            chunk.0[from..].iter().copied().take_while(move |link| link.from == span)
        })
    }

    /// All links, in the order of the spans that have them.
    pub fn links(&self) -> impl Iterator<Item = SpanLink> + '_ {
        self.links.iter().flat_map(|chunk| chunk.0.iter().copied())
    }

    /// Spans in all.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no span was recorded.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The span with this number of row, in the order they ended. Panics when there is none, as a slice does.
    pub fn get(&self, row: usize) -> SpanRecord<'_> {
        let (chunk, place) = self.rows.locate(row);
        chunk.record(&self.shapes, place)
    }

    /// All spans, in the order they ended.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = SpanRecord<'_>> {
        self.rows.iter().flat_map(|chunk| (0..chunk.rows()).map(|place| chunk.record(&self.shapes, place)))
    }

    /// What is known of each span without its own attributes, in the order they ended: much faster than whole spans.
    pub fn heads(&self) -> impl Iterator<Item = SpanHead> + '_ {
        self.rows.iter().flat_map(|chunk| (0..chunk.rows()).map(|place| chunk.head(place)))
    }

    /// How many parts the spans lie in.
    pub fn parts(&self) -> usize {
        self.rows.iter().count()
    }

    /// What is known of the spans of one part without their own attributes, in the order they ended. Parts can be read
    /// side by side.
    pub fn heads_of_part(&self, part: usize) -> impl Iterator<Item = SpanHead> + Clone + '_ {
        self.rows.iter().nth(part).into_iter().flat_map(|chunk| (0..chunk.rows()).map(|place| chunk.head(place)))
    }

    /// The spans of one trace, in the order they ended.
    pub fn of_trace(&self, trace: TraceRef) -> Vec<SpanRecord<'_>> {
        let raw = TraceRef::to_raw(Some(trace));
        let mut found = Vec::new();
        for chunk in self.rows.iter() {
            for (place, _) in chunk.trace.iter().enumerate().filter(|(_, t)| **t == raw) {
                found.push(chunk.record(&self.shapes, place));
            }
        }
        found
    }

    /// Bytes held by the columns.
    pub fn bytes(&self) -> usize {
        self.rows.iter().map(|c| c.start.len() * (8 + 4 * 4 + 2 * 2 + 1) + c.args.bytes()).sum()
    }
}

impl SpanColumns {
    #[inline]
    fn head(&self, place: usize) -> SpanHead {
        SpanHead {
            start: Stamp(self.start[place]),
            duration: Duration::from_micros(u64::from(self.micros[place])),
            trace: TraceRef(NonZeroU32::new(self.trace[place]).unwrap_or(NonZeroU32::MIN)),
            parent: SpanNumber(self.parent[place]),
            resource: ResourceId(self.resource[place]),
            shape: ShapeId(self.shape[place]),
            error: self.error[place],
        }
    }

    #[inline]
    fn record<'a>(&'a self, shapes: &[SpanShape], place: usize) -> SpanRecord<'a> {
        let arity = |place: usize| shapes[self.shape[place] as usize].template.fields.len();
        SpanRecord {
            start: Stamp(self.start[place]),
            duration: Duration::from_micros(u64::from(self.micros[place])),
            trace: TraceRef(NonZeroU32::new(self.trace[place]).unwrap_or(NonZeroU32::MIN)),
            number: SpanNumber(self.number[place]),
            parent: SpanNumber(self.parent[place]),
            resource: ResourceId(self.resource[place]),
            shape: ShapeId(self.shape[place]),
            error: self.error[place],
            args: self.args.of(place, arity),
        }
    }
}
