//! Aggregations over ranges of lines.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::ast::{Grouping, MatchOp, RangeAggregation, Stage};
use super::eval::{Context, EvalError, Grid, Steps, selected};
use super::ops::RangeOp;
use super::pipeline::{needle, needles, run, split_leading, step, unwrapped};
use super::row::Row;
use super::statistics::variance;
use super::store::Scan;
use super::value::Labels;
use crate::query::quantile::quantile;

/// The samples of a series, in order of time.
type Samples = Vec<(i64, f64)>;

/// Evaluates an aggregation. `outer` is the grouping of an aggregation around it: series that it joins may be one at once.
pub(super) fn evaluate(
    context: &Context<'_>,
    what: &RangeAggregation,
    outer: Option<&Grouping>,
) -> Result<Grid, EvalError> {
    let series = samples(context, what, outer)?;
    let steps = context.steps;
    if what.op == RangeOp::Absent {
        return Ok(absent(what, &series, steps));
    }
    let rows = series.into_iter().map(|(labels, samples)| {
        let windows = Windows { samples: &samples, steps, range: what.range, offset: what.offset };
        (labels, windows.map(|window, at| if window.is_empty() { None } else { one(what, window, at) }))
    });
    Ok(rows.filter(|(_, values)| values.iter().any(Option::is_some)).collect())
}

fn samples(
    context: &Context<'_>,
    what: &RangeAggregation,
    outer: Option<&Grouping>,
) -> Result<BTreeMap<Labels, Samples>, EvalError> {
    let wanted = selected(&context.streams, &what.log);
    let needles = needles(&what.log.stages);
    let last = context.steps.at(context.steps.count - 1).saturating_sub(what.offset);
    let scan = Scan {
        streams: &wanted,
        from: context.steps.start.saturating_sub(what.offset).saturating_sub(what.range).saturating_add(1),
        until: last.saturating_add(1),
        backwards: false,
        needles: &needles,
    };
    // What is absent is so whatever its labels.
    let nothing = Grouping { without: false, labels: Vec::new() };
    let grouping = if what.op == RangeOp::Absent { Some(&nothing) } else { what.grouping.as_ref().or(outer) };
    let kept = |labels: Labels| match grouping {
        None => labels,
        Some(grouping) => labels.only(&grouping.labels, !grouping.without),
    };
    let stream_keys: Vec<Labels> = context.streams.iter().map(|labels| kept(labels.clone())).collect();
    let bytes = matches!(what.op, RangeOp::Bytes | RangeOp::BytesRate);
    let (leading, stages) = split_leading(&what.log.stages);
    // The store has seen to texts that a line must contain.
    let leading: Vec<&Stage> = leading.iter().filter(|stage| needle(stage).is_none()).collect();
    let renders = bytes || !leading.is_empty() || !stages.is_empty();
    // Where nothing else reads labels, metadata that is not grouped by need not be taken up.
    let only = grouping
        .filter(|grouping| !grouping.without && stages.is_empty() && what.unwrap.is_none())
        .map(|grouping| grouping.labels.as_slice());
    let told = |labels: &[String]| {
        context.store.metadata_names().iter().any(|name| labels.iter().any(|label| may_name(name, label)))
    };
    let by_stream = !renders && only.is_some_and(|labels| !told(labels));
    let mut keys: BTreeMap<Labels, usize> = BTreeMap::new();
    let mut places: Vec<Option<usize>> = vec![None; stream_keys.len()];
    let mut all: Vec<Samples> = Vec::new();
    let mut count = 0;
    let mut wrong = None;
    context.store.scan(&scan, &mut |entry| {
        if let (true, Some(place)) = (by_stream, places[entry.stream]) {
            count += 1;
            all[place].push((entry.at, 1.0));
            if count > context.limits.samples {
                wrong = Some(too_many(context.limits.samples));
                return ControlFlow::Break(());
            }
            return ControlFlow::Continue(());
        }
        let mut row = Row::new(&context.streams[entry.stream], entry.at, last);
        if renders {
            entry.words.line(&mut row.line);
        }
        if !leading.iter().all(|stage| step(stage, &mut row)) {
            return ControlFlow::Continue(());
        }
        let named = |name: &str| only.is_none_or(|labels| labels.iter().any(|label| may_name(name, label)));
        entry.words.metadata(&named, &mut |name, value| row.set_metadata(name, value));
        if !run(stages, &mut row) {
            return ControlFlow::Continue(());
        }
        let value = match &what.unwrap {
            Some(unwrap) => {
                let Some(value) = unwrapped(unwrap, &mut row) else { return ControlFlow::Continue(()) };
                row.remove(&unwrap.label);
                value
            }
            None if bytes => row.line.len() as f64,
            None => 1.0,
        };
        if let Some((kind, details)) = &row.error {
            wrong = Some(format!(
                "pipeline error: '{kind}' for series: '{}'. {details}. Use a label filter to skip this error on purpose: | __error__!=\"{kind}\"",
                row.labels()
            ));
            return ControlFlow::Break(());
        }
        count += 1;
        let known = all.len();
        let mut place = |key: Labels| {
            *keys.entry(key).or_insert_with(|| {
                all.push(Vec::new());
                all.len() - 1
            })
        };
        let at = if row.unchanged() {
            *places[entry.stream].get_or_insert_with(|| place(stream_keys[entry.stream].clone()))
        } else {
            place(kept(row.labels()))
        };
        all[at].push((entry.at, value));
        let room = if all.len() > known { context.hold(all.len()) } else { Ok(()) };
        if let Err(EvalError(why)) = room {
            wrong = Some(why);
        } else if count > context.limits.samples {
            wrong = Some(too_many(context.limits.samples));
        }
        if wrong.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(why) = wrong {
        return Err(EvalError(why));
    }
    let ordered = keys.into_iter().map(|(labels, at)| {
        let mut samples = std::mem::take(&mut all[at]);
        samples.sort_by_key(|(at, _)| *at);
        (labels, samples)
    });
    Ok(ordered.collect())
}

fn too_many(most: usize) -> String {
    format!("more than {most} samples in one range")
}

/// Whether metadata of this name may become this label. Never false when it does.
fn may_name(key: &str, label: &str) -> bool {
    let same = |(own, other): (u8, u8)| own == other || (other == b'_' && !own.is_ascii_alphanumeric());
    let plain = key.is_ascii() && !key.starts_with(|c: char| c.is_ascii_digit() || c == ' ') && !key.ends_with(' ');
    !plain || key.len() == label.len() && key.bytes().zip(label.bytes()).all(same)
}

/// The window of each step: after its instant less the range, up to and with its instant.
struct Windows<'a> {
    samples: &'a [(i64, f64)],
    steps: Steps,
    range: i64,
    offset: i64,
}

impl Windows<'_> {
    fn map<T>(&self, mut give: impl FnMut(&[(i64, f64)], i64) -> T) -> Vec<T> {
        let (mut from, mut to) = (0, 0);
        let mut one = |index| {
            let end = self.steps.at(index).saturating_sub(self.offset);
            let start = end.saturating_sub(self.range);
            while self.samples.get(to).is_some_and(|(at, _)| *at <= end) {
                to += 1;
            }
            while from < to && self.samples[from].0 <= start {
                from += 1;
            }
            give(&self.samples[from..to], end)
        };
        (0..self.steps.count).map(&mut one).collect()
    }
}

