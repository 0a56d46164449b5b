//! What else is wrong with a text that can't be read: what the reader stopped at is made harmless, and it reads on. Every
//! byte keeps its place. Knows words and brackets; never what a text is for.

use std::ops::Range;

use ron::error::Error;

use super::scan::{Kind, Scanner, Shape};

/// Values of which one mostly fits.
const PLAIN: [&str; 3] = ["\"1s\"", "1", "true"];

/// Texts of the same length without the error at `place`, the most careful one first. None for an error in the brackets,
/// behind which nothing is sure.
pub fn candidates(text: &str, place: &Range<usize>, error: &Error) -> Vec<String> {
    match error {
        Error::NoSuchStructField { .. } | Error::NoSuchEnumVariant { .. } | Error::DuplicateStructField { .. } => {
            vec![without_entry(text, place.start)]
        }
        Error::Message(_)
        | Error::InvalidValueForType { .. }
        | Error::IntegerOutOfBounds
        | Error::InvalidIntegerDigit { .. }
        | Error::ExpectedInteger
        | Error::ExpectedFloat
        | Error::ExpectedBoolean
        | Error::ExpectedString => {
            let others = PLAIN.iter().filter(|value| value.len() <= place.len());
            let others = others.map(|value| replaced(text, place, value));
            others.chain([without_entry(text, place.start)]).collect()
        }
        _ => Vec::new(),
    }
}

/// Without the field, or the value of a list, that holds a byte.
fn without_entry(text: &str, at: usize) -> String {
    replaced(text, &entry(text, at), "")
}

/// An open bracket, or the text around all of them, and what is read of its entries.
struct Open {
    shape: Shape,
    /// Where the present entry began.
    start: usize,
    /// Whether that is a name and a value.
    named: bool,
}

impl Open {
    fn new(shape: Shape, start: usize) -> Open {
        Open { shape, start, named: false }
    }
}

/// The innermost named field, or value of a list, around a byte, with the comma behind it. What a variant holds without a
/// name can't be left out.
fn entry(text: &str, at: usize) -> Range<usize> {
    let mut scanner = Scanner::new(text);
    let mut opened = vec![Open::new(Shape::Plain, 0)];
    // How many brackets are open around the entry, once it has been reached.
    let mut level = None;
    loop {
        let token = scanner.next();
        let depth = opened.len();
        if level.is_none() && token.span.end > at {
            level = Some(depth);
        }
        let Some(open) = opened.last_mut() else { return at..at };
        if matches!(token.kind, Kind::Comma | Kind::Close | Kind::End) && level == Some(depth) && token.span.start > at
        {
            let end = if token.kind == Kind::Comma { token.span.end } else { token.span.start };
            match open.named || open.shape == Shape::List {
                true => return open.start..end,
                false => level = Some(depth - 1),
            }
        }
        match token.kind {
            Kind::End => return at..at,
            Kind::Open(shape) => opened.push(Open::new(shape, token.span.end)),
            Kind::Close if depth > 1 => drop(opened.pop()),
            Kind::Comma => *open = Open::new(open.shape, token.span.end),
            Kind::Colon => open.named = true,
            _ => {}
        }
    }
}

/// The text with something else in place of a part, filled up with blanks; lines stay lines.
fn replaced(text: &str, part: &Range<usize>, with: &str) -> String {
    let (Some(before), Some(old), Some(behind)) =
        (text.get(..part.start), text.get(part.clone()), text.get(part.end..))
    else {
        return text.to_owned();
    };
    let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
    let rest = old.bytes().skip(with.len()).map(blank);
    before.chars().chain(with.chars()).chain(rest).chain(behind.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_goes_with_its_comma_and_every_other_byte_stays() {
        let text = "World(\n  a: 1,\n  bé: [ (x: 2), 3 ],\n  c: 4\n)";
        let cut = |word: &str| {
            let mended = without_entry(text, text.find(word).unwrap());
            assert_eq!(mended.len(), text.len());
            assert_eq!(mended.matches('\n').count(), text.matches('\n').count());
            mended.split_whitespace().collect::<String>()
        };
        assert_eq!(cut("bé"), "World(a:1,c:4)");
        assert_eq!(cut("x: 2"), "World(a:1,bé:[(),3],c:4)");
        assert_eq!(cut("3"), "World(a:1,bé:[(x:2),],c:4)");
        assert_eq!(cut("c: 4"), "World(a:1,bé:[(x:2),3],)");
        let steps = "[Work(Epx(\"3ms\")), Effect(\"x\")]";
        let mended = without_entry(steps, steps.find("Epx").unwrap());
        assert_eq!(mended.trim_start_matches(['[', ' ']), "Effect(\"x\")]");
    }

    #[test]
    fn any_place_in_any_text_is_survived() {
        for text in ["", "(", ")", "a: \"", "((", "x,,", "é"] {
            (0..=text.len() + 1).for_each(|at| assert_eq!(without_entry(text, at).len(), text.len(), "{text} {at}"));
        }
    }
}
