//! Finds a place of the data in its RON text, for excerpts only. Knows RON's shapes and not its
//! types; accepts any text, broken or not, and never fails.

use std::ops::Range;

use super::path::{DataPath, PathStep};
use super::scan::{Kind, Scanner, Shape, Token, unescape};

/// Groups nested deeper than this are not looked into. RON itself is read to a depth of 128.
const DEEPEST: usize = 160;

/// A value in a text and what it is made of.
#[derive(Debug)]
pub struct Tree {
    /// All of it, in bytes.
    pub span: Range<usize>,
    /// What to underline if all of it is too much: its name, its opening bracket, or all of a plain value.
    pub head: Range<usize>,
    /// The name of a struct or variant, if it has one.
    pub name: String,
    shape: Shape,
    /// Whether its closing bracket was found.
    closed: bool,
    /// What is between its brackets.
    pub entries: Vec<Entry>,
}

/// A part of a value, with its key or field name if it has one.
#[derive(Debug)]
pub struct Entry {
    /// The key: its text, and where it stands.
    pub key: Option<(String, Range<usize>)>,
    /// The value.
    pub value: Tree,
}

/// A key of a map or a field that occurs twice: its text, the first place, the second.
pub type Twice = (String, Range<usize>, Range<usize>);

impl Tree {
    /// Reads a text.
    pub fn read(text: &str) -> Tree {
        let mut scanner = Scanner::new(text);
        let empty = Tree::plain(0..0, "");
        loop {
            match scanner.peek() {
                Token { kind: Kind::End, .. } => return empty,
                Token { kind: Kind::Close | Kind::Comma | Kind::Colon, .. } => {
                    scanner.next();
                }
                _ => return scanner.value(0),
            }
        }
    }

    /// Where a path leads: the value there (its head, if it runs over several lines), or its key. If the text does not
    /// say what the path leads to, because a default was used, the nearest thing around it that the text does say.
    pub fn locate(&self, text: &str, path: &DataPath, key: bool) -> Range<usize> {
        let (mut here, mut name) = (self, None);
        for step in path.steps() {
            let Some(entry) = here.part(step) else { return name.unwrap_or_else(|| here.head.clone()) };
            here = &entry.value;
            name = entry.key.as_ref().map(|(_, span)| span.clone()).or(Some(here.head.clone()));
        }
        let long = text.get(here.span.clone()).is_none_or(|value| value.contains('\n'));
        match name {
            Some(name) if key || (long && here.shape != Shape::Plain) => name,
            _ if long => here.head.clone(),
            _ => here.span.clone(),
        }
    }

    /// The part that a step leads to. Wrappers with one nameless content, `Some(x)` or `Call(x)`, are looked through.
    fn part(&self, step: &PathStep) -> Option<&Entry> {
        let found = match step {
            PathStep::Field(name) => self.keyed(name).filter(|_| self.shape != Shape::List),
            PathStep::Key(key) => self.keyed(key).filter(|_| self.shape == Shape::Map),
            PathStep::At(place) => {
                let wraps = self.only_content().is_some_and(|inner| inner.shape == Shape::List || self.name == "Some");
                (!wraps && self.shape != Shape::Map).then(|| self.entries.get(*place)).flatten()
            }
        };
        found.or_else(|| self.only_content()?.part(step))
    }

