//! Health pages as the monitor's last round of probes saw them.

use std::collections::BTreeMap;

use super::stats::newest_scrape;
use crate::lab::HealthRow;
use crate::telemetry::{HealthRecord, ResourceId, Telemetry};

/// A replica that was scraped before, but not for this long, does not run any more, in nanoseconds.
const GONE: i64 = 120_000_000_000;

/// The page of every replica that runs, in order of name.
pub fn health(telemetry: &Telemetry) -> Vec<HealthRow> {
    let newest: BTreeMap<u16, &HealthRecord> =
        telemetry.health.iter().map(|record| (record.resource.0, record)).collect();
    let scraped = newest_scrape(telemetry);
    let runs = |id: u16| {
        let last = telemetry.metrics.scrapes(ResourceId(id)).next_back();
        last.is_none_or(|scrape| scraped.0 - scrape.stamp.0 < GONE)
    };
    let mut rows: Vec<HealthRow> = newest
        .into_iter()
        .filter(|(id, _)| runs(*id))
        .map(|(_, record)| HealthRow {
            instance: telemetry.resource(record.resource).instance.clone(),
            stamp: telemetry.probed_at.max(record.stamp),
            code: record.code,
            body: body(record),
            checks: record.checks.clone(),
        })
        .collect();
    rows.sort_by(|a, b| a.instance.cmp(&b.instance));
    rows
}

/// What the page says, as JSON.
fn body(record: &HealthRecord) -> String {
    let body = match (record.code, record.issues.is_empty()) {
        (200, true) => serde_json::json!({ "status": "ok" }),
        (200, false) => serde_json::json!({ "status": "degraded", "issues": record.issues }),
        _ => serde_json::json!({ "status": "unreachable", "issues": record.issues }),
    };
    body.to_string()
}
