//! The parsers: json, logfmt, regexp, pattern, unpack.

use regex::Regex;
use serde_json::Value;

use super::json_fields::{Fields, fields, plain};
use super::json_path::JsonPath;
use super::pattern::Pattern;
use super::row::{Row, sanitized};

const DEEPEST: usize = 100;

/// `json`: all fields, flattened with `_`; arrays and nulls are skipped. Or those at paths.
pub(super) fn json(row: &mut Row<'_>, wanted: &[(String, JsonPath)]) {
    let (document, wrong) = fields(&row.line);
    let wrong = wrong.map(|error| error.to_string());
    let mut found = Vec::new();
    if wanted.is_empty() {
        flatten(document, "", &mut found, 0);
        set_first(row, found);
    } else if wrong.is_none() || !document.is_empty() {
        let value = |path: &JsonPath| path.find(&document).map_or(String::new(), plain);
        found.extend(wanted.iter().map(|(label, path)| (label.clone(), value(path))));
        found.iter().for_each(|(label, value)| row.set_parsed(label, value));
    }
    if let Some(why) = wrong {
        row.fail("JSONParserErr", why);
    }
}

fn flatten(document: Fields<'_>, prefix: &str, found: &mut Vec<(String, String)>, depth: usize) {
    for (key, value) in document {
        let name = if prefix.is_empty() { sanitized(&key) } else { format!("{prefix}_{}", sanitized(&key)) };
        match value.get().as_bytes().first() {
            Some(b'[' | b'n') => {}
            Some(b'{') if depth < DEEPEST => flatten(fields(value.get()).0, &name, found, depth + 1),
            _ => found.push((name, plain(value))),
        }
    }
}

/// Of labels with one name the first counts.
fn set_first(row: &mut Row<'_>, found: Vec<(String, String)>) {
    let mut seen: Vec<&str> = Vec::new();
    for (name, value) in &found {
        if !name.is_empty() && !seen.contains(&name.as_str()) {
            seen.push(name);
            row.set_parsed(name, value);
        }
    }
}

/// `unpack`: a JSON object whose strings become labels and whose `_entry` becomes the line.
pub(super) fn unpack(row: &mut Row<'_>) {
    let Ok(Value::Object(fields)) = serde_json::from_str(&row.line) else {
        return row.fail("JSONParserErr", "expecting json object to unpack".to_owned());
    };
    // A line that was not packed keeps its labels too.
    let Some(entry) = fields.get("_entry").and_then(Value::as_str) else { return };
    let found = fields.iter().filter(|(key, _)| *key != "_entry");
    let found = found.filter_map(|(key, value)| Some((sanitized(key), value.as_str()?.to_owned()))).collect();
    set_first(row, found);
    row.line = entry.to_owned();
}

/// `regexp`: the named groups that took part.
pub(super) fn regexp(row: &mut Row<'_>, regex: &Regex) {
    let line = std::mem::take(&mut row.line);
    if let Some(captures) = regex.captures(&line) {
        for name in regex.capture_names().flatten() {
            row.set_parsed(&sanitized(name), captures.name(name).map_or("", |found| found.as_str()));
        }
    }
    row.line = line;
}

/// `pattern`: the named captures found.
pub(super) fn pattern(row: &mut Row<'_>, pattern: &Pattern) {
    let line = std::mem::take(&mut row.line);
    pattern.captures(&line, |name, value| row.set_parsed(name, value));
    row.line = line;
}

/// `logfmt`: all pairs, or those asked for.
pub(super) fn logfmt(row: &mut Row<'_>, strict: bool, keep_empty: bool, wanted: &[(String, String)]) {
    let (pairs, wrong) = pairs(&row.line, strict);
    if wanted.is_empty() {
        let kept = pairs.into_iter().filter(|(_, value)| keep_empty || !value.is_empty());
        let found = kept.map(|(key, value)| (sanitized(&key), value)).collect();
        set_first(row, found);
    } else {
        for (label, key) in wanted {
            let value = pairs.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value.as_str());
            row.set_parsed(label, value);
        }
    }
    if let Some(why) = wrong {
        row.fail("LogfmtParserErr", why);
    }
}

/// The pairs of a line, and what stopped a strict reading.
fn pairs(line: &str, strict: bool) -> (Vec<(String, String)>, Option<String>) {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let rest = &line[at..];
        at += rest.len() - rest.trim_start_matches(|c: char| c <= ' ').len();
        if at >= line.len() {
            return (found, None);
        }
        match pair(line, at) {
            Ok((key, value, end)) => {
                found.push((key, value));
                at = end;
            }
            Err((place, why)) => {
                if strict {
                    return (found, Some(format!("logfmt syntax error at pos {} : {why}", place + 1)));
                }
                // On with what follows the next blank.
                at = line[place..].find(|c: char| c <= ' ').map_or(line.len(), |blank| place + blank);
            }
        }
    }
}

fn pair(line: &str, at: usize) -> Result<(String, String, usize), (usize, &'static str)> {
    let rest = &line[at..];
    let key_length = rest.find(|c: char| c <= ' ' || c == '=' || c == '"').unwrap_or(rest.len());
    let key = &rest[..key_length];
    match rest[key_length..].chars().next() {
        Some('=') if key.is_empty() => return Err((at, "unexpected '='")),
        Some('"') => return Err((at + key_length, "unexpected '\"'")),
        Some('=') => {}
        _ => return Ok((key.to_owned(), String::new(), at + key_length)),
    }
    let start = at + key_length + 1;
    let body = &line[start..];
    if !body.starts_with('"') {
        let length = body.find(|c: char| c <= ' ').unwrap_or(body.len());
        if let Some(bad) = body[..length].find(['=', '"']) {
            return Err((start + bad, "unexpected '=' or '\"' in a value"));
        }
        return Ok((key.to_owned(), body[..length].to_owned(), start + length));
    }
    let mut value = String::new();
    let mut chars = body.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return Ok((key.to_owned(), value, start + place + 1)),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, other)) => value.push(other),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err((line.len(), "unterminated quoted value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logfmt_pairs() {
        let (found, wrong) = pairs(r#"at=info msg="a \"b\" c" flag empty= x=1=2 y=3"#, false);
        let shown: Vec<(&str, &str)> = found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(shown, [("at", "info"), ("msg", "a \"b\" c"), ("flag", ""), ("empty", ""), ("y", "3")]);
        assert_eq!(wrong, None);
        let (found, wrong) = pairs("a=1 =2 b=3", true);
        assert_eq!(found.len(), 1);
        assert_eq!(wrong.as_deref(), Some("logfmt syntax error at pos 5 : unexpected '='"));
        assert!(pairs("a=\"x", true).1.is_some());
    }
}
