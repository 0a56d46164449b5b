//! Parquet: one file each for log records, spans and metric samples, compressed with Snappy.
//!
//! Attributes that differ from row to row are one column of JSON objects; what queries join and filter by has columns of
//! its own. Metric samples are Prometheus's: a histogram has a row for each bucket, its count and its sum.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::Telemetry;
use crate::telemetry::prometheus::{Exposed, exposed, family_name, label_name};
use crate::telemetry::{ResourceId, SpanRecord, attribute, event};
use crate::time::Stamp;

/// Rows that are held before they are written.
const GROUP: usize = 100_000;
/// Columns with another value in nearly every row.
const UNIQUE: [&str; 8] =
    ["time", "start_time", "duration_ns", "body", "trace_id", "span_id", "parent_span_id", "attributes"];

const LOGS: &str = "message logs {
    REQUIRED INT64 time (TIMESTAMP(NANOS,true));
    REQUIRED BINARY service_name (STRING);
    REQUIRED BINARY service_instance_id (STRING);
    OPTIONAL BINARY cloud_availability_zone (STRING);
    OPTIONAL BINARY service_version (STRING);
    REQUIRED INT64 severity_number;
    REQUIRED BINARY severity_text (STRING);
    REQUIRED BINARY body (STRING);
    OPTIONAL BINARY trace_id (STRING);
    OPTIONAL BINARY span_id (STRING);
    REQUIRED BINARY attributes (STRING);
}";

const SPANS: &str = "message spans {
    REQUIRED INT64 start_time (TIMESTAMP(NANOS,true));
    REQUIRED INT64 duration_ns;
    REQUIRED BINARY service_name (STRING);
    REQUIRED BINARY service_instance_id (STRING);
    OPTIONAL BINARY cloud_availability_zone (STRING);
    OPTIONAL BINARY service_version (STRING);
    REQUIRED BINARY trace_id (STRING);
    REQUIRED BINARY span_id (STRING);
    OPTIONAL BINARY parent_span_id (STRING);
    REQUIRED BINARY name (STRING);
    REQUIRED BINARY kind (STRING);
    REQUIRED BINARY status (STRING);
    REQUIRED BINARY attributes (STRING);
    REQUIRED BINARY events (STRING);
}";

const METRICS: &str = "message metrics {
    REQUIRED INT64 time (TIMESTAMP(NANOS,true));
    REQUIRED BINARY service_name (STRING);
    REQUIRED BINARY service_instance_id (STRING);
    OPTIONAL BINARY cloud_availability_zone (STRING);
    OPTIONAL BINARY service_version (STRING);
    REQUIRED BINARY name (STRING);
    REQUIRED BINARY labels (STRING);
    REQUIRED DOUBLE value;
}";

/// Writes log records. Answers the number of rows.
pub fn write_logs(telemetry: &Telemetry, out: &mut (dyn Write + Send)) -> io::Result<u64> {
    let mut table = Table::new(out, LOGS)?;
    let mut body = String::new();
    for log in telemetry.logs.iter() {
        body.clear();
        telemetry.logs.render_into(&telemetry.names, log, &mut body);
        let severity = telemetry.logs.words(log.template).0;
        let trace = log.trace.map(|trace| telemetry.spans.trace_id(trace).to_string());
        let span = log.trace.and_then(|_| log.span.id());
        table.int(unix_ns(telemetry, log.stamp));
        table.resource(telemetry, log.resource, log.stamp);
        table.int(i64::from(severity.number()));
        table.text(severity.text());
        table.text(&body);
        table.optional(trace.as_deref());
        table.optional(span.as_deref());
        table.text(&object(attribute::of_log(telemetry, log))?);
        table.end_row()?;
    }
    table.finish()
}

