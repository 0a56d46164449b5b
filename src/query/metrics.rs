//! The metrics of a run as Prometheus would hold them after scraping every replica: its names, its labels, cumulative
//! buckets, `up`, `target_info`, and a staleness marker where a scrape was missed.

use super::promql::{BUCKET, Labels, METRIC_NAME, Matcher, Point, STALE, Samples, Series};
use crate::Telemetry;
use crate::telemetry::prometheus::{Exposed, exposed, family_name, label_name, resource_labels};
use crate::telemetry::{ResourceId, Scrape, Target};
use crate::time::Stamp;

/// An index over the metrics of a run. Points are read when they are asked for.
pub struct MetricStore<'a> {
    telemetry: &'a Telemetry,
    /// Sorted by labels.
    series: Vec<Entry>,
    /// Every time at which some replica was scraped, in milliseconds since 1970.
    rounds: Vec<i64>,
    /// By resource.
    scraped: Vec<Scraped>,
}

/// When a replica was scraped, and when it should have been.
#[derive(Default)]
struct Scraped {
    answered: Vec<i64>,
    /// Rounds between two answers.
    missed: Vec<i64>,
    /// The first round after the last answer: a replica that never answers again was taken away.
    ended: Option<i64>,
}

struct Entry {
    labels: Labels,
    resource: ResourceId,
    part: Part,
}

/// What of a scrape a series shows.
enum Part {
    /// A sample of the series that begins in this place of the row.
    Sample(usize, Exposed),
    /// One for a scrape that was answered, zero for one that was not.
    Up,
    /// One for a scrape of a process of this version.
    Info(String),
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
        for (id, target) in telemetry.metrics.targets() {
            let answered: Vec<i64> = telemetry.metrics.scrapes(id).map(|scrape| store.ms(scrape.stamp)).collect();
            store.rounds.extend_from_slice(&answered);
            if !answered.is_empty() {
                store.index(id, target);
            }
            store.scraped.push(Scraped { answered, ..Scraped::default() });
        }
        store.rounds.sort_unstable();
        store.rounds.dedup();
        store.scraped.iter_mut().for_each(|scraped| scraped.find_missed(&store.rounds));
        store.series.sort_by(|a, b| a.labels.cmp(&b.labels));
        store
    }

    /// The time of the newest scrape, in milliseconds since 1970.
    pub fn newest(&self) -> Option<i64> {
        self.rounds.last().copied()
    }

    /// The time of the oldest scrape, in milliseconds since 1970.
    pub fn oldest(&self) -> Option<i64> {
        self.rounds.first().copied()
    }

    /// The labels of all series, sorted.
    pub fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.series.iter().map(|entry| &entry.labels)
    }

    fn ms(&self, stamp: Stamp) -> i64 {
        self.telemetry.epoch().unix_ns(stamp).div_euclid(1_000_000) as i64
    }

    fn index(&mut self, id: ResourceId, target: &Target) {
        let telemetry = self.telemetry;
        let shared = resource_labels(telemetry.resource(id));
        let mut add = |name: &str, own: &[(String, &str)], le: Option<&str>, part: Part| {
            let own = own.iter().map(|(key, value)| (key.as_str(), *value));
            let le = le.map(|le| (BUCKET, le));
            let pairs = shared.iter().copied().chain(own).chain(le).chain([(METRIC_NAME, name)]);
            self.series.push(Entry { labels: Labels::new(pairs), resource: id, part });
        };
        add("up", &[], None, Part::Up);
        let mut versions: Vec<&str> =
            telemetry.metrics.scrapes(id).map(|scrape| telemetry.version_at(id, scrape.stamp)).collect();
        versions.sort_unstable();
        versions.dedup();
        for version in versions {
            let label = ("service_version".to_owned(), version);
            add("target_info", &[label], None, Part::Info(version.to_owned()));
        }
        for series in &target.series {
            let family = &telemetry.metrics.families()[usize::from(series.family.0)];
            let name = family_name(telemetry.names.text(family.name), family);
            let label = |key, value| (label_name(telemetry.names.text(key)), telemetry.names.text(value));
            let own: Vec<(String, &str)> = series.labels.iter().map(|(key, value)| label(*key, *value)).collect();
            for one in exposed(family) {
                let le = one.le.clone();
                let name = format!("{name}{}", one.suffix);
                add(&name, &own, le.as_deref(), Part::Sample(series.slot as usize, one));
            }
        }
    }

    /// The value in a scrape; a series that came later has no place in an earlier one, and a process of another version
    /// is another series.
    fn value(&self, entry: &Entry, scrape: &Scrape<'_>) -> Option<f64> {
        match &entry.part {
            Part::Sample(slot, one) => {
                let numbers = scrape.values.get(*slot..)?;
                (numbers.len() >= one.numbers.end).then(|| one.of(numbers))
            }
            Part::Up => Some(1.0),
            Part::Info(version) => {
                (self.telemetry.version_at(entry.resource, scrape.stamp) == version.as_str()).then_some(1.0)
            }
        }
    }

    fn points(&self, entry: &Entry, from_ms: i64, to_ms: i64) -> Vec<Point> {
        let scraped = &self.scraped[usize::from(entry.resource.0)];
        let within = |t: &i64| (from_ms..=to_ms).contains(t);
        let first = scraped.answered.partition_point(|t| *t < from_ms);
        let scrapes = self.telemetry.metrics.scrapes(entry.resource).skip(first);
        let answered = scraped.answered[first..].iter().take_while(|t| **t <= to_ms).zip(scrapes);
        let gap = if matches!(entry.part, Part::Up) { 0.0 } else { STALE };
        let mut points: Vec<Point> =
            answered.filter_map(|(t, scrape)| Some(Point { t: *t, v: self.value(entry, &scrape)? })).collect();
        let missed = scraped.missed.iter().copied().filter(within).map(|t| Point { t, v: gap });
        let known = points.len();
        points.extend(missed);
        if points.len() > known {
            points.sort_by_key(|point| point.t);
        }
        // `up` ends there as all else does.
        points.extend(scraped.ended.filter(within).map(|t| Point { t, v: STALE }));
        points
    }
}

