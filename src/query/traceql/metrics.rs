//! Metrics over traces: series by labels, a value for each interval.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use serde_json::{Value as Json, json};

use super::super::syntax::quote;
use super::ast::{Function, Metrics, Query, Second};
use super::compare::compare;
use super::fields::{View, compares};
use super::measure::function_name;
use super::search::{conditions, value_json};
use super::spansets::{Group, run};
use super::store::{TraceScan, TraceStore};
use super::value::Value;

/// What a metrics query may cost.
#[derive(Clone, Copy, Debug)]
pub struct MetricsLimits {
    /// Series.
    pub series: usize,
    /// Points of a series.
    pub points: usize,
    /// Points of all series.
    pub values: usize,
}

impl Default for MetricsLimits {
    fn default() -> Self {
        MetricsLimits { series: 1000, points: 11_000, values: 1_000_000 }
    }
}

/// Why a metrics query has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsError(pub String);

impl fmt::Display for MetricsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MetricsError {}

/// Numbers over time.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeries {
    /// The labels: attributes as they were written, and their values.
    pub labels: Vec<(String, Value)>,
    /// Instants in nanoseconds since 1970, and values.
    pub points: Vec<(i64, f64)>,
}

impl MetricSeries {
    /// Its labels as Prometheus writes them, by name.
    pub fn name(&self) -> String {
        let name = |key: &str| match key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            true => key.to_owned(),
            false => quote(key),
        };
        let text = |value: &Value| match value {
            Value::Nil => "<nil>".to_owned(),
            Value::Text(text) if text.is_empty() => "<empty>".to_owned(),
            value => value.text(),
        };
        let mut labels: Vec<&(String, Value)> = self.labels.iter().collect();
        labels.sort_by_key(|(key, _)| key);
        let shown: Vec<String> =
            labels.into_iter().map(|(key, value)| format!("{}={}", name(key), quote(&text(value)))).collect();
        format!("{{{}}}", shown.join(", "))
    }
}

/// The values of one series in one interval.
#[derive(Clone, Debug, Default)]
struct Cell {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// Counts by the power of two that a value is not above.
    powers: BTreeMap<u32, u64>,
}

impl Cell {
    fn add(&mut self, value: f64) {
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = if self.count == 0 { value } else { self.max.max(value) };
        self.count += 1;
        self.sum += value;
        *self.powers.entry(power_of(value)).or_default() += 1;
    }
}

/// The least power of two that is not below a value.
fn power_of(value: f64) -> u32 {
    let whole = if value >= 9.2e18 { 1 << 63 } else { (value.max(1.0).ceil()) as u64 };
    whole.next_power_of_two().trailing_zeros()
}

