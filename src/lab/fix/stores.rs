//! Fixes of caches.

use super::form::{FixField, FixKind, FixSort, FixTarget};
use super::sheet::Sheet;
use super::way::Way;
use crate::lab::Refusal;
use crate::time::Duration;
use crate::world::{CacheKey, Setting};

pub(super) const FLUSH: FixKind = FixKind {
    verb: "flush",
    title: "Flush a cache",
    does: "drop all entries of a cache",
    target: FixTarget::Cache,
    fields: &[],
    example: "flush cache",
    way: Some(Way::Command),
    price: "every read misses until the cache is warm again, and goes to what is behind it; what made an entry wrong may make it wrong again",
};

pub(super) fn flush(node: &str) -> Sheet<'_> {
    Sheet::node(format!("flush {node}"), Setting::FlushCache)
}

pub(super) const FLUSH_KEY: FixKind = FixKind {
    verb: "flush-key",
    title: "Drop one entry of a cache",
    does: "drop the entry of one key from a cache",
    target: FixTarget::Cache,
    fields: &[
        FixField::new("datum", "Data", FixSort::Datum),
        FixField::new("key", "Key", FixSort::Count(0, u32::MAX as u64)),
    ],
    example: "flush-key cache product 17",
    way: Some(Way::Command),
    price: "the next who reads it waits for what is behind the cache; what made the entry wrong may make it wrong again",
};

pub(super) fn flush_key<'a>(node: &'a str, datum: &'a str, key: &'a u32) -> Sheet<'a> {
    Sheet::node_with(format!("drop {datum} {key} from {node}"), move |deployed, _, _| {
        let (datum, data) = (datum.trim(), &deployed.sim.world().spec().data);
        let Some(family) = data.get(datum) else {
            return Err(Refusal::unknown("data", datum, data.keys().map(String::as_str)));
        };
        if *key >= family.keys {
            return Err(Refusal::range("the key", 0, family.keys.saturating_sub(1)));
        }
        Ok(vec![Setting::FlushKey(CacheKey { datum: datum.to_owned(), key: *key })])
    })
}

pub(super) const CACHE_CAPACITY: FixKind = FixKind {
    verb: "cache-capacity",
    title: "Set the capacity of a cache",
    does: "change how many entries one replica of a cache holds",
    target: FixTarget::Cache,
    fields: &[FixField::new("entries", "Entries", FixSort::Count(1, 100_000_000))],
    example: "cache-capacity cache 200000",
    way: Some(Way::Config),
    price: "what is too much for a smaller one leaves when the next entry comes",
};

pub(super) fn cache_capacity<'a>(node: &'a str, entries: &'a u32) -> Sheet<'a> {
    Sheet::node(format!("let each replica of {node} hold {entries} entries"), Setting::CacheCapacity(*entries))
}

pub(super) const SINGLE_FLIGHT: FixKind = FixKind {
    verb: "single-flight",
    title: "Share the fetch of a missed key",
    does: "let all who miss a key wait for the one that fetches it",
    target: FixTarget::Cache,
    fields: &[FixField::new(
        "wait",
        "How long they wait",
        FixSort::Time(Duration::from_millis(1), Duration::from_mins(1)),
    )
    .or_none("lets every miss fetch")],
    example: "single-flight cache 500ms",
    way: Some(Way::Config),
    price: "who waits for a fetch that fails waits in vain, and then fetches",
};

pub(super) fn single_flight<'a>(node: &'a str, wait: &'a Option<Duration>) -> Sheet<'a> {
    let words = match wait {
        Some(wait) => format!("let misses of {node} wait {wait} for whoever fetches the key"),
        None => format!("let every miss of {node} fetch"),
    };
    Sheet::node(words, Setting::SingleFlight(*wait))
}

pub(super) const TTL: FixKind = FixKind {
    verb: "ttl",
    title: "Set the TTL of a cache",
    does: "change how long entries of a cache live",
    target: FixTarget::Cache,
    fields: &[FixField::new(
        "ttl",
        "Time to live",
        FixSort::Time(Duration::from_secs(1), Duration::from_mins(60 * 24 * 30)),
    )],
    example: "ttl cache 5m",
    way: Some(Way::Config),
    price: "a shorter one sends more reads to what is behind the cache",
};

pub(super) fn ttl<'a>(node: &'a str, ttl: &'a Duration) -> Sheet<'a> {
    Sheet::node(format!("let entries of {node} live for {ttl}"), Setting::CacheTtl(Some(*ttl)))
}

pub(super) const RESEND_INVALIDATIONS: FixKind = FixKind {
    verb: "resend-invalidations",
    title: "Resend lost invalidations",
    does: "send invalidations again until the cache acknowledges them",
    target: FixTarget::Cache,
    fields: &[],
    example: "resend-invalidations cache",
    way: Some(Way::Deploy),
    price: "entries that are wrong already stay until they expire or the cache is flushed, unless its restart empties it",
};

pub(super) fn resend_invalidations(node: &str) -> Sheet<'_> {
    Sheet::node(format!("send invalidations to {node} until they are acknowledged"), Setting::LostInvalidations(0.0))
}
