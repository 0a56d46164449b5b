//! A database under stress: rows that one write at a time may have, and a primary that is lost, with what its replicas
//! had not yet copied.

use std::collections::{BTreeMap, VecDeque};

use bevy_ecs::component::Component;

use super::ids::{DatumId, InstanceId, NodeId};
use super::plan::{DataOp, StepPlan};
use super::slab::Key;
use super::{Event, Simulation, data};
use crate::time::{Duration, SimTime};
use crate::world::Severity;

/// Rows that are being written, with who writes and who waits, in order.
#[derive(Component, Clone, Debug, Default)]
pub struct RowLocks {
    rows: BTreeMap<(DatumId, u32), VecDeque<Key>>,
}

impl RowLocks {
    /// The line of each row that is written: first who writes, then who waits.
    pub fn lines(&self) -> impl Iterator<Item = &VecDeque<Key>> {
        self.rows.values()
    }
}

/// How far a database replica is behind its primary.
#[derive(Component, Clone, Copy, Debug)]
pub struct Replication {
    pub lag: Duration,
}

/// A primary that was lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failover {
    primary: NodeId,
    lost_at: SimTime,
}

impl Simulation {
    /// A write takes its row, or waits for those before it, on its server and connection.
    pub(super) fn take_row(&mut self, key: Key, datum: DatumId) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let row = (datum, data::key_of(&self.plan, datum, visit.context.journey, visit.context.user));
        let Some(mut locks) = self.fabric.part::<RowLocks>(visit.instance) else { return };
        let line = locks.rows.entry(row).or_default();
        line.push_back(key);
        visit.holds_row = true;
        if line.len() > 1 {
            visit.pending += 1;
        }
    }

    /// A write is done: the next one has the row.
    pub(super) fn leave_row(&mut self, key: Key) {
        let Some(visit) = self.visits.get(key) else { return };
        let Some(datum) = self.plan.routes[visit.route.at()].row else { return };
        let row = (datum, data::key_of(&self.plan, datum, visit.context.journey, visit.context.user));
        let Some(mut locks) = self.fabric.part::<RowLocks>(visit.instance) else { return };
        let Some(line) = locks.rows.get_mut(&row) else { return };
        line.pop_front();
        match line.front().copied() {
            None => {
                locks.rows.remove(&row);
            }
            Some(next) => {
                if let Some(visit) = self.visits.get_mut(next) {
                    visit.pending -= 1;
                    self.later(Duration::ZERO, Event::Resume(next));
                }
            }
        }
    }

    /// The primary is lost: nobody takes its place for `time`.
    pub(super) fn fail_over(&mut self, primary: NodeId, time: Duration) {
        for instance in self.fabric.replicas[primary.at()].clone() {
            self.restart_for(instance, time);
            self.fabric.replica(instance).process.lost = true;
        }
        let number = self.failovers.len() as u16;
        self.failovers.push(Failover { primary, lost_at: self.now });
        self.later(time, Event::Promote(number));
    }

    /// A replica of a lost primary takes its place: what it had not copied is gone.
    pub(super) fn promote(&mut self, number: u16) {
        let Some(Failover { primary, lost_at }) = self.failovers.get(usize::from(number)).copied() else { return };
        let plan = self.plan.clone();
        let name = &plan.nodes[primary.at()].name;
        let follows = |at: &usize| {
            let database = plan.node_spec(NodeId(*at as u16)).database.as_ref();
            database.is_some_and(|database| database.follows.as_ref() == Some(name))
        };
        let followers: Vec<InstanceId> =
            (0..plan.nodes.len()).filter(follows).flat_map(|at| self.fabric.replicas[at].clone()).collect();
        let behind = |instance| Some(self.fabric.peek_part::<Replication>(instance)?.lag);
        // Of those that run the one that is least behind is promoted; if there is none, the primary comes back with its disk.
        let up = followers.into_iter().filter(|instance| self.fabric.is_up(*instance, self.now));
        if let Some(lag) = up.filter_map(behind).min() {
            let written = plan.nodes[primary.at()].routes.iter().flat_map(|route| &plan.routes[route.at()].steps);
            let written: Vec<DatumId> = written
                .filter_map(|step| if let StepPlan::Data(DataOp::Write(d)) = step { Some(*d) } else { None })
                .collect();
            let copied = SimTime(lost_at.0.saturating_sub(lag.0));
            self.versions.forget_since(&written, copied, self.now);
            if let Some(mut register) = self.fabric.register(self.fabric.first(primary)) {
                register.forget_since(&written, copied);
            }
        }
        for instance in self.fabric.replicas[primary.at()].clone() {
            self.fabric.replica(instance).process.lost = false;
            self.say(instance, Severity::Info, "received promote request, archive recovery complete", &[]);
        }
    }
}
