//! Fixes of an arrow: the policies of its caller. Knows an arrow as deployed.

use super::form::{FixField, FixKind, FixSort, FixTarget};
use super::sheet::Sheet;
use super::way::Way;
use crate::lab::Refusal;
use crate::time::Duration;
use crate::world::{Arrow, Balance, Breaker, Fallback, FallbackValue, Hedge, KeepAlive, Pool, Retry, Setting};

const SOON: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_mins(60);

/// A kind of fix of an arrow's caller.
const fn call(
    names: [&'static str; 3],
    fields: &'static [FixField],
    example: &'static str,
    way: Way,
    price: &'static str,
) -> FixKind {
    let [verb, title, does] = names;
    FixKind { verb, title, does, target: FixTarget::Call, fields, example, way: Some(way), price }
}

fn has<T: Copy>(part: Option<T>, what: &str, remedy: &str) -> Result<T, Refusal> {
    part.ok_or_else(|| Refusal::new(format!("this arrow has no {what}"), remedy))
}

pub(super) const TIMEOUT: FixKind = call(
    ["timeout", "Set the timeout of an arrow", "change how long a caller waits for one attempt"],
    &[FixField::new("timeout", "How long an attempt may take", FixSort::Time(SOON, HOUR)).or_none("waits for ever")],
    "timeout web -> catalog 800ms",
    Way::Config,
    "",
);

pub(super) fn timeout<'a>(arrow: &'a str, timeout: &'a Option<Duration>) -> Sheet<'a> {
    let words = match timeout {
        Some(timeout) => format!("set the timeout of {arrow} to {timeout}"),
        None => format!("remove the timeout of {arrow}"),
    };
    Sheet::arrow(words, |_| Ok(vec![Setting::Timeout(*timeout)]))
}

/// The retries of an arrow that had none before.
const USUAL_RETRY: Retry = Retry { attempts: 1, backoff: Duration::from_millis(50), jitter: 0.5, budget: None };
const FIRST_RETRIES: &str = "let it try more than once first: `SetRetries`, or `fix retries`";

pub(super) const RETRIES: FixKind = call(
    ["retries", "Set the retries of an arrow", "change how often a caller tries (1 is no retry)"],
    &[FixField::new("attempts", "Attempts in all", FixSort::Count(1, 10))],
    "retries web -> catalog 3",
    Way::Config,
    "each retry is one more call for the callee",
);

pub(super) fn retries<'a>(arrow: &'a str, attempts: &'a u8) -> Sheet<'a> {
    let words = match attempts {
        0 | 1 => format!("remove the retries of {arrow}"),
        attempts => format!("let {arrow} try {attempts} times"),
    };
    Sheet::arrow(words, |now| {
        let like = now.retry.unwrap_or(USUAL_RETRY);
        Ok(vec![Setting::Retry((*attempts > 1).then_some(Retry { attempts: *attempts, ..like }))])
    })
}

pub(super) const BACKOFF: FixKind = call(
    ["backoff", "Set the backoff of retries", "change how long a caller waits before it tries again"],
    &[
        FixField::new("backoff", "Before the second attempt", FixSort::Time(Duration::ZERO, HOUR)),
        FixField::new("jitter", "Share of it that is random", FixSort::Share(0.0, 1.0)).usually("0.5"),
    ],
    "backoff web -> catalog 200ms jitter=1",
    Way::Config,
    "a call that fails takes longer to fail",
);

pub(super) fn backoff<'a>(arrow: &'a str, backoff: &'a Duration, jitter: &'a f64) -> Sheet<'a> {
    let words = format!("let {arrow} wait {backoff} before it tries again, {:.0} % of it by chance", jitter * 100.0);
    Sheet::arrow(words, |now| {
        let retry = has(now.retry, "retries", FIRST_RETRIES)?;
        Ok(vec![Setting::Retry(Some(Retry { backoff: *backoff, jitter: *jitter, ..retry }))])
    })
}

pub(super) const RETRY_BUDGET: FixKind = call(
    ["retry-budget", "Set the budget of retries", "limit retries to a share of calls"],
    &[FixField::new("budget", "Retries as a share of calls", FixSort::Share(0.0, 1.0)).or_none("has no limit")],
    "retry-budget web -> catalog 0.1",
    Way::Config,
    "when the budget is used up, a failed call stays failed",
);

