//! Every replica's own time beside the monitor's, read at one moment.

use crate::lab::{ClockRow, Observation};

/// In order of the replicas' names.
pub fn clocks(seen: &Observation) -> Vec<ClockRow> {
    let monitor = seen.now.stamp();
    let rows =
        seen.clocks.iter().map(|reading| ClockRow { instance: reading.instance.clone(), says: reading.says, monitor });
    let mut rows: Vec<ClockRow> = rows.collect();
    rows.sort_by(|a, b| a.instance.cmp(&b.instance));
    rows
}
