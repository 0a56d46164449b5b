//! What exporters of queues and caches show now.

use super::since;
use crate::lab::StatRow;
use crate::telemetry::{MetricKind, ResourceId, Telemetry, series};
use crate::time::{Duration, Stamp};

/// A replica that was not scraped for this long does not run any more, in nanoseconds.
const GONE: i64 = 60_000_000_000;
/// A running sum that says something only as a mean, and what counts of how many it is the sum.
const SUM: (&str, &str) = ("cache.served_age", "cache.hits");
/// Over how long the mean is taken, and how it is called.
const MEAN_OVER: Duration = Duration::from_mins(5);
const MEAN: &str = "mean of 5 min";

/// The newest value of every series of the families whose names start with one of `prefixes`, by replica; of a sum the
/// mean of what was added lately.
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
            let row = StatRow {
                instance: telemetry.resource(resource).instance.clone(),
                metric: name.to_owned(),
                labels: labels.collect::<Vec<_>>().join(", "),
                value: *value,
                unit: family.unit.to_owned(),
            };
            if name == SUM.0 {
                let mean = mean(telemetry, resource, since(newest, Some(MEAN_OVER)));
                rows.extend(mean.map(|value| StatRow { labels: MEAN.to_owned(), value, ..row }));
            } else {
                rows.push(row);
            }
        }
    }
    rows.sort_by(|a, b| (&a.instance, &a.metric, &a.labels).cmp(&(&b.instance, &b.metric, &b.labels)));
    rows
}

/// What the sum of a replica grew by for each one that was counted. None if none was.
fn mean(telemetry: &Telemetry, replica: ResourceId, from: Stamp) -> Option<f64> {
    let grown = |name: &str| {
        let (id, family) = series::family(telemetry, name)?;
        let own = series::of_family(telemetry, id).filter(|(resource, _)| *resource == replica);
        Some(
            own.flat_map(|(resource, one)| series::growth(telemetry, resource, one, family.width(), from)).sum::<f64>(),
        )
    };
    let (sum, count) = (grown(SUM.0)?, grown(SUM.1)?);
    (count > 0.0).then(|| sum / count)
}

/// The newest scrape of any replica.
pub(super) fn newest_scrape(telemetry: &Telemetry) -> Stamp {
    let newest = telemetry.metrics.targets().filter_map(|(id, _)| telemetry.metrics.scrapes(id).next_back());
    newest.map(|scrape| scrape.stamp).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;

    #[test]
    fn ages_that_were_served_are_shown_as_their_mean() {
        let mut fixture = Fixture::new(&["cache", "cache"]);
        for (replica, ages, hits) in [(0, 900.0, 10.0), (1, 0.0, 0.0)] {
            let (age, hit) = (fixture.counter(replica, SUM.0, &[]), fixture.counter(replica, SUM.1, &[]));
            fixture.scrape(replica, 10, &[(age, 5000.0), (hit, 50.0)]);
            fixture.scrape(replica, 20, &[(age, 5000.0 + ages), (hit, 50.0 + hits)]);
        }
        let rows = stats(&fixture.telemetry, &["cache."]);
        let shown: Vec<(&str, &str, &str, f64)> =
            rows.iter().map(|row| (&*row.instance, &*row.metric, &*row.labels, row.value)).collect();
        assert_eq!(
            shown,
            [
                ("cache-1", "cache.hits", "", 60.0),
                ("cache-1", "cache.served_age", MEAN, 90.0),
                ("cache-2", "cache.hits", "", 50.0),
            ]
        );
    }
}
