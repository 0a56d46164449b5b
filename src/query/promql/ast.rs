//! The syntax tree of a query that has been checked: what the parser gives and the evaluator takes.

use super::error::Span;
use super::functions::Function;
use super::matcher::Matcher;
use std::fmt;
use std::sync::Arc;

/// An expression with its place in the text.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
    /// Levels of nesting below and with this one, bounded by the parser.
    pub(super) depth: usize,
}

/// The types of values in the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Scalar,
    /// A string.
    String,
    /// One value a series.
    Vector,
    /// Many values a series.
    Matrix,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        })
    }
}

/// The `@` modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// A fixed time, in milliseconds.
    Time(i64),
    /// The start of the whole query.
    Start,
    /// The end of the whole query.
    End,
}

/// `offset` and `@` of a selector or subquery.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shift {
    /// How far back, in milliseconds; negative is into the future.
    pub offset: Option<i64>,
    /// The time that replaces that of the evaluation.
    pub at: Option<At>,
}

/// A selection of series.
#[derive(Debug, Clone)]
pub struct Selector {
    /// Conditions, that on the metric's name included.
    pub matchers: Vec<Matcher>,
    /// When to look.
    pub shift: Shift,
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operators'")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
    Unless,
}

impl BinaryOp {
    /// Whether it compares.
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge)
    }

    /// Whether it works on sets of series and not on values.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

/// Which side of a vector match may have many series for one of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cardinality {
    /// One to one.
    One,
    /// `group_left`: many on the left.
    ManyLeft,
    /// `group_right`: many on the right.
    ManyRight,
}

/// How two vectors are matched.
#[derive(Debug, Clone)]
pub struct Matching {
    /// `on` and not `ignoring`.
    pub on: bool,
    /// The labels named.
    pub labels: Vec<Arc<str>>,
    /// Which side may be many.
    pub cardinality: Cardinality,
    /// Labels to copy from the one side.
    pub include: Vec<Arc<str>>,
}

/// Aggregation operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the operators'")]
pub enum AggregateOp {
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    Quantile,
    CountValues,
    Limitk,
    LimitRatio,
}

impl AggregateOp {
    /// Each operator by its name.
    pub const ALL: [(&'static str, Self); 14] = [
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("count", Self::Count),
        ("min", Self::Min),
        ("max", Self::Max),
        ("group", Self::Group),
        ("stddev", Self::Stddev),
        ("stdvar", Self::Stdvar),
        ("topk", Self::Topk),
        ("bottomk", Self::Bottomk),
        ("quantile", Self::Quantile),
        ("count_values", Self::CountValues),
        ("limitk", Self::Limitk),
        ("limit_ratio", Self::LimitRatio),
    ];

    /// The type of its first argument, for the operators that take one beside the vector.
    pub fn parameter(self) -> Option<Kind> {
        match self {
            Self::CountValues => Some(Kind::String),
            Self::Topk | Self::Bottomk | Self::Quantile | Self::Limitk | Self::LimitRatio => Some(Kind::Scalar),
            _ => None,
        }
    }
}

/// Which labels make a group.
#[derive(Debug, Clone, Default)]
pub struct Grouping {
    /// `without` and not `by`.
    pub without: bool,
    /// The labels named.
    pub labels: Vec<Arc<str>>,
}

/// What an expression is.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields say what they are")]
pub enum ExprKind {
    Number(f64),
    String(String),
    Selector(Selector),
    Matrix { selector: Selector, range: i64 },
    Subquery { expr: Box<Expr>, range: i64, step: Option<i64>, shift: Shift },
    Call { function: &'static Function, args: Vec<Expr> },
    Aggregate { op: AggregateOp, grouping: Grouping, parameter: Option<Box<Expr>>, expr: Box<Expr> },
    Binary { op: BinaryOp, lhs: Box<Expr>, rhs: Box<Expr>, return_bool: bool, matching: Option<Matching> },
    Negate(Box<Expr>),
    Paren(Box<Expr>),
}

impl Expr {
    /// The type of its value.
    pub fn kind(&self) -> Kind {
        match &self.kind {
            ExprKind::Number(_) => Kind::Scalar,
            ExprKind::String(_) => Kind::String,
            ExprKind::Selector(_) | ExprKind::Aggregate { .. } => Kind::Vector,
            ExprKind::Matrix { .. } | ExprKind::Subquery { .. } => Kind::Matrix,
            ExprKind::Call { function, .. } => function.returns,
            ExprKind::Binary { lhs, rhs, .. } if lhs.kind() == Kind::Scalar => rhs.kind(),
            ExprKind::Binary { .. } => Kind::Vector,
            ExprKind::Negate(expr) | ExprKind::Paren(expr) => expr.kind(),
        }
    }

    /// The expression inside any parentheses.
    pub fn inner(&self) -> &Self {
        let mut expr = self;
        while let ExprKind::Paren(inside) = &expr.kind {
            expr = inside;
        }
        expr
    }

    /// Calls `visit` with each selector's matchers in the expression.
    pub fn each_selector(&self, visit: &mut dyn FnMut(&[Matcher])) {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Selector(selector) | ExprKind::Matrix { selector, .. } => visit(&selector.matchers),
            ExprKind::Call { args, .. } => args.iter().for_each(|a| a.each_selector(visit)),
            ExprKind::Aggregate { parameter, expr, .. } => {
                parameter.iter().for_each(|p| p.each_selector(visit));
                expr.each_selector(visit);
            }
            ExprKind::Binary { lhs, rhs, .. } => {
                lhs.each_selector(visit);
                rhs.each_selector(visit);
            }
            ExprKind::Subquery { expr, .. } | ExprKind::Negate(expr) | ExprKind::Paren(expr) => {
                expr.each_selector(visit);
            }
        }
    }
}
