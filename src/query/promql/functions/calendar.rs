//! Functions of calendar time, in UTC.

use crate::query::civil::{date_of, days_of};

const SECONDS_A_DAY: i64 = 86_400;

/// The function of this name, of seconds since the epoch.
pub(in super::super) fn find(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "year" => |t| date(t).0 as f64,
        "month" => |t| date(t).1 as f64,
        "day_of_month" => |t| date(t).2 as f64,
        "day_of_year" => |t| {
            let days = (t as i64).div_euclid(SECONDS_A_DAY);
            (days - days_of(date(t).0, 1, 1) + 1) as f64
        },
        // The epoch was a Thursday.
        "day_of_week" => |t| ((t as i64).div_euclid(SECONDS_A_DAY) + 4).rem_euclid(7) as f64,
        "days_in_month" => |t| {
            let (year, month, _) = date(t);
            days_in_month(year, month) as f64
        },
        "hour" => |t| ((t as i64).rem_euclid(SECONDS_A_DAY) / 3600) as f64,
        "minute" => |t| ((t as i64).rem_euclid(3600) / 60) as f64,
        _ => return None,
    })
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of the month.
fn date(t: f64) -> (i64, i64, i64) {
    // Years beyond a few hundred million have no use; within them nothing overflows.
    let days = (t as i64).clamp(-8_000_000_000_000_000, 8_000_000_000_000_000).div_euclid(SECONDS_A_DAY);
    date_of(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_at_the_edges() {
        assert_eq!(date(0.0), (1970, 1, 1));
        assert_eq!(date(-1.0), (1969, 12, 31));
        assert_eq!(date(1_456_790_399.0), (2016, 2, 29));
        assert_eq!(date(1_230_767_999.0), (2008, 12, 31));
        assert_eq!(date(-11_644_473_600.0), (1601, 1, 1));
        assert_eq!(find("day_of_year").map(|f| f(1_483_191_420.0)), Some(366.0));
        for hostile in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e18, -1e300] {
            let (_, month, day) = date(hostile);
            assert!((1..=12).contains(&month) && (1..=31).contains(&day));
        }
    }
}
