//! Pauses: a process that stops the world, or a machine that stands still. What was being worked on takes that much
//! longer; what arrives waits. Callers see nothing but time.

use super::ids::InstanceId;
use super::slab::Key;
use super::{Event, Simulation};
use crate::time::Duration;

impl Simulation {
    /// A replica does nothing for `time` from now on; if it does nothing already, for that much longer.
    pub(super) fn pause(&mut self, instance: InstanceId, time: Duration) {
        self.pauses = true;
        let now = self.now;
        let pace = &mut self.fabric.replica(instance).pace;
        pace.stopped_until = pace.stopped_until.max(now) + time;
        pace.paused = pace.paused + time;
        let rest = pace.stopped_until.since(now);
        if self.fabric.queue(instance).is_some() {
            self.later(rest, Event::Visible(instance, 0));
        }
    }

    /// How long a replica that stands still goes on to do so.
    #[inline]
    pub(super) fn stopped_for(&self, instance: InstanceId) -> Option<Duration> {
        if !self.pauses {
            return None;
        }
        let rest = self.fabric.pace(instance).stopped_until.since(self.now);
        (rest > Duration::ZERO).then_some(rest)
    }

    /// The pauses that work which begins now has behind it: all but the rest of the present one.
    pub(super) fn pauses_behind(&mut self, instance: InstanceId) -> Duration {
        match self.pauses {
            true => self.fabric.pace(instance).paused - self.stopped_for(instance).unwrap_or_default(),
            false => Duration::ZERO,
        }
    }

    /// A step of work would be done by now, had there been no pause.
    pub(super) fn work_done(&mut self, key: Key) {
        if self.pauses
            && let Some(visit) = self.visits.get_mut(key)
        {
            let paused = self.fabric.pace(visit.instance).paused;
            let lost = paused - visit.pauses_behind;
            if lost > Duration::ZERO {
                visit.pauses_behind = paused;
                return self.later(lost, Event::WorkDone(key));
            }
        }
        self.advance(key);
    }
}
