//! The change feed.

use crate::lab::ChangeRow;
use crate::telemetry::Telemetry;

/// What was recorded, newest first.
pub fn changes(telemetry: &Telemetry) -> Vec<ChangeRow> {
    let rows = telemetry.changes.iter().rev().map(|record| ChangeRow {
        id: record.id.clone(),
        stamp: record.stamp,
        kind: record.kind.words().to_owned(),
        on: record.on.clone(),
        by: record.by.clone(),
        text: record.text.clone(),
    });
    rows.collect()
}
