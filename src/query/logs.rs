//! The logs of a run as Loki would hold them: a stream for each replica and level, a line as it was rendered, everything
//! else that a record says as structured metadata. Knows telemetry; nothing of queries but which lines they ask for.

use std::ops::ControlFlow;

use super::logql::{Entry, Hole, Labels, LogStore, Scan, Words, template_may_contain};
use crate::Telemetry;
use crate::telemetry::{ABSENT, ArgKind, LogHead, LogRecord, Resource, Template, attribute};
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

    fn stream(&self, head: LogHead) -> Option<usize> {
        self.stream_of[usize::from(head.resource.0) * LEVELS.len() + self.level_of[usize::from(head.template.0)]]
    }

    fn at(&self, stamp: Stamp) -> i64 {
        self.zero.saturating_add(stamp.0)
    }

    /// For each template, whether its lines may contain all of the texts.
    fn may_contain(&self, needles: &[String]) -> Vec<bool> {
        let all = |template: &Template| {
            let pieces: Vec<&str> = template.text.split("{}").collect();
            let holes: Vec<Hole> = template.fields.iter().map(|field| hole(field.kind)).collect();
            // A hole that has no field is shown as nothing, and so is what follows it.
            let shown = pieces.len().min(holes.len() + 1);
            needles.iter().all(|needle| template_may_contain(&pieces[..shown], &holes, needle))
        };
        self.telemetry.logs.templates().iter().map(|(_, template)| all(template)).collect()
    }

    /// The rows that may be asked for, with their stamps and streams, by stamp, then as they were written.
    fn candidates(&self, scan: &Scan<'_>) -> Vec<(Stamp, u32, usize)> {
        let may = self.may_contain(scan.needles);
        let (from, until) = (Stamp(scan.from.saturating_sub(self.zero)), Stamp(scan.until.saturating_sub(self.zero)));
        let mut found = Vec::new();
        let mut ordered = true;
        let mut newest = Stamp(i64::MIN);
        for (row, head) in (0_u32..).zip(self.telemetry.logs.heads()) {
            if !may[usize::from(head.template.0)] || head.stamp < from || head.stamp >= until {
                continue;
            }
            let Some(stream) = self.stream(head).filter(|stream| scan.streams[*stream]) else { continue };
            ordered &= newest <= head.stamp;
            newest = head.stamp;
            found.push((head.stamp, row, stream));
        }
        // Clocks differ: what was written later may be stamped earlier.
        if !ordered {
            found.sort_unstable();
        }
        found
    }
}

impl LogStore for LogLines<'_> {
    fn streams(&self) -> Vec<Labels> {
        self.streams.clone()
    }

    fn scan(&self, scan: &Scan<'_>, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) {
        let mut one = |(stamp, row, stream): &(Stamp, u32, usize)| {
            let record = self.telemetry.logs.get(*row as usize);
            let words = Record { telemetry: self.telemetry, record };
            visit(Entry { stream: *stream, at: self.at(*stamp), words: &words })
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

/// What may stand in the place of an argument.
fn hole(kind: ArgKind) -> Hole {
    match kind {
        ArgKind::Name => Hole::Text,
        ArgKind::Count | ArgKind::Micros | ArgKind::Float => Hole::Number,
        ArgKind::Flag => Hole::Flag,
    }
}

struct Record<'a> {
    telemetry: &'a Telemetry,
    record: LogRecord<'a>,
}

impl Words for Record<'_> {
    fn line(&self, out: &mut String) {
        self.telemetry.logs.render_into(&self.telemetry.names, self.record, out);
    }

    fn metadata(&self, wanted: &dyn Fn(&str) -> bool, give: &mut dyn FnMut(&str, &str)) {
        let Record { telemetry, record } = self;
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
    use crate::telemetry::{Field, LogTemplateId, ResourceId, SpanNumber};
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