/// Writes spans. Answers the number of rows.
pub fn write_spans(telemetry: &Telemetry, out: &mut (dyn Write + Send)) -> io::Result<u64> {
    let mut table = Table::new(out, SPANS)?;
    for span in telemetry.spans.iter() {
        let shape = telemetry.spans.shape_of(span.shape);
        table.int(unix_ns(telemetry, span.start));
        table.int(span.duration.0 as i64);
        table.resource(telemetry, span.resource, span.start);
        table.text(&telemetry.spans.trace_id(span.trace).to_string());
        table.text(&span.number.id().unwrap_or_default());
        table.optional(span.parent.id().as_deref());
        table.text(&shape.template.text);
        table.text(shape.kind.name());
        table.text(if span.error { "ERROR" } else { "UNSET" });
        table.text(&object(attribute::of_span(telemetry, span))?);
        table.text(&events(telemetry, span));
        table.end_row()?;
    }
    table.finish()
}

/// Writes metric samples. Answers the number of rows.
pub fn write_metrics(telemetry: &Telemetry, out: &mut (dyn Write + Send)) -> io::Result<u64> {
    let mut table = Table::new(out, METRICS)?;
    for (id, target) in telemetry.metrics.targets() {
        for series in &target.series {
            let family = &telemetry.metrics.families()[usize::from(series.family.0)];
            let name = family_name(telemetry.names.text(family.name), family);
            let label = |key, value| (label_name(telemetry.names.text(key)), telemetry.names.text(value));
            let own: Vec<(String, &str)> = series.labels.iter().map(|(key, value)| label(*key, *value)).collect();
            let samples: Vec<(String, String, Exposed)> = exposed(family)
                .into_iter()
                .map(|one| {
                    let own = own.iter().map(|(key, value)| (key.as_str(), *value));
                    let labels = object(own.chain(one.le.iter().map(|le| ("le", le.as_str()))))?;
                    Ok((format!("{name}{}", one.suffix), labels, one))
                })
                .collect::<io::Result<_>>()?;
            for scrape in telemetry.metrics.scrapes(id) {
                let Some(values) = scrape.numbers(series, family.width()) else { continue };
                for (name, labels, one) in &samples {
                    table.int(unix_ns(telemetry, scrape.stamp));
                    table.resource(telemetry, id, scrape.stamp);
                    table.text(name);
                    table.text(labels);
                    table.double(one.of(values));
                    table.end_row()?;
                }
            }
        }
    }
    table.finish()
}

/// The events of a span as a JSON array, with their times in nanoseconds since 1970.
fn events(telemetry: &Telemetry, span: SpanRecord<'_>) -> String {
    let Some(event) = event::of_span(telemetry, span) else { return "[]".to_owned() };
    let time = unix_ns(telemetry, span.start).saturating_add_unsigned(event.after.0);
    let attributes: Map<String, Json> =
        event.attributes().map(|(key, text)| (key.to_owned(), Json::from(text))).into_iter().collect();
    json!([{ "time": time, "name": event::EXCEPTION, "attributes": attributes }]).to_string()
}

fn unix_ns(telemetry: &Telemetry, stamp: Stamp) -> i64 {
    i64::try_from(telemetry.epoch().unix_ns(stamp)).unwrap_or(i64::MAX)
}

/// A JSON object, its keys in order.
fn object<'a, V: Serialize>(pairs: impl Iterator<Item = (&'a str, V)>) -> io::Result<String> {
    let pairs: BTreeMap<&str, V> = pairs.collect();
    serde_json::to_string(&pairs).map_err(io::Error::from)
}

/// The values of one column that wait to be written.
enum Column {
    Int(Vec<i64>),
    Double(Vec<f64>),
    Text(Texts),
    /// Values, and for each row whether it has one.
    Optional(Texts, Vec<i16>),
}

/// Texts one after another, in one piece of memory.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    /// Takes all, leaving none.
    fn take(&mut self) -> Vec<ByteArray> {
        let room = self.bytes.len();
        let all = ByteArray::from(std::mem::replace(&mut self.bytes, Vec::with_capacity(room)));
        let mut from = 0;
        let one = |end: usize| {
            let start = std::mem::replace(&mut from, end);
            all.slice(start, end - start)
        };
        self.ends.drain(..).map(one).collect()
    }
}

