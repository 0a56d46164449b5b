//! LogQL as Loki 3 has it: parse, check and evaluate over a [`LogStore`].

mod ast;
mod binary;
mod eval;
mod extract;
mod json;
mod json_fields;
mod json_path;
mod ops;
mod parser;
mod pattern;
mod pipeline;
mod ranges;
mod row;
mod statistics;
mod store;
mod template;
mod token;
mod value;
mod vector;

#[cfg(test)]
mod tests;

pub use ast::*;
pub use eval::{EvalError, Limits, instant, lines, range};
pub use json::{CATEGORIZE, labels_json};
pub use json_path::JsonPath;
pub use ops::*;
pub use parser::{parse, well_formed};
pub use pattern::Pattern;
pub use store::{Entry, LogStore, MemoryLogs, Scan, Words};
pub use template::Template;
pub use value::{Answer, Labels, Line, Sample, Series, Stream};
