//! What goes on inside a process besides requests: collections that stop the world, and memory that fills up. Callers see
//! time; the process's own metrics see the cause.

use bevy_ecs::component::Component;

use super::ids::InstanceId;
use super::rhythm::Rhythm;
use super::{Event, Simulation, dist};
use crate::random::Identity;
use crate::telemetry::ResourceId;
use crate::world::{Memory, Pauses};

/// Pauses of one replica.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Collector {
    pub policy: Option<Pauses>,
    /// The next pause.
    pub rhythm: Rhythm,
    /// Pauses so far.
    count: u32,
    /// Requests since the last pause.
    requests: u32,
}

/// Memory of one replica.
#[derive(Component, Clone, Copy, Debug)]
pub struct Heap {
    pub policy: Memory,
    pub leaked: u64,
}

/// The share of the limit above which work slows down.
const CROWDED: f64 = 0.75;
/// How many times as long work takes right below the limit.
const SLOWEST: f64 = 10.0;

impl Heap {
    pub fn used(&self, busy: u32) -> u64 {
        let live = self.policy.per_request.saturating_mul(u64::from(busy));
        self.policy.base.saturating_add(self.leaked).saturating_add(live)
    }

    /// What collections for want of room multiply work by.
    fn drag(&self, busy: u32) -> f64 {
        let crowded = (self.used(busy) as f64 / self.policy.limit as f64 - CROWDED) / (1.0 - CROWDED);
        1.0 + (SLOWEST - 1.0) * crowded.clamp(0.0, 1.0) * crowded.clamp(0.0, 1.0)
    }
}

impl Simulation {
    /// Pauses begin, end or come otherwise. Answers what they were.
    pub(super) fn set_pauses(&mut self, instance: InstanceId, policy: Option<Pauses>) -> Option<Pauses> {
        let mut collector = self.fabric.part_or_default::<Collector>(instance);
        let before = std::mem::replace(&mut collector.policy, policy);
        collector.requests = 0;
        self.fabric.replica(instance).pace.collects = policy.is_some_and(|policy| policy.requests.is_some());
        self.plan_pause(instance);
        before
    }

    /// The time to the next pause counts from the end of this one: were it shorter than a pause, nothing would ever work
    /// again otherwise.
    fn plan_pause(&mut self, instance: InstanceId) {
        let home = self.fabric.home(instance);
        let stream = self.plan.nodes[home.node.at()].streams.pauses;
        let Some(collector) = self.fabric.peek_part::<Collector>(instance) else { return };
        let Some(every) = collector.policy.and_then(|policy| policy.every) else { return };
        let who = Identity(u64::from(home.ordinal) << 32 | u64::from(collector.count));
        let wait = self.stopped_for(instance).unwrap_or_default() + dist::sample(&every, stream, who, 0);
        let at = self.now + wait;
        let planned = self.fabric.part::<Collector>(instance).and_then(|mut collector| collector.rhythm.plan(at));
        if let Some(turn) = planned {
            self.later(wait, Event::Collect(instance, turn));
        }
    }

    /// The time for a pause has come.
    pub(super) fn collect(&mut self, instance: InstanceId, turn: u32) {
        let Some(mut collector) = self.fabric.part::<Collector>(instance) else { return };
        if collector.rhythm.comes(turn) && collector.policy.is_some_and(|policy| policy.every.is_some()) {
            self.stop_the_world(instance);
            self.plan_pause(instance);
        }
    }

    /// A request begins at a replica that pauses after so many of them.
    pub(super) fn count_for_pause(&mut self, instance: InstanceId) {
        let Some(mut collector) = self.fabric.part::<Collector>(instance) else { return };
        collector.requests += 1;
        if collector.policy.and_then(|policy| policy.requests).is_some_and(|most| collector.requests >= most) {
            collector.requests = 0;
            self.stop_the_world(instance);
        }
    }

    fn stop_the_world(&mut self, instance: InstanceId) {
        let home = self.fabric.home(instance);
        let stream = self.plan.nodes[home.node.at()].streams.pauses;
        let Some(mut collector) = self.fabric.part::<Collector>(instance) else { return };
        let Some(policy) = collector.policy else { return };
        collector.count += 1;
        let who = Identity(u64::from(home.ordinal) << 32 | u64::from(collector.count));
        let lasts = dist::sample(&policy.lasts, stream, who, 2);
        self.pause(instance, lasts);
        if !self.muted {
            let family = self.words.families.collections;
            let slot = self.telemetry.metrics.series(ResourceId(instance.0), family, Vec::new());
            super::emit::observe_duration(&mut self.fabric.replica(instance).emitter.live, slot as usize, lasts);
        }
    }

    /// A request begins at a replica whose memory is counted.
    pub(super) fn fill_memory(&mut self, instance: InstanceId) {
        let busy = self.fabric.station(instance).busy;
        let Some(mut heap) = self.fabric.part::<Heap>(instance) else { return };
        heap.leaked = heap.leaked.saturating_add(heap.policy.leak);
        if heap.used(busy) >= heap.policy.limit && self.fabric.is_up(instance, self.now) {
            self.restart(instance);
        }
    }

    /// What work is multiplied by for want of memory.
    pub(super) fn memory_drag(&mut self, instance: InstanceId) -> f64 {
        let busy = self.fabric.station(instance).busy;
        self.fabric.part::<Heap>(instance).map_or(1.0, |heap| heap.drag(busy))
    }
}
