//! One seed of one lesson: the runs that it takes, and what is found in them. The past that they share is simulated
//! once, and each run is a fork of it:
//!
//! - up to the first change that is not background life: one run;
//! - from there to the learner's arrival: with the whole script; without the cause; and with background life alone;
//! - from each red herring to then: with it alone;
//! - from the learner's arrival to the debrief's horizon: untouched, and with each fix that the lesson names and this seed tries.
//!
//! All of them share every draw. Only the first three say anything; of the others only the ground truth is wanted.

use std::collections::BTreeMap;

use super::facts::{Facts, Herring, Tried};
use super::harm::Harmed;
use super::meter::Meter;
use super::tries::Tries;
use super::{evidence, lines};
use crate::detect::alarms;
use crate::engine::Simulation;
use crate::lab::{Deployment, Verdict, proving};
use crate::lesson::{Effect, Lesson, NamedFix, Part, Scripted};
use crate::random::Seed;
use crate::time::{Duration, SimTime};
use crate::world::{Change, Kind, World};

/// Finds out everything about one seed. None if the meter says stop.
pub fn examine((lesson, seed): (&Lesson, Seed), tries: Tries, meter: &Meter) -> Option<Facts> {
    let spec = lesson.spec();
    let (opens, settled) = (spec.opens_at, spec.opens_at + lesson.world().longest_debt());
    let since = begins(lesson);
    let trunk = trunk(lesson, seed, meter)?;
    let is_background = |scripted: &Scripted| scripted.part == Part::Background;
    let variant = |keeps: &dyn Fn(&Scripted) -> bool| variant(lesson, &trunk, keeps);
    let quiet = proving::is_quiet(lesson);
    let mut run = variant(&|_| true);
    let causeless = |scripted: &Scripted| {
        if quiet { is_background(scripted) } else { !proving::is_cause(lesson, scripted) }
    };
    let mut causeless = variant(&causeless);
    meter.run(&mut run, opens)?;
    meter.run(&mut causeless, opens)?;

    let edges = edges(lesson.world());
    let minutes = |sim: &Simulation| alarms::minutes(sim.telemetry(), &edges, since, opens);
    let (incident, healthy) = (minutes(&run), minutes(&causeless));
    let pair = (&run, &causeless);
    let evidence = evidence::separations(lesson, pair, since);
    let telling = if quiet { Vec::new() } else { lines::telling(lesson, pair, since) };

    let quietly = |mut sim: Simulation| {
        sim.mute();
        meter.run(&mut sim, settled)?;
        Some(sim)
    };
    let harmed = |sim: &Simulation, from: SimTime| Harmed::new(sim, from, opens);
    let causeless = harmed(&quietly(causeless)?, since);
    let mut background = variant(&is_background);
    background.mute();
    let reds = || spec.script.iter().filter(|scripted| scripted.part == Part::RedHerring);
    let mut alone = BTreeMap::new();
    let mut active: Vec<&Scripted> = reds().filter(|red| changes_something(red)).collect();
    active.sort_by_key(|red| red.at);
    for red in active {
        meter.run(&mut background, SimTime(red.at.0.saturating_sub(1)))?;
        let mut with = background.fork();
        with.schedule(red.at, &red.change);
        alone.insert(&red.change.id, harmed(&quietly(with)?, red.at).count);
    }
    let background = quietly(background)?;
    let herring = |red: &Scripted| {
        let usual = harmed(&background, red.at).count;
        let with = alone.get(&red.change.id).copied().unwrap_or(usual);
        Herring { change: red.change.id.clone(), harmed: with, background: usual }
    };
    let herrings = reds().map(herring).collect();
    let untouched = quietly(run.fork())?;
    let who = proving::affected(lesson, seed, &untouched);
    let hours = opens.since(since).as_secs_f64() / 3600.0;
    let harm = harmed(&untouched, since).beside(&causeless, harmed(&background, since).count, hours, who);
    drop(background);
    let fixes = fixes((lesson, seed), &tries.fixes(lesson), (&run, untouched), meter)?;
    Some(Facts { seed: seed.0, incident, healthy, harm, evidence, fixes, herrings, telling })
}

/// The nodes that users call.
fn edges(world: &World) -> Vec<&str> {
    let arrows = world.spec().arrows.keys().filter_map(|name| name.split_once(" -> "));
    let is_users = |name: &str| world.spec().nodes.get(name).is_some_and(|node| node.kind == Kind::Users);
    arrows.filter(|(from, _)| is_users(from)).map(|(_, to)| to).collect()
}

/// Whether it is more than words.
fn changes_something(scripted: &Scripted) -> bool {
    !scripted.change.sets.is_empty() || scripted.change.undoes.is_some()
}

/// When the incident begins: with the cause, or with the first red herring if nothing is wrong.
pub fn begins(lesson: &Lesson) -> SimTime {
    let spec = lesson.spec();
    let cause = spec.script.iter().filter(|scripted| proving::is_cause(lesson, scripted));
    let cause = cause.map(|scripted| scripted.at).min();
    cause.unwrap_or_else(|| first(lesson)).min(spec.opens_at)
}

/// The first change of the script that is not background life.
fn first(lesson: &Lesson) -> SimTime {
    let spec = lesson.spec();
    let story = |scripted: &&Scripted| scripted.part != Part::Background || proving::is_cause(lesson, scripted);
    let first = spec.script.iter().filter(story).map(|scripted| scripted.at).min();
    first.unwrap_or(spec.opens_at).min(spec.opens_at)
}

