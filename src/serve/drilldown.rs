//! What Grafana's Logs Drilldown and Explore ask Loki besides queries: volumes, fields, labels and patterns. Knows questions
//! and snapshots; no socket and no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use hyper::StatusCode;
use serde_json::{Value as Json, json};

use super::answer::{Answer, Fault, Remarks, VALUES, success};
use super::loki::{Api, read, selector};
use crate::query::logql::{self, Expr, Labels, Limits, LogExpr, LogStore, Scan, Stage, Stream};
use crate::query::syntax::{parse_bytes, parse_duration};

const SECOND: i64 = 1_000_000_000;
/// Series of a volume unless told otherwise.
const VOLUMES: usize = 100;
/// Lines that are looked at for fields, and fields, unless told otherwise; and at most.
const LOOKED_AT: (usize, usize) = (1000, 5000);

/// Bytes of lines by series, for each step.
type Volumes = BTreeMap<Labels, Vec<u64>>;

/// Fields: name, values and the parsers that find it.
type Fields = BTreeMap<String, (BTreeSet<String>, BTreeSet<&'static str>)>;

impl Api<'_> {
    /// The bytes of lines by labels, over all of the time.
    pub(super) fn volume(&self) -> Result<Answer, Fault> {
        let (start, end) = self.extent()?;
        let volumes = self.volumes(start, end, end.saturating_sub(start).max(1))?;
        let (at, by_label) = (end as f64 / 1e9, self.by_label()?);
        let one = |(labels, bytes): (Labels, Vec<u64>)| {
            let bytes: u64 = bytes.iter().sum();
            json!({ "metric": metric(&labels, by_label), "value": [at, bytes.to_string()] })
        };
        let result: Vec<Json> = self.largest(volumes)?.into_iter().map(one).collect();
        self.store.done(Ok(success(json!({ "resultType": "vector", "result": result }), Remarks::default())))
    }

    /// The same for each step.
    pub(super) fn volume_range(&self) -> Result<Answer, Fault> {
        let (start, end) = self.extent()?;
        let step = self.step(start, end)?;
        let (volumes, by_label) = (self.volumes(start, end, step)?, self.by_label()?);
        let at = |place: usize| (start + step * (place as i64 + 1)).min(end) as f64 / 1e9;
        let one = |(labels, bytes): (Labels, Vec<u64>)| {
            let filled = bytes.iter().enumerate().filter(|(_, bytes)| **bytes > 0);
            let values: Vec<Json> = filled.map(|(place, bytes)| json!([at(place), bytes.to_string()])).collect();
            json!({ "metric": metric(&labels, by_label), "values": values })
        };
        let result: Vec<Json> = self.largest(volumes)?.into_iter().map(one).collect();
        self.store.done(Ok(success(json!({ "resultType": "matrix", "result": result }), Remarks::default())))
    }

    fn step(&self, start: i64, end: i64) -> Result<i64, Fault> {
        let usual = end.saturating_sub(start).div_euclid(250).div_euclid(SECOND).max(1) * SECOND;
        let step = self.ask.duration("step")?.map_or(usual, |ms| ms.saturating_mul(1_000_000));
        match step > 0 && end.saturating_sub(start) / step < 11_000 {
            true => Ok(step),
            false => Err(Fault::bad("the step is too small for this time. Try a larger one")),
        }
    }

    /// Whether the volume of each label is asked for, and not that of each series.
    fn by_label(&self) -> Result<bool, Fault> {
        match self.ask.first("aggregateBy") {
            None | Some("" | "series") => Ok(false),
            Some("labels") => Ok(true),
            Some(_) => Err(Fault::bad("invalid aggregateBy: write series or labels")),
        }
    }

    fn volumes(&self, start: i64, end: i64, step: i64) -> Result<Volumes, Fault> {
        let log = selector(self.ask.first("query").unwrap_or_default())?;
        let targets: Vec<String> = match self.ask.first("targetLabels").filter(|text| !text.is_empty()) {
            Some(text) => text.split(',').map(str::to_owned).collect(),
            None => log.matchers.iter().map(|matcher| matcher.name.clone()).collect(),
        };
        let by_label = self.by_label()?;
        let all_labels = self.ask.first("targetLabels").is_none();
        let streams = self.store.streams();
        let keys: Vec<Vec<Labels>> = streams
            .iter()
            .map(|labels| match by_label {
                true => {
                    let wanted = |name: &&str| all_labels || targets.iter().any(|own| own == name);
                    let names = labels.iter().map(|(name, _)| name).filter(wanted);
                    names.map(|name| Labels::new([(name, name)])).collect()
                }
                false => vec![labels.only(&targets, true)],
            })
            .collect();
        let steps = (end.saturating_sub(start) as u64).div_ceil(step as u64).max(1) as usize;
        let mut volumes = Volumes::new();
        let wanted: Vec<bool> = streams.iter().map(|labels| log.selects(labels)).collect();
        let scan = Scan { streams: &wanted, from: start, until: end, backwards: false, needles: &[] };
        let mut line = String::new();
        self.store.scan(&scan, &mut |entry| {
            line.clear();
            entry.words.line(&mut line);
            let place = ((entry.at - start) / step) as usize;
            for key in &keys[entry.stream] {
                let bytes = volumes.entry(key.clone()).or_insert_with(|| vec![0; steps]);
                bytes[place.min(steps - 1)] += line.len() as u64;
            }
            ControlFlow::Continue(())
        });
        match volumes.len().saturating_mul(steps) {
            values if values > VALUES => Err(Fault::too_many(values)),
            _ => Ok(volumes),
        }
    }

    /// The largest few.
    fn largest(&self, volumes: Volumes) -> Result<Vec<(Labels, Vec<u64>)>, Fault> {
        let limit = match self.ask.first("limit") {
            None => VOLUMES,
            Some(_) => self.ask.limit("limit")?,
        };
        let mut all: Vec<(Labels, Vec<u64>)> = volumes.into_iter().collect();
        all.sort_by_key(|(_, bytes)| std::cmp::Reverse(bytes.iter().sum::<u64>()));
        all.truncate(limit);
        Ok(all)
    }

    /// The labels of streams, and how many values each has.
    pub(super) fn detected_labels(&self) -> Result<Answer, Fault> {
        let selected = self.selected(&self.selector())?;
        let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, value) in selected.iter().flat_map(Labels::iter) {
            values.entry(name).or_default().insert(value);
        }
        let one = |(name, values): (&&str, &BTreeSet<&str>)| json!({ "label": name, "cardinality": values.len() });
        let labels: Vec<Json> = values.iter().map(one).collect();
        Ok(Answer::json(StatusCode::OK, &json!({ "detectedLabels": labels })))
    }

    /// The fields of lines: structured metadata, and what a parser finds.
    pub(super) fn detected_fields(&self) -> Result<Answer, Fault> {
        let limit = self.field_limit()?;
        let one = |(name, (values, parsers)): (&String, &(BTreeSet<String>, BTreeSet<&str>))| {
            let parsers = if parsers.is_empty() { Json::Null } else { json!(parsers) };
            json!({ "label": name, "type": kind_of(values), "cardinality": values.len(), "parsers": parsers })
        };
        let fields: Vec<Json> = self.fields()?.iter().take(limit).map(one).collect();
        self.store.done(Ok(Answer::json(StatusCode::OK, &json!({ "fields": fields, "limit": limit }))))
    }

    /// The values of one field.
    pub(super) fn detected_values(&self, name: &str) -> Result<Answer, Fault> {
        let limit = self.field_limit()?;
        let fields = self.fields()?;
        let values: Vec<&String> =
            fields.get(name).map_or(Vec::new(), |(values, _)| values.iter().take(limit).collect());
        self.store.done(Ok(Answer::json(StatusCode::OK, &json!({ "values": values, "limit": limit }))))
    }

    fn field_limit(&self) -> Result<usize, Fault> {
        match self.ask.first("limit") {
            None => Ok(LOOKED_AT.0),
            Some(_) => Ok(self.ask.limit("limit")?.min(LOOKED_AT.1)),
        }
    }

    fn fields(&self) -> Result<Fields, Fault> {
        let (start, end) = self.extent()?;
        let Expr::Log(log) = read(self.ask.first("query").unwrap_or_default())? else {
            return Err(Fault::bad("a query for lines is wanted here, such as {service_name=\"shop\"}"));
        };
        let entries = match self.ask.first("line_limit") {
            None => LOOKED_AT.0,
            Some(_) => self.ask.limit("line_limit")?.min(LOOKED_AT.1),
        };
        let limits = Limits { entries, ..Limits::default() };
        let streams: BTreeSet<String> =
            self.store.streams().iter().flat_map(Labels::iter).map(|(name, _)| name.to_owned()).collect();
        let found = |log: &LogExpr| match logql::lines(&self.store, log, start, end, true, &limits) {
            logql::Answer::Streams(found) => found,
            _ => Vec::new(),
        };
        let mut fields = Fields::new();
        let mut take = |found: &[Stream], parser: Option<&'static str>| {
            let before: BTreeSet<String> = fields.keys().cloned().collect();
            for (name, value) in found.iter().flat_map(|stream| stream.labels.iter()) {
                if before.contains(name) || streams.contains(name) || name.starts_with("__error") {
                    continue;
                }
                let (values, parsers) = fields.entry(name.to_owned()).or_default();
                values.insert(value.to_owned());
                parsers.extend(parser);
            }
        };
        let own = found(&log);
        take(&own, None);
        let is_json = |stream: &Stream| stream.lines.iter().any(|line| line.text.starts_with('{'));
        let parser = match own.iter().any(is_json) {
            true => ("json", Stage::Json(Vec::new())),
            false => ("logfmt", Stage::Logfmt { strict: false, keep_empty: false, wanted: Vec::new() }),
        };
        let parsed = LogExpr { stages: log.stages.iter().cloned().chain([parser.1]).collect(), ..log };
        take(&found(&parsed), Some(parser.0));
        Ok(fields)
    }

    /// What lines have in common: the words of each template, and how many lines say them in each step.
    pub(super) fn patterns(&self) -> Result<Answer, Fault> {
        let (start, end) = self.extent()?;
        let step = match self.ask.first("step") {
            None => 10 * SECOND,
            Some(_) => self.step(start, end)?.max(10 * SECOND),
        };
        let log = selector(self.ask.first("query").unwrap_or_default())?;
        let wanted: Vec<bool> = self.store.streams().iter().map(|labels| log.selects(labels)).collect();
        let found = self.lines.patterns(&wanted, (start, end), step);
        let values = found.iter().map(|pattern| pattern.counts.len()).sum();
        if values > VALUES {
            return Err(Fault::too_many(values));
        }
        let one = |pattern: &crate::query::logs::LinePattern| {
            let samples: Vec<Json> =
                pattern.counts.iter().map(|(at, count)| json!([at.div_euclid(SECOND), count])).collect();
            json!({ "pattern": pattern.text, "level": pattern.level, "samples": samples })
        };
        let data: Vec<Json> = found.iter().map(one).collect();
        self.store.done(Ok(success(Json::from(data), Remarks::default())))
    }
}

/// The labels of a volume; that of a label has its name and no value.
fn metric(labels: &Labels, by_label: bool) -> Json {
    match by_label {
        true => {
            labels.iter().map(|(name, _)| (name.to_owned(), Json::from(""))).collect::<serde_json::Map<_, _>>().into()
        }
        false => logql::labels_json(labels),
    }
}

/// The type that all values of a field have.
fn kind_of(values: &BTreeSet<String>) -> &'static str {
    let all = |is: fn(&str) -> bool| !values.is_empty() && values.iter().all(|value| is(value));
    if all(|text| text.parse::<i64>().is_ok()) {
        "int"
    } else if all(|text| text.parse::<f64>().is_ok()) {
        "float"
    } else if all(|text| text.parse::<bool>().is_ok()) {
        "boolean"
    } else if all(|text| parse_duration(text).is_some()) {
        "duration"
    } else if all(|text| parse_bytes(text).is_some()) {
        "bytes"
    } else {
        "string"
    }
}
