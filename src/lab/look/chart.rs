//! Charts: a metric over time, cut by one label. Rates are increases between scrapes; a chart never shows more than
//! about 600 points and 12 lines.

use std::collections::BTreeMap;

use super::since;
use crate::lab::{Chart, ChartLine, ChartQuery, Refusal, Show};
use crate::telemetry::{
    Family, FamilyId, MetricKind, ResourceId, Series, Telemetry, add_growth, bucket_quantile, series,
};
use crate::time::{Duration, SimTime, Stamp};

/// Points of one line, about.
const MOST_POINTS: u64 = 600;
/// Lines of one chart; what is beyond is pooled in the last one.
const MOST_LINES: usize = 12;
/// The name of the line for everything beyond.
const OTHERS: &str = "others";

/// One series that a chart draws.
struct Chosen<'a> {
    resource: ResourceId,
    series: &'a Series,
    /// Its line.
    line: usize,
    /// Whether its labels say that the request failed.
    error: bool,
}

/// What is added up for one line in one step of time.
#[derive(Clone, Default)]
struct Cell {
    /// Growth, or the sum of values, for each number of the series.
    numbers: Vec<f64>,
    /// The same of the failed ones, the count alone.
    errors: f64,
    /// Most scrapes of one replica within the step.
    scrapes: u32,
}

/// Draws a metric.
pub fn chart(
    telemetry: &Telemetry,
    scrape_every: Duration,
    now: SimTime,
    query: &ChartQuery,
) -> Result<Chart, Refusal> {
    let Some((id, family)) = series::family(telemetry, &query.metric) else {
        let known = series::families(telemetry).into_iter().map(|(_, family)| telemetry.names.text(family.name));
        return Err(Refusal::unknown("metric", &query.metric, known));
    };
    let show = resolve(query.show, family, &query.metric)?;
    let (mut chosen, names) = choose(telemetry, id, query)?;
    let names = keep_largest(telemetry, family, &mut chosen, names);

    let oldest =
        chosen.iter().filter_map(|one| telemetry.metrics.scrapes(one.resource).next()).map(|scrape| scrape.stamp).min();
    let from = since(now.stamp(), query.last).max(Stamp(oldest.unwrap_or_default().0 - 1));
    let step = step(scrape_every, Duration(now.stamp().0.abs_diff(from.0)));
    let mut lines: Vec<BTreeMap<u64, Cell>> = vec![BTreeMap::new(); names.len()];
    for one in &chosen {
        add(telemetry, family, one, show, (from, now.stamp()), step, &mut lines[one.line]);
    }
    let point = |(at, cell): (u64, &Cell)| {
        let end = from.0.saturating_add_unsigned((at + 1).saturating_mul(step.0)).min(now.stamp().0);
        Some((Stamp(end), value(show, family, cell, scrape_every)?))
    };
    let lines = names.into_iter().zip(&lines).map(|(name, cells)| ChartLine {
        name,
        points: cells.iter().filter_map(|(at, cell)| point((*at, cell))).collect(),
    });
    let lines = lines.filter(|line| !line.points.is_empty()).collect();
    Ok(Chart { title: query.words(), unit: unit(show, family), lines })
}

/// What [`Show::Auto`] means for a family, and what cannot be shown of it.
fn resolve(show: Show, family: &Family, name: &str) -> Result<Show, Refusal> {
    let cannot = |what: &str, remedy: &str| {
        Err(Refusal::new(format!("`{name}` is a {} and has no {what}", family.kind.name()), remedy.to_owned()))
    };
    match (show, family.kind) {
        (Show::Auto, MetricKind::Gauge) => Ok(Show::Value),
        (Show::Auto, _) => Ok(Show::Rate),
        (Show::Rate | Show::ErrorShare, MetricKind::Gauge) => cannot("rate", "show its value"),
        (Show::Mean | Show::Quantile(_), MetricKind::Counter) => cannot("distribution", "show its rate"),
        (Show::Mean | Show::Quantile(_), MetricKind::Gauge) => cannot("distribution", "show its value"),
        (Show::Quantile(q), _) if !(0.0..=1.0).contains(&q) => Err(Refusal::range("the quantile", 0, 1)),
        (show, _) => Ok(show),
    }
}

/// The series that a query asks for, and the names of their lines.
fn choose<'a>(
    telemetry: &'a Telemetry,
    id: FamilyId,
    query: &ChartQuery,
) -> Result<(Vec<Chosen<'a>>, Vec<String>), Refusal> {
    let labels = series::labels(telemetry, id);
    for name in query.with.keys().chain(&query.by) {
        if !labels.contains_key(name) {
            return Err(Refusal::unknown(
                &format!("label of {}", query.metric),
                name,
                labels.keys().map(String::as_str),
            ));
        }
    }
    for (name, value) in &query.with {
        let values = labels.get(name).map_or(&[][..], Vec::as_slice);
        if !values.contains(value) {
            let sort = format!("{name} of {}", query.metric);
            return Err(Refusal::unknown(&sort, value, values.iter().map(String::as_str)));
        }
    }
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut chosen = Vec::new();
    for (resource, one) in series::of_family(telemetry, id) {
        let label = |name: &str| series::label(telemetry, resource, one, name);
        if query.with.iter().any(|(name, value)| label(name) != value) {
            continue;
        }
        let name = query.by.as_deref().map_or("all", label);
        let next = numbers.len();
        let line = *numbers.entry(name).or_insert(next);
        let status: u16 = label("http.response.status_code").parse().unwrap_or(0);
        chosen.push(Chosen { resource, series: one, line, error: !label("error.type").is_empty() || status >= 500 });
    }
    let mut names = vec![String::new(); numbers.len()];
    for (name, line) in numbers {
        names[line] = if name.is_empty() { "(none)".to_owned() } else { name.to_owned() };
    }
    Ok((chosen, names))
}

