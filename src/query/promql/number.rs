//! Text of numbers and durations, as Prometheus reads and writes them.

use super::super::syntax::{float_text, parse_prometheus_duration};

/// A number as in the HTTP API: shortest digits, `+Inf`, `NaN`, an exponent for the very small and large.
pub fn format(v: f64) -> String {
    let magnitude = v.abs();
    if magnitude != 0.0 && magnitude.is_finite() && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{v:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |d| ('-', d));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    float_text(v)
}

/// Reads a number literal: decimal, `0x` hexadecimal, a leading zero for octal.
pub fn parse_literal(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let radix = |digits: &str, base| i64::from_str_radix(digits, base).ok().map(|n| n as f64);
    if let Some(hex) = lower.strip_prefix("0x") {
        return radix(hex, 16);
    }
    if lower.len() > 1 && lower.starts_with('0') && lower.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return radix(&lower, 8);
    }
    lower.parse().ok()
}

/// Reads a duration such as `1h30m` into milliseconds: each unit at most once, from large to small.
pub fn parse_duration(text: &str) -> Option<i64> {
    parse_prometheus_duration(text).map(|nanos| nanos / 1_000_000)
}

/// Seconds into milliseconds, if they fit.
pub fn seconds_to_ms(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1000.0).round();
    (ms.is_finite() && ms.abs() < 9.2e18).then_some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_prometheus_does() {
        let written: Vec<_> = [0.0, 1.5, 1e21, 1.5e-7, f64::INFINITY, f64::NAN, 123456789.0].map(format).to_vec();
        assert_eq!(written, ["0", "1.5", "1e+21", "1.5e-07", "+Inf", "NaN", "123456789"]);
    }

    #[test]
    fn durations_have_each_unit_once_in_order() {
        assert_eq!(parse_duration("1h30m"), Some(5_400_000));
        assert_eq!(parse_duration("5ms"), Some(5));
        assert_eq!(parse_duration("1m1h"), None);
        assert_eq!(parse_duration("5"), None);
        assert_eq!(parse_duration("99999999999y"), None);
    }

    #[test]
    fn literals_may_be_hexadecimal_or_octal() {
        assert_eq!(parse_literal("0x1F"), Some(31.0));
        assert_eq!(parse_literal("017"), Some(15.0));
        assert_eq!(parse_literal("08"), Some(8.0));
    }
}
