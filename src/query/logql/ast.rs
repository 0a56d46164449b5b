//! A LogQL query that was understood: regular expressions, templates and patterns are compiled, arguments checked.

use std::net::IpAddr;

use regex::Regex;

use super::json_path::JsonPath;
use super::ops::{BinaryOp, Compare, RangeOp, VectorOp};
use super::pattern::Pattern;
use super::template::Template;
use super::value::Labels;

/// A query: for lines, or for numbers over time.
#[derive(Clone, Debug)]
pub enum Expr {
    /// Gives log lines.
    Log(LogExpr),
    /// Gives series of numbers.
    Metric(MetricExpr),
}

impl Expr {
    /// The labels that selectors name, in order, each once: to tell of those that no stream has.
    pub fn selector_labels(&self) -> Vec<&str> {
        let mut found = Vec::new();
        match self {
            Expr::Log(log) => log.names(&mut found),
            Expr::Metric(metric) => metric.names(&mut found),
        }
        found
    }
}

impl LogExpr {
    /// Whether the selector selects a stream with these labels.
    pub fn selects(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|matcher| matcher.accepts(labels.get(&matcher.name).unwrap_or("")))
    }

    fn names<'e>(&'e self, found: &mut Vec<&'e str>) {
        for matcher in &self.matchers {
            if !found.contains(&matcher.name.as_str()) {
                found.push(&matcher.name);
            }
        }
    }
}

impl MetricExpr {
    fn names<'e>(&'e self, found: &mut Vec<&'e str>) {
        match self {
            MetricExpr::Literal(_) | MetricExpr::Vector(_) => {}
            MetricExpr::Range(range) => range.log.names(found),
            MetricExpr::Aggregate(aggregation) => aggregation.inner.names(found),
            MetricExpr::Binary(binary) => {
                binary.left.names(found);
                binary.right.names(found);
            }
            MetricExpr::LabelReplace(replace) => replace.inner.names(found),
            MetricExpr::Variants(all) => all.iter().for_each(|metric| metric.names(found)),
        }
    }
}

/// Streams and what is done with each of their lines.
#[derive(Clone, Debug)]
pub struct LogExpr {
    /// Which streams.
    pub matchers: Vec<Matcher>,
    /// What is done with each line, in order.
    pub stages: Vec<Stage>,
}

/// How a label's value is compared with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, over the whole value
    Match,
    /// `!~`
    NotMatch,
}

/// A condition on one label; a label that is absent is the empty text.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// How it is compared.
    pub op: MatchOp,
    /// With what.
    pub value: String,
    /// The value compiled, for the two that match.
    pub regex: Option<Regex>,
}

impl Matcher {
    /// Whether a value is accepted.
    pub fn accepts(&self, value: &str) -> bool {
        let found = || self.regex.as_ref().is_some_and(|regex| regex.is_match(value));
        match self.op {
            MatchOp::Equal => value == self.value,
            MatchOp::NotEqual => value != self.value,
            MatchOp::Match => found(),
            MatchOp::NotMatch => !found(),
        }
    }
}

/// One stage of a pipeline.
#[derive(Clone, Debug)]
pub enum Stage {
    /// Keeps or drops lines by their text.
    Line(LineFilter),
    /// `json`: all fields, or those asked for.
    Json(Vec<(String, JsonPath)>),
    /// `logfmt`: all pairs, or those asked for.
    Logfmt {
        /// Stop at the first malformed pair.
        strict: bool,
        /// Keep keys without a value.
        keep_empty: bool,
        /// Label and key, if not all.
        wanted: Vec<(String, String)>,
    },
    /// `regexp`: its named groups.
    Regexp(Regex),
    /// `pattern`: its named captures.
    Pattern(Pattern),
    /// `unpack`: a packed JSON line.
    Unpack,
    /// `decolorize`: strips ANSI colour codes.
    Decolorize,
    /// Keeps or drops lines by their labels.
    Labels(LabelFilter),
    /// `line_format`.
    LineFormat(Template),
    /// `label_format`.
    LabelFormat(Vec<LabelFormat>),
    /// `drop`: labels, or labels with values.
    Drop(Vec<NameOrMatcher>),
    /// `keep`: labels, or labels with values.
    Keep(Vec<NameOrMatcher>),
}

/// A filter on a line's text: any of the tests, or none of them.
#[derive(Clone, Debug)]
pub struct LineFilter {
    /// Whether lines that pass any test are dropped, not kept.
    pub negated: bool,
    /// The tests, joined by `or`.
    pub tests: Vec<LineTest>,
}

