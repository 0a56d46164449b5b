//! What the engine asks of a store, and a store in memory.

use super::labels::Labels;
use super::matcher::Matcher;
use std::collections::BTreeMap;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Milliseconds since the epoch.
    pub t: i64,
    /// The value; [`STALE`] says that the series has ended here.
    pub v: f64,
}

/// The staleness marker, one NaN of all.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// Whether `v` is the staleness marker and not an ordinary NaN.
pub fn is_stale(v: f64) -> bool {
    v.to_bits() == STALE.to_bits()
}

/// Points sorted by time, shared and not copied.
#[derive(Debug, Clone)]
pub struct Points {
    all: Arc<[Point]>,
    range: Range<usize>,
}

impl Points {
    /// The points with `from_ms <= t <= to_ms`, without copying any.
    #[must_use]
    pub fn between(&self, from_ms: i64, to_ms: i64) -> Self {
        let lo = self.partition_point(|p| p.t < from_ms);
        let hi = self.partition_point(|p| p.t <= to_ms).max(lo);
        Self { all: Arc::clone(&self.all), range: self.range.start + lo..self.range.start + hi }
    }
}

impl From<Vec<Point>> for Points {
    fn from(points: Vec<Point>) -> Self {
        let range = 0..points.len();
        Self { all: points.into(), range }
    }
}

impl Deref for Points {
    type Target = [Point];
    fn deref(&self) -> &[Point] {
        self.all.get(self.range.clone()).unwrap_or(&[])
    }
}

/// Labels and the points they have.
#[derive(Debug, Clone)]
pub struct Series {
    /// What identifies the series.
    pub labels: Labels,
    /// Its points, sorted by time, each time once.
    pub points: Points,
}

/// A store that the engine can query.
pub trait Samples {
    /// The series that all matchers select, sorted by labels, with their points at `from_ms <= t <= to_ms`.
    /// Series without a point in that time are left out.
    fn select(&self, matchers: &[Matcher], from_ms: i64, to_ms: i64) -> Vec<Series>;
}

/// A store in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStorage {
    series: BTreeMap<Labels, Points>,
}

impl MemoryStorage {
    /// Adds points to a series. They need not be sorted; of two at one time the later added wins.
    pub fn add(&mut self, labels: Labels, mut points: Vec<Point>) {
        if let Some(present) = self.series.get(&labels) {
            points.splice(0..0, present.iter().copied());
        }
        points.sort_by_key(|p| p.t);
        points.reverse();
        points.dedup_by_key(|p| p.t);
        points.reverse();
        self.series.insert(labels, points.into());
    }

    /// The label sets of all series.
    pub fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.series.keys()
    }
}

impl Samples for MemoryStorage {
    fn select(&self, matchers: &[Matcher], from_ms: i64, to_ms: i64) -> Vec<Series> {
        let selected = self.series.iter().filter(|(labels, _)| Matcher::all(matchers, labels));
        selected
            .map(|(labels, points)| Series { labels: labels.clone(), points: points.between(from_ms, to_ms) })
            .filter(|s| !s.points.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::matcher::MatchOp;
    use super::*;

    #[test]
    fn a_selection_is_sorted_and_cut_to_its_time() {
        let mut store = MemoryStorage::default();
        store.add(Labels::new([("a", "2")]), vec![Point { t: 5, v: 1.0 }, Point { t: 1, v: 0.0 }]);
        store.add(Labels::new([("a", "2")]), vec![Point { t: 5, v: 3.0 }]);
        store.add(Labels::new([("a", "1")]), vec![Point { t: 9, v: 1.0 }]);
        let all = [Matcher::new("a", MatchOp::NotEqual, "").unwrap()];
        let found = store.select(&all, 2, 9);
        assert_eq!(found.iter().map(|s| s.labels.get("a")).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(&found[1].points[..], [Point { t: 5, v: 3.0 }]);
        assert_eq!(store.select(&all, 0, 4).len(), 1);
    }
}
