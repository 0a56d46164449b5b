//! What a command simulates before it answers, and the simulating.

use clap::Args;

use super::failure::Failure;
use crate::builtin::{self, Loaded};
use crate::terminal::{Working, interrupted};
use crate::{Duration, Lesson, Seed, SimTime, Simulation};

/// Simulated time between two looks at the clock and the keyboard.
const SLICE: Duration = Duration::from_secs(2);

/// Which run of a world or lesson, and how much of it.
#[derive(Args)]
pub(super) struct Extent {
    /// The seed; a lesson has its own, a world starts with 0
    #[arg(long, value_parser = super::seed, allow_hyphen_values = true)]
    seed: Option<Seed>,
    /// How long to simulate, such as 90s, 30m or 2h; until the learner arrives for a lesson, 30m for a world
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration, allow_hyphen_values = true)]
    length: Option<Duration>,
    /// Stop when telemetry fills this much memory
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1024))]
    memory_gib: u64,
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

    /// Runs to the end or until telemetry fills the memory that is allowed, with progress on a terminal. Answers
    /// whether it reached the end; Ctrl-C is a failure.
    pub(super) fn simulate(&self, run: &mut Run) -> Result<bool, Failure> {
        let mut working = Working::new("simulating");
        while run.sim.now() < run.until {
            run.sim.run_until((run.sim.now() + SLICE).min(run.until));
            let share = run.sim.now().as_secs_f64() / run.until.as_secs_f64();
            if !working.reached(share) || held(&run.sim) > self.memory_gib << 30 {
                break;
            }
        }
        if working.finish() || interrupted() { Err(Failure::Stopped) } else { Ok(run.sim.now() >= run.until) }
    }

    /// Why a run that did not reach its end stopped.
    pub(super) fn stopped(&self, sim: &Simulation) -> Failure {
        Failure::bad(format!(
            "stopped at {}: telemetry fills {} GiB. Simulate less (--for), or allow more (--memory-gib)",
            sim.now(),
            self.memory_gib
        ))
    }
}

/// Bytes of telemetry.
fn held(sim: &Simulation) -> u64 {
    let telemetry = sim.telemetry();
    (telemetry.logs.bytes() + telemetry.spans.bytes() + telemetry.metrics.bytes()) as u64
}
