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
    /// BLAKE3 of the whole file, see [`seal`].
    pub seal: String,
    pub shard: Shard,
    #[serde(flatten)]
    pub plan: Plan,
    pub passed: Vec<Passed>,
}

/// What stands before the seal in a file.
const BEFORE_SEAL: &[u8] = b"\"seal\":\"";
/// Its length: BLAKE3 in hexadecimal digits.
const SEAL: usize = 64;

/// The place of a file's seal, and the seal that belongs there: BLAKE3 of the file with zeros in that place. So a file that
/// was changed or cut short is known before anything in it is read.
pub(super) fn seal(bytes: &[u8]) -> Option<(std::ops::Range<usize>, String)> {
    // It is in the metadata, which is at the end.
    let start = bytes.windows(BEFORE_SEAL.len()).rposition(|window| window == BEFORE_SEAL)? + BEFORE_SEAL.len();
    let place = start..start + SEAL;
    let after = bytes.get(place.end..)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..start]).update(&[b'0'; SEAL]).update(after);
    Some((place, hasher.finalize().to_hex().to_string()))
}

/// Writes a sweep, or a shard of one.
///
/// # Errors
///
/// `out` cannot be written.
pub fn write(swept: &Swept, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let head = Head {
        format: FORMAT.to_owned(),
        seal: "0".repeat(SEAL),
        shard: swept.shard,
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
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).map_err(failed)?;
    for rows in swept.rows.chunks(GROUP) {
        let mut group = writer.next_row_group().map_err(failed)?;
        columns(rows, &mut group)?;
        group.close().map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    if let Some((place, seal)) = seal(&bytes) {
        bytes[place].copy_from_slice(seal.as_bytes());
    }
    out.write_all(&bytes)
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
