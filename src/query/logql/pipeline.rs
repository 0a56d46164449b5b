//! Runs a pipeline over a line.

use std::net::IpAddr;

use super::super::syntax::{parse_bytes, parse_duration, parse_float};
use super::ast::{Conversion, IpRange, LabelFilter, LabelFormat, LineFilter, LineTest, NameOrMatcher, Stage, Unwrap};
use super::extract;
use super::row::Row;

/// Texts that a stored line must contain to pass, as far as the first stages tell.
pub(super) fn needles(stages: &[Stage]) -> Vec<String> {
    let as_stored = |stage: &&Stage| !matches!(stage, Stage::LineFormat(_) | Stage::Unpack | Stage::Decolorize);
    stages.iter().take_while(as_stored).filter_map(needle).cloned().collect()
}

/// The text that lines must contain to pass a stage, if that is all it asks.
pub(super) fn needle(stage: &Stage) -> Option<&String> {
    match stage {
        Stage::Line(LineFilter { negated: false, tests }) => match tests.as_slice() {
            [LineTest::Contains(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The line filters that come first, which need no labels, and the stages after them.
pub(super) fn split_leading(stages: &[Stage]) -> (&[Stage], &[Stage]) {
    let leading = stages.iter().take_while(|stage| matches!(stage, Stage::Line(_))).count();
    stages.split_at(leading)
}

/// Runs the stages; false drops the line.
pub(super) fn run(stages: &[Stage], row: &mut Row<'_>) -> bool {
    stages.iter().all(|stage| step(stage, row))
}

/// Runs one stage; false drops the line.
pub(super) fn step(stage: &Stage, row: &mut Row<'_>) -> bool {
    match stage {
        Stage::Line(filter) => return filter.tests.iter().any(|test| line_passes(test, &row.line)) != filter.negated,
        Stage::Labels(filter) => return passes(filter, row),
        Stage::Json(wanted) => extract::json(row, wanted),
        Stage::Logfmt { strict, keep_empty, wanted } => extract::logfmt(row, *strict, *keep_empty, wanted),
        Stage::Regexp(regex) => extract::regexp(row, regex),
        Stage::Pattern(pattern) => extract::pattern(row, pattern),
        Stage::Unpack => extract::unpack(row),
        Stage::Decolorize => row.line = decolorized(&row.line),
        Stage::LineFormat(template) => {
            let mut out = String::new();
            match template.render(row, &mut out) {
                Ok(()) => row.line = out,
                Err(why) => row.fail("TemplateFormatErr", why),
            }
        }
        Stage::LabelFormat(formats) => label_format(formats, row),
        Stage::Drop(items) => {
            for item in items {
                match item {
                    NameOrMatcher::Name(name) => row.remove(name),
                    NameOrMatcher::Matcher(matcher)
                        if row.get(&matcher.name).is_some_and(|value| matcher.accepts(value)) =>
                    {
                        row.remove(&matcher.name);
                    }
                    NameOrMatcher::Matcher(_) => {}
                }
            }
        }
        Stage::Keep(items) => {
            for name in row.names() {
                let kept = items.iter().any(|item| match item {
                    NameOrMatcher::Name(wanted) => *wanted == name,
                    NameOrMatcher::Matcher(matcher) => {
                        matcher.name == name && matcher.accepts(row.get(&name).unwrap_or(""))
                    }
                });
                if !kept {
                    row.remove(&name);
                }
            }
        }
    }
    true
}

/// Sets labels in order. All templates see the labels that there are at the first of them.
fn label_format(formats: &[LabelFormat], row: &mut Row<'_>) {
    let first = formats.iter().position(|format| matches!(format, LabelFormat::Template(..)));
    let (renames, rest) = formats.split_at(first.unwrap_or(formats.len()));
    renames.iter().for_each(|format| set_label(format, None, row));
    let texts: Vec<Option<Result<String, String>>> = rest.iter().map(|format| rendered(format, row)).collect();
    rest.iter().zip(texts).for_each(|(format, text)| set_label(format, text, row));
}

/// What a template gives; none where it is a name.
fn rendered(format: &LabelFormat, row: &Row<'_>) -> Option<Result<String, String>> {
    let LabelFormat::Template(_, template) = format else { return None };
    let mut out = String::new();
    Some(template.render(row, &mut out).map(|()| out))
}

fn set_label(format: &LabelFormat, text: Option<Result<String, String>>, row: &mut Row<'_>) {
    match (format, text) {
        (LabelFormat::Rename { to, from }, _) => rename(to, from, row),
        (LabelFormat::Template(to, _), Some(Ok(text))) => row.set(to, &text),
        (LabelFormat::Template(..), Some(Err(why))) => row.fail("TemplateFormatErr", why),
        (LabelFormat::Template(..), None) => {}
    }
}

fn rename(to: &str, from: &str, row: &mut Row<'_>) {
    if let Some(value) = row.get(from).map(str::to_owned) {
        row.set(to, &value);
        if to != from {
            row.remove(from);
        }
    }
}

fn line_passes(test: &LineTest, line: &str) -> bool {
    match test {
        LineTest::Contains(text) => line.contains(text.as_str()),
        LineTest::Matches(regex) => regex.is_match(line),
        LineTest::Pattern(pattern) => pattern.fits(line),
        LineTest::Ip(range) => {
            let part = |c: char| c.is_ascii_hexdigit() || c == '.' || c == ':';
            line.split(|c: char| !part(c)).any(|word| {
                // A port may follow an address, a point may end a sentence.
                let word = word.trim_end_matches(['.', ':']);
                let bare = word.rsplit_once(':').map_or(word, |(address, _)| address);
                in_range(word, range) || in_range(bare, range)
            })
        }
    }
}

fn in_range(text: &str, range: &IpRange) -> bool {
    let Ok(address) = text.parse::<IpAddr>() else { return false };
    address.is_ipv4() == range.first.is_ipv4() && (range.first..=range.last).contains(&address)
}

/// Whether a line's labels pass; a value that cannot be read is an error of the line, which passes.
pub(super) fn passes(filter: &LabelFilter, row: &mut Row<'_>) -> bool {
    match filter {
        LabelFilter::And(all) => all.iter().all(|filter| passes(filter, row)),
        LabelFilter::Or(all) => all.iter().any(|filter| passes(filter, row)),
        LabelFilter::Text(matcher) => matcher.accepts(row.get(&matcher.name).unwrap_or("")),
        LabelFilter::Number(name, compare, right) => {
            converted(row, name, |text| parse_float(text).map(|left| compare.holds(left, *right)))
        }
        LabelFilter::Duration(name, compare, right) => {
            converted(row, name, |text| parse_duration(text).map(|left| compare.holds(left, *right)))
        }
        LabelFilter::Bytes(name, compare, right) => {
            converted(row, name, |text| parse_bytes(text).map(|left| compare.holds(left, *right)))
        }
        LabelFilter::Ip { name, negated, range } => match row.get(name) {
            Some(text) => in_range(text, range) != *negated,
            None => false,
        },
    }
}

fn converted(row: &mut Row<'_>, name: &str, test: impl FnOnce(&str) -> Option<bool>) -> bool {
    if row.error.is_some() {
        return true;
    }
    let Some(text) = row.get(name) else { return false };
    match test(text) {
        Some(holds) => holds,
        None => {
            let details = format!("cannot convert {text:?} of label {name:?} for the comparison");
            row.fail("LabelFilterErr", details);
            true
        }
    }
}

/// The value of an unwrapped label; none drops the line.
pub(super) fn unwrapped(unwrap: &Unwrap, row: &mut Row<'_>) -> Option<f64> {
    let text = row.get(&unwrap.label).filter(|text| !text.is_empty())?.to_owned();
    let value = match unwrap.conversion {
        Conversion::Number => parse_float(&text),
        Conversion::Duration => parse_duration(&text).map(|nanos| nanos as f64 / 1e9),
        Conversion::Bytes => parse_bytes(&text).map(|bytes| bytes as f64),
    };
    if value.is_none() {
        row.fail("SampleExtractionErr", format!("cannot read {text:?} of label {:?} as a number", unwrap.label));
    }
    let passed = unwrap.filters.iter().all(|filter| passes(filter, row));
    passed.then_some(value.unwrap_or(0.0))
}

/// A line without ANSI colour codes.
fn decolorized(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let body = &rest[at + 2..];
        let end = body.find(|c: char| c.is_ascii_alphabetic()).map_or(body.len(), |end| end + 1);
        rest = &body[end..];
    }
    out.push_str(rest);
    out
}