/// A test of a line's text.
#[derive(Clone, Debug)]
pub enum LineTest {
    /// Contains a text.
    Contains(String),
    /// Contains a match.
    Matches(Regex),
    /// Fits a pattern.
    Pattern(Pattern),
    /// Contains an address in a range.
    Ip(IpRange),
}

/// A set of IP addresses: first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    /// The first.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
}

/// A condition on a line's labels.
#[derive(Clone, Debug)]
pub enum LabelFilter {
    /// All hold.
    And(Vec<LabelFilter>),
    /// Any holds.
    Or(Vec<LabelFilter>),
    /// A text.
    Text(Matcher),
    /// A number.
    Number(String, Compare, f64),
    /// A duration, in nanoseconds.
    Duration(String, Compare, i64),
    /// A size in bytes.
    Bytes(String, Compare, u64),
    /// An IP address in a range, or not.
    Ip {
        /// The label.
        name: String,
        /// Whether it must not be in the range.
        negated: bool,
        /// The range.
        range: IpRange,
    },
}

/// One assignment of `label_format`.
#[derive(Clone, Debug)]
pub enum LabelFormat {
    /// `to=from`
    Rename {
        /// The new name.
        to: String,
        /// The old one.
        from: String,
    },
    /// `to="template"`
    Template(String, Template),
}

/// An item of `drop` and `keep`.
#[derive(Clone, Debug)]
pub enum NameOrMatcher {
    /// The label, whatever its value.
    Name(String),
    /// The label with such a value.
    Matcher(Matcher),
}

/// A query for numbers.
#[derive(Clone, Debug)]
pub enum MetricExpr {
    /// A number.
    Literal(f64),
    /// `vector(n)`: one sample without labels.
    Vector(f64),
    /// An aggregation over a range of lines.
    Range(Box<RangeAggregation>),
    /// An aggregation over series.
    Aggregate(Box<Aggregation>),
    /// Two expressions and an operator.
    Binary(Box<Binary>),
    /// `label_replace`
    LabelReplace(Box<LabelReplace>),
    /// `variants(…) of (…)`: several aggregations of one range.
    Variants(Vec<MetricExpr>),
}

/// Which labels series are put together by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// `without`, not `by`.
    pub without: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// `rate({…}[5m])` and its like.
#[derive(Clone, Debug)]
pub struct RangeAggregation {
    /// Which.
    pub op: RangeOp,
    /// The quantile.
    pub parameter: Option<f64>,
    /// The lines.
    pub log: LogExpr,
    /// The label taken as the value.
    pub unwrap: Option<Unwrap>,
    /// How far back, in nanoseconds.
    pub range: i64,
    /// How much earlier, in nanoseconds.
    pub offset: i64,
    /// The labels kept.
    pub grouping: Option<Grouping>,
}

/// `| unwrap duration(label)` and the label filters after it.
#[derive(Clone, Debug)]
pub struct Unwrap {
    /// The label.
    pub label: String,
    /// How it is read.
    pub conversion: Conversion,
    /// Filters after it.
    pub filters: Vec<LabelFilter>,
}

/// How an unwrapped label is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// A number.
    Number,
    /// A duration, in seconds.
    Duration,
    /// A size, in bytes.
    Bytes,
}

/// `sum by (service) (…)` and its like.
#[derive(Clone, Debug)]
pub struct Aggregation {
    /// Which.
    pub op: VectorOp,
    /// How many, for the largest and smallest.
    pub parameter: usize,
    /// The labels kept.
    pub grouping: Grouping,
    /// Of what.
    pub inner: MetricExpr,
}

/// Which side of a binary operation may have several series for one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// Neither.
    OneToOne,
    /// The left (`group_left`).
    ManyToOne,
    /// The right (`group_right`).
    OneToMany,
}

/// Two expressions and an operator.
#[derive(Clone, Debug)]
pub struct Binary {
    /// Which.
    pub op: BinaryOp,
    /// Whether a comparison gives 0 or 1.
    pub bool_modifier: bool,
    /// Whether `labels` are those matched (`on`), not those ignored.
    pub on: bool,
    /// The labels matched or ignored.
    pub labels: Vec<String>,
    /// Which side may have several.
    pub cardinality: Cardinality,
    /// Labels taken from the side that has one.
    pub include: Vec<String>,
    /// The left side.
    pub left: MetricExpr,
    /// The right side.
    pub right: MetricExpr,
}

/// `label_replace(v, to, replacement, from, regex)`
#[derive(Clone, Debug)]
pub struct LabelReplace {
    /// Of what.
    pub inner: MetricExpr,
    /// The label that is set.
    pub to: String,
    /// To what.
    pub replacement: String,
    /// The label that is matched.
    pub from: String,
    /// By what.
    pub regex: Regex,
}
