//! Labels, samples and the results of queries.

use std::fmt;

use super::super::syntax::quote;
use super::ops::BinaryOp;

/// Labels in order of their names. An empty value is no label, but for what a parser found.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Vec<(String, String)>);

impl Labels {
    /// From pairs in any order; of two with one name the last counts, an empty value is no label.
    pub fn new<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut labels = Labels::default();
        for (name, value) in pairs {
            labels.set(name.into(), value.into());
        }
        labels
    }

    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.place(name).ok().map(|at| self.0[at].1.as_str())
    }

    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: String, value: String) {
        match self.place(&name) {
            Ok(at) if value.is_empty() => drop(self.0.remove(at)),
            Ok(at) => self.0[at].1 = value,
            Err(_) if value.is_empty() => {}
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Sets a label that a parser found, whose value may be empty.
    pub fn put(&mut self, name: String, value: String) {
        match self.place(&name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) {
        if let Ok(at) = self.place(name) {
            self.0.remove(at);
        }
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those named (`keep`), or all others.
    #[must_use]
    pub fn only(&self, names: &[String], keep: bool) -> Labels {
        Labels(self.0.iter().filter(|(name, _)| names.contains(name) == keep).cloned().collect())
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
        write!(f, "{{{}}}", shown.join(", "))
    }
}

/// A line that a query gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its time, in nanoseconds since 1970.
    pub at: i64,
    /// Its text.
    pub text: String,
}

/// Lines with the same labels from the same places, in order of time, or backwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// All labels.
    pub labels: Labels,
    /// Those of them that are structured metadata.
    pub metadata: Labels,
    /// Those of them that stages of the query made.
    pub parsed: Labels,
    /// The lines.
    pub lines: Vec<Line>,
}

impl Stream {
    /// The labels of the stream itself.
    pub fn own(&self) -> Labels {
        let made = |name: &str| self.metadata.get(name).is_some() || self.parsed.get(name).is_some();
        Labels(self.labels.0.iter().filter(|(name, _)| !made(name)).cloned().collect())
    }
}

/// A number at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The labels.
    pub labels: Labels,
    /// The number.
    pub value: f64,
}

/// Numbers over time: instants in nanoseconds since 1970 and values.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The labels.
    pub labels: Labels,
    /// The points, in order of time.
    pub points: Vec<(i64, f64)>,
}

/// What a query gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Lines.
    Streams(Vec<Stream>),
    /// Numbers at one instant, in nanoseconds since 1970.
    Vector(i64, Vec<Sample>),
    /// A plain number at one instant.
    Scalar(i64, f64),
    /// Numbers over time.
    Matrix(Vec<Series>),
}

/// An arithmetic operator on two numbers; not a number for the others.
pub(super) fn arithmetic(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide if b == 0.0 => f64::NAN,
        BinaryOp::Divide => a / b,
        BinaryOp::Modulo if b == 0.0 => f64::NAN,
        BinaryOp::Modulo => a % b,
        BinaryOp::Power => libm::pow(a, b),
        _ => f64::NAN,
    }
}
