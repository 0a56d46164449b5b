//! Loki's HTTP API. Knows questions and snapshots; no socket and no clock.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hyper::StatusCode;
use serde_json::json;

use super::answer::{Answer, Fault, Remarks, VALUES, build_info, success};
use super::ask::Ask;
use super::shelf::Snapshot;
use super::stoppable::Stoppable;
use crate::query::logql::{self, EvalError, Expr, Labels, Limits, LogExpr, LogStore, Scan};
use crate::query::logs::LogLines;
use crate::query::syntax::SyntaxError;

const HOUR: i64 = 3_600_000_000_000;
const SECOND: i64 = 1_000_000_000;
/// Lines that a log query gives unless told otherwise, and at most.
const LINES: (usize, usize) = (100, 5000);
/// The version of the API that is spoken.
const VERSION: &str = "3.4.0";

/// Answers what is asked below `/loki/api/v1`, or says that there is no such path.
pub(super) fn answer(ask: &Ask, snapshot: &Snapshot, stop: &Arc<AtomicBool>) -> Option<Answer> {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let ["loki", "api", "v1", rest @ ..] = path.as_slice() else { return None };
    let lines = LogLines::new(&snapshot.telemetry);
    let api = Api { ask, lines: &lines, store: Stoppable::new(&lines, stop) };
    let answered = match rest {
        ["query"] => api.query(),
        ["query_range"] => api.query_range(),
        ["labels" | "label"] => api.labels(),
        ["label", name, "values"] => api.label_values(name),
        ["series"] => api.series(),
        ["index", "stats"] => api.stats(),
        ["index", "volume"] => api.volume(),
        ["index", "volume_range"] => api.volume_range(),
        ["detected_labels"] => api.detected_labels(),
        ["detected_fields"] => api.detected_fields(),
        ["detected_field", name, "values"] => api.detected_values(name),
        ["patterns"] => api.patterns(),
        ["format_query"] => Ok(formatted(ask.first("query").unwrap_or_default())),
        ["status", "buildinfo"] => Ok(Answer::json(StatusCode::OK, &build_info(VERSION))),
        _ => return None,
    };
    Some(answered.unwrap_or_else(|fault| fault.plain()))
}

/// Paths that also take a form by POST.
pub(super) fn takes_forms(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path.as_slice(),
        ["loki", "api", "v1", "query" | "query_range" | "labels" | "label" | "series" | "format_query"]
            | ["loki", "api", "v1", "index", "stats" | "volume" | "volume_range"]
            | ["loki", "api", "v1", "detected_labels" | "detected_fields" | "patterns"]
            | ["loki", "api", "v1", "detected_field", _, "values"]
    )
}

/// A query as it is, if it is one: a query editor asks this before it puts the answer in the place of the question.
fn formatted(query: &str) -> Answer {
    match logql::parse(query) {
        Ok(_) => Answer::json(StatusCode::OK, &json!({ "status": "success", "data": query.trim() })),
        Err(why) => {
            let told = json!({ "status": "invalid-query", "error": parse_error(&why) });
            Answer::json(StatusCode::BAD_REQUEST, &told)
        }
    }
}

pub(super) struct Api<'a> {
    pub(super) ask: &'a Ask,
    pub(super) lines: &'a LogLines<'a>,
    pub(super) store: Stoppable<'a, LogLines<'a>>,
}

