//! The fields of JSON objects, each value as it is written: a number keeps its digits.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Names and values in the order of the text.
pub(super) type Fields<'t> = Vec<(String, &'t RawValue)>;

/// The fields of the object that a text begins with, as far as they can be read, and why no further. What follows the object
/// does not matter.
pub(super) fn fields(text: &str) -> (Fields<'_>, Option<serde_json::Error>) {
    let mut found = Fields::new();
    let wrong = serde_json::Deserializer::from_str(text).deserialize_map(Collect(&mut found)).err();
    (found, wrong)
}

/// The items of the array that a text is.
pub(super) fn items(text: &str) -> Vec<&RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

/// A value as a label has it: a string without its quotes, nothing for null.
pub(super) fn plain(value: &RawValue) -> String {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).unwrap_or_default(),
        Some(b'n') => String::new(),
        _ => text.to_owned(),
    }
}

struct Collect<'f, 't>(&'f mut Fields<'t>);

impl<'t> Visitor<'t> for Collect<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_entry()? {
            self.0.push(field);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_they_are_written() {
        let text =
            r#" {"a": 1.50, "b":1e5,"c":"x\ty", "d":null, "e": {"f": [ 1 ] }, "a":12345678901234567890123} more"#;
        let (found, wrong) = fields(text);
        let shown: Vec<(&str, String)> = found.iter().map(|(name, value)| (name.as_str(), plain(value))).collect();
        let expected = [
            ("a", "1.50"),
            ("b", "1e5"),
            ("c", "x\ty"),
            ("d", ""),
            ("e", r#"{"f": [ 1 ] }"#),
            ("a", "12345678901234567890123"),
        ];
        assert_eq!(shown, expected.map(|(name, value)| (name, value.to_owned())));
        assert!(wrong.is_none(), "{wrong:?}");
    }

    #[test]
    fn what_was_read_before_an_error_is_kept() {
        let (found, wrong) = fields(r#"{"a":1, "b" 2}"#);
        assert_eq!((found.len(), wrong.is_some()), (1, true));
        for none in ["", "not json", "[1]", "5", "\"a\"", "{"] {
            let (found, wrong) = fields(none);
            assert_eq!((found.len(), wrong.is_some()), (0, true), "{none}");
        }
        // Half of a character is none.
        let (found, _) = fields(r#"{"a":"\ud800"}"#);
        assert_eq!(plain(found[0].1), "");
        assert_eq!(items("[1, [2], \"x\"]").len(), 3);
        assert!(items("{}").is_empty());
    }
}
