//! Text for a terminal: styles, aligned tables, wrapped prose, numbers with units. Styles are always written; the
//! stream they go to removes them where nobody wants them (no terminal, `NO_COLOR`). Meaning is never by colour alone.
//!
//! Texts come from files that anybody may have written, and a terminal obeys what is in them. So whatever is painted,
//! put into a table or wrapped is cleaned here, and whatever is said goes through [`say`], which lets nothing pass but
//! the styles of this file.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use crate::time::Duration;

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const NAME: Style = AnsiColor::Cyan.on_default();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Every style that is not plain.
const STYLES: [Style; 6] = [BOLD, DIM, NAME, GOOD, WARN, BAD];
/// What a style begins and ends with.
const ESCAPE: char = '\u{1b}';
/// Stands where a character was that tells a terminal to do something.
const NO_SIGN: &str = "\u{fffd}";

/// Whether a character tells a terminal to do something, or in which direction to write what follows it.
fn is_order(letter: char) -> bool {
    let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || letter.is_control() && !matches!(letter, '\n' | '\t')
}

/// `text` in a style, cleaned.
pub(super) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    format!("{style}{}{style:#}", clean(&text))
}

/// `text` without anything that a terminal would obey: it ends lines and sets tabs, and that is all.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    match text.contains(is_order) {
        true => Cow::Owned(text.replace("\r\n", "\n").replace(is_order, NO_SIGN)),
        false => Cow::Borrowed(text),
    }
}

/// `text`, which may have been painted, without anything that a terminal would obey but the styles of this file.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(ESCAPE) {
        return clean(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((plain, order)) = rest.split_once(ESCAPE) {
        out += &clean(plain);
        let from_escape = &rest[plain.len()..];
        let painted = STYLES.iter().find_map(|style| {
            let after = from_escape.strip_prefix(&style.to_string())?;
            let inner = after.split(ESCAPE).next()?;
            Some((style, inner, after[inner.len()..].strip_prefix(&format!("{style:#}"))?))
        });
        rest = match painted {
            Some((style, inner, after)) => {
                out += &paint(*style, inner);
                after
            }
            None => {
                out += NO_SIGN;
                order
            }
        };
    }
    out += &clean(rest);
    Cow::Owned(out)
}

/// Prints what the session has to say.
pub(super) fn say(out: &mut dyn Write, text: &str) -> io::Result<()> {
    out.write_all(harmless(text).as_bytes())
}

/// One cell of a table.
#[derive(Clone, Debug)]
pub(crate) struct Cell(String, Style);

impl Cell {
    pub(super) fn styled(style: Style, text: impl Into<String>) -> Cell {
        // As wide as it will be shown.
        Cell(clean(&text.into()).into_owned(), style)
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell::styled(PLAIN, text)
    }
}

/// A row of cells from anything that is text.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::terminal::Cell::from($cell)),*] };
}
pub(crate) use row;

/// Columns aligned, two blanks between. A header that begins with `>` aligns its column to the right.
pub(crate) fn table(headers: &[&str], rows: &[Vec<Cell>]) -> String {
    let titles: Vec<(&str, bool)> =
        headers.iter().map(|title| title.strip_prefix('>').map_or((*title, false), |rest| (rest, true))).collect();
    let mut widths: Vec<usize> = titles.iter().map(|(title, _)| title.width()).collect();
    for row in rows {
        for (width, Cell(text, _)) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.width());
        }
    }
    let mut out = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = (&str, Style)>| {
        let mut pending = 0;
        for ((text, style), (width, (_, right))) in cells.zip(widths.iter().zip(&titles)) {
            let gap = width - text.width().min(*width);
            let before = pending + if *right { gap } else { 0 };
            if !text.is_empty() {
                out.extend(std::iter::repeat_n(' ', before));
                out.push_str(&paint(style, text));
            }
            pending = 2 + if text.is_empty() {
                before + gap * usize::from(!*right)
            } else if *right {
                0
            } else {
                gap
            };
        }
        out.push('\n');
    };
    if titles.iter().any(|(title, _)| !title.is_empty()) {
        line(&mut titles.iter().map(|(title, _)| (*title, DIM)));
    }
    for row in rows {
        line(&mut row.iter().map(|Cell(text, style)| (text.as_str(), *style)));
    }
    out
}

/// Prose in lines of at most `width`, each after `indent`. Line breaks in the text stay.
pub(super) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    for paragraph in clean(text.trim()).lines() {
        let mut used = 0;
        out.push_str(indent);
        for word in paragraph.split_whitespace() {
            if used > 0 && used + 1 + word.width() > width.saturating_sub(indent.len()) {
                out.push('\n');
                out.push_str(indent);
                used = 0;
            }
            if used > 0 {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += word.width();
        }
        out.push('\n');
    }
    out
}

