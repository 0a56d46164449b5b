//! Classic histograms: cumulative buckets with an upper bound in the label `le`.

use super::super::annotations::Annotations;
use super::super::error::Span;
use super::super::eval::{Grid, Stream};
use super::super::labels::{BUCKET, Labels};
use super::super::storage::STALE;
use crate::query::syntax::parse_float;
use std::collections::HashMap;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    upper: f64,
    count: f64,
}

/// The buckets of one histogram: upper bounds, and the streams of their counts.
struct Histogram<'a> {
    labels: Labels,
    buckets: Vec<(f64, &'a Stream)>,
}

impl Histogram<'_> {
    /// The buckets that have a count at step `i`, by bound, those of equal bounds joined.
    fn at(&self, i: usize) -> Vec<Bucket> {
        let mut joined: Vec<Bucket> = Vec::with_capacity(self.buckets.len());
        for (upper, stream) in &self.buckets {
            match (stream.at(i), joined.last_mut()) {
                (Some(count), Some(last)) if last.upper == *upper => last.count += count,
                (Some(count), _) => joined.push(Bucket { upper: *upper, count }),
                (None, _) => {}
            }
        }
        joined
    }
}

fn histograms<'a>(streams: &'a [Stream], span: &Span, notes: &mut Annotations) -> Vec<Histogram<'a>> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut found: Vec<Histogram<'a>> = Vec::new();
    for stream in streams {
        let le = stream.labels.get(BUCKET);
        let Some(upper) = parse_float(le) else {
            let name = stream.labels.metric_name();
            let of = if name.is_empty() { String::new() } else { format!(" for metric name {name:?}") };
            notes.warn(span, format!("bucket label \"le\" is missing or has a malformed value of {le:?}{of}"));
            continue;
        };
        let place = *places.entry(stream.labels.remove(&[BUCKET])).or_insert_with_key(|labels| {
            found.push(Histogram { labels: labels.clone(), buckets: Vec::new() });
            found.len() - 1
        });
        found[place].buckets.push((upper, stream));
    }
    for histogram in &mut found {
        histogram.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    found
}

fn each_step(histogram: &Histogram<'_>, grid: Grid, mut f: impl FnMut(usize, Vec<Bucket>) -> f64) -> Stream {
    let at = |i| {
        let buckets = histogram.at(i);
        if buckets.is_empty() { STALE } else { f(i, buckets) }
    };
    Stream { labels: histogram.labels.without_metric_name(), values: (0..grid.steps).map(at).collect() }
}

/// `histogram_quantile`.
pub(in super::super) fn quantiles(
    streams: &[Stream],
    q: &[f64],
    span: &Span,
    grid: Grid,
    notes: &mut Annotations,
) -> Vec<Stream> {
    let found = histograms(streams, span, notes);
    let mut column = |histogram: &Histogram<'_>| {
        let mut forced = false;
        let stream = each_step(histogram, grid, |i, mut buckets| quantile(q[i], &mut buckets, &mut forced));
        if forced {
            let name = histogram.labels.metric_name();
            let of = if name.is_empty() { String::new() } else { format!(" for metric name {name:?}") };
            let see = "see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile";
            notes.info(span, format!("input to histogram_quantile needed to be fixed for monotonicity ({see}){of}"));
        }
        stream
    };
    found.iter().map(&mut column).collect()
}

fn quantile(q: f64, buckets: &mut [Bucket], forced: &mut bool) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let Some(last) = buckets.len().checked_sub(1) else { return f64::NAN };
    if buckets[last].upper != f64::INFINITY {
        return f64::NAN;
    }
    *forced |= make_monotonic(buckets);
    let observations = buckets[last].count;
    if last == 0 || observations == 0.0 {
        return f64::NAN;
    }
    let mut rank = q * observations;
    let at = buckets[..last].partition_point(|b| b.count.is_nan() || b.count < rank);
    if at == last {
        return buckets[last - 1].upper;
    }
    if at == 0 && buckets[0].upper <= 0.0 {
        return buckets[0].upper;
    }
    let (mut start, end, mut count) = (0.0, buckets[at].upper, buckets[at].count);
    if at > 0 {
        start = buckets[at - 1].upper;
        count -= buckets[at - 1].count;
        rank -= buckets[at - 1].count;
    }
    start + (end - start) * (rank / count)
}

/// Counts must not fall from bucket to bucket. Tiny differences are rounding and are evened out silently; true if
/// there was a larger one.
fn make_monotonic(buckets: &mut [Bucket]) -> bool {
    let (mut before, mut forced) = (buckets[0].count, false);
    for bucket in &mut buckets[1..] {
        let count = bucket.count;
        if count == before {
            continue;
        }
        let rounding = (before - count).abs() / (before.abs() + count.abs()).min(f64::MAX) < 1e-12;
        if rounding || count < before {
            bucket.count = before;
            forced |= !rounding;
        } else {
            before = count;
        }
    }
    forced
}

/// `histogram_fraction`.
pub(in super::super) fn fractions(
    streams: &[Stream],
    lower: &[f64],
    upper: &[f64],
    span: &Span,
    grid: Grid,
    notes: &mut Annotations,
) -> Vec<Stream> {
    let found = histograms(streams, span, notes);
    found.iter().map(|h| each_step(h, grid, |i, mut buckets| fraction(lower[i], upper[i], &mut buckets))).collect()
}

fn fraction(lower: f64, upper: f64, buckets: &mut [Bucket]) -> f64 {
    let Some(last) = buckets.len().checked_sub(1) else { return f64::NAN };
    if buckets[last].upper != f64::INFINITY {
        return f64::NAN;
    }
    make_monotonic(buckets);
    let observations = buckets[last].count;
    if observations == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, buckets) - rank_of(lower, buckets)) / observations
}

/// How many observations are at most `v`, interpolated within a bucket.
fn rank_of(v: f64, buckets: &[Bucket]) -> f64 {
    let mut start = f64::NEG_INFINITY;
    let mut below = 0.0;
    for (i, bucket) in buckets.iter().enumerate() {
        if i == 0 && bucket.upper > 0.0 {
            start = 0.0;
        }
        if v <= start {
            return below;
        }
        if v < bucket.upper {
            // Nothing can be said within a bucket that has no end.
            let share = if start.is_infinite() || bucket.upper.is_infinite() {
                0.0
            } else {
                (v - start) / (bucket.upper - start)
            };
            return below + (bucket.count - below) * share;
        }
        (start, below) = (bucket.upper, bucket.count);
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(of: &[(f64, f64)]) -> Vec<Bucket> {
        of.iter().map(|(upper, count)| Bucket { upper: *upper, count: *count }).collect()
    }

    #[test]
    fn a_quantile_interpolates_in_its_bucket() {
        let mut forced = false;
        let inf = f64::INFINITY;
        assert_eq!(quantile(0.5, &mut buckets(&[(1.0, 0.0), (2.0, 10.0), (inf, 10.0)]), &mut forced), 1.5);
        assert_eq!(quantile(1.0, &mut buckets(&[(1.0, 5.0), (inf, 10.0)]), &mut forced), 1.0);
        assert!(quantile(0.5, &mut buckets(&[(1.0, 5.0)]), &mut forced).is_nan());
        assert!(!forced);
        quantile(0.5, &mut buckets(&[(1.0, 5.0), (2.0, 4.0), (inf, 10.0)]), &mut forced);
        assert!(forced);
        assert_eq!(fraction(0.0, 0.5, &mut buckets(&[(1.0, 5.0), (inf, 10.0)])), 0.25);
    }
}
