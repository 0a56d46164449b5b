//! Case-insensitive search in text that is not rendered yet: what a template says with any arguments, with none, or
//! only perhaps. Knows characters; nothing of logs.

use crate::telemetry::{ArgKind, Template};

/// A text to look for, without regard to case.
pub(super) struct Needle {
    lower: String,
    ascii: bool,
}

/// Whether a template's lines contain a needle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contains {
    Always,
    Never,
    /// It depends on the arguments.
    Perhaps,
}

/// A piece of a template.
enum Piece {
    Char(char),
    /// An argument; true if it can only be a number.
    Hole(bool),
}

impl Needle {
    pub fn new(text: &str) -> Needle {
        Needle { lower: text.to_lowercase(), ascii: text.is_ascii() }
    }

    pub fn is_empty(&self) -> bool {
        self.lower.is_empty()
    }

    /// Whether it occurs in a text.
    pub fn is_in(&self, text: &str) -> bool {
        if !self.ascii || !text.is_ascii() {
            return text.to_lowercase().contains(&self.lower);
        }
        let (needle, text) = (self.lower.as_bytes(), text.as_bytes());
        let Some(first) = needle.first() else { return true };
        let Some(last_start) = text.len().checked_sub(needle.len()) else { return false };
        let starts = text[..=last_start].iter().enumerate();
        starts
            .filter(|(_, byte)| byte.eq_ignore_ascii_case(first))
            .any(|(at, _)| text[at..at + needle.len()].eq_ignore_ascii_case(needle))
    }

    /// Whether it occurs in what a template says.
    pub fn is_in_lines_of(&self, template: &Template) -> Contains {
        if template.text.split("{}").any(|piece| self.is_in(piece)) {
            return Contains::Always;
        }
        let pieces = pieces(template);
        let needle: Vec<char> = self.lower.chars().collect();
        let fits = (0..=pieces.len()).any(|start| may_start_at(&pieces, start, &needle));
        if fits { Contains::Perhaps } else { Contains::Never }
    }
}

fn pieces(template: &Template) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut fields = template.fields.iter();
    for (at, text) in template.text.split("{}").enumerate() {
        // A hole without a field ends the rendered line.
        if at > 0 {
            let Some(field) = fields.next() else { break };
            pieces.push(Piece::Hole(matches!(field.kind, ArgKind::Count | ArgKind::Micros)));
        }
        pieces.extend(text.chars().flat_map(char::to_lowercase).map(Piece::Char));
    }
    pieces
}

/// Whether the needle can begin in the piece at `start` (or inside it, if it is a hole): a walk over all places the
/// text can be at after each character of the needle.
fn may_start_at(pieces: &[Piece], start: usize, needle: &[char]) -> bool {
    let mut places = vec![false; pieces.len() + 1];
    places[start] = true;
    for wanted in needle {
        let mut next = vec![false; pieces.len() + 1];
        for at in 0..pieces.len() {
            if !places[at] {
                continue;
            }
            match pieces[at] {
                Piece::Char(char) => next[at + 1] |= char == *wanted,
                Piece::Hole(number) => {
                    // The hole takes this character, or holds no more.
                    next[at] |= !number || wanted.is_ascii_digit() || *wanted == '.';
                    places[at + 1] = true;
                }
            }
        }
        places = next;
        if !places.contains(&true) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{Field, Symbol};

    fn template(text: &str, kinds: &[ArgKind]) -> Template {
        let fields = kinds.iter().map(|kind| Field { name: Symbol(0), kind: *kind }).collect();
        Template { text: text.into(), fields }
    }

    #[test]
    fn a_template_says_a_text_always_never_or_perhaps() {
        let line = template("GET /cart {} in {} ms", &[ArgKind::Count, ArgKind::Micros]);
        let check = |needle: &str, expect| assert_eq!(Needle::new(needle).is_in_lines_of(&line), expect, "{needle}");
        check("get /CART", Contains::Always);
        check(" ms", Contains::Always);
        check("cart 200 in", Contains::Perhaps);
        check("50", Contains::Perhaps);
        check("12.5 ms", Contains::Perhaps);
        check("timeout", Contains::Never);
        check("200 ms", Contains::Perhaps);
        check("x 200", Contains::Never);
        let named = template("call to {} failed", &[ArgKind::Name]);
        assert_eq!(Needle::new("reviews").is_in_lines_of(&named), Contains::Perhaps);
        assert_eq!(Needle::new("to reviews fail").is_in_lines_of(&named), Contains::Perhaps);
    }

    #[test]
    fn case_does_not_matter_in_any_script() {
        assert!(Needle::new("ÜBER").is_in("gegenüber"));
        assert!(Needle::new("").is_in(""));
        assert!(!Needle::new("longer than the text").is_in("text"));
    }
}
