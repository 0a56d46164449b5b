//! Reads a sweep's file, and believes nothing of it that it does not hold: another program's file, another version, a file
//! that was cut short or changed are told apart.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::file::{Head, KEY, seal};
use super::{FORMAT, Row, Swept};
use crate::time::{SimTime, Stamp};

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, and what to do.
    pub what: String,
}

/// Reads a file that [`super::write`] wrote.
///
/// # Errors
///
/// It is not there, or is no such file, or is not whole.
pub fn read(path: &Path) -> Result<Swept, ReadError> {
    let failed = |what: String| ReadError { path: path.to_owned(), what };
    let unread = |error: std::io::Error| failed(format!("cannot be read: {error}"));
    let changed = || failed("was changed after it was written, or not written whole; sweep this shard again".into());
    let bytes = std::fs::read(path).map_err(unread)?;
    if !(bytes.starts_with(MAGIC) && bytes.ends_with(MAGIC)) {
        return Err(failed("is not a whole Parquet file; name files that `allgreen sweep --out` wrote".into()));
    }
    // Only what its seal vouches for is read: a file that was changed might say anything.
    match seal(&bytes) {
        None => {
            return Err(failed(
                "is a Parquet file of something else; name files that `allgreen sweep --out` wrote".into(),
            ));
        }
        Some((place, seal)) if bytes[place.clone()] != *seal.as_bytes() => return Err(changed()),
        Some(_) => {}
    }
    let broken = |error: ParquetError| failed(format!("cannot be read as Parquet: {error}; sweep this shard again"));
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(broken)?;
    let pairs = reader.metadata().file_metadata().key_value_metadata();
    let head = pairs.into_iter().flatten().find(|pair| pair.key == KEY).and_then(|pair| pair.value.as_deref());
    let Some(head) = head else {
        return Err(failed("is a Parquet file of something else; name files that `allgreen sweep --out` wrote".into()));
    };
    let version: Option<String> = serde_json::from_str::<serde_json::Value>(head)
        .ok()
        .and_then(|head| head.get("format").and_then(|format| format.as_str().map(str::to_owned)));
    if version.as_deref() != Some(FORMAT) {
        let version = version.unwrap_or_else(|| "no version at all".to_owned());
        let what =
            format!("is of {version}, and this program reads {FORMAT}; merge it with the allgreen that wrote it");
        return Err(failed(what));
    }
    let head: Head = serde_json::from_str(head).map_err(|_| changed())?;
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None).map_err(broken)? {
        let fields: Vec<Field> = row.map_err(broken)?.get_column_iter().map(|(_, field)| field.clone()).collect();
        rows.push(self::row(&fields).ok_or_else(changed)?);
    }
    let swept = Swept { plan: head.plan, shard: head.shard, passed: head.passed, rows };
    if swept.shard.is_sound() { Ok(swept) } else { Err(changed()) }
}

/// How a Parquet file begins and ends.
const MAGIC: &[u8] = b"PAR1";

/// A row, by its columns in the order of the schema.
fn row(fields: &[Field]) -> Option<Row> {
    let [
        task,
        lesson,
        generated,
        seed,
        detector,
        incident,
        cause,
        opens,
        onset,
        harmed,
        early,
        found,
        control,
        first,
        services,
        names_cause,
    ] = fields
    else {
        return None;
    };
    let int = |field: &Field| match field {
        Field::Long(number) => Some(*number as u64),
        Field::ULong(number) => Some(*number),
        _ => None,
    };
    let text = |field: &Field| if let Field::Str(text) = field { Some(text.clone()) } else { None };
    let flag = |field: &Field| if let Field::Bool(flag) = field { Some(*flag) } else { None };
    // Absent is one thing, and of another type is another.
    let absent = |field: &Field| matches!(field, Field::Null);
    let optional = |field: &Field| if absent(field) { Some(None) } else { int(field).map(Some) };
    Some(Row {
        task: int(task)?,
        lesson: text(lesson)?,
        generated: if absent(generated) { None } else { Some(text(generated)?) },
        seed: int(seed)?,
        detector: text(detector)?,
        incident: flag(incident)?,
        cause: SimTime(int(cause)?),
        opens: SimTime(int(opens)?),
        onset: optional(onset)?.map(SimTime),
        harmed: int(harmed)?,
        early: int(early)?,
        found: int(found)?,
        control: int(control)?,
        first: optional(first)?.map(|at| Stamp(at as i64)),
        services: int(services)?,
        names_cause: flag(names_cause)?,
    })
}
