//! Whether what is pinned would have looked otherwise without the cause. Charts are compared, lists by how much there is
//! of them over time, exporters by the numbers that they show, clocks and health pages as they were. What is none of
//! these is not compared.

use std::collections::BTreeMap;

use super::Case;
use super::counterfactual::Runs;
use crate::engine::ClockReading;
use crate::lab::{Chart, ChartQuery, Found, Look, PinnedEvidence, look};
use crate::telemetry::Telemetry;
use crate::time::{Duration, SimTime, Stamp};

/// The relative difference between two lines that a person sees on any chart, and the least that counts at all: one
/// between the two is seen if it stands out of the line's own spread.
const VISIBLE: f64 = 0.10;
const LEAST: f64 = 0.005;
/// The difference between two clocks that a person sees, in nanoseconds.
const CLOCKS_APART: u64 = 10_000_000;

/// What the pinned evidence says of the cause.
pub struct Support {
    /// The first piece that separates the run from the one without the cause, in words.
    pub shown: Option<String>,
    /// Whether a piece was compared, and whether one could not be.
    compared: bool,
    left_out: bool,
}

impl Support {
    pub fn new(case: &Case<'_>, runs: &Runs) -> Support {
        let told: Vec<(&PinnedEvidence, Option<bool>)> =
            case.notebook.pinned.iter().map(|pinned| (pinned, tells(case, runs, pinned))).collect();
        let shown = told.iter().find(|(_, tells)| *tells == Some(true));
        Support {
            shown: shown.map(|(pinned, _)| pinned.look.words()),
            compared: told.iter().any(|(_, tells)| tells.is_some()),
            left_out: told.iter().any(|(_, tells)| tells.is_none()),
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match (&self.shown, self.compared, self.left_out) {
            (Some(shown), ..) => format!("without the cause, {shown} would have looked otherwise"),
            (None, _, false) => "nothing pinned tells this run from one without the cause".into(),
            (None, false, true) => "what you pinned is not compared with a run without the cause".into(),
            (None, true, true) => "of what you pinned, what is compared looks as it would without the cause".into(),
        }
    }
}

/// Whether a piece separates the run from the one without the cause. None if it cannot be compared.
fn tells(case: &Case<'_>, runs: &Runs, pinned: &PinnedEvidence) -> Option<bool> {
    let without = runs.causeless.as_ref()?;
    let (this, other) = (case.sim.telemetry(), without.telemetry());
    match &pinned.look {
        Look::Clocks => clocks(case, runs, pinned.at),
        Look::Health => Some(pages(this, pinned.at.stamp()) != pages(other, pinned.at.stamp())),
        look => {
            let scrape_every = case.lesson.world().spec().monitor.scrape_every;
            let this = numbers(this, scrape_every, pinned.at, look)?;
            let other = drawn(other, scrape_every, pinned.at, look);
            Some(differ(&this, &other, case.caused_at()?.stamp()))
        }
    }
}

/// Whether a clock is another without the cause: as it was when the first fix was ordered, or at the end if it was looked at
/// after the last one. What clocks said between two fixes is not kept.
fn clocks(case: &Case<'_>, runs: &Runs, at: SimTime) -> Option<bool> {
    let unfixed = case.before_fixes.unwrap_or(case.sim);
    if at <= unfixed.now() {
        return Some(are_apart(&unfixed.clocks(), &runs.clocks));
    }
    let is_last = case.notebook.deployed.iter().all(|order| order.effective <= at);
    let without = runs.causeless.as_ref().filter(|_| is_last)?;
    Some(are_apart(&case.sim.clocks(), &without.clocks()))
}

/// Whether a replica of both says another time.
fn are_apart(these: &[ClockReading], others: &[ClockReading]) -> bool {
    let says: BTreeMap<&str, Stamp> = others.iter().map(|other| (other.instance.as_str(), other.says)).collect();
    let other = |this: &ClockReading| says.get(this.instance.as_str()).copied();
    these.iter().any(|this| other(this).is_some_and(|says| this.says.0.abs_diff(says.0) > CLOCKS_APART))
}

/// The newest health page of every replica at an instant: its status, and whether it names an issue.
fn pages(telemetry: &Telemetry, at: Stamp) -> BTreeMap<&str, (u16, bool)> {
    let records = telemetry.health.iter().filter(|record| record.stamp <= at);
    records
        .map(|record| (telemetry.resource(record.resource).instance.as_str(), (record.code, !record.issues.is_empty())))
        .collect()
}

/// The chart that a look shows, or of a list how much there is of it over time; an empty one if it shows neither.
pub fn drawn(telemetry: &Telemetry, scrape_every: Duration, at: SimTime, pinned: &Look) -> Chart {
    numbers(telemetry, scrape_every, at, pinned).unwrap_or_default()
}

/// The same; None if it shows neither.
fn numbers(telemetry: &Telemetry, scrape_every: Duration, at: SimTime, pinned: &Look) -> Option<Chart> {
    match pinned {
        Look::Chart(query) => look::chart(telemetry, scrape_every, at, query).ok(),
        Look::Queues => Some(exported(telemetry, scrape_every, at, "messaging.queue.")),
        Look::Caches => Some(exported(telemetry, scrape_every, at, "cache.")),
        Look::Query(query) => match look::query(telemetry, scrape_every, at, query).map(|answer| answer.found) {
            Ok(Found::Numbers(chart)) => Some(chart),
            _ => look::counts(telemetry, scrape_every, at, pinned),
        },
        _ => look::counts(telemetry, scrape_every, at, pinned),
    }
}

/// What exporters show of all metrics whose names begin so, over time, by replica.
fn exported(telemetry: &Telemetry, scrape_every: Duration, at: SimTime, prefix: &str) -> Chart {
    let mut all = Chart::default();
    for metric in look::metrics(telemetry) {
        if !metric.name.starts_with(prefix) || metric.kind == "histogram" {
            continue;
        }
        let by = Some("service.instance.id".to_owned());
        let query = ChartQuery { metric: metric.name, by, ..ChartQuery::default() };
        let drawn = look::chart(telemetry, scrape_every, at, &query).unwrap_or_default();
        let named = drawn.lines.into_iter().map(|mut line| {
            line.name = format!("{} of {}", query.metric, line.name);
            line
        });
        all.lines.extend(named);
    }
    all
}

/// Whether any line differs since the cause by more than chance and the eye allow.
pub fn differ(this: &Chart, other: &Chart, since: Stamp) -> bool {
    let lines = this.lines.iter().chain(&other.lines);
    lines.into_iter().any(|line| {
        let of = |chart: &Chart| {
            let found = chart.lines.iter().find(|other| other.name == line.name);
            Sample::new(found.map_or(&[][..], |line| &line.points), since)
        };
        of(this).differs_from(&of(other))
    })
}

/// Mean and spread of a line.
struct Sample {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    fn new(points: &[(Stamp, f64)], since: Stamp) -> Sample {
        let values: Vec<f64> = points.iter().filter(|(at, _)| *at >= since).map(|(_, value)| *value).collect();
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Sample { count, mean, variance }
    }

