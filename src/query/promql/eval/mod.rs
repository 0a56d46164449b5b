//! Evaluates a checked expression for all steps of a query at once.

mod aggregate;
mod binary;
mod call;
mod select;

pub(super) use select::Window;

use super::annotations::Annotations;
use super::ast::{At, Expr, ExprKind, Kind, Shift};
use super::error::{Error, Result, Span};
use super::labels::Labels;
use super::parser::parse;
use super::storage::{Point, STALE, Samples, is_stale};
use super::value::{Row, Sample, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Limits and defaults of an evaluation.
#[derive(Debug, Clone)]
pub struct Options {
    /// How far back an instant selector looks for a value, in milliseconds. Prometheus's default is 5 minutes.
    pub lookback: i64,
    /// The step of subqueries that name none, in milliseconds.
    pub default_step: i64,
    /// The most steps of a range query. Prometheus's limit is 11,000.
    pub steps_max: usize,
    /// The most samples that a query may read or hold. Prometheus's limit is 50,000,000.
    pub samples_max: usize,
    /// The most samples that functions may look at in ranges, each as often as a step has it in its range. Prometheus has no
    /// such limit but its timeout.
    pub visits_max: usize,
    /// Set from another thread, it ends the evaluation with [`ErrorKind::Stopped`](super::ErrorKind::Stopped).
    pub stop: Option<Arc<AtomicBool>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback: 300_000,
            default_step: 60_000,
            steps_max: 11_000,
            samples_max: 50_000_000,
            visits_max: 1_000_000_000,
            stop: None,
        }
    }
}

/// A result, and remarks on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The result.
    pub value: Value,
    /// Warnings and infos.
    pub annotations: Annotations,
}

/// Evaluates `query` at one time, in milliseconds.
pub fn query_instant(storage: &dyn Samples, query: &str, at: i64, options: &Options) -> Result<Answer> {
    let expr = parse(query)?;
    let grid = Grid { start: at, step: 1, steps: 1 };
    let mut evaluator = Evaluator::new(storage, options, grid);
    let value = match expr.kind() {
        Kind::Matrix => Value::Matrix(evaluator.raw_matrix(&expr, grid)?),
        _ => match evaluator.eval(&expr, grid)? {
            Out::Scalar(v) => Value::Scalar(Point { t: at, v: v.first().copied().unwrap_or(f64::NAN) }),
            Out::Text(text) => Value::String(at, text),
            Out::Vector(streams) => Value::Vector(
                streams
                    .into_iter()
                    .filter_map(|s| s.at(0).map(|v| Sample { labels: s.labels.clone(), point: Point { t: at, v } }))
                    .collect(),
            ),
        },
    };
    Ok(Answer { value, annotations: evaluator.annotations })
}

/// Evaluates `query` at each step from `from` to `to` inclusive, all in milliseconds.
pub fn query_range(
    storage: &dyn Samples,
    query: &str,
    from: i64,
    to: i64,
    step: i64,
    options: &Options,
) -> Result<Answer> {
    let expr = parse(query)?;
    if !matches!(expr.kind(), Kind::Scalar | Kind::Vector) {
        let message = format!(
            "invalid expression type {:?} for range query, must be scalar or instant vector",
            expr.kind().to_string()
        );
        return Err(Error::parse(expr.span, message));
    }
    let grid = Grid::new(from, to, step)?;
    if grid.steps > options.steps_max {
        let max = options.steps_max;
        return Err(Error::limit(format!(
            "exceeded maximum resolution of {max} points per timeseries. Try decreasing the query resolution"
        )));
    }
    let mut evaluator = Evaluator::new(storage, options, grid);
    let mut streams = evaluator.eval(&expr, grid)?.into_streams();
    streams.sort_by(|a, b| a.labels.cmp(&b.labels));
    let rows = streams.into_iter().map(|s| Row { points: s.points(grid).collect(), labels: s.labels });
    let rows = rows.filter(|r: &Row| !r.points.is_empty()).collect();
    Ok(Answer { value: Value::Matrix(rows), annotations: evaluator.annotations })
}

/// The times at which an expression is evaluated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) start: i64,
    pub(super) step: i64,
    pub(super) steps: usize,
}

