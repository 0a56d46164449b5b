//! The metrics of a run as Prometheus would hold them after scraping every replica: its names, its labels, cumulative
//! buckets, `up`, `target_info`, and a staleness marker where a scrape was missed.

use super::promql::{Labels, METRIC_NAME, Matcher, Point, STALE, Samples, Series};
use crate::Telemetry;
use crate::telemetry::prometheus::{family_name, label_name, resource_labels};
use crate::telemetry::{MetricKind, ResourceId, Scrape};
use crate::time::Stamp;

/// An index over the metrics of a run. Points are read when they are asked for.
pub struct MetricStore<'a> {
    telemetry: &'a Telemetry,
    /// Sorted by labels.
    series: Vec<Entry>,
    /// Every time at which some replica was scraped, in milliseconds since 1970.
    rounds: Vec<i64>,
    /// By resource: the times of its scrapes.
    scraped: Vec<Vec<i64>>,
}

struct Entry {
    labels: Labels,
    resource: ResourceId,
    part: Part,
}

/// What of a row a series shows.
#[derive(Clone, Copy)]
enum Part {
    /// The number in this place; a histogram's sum is one.
    Slot(usize),
    /// The sum of the numbers in these places: a cumulative bucket.
    Slots(usize, usize),
    /// One for a scrape that was answered, zero for one that was not.
    Up,
    /// One.
    Info,
}

