//! What a caller knows of the replicas of a callee: which there are, as of its last look-up, and which it avoids. Without
//! any of this a caller sees at once who takes traffic.

use super::ids::{InstanceId, LinkId};
use super::rhythm::Rhythm;
use super::{Event, Simulation};
use crate::time::{Duration, SimTime};
use crate::world::Ejection;

/// The replicas of the callee as one caller sees them, by ordinal.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    pub ejection: Option<Ejection>,
    /// How long a look-up is believed.
    pub discovery: Option<Duration>,
    /// As the last look-up had it.
    known: Vec<bool>,
    look_up_at: SimTime,
    seen: Vec<Health>,
    /// The next round of probes.
    pub rhythm: Rhythm,
}

/// How a replica seems.
#[derive(Clone, Copy, Debug, Default)]
struct Health {
    failures: u32,
    avoided_until: SimTime,
}

impl Targets {
    /// A process that starts anew looks up anew.
    pub fn forget(&mut self) {
        self.look_up_at = SimTime::ZERO;
    }

    /// How many replicas the last look-up found. None if the caller sees at once who takes traffic.
    pub fn known_replicas(&self) -> Option<usize> {
        self.discovery.map(|_| self.known.iter().filter(|known| **known).count())
    }

    /// Whether requests may be sent there, as far as the caller knows.
    pub fn admits(&self, ordinal: usize, now: SimTime) -> bool {
        self.is_known(ordinal) && self.seen.get(ordinal).is_none_or(|health| health.avoided_until <= now)
    }

    /// Whether the last look-up is still believed.
    pub fn is_fresh(&self, now: SimTime) -> bool {
        self.discovery.is_some() && self.look_up_at > now
    }

    /// Whether the last look-up had it.
    pub fn is_known(&self, ordinal: usize) -> bool {
        self.discovery.is_none() || self.known.get(ordinal).copied().unwrap_or(false)
    }

    fn health(&mut self, ordinal: usize) -> &mut Health {
        if self.seen.len() <= ordinal {
            self.seen.resize(ordinal + 1, Health::default());
        }
        &mut self.seen[ordinal]
    }

    /// An attempt ended.
    pub fn record(&mut self, ordinal: usize, ok: bool, now: SimTime) {
        let Some(Ejection::Outlier { failures, avoid_for }) = self.ejection else { return };
        let health = self.health(ordinal);
        health.failures = if ok { 0 } else { health.failures + 1 };
        if health.failures >= failures {
            *health = Health { failures: 0, avoided_until: now + avoid_for };
        }
    }
}

impl Simulation {
    /// Ejection begins, ends or goes by other rules; all are well at first. Answers what it was.
    pub(super) fn set_ejection(&mut self, id: LinkId, policy: Option<Ejection>) -> Option<Ejection> {
        self.watched = true;
        let link = self.fabric.link(id);
        let targets = link.balancer.targets.get_or_insert_default();
        targets.seen.clear();
        let before = std::mem::replace(&mut targets.ejection, policy);
        if let Some(Ejection::Probe { every, .. }) = policy {
            self.plan_probes(id, every);
        }
        before
    }

    fn plan_probes(&mut self, id: LinkId, every: Duration) {
        let at = self.now + every;
        let targets = self.fabric.link(id).balancer.targets.as_mut();
        if let Some(turn) = targets.and_then(|targets| targets.rhythm.plan(at)) {
            self.later(every, Event::ProbeTargets(id, turn));
        }
    }

    /// What the arrows of a new replica begin with.
    pub(super) fn start_ejection(&mut self, instance: InstanceId) {
        let super::fabric::Home { node, ordinal, .. } = self.fabric.home(instance);
        let plan = self.plan.clone();
        for arrow in &plan.nodes[node.at()].out {
            let id = self.fabric.ends[arrow.at()][usize::from(ordinal)];
            let start = &plan.arrows[arrow.at()].start;
            if start.discovery.is_some() {
                self.set_discovery(id, start.discovery);
            }
            if start.eject.is_some() {
                self.set_ejection(id, start.eject);
            }
        }
    }

    /// Look-ups are believed for another time from now on. Answers what it was.
    pub(super) fn set_discovery(&mut self, id: LinkId, ttl: Option<Duration>) -> Option<Duration> {
        self.watched = true;
        let link = self.fabric.link(id);
        let targets = link.balancer.targets.get_or_insert_default();
        targets.look_up_at = SimTime::ZERO;
        std::mem::replace(&mut targets.discovery, ttl)
    }

