//! Which numbers a setting may have. The same for the settings a world starts with and for those that a change brings.

use crate::diagnostic::{DataPath, Findings, Limits};
use crate::time::{Duration, SignedDuration};
use crate::world::{Breaker, BurstLoss, Clock, Dist, Hedge, Idempotency, KeepAlive, Ntp, Pool, Reordering, Retry};

/// The longest mean, wait or timeout of a single operation.
pub(crate) const LONGEST: Duration = Duration::from_mins(60);
/// The shortest mean time between two events that a node starts by itself.
pub(crate) const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

pub(crate) const REPLICAS: Limits<u16> = 1..=1_000;
pub(crate) const CONCURRENCY: Limits<u32> = 1..=100_000;
pub(crate) const QUEUE_LIMIT: Limits<u32> = 0..=10_000_000;
pub(crate) const QUEUE_CAPACITY: Limits<u32> = 1..=10_000_000;
pub(crate) const CACHE_CAPACITY: Limits<u32> = 1..=50_000_000;
pub(crate) const POOL_SIZE: Limits<u32> = 1..=100_000;
pub(crate) const ATTEMPTS: Limits<u8> = 1..=20;
pub(crate) const DELIVERIES: Limits<u8> = 1..=100;
pub(crate) const BULKHEAD: Limits<u32> = 1..=1_000_000;
pub(crate) const BANDWIDTH: Limits<u64> = 1..=1_000_000_000_000;
/// Statuses that telemetry tells apart.
const ERROR_STATUSES: [u16; 10] = [400, 401, 403, 404, 409, 429, 500, 502, 503, 504];
const BREAKER_WINDOW: Limits<u16> = 1..=10_000;
const SIGMA: Limits<f64> = 0.0..=5.0;
const DRIFT_PPM: Limits<f64> = -100_000.0..=100_000.0;
const SLEW_PPM: Limits<f64> = 0.0..=100_000.0;

/// A probability or a share.
pub(crate) fn share(found: &mut Findings, path: &DataPath, what: &str, value: f64) {
    found.range(path, what, value, 0.0..=1.0);
}

/// A time from `least` to an hour.
pub(crate) fn time(found: &mut Findings, path: &DataPath, what: &str, value: Duration, least: Duration) {
    if value < least || value > LONGEST {
        let what = format!("{what} is {value}, outside {least} to {LONGEST}");
        found.value(path, what, format!("write a time from \"{least}\" to \"{LONGEST}\""));
    }
}

/// A time that is not zero.
pub(crate) fn some_time(found: &mut Findings, path: &DataPath, what: &str, value: Duration) {
    let wrong = match value {
        Duration::ZERO => "no time at all".to_owned(),
        _ if value > LONGEST => format!("{value}, longer than {LONGEST}"),
        _ => return,
    };
    found.value(path, format!("{what} is {wrong}"), format!("write a time above \"0s\", up to \"{LONGEST}\""));
}

/// How far a copy may be behind, and the like: up to a day.
pub(crate) fn up_to_a_day(found: &mut Findings, path: &DataPath, what: &str, value: Duration) {
    const DAY: Duration = Duration::from_mins(24 * 60);
    if value > DAY {
        found.value(path, format!("{what} is {value}, longer than a day"), "write a time up to \"24h\"");
    }
}

/// How long something is believed: a time that is not zero, up to a day.
pub(crate) fn believed(found: &mut Findings, path: &DataPath, what: &str, value: Duration) {
    if value == Duration::ZERO {
        found.value(path, format!("{what} is no time at all"), "write a time above \"0s\", up to \"24h\"");
    }
    up_to_a_day(found, path, what, value);
}

/// A distribution of times.
pub(crate) fn dist(found: &mut Findings, path: &DataPath, what: &str, dist: &Dist) {
    dist_from(found, path, what, dist, Duration::ZERO);
}

/// A distribution of times between events that start by themselves.
pub(crate) fn interval(found: &mut Findings, path: &DataPath, what: &str, dist: &Dist) {
    dist_from(found, path, what, dist, SHORTEST_INTERVAL);
}

fn dist_from(found: &mut Findings, path: &DataPath, what: &str, dist: &Dist, least: Duration) {
    match *dist {
        Dist::LogNormal { sigma, .. } if !found.range(&path.field("sigma"), "`sigma`", sigma, SIGMA) => return,
        Dist::Uniform(low, high) if low > high => {
            let what = format!("the lower bound {low} is above the upper bound {high}");
            return found.value(path, what, format!("write Uniform(\"{high}\", \"{low}\")"));
        }
        _ => {}
    }
    let mean = Duration::from_secs_f64(mean_secs(dist));
    if mean < least || mean > LONGEST {
        let what = format!("the mean of {what} is {}, outside {least} to {LONGEST}", rounded(mean));
        let help = match dist {
            Dist::LogNormal { .. } => "lower `median` or `sigma`: the mean is median × e^(sigma² / 2)".to_owned(),
            _ => format!("write times from \"{least}\" to \"{LONGEST}\""),
        };
        found.value(path, what, help);
    }
}

/// A duration without digits that nobody reads.
fn rounded(time: Duration) -> Duration {
    if time.0 < 1_000_000_000 { time } else { Duration::from_secs(time.0 / 1_000_000_000) }
}

/// The mean in seconds.
pub(crate) fn mean_secs(dist: &Dist) -> f64 {
    match *dist {
        Dist::Const(time) | Dist::Exp(time) => time.as_secs_f64(),
        Dist::LogNormal { median, sigma } => median.as_secs_f64() * libm::exp(sigma * sigma / 2.0),
        Dist::Uniform(low, high) => (low.as_secs_f64() + high.as_secs_f64()) / 2.0,
    }
}

