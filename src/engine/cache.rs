//! A cache's store: versioned values with a time to live, least recently used out first. Knows what it holds, and how old
//! that is by the replica's own clock; cannot know whether it is still true.

use std::collections::{BTreeMap, BTreeSet};

use bevy_ecs::component::Component;

use super::by_key::{ByKey, packed};
use super::data::Part;
use super::ids::DatumId;
use super::slab::Key;
use crate::time::{Duration, Stamp};
use crate::world::{self, Eviction};

/// The entries of one cache replica.
#[derive(Component, Clone, Debug)]
pub struct CacheStore {
    pub capacity: u32,
    pub ttl: Option<Duration>,
    pub eviction: Eviction,
    pub single_flight: Option<Duration>,
    pub lost_invalidations: f64,
    pub hits: u64,
    pub misses: u64,
    pub evictions: u64,
    /// Sum of the ages, in seconds, of the entries served: their mean is hits' average age.
    pub served_age_secs: f64,
    index: ByKey<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    /// Under [`Eviction::Lfu`]: (uses, the tick of the last use, slot), least valuable first.
    uses: BTreeSet<(u32, u64, u32)>,
    tick: u64,
    /// Keys that are being fetched, where misses wait for that.
    fetching: BTreeMap<u64, Fetch>,
    /// Fetches so far.
    fetches: u16,
}

/// A key that a caller fetches.
#[derive(Clone, Debug)]
struct Fetch {
    number: u16,
    /// The visit that missed the key first.
    visit: Key,
    /// Visits that wait for it.
    waiting: Vec<Key>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    part: Part,
    key: u64,
    stored: Stamp,
    newer: u32,
    older: u32,
    uses: u32,
    used: u64,
}

const NONE: u32 = u32::MAX;

impl CacheStore {
    pub fn new(declared: &world::Cache) -> Self {
        CacheStore {
            capacity: declared.capacity,
            ttl: declared.ttl,
            eviction: declared.eviction,
            single_flight: declared.single_flight,
            lost_invalidations: declared.lost_invalidations,
            hits: 0,
            misses: 0,
            evictions: 0,
            served_age_secs: 0.0,
            index: ByKey::default(),
            entries: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            uses: BTreeSet::new(),
            tick: 0,
            fetching: BTreeMap::new(),
            fetches: 0,
        }
    }

    /// Bytes that its entries take, about: an entry is in the index too.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * (size_of::<Entry>() + size_of::<(u64, u32)>())
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// The value under a key, if it is held and not too old by the cache's own reckoning.
    pub fn get(&mut self, datum: DatumId, key: u32, now: Stamp) -> Option<Part> {
        let Some(slot) = self.index.get(&packed(datum, key)).copied() else {
            self.misses += 1;
            return None;
        };
        // A clock that went back makes young entries of old ones.
        let age = Duration((now.0 - self.entries[slot as usize].stored.0).max(0) as u64);
        if self.ttl.is_some_and(|ttl| age > ttl) {
            self.take(slot);
            self.misses += 1;
            return None;
        }
        self.unlink(slot);
        self.link_newest(slot);
        self.use_again(slot);
        self.hits += 1;
        self.served_age_secs += age.as_secs_f64();
        Some(self.entries[slot as usize].part)
    }

