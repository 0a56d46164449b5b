//! Questions in the query languages of the field, asked of what the system has said so far: numbers become a chart, lines
//! a page, traces a list. The engines are those of `allgreen query`. Knows telemetry; never the ground truth.

use super::since;
use crate::lab::{Answer, Chart, ChartLine, Found, FoundTrace, LogLine, LogPage, Query, Refusal};
use crate::query::logs::LogLines;
use crate::query::metrics::MetricStore;
use crate::query::syntax::duration_text;
use crate::query::traces::Traces;
use crate::query::{Language, logql, promql, traceql, unknown};
use crate::telemetry::{Telemetry, TraceId};
use crate::time::{Duration, SimTime, Stamp};
use crate::world::Severity;

/// Steps of a chart, about.
const STEPS: u64 = 240;
/// Series of an answer; more is told and left out.
const MOST_SERIES: usize = 100;
/// Traces of an answer.
const MOST_TRACES: usize = 100;
/// Steps that people read easily, in seconds.
const ROUND: [u64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600];

/// Asks what the telemetry says up to `now`.
pub fn query(telemetry: &Telemetry, scrape_every: Duration, now: SimTime, query: &Query) -> Result<Answer, Refusal> {
    let expression = query.expression.as_str();
    if expression.trim().is_empty() {
        return Err(Refusal::new("nothing is asked", "type an expression, or choose one of the examples"));
    }
    let last = query.last.unwrap_or(Duration(now.0)).0.min(now.0);
    let step = step(scrape_every, last);
    let zero = Moments { zero: i64::try_from(telemetry.epoch().unix_ns(Stamp(0))).unwrap_or(0) };
    let to = zero.unix(now.stamp());
    let asked = Asked { telemetry, expression, zero, from: to - (last / step * step) as i64, to, step: step as i64 };
    // Lines and spans are stamped by clocks that may be ahead, so they are asked for without an end.
    let since = query.last.map_or(i64::MIN, |last| zero.unix(since(now.stamp(), Some(last))));
    match query.language {
        Language::Promql => asked.metrics(),
        Language::Logql => asked.logs(since),
        Language::Traceql => asked.traces(since),
    }
}

/// Nanoseconds between two points of a chart.
pub(super) fn step(scrape_every: Duration, range: u64) -> u64 {
    let least = (range / STEPS).max(scrape_every.0).max(1);
    let round = ROUND.into_iter().map(|seconds| seconds * 1_000_000_000).find(|round| *round >= least);
    round.unwrap_or_else(|| least.next_multiple_of(86_400_000_000_000))
}

/// Stamps as the engines have them, and back.
#[derive(Clone, Copy)]
struct Moments {
    /// The instant of stamp zero, in nanoseconds since 1970.
    zero: i64,
}

impl Moments {
    fn unix(self, stamp: Stamp) -> i64 {
        self.zero.saturating_add(stamp.0)
    }

    fn stamp(self, unix: i64) -> Stamp {
        Stamp(unix.saturating_sub(self.zero))
    }
}

struct Asked<'a> {
    telemetry: &'a Telemetry,
    expression: &'a str,
    zero: Moments,
    /// Of a chart, in nanoseconds since 1970.
    from: i64,
    to: i64,
    step: i64,
}

