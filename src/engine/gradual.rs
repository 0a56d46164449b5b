//! Changes that go in steps: from the old value to the new one, or for more and more users.

use std::sync::Arc;

use super::Simulation;
use super::change::{Target, Undo};
use crate::world::{Cohort, Setting};

impl Simulation {
    /// A gradual change takes its next step, unless it was undone.
    pub(super) fn change_step(&mut self, number: u32, step: u16) {
        let change = self.changes[number as usize].clone();
        let Some(gradual) = change.gradual.filter(|_| !self.stopped.contains(&number)) else { return };
        let share = f64::from(step) / f64::from(gradual.steps);
        for ordinal in 0..self.most_replicas() {
            for set in &change.sets {
                for target in self.targets(set, ordinal) {
                    match &set.users {
                        Some(users) => self.grow(number, target, users, (share, gradual.steps), &set.to),
                        None => self.approach(number, target, &set.to, share),
                    }
                }
            }
        }
    }

    /// A value goes a part of the way to the new one.
    fn approach(&mut self, number: u32, target: Target, to: &Setting, share: f64) {
        let is_ours = |undo: &&Undo| undo.change == number && undo.target == target && undo.to.is_same(to);
        let from = match self.undo.iter().find(is_ours) {
            Some(known) => known.before.clone(),
            None => {
                let before = self.current(target, to);
                self.undo.extend(before.clone().map(|before| Undo {
                    change: number,
                    target,
                    users: None,
                    to: to.clone(),
                    before: Some(before),
                }));
                before
            }
        };
        let Some(from) = from else { return };
        // What has nothing between jumps at the end.
        let value = to.on_the_way(&from, share).or((share >= 1.0).then(|| to.clone()));
        if let Some(value) = value {
            self.set(target, &value);
        }
    }

    /// More users get the new value.
    fn grow(&mut self, number: u32, target: Target, users: &Cohort, (share, steps): (f64, u16), to: &Setting) {
        let part = |share: f64| Arc::new(Cohort { share: users.share * share, ..users.clone() });
        let before = share - 1.0 / f64::from(steps);
        if before > 0.0 {
            self.swap(number, target, &Some(part(before)), to, None);
        }
        self.swap(number, target, &Some(part(share)), to, Some(to));
    }

    /// The value that a setting has now, without a change to it.
    fn current(&mut self, target: Target, kind: &Setting) -> Option<Setting> {
        if let (Target::Node(node), Setting::Replicas(_)) = (target, kind) {
            let replicas = self.fabric.replicas[node.at()].clone();
            let runs = replicas.into_iter().filter(|id| !self.fabric.replica(*id).process.retired).count();
            return Some(Setting::Replicas(runs as u16));
        }
        // Other settings that are gradual take effect with the next event: setting one and setting it back does nothing.
        let before = self.set(target, kind)?;
        self.set(target, &before);
        Some(before)
    }
}
