//! Where lines come from: a small trait over whatever holds them, and one in memory.

use std::ops::ControlFlow;

use super::value::Labels;

/// Holds log lines in streams.
pub trait LogStore {
    /// The labels of all streams; a stream's place is its number.
    fn streams(&self) -> Vec<Labels>;

    /// The names of all structured metadata that a line may have.
    fn metadata_names(&self) -> Vec<String>;

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
    /// Texts that a line must contain: all others are left out, which a store may tell without rendering them.
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

    fn metadata_names(&self) -> Vec<String> {
        self.lines.iter().flat_map(|(_, _, stored)| &stored.metadata).map(|(name, _)| name.clone()).collect()
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
