//! Deployed configuration of a node and of the arrows that leave it, or of one arrow.

use std::collections::BTreeSet;

use crate::lab::{ConfigRow, Observation, Refusal};

/// A node's own settings first, then those of its arrows: a policy is its caller's.
pub fn config(seen: &Observation, name: &str) -> Result<Vec<ConfigRow>, Refusal> {
    let leaves = format!("{name} -> ");
    let rows = seen.config.iter().filter(|row| row.on == name || row.on.starts_with(&leaves));
    let rows =
        rows.map(|row| ConfigRow { on: row.on.clone(), setting: row.setting.to_owned(), value: row.value.clone() });
    let rows: Vec<ConfigRow> = rows.collect();
    if rows.is_empty() {
        let known: BTreeSet<&str> = seen.config.iter().map(|row| row.on.as_str()).collect();
        return Err(Refusal::unknown("node or arrow", name, known));
    }
    Ok(rows)
}
