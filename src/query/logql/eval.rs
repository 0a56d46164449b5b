//! Evaluates queries: at an instant, over a range, for lines.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use super::ast::{Expr, LogExpr, MetricExpr};
use super::binary;
use super::pipeline::{needles, run, split_leading};
use super::ranges;
use super::row::Row;
use super::store::{LogStore, Scan};
use super::value::{Answer, Labels, Line, Sample, Series, Stream};
use super::vector;

/// What a query may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Lines that a log query gives.
    pub entries: usize,
    /// Series that a metric query may give.
    pub series: usize,
    /// Series that one part of a metric query may hold.
    pub held: usize,
    /// Values, a series and step each, that all parts of a metric query together may hold.
    pub values: usize,
    /// Points that a series may have.
    pub points: usize,
    /// Samples that one range aggregation may hold.
    pub samples: usize,
}

impl Default for Limits {
    /// Loki's, but for what is held on the way, for which it has none.
    fn default() -> Self {
        let (held, values, samples) = (200_000, 20_000_000, 20_000_000);
        Limits { entries: 5000, series: 500, held, values, points: 11_000, samples }
    }
}

/// Why a query that was understood has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError(pub String);

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EvalError {}

/// The instants a query is evaluated at, in nanoseconds since 1970: from, to (included) and the step between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    pub start: i64,
    pub step: i64,
    pub count: usize,
}

impl Steps {
    pub fn at(self, index: usize) -> i64 {
        self.start.saturating_add(self.step.saturating_mul(index as i64))
    }
}

/// Series by labels; a value a step, where there is one.
pub(super) type Grid = Vec<(Labels, Vec<Option<f64>>)>;

/// The number or the series of an expression.
pub(super) enum Evaluated {
    Number(f64),
    Grid(Grid),
}

pub(super) struct Context<'a> {
    pub store: &'a dyn LogStore,
    pub limits: &'a Limits,
    pub steps: Steps,
    pub streams: Vec<Labels>,
    /// Values that are held so far.
    values: Cell<usize>,
}

/// Evaluates at one instant (nanoseconds since 1970). A log query gives its newest lines of the last hour.
pub fn instant(store: &dyn LogStore, expr: &Expr, at: i64, limits: &Limits) -> Result<Answer, EvalError> {
    let metric = match expr {
        Expr::Log(log) => return Ok(lines(store, log, at.saturating_sub(3_600_000_000_000), at, true, limits)),
        Expr::Metric(metric) => metric,
    };
    let context = Context::new(store, limits, Steps { start: at, step: 1, count: 1 });
    match context.metric(metric)? {
        Evaluated::Number(value) => Ok(Answer::Scalar(at, value)),
        Evaluated::Grid(grid) => {
            let samples: Vec<Sample> = grid
                .into_iter()
                .filter_map(|(labels, values)| Some(Sample { labels, value: (*values.first()?)? }))
                .collect();
            given(samples.len(), limits)?;
            Ok(Answer::Vector(at, samples))
        }
    }
}

/// Evaluates from one instant to another, both included, at each step (nanoseconds). A log query gives the lines from
/// the first to before the last, the newest first.
pub fn range(
    store: &dyn LogStore,
    expr: &Expr,
    start: i64,
    end: i64,
    step: i64,
    limits: &Limits,
) -> Result<Answer, EvalError> {
    let metric = match expr {
        Expr::Log(log) => return Ok(lines(store, log, start, end, true, limits)),
        Expr::Metric(metric) => metric,
    };
    if step <= 0 || end < start {
        return Err(EvalError("the step must be above zero and the end not before the start".to_owned()));
    }
    let count = (end.saturating_sub(start) / step) as usize + 1;
    if count > limits.points {
        return Err(EvalError(format!("more than {} points a series; make the step larger", limits.points)));
    }
    let steps = Steps { start, step, count };
    let context = Context::new(store, limits, steps);
    let grid = match context.metric(metric)? {
        Evaluated::Number(value) => vec![(Labels::default(), vec![Some(value); count])],
        Evaluated::Grid(grid) => grid,
    };
    let mut series: Vec<Series> = grid
        .into_iter()
        .map(|(labels, values)| Series {
            labels,
            points: values.into_iter().enumerate().filter_map(|(at, value)| Some((steps.at(at), value?))).collect(),
        })
        .filter(|series| !series.points.is_empty())
        .collect();
    given(series.len(), limits)?;
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(Answer::Matrix(series))
}

