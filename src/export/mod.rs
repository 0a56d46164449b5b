//! Telemetry in formats that other programs read. Knows telemetry; must never know the ground truth.

mod jsonl;
pub mod openmetrics;
pub mod otlp;
pub mod parquet;
pub mod rcaeval;

use std::io::{self, Write};

pub use jsonl::{FORMAT, JsonLines, write};

use crate::Telemetry;
use otlp::{Encoding, Signal};

/// One file of a format.
#[derive(Clone, Copy, Debug)]
pub enum File {
    /// JSON lines of this kind.
    Lines(JsonLines),
    /// See [`otlp::write`].
    Otlp(Signal, Encoding),
    /// A function of the module of its format.
    Whole(fn(&Telemetry, &mut dyn Write) -> io::Result<u64>),
    /// A Parquet table.
    Table(fn(&Telemetry, &mut (dyn Write + Send)) -> io::Result<u64>),
}

impl File {
    /// Writes it. Answers how many records it has.
    pub fn write(self, telemetry: &Telemetry, out: &mut (dyn Write + Send)) -> io::Result<u64> {
        match self {
            File::Lines(kind) => write(telemetry, kind, out),
            File::Otlp(signal, encoding) => otlp::write(telemetry, signal, encoding, out),
            File::Whole(write) => write(telemetry, out),
            File::Table(write) => write(telemetry, out),
        }
    }
}

/// The files of JSON lines.
pub const JSON_LINES: [(&str, File); 6] = [
    ("logs.jsonl", File::Lines(JsonLines::Logs)),
    ("spans.jsonl", File::Lines(JsonLines::Spans)),
    ("metrics.jsonl", File::Lines(JsonLines::Metrics)),
    ("health.jsonl", File::Lines(JsonLines::Health)),
    ("changes.jsonl", File::Lines(JsonLines::Changes)),
    ("reports.jsonl", File::Lines(JsonLines::Reports)),
];

/// The files of OTLP as JSON.
pub const OTLP_JSON: [(&str, File); 3] = [
    ("traces.json", File::Otlp(Signal::Traces, Encoding::Json)),
    ("logs.json", File::Otlp(Signal::Logs, Encoding::Json)),
    ("metrics.json", File::Otlp(Signal::Metrics, Encoding::Json)),
];

/// The files of OTLP as protobuf: `TracesData`, `LogsData`, `MetricsData`.
pub const OTLP_PROTOBUF: [(&str, File); 3] = [
    ("traces.binpb", File::Otlp(Signal::Traces, Encoding::Protobuf)),
    ("logs.binpb", File::Otlp(Signal::Logs, Encoding::Protobuf)),
    ("metrics.binpb", File::Otlp(Signal::Metrics, Encoding::Protobuf)),
];

/// The files of OpenMetrics: all scrapes, and the newest as an exporter would show it.
pub const OPENMETRICS: [(&str, File); 2] = [
    ("metrics.openmetrics.txt", File::Whole(openmetrics::write)),
    ("newest.prom", File::Whole(openmetrics::write_newest)),
];

/// The Parquet tables.
pub const PARQUET: [(&str, File); 3] = [
    ("logs.parquet", File::Table(parquet::write_logs)),
    ("spans.parquet", File::Table(parquet::write_spans)),
    ("metrics.parquet", File::Table(parquet::write_metrics)),
];

/// The files of an RCAEval case.
pub const RCAEVAL: [(&str, File); 4] = [
    ("metrics.csv", File::Whole(rcaeval::write_metrics)),
    ("metrics.json", File::Whole(rcaeval::write_metrics_json)),
    ("logs.csv", File::Whole(rcaeval::write_logs)),
    ("traces.csv", File::Whole(rcaeval::write_traces)),
];
