//! Synchronisation of clocks with a time server (NTP, RFC 5905): each poll measures how far the replica's clock is off,
//! not quite rightly, and steps or slews it. Between two polls the clock drifts.

use bevy_ecs::component::Component;

use super::emit::Value;
use super::ids::InstanceId;
use super::rhythm::Rhythm;
use super::{Event, Simulation};
use crate::random::Identity;
use crate::time::{Duration, SignedDuration};
use crate::world::{Ntp, Severity};

/// The synchronisation of one replica's clock.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct TimeSync {
    pub policy: Option<Ntp>,
    /// The next poll.
    pub rhythm: Rhythm,
    /// Polls so far.
    polls: u32,
    /// What the last poll measured, in seconds; the exporter shows it.
    pub measured_secs: f64,
}

impl Simulation {
    /// Synchronisation begins, ends or goes on otherwise. Answers what it was.
    pub(super) fn set_clock_sync(&mut self, instance: InstanceId, policy: Option<Ntp>) -> Option<Ntp> {
        let mut sync = self.fabric.part_or_default::<TimeSync>(instance);
        let before = std::mem::replace(&mut sync.policy, policy);
        let polls = sync.rhythm.planned().is_some();
        if let Some(policy) = policy {
            // Daemons that were started together do not poll together.
            let home = self.fabric.home(instance);
            let stream = self.plan.nodes[home.node.at()].streams.clock;
            let share = if polls { 1.0 } else { stream.unit(Identity(u64::from(home.ordinal)), 1) };
            self.plan_poll(instance, policy.every.mul_f64(share));
        }
        before
    }

    fn plan_poll(&mut self, instance: InstanceId, wait: Duration) {
        let at = self.now + wait;
        let planned = self.fabric.part::<TimeSync>(instance).and_then(|mut sync| sync.rhythm.plan(at));
        if let Some(turn) = planned {
            self.later(wait, Event::Sync(instance, turn));
        }
    }

    /// The daemon polls its server and corrects the clock.
    pub(super) fn sync_clock(&mut self, instance: InstanceId, turn: u32) {
        let Some(mut sync) = self.fabric.part::<TimeSync>(instance) else { return };
        let is_next = sync.rhythm.comes(turn);
        let Some(policy) = sync.policy.filter(|_| is_next) else { return };
        sync.polls += 1;
        let polls = sync.polls;
        self.plan_poll(instance, policy.every);
        let home = self.fabric.home(instance);
        let stream = self.plan.nodes[home.node.at()].streams.clock;
        let luck = stream.unit(Identity(u64::from(home.ordinal) << 32 | u64::from(polls)), 0);
        let wrong = (policy.error.0 as f64 * (2.0 * luck - 1.0)) as i64;
        let replica = self.fabric.replica(instance);
        if !replica.process.is_up(self.now) || replica.pace.stopped_until > self.now {
            return;
        }
        let clock = &mut replica.clock;
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