    /// A caller looks at the health pages of its callee's replicas.
    pub(super) fn probe_targets(&mut self, id: LinkId, turn: u32) {
        let targets = self.fabric.link(id).balancer.targets.as_mut();
        if !targets.is_some_and(|targets| targets.rhythm.comes(turn)) {
            return;
        }
        let callee = self.plan.arrows[self.fabric.side(id).arrow.at()].to;
        let well: Vec<bool> = self.fabric.replicas[callee.at()]
            .clone()
            .into_iter()
            .map(|instance| {
                let says_so = self.fabric.replica(instance).health.declared.always_ok;
                let is_well = self.fabric.is_up(instance, self.now) && self.stopped_for(instance).is_none();
                (says_so || is_well) && !self.is_cut(id, instance)
            })
            .collect();
        let link = self.fabric.link(id);
        let Some(targets) = link.balancer.targets.as_mut() else { return };
        let Some(Ejection::Probe { every, failures }) = targets.ejection else { return };
        for (ordinal, ok) in well.into_iter().enumerate() {
            let health = targets.health(ordinal);
            health.failures = if ok { 0 } else { health.failures.saturating_add(1) };
            health.avoided_until = if health.failures >= failures { SimTime(u64::MAX) } else { SimTime::ZERO };
        }
        self.plan_probes(id, every);
    }

    /// Looks up which replicas there are, if the last look-up is not believed any more.
    fn look_up(&mut self, id: LinkId) {
        let now = self.now;
        let callee = self.plan.arrows[self.fabric.side(id).arrow.at()].to;
        let due = |targets: &Targets| targets.discovery.is_some() && targets.look_up_at <= now;
        if !self.fabric.link(id).balancer.targets.as_deref().is_some_and(due) {
            return;
        }
        let replicas = self.fabric.replicas[callee.at()].clone();
        let known = replicas.into_iter().map(|instance| self.fabric.is_found(instance, now)).collect();
        if let Some(targets) = self.fabric.link(id).balancer.targets.as_mut() {
            targets.known = known;
            targets.look_up_at = now + targets.discovery.unwrap_or_default();
        }
    }

    /// The replica that the caller would send to, beginning with `first`, as far as it knows. If all that it knows are to
    /// be avoided, none is. None if it knows of nobody, or if who was chosen does not answer.
    pub(super) fn choose_target(&mut self, id: LinkId, first: usize, least: bool) -> Option<InstanceId> {
        self.look_up(id);
        let now = self.now;
        let callee = self.plan.arrows[self.fabric.side(id).arrow.at()].to;
        let count = self.fabric.replicas[callee.at()].len();
        let always_knows = self.fabric.link(id).balancer.targets.as_ref()?.discovery.is_none();
        let in_turn = (0..count).map(|offset| (first + offset) % count);
        // Who always knows who takes traffic sends to nobody that a look-up would not find, but to who has died: that is
        // what it is to find out.
        let sends = |at: &usize| {
            let instance = self.fabric.replicas[callee.at()][*at];
            !always_knows || self.fabric.is_found(instance, now) || self.fabric.is_dead(instance)
        };
        let in_turn: Vec<usize> = in_turn.filter(sends).collect();
        let link = self.fabric.link(id);
        let targets = link.balancer.targets.as_mut()?;
        let mut admitted: Vec<usize> = in_turn.iter().copied().filter(|at| targets.admits(*at, now)).collect();
        if admitted.is_empty() {
            admitted = in_turn.into_iter().filter(|at| targets.is_known(*at)).collect();
        }
        let in_flight = &link.balancer.in_flight;
        let chosen = match least {
            true => admitted.into_iter().min_by_key(|at| in_flight.to(*at)),
            false => admitted.first().copied(),
        }?;
        link.balancer.turn = ((chosen + 1) % count) as u32;
        let instance = self.fabric.replicas[callee.at()][chosen];
        let up = self.fabric.is_up(instance, now);
        if !up && let Some(targets) = self.fabric.link(id).balancer.targets.as_mut() {
            targets.record(chosen, false, now);
        }
        up.then_some(instance)
    }
}
