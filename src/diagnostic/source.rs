//! A text with a name, and positions in it. Knows lines and columns, never what the text means.

use std::ops::Range;

/// The text of an input file, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What problems call it: a path, mostly.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// A place in a text: line and column count from 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// A part of a text that is short enough to be shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt<'a> {
    /// One line or a few, or a piece of a very long one.
    pub text: &'a str,
    /// What is underlined, in bytes of the excerpt.
    pub underlined: Range<usize>,
    /// Whether its line begins before it.
    pub cut: bool,
}

/// Bytes of one line that are shown on either side of what is underlined.
const CONTEXT: usize = 200;

impl Source {
    /// A text with a name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Source { name: name.into(), text: text.into() }
    }

    /// The line and column of a byte. Behind the end means the end.
    pub fn position(&self, byte: usize) -> Position {
        let before = &self.text[..self.boundary(byte)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    /// The byte at a line and column, both from 1. Behind the end of a line means the end of it.
    pub fn byte(&self, position: Position) -> usize {
        let mut start = 0;
        for _ in 1..position.line {
            match self.text[start..].find('\n') {
                Some(at) => start += at + 1,
                None => return self.text.len(),
            }
        }
        let line = self.text[start..].split('\n').next().unwrap_or_default();
        let within = line.char_indices().nth(position.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        start + within
    }

    /// The line that holds the start of a span, cut if it is very long. What is underlined ends with the line.
    pub fn excerpt(&self, span: &Range<usize>) -> Excerpt<'_> {
        let start = self.boundary(span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line_end = line_end - usize::from(self.text[start..line_end].ends_with('\r'));
        let end =
            self.boundary(span.end).clamp(start, line_end.max(start)).min(self.boundary(start.saturating_add(CONTEXT)));
        let from = self.boundary(line_start.max(start.saturating_sub(CONTEXT)));
        let to = self.boundary(line_end.max(end).min(end.saturating_add(CONTEXT)));
        Excerpt { text: &self.text[from..to], underlined: start - from..end - from, cut: from > line_start }
    }

    /// The nearest start of a character at or before a byte.
    fn boundary(&self, byte: usize) -> usize {
        self.text.floor_char_boundary(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("x", "é: 1\nzwölf: [\n");
        assert_eq!(source.position(4), Position { line: 1, column: 4 });
        assert_eq!(source.position(source.text.find(": [").unwrap()), Position { line: 2, column: 6 });
        assert_eq!(source.position(999), Position { line: 3, column: 1 });
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let source = Source::new("x", format!("{}bad{}", "a".repeat(1_000_000), "b".repeat(1_000_000)));
        let excerpt = source.excerpt(&(1_000_000..1_000_003));
        assert_eq!(excerpt.text.len(), 2 * CONTEXT + 3);
        assert_eq!(&excerpt.text[excerpt.underlined.clone()], "bad");
    }

    proptest! {
        #[test]
        fn a_position_leads_back_to_its_byte(text in "[a-zé\r\n\"]{0,60}", at in 0usize..70) {
            let source = Source::new("x", text);
            let at = source.text.floor_char_boundary(at);
            prop_assert_eq!(source.byte(source.position(at)), at);
            let excerpt = source.excerpt(&(at..at + 7));
            prop_assert!(excerpt.text.get(excerpt.underlined).is_some());
        }
    }
}
