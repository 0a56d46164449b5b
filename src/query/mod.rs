//! The query languages that engineers use at work, over the telemetry of a run. Knows telemetry; must never know the
//! ground truth.

mod civil;
mod language;
pub mod logql;
pub mod logs;
pub mod metrics;
pub mod promql;
mod quantile;
pub mod syntax;
pub mod traceql;
pub mod traces;
pub(crate) mod unknown;

pub use language::Language;
