//! What a command simulates before it answers, and the simulating.

use clap::Args;

use super::failure::Failure;
use crate::builtin::{self, Loaded};
use crate::terminal::{Working, count, interrupted};
use crate::{Duration, Lesson, Seed, SimTime, Simulation};

/// Simulated time between two looks at the clock and the keyboard, unless that is more than so many events.
const SLICE: Duration = Duration::from_secs(2);
const SLICE_EVENTS: u64 = 200_000;
/// Events after which a run stops unless told otherwise: some ten minutes of real time.
const MOST_EVENTS: u64 = 2_000_000_000;

/// What a run stopped for before its end.
pub(super) enum Budget {
    Memory,
    Events,
}

/// Which run of a world or lesson, and how much of it.
#[derive(Args)]
pub(super) struct Extent {
    /// The seed; a lesson has its own, a world starts with 0
    #[arg(long, value_parser = super::seed, allow_hyphen_values = true)]
    seed: Option<Seed>,
    /// How long to simulate, such as 90s, 30m or 2h; until the learner arrives for a lesson, 30m for a world
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration, allow_hyphen_values = true)]
    length: Option<Duration>,
    /// Stop when telemetry and what is under way fill this much memory
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1024))]
    memory_gib: u64,
    /// Stop after this many events
    #[arg(long, value_name = "N", default_value_t = MOST_EVENTS, value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,
}

#[cfg(feature = "serve")]
impl Extent {
    /// All that was before the learner arrives at a lesson, and the first half hour of a world.
    pub(super) fn history(seed: Option<Seed>, memory_gib: u64) -> Extent {
        Extent { seed, length: None, memory_gib, events: MOST_EVENTS }
    }
}

/// A run that is prepared.
pub(super) struct Run {
    pub(super) sim: Simulation,
    pub(super) seed: Seed,
    pub(super) until: SimTime,
    /// The lesson, if it is one.
    pub(super) lesson: Option<Box<Lesson>>,
}

impl Extent {
    /// Loads `what`, and stands at its start.
    pub(super) fn prepare(&self, what: &str) -> Result<Run, Failure> {
        let (mut sim, seed, usual, lesson) = match builtin::find(what)? {
            Loaded::World(world) => {
                let seed = self.seed.unwrap_or_default();
                (Simulation::new(&world, seed), seed, SimTime::ZERO + Duration::from_mins(30), None)
            }
            Loaded::Lesson(lesson) => {
                let seed = self.seed.unwrap_or(Seed(lesson.spec().seed));
                let mut sim = Simulation::new(lesson.world(), seed);
                for scripted in &lesson.spec().script {
                    sim.schedule(scripted.at, &scripted.change);
                }
                (sim, seed, lesson.spec().opens_at, Some(lesson))
            }
        };
        sim.run_until(SimTime::ZERO);
        let until = self.length.map_or(usual, |length| SimTime::ZERO + length);
        Ok(Run { sim, seed, until, lesson })
    }

    /// Runs to the end or until a budget is spent, with progress on a terminal. Answers which one was; Ctrl-C is a
    /// failure.
    pub(super) fn simulate(&self, run: &mut Run) -> Result<Option<Budget>, Failure> {
        let (sim, until) = (&mut run.sim, run.until);
        let mut working = Working::new("simulating");
        let mut spent = None;
        let mut reached = sim.now() >= until;
        while !reached && spent.is_none() {
            let slice = (sim.now() + SLICE).min(until);
            let rest = self.events.saturating_sub(sim.events());
            reached = sim.run_within(slice, SLICE_EVENTS.min(rest)) && slice == until;
            if !working.reached(sim.now().as_secs_f64() / until.as_secs_f64()) {
                break;
            }
            if sim.bytes() as u64 > self.memory_gib << 30 {
                spent = Some(Budget::Memory);
            } else if sim.events() >= self.events {
                spent = Some(Budget::Events);
            }
        }
        if working.finish() || interrupted() { Err(Failure::Stopped) } else { Ok(spent.filter(|_| !reached)) }
    }

    /// Why a run that did not reach its end stopped.
    pub(super) fn stopped(&self, sim: &Simulation, until: SimTime, spent: &Budget) -> Failure {
        let (why, option) = match spent {
            Budget::Memory => (format!("the run fills {} GiB", self.memory_gib), "--memory-gib"),
            Budget::Events => (format!("the run took {} events", count(sim.events())), "--events"),
        };
        Failure::bad(format!(
            "stopped at {} of {until}: {why}. What came before is kept. Simulate less (--for), or allow more ({option})",
            sim.now()
        ))
    }
}