/// A length of time, three digits: `812 µs`, `12.3 ms`, `1.25 s`, `3m20s`.
pub(super) fn span(duration: Duration) -> String {
    let ns = duration.0 as f64;
    match ns {
        0.0 => "0 s".into(),
        _ if ns < 1e3 => format!("{ns} ns"),
        _ if ns < 1e6 => format!("{} µs", three(ns / 1e3)),
        _ if ns < 1e9 => format!("{} ms", three(ns / 1e6)),
        _ if ns < 120e9 => format!("{} s", three(ns / 1e9)),
        _ if ns < 86_400e9 => Duration::from_secs(duration.0 / 1_000_000_000).to_string(),
        _ => format!("{} days", three(ns / 86_400e9)),
    }
}

/// A value of a metric with its unit.
pub(super) fn value(value: f64, unit: &str) -> String {
    match unit {
        "s" if value >= 0.0 => span(Duration::from_secs_f64(value)),
        "s" => format!("-{}", span(Duration::from_secs_f64(-value))),
        "" | "1" => three(value),
        "1/s" => format!("{}/s", three(value)),
        _ => match unit.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((_, rest)) => format!("{}{rest}", three(value)),
            None => format!("{} {unit}", three(value)),
        },
    }
}

/// A number with about three digits.
pub(super) fn three(value: f64) -> String {
    let size = value.abs();
    if size >= 1e15 || !value.is_finite() {
        format!("{value:.2e}")
    } else if size >= 100.0 || value == value.trunc() {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", three(share * 100.0))
}

/// A count with thousands apart: `1 234 567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_width_on_screen() {
        let text = table(&["name", ">n"], &[row!["åäö", "1"], row!["x", "100"], row!["", "5"]]);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, "name    n\nåäö     1\nx     100\n        5\n");
    }

    #[test]
    fn nothing_but_the_styles_of_this_file_reaches_the_terminal() {
        const EVIL: &str = "\u{1b}]0;PWN\u{7}\u{1b}[2J\u{9b}2K\u{1b}[31mred\r\nb\rc\td";
        let tame = "\u{fffd}]0;PWN\u{fffd}\u{fffd}[2J\u{fffd}2K\u{fffd}[31mred\nb\u{fffd}c\td";
        assert_eq!(clean(EVIL), tame);
        assert_eq!(clean("two\nlines, \ta tab, ü"), "two\nlines, \ta tab, ü");
        assert_eq!(clean("a \u{202e}evil\u{202c} b \u{2067}c"), "a \u{fffd}evil\u{fffd} b \u{fffd}c");
        for style in STYLES {
            let painted = paint(style, EVIL);
            assert_eq!(painted, format!("{style}{tame}{style:#}"));
            let all = format!("before {painted} between {} after", paint(style, "ü"));
            assert_eq!(harmless(&all), all);
        }
        assert_eq!(harmless(EVIL), tame);
        // A style that is not ended ends at what is painted next.
        let open = format!("{DIM}open {}{BAD}", paint(BAD, "x"));
        assert_eq!(harmless(&open), format!("\u{fffd}[2mopen {}\u{fffd}[1m\u{fffd}[31m", paint(BAD, "x")));
        assert_eq!(table(&["\u{1b}[2J"], &[row![EVIL]]).matches('\u{1b}').count(), 2, "the style of the title");
        assert!(!wrap(EVIL, 80, "").contains(['\u{1b}', '\u{7}', '\u{9b}']));
    }

    #[test]
    fn numbers_have_three_digits_and_a_unit() {
        assert_eq!(span(Duration::from_micros(812)), "812 µs");
        assert_eq!(span(Duration::from_millis(1250)), "1.25 s");
        assert_eq!(span(Duration::from_secs(200)), "3m20s");
        assert_eq!(value(0.8, "s"), "800 ms");
        assert_eq!(value(12.34, "{message}/s"), "12.3/s");
        assert_eq!(value(7.0, "{message}"), "7");
        assert_eq!(count(1_234_567), "1 234 567");
        assert_eq!(count(12), "12");
    }

    #[test]
    fn prose_is_wrapped_and_indented() {
        assert_eq!(wrap("one two three", 8, "  "), "  one\n  two\n  three\n");
        assert_eq!(wrap("a b\nc", 80, ""), "a b\nc\n");
    }
}
