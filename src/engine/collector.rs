//! The collector between replicas and the store of traces: with tail sampling it holds the spans of a trace until a time
//! is up, and then keeps all of them or none. Knows spans; must never know whether the trace was of a harmed user.

use std::collections::BTreeMap;

use crate::telemetry::{ResourceId, ShapeId, SpanNumber, SpanRecord, Spans, TraceRef};
use crate::time::{Duration, SimTime, Stamp};
use crate::world::TailSampling;

/// Spans on their way to the store.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    /// None passes all on.
    policy: Option<TailSampling>,
    waiting: BTreeMap<TraceRef, Waiting>,
    /// What became of each trace, and when, for spans that end after the decision.
    kept: BTreeMap<TraceRef, (bool, SimTime)>,
    /// Bytes of the spans that are held back.
    held_bytes: usize,
}

/// For how many times the wait a decision is remembered: a trace that is still not over is a new one.
const REMEMBERED: f64 = 10.0;

/// The spans of one trace.
#[derive(Clone, Debug)]
struct Waiting {
    since: SimTime,
    spans: Vec<Held>,
}

/// A span that is held back.
#[derive(Clone, Debug)]
struct Held {
    start: Stamp,
    duration: Duration,
    number: SpanNumber,
    parent: SpanNumber,
    resource: ResourceId,
    shape: ShapeId,
    error: bool,
    args: Vec<u32>,
}

impl Collector {
    pub fn new(policy: Option<TailSampling>) -> Self {
        Collector { policy, ..Collector::default() }
    }

    /// A span ended: it is stored, held back, or dropped.
    #[inline]
    pub fn take(&mut self, now: SimTime, store: &mut Spans, span: SpanRecord<'_>) {
        if self.policy.is_none() {
            return store.push(span);
        }
        match self.kept.get(&span.trace) {
            Some((true, _)) => store.push(span),
            Some((false, _)) => {}
            None => {
                self.held_bytes += bytes_of(span.args.len());
                let waiting = self.waiting.entry(span.trace).or_insert(Waiting { since: now, spans: Vec::new() });
                waiting.spans.push(Held::new(span));
            }
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        let traces = self.waiting.len() * size_of::<(TraceRef, Waiting)>();
        traces + self.held_bytes + self.kept.len() * size_of::<(TraceRef, (bool, SimTime))>()
    }

    /// Decides for the traces whose time is up.
    pub fn decide(&mut self, now: SimTime, store: &mut Spans) {
        let Some(policy) = self.policy else { return };
        self.kept.retain(|_, (_, decided)| *decided + policy.wait.mul_f64(REMEMBERED) > now);
        let is_up = |waiting: &Waiting| waiting.since + policy.wait <= now;
        let due: Vec<TraceRef> =
            self.waiting.iter().filter(|(_, waiting)| is_up(waiting)).map(|(trace, _)| *trace).collect();
        for trace in due {
            let Some(waiting) = self.waiting.remove(&trace) else { continue };
            let error = policy.errors && waiting.spans.iter().any(|span| span.error);
            let slow = policy.slower_than.is_some_and(|limit| waiting.spans.iter().any(|span| span.duration > limit));
            let kept = error || slow || draw(store, trace) < policy.share;
            self.kept.insert(trace, (kept, now));
            self.held_bytes -= waiting.spans.iter().map(|span| bytes_of(span.args.len())).sum::<usize>();
            if kept {
                waiting.spans.iter().for_each(|span| store.push(span.record(trace)));
            }
        }
    }
}

/// Bytes that a span takes that is held back.
fn bytes_of(args: usize) -> usize {
    size_of::<Held>() + args * size_of::<u32>()
}

/// A number from 0 to 1 that belongs to a trace: collectors take it from the id, so that all of them agree.
fn draw(store: &Spans, trace: TraceRef) -> f64 {
    (store.trace_id(trace).0 as u64 >> 11) as f64 / (1u64 << 53) as f64
}

impl Held {
    fn new(span: SpanRecord<'_>) -> Held {
        let SpanRecord { start, duration, number, parent, resource, shape, error, args, .. } = span;
        Held { start, duration, number, parent, resource, shape, error, args: args.to_vec() }
    }

    fn record(&self, trace: TraceRef) -> SpanRecord<'_> {
        let Held { start, duration, number, parent, resource, shape, error, ref args } = *self;
        SpanRecord { start, duration, trace, number, parent, resource, shape, error, args }
    }
}
