//! Functions of one window of one series.

use super::super::error::{Error, Result};
use super::super::eval::Window;
use super::super::kahan::{Mean, Sum, variance};
use super::super::storage::Point;
use crate::query::quantile::quantile;

type OverRange = fn(&Window<'_>) -> Option<f64>;

/// The function of this name, of those that take a range alone and do not extrapolate.
pub(in super::super) fn find(name: &str) -> Option<OverRange> {
    Some(match name {
        "avg_over_time" => |w| {
            let mut mean = Mean::default();
            values(w).for_each(|v| mean.add(v));
            Some(mean.get())
        },
        "sum_over_time" => |w| {
            let mut sum = Sum::default();
            values(w).for_each(|v| sum.add(v));
            Some(sum.get())
        },
        "count_over_time" => |w| Some(w.points.len() as f64),
        "present_over_time" => |_| Some(1.0),
        "last_over_time" => |w| w.points.last().map(|p| p.v),
        "first_over_time" => |w| w.points.first().map(|p| p.v),
        "min_over_time" => |w| extreme(w, |a, b| a < b, false).map(|p| p.v),
        "max_over_time" => |w| extreme(w, |a, b| a > b, false).map(|p| p.v),
        "ts_of_min_over_time" => |w| extreme(w, |a, b| a <= b, true).map(time),
        "ts_of_max_over_time" => |w| extreme(w, |a, b| a >= b, true).map(time),
        "ts_of_first_over_time" => |w| w.points.first().map(time),
        "ts_of_last_over_time" => |w| w.points.last().map(time),
        "stdvar_over_time" => |w| Some(variance(values(w))),
        "stddev_over_time" => |w| Some(variance(values(w)).sqrt()),
        "mad_over_time" => |w| {
            let median = quantile_of(w, 0.5);
            let mut distances: Vec<f64> = values(w).map(|v| (v - median).abs()).collect();
            Some(quantile(0.5, &mut distances))
        },
        "changes" => |w| Some(count_pairs(w, |a, b| a != b && !(a.is_nan() && b.is_nan()))),
        "resets" => |w| Some(count_pairs(w, |a, b| b < a)),
        "irate" => |w| instant(w, true),
        "idelta" => |w| instant(w, false),
        "deriv" => |w| {
            let first = w.points.first()?;
            regression(w.points, first.t).map(|(slope, _)| slope)
        },
        _ => return None,
    })
}

fn values(w: &Window<'_>) -> impl Iterator<Item = f64> {
    w.points.iter().map(|p| p.v)
}

fn time(p: &Point) -> f64 {
    p.t as f64 / 1000.0
}

/// The least or greatest point; the last of equals if `last`. NaN only where there is nothing else.
fn extreme<'a>(w: &Window<'a>, better: impl Fn(f64, f64) -> bool, last: bool) -> Option<&'a Point> {
    let mut best = w.points.first()?;
    for point in &w.points[1..] {
        if better(point.v, best.v) || (best.v.is_nan() && (last || !point.v.is_nan())) {
            best = point;
        }
    }
    Some(best)
}

fn count_pairs(w: &Window<'_>, counts: impl Fn(f64, f64) -> bool) -> f64 {
    w.points.windows(2).filter(|p| counts(p[0].v, p[1].v)).count() as f64
}

/// The φ-quantile of a window.
pub(in super::super) fn quantile_of(w: &Window<'_>, q: f64) -> f64 {
    quantile(q, &mut values(w).collect::<Vec<_>>())
}

/// From the last two points: a difference or, for a counter, a rate.
fn instant(w: &Window<'_>, rate: bool) -> Option<f64> {
    let [.., before, last] = w.points else { return None };
    let difference = if rate && last.v < before.v { last.v } else { last.v - before.v };
    let seconds = (last.t - before.t) as f64 / 1000.0;
    Some(if rate { difference / seconds } else { difference })
}

/// Slope per second and value at `origin` of the least-squares line, with compensated sums.
fn regression(points: &[Point], origin: i64) -> Option<(f64, f64)> {
    if points.len() < 2 {
        return None;
    }
    let first = points.first()?.v;
    if points.iter().all(|p| p.v == first) {
        return Some(if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) });
    }
    let (mut sum_x, mut sum_y, mut sum_xy, mut sum_xx) =
        (Sum::default(), Sum::default(), Sum::default(), Sum::default());
    for p in points {
        let x = (p.t - origin) as f64 / 1000.0;
        sum_x.add(x);
        sum_y.add(p.v);
        sum_xy.add(x * p.v);
        sum_xx.add(x * x);
    }
    let (n, x, y) = (points.len() as f64, sum_x.get(), sum_y.get());
    let slope = (sum_xy.get() - x * y / n) / (sum_xx.get() - x * x / n);
    Some((slope, y / n - slope * x / n))
}

/// The line's value `ahead` seconds after the evaluation's time `now`, in milliseconds.
pub(in super::super) fn predicted(w: &Window<'_>, now: i64, ahead: f64) -> Option<f64> {
    regression(w.points, now).map(|(slope, intercept)| slope * ahead + intercept)
}

/// Both factors of the smoothing must lie between 0 and 1.
pub(in super::super) fn check_factors(smoothing: Option<&Vec<f64>>, trend: Option<&Vec<f64>>) -> Result<()> {
    for (what, factors) in [("smoothing", smoothing), ("trend", trend)] {
        if let Some(bad) = factors.and_then(|f| f.iter().find(|f| **f <= 0.0 || **f >= 1.0)) {
            return Err(Error::execution(format!("invalid {what} factor. Expected: 0 < factor < 1, got: {bad}")));
        }
    }
    Ok(())
}

/// Holt's double exponential smoothing: the level at the end.
pub(in super::super) fn smoothed(w: &Window<'_>, smoothing: f64, trend: f64) -> Option<f64> {
    let [first, second, ..] = w.points else { return None };
    let (mut before, mut level, mut slope) = (0.0, first.v, second.v - first.v);
    for (i, point) in w.points.iter().enumerate().skip(1) {
        if i > 1 {
            slope = trend * (level - before) + (1.0 - trend) * slope;
        }
        before = level;
        level = smoothing * point.v + (1.0 - smoothing) * (level + slope);
    }
    Some(level)
}
