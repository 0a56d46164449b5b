//! Idempotency keys that a node keeps: what was done for a key is not done again. Knows keys and answers, not what the
//! requests are.

use std::collections::{BTreeMap, VecDeque};

use super::Simulation;
use super::data::Parts;
use super::ids::InstanceId;
use super::slab::Key;
use crate::random::Identity;
use crate::time::SimTime;
use crate::world::Idempotency;

/// The keys that a replica keeps.
#[derive(Clone, Debug, Default)]
pub struct KnownKeys {
    pub policy: Option<Idempotency>,
    /// Requests that this replica answered from memory since its process started.
    pub replays: u64,
    known: BTreeMap<u64, Known>,
    /// When each key is forgotten, in order.
    ends: VecDeque<(SimTime, u64)>,
}

#[derive(Clone, Debug)]
enum Known {
    Busy,
    Done(Parts),
}

/// What a claim of a key found.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// Nobody had it.
    New,
    /// The first request with it is being worked on.
    Busy,
    /// It was answered like this.
    Done(Parts),
}

impl KnownKeys {
    pub fn new(policy: Option<Idempotency>) -> Self {
        KnownKeys { policy, ..Self::default() }
    }

    fn claim(&mut self, key: Identity, now: SimTime) -> Claim {
        let Some(policy) = self.policy else { return Claim::New };
        while let Some((_, old)) = self.ends.front().copied().filter(|(end, _)| *end <= now) {
            self.ends.pop_front();
            self.known.remove(&old);
        }
        match self.known.get(&key.0) {
            Some(Known::Busy) => Claim::Busy,
            Some(Known::Done(parts)) => Claim::Done(parts.clone()),
            None => {
                self.known.insert(key.0, Known::Busy);
                self.ends.push_back((now + policy.keep, key.0));
                Claim::New
            }
        }
    }

    /// The request that claimed a key was answered; a failure leaves the key free.
    fn settle(&mut self, key: Identity, answer: Option<Parts>) {
        match (self.known.get_mut(&key.0), answer) {
            (Some(known), Some(parts)) => *known = Known::Done(parts),
            (Some(_), None) => {
                self.known.remove(&key.0);
            }
            (None, _) => {}
        }
    }

    /// The process ends; what was in its memory is gone.
    pub fn forget(&mut self) {
        self.replays = 0;
        if self.policy.is_none_or(|policy| !policy.shared) {
            self.known.clear();
            self.ends.clear();
        }
    }
}

impl Simulation {
    /// A visit with a key begins: whether it is new to the node.
    pub(super) fn claim_key(&mut self, key: Key) -> Claim {
        let Some(visit) = self.visits.get(key) else { return Claim::New };
        let (Some(known), now) = (visit.key, self.now) else { return Claim::New };
        let keeper = self.keeper(visit.instance);
        let keys = &mut self.fabric.node(keeper).keys;
        if keys.policy.is_none() {
            return Claim::New;
        }
        let claim = keys.claim(known, now);
        if let Some(visit) = self.visits.get_mut(key) {
            visit.claimed = claim == Claim::New;
        }
        claim
    }

    /// A visit that claimed its key is done.
    pub(super) fn settle_key(&mut self, key: Key) {
        let Some(visit) = self.visits.get(key) else { return };
        let (Some(known), instance) = (visit.key, visit.instance) else { return };
        let answer = (visit.status < 400).then(|| visit.parts.clone());
        let keeper = self.keeper(instance);
        self.fabric.node(keeper).keys.settle(known, answer);
    }

    /// The replica in whose component the keys are: the first one, if all share a store.
    fn keeper(&mut self, instance: InstanceId) -> InstanceId {
        let shared = self.fabric.node(instance).keys.policy.is_some_and(|policy| policy.shared);
        let node = self.fabric.home(instance).node;
        if shared { self.fabric.replicas[node.at()][0] } else { instance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    #[test]
    fn a_key_is_claimed_once_until_it_is_forgotten_or_its_request_failed() {
        let policy = Idempotency { keep: Duration::from_secs(60), shared: true };
        let (mut keys, at) = (KnownKeys::new(Some(policy)), SimTime::from_secs);
        let key = Identity(7);
        assert_eq!((keys.claim(key, at(0)), keys.claim(key, at(1))), (Claim::New, Claim::Busy));
        keys.settle(key, None);
        assert_eq!(keys.claim(key, at(2)), Claim::New);
        keys.settle(key, Some(Parts::new()));
        assert_eq!(keys.claim(key, at(3)), Claim::Done(Parts::new()));
        keys.forget();
        assert_eq!(keys.claim(key, at(4)), Claim::Done(Parts::new()), "a shared store outlives a process");
        assert_eq!(keys.claim(key, at(70)), Claim::New);
    }
}
