//! Virtual time. Knows nanoseconds since the start of a run; must never know the wall clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NS_PER_SEC: u64 = 1_000_000_000;

/// An instant of a run: integer nanoseconds of true (virtual) time since its start.
///
/// ```
/// use allgreen::{Duration, SimTime};
/// assert_eq!(SimTime::from_secs(90) + Duration::from_millis(500), SimTime::from_millis(90_500));
/// assert_eq!(SimTime::from_secs(90).to_string(), "1m30s");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub u64);

/// A length of virtual time in integer nanoseconds. Written `250ms`, `30s`, `5m`, `2h`, `1m30s` in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub u64);

/// A signed length of time in nanoseconds, for clock offsets. Written `-150ms`, `2s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedDuration(pub i64);

/// What a node's own clock says: nanoseconds since the run's epoch, possibly wrong, possibly negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp(pub i64);

/// The longest run that is accepted: ten years of 365.25 days, as durations are read, far from the overflow of the
/// nanosecond counter.
pub const LONGEST_RUN: Duration = Duration(10 * 31_557_600 * NS_PER_SEC);

impl SimTime {
    /// The start of a run.
    pub const ZERO: SimTime = SimTime(0);

    /// The instant `secs` seconds after the start.
    pub const fn from_secs(secs: u64) -> Self {
        SimTime(secs.saturating_mul(NS_PER_SEC))
    }

    /// The instant `millis` milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        SimTime(millis.saturating_mul(1_000_000))
    }

    /// Seconds since the start, for charts.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS_PER_SEC as f64
    }

    /// What a clock that is right stamps at this instant.
    pub fn stamp(self) -> Stamp {
        Stamp(i64::try_from(self.0).unwrap_or(i64::MAX))
    }

    /// The time since `earlier`, zero if `earlier` is later.
    pub const fn since(self, earlier: SimTime) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// No time.
    pub const ZERO: Duration = Duration(0);

    /// `secs` seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Duration(secs.saturating_mul(NS_PER_SEC))
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Duration(millis.saturating_mul(1_000_000))
    }

    /// `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Duration(micros.saturating_mul(1_000))
    }

    /// `mins` minutes.
    pub const fn from_mins(mins: u64) -> Self {
        Duration::from_secs(mins.saturating_mul(60))
    }

    /// Seconds cut to whole nanoseconds; negative and NaN become zero, too large saturates.
    pub fn from_secs_f64(secs: f64) -> Self {
        Duration((secs * NS_PER_SEC as f64) as u64)
    }

    /// Seconds as a float.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS_PER_SEC as f64
    }

    /// Multiplied by a factor that is not negative, saturating.
    pub fn mul_f64(self, factor: f64) -> Self {
        // Signed numbers are converted at once, others in steps; and a draw waits for it.
        match i64::try_from(self.0) {
            Ok(ns) => Duration((ns as f64 * factor).max(0.0) as i64 as u64),
            Err(_) => Duration((self.0 as f64 * factor) as u64),
        }
    }

    /// Reads `250ms`, `1m30s`, `2h`. The error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        // M would be months, and who writes it means minutes.
        if text.split(|c: char| !c.is_alphabetic()).any(|unit| unit == "M") {
            return Err(format!("`{text}` has months in it (M): write {} for minutes", text.trim().replace('M', "m")));
        }
        let parsed = humantime::parse_duration(text.trim()).map_err(|error| {
            format!("`{text}` is not a duration ({error}); write it like \"250ms\", \"30s\", \"5m\" or \"2h\"")
        })?;
        u64::try_from(parsed.as_nanos()).ok().filter(|ns| *ns <= LONGEST_RUN.0).map(Duration).ok_or_else(|| {
            format!("`{text}` is longer than ten years, the longest time allgreen simulates; write a shorter one")
        })
    }
}

impl SignedDuration {
    /// No time.
    pub const ZERO: SignedDuration = SignedDuration(0);

    /// Whether this is no time at all.
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// Reads `-150ms`, `+2s`, `40us`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (sign, rest) = match text.trim().strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.trim().trim_start_matches('+')),
        };
        Duration::parse(rest).map(|d| SignedDuration(sign * d.0 as i64))
    }
}

impl Stamp {
    /// Seconds since the run's epoch, for charts.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NS_PER_SEC as f64
    }
}

impl Add<Duration> for Stamp {
    type Output = Stamp;
    fn add(self, rhs: Duration) -> Stamp {
        Stamp(self.0.saturating_add_unsigned(rhs.0))
    }
}

impl Add<Duration> for SimTime {
    type Output = SimTime;
    fn add(self, rhs: Duration) -> SimTime {
        SimTime(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign<Duration> for SimTime {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, rhs: Duration) -> Duration {
        Duration(self.0.saturating_add(rhs.0))
    }
}

impl Sub for Duration {
    type Output = Duration;
    fn sub(self, rhs: Duration) -> Duration {
        Duration(self.0.saturating_sub(rhs.0))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = humantime::format_duration(std::time::Duration::from_nanos(self.0)).to_string();
        f.pad(&text.replace(' ', ""))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration(self.0).fmt(f)
    }
}

impl fmt::Display for SignedDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "+" };
        f.pad(&format!("{sign}{}", Duration(self.0.unsigned_abs())))
    }
}

macro_rules! serde_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                <$type>::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
serde_as_text!(Duration);
serde_as_text!(SignedDuration);

impl SimTime {
    /// Reads an offset from the start of the run, such as `12m30s`.
    pub fn parse(text: &str) -> Result<Self, String> {
        Duration::parse(text).map(|d| SimTime(d.0))
    }
}
serde_as_text!(SimTime);

