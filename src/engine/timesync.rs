//! Synchronisation of clocks with a time server (NTP, RFC 5905): each poll measures how far the replica's clock is off,
//! not quite rightly, and steps or slews it. Between two polls the clock drifts.

use bevy_ecs::component::Component;

use super::emit::Value;
use super::ids::InstanceId;
use super::{Event, Simulation};
use crate::random::Identity;
use crate::time::SignedDuration;
use crate::world::{Ntp, Severity};

/// The synchronisation of one replica's clock.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct TimeSync {
    pub policy: Option<Ntp>,
    /// The next poll is in the agenda.
    polling: bool,
    /// Polls so far.
    polls: u32,
    /// What the last poll measured, in seconds; the exporter shows it.
    pub measured_secs: f64,
}

impl TimeSync {
    /// Whether the next poll is in the agenda.
    pub fn is_polling(&self) -> bool {
        self.polling
    }
}

impl Simulation {
    /// Synchronisation begins, ends or goes on otherwise. Answers what it was.
    pub(super) fn set_clock_sync(&mut self, instance: InstanceId, policy: Option<Ntp>) -> Option<Ntp> {
        let mut sync = self.fabric.part_or_default::<TimeSync>(instance);
        let before = std::mem::replace(&mut sync.policy, policy);
        let starts = !sync.polling;
        if let Some(policy) = policy.filter(|_| starts) {
            sync.polling = true;
            // Daemons that were started together do not poll together.
            let home = self.fabric.home(instance);
            let stream = self.plan.nodes[home.node.at()].streams.clock;
            let first = policy.every.mul_f64(stream.unit(Identity(u64::from(home.ordinal)), 1));
            self.later(first, Event::Sync(instance));
        }
        before
    }

    /// The daemon polls its server and corrects the clock.
    pub(super) fn sync_clock(&mut self, instance: InstanceId) {
        let Some(mut sync) = self.fabric.part::<TimeSync>(instance) else { return };
        let Some(policy) = sync.policy else {
            sync.polling = false;
            return;
        };
        sync.polls += 1;
        let polls = sync.polls;
        self.later(policy.every, Event::Sync(instance));
        let home = self.fabric.home(instance);
        let stream = self.plan.nodes[home.node.at()].streams.clock;
        let luck = stream.unit(Identity(u64::from(home.ordinal) << 32 | u64::from(polls)), 0);
        let wrong = (policy.error.0 as f64 * (2.0 * luck - 1.0)) as i64;
        let node = self.fabric.node(instance);
        if !node.replica.is_up(self.now) || node.pace.stopped_until > self.now {
            return;
        }
        let clock = &mut node.clock;
        let (off, _) = clock.error(self.now);
        let measured = off.0.saturating_sub(policy.off_by.0).saturating_add(wrong);
        let steps = policy.step_above.is_some_and(|limit| measured.unsigned_abs() > limit.0);
        if steps {
            clock.step(self.now, SignedDuration(off.0.saturating_sub(measured)));
        } else {
            clock.slew(self.now, SignedDuration(-measured), policy.slew_ppm);
        }
        let seconds = measured as f64 / 1e9;
        if let Some(mut sync) = self.fabric.part::<TimeSync>(instance) {
            sync.measured_secs = seconds;
        }
        if steps {
            let correction = Value::Float(-seconds);
            self.say(instance, Severity::Info, "time reset {} s", &[("app.clock.correction", correction)]);
        }
    }
}
