//! The list of metrics, with their labels and values.

use crate::lab::MetricRow;
use crate::telemetry::{Telemetry, series};

/// All metrics that any replica has exposed, in order of name.
pub fn metrics(telemetry: &Telemetry) -> Vec<MetricRow> {
    let rows = series::families(telemetry).into_iter().map(|(id, family)| MetricRow {
        name: telemetry.names.text(family.name).to_owned(),
        unit: family.unit.to_owned(),
        kind: family.kind.name(),
        help: family.help.to_owned(),
        labels: series::labels(telemetry, id),
    });
    rows.collect()
}