impl<'a> MetricStore<'a> {
    /// Indexes all series.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), allgreen::Problems> {
    /// use allgreen::query::{metrics::MetricStore, promql};
    /// let world = allgreen::World::load("worlds/storefront.ron")?;
    /// let mut sim = allgreen::Simulation::new(&world, allgreen::Seed(7));
    /// sim.run_until(allgreen::SimTime::from_secs(600));
    /// let store = MetricStore::new(sim.telemetry());
    /// let at = store.newest().unwrap_or(0);
    /// let answer = promql::query_instant(&store, "sum by (job) (rate(http_server_request_duration_seconds_count[5m]))", at, &Default::default());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(telemetry: &'a Telemetry) -> Self {
        let mut store = MetricStore { telemetry, series: Vec::new(), rounds: Vec::new(), scraped: Vec::new() };
        for (id, _) in telemetry.metrics.targets() {
            let times: Vec<i64> = telemetry.metrics.scrapes(id).map(|scrape| store.ms(scrape.stamp)).collect();
            store.rounds.extend_from_slice(&times);
            if !times.is_empty() {
                store.index(id);
            }
            store.scraped.push(times);
        }
        store.rounds.sort_unstable();
        store.rounds.dedup();
        store.series.sort_by(|a, b| a.labels.cmp(&b.labels));
        store
    }

    /// The time of the newest scrape, in milliseconds since 1970.
    pub fn newest(&self) -> Option<i64> {
        self.rounds.last().copied()
    }

    /// The labels of all series, sorted.
    pub fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.series.iter().map(|entry| &entry.labels)
    }

    fn ms(&self, stamp: Stamp) -> i64 {
        self.telemetry.epoch().unix_ns(stamp).div_euclid(1_000_000) as i64
    }

    fn index(&mut self, id: ResourceId) {
        let telemetry = self.telemetry;
        let shared = resource_labels(telemetry.resource(id));
        let mut add = |name: &str, own: &[(String, &str)], part: Part| {
            let own = own.iter().map(|(key, value)| (key.as_str(), *value));
            let pairs = shared.iter().copied().chain(own).chain([(METRIC_NAME, name)]);
            self.series.push(Entry { labels: Labels::new(pairs), resource: id, part });
        };
        add("up", &[], Part::Up);
        add("target_info", &[], Part::Info);
        let target = telemetry.metrics.targets().nth(usize::from(id.0)).map(|(_, target)| target);
        for series in target.iter().flat_map(|target| &target.series) {
            let family = &telemetry.metrics.families()[usize::from(series.family.0)];
            let name = family_name(telemetry.names.text(family.name), family);
            let label = |key, value| (label_name(telemetry.names.text(key)), telemetry.names.text(value));
            let mut own: Vec<(String, &str)> = series.labels.iter().map(|(key, value)| label(*key, *value)).collect();
            let slot = series.slot as usize;
            if family.kind != MetricKind::Histogram {
                add(&name, &own, Part::Slot(slot));
                continue;
            }
            let width = family.width();
            add(&format!("{name}_sum"), &own, Part::Slot(slot));
            add(&format!("{name}_count"), &own, Part::Slots(slot + 1, slot + width));
            let bounds: Vec<String> = family.bounds.iter().map(|bound| format!("{bound:?}")).collect();
            for (bucket, bound) in bounds.iter().map(String::as_str).chain(["+Inf"]).enumerate() {
                own.push(("le".into(), bound));
                add(&format!("{name}_bucket"), &own, Part::Slots(slot + 1, slot + 2 + bucket));
                own.pop();
            }
        }
    }

    fn points(&self, entry: &Entry, from_ms: i64, to_ms: i64) -> Vec<Point> {
        let times = &self.scraped[usize::from(entry.resource.0)];
        let (first, end) = (times.partition_point(|t| *t < from_ms), times.partition_point(|t| *t <= to_ms));
        let scrapes = self.telemetry.metrics.scrapes(entry.resource).skip(first);
        let mut points = Vec::with_capacity(end.saturating_sub(first));
        // A round without this replica, between two of its own, or after its last, was missed.
        let gap = if matches!(entry.part, Part::Up) { 0.0 } else { STALE };
        let mut missed = self.missed(times, from_ms, to_ms, gap).into_iter().peekable();
        for (t, scrape) in times[first..end.max(first)].iter().zip(scrapes) {
            while let Some(point) = missed.next_if(|point| point.t < *t) {
                points.push(point);
            }
            points.extend(entry.part.of(&scrape).map(|v| Point { t: *t, v }));
        }
        points.extend(missed);
        points
    }

    /// The rounds in the time asked for that this replica did not answer. A replica that never answers again was taken
    /// away: one marker is enough, and it is no longer a target.
    fn missed(&self, times: &[i64], from_ms: i64, to_ms: i64, v: f64) -> Vec<Point> {
        let (Some(since), Some(last)) = (times.first().copied(), times.last().copied()) else { return Vec::new() };
        let begin = self.rounds.partition_point(|t| *t < from_ms.max(since));
        let rounds = self.rounds[begin..].iter().take_while(|t| **t <= to_ms);
        let first_after_last = self.rounds.get(self.rounds.partition_point(|round| *round <= last));
        let unanswered = rounds.filter(|t| times.binary_search(t).is_err());
        let points = unanswered.filter_map(|t| match *t < last {
            true => Some(Point { t: *t, v }),
            // The first round after the last scrape: `up` ends there as all else does.
            false => (first_after_last == Some(t)).then_some(Point { t: *t, v: STALE }),
        });
        points.collect()
    }
}

impl Part {
    /// The value in a row; a series that came later has no place in an earlier one.
    fn of(self, scrape: &Scrape<'_>) -> Option<f64> {
        match self {
            Part::Slot(slot) => scrape.values.get(slot).copied(),
            Part::Slots(from, to) => scrape.values.get(from..to).map(|values| values.iter().sum()),
            Part::Up | Part::Info => Some(1.0),
        }
    }
}

impl Samples for MetricStore<'_> {
    fn select(&self, matchers: &[Matcher], from_ms: i64, to_ms: i64) -> Vec<Series> {
        let wanted = self.series.iter().filter(|entry| Matcher::all(matchers, &entry.labels));
        let found = wanted
            .map(|entry| Series { labels: entry.labels.clone(), points: self.points(entry, from_ms, to_ms).into() });
        found.filter(|series| !series.points.is_empty()).collect()
    }
}
