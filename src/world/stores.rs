//! Caches: what they hold, for how long, and how they share the work of a miss.

use serde::{Deserialize, Serialize};

use super::Dist;
use crate::time::Duration;

/// A cache. Callers fill it (cache-aside), or it reads and writes the database behind it itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Entries that one replica holds.
    pub capacity: u32,
    /// How long an entry lives by the replica's clock. None lives until evicted or invalidated.
    #[serde(default)]
    pub ttl: Option<Duration>,
    /// Which entry leaves for want of room.
    #[serde(default)]
    pub eviction: Eviction,
    /// Time for one operation.
    pub service: Dist,
    /// The share of invalidations that are lost.
    #[serde(default)]
    pub lost_invalidations: f64,
    /// The database that it reads through and writes through: `Read` and `Write` may then be asked of the cache.
    #[serde(default)]
    pub behind: Option<String>,
    /// Single flight: while one caller fetches a key, others who miss it wait for the entry, up to this long. None lets
    /// every miss fetch. When a cache's own fetch fails, the next of those who wait fetches.
    #[serde(default)]
    pub single_flight: Option<Duration>,
}

/// Which entry leaves a full cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Eviction {
    /// The least recently used.
    #[default]
    Lru,
    /// The least frequently used since it came; among equals the least recently used.
    Lfu,
}

/// One key whose requests go wrong: a product that nobody can load, a tenant with too much data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadKey {
    /// The family of data.
    pub datum: String,
    /// The key, from 0; under Zipf's law the most popular comes first.
    pub key: u32,
    /// The share of the requests that read or write it which fail.
    #[serde(default)]
    pub errors: f64,
    /// The work of those requests is multiplied by this.
    #[serde(default = "as_usual")]
    pub factor: f64,
}

fn as_usual() -> f64 {
    1.0
}

/// One key of a family of data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheKey {
    /// The family of data.
    pub datum: String,
    /// The key, from 0; under Zipf's law the most popular comes first.
    pub key: u32,
}
