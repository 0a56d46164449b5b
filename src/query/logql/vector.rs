//! Aggregations over series, and `label_replace`.

use std::collections::BTreeMap;

use super::ast::{Aggregation, LabelReplace, MetricExpr};
use super::eval::{Context, EvalError, Grid};
use super::ops::{RangeOp, VectorOp};
use super::ranges;
use super::statistics::variance;
use super::value::Labels;

/// Evaluates an aggregation.
pub(super) fn evaluate(context: &Context<'_>, what: &Aggregation) -> Result<Grid, EvalError> {
    let inner = match &what.inner {
        // What is put together anyway may be one series from the outset.
        MetricExpr::Range(range) if joins(what.op, range.op) => ranges::evaluate(context, range, Some(&what.grouping))?,
        inner => context.grid(inner)?,
    };
    if matches!(what.op, VectorOp::Sort | VectorOp::SortDesc) {
        return Ok(sorted(inner, what.op == VectorOp::SortDesc));
    }
    let mut groups: BTreeMap<Labels, Grid> = BTreeMap::new();
    for (labels, values) in inner {
        let key = labels.only(&what.grouping.labels, !what.grouping.without);
        groups.entry(key).or_default().push((labels, values));
    }
    let steps = context.steps.count;
    if matches!(what.op, VectorOp::Topk | VectorOp::Bottomk | VectorOp::ApproxTopk) {
        let most = what.op != VectorOp::Bottomk;
        let ranked: Grid = groups.into_values().flat_map(|group| ranked(group, what.parameter, most, steps)).collect();
        return Ok(if steps == 1 { sorted(ranked, most) } else { ranked });
    }
    Ok(groups
        .into_iter()
        .map(|(labels, group)| (labels, (0..steps).map(|at| reduced(what.op, &group, at)).collect()))
        .collect())
}

/// Whether an aggregation over several series gives what the inner one gives over all their samples.
fn joins(outer: VectorOp, inner: RangeOp) -> bool {
    match outer {
        VectorOp::Sum => {
            matches!(inner, RangeOp::Rate | RangeOp::Count | RangeOp::Bytes | RangeOp::BytesRate | RangeOp::Sum)
        }
        VectorOp::Max => inner == RangeOp::Max,
        VectorOp::Min => inner == RangeOp::Min,
        _ => false,
    }
}

fn reduced(op: VectorOp, group: &Grid, at: usize) -> Option<f64> {
    let values: Vec<f64> = group.iter().filter_map(|(_, values)| values[at]).collect();
    if values.is_empty() {
        return None;
    }
    let sum = || values.iter().sum::<f64>();
    Some(match op {
        VectorOp::Sum => sum(),
        VectorOp::Avg => sum() / values.len() as f64,
        VectorOp::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        VectorOp::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        VectorOp::Stddev => variance(values.into_iter()).sqrt(),
        VectorOp::Stdvar => variance(values.into_iter()),
        _ => values.len() as f64,
    })
}

/// Keeps, at each step, the largest or smallest so many.
fn ranked(mut group: Grid, count: usize, most: bool, steps: usize) -> Grid {
    for step in 0..steps {
        let mut order: Vec<(f64, usize)> =
            group.iter().enumerate().filter_map(|(at, (_, values))| Some((values[step]?, at))).collect();
        order.sort_by(|a, b| if most { b.0.total_cmp(&a.0) } else { a.0.total_cmp(&b.0) });
        for (_, at) in order.into_iter().skip(count) {
            group[at].1[step] = None;
        }
    }
    group.retain(|(_, values)| values.iter().any(Option::is_some));
    group
}

/// By value at the first step.
fn sorted(mut grid: Grid, descending: bool) -> Grid {
    let first = |values: &[Option<f64>]| values.first().copied().flatten().unwrap_or(f64::NAN);
    grid.sort_by(|a, b| {
        let order = first(&a.1).total_cmp(&first(&b.1));
        if descending { order.reverse() } else { order }
    });
    grid
}

/// Sets a label from another by a regular expression.
pub(super) fn label_replace(grid: Grid, what: &LabelReplace) -> Result<Grid, EvalError> {
    let mut done: BTreeMap<Labels, Vec<Option<f64>>> = BTreeMap::new();
    for (mut labels, values) in grid {
        let found = what.regex.captures(labels.get(&what.from).unwrap_or("")).map(|captures| {
            let mut out = String::new();
            captures.expand(&what.replacement, &mut out);
            out
        });
        if let Some(value) = found {
            labels.set(what.to.clone(), value);
        }
        if done.insert(labels.clone(), values).is_some() {
            return Err(EvalError(format!("label_replace makes two series {labels}")));
        }
    }
    Ok(done.into_iter().collect())
}
