//! `rate`, `increase` and `delta`: differences extrapolated to the ends of the range.

use super::super::eval::Window;

/// The extrapolated difference over a window, per second if `per_seconds` is given. A counter's resets are added, and
/// it is not extrapolated below zero.
pub(in super::super) fn extrapolated(window: &Window<'_>, counter: bool, per_seconds: Option<f64>) -> Option<f64> {
    let points = window.points;
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < 2 {
        return None;
    }
    let mut difference = last.v - first.v;
    if counter {
        for i in window.resets.iter() {
            difference += points[i - 1].v;
        }
    }
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let mut to_start = seconds(first.t - window.start);
    let mut to_end = seconds(window.end - last.t);
    let sampled = seconds(last.t - first.t);
    let average = sampled / (points.len() - 1) as f64;
    // A gap of more than this between samples says that the series begins or ends inside the range.
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if counter && difference > 0.0 && first.v >= 0.0 {
        to_start = to_start.min(sampled * (first.v / difference));
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    let factor = (sampled + to_start + to_end) / sampled;
    Some(difference * per_seconds.map_or(factor, |s| factor / s))
}
