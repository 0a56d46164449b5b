//! Times and quantities as text. All times of day are UTC and are what some node's own clock stamped. Must never know
//! the wall clock of the computer the lab runs on.

use crate::lab::Observation;
use crate::time::{Duration, Epoch, SimTime, Stamp};

/// What is needed to show a stamp: the calendar, and now.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The calendar instant of stamp zero.
    pub epoch: Epoch,
    /// The incident clock.
    pub now: SimTime,
    /// When the learner arrived.
    pub opened: SimTime,
}

impl Clock {
    /// The clock of a snapshot.
    pub fn of(observation: &Observation) -> Clock {
        Clock { epoch: observation.telemetry.epoch(), now: observation.now, opened: observation.opened_at }
    }

    /// `2026-03-02`.
    pub fn date(self) -> String {
        self.epoch.rfc3339(self.now.stamp()).chars().take(10).collect()
    }

    /// `08:30:05`.
    pub fn time(self, stamp: Stamp) -> String {
        self.epoch.time_of_day(stamp).chars().take(8).collect()
    }

    /// `08:30:05.123`.
    pub fn precise(self, stamp: Stamp) -> String {
        self.epoch.time_of_day(stamp)
    }

    /// `08:30` or, for steps under a minute, `08:30:05`.
    pub fn axis(self, secs: f64, step: f64) -> String {
        let text = self.epoch.time_of_day(Stamp((secs * 1e9) as i64));
        text.chars().take(if step < 60.0 { 8 } else { 5 }).collect()
    }

    /// `12m ago`, `just now`.
    pub fn ago(self, then: Stamp) -> String {
        let behind = self.now.stamp().0.saturating_sub(then.0);
        match behind {
            ..0 => format!("in {}", short(Duration(behind.unsigned_abs()))),
            0..5_000_000_000 => "just now".to_owned(),
            600_000_000_000..3_600_000_000_000 => format!("{}m ago", behind / 60_000_000_000),
            _ => format!("{} ago", short(Duration(behind.unsigned_abs()))),
        }
    }

    /// Time since the learner arrived, `1:02:33`.
    pub fn elapsed(self) -> String {
        let secs = self.now.since(self.opened).0 / 1_000_000_000;
        format!("{}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
    }
}

/// A length of time with its two largest units at most: `1h2m`, `3m5s`, `12s`, `340ms`.
pub fn short(length: Duration) -> String {
    let ms = length.0 / 1_000_000;
    match ms {
        0 => format!("{}us", length.0 / 1_000),
        1..20 => format!("{}ms", trim(length.0 as f64 / 1e6)),
        20..1_000 => format!("{ms}ms"),
        1_000..10_000 => format!("{:.1}s", ms as f64 / 1e3),
        10_000..60_000 => format!("{}s", ms / 1_000),
        60_000..3_600_000 if (ms / 1_000).is_multiple_of(60) => format!("{}m", ms / 60_000),
        60_000..3_600_000 => format!("{}m{}s", ms / 60_000, ms / 1_000 % 60),
        _ => format!("{}h{}m", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// A share, 0 to 1, as a percentage that never rounds something to nothing.
pub fn share(part: f64) -> String {
    match part * 100.0 {
        0.0 => "0 %".to_owned(),
        p if p < 0.1 => "<0.1 %".to_owned(),
        p if p < 10.0 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A value with its unit, as on an axis.
pub fn quantity(value: f64, unit: &str) -> String {
    match unit {
        "s" => seconds(value),
        "1" if value.abs() <= 1.0 => format!("{} %", trim(value * 100.0)),
        "By" => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB"]),
        "" | "1" => scaled(value, 1000.0, &["", "k", "M", "G"]),
        "1/s" => format!("{}/s", scaled(value, 1000.0, &["", "k", "M", "G"])),
        _ => {
            let number = scaled(value, 1000.0, &["", "k", "M", "G"]);
            let many = number != "1" && unit.starts_with('{');
            format!("{number} {}", if many { plural(unit) } else { unit.trim_matches(['{', '}']).to_owned() })
        }
    }
}

/// `{entry}` as `entries`.
fn plural(unit: &str) -> String {
    let one = unit.trim_matches(['{', '}']);
    one.strip_suffix('y').map_or_else(|| format!("{one}s"), |stem| format!("{stem}ies"))
}

fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0 s".to_owned(),
        v if v < 1e-3 => format!("{} us", trim(value * 1e6)),
        v if v < 1.0 => format!("{} ms", trim(value * 1e3)),
        v if v < 120.0 => format!("{} s", trim(value)),
        v if v < 7200.0 => format!("{} min", trim(value / 60.0)),
        _ => format!("{} h", trim(value / 3600.0)),
    }
}

fn scaled(value: f64, base: f64, names: &[&str]) -> String {
    let (mut value, mut name) = (value, names.first().copied().unwrap_or(""));
    for next in names.iter().skip(1) {
        if value.abs() < base {
            break;
        }
        (value, name) = (value / base, next);
    }
    if name.len() > 1 { format!("{} {name}", trim(value)) } else { format!("{}{name}", trim(value)) }
}

/// Three significant figures at most, no trailing zeros.
fn trim(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A count with thin groups: `12,345`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_engineers_write_them() {
        for (value, unit, text) in [
            (0.0423, "s", "42.3 ms"),
            (0.0, "s", "0 s"),
            (3.0, "s", "3 s"),
            (240.0, "s", "4 min"),
            (0.005, "1", "0.5 %"),
            (12_345.0, "{message}", "12.3k messages"),
            (1.0, "{entry}", "1 entry"),
            (0.0, "{entry}", "0 entries"),
            (98.6, "1/s", "98.6/s"),
            (2048.0, "By", "2 KiB"),
            (7.0, "", "7"),
        ] {
            assert_eq!(quantity(value, unit), text);
        }
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(share(0.0004), "<0.1 %");
    }

    #[test]
    fn times_are_relative_to_the_incident_clock() {
        let clock = Clock { epoch: Epoch::UNIX, now: SimTime::from_secs(7200), opened: SimTime::from_secs(3600) };
        assert_eq!(clock.elapsed(), "1:00:00");
        assert_eq!(clock.ago(SimTime::from_secs(7200 - 185).stamp()), "3m5s ago");
        assert_eq!(clock.ago(SimTime::from_secs(7260).stamp()), "in 1m");
        assert_eq!(clock.time(clock.now.stamp()), "02:00:00");
    }
}
