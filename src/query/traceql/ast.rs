//! A TraceQL query that was understood and checked.

use std::fmt;

use regex::Regex;

use super::value::Value;

/// A query: a pipeline, perhaps metrics, and hints.
#[derive(Clone, Debug)]
pub struct Query {
    /// The pipeline of spansets.
    pub pipeline: Pipeline,
    /// What is measured, in a metrics query.
    pub metrics: Option<Metrics>,
    /// `with (name=value)`; for the store, none is needed here.
    pub hints: Vec<(String, Value)>,
}

/// Elements that each take the spansets of the one before.
pub type Pipeline = Vec<Element>;

/// An element of a pipeline.
#[derive(Clone, Debug)]
pub enum Element {
    /// Filters and structural operators.
    Spanset(Spanset),
    /// `count() > 2`
    Scalar(ScalarFilter),
    /// `by(expression)`: splits spansets.
    By(Field),
    /// `coalesce()`: joins them again.
    Coalesce,
    /// `select(attributes)`: shows them.
    Select(Vec<Attribute>),
}

/// Which spans.
#[derive(Clone, Debug)]
pub enum Spanset {
    /// `{ … }`
    Filter(Field),
    /// A pipeline in parentheses.
    Pipeline(Pipeline),
    /// `&&` of several.
    And(Vec<Spanset>),
    /// `||` of several.
    Or(Vec<Spanset>),
    /// A structural operator.
    Structural(Box<Spanset>, Structural, Box<Spanset>),
}

/// How spans of the right side stand to those of the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structural {
    /// Which relation.
    pub relation: Relation,
    /// Those that do not stand so (`!>`).
    pub negated: bool,
    /// Both sides' (`&>`), not only the right's.
    pub union: bool,
}

/// A relation of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `>`: is a child of.
    Child,
    /// `>>`: is a descendant of.
    Descendant,
    /// `<`: is the parent of.
    Parent,
    /// `<<`: is an ancestor of.
    Ancestor,
    /// `~`: has the same parent as.
    Sibling,
}

/// An operator between values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `=~`
    Match,
    /// `!~`
    NotMatch,
}

impl Op {
    /// Whether its result is true or false.
    pub fn is_test(self) -> bool {
        !matches!(self, Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Modulo | Op::Power)
    }
}

/// An expression over one span.
#[derive(Clone, Debug)]
pub enum Field {
    /// A value.
    Static(Value),
    /// An attribute or an intrinsic.
    Attribute(Attribute),
    /// `-x`
    Negative(Box<Field>),
    /// `!x`
    Not(Box<Field>),
    /// `&&` of several.
    And(Vec<Field>),
    /// `||` of several.
    Or(Vec<Field>),
    /// Two and an operator.
    Binary(Box<Field>, Op, Box<Field>),
    /// A match of a regular expression, or none.
    Match {
        /// What is matched.
        left: Box<Field>,
        /// By what, over the whole text.
        regex: Regex,
        /// `!~`
        negated: bool,
    },
}

/// Where an attribute is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The span, then the resource.
    Any,
    /// The span.
    Span,
    /// The resource.
    Resource,
    /// An event of the span.
    Event,
    /// A link of the span.
    Link,
    /// The instrumentation.
    Instrumentation,
}

/// What every span has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intrinsic {
    /// Its length.
    Duration,
    /// How many children it has.
    ChildCount,
    /// Its name.
    Name,
    /// Its status.
    Status,
    /// What the status says.
    StatusMessage,
    /// Its kind.
    Kind,
    /// Its id.
    SpanId,
    /// Its parent's id.
    ParentId,
    /// Its parent.
    Parent,
    /// The number it is entered with, when the trace is walked.
    NestedSetLeft,
    /// The number it is left with.
    NestedSetRight,
    /// Its parent's left number; -1 for a root.
    NestedSetParent,
    /// The name of the trace's root.
    RootName,
    /// The service of the trace's root.
    RootService,
    /// The length of the trace.
    TraceDuration,
    /// The id of the trace.
    TraceId,
    /// The name of an event.
    EventName,
    /// How long after the span's start an event was.
    EventTimeSinceStart,
    /// The trace a link leads to.
    LinkTraceId,
    /// The span a link leads to.
    LinkSpanId,
    /// The name of the instrumentation.
    InstrumentationName,
    /// The version of the instrumentation.
    InstrumentationVersion,
}

/// An attribute or an intrinsic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// A named one.
    Named {
        /// Where.
        scope: Scope,
        /// The parent span's.
        parent: bool,
        /// Its name.
        name: String,
    },
    /// One that every span has.
    Intrinsic(Intrinsic),
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attribute::Intrinsic(intrinsic) => f.write_str(super::token::intrinsic_name(*intrinsic)),
            Attribute::Named { scope, parent, name } => {
                let scope = match scope {
                    Scope::Any => "",
                    Scope::Span => "span",
                    Scope::Resource => "resource",
                    Scope::Event => "event",
                    Scope::Link => "link",
                    Scope::Instrumentation => "instrumentation",
                };
                let parent = match (parent, scope) {
                    (false, _) => "",
                    (true, "") => "parent",
                    (true, _) => "parent.",
                };
                write!(f, "{parent}{scope}.{name}")
            }
        }
    }
}

/// `avg(duration) > 1s`
#[derive(Clone, Debug)]
pub struct ScalarFilter {
    /// The left side.
    pub left: Scalar,
    /// A comparison.
    pub op: Op,
    /// The right side.
    pub right: Scalar,
}

/// A number of a spanset.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// A number or duration.
    Static(Value),
    /// `count()`, `avg(…)` and the like.
    Aggregate(Aggregate, Option<Field>),
    /// Two and an arithmetic operator.
    Binary(Box<Scalar>, Op, Box<Scalar>),
}

/// How the values of a spanset become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// How many spans.
    Count,
    /// The mean.
    Avg,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The sum.
    Sum,
}

/// What a metrics query measures.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Which.
    pub function: Function,
    /// Of what; the counting ones need none.
    pub of: Option<Attribute>,
    /// The quantiles.
    pub quantiles: Vec<f64>,
    /// What `compare` sets against the rest.
    pub selection: Option<Selection>,
    /// The labels.
    pub by: Vec<Attribute>,
    /// What is done with the series.
    pub then: Vec<Second>,
}

/// What `compare` sets against the rest.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Which spans.
    pub filter: Field,
    /// How many values of each attribute are told, the most frequent.
    pub top: usize,
    /// Only spans that start from an instant to before another, in nanoseconds since 1970.
    pub within: Option<(i64, i64)>,
}

/// A metrics function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Spans a second.
    Rate,
    /// Spans.
    Count,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The mean.
    Avg,
    /// The sum.
    Sum,
    /// Quantiles.
    Quantile,
    /// Counts by powers of two.
    Histogram,
    /// A selection against the rest.
    Compare,
}

/// What is done with series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Second {
    /// Keeps the largest so many.
    Topk(usize),
    /// Keeps the smallest so many.
    Bottomk(usize),
    /// Keeps points that compare so.
    Filter(Op, f64),
}
