//! What the RON reader says about a text it can't read, in words for people and with the place underlined. Knows RON
//! and its reader's errors; never what a file is for.

use std::ops::Range;
use std::sync::Arc;

use ron::error::{Error, SpannedError};

use super::findings::short;
use super::locate::Tree;
use super::scan::words_around;
use super::{Position, Problem, Source, did_you_mean, reference};

/// The problem that a reader's error is. `source` is what the file has; `read`, of the same length, is what was read.
pub fn problem(source: &Arc<Source>, read: &Source, error: &SpannedError) -> Problem {
    let at = byte_of(read, error);
    if let Some(problem) = runaway_text(source, at, &error.code) {
        return problem;
    }
    let (what, help) = words(read, at, &error.code);
    let place = place(&read.text, at, &error.code);
    let reference = explains(source, place.start, &error.code);
    Problem::in_text(source, place, what).help(help).see(reference)
}

/// What a reader's error is about, in bytes.
pub fn place_of(read: &Source, error: &SpannedError) -> Range<usize> {
    place(&read.text, byte_of(read, error), &error.code)
}

fn byte_of(read: &Source, error: &SpannedError) -> usize {
    read.byte(Position { line: error.span.end.line, column: error.span.end.col })
}

/// The page and heading that explain the type that an error is about, else what is around its place.
fn explains(source: &Source, at: usize, error: &Error) -> Option<String> {
    let outer = match error {
        Error::NoSuchStructField { outer, .. }
        | Error::NoSuchEnumVariant { outer, .. }
        | Error::MissingStructField { outer, .. }
        | Error::DuplicateStructField { outer, .. } => outer.as_deref(),
        _ => None,
    };
    let around = reference::link(&Tree::read(&source.text), at)?;
    Some(outer.and_then(reference::link_to).unwrap_or(around))
}

/// A text in quotes that runs on over lines up to where something else was expected: its closing quote is missing.
fn runaway_text(source: &Arc<Source>, at: usize, error: &Error) -> Option<Problem> {
    let expected = matches!(
        error,
        Error::ExpectedComma
            | Error::ExpectedMapColon
            | Error::ExpectedMapEnd
            | Error::ExpectedArrayEnd
            | Error::ExpectedStructLikeEnd
            | Error::TrailingCharacters
    );
    let before = words_around(&source.text, at).0.filter(|_| expected)?;
    let word = source.text.get(before.clone())?;
    let first_line = word.lines().next().filter(|line| word.starts_with('"') && line.len() < word.len())?;
    let line = source.position(before.end).line;
    let what = format!("this text in quotes runs on to line {line}");
    let problem = Problem::in_text(source, before.start..before.start + first_line.len(), what);
    Some(problem.help("add the closing quote where the text ends"))
}

/// What to underline: the reader stands at `at`, behind what it could not use or before what it did not expect.
fn place(text: &str, at: usize, error: &Error) -> Range<usize> {
    let (before, behind) = words_around(text, at);
    let here = behind.clone().unwrap_or(text.len()..text.len());
    let last = |word: &str| {
        let from = text.get(..at)?.rfind(word)?;
        Some(from..from + word.len())
    };
    match error {
        Error::NoSuchStructField { found, .. } | Error::NoSuchEnumVariant { found, .. } => last(found).unwrap_or(here),
        Error::DuplicateStructField { field, .. } => last(field).unwrap_or(here),
        Error::ExpectedDifferentStructName { found, .. } => last(found).unwrap_or(here),
        Error::MissingStructField { .. } => {
            let tree = Tree::read(text);
            let (group, key) = tree.innermost(at);
            if group.name.is_empty() { key.unwrap_or(group.head.clone()) } else { group.head.clone() }
        }
        Error::Message(_) | Error::InvalidValueForType { .. } | Error::ExpectedDifferentLength { .. } => {
            before.unwrap_or(here)
        }
        Error::IntegerOutOfBounds if behind.as_ref().is_none_or(|word| word.start >= at) => before.unwrap_or(here),
        Error::UnclosedBlockComment => last("/*").unwrap_or(here),
        Error::Eof | Error::ExpectedStringEnd => behind.or(before).unwrap_or(here),
        _ => here,
    }
}

