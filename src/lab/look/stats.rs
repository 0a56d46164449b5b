//! What exporters of queues and caches show now.

use super::series;
use crate::lab::StatRow;
use crate::telemetry::{MetricKind, Telemetry};
use crate::time::Stamp;

/// A replica that was not scraped for this long does not run any more, in nanoseconds.
const GONE: i64 = 60_000_000_000;

/// The newest value of every series of the families whose names start with one of `prefixes`, by replica.
pub fn stats(telemetry: &Telemetry, prefixes: &[&str]) -> Vec<StatRow> {
    let names = &telemetry.names;
    let mut rows = Vec::new();
    let newest = newest_scrape(telemetry);
    for (id, family) in series::families(telemetry) {
        let name = names.text(family.name);
        if family.kind == MetricKind::Histogram || !prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        for (resource, series) in series::of_family(telemetry, id) {
            let Some(scrape) = telemetry.metrics.scrapes(resource).next_back() else { continue };
            if newest.0 - scrape.stamp.0 > GONE {
                continue;
            }
            let Some([value]) = scrape.numbers(series, 1) else { continue };
            let labels =
                series.labels.iter().map(|(key, value)| format!("{}={}", names.text(*key), names.text(*value)));
            rows.push(StatRow {
                instance: telemetry.resource(resource).instance.clone(),
                metric: name.to_owned(),
                labels: labels.collect::<Vec<_>>().join(", "),
                value: *value,
                unit: family.unit.to_owned(),
            });
        }
    }
    rows.sort_by(|a, b| (&a.instance, &a.metric, &a.labels).cmp(&(&b.instance, &b.metric, &b.labels)));
    rows
}

/// The newest scrape of any replica.
pub(super) fn newest_scrape(telemetry: &Telemetry) -> Stamp {
    let newest = telemetry.metrics.targets().filter_map(|(id, _)| telemetry.metrics.scrapes(id).next_back());
    newest.map(|scrape| scrape.stamp).max().unwrap_or_default()
}