impl Api<'_> {
    /// The instant after the newest line: now, as far as logs go.
    fn now(&self) -> i64 {
        self.lines.newest().unwrap_or(0).saturating_add(1)
    }

    /// The time that is asked about, in nanoseconds since 1970: the last hour unless told otherwise.
    pub(super) fn extent(&self) -> Result<(i64, i64), Fault> {
        let end = self.ask.nanoseconds("end")?.unwrap_or_else(|| self.now());
        let since = self.ask.duration("since")?.map_or(HOUR, |ms| ms.saturating_mul(1_000_000));
        let start = self.ask.nanoseconds("start")?.unwrap_or_else(|| end.saturating_sub(since));
        if end < start {
            return Err(Fault::bad("end timestamp must not be before start time"));
        }
        Ok((start, end))
    }

    fn expression(&self) -> Result<Expr, Fault> {
        read(self.ask.first("query").unwrap_or_default())
    }

    /// Limits of a query, and whether the newest lines are asked for.
    fn limits(&self) -> Result<(Limits, bool), Fault> {
        let backwards = match self.ask.first("direction").map(str::to_ascii_lowercase).as_deref() {
            None | Some("backward") => true,
            Some("forward") => false,
            Some(_) => return Err(Fault::bad("invalid direction: write forward or backward")),
        };
        let entries = match self.ask.whole("limit")?.map(usize::try_from) {
            None => LINES.0,
            Some(Err(_) | Ok(0)) => return Err(Fault::bad("limit must be a positive value")),
            Some(Ok(limit)) => limit,
        };
        if entries > LINES.1 {
            return Err(Fault::bad(format!("max entries limit per query exceeded, limit > {}", LINES.1)));
        }
        Ok((Limits { entries, ..Limits::default() }, backwards))
    }

    fn query(&self) -> Result<Answer, Fault> {
        let expr = self.expression()?;
        if matches!(expr, Expr::Log(_)) {
            return Err(Fault::bad(
                "log queries are not supported as an instant query type, please change your query to a range query type",
            ));
        }
        let at = self.ask.nanoseconds("time")?.unwrap_or_else(|| self.now());
        let (limits, backwards) = self.limits()?;
        self.result(logql::instant(&self.store, &expr, at, &limits), backwards)
    }

    fn query_range(&self) -> Result<Answer, Fault> {
        let expr = self.expression()?;
        let ((start, end), (limits, backwards)) = (self.extent()?, self.limits()?);
        let answer = match &expr {
            Expr::Log(log) => Ok(logql::lines(&self.store, log, start, end, backwards, &limits)),
            metric => {
                let usual = end.saturating_sub(start).div_euclid(250).div_euclid(SECOND).max(1) * SECOND;
                let step = self.ask.duration("step")?.map_or(usual, |ms| ms.saturating_mul(1_000_000));
                if step <= 0 {
                    return Err(Fault::bad(
                        "zero or negative query resolution step widths are not accepted. Try a positive integer",
                    ));
                }
                logql::range(&self.store, metric, start, end, step, &limits)
            }
        };
        self.result(answer, backwards)
    }

    fn result(&self, answer: Result<logql::Answer, EvalError>, backwards: bool) -> Result<Answer, Fault> {
        self.store.done(answer.map_err(|why| Fault::bad(why.0)).and_then(|answer| self.written(&answer, backwards)))
    }

    fn written(&self, answer: &logql::Answer, backwards: bool) -> Result<Answer, Fault> {
        let values = match answer {
            logql::Answer::Matrix(series) => series.iter().map(|series| series.points.len()).sum(),
            _ => 0,
        };
        if values > VALUES {
            return Err(Fault::too_many(values));
        }
        let categorize = self.ask.categorize;
        let data = if categorize { answer.to_categorized_json(backwards) } else { answer.to_json() };
        Ok(success(data, Remarks::default()))
    }

    /// The labels of the streams that have a line in time and that a selector selects, if there is one.
    pub(super) fn selected(&self, selectors: &[&str]) -> Result<Vec<Labels>, Fault> {
        let (start, end) = self.extent()?;
        let selectors: Vec<LogExpr> = selectors.iter().map(|text| selector(text)).collect::<Result<_, _>>()?;
        let present = self.lines.present(start, end);
        let streams = self.lines.streams().into_iter().zip(present).filter(|(_, present)| *present);
        let wanted = |labels: &Labels| selectors.is_empty() || selectors.iter().any(|one| one.selects(labels));
        Ok(streams.map(|(labels, _)| labels).filter(wanted).collect())
    }

    /// The selector of `query`, which may be missing.
    pub(super) fn selector(&self) -> Vec<&str> {
        // Grafana writes an empty one where nothing was chosen.
        self.ask.first("query").filter(|text| text.trim() != "{}").into_iter().collect()
    }

    fn labels(&self) -> Result<Answer, Fault> {
        let selected = self.selected(&self.selector())?;
        let names: BTreeSet<&str> = selected.iter().flat_map(Labels::iter).map(|(name, _)| name).collect();
        Ok(success(json!(names), Remarks::default()))
    }

    fn label_values(&self, name: &str) -> Result<Answer, Fault> {
        let selected = self.selected(&self.selector())?;
        let values: BTreeSet<&str> = selected.iter().filter_map(|labels| labels.get(name)).collect();
        Ok(success(json!(values), Remarks::default()))
    }

    fn series(&self) -> Result<Answer, Fault> {
        let given: Vec<&str> = self.ask.all("match[]").chain(self.ask.all("match")).collect();
        let selected = self.selected(&given)?;
        Ok(success(selected.iter().map(logql::labels_json).collect(), Remarks::default()))
    }

    fn stats(&self) -> Result<Answer, Fault> {
        let (start, end) = self.extent()?;
        let log = selector(self.ask.first("query").unwrap_or_default())?;
        let streams: Vec<bool> = self.lines.streams().iter().map(|labels| log.selects(labels)).collect();
        let mut seen = vec![false; streams.len()];
        let (mut entries, mut bytes) = (0_u64, 0_u64);
        let mut line = String::new();
        let scan = Scan { streams: &streams, from: start, until: end, backwards: false, needles: &[] };
        self.store.scan(&scan, &mut |entry| {
            line.clear();
            entry.words.line(&mut line);
            seen[entry.stream] = true;
            entries += 1;
            bytes += line.len() as u64;
            ControlFlow::Continue(())
        });
        let streams = seen.into_iter().filter(|seen| *seen).count();
        // Nothing is cut into chunks here: one a stream.
        let body = json!({ "streams": streams, "chunks": streams, "entries": entries, "bytes": bytes });
        self.store.done(Ok(Answer::json(StatusCode::OK, &body)))
    }
}

pub(super) fn read(text: &str) -> Result<Expr, Fault> {
    logql::parse(text).map_err(|why| Fault::bad(parse_error(&why)))
}

fn parse_error(why: &SyntaxError) -> String {
    format!("parse error at line {}, col {}: {}", why.line, why.column, why.reason())
}

/// A selector alone.
pub(super) fn selector(text: &str) -> Result<LogExpr, Fault> {
    match read(text)? {
        Expr::Log(log) if log.stages.is_empty() => Ok(log),
        _ => Err(Fault::bad("only label matchers are supported here, such as {service_name=\"shop\"}")),
    }
}
