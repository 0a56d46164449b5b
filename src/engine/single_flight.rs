//! Single flight at a cache: of all who miss a key at a time one fetches it, and the others wait for the entry (memcached
//! leases: Nishtala et al., *Scaling Memcache at Facebook*, NSDI 2013). Who waits holds no server.

use super::data::{Part, Source, merge};
use super::ids::{DatumId, InstanceId};
use super::slab::Key;
use super::{Event, Simulation};
use crate::time::Duration;

impl Simulation {
    /// A look-up found nothing: it waits for whoever fetches the key, if the cache is made so and somebody does.
    pub(super) fn missed(&mut self, key: Key, datum: DatumId, datum_key: u32) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let instance = visit.instance;
        let Some(mut cache) = self.fabric.cache(instance) else { return };
        let Some(wait) = cache.single_flight else { return };
        if let Some(fetch) = cache.begin_fetch(datum, datum_key, key) {
            return self.later(wait, Event::FetchOver(instance, datum, datum_key, fetch));
        }
        visit.pending += 1;
        if std::mem::replace(&mut visit.served, false) {
            self.free_server(instance);
        }
    }

    /// A key was stored: those who waited for it have it.
    pub(super) fn fetched(&mut self, instance: InstanceId, datum: DatumId, datum_key: u32) {
        let stamp = self.fabric.replica(instance).clock.stamp(self.now);
        let Some(mut cache) = self.fabric.cache(instance) else { return };
        let waiting = cache.end_fetch(datum, datum_key, None);
        if waiting.is_empty() {
            return;
        }
        let part = cache.get(datum, datum_key, stamp);
        self.go_on(waiting, part);
    }

    /// A visit that a cache fetches for itself ends: had it not stored the key, the next of those who wait for it fetches.
    pub(super) fn fetch_ended(&mut self, key: Key, datum: DatumId) {
        let Some(visit) = self.visits.get(key) else { return };
        let (instance, context) = (visit.instance, visit.context);
        let datum_key = self.recent.look_up(&self.plan, datum, context.journey, context.user);
        let Some(mut cache) = self.fabric.cache(instance) else { return };
        let wait = cache.single_flight.unwrap_or_default();
        if let Some((next, fetch)) = cache.hand_over(datum, datum_key, key) {
            self.later(wait, Event::FetchOver(instance, datum, datum_key, fetch));
            self.go_on(vec![next], None);
        }
    }

    /// The fetch took too long: those who waited fetch for themselves.
    pub(super) fn fetch_over(&mut self, instance: InstanceId, (datum, key): (DatumId, u32), fetch: u16) {
        let Some(mut cache) = self.fabric.cache(instance) else { return };
        let waiting = cache.end_fetch(datum, key, Some(fetch));
        self.go_on(waiting, None);
    }

    fn go_on(&mut self, waiting: Vec<Key>, part: Option<Part>) {
        for key in waiting {
            let Some(visit) = self.visits.get_mut(key) else { continue };
            if let Some(part) = part {
                merge(&mut visit.parts, Part { source: Source::Cache, ..part });
            }
            visit.pending -= 1;
            self.later(Duration::ZERO, Event::Resume(key));
        }
    }
}