impl Asked<'_> {
    fn metrics(&self) -> Result<Answer, Refusal> {
        let store = MetricStore::new(self.telemetry);
        let ms = |at: i64| at.div_euclid(1_000_000);
        let options = promql::Options::default();
        let answer = promql::query_range(&store, self.expression, ms(self.from), ms(self.to), ms(self.step), &options);
        let answer = answer.map_err(|error| misread(&error.placed(self.expression).to_string()))?;
        let mut remarks = answer.annotations.warnings_at(self.expression);
        remarks.extend(answer.annotations.infos_at(self.expression));
        let promql::Value::Matrix(rows) = answer.value else { return Ok(numbers(self, Vec::new(), remarks)) };
        if let (true, Ok(asked)) = (rows.is_empty(), promql::parse(self.expression)) {
            remarks.extend(unknown::metrics(&asked, &store));
        }
        let stamp = |t: i64| self.zero.stamp(t.saturating_mul(1_000_000));
        let lines = rows.into_iter().map(|row| {
            let points = row.points.iter().map(|point| (stamp(point.t), point.v)).collect();
            (bare(&row.labels.to_string()), points)
        });
        Ok(numbers(self, lines.collect(), remarks))
    }

    fn logs(&self, since: i64) -> Result<Answer, Refusal> {
        let expr = logql::parse(self.expression).map_err(|error| misread(&error.to_string()))?;
        let store = LogLines::new(self.telemetry);
        let limits = logql::Limits { entries: LogPage::LIMIT, ..logql::Limits::default() };
        let answer = match &expr {
            logql::Expr::Log(log) => Ok(logql::lines(&store, log, since, i64::MAX, true, &limits)),
            logql::Expr::Metric(_) => logql::range(&store, &expr, self.from, self.to, self.step, &limits),
        };
        let answer = answer.map_err(|error| Refusal::new(error.to_string(), "ask for less, or aggregate first"))?;
        let remarks = || unknown::labels(&expr, &store);
        match answer {
            logql::Answer::Streams(streams) => {
                let page = self.page(streams);
                let mut remarks = if page.lines.is_empty() { remarks() } else { Vec::new() };
                if page.lines.len() == LogPage::LIMIT {
                    remarks.push(format!("the newest {} lines; there may be more", LogPage::LIMIT));
                }
                Ok(Answer { found: Found::Lines(page), remarks })
            }
            logql::Answer::Matrix(series) => {
                let remarks = if series.is_empty() { remarks() } else { Vec::new() };
                let points =
                    |one: &logql::Series| one.points.iter().map(|(at, value)| (self.zero.stamp(*at), *value)).collect();
                let lines = series.iter().map(|one| (bare(&one.labels.to_string()), points(one)));
                Ok(numbers(self, lines.collect(), remarks))
            }
            // A range query gives neither.
            logql::Answer::Scalar(..) | logql::Answer::Vector(..) => Ok(numbers(self, Vec::new(), Vec::new())),
        }
    }

    /// The lines of all streams, newest last.
    fn page(&self, streams: Vec<logql::Stream>) -> LogPage {
        let mut lines: Vec<LogLine> = Vec::new();
        for stream in streams {
            let label = |name: &str| stream.labels.get(name).unwrap_or_default();
            let trace = u128::from_str_radix(label("trace_id"), 16).ok().map(TraceId);
            let severity = match label("level") {
                "debug" => Severity::Debug,
                "warn" => Severity::Warn,
                "error" => Severity::Error,
                _ => Severity::Info,
            };
            let instance = label("service_instance_id").to_owned();
            let line = |line: logql::Line| LogLine {
                stamp: self.zero.stamp(line.at),
                instance: instance.clone(),
                severity,
                text: line.text,
                trace,
            };
            lines.extend(stream.lines.into_iter().map(line));
        }
        lines.sort_by_key(|line| line.stamp);
        LogPage { total: lines.len(), lines }
    }

    fn traces(&self, since: i64) -> Result<Answer, Refusal> {
        let asked = traceql::parse(self.expression).map_err(|error| misread(&error.to_string()))?;
        let store = Traces::new(self.telemetry);
        if asked.metrics.is_none() {
            let limits = traceql::SearchLimits { traces: MOST_TRACES, spans: 1 };
            let found = traceql::search(&store, &asked, since, i64::MAX, &limits);
            let mut remarks = if found.is_empty() { unknown::attributes(&asked, &store) } else { Vec::new() };
            if found.len() == MOST_TRACES {
                remarks.push(format!("the newest {MOST_TRACES} traces; there may be more"));
            }
            let rows = found.iter().map(|trace| self.found(trace)).collect();
            return Ok(Answer { found: Found::Traces(rows), remarks });
        }
        let limits = traceql::MetricsLimits::default();
        let series = traceql::metrics(&store, &asked, self.from, self.to, self.step, &limits);
        let series = series.map_err(|error| Refusal::new(error.to_string(), "ask for less, or aggregate first"))?;
        let remarks = if series.is_empty() { unknown::attributes(&asked, &store) } else { Vec::new() };
        let points =
            |one: &traceql::MetricSeries| one.points.iter().map(|(at, value)| (self.zero.stamp(*at), *value)).collect();
        let lines = series.iter().map(|one| (bare(&one.name()), points(one)));
        Ok(numbers(self, lines.collect(), remarks))
    }

    fn found(&self, trace: &traceql::FoundTrace) -> FoundTrace {
        let first = trace.spansets.iter().flat_map(|spanset| &spanset.spans).next();
        let grouped = trace.spansets.first().map_or(&[][..], |spanset| &spanset.attributes);
        let words = first.map(|span| {
            let pairs = grouped.iter().chain(&span.attributes).map(|(key, value)| format!("  {key}={}", value.text()));
            format!("{} {}{}", span.name, duration_text(span.duration), pairs.collect::<String>())
        });
        FoundTrace {
            id: TraceId(u128::from_str_radix(&trace.id, 16).unwrap_or(0)),
            start: self.zero.stamp(trace.start),
            duration: Duration(u64::try_from(trace.duration).unwrap_or(0)),
            service: trace.root_service.clone(),
            name: trace.root_name.clone(),
            matched: trace.spansets.iter().map(|spanset| spanset.matched).sum(),
            first: words.unwrap_or_default(),
        }
    }
}

/// An expression that was not understood; `text` says where, with an excerpt.
fn misread(text: &str) -> Refusal {
    Refusal::new(text, "correct the expression; `docs/query.md` says what each language can do")
}

/// A name of a series as a legend has it: nothing if it has no labels.
fn bare(labels: &str) -> String {
    if labels == "{}" { String::new() } else { labels.to_owned() }
}