pub(super) fn retry_budget<'a>(arrow: &'a str, budget: &'a Option<f64>) -> Sheet<'a> {
    let words = match budget {
        Some(budget) => format!("limit the retries of {arrow} to {:.0} % of its calls", budget * 100.0),
        None => format!("remove the retry budget of {arrow}"),
    };
    Sheet::arrow(words, |now| {
        let retry = has(now.retry, "retries", FIRST_RETRIES)?;
        Ok(vec![Setting::Retry(Some(Retry { budget: *budget, ..retry }))])
    })
}

pub(super) const FALLBACK: FixKind = call(
    ["fallback", "Set or remove a fallback", "change what a caller uses when a call failed for good"],
    &[FixField::new(
        "value",
        "Fallback",
        FixSort::Choice(&[
            ("default", "a default value"),
            ("empty", "an empty answer"),
            ("stale", "the last answer seen"),
        ]),
    )
    .or_none("passes failures on")],
    "fallback web -> catalog none",
    Way::Deploy,
    "",
);

pub(super) fn fallback<'a>(arrow: &'a str, value: &'a Option<FallbackValue>) -> Sheet<'a> {
    let words = match value {
        None => format!("remove the fallback of {arrow}"),
        Some(FallbackValue::Default) => format!("let {arrow} fall back to a default value"),
        Some(FallbackValue::Empty) => format!("let {arrow} fall back to nothing"),
        Some(FallbackValue::Stale) => format!("let {arrow} fall back to the last known answer"),
    };
    Sheet::arrow(words, |now| {
        let log = now.fallback.is_some_and(|fallback| fallback.log);
        Ok(vec![Setting::Fallback(value.map(|value| Fallback { value, log }))])
    })
}

pub(super) const BREAKER: FixKind = call(
    ["breaker", "Put in or change a circuit breaker", "stop calling for a while after too many failures"],
    &[
        FixField::new("threshold", "Share of failures that opens it", FixSort::Share(0.01, 1.0)),
        FixField::new("window", "Calls looked back at", FixSort::Count(1, 10_000)).usually("20"),
        FixField::new("open_for", "How long it stays open", FixSort::Time(SOON, HOUR)).usually("10s"),
    ],
    "breaker web -> catalog 0.5 window=20 open_for=10s",
    Way::Config,
    "while it is open every call fails at once; it starts closed and knows nothing yet",
);

pub(super) fn breaker<'a>(arrow: &'a str, threshold: &'a f64, window: &'a u16, open_for: &'a Duration) -> Sheet<'a> {
    let share = threshold * 100.0;
    let words = format!("let {arrow} stop calling for {open_for} when {share:.0} % of {window} calls fail");
    Sheet::arrow(words, |now| {
        let like = now.breaker.unwrap_or(Breaker {
            window: *window,
            threshold: *threshold,
            open_for: *open_for,
            probes: 1,
            log: true,
        });
        let breaker = Breaker { window: *window, threshold: *threshold, open_for: *open_for, ..like };
        Ok(vec![Setting::Breaker(Some(breaker))])
    })
}

pub(super) const NO_BREAKER: FixKind = call(
    ["remove-breaker", "Remove a circuit breaker", "take a circuit breaker out"],
    &[],
    "remove-breaker web -> catalog",
    Way::Config,
    "",
);

pub(super) fn no_breaker(arrow: &str) -> Sheet<'_> {
    Sheet::arrow(format!("remove the circuit breaker of {arrow}"), |now| {
        has(now.breaker, "circuit breaker", "look at its configuration")?;
        Ok(vec![Setting::Breaker(None)])
    })
}

pub(super) const POOL: FixKind = call(
    ["pool", "Set the size of a connection pool", "change how many connections a caller may use at a time"],
    &[FixField::new("size", "Connections", FixSort::Count(1, 10_000))],
    "pool catalog -> db 40",
    Way::Config,
    "more connections are more work at a time for the callee",
);

pub(super) fn pool<'a>(arrow: &'a str, size: &'a u32) -> Sheet<'a> {
    Sheet::arrow(format!("set the pool of {arrow} to {size} connections"), |now| {
        let wait = now.pool.and_then(|pool| pool.wait);
        Ok(vec![Setting::Pool(Some(Pool { size: *size, wait }))])
    })
}

pub(super) const POOL_WAIT: FixKind = call(
    ["pool-wait", "Set the wait for a connection", "change how long a call waits for a connection of a pool"],
    &[FixField::new("wait", "How long a call waits", FixSort::Time(SOON, HOUR)).or_none("waits for ever")],
    "pool-wait catalog -> db 200ms",
    Way::Config,
    "",
);

