//! Paths into a JSON document: `request.headers["User-Agent"]`, `servers[0]`.

use serde_json::Value;

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

    /// The value at the path.
    pub fn find<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        self.steps.iter().try_fold(document, |value, step| match step {
            Step::Field(name) => value.get(name.as_str()),
            Step::Place(at) => value.get(*at),
        })
    }
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
        let document = serde_json::json!({"a": {"b-c": [1, {"x y": true}]}, "top": 5});
        let find = |path: &str| JsonPath::parse(path).unwrap().find(&document).cloned();
        assert_eq!(find("top"), Some(Value::from(5)));
        assert_eq!(find(r#"a["b-c"][1]["x y"]"#), Some(Value::from(true)));
        assert_eq!(find("a.b-c[0]"), Some(Value::from(1)));
        assert_eq!(find("a.z"), None);
        for bad in ["", "a.", ".a", "a[", "a[x]", "a b", "[\"a", "a[-1]"] {
            assert!(JsonPath::parse(bad).is_err(), "{bad}");
        }
    }
}
