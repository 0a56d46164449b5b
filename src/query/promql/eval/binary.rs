//! Binary operators between scalars and vectors. Series are matched once, values are combined per step.

use super::super::ast::{BinaryOp, Cardinality, Matching};
use super::super::error::{Error, Result};
use super::super::labels::{Labels, METRIC_NAME};
use super::super::storage::STALE;
use super::{Grid, Out, Stream, merge};
use std::collections::{HashMap, HashSet};

pub(super) fn eval(
    op: BinaryOp,
    lhs: Out,
    rhs: Out,
    return_bool: bool,
    matching: Option<&Matching>,
    grid: Grid,
) -> Result<Out> {
    Ok(match (lhs, rhs) {
        (Out::Scalar(a), Out::Scalar(b)) => Out::Scalar(
            a.into_iter().zip(b).map(|(x, y)| arithmetic(op, x, y).unwrap_or(f64::from(compare(op, x, y)))).collect(),
        ),
        (Out::Scalar(scalar), other) => Out::Vector(with_scalar(op, other.into_streams(), &scalar, true, return_bool)?),
        (other, Out::Scalar(scalar)) => {
            Out::Vector(with_scalar(op, other.into_streams(), &scalar, false, return_bool)?)
        }
        (lhs, rhs) => {
            let matching = matching.cloned().unwrap_or(Matching {
                on: false,
                labels: Vec::new(),
                cardinality: Cardinality::One,
                include: Vec::new(),
            });
            let (lhs, rhs) = (lhs.into_streams(), rhs.into_streams());
            Out::Vector(if op.is_set() {
                set(op, lhs, rhs, &matching, grid)?
            } else {
                pairs(op, &lhs, &rhs, return_bool, &matching, grid)?
            })
        }
    })
}

/// The value of an arithmetic operator; nothing for the others.
fn arithmetic(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    Some(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => libm::pow(a, b),
        BinaryOp::Atan2 => libm::atan2(a, b),
        _ => return None,
    })
}

fn compare(op: BinaryOp, a: f64, b: f64) -> bool {
    match op {
        BinaryOp::Eq => a == b,
        BinaryOp::Ne => a != b,
        BinaryOp::Lt => a < b,
        BinaryOp::Le => a <= b,
        BinaryOp::Gt => a > b,
        BinaryOp::Ge => a >= b,
        _ => false,
    }
}

/// What a step has: a value, the kept side of a comparison that holds, or nothing.
fn combine(op: BinaryOp, a: f64, b: f64, kept: f64, return_bool: bool) -> Option<f64> {
    match arithmetic(op, a, b) {
        Some(v) => Some(v),
        None if return_bool => Some(f64::from(compare(op, a, b))),
        None => compare(op, a, b).then_some(kept),
    }
}

fn with_scalar(
    op: BinaryOp,
    streams: Vec<Stream>,
    scalar: &[f64],
    swapped: bool,
    return_bool: bool,
) -> Result<Vec<Stream>> {
    let drop_name = !op.is_comparison() || return_bool;
    merge(streams.into_iter().map(|s| {
        let s = if drop_name { super::without_name(s) } else { s };
        s.map(|i, v| {
            let (a, b) = if swapped { (scalar[i], v) } else { (v, scalar[i]) };
            combine(op, a, b, v, return_bool)
        })
    }))
}

/// The labels on which series match.
fn signature(labels: &Labels, matching: &Matching) -> Labels {
    if matching.on { labels.only(&matching.labels) } else { labels.without(&matching.labels) }
}

/// Numbers the distinct signatures of both sides.
fn signatures(streams: &[Stream], matching: &Matching, known: &mut HashMap<Labels, usize>) -> Vec<usize> {
    let number = |s: &Stream| {
        let next = known.len();
        *known.entry(signature(&s.labels, matching)).or_insert(next)
    };
    streams.iter().map(number).collect()
}