/// Puts all but the largest lines into one, and the lines into order of name.
fn keep_largest(telemetry: &Telemetry, family: &Family, chosen: &mut [Chosen<'_>], names: Vec<String>) -> Vec<String> {
    let mut sizes = vec![0.0; names.len()];
    for one in chosen.iter() {
        let newest = telemetry.metrics.scrapes(one.resource).next_back();
        let numbers = newest.and_then(|scrape| scrape.numbers(one.series, family.width()));
        sizes[one.line] += numbers.map_or(0.0, |numbers| total(family, numbers));
    }
    let mut order: Vec<usize> = (0..names.len()).collect();
    let pooled = if names.len() > MOST_LINES {
        order.sort_by(|a, b| sizes[*b].total_cmp(&sizes[*a]).then_with(|| names[*a].cmp(&names[*b])));
        order.split_off(MOST_LINES - 1)
    } else {
        Vec::new()
    };
    order.sort_by(|a, b| names[*a].cmp(&names[*b]));
    let mut places = vec![order.len(); names.len()];
    order.iter().enumerate().for_each(|(place, line)| places[*line] = place);
    chosen.iter_mut().for_each(|one| one.line = places[one.line]);
    let mut kept: Vec<String> = order.iter().map(|line| names[*line].clone()).collect();
    if !pooled.is_empty() {
        kept.push(OTHERS.to_owned());
    }
    kept
}

/// The step of a chart: a multiple of the scrape interval that gives no more than the most points.
fn step(scrape_every: Duration, range: Duration) -> Duration {
    let every = scrape_every.0.max(1);
    let scrapes = range.0.div_ceil(every);
    Duration(every.saturating_mul(scrapes.div_ceil(MOST_POINTS).max(1)))
}

/// Adds one series to its line.
fn add(
    telemetry: &Telemetry,
    family: &Family,
    one: &Chosen<'_>,
    show: Show,
    range: (Stamp, Stamp),
    step: Duration,
    cells: &mut BTreeMap<u64, Cell>,
) {
    let width = family.width();
    let mut before: Option<&[f64]> = None;
    let mut in_step = (0, 0);
    for scrape in telemetry.metrics.scrapes(one.resource) {
        let after = scrape.numbers(one.series, width);
        let previous = std::mem::replace(&mut before, after);
        let Some(after) = after.filter(|_| scrape.stamp > range.0 && scrape.stamp <= range.1) else { continue };
        let at = (scrape.stamp.0.abs_diff(range.0.0) - 1) / step.0;
        let mut grown = vec![0.0; width];
        if show == Show::Value {
            grown.copy_from_slice(after);
        } else if let Some(previous) = previous {
            add_growth(&mut grown, previous, after);
        } else {
            continue;
        }
        in_step = if in_step.0 == at { (at, in_step.1 + 1) } else { (at, 1) };
        let cell = cells.entry(at).or_default();
        cell.numbers.resize(width, 0.0);
        cell.numbers.iter_mut().zip(&grown).for_each(|(sum, number)| *sum += number);
        cell.errors += if one.error { total(family, &grown) } else { 0.0 };
        cell.scrapes = cell.scrapes.max(in_step.1);
    }
}

/// Requests, messages or the value itself: the one number that a series counts.
fn total(family: &Family, numbers: &[f64]) -> f64 {
    match family.kind {
        MetricKind::Histogram => numbers.iter().skip(1).sum(),
        _ => numbers.first().copied().unwrap_or(0.0),
    }
}

/// What a chart shows of a cell; None if there is nothing to show.
fn value(show: Show, family: &Family, cell: &Cell, scrape_every: Duration) -> Option<f64> {
    let total = total(family, &cell.numbers);
    let scrapes = f64::from(cell.scrapes.max(1));
    match show {
        Show::Auto | Show::Rate => Some(total / (scrapes * scrape_every.as_secs_f64())),
        Show::Value => Some(total / scrapes),
        Show::Mean => (total > 0.0).then(|| cell.numbers[0] / total),
        Show::Quantile(q) => bucket_quantile(q, family.bounds, &cell.numbers[1..]),
        Show::ErrorShare => (total > 0.0).then(|| cell.errors / total),
    }
}

fn unit(show: Show, family: &Family) -> String {
    match (show, family.kind) {
        (Show::ErrorShare, _) => "1".to_owned(),
        (Show::Rate | Show::Auto, MetricKind::Histogram) => "1/s".to_owned(),
        (Show::Rate | Show::Auto, _) if family.unit == "s" => "s/s".to_owned(),
        (Show::Rate | Show::Auto, _) => format!("{}/s", family.unit),
        (Show::Value, MetricKind::Histogram) => "1".to_owned(),
        _ => family.unit.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::{Fixture, WIDE};

    fn ask(fixture: &Fixture, query: ChartQuery) -> Result<Chart, Refusal> {
        chart(&fixture.telemetry, Duration::from_secs(10), SimTime::from_secs(60), &query)
    }

    fn points(chart: &Chart, line: usize) -> Vec<(i64, f64)> {
        chart.lines[line].points.iter().map(|(stamp, value)| (stamp.0 / 1_000_000_000, *value)).collect()
    }

    #[test]
    fn a_rate_survives_a_restart_and_late_series() {
        let mut fixture = Fixture::new(&["shop", "shop"]);
        let ok = fixture.counter(0, "requests", &[("status", "200")]);
        fixture.scrape(0, 10, &[(ok, 100.0)]);
        fixture.scrape(0, 20, &[(ok, 200.0)]);
        let bad = fixture.counter(0, "requests", &[("status", "500")]);
        fixture.scrape(0, 30, &[(ok, 50.0), (bad, 10.0)]);
        fixture.scrape(0, 40, &[(ok, 50.0), (bad, 30.0)]);
        let query = ChartQuery { metric: "requests".into(), by: Some("status".into()), ..ChartQuery::default() };
        let drawn = ask(&fixture, query).unwrap();
        assert_eq!(drawn.unit, "{request}/s");
        assert_eq!(drawn.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["200", "500"]);
        assert_eq!(points(&drawn, 0).iter().map(|point| point.1).collect::<Vec<_>>(), [10.0, 5.0, 0.0]);
        assert_eq!(points(&drawn, 1).iter().map(|point| point.1).collect::<Vec<_>>(), [2.0], "absent is not zero");
    }

    #[test]
    fn replicas_are_summed_in_rates_and_values() {
        let mut fixture = Fixture::new(&["shop", "shop"]);
        for replica in 0..2 {
            let depth = fixture.gauge(replica, "depth");
            fixture.scrape(replica, 10, &[(depth, 3.0)]);
            fixture.scrape(replica, 20, &[(depth, 5.0)]);
        }
        let drawn = ask(&fixture, ChartQuery { metric: "depth".into(), ..ChartQuery::default() }).unwrap();
        assert_eq!(points(&drawn, 0).iter().map(|point| point.1).collect::<Vec<_>>(), [6.0, 10.0]);
        let query =
            ChartQuery { metric: "depth".into(), by: Some("service.instance.id".into()), ..ChartQuery::default() };
        assert_eq!(ask(&fixture, query).unwrap().lines.len(), 2);
    }

    #[test]
    fn a_long_range_has_few_points_and_many_values_few_lines() {
        let mut fixture = Fixture::new(&["shop"]);
        let slots: Vec<u32> =
            (0..WIDE).map(|n| fixture.counter(0, "requests", &[("status", &format!("{n:03}"))])).collect();
        for second in 1..=2000u32 {
            let row: Vec<(u32, f64)> = slots.iter().map(|slot| (*slot, f64::from(second * (slot + 1)))).collect();
            fixture.scrape(0, i64::from(second) * 10, &row);
        }
        let query = ChartQuery { metric: "requests".into(), by: Some("status".into()), ..ChartQuery::default() };
        let drawn = chart(&fixture.telemetry, Duration::from_secs(10), SimTime::from_secs(20_000), &query).unwrap();
        assert_eq!(drawn.lines.len(), MOST_LINES);
        assert_eq!(drawn.lines[MOST_LINES - 1].name, OTHERS);
        assert!(drawn.lines.iter().all(|line| line.points.len() <= MOST_POINTS as usize + 1));
        let all: f64 = drawn.lines.iter().map(|line| line.points[5].1).sum();
        let expected: f64 = slots.iter().map(|slot| f64::from(slot + 1) / 10.0).sum();
        assert!((all - expected).abs() < 1e-9, "{all} {expected}");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_with_a_remedy() {
        let mut fixture = Fixture::new(&["shop"]);
        let slot = fixture.counter(0, "requests", &[("status", "200")]);
        fixture.gauge(0, "depth");
        fixture.scrape(0, 10, &[(slot, 1.0)]);
        let with = |metric: &str, show| ChartQuery { metric: metric.into(), show, ..ChartQuery::default() };
        for (query, remedy) in [
            (with("request", Show::Auto), "did you mean `requests`?"),
            (with("requests", Show::Mean), "show its rate"),
            (with("depth", Show::Rate), "show its value"),
            (ChartQuery { by: Some("statsu".into()), ..with("requests", Show::Auto) }, "did you mean `status`?"),
            (
                ChartQuery { with: [("status".into(), "900".into())].into(), ..with("requests", Show::Auto) },
                "did you mean `200`?",
            ),
        ] {
            assert_eq!(ask(&fixture, query).unwrap_err().remedy, remedy);
        }
    }
}
