//! Stores whose visits end when nobody waits for the answer any more. Knows nothing of what is asked.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::answer::{Answer, Fault};
use crate::query::logql::{Entry, Labels, LogStore, Scan};
use crate::query::traceql::{Attribute, Trace, TraceScan, TraceStore, Value};

/// A store, and whether to stop.
pub(super) struct Stoppable<'a, S> {
    store: &'a S,
    stop: &'a Arc<AtomicBool>,
}

impl<'a, S> Stoppable<'a, S> {
    pub(super) fn new(store: &'a S, stop: &'a Arc<AtomicBool>) -> Self {
        Stoppable { store, stop }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// An answer, unless it was stopped and so is not whole.
    pub(super) fn done(&self, answer: Result<Answer, Fault>) -> Result<Answer, Fault> {
        if self.stopped() { Err(Fault::timeout("the query was stopped")) } else { answer }
    }
}

impl<S: LogStore> LogStore for Stoppable<'_, S> {
    fn streams(&self) -> Vec<Labels> {
        self.store.streams()
    }

    fn metadata_names(&self) -> Vec<String> {
        self.store.metadata_names()
    }

    fn scan(&self, scan: &Scan<'_>, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) {
        if !self.stopped() {
            self.store.scan(scan, &mut |entry| if self.stopped() { ControlFlow::Break(()) } else { visit(entry) });
        }
    }
}

impl<S: TraceStore> TraceStore for Stoppable<'_, S> {
    fn scan(&self, scan: &TraceScan<'_>, visit: &mut dyn FnMut(&dyn Trace) -> ControlFlow<()>) {
        if !self.stopped() {
            self.store.scan(scan, &mut |trace| if self.stopped() { ControlFlow::Break(()) } else { visit(trace) });
        }
    }

    fn values_of(&self, attribute: &Attribute, from: i64, until: i64) -> Option<Vec<Value>> {
        self.store.values_of(attribute, from, until)
    }
}
