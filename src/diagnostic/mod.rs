//! What is wrong with an input, where, and what to do about it. Knows texts, places and words; never decides what is
//! right: that is for those who read the input.
//!
//! [`Problems`] holds everything that is wrong with one input, so that it can be put right at once.

mod file;
mod findings;
mod locate;
mod mend;
mod names;
mod path;
mod read;
pub(crate) mod reference;
mod render;
mod scan;
mod source;
mod syntax;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

pub use file::{Summary, check_file, check_file_with};
pub(crate) use findings::short;
pub use findings::{Findings, Limits};
pub(crate) use locate::Tree;
pub use names::{did_you_mean, nearest};
pub use path::{DataPath, PathStep};
pub(crate) use read::read_text_within;
pub use read::{LARGEST_FILE, parse_ron, read_text};
pub use source::{Position, Source};

/// Everything that is wrong with an input. `Display` is plain text; see [`Problems::render`] for colours.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
    /// More of the same, not kept.
    more: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    what: String,
    help: Option<String>,
    /// The page and heading that explain it.
    reference: Option<String>,
    place: Place,
    /// Whether it kept the input from being read at all.
    unread: bool,
}

/// Where something is wrong.
#[derive(Clone, Debug)]
enum Place {
    /// In a text, in bytes.
    Text(Arc<Source>, Range<usize>),
    /// In a file as a whole, or in data that no text was read for.
    Named(String),
    /// In what was asked for.
    Nowhere,
}

/// How many problems are kept; the rest are counted.
const MOST: usize = 500;
/// Characters of what is wrong, and of what to do: inputs may hold names of any length.
const LONGEST_WHAT: usize = 500;
const LONGEST_HELP: usize = 1_000;

impl Problem {
    /// Something wrong that has no place: in an argument, or in a combination.
    pub fn new(what: impl Into<String>) -> Self {
        let what = one_line(&what.into(), LONGEST_WHAT);
        Problem { what, help: None, reference: None, place: Place::Nowhere, unread: false }
    }

    /// Something wrong with a file as a whole, or with named data.
    pub fn in_file(name: impl Into<String>, what: impl Into<String>) -> Self {
        Problem { place: Place::Named(name.into()), ..Problem::new(what) }
    }

    /// Something wrong with a part of a text, in bytes.
    pub fn in_text(source: &Arc<Source>, span: Range<usize>, what: impl Into<String>) -> Self {
        Problem { place: Place::Text(source.clone(), span), ..Problem::new(what) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(one_line(&help.into(), LONGEST_HELP)).filter(|help| !help.is_empty());
        self
    }

    /// Adds the page and heading that explain it.
    #[must_use]
    pub fn see(mut self, reference: Option<String>) -> Self {
        self.reference = reference;
        self
    }

    /// Says that it kept the input from being read at all.
    #[must_use]
    pub(crate) fn unread(mut self) -> Self {
        self.unread = true;
        self
    }

    /// Whether it kept the input from being read at all: nothing is known of what is in it.
    pub fn is_unread(&self) -> bool {
        self.unread
    }

    /// What is wrong, in one line.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it.
    pub fn suggestion(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The page and heading that explain what is wrong, from the root of the repository: `docs/authoring.md#arrow`.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The file, or the place in data made in code.
    pub fn file(&self) -> Option<&str> {
        match &self.place {
            Place::Text(source, _) => Some(&source.name),
            Place::Named(name) => Some(name),
            Place::Nowhere => None,
        }
    }

    /// The line and column, if the problem is in a text.
    pub fn position(&self) -> Option<Position> {
        match &self.place {
            Place::Text(source, span) => Some(source.position(span.start)),
            _ => None,
        }
    }

    /// The line and column behind the last wrong character, if the problem is in a text.
    pub fn end(&self) -> Option<Position> {
        match &self.place {
            Place::Text(source, span) => Some(source.position(span.end.max(span.start))),
            _ => None,
        }
    }

    /// The text that is underlined, if the problem is in a text. No more than one line of it.
    pub fn offending(&self) -> Option<&str> {
        match &self.place {
            Place::Text(source, span) => {
                let excerpt = source.excerpt(span);
                excerpt.text.get(excerpt.underlined)
            }
            _ => None,
        }
    }
}

/// Words that fit into one line.
fn one_line(words: &str, longest: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = words.chars().take(longest).map(plain).collect();
    if words.len() > line.len() && words.chars().nth(longest).is_some() {
        line.push('…');
    }
    line
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Problems { list: vec![problem], more: 0 }
    }
}

impl Problems {
    /// A file that can't be read.
    pub fn io(path: impl AsRef<Path>, error: &std::io::Error) -> Self {
        read::io_problem(path.as_ref(), error).into()
    }

    /// None at all.
    pub fn none() -> Self {
        Problems::default()
    }

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.push_with(|| problem);
    }

    /// Adds one, which is put into words only if it is kept: finding its place takes a look at the whole text.
    pub(crate) fn push_with(&mut self, problem: impl FnOnce() -> Problem) {
        if self.list.len() < MOST {
            self.list.push(problem());
        } else {
            self.more += 1;
        }
    }

    /// Adds those of another input.
    pub fn extend(&mut self, others: Problems) {
        self.more += others.more;
        others.list.into_iter().for_each(|problem| self.push(problem));
    }

    /// In the order in which they were found, at most 500.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// How many there are, those that were not kept included.
    pub fn len(&self) -> usize {
        self.list.len() + self.more
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them as text, each with its place, an excerpt and a suggestion, with ANSI colours or without.
    pub fn render(&self, colour: bool) -> String {
        render::render(&self.list, self.more, colour)
    }

    /// `value` if there are none.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}
