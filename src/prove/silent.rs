//! Silent: what alarms watch, minute by minute since the cause, against healthy minutes: the same ones of runs of all
//! seeds without the cause. Knows numbers of minutes; nothing of runs.
//!
//! For each alarm two exact rank tests, one-sided, that the minutes of the incident are like healthy ones:
//! - *long*: of those, as many are in the upper quarter of all minutes (a small rise that lasts);
//! - *loud*: of those, as many are above every healthy minute (a large rise, however short).
//!
//! Both are hypergeometric, given the ties. Of the twelve p-values Holm's procedure says which alarms ring: on a silent
//! seed one rings at most 1 % of the time, as far as minutes are independent.

use super::chance::{SEED_ERROR, holm, hypergeometric_tail, upper_bound};
use super::facts::Facts;
use super::judge::proved as property;
use crate::detect::alarms::{Alarm, Minute};
use crate::lesson::{Property, Proved};

/// The share of all minutes that is high.
const HIGH: f64 = 0.25;

/// On each seed no alarm rings.
pub fn proved(facts: &[Facts]) -> Proved {
    let healthy: Vec<&Minute> = facts.iter().flat_map(|facts| &facts.healthy).collect();
    let rings: Vec<(u64, Vec<Alarm>)> =
        facts.iter().map(|facts| (facts.seed, ringing(&facts.incident, &healthy))).collect();
    let rang = |seed: u64| rings.iter().any(|(of, alarms)| *of == seed && !alarms.is_empty());
    let failed = rings.iter().filter(|(_, alarms)| !alarms.is_empty()).count() as u64;
    let words = format!(
        "{failed} of {} seeds alarm; at most {:.1} % of all seeds do (95 %)",
        facts.len(),
        100.0 * upper_bound(failed, facts.len() as u64)
    );
    let incident: Vec<&Minute> = facts.iter().flat_map(|facts| &facts.incident).collect();
    let details = Alarm::ALL.into_iter().enumerate().map(|(at, alarm)| {
        let on: Vec<String> =
            rings.iter().filter(|(_, alarms)| alarms.contains(&alarm)).map(|(seed, _)| seed.to_string()).collect();
        let on = if on.is_empty() { String::new() } else { format!("; rings on seeds {}", on.join(", ")) };
        let mean =
            |minutes: &[&Minute]| minutes.iter().map(|minute| minute.0[at]).sum::<f64>() / minutes.len().max(1) as f64;
        format!("{}: {:.4} on average, {:.4} when healthy{on}", alarm.words(), mean(&incident), mean(&healthy))
    });
    property(Property::Silent, facts, |facts| !rang(facts.seed), (words, details.collect()))
}

/// The alarms that ring in an incident.
pub fn ringing(incident: &[Minute], healthy: &[&Minute]) -> Vec<Alarm> {
    let values = |at: usize| {
        let one: Vec<f64> = incident.iter().map(|minute| minute.0[at]).collect();
        let other: Vec<f64> = healthy.iter().map(|minute| minute.0[at]).collect();
        (one, other)
    };
    let tests: Vec<f64> = (0..Alarm::ALL.len())
        .flat_map(|at| {
            let (one, other) = values(at);
            [long(&one, &other), loud(&one, &other)]
        })
        .collect();
    let rejected = holm(&tests, SEED_ERROR);
    let rings = Alarm::ALL.into_iter().zip(rejected.chunks(2)).filter(|(_, tests)| tests.contains(&true));
    rings.map(|(alarm, _)| alarm).collect()
}

/// The probability that chance puts as many minutes of the incident into the upper quarter.
fn long(incident: &[f64], healthy: &[f64]) -> f64 {
    let mut all: Vec<f64> = incident.iter().chain(healthy).copied().collect();
    all.sort_by(|a, b| b.total_cmp(a));
    let Some(level) = all.get((HIGH * all.len() as f64) as usize) else { return 1.0 };
    above(*level, incident, healthy)
}

/// The probability that chance puts as many minutes of the incident above every healthy one.
fn loud(incident: &[f64], healthy: &[f64]) -> f64 {
    let highest = healthy.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    above(highest, incident, healthy)
}

fn above(level: f64, incident: &[f64], healthy: &[f64]) -> f64 {
    let count = |values: &[f64]| values.iter().filter(|value| **value > level).count() as u64;
    let (seen, others) = (count(incident), count(healthy));
    let all = (incident.len() + healthy.len()) as u64;
    hypergeometric_tail(all, seen + others, incident.len() as u64, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::mix;

    /// Minutes of a healthy run: noisy latencies, and an error now and then.
    fn run(seed: u64) -> Vec<Minute> {
        let unit = |at: u64| mix(seed << 32 | at) as f64 / u64::MAX as f64;
        let minute = |at: u64| {
            let line = |of: u64| (4.0 * unit(10 * at + of)).floor();
            Minute([
                0.001 * unit(10 * at),
                0.2 + 0.01 * unit(10 * at + 1),
                0.4 + 0.03 * unit(10 * at + 2),
                0.0,
                line(3),
                line(4),
            ])
        };
        (0..20).map(minute).collect()
    }

    fn changed(minutes: Vec<Minute>, alarm: usize, change: impl Fn(usize, f64) -> f64) -> Vec<Minute> {
        let mut minutes = minutes;
        minutes.iter_mut().enumerate().for_each(|(at, minute)| minute.0[alarm] = change(at, minute.0[alarm]));
        minutes
    }

    #[test]
    fn healthy_runs_ring_as_rarely_as_it_says() {
        let runs: Vec<Vec<Minute>> = (0..40).map(run).collect();
        let rung = (1000..3000).filter(|seed| {
            let healthy: Vec<&Minute> = runs.iter().flatten().collect();
            !ringing(&run(*seed), &healthy).is_empty()
        });
        let rung = rung.count();
        assert!(rung <= 30, "{rung} of 2000 at 1 %");
    }

    #[test]
    fn a_lasting_rise_and_a_short_burst_ring() {
        let runs: Vec<Vec<Minute>> = (0..10).map(run).collect();
        let healthy: Vec<&Minute> = runs.iter().flatten().collect();
        assert_eq!(ringing(&changed(run(77), 1, |_, value| value + 0.006), &healthy), [Alarm::P95]);
        let burst = |at: usize, value: f64| if (5..9).contains(&at) { 0.3 } else { value };
        assert_eq!(ringing(&changed(run(77), 0, burst), &healthy), [Alarm::Errors]);
        assert_eq!(ringing(&changed(run(77), 3, |at, _| f64::from(u8::from(at > 9))), &healthy), [Alarm::Health]);
        assert!(ringing(&changed(run(77), 2, |_, value| value - 0.2), &healthy).is_empty(), "faster is no alarm");
    }

    #[test]
    fn one_seed_is_enough_for_a_lasting_rise() {
        let own = run(5);
        let healthy: Vec<&Minute> = own.iter().collect();
        assert!(ringing(&own, &healthy).is_empty());
        assert_eq!(ringing(&changed(own.clone(), 5, |_, value| value + 9.0), &healthy), [Alarm::ErrorLines]);
    }
}
