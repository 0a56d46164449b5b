//! The proof of a plot before anybody sees it, on a few seeds: users are harmed, naive alarms stay quiet, charts tell the
//! run from its twin without the cause, each cause does harm by itself, and the harm ends without them and with the
//! right fix. Knows the ground truth, and what a fix does to it; hands out numbers and reasons.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::causes::Degree;
use super::plot::Plot;
use super::survey::Survey;
use super::{Unfit, alarms};
use crate::lab::trial::{self, Run};
use crate::lab::{ChartQuery, Fix, Progress, Verdict, proving};
use crate::lesson::{Effect, Part, Scripted};
use crate::time::{Duration, SimTime};
use crate::truth::Outcome;
use crate::world::{Change, ChangeKind, Set};
use crate::{Seed, Simulation, World};

/// Seeds that a plot is proved on: the learner's, and the next ones.
const SEEDS: u64 = 2;
/// The share of requests that is harmed beyond the usual: too few are no incident, too many are no silent one.
const LEAST: f64 = 0.004;
const MOST: f64 = 0.4;
/// The least number of harmed requests.
const FEWEST: f64 = 25.0;
/// How many standard deviations of a Poisson count are no chance.
const DEVIATIONS: f64 = 3.0;
/// The share of the harm that each of several causes must do by itself.
const OWN_SHARE: f64 = 0.15;
/// History that is not counted: the system warms up.
const WARM_UP: Duration = Duration::from_mins(5);
/// How long a degree is tried.
const TRIED_FOR: Duration = Duration::from_mins(16);
/// How long a fix is watched after it has settled.
const WATCHED: Duration = Duration::from_mins(25);

/// The longest time from an order until all has it, as far as it is watched.
const LONGEST_ORDER: Duration = Duration::from_mins(8);

/// What a proof found.
pub(super) struct Proof {
    /// Fixes that were tried, and what each did.
    pub fixes: Vec<(Vec<Fix>, Effect)>,
    /// Charts that tell the run from its twin.
    pub charts: Vec<ChartQuery>,
    /// The journey that was harmed most, and how.
    pub journey: String,
    pub outcome: Outcome,
    /// All journeys that were harmed beyond the usual.
    pub journeys: Vec<String>,
    /// Requests harmed beyond the usual before the learner's arrival, on the learner's seed.
    pub harmed: u64,
}

/// The script of a plot.
pub(super) fn script(plot: &Plot) -> Vec<Scripted> {
    let mut script = Vec::new();
    if !plot.quiet.is_empty() {
        let change = Change::new("as-it-was", ChangeKind::Config, plot.quiet.clone());
        script.push(Scripted { at: SimTime::ZERO, part: Part::Camouflage, change });
    }
    script.extend(plot.innocent.iter().cloned());
    script.extend(plot.causes.iter().map(|cause| {
        let kind = cause.candidate.kind;
        let degree = cause.candidate.degrees.get(cause.degree).cloned();
        let sets = degree.map(|degree| degree.sets).unwrap_or_default();
        let rolling = if kind == ChangeKind::DependencySla { Duration::ZERO } else { Duration::from_secs(20) };
        let change = Change {
            says: Some(cause.says.clone()),
            by: cause.by.to_owned(),
            on: cause.candidate.on.clone(),
            rolling,
            ..Change::new(&cause.id, kind, sets)
        };
        Scripted { at: cause.at, part: Part::Cause, change }
    }));
    script.sort_by(|a, b| (a.at, &a.change.id).cmp(&(b.at, &b.change.id)));
    script
}

fn scheduled(world: &World, seed: Seed, script: &[Scripted], wanted: impl Fn(&Scripted) -> bool) -> Simulation {
    let mut sim = Simulation::new(world, seed);
    for scripted in script.iter().filter(|scripted| wanted(scripted)) {
        sim.schedule(scripted.at, &scripted.change);
    }
    sim
}

/// Requests, and harmed ones among them, made in `[from, to)`.
fn count(sim: &Simulation, from: SimTime, to: SimTime) -> (f64, f64) {
    let asked = sim.truth().settled().filter(|settled| settled.asked >= from && settled.asked < to);
    let (mut all, mut harmed) = (0.0, 0.0);
    for settled in asked {
        all += 1.0;
        harmed += f64::from(u8::from(settled.outcome.is_harm()));
    }
    (all, harmed)
}

