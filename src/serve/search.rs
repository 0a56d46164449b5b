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
use super::unfinished::finished;
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
        ["api", "search", "tags"] => api().first_tags(),
        ["api", "v2", "search", "tags"] => api().scoped_tags(),
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
        let end = self.ask.nanoseconds("end")?.unwrap_or(last.saturating_add(1));
        let since = self.ask.duration("since")?.map(|ms| end.saturating_sub(ms.saturating_mul(1_000_000)));
        let start = self.ask.nanoseconds("start")?.or(since).unwrap_or(first);
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
        if self.ask.first("limit").and_then(|text| text.parse::<u64>().ok()) == Some(0) {
            return Err(Fault::parameter("limit", "must be a positive number"));
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
            parts.push(tag_test(&key, &value));
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

    /// The scopes that are asked about: these, unless one is named.
    fn scopes(&self, usual: &[TagScope]) -> Result<Vec<TagScope>, Fault> {
        let Some(wanted) = self.ask.first("scope").filter(|scope| *scope != "none") else { return Ok(usual.to_vec()) };
        let found: Vec<TagScope> = SCOPES.into_iter().filter(|(name, _)| *name == wanted).collect();
        if found.is_empty() && !NO_TAGS.contains(&wanted) {
            return Err(Fault::bad(format!("invalid scope: {wanted}")));
        }
        Ok(found)
    }

    /// The tags of each scope that a span has which `q` finds in time, as many of each as are asked for.
    fn tags(&self, usual: &[TagScope]) -> Result<Vec<(&'static str, Vec<&str>)>, Fault> {
        let (scopes, limit, query) = (self.scopes(usual)?, self.ask.limit("limit")?, self.filter()?);
        let (start, end) = self.extent()?;
        let in_time = self.traces.extent().is_none_or(|(first, last)| start <= first && last < end);
        let every = in_time && self.ask.first("q").is_none();
        let is_seen = |scope, name: &str| {
            let attribute = Attribute::Named { scope, parent: false, name: name.to_owned() };
            every || !traceql::values(&self.store(), &query, &attribute, start, end, 1).is_empty()
        };
        let tags = |scope: Option<Scope>| -> Vec<&str> {
            match scope {
                Some(scope) => {
                    let known = self.traces.tags(scope).into_iter();
                    known.filter(|name| is_seen(scope, name)).take(limit).collect()
                }
                None => INTRINSICS.iter().map(|(name, _)| *name).take(limit).collect(),
            }
        };
        Ok(scopes.into_iter().map(|(name, scope)| (name, tags(scope))).collect())
    }

    fn scoped_tags(&self) -> Result<Answer, Fault> {
        let named = |(name, tags): (&str, Vec<&str>)| json!({ "name": name, "tags": tags });
        let scopes: Vec<Json> = self.tags(&SCOPES)?.into_iter().map(named).collect();
        self.store().done(Ok(Answer::json(StatusCode::OK, &json!({ "scopes": scopes }))))
    }

    /// The first version has one list, of replicas and spans unless told otherwise.
    fn first_tags(&self) -> Result<Answer, Fault> {
        let limit = self.ask.limit("limit")?;
        let scopes = self.tags(&SCOPES[..2])?;
        let tags: BTreeSet<&str> = scopes.into_iter().flat_map(|(_, tags)| tags).collect();
        let tags: Vec<&str> = tags.into_iter().take(limit).collect();
        self.store().done(Ok(Answer::json(StatusCode::OK, &json!({ "tagNames": tags }))))
    }

    /// The spans that `q` finds: all without one, and of one that is not finished, those that it finds so far.
    fn filter(&self) -> Result<Query, Fault> {
        let text = self.ask.first("q").unwrap_or_default();
        let query = traceql::parse(text).or_else(|_| traceql::parse(&finished(text)));
        query.or_else(|_| read("{ }"))
    }

    fn values_of(&self, tag: &str) -> Result<Vec<traceql::Value>, Fault> {
        let query = self.filter()?;
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
        let length = end.saturating_sub(start).max(1);
        // An interval is after an instant and up to another: this one begins with the start.
        let last = start.saturating_add(length - 1);
        self.measured(last, last, length, traceql::metrics_instant_json)
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

/// A scope of tags, and whose attributes they are. Intrinsics are nobody's.
type TagScope = (&'static str, Option<Scope>);

/// Scopes that have tags here, in the order of their lists, and those that never do.
const SCOPES: [TagScope; 4] = [
    ("resource", Some(Scope::Resource)),
    ("span", Some(Scope::Span)),
    ("event", Some(Scope::Event)),
    ("intrinsic", None),
];
const NO_TAGS: [&str; 2] = ["link", "instrumentation"];

/// What the older search calls a tag and TraceQL an intrinsic.
const INTRINSIC_TAGS: [(&str, &str); 8] = [
    ("name", "name"),
    ("kind", "kind"),
    ("status", "status"),
    ("status.code", "status"),
    ("rootName", "rootName"),
    ("root.name", "rootName"),
    ("rootServiceName", "rootServiceName"),
    ("root.service.name", "rootServiceName"),
];

/// A tag of the older search as TraceQL tests it.
fn tag_test(key: &str, value: &str) -> String {
    let text = quote(value);
    let own = INTRINSIC_TAGS.iter().find(|(tag, _)| *tag == key).map(|(_, own)| *own);
    match (own, value) {
        (Some(own @ ("status" | "kind")), word) => format!("{own} = {word}"),
        (Some(own), _) => format!("{own} = {text}"),
        (None, "true") if key == "error" => "status = error".to_owned(),
        (None, "false") if key == "error" => "status != error".to_owned(),
        (None, value) => {
            let own = format!(".{}", quote(key));
            // A tag has no type: a number may be meant as one, or as text.
            match value.parse::<f64>().is_ok_and(f64::is_finite) {
                true => format!("({own} = {value} || {own} = {text})"),
                false => format!("{own} = {text}"),
            }
        }
    }
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
    fn tags_of_the_older_search_are_tested_as_traceql_has_them() {
        for (key, value, test) in [
            ("http.route", "/a", ".\"http.route\" = \"/a\""),
            ("n", "5", "(.\"n\" = 5 || .\"n\" = \"5\")"),
            ("n", "inf", ".\"n\" = \"inf\""),
            ("name", "5", "name = \"5\""),
            ("root.name", "GET /a", "rootName = \"GET /a\""),
            ("root.service.name", "shop", "rootServiceName = \"shop\""),
            ("status.code", "error", "status = error"),
            ("error", "true", "status = error"),
            ("error", "false", "status != error"),
            ("error", "timeout", ".\"error\" = \"timeout\""),
        ] {
            assert_eq!(tag_test(key, value), test);
            assert!(traceql::parse(&format!("{{ {test} }}")).is_ok(), "{test}");
        }
    }

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
