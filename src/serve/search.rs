//! Tempo's search APIs: traces by TraceQL or tags, tags and their values, metrics over time. Knows questions and
//! snapshots; no socket and no clock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hyper::StatusCode;
use serde_json::{Value as Json, json};

use super::answer::{Answer, Fault, VALUES};
use super::ask::Ask;
use super::shelf::Snapshot;
use super::stoppable::Stoppable;
use crate::query::syntax::quote;
use crate::query::traceql::{self, Attribute, INTRINSICS, MetricSeries, MetricsLimits, Query, Scope, SearchLimits};
use crate::query::traces::Traces;

const SECOND: i64 = 1_000_000_000;
/// Traces in an answer at most, and spans of each of their spansets.
const TRACES: usize = 10_000;
const SPANS: usize = 100;
/// Values of a tag in an answer at most.
const TAG_VALUES: usize = 1000;

/// Answers what Tempo's search would be asked, or says that there is no such path.
pub(super) fn answer(ask: &Ask, snapshot: &Snapshot, stop: &Arc<AtomicBool>) -> Option<Answer> {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let api = || Api { ask, traces: Traces::new(&snapshot.telemetry), stop };
    let answered = match path.as_slice() {
        ["api", "search"] => api().search(),
        ["api", "search", "tags"] => api().tags(|_, tags| json!({ "tagNames": flat(tags) })),
        ["api", "v2", "search", "tags"] => api().tags(|scope, tags| json!({ "scopes": scoped(scope, tags) })),
        ["api", "search", "tag", tag, "values"] => api().first_values(tag),
        ["api", "v2", "search", "tag", tag, "values"] => api().values(tag),
        ["api", "metrics", "query_range"] => api().metrics(),
        ["api", "metrics", "query"] => api().metrics_once(),
        _ => return None,
    };
    Some(answered.unwrap_or_else(|fault| fault.plain()))
}

struct Api<'a> {
    ask: &'a Ask,
    traces: Traces<'a>,
    stop: &'a Arc<AtomicBool>,
}

impl Api<'_> {
    fn store(&self) -> Stoppable<'_, Traces<'_>> {
        Stoppable::new(&self.traces, self.stop)
    }

    /// The time that is asked about, in nanoseconds since 1970, from and to before: all of it unless told otherwise.
    fn extent(&self) -> Result<(i64, i64), Fault> {
        let (first, last) = self.traces.extent().unwrap_or_default();
        let start = self.ask.nanoseconds("start")?.unwrap_or(first);
        let end = self.ask.nanoseconds("end")?.unwrap_or(last.saturating_add(1));
        if end < start {
            return Err(Fault::bad("http parameter start must be before end"));
        }
        Ok((start, end))
    }

    fn limit(&self, name: &str, usual: usize, most: usize) -> Result<usize, Fault> {
        match self.ask.first(name) {
            None => Ok(usual),
            Some(_) => Ok(self.ask.limit(name)?.min(most)),
        }
    }

    fn search(&self) -> Result<Answer, Fault> {
        let text = match self.ask.first("q").or_else(|| self.ask.first("query")) {
            Some(text) => text.to_owned(),
            None => self.by_tags()?,
        };
        let query = read(&text)?;
        if query.metrics.is_some() {
            return Err(Fault::bad("this measures: ask it at /api/metrics/query_range"));
        }
        let usual = SearchLimits::default();
        let limits = SearchLimits {
            traces: self.limit("limit", usual.traces, TRACES)?,
            spans: self.limit("spss", usual.spans, SPANS)?,
        };
        let (start, end) = self.extent()?;
        let found = traceql::search(&self.store(), &query, start, end, &limits);
        self.store().done(Ok(Answer::json(StatusCode::OK, &traceql::search_json(&found))))
    }

    /// TraceQL for a search by `tags`, `minDuration` and `maxDuration`.
    fn by_tags(&self) -> Result<String, Fault> {
        let mut parts = Vec::new();
        for (key, value) in pairs(self.ask.first("tags").unwrap_or_default())? {
            let own = match key.as_str() {
                "name" | "status" | "kind" | "rootName" | "rootServiceName" => key.clone(),
                key => format!(".{}", quote(key)),
            };
            let is_word = matches!(key.as_str(), "status" | "kind") || value.parse::<f64>().is_ok();
            // A tag has no type: a number may be meant as one, or as text.
            parts.push(match (is_word, own.starts_with('.')) {
                (true, true) => format!("({own} = {value} || {own} = {})", quote(&value)),
                (true, false) => format!("{own} = {value}"),
                (false, _) => format!("{own} = {}", quote(&value)),
            });
        }
        for (name, op) in [("minDuration", ">="), ("maxDuration", "<=")] {
            if let Some(duration) = self.ask.first(name) {
                let part = format!("traceDuration {op} {duration}");
                let alone = duration.starts_with(|c: char| c.is_ascii_digit())
                    && duration.chars().all(|c| c.is_ascii_alphanumeric() || ".µμ".contains(c));
                if !alone || traceql::parse(&format!("{{ {part} }}")).is_err() {
                    let why = format!("{duration:?} is no duration: write one such as 500ms or 1.5s");
                    return Err(Fault::parameter(name, why));
                }
                parts.push(part);
            }
        }
        Ok(format!("{{ {} }}", parts.join(" && ")))
    }

    /// The tags of a scope, or of all.
    fn tags(&self, shape: impl FnOnce(Option<&str>, [Vec<&str>; 4]) -> Json) -> Result<Answer, Fault> {
        let scope = self.ask.first("scope").filter(|scope| *scope != "none");
        if let Some(scope) = scope.filter(|scope| !SCOPES.contains(scope) && !NO_TAGS.contains(scope)) {
            return Err(Fault::bad(format!("invalid scope: {scope}")));
        }
        let intrinsics = INTRINSICS.iter().map(|(name, _)| *name).collect();
        let [resource, span, event] = [Scope::Resource, Scope::Span, Scope::Event].map(|scope| self.traces.tags(scope));
        let tags = [resource, span, event, intrinsics];
        Ok(Answer::json(StatusCode::OK, &shape(scope, tags)))
    }

    fn values_of(&self, tag: &str) -> Result<Vec<traceql::Value>, Fault> {
        let query = match self.ask.first("q").filter(|text| !text.trim().is_empty()) {
            Some(text) => read(text)?,
            None => read("{ }")?,
        };
        let attribute = attribute(tag)?;
        let (start, end) = self.extent()?;
        let most = self.limit("limit", TAG_VALUES, TAG_VALUES)?;
        let found = traceql::values(&self.store(), &query, &attribute, start, end, most);
        Ok(found)
    }

    fn values(&self, tag: &str) -> Result<Answer, Fault> {
        let found = self.values_of(tag)?;
        let shown = |value: &traceql::Value| json!({ "type": value.type_name(), "value": value.text() });
        let values: Vec<Json> = found.iter().map(shown).collect();
        self.store().done(Ok(Answer::json(StatusCode::OK, &json!({ "tagValues": values }))))
    }

    /// The first version knows no scopes and no types.
    fn first_values(&self, tag: &str) -> Result<Answer, Fault> {
        let known = INTRINSICS.iter().any(|(name, _)| *name == tag);
        let found = self.values_of(&if known { tag.to_owned() } else { format!(".{}", quote(tag)) })?;
        let values: Vec<String> = found.iter().map(traceql::Value::text).collect();
        self.store().done(Ok(Answer::json(StatusCode::OK, &json!({ "tagValues": values }))))
    }

    fn metrics(&self) -> Result<Answer, Fault> {
        let (start, end) = self.extent()?;
        let usual = end.saturating_sub(start).div_euclid(100).div_euclid(SECOND).max(1) * SECOND;
        let step = self.ask.duration("step")?.map_or(usual, |ms| ms.saturating_mul(1_000_000));
        self.measured(start, end, step, traceql::metrics_json)
    }

    /// One value of each series, about all of the time.
    fn metrics_once(&self) -> Result<Answer, Fault> {
        let (start, end) = self.extent()?;
        // An interval begins after its first instant.
        let length = end.saturating_sub(start).saturating_add(1);
        self.measured(end, end, length, traceql::metrics_instant_json)
    }

    fn measured(&self, start: i64, end: i64, step: i64, shape: fn(&[MetricSeries]) -> Json) -> Result<Answer, Fault> {
        let query = read(self.ask.first("q").or_else(|| self.ask.first("query")).unwrap_or_default())?;
        let limits = MetricsLimits { values: VALUES, ..MetricsLimits::default() };
        let series = traceql::metrics(&self.store(), &query, start, end, step, &limits);
        let series = series.map_err(|why| Fault::bad(why.0))?;
        let values = series.iter().map(|series| series.points.len()).sum();
        if values > VALUES {
            return Err(Fault::too_many(values));
        }
        self.store().done(Ok(Answer::json(StatusCode::OK, &shape(&series))))
    }
}

