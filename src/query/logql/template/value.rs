//! What a template computes with.

use serde_json::Value as Json;

use super::super::super::syntax::{float_text, parse_float};
use super::time;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Nanoseconds since 1970.
    Time(i64),
    Json(Json),
    /// The labels: the dot at the outset.
    Labels,
}

impl Value {
    /// As printed.
    pub fn text(&self) -> String {
        match self {
            Value::Nil => "<no value>".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => float_text(*number),
            Value::Text(text) => text.clone(),
            Value::Time(nanos) => time::format(*nanos, "2006-01-02 15:04:05.999999999 -0700 UTC"),
            Value::Json(json) => json_text(json),
            Value::Labels => "map[]".to_owned(),
        }
    }

    /// Whether an `if` takes it.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(flag) => *flag,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Time(_) | Value::Labels => true,
            Value::Json(json) => match json {
                Json::Array(items) => !items.is_empty(),
                Json::Object(fields) => !fields.is_empty(),
                _ => true,
            },
        }
    }

    /// As a number; a text that is none is zero, as sprig has it.
    pub fn float(&self) -> f64 {
        match self {
            Value::Int(number) => *number as f64,
            Value::Float(number) => *number,
            Value::Bool(flag) => f64::from(u8::from(*flag)),
            Value::Text(text) => parse_float(text.trim()).unwrap_or(0.0),
            _ => 0.0,
        }
    }

    /// As a whole number; a text that is none is zero.
    pub fn int(&self) -> i64 {
        match self {
            Value::Int(number) => *number,
            Value::Text(text) => text.trim().parse().unwrap_or_else(|_| self.float() as i64),
            _ => self.float() as i64,
        }
    }

    /// From a JSON value: plain ones become plain.
    pub fn from_json(json: Json) -> Value {
        match json {
            Json::Null => Value::Nil,
            Json::Bool(flag) => Value::Bool(flag),
            Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Value::Text(text),
            other => Value::Json(other),
        }
    }
}

fn json_text(json: &Json) -> String {
    match json {
        Json::Array(items) => format!("[{}]", items.iter().map(json_text).collect::<Vec<_>>().join(" ")),
        Json::Object(fields) => {
            let shown: Vec<String> = fields.iter().map(|(key, value)| format!("{key}:{}", json_text(value))).collect();
            format!("map[{}]", shown.join(" "))
        }
        Json::String(text) => text.clone(),
        Json::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}