/// The calendar instant of a run's start, so that stamps can be shown as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(std::time::SystemTime);

impl Epoch {
    /// The start of Unix time.
    pub const UNIX: Epoch = Epoch(std::time::UNIX_EPOCH);

    /// Reads an RFC 3339 instant such as `2026-03-02T08:30:00Z` or `2026-03-02T09:30:00+01:00`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = |why: &dyn fmt::Display| {
            format!("`{text}` is not an RFC 3339 instant ({why}); write it like \"2026-03-02T08:30:00Z\"")
        };
        let (local, east) = offset(text).ok_or_else(|| refused(&"it does not end in Z or an offset such as +01:00"))?;
        let local = humantime::parse_rfc3339(&format!("{local}Z")).map_err(|error| refused(&error))?;
        let instant = Epoch(local).system_time(Stamp(-east));
        if instant < std::time::UNIX_EPOCH {
            return Err(refused(&"it is before 1970"));
        }
        Ok(Epoch(instant))
    }

    /// The stamp as `2026-03-02T08:30:00.123Z`.
    pub fn rfc3339(self, stamp: Stamp) -> String {
        humantime::format_rfc3339_millis(self.writable(stamp)).to_string()
    }

    /// The stamp as `2026-03-02T08:30:00.123456789Z`.
    pub fn rfc3339_nanos(self, stamp: Stamp) -> String {
        humantime::format_rfc3339_nanos(self.writable(stamp)).to_string()
    }

    /// The stamp's time of day with milliseconds, `08:30:00.123`.
    pub fn time_of_day(self, stamp: Stamp) -> String {
        let text = self.rfc3339(stamp);
        text[11..23].to_owned()
    }

    /// Nanoseconds since the Unix epoch.
    pub fn unix_ns(self, stamp: Stamp) -> i128 {
        match self.system_time(stamp).duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        }
    }

    /// The stamp's instant, or the first one that has an RFC 3339 text here: a clock that is wrong may stamp an earlier one.
    fn writable(self, stamp: Stamp) -> std::time::SystemTime {
        self.system_time(stamp).max(std::time::UNIX_EPOCH)
    }

    fn system_time(self, stamp: Stamp) -> std::time::SystemTime {
        let distance = std::time::Duration::from_nanos(stamp.0.unsigned_abs());
        let moved = if stamp.0 < 0 { self.0.checked_sub(distance) } else { self.0.checked_add(distance) };
        moved.unwrap_or(self.0)
    }
}

/// An RFC 3339 instant without its offset from UTC, and that in nanoseconds, east of Greenwich.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return Some((local, 0));
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let sign = match offset.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = offset[1..].split_once(':')?;
    let number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?;
    let whole = hours.len() == 2 && minutes.len() == 2;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (whole && hours < 24 && minutes < 60).then_some((local, sign * (hours * 60 + minutes) * 60 * NS_PER_SEC as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_written() {
        for text in ["250ms", "30s", "5m", "2h", "1m30s", "40us", "1ns"] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(SignedDuration::parse("-150ms").unwrap(), SignedDuration(-150_000_000));
    }

    #[test]
    fn durations_that_cannot_be_are_refused_with_a_remedy() {
        for text in ["", "5", "-3s", "five minutes", "400y", "10y 1ns"] {
            let error = Duration::parse(text).unwrap_err();
            assert!(error.contains("250ms") || error.contains("ten years"), "{error}");
        }
        assert_eq!(Duration::parse("10y"), Ok(LONGEST_RUN));
        assert!(Duration::parse("5M").unwrap_err().contains("write 5m for minutes"));
        assert!(SimTime::parse("1h 5M").unwrap_err().contains("write 1h 5m for minutes"));
        assert_eq!(Duration::parse("2 months").unwrap(), Duration::parse("2month").unwrap());
    }

    #[test]
    fn an_instant_may_be_written_with_any_offset() {
        let utc = Epoch::parse("2026-03-02T08:00:30.5Z").unwrap();
        for same in ["2026-03-02T09:00:30.5+01:00", "2026-03-02T03:30:30.5-04:30", "2026-03-02T08:00:30.5+00:00"] {
            assert_eq!(Epoch::parse(same), Ok(utc), "{same}");
        }
        for (wrong, why) in [
            ("2026-03-02T09:00:30", "an offset"),
            ("2026-03-02T09:00:30+24:00", "an offset"),
            ("2026-03-02T09:00:30+1:000", "an offset"),
            ("2026-13-02T09:00:30+01:00", "out of range"),
            ("1970-01-01T00:00:00+01:00", "before 1970"),
            ("+01:00", "format"),
            ("é+01:00", "format"),
        ] {
            let error = Epoch::parse(wrong).unwrap_err();
            assert!(error.contains(why) && error.starts_with(&format!("`{wrong}` is not")), "{error}");
        }
    }

    #[test]
    fn stamps_before_the_epoch_are_shown() {
        let epoch = Epoch::parse("2026-03-02T08:30:00Z").unwrap();
        assert_eq!(epoch.time_of_day(Stamp(-500_000_000)), "08:29:59.500");
        // A clock may be so wrong that RFC 3339 has no text for what it stamps.
        assert_eq!(Epoch::UNIX.rfc3339(Stamp(-1)), "1970-01-01T00:00:00.000Z");
        assert_eq!(Epoch::UNIX.rfc3339_nanos(Stamp(i64::MIN)), "1970-01-01T00:00:00.000000000Z");
    }
}