fn harmed_times(sim: &Simulation) -> Vec<SimTime> {
    let harmed = sim.truth().settled().filter(|settled| settled.outcome.is_harm());
    let mut times: Vec<SimTime> = harmed.map(|settled| settled.asked).collect();
    times.sort_unstable();
    times
}

/// Whether so many harmed requests are more than so many others, beyond chance.
fn is_more(these: f64, those: f64) -> bool {
    these - those > DEVIATIONS * (these + those).max(1.0).sqrt()
}

/// Chooses for each cause the mildest degree that harms enough, alone, without telemetry; or says which has none.
pub(super) fn choose_degrees(world: &World, seed: Seed, plot: &mut Plot, grace: Duration) -> Result<(), Unfit> {
    let quiet = Change::new("as-it-was", ChangeKind::Config, plot.quiet.clone());
    let begins = SimTime(WARM_UP.0);
    let until = begins + TRIED_FOR;
    let mut twin = Simulation::new(world, seed);
    twin.mute();
    twin.schedule(SimTime::ZERO, &quiet);
    twin.run_until(begins);
    let start = twin.fork();
    twin.run_until(until + grace);
    let (all, usual) = count(&twin, begins, until);
    for cause in &mut plot.causes {
        let harm = |sets: &[Set]| {
            let mut sim = start.fork();
            sim.schedule(begins, &Change::new("tried", ChangeKind::Config, sets.to_vec()));
            sim.run_until(until + grace);
            count(&sim, begins, until).1
        };
        let harms = |degree: &Degree| {
            let harmed = harm(&degree.sets);
            is_more(harmed, usual) && harmed - usual >= (LEAST * all).max(FEWEST)
        };
        // Where the worst form does nothing, no milder one is tried.
        let Some((worst, milder)) = cause.candidate.degrees.split_last() else { return Err(Unfit::Harmless) };
        if !harms(worst) {
            return Err(Unfit::Harmless);
        }
        cause.degree = milder.iter().position(harms).unwrap_or(milder.len());
    }
    Ok(())
}

/// What one seed showed.
struct Trial {
    charts: Vec<ChartQuery>,
    /// Harm beyond the usual by (journey, outcome).
    kinds: BTreeMap<(String, Outcome), f64>,
    harmed: f64,
    futures: Vec<(Run, f64, (SimTime, SimTime))>,
}

/// Proves a plot, or says why it is unfit.
pub(super) fn prove(
    (world, survey): (&World, &Survey<'_>),
    seed: Seed,
    plot: &Plot,
    grace: Duration,
    progress: Progress<'_>,
) -> Result<Proof, Unfit> {
    let script = script(plot);
    let fixes = fixes(plot);
    let trials: Mutex<BTreeMap<u64, Result<Trial, Unfit>>> = Mutex::default();
    let job = |number: u64| {
        let trial = try_seed((world, survey), Seed(seed.0.wrapping_add(number)), plot, (&script, &fixes), grace);
        if let Ok(mut trials) = trials.lock() {
            trials.insert(number, trial);
        }
    };
    std::thread::scope(|scope| {
        let job = &job;
        let workers: Vec<_> = (0..SEEDS).map(|number| scope.spawn(move || job(number))).collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            // A proof is short: who asked to stop is heard after it.
            progress(0.0);
            std::thread::park_timeout(std::time::Duration::from_millis(15));
        }
    });
    let trials = trials.into_inner().unwrap_or_default();
    if trials.len() as u64 != SEEDS {
        return Err(Unfit::Harmless);
    }
    let trials: Vec<Trial> = trials.into_values().collect::<Result<_, _>>()?;
    judge(&trials, fixes)
}