/// Evaluates a metrics query. A point at T counts the spans that start after T less the step, up to T.
pub fn metrics(
    store: &dyn TraceStore,
    query: &Query,
    start: i64,
    end: i64,
    step: i64,
    limits: &MetricsLimits,
) -> Result<Vec<MetricSeries>, MetricsError> {
    let fails = |why: &str| Err(MetricsError(why.to_owned()));
    let Some(what) = &query.metrics else {
        return fails("the query measures nothing; add a function such as | rate()");
    };
    if step <= 0 || end < start {
        return fails("the step must be above zero and the end not before the start");
    }
    let count = (end.saturating_sub(start) / step) as usize + 1;
    if count > limits.points {
        return Err(MetricsError(format!("more than {} points a series; make the step larger", limits.points)));
    }
    if let Some(selection) = &what.selection {
        let mut series = compare(store, query, selection, (Steps { start, step }, count), limits)?;
        series.sort_by_cached_key(MetricSeries::name);
        return Ok(series);
    }
    let first = start.saturating_sub(step);
    let last = start.saturating_add(step.saturating_mul(count as i64 - 1));
    let scan =
        TraceScan { from: first.saturating_add(1), until: last.saturating_add(1), conditions: &conditions(query) };
    let mut cells: BTreeMap<Vec<String>, (Vec<Value>, Vec<Cell>)> = BTreeMap::new();
    let mut full = false;
    store.scan(&scan, &mut |trace| {
        let view = View::new(trace);
        let all = Group { spans: (0..trace.spans()).collect(), shown: Vec::new() };
        for span in run(&view, &query.pipeline, vec![all]).into_iter().flat_map(|group| group.spans) {
            let at = trace.span(span).start;
            let value = match &what.of {
                None => Some(1.0),
                Some(attribute) => scaled(what.function, &view.attribute(attribute, span)),
            };
            let Some(value) = value.filter(|_| at > first && at <= last) else { continue };
            let place = (at.saturating_sub(first).saturating_sub(1) / step) as usize;
            let labels: Vec<Value> = what.by.iter().map(|attribute| view.attribute(attribute, span)).collect();
            let key = labels.iter().map(|value| format!("{:?}{}", value.kind(), value.text())).collect();
            let (_, row) = cells.entry(key).or_insert_with(|| (labels, vec![Cell::default(); count]));
            row[place.min(count - 1)].add(value);
            full = cells.len() > limits.series || cells.len().saturating_mul(count) > limits.values;
        }
        if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if full {
        let (most, values) = (limits.series, limits.values);
        return Err(MetricsError(format!(
            "more than {most} series, or {values} points; group by less, or make the step larger"
        )));
    }
    let mut series = Vec::new();
    for (labels, row) in cells.into_values() {
        let named = what.by.iter().map(ToString::to_string).zip(labels).collect();
        expand(what, named, &row, Steps { start, step }, &mut series);
    }
    what.then.iter().for_each(|second| after(&mut series, *second));
    series.retain(|one| !one.points.is_empty());
    // The order of Tempo's answers.
    series.sort_by_cached_key(MetricSeries::name);
    Ok(series)
}

/// The instants of a series, in nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    pub start: i64,
    pub step: i64,
}

impl Steps {
    pub fn at(self, index: usize) -> i64 {
        self.start.saturating_add(self.step.saturating_mul(index as i64))
    }
}

/// The number of an attribute: whole nanoseconds where powers of two are counted, seconds elsewhere.
fn scaled(function: Function, value: &Value) -> Option<f64> {
    let powers = matches!(function, Function::Quantile | Function::Histogram);
    match value {
        Value::Duration(nanos) if !powers => Some(*nanos as f64 / 1e9),
        // A duration keeps its unit until the bucket is known; its sign tells it from a plain number.
        Value::Duration(nanos) => Some(*nanos as f64),
        value => value.number(),
    }
}

fn expand(what: &Metrics, labels: Vec<(String, Value)>, row: &[Cell], steps: Steps, out: &mut Vec<MetricSeries>) {
    let points = |value: &dyn Fn(&Cell) -> Option<f64>| -> Vec<(i64, f64)> {
        let all = row.iter().enumerate();
        all.filter_map(|(at, cell)| Some((steps.at(at), value(cell)?))).collect()
    };
    let filled = |value: fn(&Cell) -> f64| points(&move |cell: &Cell| (cell.count > 0).then(|| value(cell)));
    let unit = if of_duration(what) { 1e9 } else { 1.0 };
    let with = |name: &str, value: Value| {
        let mut labels = labels.clone();
        labels.push((name.to_owned(), value));
        labels
    };
    let named = || {
        if what.by.is_empty() {
            with("__name__", Value::Text(function_name(what.function).to_owned()))
        } else {
            labels.clone()
        }
    };
    let seconds = steps.step as f64 / 1e9;
    let points = match what.function {
        Function::Rate => points(&|cell| Some(cell.count as f64 / seconds)),
        Function::Count => points(&|cell| Some(cell.count as f64)),
        Function::Min => filled(|cell| cell.min),
        Function::Max => filled(|cell| cell.max),
        Function::Avg => filled(|cell| cell.sum / cell.count as f64),
        Function::Sum => filled(|cell| cell.sum),
        Function::Quantile => {
            for q in &what.quantiles {
                let points = points(&|cell| Some(quantile(*q, cell)? / unit));
                out.push(MetricSeries { labels: with("p", Value::Float(*q)), points });
            }
            return;
        }
        Function::Histogram => {
            let mut powers: Vec<u32> = row.iter().flat_map(|cell| cell.powers.keys().copied()).collect();
            powers.sort_unstable();
            powers.dedup();
            for power in powers {
                let points = points(&|cell| Some(cell.powers.get(&power).copied().unwrap_or(0) as f64));
                let bucket = Value::Float((1_u64 << power.min(63)) as f64 / unit);
                out.push(MetricSeries { labels: with("__bucket", bucket), points });
            }
            return;
        }
        Function::Compare => return,
    };
    out.push(MetricSeries { labels: named(), points });
}

fn of_duration(what: &Metrics) -> bool {
    use super::ast::{Attribute, Intrinsic};
    let durations = [Intrinsic::Duration, Intrinsic::TraceDuration, Intrinsic::EventTimeSinceStart];
    matches!(&what.of, Some(Attribute::Intrinsic(intrinsic)) if durations.contains(intrinsic))
}

/// A quantile from counts by powers of two, as Tempo has it: exponential within a bucket.
fn quantile(q: f64, cell: &Cell) -> Option<f64> {
    if cell.count == 0 {
        return None;
    }
    let wanted = (q * cell.count as f64).ceil().max(1.0);
    let mut before = 0.0;
    for (power, count) in &cell.powers {
        let count = *count as f64;
        if before + count >= wanted {
            let share = (wanted - before) / count;
            return Some(libm::exp2(f64::from(*power) - 1.0 + share));
        }
        before += count;
    }
    Some(cell.max)
}

fn after(series: &mut [MetricSeries], second: Second) {
    let (count, most) = match second {
        Second::Filter(op, number) => {
            for one in series.iter_mut() {
                one.points.retain(|(_, value)| compares(&Value::Float(*value), op, &Value::Float(number)));
            }
            return;
        }
        Second::Topk(count) => (count, true),
        Second::Bottomk(count) => (count, false),
    };
    let mut instants: Vec<i64> = series.iter().flat_map(|one| one.points.iter().map(|(at, _)| *at)).collect();
    instants.sort_unstable();
    instants.dedup();
    for instant in instants {
        let value = |one: &MetricSeries| {
            one.points.binary_search_by_key(&instant, |(at, _)| *at).ok().map(|place| one.points[place].1)
        };
        let mut order: Vec<(f64, usize)> =
            series.iter().enumerate().filter_map(|(at, one)| Some((value(one)?, at))).collect();
        order.sort_by(|a, b| if most { b.0.total_cmp(&a.0) } else { a.0.total_cmp(&b.0) });
        for (_, at) in order.into_iter().skip(count) {
            series[at].points.retain(|(point, _)| *point != instant);
        }
    }
}

fn labels_json(series: &MetricSeries) -> Vec<Json> {
    series.labels.iter().map(|(key, value)| json!({"key": key, "value": value_json(value)})).collect()
}

/// The answer of Tempo's `/api/metrics/query`: the last value of each series.
pub fn metrics_instant_json(series: &[MetricSeries]) -> Json {
    let one = |series: &MetricSeries| {
        let value = series.points.last().map_or(0.0, |(_, value)| *value);
        json!({"labels": labels_json(series), "promLabels": series.name(), "value": value})
    };
    json!({"series": series.iter().map(one).collect::<Vec<_>>()})
}

/// The answer of Tempo's `/api/metrics/query_range`.
pub fn metrics_json(series: &[MetricSeries]) -> Json {
    let one = |series: &MetricSeries| {
        let samples: Vec<Json> = series
            .points
            .iter()
            .map(|(at, value)| json!({"timestampMs": (at / 1_000_000).to_string(), "value": value}))
            .collect();
        json!({"labels": labels_json(series), "promLabels": series.name(), "samples": samples})
    };
    json!({"series": series.iter().map(one).collect::<Vec<_>>()})
}
