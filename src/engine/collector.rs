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
    /// What became of each trace, for spans that end after the decision.
    kept: BTreeMap<TraceRef, bool>,
}

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
            Some(true) => store.push(span),
            Some(false) => {}
            None => {
                let waiting = self.waiting.entry(span.trace).or_insert(Waiting { since: now, spans: Vec::new() });
                waiting.spans.push(Held::new(span));
            }
        }
    }

    /// Decides for the traces whose time is up.
    pub fn decide(&mut self, now: SimTime, store: &mut Spans) {
        let Some(policy) = self.policy else { return };
        let is_up = |waiting: &Waiting| waiting.since + policy.wait <= now;
        let due: Vec<TraceRef> =
            self.waiting.iter().filter(|(_, waiting)| is_up(waiting)).map(|(trace, _)| *trace).collect();
        for trace in due {
            let Some(waiting) = self.waiting.remove(&trace) else { continue };
            let error = policy.errors && waiting.spans.iter().any(|span| span.error);
            let slow = policy.slower_than.is_some_and(|limit| waiting.spans.iter().any(|span| span.duration > limit));
            let kept = error || slow || draw(store, trace) < policy.share;
            self.kept.insert(trace, kept);
            if kept {
                waiting.spans.iter().for_each(|span| store.push(span.record(trace)));
            }
        }
    }
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
