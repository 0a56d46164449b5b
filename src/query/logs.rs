//! The logs of a run as Loki would hold them: a stream for each replica and level, a line as it was rendered, everything
//! else that a record says as structured metadata. Knows telemetry; nothing of queries but which lines they ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::logql::{Entry, Labels, LogStore, Scan, Words};
use crate::Telemetry;
use crate::telemetry::{
    ABSENT, Contains, LineFinder, LineReader, LogHead, LogRecord, LogTemplateId, Resource, attribute, side_by_side,
};
use crate::time::Stamp;
use crate::world::Severity;

/// Levels, in order of their numbers here.
const LEVELS: [Severity; 4] = [Severity::Debug, Severity::Info, Severity::Warn, Severity::Error];

/// The log records of a run, in streams. Lines are read when they are asked for.
pub struct LogLines<'a> {
    telemetry: &'a Telemetry,
    /// Those that have a line, sorted.
    streams: Vec<Labels>,
    /// The stream of a replica's lines of a level, by replica, then level.
    stream_of: Vec<Option<usize>>,
    /// The level of each template, as a place in [`LEVELS`].
    level_of: Vec<usize>,
    /// The instant of stamp zero, in nanoseconds since 1970.
    zero: i64,
}

/// What many lines have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePattern {
    /// The words, with `<_>` for what differs.
    pub text: String,
    /// Their level.
    pub level: String,
    /// Lines in each step that has some: its start in nanoseconds since 1970, and how many.
    pub counts: Vec<(i64, u64)>,
}

