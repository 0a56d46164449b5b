//! Numbers as text, as Go's strconv writes and reads them.

/// The shortest text of a number that reads back as the same number, without an exponent; as Loki's answers have it.
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{value}")
    }
}

/// Reads a number as Go's `strconv.ParseFloat` does: decimal, hexadecimal whole numbers, `Inf` and `NaN`.
pub fn parse_float(text: &str) -> Option<f64> {
    if text.is_empty() || text.len() > 400 {
        return None;
    }
    let (sign, rest) = match text.as_bytes()[0] {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if let Some(digits) = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok().map(|whole| sign * whole as f64);
    }
    if !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.') {
        return None;
    }
    rest.parse::<f64>().ok().map(|value| sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_and_write_as_go_does() {
        assert_eq!(float_text(0.1), "0.1");
        assert_eq!(float_text(1e21), "1000000000000000000000");
        assert_eq!(float_text(f64::INFINITY), "+Inf");
        assert_eq!(float_text(3.0), "3");
        assert_eq!(parse_float("0x1f"), Some(31.0));
        assert_eq!(parse_float("-1e3"), Some(-1000.0));
        assert_eq!(parse_float("+-1"), None);
        assert_eq!(parse_float("1s"), None);
    }
}
