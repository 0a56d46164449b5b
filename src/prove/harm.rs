//! Harmful and minimal: who was harmed in a stretch of a run, counted in the ground truth, and how much of it is left
//! without the cause. Knows the ground truth.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Harm};
use super::judge::{mean, proved};
use crate::engine::Simulation;
use crate::lab::proving::{self, noise};
use crate::lesson::{Lesson, Property, Proved};
use crate::time::SimTime;
use crate::truth::{Settled, Truth, UserNumber};

/// Harmed requests of one run that were made in `[from, to)`.
#[derive(Clone, Debug, Default)]
pub struct Harmed {
    pub count: u64,
    users: BTreeSet<UserNumber>,
    /// By journey and outcome; the outcome is silent or not.
    what: BTreeMap<(String, &'static str), (u64, bool)>,
}

impl Harmed {
    /// Counts in a run whose debts of that time have settled.
    pub fn new(sim: &Simulation, from: SimTime, to: SimTime) -> Harmed {
        let truth: &Truth = sim.truth();
        let mut harmed = Harmed::default();
        let within = |settled: &&Settled| settled.outcome.is_harm() && settled.asked >= from && settled.asked < to;
        for settled in truth.settled().filter(within) {
            harmed.count += 1;
            harmed.users.insert(settled.user);
            let journey = truth.journeys().get(usize::from(settled.journey)).cloned().unwrap_or_default();
            let entry = harmed.what.entry((journey, settled.outcome.name())).or_default();
            *entry = (entry.0 + 1, settled.outcome.is_silent_harm());
        }
        harmed
    }

    /// What the cause did: this run beside one without it and one with background life alone.
    pub fn beside(&self, causeless: &Harmed, background: u64, hours: f64, who: String) -> Harm {
        let beyond = |what: &(String, &'static str)| {
            let with = self.what.get(what).copied().unwrap_or_default();
            let without = causeless.what.get(what).copied().unwrap_or_default();
            (with.0.saturating_sub(without.0), with.1)
        };
        let mut what: Vec<(String, u64)> = Vec::new();
        let (mut all, mut silent) = (0, 0);
        for key in self.what.keys() {
            let (more, is_silent) = beyond(key);
            all += more;
            silent += if is_silent { more } else { 0 };
            what.push((format!("{} {}", key.0, key.1), more));
        }
        what.retain(|(_, more)| *more > 0);
        what.sort_by_key(|(_, more)| std::cmp::Reverse(*more));
        Harm {
            hours,
            harmed: self.count,
            causeless: causeless.count,
            background,
            users: self.users.difference(&causeless.users).count() as u64,
            silent: silent as f64 / all.max(1) as f64,
            who,
            what,
        }
    }
}

/// The share of the harm that may be left without the cause.
const LEFT: f64 = 0.10;

/// On each seed users are harmed beyond what chance does; nobody is, if nothing is wrong.
pub fn harmful(lesson: &Lesson, facts: &[Facts]) -> Proved {
    let is_harm =
        |harm: &Harm| harm.harmed as f64 - harm.causeless as f64 > noise((harm.harmed + harm.causeless) as f64);
    let quiet = proving::is_quiet(lesson);
    let an_hour = |count: u64, harm: &Harm| count as f64 / harm.hours.max(f64::MIN_POSITIVE);
    let rate = |of: fn(&Harm) -> u64| mean(facts, |facts| an_hour(of(&facts.harm), &facts.harm));
    let words = format!(
        "{:.0} requests of {:.0} users harmed an hour, {:.0} requests without the cause; {:.0} % of it shows in no status code",
        rate(|harm| harm.harmed),
        rate(|harm| harm.users),
        rate(|harm| harm.causeless),
        100.0 * mean(facts, |facts| facts.harm.silent)
    );
    let mut details = Vec::new();
    if let Some(first) = facts.first().filter(|_| !quiet) {
        let mut what: BTreeMap<&str, u64> = BTreeMap::new();
        facts
            .iter()
            .flat_map(|facts| &facts.harm.what)
            .for_each(|(what_, more)| *what.entry(what_).or_default() += more);
        let mut what: Vec<(&str, u64)> = what.into_iter().collect();
        what.sort_by_key(|(_, more)| std::cmp::Reverse(*more));
        let all = what.iter().map(|(_, more)| more).sum::<u64>().max(1);
        let shares =
            what.iter().take(4).map(|(what, more)| format!("{what} {:.0} %", 100.0 * *more as f64 / all as f64));
        details = vec![shares.collect::<Vec<_>>().join(", "), format!("seed {}: {}", first.seed, first.harm.who)];
    }
    proved(Property::Harmful, facts, |facts| is_harm(&facts.harm) != quiet, (words, details))
}

/// On each seed, without the cause alone, at most a tenth of the harm beyond background life is left, as far as chance
/// lets one say.
pub fn minimal(lesson: &Lesson, facts: &[Facts]) -> Proved {
    if proving::is_quiet(lesson) {
        return proved(Property::Minimal, facts, |_| true, ("no cause to remove".into(), Vec::new()));
    }
    let held = |facts: &Facts| {
        let Harm { harmed, causeless, background, .. } = facts.harm;
        let most = background as f64 + LEFT * harmed.saturating_sub(background) as f64;
        causeless as f64 <= most + noise(background as f64)
    };
    let of = |value: fn(&Harm) -> u64| mean(facts, |facts| value(&facts.harm) as f64);
    let words = format!(
        "{:.0} harmed with the cause, {:.0} without it, {:.0} by background life alone",
        of(|harm| harm.harmed),
        of(|harm| harm.causeless),
        of(|harm| harm.background)
    );
    proved(Property::Minimal, facts, held, (words, Vec::new()))
}
