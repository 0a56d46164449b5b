//! Processor sharing: all requests at a replica work at once and share its processors evenly. One clock of attained work
//! for each replica runs at the speed that every request has; a request is done when that clock reaches the sum of its
//! start and its work (as in fair queueing: Demers, Keshav, Shenker 1989).

use std::collections::BTreeMap;

use bevy_ecs::component::Component;

use super::ids::InstanceId;
use super::slab::Key;
use super::{Event, Simulation};
use crate::time::{Duration, SimTime};

/// The processors of one replica.
#[derive(Component, Clone, Debug)]
pub struct Processors {
    count: f64,
    /// Work in nanoseconds that a request present from the start would have been given, at `since`.
    attained: f64,
    since: SimTime,
    /// By the attained work at which each is done, and by order of coming.
    jobs: BTreeMap<(u64, u64), Key>,
    coming: u64,
    /// Which of the events in the agenda is the next completion.
    next: u32,
}

impl Processors {
    pub fn new(count: f64) -> Self {
        Processors { count, attained: 0.0, since: SimTime::ZERO, jobs: BTreeMap::new(), coming: 0, next: 0 }
    }

    /// How many processors there are; a share of one is possible.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// How many of them are at work: a request uses one at most.
    pub fn used(&self) -> f64 {
        self.count.min(self.jobs.len() as f64)
    }

    /// The requests that are being worked on.
    pub fn jobs(&self) -> impl Iterator<Item = Key> {
        self.jobs.values().copied()
    }

    /// The number of the event at which the next request is done, if there is one.
    pub fn next(&self) -> Option<u32> {
        (!self.jobs.is_empty()).then_some(self.next)
    }

    /// The speed of each request: a whole processor at most.
    fn speed(&self) -> f64 {
        (self.count / self.jobs.len().max(1) as f64).min(1.0)
    }

    fn run_until(&mut self, now: SimTime) {
        self.attained += now.since(self.since).0 as f64 * self.speed();
        self.since = now;
    }

    /// When the next request is done, and the number of that event.
    fn plan(&mut self) -> Option<(Duration, u32)> {
        let ((done, _), _) = self.jobs.first_key_value()?;
        let left = (*done as f64 - self.attained).max(0.0);
        self.next = self.next.wrapping_add(1);
        Some((Duration(libm::ceil(left / self.speed()) as u64), self.next))
    }
}

impl Simulation {
    /// A request has work for the processors that it shares.
    pub(super) fn share_work(&mut self, instance: InstanceId, key: Key, work: Duration) {
        let now = self.now;
        let Some(mut processors) = self.fabric.part::<Processors>(instance) else { return };
        processors.run_until(now);
        processors.coming += 1;
        let place = ((processors.attained + work.0 as f64) as u64, processors.coming);
        processors.jobs.insert(place, key);
        if let Some((after, number)) = processors.plan() {
            self.later(after, Event::Shared(instance, number));
        }
    }

    /// The next request at shared processors may be done.
    pub(super) fn shared(&mut self, instance: InstanceId, number: u32) {
        let now = self.now;
        let Some(mut processors) = self.fabric.part::<Processors>(instance) else { return };
        if processors.next != number {
            return;
        }
        processors.run_until(now);
        let done = processors.jobs.pop_first();
        let next = processors.plan();
        if let Some((after, number)) = next {
            self.later(after, Event::Shared(instance, number));
        }
        if let Some((_, key)) = done {
            self.work_done(key);
        }
    }
}