impl<'a> LogLines<'a> {
    /// Finds the streams.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use allgreen::query::{logql, logs::LogLines};
    /// let world = allgreen::World::load("worlds/storefront.ron")?;
    /// let mut sim = allgreen::Simulation::new(&world, allgreen::Seed(7));
    /// sim.run_until(allgreen::SimTime::from_secs(600));
    /// let lines = LogLines::new(sim.telemetry());
    /// let query = logql::parse("sum by (service_name) (rate({level=\"error\"}[5m]))")?;
    /// let answer = logql::instant(&lines, &query, lines.newest().unwrap_or(0), &Default::default())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(telemetry: &'a Telemetry) -> Self {
        let level = |severity: Severity| LEVELS.iter().position(|level| *level == severity).unwrap_or(0);
        let level_of: Vec<usize> = telemetry.logs.templates().iter().map(|(severity, _)| level(*severity)).collect();
        let mut written = vec![false; telemetry.resources.len() * LEVELS.len()];
        for head in telemetry.logs.heads() {
            written[usize::from(head.resource.0) * LEVELS.len() + level_of[usize::from(head.template.0)]] = true;
        }
        let labels = |place: usize| labels(&telemetry.resources[place / LEVELS.len()], LEVELS[place % LEVELS.len()]);
        let mut named: Vec<(Labels, usize)> =
            (0..written.len()).filter(|place| written[*place]).map(|place| (labels(place), place)).collect();
        named.sort();
        let mut stream_of = vec![None; written.len()];
        for (stream, (_, place)) in named.iter().enumerate() {
            stream_of[*place] = Some(stream);
        }
        let zero = i64::try_from(telemetry.epoch().unix_ns(Stamp(0))).unwrap_or(0);
        let streams = named.into_iter().map(|(labels, _)| labels).collect();
        LogLines { telemetry, streams, stream_of, level_of, zero }
    }

    /// The stamps of the oldest and the newest line, in nanoseconds since 1970.
    pub fn extent(&self) -> Option<(i64, i64)> {
        let stamps = || self.telemetry.logs.heads().map(|head| head.stamp);
        Some((self.at(stamps().min()?), self.at(stamps().max()?)))
    }

    /// The stamp of the newest line, in nanoseconds since 1970.
    pub fn newest(&self) -> Option<i64> {
        self.extent().map(|(_, newest)| newest)
    }

    /// For each stream, whether it has a line from an instant to before another (nanoseconds since 1970).
    pub fn present(&self, from: i64, until: i64) -> Vec<bool> {
        let (from, until) = (Stamp(from.saturating_sub(self.zero)), Stamp(until.saturating_sub(self.zero)));
        let mut present = vec![false; self.streams.len()];
        for head in self.telemetry.logs.heads().filter(|head| from <= head.stamp && head.stamp < until) {
            if let Some(stream) = self.stream(head) {
                present[stream] = true;
            }
        }
        present
    }

    /// What lines of the wanted streams have in common, from an instant to before another: the words of each template, and
    /// how many lines say them in each step (all in nanoseconds since 1970). The most frequent first.
    pub fn patterns(&self, streams: &[bool], (from, until): (i64, i64), step: i64) -> Vec<LinePattern> {
        let logs = &self.telemetry.logs;
        let mut counts: BTreeMap<LogTemplateId, BTreeMap<i64, u64>> = BTreeMap::new();
        for head in logs.heads() {
            let at = self.at(head.stamp);
            if from <= at && at < until && self.stream(head).is_some_and(|stream| streams[stream]) {
                let step = at.div_euclid(step) * step;
                *counts.entry(head.template).or_default().entry(step).or_default() += 1;
            }
        }
        let one = |(id, counts): (LogTemplateId, BTreeMap<i64, u64>)| {
            let (severity, template) = logs.words(id);
            LinePattern {
                text: template.text.replace("{}", "<_>"),
                level: severity.text().to_lowercase(),
                counts: counts.into_iter().collect(),
            }
        };
        let mut found: Vec<LinePattern> = counts.into_iter().map(one).collect();
        found.sort_by_key(|pattern| std::cmp::Reverse(pattern.counts.iter().map(|(_, count)| count).sum::<u64>()));
        found
    }

    fn stream(&self, head: LogHead) -> Option<usize> {
        self.stream_of[usize::from(head.resource.0) * LEVELS.len() + self.level_of[usize::from(head.template.0)]]
    }

    fn at(&self, stamp: Stamp) -> i64 {
        self.zero.saturating_add(stamp.0)
    }

    /// The rows that may be asked for, with their stamps and streams, by stamp, then as they were written.
    fn candidates(&self, scan: &Scan<'_>) -> Vec<(Stamp, u32, u32)> {
        let (from, until) = (Stamp(scan.from.saturating_sub(self.zero)), Stamp(scan.until.saturating_sub(self.zero)));
        let logs = &self.telemetry.logs;
        let templates = || logs.templates().iter().map(|(_, template)| template);
        let finder = |needle: &String| LineFinder::new(&self.telemetry.names, templates(), needle, false);
        let finders: Vec<Option<LineFinder<'_>>> = scan.needles.iter().map(finder).collect();
        // A text that is too long to be looked for otherwise is looked for in the line.
        let long: Vec<&String> = scan
            .needles
            .iter()
            .zip(&finders)
            .filter(|(_, finder)| finder.is_none())
            .map(|(needle, _)| needle)
            .collect();
        let finders: Vec<&LineFinder<'_>> = finders.iter().flatten().collect();
        let id = |place: usize| LogTemplateId(place as u16);
        let may = |place: usize| finders.iter().all(|finder| finder.of(id(place)) != Contains::Never);
        let may: Vec<bool> = (0..logs.templates().len()).map(may).collect();
        let parts = side_by_side(logs.parts(), |part| {
            let mut readers: Vec<LineReader<'_>> = finders.iter().map(|finder| finder.reader()).collect();
            let (mut found, mut text) = (Vec::new(), String::new());
            let mut has = |record: LogRecord<'_>| {
                text.clear();
                logs.render_into(&self.telemetry.names, record, &mut text);
                long.iter().all(|needle| text.contains(needle.as_str()))
            };
            logs.visit_part(part, |row, record| {
                let LogRecord { stamp, resource, template, .. } = record;
                if !may[usize::from(template.0)] || stamp < from || stamp >= until {
                    return;
                }
                let Some(stream) = self.stream(LogHead { stamp, resource, template }) else { return };
                let found_in = |reader: &mut LineReader<'_>| reader.contains(template, record.args);
                if scan.streams[stream] && readers.iter_mut().all(found_in) && (long.is_empty() || has(record)) {
                    found.push((stamp, row as u32, stream as u32));
                }
            });
            found
        });
        let mut found = parts.concat();
        // Clocks differ: what was written later may be stamped earlier.
        if !found.is_sorted() {
            found.sort_unstable();
        }
        found
    }
}

