//! A replica that is replaced by a new one on another host. What was set on the one replica alone (a slow disk, a clock
//! that drifts, a cable) belongs to its host and stays behind; what runs everywhere comes along. Knows changes; must
//! never know why the host was bad.

use super::Simulation;
use super::change::{Target, Undo, WARM_UP};
use super::ids::InstanceId;
use crate::world::{Set, Setting};

impl Simulation {
    /// Replaces a replica: what its host brought is gone, its memory is empty, and it takes traffic when it is warm.
    pub(super) fn replace(&mut self, change: u32, instance: InstanceId) {
        let home = self.fabric.home(instance);
        let targets = self.ends_of(instance);
        let mut seen: Vec<&Undo> = Vec::new();
        let mut of_host: Vec<Undo> = Vec::new();
        for undo in self.undo.iter().rev().filter(|undo| targets.contains(&undo.target)) {
            let is_same =
                |other: &&Undo| other.target == undo.target && other.users == undo.users && other.to.is_same(&undo.to);
            if seen.iter().any(is_same) {
                continue;
            }
            seen.push(undo);
            if self.is_of_host(undo, home.ordinal, instance) {
                of_host.push(undo.clone());
            }
        }
        for Undo { target, users, to, before, .. } in of_host {
            self.swap(change, target, &users, &to, before.as_ref());
        }
        self.restart_for(instance, WARM_UP);
    }

    /// A new replica got the settings of another: it can be rolled back as that one can, and has nothing of its host.
    pub(super) fn inherit(&mut self, like: InstanceId, instance: InstanceId) {
        let (from, to) = (self.ends_of(like), self.ends_of(instance));
        let ordinal = self.fabric.home(like).ordinal;
        let of_like: Vec<(Undo, Target)> = self
            .undo
            .iter()
            .filter_map(|undo| {
                let at = from.iter().position(|target| *target == undo.target)?;
                Some((undo.clone(), *to.get(at)?))
            })
            .collect();
        for (undo, target) in of_like.iter().rev().filter(|(undo, _)| undo.users.is_none()) {
            if let Some(before) = undo.before.as_ref().filter(|_| self.is_of_host(undo, ordinal, instance)) {
                self.set(*target, before);
            }
        }
        for (undo, target) in of_like {
            // Its clock is its own, and was never changed.
            let of_clock = matches!(undo.to, Setting::ClockOffset(_) | Setting::ClockStep(_) | Setting::ClockDrift(_));
            if !of_clock && !self.is_of_host(&undo, ordinal, instance) {
                self.undo.push(Undo { target, ..undo });
            }
        }
    }

    /// A replica and its ends of arrows, in the order of their numbers.
    fn ends_of(&self, instance: InstanceId) -> Vec<Target> {
        let home = self.fabric.home(instance);
        let ends = self.plan.nodes[home.node.at()].out.iter();
        let ends = ends.filter_map(|arrow| self.fabric.ends[arrow.at()].get(usize::from(home.ordinal)));
        std::iter::once(Target::Replica(instance)).chain(ends.copied().map(Target::Link)).collect()
    }

    /// Whether a setting was changed on this one replica, or in zones where `other` is not, and not on all of them.
    fn is_of_host(&self, undo: &Undo, ordinal: u16, other: InstanceId) -> bool {
        let zone = self.zone_of(other).and_then(|zone| self.plan.zones.get(zone.at()));
        let is_elsewhere = |set: &Set| {
            !set.replicas.is_empty() || !set.zones.is_empty() && zone.is_none_or(|zone| !set.zones.contains(zone))
        };
        let sets = &self.changes[undo.change as usize].sets;
        sets.iter().any(|set| {
            is_elsewhere(set) && set.to.is_same(&undo.to) && self.targets(set, ordinal).contains(&undo.target)
        })
    }

    /// Whether something was changed at these replicas in some zones alone.
    pub(super) fn zones_differ(&self, replicas: &[InstanceId]) -> bool {
        let here = |target: Target| match target {
            Target::Replica(instance) => replicas.contains(&instance),
            Target::Link(link) => replicas.contains(&self.fabric.side(link).caller),
            Target::Node(_) => false,
        };
        let by_zone = |undo: &Undo| self.changes[undo.change as usize].sets.iter().any(|set| !set.zones.is_empty());
        self.undo.iter().any(|undo| here(undo.target) && by_zone(undo))
    }
}