/// An exemplar, as Prometheus's API gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExemplarPoint {
    /// Its trace, in hexadecimal.
    pub trace: String,
    /// Its span, in hexadecimal.
    pub span: String,
    /// What was observed.
    pub value: f64,
    /// When, by the replica's clock, in milliseconds since 1970.
    pub at: i64,
}

impl MetricStore<'_> {
    /// The buckets that any of the selectors selects and their exemplars, stamped from one time to another (milliseconds
    /// since 1970, both included).
    pub fn exemplars(
        &self,
        selectors: &[Vec<Matcher>],
        from_ms: i64,
        to_ms: i64,
    ) -> Vec<(&Labels, Vec<ExemplarPoint>)> {
        let selected = |entry: &&Entry| selectors.iter().any(|one| Matcher::all(one, &entry.labels));
        let of = |entry: &Entry| -> Vec<ExemplarPoint> {
            let Part::Sample(slot, one) = &entry.part else { return Vec::new() };
            // A bucket is the sum of the numbers up to its own.
            let Some(place) = one.le.as_ref().map(|_| slot + one.numbers.end - 1) else { return Vec::new() };
            let scrapes = self.telemetry.metrics.scrapes(entry.resource);
            let own = scrapes.flat_map(|scrape| scrape.exemplars).filter(|exemplar| exemplar.place as usize == place);
            own.filter(|exemplar| (from_ms..=to_ms).contains(&self.ms(exemplar.stamp)))
                .map(|exemplar| ExemplarPoint {
                    trace: self.telemetry.spans.trace_id(exemplar.trace).to_string(),
                    span: exemplar.span.id().unwrap_or_default(),
                    value: exemplar.value,
                    at: self.ms(exemplar.stamp),
                })
                .collect()
        };
        let found = self.series.iter().filter(selected).map(|entry| (&entry.labels, of(entry)));
        found.filter(|(_, points)| !points.is_empty()).collect()
    }
}

impl Scraped {
    fn find_missed(&mut self, rounds: &[i64]) {
        let (Some(first), Some(last)) = (self.answered.first().copied(), self.answered.last().copied()) else { return };
        let between = rounds.iter().copied().filter(|round| (first..last).contains(round));
        self.missed = between.filter(|round| self.answered.binary_search(round).is_err()).collect();
        self.ended = rounds.get(rounds.partition_point(|round| *round <= last)).copied();
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