/// Retries.
pub(crate) fn retry(found: &mut Findings, path: &DataPath, retry: &Retry) {
    found.range(&path.field("attempts"), "the number of attempts, the first included,", retry.attempts, ATTEMPTS);
    time(found, &path.field("backoff"), "`backoff`", retry.backoff, Duration::ZERO);
    share(found, &path.field("jitter"), "`jitter`", retry.jitter);
    if let Some(budget) = retry.budget {
        share(found, &path.field("budget"), "`budget`, a share of calls,", budget);
    }
}

/// A circuit breaker.
pub(crate) fn breaker(found: &mut Findings, path: &DataPath, breaker: &Breaker) {
    found.range(&path.field("window"), "the breaker's `window`", breaker.window, BREAKER_WINDOW);
    let threshold = path.field("threshold");
    if breaker.threshold == 0.0 {
        found.value(
            &threshold,
            "a breaker with `threshold` 0 opens without a failure",
            "write a share above 0, up to 1",
        );
    } else {
        share(found, &threshold, "`threshold`", breaker.threshold);
    }
    some_time(found, &path.field("open_for"), "`open_for`", breaker.open_for);
    found.range(&path.field("probes"), "the breaker's `probes`", breaker.probes, 1..=100);
}

/// A connection pool.
pub(crate) fn pool(found: &mut Findings, path: &DataPath, pool: &Pool) {
    found.range(&path.field("size"), "the pool's `size`", pool.size, POOL_SIZE);
    if let Some(wait) = pool.wait {
        time(found, &path.field("wait"), "`wait`", wait, Duration::ZERO);
    }
}

/// Connections that stay open.
pub(crate) fn keep_alive(found: &mut Findings, path: &DataPath, keeps: &KeepAlive) {
    dist(found, &path.field("setup"), "`setup`", &keeps.setup);
    for (field, time) in [("idle", keeps.idle), ("max_age", keeps.max_age)] {
        if time == Some(Duration::ZERO) {
            let what = format!("connections with `{field}` 0s are closed at once");
            found.value(&path.field(field), what, "write a time above \"0s\", or leave it out");
        }
    }
}

/// Hedged attempts.
pub(crate) fn hedge(found: &mut Findings, path: &DataPath, hedge: &Hedge) {
    time(found, &path.field("after"), "`after`", hedge.after, Duration::ZERO);
}

/// Packets that are held up.
pub(crate) fn reordering(found: &mut Findings, path: &DataPath, held: &Reordering) {
    share(found, &path.field("share"), "`share`", held.share);
    dist(found, &path.field("delay"), "`delay`", &held.delay);
}

/// The status of a failure.
pub(crate) fn error_status(found: &mut Findings, path: &DataPath, status: u16) {
    if !ERROR_STATUSES.contains(&status) {
        let known = ERROR_STATUSES.map(|status| status.to_string()).join(", ");
        found.value(path, format!("nobody fails with a {status} here"), format!("write one of {known}"));
    }
}

/// Loss in bursts.
pub(crate) fn burst_loss(found: &mut Findings, path: &DataPath, bursts: &BurstLoss) {
    share(found, &path.field("loss"), "`loss`", bursts.loss);
    for (field, mean) in [("every", bursts.every), ("lasts", bursts.lasts)] {
        time(found, &path.field(field), &format!("`{field}`"), mean, SHORTEST_INTERVAL);
    }
}

/// Idempotency keys.
pub(crate) fn idempotency(found: &mut Findings, path: &DataPath, keys: &Idempotency) {
    let keep = path.field("keep");
    if keys.keep == Duration::ZERO {
        found.value(&keep, "keys that are kept for 0s are never known", "write a time above \"0s\", up to \"24h\"");
    } else {
        up_to_a_day(found, &keep, "`keep`", keys.keep);
    }
}

/// How long tokens are good.
pub(crate) fn token_lifetime(found: &mut Findings, path: &DataPath, time: Duration) {
    if time == Duration::ZERO {
        found.value(path, "tokens that are good for no time at all", "write a time above \"0s\"");
    } else {
        up_to_a_day(found, path, "the time that tokens are good", time);
    }
}

/// A clock.
pub(crate) fn clock(found: &mut Findings, path: &DataPath, clock: &Clock) {
    clock_offset(found, &path.field("offset"), clock.offset);
    clock_drift(found, &path.field("drift_ppm"), clock.drift_ppm);
    if let Some(sync) = &clock.sync {
        clock_sync(found, &path.field("sync"), sync);
    }
}

/// Synchronisation of a clock.
pub(crate) fn clock_sync(found: &mut Findings, path: &DataPath, sync: &Ntp) {
    time(found, &path.field("every"), "the time between two polls", sync.every, Duration::from_secs(1));
    time(found, &path.field("error"), "`error`", sync.error, Duration::ZERO);
    clock_offset(found, &path.field("off_by"), sync.off_by);
    if let Some(step) = sync.step_above {
        time(found, &path.field("step_above"), "`step_above`", step, Duration::ZERO);
    }
    found.range(&path.field("slew_ppm"), "`slew_ppm`", sync.slew_ppm, SLEW_PPM);
}

/// How far a clock may be off: a year.
pub(crate) fn clock_offset(found: &mut Findings, path: &DataPath, offset: SignedDuration) {
    const YEAR: u64 = 365 * 24 * 3600 * 1_000_000_000;
    if offset.0.unsigned_abs() > YEAR {
        found.value(path, format!("a clock that is {offset} off is more than a year wrong"), "write up to a year");
    }
}

/// How fast a clock may drift: a tenth.
pub(crate) fn clock_drift(found: &mut Findings, path: &DataPath, ppm: f64) {
    found.range(path, "the drift in parts per million", ppm, DRIFT_PPM);
}
