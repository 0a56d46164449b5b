//! Idempotency keys that a node keeps: what was done for a key is not done again. Knows keys and answers, not what the
//! requests are.

use std::collections::{BTreeMap, VecDeque};

use super::Simulation;
use super::data::Parts;
use super::ids::InstanceId;
use super::slab::Key;
use crate::random::Identity;
use crate::time::Stamp;
use crate::world::Idempotency;

/// The keys that a replica keeps.
#[derive(Clone, Debug, Default)]
pub struct KnownKeys {
    pub policy: Option<Idempotency>,
    /// Requests that this replica answered from memory since its process started.
    pub replays: u64,
    /// Of each key when it is forgotten, by the clock of the replica that keeps it.
    known: BTreeMap<u64, (Stamp, Known)>,
    /// The ends of all claims, in the order of claims. That of a claim that failed is there too.
    ends: VecDeque<(Stamp, u64)>,
}

#[derive(Clone, Debug)]
enum Known {
    Busy,
    Done(Answer),
}

/// How a request was answered: what was in it, and whether its body said no.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub parts: Parts,
    pub refused: bool,
}

/// What a claim of a key found.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// Nobody had it.
    New,
    /// The first request with it is being worked on.
    Busy,
    /// It was answered like this.
    Done(Answer),
}

impl KnownKeys {
    pub fn new(policy: Option<Idempotency>) -> Self {
        KnownKeys { policy, ..Self::default() }
    }

    fn claim(&mut self, key: Identity, now: Stamp) -> Claim {
        let Some(policy) = self.policy else { return Claim::New };
        while let Some((_, old)) = self.ends.front().copied().filter(|(end, _)| *end <= now) {
            self.ends.pop_front();
            if self.known.get(&old).is_some_and(|(end, _)| *end <= now) {
                self.known.remove(&old);
            }
        }
        match self.known.get(&key.0).filter(|(end, _)| *end > now) {
            Some((_, Known::Busy)) => Claim::Busy,
            Some((_, Known::Done(answer))) => Claim::Done(answer.clone()),
            None => {
                let end = Stamp(now.0.saturating_add_unsigned(policy.keep.0));
                self.known.insert(key.0, (end, Known::Busy));
                self.ends.push_back((end, key.0));
                Claim::New
            }
        }
    }

    /// The request that claimed a key was answered; a failure leaves the key free.
    fn settle(&mut self, key: Identity, answer: Option<Answer>) {
        match (self.known.get_mut(&key.0), answer) {
            (Some((_, known)), Some(answer)) => *known = Known::Done(answer),
            (Some(_), None) => {
                self.known.remove(&key.0);
            }
            (None, _) => {}
        }
    }

    /// Bytes that they take, about.
    pub fn bytes(&self) -> usize {
        self.known.len() * size_of::<(u64, (Stamp, Known))>() + self.ends.len() * size_of::<(Stamp, u64)>()
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
        let Some(known) = visit.key else { return Claim::New };
        let keeper = self.keeper(visit.instance);
        let replica = self.fabric.replica(keeper);
        if replica.keys.policy.is_none() {
            return Claim::New;
        }
        let now = replica.clock.stamp(self.now);
        let claim = self.fabric.replica(keeper).keys.claim(known, now);
        if let Some(visit) = self.visits.get_mut(key) {
            visit.claimed = claim == Claim::New;
        }
        claim
    }

    /// A visit that claimed its key is done.
    pub(super) fn settle_key(&mut self, key: Key) {
        let Some(visit) = self.visits.get(key) else { return };
        let (Some(known), instance) = (visit.key, visit.instance) else { return };
        let answer = (visit.status < 400).then(|| Answer { parts: visit.parts.clone(), refused: visit.refused });
        let keeper = self.keeper(instance);
        self.fabric.replica(keeper).keys.settle(known, answer);
    }

    /// The replica in whose component the keys are: the first one, if all share a store.
    fn keeper(&mut self, instance: InstanceId) -> InstanceId {
        let shared = self.fabric.replica(instance).keys.policy.is_some_and(|policy| policy.shared);
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
        let (mut keys, at) = (KnownKeys::new(Some(policy)), |seconds: i64| Stamp(seconds * 1_000_000_000));
        let key = Identity(7);
        let refused = Answer { refused: true, ..Answer::default() };
        assert_eq!((keys.claim(key, at(0)), keys.claim(key, at(1))), (Claim::New, Claim::Busy));
        keys.settle(key, None);
        assert_eq!(keys.claim(key, at(50)), Claim::New);
        keys.settle(key, Some(refused.clone()));
        assert_eq!(keys.claim(key, at(51)), Claim::Done(refused.clone()));
        keys.forget();
        assert_eq!(keys.claim(key, at(52)), Claim::Done(refused.clone()), "a shared store outlives a process");
        assert_eq!(
            keys.claim(key, at(70)),
            Claim::Done(refused),
            "the claim that failed ended at 60, this one does not"
        );
        assert_eq!(keys.claim(key, at(110)), Claim::New);
    }
}
