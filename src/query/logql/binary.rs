//! Operators between numbers and series.

use std::collections::BTreeMap;

use super::ast::{Binary, Cardinality};
use super::eval::{Context, EvalError, Evaluated, Grid};
use super::ops::BinaryOp;
use super::value::{Labels, arithmetic};

/// Evaluates an operation.
pub(super) fn evaluate(context: &Context<'_>, what: &Binary) -> Result<Evaluated, EvalError> {
    let (left, right) = (context.metric(&what.left)?, context.metric(&what.right)?);
    let grid = match (left, right) {
        (Evaluated::Number(left), Evaluated::Number(right)) => {
            let value = match what.op.comparison() {
                Some(compare) => f64::from(u8::from(compare.holds(left, right))),
                None => arithmetic(what.op, left, right),
            };
            return Ok(Evaluated::Number(value));
        }
        (Evaluated::Grid(grid), Evaluated::Number(number)) => each(grid, |value| one(what, value, number, value)),
        (Evaluated::Number(number), Evaluated::Grid(grid)) => each(grid, |value| one(what, number, value, value)),
        (Evaluated::Grid(left), Evaluated::Grid(right)) if what.op.is_set() => {
            set(what, left, right, context.steps.count)
        }
        (Evaluated::Grid(left), Evaluated::Grid(right)) => matched(context, what, left, right)?,
    };
    Ok(Evaluated::Grid(grid))
}

/// The value of two; a comparison without `bool` keeps `kept` where it holds.
fn one(what: &Binary, left: f64, right: f64, kept: f64) -> Option<f64> {
    match what.op.comparison() {
        None => Some(arithmetic(what.op, left, right)),
        Some(compare) if what.bool_modifier => Some(f64::from(u8::from(compare.holds(left, right)))),
        Some(compare) => compare.holds(left, right).then_some(kept),
    }
}

fn each(grid: Grid, give: impl Fn(f64) -> Option<f64>) -> Grid {
    let rows =
        grid.into_iter().map(|(labels, values)| (labels, values.into_iter().map(|value| give(value?)).collect()));
    rows.filter(|(_, values): &(Labels, Vec<Option<f64>>)| values.iter().any(Option::is_some)).collect()
}

/// What two series must have in common.
fn signature(what: &Binary, labels: &Labels) -> Labels {
    labels.only(&what.labels, what.on)
}

fn set(what: &Binary, left: Grid, right: Grid, steps: usize) -> Grid {
    let present = |grid: &Grid| {
        let mut known: BTreeMap<Labels, Vec<bool>> = BTreeMap::new();
        for (labels, values) in grid {
            let slot = known.entry(signature(what, labels)).or_insert_with(|| vec![false; steps]);
            slot.iter_mut().zip(values).for_each(|(known, value)| *known |= value.is_some());
        }
        known
    };
    let kept = |grid: Grid, other: &BTreeMap<Labels, Vec<bool>>, wanted: bool| -> Grid {
        let rows = grid.into_iter().map(|(labels, values)| {
            let there = other.get(&signature(what, &labels));
            let values = values.into_iter().enumerate();
            let values =
                values.map(|(at, value)| value.filter(|_| there.is_some_and(|there| there[at]) == wanted)).collect();
            (labels, values)
        });
        rows.filter(|(_, values): &(Labels, Vec<Option<f64>>)| values.iter().any(Option::is_some)).collect()
    };
    match what.op {
        BinaryOp::And => kept(left, &present(&right), true),
        BinaryOp::Unless => kept(left, &present(&right), false),
        _ => {
            let known = present(&left);
            let mut all: BTreeMap<Labels, Vec<Option<f64>>> = left.into_iter().collect();
            for (labels, values) in kept(right, &known, false) {
                let slot = all.entry(labels).or_insert_with(|| vec![None; steps]);
                slot.iter_mut().zip(values).for_each(|(slot, value)| *slot = slot.or(value));
            }
            all.into_iter().collect()
        }
    }
}

fn matched(context: &Context<'_>, what: &Binary, left: Grid, right: Grid) -> Result<Grid, EvalError> {
    let steps = context.steps.count;
    // From here on: the many, and the one that each of them finds.
    let swapped = what.cardinality == Cardinality::OneToMany;
    let (many, single) = if swapped { (right, left) } else { (left, right) };
    let mut ones: BTreeMap<Labels, Grid> = BTreeMap::new();
    for (labels, values) in single {
        ones.entry(signature(what, &labels)).or_default().push((labels, values));
    }
    for (key, group) in &ones {
        let twice = (0..steps).any(|at| group.iter().filter(|(_, values)| values[at].is_some()).count() > 1);
        if twice {
            return Err(EvalError(format!(
                "found duplicate series for the match group {key} on the side that must have one"
            )));
        }
    }
    let mut done: BTreeMap<Labels, Vec<Option<f64>>> = BTreeMap::new();
    for (labels, values) in many {
        let key = signature(what, &labels);
        let Some(group) = ones.get(&key) else { continue };
        for (one_labels, one_values) in group {
            let mut shown = if what.cardinality == Cardinality::OneToOne { key.clone() } else { labels.clone() };
            if what.cardinality == Cardinality::OneToOne && what.op.comparison().is_some() && !what.bool_modifier {
                shown = if what.on { key.clone() } else { labels.only(&what.labels, false) };
            }
            for name in &what.include {
                shown.set(name.clone(), one_labels.get(name).unwrap_or("").to_owned());
            }
            if !done.contains_key(&shown) {
                context.hold(done.len() + 1)?;
            }
            let slot = done.entry(shown).or_insert_with(|| vec![None; steps]);
            for at in 0..steps {
                let (Some(own), Some(other)) = (values[at], one_values[at]) else { continue };
                let (left, right) = if swapped { (other, own) } else { (own, other) };
                if slot[at].is_some() {
                    return Err(EvalError("multiple matches for labels: use group_left or group_right".to_owned()));
                }
                slot[at] = one(what, left, right, left);
            }
        }
    }
    Ok(done.into_iter().filter(|(_, values)| values.iter().any(Option::is_some)).collect())
}