/// A Parquet file that is filled row by row, in the order of its columns.
struct Table<'a> {
    writer: SerializedFileWriter<&'a mut (dyn Write + Send)>,
    columns: Vec<Column>,
    next: usize,
    held: usize,
    rows: u64,
}

impl<'a> Table<'a> {
    fn new(out: &'a mut (dyn Write + Send), schema: &str) -> io::Result<Self> {
        let schema = Arc::new(parse_message_type(schema).map_err(failed)?);
        let columns = schema.get_fields().iter().map(|field| match (field.get_physical_type(), field.is_optional()) {
            (parquet::basic::Type::INT64, _) => Column::Int(Vec::new()),
            (parquet::basic::Type::DOUBLE, _) => Column::Double(Vec::new()),
            (_, false) => Column::Text(Texts::default()),
            (_, true) => Column::Optional(Texts::default(), Vec::new()),
        });
        let columns = columns.collect();
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = properties.set_statistics_enabled(EnabledStatistics::Chunk);
        // What seldom occurs twice is not worth a dictionary.
        let properties = UNIQUE.into_iter().fold(properties, |properties, column| {
            properties.set_column_dictionary_enabled(ColumnPath::from(column), false)
        });
        let properties = properties.build();
        let writer = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
        Ok(Table { writer, columns, next: 0, held: 0, rows: 0 })
    }

    fn column(&mut self) -> Option<&mut Column> {
        self.next += 1;
        self.columns.get_mut(self.next - 1)
    }

    fn int(&mut self, value: i64) {
        if let Some(Column::Int(values)) = self.column() {
            values.push(value);
        }
    }

    fn double(&mut self, value: f64) {
        if let Some(Column::Double(values)) = self.column() {
            values.push(value);
        }
    }

    fn text(&mut self, value: &str) {
        if let Some(Column::Text(values)) = self.column() {
            values.push(value);
        }
    }

    fn optional(&mut self, value: Option<&str>) {
        if let Some(Column::Optional(values, present)) = self.column() {
            if let Some(value) = value {
                values.push(value);
            }
            present.push(i16::from(value.is_some()));
        }
    }

    /// The columns that say who reports, and which version its process was of.
    fn resource(&mut self, telemetry: &Telemetry, id: ResourceId, stamp: Stamp) {
        let resource = telemetry.resource(id);
        self.text(&resource.service);
        self.text(&resource.instance);
        self.optional(Some(resource.zone.as_str()).filter(|zone| !zone.is_empty()));
        self.optional(Some(telemetry.version_at(id, stamp)).filter(|version| !version.is_empty()));
    }

    fn end_row(&mut self) -> io::Result<()> {
        self.next = 0;
        self.held += 1;
        self.rows += 1;
        if self.held == GROUP { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column().map_err(failed)? else { break };
            match column {
                Column::Int(values) => batch::<Int64Type>(&mut writer, values, None)?,
                Column::Double(values) => batch::<DoubleType>(&mut writer, values, None)?,
                Column::Text(values) => batch::<ByteArrayType>(&mut writer, &mut values.take(), None)?,
                Column::Optional(values, present) => {
                    batch::<ByteArrayType>(&mut writer, &mut values.take(), Some(present))?;
                    present.clear();
                }
            }
            writer.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.held = 0;
        Ok(())
    }

    fn finish(mut self) -> io::Result<u64> {
        if self.held > 0 {
            self.flush()?;
        }
        self.writer.close().map_err(failed)?;
        Ok(self.rows)
    }
}

fn batch<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    present: Option<&[i16]>,
) -> io::Result<()> {
    writer.typed::<T>().write_batch(values, present, None).map_err(failed)?;
    values.clear();
    Ok(())
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        // Says whether the disk is full, as any other file's error does.
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(inner) => io::Error::other(inner),
        },
        other => io::Error::other(other),
    }
}
