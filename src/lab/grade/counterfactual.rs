//! Other futures: the same script and the same luck, with and without the learner's fixes, on this seed and two more;
//! and the same past without the cause. Knows how to run them side by side; nothing of what they mean.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Case;
use super::ahead::Orders;
use crate::engine::{ClockReading, Simulation};
use crate::lab::session::scripted;
use crate::lab::{Deployment, Progress, Refusal};
use crate::lesson::Lesson;
use crate::random::Seed;
use crate::time::{Duration, SimTime};
use crate::world::Change;

/// Seeds that fixes are tried on, this one included.
pub const SEEDS: u64 = 3;
/// How long the futures last after the last fix has settled.
pub const HORIZON: Duration = Duration::from_mins(45);
/// How long they go on after the last change of the script, if that is later.
const AFTER_SCRIPT: Duration = Duration::from_mins(30);
/// The longest future.
const LONGEST: Duration = Duration::from_mins(120);
/// Virtual time that a worker runs before it tells how far it is.
const SLICE: Duration = Duration::from_secs(20);
/// The most events between two looks at whether to stop.
const SLICE_EVENTS: u64 = 1_000_000;

/// Two futures of one seed: when harmed requests were made, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub seed: u64,
    pub with: Vec<SimTime>,
    pub without: Vec<SimTime>,
}

/// All futures, and the instants that their windows are measured from.
pub struct Runs {
    /// This seed first.
    pub seeds: Vec<Run>,
    /// When the last fix had settled; the end of the investigation if there was none.
    pub settled: SimTime,
    /// Requests made before this are settled in every future.
    pub end: SimTime,
    /// The past without the cause, if something pinned asks for it.
    pub causeless: Option<Simulation>,
    /// What clocks said in it when the first fix was ordered, or at its end.
    pub clocks: Vec<ClockReading>,
}

/// One thing for a worker to do.
enum Job {
    /// Run on to the end.
    On { sim: Box<Simulation>, place: Place },
    /// Run up to the first order, order the fixes as the learner did, and run on to the end.
    Fixed { sim: Box<Simulation>, place: Place },
    /// Run up to the first order, then both futures.
    Both { sim: Box<Simulation>, at: usize },
}

/// Where the end of a run is kept.
#[derive(Clone, Copy)]
enum Place {
    With(usize),
    Without(usize),
    Causeless,
}

/// The instants of a debrief.
#[derive(Clone, Copy)]
struct Instants {
    /// The first order.
    first: SimTime,
    now: SimTime,
    /// Requests made before this are counted in the futures, which are run until all of them are settled.
    end: SimTime,
    until: SimTime,
}

impl Instants {
    /// When a run ends.
    fn of(&self, place: Place) -> SimTime {
        match place {
            Place::With(_) | Place::Without(_) => self.until,
            Place::Causeless => self.now,
        }
    }
}

/// How far the workers are, and whether they shall go on.
struct Meter {
    done: AtomicU64,
    stop: AtomicBool,
}

