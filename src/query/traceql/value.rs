//! What TraceQL compares: values and their types.

use std::cmp::Ordering;

use super::super::syntax::{duration_text, float_text};

/// The status of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// An error.
    Error,
    /// Said to be fine.
    Ok,
    /// Not said.
    #[default]
    Unset,
}

/// The kind of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Not said.
    #[default]
    Unspecified,
    /// Work inside.
    Internal,
    /// Answers a request.
    Server,
    /// Makes a request.
    Client,
    /// Sends a message.
    Producer,
    /// Receives a message.
    Consumer,
}

pub(super) const STATUSES: [(&str, Status); 3] =
    [("error", Status::Error), ("ok", Status::Ok), ("unset", Status::Unset)];

pub(super) const KINDS: [(&str, Kind); 6] = [
    ("unspecified", Kind::Unspecified),
    ("internal", Kind::Internal),
    ("server", Kind::Server),
    ("client", Kind::Client),
    ("producer", Kind::Producer),
    ("consumer", Kind::Consumer),
];

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// None.
    Nil,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// A duration in nanoseconds.
    Duration(i64),
    /// A status.
    Status(Status),
    /// A kind.
    Kind(Kind),
}

/// The type of a value, as far as it is known before a query runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// An attribute's, known only when it is read.
    Any,
    Nil,
    Bool,
    Number,
    Text,
    Status,
    Kind,
}

impl Value {
    pub(super) fn kind(&self) -> Type {
        match self {
            Value::Nil => Type::Nil,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) | Value::Float(_) | Value::Duration(_) => Type::Number,
            Value::Text(_) => Type::Text,
            Value::Status(_) => Type::Status,
            Value::Kind(_) => Type::Kind,
        }
    }

    /// As a number; a duration in nanoseconds.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(number) | Value::Duration(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The name of its type, as Tempo's API has it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Text(_) => "string",
            Value::Duration(_) => "duration",
            Value::Status(_) | Value::Kind(_) => "keyword",
        }
    }

    /// As text without quotes.
    pub fn text(&self) -> String {
        match self {
            Value::Nil => "nil".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => float_text(*number),
            Value::Text(text) => text.clone(),
            Value::Duration(nanos) => duration_text(*nanos),
            Value::Status(status) => {
                STATUSES.iter().find(|(_, known)| known == status).map_or("", |(name, _)| name).to_owned()
            }
            Value::Kind(kind) => KINDS.iter().find(|(_, known)| known == kind).map_or("", |(name, _)| name).to_owned(),
        }
    }

    /// The order of two values of one type; none for others.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Status(a), Value::Status(b)) => Some(a.cmp(b)),
            (Value::Kind(a), Value::Kind(b)) => Some(a.cmp(b)),
            (Value::Int(a) | Value::Duration(a), Value::Int(b) | Value::Duration(b)) => Some(a.cmp(b)),
            (a, b) => a.number()?.partial_cmp(&b.number()?),
        }
    }
}
