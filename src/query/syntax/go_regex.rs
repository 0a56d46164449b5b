//! Regular expressions as Go's RE2 reads them, compiled by the `regex` crate with a size limit.

use regex::{Regex, RegexBuilder};

/// The largest compiled regular expression, in bytes.
const SIZE: usize = 1 << 20;

/// Compiles an expression; the error says why not, in one line.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > 8192 {
        return Err("regular expression is too long".to_owned());
    }
    build(&translate(pattern))
}

/// Compiles an expression that must match the whole of a value, as label matchers do.
pub fn anchored(pattern: &str) -> Result<Regex, String> {
    // Alone first, so that unbalanced parentheses cannot hide in the wrapping.
    compile(pattern)?;
    build(&format!("^(?s:{})$", translate(pattern)))
}

fn build(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(SIZE).dfa_size_limit(SIZE).nest_limit(100).build().map_err(
        |error| match error {
            regex::Error::CompiledTooBig(_) => "regular expression is too big".to_owned(),
            other => {
                let text = other.to_string();
                text.lines().last().map_or(String::new(), |line| line.trim_start_matches("error: ").trim().to_owned())
            }
        },
    )
}

/// What the two dialects write differently: in a class Go has no set operators and no nesting, and a brace that is no
/// repetition is a brace.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        match (c, in_class) {
            ('\\', _) => {
                out.push('\\');
                match tail.chars().next() {
                    // In the other dialect these are word boundaries.
                    Some(next @ ('<' | '>')) => {
                        out.pop();
                        out.push(next);
                        rest = &tail[1..];
                    }
                    Some('Q') => {
                        out.pop();
                        let body = &tail[1..];
                        let end = body.find("\\E").unwrap_or(body.len());
                        out.push_str(&regex::escape(&body[..end]));
                        rest = body.get(end + 2..).unwrap_or("");
                    }
                    // A property's braces belong to it.
                    Some('p' | 'P' | 'x') if tail[1..].starts_with('{') => {
                        let end = tail.find('}').map_or(tail.len(), |at| at + 1);
                        out.push_str(&tail[..end]);
                        rest = &tail[end..];
                    }
                    Some(next) => {
                        out.push(next);
                        rest = &tail[next.len_utf8()..];
                    }
                    None => rest = tail,
                }
                continue;
            }
            ('[', false) => {
                in_class = true;
                out.push('[');
                let after = tail.strip_prefix('^').map_or(tail, |after| {
                    out.push('^');
                    after
                });
                rest = after.strip_prefix(']').map_or(after, |after| {
                    out.push_str("\\]");
                    after
                });
                continue;
            }
            ('[', true) if tail.starts_with(':') => {
                let end = tail.find(":]").map_or(0, |at| at + 2);
                out.push('[');
                out.push_str(&tail[..end]);
                rest = &tail[end..];
                continue;
            }
            ('[' | '&' | '~', true) => {
                out.push('\\');
                out.push(c);
            }
            ('-', true) if tail.starts_with('-') => out.push_str("\\-"),
            (']', true) => {
                in_class = false;
                out.push(']');
            }
            ('{', false) if !is_repetition(tail) => out.push_str("\\{"),
            ('}', false) if !out_ends_in_repetition(&out) => out.push_str("\\}"),
            _ => out.push(c),
        }
        rest = tail;
    }
    out
}

fn is_repetition(tail: &str) -> bool {
    let Some(end) = tail.find('}') else { return false };
    let body = &tail[..end];
    let (low, high) = body.split_once(',').unwrap_or((body, ""));
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !low.is_empty() && number(low) && number(high)
}

fn out_ends_in_repetition(out: &str) -> bool {
    let body = out.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',');
    body.ends_with('{') && !body.ends_with("\\{") && body.len() < out.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern).map(|regex| regex.is_match(text)).unwrap_or_else(|error| panic!("{pattern}: {error}"))
    }

    #[test]
    fn what_go_takes_is_taken() {
        assert!(matches(r"a{2,3}b", "aab"));
        assert!(matches(r"{a}", "x{a}"));
        assert!(matches(r"[[]x", "[x"));
        assert!(matches(r"[]]x", "]x"));
        assert!(matches(r"[a&&b]+$", "&&"));
        assert!(matches(r"\<tag\>", "<tag>"));
        assert!(matches(r"\Qa.b\E+", "a.b"));
        assert!(matches(r"[[:alpha:]]+", "abc"));
        assert!(matches(r"(?P<x>\d+)", "12"));
        assert!(matches(r"\p{Greek}", "λ"));
        assert!(matches(r"[\w--]", "-"));
    }

    #[test]
    fn bad_and_hostile_ones_are_refused() {
        for bad in ["(", "[", r"\q", "(?=x)", "(((a{100}){100}){100})", r"\"] {
            assert!(compile(bad).is_err(), "{bad}");
        }
        assert!(anchored("a)(b").is_err());
        assert!(compile(&"(".repeat(5000)).is_err());
    }

    #[test]
    fn a_label_matcher_is_anchored() {
        let regex = anchored("a|b").unwrap();
        assert!(regex.is_match("a") && !regex.is_match("ab"));
    }
}