/// Numbers over time; points that are not finite cannot be drawn.
fn numbers(asked: &Asked<'_>, series: Vec<(String, Vec<(Stamp, f64)>)>, mut remarks: Vec<String>) -> Answer {
    if series.len() > MOST_SERIES {
        remarks.push(format!("{} series, of which {MOST_SERIES} are shown: aggregate, or select fewer", series.len()));
    }
    let shown = series.into_iter().take(MOST_SERIES);
    let mut odd = 0;
    let mut line = |(name, points): (String, Vec<(Stamp, f64)>)| {
        let all = points.len();
        let points: Vec<(Stamp, f64)> = points.into_iter().filter(|(_, value)| value.is_finite()).collect();
        odd += all - points.len();
        ChartLine { name, points }
    };
    let lines = shown.map(&mut line).collect();
    if odd > 0 {
        remarks.push(format!("{odd} values are no finite numbers and are left out"));
    }
    Answer {
        found: Found::Numbers(Chart { title: asked.expression.trim().to_owned(), unit: String::new(), lines }),
        remarks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;

    fn ask(language: Language, expression: &str) -> Result<Answer, Refusal> {
        let mut fixture = Fixture::new(&["edge", "cart"]);
        let slot = fixture.counter(0, "http.requests", &[("http.route", "/cart")]);
        for second in 0..=60 {
            fixture.scrape(0, second * 10, &[(slot, second as f64 * 50.0)]);
            fixture.log(1, second * 10, Severity::Warn, "read {} items", &[second as u32]);
        }
        let trace = fixture.trace();
        fixture.span(0, trace, (1, 0), "GET /cart", (1000, 1900), false);
        fixture.span(1, trace, (2, 1), "read cart", (1100, 1200), true);
        let query = Query { language, expression: expression.to_owned(), last: None };
        super::query(&fixture.telemetry, Duration::from_secs(10), SimTime::from_secs(600), &query)
    }

    fn chart(language: Language, expression: &str) -> Chart {
        match ask(language, expression).unwrap().found {
            Found::Numbers(chart) => chart,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_of_every_language_are_a_chart() {
        let rate = chart(Language::Promql, "sum by (job) (rate(http_requests_total[1m]))");
        assert_eq!(rate.lines[0].name, "{job=\"edge\"}");
        let last = rate.lines[0].points.last().unwrap();
        assert_eq!((last.0, last.1), (Stamp(600_000_000_000), 5.0));
        let lines = chart(Language::Logql, "sum by (level) (count_over_time({service_name=\"cart\"}[1m]))");
        assert_eq!(lines.lines[0].points.last().map(|point| point.1), Some(6.0));
        let spans = chart(Language::Traceql, "{ status = error } | count_over_time()");
        assert_eq!(spans.lines[0].points.iter().map(|point| point.1).sum::<f64>(), 1.0);
        assert_eq!(chart(Language::Promql, "vector(1)").lines[0].name, "");
    }

    #[test]
    fn lines_and_traces_are_lists() {
        let Found::Lines(page) = ask(Language::Logql, "{level=\"warn\"} |= \"4\"").unwrap().found else { panic!() };
        assert_eq!((page.lines.len(), page.lines[0].instance.as_str()), (15, "cart-1"));
        assert_eq!(page.lines.last().map(|line| line.text.as_str()), Some("read 54 items"));
        let Found::Traces(rows) = ask(Language::Traceql, "{ duration < 200ms }").unwrap().found else { panic!() };
        assert_eq!((rows.len(), rows[0].matched, rows[0].service.as_str()), (1, 1, "edge"));
        assert_eq!((rows[0].duration, rows[0].first.as_str()), (Duration::from_millis(900), "read cart 100ms"));
    }

    #[test]
    fn what_is_not_understood_is_shown_with_its_place_and_what_finds_nothing_with_a_near_name() {
        let refusal = ask(Language::Promql, "rate(http_requests_total)").unwrap_err();
        assert!(refusal.what.starts_with("1:6: ") && refusal.what.ends_with('^'), "{}", refusal.what);
        assert!(ask(Language::Logql, " ").is_err());
        for (language, expression, near) in [
            (Language::Promql, "http_request_total", "http_requests_total"),
            (Language::Logql, "{servicename=\"cart\"}", "service_name"),
            (Language::Traceql, "{ resource.service.nam = \"x\" }", "service.name"),
        ] {
            let answer = ask(language, expression).unwrap();
            assert!(answer.remarks.iter().any(|words| words.contains(near)), "{expression}: {:?}", answer.remarks);
        }
    }

    #[test]
    fn steps_are_round_and_few() {
        let second = 1_000_000_000;
        assert_eq!(step(Duration::from_secs(10), 600 * second), 10 * second);
        assert_eq!(step(Duration::from_secs(10), 3 * 3600 * second), 60 * second);
        assert_eq!(step(Duration::from_secs(10), 400 * 86_400 * second) % (86_400 * second), 0);
    }
}
