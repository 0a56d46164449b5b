//! Log records, by column: a template and its arguments. Knows what was written; nothing of what was not.

use std::collections::BTreeMap;

use super::args::Args;
use super::chunks::{Chunks, Columns};
use super::names::Names;
use super::template::Template;
use super::trace::TraceRef;
use super::{ResourceId, SpanNumber};
use crate::time::Stamp;
use crate::world::Severity;

/// The number of a log template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogTemplateId(pub u16);

/// All log records of a run.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    templates: Vec<(Severity, Template)>,
    known: BTreeMap<(Severity, String), LogTemplateId>,
    events: BTreeMap<LogTemplateId, &'static str>,
    rows: Chunks<LogColumns>,
}

/// One chunk of log records.
#[derive(Clone, Debug, Default)]
struct LogColumns {
    stamp: Vec<i64>,
    trace: Vec<u32>,
    span: Vec<u32>,
    resource: Vec<u16>,
    template: Vec<u16>,
    args: Args,
}

impl Columns for LogColumns {
    const ROWS: usize = 1 << 16;
    fn rows(&self) -> usize {
        self.stamp.len()
    }
}

/// One log record, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'a> {
    /// What the node's own clock said.
    pub stamp: Stamp,
    /// The replica that wrote it.
    pub resource: ResourceId,
    /// Which words.
    pub template: LogTemplateId,
    /// The trace it belongs to.
    pub trace: Option<TraceRef>,
    /// The span it was written in; zero for none.
    pub span: SpanNumber,
    /// The arguments.
    pub args: &'a [u32],
}

/// What is known of a record without its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// What the node's own clock said.
    pub stamp: Stamp,
    /// The replica that wrote it.
    pub resource: ResourceId,
    /// Which words.
    pub template: LogTemplateId,
}

impl Logs {
    /// Registers words, once. Beyond as many as there are numbers, in worlds of tens of thousands of nodes, all others are
    /// one kind of line.
    pub fn template(&mut self, severity: Severity, template: Template) -> LogTemplateId {
        let key = (severity, template.text.clone());
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = LogTemplateId(self.templates.len().min(usize::from(u16::MAX)) as u16);
        if self.templates.len() < usize::from(u16::MAX) {
            self.templates.push((severity, template));
        } else if self.templates.len() == usize::from(u16::MAX) {
            let text = "a line of one more kind than are told apart".to_owned();
            self.templates.push((Severity::Warn, Template { text, fields: Vec::new() }));
        }
        self.known.insert(key, id);
        id
    }

    /// Makes records of a template events of this name.
    pub fn name_event(&mut self, id: LogTemplateId, name: &'static str) {
        self.events.insert(id, name);
    }

    /// The name of the event that records of a template are, if they are events.
    pub fn event_name(&self, id: LogTemplateId) -> Option<&'static str> {
        self.events.get(&id).copied()
    }

    /// The severity and words of a template.
    pub fn words(&self, id: LogTemplateId) -> &(Severity, Template) {
        &self.templates[id.0 as usize]
    }

    /// All templates, by id.
    pub fn templates(&self) -> &[(Severity, Template)] {
        &self.templates
    }

    /// Appends a record.
    #[inline]
    pub fn push(&mut self, record: LogRecord<'_>) {
        let chunk = self.rows.open();
        chunk.stamp.push(record.stamp.0);
        chunk.trace.push(TraceRef::to_raw(record.trace));
        chunk.span.push(record.span.0);
        chunk.resource.push(record.resource.0);
        chunk.template.push(record.template.0);
        let arity = self.templates[record.template.0 as usize].1.fields.len();
        chunk.args.push(chunk.stamp.len() - 1, arity, record.args);
    }

    /// Records in all.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The record with this number, in order of writing. Panics when there is none, as a slice does.
    pub fn get(&self, row: usize) -> LogRecord<'_> {
        let (chunk, place) = self.rows.locate(row);
        chunk.record(&self.templates, place)
    }

    /// All records in order of writing (true order; stamps may disagree).
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = LogRecord<'_>> {
        self.rows.iter().flat_map(|chunk| (0..chunk.rows()).map(|place| chunk.record(&self.templates, place)))
    }

    /// What is known of each record without its arguments, in order of writing: much faster than whole records.
    pub fn heads(&self) -> impl Iterator<Item = LogHead> + '_ {
        self.rows.iter().flat_map(|chunk| {
            let columns = chunk.stamp.iter().zip(&chunk.resource).zip(&chunk.template);
            columns.map(|((stamp, resource), template)| LogHead {
                stamp: Stamp(*stamp),
                resource: ResourceId(*resource),
                template: LogTemplateId(*template),
            })
        })
    }

    /// How many parts the records lie in.
    pub fn parts(&self) -> usize {
        self.rows.iter().count()
    }

    /// Visits each record of one part, in order of writing, with its number: much faster than one after another, and parts
    /// can be read side by side.
    #[inline]
    pub fn visit_part<'a>(&'a self, part: usize, mut visit: impl FnMut(usize, LogRecord<'a>)) {
        let Some(chunk) = self.rows.iter().nth(part) else { return };
        let arity: Vec<usize> = self.templates.iter().map(|(_, template)| template.fields.len()).collect();
        let mut args = chunk.args.all();
        for place in 0..chunk.rows() {
            let (own, rest) = args.split_at(arity[usize::from(chunk.template[place])]);
            args = rest;
            let record = LogRecord {
                stamp: Stamp(chunk.stamp[place]),
                resource: ResourceId(chunk.resource[place]),
                template: LogTemplateId(chunk.template[place]),
                trace: TraceRef::from_raw(chunk.trace[place]),
                span: SpanNumber(chunk.span[place]),
                args: own,
            };
            visit(part * LogColumns::ROWS + place, record);
        }
    }

    /// The rendered words of a record, appended to `out`.
    pub fn render_into(&self, names: &Names, record: LogRecord<'_>, out: &mut String) {
        self.words(record.template).1.render_into(names, record.args, out);
    }

    /// Bytes held by the columns.
    pub fn bytes(&self) -> usize {
        self.rows.iter().map(|c| c.stamp.len() * (8 + 4 + 4 + 2 + 2) + c.args.bytes()).sum()
    }
}

impl LogColumns {
    #[inline]
    fn record<'a>(&'a self, templates: &[(Severity, Template)], place: usize) -> LogRecord<'a> {
        let arity = |place: usize| templates[self.template[place] as usize].1.fields.len();
        LogRecord {
            stamp: Stamp(self.stamp[place]),
            resource: ResourceId(self.resource[place]),
            template: LogTemplateId(self.template[place]),
            trace: TraceRef::from_raw(self.trace[place]),
            span: SpanNumber(self.span[place]),
            args: self.args.of(place, arity),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_lines_beyond_all_numbers_are_one_kind() {
        let mut logs = Logs::default();
        let mut register =
            |number: u32| logs.template(Severity::Info, Template { text: number.to_string(), fields: Vec::new() });
        let ids: Vec<LogTemplateId> = (0..70_000).map(&mut register).collect();
        assert_eq!(
            (ids[65_534], ids[65_535], ids[69_999]),
            (LogTemplateId(65_534), LogTemplateId(u16::MAX), ids[65_535])
        );
        assert_eq!((register(5), register(69_998)), (ids[5], ids[65_535]));
        assert_eq!(logs.templates().len(), 65_536);
        assert!(logs.words(ids[65_534]).1.text == "65534" && logs.words(ids[69_999]).1.text.contains("one more kind"));
    }
}
