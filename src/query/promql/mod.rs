//! # A PromQL engine
//!
//! Parses and evaluates Prometheus 3's query language over any store that implements [`Samples`]. It knows nothing of
//! HTTP, files or what the samples mean; native histograms and Prometheus's experimental syntax are not part of it.
//!
//! ```text
//! text ── lexer ── parser (+ checks) ── Expr ── Evaluator ── Value + Annotations
//!                                                   │
//!                                                Samples (select)
//! ```
//!
//! - [`query_instant`] and [`query_range`] are the two ways in; [`Options`] holds the limits and the lookback.
//! - An expression is evaluated for all steps at once: each node gives one column of values per series, with the
//!   staleness marker where a step has none. A selector is read once a query, windows slide, and groups and matches
//!   are made once and not per step.
//! - Ranges and the lookback are open on the left. Sums are compensated (Kahan–Neumaier) as Prometheus's are.
//! - [`Value::to_json`] is the `data` field of Prometheus's HTTP API.
//! - No input ends in a panic: nesting, regular expressions, points and samples are bounded.

mod annotations;
mod ast;
mod error;
mod eval;
mod functions;
mod kahan;
mod labels;
mod lexer;
mod matcher;
mod number;
mod parser;
mod storage;
mod value;

pub use annotations::Annotations;
pub use ast::{Expr, ExprKind, Kind};
pub use error::{Error, ErrorKind, Result, Span};
pub use eval::{Answer, Options, query_instant, query_range};
pub use functions::names as function_names;
pub use labels::{BUCKET, Label, Labels, METRIC_NAME};
pub use matcher::{MatchOp, Matcher};
pub use number::{format as format_number, parse_duration};
pub use parser::{parse, parse_selector};
pub use storage::{MemoryStorage, Point, Points, STALE, Samples, Series, is_stale};
pub use value::{Row, Sample, Value, labels_json};
