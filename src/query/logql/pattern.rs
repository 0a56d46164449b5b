//! Patterns: `<ip> - <_> "<method> <path> <_>"`. Literals and captures, no back-tracking.

/// A pattern: literals and captures in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// Empty for one that is not kept.
    Capture(String),
}

impl Pattern {
    /// Reads the pattern of the `pattern` parser: at least one named capture, none twice.
    pub fn parser(text: &str) -> Result<Self, String> {
        let pattern = Pattern::read(text)?;
        let mut names: Vec<&str> = pattern.names().collect();
        if names.is_empty() {
            return Err("at least one named capture such as <name> is required".to_owned());
        }
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("duplicate capture name <{}>", pair[0]));
        }
        Ok(pattern)
    }

    /// Reads the pattern of a line filter: no named captures.
    pub fn filter(text: &str) -> Result<Self, String> {
        let pattern = Pattern::read(text)?;
        if let Some(name) = pattern.names().next() {
            return Err(format!("named capture <{name}> in a line filter; only <_> is allowed"));
        }
        Ok(pattern)
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some((name, after)) = capture(rest) {
                if matches!(parts.last(), Some(Part::Capture(_))) {
                    return Err("consecutive captures need a literal between them".to_owned());
                }
                parts.push(Part::Capture(if name == "_" { String::new() } else { name.to_owned() }));
                rest = after;
                continue;
            }
            match parts.last_mut() {
                Some(Part::Literal(literal)) => literal.push(c),
                _ => parts.push(Part::Literal(c.to_string())),
            }
            rest = &rest[c.len_utf8()..];
        }
        if parts.is_empty() {
            return Err("the pattern is empty".to_owned());
        }
        Ok(Pattern { parts })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Capture(name) if !name.is_empty() => Some(name.as_str()),
            _ => None,
        })
    }

    /// Gives the named captures found, in order; stops at the first literal that is not there.
    pub fn captures<'l>(&self, line: &'l str, mut found: impl FnMut(&str, &'l str)) {
        let mut rest = line;
        let mut parts = self.parts.iter().peekable();
        if let Some(Part::Literal(first)) = self.parts.first() {
            let Some(after) = rest.strip_prefix(first.as_str()) else { return };
            rest = after;
            parts.next();
        }
        while let Some(part) = parts.next() {
            let Part::Capture(name) = part else { return };
            let (value, after, whole) = match parts.next() {
                Some(Part::Literal(literal)) => match rest.find(literal.as_str()) {
                    Some(at) => (&rest[..at], &rest[at + literal.len()..], true),
                    None => (rest, "", false),
                },
                _ => (rest, "", true),
            };
            if !name.is_empty() && (whole || !value.is_empty()) {
                found(name, value);
            }
            if !whole {
                return;
            }
            rest = after;
        }
    }

    /// Whether a line fits: the literals in order, anchored where the pattern has no capture at that end.
    pub fn fits(&self, line: &str) -> bool {
        let mut rest = line;
        let mut floating = false;
        for (at, part) in self.parts.iter().enumerate() {
            let Part::Literal(literal) = part else {
                floating = true;
                continue;
            };
            let last = at + 1 == self.parts.len();
            let place = match (floating, last) {
                (false, false) => rest.starts_with(literal.as_str()).then_some(0),
                (false, true) => (rest == literal).then_some(0),
                // A capture takes at least one character.
                (true, false) => rest
                    .char_indices()
                    .nth(1)
                    .and_then(|(skip, _)| rest[skip..].find(literal.as_str()).map(|at| at + skip)),
                (true, true) => {
                    (rest.ends_with(literal.as_str()) && rest.len() > literal.len()).then(|| rest.len() - literal.len())
                }
            };
            let Some(place) = place else { return false };
            rest = &rest[place + literal.len()..];
            floating = false;
        }
        !floating || !rest.is_empty()
    }
}

fn capture(text: &str) -> Option<(&str, &str)> {
    let body = text.strip_prefix('<')?;
    let end = body.find('>')?;
    let name = &body[..end];
    let fine = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fine.then(|| (name, &body[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, line: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let pattern = Pattern::parser(pattern).unwrap();
        pattern.captures(line, |name, value| all.push((name.to_owned(), value.to_owned())));
        all
    }

    fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
        given.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn captures_run_to_the_next_literal() {
        let line = r#"0.1.2.3 - - [10/Jun] "GET /api HTTP/1.1" 200 2 "-""#;
        let pattern = r#"<ip> - - <_> "<method> <path> <_>" <status> <_>"#;
        let expected = pairs(&[("ip", "0.1.2.3"), ("method", "GET"), ("path", "/api"), ("status", "200")]);
        assert_eq!(captured(pattern, line), expected);
        assert_eq!(captured("level=<level> ", "debug"), []);
        assert_eq!(captured("<a> | <b>", "x"), pairs(&[("a", "x")]));
    }

    #[test]
    fn bad_patterns_are_refused() {
        for bad in ["", "<_>", "no capture", "<a><b>", "<a> <a>"] {
            assert!(Pattern::parser(bad).is_err(), "{bad}");
        }
        assert!(Pattern::filter("<a>").is_err());
    }

    #[test]
    fn a_filter_is_anchored_where_it_has_no_capture() {
        let fits = |pattern: &str, line: &str| Pattern::filter(pattern).unwrap().fits(line);
        assert!(fits("<_> level=debug <_>", "ts=1 level=debug msg=x"));
        assert!(!fits("level=debug <_>", "ts=1 level=debug msg=x"));
        assert!(fits("level=<_>", "level=info"));
        assert!(!fits("level=<_>", "level="));
        assert!(fits("<_>end", "the end"));
        assert!(!fits("<_>end", "the end."));
        assert!(fits("same", "same") && !fits("same", "same "));
    }
}