    /// The last entry with this key: the one that counts.
    fn keyed(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key.as_ref().is_some_and(|(text, _)| text == key))
    }

    fn only_content(&self) -> Option<&Tree> {
        match &self.entries[..] {
            [Entry { key: None, value }] if self.shape == Shape::Group => Some(value),
            _ => None,
        }
    }

    /// The value of a field of the root, as it is written.
    pub fn field_text<'a>(&self, text: &'a str, field: &'static str) -> Option<&'a str> {
        text.get(self.part(&PathStep::Field(field))?.value.span.clone())
    }

    /// The innermost bracketed value around a byte, and the key that it stands under.
    pub fn innermost(&self, byte: usize) -> (&Tree, Option<Range<usize>>) {
        let (mut here, mut key) = (self, None);
        loop {
            let around = |entry: &&Entry| {
                let value = &entry.value;
                value.shape != Shape::Plain && value.head.start <= byte && (byte < value.span.end || !value.closed)
            };
            let Some(entry) = here.entries.iter().find(around) else { return (here, key) };
            here = &entry.value;
            key = entry.key.as_ref().map(|(_, span)| span.clone()).or(key.filter(|_| here.name.is_empty()));
        }
    }

    /// The names on the way from the root to a byte: fields, keys of maps, and values such as `Call`.
    pub fn trail(&self, byte: usize) -> Vec<String> {
        let (mut here, mut names) = (self, Vec::new());
        loop {
            let key_at = |entry: &Entry| entry.key.as_ref().map(|(_, span)| span.start);
            let around = |entry: &&Entry| {
                let start = key_at(entry).unwrap_or(entry.value.span.start);
                start <= byte && (byte < entry.value.span.end || !entry.value.closed)
            };
            let Some(entry) = here.entries.iter().rev().find(around) else { return names };
            names.extend(entry.key.iter().map(|(key, _)| key.clone()));
            here = &entry.value;
            if byte < here.span.start {
                return names;
            }
            if !here.name.is_empty() {
                names.push(here.name.clone());
            }
        }
    }

    /// All keys of maps that occur twice in one map. RON takes the last one and says nothing.
    pub fn repeated_keys(&self) -> Vec<Twice> {
        let mut twice = Vec::new();
        let mut open = vec![self];
        while let Some(tree) = open.pop() {
            if tree.shape == Shape::Map {
                let mut seen = std::collections::BTreeMap::new();
                for (key, span) in tree.entries.iter().filter_map(|entry| entry.key.as_ref()) {
                    if let Some(first) = seen.insert(key, span) {
                        twice.push((key.clone(), first.clone(), span.clone()));
                    }
                }
            }
            open.extend(tree.entries.iter().map(|entry| &entry.value));
        }
        twice.sort_by_key(|(_, _, second)| second.start);
        twice
    }

    fn plain(span: Range<usize>, name: &str) -> Tree {
        Tree { head: span.clone(), span, name: name.to_owned(), shape: Shape::Plain, closed: true, entries: Vec::new() }
    }
}

impl<'a> Scanner<'a> {
    fn value(&mut self, depth: usize) -> Tree {
        let token = self.next();
        match token.kind {
            Kind::Open(shape) => self.group(token.span.clone(), token.span, String::new(), shape, depth),
            Kind::Word => {
                let name = self.slice(&token.span).trim_start_matches("r#").to_owned();
                match self.peek() {
                    Token { kind: Kind::Open(Shape::Group), span, .. } if !self.is_number(&token.span) => {
                        self.at = span.end;
                        self.group(token.span.clone(), token.span, name, Shape::Group, depth)
                    }
                    _ => Tree::plain(token.span, &name),
                }
            }
            _ => Tree::plain(token.span, ""),
        }
    }

    fn is_number(&self, span: &Range<usize>) -> bool {
        self.slice(span).starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
    }

    /// The rest of a group whose opening bracket has been read.
    fn group(&mut self, opened: Range<usize>, head: Range<usize>, name: String, shape: Shape, depth: usize) -> Tree {
        let mut entries = Vec::new();
        if depth >= DEEPEST {
            self.skip_group();
            return Tree { span: opened.start..self.at, head, name, shape, closed: true, entries };
        }
        loop {
            let token = self.peek();
            match token.kind {
                Kind::Close => {
                    self.at = token.span.end;
                    return Tree { span: opened.start..token.span.end, head, name, shape, closed: true, entries };
                }
                Kind::End => {
                    return Tree { span: opened.start..self.text.len(), head, name, shape, closed: false, entries };
                }
                Kind::Comma | Kind::Colon => self.at = token.span.end,
                Kind::Open(_) | Kind::Word | Kind::Text { .. } => {
                    let value = self.value(depth + 1);
                    entries.push(self.entry(token, value, depth));
                }
            }
        }
    }

    /// What was read is a value, or the key of the value that follows a colon.
    fn entry(&mut self, token: Token, first: Tree, depth: usize) -> Entry {
        let colon = self.peek();
        if colon.kind != Kind::Colon {
            return Entry { key: None, value: first };
        }
        self.at = colon.span.end;
        let key = match token.kind {
            Kind::Text { raw: false } => unescape(self.slice(&token.inner)),
            Kind::Text { raw: true } => self.slice(&token.inner).to_owned(),
            _ => self.slice(&first.span).trim_start_matches("r#").to_owned(),
        };
        let value = match self.peek().kind {
            Kind::Open(_) | Kind::Word | Kind::Text { .. } => self.value(depth + 1),
            Kind::Close | Kind::Comma | Kind::Colon | Kind::End => Tree::plain(colon.span, ""),
        };
        Entry { key: Some((key, first.span)), value }
    }

    /// Reads on to the bracket that closes the open one, without looking at what is between.
    fn skip_group(&mut self) {
        let mut open = 1usize;
        while open > 0 {
            match self.next().kind {
                Kind::Open(_) => open += 1,
                Kind::Close => open -= 1,
                Kind::End => return,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
#[path = "locate_tests.rs"]
mod tests;
