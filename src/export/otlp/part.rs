//! Telemetry in parts: what came after what a reader has, and single traces.

use opentelemetry_proto::tonic::metrics::v1::{MetricsData, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;

use super::Signal;
use super::common::{ByProcess, resource, scope};
use super::framed::Framed;
use super::{logs, metrics, traces};
use crate::Telemetry;
use crate::telemetry::{Scrape, TraceRef};

/// How far a reader has come in one signal of a run. The default is the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Spans or log records.
    rows: usize,
    /// Scrapes, by replica.
    scrapes: Vec<usize>,
}

/// A message, and where the reader stands that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `TracesData`, `LogsData` or `MetricsData` as protobuf; the requests of OTLP have the same bytes.
    pub message: Vec<u8>,
    /// Spans, log records or data points.
    pub records: u64,
    /// Behind the message.
    pub after: Cursor,
}

/// What comes behind `from`: at most this many spans or records, or for metrics about as many data points. None if there
/// is nothing. What was emitted never changes, so that the same cursor and `most` give a part that begins alike.
pub fn next_part(telemetry: &Telemetry, signal: Signal, from: &Cursor, most: usize) -> Option<Part> {
    match signal {
        Signal::Traces => {
            let mut chunk = Framed::default();
            let rows = from.rows..telemetry.spans.len().min(from.rows.saturating_add(most));
            rows.clone().map(|row| telemetry.spans.get(row)).for_each(|record| {
                let process = (record.resource, telemetry.process_at(record.resource, record.start));
                chunk.push(process, &traces::span(telemetry, record));
            });
            whole(rows, || chunk.take(telemetry))
        }
        Signal::Logs => {
            let mut chunk = Framed::default();
            let rows = from.rows..telemetry.logs.len().min(from.rows.saturating_add(most));
            rows.clone().map(|row| telemetry.logs.get(row)).for_each(|record| {
                let process = (record.resource, telemetry.process_at(record.resource, record.stamp));
                chunk.push(process, &logs::record(telemetry, record));
            });
            whole(rows, || chunk.take(telemetry))
        }
        Signal::Metrics => next_metrics(telemetry, from, most),
    }
}

fn whole(rows: std::ops::Range<usize>, message: impl FnOnce() -> Vec<u8>) -> Option<Part> {
    let after = Cursor { rows: rows.end, ..Cursor::default() };
    (!rows.is_empty()).then(|| Part { message: message(), records: rows.len() as u64, after })
}

/// Scrapes of one replica after the other, at least one.
fn next_metrics(telemetry: &Telemetry, from: &Cursor, most: usize) -> Option<Part> {
    let mut after = from.clone();
    let (mut resource_metrics, mut records) = (Vec::new(), 0);
    for (id, target) in telemetry.metrics.targets() {
        let at = usize::from(id.0);
        after.scrapes.resize(after.scrapes.len().max(at + 1), 0);
        let room = most.saturating_sub(records) / target.series.len().max(1);
        let room = if records == 0 { room.max(1) } else { room };
        let scrapes: Vec<Scrape<'_>> = telemetry.metrics.scrapes(id).skip(after.scrapes[at]).take(room).collect();
        after.scrapes[at] += scrapes.len();
        let process = |scrape: &Scrape<'_>| telemetry.process_at(id, scrape.stamp);
        for scrapes in scrapes.chunk_by(|a, b| process(a) == process(b)) {
            let metrics = metrics::metrics(telemetry, target, scrapes);
            records += metrics.iter().map(metrics::points).sum::<usize>();
            let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
            let resource = resource(telemetry, (id, scrapes.first().and_then(process)));
            resource_metrics.push(ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() });
        }
    }
    let moved = after.scrapes.iter().sum::<usize>() > from.scrapes.iter().sum();
    let message = MetricsData { resource_metrics }.encode_to_vec();
    moved.then_some(Part { message, records: records as u64, after })
}

/// All spans of a trace; none if it recorded none.
pub fn trace(telemetry: &Telemetry, trace: TraceRef) -> Option<TracesData> {
    let mut spans = ByProcess::new();
    let records = telemetry.spans.of_trace(trace);
    for record in &records {
        let process = (record.resource, telemetry.process_at(record.resource, record.start));
        spans.push(process, traces::span(telemetry, *record));
    }
    (!records.is_empty()).then(|| traces::message(telemetry, &mut spans))
}
