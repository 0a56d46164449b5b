//! `compare()`: how the values of every attribute fall over the spans of a selection, against all others.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::ast::{Attribute, Intrinsic, Query, Scope, Selection};
use super::fields::View;
use super::metrics::{MetricSeries, MetricsError, MetricsLimits, Steps};
use super::search::conditions;
use super::spansets::{Group, run};
use super::store::{TraceScan, TraceStore};
use super::value::Value;

/// What a series is about: spans of the selection or others, those with one value or with any.
const TYPE: &str = "__meta_type";
/// That an attribute has more values than are told.
const ERROR: &str = "__meta_error";
const TOO_MANY: &str = "__too_many_values__";

/// Intrinsics that are compared; times, lengths and ids say nothing by their values.
const INTRINSICS: [Intrinsic; 6] = [
    Intrinsic::Name,
    Intrinsic::Status,
    Intrinsic::StatusMessage,
    Intrinsic::Kind,
    Intrinsic::RootName,
    Intrinsic::RootService,
];

/// Counts of the values of one attribute, a number for each step.
#[derive(Default)]
struct Values {
    by_value: BTreeMap<String, (Value, Vec<f64>)>,
    total: Vec<f64>,
}

impl Values {
    fn count(&mut self, value: Value, place: usize, steps: usize) {
        self.total.resize(steps, 0.0);
        self.total[place] += 1.0;
        let key = format!("{}\u{0}{}", value.type_name(), value.text());
        let (_, counts) = self.by_value.entry(key).or_insert_with(|| (value, vec![0.0; steps]));
        counts[place] += 1.0;
    }

    /// The most frequent values.
    fn top(&self, most: usize) -> impl Iterator<Item = &(Value, Vec<f64>)> {
        let mut all: Vec<_> = self.by_value.values().collect();
        let sum = |counts: &[f64]| counts.iter().sum::<f64>();
        all.sort_by(|a, b| sum(&b.1).total_cmp(&sum(&a.1)));
        all.into_iter().take(most)
    }
}

/// Evaluates it over `count` steps.
pub(super) fn compare(
    store: &dyn TraceStore,
    query: &Query,
    selection: &Selection,
    (steps, count): (Steps, usize),
    limits: &MetricsLimits,
) -> Result<Vec<MetricSeries>, MetricsError> {
    let first = steps.at(0).saturating_sub(steps.step);
    let last = steps.at(count - 1);
    let scan =
        TraceScan { from: first.saturating_add(1), until: last.saturating_add(1), conditions: &conditions(query) };
    let mut sides: [BTreeMap<String, Values>; 2] = Default::default();
    let (mut held, mut full) = (0_usize, false);
    store.scan(&scan, &mut |trace| {
        let view = View::new(trace);
        let all = Group { spans: (0..trace.spans()).collect(), shown: Vec::new() };
        for span in run(&view, &query.pipeline, vec![all]).into_iter().flat_map(|group| group.spans) {
            let at = trace.span(span).start;
            if at <= first || at > last {
                continue;
            }
            let within = selection.within.is_none_or(|(from, until)| (from..until).contains(&at));
            let side = &mut sides[usize::from(within && view.holds(&selection.filter, span))];
            let place = (at.saturating_sub(first).saturating_sub(1) / steps.step) as usize;
            for (name, value) in attributes(&view, span) {
                let values = side.entry(name).or_default();
                let before = values.by_value.len();
                values.count(value, place.min(count - 1), count);
                held += values.by_value.len() - before;
            }
            full = held.saturating_mul(count) > limits.values;
            if full {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    if full {
        return Err(MetricsError(format!(
            "more than {} points; select fewer spans, or make the step larger",
            limits.values
        )));
    }
    Ok(series(&sides, selection.top, steps))
}

/// What a span says, by attribute.
fn attributes(view: &View<'_>, span: usize) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for intrinsic in INTRINSICS {
        let attribute = Attribute::Intrinsic(intrinsic);
        let value = view.attribute(&attribute, span);
        if value != Value::Nil && value != Value::Text(String::new()) {
            all.push((attribute.to_string(), value));
        }
    }
    for (scope, name, value) in view.trace.attributes(span) {
        if scope != Scope::Instrumentation && !matches!(value, Value::Duration(_)) {
            all.push((Attribute::Named { scope, parent: false, name }.to_string(), value));
        }
    }
    all
}

fn series(sides: &[BTreeMap<String, Values>; 2], top: usize, steps: Steps) -> Vec<MetricSeries> {
    let mut out = Vec::new();
    let mut add = |prefix: (&str, &str), name: &str, value: Value, counts: &[f64]| {
        let points = counts.iter().enumerate().map(|(at, count)| (steps.at(at), *count)).collect();
        let labels = vec![(prefix.0.to_owned(), Value::Text(prefix.1.to_owned())), (name.to_owned(), value)];
        out.push(MetricSeries { labels, points });
    };
    for (side, kind, total) in [(&sides[0], "baseline", "baseline_total"), (&sides[1], "selection", "selection_total")]
    {
        for (name, values) in side {
            for (value, counts) in values.top(top) {
                add((TYPE, kind), name, value.clone(), counts);
            }
            add((TYPE, total), name, Value::Nil, &values.total);
        }
    }
    let names = sides.iter().flat_map(|side| side.iter().filter(|(_, values)| values.by_value.len() > top));
    let names: std::collections::BTreeSet<&String> = names.map(|(name, _)| name).collect();
    for name in names {
        add((ERROR, TOO_MANY), name, Value::Nil, &[]);
    }
    out
}
