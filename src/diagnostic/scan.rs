//! Words and brackets of a RON text: what a reader sees before it knows what they mean. Accepts any text, broken or not.

use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Plain,
    /// `( )`, with or without a name: a struct, a tuple, a variant's content.
    Group,
    /// `[ ]`.
    List,
    /// `{ }`.
    Map,
}

/// The last word, string or bracket that ends at or before a byte, and the first that ends behind it.
pub fn words_around(text: &str, byte: usize) -> (Option<Range<usize>>, Option<Range<usize>>) {
    let mut scanner = Scanner::new(text);
    let mut before = None;
    loop {
        let token = scanner.next();
        if token.kind == Kind::End {
            return (before, None);
        }
        if token.span.end > byte {
            return (before, Some(token.span));
        }
        if !matches!(token.kind, Kind::Comma | Kind::Colon) {
            before = Some(token.span);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Open(Shape),
    Close,
    Comma,
    Colon,
    /// An identifier or a number.
    Word,
    /// A string, raw or not: what stands between its quotes is at `inner`.
    Text {
        raw: bool,
    },
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
    pub inner: Range<usize>,
}

/// Reads a text word by word.
pub(super) struct Scanner<'a> {
    pub text: &'a str,
    /// How far it has been read, in bytes.
    pub at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Scanner { text, at: 0 }
    }

    pub fn slice(&self, span: &Range<usize>) -> &'a str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    pub fn peek(&mut self) -> Token {
        let at = self.at;
        let token = self.next();
        self.at = at;
        token
    }

    /// The next word. At the end of the text, [`Kind::End`], again and again.
    pub fn next(&mut self) -> Token {
        self.skip_blank();
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return self.token(Kind::End, start, 0) };
        let kind = match first {
            '(' => Kind::Open(Shape::Group),
            '[' => Kind::Open(Shape::List),
            '{' => Kind::Open(Shape::Map),
            ')' | ']' | '}' => Kind::Close,
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            '\'' => return self.token(Kind::Word, start, character(rest)),
            _ => return self.word_or_text(start, rest),
        };
        self.token(kind, start, 1)
    }

    fn token(&mut self, kind: Kind, start: usize, length: usize) -> Token {
        self.at = start + length;
        Token { kind, span: start..self.at, inner: start..self.at }
    }

    fn word_or_text(&mut self, start: usize, rest: &str) -> Token {
        let prefix = rest.len() - rest.trim_start_matches(['b', 'r']).len();
        if prefix <= 2 {
            let hashes = rest[prefix..].len() - rest[prefix..].trim_start_matches('#').len();
            let raw = rest[..prefix].ends_with('r');
            let quoted = rest[prefix + hashes..].starts_with('"') && (hashes == 0 || raw);
            if quoted {
                let from = prefix + hashes + 1;
                let (inner, end) = if raw { raw_string(rest, from, hashes) } else { string(rest, from) };
                self.at = start + end;
                return Token { kind: Kind::Text { raw }, span: start..self.at, inner: start + from..start + inner };
            }
        }
        let ends = |c: char| c.is_whitespace() || "()[]{},:\"'".contains(c);
        let mut length = rest.find(ends).unwrap_or(rest.len());
        length = rest[..length].find("//").or(rest[..length].find("/*")).filter(|at| *at > 0).unwrap_or(length);
        let least = rest.chars().next().map_or(0, char::len_utf8);
        self.token(Kind::Word, start, length.max(least))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// White space, comments, and `#![enable(…)]`.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            let skipped = if trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                block_comment(trimmed)
            } else if trimmed.starts_with("#![") {
                trimmed.find(']').map_or(trimmed.len(), |at| at + 1)
            } else {
                return;
            };
            self.at += skipped;
        }
    }
}

/// The length of a nested comment.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    loop {
        let rest = &text[at..];
        let Some(next) = rest.find(['*', '/']) else { return text.len() };
        let (change, length): (isize, usize) = match rest.get(next..next + 2) {
            Some("/*") => (1, 2),
            Some("*/") => (-1, 2),
            _ => (0, 1),
        };
        depth = depth.saturating_add_signed(change);
        at += next + length;
        if depth == 0 {
            return at;
        }
    }
}

/// The end of what is between the quotes of a string, and the end of the string.
fn string(text: &str, from: usize) -> (usize, usize) {
    let mut escaped = false;
    for (at, c) in text[from..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (from + at, from + at + 1),
            _ => {}
        }
    }
    (text.len(), text.len())
}

fn raw_string(text: &str, from: usize, hashes: usize) -> (usize, usize) {
    let mut at = from;
    while let Some(quote) = text[at..].find('"') {
        let behind = &text[at + quote + 1..];
        let closing = behind.len() - behind.trim_start_matches('#').len();
        if closing >= hashes {
            return (at + quote, at + quote + 1 + hashes);
        }
        at += quote + 1 + closing;
    }
    (text.len(), text.len())
}

/// The length of a character literal, or of a lonely quote.
fn character(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1).take(14) {
        match c {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return at + 1,
            _ => {}
        }
    }
    1
}

/// What a string's escapes stand for.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let (c, length) = match behind.chars().next() {
            Some('n') => (Some('\n'), 1),
            Some('t') => (Some('\t'), 1),
            Some('r') => (Some('\r'), 1),
            Some('0') => (Some('\0'), 1),
            Some('x') => (behind.get(1..3).and_then(code), 3),
            Some('u') => match behind.find('}') {
                Some(end) => (behind.get(2..end).and_then(code), end + 1),
                None => (None, 1),
            },
            Some('\n') => (None, behind.len() - behind.trim_start().len()),
            Some(other) => (Some(other), other.len_utf8()),
            None => (None, 0),
        };
        plain.extend(c);
        rest = behind.get(length..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

fn code(hexadecimal: &str) -> Option<char> {
    u32::from_str_radix(hexadecimal, 16).ok().and_then(char::from_u32)
}
