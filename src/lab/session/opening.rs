//! The learner's arrival, from which several sessions begin: their common past, and the futures without fixes that their
//! debriefs share, are run once. Knows nothing of what is done in them.

use std::sync::Arc;

use super::{Session, history, scripted};
use crate::engine::Simulation;
use crate::lab::{Progress, grade};
use crate::lesson::Lesson;
use crate::random::Seed;

/// A lesson and seed at the learner's arrival.
pub struct Opening {
    lesson: Lesson,
    seed: Seed,
    sim: Simulation,
    lanes: Arc<grade::Lanes>,
}

impl Opening {
    /// Simulates the history, and what the debriefs of all sessions from here on have in common. None if `progress` asked
    /// to stop.
    pub fn new(lesson: &Lesson, seed: Seed, progress: Progress<'_>) -> Option<Opening> {
        let mut sim = scripted(lesson, seed);
        history(&mut sim, lesson, progress);
        if sim.now() < lesson.spec().opens_at {
            return None;
        }
        let mut lanes = grade::Lanes::new(lesson, seed, sim.fork());
        let is_whole = lanes.run_seeds(lesson, progress);
        is_whole.then(|| Opening { lesson: lesson.clone(), seed, sim, lanes: Arc::new(lanes) })
    }

    /// A session in which nothing was done yet. All that is done in it, and its debrief, are as in any other.
    pub fn session(&self) -> Session {
        let mut session = Session::after(self.sim.fork(), &self.lesson, self.seed);
        session.lanes = Some(self.lanes.clone());
        session
    }
}