fn judge(trials: &[Trial], fixes: Vec<Vec<Fix>>) -> Result<Proof, Unfit> {
    let Some(own) = trials.first() else { return Err(Unfit::Harmless) };
    let charts: Vec<ChartQuery> =
        own.charts.iter().filter(|chart| trials.iter().all(|trial| trial.charts.contains(chart))).cloned().collect();
    if charts.is_empty() {
        return Err(Unfit::Unsolvable);
    }
    let effect = |at: usize| {
        let runs: Vec<_> = trials.iter().filter_map(|trial| trial.futures.get(at).cloned()).collect();
        match trial::verdict(&runs) {
            Verdict::RootFix => Effect::Root,
            Verdict::SymptomPatch => Effect::Symptom,
            Verdict::Worse => Effect::Worse,
            _ => Effect::None,
        }
    };
    let fixes: Vec<(Vec<Fix>, Effect)> = fixes.into_iter().enumerate().map(|(at, fix)| (fix, effect(at))).collect();
    if !fixes.iter().any(|(_, effect)| *effect == Effect::Root) {
        return Err(Unfit::Unfixable);
    }
    let mut kinds: Vec<(&(String, Outcome), f64)> = own.kinds.iter().map(|(kind, harm)| (kind, *harm)).collect();
    kinds.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let Some(((journey, outcome), most)) = kinds.first().copied() else { return Err(Unfit::Harmless) };
    let mut journeys: Vec<String> =
        kinds.iter().filter(|(_, harm)| *harm >= 0.15 * most).map(|((journey, _), _)| journey.clone()).collect();
    journeys.sort();
    journeys.dedup();
    Ok(Proof {
        fixes,
        charts,
        journey: journey.clone(),
        outcome: *outcome,
        journeys,
        harmed: own.harmed.round() as u64,
    })
}

/// An outcome for tests that need none in particular.
#[cfg(test)]
pub(super) const LEAST_GOOD: Outcome = Outcome::Partial;

/// What is tried: rolling back each cause, all of them together, and the fixes that the families suggest.
pub(super) fn fixes(plot: &Plot) -> Vec<Vec<Fix>> {
    let theirs = |kind: ChangeKind| matches!(kind, ChangeKind::DependencySla | ChangeKind::Region);
    // What undoes one cause: the roll-back, or the first fix where that is not the company's own.
    let undo = |cause: &super::plot::Chosen| match theirs(cause.candidate.kind) {
        false => Some(Fix::RollBack { change: cause.id.clone() }),
        true => cause.candidate.fixes.first().cloned(),
    };
    let mut fixes: Vec<Vec<Fix>> = Vec::new();
    let all: Vec<Fix> = plot.causes.iter().filter_map(undo).collect();
    fixes.push(all.clone());
    if plot.causes.len() > 1 {
        fixes.extend(all.into_iter().map(|fix| vec![fix]));
    }
    fixes.extend(plot.causes.iter().flat_map(|cause| &cause.candidate.fixes).map(|fix| vec![fix.clone()]));
    let near =
        plot.innocent.iter().find(|scripted| scripted.part == Part::RedHerring && !scripted.change.sets.is_empty());
    fixes.extend(near.map(|scripted| vec![Fix::RollBack { change: scripted.change.id.clone() }]));
    let mut once: Vec<Vec<Fix>> = Vec::new();
    fixes.retain(|fix| {
        let is_new = !fix.is_empty() && !once.contains(fix);
        once.push(fix.clone());
        is_new
    });
    fixes
}

