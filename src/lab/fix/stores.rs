//! Fixes of caches.

use super::form::{FixField, FixKind, FixSort, FixTarget};
use super::sheet::Sheet;
use super::way::Way;
use crate::time::Duration;
use crate::world::Setting;

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
