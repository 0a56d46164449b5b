//! Rate limits: token buckets and fixed windows, by the replica's own clock. A clock that jumps forwards gives a new
//! allowance; one that jumps back starts its windows anew and stops its buckets.

use std::collections::BTreeMap;

use bevy_ecs::component::Component;

use super::Simulation;
use super::slab::Key;
use crate::time::Stamp;
use crate::world::{Allow, Per, RateLimit};

/// The limits of one replica.
#[derive(Component, Clone, Debug)]
pub struct Limiter {
    limits: Vec<Limit>,
}

#[derive(Clone, Debug)]
struct Limit {
    per: Per,
    allow: Allow,
    used: BTreeMap<u32, Usage>,
}

/// What somebody has used: tokens left and when they were counted, or requests and their window.
#[derive(Clone, Copy, Debug)]
struct Usage {
    amount: f64,
    at: i64,
}

impl Limiter {
    pub fn new(declared: &[RateLimit]) -> Self {
        let limit = |limit: &RateLimit| Limit { per: limit.per, allow: limit.allow, used: BTreeMap::new() };
        Limiter { limits: declared.iter().map(limit).collect() }
    }

    /// The limits, without what was used of them.
    pub fn declared(&self) -> Vec<RateLimit> {
        self.limits.iter().map(|limit| RateLimit { per: limit.per, allow: limit.allow }).collect()
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.limits.iter().map(|limit| limit.used.len() * size_of::<(u32, Usage)>()).sum()
    }

    /// New limits; what was used is forgotten. Answers what they were.
    pub fn replace(&mut self, declared: &[RateLimit]) -> Vec<RateLimit> {
        let before = self.declared();
        *self = Limiter::new(declared);
        before
    }
}

impl Limit {
    fn allows(&mut self, who: u32, now: Stamp) -> bool {
        match self.allow {
            Allow::Bucket { per_second, burst } => {
                let full = Usage { amount: f64::from(burst), at: now.0 };
                let usage = self.used.entry(who).or_insert(full);
                let passed = (now.0 - usage.at).max(0) as f64 / 1e9;
                *usage = Usage { amount: (usage.amount + passed * per_second).min(f64::from(burst)), at: now.0 };
                let allowed = usage.amount >= 1.0;
                usage.amount -= f64::from(u8::from(allowed));
                allowed
            }
            Allow::Window { requests, every } => {
                let window = now.0.div_euclid(every.0.max(1) as i64);
                let usage = self.used.entry(who).or_insert(Usage { amount: 0.0, at: window });
                if usage.at != window {
                    *usage = Usage { amount: 0.0, at: window };
                }
                usage.amount += 1.0;
                usage.amount <= f64::from(requests)
            }
        }
    }
}

impl Simulation {
    /// A request above a limit is answered with 429.
    pub(super) fn limit_rate(&mut self, key: Key) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let now = self.fabric.replica(visit.instance).clock.stamp(self.now);
        let Some(mut limiter) = self.fabric.part::<Limiter>(visit.instance) else { return };
        let (user, route) = (visit.context.user, visit.route.0);
        let who = |per| match per {
            Per::Replica => 0,
            Per::Route => route,
            Per::User => user,
        };
        if !limiter.limits.iter_mut().all(|limit| limit.allows(who(limit.per), now)) {
            visit.status = 429;
        }
    }
}
