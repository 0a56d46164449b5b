//! Aggregations. Groups are made once, values are gathered per step.

use super::super::ast::{AggregateOp, Expr, Grouping};
use super::super::error::{Error, Result};
use super::super::kahan::{Mean, Sum};
use super::super::labels::{Labels, METRIC_NAME};
use super::super::number;
use super::super::storage::{STALE, is_stale};
use super::{Evaluator, Grid, Out, Stream, merge};
use crate::query::quantile::quantile;
use crate::query::syntax::float_text;
use std::cmp::Ordering;
use std::collections::HashMap;

/// A group's labels, and the numbers of its streams.
struct Group {
    labels: Labels,
    members: Vec<usize>,
}

fn groups(streams: &[Stream], grouping: &Grouping) -> Vec<Group> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for (i, stream) in streams.iter().enumerate() {
        let by = &grouping.labels;
        let labels = if grouping.without { stream.labels.without(by) } else { stream.labels.only(by) };
        let place = *places.entry(labels).or_insert_with_key(|labels| {
            groups.push(Group { labels: labels.clone(), members: Vec::new() });
            groups.len() - 1
        });
        groups[place].members.push(i);
    }
    groups
}

impl Evaluator<'_> {
    pub(super) fn aggregate(
        &mut self,
        op: AggregateOp,
        grouping: &Grouping,
        parameter: Option<&Expr>,
        expr: &Expr,
        grid: Grid,
    ) -> Result<Vec<Stream>> {
        let given = parameter.map(|p| self.eval(p, grid)).transpose()?;
        let streams = self.vector(expr, grid)?;
        let groups = groups(&streams, grouping);
        match (op, given) {
            (AggregateOp::CountValues, Some(Out::Text(label))) => {
                self.count_values(&label, &streams, &groups, grouping, grid)
            }
            (AggregateOp::Quantile, Some(Out::Scalar(q))) => {
                if let Some(p) = parameter {
                    q.iter().for_each(|q| self.annotations.invalid_quantile(&p.span, *q));
                }
                Ok(gathered(&streams, &groups, grid, |i, values| quantile(q[i], values)))
            }
            (AggregateOp::LimitRatio, Some(Out::Scalar(r))) => {
                if let (Some(p), Some(bad)) = (parameter, r.iter().find(|r| !(-1.0..=1.0).contains(*r))) {
                    let capped = bad.clamp(-1.0, 1.0);
                    let (bad, capped) = (number::format(*bad), number::format(capped));
                    self.warn(
                        &p.span,
                        &format!("ratio value should be between -1 and 1, got {bad}, capping to {capped}"),
                    );
                }
                if r.iter().any(|r| r.is_nan()) {
                    return Err(Error::execution("ratio value is NaN"));
                }
                Ok(picked(streams, &groups, grid, |i, rows| rows.retain(|row| in_ratio(&row.labels, r[i]))))
            }
            (AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk, Some(Out::Scalar(k))) => {
                let k = k.into_iter().map(count).collect::<Result<Vec<_>>>()?;
                let top = op == AggregateOp::Topk;
                Ok(picked(streams, &groups, grid, |i, rows| {
                    if op != AggregateOp::Limitk {
                        rows.sort_by(|a, b| ranked(a.v, b.v, top));
                    }
                    rows.truncate(k[i]);
                }))
            }
            _ => Ok(groups.iter().map(|g| simple(op, g, &streams, grid)).collect()),
        }
    }

    fn count_values(
        &mut self,
        label: &str,
        streams: &[Stream],
        groups: &[Group],
        grouping: &Grouping,
        grid: Grid,
    ) -> Result<Vec<Stream>> {
        if label.is_empty() {
            return Err(Error::execution(format!("invalid label name {label:?}")));
        }
        let mut counted: Vec<Stream> = Vec::new();
        for group in groups {
            let base = if grouping.without { group.labels.remove(&[METRIC_NAME]) } else { group.labels.clone() };
            let mut places: HashMap<String, usize> = HashMap::new();
            for member in &group.members {
                for i in 0..grid.steps {
                    let Some(v) = streams[*member].at(i) else { continue };
                    let text = float_text(v);
                    if !places.contains_key(&text) {
                        self.charge(grid.steps)?;
                        counted.push(Stream { labels: base.with(label, &text), values: vec![STALE; grid.steps] });
                    }
                    let place = *places.entry(text).or_insert(counted.len() - 1);
                    let value = &mut counted[place].values[i];
                    *value = if is_stale(*value) { 1.0 } else { *value + 1.0 };
                }
            }
        }
        summed(counted)
    }
}

/// The `k` of `topk` and its like.
fn count(k: f64) -> Result<usize> {
    if k.is_nan() {
        return Err(Error::execution("Parameter value is NaN"));
    }
    if !(-9.223_372_036_854_775e18..=9.223_372_036_854_775e18).contains(&k) {
        return Err(Error::execution(format!("Scalar value {} overflows int64", number::format(k))));
    }
    Ok(if k < 1.0 { 0 } else { k as usize })
}

/// Largest or smallest first, NaN last in both.
pub(super) fn ranked(a: f64, b: f64, descending: bool) -> Ordering {
    let order = if descending { b.partial_cmp(&a) } else { a.partial_cmp(&b) };
    a.is_nan().cmp(&b.is_nan()).then(order.unwrap_or(Ordering::Equal))
}

