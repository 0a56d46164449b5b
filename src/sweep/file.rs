//! A sweep as a Parquet file: a row for each task and detector, and in its metadata what it is of. The same sweep is the
//! same bytes.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde::{Deserialize, Serialize};

use super::{FORMAT, Passed, Plan, Row, Shard, Swept};

/// The columns, in order. Times are nanoseconds since the start of the run.
pub(super) const SCHEMA: &str = "message sweep {
    REQUIRED INT64 task;
    REQUIRED BINARY lesson (STRING);
    OPTIONAL BINARY generated (STRING);
    REQUIRED INT64 seed (INTEGER(64,false));
    REQUIRED BINARY detector (STRING);
    REQUIRED BOOLEAN incident;
    REQUIRED INT64 cause_ns;
    REQUIRED INT64 opens_ns;
    OPTIONAL INT64 onset_ns;
    REQUIRED INT64 harmed;
    REQUIRED INT64 early;
    REQUIRED INT64 found;
    REQUIRED INT64 control;
    OPTIONAL INT64 first_ns;
    REQUIRED INT64 services;
    REQUIRED BOOLEAN names_cause;
}";
/// The key of the metadata that says what a file is of, as JSON.
pub(super) const KEY: &str = "allgreen.sweep";
/// Rows of a row group.
const GROUP: usize = 100_000;

/// What the metadata says.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub format: String,
    pub shard: Shard,
    /// Rows in the file.
    pub rows: u64,
    /// BLAKE3 of all else that is said.
    pub content: String,
    #[serde(flatten)]
    pub plan: Plan,
    pub passed: Vec<Passed>,
}

/// BLAKE3 of a sweep: what it is of, and the rows.
pub(super) fn content(swept: &Swept) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&serde_json::to_vec(&(&swept.plan, swept.shard, &swept.passed))?);
    for row in &swept.rows {
        let (onset, first) = (row.onset.map(|at| at.0), row.first.map(|at| at.0));
        let (names, times) = ((&row.lesson, &row.generated, &row.detector), (row.cause.0, row.opens.0, onset, first));
        let counts = (row.task, row.seed, row.harmed, row.early, row.found, row.control, row.services);
        hasher.update(&serde_json::to_vec(&(names, times, counts, row.incident, row.names_cause))?);
    }
    Ok(format!("blake3:{}", hasher.finalize()))
}

/// Writes a sweep, or a shard of one.
///
/// # Errors
///
/// `out` cannot be written.
pub fn write(swept: &Swept, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let head = Head {
        format: FORMAT.to_owned(),
        shard: swept.shard,
        rows: swept.rows.len() as u64,
        content: content(swept)?,
        plan: swept.plan.clone(),
        passed: swept.passed.clone(),
    };
    let metadata = vec![KeyValue::new(KEY.to_owned(), serde_json::to_string(&head)?)];
    let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("allgreen {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(metadata))
        .build();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
    for rows in swept.rows.chunks(GROUP) {
        let mut group = writer.next_row_group().map_err(failed)?;
        columns(rows, &mut group)?;
        group.close().map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    Ok(())
}

/// All columns of some rows, in the order of the schema.
fn columns<W: Write + Send>(rows: &[Row], group: &mut SerializedRowGroupWriter<'_, W>) -> io::Result<()> {
    let int = |of: fn(&Row) -> u64| rows.iter().map(|row| of(row) as i64).collect::<Vec<_>>();
    let text = |of: fn(&Row) -> &str| rows.iter().map(|row| ByteArray::from(of(row))).collect::<Vec<_>>();
    let flag = |of: fn(&Row) -> bool| rows.iter().map(of).collect::<Vec<_>>();
    column::<Int64Type, _>(group, &int(|row| row.task), None)?;
    column::<ByteArrayType, _>(group, &text(|row| &row.lesson), None)?;
    optional::<ByteArrayType, _>(group, rows, |row| row.generated.as_deref().map(ByteArray::from))?;
    column::<Int64Type, _>(group, &int(|row| row.seed), None)?;
    column::<ByteArrayType, _>(group, &text(|row| &row.detector), None)?;
    column::<BoolType, _>(group, &flag(|row| row.incident), None)?;
    column::<Int64Type, _>(group, &int(|row| row.cause.0), None)?;
    column::<Int64Type, _>(group, &int(|row| row.opens.0), None)?;
    optional::<Int64Type, _>(group, rows, |row| row.onset.map(|at| at.0 as i64))?;
    column::<Int64Type, _>(group, &int(|row| row.harmed), None)?;
    column::<Int64Type, _>(group, &int(|row| row.early), None)?;
    column::<Int64Type, _>(group, &int(|row| row.found), None)?;
    column::<Int64Type, _>(group, &int(|row| row.control), None)?;
    optional::<Int64Type, _>(group, rows, |row| row.first.map(|at| at.0))?;
    column::<Int64Type, _>(group, &int(|row| row.services), None)?;
    column::<BoolType, _>(group, &flag(|row| row.names_cause), None)
}

fn column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    present: Option<&[i16]>,
) -> io::Result<()> {
    let Some(mut writer) = group.next_column().map_err(failed)? else { return Ok(()) };
    writer.typed::<T>().write_batch(values, present, None).map_err(failed)?;
    writer.close().map_err(failed)
}

fn optional<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    rows: &[Row],
    of: impl Fn(&Row) -> Option<T::T>,
) -> io::Result<()> {
    let values: Vec<Option<T::T>> = rows.iter().map(of).collect();
    let present: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    column::<T, W>(group, &values, Some(&present))
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