impl LogStore for LogLines<'_> {
    fn streams(&self) -> Vec<Labels> {
        self.streams.clone()
    }

    fn metadata_names(&self) -> Vec<String> {
        let own = ["trace_id", "span_id", "severity_number", "severity_text", "event_name", "service_version"];
        let fields = self.telemetry.logs.templates().iter().flat_map(|(_, template)| &template.fields);
        let fields = fields.map(|field| self.telemetry.names.text(field.name));
        let names: BTreeSet<&str> = own.into_iter().chain(fields).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    fn scan(&self, scan: &Scan<'_>, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) {
        let mut one = |(stamp, row, stream): &(Stamp, u32, u32)| {
            let words = Row { telemetry: self.telemetry, row: *row as usize };
            visit(Entry { stream: *stream as usize, at: self.at(*stamp), words: &words })
        };
        let found = self.candidates(scan);
        let _ = if scan.backwards {
            found.iter().rev().try_for_each(&mut one)
        } else {
            found.iter().try_for_each(&mut one)
        };
    }
}

/// `service_name` and the like, as Loki names what OpenTelemetry sends.
fn labels(resource: &Resource, severity: Severity) -> Labels {
    let own = attribute::of_resource(resource).map(|(name, value)| (name.replace('.', "_"), value.to_owned()));
    let level = severity.text().to_lowercase();
    let levels = ["level", "detected_level"].map(|name| (name.to_owned(), level.clone()));
    Labels::new(own.chain(levels))
}

/// A record that is read when it is asked for.
struct Row<'a> {
    telemetry: &'a Telemetry,
    row: usize,
}