/// Whether a label set falls into a share of all; a negative share is the complement of its absolute rest.
fn in_ratio(labels: &Labels, ratio: f64) -> bool {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in labels.to_string().bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // FNV leaves the upper bits of short texts alike; a final mix spreads them.
    hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let place = (hash >> 11) as f64 / (1_u64 << 53) as f64;
    if ratio >= 0.0 { place < ratio } else { place >= 1.0 + ratio }
}

/// The aggregations that fold values one by one, a column at a time.
fn simple(op: AggregateOp, group: &Group, streams: &[Stream], grid: Grid) -> Stream {
    let mut values = vec![STALE; grid.steps];
    let members = || group.members.iter().map(|m| &streams[*m].values);
    match op {
        AggregateOp::Sum => fold(members(), &mut values, Sum::default(), Sum::add, |s, _| s.get()),
        AggregateOp::Avg => fold(members(), &mut values, Mean::default(), Mean::add, |m, _| m.get()),
        AggregateOp::Count => fold(members(), &mut values, (), |_, _| {}, |_, n| n as f64),
        AggregateOp::Group => fold(members(), &mut values, (), |_, _| {}, |_, _| 1.0),
        AggregateOp::Min => {
            fold(members(), &mut values, f64::NAN, |m, v| *m = if v < *m || m.is_nan() { v } else { *m }, |m, _| *m);
        }
        AggregateOp::Max => {
            fold(members(), &mut values, f64::NAN, |m, v| *m = if v > *m || m.is_nan() { v } else { *m }, |m, _| *m);
        }
        _ => {
            // Welford's recurrence: count, mean, sum of squared differences.
            let add = |s: &mut (f64, f64, f64), v: f64| {
                s.0 += 1.0;
                let delta = v - s.1;
                s.1 += delta / s.0;
                s.2 += delta * (v - s.1);
            };
            let root = op == AggregateOp::Stddev;
            let finish = |s: &(f64, f64, f64), _| if root { (s.2 / s.0).sqrt() } else { s.2 / s.0 };
            fold(members(), &mut values, (0.0, 0.0, 0.0), add, finish);
        }
    }
    Stream { labels: group.labels.clone(), values }
}

fn fold<'a, A: Clone>(
    members: impl Iterator<Item = &'a Vec<f64>>,
    to: &mut [f64],
    empty: A,
    add: impl Fn(&mut A, f64),
    finish: impl Fn(&A, usize) -> f64,
) {
    let mut states = vec![(empty, 0_usize); to.len()];
    for values in members {
        for ((state, n), v) in states.iter_mut().zip(values) {
            if !is_stale(*v) {
                add(state, *v);
                *n += 1;
            }
        }
    }
    for ((state, n), v) in states.iter().zip(to) {
        if *n > 0 {
            *v = finish(state, *n);
        }
    }
}

/// Aggregations that need all values of a step together.
fn gathered(streams: &[Stream], groups: &[Group], grid: Grid, f: impl Fn(usize, &mut [f64]) -> f64) -> Vec<Stream> {
    let column = |group: &Group| {
        let at = |i: usize| {
            let mut values: Vec<f64> = group.members.iter().filter_map(|m| streams[*m].at(i)).collect();
            if values.is_empty() { STALE } else { f(i, &mut values) }
        };
        Stream { labels: group.labels.clone(), values: (0..grid.steps).map(at).collect() }
    };
    groups.iter().map(column).collect()
}

/// A value of one step that may be picked.
struct Candidate {
    member: usize,
    labels: Labels,
    v: f64,
}

/// Aggregations that pick some of a group's series, which keep their labels.
fn picked(
    streams: Vec<Stream>,
    groups: &[Group],
    grid: Grid,
    pick: impl Fn(usize, &mut Vec<Candidate>),
) -> Vec<Stream> {
    let mut kept: Vec<Stream> =
        streams.iter().map(|s| Stream { labels: s.labels.clone(), values: vec![STALE; grid.steps] }).collect();
    let mut order: Vec<usize> = Vec::new();
    let mut placed = vec![false; streams.len()];
    for group in groups {
        for i in 0..grid.steps {
            let candidate =
                |m: &usize| streams[*m].at(i).map(|v| Candidate { member: *m, labels: streams[*m].labels.clone(), v });
            let mut rows: Vec<Candidate> = group.members.iter().filter_map(candidate).collect();
            pick(i, &mut rows);
            for row in rows {
                kept[row.member].values[i] = row.v;
                if !std::mem::replace(&mut placed[row.member], true) {
                    order.push(row.member);
                }
            }
        }
    }
    order
        .into_iter()
        .map(|m| Stream { labels: kept[m].labels.clone(), values: std::mem::take(&mut kept[m].values) })
        .collect()
}

/// Joins streams of equal labels by adding: an output label may overwrite one of the grouping.
fn summed(streams: Vec<Stream>) -> Result<Vec<Stream>> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut sums: Vec<Stream> = Vec::new();
    for stream in streams {
        let Some(place) = places.get(&stream.labels) else {
            places.insert(stream.labels.clone(), sums.len());
            sums.push(stream);
            continue;
        };
        for (to, from) in sums[*place].values.iter_mut().zip(stream.values) {
            if !is_stale(from) {
                *to = if is_stale(*to) { from } else { *to + from };
            }
        }
    }
    merge(sums)
}
