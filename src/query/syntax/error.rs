//! A syntax error: where, what was met, what was expected, and the nearest name that exists.

use std::fmt;

use crate::diagnostic::nearest;

/// Why a query was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in bytes from the start.
    pub offset: usize,
    /// How many bytes are marked; at least one is shown.
    pub length: u32,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What could have stood there; empty if that would not help.
    pub expected: Vec<String>,
    /// The nearest name that exists.
    pub suggestion: Option<String>,
    excerpt: String,
    /// Characters of the excerpt before the mark.
    indent: u32,
}

impl SyntaxError {
    /// An error at a byte range of the source.
    pub fn new(source: &str, offset: usize, length: usize, message: impl Into<String>) -> Self {
        let mut offset = offset.min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &source[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[offset..].find('\n').map_or(source.len(), |at| offset + at);
        SyntaxError {
            offset,
            length: u32::try_from(length).unwrap_or(u32::MAX),
            line: before.matches('\n').count() as u32 + 1,
            column: before[line_start..].chars().count() as u32 + 1,
            message: message.into(),
            expected: Vec::new(),
            suggestion: None,
            indent: 0,
            excerpt: source[line_start..line_end].to_owned(),
        }
        .cut()
    }

    /// Keeps of a long line what is around the mark.
    fn cut(mut self) -> Self {
        let at = self.column - 1;
        self.indent = if at > 60 { 40 } else { at };
        self.excerpt = self.excerpt.chars().skip((at - self.indent) as usize).take(110).collect();
        self
    }

    /// Adds what could have stood there.
    #[must_use]
    pub fn expecting<T: Into<String>>(mut self, what: impl IntoIterator<Item = T>) -> Self {
        self.expected = what.into_iter().map(Into::into).collect();
        self
    }

    /// Adds the candidate nearest to `name`, if one is near.
    #[must_use]
    pub fn suggesting<'a>(mut self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        self.suggestion = nearest(name, candidates).map(str::to_owned);
        self
    }

    /// The error in one line, with its place.
    pub fn summary(&self) -> String {
        format!("{}:{}: {}", self.line, self.column, self.reason())
    }

    /// The error in one line: what is wrong, what was expected, and the nearest name.
    pub fn reason(&self) -> String {
        let mut text = self.message.clone();
        if !self.expected.is_empty() {
            text.push_str(", expected ");
            text.push_str(&any_of(&self.expected));
        }
        if let Some(name) = &self.suggestion {
            text.push_str(&format!("; did you mean `{name}`?"));
        }
        text
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        let shown: String = self.excerpt.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let room = shown.chars().count().saturating_sub(self.indent as usize).max(1);
        writeln!(f, "  | {shown}")?;
        write!(f, "  | {}{}", " ".repeat(self.indent as usize), "^".repeat((self.length as usize).clamp(1, room)))
    }
}

impl std::error::Error for SyntaxError {}

fn any_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_word() {
        let error =
            SyntaxError::new("{a=\"é\"}\n | jsn", 12, 3, "unknown stage `jsn`").suggesting("jsn", ["json", "drop"]);
        let expected = "2:4: unknown stage `jsn`; did you mean `json`?\n  |  | jsn\n  |    ^^^";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_long_line_is_cut_and_an_offset_past_the_end_is_the_end() {
        let source = "x".repeat(500);
        let text = SyntaxError::new(&source, 9999, 5, "end").to_string();
        assert!(text.lines().all(|line| line.chars().count() < 130), "{text}");
        assert!(text.ends_with('^'));
    }
}
