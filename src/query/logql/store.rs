//! Where lines come from: a small trait over whatever holds them, and one in memory.

use std::ops::ControlFlow;

use super::value::Labels;

/// Holds log lines in streams.
pub trait LogStore {
    /// The labels of all streams; a stream's place is its number.
    fn streams(&self) -> Vec<Labels>;

    /// Visits the lines asked for, in order of their stamps (backwards if asked), until told to stop.
    fn scan(&self, scan: &Scan<'_>, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>);
}

/// Which lines are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// Whether each stream is wanted, by its number.
    pub streams: &'a [bool],
    /// The first instant, in nanoseconds since 1970.
    pub from: i64,
    /// The instant after the last, in nanoseconds since 1970.
    pub until: i64,
    /// The latest first.
    pub backwards: bool,
    /// Texts that a line must contain to be of use. A store may leave lines out that do not, so as not to render them.
    pub needles: &'a [String],
}

/// A line that is visited.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The stream's number.
    pub stream: usize,
    /// Its stamp, in nanoseconds since 1970.
    pub at: i64,
    /// Its words, rendered when asked.
    pub words: &'a dyn Words,
}

/// The words of a line.
pub trait Words {
    /// Appends the line.
    fn line(&self, out: &mut String);
    /// Gives the structured metadata, names and values, as far as their names are wanted.
    fn metadata(&self, wanted: &dyn Fn(&str) -> bool, give: &mut dyn FnMut(&str, &str));
}

/// What stands in the hole of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hole {
    /// Any text.
    Text,
    /// A number: digits, signs, a point, an exponent, `NaN`, `inf`.
    Number,
    /// `true` or `false`.
    Flag,
}

impl Hole {
    fn may_hold(self, byte: u8) -> bool {
        match self {
            Hole::Text => true,
            Hole::Number => byte.is_ascii_digit() || b".+-eENainf".contains(&byte),
            Hole::Flag => b"truefals".contains(&byte),
        }
    }
}

/// Whether some filling of the holes makes a template contain the needle. `pieces` stand around the holes: one more
/// than `holes`. Never false when a line could contain it.
pub fn template_may_contain(pieces: &[&str], holes: &[Hole], needle: &str) -> bool {
    // Places: each byte of each piece, and each hole, in order; the set of places the needle may have reached.
    let mut places: Vec<Result<u8, Hole>> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        places.extend(piece.bytes().map(Ok));
        places.extend(holes.get(at).filter(|_| at + 1 < pieces.len()).map(|hole| Err(*hole)));
    }
    let mut now = vec![true; places.len()];
    let mut alive = true;
    for byte in needle.bytes() {
        let mut next = vec![false; places.len()];
        alive = false;
        for at in 0..places.len() {
            let fits = match places[at] {
                Ok(own) => own == byte,
                Err(hole) => hole.may_hold(byte),
            };
            if !now[at] || !fits {
                continue;
            }
            alive = true;
            // A hole may go on; what follows a place is the next, and past holes, which may be empty.
            if places[at].is_err() {
                next[at] = true;
            }
            let mut after = at + 1;
            while after < places.len() {
                next[after] = true;
                if places[after].is_ok() {
                    break;
                }
                after += 1;
            }
        }
        now = next;
    }
    alive
}

/// Lines in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryLogs {
    streams: Vec<Labels>,
    lines: Vec<(i64, usize, Stored)>,
}

#[derive(Clone, Debug)]
struct Stored {
    line: String,
    metadata: Vec<(String, String)>,
}

impl Words for Stored {
    fn line(&self, out: &mut String) {
        out.push_str(&self.line);
    }
    fn metadata(&self, wanted: &dyn Fn(&str) -> bool, give: &mut dyn FnMut(&str, &str)) {
        for (name, value) in self.metadata.iter().filter(|(name, _)| wanted(name)) {
            give(name, value);
        }
    }
}

impl MemoryLogs {
    /// Adds a line with structured metadata to the stream with these labels.
    pub fn push(&mut self, labels: &Labels, at: i64, line: &str, metadata: &[(&str, &str)]) {
        let stream = self.streams.iter().position(|known| known == labels).unwrap_or_else(|| {
            self.streams.push(labels.clone());
            self.streams.len() - 1
        });
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let place = self.lines.partition_point(|(other, ..)| *other <= at);
        self.lines.insert(place, (at, stream, Stored { line: line.to_owned(), metadata }));
    }
}

impl LogStore for MemoryLogs {
    fn streams(&self) -> Vec<Labels> {
        self.streams.clone()
    }

    fn scan(&self, scan: &Scan<'_>, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) {
        let from = self.lines.partition_point(|(at, ..)| *at < scan.from);
        let until = self.lines.partition_point(|(at, ..)| *at < scan.until).max(from);
        let mut one = |(at, stream, stored): &(i64, usize, Stored)| {
            let wanted =
                scan.streams[*stream] && scan.needles.iter().all(|needle| stored.line.contains(needle.as_str()));
            if wanted { visit(Entry { stream: *stream, at: *at, words: stored }) } else { ControlFlow::Continue(()) }
        };
        let range = self.lines[from..until].iter();
        let _ = if scan.backwards { range.rev().try_for_each(&mut one) } else { range.clone().try_for_each(&mut one) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_left_out_only_when_it_cannot_match() {
        let may = |needle| template_may_contain(&["took ", " ms, key ", "!"], &[Hole::Number, Hole::Text], needle);
        for needle in ["", "took", "took 12.5 ms", "5 ms, key abc!", "anything", "key !", "k 3"] {
            assert!(may(needle), "{needle}");
        }
        let numbers = |needle| template_may_contain(&["took ", " ms"], &[Hole::Number], needle);
        assert!(numbers("ok 5") && numbers("99") && numbers("took  ms"));
        assert!(!numbers("error") && !numbers("took x") && !numbers("ms5"));
        assert!(!template_may_contain(&["plain"], &[], "plane"));
    }
}