fn try_seed(
    (world, survey): (&World, &Survey<'_>),
    seed: Seed,
    plot: &Plot,
    (script, fixes): (&[Scripted], &[Vec<Fix>]),
    grace: Duration,
) -> Result<Trial, Unfit> {
    let caused = plot.causes.iter().map(|cause| cause.at).min().unwrap_or_default();
    let opens = plot.opens_at;
    let seen = SimTime(opens.0.saturating_sub(grace.0));
    // What both have in common runs once.
    let mut twin = scheduled(world, seed, script, |scripted| scripted.part != Part::Cause);
    twin.run_until(SimTime(caused.0 - 1));
    let causes = || script.iter().filter(|scripted| scripted.part == Part::Cause);
    let with = |but: Option<&str>| {
        let mut sim = twin.fork();
        for scripted in causes().filter(|scripted| Some(scripted.change.id.as_str()) != but) {
            sim.schedule(scripted.at, &scripted.change);
        }
        sim
    };
    let mut run = with(None);
    run.run_until(opens);
    let others: Vec<Simulation> = match plot.causes.len() {
        0 | 1 => Vec::new(),
        _ => plot.causes.iter().map(|cause| with(Some(&cause.id))).collect(),
    };
    twin.run_until(opens);

    let (all, harmed) = count(&run, caused, seen);
    let (_, usual) = count(&twin, caused, seen);
    let harm = harmed - usual;
    if !is_more(harmed, usual) || harm < (LEAST * all).max(FEWEST) {
        return Err(Unfit::Harmless);
    }
    if harm > MOST * all {
        return Err(Unfit::Loud("too many users".into()));
    }
    if let Some(alarm) = alarms::rings(&run, &twin, caused, &survey.entries()) {
        return Err(Unfit::Loud(alarm));
    }
    let healthy = background(&twin, caused);
    let usual_then = healthy * seen.since(caused).as_secs_f64() / 3600.0;
    if is_more(usual, usual_then) && usual - usual_then > 0.1 * harm {
        return Err(Unfit::Spoiled);
    }
    for mut other in others {
        other.mute();
        other.run_until(opens);
        let without = count(&other, caused, seen).1;
        if !is_more(harmed, without) || harmed - without < OWN_SHARE * harm {
            return Err(Unfit::Redundant);
        }
    }
    let asks = plot.causes.iter().map(|cause| {
        let tells =
            |chart: &&ChartQuery| proving::differ(&trial::chart(&run, chart), &trial::chart(&twin, chart), caused);
        cause.candidate.charts.iter().filter(tells).cloned().collect::<Vec<_>>()
    });
    let asks: Vec<Vec<ChartQuery>> = asks.collect();
    if asks.iter().any(Vec::is_empty) {
        return Err(Unfit::Unsolvable);
    }
    let kinds = kinds(&run, &twin, (caused, seen));
    drop(twin);
    Ok(Trial {
        charts: asks.into_iter().flatten().collect(),
        kinds,
        harmed: harm,
        futures: futures(&run, fixes, healthy, grace),
    })
}

/// Harmed requests an hour while all was well.
fn background(sim: &Simulation, caused: SimTime) -> f64 {
    let from = SimTime(WARM_UP.0.min(caused.0 / 2));
    count(sim, from, caused).1 / (caused.since(from).as_secs_f64() / 3600.0)
}

/// Harm beyond the twin's, by journey and outcome.
fn kinds(run: &Simulation, twin: &Simulation, (from, to): (SimTime, SimTime)) -> BTreeMap<(String, Outcome), f64> {
    let mut kinds: BTreeMap<(String, Outcome), f64> = BTreeMap::new();
    for (sim, weight) in [(run, 1.0), (twin, -1.0)] {
        let truth = sim.truth();
        let asked = truth.settled().filter(|settled| settled.asked >= from && settled.asked < to);
        for settled in asked.filter(|settled| settled.outcome.is_harm()) {
            let name = truth.journeys().get(usize::from(settled.journey)).cloned().unwrap_or_default();
            *kinds.entry((name, settled.outcome)).or_default() += weight;
        }
    }
    kinds.retain(|_, harm| *harm >= 3.0);
    kinds
}

/// What becomes of a run when fixes are ordered now, and when none is: for each fix its futures, the healthy background,
/// and the time that was watched. What cannot be ordered changes nothing.
fn futures(run: &Simulation, fixes: &[Vec<Fix>], healthy: f64, grace: Duration) -> Vec<(Run, f64, (SimTime, SimTime))> {
    let last = run.now() + LONGEST_ORDER + WATCHED;
    let mut untouched = run.fork();
    untouched.mute();
    untouched.run_until(last + grace);
    let without = harmed_times(&untouched);
    let until = |times: &[SimTime], end: SimTime| times.iter().copied().filter(|at| *at < end).collect();
    let future = |fixes: &Vec<Fix>| {
        let mut with = run.fork();
        with.mute();
        let (mut earlier, mut settled) = (Vec::new(), run.now());
        for (number, fix) in fixes.iter().enumerate() {
            let order = trial::order(run, &earlier, fix, &format!("tried-{}", number + 1));
            let Ok((change, lead, settles)) = order else { continue };
            with.schedule(run.now() + lead, &change);
            settled = settled.max(run.now() + lead + settles);
            earlier.push(change);
        }
        let end = (settled + WATCHED).min(last);
        with.run_until(end + grace);
        let run = Run { seed: 0, with: until(&harmed_times(&with), end), without: until(&without, end) };
        (run, healthy, (settled, end))
    };
    fixes.iter().map(future).collect()
}
