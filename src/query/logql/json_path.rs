//! Paths into a JSON document: `request.headers["User-Agent"]`, `servers[0]`.

use serde_json::value::RawValue;

use super::json_fields::{Fields, fields, items};

/// A path: fields and places in arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Place(usize),
}

impl JsonPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err("the path is empty".to_owned());
        }
        while !rest.is_empty() {
            if let Some(body) = rest.strip_prefix('[') {
                let (step, after) =
                    bracket(body.trim_start()).ok_or_else(|| format!("bad index in the path {text:?}"))?;
                steps.push(step);
                rest = after;
                continue;
            }
            if !steps.is_empty() {
                rest = rest.strip_prefix('.').ok_or_else(|| format!("expected `.` or `[` in the path {text:?}"))?;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let field = &rest[..end];
            let fine = field.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '@')
                && field.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '/' | '$'));
            if !fine {
                return Err(format!("bad field {field:?} in the path {text:?}; quote it as [\"{field}\"]"));
            }
            steps.push(Step::Field(field.to_owned()));
            rest = &rest[end..];
        }
        Ok(JsonPath { steps })
    }

    /// The value at the path in an object of these fields.
    pub(super) fn find<'t>(&self, document: &Fields<'t>) -> Option<&'t RawValue> {
        let (Step::Field(name), rest) = self.steps.split_first()? else { return None };
        rest.iter().try_fold(named(document, name)?, |value, step| match step {
            Step::Field(name) => named(&fields(value.get()).0, name),
            Step::Place(at) => items(value.get()).get(*at).copied(),
        })
    }
}

/// Of fields with one name the first counts.
fn named<'t>(fields: &Fields<'t>, name: &str) -> Option<&'t RawValue> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

fn bracket(body: &str) -> Option<(Step, &str)> {
    if body.starts_with('"') {
        let (name, end) = super::super::syntax::scan_string(body, 0).ok()?;
        return Some((Step::Field(name), body[end..].trim_start().strip_prefix(']')?));
    }
    let end = body.find(']')?;
    Some((Step::Place(body[..end].trim().parse().ok()?), &body[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_values() {
        let (document, _) = fields(r#"{"a": {"b-c": [1, {"x y": true}]}, "top": 5.0, "top": 6}"#);
        let find = |path: &str| JsonPath::parse(path).unwrap().find(&document).map(RawValue::get);
        assert_eq!(find("top"), Some("5.0"));
        assert_eq!(find(r#"a["b-c"][1]["x y"]"#), Some("true"));
        assert_eq!(find("a.b-c[0]"), Some("1"));
        for none in ["a.z", "[0]", "top.a", "top[0]", "a[0]", "a.b-c[2]"] {
            assert_eq!(find(none), None, "{none}");
        }
        for bad in ["", "a.", ".a", "a[", "a[x]", "a b", "[\"a", "a[-1]"] {
            assert!(JsonPath::parse(bad).is_err(), "{bad}");
        }
    }
}
