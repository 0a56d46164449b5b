//! Settings of a replica's further behaviours, as changes swap them. Knows how each takes effect; must never know why it
//! was changed.

use super::Simulation;
use super::bad_key::BadKeyHere;
use super::data::{Part, Source};
use super::fabric::Home;
use super::ids::InstanceId;
use super::limit::Limiter;
use super::lock::LockTable;
use super::process::{Collector, Heap};
use super::timesync::TimeSync;
use super::token::{Issuer, Verifier};
use crate::time::SignedDuration;
use crate::world::{Setting, Slow};

impl Simulation {
    /// A replica that joins behaves as the first one does by now.
    pub(super) fn copy_behaviours(&mut self, like: InstanceId, instance: InstanceId) {
        if let Some(policy) = self.fabric.part::<Collector>(like).map(|collector| collector.policy) {
            self.set_pauses(instance, policy);
        }
        if let Some(policy) = self.fabric.part::<TimeSync>(like).map(|sync| sync.policy) {
            self.set_clock_sync(instance, policy);
        }
        if let Some(bad) = self.fabric.peek_part::<BadKeyHere>(like).map(BadKeyHere::declared) {
            self.set_bad_key(instance, bad);
        }
        let memory = self.fabric.part::<Heap>(like).map(|heap| heap.policy);
        if let (Some(memory), Some(mut heap)) = (memory, self.fabric.part::<Heap>(instance)) {
            heap.policy = memory;
        }
        let limits = self.fabric.part::<Limiter>(like).map(|limiter| limiter.declared());
        if let (Some(limits), Some(mut limiter)) = (limits, self.fabric.part::<Limiter>(instance)) {
            limiter.replace(&limits);
        }
        let lease = self.fabric.part::<LockTable>(like).map(|table| table.policy);
        if let (Some(lease), Some(mut table)) = (lease, self.fabric.part::<LockTable>(instance)) {
            table.policy = lease;
        }
        let Home { node, ordinal, .. } = self.fabric.home(instance);
        let first = usize::from(self.fabric.home(like).ordinal);
        let plan = self.plan.clone();
        for arrow in &plan.nodes[node.at()].out {
            let ends = &self.fabric.ends[arrow.at()];
            let (from, to) = (ends[first], ends[usize::from(ordinal)]);
            let known = self.fabric.link(from).balancer.targets.as_ref().map(|all| (all.discovery, all.ejection));
            if let Some((discovery, ejection)) = known {
                self.set_discovery(to, discovery);
                self.set_ejection(to, ejection);
            }
        }
    }

    /// Gives a replica a new setting of a behaviour. Answers what it was before; None if there is nothing to go back to.
    pub(super) fn set_behaviour(&mut self, instance: InstanceId, to: &Setting) -> Option<Setting> {
        let now = self.now;
        Some(match to {
            Setting::ClockStep(by) => {
                let clock = &mut self.fabric.replica(instance).clock;
                let (off, _) = clock.error(now);
                clock.step(now, SignedDuration(off.0.saturating_add(by.0)));
                Setting::ClockStep(SignedDuration(-by.0))
            }
            Setting::ClockSync(sync) => Setting::ClockSync(self.set_clock_sync(instance, *sync)),
            Setting::Pause(time) => {
                self.pause(instance, *time);
                return None;
            }
            Setting::MachinePause(time) => {
                self.pause(instance, *time);
                self.fabric.replica(instance).clock.stand_still(now, *time);
                return None;
            }
            Setting::TokenLifetime(time) => {
                let mut issuer = self.fabric.part::<Issuer>(instance)?;
                Setting::TokenLifetime(std::mem::replace(&mut issuer.0.valid_for, *time))
            }
            Setting::TokenLeeway(time) => {
                let mut verifier = self.fabric.part::<Verifier>(instance)?;
                Setting::TokenLeeway(std::mem::replace(&mut verifier.leeway, *time))
            }
            Setting::LockLease(time) => {
                let mut table = self.fabric.part::<LockTable>(instance)?;
                Setting::LockLease(std::mem::replace(&mut table.policy.lease, *time))
            }
            Setting::CacheCapacity(entries) => {
                let mut cache = self.fabric.cache(instance)?;
                Setting::CacheCapacity(std::mem::replace(&mut cache.capacity, *entries))
            }
            Setting::SingleFlight(wait) => {
                let mut cache = self.fabric.cache(instance)?;
                Setting::SingleFlight(std::mem::replace(&mut cache.single_flight, *wait))
            }
            Setting::PoisonCache(poison) => {
                let datum = self.plan.datum_id(&poison.datum);
                let key = (poison.key + 1) % self.plan.data[datum.at()].keys;
                let other = Part { datum, key, version: self.versions.current(datum, key), source: Source::Database };
                let stamp = self.fabric.replica(instance).clock.stamp(now);
                self.fabric.cache(instance)?.put(datum, poison.key, other, stamp);
                return None;
            }
            Setting::FlushKey(entry) => {
                let datum = self.plan.datum_id(&entry.datum);
                self.fabric.cache(instance)?.invalidate(datum, entry.key);
                return None;
            }
            Setting::BadKey(bad) => Setting::BadKey(self.set_bad_key(instance, bad.clone())),
            Setting::Slow(slow) => {
                let pace = &mut self.fabric.replica(instance).pace;
                let before = Slow { share: pace.slow_share, factor: pace.slow_factor };
                pace.slow_share = slow.map_or(0.0, |slow| slow.share);
                pace.slow_factor = slow.map_or(1.0, |slow| slow.factor);
                Setting::Slow(Some(before).filter(|slow| slow.share > 0.0))
            }
            Setting::Pauses(policy) => Setting::Pauses(self.set_pauses(instance, *policy)),
            Setting::MemoryLeak(bytes) => {
                let mut heap = self.fabric.part::<Heap>(instance)?;
                Setting::MemoryLeak(std::mem::replace(&mut heap.policy.leak, *bytes))
            }
            Setting::RateLimits(limits) => {
                let mut limiter = self.fabric.part::<Limiter>(instance)?;
                Setting::RateLimits(limiter.replace(limits))
            }
            _ => return None,
        })
    }
}
