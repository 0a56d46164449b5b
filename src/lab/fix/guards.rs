//! Fixes of what guards something: rate limits, tokens, locks.

use super::form::{FixField, FixKind, FixSort, FixTarget};
use super::sheet::Sheet;
use super::way::Way;
use crate::time::Duration;
use crate::world::{Allow, RateLimit, Setting};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_mins(60);
const DAY: Duration = Duration::from_mins(60 * 24);

pub(super) const RATE_LIMIT: FixKind = FixKind {
    verb: "rate-limit",
    title: "Set or remove a rate limit",
    does: "change how many requests a replica lets through; more get 429",
    target: FixTarget::Limiter,
    fields: &[
        FixField::new("per_second", "Requests a second", FixSort::Share(0.001, 1_000_000.0)).or_none("has no limit"),
        FixField::new("burst", "Requests at once", FixSort::Count(1, 1_000_000)).usually("20"),
    ],
    example: "rate-limit gateway 50 burst=100",
    way: Some(Way::Config),
    price: "who is above the limit gets an error; who was held back comes on, all at once",
};

pub(super) fn rate_limit<'a>(node: &'a str, per_second: &'a Option<f64>, burst: &'a u32) -> Sheet<'a> {
    let words = match per_second {
        Some(rate) => format!("limit each replica of {node} to {rate} requests a second, {burst} at once"),
        None => format!("remove the rate limits of {node}"),
    };
    Sheet::node_with(words, move |_, _, now| {
        let per = now.rate_limits.iter().flatten().next().map(|limit| limit.per).unwrap_or_default();
        let limit = per_second.map(|per_second| RateLimit { per, allow: Allow::Bucket { per_second, burst: *burst } });
        Ok(vec![Setting::RateLimits(limit.into_iter().collect())])
    })
}

pub(super) const TOKEN_LIFETIME: FixKind = FixKind {
    verb: "token-lifetime",
    title: "Set the lifetime of tokens",
    does: "change how long tokens are good from now on",
    target: FixTarget::Issuer,
    fields: &[FixField::new("lifetime", "From issue to end", FixSort::Time(SECOND, Duration(DAY.0 * 30)))],
    example: "token-lifetime auth 30m",
    way: Some(Way::Config),
    price: "tokens that are out keep the lifetime that they have",
};

pub(super) fn token_lifetime<'a>(node: &'a str, lifetime: &'a Duration) -> Sheet<'a> {
    Sheet::node(format!("let tokens of {node} be good for {lifetime}"), Setting::TokenLifetime(*lifetime))
}

pub(super) const TOKEN_LEEWAY: FixKind = FixKind {
    verb: "token-leeway",
    title: "Set the leeway for tokens",
    does: "change how far the times in a token may be off before it is refused",
    target: FixTarget::Verifier,
    fields: &[FixField::new("leeway", "Either way", FixSort::Time(Duration::ZERO, HOUR))],
    example: "token-leeway gateway 5s",
    way: Some(Way::Config),
    price: "tokens that have ended are good for that much longer; a clock that drifts on gets past any leeway",
};

pub(super) fn token_leeway<'a>(node: &'a str, leeway: &'a Duration) -> Sheet<'a> {
    Sheet::node(format!("let the times in tokens be off by {leeway} at {node}"), Setting::TokenLeeway(*leeway))
}

pub(super) const LOCK_LEASE: FixKind = FixKind {
    verb: "lock-lease",
    title: "Set the lease of locks",
    does: "change how long a lock is held at most",
    target: FixTarget::LockService,
    fields: &[FixField::new("lease", "At most", FixSort::Time(Duration::from_millis(1), HOUR))],
    example: "lock-lease locks 30s",
    way: Some(Way::Config),
    price: "a lock that nobody frees blocks its key for that long",
};

pub(super) fn lock_lease<'a>(node: &'a str, lease: &'a Duration) -> Sheet<'a> {
    Sheet::node(format!("let locks of {node} be held for {lease} at most"), Setting::LockLease(*lease))
}
