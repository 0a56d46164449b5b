//! TraceQL as Tempo 2 has it: parse, check and evaluate over a [`TraceStore`].

mod ast;
mod compare;
mod field;
mod fields;
mod measure;
mod metrics;
mod parser;
mod search;
mod spansets;
mod store;
mod token;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub use ast::*;
pub use metrics::{MetricSeries, MetricsError, MetricsLimits, metrics, metrics_instant_json, metrics_json};
pub use parser::parse;
pub use search::{FoundSpan, FoundSpanset, FoundTrace, SearchLimits, search, search_json, values};
pub use store::{Condition, Event, Link, MemorySpan, MemoryTrace, MemoryTraces, Span, Trace, TraceScan, TraceStore};
pub use token::INTRINSICS;
pub use value::{Kind, Status, Value};