impl Grid {
    fn new(from: i64, to: i64, step: i64) -> Result<Self> {
        if step <= 0 {
            return Err(Error::execution(
                "zero or negative query resolution step widths are not accepted. Try a positive integer",
            ));
        }
        let length = to.checked_sub(from).filter(|l| *l >= 0);
        let steps = length.ok_or_else(|| Error::execution("end timestamp must not be before start time"))? / step;
        let steps = usize::try_from(steps).unwrap_or(usize::MAX).saturating_add(1);
        Ok(Self { start: from, step, steps })
    }

    pub(super) fn time(&self, i: usize) -> i64 {
        self.start.saturating_add(self.step.saturating_mul(i as i64))
    }

    pub(super) fn end(&self) -> i64 {
        self.time(self.steps.saturating_sub(1))
    }

    pub(super) fn times(self) -> impl Iterator<Item = i64> {
        (0..self.steps).map(move |i| self.time(i))
    }
}

/// One series of an intermediate result: a value for each step, [`STALE`] where there is none.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) labels: Labels,
    pub(super) values: Vec<f64>,
}

impl Stream {
    /// The value at step `i`, if there is one.
    pub(super) fn at(&self, i: usize) -> Option<f64> {
        self.values.get(i).copied().filter(|v| !is_stale(*v))
    }

    fn points(&self, grid: Grid) -> impl Iterator<Item = Point> {
        (0..grid.steps).filter_map(move |i| self.at(i).map(|v| Point { t: grid.time(i), v }))
    }

    /// Applies `f` to each value, which may drop it.
    pub(super) fn map(mut self, mut f: impl FnMut(usize, f64) -> Option<f64>) -> Self {
        for (i, v) in self.values.iter_mut().enumerate() {
            if !is_stale(*v) {
                *v = f(i, *v).unwrap_or(STALE);
            }
        }
        self
    }
}

/// The value of an expression over all steps.
pub(super) enum Out {
    Scalar(Vec<f64>),
    Text(String),
    Vector(Vec<Stream>),
}

impl Out {
    /// The series; a scalar is one without labels.
    pub(super) fn into_streams(self) -> Vec<Stream> {
        match self {
            Self::Vector(streams) => streams,
            Self::Scalar(values) => vec![Stream { labels: Labels::default(), values }],
            Self::Text(_) => Vec::new(),
        }
    }
}

pub(super) struct Evaluator<'a> {
    storage: &'a dyn Samples,
    pub(super) options: &'a Options,
    /// The grid of the whole query: `start()` and `end()`.
    query: Grid,
    pub(super) annotations: Annotations,
    samples: usize,
    visits: usize,
}

impl<'a> Evaluator<'a> {
    fn new(storage: &'a dyn Samples, options: &'a Options, query: Grid) -> Self {
        Self { storage, options, query, annotations: Annotations::default(), samples: 0, visits: 0 }
    }

