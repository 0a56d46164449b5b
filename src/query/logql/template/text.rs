//! Work on texts for a template's functions.

use super::super::super::syntax::parse_float;

/// A text, unless what it is replaced by makes it too long.
pub(super) fn bounded<'t>(text: &'t str, with: &str) -> Result<&'t str, String> {
    let long = text.len().saturating_mul(with.len().max(1)) > 1 << 24;
    if long { Err("the replaced text is too long".to_owned()) } else { Ok(text) }
}

/// Each word with a capital.
pub(super) fn title(text: &str) -> String {
    let mut start = true;
    text.chars()
        .map(|c| {
            let shown = if start { c.to_uppercase().next().unwrap_or(c) } else { c };
            start = !(c.is_alphanumeric() || c == '_' || c == '\'');
            shown
        })
        .collect()
}

/// A text without the characters of a set at its ends.
pub(super) fn trimmed(text: &str, set: &str, left: bool, right: bool) -> String {
    let inside = |c: char| set.contains(c);
    let text = if left { text.trim_start_matches(inside) } else { text };
    if right { text.trim_end_matches(inside) } else { text }.to_owned()
}

/// The first so many characters, or the last where the count is below zero.
pub(super) fn truncated(text: &str, count: i64) -> String {
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count >= 0 {
        text.chars().take(size).collect()
    } else {
        text.chars().skip(text.chars().count().saturating_sub(size)).collect()
    }
}

/// The characters from a place to another; below zero is the end.
pub(super) fn substring(text: &str, start: i64, end: i64) -> String {
    let length = text.chars().count();
    let from = usize::try_from(start).unwrap_or(0).min(length);
    let to = usize::try_from(end).unwrap_or(length).min(length);
    text.chars().take(to).skip(from).collect()
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes in base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * place)) as usize & 63];
            out.push(if place > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

/// The text in base64.
pub(super) fn unbase64(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut word, mut bits) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        word = (word << 6 | digit as u32) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A text as a URL's query has it.
pub(super) fn url_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The text of a URL's query.
pub(super) fn url_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let code = std::str::from_utf8(tail.get(..2)?).ok()?;
                rest = &tail[2..];
                parse_float(&format!("0x{code}"))? as u8
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}
