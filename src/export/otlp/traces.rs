//! Spans.

use std::io;

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData, span, status};

use super::common::{ByProcess, pair, resource, scope, span_id, trace_id, unix_nano};
use super::{Sink, chunks};
use crate::Telemetry;
use crate::telemetry::event::{self, SpanEvent};
use crate::telemetry::{SpanKind, SpanRecord, attribute};

pub(super) fn write(telemetry: &Telemetry, sink: &mut Sink<'_>) -> io::Result<u64> {
    let records = telemetry.spans.iter().map(|record| {
        let process = (record.resource, telemetry.process_at(record.resource, record.start));
        (process, span(telemetry, record))
    });
    chunks(telemetry, records, message, sink)
}

pub(super) fn message(telemetry: &Telemetry, chunk: &mut ByProcess<Span>) -> TracesData {
    let resource_spans = chunk.take().map(|(id, spans)| ResourceSpans {
        resource: resource(telemetry, id),
        scope_spans: vec![ScopeSpans { scope: scope(), spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    });
    TracesData { resource_spans: resource_spans.collect() }
}

pub(super) fn span(telemetry: &Telemetry, record: SpanRecord<'_>) -> Span {
    let shape = telemetry.spans.shape_of(record.shape);
    let start = unix_nano(telemetry, record.start);
    let kind = match shape.kind {
        SpanKind::Internal => span::SpanKind::Internal,
        SpanKind::Server => span::SpanKind::Server,
        SpanKind::Client => span::SpanKind::Client,
        SpanKind::Producer => span::SpanKind::Producer,
        SpanKind::Consumer => span::SpanKind::Consumer,
    };
    let code = if record.error { status::StatusCode::Error } else { status::StatusCode::Unset };
    Span {
        trace_id: trace_id(telemetry, record.trace),
        span_id: span_id(record.number),
        parent_span_id: span_id(record.parent),
        name: shape.template.text.clone(),
        kind: kind as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: start + record.duration.0,
        attributes: attribute::of_span(telemetry, record).map(|(key, value)| pair(key, value)).collect(),
        events: event::of_span(telemetry, record).iter().map(|event| record_event(start, event)).collect(),
        links: record_links(telemetry, record),
        status: Some(Status { code: code as i32, ..Status::default() }),
        ..Span::default()
    }
}

fn record_event(start: u64, event: &SpanEvent) -> span::Event {
    span::Event {
        time_unix_nano: start + event.after.0,
        name: event::EXCEPTION.to_owned(),
        attributes: event.attributes().map(|(key, text)| pair(key, attribute::Value::Text(text))).into(),
        ..span::Event::default()
    }
}

fn record_links(telemetry: &Telemetry, record: SpanRecord<'_>) -> Vec<span::Link> {
    let links = telemetry.spans.links_of(record.number).map(|link| span::Link {
        trace_id: trace_id(telemetry, link.trace),
        span_id: span_id(link.span),
        ..span::Link::default()
    });
    links.collect()
}