    /// Whether somebody wants no answer any more. What is made after that is of no use.
    pub(super) fn stopped(&self) -> bool {
        self.options.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Counts samples read or made against the limit.
    pub(super) fn charge(&mut self, samples: usize) -> Result<()> {
        if self.stopped() {
            return Err(Error::stopped());
        }
        self.samples = self.samples.saturating_add(samples);
        if self.samples > self.options.samples_max {
            return Err(Error::limit("query processing would load too many samples into memory in query execution"));
        }
        Ok(())
    }

    /// Counts samples that a function looks at in a range against the limit.
    pub(super) fn visit(&mut self, samples: usize) -> Result<()> {
        self.visits = self.visits.saturating_add(samples);
        if self.visits > self.options.visits_max {
            return Err(Error::limit(
                "query processing would look at too many samples in ranges: ask for fewer series, a shorter range or a longer step",
            ));
        }
        Ok(())
    }

    pub(super) fn eval(&mut self, expr: &Expr, grid: Grid) -> Result<Out> {
        self.charge(grid.steps)?;
        let out = match &expr.kind {
            ExprKind::Number(v) => Out::Scalar(vec![*v; grid.steps]),
            ExprKind::String(text) => Out::Text(text.clone()),
            ExprKind::Selector(selector) => Out::Vector(self.instant(selector, grid, false)?),
            ExprKind::Paren(inside) => return self.eval(inside, grid),
            ExprKind::Negate(inside) => match self.eval(inside, grid)? {
                Out::Scalar(values) => Out::Scalar(values.into_iter().map(|v| -v).collect()),
                other => {
                    let negated = other.into_streams().into_iter().map(|s| s.map(|_, v| Some(-v)));
                    Out::Vector(merge(negated.map(without_name))?)
                }
            },
            ExprKind::Call { function, args } => self.call(function.name, args, &expr.span, grid)?,
            ExprKind::Aggregate { op, grouping, parameter, expr: inside } => {
                Out::Vector(self.aggregate(*op, grouping, parameter.as_deref(), inside, grid)?)
            }
            ExprKind::Binary { op, lhs, rhs, return_bool, matching } => {
                let (left, right) = (self.eval(lhs, grid)?, self.eval(rhs, grid)?);
                binary::eval(*op, left, right, *return_bool, matching.as_ref(), grid)?
            }
            ExprKind::Matrix { .. } | ExprKind::Subquery { .. } => {
                return Err(Error::parse(expr.span.clone(), "a range vector is only allowed as a function's argument"));
            }
        };
        if let Out::Vector(streams) = &out {
            self.charge(streams.len().saturating_mul(grid.steps))?;
        }
        Ok(out)
    }

    pub(super) fn vector(&mut self, expr: &Expr, grid: Grid) -> Result<Vec<Stream>> {
        Ok(self.eval(expr, grid)?.into_streams())
    }

    pub(super) fn scalar(&mut self, expr: &Expr, grid: Grid) -> Result<Vec<f64>> {
        match self.eval(expr, grid)? {
            Out::Scalar(values) => Ok(values),
            _ => Err(Error::parse(expr.span.clone(), "expected a scalar")),
        }
    }

    /// The time that a shifted selector looks at when the evaluation is at `t`.
    pub(super) fn reference(&self, shift: &Shift, t: i64) -> i64 {
        let at = match shift.at {
            None => t,
            Some(At::Time(at)) => at,
            Some(At::Start) => self.query.start,
            Some(At::End) => self.query.end(),
        };
        at.saturating_sub(shift.offset.unwrap_or(0))
    }

    pub(super) fn warn(&mut self, span: &Span, message: &str) {
        self.annotations.warn(span, message);
    }
}

pub(super) fn without_name(stream: Stream) -> Stream {
    Stream { labels: stream.labels.without_metric_name(), ..stream }
}

pub(super) fn duplicate() -> Error {
    Error::execution("vector cannot contain metrics with the same labelset")
}

/// Joins streams of equal labels, and fails where two have a value at one step.
pub(super) fn merge(streams: impl IntoIterator<Item = Stream>) -> Result<Vec<Stream>> {
    let mut merged: Vec<Stream> = Vec::new();
    let mut places: HashMap<Labels, usize> = HashMap::new();
    for stream in streams {
        if stream.values.iter().all(|v| is_stale(*v)) {
            continue;
        }
        if let Some(place) = places.get(&stream.labels) {
            for (to, from) in merged[*place].values.iter_mut().zip(stream.values) {
                if !is_stale(from) {
                    if !is_stale(*to) {
                        return Err(duplicate());
                    }
                    *to = from;
                }
            }
        } else {
            places.insert(stream.labels.clone(), merged.len());
            merged.push(stream);
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::super::error::ErrorKind;
    use super::super::storage::MemoryStorage;
    use super::*;

    /// A series with a sample a second, each of another value.
    fn storage() -> MemoryStorage {
        let mut storage = MemoryStorage::default();
        let points = (0..100).map(|t| Point { t: t * 1000, v: t as f64 }).collect();
        storage.add(Labels::new([("__name__", "m_total")]), points);
        storage
    }

    fn ask(query: &str, options: &Options) -> Result<Answer> {
        query_range(&storage(), query, 10_000, 99_000, 1000, options)
    }

    #[test]
    fn samples_looked_at_in_ranges_are_bounded() {
        // Ninety steps of ten samples each.
        let enough = Options { visits_max: 900, ..Options::default() };
        let few = Options { visits_max: 899, ..Options::default() };
        for query in ["sum_over_time(m_total[10s])", "quantile_over_time(0.5, m_total[10s:1s])"] {
            assert!(ask(query, &enough).is_ok(), "{query}");
            assert_eq!(ask(query, &few).unwrap_err().kind, ErrorKind::Limit, "{query}");
        }
        assert!(ask("rate(m_total[10s])", &few).is_ok(), "a rate looks at the ends alone");
    }

    #[test]
    fn series_that_are_made_of_values_are_bounded() {
        // A value each step makes a series of ninety steps each.
        let few = Options { samples_max: 90 * 50, ..Options::default() };
        assert!(ask("count(m_total)", &few).is_ok());
        assert_eq!(ask("count_values(\"v\", m_total)", &few).unwrap_err().kind, ErrorKind::Limit);
    }
}
