//! The proof of a plot before anybody sees it, on a few seeds: users are harmed, naive alarms stay quiet, charts tell the
//! run from its twin without the cause, each cause does harm by itself, and the harm ends without them and with the
//! right fix. Knows the ground truth, and what a fix does to it; hands out numbers and reasons.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

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
/// The share of the harm that each of several causes must do by itself.
const OWN_SHARE: f64 = 0.15;
/// The share of the sum that each must do alone in a rehearsal, so that there is some room.
const BESIDE: f64 = 0.22;
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
}

/// The script of a plot.
pub(super) fn script(plot: &Plot) -> Vec<Scripted> {
    let mut script = Vec::new();
    if !plot.quiet.is_empty() {
        let change = Change::new("as-it-was", ChangeKind::Config, plot.quiet.clone());
        script.push(Scripted { at: SimTime::ZERO, part: Part::Camouflage, change });
    }
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
    script.extend(plot.innocent.iter().cloned());
    script.sort_by_key(|scripted| scripted.at);
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

/// Whether so many harmed requests are more than so many others, beyond chance.
fn is_more(these: f64, those: f64) -> bool {
    these - those > proving::noise(these + those)
}

/// Chooses for each cause, without telemetry, the mildest degree that harms enough when it is alone. Several causes are
/// rehearsed, a proof in short at the start of the run, which most unfit plots do not survive: none may be outdone by the
/// others, and all happen at once. Says what is wrong with the plot, if anything is.
pub(super) fn rehearse(
    (world, survey): (&World, &Survey<'_>),
    seed: Seed,
    plot: &mut Plot,
    grace: Duration,
) -> Result<(), Unfit> {
    let begins = SimTime(WARM_UP.0);
    let until = begins + TRIED_FOR;
    let several = plot.causes.len() > 1;
    let mut start = Simulation::new(world, seed);
    if !several {
        start.mute();
    }
    start.schedule(SimTime::ZERO, &Change::new("as-it-was", ChangeKind::Config, plot.quiet.clone()));
    start.run_until(begins);
    let with = |sets: Vec<Set>, is_told: bool| {
        let mut sim = start.fork();
        if !is_told {
            sim.mute();
        }
        sim.schedule(begins, &Change::new("tried", ChangeKind::Config, sets));
        sim.run_until(until + grace);
        sim
    };
    let twin = with(Vec::new(), several);
    let (all, usual) = count(&twin, begins, until);
    let harm = |degree: &Degree| count(&with(degree.sets.clone(), false), begins, until).1 - usual;
    let enough = (LEAST * all).max(FEWEST);
    let mut harms = Vec::new();
    for cause in &mut plot.causes {
        let is_enough = |harm: f64| is_more(harm + usual, usual) && harm >= enough;
        // Where the worst form does nothing, no milder one is tried.
        let Some((worst, milder)) = cause.candidate.degrees.split_last() else { return Err(Unfit::Harmless) };
        let worst = harm(worst);
        if !is_enough(worst) {
            return Err(Unfit::Harmless);
        }
        let mildest = milder.iter().map(&harm).enumerate().find(|(_, harm)| is_enough(*harm));
        let (degree, harm) = mildest.unwrap_or((milder.len(), worst));
        cause.degree = degree;
        harms.push(harm);
    }
    if !several {
        return Ok(());
    }
    for at in 0..harms.len() {
        while harms[at] < BESIDE * harms.iter().sum::<f64>() {
            let cause = &mut plot.causes[at];
            cause.degree += 1;
            let Some(worse) = cause.candidate.degrees.get(cause.degree) else { return Err(Unfit::Redundant) };
            harms[at] = harm(worse);
        }
    }
    let sets = plot.causes.iter().filter_map(|cause| cause.candidate.degrees.get(cause.degree));
    let run = with(sets.flat_map(|degree| degree.sets.clone()).collect(), true);
    let harmed = count(&run, begins, until).1 - usual;
    if harmed > MOST * all {
        return Err(Unfit::Loud("too many users".into()));
    }
    if let Some(alarm) = alarms::rings(&run, &twin, begins, &survey.entries()) {
        return Err(Unfit::Loud(alarm));
    }
    let asks = told_by(plot, (&run, &twin), begins);
    if asks.iter().any(Vec::is_empty) { Err(Unfit::Unsolvable) } else { Ok(()) }
}

/// For each cause its charts that tell a run from its twin.
fn told_by(plot: &Plot, (run, twin): (&Simulation, &Simulation), since: SimTime) -> Vec<Vec<ChartQuery>> {
    let tells = |chart: &&ChartQuery| proving::differ(&trial::chart(run, chart), &trial::chart(twin, chart), since);
    let causes = plot.causes.iter();
    causes.map(|cause| cause.candidate.charts.iter().filter(tells).cloned().collect()).collect()
}

/// What one seed showed.
struct Trial {
    charts: Vec<ChartQuery>,
    /// Harm beyond the usual by (journey, outcome).
    kinds: BTreeMap<(String, Outcome), f64>,
    futures: Vec<Future>,
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
    let failed = AtomicBool::new(false);
    let job = |number: u64| {
        let seed = Seed(seed.0.wrapping_add(number));
        let trial = try_seed((world, survey), seed, plot, (&script, &fixes), grace, &failed);
        failed.fetch_or(trial.is_err(), Ordering::Relaxed);
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
    // A seed that stopped because the other one had failed says that it could not be fixed: the other one knows why.
    let unfit = || trials.values().filter_map(|trial| trial.as_ref().err());
    if let Some(unfit) = unfit().find(|unfit| **unfit != Unfit::Unfixable).or_else(|| unfit().next()) {
        return Err(unfit.clone());
    }
    let trials: Vec<Trial> = trials.into_values().filter_map(Result::ok).collect();
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
    Ok(Proof { fixes, charts, journey: journey.clone(), outcome: *outcome, journeys })
}

/// An outcome for tests that need none in particular.
#[cfg(test)]
pub(super) const LEAST_GOOD: Outcome = Outcome::Partial;

/// What is tried: rolling back each cause, all of them together, and the fixes that the families suggest.
pub(super) fn fixes(plot: &Plot) -> Vec<Vec<Fix>> {
    // What undoes one cause: the roll-back, or the first fix where that is not the company's own.
    let undo = |cause: &super::plot::Chosen| match Fix::can_undo(cause.candidate.kind) {
        true => Some(Fix::RollBack { change: cause.id.clone() }),
        false => cause.candidate.fixes.first().cloned(),
    };
    let mut fixes: Vec<Vec<Fix>> = Vec::new();
    let all: Vec<Fix> = plot.causes.iter().filter_map(undo).collect();
    fixes.push(all.clone());
    if plot.causes.len() > 1 {
        fixes.extend(all.into_iter().map(|fix| vec![fix]));
    }
    fixes.extend(plot.causes.iter().flat_map(|cause| &cause.candidate.fixes).map(|fix| vec![fix.clone()]));
    let near = plot.innocent.iter().find(|scripted| {
        let change = &scripted.change;
        scripted.part == Part::RedHerring && !change.sets.is_empty() && Fix::can_undo(change.kind)
    });
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
    failed: &AtomicBool,
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
    let asks = told_by(plot, (&run, &twin), caused);
    if asks.iter().any(Vec::is_empty) {
        return Err(Unfit::Unsolvable);
    }
    let kinds = kinds(&run, &twin, (caused, seen));
    drop(twin);
    Ok(Trial {
        charts: asks.into_iter().flatten().collect(),
        kinds,
        futures: futures(&run, fixes, (healthy, grace), &|first| {
            let is_root = plot.causes.len() == 1 || trial::verdict(std::slice::from_ref(first)) == Verdict::RootFix;
            is_root && !failed.load(Ordering::Relaxed)
        })
        .ok_or(Unfit::Unfixable)?,
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

/// What becomes of a run when a fix is ordered now, and when none is; the healthy background; the time that was watched.
type Future = (Run, f64, (SimTime, SimTime));

/// The futures of each fix. What cannot be ordered changes nothing. The first fix undoes all causes: None if what it did
/// is not enough to go on, which is asked again after each.
fn futures(
    run: &Simulation,
    fixes: &[Vec<Fix>],
    (healthy, grace): (f64, Duration),
    goes_on: &dyn Fn(&Future) -> bool,
) -> Option<Vec<Future>> {
    let last = run.now() + LONGEST_ORDER + WATCHED;
    let mut untouched = run.fork();
    untouched.mute();
    untouched.run_until(last + grace);
    let without = proving::harmed(&untouched, SimTime(u64::MAX));
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
        let run = Run {
            seed: 0,
            with: until(&proving::harmed(&with, SimTime(u64::MAX)), end),
            without: until(&without, end),
        };
        (run, healthy, (settled, end))
    };
    let mut futures: Vec<Future> = Vec::new();
    for fixes in fixes {
        futures.push(future(fixes));
        if !futures.first().is_some_and(goes_on) {
            return None;
        }
    }
    Some(futures)
}
