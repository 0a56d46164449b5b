//! OTLP: OpenTelemetry's own messages (opentelemetry-proto 1.x), as JSON and as protobuf.
//!
//! A JSON file has one `TracesData`, `LogsData` or `MetricsData` a line (OpenTelemetry's file exporter), each of at most
//! [`CHUNK`] records. A protobuf file is one such message: parts of a protobuf message that follow each other are the
//! message whose lists are joined, so that it is written in parts and read in one.

mod common;
mod framed;
mod logs;
mod metrics;
mod part;
mod traces;

pub use part::{Cursor, Part, next_part, trace};

use std::io::{self, Write};

use prost::Message;
use serde::Serialize;

use self::common::{ByProcess, Process};
use self::framed::Framed;
use crate::Telemetry;

/// Records in one message.
pub const CHUNK: usize = 50_000;

/// How messages are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One JSON object a line, ids in hexadecimal, 64-bit numbers as text.
    Json,
    /// Protobuf.
    Protobuf,
}

/// A kind of telemetry that OTLP has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metrics, each scrape a data point.
    Metrics,
}

/// Writes all telemetry of one kind. Answers the number of spans, records or data points.
pub fn write(telemetry: &Telemetry, signal: Signal, encoding: Encoding, out: &mut dyn Write) -> io::Result<u64> {
    let mut sink = Sink { encoding, out };
    match signal {
        Signal::Traces => traces::write(telemetry, &mut sink),
        Signal::Logs => logs::write(telemetry, &mut sink),
        Signal::Metrics => metrics::write(telemetry, &mut sink),
    }
}

/// Writes records by their processes, a message for each [`CHUNK`] of them; `tree` makes a message of whole records.
/// Answers how many there were.
fn chunks<R: Message, M: Message + Serialize>(
    telemetry: &Telemetry,
    records: impl Iterator<Item = (Process, R)>,
    tree: fn(&Telemetry, &mut ByProcess<R>) -> M,
    sink: &mut Sink<'_>,
) -> io::Result<u64> {
    let (mut whole, mut framed) = (ByProcess::new(), Framed::default());
    let mut written = 0;
    let mut records = records.peekable();
    loop {
        for (process, record) in records.by_ref().take(CHUNK) {
            match sink.encoding {
                Encoding::Json => whole.push(process, record),
                Encoding::Protobuf => framed.push(process, &record),
            }
            written += 1;
        }
        match sink.encoding {
            Encoding::Json => sink.message(&tree(telemetry, &mut whole))?,
            Encoding::Protobuf => sink.out.write_all(&framed.take(telemetry))?,
        }
        if records.peek().is_none() {
            return Ok(written);
        }
    }
}

struct Sink<'a> {
    encoding: Encoding,
    out: &'a mut dyn Write,
}

impl Sink<'_> {
    fn message(&mut self, message: &(impl Message + Serialize)) -> io::Result<()> {
        match self.encoding {
            Encoding::Json => {
                serde_json::to_writer(&mut *self.out, message)?;
                self.out.write_all(b"\n")
            }
            Encoding::Protobuf => self.out.write_all(&message.encode_to_vec()),
        }
    }
}
