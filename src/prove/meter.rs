//! How far the runs are, and whether they shall go on: shared by all threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::engine::Simulation;
use crate::time::{Duration, SimTime};

/// Virtual time that is run before the meter is looked at.
const SLICE: Duration = Duration::from_secs(20);
/// The most events between two looks at whether to stop.
const SLICE_EVENTS: u64 = 1_000_000;

/// How much virtual time was run, and whether to stop.
#[derive(Debug, Default)]
pub struct Meter {
    done: AtomicU64,
    stop: AtomicBool,
}

impl Meter {
    /// Runs on to an instant. None if it was stopped.
    pub fn run(&self, sim: &mut Simulation, until: SimTime) -> Option<()> {
        while sim.now() < until {
            if self.is_stopped() {
                return None;
            }
            let from = sim.now();
            while !sim.run_within((from + SLICE).min(until), SLICE_EVENTS) {
                if self.is_stopped() {
                    return None;
                }
            }
            self.done.fetch_add(sim.now().since(from).0, Ordering::Relaxed);
        }
        Some(())
    }

    /// The virtual time that was run.
    pub fn done(&self) -> Duration {
        Duration(self.done.load(Ordering::Relaxed))
    }

    /// From now on nothing goes on.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