/// The past that all runs share: up to right before the first change of the story.
pub fn trunk(lesson: &Lesson, seed: Seed, meter: &Meter) -> Option<Simulation> {
    let mut sim = Simulation::new(lesson.world(), seed);
    let first = first(lesson);
    for scripted in lesson.spec().script.iter().filter(|scripted| scripted.at < first) {
        sim.schedule(scripted.at, &scripted.change);
    }
    meter.run(&mut sim, SimTime(first.0.saturating_sub(1)))?;
    Some(sim)
}

/// The shared past with some of the changes of the story ahead.
pub fn variant(lesson: &Lesson, trunk: &Simulation, keeps: &dyn Fn(&Scripted) -> bool) -> Simulation {
    let mut sim = trunk.fork();
    let first = first(lesson);
    let rest = lesson.spec().script.iter().filter(|scripted| scripted.at >= first && keeps(scripted));
    rest.for_each(|scripted| sim.schedule(scripted.at, &scripted.change));
    sim
}

/// Fixes of a lesson, ordered when the learner arrives. Until one takes effect its future is the untouched one.
fn fixes(
    (lesson, seed): (&Lesson, Seed),
    named: &[&NamedFix],
    (run, mut untouched): (&Simulation, Simulation),
    meter: &Meter,
) -> Option<Vec<Tried>> {
    let grace = lesson.world().longest_debt();
    let mut tried: Vec<Option<Tried>> = named.iter().map(|_| None).collect();
    let mut all = Vec::new();
    for (at, named) in named.iter().enumerate() {
        match proving::order(run, named.orders()) {
            Ok(orders) => all.push((at, orders)),
            Err(refusal) => tried[at] = Some(found(named, Err(refusal.to_string()), [0.0; 3])),
        }
    }
    let effective = |orders: &[(Change, Deployment)]| orders.iter().map(|(_, deployed)| deployed.effective).min();
    let end = |orders: &[(Change, Deployment)]| {
        let settled = orders.iter().map(|(_, deployed)| deployed.settled).max();
        proving::horizon(lesson, settled.unwrap_or(run.now()))
    };
    let longest = all.iter().map(|(_, orders)| end(orders) + grace).max();
    all.sort_by_key(|(_, orders)| effective(orders));
    let mut shared = run.fork();
    shared.mute();
    meter.run(&mut untouched, longest.unwrap_or(run.now()))?;
    for (at, orders) in all {
        meter.run(&mut shared, SimTime(effective(&orders).unwrap_or(run.now()).0.saturating_sub(1)))?;
        let mut fixed = shared.fork();
        orders.iter().for_each(|(change, deployed)| fixed.schedule(deployed.effective, change));
        let end = end(&orders);
        meter.run(&mut fixed, end + grace)?;
        let futures = (proving::harmed(&fixed, end), proving::harmed(&untouched, end));
        let deployed = orders.into_iter().map(|(_, deployed)| deployed).collect();
        let (verdict, harm) = proving::judge((lesson, seed, run), deployed, futures);
        let rates = harm.map_or([0.0; 3], |harm| [harm.soon, harm.late, harm.untouched]);
        tried[at] = Some(found(named[at], effect(verdict), rates));
    }
    Some(tried.into_iter().flatten().collect())
}

fn found(named: &NamedFix, found: Result<Effect, String>, soon_late_untouched: [f64; 3]) -> Tried {
    Tried { fix: named.words(), stated: named.effect, found, soon_late_untouched }
}

fn effect(verdict: Verdict) -> Result<Effect, String> {
    match verdict {
        Verdict::RootFix => Ok(Effect::Root),
        Verdict::PartialFix | Verdict::SymptomPatch => Ok(Effect::Symptom),
        Verdict::NoEffect => Ok(Effect::None),
        Verdict::Worse => Ok(Effect::Worse),
        Verdict::NotTried | Verdict::RightlyLeftAlone => Err(verdict.words().to_owned()),
    }
}

/// The virtual time that one seed of a lesson takes, about.
pub fn takes(lesson: &Lesson, tries: Tries) -> Duration {
    let spec = lesson.spec();
    let first = first(lesson);
    let story = spec.opens_at.since(first).0;
    let herrings = spec.script.iter().filter(|red| red.part == Part::RedHerring && changes_something(red));
    let alone: u64 = herrings.map(|red| spec.opens_at.since(red.at).0).sum();
    let future = proving::horizon(lesson, spec.opens_at).since(spec.opens_at).0;
    Duration(first.0 + story * 3 + alone + future * (1 + tries.fixes(lesson).len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Session;

    #[test]
    fn the_run_with_the_whole_script_is_the_one_that_a_learner_meets() {
        let lesson = Lesson::load("tests/support/shop/lessons/tiny.ron").unwrap();
        let meter = Meter::default();
        let trunk = trunk(&lesson, Seed(11), &meter).unwrap();
        let mut run = variant(&lesson, &trunk, &|_| true);
        meter.run(&mut run, lesson.spec().opens_at).unwrap();
        let session = Session::start(&lesson, Seed(11), &mut |_| true);
        assert_eq!(session.digest(), format!("blake3:{}", run.digest()));
    }
}
