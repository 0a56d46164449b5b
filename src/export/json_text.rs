//! JSON objects of attributes, written as text at once: no tree of values between. What `serde_json` would write.

use std::fmt::Write;

use crate::telemetry::attribute::Value;

/// Appends an object, its keys in order.
pub(super) fn object<'a>(out: &mut String, pairs: impl Iterator<Item = (&'a str, Value<'a>)>) {
    let mut pairs: Vec<(&str, Value<'_>)> = pairs.collect();
    pairs.sort_by_key(|(key, _)| *key);
    out.push('{');
    for (at, (key, value)) in pairs.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        text(out, key);
        out.push(':');
        match value {
            Value::Text(value) => text(out, value),
            // Writing to a string cannot fail.
            Value::Int(value) => drop(write!(out, "{value}")),
            Value::Bool(value) => drop(write!(out, "{value}")),
            Value::Double(value) => drop(write!(out, "{}", serde_json::Value::from(value))),
        }
    }
    out.push('}');
}

/// Appends a string in quotes.
pub(super) fn text(out: &mut String, value: &str) {
    if value.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(value);
        out.push('"');
    } else {
        let _ = write!(out, "{}", serde_json::Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_writes_what_serde_json_writes() {
        let pairs = [
            ("b", Value::Text("a \"quoted\" \\ word\n\u{1}ü")),
            ("a", Value::Int(-7)),
            ("d \"", Value::Double(24.9)),
            ("c", Value::Bool(true)),
            ("e", Value::Double(3.0)),
            ("f", Value::Double(f64::NAN)),
            ("g", Value::Double(1e300)),
        ];
        let expected: serde_json::Map<String, serde_json::Value> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        let mut written = String::from("x");
        object(&mut written, pairs.into_iter());
        assert_eq!(written, format!("x{}", serde_json::Value::Object(expected)));
        let mut none = String::new();
        object(&mut none, std::iter::empty());
        assert_eq!(none, "{}");
    }
}