/// Scopes that have tags here, in the order of their lists, and those that never do.
const SCOPES: [&str; 4] = ["resource", "span", "event", "intrinsic"];
const NO_TAGS: [&str; 2] = ["link", "instrumentation"];

fn flat(tags: [Vec<&str>; 4]) -> Vec<&str> {
    let [resource, span, ..] = tags;
    resource.into_iter().chain(span).collect::<BTreeSet<&str>>().into_iter().collect()
}

fn scoped(scope: Option<&str>, tags: [Vec<&str>; 4]) -> Vec<Json> {
    let all = SCOPES.into_iter().zip(tags).filter(|(name, _)| scope.is_none_or(|scope| scope == *name));
    all.map(|(name, tags)| json!({ "name": name, "tags": tags })).collect()
}

fn read(text: &str) -> Result<Query, Fault> {
    traceql::parse(text).map_err(|why| {
        let (line, column) = (why.line, why.column);
        Fault::bad(format!("invalid TraceQL query: parse error at line {line}, col {column}: {}", why.reason()))
    })
}

/// One attribute, as TraceQL writes it.
fn attribute(tag: &str) -> Result<Attribute, Fault> {
    let selected = traceql::parse(&format!("{{ }} | select({tag})")).ok().and_then(|query| query.selected());
    selected
        .ok_or_else(|| Fault::bad(format!("{tag:?} is no tag: write one such as resource.service.name, .a or name")))
}

/// `service.name=shop http.route="GET /a"`: pairs as logfmt has them.
fn pairs(text: &str) -> Result<Vec<(String, String)>, Fault> {
    let wrong = || Fault::parameter("tags", "write key=value pairs, apart by blanks, such as service.name=shop");
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or_else(wrong)?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(wrong)?,
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(wrong());
        }
        found.push((key.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_logfmt() {
        let read = pairs("service.name=shop  http.route=\"GET /a\" n=5").unwrap_or_default();
        let shown: Vec<String> = read.iter().map(|(key, value)| format!("{key}:{value}")).collect();
        assert_eq!(shown, ["service.name:shop", "http.route:GET /a", "n:5"]);
        for wrong in ["shop", "=a", "a=\"b", "a b=c"] {
            assert!(pairs(wrong).is_err(), "{wrong}");
        }
    }
}
