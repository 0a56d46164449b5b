//! Function calls: evaluates the arguments and hands them to the function's own file.

use super::super::ast::{Expr, ExprKind};
use super::super::error::{Result, Span};
use super::super::functions::{calendar, histogram, label, math, range, rate};
use super::super::labels::{Labels, METRIC_NAME};
use super::super::matcher::{MatchOp, Matcher};
use super::super::storage::STALE;
use super::select::unnamed;
use super::{Evaluator, Grid, Out, Stream, aggregate, merge, without_name};

impl Evaluator<'_> {
    pub(super) fn call(&mut self, name: &str, args: &[Expr], span: &Span, grid: Grid) -> Result<Out> {
        let streams = match (name, args) {
            ("time", _) => return Ok(Out::Scalar(grid.times().map(seconds).collect())),
            ("pi", _) => return Ok(Out::Scalar(vec![std::f64::consts::PI; grid.steps])),
            ("scalar", [arg]) => return Ok(Out::Scalar(only_value(&self.vector(arg, grid)?, grid))),
            ("vector", [arg]) => vec![Stream { labels: Labels::default(), values: self.scalar(arg, grid)? }],
            ("timestamp", [arg]) => self.timestamp(arg, grid)?,
            ("absent", [arg]) => {
                let streams = self.vector(arg, grid)?;
                vec![absent(arg, |i| streams.iter().any(|s| s.at(i).is_some()), grid)]
            }
            ("absent_over_time", [arg]) => {
                let streams = self.ranges(arg, grid)?.sweep(self, grid, false, |_| Some(1.0))?;
                vec![absent(arg, |i| streams.iter().any(|s| s.at(i).is_some()), grid)]
            }
            ("histogram_quantile", [q, arg]) => {
                let (q, streams) = (self.scalar(q, grid)?, self.vector(arg, grid)?);
                let q_span = args.first().map_or_else(|| span.clone(), |a| a.span.clone());
                q.iter().for_each(|q| self.annotations.invalid_quantile(&q_span, *q));
                merge(histogram::quantiles(&streams, &q, &arg.span, grid, &mut self.annotations))?
            }
            ("histogram_fraction", [lower, upper, arg]) => {
                let (lower, upper) = (self.scalar(lower, grid)?, self.scalar(upper, grid)?);
                let streams = self.vector(arg, grid)?;
                merge(histogram::fractions(&streams, &lower, &upper, &arg.span, grid, &mut self.annotations))?
            }
            // These read native histograms, of which there are none.
            (_, [_]) if name.starts_with("histogram_") => Vec::new(),
            ("label_replace" | "label_join", [arg, texts @ ..]) => {
                let texts: Vec<&str> = texts.iter().map(text_of).collect();
                label::relabel(name, self.vector(arg, grid)?, &texts)?
            }
            ("sort" | "sort_desc", [arg]) => self.sorted(arg, name == "sort_desc", grid)?,
            ("sort_by_label" | "sort_by_label_desc", [arg, texts @ ..]) => {
                let mut streams = self.vector(arg, grid)?;
                let texts: Vec<&str> = texts.iter().map(text_of).collect();
                streams.sort_by(|a, b| label::by_labels(&a.labels, &b.labels, &texts));
                if name == "sort_by_label_desc" {
                    streams.reverse();
                }
                streams
            }
            (_, args) => match (calendar::find(name), args.iter().any(|a| a.kind() == super::Kind::Matrix)) {
                (Some(field), _) => self.calendar(args.first(), field, grid)?,
                (None, true) => self.over_range(name, args, span, grid)?,
                (None, false) => self.math(name, args, grid)?,
            },
        };
        Ok(Out::Vector(streams))
    }

    fn timestamp(&mut self, arg: &Expr, grid: Grid) -> Result<Vec<Stream>> {
        if let ExprKind::Selector(selector) = &arg.inner().kind {
            let streams = self.instant(selector, grid, true)?;
            return merge(streams.into_iter().map(without_name));
        }
        let streams = self.vector(arg, grid)?;
        merge(streams.into_iter().map(|s| without_name(s.map(|i, _| Some(seconds(grid.time(i)))))))
    }

    fn sorted(&mut self, arg: &Expr, descending: bool, grid: Grid) -> Result<Vec<Stream>> {
        let mut streams = self.vector(arg, grid)?;
        if grid.steps == 1 {
            streams.retain(|s| s.at(0).is_some());
            let first = |s: &Stream| s.at(0).unwrap_or(f64::NAN);
            streams.sort_by(|a, b| aggregate::ranked(first(a), first(b), descending));
        }
        Ok(streams)
    }

    fn calendar(&mut self, arg: Option<&Expr>, field: fn(f64) -> f64, grid: Grid) -> Result<Vec<Stream>> {
        let streams = match arg {
            Some(arg) => self.vector(arg, grid)?,
            None => vec![Stream { labels: Labels::default(), values: grid.times().map(seconds).collect() }],
        };
        merge(streams.into_iter().map(|s| without_name(s.map(|_, v| Some(field(v))))))
    }

    fn math(&mut self, name: &str, args: &[Expr], grid: Grid) -> Result<Vec<Stream>> {
        let Some((arg, scalars)) = args.split_first() else { return Ok(Vec::new()) };
        let streams = self.vector(arg, grid)?;
        let scalars = scalars.iter().map(|s| self.scalar(s, grid)).collect::<Result<Vec<_>>>()?;
        let at = |n: usize, i: usize| scalars.get(n).and_then(|s: &Vec<f64>| s.get(i)).copied();
        merge(streams.into_iter().map(|s| without_name(s.map(|i, v| math::apply(name, v, at(0, i), at(1, i))))))
    }

    fn over_range(&mut self, name: &str, args: &[Expr], span: &Span, grid: Grid) -> Result<Vec<Stream>> {
        let mut scalars = Vec::new();
        let mut ranged = None;
        for arg in args {
            if arg.kind() == super::Kind::Matrix { ranged = Some(arg) } else { scalars.push(self.scalar(arg, grid)?) }
        }
        let Some(arg) = ranged else { return Ok(Vec::new()) };
        let ranges = self.ranges(arg, grid)?;
        let at = |n: usize, i: usize| scalars.get(n).and_then(|s: &Vec<f64>| s.get(i)).copied().unwrap_or(f64::NAN);
        let length = ranges.range as f64 / 1000.0;
        let streams = match name {
            "rate" => ranges.sweep(self, grid, true, |w| rate::extrapolated(w, true, Some(length)))?,
            "increase" => ranges.sweep(self, grid, true, |w| rate::extrapolated(w, true, None))?,
            "delta" => ranges.sweep(self, grid, false, |w| rate::extrapolated(w, false, None))?,
            "double_exponential_smoothing" => {
                range::check_factors(scalars.first(), scalars.get(1))?;
                ranges.sweep(self, grid, false, |w| range::smoothed(w, at(0, w.step), at(1, w.step)))?
            }
            "predict_linear" => {
                ranges.sweep(self, grid, false, |w| range::predicted(w, grid.time(w.step), at(0, w.step)))?
            }
            "quantile_over_time" => {
                let streams = ranges.sweep(self, grid, false, |w| Some(range::quantile_of(w, at(0, w.step))))?;
                if let (false, Some(q), Some(first)) = (streams.is_empty(), scalars.first(), args.first()) {
                    q.iter().for_each(|q| self.annotations.invalid_quantile(&first.span, *q));
                }
                streams
            }
            _ => match range::find(name) {
                Some(f) => ranges.sweep(self, grid, false, f)?,
                None => Vec::new(),
            },
        };
        if matches!(name, "rate" | "increase") {
            for stream in &streams {
                let metric = stream.labels.metric_name();
                let counter = ["_total", "_sum", "_count", "_bucket"].iter().any(|end| metric.ends_with(end));
                if !metric.is_empty() && !counter {
                    let message = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket";
                    let at = if let [only] = args { &only.span } else { span };
                    self.annotations.info(at, format!("{message}: {metric:?}"));
                }
            }
        }
        if matches!(name, "last_over_time" | "first_over_time") { Ok(streams) } else { unnamed(streams) }
    }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn text_of(expr: &Expr) -> &str {
    match &expr.inner().kind {
        ExprKind::String(text) => text,
        _ => "",
    }
}

/// The value of the one series that a step has, NaN where there are more or none.
fn only_value(streams: &[Stream], grid: Grid) -> Vec<f64> {
    let at = |i| {
        let mut present = streams.iter().filter_map(|s| s.at(i));
        match (present.next(), present.next()) {
            (Some(v), None) => v,
            _ => f64::NAN,
        }
    };
    (0..grid.steps).map(at).collect()
}

/// One where nothing is present, with the labels that the selector's equalities fix.
fn absent(arg: &Expr, present: impl Fn(usize) -> bool, grid: Grid) -> Stream {
    let matchers: &[Matcher] = match &arg.inner().kind {
        ExprKind::Selector(selector) | ExprKind::Matrix { selector, .. } => &selector.matchers,
        _ => &[],
    };
    let single = |m: &&Matcher| m.op == MatchOp::Equal && matchers.iter().filter(|o| o.name == m.name).count() == 1;
    let fixed = matchers.iter().filter(|m| *m.name != *METRIC_NAME).filter(single);
    let labels = Labels::new(fixed.map(|m| (m.name.clone(), m.value.clone())));
    Stream { labels, values: (0..grid.steps).map(|i| if present(i) { STALE } else { 1.0 }).collect() }
}
