//! Label matchers: `=`, `!=`, `=~` and `!~`, the regular expressions anchored at both ends.

use super::super::syntax;
use super::error::{Error, Result};
use super::labels::Labels;
use regex::Regex;
use std::fmt;
use std::sync::Arc;

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Match,
    /// `!~`
    NotMatch,
}

/// One condition on one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label's name.
    pub name: Arc<str>,
    /// The comparison.
    pub op: MatchOp,
    /// The value or regular expression compared with.
    pub value: Arc<str>,
    regex: Option<Regex>,
}

impl Matcher {
    /// A matcher; fails on an invalid or too large regular expression.
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Self> {
        let regex = match op {
            MatchOp::Match | MatchOp::NotMatch => Some(anchored_regex(value)?),
            MatchOp::Equal | MatchOp::NotEqual => None,
        };
        Ok(Self { name: name.into(), op, value: value.into(), regex })
    }

    /// Whether a label of this value is selected; a missing label has the empty value.
    pub fn matches(&self, value: &str) -> bool {
        match (&self.regex, self.op) {
            (Some(regex), MatchOp::NotMatch) => !regex.is_match(value),
            (Some(regex), _) => regex.is_match(value),
            (None, MatchOp::NotEqual) => *self.value != *value,
            (None, _) => *self.value == *value,
        }
    }

    /// Whether all of `matchers` select a series of these labels.
    pub fn all(matchers: &[Self], labels: &Labels) -> bool {
        matchers.iter().all(|m| m.matches(labels.get(&m.name)))
    }
}

/// A regular expression that must match the whole text; `.` matches newlines too, as in Prometheus.
pub fn anchored_regex(pattern: &str) -> Result<Regex> {
    syntax::anchored(pattern).map_err(|why| Error::execution(format!("invalid regular expression {pattern:?}: {why}")))
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Match => "=~",
            MatchOp::NotMatch => "!~",
        };
        write!(f, "{}{op}{:?}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regex_is_anchored_and_bounded() {
        let m = Matcher::new("job", MatchOp::Match, "a|b").unwrap();
        assert!(m.matches("a") && m.matches("b") && !m.matches("ab"));
        assert!(Matcher::new("job", MatchOp::Match, "[[]x|{a}").unwrap().matches("[x"), "as Go reads it");
        assert!(Matcher::new("job", MatchOp::Match, "(").is_err());
        assert!(Matcher::new("job", MatchOp::Match, "a)(?:b").is_err());
        assert!(Matcher::new("job", MatchOp::NotMatch, "((a{1000}){1000}){1000}").is_err());
    }
}
