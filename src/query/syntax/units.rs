//! Durations and byte sizes: Prometheus's `1d12h`, Go's `1.5h`, humanize's `2.5KiB`.

use super::number::parse_float;

const GO_UNITS: [(&str, f64); 9] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 6e10),
    ("h", 3.6e12),
    // Not Go's; TraceQL and Loki's label filters take days too.
    ("d", 8.64e13),
];

const PROMETHEUS_UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads a duration as Prometheus writes it (`1w2d`, whole numbers, largest unit first), in nanoseconds.
pub fn parse_prometheus_duration(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total: i64 = 0;
    let mut next = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = rest.get(..digits)?.parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let place = PROMETHEUS_UNITS.iter().position(|(name, _)| *name == &rest[..letters])?;
        if place < next {
            return None;
        }
        next = place + 1;
        total = total.checked_add(count.checked_mul(PROMETHEUS_UNITS[place].1)?)?;
        rest = &rest[letters..];
    }
    (!text.is_empty()).then_some(total)?.checked_mul(1_000_000)
}

/// Reads a duration as Go writes it (`-1h2.5m`, `300µs`), in nanoseconds; days too.
pub fn parse_go_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0;
    let mut seen = false;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let count = parse_float(&rest[..digits])?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (_, unit) = GO_UNITS.iter().find(|(name, _)| *name == &rest[..letters])?;
        total += count * unit;
        rest = &rest[letters..];
        seen = true;
    }
    (seen && total < 9.2e18).then_some((sign * total).round() as i64)
}

/// Reads a duration of either kind, in nanoseconds.
pub fn parse_duration(text: &str) -> Option<i64> {
    parse_prometheus_duration(text).or_else(|| parse_go_duration(text))
}

/// A duration as Go writes it: `1m30s`, `250ms`.
pub fn duration_text(nanos: i64) -> String {
    if nanos == 0 {
        return "0s".to_owned();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    let text = match size {
        0..1_000 => format!("{size}ns"),
        1_000..1_000_000 => format!("{}µs", size as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{}ms", size as f64 / 1e6),
        _ => {
            let minutes = size / 60_000_000_000;
            let seconds = (size % 60_000_000_000) as f64 / 1e9;
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{seconds}s"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
            }
        }
    };
    format!("{sign}{text}")
}

/// Reads a byte size as go-humanize does: `42 MB`, `1.5KiB`, `1024`. Units in any case; `k` alone is a thousand.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.' || *b == b',').count();
    let count: f64 = text[..digits].replace(',', "").parse().ok()?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let (prefix, base) = match unit.strip_suffix("ib").or_else(|| unit.strip_suffix('i')) {
        Some(prefix) if !prefix.is_empty() => (prefix, 1024.0),
        _ => (unit.strip_suffix('b').unwrap_or(&unit), 1000.0),
    };
    let power = ["", "k", "m", "g", "t", "p", "e"].iter().position(|name| *name == prefix)?;
    let total = (0..power).fold(count, |total, _| total * base);
    (total < 1.8e19).then_some(total as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_prometheus_duration("1h30m"), Some(5400 * 1_000_000_000));
        assert_eq!(parse_prometheus_duration("1y"), Some(365 * 86_400 * 1_000_000_000));
        for bad in ["", "5minutes", "5", "1m1h", "-5m", "1.5h", "5 m"] {
            assert_eq!(parse_prometheus_duration(bad), None, "{bad}");
        }
        assert_eq!(parse_duration("1.5h"), Some(5400 * 1_000_000_000));
        assert_eq!(parse_duration("-250µs"), Some(-250_000));
        assert_eq!(parse_go_duration("1m"), Some(60_000_000_000));
        assert_eq!(parse_duration("h"), None);
        assert_eq!(parse_duration(""), None);
    }

    #[test]
    fn duration_texts_are_gos() {
        let shown = [0, 15, 1_500, 250_000_000, 1_500_000_000, 90_000_000_000, 3_600_000_000_000, -1_000_000];
        let expected = ["0s", "15ns", "1.5µs", "250ms", "1.5s", "1m30s", "1h0m0s", "-1ms"];
        assert_eq!(shown.map(duration_text), expected);
    }

    #[test]
    fn bytes() {
        let given = ["42MB", "2.5KiB", "1024", "20mb", "1,024 B", "3 k", "1Ki", "x", "", "5 xb"];
        let expected = [
            Some(42_000_000),
            Some(2560),
            Some(1024),
            Some(20_000_000),
            Some(1024),
            Some(3000),
            Some(1024),
            None,
            None,
            None,
        ];
        assert_eq!(given.map(parse_bytes), expected);
    }
}
