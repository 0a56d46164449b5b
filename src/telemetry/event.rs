//! Events of spans: what the instrumentation of a call records when the call threw instead of being answered. They follow
//! from what the span says anyway, and so are not stored.

use super::{SpanKind, SpanRecord, Telemetry, attribute};
use crate::time::Duration;

/// The name of the event, by OpenTelemetry's conventions.
pub(crate) const EXCEPTION: &str = "exception";
/// Its attributes.
pub(crate) const EXCEPTION_TYPE: &str = "exception.type";
pub(crate) const EXCEPTION_MESSAGE: &str = "exception.message";

/// What is thrown for each `error.type` that is no answer of the callee, and its words.
const THROWN: [(&str, &str, &str); 7] = [
    ("timeout", "TimeoutError", "no answer in time from"),
    ("connection_refused", "ConnectionRefusedError", "connection refused by"),
    ("name_not_resolved", "NameResolutionError", "no address was found for"),
    ("pool_timeout", "PoolTimeoutError", "no connection was free in time to"),
    ("circuit_open", "CircuitOpenError", "the circuit breaker is open for"),
    ("bulkhead_full", "BulkheadFullError", "too many calls are under way to"),
    ("cancelled", "CancelledError", "call cancelled to"),
];

/// An event of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpanEvent {
    /// How long after the span's start.
    pub after: Duration,
    /// The class of what was thrown.
    pub thrown: &'static str,
    /// What it says.
    pub message: String,
}

impl SpanEvent {
    /// Its attributes.
    pub fn attributes(&self) -> [(&'static str, &str); 2] {
        [(EXCEPTION_TYPE, self.thrown), (EXCEPTION_MESSAGE, &self.message)]
    }
}

/// The events of a span: one for a call that threw, at its end.
pub(crate) fn of_span(telemetry: &Telemetry, span: SpanRecord<'_>) -> Option<SpanEvent> {
    let shape = telemetry.spans.shape_of(span.shape);
    if !span.error || !matches!(shape.kind, SpanKind::Client | SpanKind::Producer) {
        return None;
    }
    let text = |wanted: &str| {
        let found = attribute::of_span(telemetry, span).find(|(name, _)| *name == wanted);
        found.and_then(|(_, value)| match value {
            attribute::Value::Text(text) => Some(text),
            _ => None,
        })
    };
    let error = text("error.type")?;
    let (_, thrown, words) = THROWN.iter().find(|(known, ..)| *known == error)?;
    let message = format!("{words} {}", text("server.address").unwrap_or("the callee"));
    Some(SpanEvent { after: span.duration, thrown, message })
}
