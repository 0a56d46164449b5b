//! Lists as numbers: how many lines or traces a question finds over time, so that two runs can be laid side by side.

use std::collections::BTreeMap;

use super::query::{query, step};
use crate::lab::{Chart, ChartLine, Found, LogFilter, Look, Query};
use crate::query::Language;
use crate::telemetry::Telemetry;
use crate::time::{Duration, SimTime, Stamp};
use crate::world::Severity;

/// How many lines or traces a look finds in each step up to `now`, none included. None if it is no list of them.
pub fn counts(telemetry: &Telemetry, scrape_every: Duration, now: SimTime, look: &Look) -> Option<Chart> {
    let (language, list, last) = match look {
        Look::Query(query) if query.language != Language::Promql => {
            (query.language, query.expression.clone(), query.last)
        }
        Look::Logs(filter) if filter.trace.is_none() => (Language::Logql, lines_of(telemetry, filter), filter.last),
        _ => return None,
    };
    let span = last.unwrap_or(Duration(now.0)).0.min(now.0);
    let step = step(scrape_every, span);
    let expression = match language {
        Language::Traceql => format!("{list} | count_over_time()"),
        _ => format!("sum(count_over_time({list} [{}s]))", step / 1_000_000_000),
    };
    let Found::Numbers(found) = query(telemetry, scrape_every, now, &Query { language, expression, last }).ok()?.found
    else {
        return None;
    };
    let end = now.stamp().0;
    let mut points: BTreeMap<Stamp, f64> = (0..=span / step).map(|n| (Stamp(end - (n * step) as i64), 0.0)).collect();
    for (at, value) in found.lines.into_iter().flat_map(|line| line.points) {
        *points.entry(at).or_default() += value;
    }
    let line = ChartLine { name: "found".to_owned(), points: points.into_iter().collect() };
    Some(Chart { title: list, unit: String::new(), lines: vec![line] })
}

/// What the log panel finds, in LogQL.
fn lines_of(telemetry: &Telemetry, filter: &LogFilter) -> String {
    let levels = [Severity::Debug, Severity::Info, Severity::Warn, Severity::Error];
    let loud = levels.into_iter().filter(|level| filter.level.is_none_or(|least| *level >= least));
    let loud: Vec<String> = loud.map(|level| level.text().to_lowercase()).collect();
    let mut selector = format!("level=~\"{}\"", loud.join("|"));
    if let Some(name) = &filter.service {
        let is_node = telemetry.resources.iter().any(|resource| resource.service == *name);
        let label = if is_node { "service_name" } else { "service_instance_id" };
        selector += &format!(", {label}={}", quoted(name));
    }
    match filter.contains.is_empty() {
        true => format!("{{{selector}}}"),
        false => format!("{{{selector}}} |~ {}", quoted(&format!("(?i){}", regex::escape(&filter.contains)))),
    }
}

/// A string of LogQL.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;

    fn found(look: &Look) -> Option<Vec<f64>> {
        let mut fixture = Fixture::new(&["edge", "cart"]);
        for second in 0..=60 {
            fixture.log(1, second * 10, Severity::Warn, "read \"{}\" items", &[second as u32]);
            fixture.log(0, second * 10, Severity::Info, "hello", &[]);
        }
        let trace = fixture.trace();
        fixture.span(0, trace, (1, 0), "GET /cart", (1000, 1900), false);
        let counts = counts(&fixture.telemetry, Duration::from_secs(10), SimTime::from_secs(600), look)?;
        assert_eq!(counts.lines.len(), 1);
        Some(counts.lines[0].points.iter().map(|(_, value)| *value).collect())
    }

    fn asked(language: Language, expression: &str) -> Look {
        Look::Query(Query { language, expression: expression.to_owned(), last: None })
    }

    #[test]
    fn lists_are_counted_and_what_is_not_there_counts_as_none() {
        let sum = |look: &Look| found(look).map(|points| points.iter().sum::<f64>());
        let logs = |filter: LogFilter| Look::Logs(filter);
        assert_eq!(sum(&asked(Language::Logql, "{service_name=\"cart\"} |= \"4\"")), Some(15.0));
        assert_eq!(sum(&asked(Language::Traceql, "{ name = \"GET /cart\" }")), Some(1.0));
        assert_eq!(sum(&logs(LogFilter { contains: "READ \"4".into(), ..LogFilter::default() })), Some(11.0));
        assert_eq!(sum(&logs(LogFilter { level: Some(Severity::Warn), ..LogFilter::default() })), Some(61.0));
        assert_eq!(sum(&logs(LogFilter { service: Some("edge-1".into()), ..LogFilter::default() })), Some(61.0));
        let none = found(&asked(Language::Logql, "{service_name=\"cart\"} |= \"moon\"")).unwrap();
        assert!(none.len() > 50 && none.iter().all(|value| *value == 0.0), "{none:?}");
    }

    #[test]
    fn what_is_no_list_is_not_counted() {
        assert_eq!(found(&asked(Language::Promql, "vector(1)")), None);
        assert_eq!(found(&Look::Logs(LogFilter { trace: Some("1".into()), ..LogFilter::default() })), None);
        assert_eq!(found(&Look::Health), None);
    }
}
