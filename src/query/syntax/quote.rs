//! String literals as Go has them: double quotes with escapes, backticks without; and PromQL's single quotes.

/// Reads the string literal that starts at `start` (a quote of any kind). Gives its value and the offset after it, or
/// the offset of what is wrong and why.
pub fn scan_string(source: &str, start: usize) -> Result<(String, usize), (usize, &'static str)> {
    const OPEN: (&str, &str) = ("string is not closed", "backtick string is not closed");
    let bytes = source.as_bytes();
    if bytes.get(start) == Some(&b'`') {
        let body = start + 1;
        let end = source[body..].find('`').ok_or((start, OPEN.1))?;
        return Ok((source[body..body + end].replace('\r', ""), body + end + 1));
    }
    let quote = bytes.get(start).copied();
    let mut value: Vec<u8> = Vec::new();
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None | Some(b'\n') => return Err((start, OPEN.0)),
            byte if byte.copied() == quote => break,
            Some(b'\\') => at = escape(bytes, at, quote, &mut value)?,
            Some(byte) => {
                value.push(*byte);
                at += 1;
            }
        }
    }
    let value = String::from_utf8(value).map_err(|_| (start, "string is not valid UTF-8"))?;
    Ok((value, at + 1))
}

fn escape(bytes: &[u8], at: usize, quote: Option<u8>, value: &mut Vec<u8>) -> Result<usize, (usize, &'static str)> {
    const UNKNOWN: &str = "unknown escape sequence in a string";
    let digits = |from: usize, count: usize, radix: u32| {
        let text = bytes.get(from..from + count).and_then(|digits| std::str::from_utf8(digits).ok());
        text.filter(|text| text.bytes().all(|b| b.is_ascii_alphanumeric()))
            .and_then(|text| u32::from_str_radix(text, radix).ok())
            .ok_or((at, UNKNOWN))
    };
    let simple = match bytes.get(at + 1) {
        Some(b'a') => 7,
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'v') => 11,
        Some(b'\\') => b'\\',
        Some(mark @ (b'"' | b'\'')) if Some(*mark) == quote => *mark,
        Some(b'x') => {
            value.push(digits(at + 2, 2, 16)? as u8);
            return Ok(at + 4);
        }
        Some(b'0'..=b'7') => {
            let code = digits(at + 1, 3, 8)?;
            value.push(u8::try_from(code).map_err(|_| (at, UNKNOWN))?);
            return Ok(at + 4);
        }
        Some(kind @ (b'u' | b'U')) => {
            let count = if *kind == b'u' { 4 } else { 8 };
            let code = char::from_u32(digits(at + 2, count, 16)?).ok_or((at, UNKNOWN))?;
            value.extend_from_slice(code.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(at + 2 + count);
        }
        _ => return Err((at, UNKNOWN)),
    };
    value.push(simple);
    Ok(at + 2)
}

/// A string as a double-quoted literal.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_go_reads_them() {
        assert_eq!(scan_string(r#""a\"b\n\x41\u00e9\101" "#, 0), Ok(("a\"b\nA\u{e9}A".to_owned(), 22)));
        assert_eq!(scan_string(r"x`a\n`", 1), Ok(("a\\n".to_owned(), 6)));
        assert_eq!(scan_string(r"'\'\x41'", 0), Ok(("'A".to_owned(), 8)));
        assert!(scan_string(r#""\'""#, 0).is_err() && scan_string(r#"'\"'"#, 0).is_err());
        assert!(scan_string(r#""\w""#, 0).is_err());
        assert!(scan_string(r#""\xff""#, 0).is_err());
        assert!(scan_string("\"abc", 0).is_err());
        assert!(scan_string(r#""\"#, 0).is_err());
    }

    #[test]
    fn a_quoted_string_reads_back() {
        let text = "a\"\\\n\r\t\u{1}é";
        assert_eq!(scan_string(&quote(text), 0).map(|found| found.0), Ok(text.to_owned()));
    }
}
