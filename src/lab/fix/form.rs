//! A kind of fix as a face offers it: its words, what it is done to, its fields and their ranges. Knows no run.

use std::fmt;

use super::value::FixValue;
use super::way::Way;
use crate::lab::Refusal;
use crate::time::Duration;
use crate::world::Node;

/// One kind of fix.
#[derive(Debug)]
pub struct FixKind {
    /// The word for it at a prompt.
    pub verb: &'static str,
    /// Its name in a list.
    pub title: &'static str,
    /// One line.
    pub does: &'static str,
    /// What it is done to.
    pub target: FixTarget,
    /// The values that it takes besides.
    pub fields: &'static [FixField],
    /// What could be typed after `fix`.
    pub example: &'static str,
    /// How it reaches the system; None depends on what is undone.
    pub(super) way: Option<Way>,
    /// What it costs besides the way; may be empty.
    pub(super) price: &'static str,
}

/// What a fix is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixTarget {
    /// A change of the feed.
    Change,
    /// An arrow of any sort.
    Arrow,
    /// An arrow over which a caller calls and waits.
    Call,
    /// A node.
    Node,
    /// A node with a cache.
    Cache,
    /// A node with a queue.
    Queue,
    /// A queue that gets the dead letters of others.
    DeadLetters,
    /// A node that takes messages from a queue.
    Consumer,
    /// A node with feature flags.
    Flagged,
    /// A node with rate limits.
    Limiter,
    /// A node that issues tokens.
    Issuer,
    /// A node that verifies tokens.
    Verifier,
    /// A node that keeps locks.
    LockService,
}

/// A value that a fix takes.
#[derive(Debug)]
pub struct FixField {
    /// Its name in a file, and as an option at a prompt.
    pub name: &'static str,
    /// Its name on a form.
    pub label: &'static str,
    /// What it can be.
    pub sort: FixSort,
    /// What `none` means; None if there must be a value.
    pub none: Option<&'static str>,
    /// What it is unless said; None if it must be said.
    pub usual: Option<&'static str>,
}

/// What a value can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FixSort {
    /// A length of time from the first to the second.
    Time(Duration, Duration),
    /// A whole number from the first to the second.
    Count(u64, u64),
    /// A number from the first to the second.
    Share(f64, f64),
    /// One of these words, with what each means.
    Choice(&'static [(&'static str, &'static str)]),
    /// The name of a flag.
    Flag,
    /// The name of a family of data.
    Datum,
    /// What a health page checks.
    Checks,
}

/// The field that is a replica's number.
const REPLICA: &str = "replica";

/// On or off.
pub(super) const SWITCH: FixSort = FixSort::Choice(&[("on", "on"), ("off", "off")]);

impl FixKind {
    /// What follows the verb, in the style of a usage line.
    pub fn takes(&self) -> String {
        let mut words = vec![self.target.usage().to_owned()];
        words.extend(self.fields.iter().map(FixField::usage));
        words.join(" ")
    }

    /// What it costs, in words: how long until it takes effect, and what it does meanwhile.
    pub fn cost(&self) -> String {
        let way = self.way.map_or(
            "2m and 20s from replica to replica if it undoes a deploy, else 30s; replicas of a deploy restart",
            Way::words,
        );
        if self.price.is_empty() { way.to_owned() } else { format!("{way}; {}", self.price) }
    }
}

impl FixTarget {
    /// In a usage line.
    fn usage(self) -> &'static str {
        match self {
            FixTarget::Change => "CHANGE",
            FixTarget::Arrow | FixTarget::Call => "A -> B",
            FixTarget::Node | FixTarget::Flagged | FixTarget::Limiter => "NODE",
            FixTarget::Issuer => "ISSUER",
            FixTarget::Verifier => "VERIFIER",
            FixTarget::LockService => "LOCKS",
            FixTarget::Cache => "CACHE",
            FixTarget::Queue | FixTarget::DeadLetters => "QUEUE",
            FixTarget::Consumer => "CONSUMER",
        }
    }

    /// In words: `cache`.
    pub fn words(self) -> &'static str {
        match self {
            FixTarget::Change => "change",
            FixTarget::Arrow | FixTarget::Call => "arrow",
            FixTarget::Node => "node",
            FixTarget::Cache => "cache",
            FixTarget::Queue => "queue",
            FixTarget::DeadLetters => "queue of dead letters",
            FixTarget::Consumer => "consumer of a queue",
            FixTarget::Flagged => "node with flags",
            FixTarget::Limiter => "node with rate limits",
            FixTarget::Issuer => "issuer of tokens",
            FixTarget::Verifier => "verifier of tokens",
            FixTarget::LockService => "lock service",
        }
    }

    /// Whether it is an arrow.
    pub fn is_arrow(self) -> bool {
        matches!(self, FixTarget::Arrow | FixTarget::Call)
    }

    /// Whether a node is one. `letters` says whether other queues send their dead letters to it.
    pub(crate) fn suits(self, node: &Node, letters: bool) -> bool {
        match self {
            FixTarget::Change | FixTarget::Arrow | FixTarget::Call => false,
            FixTarget::Node => true,
            FixTarget::Cache => node.cache.is_some(),
            FixTarget::Queue => node.queue.is_some(),
            FixTarget::DeadLetters => node.queue.is_some() && letters,
            FixTarget::Consumer => node.consumes.is_some(),
            FixTarget::Flagged => !node.flags.is_empty(),
            FixTarget::Limiter => !node.limits.is_empty(),
            FixTarget::Issuer => node.issues.is_some(),
            FixTarget::Verifier => node.verifies.is_some(),
            FixTarget::LockService => node.locks.is_some(),
        }
    }
}

