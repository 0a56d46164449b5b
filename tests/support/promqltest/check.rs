//! Compares answers with what a file expects.

use super::syntax::{Evaluation, Expect, Row, Text};
use allgreen::query::promql::{Annotations, Answer, Error, Labels, Point, Value, format_number};
use regex::Regex;

type Outcome = Result<(), String>;
type Answered = Result<Answer, Error>;

/// Relative tolerance of values, as Prometheus's own tests have it.
const TOLERANCE: f64 = 1e-6;

fn same(a: f64, b: f64) -> bool {
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

fn agrees(wanted: &Text, message: &str) -> bool {
    match wanted {
        Text::Any => true,
        Text::Exact(text) => message == text,
        Text::Regex(pattern) => Regex::new(pattern).is_ok_and(|r| r.is_match(message)),
    }
}

/// The answer, if it is not the failure that was expected; and its remarks checked.
fn value(evaluation: &Evaluation, answer: Answered) -> Result<Option<Value>, String> {
    let failures: Vec<&Text> =
        evaluation.expects.iter().filter_map(|e| if let Expect::Fail(t) = e { Some(t) } else { None }).collect();
    match (answer, failures.is_empty()) {
        (Err(error), true) => Err(format!("failed: {}", error.describe(&evaluation.query))),
        (Err(error), false) if failures.iter().all(|t| agrees(t, &error.message)) => Ok(None),
        (Err(error), false) => Err(format!("failed with another message: {error}")),
        (Ok(_), false) => Err("did not fail".into()),
        (Ok(answer), true) => {
            remarks(evaluation, &answer.annotations)?;
            Ok(Some(answer.value))
        }
    }
}

fn remarks(evaluation: &Evaluation, notes: &Annotations) -> Outcome {
    let warnings: Vec<&str> = notes.warnings().collect();
    let infos: Vec<&str> = notes.infos().collect();
    let wanted_of = |warn: bool| -> Vec<&Text> {
        let texts = evaluation.expects.iter().filter_map(|e| match e {
            Expect::Warn(t) if warn => Some(t),
            Expect::Info(t) if !warn => Some(t),
            _ => None,
        });
        texts.collect()
    };
    for (what, found, wanted, none) in
        [("warning", &warnings, wanted_of(true), Expect::NoWarn), ("info", &infos, wanted_of(false), Expect::NoInfo)]
    {
        if let Some(missing) = wanted.iter().find(|t| !found.iter().any(|m| agrees(t, m))) {
            return Err(format!("expected {what} {missing:?}, found {found:?}"));
        }
        let extra = found.iter().find(|m| !wanted.iter().any(|t| agrees(t, m)));
        if let Some(extra) = extra.filter(|_| !wanted.is_empty() || evaluation.expects.contains(&none)) {
            return Err(format!("unexpected {what} {extra:?}"));
        }
    }
    Ok(())
}

/// Checks the answer of an instant query.
pub(super) fn instant(evaluation: &Evaluation, at: i64, answer: Answered) -> Outcome {
    match value(evaluation, answer)? {
        None => Ok(()),
        Some(Value::Vector(samples)) => {
            let found: Vec<(Labels, Vec<Point>)> = samples.into_iter().map(|s| (s.labels, vec![s.point])).collect();
            compare(evaluation, &found, at, 1)
        }
        Some(Value::Scalar(point)) => scalar(evaluation, point.v),
        Some(Value::String(_, text)) => {
            let wanted = Expect::Str(text.clone());
            if evaluation.expects.contains(&wanted) { Ok(()) } else { Err(format!("found the string {text:?}")) }
        }
        Some(Value::Matrix(rows)) => {
            let wanted = evaluation.expects.iter().find_map(|e| match e {
                Expect::Ranges(from, _, step) => Some((*from, (*step).max(1))),
                _ => None,
            });
            let (from, step) = wanted.ok_or("found a range vector")?;
            let found: Vec<(Labels, Vec<Point>)> = rows.into_iter().map(|r| (r.labels, r.points)).collect();
            compare(evaluation, &found, from, step)
        }
    }
}

fn scalar(evaluation: &Evaluation, found: f64) -> Outcome {
    match evaluation.scalar {
        Some(wanted) if same(wanted, found) => Ok(()),
        wanted => Err(format!("expected {wanted:?}, found the scalar {}", format_number(found))),
    }
}

/// Checks the answer of a range query.
pub(super) fn range(evaluation: &Evaluation, from: i64, to: i64, step: i64, answer: Answered) -> Outcome {
    let Some(Value::Matrix(rows)) = value(evaluation, answer)? else { return Ok(()) };
    let steps = usize::try_from((to - from) / step.max(1)).unwrap_or(0) + 1;
    if let Some(row) = evaluation.rows.iter().find(|r| r.values.len() > steps) {
        return Err(format!("{} has more values than the {steps} steps", row.labels));
    }
    let found: Vec<(Labels, Vec<Point>)> = rows.into_iter().map(|r| (r.labels, r.points)).collect();
    compare(evaluation, &found, from, step.max(1))
}

/// Checks one step of a range query's result against an instant query's expectation.
pub(super) fn middle(evaluation: &Evaluation, at: i64, value: &Value) -> Outcome {
    let Value::Matrix(rows) = value else { return Ok(()) };
    let here = |points: &[Point]| points.iter().copied().filter(|p| p.t == at).collect::<Vec<_>>();
    let found: Vec<(Labels, Vec<Point>)> =
        rows.iter().map(|r| (r.labels.clone(), here(&r.points))).filter(|(_, p)| !p.is_empty()).collect();
    match (evaluation.scalar, &found[..]) {
        (Some(_), [(_, points)]) => points.first().map_or(Ok(()), |p| scalar(evaluation, p.v)),
        _ => compare(evaluation, &found, at, 1),
    }
}

fn compare(evaluation: &Evaluation, found: &[(Labels, Vec<Point>)], from: i64, step: i64) -> Outcome {
    let wanted: Vec<&Row> = evaluation.rows.iter().filter(|r| r.values.iter().any(Option::is_some)).collect();
    let listed =
        || found.iter().map(|(l, p)| format!("{l} {:?}", p.iter().map(|p| format_number(p.v)).collect::<Vec<_>>()));
    if let Some((labels, _)) = found.iter().find(|(l, _)| !wanted.iter().any(|w| w.labels == *l)) {
        return Err(format!("unexpected series {labels}; found {:?}", listed().collect::<Vec<_>>()));
    }
    for (place, row) in wanted.iter().enumerate() {
        let Some(at) = found.iter().position(|(l, _)| *l == row.labels) else {
            return Err(format!("missing series {}; found {:?}", row.labels, listed().collect::<Vec<_>>()));
        };
        if evaluation.ordered() && at != place {
            return Err(format!("{} is at place {at}, not {place}", row.labels));
        }
        let points = &found[at].1;
        for (i, wanted) in row.values.iter().enumerate() {
            let t = from + step * i as i64;
            let got = points.iter().find(|p| p.t == t).map(|p| p.v);
            let alike = match (wanted, got) {
                (Some(w), Some(g)) => same(*w, g),
                (None, None) => true,
                _ => false,
            };
            if !alike {
                return Err(format!("{} at step {i}: expected {wanted:?}, found {got:?}", row.labels));
            }
        }
        let end = from + step * row.values.len() as i64;
        if let Some(extra) = points.iter().find(|p| p.t >= end) {
            return Err(format!("{} has a value at {} ms, past those expected", row.labels, extra.t));
        }
    }
    Ok(())
}
