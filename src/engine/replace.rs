//! A replica that is replaced by a new one on another host. What was set on the one replica alone (a slow disk, a clock
//! that drifts, a cable) belongs to its host and stays behind; what runs everywhere comes along. Knows changes; must
//! never know why the host was bad.

use super::change::{Target, Undo, WARM_UP};
use super::ids::InstanceId;
use super::{Event, Simulation};

impl Simulation {
    /// Replaces a replica: what its host brought is gone, its memory is empty, and it takes traffic when it is warm.
    pub(super) fn replace(&mut self, change: u32, instance: InstanceId) {
        let home = self.fabric.home(instance);
        let arrows = self.plan.clone();
        let ends = arrows.nodes[home.node.at()].out.iter();
        let mut targets = vec![Target::Replica(instance)];
        targets.extend(ends.map(|arrow| Target::Link(self.fabric.ends[arrow.at()][usize::from(home.ordinal)])));
        let mut seen: Vec<&Undo> = Vec::new();
        let mut of_host: Vec<Undo> = Vec::new();
        for undo in self.undo.iter().rev().filter(|undo| targets.contains(&undo.target)) {
            let is_same =
                |other: &&Undo| other.target == undo.target && other.users == undo.users && other.to.is_same(&undo.to);
            if seen.iter().any(is_same) {
                continue;
            }
            seen.push(undo);
            if self.is_of_host(undo, home.ordinal) {
                of_host.push(undo.clone());
            }
        }
        for Undo { target, users, to, before, .. } in of_host {
            self.swap(change, target, &users, &to, before.as_ref());
        }
        self.restart(instance);
        let warm = self.now + WARM_UP;
        let mut node = self.fabric.node(instance);
        (node.replica.down_until, node.replica.started) = (warm, warm);
        self.later(WARM_UP, Event::Up(instance));
    }

    /// Whether a setting was changed on this one replica, not on all of them.
    fn is_of_host(&self, undo: &Undo, ordinal: u16) -> bool {
        let sets = &self.changes[undo.change as usize].sets;
        sets.iter().any(|set| {
            !set.replicas.is_empty() && set.to.is_same(&undo.to) && self.targets(set, ordinal).contains(&undo.target)
        })
    }
}