/// Runs all futures.
pub fn run(case: &Case<'_>, progress: Progress<'_>) -> Result<Runs, Refusal> {
    let now = case.sim.now();
    let settled = case.notebook.deployed.iter().map(|order| order.settled).max();
    let grace = case.lesson.world().longest_debt();
    let end = settled.map_or(SimTime(now.0.saturating_sub(grace.0)), |settled| horizon(case.lesson, settled));
    let settles = settled.unwrap_or(end);
    let mut runs = Runs { seeds: Vec::new(), settled: settles, end, causeless: None, clocks: Vec::new() };
    let instants = Instants { first: first_order(case), now, end, until: end + grace };

    let mut jobs = Vec::new();
    if let (Some(before), Some(_)) = (case.before_fixes, settled) {
        runs.seeds = (0..SEEDS).map(|more| Run { seed: case.seed.0.wrapping_add(more), ..Run::default() }).collect();
        // What was run beforehand knows nothing of the calendar's jumps.
        let jump = case.jumps.first().map_or(SimTime(u64::MAX), |(at, _)| *at);
        let lane = |at: usize, until: SimTime| case.lanes?.seeds.get(at)?.before(until.min(jump)).map(Box::new);
        let fixes = case.changes.len();
        let fixed = |at: usize| case.lanes?.fixed(at, fixes, instants.until.min(jump)).map(Box::new);
        for at in 1..runs.seeds.len() {
            let with = Place::With(at);
            let begun = fixed(at).map(|sim| Job::On { sim, place: with });
            let begun = begun.or_else(|| lane(at, instants.first).map(|sim| Job::Fixed { sim, place: with }));
            let (Some(with), Some(without)) = (begun, lane(at, instants.until)) else {
                let sim = muted(scripted(case.lesson, Seed(runs.seeds[at].seed)));
                jobs.push(Job::Both { sim, at });
                continue;
            };
            jobs.push(with);
            jobs.push(Job::On { sim: without, place: Place::Without(at) });
        }
        let own = lane(0, instants.until).filter(|sim| sim.now() > before.now());
        let with = fixed(0).filter(|sim| sim.now() > now);
        jobs.push(Job::On { sim: with.unwrap_or_else(|| muted(case.sim.fork())), place: Place::With(0) });
        jobs.push(Job::On { sim: own.unwrap_or_else(|| muted(before.fork())), place: Place::Without(0) });
    } else {
        let harmed = harmed(case.sim, end);
        runs.seeds = vec![Run { seed: case.seed.0, with: harmed.clone(), without: harmed }];
    }
    if case.caused_at().is_some() && case.notebook.pinned.iter().any(|pinned| pinned.look.is_comparable()) {
        let lane = case.lanes.and_then(|lanes| lanes.causeless.as_ref()?.before(instants.first));
        let sim = lane.unwrap_or_else(|| scripted_without_cause(case.lesson, case.seed));
        jobs.push(Job::Fixed { sim: Box::new(sim), place: Place::Causeless });
    }
    let length = |job: &Job| match job {
        Job::On { sim, place } | Job::Fixed { sim, place } => instants.of(*place).since(sim.now()).0,
        Job::Both { sim, .. } => instants.first.since(sim.now()).0 + 2 * instants.until.since(instants.first).0,
    };
    let total = jobs.iter().map(length).sum::<u64>().max(1);

    let results = &Mutex::new(&mut runs);
    let meter = &Meter { done: AtomicU64::new(0), stop: AtomicBool::new(false) };
    let alive = &AtomicU64::new(jobs.len() as u64);
    std::thread::scope(|scope| {
        // A thread for each: they share the cores evenly, so that none has the last one to itself.
        for job in jobs {
            scope.spawn(move || {
                let _leaves = Leaves(alive);
                work(case, job, instants, meter, results);
            });
        }
        while alive.load(Ordering::Acquire) > 0 {
            let share = meter.done.load(Ordering::Relaxed) as f64 / total as f64;
            if !progress(share.min(1.0)) {
                meter.stop.store(true, Ordering::Relaxed);
            }
            std::thread::park_timeout(std::time::Duration::from_millis(15));
        }
    });
    match meter.stop.load(Ordering::Relaxed) {
        true => Err(Refusal::new("the debrief was interrupted", "ask for it again")),
        false => Ok(runs),
    }
}

/// Counts a worker out, even if it dies.
struct Leaves<'a>(&'a AtomicU64);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

