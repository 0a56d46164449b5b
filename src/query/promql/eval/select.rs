//! Selectors: the latest value before each step, and the windows of range functions.

use super::super::ast::{Expr, ExprKind, Selector, Shift};
use super::super::error::{Error, Result};
use super::super::storage::{Point, Points, STALE, Series, is_stale};
use super::super::value::Row;
use super::{Evaluator, Grid, Stream, duplicate};
use std::collections::HashSet;

/// What a range function works on.
pub(in super::super) struct Ranges {
    /// Series without staleness markers.
    pub(in super::super) series: Vec<Series>,
    /// The length of the range, in milliseconds.
    pub(in super::super) range: i64,
    shift: Shift,
}

/// The points of one series in one step's range, `start < t <= end`.
pub(in super::super) struct Window<'a> {
    /// The points in the range, at least one.
    pub(in super::super) points: &'a [Point],
    /// The indices in `points` whose value is below the one before; only for counters.
    pub(in super::super) resets: Resets<'a>,
    /// The start of the range, excluded.
    pub(in super::super) start: i64,
    /// The end of the range, included.
    pub(in super::super) end: i64,
    /// The step's number.
    pub(in super::super) step: usize,
}

/// Indices of counter resets, counted from `base`.
#[derive(Clone, Copy)]
pub(in super::super) struct Resets<'a> {
    indices: &'a [usize],
    base: usize,
}

impl Resets<'_> {
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.indices.iter().map(|i| i - self.base)
    }
}

impl Ranges {
    /// Applies `f` to the window of each series at each step that has points in it. What looks at a counter looks at the ends of
    /// a window and at its resets alone.
    pub(in super::super) fn sweep(
        &self,
        evaluator: &mut Evaluator<'_>,
        grid: Grid,
        counter: bool,
        mut f: impl FnMut(&Window<'_>) -> Option<f64>,
    ) -> Result<Vec<Stream>> {
        let mut streams = Vec::with_capacity(self.series.len());
        for series in &self.series {
            if evaluator.stopped() {
                return Err(Error::stopped());
            }
            let all: &[Point] = &series.points;
            let drops = |i: &usize| all[*i].v < all[*i - 1].v;
            let reset_indices: Vec<usize> = if counter { (1..all.len()).filter(drops).collect() } else { Vec::new() };
            let (mut lo, mut hi, mut any) = (0, 0, false);
            let mut values = vec![STALE; grid.steps];
            for (step, value) in values.iter_mut().enumerate() {
                let end = evaluator.reference(&self.shift, grid.time(step));
                let start = end.saturating_sub(self.range);
                while all.get(hi).is_some_and(|p| p.t <= end) {
                    hi += 1;
                }
                while lo < hi && all[lo].t <= start {
                    lo += 1;
                }
                if lo < hi {
                    let from = reset_indices.partition_point(|i| *i <= lo);
                    let to = reset_indices.partition_point(|i| *i < hi).max(from);
                    let resets = Resets { indices: &reset_indices[from..to], base: lo };
                    evaluator.visit(if counter { 1 + to - from } else { hi - lo })?;
                    let window = Window { points: &all[lo..hi], resets, start, end, step };
                    if let Some(v) = f(&window) {
                        *value = v;
                        any = true;
                    }
                }
            }
            if any {
                streams.push(Stream { labels: series.labels.clone(), values });
            }
        }
        Ok(streams)
    }
}

impl Evaluator<'_> {
    /// Each series' latest value in the lookback before each step, or that value's time in seconds.
    pub(in super::super) fn instant(
        &mut self,
        selector: &Selector,
        grid: Grid,
        timestamps: bool,
    ) -> Result<Vec<Stream>> {
        let lookback = self.options.lookback;
        let first = self.reference(&selector.shift, grid.start).saturating_sub(lookback).saturating_add(1);
        let last = self.reference(&selector.shift, grid.end());
        let mut streams = Vec::new();
        for series in self.storage.select(&selector.matchers, first, last) {
            self.charge(series.points.len().saturating_add(grid.steps))?;
            let all: &[Point] = &series.points;
            let (mut next, mut any) = (0, false);
            let mut values = vec![STALE; grid.steps];
            for (step, value) in values.iter_mut().enumerate() {
                let end = self.reference(&selector.shift, grid.time(step));
                while all.get(next).is_some_and(|p| p.t <= end) {
                    next += 1;
                }
                let latest = next.checked_sub(1).map(|i| all[i]);
                if let Some(point) = latest.filter(|p| p.t > end.saturating_sub(lookback) && !is_stale(p.v)) {
                    *value = if timestamps { point.t as f64 / 1000.0 } else { point.v };
                    any = true;
                }
            }
            if any {
                streams.push(Stream { labels: series.labels, values });
            }
        }
        Ok(streams)
    }

    /// The series that a range function's argument covers over all steps.
    pub(in super::super) fn ranges(&mut self, expr: &Expr, grid: Grid) -> Result<Ranges> {
        match &expr.inner().kind {
            ExprKind::Matrix { selector, range } => {
                let first = self.reference(&selector.shift, grid.start).saturating_sub(*range).saturating_add(1);
                let last = self.reference(&selector.shift, grid.end());
                let mut series = self.storage.select(&selector.matchers, first, last);
                for one in &mut series {
                    self.charge(one.points.len())?;
                    if one.points.iter().any(|p| is_stale(p.v)) {
                        let alive: Vec<_> = one.points.iter().copied().filter(|p| !is_stale(p.v)).collect();
                        one.points = Points::from(alive);
                    }
                }
                Ok(Ranges { series, range: *range, shift: selector.shift })
            }
            ExprKind::Subquery { expr: inside, range, step, shift } => {
                let step = step.unwrap_or(self.options.default_step).max(1);
                let after = self.reference(shift, grid.start).saturating_sub(*range);
                // Aligned to multiples of the step, the first one after the open start.
                let start = after.div_euclid(step).saturating_add(1).saturating_mul(step);
                let last = self.reference(shift, grid.end());
                let none = Ranges { series: Vec::new(), range: *range, shift: *shift };
                if last < start {
                    return Ok(none);
                }
                let inner = Grid::new(start, last, step)?;
                self.charge(inner.steps)?;
                let streams = self.eval(inside, inner)?.into_streams();
                let series = streams
                    .into_iter()
                    .map(|s| Series { points: s.points(inner).collect::<Vec<_>>().into(), labels: s.labels })
                    .collect();
                Ok(Ranges { series, ..none })
            }
            _ => Err(Error::parse(expr.span.clone(), "expected a range vector")),
        }
    }

    /// The points of a range vector that is itself the query.
    pub(super) fn raw_matrix(&mut self, expr: &Expr, grid: Grid) -> Result<Vec<Row>> {
        let ranges = self.ranges(expr, grid)?;
        let end = self.reference(&ranges.shift, grid.start);
        let rows = ranges.series.iter().map(|s| {
            let points = s.points.between(end.saturating_sub(ranges.range).saturating_add(1), end).to_vec();
            Row { labels: s.labels.clone(), points }
        });
        let mut rows: Vec<Row> = rows.filter(|r| !r.points.is_empty()).collect();
        rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(rows)
    }
}

/// Drops metric names, and fails if that leaves two series with the same labels.
pub(in super::super) fn unnamed(streams: Vec<Stream>) -> Result<Vec<Stream>> {
    let streams: Vec<Stream> = streams.into_iter().map(super::without_name).collect();
    let mut seen = HashSet::with_capacity(streams.len());
    if streams.iter().all(|s| seen.insert(&s.labels)) { Ok(streams) } else { Err(duplicate()) }
}
