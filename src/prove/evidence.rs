//! Solvable: how well each chart that a lesson names as evidence tells the run from the one without the cause.

use super::facts::{Facts, Separation};
use super::judge::{mean, proved};
use crate::engine::Simulation;
use crate::lab::{Chart, Look, proving};
use crate::lesson::{Lesson, Property, Proved};
use crate::time::{SimTime, Stamp};

/// On each seed each evidence tells.
pub fn solvable(lesson: &Lesson, facts: &[Facts]) -> Proved {
    let evidence = &lesson.spec().evidence;
    if evidence.is_empty() {
        return proved(Property::Solvable, facts, |_| true, ("nothing to find".into(), Vec::new()));
    }
    let least = |facts: &Facts| facts.evidence.iter().map(|one| one.auc).fold(1.0, f64::min);
    let words = format!(
        "AUC {:.2} on average, {:.2} on the worst seed",
        mean(facts, least),
        facts.iter().map(least).fold(1.0, f64::min)
    );
    let details = evidence.iter().enumerate().map(|(at, one)| {
        let auc = |facts: &Facts| facts.evidence.get(at).map_or(0.5, |one| one.auc);
        let seen = facts.iter().filter(|facts| facts.evidence.get(at).is_some_and(|one| one.seen)).count();
        format!("{}: AUC {:.2}, told on {seen} of {}", one.look().words(), mean(facts, auc), facts.len())
    });
    let held = |facts: &Facts| facts.evidence.iter().all(|one| one.seen);
    proved(Property::Solvable, facts, held, (words, details.collect()))
}

/// Each evidence of a lesson, as it looks now in a run and in the same run without the cause.
pub fn separations(lesson: &Lesson, (run, causeless): (&Simulation, &Simulation), since: SimTime) -> Vec<Separation> {
    let stamp = since.stamp();
    let separation = |look: &Look| {
        let drawn = proving::chart(lesson, run, look);
        let other = proving::chart(lesson, causeless, look);
        Separation {
            chart: look.words(),
            seen: proving::differ(&drawn, &other, since),
            auc: auc(&drawn, &other, stamp),
        }
    };
    lesson.spec().evidence.iter().map(|evidence| separation(&evidence.look())).collect()
}

/// The area under the ROC curve of the line that tells best, by its points since the cause.
fn auc(this: &Chart, other: &Chart, since: Stamp) -> f64 {
    let points = |chart: &Chart, name: &str| -> Vec<f64> {
        let line = chart.lines.iter().find(|line| line.name == name);
        let points = line.map_or(&[][..], |line| &line.points).iter();
        points.filter(|(at, _)| *at >= since).map(|(_, value)| *value).collect()
    };
    let names = this.lines.iter().chain(&other.lines).map(|line| line.name.as_str());
    names.map(|name| area(&points(this, name), &points(other, name))).fold(0.5, f64::max)
}

/// The probability that a value of one sample is above one of the other, or below it, whichever is larger. A sample
/// that is not there can be told from one that is.
fn area(one: &[f64], other: &[f64]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return if one.is_empty() && other.is_empty() { 0.5 } else { 1.0 };
    }
    let mut sorted = other.to_vec();
    sorted.sort_by(f64::total_cmp);
    let wins = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let not_above = sorted.partition_point(|other| other <= value);
        (below + not_above) as f64 / 2.0
    };
    let above = one.iter().map(wins).sum::<f64>() / (one.len() * other.len()) as f64;
    above.max(1.0 - above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_that_of_the_two_samples() {
        assert_eq!(area(&[3.0, 4.0], &[1.0, 2.0]), 1.0);
        assert_eq!(area(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(area(&[1.0, 1.0], &[1.0]), 0.5);
        assert_eq!(area(&[1.0, 3.0], &[2.0]), 0.5);
        assert_eq!(area(&[1.0, 3.0, 4.0, 5.0], &[2.0]), 0.75);
        assert_eq!(area(&[], &[2.0]), 1.0);
        assert_eq!(area(&[], &[]), 0.5);
    }
}
