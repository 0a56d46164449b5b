//! Log records.

use std::io;

use opentelemetry_proto::tonic::logs::v1::{LogRecord, LogsData, ResourceLogs, ScopeLogs};

use super::common::{ByProcess, pair, resource, scope, span_id, text, trace_id, unix_nano};
use super::{Sink, chunks};
use crate::Telemetry;
use crate::telemetry::{self, attribute};

pub(super) fn write(telemetry: &Telemetry, sink: &mut Sink<'_>) -> io::Result<u64> {
    let records = telemetry.logs.iter().map(|log| {
        let process = (log.resource, telemetry.process_at(log.resource, log.stamp));
        (process, record(telemetry, log))
    });
    chunks(telemetry, records, message, sink)
}

pub(super) fn message(telemetry: &Telemetry, chunk: &mut ByProcess<LogRecord>) -> LogsData {
    let resource_logs = chunk.take().map(|(id, log_records)| ResourceLogs {
        resource: resource(telemetry, id),
        scope_logs: vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }],
        ..ResourceLogs::default()
    });
    LogsData { resource_logs: resource_logs.collect() }
}

pub(super) fn record(telemetry: &Telemetry, log: telemetry::LogRecord<'_>) -> LogRecord {
    let mut body = String::new();
    telemetry.logs.render_into(&telemetry.names, log, &mut body);
    let severity = telemetry.logs.words(log.template).0;
    let time = unix_nano(telemetry, log.stamp);
    LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: time,
        severity_number: i32::from(severity.number()),
        severity_text: severity.text().to_owned(),
        body: Some(text(&body)),
        attributes: attribute::of_log(telemetry, log).map(|(key, value)| pair(key, value)).collect(),
        trace_id: log.trace.map_or_else(Vec::new, |trace| trace_id(telemetry, trace)),
        span_id: log.trace.map_or_else(Vec::new, |_| span_id(log.span)),
        event_name: telemetry.logs.event_name(log.template).unwrap_or_default().to_owned(),
        ..LogRecord::default()
    }
}
