//! Log search: the newest lines that match, and how many there are in all.

use std::collections::VecDeque;

use super::super::{LogFilter, LogLine, LogPage, Refusal};
use super::{find_trace, is_meant, replicas, since};
use crate::lab::Observation;
use crate::telemetry::{Contains, LineFinder, LogRecord, LogTemplateId, Telemetry, TraceRef, side_by_side};
use crate::time::Stamp;
use crate::world::Severity;

/// Lines in the order they were written (what an ingesting log store sees; stamps may disagree), newest last.
pub fn logs(seen: &Observation, filter: &LogFilter) -> Result<LogPage, Refusal> {
    let telemetry = &*seen.telemetry;
    let (logs, names) = (&telemetry.logs, &telemetry.names);
    let templates = logs.templates().iter().map(|(_, template)| template);
    let search = Search {
        telemetry,
        means: replicas(telemetry, filter.service.as_deref())?,
        from: since(seen.now.stamp(), filter.last),
        trace: filter.trace.as_deref().map(|id| find_trace(telemetry, id)).transpose()?,
        least: filter.level,
        finder: LineFinder::new(names, templates, &filter.contains, true),
        lower: filter.contains.to_lowercase(),
    };
    let found = side_by_side(logs.parts(), |part| {
        let (mut count, mut newest) = (0, VecDeque::new());
        search.each(part, &mut |row| {
            count += 1;
            if newest.len() == LogPage::LIMIT {
                newest.pop_front();
            }
            newest.push_back(row);
        });
        (count, newest)
    });
    let newest = found.iter().rev().flat_map(|(_, newest)| newest.iter().rev().copied());
    let mut lines: Vec<LogLine> = newest.take(LogPage::LIMIT).map(|row| search.line(logs.get(row))).collect();
    lines.reverse();
    Ok(LogPage { total: found.iter().map(|(count, _)| count).sum(), lines })
}

/// What a line must be.
struct Search<'a> {
    telemetry: &'a Telemetry,
    means: Vec<bool>,
    from: Stamp,
    trace: Option<TraceRef>,
    least: Option<Severity>,
    /// None if lines must be rendered to know.
    finder: Option<LineFinder<'a>>,
    lower: String,
}

impl<'a> Search<'a> {
    /// Visits the rows of a part whose records match.
    fn each(&self, part: usize, visit: &mut dyn FnMut(usize)) {
        let logs = &self.telemetry.logs;
        let finder = self.finder.as_ref();
        let may = logs.templates().iter().zip(0..).map(|((severity, _), id)| {
            let loud = self.least.is_none_or(|least| *severity >= least);
            loud && finder.is_none_or(|finder| finder.of(LogTemplateId(id)) != Contains::Never)
        });
        let may: Vec<bool> = may.collect();
        let mut reader = finder.map(LineFinder::reader);
        let mut text = String::new();
        logs.visit_part(part, |row, record| {
            if !may[usize::from(record.template.0)]
                || record.stamp < self.from
                || !is_meant(&self.means, record.resource)
                || (self.trace.is_some() && record.trace != self.trace)
            {
                return;
            }
            let found = match &mut reader {
                Some(reader) => reader.contains(record.template, record.args),
                None => {
                    text.clear();
                    logs.render_into(&self.telemetry.names, record, &mut text);
                    text.to_lowercase().contains(&self.lower)
                }
            };
            if found {
                visit(row);
            }
        });
    }

    fn line(&self, record: LogRecord<'_>) -> LogLine {
        let telemetry = self.telemetry;
        let mut text = String::new();
        telemetry.logs.render_into(&telemetry.names, record, &mut text);
        LogLine {
            stamp: record.stamp,
            instance: telemetry.resource(record.resource).instance.clone(),
            severity: telemetry.logs.words(record.template).0,
            text,
            trace: record.trace.map(|trace| telemetry.spans.trace_id(trace)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;
    use crate::time::{Duration, SimTime};
    use crate::world::Severity;

    fn seen() -> Observation {
        let mut fixture = Fixture::new(&["edge", "cart"]);
        for second in 0..1000 {
            fixture.log(0, second, Severity::Info, "GET /cart {} in {} ms", &[200, second as u32]);
        }
        fixture.log(1, 1000, Severity::Warn, "Cache is cold", &[]);
        fixture.observe(SimTime::from_secs(1000))
    }

    #[test]
    fn a_page_has_the_newest_lines_and_the_exact_count() {
        let seen = seen();
        let page = logs(&seen, &LogFilter::default()).unwrap();
        assert_eq!((page.total, page.lines.len()), (1001, LogPage::LIMIT));
        assert_eq!(page.lines.last().map(|line| line.text.as_str()), Some("Cache is cold"));
        assert_eq!(page.lines[LogPage::LIMIT - 2].text, "GET /cart 200 in 999 ms");
    }

    #[test]
    fn lines_are_found_by_rendered_words_level_node_and_time() {
        let seen = seen();
        let count = |filter: LogFilter| logs(&seen, &filter).unwrap().total;
        let with = |contains: &str| LogFilter { contains: contains.into(), ..LogFilter::default() };
        assert_eq!(count(with("in 99")), 11);
        assert_eq!(count(with("CACHE")), 1);
        assert_eq!(count(with("nothing like it")), 0);
        assert_eq!(count(with("größer")), 0);
        assert_eq!(count(LogFilter { level: Some(Severity::Warn), ..LogFilter::default() }), 1);
        assert_eq!(count(LogFilter { service: Some("edge-1".into()), ..LogFilter::default() }), 1000);
        assert_eq!(count(LogFilter { last: Some(Duration::from_secs(10)), ..LogFilter::default() }), 11);
    }
}