/// Loki counts the series of the whole query alone, not those of its parts.
fn given(series: usize, limits: &Limits) -> Result<(), EvalError> {
    if series > limits.series {
        return Err(EvalError(format!("maximum of series ({}) reached for a single query", limits.series)));
    }
    Ok(())
}

/// The lines of a log query from an instant to before another, as many as the limit allows: the newest, or the oldest.
pub fn lines(store: &dyn LogStore, log: &LogExpr, from: i64, until: i64, backwards: bool, limits: &Limits) -> Answer {
    let streams = store.streams();
    let wanted = selected(&streams, log);
    let needles = needles(&log.stages);
    let scan = Scan { streams: &wanted, from, until, backwards, needles: &needles };
    let mut found: BTreeMap<[Labels; 3], Vec<Line>> = BTreeMap::new();
    let (leading, stages) = split_leading(&log.stages);
    let mut left = limits.entries;
    let mut buffer = String::new();
    if left > 0 {
        store.scan(&scan, &mut |entry| {
            let mut row = Row::new(&streams[entry.stream], entry.at, until);
            row.line = std::mem::take(&mut buffer);
            row.line.clear();
            entry.words.line(&mut row.line);
            let mut passed = run(leading, &mut row);
            if passed {
                entry.words.metadata(&|_| true, &mut |name, value| row.set_metadata(name, value));
                passed = run(stages, &mut row);
            }
            if !passed {
                buffer = row.line;
                return ControlFlow::Continue(());
            }
            let labels = [row.labels(), row.metadata(), row.parsed()];
            found.entry(labels).or_default().push(Line { at: entry.at, text: row.line });
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    let found = found.into_iter();
    let streams = found.map(|([labels, metadata, parsed], lines)| Stream { labels, metadata, parsed, lines });
    Answer::Streams(streams.collect())
}

/// Whether each stream is selected.
pub(super) fn selected(streams: &[Labels], log: &LogExpr) -> Vec<bool> {
    streams.iter().map(|labels| log.selects(labels)).collect()
}

impl<'a> Context<'a> {
    fn new(store: &'a dyn LogStore, limits: &'a Limits, steps: Steps) -> Self {
        Context { store, limits, steps, streams: store.streams(), values: Cell::new(0) }
    }

    /// Makes room for one more series, the `series`-th of a part of the query.
    pub fn hold(&self, series: usize) -> Result<(), EvalError> {
        let values = self.values.get().saturating_add(self.steps.count);
        self.values.set(values);
        let why = if series > self.limits.held {
            format!("more than {} series in a part of the query; group lines by fewer labels", self.limits.held)
        } else if values > self.limits.values {
            let most = self.limits.values;
            format!(
                "more than {most} values in the parts of the query; group lines by fewer labels, or make the step larger"
            )
        } else {
            return Ok(());
        };
        Err(EvalError(why))
    }

    pub fn metric(&self, expr: &MetricExpr) -> Result<Evaluated, EvalError> {
        Ok(Evaluated::Grid(match expr {
            MetricExpr::Literal(value) => return Ok(Evaluated::Number(*value)),
            MetricExpr::Vector(value) => vec![(Labels::default(), vec![Some(*value); self.steps.count])],
            MetricExpr::Range(aggregation) => ranges::evaluate(self, aggregation, None)?,
            MetricExpr::Aggregate(aggregation) => vector::evaluate(self, aggregation)?,
            MetricExpr::Binary(operation) => return binary::evaluate(self, operation),
            MetricExpr::LabelReplace(replace) => vector::label_replace(self.grid(&replace.inner)?, replace)?,
            MetricExpr::Variants(variants) => {
                let mut all = Vec::new();
                for (at, variant) in variants.iter().enumerate() {
                    for (mut labels, values) in self.grid(variant)? {
                        labels.set("__variant__".to_owned(), at.to_string());
                        all.push((labels, values));
                    }
                }
                all
            }
        }))
    }

    /// The series of an expression; a number is one series without labels.
    pub fn grid(&self, expr: &MetricExpr) -> Result<Grid, EvalError> {
        Ok(match self.metric(expr)? {
            Evaluated::Number(value) => vec![(Labels::default(), vec![Some(value); self.steps.count])],
            Evaluated::Grid(grid) => grid,
        })
    }
}