impl Words for Row<'_> {
    fn line(&self, out: &mut String) {
        self.telemetry.logs.render_into(&self.telemetry.names, self.telemetry.logs.get(self.row), out);
    }

    fn metadata(&self, wanted: &dyn Fn(&str) -> bool, give: &mut dyn FnMut(&str, &str)) {
        let telemetry = self.telemetry;
        let record = telemetry.logs.get(self.row);
        let (severity, template) = telemetry.logs.words(record.template);
        if let Some(trace) = record.trace {
            if wanted("trace_id") {
                give("trace_id", &telemetry.spans.trace_id(trace).to_string());
            }
            if let Some(id) = record.span.id().filter(|_| wanted("span_id")) {
                give("span_id", &id);
            }
        }
        if wanted("severity_number") {
            give("severity_number", &severity.number().to_string());
        }
        if wanted("severity_text") {
            give("severity_text", severity.text());
        }
        if let Some(name) = telemetry.logs.event_name(record.template).filter(|_| wanted("event_name")) {
            give("event_name", name);
        }
        if wanted("service_version") {
            give("service_version", telemetry.version_at(record.resource, record.stamp));
        }
        for (field, arg) in template.fields.iter().zip(record.args).filter(|(_, arg)| **arg != ABSENT) {
            let name = telemetry.names.text(field.name);
            if wanted(name) {
                give(name, &field.kind.text(&telemetry.names, *arg));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::logql::Expr;
    use super::super::logql::{Answer, Limits, instant, lines, parse};
    use super::*;
    use crate::telemetry::{ArgKind, Field, ResourceId, SpanNumber, Template};
    use crate::time::Epoch;
    use crate::world::Kind;

    const SECOND: i64 = 1_000_000_000;

    fn record(resource: u16, second: i64, template: LogTemplateId, args: &[u32]) -> LogRecord<'_> {
        let stamp = Stamp(second * SECOND);
        LogRecord { stamp, resource: ResourceId(resource), template, trace: None, span: SpanNumber(0), args }
    }

    /// Two replicas of `cart`; the second's clock is ten seconds behind.
    fn telemetry() -> Telemetry {
        let mut telemetry = Telemetry::new(Epoch::UNIX);
        for instance in ["cart-1", "cart-2"] {
            let (service, instance) = ("cart".to_owned(), instance.to_owned());
            telemetry.resources.push(Resource { service, instance, zone: String::new(), kind: Kind::Service });
        }
        let fields = vec![
            Field { name: telemetry.names.intern("app.key"), kind: ArgKind::Name },
            Field { name: telemetry.names.intern("took"), kind: ArgKind::Count },
            Field { name: telemetry.names.intern("http.route"), kind: ArgKind::Name },
        ];
        let read = Template { text: "read {} in {} ms".to_owned(), fields };
        let read = telemetry.logs.template(Severity::Info, read);
        let cold = telemetry.logs.template(Severity::Warn, Template { text: "cache is cold".into(), fields: vec![] });
        let (apple, route) = (telemetry.names.intern("apple").0, telemetry.names.intern("GET /cart").0);
        for second in 100..160 {
            telemetry.logs.push(record(0, second, read, &[apple, second as u32, route]));
            telemetry.logs.push(record(1, second - 10, read, &[apple, 7, ABSENT]));
        }
        telemetry.logs.push(record(1, 155, cold, &[]));
        telemetry
    }

    fn ask(query: &str) -> Answer {
        let telemetry = telemetry();
        let store = LogLines::new(&telemetry);
        let query = parse(query).unwrap_or_else(|error| panic!("{error}"));
        instant(&store, &query, 200 * SECOND, &Limits::default()).unwrap()
    }

    fn number(query: &str) -> f64 {
        match ask(query) {
            Answer::Vector(_, samples) => samples.iter().map(|sample| sample.value).sum(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn streams_are_replicas_and_levels() {
        let telemetry = telemetry();
        let shown: Vec<String> = LogLines::new(&telemetry).streams().iter().map(ToString::to_string).collect();
        let stream = |level: &str, instance: &str| {
            format!(
                "{{detected_level=\"{level}\", level=\"{level}\", service_instance_id=\"{instance}\", service_name=\"cart\"}}"
            )
        };
        assert_eq!(shown, [stream("info", "cart-1"), stream("info", "cart-2"), stream("warn", "cart-2")]);
    }

    #[test]
    fn lines_come_by_stamp_with_their_metadata() {
        let telemetry = telemetry();
        let store = LogLines::new(&telemetry);
        let Ok(Expr::Log(all)) = parse("{service_name=\"cart\"}") else { panic!("a log query") };
        let mut last = i64::MIN;
        let wanted = vec![true; 3];
        let scan = Scan { streams: &wanted, from: 0, until: i64::MAX, backwards: false, needles: &[] };
        store.scan(&scan, &mut |entry| {
            assert!(last <= entry.at);
            last = entry.at;
            ControlFlow::Continue(())
        });
        assert_eq!((store.extent(), last), (Some((90 * SECOND, 159 * SECOND)), 159 * SECOND));
        let limits = Limits { entries: 1, ..Limits::default() };
        let Answer::Streams(streams) = lines(&store, &all, 0, i64::MAX, true, &limits) else { panic!("lines") };
        assert_eq!(streams[0].lines[0].text, "read apple in 159 ms");
        for (name, value) in
            [("app_key", "apple"), ("took", "159"), ("http_route", "GET /cart"), ("severity_number", "9")]
        {
            assert_eq!(streams[0].labels.get(name), Some(value), "{name}");
        }
        assert_eq!(streams[0].labels.get("trace_id"), None);
    }

    #[test]
    fn lines_are_found_by_words_across_arguments_and_by_metadata() {
        let count = |filter: &str| number(&format!("sum(count_over_time({{service_name=\"cart\"}} {filter} [1h]))"));
        assert_eq!(count(""), 121.0);
        assert_eq!(count("|= \"apple in 7 ms\""), 60.0);
        assert_eq!(count("|= \"cold\""), 1.0);
        assert_eq!(count("|= \"warm\""), 0.0);
        assert_eq!(count("!= \"read\""), 1.0);
        assert_eq!(count("| http_route=\"GET /cart\" | took >= 150"), 10.0);
        assert_eq!(number("sum by (level) (count_over_time({level=\"warn\"}[1h]))"), 1.0);
        assert_eq!(number("sum by (took) (count_over_time({service_name=\"cart\"}[1h])) > 59"), 60.0);
    }
}
