//! A TraceQL filter that is still being written, read as far as it goes, as Tempo's lists of tags and values do. Knows
//! where tests of a filter begin and end; what they mean is for the language to know.

use crate::query::syntax::scan_string;
use crate::query::traceql::{self, Element, Field, Query, Spanset};

/// The filter of those tests that are whole already: `{ .a = 1 && .b = }` is `{ (.a = 1) }`, and one without any is `{ }`.
pub(super) fn finished(text: &str) -> String {
    let parts = parts(text).into_iter().filter(|part| is_test(part));
    let parts: Vec<String> = parts.map(|part| format!("({part})")).collect();
    format!("{{ {} }}", parts.join(" && "))
}

/// What stands between `&&` in the first braces, outside quotes and parentheses. Braces and quotes may be open still.
fn parts(text: &str) -> Vec<&str> {
    let Some((_, body)) = text.split_once('{') else { return Vec::new() };
    let (mut parts, mut begin, mut at, mut depth) = (Vec::new(), 0, 0, 0_usize);
    while let Some(c) = body[at..].chars().next() {
        at = match c {
            '}' => break,
            '"' | '`' => scan_string(body, at).map_or(body.len(), |(_, end)| end),
            '&' if depth == 0 && body[at..].starts_with("&&") => {
                parts.push(body[begin..at].trim());
                begin = at + 2;
                begin
            }
            c => {
                depth = match c {
                    '(' => depth + 1,
                    ')' => depth.saturating_sub(1),
                    _ => depth,
                };
                at + c.len_utf8()
            }
        };
    }
    parts.push(body[begin..at].trim());
    parts
}

/// Whether this alone is a filter that tests something. An attribute by itself waits for its operator.
fn is_test(part: &str) -> bool {
    let filter = |query: Query| match query.pipeline.as_slice() {
        [Element::Spanset(Spanset::Filter(field))] => !matches!(field, Field::Attribute(_)),
        _ => false,
    };
    !part.is_empty() && traceql::parse(&format!("{{ {part} }}")).is_ok_and(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_of_a_filter_is_kept() {
        for (text, kept) in [
            ("", "{  }"),
            ("{", "{  }"),
            ("no filter", "{  }"),
            ("{ resource.service.name= }", "{  }"),
            ("{ resource.service.name }", "{  }"),
            ("{ resource.service.name=\"orders\" && }", "{ (resource.service.name=\"orders\") }"),
            ("{ resource.service.name=\"orders\" && ", "{ (resource.service.name=\"orders\") }"),
            ("{ .a = 1 && .b = && kind = server }", "{ (.a = 1) && (kind = server) }"),
            ("{ .a = \"x && y }\" && .b =~ ", "{ (.a = \"x && y }\") }"),
            ("{ .a = `b` && name = \"not closed }", "{ (.a = `b`) }"),
            ("{ (.a = 1 && .b = 2) || .c = 3 && (.d = }", "{ ((.a = 1 && .b = 2) || .c = 3) }"),
            ("{ .a = 1 } && { .b = }", "{ (.a = 1) }"),
            ("{ é && .a = 1 && ü", "{ (.a = 1) }"),
        ] {
            assert_eq!(finished(text), kept, "{text}");
            assert!(traceql::parse(kept).is_ok(), "{kept}");
        }
    }
}
