//! Step 7, Hypothesise: (where, mechanism) against the truth, and whether pinned evidence supports it: a chart, or a list of
//! lines or traces, that would have looked otherwise without the cause.

use super::counterfactual::Runs;
use super::{Case, Review};
use crate::engine::Simulation;
use crate::lab::fix::arrow_name;
use crate::lab::{Chart, Found, Hypothesis, Look, look};
use crate::lesson::{Cause, Mechanism};
use crate::telemetry::Telemetry;
use crate::time::{Duration, SimTime, Stamp};

/// Parts of the score: place and mechanism, and the evidence.
const NAMED: f64 = 0.8;
const EVIDENCE: f64 = 0.2;
/// The relative difference between two lines that a person sees on any chart, and the least that counts at all: one
/// between the two is seen if it stands out of the line's own spread.
const VISIBLE: f64 = 0.10;
const LEAST: f64 = 0.005;

pub fn review(case: &Case<'_>, runs: &Runs) -> Review {
    let spec = case.lesson.spec();
    let words = |cause: &Cause| {
        let at = cause.at.first().map_or("", String::as_str);
        format!("{} at {at}", cause.mechanism.words())
    };
    let truth = match case.is_quiet() {
        true => Mechanism::NoIncident.words().to_owned(),
        false => spec.causes().map(words).collect::<Vec<_>>().join("; and "),
    };
    let supported = supported(case, runs);
    let support = match (case.is_quiet(), &supported) {
        (true, _) => String::new(),
        (false, Some(shown)) => format!("; without the cause, {shown} would have looked otherwise"),
        (false, None) => "; nothing pinned tells this run from one without the cause".to_owned(),
    };
    let Some((_, hypothesis)) = case.notebook.hypotheses.last() else {
        return Review { did: "stated no hypothesis".into(), evidence: truth + &support, score: Some(0.0) };
    };
    let evidence = if case.is_quiet() { !case.notebook.pinned.is_empty() } else { supported.is_some() };
    let named = named(case).unwrap_or_default();
    let score = match case.is_quiet() && named == 0.0 {
        true => 0.0,
        false => named * NAMED + if evidence { EVIDENCE } else { 0.0 },
    };
    let hints = match case.notebook.hints.len() {
        0 => String::new(),
        1 => ", after a hint".to_owned(),
        hints => format!(", after {hints} hints"),
    };
    Review { did: hypothesis.words() + &hints, evidence: truth + &support, score: Some(score) }
}

/// How much of the causes was named, 0 to 1: half of it is the place, half the mechanism; None if nothing was. Of one cause
/// the last hypothesis counts; of several, the best of all for each.
pub fn named(case: &Case<'_>) -> Option<f64> {
    let spec = case.lesson.spec();
    let all = || case.notebook.hypotheses.iter().map(|(_, hypothesis)| hypothesis);
    let last = all().next_back()?;
    if case.is_quiet() {
        return Some(f64::from(u8::from(last.mechanism == Mechanism::NoIncident)));
    }
    let of = |cause: &Cause, hypothesis: &Hypothesis| {
        let place = cause.at.iter().any(|at| arrow_name(at) == arrow_name(&hypothesis.at));
        let mechanism = cause.mechanism == hypothesis.mechanism || cause.alike.contains(&hypothesis.mechanism);
        f64::from(u8::from(place) + u8::from(mechanism)) / 2.0
    };
    if spec.also.is_empty() {
        return Some(of(&spec.cause, last));
    }
    let best = |cause: &Cause| all().map(|hypothesis| of(cause, hypothesis)).fold(0.0, f64::max);
    Some(spec.causes().map(best).sum::<f64>() / spec.causes().count() as f64)
}

/// The first pinned piece of evidence that separates the run from the one without the cause, in words.
fn supported(case: &Case<'_>, runs: &Runs) -> Option<String> {
    let causeless = runs.causeless.as_ref()?;
    let caused = look::stamp_of(case.caused_at()?);
    let scrape_every = case.lesson.world().spec().monitor.scrape_every;
    let draw = |sim: &Simulation, at: SimTime, pinned: &Look| drawn(sim.telemetry(), scrape_every, at, pinned);
    let mut pinned = case.notebook.pinned.iter().filter(|pinned| pinned.look.is_comparable());
    let shown = pinned.find(|pinned| {
        differ(&draw(case.sim, pinned.at, &pinned.look), &draw(causeless, pinned.at, &pinned.look), caused)
    })?;
    Some(shown.look.words())
}

/// The chart that a look shows, or of a list how much there is of it over time; an empty one if it shows neither.
pub(super) fn drawn(telemetry: &Telemetry, scrape_every: Duration, at: SimTime, pinned: &Look) -> Chart {
    let shown = match pinned {
        Look::Chart(query) => look::chart(telemetry, scrape_every, at, query).ok(),
        Look::Query(query) => match look::query(telemetry, scrape_every, at, query).map(|answer| answer.found) {
            Ok(Found::Numbers(chart)) => Some(chart),
            _ => look::counts(telemetry, scrape_every, at, pinned),
        },
        _ => look::counts(telemetry, scrape_every, at, pinned),
    };
    shown.unwrap_or_default()
}

/// Whether any line differs since the cause by more than chance and the eye allow.
pub(super) fn differ(this: &Chart, other: &Chart, since: Stamp) -> bool {
    let lines = this.lines.iter().chain(&other.lines);
    lines.into_iter().any(|line| {
        let of = |chart: &Chart| {
            let found = chart.lines.iter().find(|other| other.name == line.name);
            Sample::new(found.map_or(&[][..], |line| &line.points), since)
        };
        of(this).differs_from(&of(other))
    })
}

/// Mean and spread of a line.
struct Sample {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    fn new(points: &[(Stamp, f64)], since: Stamp) -> Sample {
        let values: Vec<f64> = points.iter().filter(|(at, _)| *at >= since).map(|(_, value)| *value).collect();
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Sample { count, mean, variance }
    }

    fn differs_from(&self, other: &Sample) -> bool {
        let difference = (self.mean - other.mean).abs();
        let error = (self.variance / self.count + other.variance / other.count).sqrt();
        let spread = self.variance.max(other.variance).sqrt();
        let size = self.mean.abs().max(other.mean.abs());
        let is_seen = difference > VISIBLE * size || (difference > LEAST * size && difference > spread);
        is_seen && difference > 3.0 * error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::ChartLine;

    fn chart(values: &[f64]) -> Chart {
        let points = values.iter().enumerate().map(|(at, value)| (Stamp(at as i64), *value)).collect();
        Chart { lines: vec![ChartLine { name: "all".into(), points }], ..Chart::default() }
    }

    #[test]
    fn charts_differ_beyond_chance() {
        let noisy = |mean: f64| chart(&(0..60).map(|n| mean + f64::from(n % 7) * 0.1).collect::<Vec<_>>());
        assert!(differ(&noisy(10.0), &noisy(5.0), Stamp(0)));
        assert!(!differ(&noisy(10.0), &noisy(10.0), Stamp(0)));
        assert!(!differ(&noisy(10.0), &noisy(10.1), Stamp(0)), "lost in its spread");
        assert!(differ(&noisy(10.0), &noisy(10.5), Stamp(0)), "a step in a steady line");
        assert!(differ(&noisy(10.0), &Chart::default(), Stamp(0)), "a line that is not there without the cause");
    }
}