/// What is wrong and what to do about it.
fn words(source: &Source, at: usize, error: &Error) -> (String, String) {
    let text = &source.text;
    let (what, help) = match error {
        Error::NoSuchStructField { expected, found, outer } => {
            let owner = outer.as_deref().map_or("this".to_owned(), |outer| format!("`{outer}`"));
            let help = did_you_mean(found, expected.iter().copied(), "it has no fields at all: remove this one");
            return (format!("{owner} has no field `{}`", short(found)), help);
        }
        Error::NoSuchEnumVariant { expected, found, outer } => {
            let kind = outer.as_deref().map_or(String::new(), |outer| format!(" for `{outer}`"));
            let help = did_you_mean(found, expected.iter().copied(), "");
            return (format!("`{}` is not a possible value{kind}", short(found)), help);
        }
        Error::MissingStructField { field, outer } => {
            let owner = outer.as_deref().map_or("this".to_owned(), |outer| format!("`{outer}`"));
            return (format!("{owner} lacks the field `{field}`"), format!("add `{field}: …,` between its brackets"));
        }
        Error::DuplicateStructField { field, .. } => {
            return (format!("the field `{field}` is given twice"), "remove one of the two".to_owned());
        }
        Error::ExpectedDifferentStructName { expected, found }
            if text.get(at..).is_some_and(|rest| rest.trim_start().starts_with(':')) =>
        {
            let what = format!("what `{expected}` holds needs brackets of its own");
            return (what, format!("write {expected}(({}: …))", short(found)));
        }
        Error::ExpectedDifferentStructName { expected, found } => {
            return (format!("expected `{expected}(…)`, found `{}`", short(found)), format!("write `{expected}(`"));
        }
        Error::InvalidValueForType { expected, found } => {
            return (format!("expected {expected}, found {}", short(found)), type_help(expected));
        }
        Error::ExpectedDifferentLength { expected, found } if expected.starts_with("tuple variant ") => {
            let (variant, values) =
                expected["tuple variant ".len()..].split_once(" with ").unwrap_or((expected, "more"));
            let values = values.trim_end_matches(" elements");
            let what = format!("`{variant}` takes {values} values, and here is {found}");
            return (what, format!("write {values} values, separated by commas"));
        }
        Error::ExpectedDifferentLength { expected, found } => {
            return (format!("expected {expected}, found {found}"), format!("write {expected}"));
        }
        // Messages of the types' own readers say what to do behind a semicolon.
        Error::Message(message) => match message.split_once("; ") {
            Some((what, help)) => (what, help),
            None => (message.as_str(), ""),
        },
        Error::IntegerOutOfBounds => {
            let written = words_around(text, at).0.and_then(|span| text.get(span)).unwrap_or_default();
            match written.starts_with('-') {
                true => ("this number may not be negative", "write a whole number from 0 on"),
                false => ("this whole number is too large", "write a smaller one"),
            }
        }
        Error::InvalidIntegerDigit { .. } => {
            ("this is not a whole number of the allowed kind", "write a number such as 42")
        }
        Error::ExpectedInteger => ("expected a whole number", "write a number such as 42"),
        Error::ExpectedFloat => ("expected a number", "write a number such as 0.5"),
        Error::FloatUnderscore | Error::UnderscoreAtBeginning => {
            ("this number has an underscore where none may be", "leave the underscore out")
        }
        Error::ExpectedBoolean => ("expected true or false", "write `true` or `false`"),
        Error::ExpectedString => ("expected a text in double quotes", "write it as \"…\""),
        Error::ExpectedStringEnd => ("this text has no closing quote", "add a `\"` where it ends"),
        Error::InvalidEscape(_) => {
            ("this backslash escape is unknown", "write `\\\\` for a backslash, `\\\"` for a quote")
        }
        Error::ExpectedArray => ("expected a list", "write it as [ … ]"),
        Error::ExpectedMap => ("expected a map", "write it as { key: value, … }"),
        Error::ExpectedMapColon => ("expected a colon between a name and its value", "write `name: value`"),
        Error::ExpectedArrayEnd | Error::ExpectedMapEnd | Error::ExpectedStructLikeEnd | Error::ExpectedOptionEnd => {
            return (format!("expected a comma or the closing bracket, found {}", found(text, at)), opened(source, at));
        }
        Error::ExpectedComma
            if found(text, at).trim_matches('`').starts_with(|c: char| c == '.' || c.is_ascii_digit()) =>
        {
            ("expected a whole number", "write a number such as 42")
        }
        Error::ExpectedComma => {
            return (format!("expected a comma or the closing bracket, found {}", found(text, at)), opened(source, at));
        }
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) => {
            return (format!("expected `(`, found {}", found(text, at)), "write it as ( name: value, … )".to_owned());
        }
        Error::ExpectedOption => ("expected `None` or a value", "write `None`, or the value"),
        Error::ExpectedUnit => ("expected `()`", "write `()`"),
        Error::ExpectedIdentifier if found(text, at).starts_with("`\"") => {
            ("expected a word, found a text in quotes", "write it without the quotes")
        }
        Error::ExpectedIdentifier => ("expected a word", "write one of letters, digits and `_`, without quotes"),
        Error::Eof => {
            return ("the text ends too early".to_owned(), opened(source, text.len()));
        }
        Error::UnclosedBlockComment => ("this comment is not closed", "add `*/` where it ends"),
        Error::TrailingCharacters => {
            ("there is something behind the end of the data", "remove it, or check the brackets above")
        }
        Error::ExceededRecursionLimit => {
            ("the data is nested deeper than 128 brackets", "check the brackets before this place")
        }
        Error::NoSuchExtension(_) => ("this RON extension is unknown", "remove the `#![enable(…)]` line"),
        Error::UnexpectedChar(_) => ("this character has no meaning here", "remove it, or put text in double quotes"),
        other => return (format!("the RON reader says: {other}"), String::new()),
    };
    (what.to_owned(), help.to_owned())
}

