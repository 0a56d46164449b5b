//! Why a query has no answer, and where in its text the reason lies.

use std::ops::Range;

use super::super::syntax::SyntaxError;

/// A range of bytes in the query's text.
pub type Span = Range<usize>;

/// What kind of failure it is; an HTTP API maps it to `bad_data` or `execution`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The expression is not valid.
    Parse,
    /// The expression is valid but has no result over this data.
    Execution,
    /// A limit on work or size was reached.
    Limit,
    /// It was stopped before it had a result.
    Stopped,
}

/// A query that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The kind of failure.
    pub kind: ErrorKind,
    /// What is wrong and, for syntax, what was expected.
    pub message: String,
    /// The part of the query that is wrong, where one part is.
    pub span: Option<Span>,
}

/// A result that may be an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A syntax or type error at `span`.
    pub fn parse(span: Span, message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Parse, message: message.into(), span: Some(span) }
    }

    /// A failure while evaluating.
    pub fn execution(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Execution, message: message.into(), span: None }
    }

    /// A limit that was reached.
    pub fn limit(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Limit, message: message.into(), span: None }
    }

    /// An evaluation that was stopped.
    pub fn stopped() -> Self {
        Self { kind: ErrorKind::Stopped, message: "the query was stopped".into(), span: None }
    }

    /// The error with its place in the query and an excerpt; one without a place stands at the start.
    pub fn placed(&self, query: &str) -> SyntaxError {
        let span = self.span.clone().unwrap_or(0..query.len());
        let message = match self.kind {
            ErrorKind::Parse => format!("parse error: {}", self.message),
            _ => self.message.clone(),
        };
        SyntaxError::new(query, span.start, span.end.saturating_sub(span.start), message)
    }

    /// The message with line and column, as Prometheus words it: `1:5: parse error: …`.
    pub fn describe(&self, query: &str) -> String {
        match (&self.span, self.kind) {
            (Some(span), ErrorKind::Parse) => {
                let at = SyntaxError::new(query, span.start, 0, "");
                format!("{}:{}: parse error: {}", at.line, at.column, self.message)
            }
            _ => self.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_lines_and_characters() {
        assert_eq!(Error::parse(4..5, "no").describe("ab\ncd"), "2:2: parse error: no");
        assert_eq!(Error::parse(2..3, "no").describe("é)"), "1:2: parse error: no");
        assert_eq!(Error::parse(1..2, "no").describe("(x"), "1:2: parse error: no");
    }
}