    fn differs_from(&self, other: &Sample) -> bool {
        let difference = (self.mean - other.mean).abs();
        let error = (self.variance / self.count + other.variance / other.count).sqrt();
        let spread = self.variance.max(other.variance).sqrt();
        let size = self.mean.abs().max(other.mean.abs());
        let is_seen = difference > VISIBLE * size || (difference > LEAST * size && difference > spread);
        is_seen && difference > 3.0 * error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::ChartLine;
    use crate::lab::look::tests::Fixture;
    use crate::telemetry::{HealthRecord, ResourceId};

    fn chart(values: &[f64]) -> Chart {
        let points = values.iter().enumerate().map(|(at, value)| (Stamp(at as i64), *value)).collect();
        Chart { lines: vec![ChartLine { name: "all".into(), points }], ..Chart::default() }
    }

    #[test]
    fn charts_differ_beyond_chance() {
        let noisy = |mean: f64| chart(&(0..60).map(|n| mean + f64::from(n % 7) * 0.1).collect::<Vec<_>>());
        assert!(differ(&noisy(10.0), &noisy(5.0), Stamp(0)));
        assert!(!differ(&noisy(10.0), &noisy(10.0), Stamp(0)));
        assert!(!differ(&noisy(10.0), &noisy(10.1), Stamp(0)), "lost in its spread");
        assert!(differ(&noisy(10.0), &noisy(10.5), Stamp(0)), "a step in a steady line");
        assert!(differ(&noisy(10.0), &Chart::default(), Stamp(0)), "a line that is not there without the cause");
    }

    #[test]
    fn clocks_differ_by_what_a_person_sees() {
        let clock = |name: &str, ms: i64| ClockReading { instance: name.into(), says: Stamp(ms * 1_000_000) };
        let healthy = [clock("auth-1", 1000), clock("auth-2", 1003)];
        assert!(!are_apart(&[clock("auth-1", 1000), clock("auth-2", 1012)], &healthy));
        assert!(are_apart(&[clock("auth-1", 1000), clock("auth-2", 903)], &healthy));
        assert!(!are_apart(&[clock("auth-3", 903)], &healthy), "a replica that the other run does not have");
    }

    #[test]
    fn health_pages_differ_by_what_they_answer() {
        let page = |second: i64, code: u16, issues: &[&str]| {
            let mut fixture = Fixture::new(&["edge"]);
            for (second, code, issues) in [(10, 200, &[][..]), (second, code, issues)] {
                fixture.telemetry.health.push(HealthRecord {
                    stamp: Stamp(second * 1_000_000_000),
                    resource: ResourceId(0),
                    code,
                    issues: issues.iter().map(|issue| (*issue).to_owned()).collect(),
                    checks: Vec::new(),
                });
            }
            let pages = pages(&fixture.telemetry, Stamp(100_000_000_000));
            pages.get("edge-1").copied()
        };
        let well = page(20, 200, &[]);
        assert_eq!(well, Some((200, false)));
        assert_eq!(page(30, 503, &["down"]), Some((503, true)));
        assert_eq!(page(200, 503, &["down"]), well, "later than it was looked at");
    }

    #[test]
    fn queues_are_the_numbers_that_their_exporters_show() {
        let drawn = |waiting: f64| {
            let mut fixture = Fixture::new(&["mail-queue"]);
            let (depth, other) = (fixture.gauge(0, "messaging.queue.depth"), fixture.gauge(0, "process.uptime"));
            (0..=60).for_each(|at| fixture.scrape(0, at * 10, &[(depth, waiting), (other, waiting)]));
            drawn(&fixture.telemetry, Duration::from_secs(10), SimTime::from_secs(600), &Look::Queues)
        };
        let busy = drawn(100.0);
        assert_eq!(busy.lines.len(), 1, "{busy:?}");
        assert!(differ(&busy, &drawn(3.0), Stamp(0)) && !differ(&busy, &drawn(100.0), Stamp(0)));
    }

    #[test]
    fn what_cannot_be_compared_is_not_said_to_tell_nothing() {
        let words = |compared, left_out| Support { shown: None, compared, left_out }.words();
        assert!(words(false, false).starts_with("nothing pinned tells"));
        assert!(words(true, false).starts_with("nothing pinned tells"));
        assert!(words(false, true).starts_with("what you pinned is not compared"));
        assert!(words(true, true).contains("what is compared looks as it would"));
    }
}