fn type_help(expected: &str) -> String {
    let bits = expected.strip_prefix('u').and_then(|bits| bits.parse::<u32>().ok());
    match (expected, bits) {
        (_, Some(bits @ 1..=63)) => format!("write a whole number from 0 to {}", (1u64 << bits) - 1),
        ("f64" | "f32", _) => "write a number such as 0.5".to_owned(),
        _ => String::new(),
    }
}

fn found(text: &str, at: usize) -> String {
    match words_around(text, at).1.and_then(|span| text.get(span)) {
        Some(word) => format!("`{}`", short(word.lines().next().unwrap_or_default())),
        None => "the end of the text".to_owned(),
    }
}

/// Which bracket is open before a place.
fn opened(source: &Source, at: usize) -> String {
    let before = words_around(&source.text, at).0.unwrap_or(0..0);
    // A closing bracket ends what it closes: what is open is around it.
    let closes = source.text.get(before.clone()).is_some_and(|word| word.starts_with([')', ']', '}']));
    let before = if closes { before.end } else { before.start };
    let tree = Tree::read(&source.text);
    let (group, _) = tree.innermost(before);
    let name = source.text.get(group.head.clone()).unwrap_or_default();
    let line = source.position(group.head.start).line;
    match source.text.get(at..).is_none_or(|rest| rest.trim().is_empty()) {
        true => format!("close what `{}` begins in line {line}", short(name)),
        false => format!("put a comma before it, or close what `{}` begins in line {line}", short(name)),
    }
}
