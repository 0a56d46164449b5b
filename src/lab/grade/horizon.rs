//! A long time as a few windows that stand for it: which are run, how long, and for how much each stands. Knows the shape
//! of a world's day and what its script has ahead; nothing of what happens in a window.
//!
//! The method is stratified sampling (Cochran, *Sampling Techniques*, 1977, chapter 5; for simulations, representative
//! intervals with weights: Sherwood et al., *Automatically characterizing large scale program behavior*, 2002). The day
//! is cut into strata of equal length, since traffic follows the time of day, and a window in the middle of each stands
//! for that stratum of every day; a crowd that comes has a window of its own; what the script still has ahead is run
//! whole. A total is the sum of what was counted in each window times its weight.

use crate::World;
use crate::time::{Duration, SimTime};

/// A day, after which traffic repeats itself.
const DAY: Duration = Duration::from_mins(24 * 60);
/// Strata of a day.
const STRATA: u64 = 8;
/// What is counted in a window, and what is run before that for the traffic to settle.
const COUNTED: Duration = Duration::from_mins(8);
const SETTLES: Duration = Duration::from_mins(2);
/// How long the script's future is run whole: from its last change on, and at most.
const AFTER_SCRIPT: Duration = Duration::from_mins(20);
const LONGEST_WHOLE: Duration = Duration::from_mins(120);
/// The most crowds that get a window.
const MOST_CROWDS: usize = 6;

/// A stretch of time that is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// The calendar at its start: time since the start of the world, as if all of it had been run.
    pub at: SimTime,
    /// Run and not counted.
    pub settles: Duration,
    /// Run and counted.
    pub counted: Duration,
    /// The time that it stands for.
    pub stands_for: Duration,
}

impl Window {
    /// What one count in it is worth.
    pub fn weight(&self) -> f64 {
        self.stands_for.as_secs_f64() / self.counted.as_secs_f64()
    }
}

/// The windows of a time of this length from `calendar` on, by the calendar. `last_change` is when the script's last
/// change happens.
pub fn windows(world: &World, calendar: SimTime, last_change: SimTime, length: Duration) -> Vec<Window> {
    let end = calendar + length;
    let mut found = Vec::new();
    let mut rest = length;
    if last_change > calendar {
        let whole = (last_change + AFTER_SCRIPT).since(calendar).min(LONGEST_WHOLE).min(length);
        found.push(Window { at: calendar, settles: Duration::ZERO, counted: whole, stands_for: whole });
        rest = rest - whole;
    }
    let users = || world.spec().nodes.values().filter_map(|node| node.users.as_ref());
    let mut crowds: Vec<Window> = users()
        .flat_map(|users| &users.crowds)
        .filter(|crowd| SimTime(crowd.from.0) >= calendar && SimTime(crowd.from.0) + crowd.lasts <= end)
        .map(|crowd| {
            let counted = crowd.lasts.min(COUNTED);
            Window { at: SimTime(crowd.from.0), settles: Duration::ZERO, counted, stands_for: crowd.lasts }
        })
        .collect();
    crowds.sort_by_key(|window| window.at);
    crowds.truncate(MOST_CROWDS);
    rest = crowds.iter().fold(rest, |rest, window| Duration(rest.0.saturating_sub(window.stands_for.0)));
    let strata = if users().any(|users| users.daily_swing > 0.0) { STRATA } else { 1 };
    let (part, own) = (Duration(DAY.0 / strata), Duration(rest.0 / strata));
    let from = SimTime(end.0.saturating_sub(DAY.0)).max(calendar);
    let days = (0..strata).map(|stratum| {
        let middle = from + Duration(part.0 * stratum + part.0 / 2);
        let at = SimTime(middle.0.saturating_sub(SETTLES.0 + COUNTED.0 / 2));
        Window { at, settles: SETTLES, counted: COUNTED, stands_for: own }
    });
    found.extend(crowds.into_iter().chain(days));
    found
}

/// A total, and what chance may do to it: three standard deviations of Poisson counts.
pub fn total(counts: impl Iterator<Item = (Window, u64)>) -> (f64, f64) {
    let (mut sum, mut variance) = (0.0, 0.0);
    for (window, count) in counts {
        sum += window.weight() * count as f64;
        variance += window.weight().powi(2) * count.max(1) as f64;
    }
    (sum, 3.0 * variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seed, Simulation};

    /// A shop that is too small for its noon: late answers, and only then.
    fn busy_by_day() -> World {
        let text = crate::world::TINY
            .replace(
                "journeys_per_second: 2.0",
                "journeys_per_second: 1.2, daily_swing: 0.8, reports: (probability: 0.0, idle_per_hour: 0.0)",
            )
            .replace("kind: Service,", "kind: Service, concurrency: 1, telemetry: (access_log: false),")
            .replace("Work(Exp(\"3ms\"))", "Work(Exp(\"450ms\"))")
            .replace("owes: (parts: [\"items\"])", "owes: (parts: [\"items\"], answer_within: \"2s\")");
        World::from_ron("busy", &text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn windows_stand_for_all_of_the_time() {
        let world = busy_by_day();
        let now = SimTime::from_secs(4000);
        for (days, last) in [(1, SimTime::ZERO), (90, SimTime::from_secs(6000)), (365, SimTime::from_secs(90_000))] {
            let length = Duration(DAY.0 * days);
            let found = windows(&world, now, last, length);
            let sum: u64 = found.iter().map(|window| window.stands_for.0).sum();
            assert!(length.0.abs_diff(sum) < 100, "{length} against {}", Duration(sum));
            assert!(found.windows(2).all(|pair| pair[0].at <= pair[1].at));
            let run: u64 = found.iter().map(|window| window.settles.0 + window.counted.0).sum();
            assert!(Duration(run) <= Duration::from_mins(120 + 80));
        }
    }

    #[test]
    fn windows_agree_with_the_whole_of_a_day() {
        let world = busy_by_day();
        let from = SimTime::from_secs(600);
        let harmed = |sim: &Simulation, from: SimTime, to: SimTime| {
            let asked = sim.truth().settled().filter(|settled| settled.asked >= from && settled.asked < to);
            asked.filter(|settled| settled.outcome.is_harm()).count() as u64
        };
        for seed in [1, 2] {
            let mut whole = Simulation::new(&world, Seed(seed));
            whole.mute();
            whole.run_until(from);
            let mut sampled = whole.fork();
            whole.run_until(from + DAY + Duration::from_mins(1));
            let truth = harmed(&whole, from, from + DAY) as f64;

            let plan = windows(&world, from, SimTime::ZERO, DAY);
            let mut spans = Vec::new();
            for window in plan {
                sampled.set_ahead(window.at.since(sampled.now()));
                let begins = sampled.now() + window.settles;
                sampled.run_until(begins + window.counted);
                spans.push((window, begins, sampled.now()));
            }
            sampled.run_until(sampled.now() + Duration::from_mins(1));
            let (estimate, chance) =
                total(spans.into_iter().map(|(window, from, to)| (window, harmed(&sampled, from, to))));
            // Chance, and that the load bends within a stratum: a tenth.
            let bound = 2.0 * chance + 0.1 * truth;
            assert!(truth > 1_000.0, "the day harms: {truth}");
            assert!(
                (estimate - truth).abs() < bound,
                "seed {seed}: {estimate:.0} against {truth:.0}, bound {bound:.0}"
            );
        }
    }
}
