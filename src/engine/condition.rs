//! What changes wait for. Knows how to look at the system, never changes it.

use super::Simulation;
use super::ids::InstanceId;
use crate::time::Duration;
use crate::world::Condition;

/// How often a condition is looked at.
pub(super) const LOOKS: Duration = Duration::from_secs(1);
/// How long after its time a time of day still counts as it: longer than between two looks.
const JUST_NOW: u64 = 1_500_000_000;
const DAY: i128 = 24 * 3600 * 1_000_000_000;

impl Simulation {
    /// Whether a condition holds now.
    pub(super) fn holds(&mut self, condition: &Condition) -> bool {
        let Some(node) = self.plan.node_id(condition.node()) else { return false };
        let replicas = self.fabric.replicas[node.at()].clone();
        match condition {
            Condition::QueueDepth(_, most) => self.sum(&replicas, Self::depth) > u64::from(*most),
            Condition::ActiveRequests(_, most) => self.sum(&replicas, Self::active) > u64::from(*most),
            Condition::QueueAge(_, most) => replicas.iter().any(|id| {
                let oldest = self.fabric.queue(*id).and_then(|queue| queue.oldest_of_all());
                oldest.is_some_and(|oldest| self.now.since(oldest) > *most)
            }),
            Condition::Uptime(_, least) => replicas.iter().any(|id| {
                let replica = &self.fabric.replica(*id).process;
                replica.is_up(self.now) && self.now.since(replica.started) > *least
            }),
            Condition::TimeOfDay(_, time) => {
                let Some(first) = replicas.first() else { return false };
                let calendar = self.calendar();
                let stamp = self.fabric.replica(*first).clock.stamp(calendar);
                let of_day = self.telemetry.epoch().unix_ns(stamp).rem_euclid(DAY);
                (of_day - i128::from(time.0)).rem_euclid(DAY) < i128::from(JUST_NOW)
            }
        }
    }

    fn sum(&mut self, replicas: &[InstanceId], of: impl Fn(&mut Self, InstanceId) -> u64) -> u64 {
        replicas.iter().map(|id| of(self, *id)).sum()
    }

    fn depth(&mut self, id: InstanceId) -> u64 {
        let queue = self.fabric.queue(id);
        queue.map_or(0, |queue| (0..queue.groups()).map(|group| u64::from(queue.depth(group))).max().unwrap_or(0))
    }

    fn active(&mut self, id: InstanceId) -> u64 {
        let station = self.fabric.station(id);
        u64::from(station.busy) + station.line.len() as u64
    }
}