fn set(op: BinaryOp, lhs: Vec<Stream>, rhs: Vec<Stream>, matching: &Matching, grid: Grid) -> Result<Vec<Stream>> {
    let mut known = HashMap::new();
    let left = signatures(&lhs, matching, &mut known);
    let right = signatures(&rhs, matching, &mut known);
    let present = |streams: &[Stream], numbers: &[usize]| {
        let mut steps = vec![Vec::new(); known.len()];
        for (stream, n) in streams.iter().zip(numbers) {
            let seen: &mut Vec<bool> = &mut steps[*n];
            seen.resize(grid.steps, false);
            seen.iter_mut().enumerate().for_each(|(i, s)| *s |= stream.at(i).is_some());
        }
        steps
    };
    let filter = |streams: Vec<Stream>, numbers: &[usize], other: &[Vec<bool>], wanted: bool| -> Vec<Stream> {
        let keep = |n: usize, i: usize| other[n].get(i).copied().unwrap_or(false) == wanted;
        streams.into_iter().zip(numbers).map(|(s, n)| s.map(|i, v| keep(*n, i).then_some(v))).collect()
    };
    match op {
        BinaryOp::Or => {
            let in_left = present(&lhs, &left);
            let more = filter(rhs, &right, &in_left, false);
            merge(lhs.into_iter().chain(more))
        }
        _ => {
            let in_right = present(&rhs, &right);
            merge(filter(lhs, &left, &in_right, op == BinaryOp::And))
        }
    }
}

fn result_labels(op: BinaryOp, many: &Labels, one: &Labels, return_bool: bool, matching: &Matching) -> Labels {
    let mut labels = if !op.is_comparison() || return_bool { many.without_metric_name() } else { many.clone() };
    if matching.cardinality == Cardinality::One {
        labels = if matching.on {
            labels.only(&matching.labels)
        } else {
            let names: Vec<&str> = matching.labels.iter().map(|n| &**n).collect();
            labels.remove(&names)
        };
    }
    for name in &matching.include {
        labels = labels.with(name, one.get(name));
    }
    labels
}

/// One step's place in a result may be taken only once.
struct Target {
    stream: Stream,
    taken: Vec<bool>,
}

fn pairs(
    op: BinaryOp,
    lhs: &[Stream],
    rhs: &[Stream],
    return_bool: bool,
    matching: &Matching,
    grid: Grid,
) -> Result<Vec<Stream>> {
    let swapped = matching.cardinality == Cardinality::ManyRight;
    let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
    let mut known = HashMap::new();
    let one_numbers = signatures(one, matching, &mut known);
    let many_numbers = signatures(many, matching, &mut known);
    let mut groups: Vec<Vec<&Stream>> = vec![Vec::new(); known.len()];
    one.iter().zip(&one_numbers).for_each(|(s, n)| groups[*n].push(s));
    for group in &groups {
        check_unique(group, matching, if swapped { "left" } else { "right" }, grid)?;
    }
    let mut targets: Vec<Target> = Vec::new();
    let mut places: HashMap<(usize, Labels), usize> = HashMap::new();
    let one_to_one = matching.cardinality == Cardinality::One;
    let mut used: HashSet<(usize, usize)> = HashSet::new();
    let shared = many_numbers.iter().fold(vec![0_usize; known.len()], |mut count, n| {
        count[*n] += 1;
        count
    });
    for (stream, number) in many.iter().zip(&many_numbers) {
        for other in &groups[*number] {
            let labels = result_labels(op, &stream.labels, &other.labels, return_bool, matching);
            let place = *places.entry((*number, labels.clone())).or_insert_with(|| {
                let stream = Stream { labels, values: vec![STALE; grid.steps] };
                targets.push(Target { stream, taken: vec![false; grid.steps] });
                targets.len() - 1
            });
            let target = &mut targets[place];
            for i in 0..grid.steps {
                let (Some(m), Some(o)) = (stream.at(i), other.at(i)) else { continue };
                let (a, b) = if swapped { (o, m) } else { (m, o) };
                let Some(v) = combine(op, a, b, a, return_bool) else { continue };
                if one_to_one && shared[*number] > 1 && !used.insert((*number, i)) {
                    return Err(Error::execution(
                        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                    ));
                }
                if std::mem::replace(&mut target.taken[i], true) {
                    return Err(Error::execution(
                        "multiple matches for labels: grouping labels must ensure unique matches",
                    ));
                }
                target.stream.values[i] = v;
            }
        }
    }
    merge(targets.into_iter().map(|t| t.stream))
}

/// Fails if two series of the "one" side have a value at the same step.
fn check_unique(group: &[&Stream], matching: &Matching, side: &str, grid: Grid) -> Result<()> {
    if group.len() < 2 {
        return Ok(());
    }
    for i in 0..grid.steps {
        let mut present = group.iter().filter(|s| s.at(i).is_some());
        if let (Some(first), Some(second)) = (present.next(), present.next()) {
            let matched = signature(&first.labels, matching).remove(&[METRIC_NAME]);
            return Err(Error::execution(format!(
                "found duplicate series for the match group {matched} on the {side} hand-side of the operation: [{}, {}];\
                 many-to-many matching not allowed: matching labels must be unique on one side",
                second.labels, first.labels
            )));
        }
    }
    Ok(())
}
