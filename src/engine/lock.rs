//! A lock service's table: who holds which key until when, by a clock that may be wrong. Two holders at once are
//! possible, as in life: leases end while their holders are still at work.

use std::collections::BTreeMap;

use bevy_ecs::component::Component;

use super::Simulation;
use super::data::{self, Part, Source, VersionId};
use super::flight::{Caller, ReplyTo};
use super::ids::{CallId, DatumId};
use super::slab::Key;
use crate::time::Stamp;
use crate::world::{LeaseJudge, Locks};

/// The locks of a lock service: its replicas agree on one table, which is with the first.
#[derive(Component, Clone, Debug)]
pub struct LockTable {
    pub policy: Locks,
    held: BTreeMap<(DatumId, u32), Lock>,
}

#[derive(Clone, Copy, Debug)]
struct Lock {
    /// The visit that holds it; None if that is unknown or it is free.
    holder: Option<Key>,
    /// When the lease ends; the past if it is free.
    until: Stamp,
    /// The call that took it: the section that it is held for.
    section: Option<CallId>,
    /// The debt for which the work of which section was done last.
    done: Option<(Key, CallId)>,
}

/// Nobody holds it.
const FREE: Lock = Lock { holder: None, until: Stamp(i64::MIN), section: None, done: None };

/// What a lock service is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockOp {
    Acquire(DatumId),
    Release(DatumId),
}

impl LockTable {
    pub fn new(policy: Locks) -> Self {
        LockTable { policy, held: BTreeMap::new() }
    }

    /// The process started anew: nothing is held.
    pub fn forget(&mut self) {
        self.held.clear();
    }
}

impl Simulation {
    /// A lock service takes or frees a lock.
    pub(super) fn lock_step(&mut self, key: Key, op: LockOp) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let (LockOp::Acquire(datum) | LockOp::Release(datum)) = op;
        let place = (datum, data::key_of(&self.plan, datum, visit.context.journey, visit.context.user));
        // A caller that has given up meanwhile leaves a lock that nobody will free.
        let call = match visit.reply_to {
            ReplyTo::Call(call, _) => self.calls.get(call),
            _ => None,
        };
        let section = call.map(|call| call.plan);
        let holder = match call.map(|call| call.caller) {
            Some(Caller::Visit(visit)) => Some(visit),
            _ => None,
        };
        let (instance, work) = (visit.instance, visit.context.debt);
        let Some(policy) = self.fabric.locks(instance).map(|table| table.policy) else { return };
        let judge = match (policy.judge, visit.link) {
            (LeaseJudge::Caller, Some(link)) => self.fabric.side(link).caller,
            _ => instance,
        };
        let now = self.fabric.replica(judge).clock.stamp(self.now);
        let Some(mut table) = self.fabric.locks(instance) else { return };
        let lock = table.held.entry(place).or_insert(FREE);
        match op {
            LockOp::Acquire(_) if lock.done.is_some() && lock.done == work.zip(section) => {
                let done = Part { datum, key: place.1, version: VersionId(0), source: Source::Done };
                // Checked worlds never collect more than fit.
                let _ = visit.parts.try_push(done);
            }
            LockOp::Acquire(_) if lock.until > now && (holder.is_none() || lock.holder != holder) => visit.status = 409,
            LockOp::Acquire(_) => {
                (lock.holder, lock.section) = (holder, section);
                lock.until = Stamp(now.0.saturating_add(policy.lease.0 as i64));
            }
            // Who has lost the lock frees nothing.
            LockOp::Release(_) if lock.holder == holder && holder.is_some() => {
                *lock = Lock { done: work.zip(lock.section), ..FREE };
            }
            LockOp::Release(_) => {}
        }
    }

    /// After a lock was asked for: whether its work was done before, by an earlier try of the same request.
    pub(super) fn is_done_already(&mut self, key: Key) -> bool {
        let Some(visit) = self.visits.get_mut(key) else { return false };
        let before = visit.parts.len();
        visit.parts.retain(|part| part.source != Source::Done);
        visit.parts.len() < before
    }
}