pub(super) fn pool_wait<'a>(arrow: &'a str, wait: &'a Option<Duration>) -> Sheet<'a> {
    let words = match wait {
        Some(wait) => format!("let calls over {arrow} wait {wait} for a connection"),
        None => format!("let calls over {arrow} wait for a connection as long as it takes"),
    };
    Sheet::arrow(words, |now| {
        let pool = has(now.pool, "connection pool", "give it one first: `SetPool`, or `fix pool`")?;
        Ok(vec![Setting::Pool(Some(Pool { wait: *wait, ..pool }))])
    })
}

pub(super) const BULKHEAD: FixKind = call(
    [
        "bulkhead",
        "Set or remove a bulkhead",
        "limit the calls that one caller replica has under way; more fail at once",
    ],
    &[FixField::new("most", "Calls at a time", FixSort::Count(1, 1_000_000)).or_none("has no limit")],
    "bulkhead web -> catalog 20",
    Way::Config,
    "",
);

pub(super) fn bulkhead<'a>(arrow: &'a str, most: &'a Option<u32>) -> Sheet<'a> {
    let words = match most {
        Some(most) => format!("let {arrow} have {most} calls under way at a time"),
        None => format!("remove the bulkhead of {arrow}"),
    };
    Sheet::arrow(words, |_| Ok(vec![Setting::Bulkhead(*most)]))
}

pub(super) const HEDGE: FixKind = call(
    ["hedge", "Hedge the calls of an arrow", "send a second attempt next to a slow first one; the first answer wins"],
    &[FixField::new("after", "How long the first has alone", FixSort::Time(SOON, HOUR)).or_none("sends no second one")],
    "hedge web -> catalog 100ms",
    Way::Config,
    "each hedge is one more call for the callee, and is done twice if the callee keeps no idempotency keys",
);

pub(super) fn hedge<'a>(arrow: &'a str, after: &'a Option<Duration>) -> Sheet<'a> {
    let words = match after {
        Some(after) => format!("let {arrow} send a second attempt after {after}"),
        None => format!("remove the hedging of {arrow}"),
    };
    Sheet::arrow(words, |_| Ok(vec![Setting::Hedge(after.map(|after| Hedge { after }))]))
}

pub(super) const CHECK_BODY: FixKind = call(
    ["check-body", "Check the body of a 200", "make a caller take a 200 whose body says no as a failure"],
    &[],
    "check-body orders -> payments",
    Way::Deploy,
    "what was taken for done will now fail, and be tried again where there are retries",
);

pub(super) fn check_body(arrow: &str) -> Sheet<'_> {
    Sheet::arrow(format!("check the body of every 200 over {arrow}"), |_| Ok(vec![Setting::ChecksBody(true)]))
}

pub(super) const BALANCE: FixKind = call(
    ["balance", "Set the load balancing of an arrow", "change how a caller chooses a replica"],
    &[FixField::new(
        "balance",
        "Policy",
        FixSort::Choice(&[
            ("round-robin", "in turn"),
            ("least-connections", "the one with the fewest calls under way"),
            ("random", "any"),
            ("hash", "by key, one key to one replica"),
        ]),
    )],
    "balance web -> catalog least-connections",
    Way::Config,
    "",
);

pub(super) fn balance<'a>(arrow: &'a str, balance: &'a Balance) -> Sheet<'a> {
    let words = match balance {
        Balance::RoundRobin => "in turn",
        Balance::LeastConnections => "by the fewest calls under way",
        Balance::Random => "at random",
        Balance::Hash => "by key",
    };
    Sheet::arrow(format!("let {arrow} choose replicas {words}"), |_| Ok(vec![Setting::Balance(*balance)]))
}

pub(super) const KEEP_ALIVE: FixKind = call(
    ["keep-alive", "Set the age of connections", "change how long a connection stays open before it is made anew"],
    &[FixField::new(
        "max_age",
        "Oldest connection",
        FixSort::Time(Duration::from_secs(1), Duration::from_mins(60 * 24)),
    )
    .or_none("stays open for ever")],
    "keep-alive web -> catalog 5m",
    Way::Config,
    "all connections of the arrow are made anew at once; each takes a look-up and a handshake",
);

pub(super) fn keep_alive<'a>(arrow: &'a str, max_age: &'a Option<Duration>) -> Sheet<'a> {
    let words = match max_age {
        Some(age) => format!("close connections of {arrow} after {age}"),
        None => format!("let connections of {arrow} stay open"),
    };
    Sheet::arrow(words, |now: &Arrow| {
        let keeps = has(now.keep_alive, "lasting connections: each attempt opens one", "choose another arrow")?;
        Ok(vec![Setting::KeepAlive(Some(KeepAlive { max_age: *max_age, ..keeps }))])
    })
}