    /// Stores a value under a key.
    pub fn put(&mut self, datum: DatumId, key: u32, part: Part, now: Stamp) {
        let packed = packed(datum, key);
        let known = self.index.get(&packed).copied();
        // A new value is not a new key: how often that was asked for is still known.
        let uses = known.map_or(0, |slot| self.entries[slot as usize].uses);
        if let Some(slot) = known {
            self.take(slot);
        }
        while self.index.len() >= self.capacity as usize && self.oldest != NONE {
            let leaves = self.uses.first().map_or(self.oldest, |(_, _, slot)| *slot);
            self.take(leaves);
            self.evictions += 1;
        }
        let entry = Entry { part, key: packed, stored: now, newer: NONE, older: NONE, uses, used: 0 };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.entries[slot as usize] = entry;
                slot
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        };
        self.index.insert(packed, slot);
        self.link_newest(slot);
        self.use_again(slot);
    }

    /// Drops a key.
    pub fn invalidate(&mut self, datum: DatumId, key: u32) {
        if let Some(slot) = self.index.get(&packed(datum, key)).copied() {
            self.take(slot);
        }
    }

    /// Drops everything.
    pub fn flush(&mut self) {
        self.index.clear();
        self.entries.clear();
        self.free.clear();
        self.uses.clear();
        (self.newest, self.oldest) = (NONE, NONE);
    }

    /// The process started anew: nothing is held and all counts begin at zero.
    pub fn forget(&mut self) {
        self.flush();
        (self.hits, self.misses, self.evictions, self.served_age_secs) = (0, 0, 0, 0.0);
    }

    /// A visit missed a key: it waits for whoever fetches that, or is the one who does, and then has the fetch's number.
    pub fn begin_fetch(&mut self, datum: DatumId, key: u32, visit: Key) -> Option<u16> {
        if let Some(fetch) = self.fetching.get_mut(&packed(datum, key)) {
            fetch.waiting.push(visit);
            return None;
        }
        self.fetches = self.fetches.wrapping_add(1);
        self.fetching.insert(packed(datum, key), Fetch { number: self.fetches, visit, waiting: Vec::new() });
        Some(self.fetches)
    }

    /// A key is there, or a fetch (of this number) is not waited for any longer: who waited.
    pub fn end_fetch(&mut self, datum: DatumId, key: u32, number: Option<u16>) -> Vec<Key> {
        let key = packed(datum, key);
        let is_this = |fetch: &Fetch| number.is_none_or(|number| number == fetch.number);
        if !self.fetching.get(&key).is_some_and(is_this) {
            return Vec::new();
        }
        self.fetching.remove(&key).map(|fetch| fetch.waiting).unwrap_or_default()
    }

    /// The fetch of a visit came to nothing: of those who waited for it the first one fetches next, and the others wait for
    /// that one. Answers who it is, and the number of its fetch.
    pub fn hand_over(&mut self, datum: DatumId, key: u32, visit: Key) -> Option<(Key, u16)> {
        let at = packed(datum, key);
        let fetch = self.fetching.get_mut(&at).filter(|fetch| fetch.visit == visit)?;
        if fetch.waiting.is_empty() {
            self.fetching.remove(&at);
            return None;
        }
        self.fetches = self.fetches.wrapping_add(1);
        (fetch.visit, fetch.number) = (fetch.waiting.remove(0), self.fetches);
        Some((fetch.visit, fetch.number))
    }

    /// The fetches under way: datum, key, number, and who waits.
    pub fn fetches(&self) -> impl Iterator<Item = (DatumId, u32, u16, &[Key])> {
        self.fetching
            .iter()
            .map(|(key, fetch)| (DatumId((key >> 32) as u16), *key as u32, fetch.number, fetch.waiting.as_slice()))
    }

    fn use_again(&mut self, slot: u32) {
        if self.eviction == Eviction::Lfu {
            self.tick += 1;
            let entry = &mut self.entries[slot as usize];
            self.uses.remove(&(entry.uses, entry.used, slot));
            (entry.uses, entry.used) = (entry.uses.saturating_add(1), self.tick);
            self.uses.insert((entry.uses, entry.used, slot));
        }
    }

    fn take(&mut self, slot: u32) {
        self.unlink(slot);
        let Entry { key, uses, used, .. } = self.entries[slot as usize];
        self.uses.remove(&(uses, used, slot));
        self.index.remove(&key);
        self.free.push(slot);
    }

    fn unlink(&mut self, slot: u32) {
        let Entry { newer, older, .. } = self.entries[slot as usize];
        match newer {
            NONE => self.newest = older,
            newer => self.entries[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.entries[older as usize].newer = newer,
        }
    }

    fn link_newest(&mut self, slot: u32) {
        let before = self.newest;
        let entry = &mut self.entries[slot as usize];
        (entry.newer, entry.older) = (NONE, before);
        if before == NONE {
            self.oldest = slot;
        } else {
            self.entries[before as usize].newer = slot;
        }
        self.newest = slot;
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::{Source, VersionId};
    use super::*;

    fn store(capacity: u32, ttl: Option<Duration>, eviction: Eviction) -> CacheStore {
        let service = world::Dist::Const(Duration::ZERO);
        CacheStore::new(&world::Cache {
            capacity,
            ttl,
            eviction,
            service,
            lost_invalidations: 0.0,
            behind: None,
            single_flight: None,
        })
    }

    fn part(key: u32) -> Part {
        Part { datum: DatumId(0), key, version: VersionId(key), source: Source::Database }
    }

    #[test]
    fn the_least_recently_used_leaves_first() {
        let mut cache = store(2, None, Eviction::Lru);
        let t = Stamp(0);
        cache.put(DatumId(0), 1, part(1), t);
        cache.put(DatumId(0), 2, part(2), t);
        assert!(cache.get(DatumId(0), 1, t).is_some());
        cache.put(DatumId(0), 3, part(3), t);
        assert!(cache.get(DatumId(0), 2, t).is_none());
        assert_eq!((cache.len(), cache.evictions, cache.hits, cache.misses), (2, 1, 1, 1));
        cache.invalidate(DatumId(0), 1);
        cache.put(DatumId(0), 4, part(4), t);
        assert!(cache.get(DatumId(0), 3, t).is_some() && cache.get(DatumId(0), 4, t).is_some());
    }

    #[test]
    fn the_least_frequently_used_leaves_first() {
        let mut cache = store(2, None, Eviction::Lfu);
        let t = Stamp(0);
        cache.put(DatumId(0), 1, part(1), t);
        assert!(cache.get(DatumId(0), 1, t).is_some());
        cache.put(DatumId(0), 2, part(2), t);
        // The oldest was used more often than the newest, which has to go.
        cache.put(DatumId(0), 3, part(3), t);
        assert!(cache.get(DatumId(0), 2, t).is_none() && cache.get(DatumId(0), 1, t).is_some());
        cache.invalidate(DatumId(0), 1);
        cache.put(DatumId(0), 4, part(4), t);
        assert!(cache.get(DatumId(0), 3, t).is_some() && cache.get(DatumId(0), 4, t).is_some());
        assert_eq!((cache.len(), cache.evictions), (2, 1));
        // Writing the key that is used most does not make it the next to go.
        (0..5).for_each(|_| assert!(cache.get(DatumId(0), 3, t).is_some()));
        cache.put(DatumId(0), 3, part(3), t);
        cache.put(DatumId(0), 5, part(5), t);
        assert!(cache.get(DatumId(0), 3, t).is_some() && cache.get(DatumId(0), 4, t).is_none());
    }

    #[test]
    fn entries_die_of_age() {
        let mut cache = store(10, Some(Duration::from_secs(60)), Eviction::Lru);
        let at = |secs: i64| Stamp(secs * 1_000_000_000);
        cache.put(DatumId(0), 1, part(1), at(0));
        assert!(cache.get(DatumId(0), 1, at(60)).is_some());
        assert!(cache.get(DatumId(0), 1, at(61)).is_none());
        assert_eq!(cache.len(), 0);
    }
}