fn absent(what: &RangeAggregation, series: &BTreeMap<Labels, Samples>, steps: Steps) -> Grid {
    let mut present = vec![false; steps.count];
    for samples in series.values() {
        let windows = Windows { samples, steps, range: what.range, offset: what.offset };
        for (known, filled) in present.iter_mut().zip(windows.map(|window, _| !window.is_empty())) {
            *known |= filled;
        }
    }
    if present.iter().all(|known| *known) {
        return Vec::new();
    }
    let equal = what.log.matchers.iter().filter(|matcher| matcher.op == MatchOp::Equal);
    let labels = Labels::new(equal.map(|matcher| (matcher.name.clone(), matcher.value.clone())));
    vec![(labels, present.into_iter().map(|known| (!known).then_some(1.0)).collect())]
}

fn one(what: &RangeAggregation, window: &[(i64, f64)], end: i64) -> Option<f64> {
    let seconds = what.range as f64 / 1e9;
    let values = || window.iter().map(|(_, value)| *value);
    let sum = || values().sum::<f64>();
    Some(match what.op {
        RangeOp::Rate if what.unwrap.is_none() => window.len() as f64 / seconds,
        RangeOp::Rate | RangeOp::BytesRate => sum() / seconds,
        RangeOp::Count => window.len() as f64,
        RangeOp::Bytes | RangeOp::Sum => sum(),
        RangeOp::Avg => sum() / window.len() as f64,
        RangeOp::Min => values().fold(f64::INFINITY, f64::min),
        RangeOp::Max => values().fold(f64::NEG_INFINITY, f64::max),
        RangeOp::Stdvar => variance(values()),
        RangeOp::Stddev => variance(values()).sqrt(),
        RangeOp::Quantile => quantile(what.parameter.unwrap_or(f64::NAN), &mut values().collect::<Vec<_>>()),
        RangeOp::First => window.first()?.1,
        RangeOp::Last => window.last()?.1,
        RangeOp::RateCounter => return counter_rate(window, end - what.range, end),
        RangeOp::Absent => 1.0,
    })
}

/// Prometheus's `rate`: the increase of a counter that may have been reset, extrapolated to the ends of the window.
fn counter_rate(window: &[(i64, f64)], start: i64, end: i64) -> Option<f64> {
    let [first, .., last] = window else { return None };
    let resets: f64 = window.windows(2).filter(|pair| pair[1].1 < pair[0].1).map(|pair| pair[0].1).sum();
    let increase = last.1 - first.1 + resets;
    let sampled = (last.0 - first.0) as f64 / 1e9;
    if sampled <= 0.0 {
        return None;
    }
    let mut to_start = (first.0 - start) as f64 / 1e9;
    let to_end = (end - last.0) as f64 / 1e9;
    let between = sampled / (window.len() - 1) as f64;
    if increase > 0.0 && first.1 >= 0.0 {
        // A counter was not below zero before.
        to_start = to_start.min(sampled * (first.1 / increase));
    }
    let threshold = between * 1.1;
    let reach = |gap: f64| if gap < threshold { gap } else { between / 2.0 };
    let covered = sampled + reach(to_start) + reach(to_end);
    Some(increase * (covered / sampled) / ((end - start) as f64 / 1e9))
}
