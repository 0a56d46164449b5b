//! One incident on one seed: the run that a learner meets, and its control, the same without the cause. Both share every
//! draw up to what the cause changes. Detectors see the telemetry of each up to the learner's arrival; how they did is
//! counted against the instants of the cause and of the harm.

use std::collections::BTreeSet;

use super::onset::{Harmed, harmed};
use super::row::Row;
use crate::Lesson;
use crate::detect::{Detector, Finding, Named};
use crate::engine::Simulation;
use crate::lab::proving;
use crate::lesson::Part;
use crate::prove::meter::Meter;
use crate::prove::seed::{begins, trunk, variant};
use crate::random::Seed;
use crate::time::{Duration, SimTime, Stamp};

/// What one incident on one seed came to.
pub struct Replayed {
    lesson: String,
    generated: Option<String>,
    seed: Seed,
    cause: SimTime,
    opens: SimTime,
    /// None if nothing is wrong in the lesson.
    harm: Option<Harmed>,
    scores: Vec<Counted>,
}

/// How one detector did.
struct Counted {
    /// Findings before the cause.
    early: u64,
    /// Since the cause, in the run and not in the control.
    found: Vec<Finding>,
    /// Since the cause, in the control.
    control: u64,
    /// Whether one that was found names a place of the cause.
    names_cause: bool,
}

/// Runs, detects and counts. None if the meter says stop.
pub fn replay(
    (lesson, generated): (&Lesson, Option<&str>),
    seed: Seed,
    detectors: &[Named],
    meter: &Meter,
) -> Option<Replayed> {
    let spec = lesson.spec();
    let (cause, opens) = (begins(lesson), spec.opens_at);
    let trunk = trunk(lesson, seed, meter)?;
    let mut run = variant(lesson, &trunk, &|_| true);
    let quiet = proving::is_quiet(lesson);
    let mut control = (!quiet).then(|| variant(lesson, &trunk, &|scripted| !proving::is_cause(lesson, scripted)));
    drop(trunk);
    meter.run(&mut run, opens)?;
    if let Some(control) = &mut control {
        meter.run(control, opens)?;
    }
    let places: BTreeSet<&str> = spec.causes().flat_map(|cause| &cause.at).flat_map(|at| at.split(" -> ")).collect();
    let score = |detector: &Named| {
        if meter.is_stopped() {
            return None;
        }
        let seen = |sim: &Simulation| detector.detect(sim.telemetry());
        Some(counted(cause.stamp(), seen(&run), control.as_ref().map(seen), &places))
    };
    let scores = detectors.iter().map(score).collect::<Option<Vec<Counted>>>()?;
    let harm = match control {
        None => None,
        Some(control) => Some(harm((run, control), (cause, opens), lesson.world().longest_debt(), meter)?),
    };
    let generated = generated.map(str::to_owned);
    Some(Replayed { lesson: spec.id.clone(), generated, seed, cause, opens, harm, scores })
}

/// Who was harmed until the learner's arrival, once their debts have settled.
fn harm(
    (mut run, mut control): (Simulation, Simulation),
    (cause, opens): (SimTime, SimTime),
    grace: Duration,
    meter: &Meter,
) -> Option<Harmed> {
    for sim in [&mut run, &mut control] {
        sim.mute();
        meter.run(sim, opens + grace)?;
    }
    Some(harmed(&run, &control, cause, opens))
}

/// Counts findings. Without a control the run is one itself: nothing is wrong in it.
fn counted(cause: Stamp, seen: Vec<Finding>, control: Option<Vec<Finding>>, places: &BTreeSet<&str>) -> Counted {
    let since = |findings: Vec<Finding>| -> (u64, Vec<Finding>) {
        let (late, early): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(|found| found.at >= cause);
        (early.len() as u64, late)
    };
    let (early, mut found) = since(seen);
    let control = match control {
        None => std::mem::take(&mut found),
        Some(control) => since(control).1,
    };
    // What is found without the cause too, there and then, is not found because of it.
    let usual: BTreeSet<(Stamp, Option<&str>)> =
        control.iter().map(|finding| (finding.at, finding.service.as_deref())).collect();
    found.retain(|finding| !usual.contains(&(finding.at, finding.service.as_deref())));
    found.sort();
    let names = |finding: &Finding| finding.service.as_deref().is_some_and(|service| places.contains(service));
    Counted { early, names_cause: found.iter().any(names), control: control.len() as u64, found }
}

/// The virtual time that one seed of a lesson takes, about.
pub fn takes(lesson: &Lesson) -> Duration {
    let (opens, debts) = (lesson.spec().opens_at, lesson.world().longest_debt());
    let story =
        |scripted: &&crate::lesson::Scripted| scripted.part != Part::Background || proving::is_cause(lesson, scripted);
    let first = lesson.spec().script.iter().filter(story).map(|scripted| scripted.at).min();
    let first = first.unwrap_or(opens).min(opens);
    let runs = if proving::is_quiet(lesson) { 1 } else { 2 };
    let settles = if runs == 2 { debts.0 } else { 0 };
    Duration(first.0 + runs * (opens.since(first).0 + settles))
}

impl Replayed {
    /// Its rows, one for each detector.
    pub fn rows(self, task: u64, detectors: &[Named]) -> Vec<Row> {
        let onset = self.harm.as_ref().and_then(|harm| harm.onset);
        let row = |(detector, score): (&Named, &Counted)| {
            let first = score.found.first().map(|found| found.at);
            let services: BTreeSet<&str> = score.found.iter().filter_map(|found| found.service.as_deref()).collect();
            Row {
                task,
                lesson: self.lesson.clone(),
                generated: self.generated.clone(),
                seed: self.seed.0,
                detector: detector.name().to_owned(),
                incident: self.harm.is_some(),
                cause: self.cause,
                opens: self.opens,
                onset,
                harmed: self.harm.as_ref().map_or(0, |harm| harm.count),
                early: score.early,
                found: score.found.len() as u64,
                control: score.control,
                first,
                services: services.len() as u64,
                names_cause: score.names_cause,
            }
        };
        detectors.iter().zip(&self.scores).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(secs: i64, service: &str) -> Finding {
        Finding { at: Stamp(secs * 1_000_000_000), service: Some(service.into()), what: String::new() }
    }

    #[test]
    fn what_the_control_shows_as_well_is_not_found() {
        let cause = Stamp(100_000_000_000);
        let seen = vec![finding(50, "a"), finding(150, "b"), finding(140, "c"), finding(150, "a")];
        let control = vec![finding(50, "a"), finding(150, "a"), finding(170, "b")];
        let counted = counted(cause, seen.clone(), Some(control), &["b"].into());
        assert_eq!((counted.early, counted.control, counted.names_cause), (1, 2, true));
        assert_eq!(counted.found, [finding(140, "c"), finding(150, "b")]);
        let quiet = super::counted(cause, seen, None, &["b"].into());
        assert_eq!((quiet.early, quiet.control, quiet.found.len(), quiet.names_cause), (1, 3, 0, false));
    }
}
