//! Times in Go's layouts (`2006-01-02T15:04:05.000Z07:00`), in UTC.

use crate::query::civil::{date_of, days_of};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The elements of a layout, longest first where one begins another.
const ELEMENTS: [&str; 26] = [
    "January", "Jan", "Monday", "Mon", "MST", "2006", "-07:00", "-0700", "-07", "Z07:00", "Z0700", "01", "02", "03",
    "04", "05", "06", "15", "_2", "PM", "pm", "1", "2", "3", "4", "5",
];

/// The layout cut into its first element or character, and what follows.
fn next(layout: &str) -> Option<(&str, &str)> {
    let fraction = layout.strip_prefix(['.', ',']).map_or(0, |body| {
        let digit = body.chars().next().filter(|c| matches!(c, '0' | '9'));
        let count = digit.map_or(0, |digit| body.chars().take_while(|c| *c == digit).count());
        let ends = !body[count..].starts_with(|c: char| c.is_ascii_digit());
        if count > 0 && ends { 1 + count } else { 0 }
    });
    if fraction > 0 {
        return Some(layout.split_at(fraction));
    }
    let element = ELEMENTS.into_iter().find(|element| layout.starts_with(element));
    let length = element.map(str::len).or_else(|| layout.chars().next().map(char::len_utf8))?;
    Some(layout.split_at(length))
}

/// A time as text.
pub(super) fn format(nanos: i64, layout: &str) -> String {
    let seconds = nanos.div_euclid(1_000_000_000);
    let fraction = nanos.rem_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month_name = MONTHS[month as usize - 1];
    let day_name = DAYS[(days + 3).rem_euclid(7) as usize];
    let mut out = String::new();
    let mut rest = layout;
    while let Some((element, after)) = next(rest) {
        rest = after;
        out.push_str(&match element {
            "January" => month_name.to_owned(),
            "Jan" => month_name[..3].to_owned(),
            "Monday" => day_name.to_owned(),
            "Mon" => day_name[..3].to_owned(),
            "MST" => "UTC".to_owned(),
            "2006" => format!("{year:04}"),
            "06" => format!("{:02}", year.rem_euclid(100)),
            "-07:00" => "+00:00".to_owned(),
            "-0700" => "+0000".to_owned(),
            "-07" => "+00".to_owned(),
            "Z07:00" | "Z0700" => "Z".to_owned(),
            "01" => format!("{month:02}"),
            "1" => month.to_string(),
            "02" => format!("{day:02}"),
            "_2" => format!("{day:2}"),
            "2" => day.to_string(),
            "15" => format!("{hour:02}"),
            "03" => format!("{half:02}"),
            "3" => half.to_string(),
            "04" => format!("{minute:02}"),
            "4" => minute.to_string(),
            "05" => format!("{second:02}"),
            "5" => second.to_string(),
            "PM" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            "pm" => if hour < 12 { "am" } else { "pm" }.to_owned(),
            element if element.len() > 1 && element.ends_with(['0', '9']) => {
                let digits: String = format!("{fraction:09}").chars().take(element.len() - 1).collect();
                let shown = if element.ends_with('9') { digits.trim_end_matches('0') } else { &digits };
                if shown.is_empty() { String::new() } else { format!("{}{shown}", &element[..1]) }
            }
            literal => literal.to_owned(),
        });
    }
    out
}

/// Reads a time.
pub(super) fn parse(text: &str, layout: &str) -> Option<i64> {
    let (mut year, mut month, mut day, mut hour, mut minute, mut second) = (1970, 1, 1, 0, 0, 0);
    let (mut fraction, mut zone, mut afternoon) = (0_i64, 0_i64, None);
    let (mut rest, mut layout) = (text, layout);
    while let Some((element, after)) = next(layout) {
        layout = after;
        let mut number = |most: usize| -> Option<i64> {
            let trimmed = rest.trim_start_matches(' ');
            let length = trimmed.bytes().take(most).take_while(u8::is_ascii_digit).count();
            rest = &trimmed[length..];
            trimmed[..length].parse().ok()
        };
        match element {
            "2006" => year = number(4)?,
            "06" => year = 2000 + number(2)?,
            "01" | "1" => month = number(2)?,
            "02" | "_2" | "2" => day = number(2)?,
            "15" | "03" | "3" => hour = number(2)?,
            "04" | "4" => minute = number(2)?,
            "05" | "5" => {
                second = number(2)?;
                // Go takes a fraction after the seconds even where the layout has none.
                if let Some(body) = rest.strip_prefix('.')
                    && !after.starts_with(['.', ','])
                {
                    rest = read_fraction(body, &mut fraction);
                }
            }
            "January" | "Jan" => {
                let place = MONTHS
                    .iter()
                    .position(|name| rest.starts_with(&name[..if element == "Jan" { 3 } else { name.len() }]))?;
                rest = &rest[if element == "Jan" { 3 } else { MONTHS[place].len() }..];
                month = place as i64 + 1;
            }
            "Monday" | "Mon" => {
                let name = DAYS.iter().find(|name| rest.starts_with(&name[..3]))?;
                rest = &rest[if element == "Mon" { 3 } else { name.len() }..];
            }
            "MST" => rest = rest.strip_prefix("UTC").or_else(|| rest.strip_prefix("GMT"))?,
            "PM" | "pm" => {
                afternoon = Some(rest.get(..2)?.eq_ignore_ascii_case("pm"));
                rest = &rest[2..];
            }
            "-07:00" | "-0700" | "-07" | "Z07:00" | "Z0700" => (zone, rest) = read_zone(rest)?,
            element if element.len() > 1 && element.ends_with(['0', '9']) => {
                if let Some(body) = rest.strip_prefix(&element[..1]) {
                    rest = read_fraction(body, &mut fraction);
                } else if element.ends_with('0') {
                    return None;
                }
            }
            literal => rest = rest.strip_prefix(literal)?,
        }
    }
    match afternoon {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let fine = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && year > 1700
        && year < 2250;
    if !fine || !rest.is_empty() {
        return None;
    }
    let seconds = days_of(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zone;
    Some(seconds * 1_000_000_000 + fraction)
}

fn read_fraction<'t>(body: &'t str, fraction: &mut i64) -> &'t str {
    let length = body.bytes().take_while(u8::is_ascii_digit).count();
    let digits: String = body[..length].chars().chain(std::iter::repeat('0')).take(9).collect();
    *fraction = digits.parse().unwrap_or(0);
    &body[length..]
}

fn read_zone(text: &str) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some((0, rest));
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours: i64 = text.get(1..3)?.parse().ok()?;
    let after = &text[3..];
    let after = after.strip_prefix(':').unwrap_or(after);
    let minutes: i64 = after.get(..2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    Some((sign * (hours * 3600 + minutes * 60), after.get(2..).unwrap_or("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_in_many_layouts() {
        let nanos = 1_634_567_890_123_456_789;
        for layout in [
            "2006-01-02T15:04:05.999999999Z07:00",
            "02 Jan 06 3:04:05.000000000 PM -0700",
            "Monday January _2 2006 15:4:5.000000000",
        ] {
            assert_eq!(parse(&format(nanos, layout), layout), Some(nanos), "{layout}");
        }
        assert_eq!(parse("2021-10-18T16:38:10+02:00", "2006-01-02T15:04:05Z07:00"), Some(1_634_567_890_000_000_000));
        assert_eq!(parse("x", "2006"), None);
        assert_eq!(format(-1, "2006-01-02 15:04:05.000"), "1969-12-31 23:59:59.999");
    }
}