fn work(case: &Case<'_>, job: Job, instants: Instants, meter: &Meter, results: &Mutex<&mut Runs>) {
    match job {
        Job::On { mut sim, place } => {
            run_on(case, &mut sim, instants.of(place), meter);
            let Ok(mut runs) = results.lock() else { return };
            match place {
                Place::With(at) => runs.seeds[at].with = harmed(&sim, instants.end),
                Place::Without(at) => runs.seeds[at].without = harmed(&sim, instants.end),
                Place::Causeless => runs.causeless = Some(*sim),
            }
        }
        Job::Fixed { mut sim, place } => {
            run_on(case, &mut sim, instants.first, meter);
            if let (Place::Causeless, Ok(mut runs)) = (place, results.lock()) {
                runs.clocks = sim.clocks();
            }
            order_fixes(case, &mut sim);
            work(case, Job::On { sim, place }, instants, meter, results);
        }
        Job::Both { mut sim, at } => {
            run_on(case, &mut sim, instants.first, meter);
            let without = Box::new(sim.fork());
            work(case, Job::Fixed { sim, place: Place::With(at) }, instants, meter, results);
            work(case, Job::On { sim: without, place: Place::Without(at) }, instants, meter, results);
        }
    }
}

/// Of a future only the ground truth is wanted.
fn muted(mut sim: Simulation) -> Box<Simulation> {
    sim.mute();
    Box::new(sim)
}

/// The lesson's world and script without the changes that are the cause, at its start.
pub fn scripted_without_cause(lesson: &Lesson, seed: Seed) -> Simulation {
    let spec = lesson.spec();
    let mut sim = Simulation::new(lesson.world(), seed);
    for scripted in spec.script.iter().filter(|scripted| !spec.is_cause(scripted)) {
        sim.schedule(scripted.at, &scripted.change);
    }
    sim
}

fn order_fixes(case: &Case<'_>, sim: &mut Simulation) {
    for (order, change) in case.notebook.deployed.iter().zip(case.changes) {
        sim.schedule(order.effective, change);
    }
}

/// Runs on; the calendar jumps when it did for the learner.
fn run_on(case: &Case<'_>, sim: &mut Simulation, until: SimTime, meter: &Meter) {
    while sim.now() < until && !meter.stop.load(Ordering::Relaxed) {
        let from = sim.now();
        if let Some((_, ahead)) = case.jumps.iter().rev().find(|(at, _)| *at <= from) {
            sim.set_ahead(*ahead);
        }
        let jump = case.jumps.iter().map(|(at, _)| *at).find(|at| *at > from).unwrap_or(until);
        let next = (from + SLICE).min(until).min(jump);
        while !sim.run_within(next, SLICE_EVENTS) && !meter.stop.load(Ordering::Relaxed) {}
        meter.done.fetch_add(sim.now().since(from).0, Ordering::Relaxed);
    }
}

/// When harmed requests were made, in order, those made before `end`.
pub fn harmed(sim: &Simulation, end: SimTime) -> Vec<SimTime> {
    let harmed = sim.truth().settled().filter(|settled| settled.outcome.is_harm() && settled.asked < end);
    let mut times: Vec<SimTime> = harmed.map(|settled| settled.asked).collect();
    times.sort_unstable();
    times
}

fn first_order(case: &Case<'_>) -> SimTime {
    case.notebook.deployed.iter().map(|order| order.ordered).min().unwrap_or(case.sim.now())
}

/// The end of the futures: long enough for what the script still has ahead.
pub fn horizon(lesson: &Lesson, settled: SimTime) -> SimTime {
    let script = lesson.spec().script.iter().map(|scripted| scripted.at + AFTER_SCRIPT).max();
    (settled + HORIZON).max(script.unwrap_or(SimTime::ZERO)).min(settled + LONGEST)
}

/// What the thread that runs ahead needs to know of the fixes that were ordered. None before the first.
pub fn orders(lesson: &Lesson, deployed: &[Deployment], changes: &[Change]) -> Option<Orders> {
    let first = deployed.iter().map(|order| order.ordered).min()?;
    let settled = deployed.iter().map(|order| order.settled).max()?;
    let changes = deployed.iter().zip(changes).map(|(order, change)| (order.effective, change.clone()));
    Some(Orders { first, changes: changes.collect(), until: horizon(lesson, settled) + lesson.world().longest_debt() })
}
