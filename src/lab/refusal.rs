//! Why a command was refused, and what to do instead. Knows names and near names; must never know an answer.

use std::fmt;

/// Why a command was refused, and what to do instead. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub what: String,
    /// What to do: a near name, a range, a command.
    pub remedy: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

impl std::error::Error for Refusal {}

/// Names listed when no known one is near.
const MOST_LISTED: usize = 12;
/// Text of a learner that is repeated in a refusal.
const MOST_QUOTED: usize = 80;

impl Refusal {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Refusal {
        Refusal { what: what.into(), remedy: remedy.into() }
    }

    /// There is no such `sort` (a node, a metric): the remedy is the nearest name, or all of them.
    pub(crate) fn unknown<'a>(sort: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Refusal {
        let known: Vec<&str> = known.into_iter().collect();
        let remedy = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("there is no {sort} yet: let some time pass, then look again"),
            None => {
                let more = if known.len() > MOST_LISTED { ", …" } else { "" };
                format!("there are {}{more}", known[..known.len().min(MOST_LISTED)].join(", "))
            }
        };
        Refusal::new(format!("there is no {sort} `{}`", quoted(name)), remedy)
    }

    /// A number is out of its range.
    pub(crate) fn range(what: &str, least: impl fmt::Display, most: impl fmt::Display) -> Refusal {
        Refusal::new(format!("{what} is out of range"), format!("give something from {least} to {most}"))
    }
}

/// The known name most like `name`: one that was mistyped so, else the first one that contains it.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let wanted = quoted(name.trim()).to_lowercase();
    let contains = |known: &&str| wanted.len() >= 3 && known.to_lowercase().contains(&wanted);
    crate::diagnostic::nearest(name.trim(), known.iter().copied()).or_else(|| known.iter().copied().find(contains))
}

/// A learner's text, cut to a length that fits a message.
pub(crate) fn quoted(text: &str) -> &str {
    text.char_indices().nth(MOST_QUOTED).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let refusal = Refusal::unknown("node", "catlog", ["orders", "catalog", "cache"]);
        assert_eq!(refusal.to_string(), "there is no node `catlog`; did you mean `catalog`?");
    }

    #[test]
    fn a_name_like_none_is_answered_with_all() {
        let refusal = Refusal::unknown("node", "zzz", ["orders", "catalog"]);
        assert_eq!(refusal.remedy, "there are orders, catalog");
    }

    #[test]
    fn a_huge_name_is_cut() {
        let refusal = Refusal::unknown("node", &"ü".repeat(100_000), ["orders"]);
        assert!(refusal.what.len() < 300);
    }
}
