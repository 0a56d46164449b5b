//! Log search: the newest lines that match, and how many there are in all.

use super::super::{LogFilter, LogLine, LogPage, Refusal};
use super::text::{Contains, Needle};
use super::{find_trace, is_meant, replicas, since, stamp_of};
use crate::lab::Observation;
use crate::telemetry::LogRecord;

/// Lines in the order they were written (what an ingesting log store sees; stamps may disagree), newest last.
pub fn logs(seen: &Observation, filter: &LogFilter) -> Result<LogPage, Refusal> {
    let telemetry = &seen.telemetry;
    let (logs, names) = (&telemetry.logs, &telemetry.names);
    let means = replicas(telemetry, filter.service.as_deref())?;
    let from = since(stamp_of(seen.now), filter.last);
    let trace = filter.trace.as_deref().map(|id| find_trace(telemetry, id)).transpose()?;
    let needle = Needle::new(&filter.contains);
    let wanted: Vec<Contains> = logs
        .templates()
        .iter()
        .map(|(severity, template)| match filter.level {
            Some(least) if *severity < least => Contains::Never,
            _ if needle.is_empty() => Contains::Always,
            _ => needle.is_in_lines_of(template),
        })
        .collect();

    let mut text = String::new();
    let mut matches = |record: &LogRecord<'_>| {
        let passes =
            record.stamp >= from && is_meant(&means, record.resource) && (trace.is_none() || record.trace == trace);
        match wanted[usize::from(record.template.0)] {
            Contains::Never => false,
            Contains::Always => passes,
            Contains::Perhaps => {
                passes && {
                    text.clear();
                    logs.render_into(names, *record, &mut text);
                    needle.is_in(&text)
                }
            }
        }
    };
    let mut page = LogPage::default();
    for record in logs.iter().rev().filter(|record| matches(record)) {
        page.total += 1;
        if page.lines.len() < LogPage::LIMIT {
            let mut text = String::new();
            logs.render_into(names, record, &mut text);
            page.lines.push(LogLine {
                stamp: record.stamp,
                instance: telemetry.resource(record.resource).instance.clone(),
                severity: logs.words(record.template).0,
                text,
                trace: record.trace.map(|trace| telemetry.spans.trace_id(trace)),
            });
        }
    }
    page.lines.reverse();
    Ok(page)
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
        assert_eq!(count(LogFilter { level: Some(Severity::Warn), ..LogFilter::default() }), 1);
        assert_eq!(count(LogFilter { service: Some("edge-1".into()), ..LogFilter::default() }), 1000);
        assert_eq!(count(LogFilter { last: Some(Duration::from_secs(10)), ..LogFilter::default() }), 11);
    }
}