impl FixField {
    pub(super) const fn new(name: &'static str, label: &'static str, sort: FixSort) -> FixField {
        FixField { name, label, sort, none: None, usual: None }
    }

    /// `none` is a value too, and means this.
    pub(super) const fn or_none(self, means: &'static str) -> FixField {
        FixField { none: Some(means), ..self }
    }

    /// It need not be said, and is this then.
    pub(super) const fn usually(self, text: &'static str) -> FixField {
        FixField { usual: Some(text), ..self }
    }

    fn usage(&self) -> String {
        let value = match self.sort {
            FixSort::Time(..) => "DURATION".to_owned(),
            FixSort::Count(..) | FixSort::Share(..) | FixSort::Flag | FixSort::Datum => {
                self.name.replace('_', "-").to_uppercase()
            }
            FixSort::Choice(words) => words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join("|"),
            FixSort::Checks => return "[calls=NODE] [lag=QUEUE:DURATION] [pool=NODE:DURATION]".to_owned(),
        };
        let value = if self.none.is_some() { format!("{value}|none") } else { value };
        if self.usual.is_some() { format!("[{}={value}]", self.name) } else { value }
    }

    /// Reads a value as written; the error says what to write instead.
    pub fn read(&self, text: &str) -> Result<FixValue, String> {
        let text = match (text.trim(), self.usual) {
            ("", Some(usual)) => usual,
            (text, _) => text,
        };
        let name = self.name.replace('_', " ");
        let no = |what: &str, from: &dyn fmt::Display, to: &dyn fmt::Display| {
            Err(format!("{}: `{text}` is no {what} from {from} to {to}", self.label))
        };
        match self.sort {
            _ if text == "none" && self.none.is_some() => Ok(FixValue::None),
            _ if text.is_empty() => Err(format!("{}: this is missing", self.label)),
            FixSort::Time(..) => Duration::parse(text).map(FixValue::Time),
            FixSort::Count(least, most) => match text.parse() {
                Ok(count) => Ok(FixValue::Count(count)),
                Err(_) => no("whole number", &least, &most),
            },
            FixSort::Share(least, most) => match text.parse::<f64>() {
                Ok(share) if share.is_finite() => Ok(FixValue::Share(share)),
                _ => no("number", &least, &most),
            },
            FixSort::Choice(words) if words.iter().any(|(word, _)| *word == text) => Ok(FixValue::Word(text.into())),
            FixSort::Choice(_) => Err(format!("`{text}` is no {name}")),
            FixSort::Flag | FixSort::Datum => Ok(FixValue::Word(text.into())),
            FixSort::Checks => Err("name what to check".into()),
        }
    }

    /// Reads a value that belongs to a target, as written: a replica may be named as it is shown, `shop-1` for 1 of
    /// `shop`.
    pub(crate) fn read_for(&self, target: &str, text: &str) -> Result<FixValue, String> {
        let number = text.trim().strip_prefix(target).and_then(|rest| rest.strip_prefix('-'));
        let number = number.filter(|number| self.name == REPLICA && number.parse::<u64>().is_ok());
        self.read(number.unwrap_or(text))
    }

    /// A value in its range.
    pub(crate) fn check(&self, value: &FixValue) -> Result<(), Refusal> {
        match (self.sort, value) {
            (FixSort::Time(least, most), FixValue::Time(time)) => self.within(time, least, most),
            (FixSort::Count(least, most), FixValue::Count(count)) => self.within(count, least, most),
            (FixSort::Share(least, most), FixValue::Share(share)) => self.within(share, least, most),
            _ => Ok(()),
        }
    }

    fn within<T: PartialOrd + fmt::Display>(&self, value: &T, least: T, most: T) -> Result<(), Refusal> {
        if (&least..=&most).contains(&value) {
            return Ok(());
        }
        let what = format!("`{}` is {value}, outside {least} to {most}", self.name);
        Err(Refusal::new(what, format!("give something from {least} to {most}")))
    }
}
