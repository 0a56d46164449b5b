//! What the query languages share: where an error is and how it reads, units, quoting, regular expressions. Knows no
//! grammar and no data.

mod error;
mod go_regex;
mod number;
mod quote;
mod units;

pub(crate) use crate::diagnostic::nearest;
pub use error::SyntaxError;
pub use go_regex::{anchored, compile as compile_regex};
pub use number::{float_text, parse_float};
pub use quote::{quote, scan_string};
pub use units::{duration_text, parse_bytes, parse_duration, parse_go_duration, parse_prometheus_duration};

/// The longest query that is read, in bytes.
pub const MAX_QUERY_BYTES: usize = 131_072;

/// How deep parentheses and calls may nest.
pub const MAX_DEPTH: usize = 100;

/// How many binary operators one expression tree may chain.
pub const MAX_OPERATORS: usize = 250;
