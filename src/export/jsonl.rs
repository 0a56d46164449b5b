//! JSON lines: one object a line, OpenTelemetry names, times as RFC 3339 with nanoseconds in UTC, each by the clock that
//! stamped it.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::Telemetry;
use crate::telemetry::{Family, MetricKind, Resource, ResourceId, Symbol, TraceRef, attribute, event};
use crate::time::Stamp;

/// The name and version of this format.
pub const FORMAT: &str = "allgreen-jsonl/1";

/// A kind of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonLines {
    /// Log records, in the order they were written.
    Logs,
    /// Spans, in the order they ended.
    Spans,
    /// One line for each series of each scrape.
    Metrics,
    /// Health probes whose answer differed from the one before.
    Health,
    /// The change feed.
    Changes,
    /// What users wrote.
    Reports,
}

/// Writes all telemetry of one kind. Answers the number of lines.
pub fn write(telemetry: &Telemetry, kind: JsonLines, out: &mut dyn Write) -> io::Result<u64> {
    let mut lines = Lines { telemetry, out, written: 0 };
    match kind {
        JsonLines::Logs => lines.logs()?,
        JsonLines::Spans => lines.spans()?,
        JsonLines::Metrics => lines.metrics()?,
        JsonLines::Health => lines.health()?,
        JsonLines::Changes => lines.changes()?,
        JsonLines::Reports => lines.reports()?,
    }
    Ok(lines.written)
}

struct Lines<'a> {
    telemetry: &'a Telemetry,
    out: &'a mut dyn Write,
    written: u64,
}

impl Lines<'_> {
    fn line(&mut self, object: &Value) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, object)?;
        self.written += 1;
        self.out.write_all(b"\n")
    }

    fn time(&self, stamp: Stamp) -> String {
        self.telemetry.epoch().rfc3339_nanos(stamp)
    }

    fn logs(&mut self) -> io::Result<()> {
        let mut body = String::new();
        for log in self.telemetry.logs.iter() {
            body.clear();
            self.telemetry.logs.render_into(&self.telemetry.names, log, &mut body);
            let mut object = process(self.telemetry, log.resource, log.stamp);
            object.insert("time".into(), self.time(log.stamp).into());
            let severity = self.telemetry.logs.words(log.template).0;
            object.insert("severity".into(), severity.text().into());
            object.insert("body".into(), body.as_str().into());
            if let Some(trace) = log.trace {
                object.insert("trace_id".into(), self.trace_id(trace));
                if let Some(span) = log.span.id() {
                    object.insert("span_id".into(), span.into());
                }
            }
            if let Some(name) = self.telemetry.logs.event_name(log.template) {
                object.insert("event_name".into(), name.into());
            }
            object.insert("severity_number".into(), severity.number().into());
            object.insert("attributes".into(), attributes(attribute::of_log(self.telemetry, log)));
            self.line(&Value::Object(object))?;
        }
        Ok(())
    }

    fn spans(&mut self) -> io::Result<()> {
        for span in self.telemetry.spans.iter() {
            let shape = self.telemetry.spans.shape_of(span.shape);
            let mut object = process(self.telemetry, span.resource, span.start);
            object.insert("time".into(), self.time(span.start).into());
            object.insert("duration_ns".into(), span.duration.0.into());
            object.insert("trace_id".into(), self.trace_id(span.trace));
            object.insert("span_id".into(), span.number.id().into());
            object.insert("parent_span_id".into(), span.parent.id().into());
            object.insert("name".into(), shape.template.text.as_str().into());
            object.insert("kind".into(), shape.kind.name().into());
            object.insert("status".into(), if span.error { "ERROR" } else { "UNSET" }.into());
            object.insert("attributes".into(), attributes(attribute::of_span(self.telemetry, span)));
            if let Some(event) = event::of_span(self.telemetry, span) {
                let time = self.time(Stamp(span.start.0.saturating_add_unsigned(event.after.0)));
                let own = event.attributes().map(|(key, text)| (key, attribute::Value::Text(text)));
                let own = attributes(own.into_iter());
                object.insert("events".into(), json!([{"time": time, "name": event::EXCEPTION, "attributes": own}]));
            }
            let links = self.telemetry.spans.links_of(span.number);
            let links: Vec<Value> =
                links.map(|link| json!({"trace_id": self.trace_id(link.trace), "span_id": link.span.id()})).collect();
            if !links.is_empty() {
                object.insert("links".into(), links.into());
            }
            self.line(&Value::Object(object))?;
        }
        Ok(())
    }

    fn metrics(&mut self) -> io::Result<()> {
        let metrics = &self.telemetry.metrics;
        let text = |symbol: Symbol| self.telemetry.names.text(symbol);
        for (id, target) in metrics.targets() {
            let heads: Vec<(Map<String, Value>, Option<&Family>, usize)> = target
                .series
                .iter()
                .map(|series| {
                    let mut object = resource(self.telemetry.resource(id));
                    let family = metrics.families().get(usize::from(series.family.0));
                    if let Some(family) = family {
                        object.insert("name".into(), text(family.name).into());
                        object.insert("unit".into(), family.unit.into());
                        object.insert("kind".into(), family.kind.name().into());
                    }
                    let labels = series.labels.iter().map(|(key, value)| (text(*key).to_owned(), text(*value).into()));
                    object.insert("attributes".into(), Value::Object(labels.collect()));
                    (object, family, series.slot as usize)
                })
                .collect();
            for scrape in metrics.scrapes(id) {
                for (head, family, slot) in &heads {
                    let width = family.map_or(1, Family::width);
                    // A series that came later has no place in an earlier row.
                    let Some(values) = scrape.values.get(*slot..slot + width) else { continue };
                    let mut object = head.clone();
                    object.insert("time".into(), self.time(scrape.stamp).into());
                    match (family, values) {
                        (Some(family), [sum, counts @ ..]) if family.kind == MetricKind::Histogram => {
                            object.insert("sum".into(), json!(sum));
                            object.insert("count".into(), json!(counts.iter().sum::<f64>()));
                            object.insert("bounds".into(), json!(family.bounds));
                            object.insert("bucket_counts".into(), json!(counts));
                        }
                        _ => {
                            object.insert("value".into(), json!(values.first()));
                        }
                    }
                    self.line(&Value::Object(object))?;
                }
            }
        }
        Ok(())
    }

    fn health(&mut self) -> io::Result<()> {
        for probe in &self.telemetry.health {
            let mut object = resource(self.telemetry.resource(probe.resource));
            object.insert("time".into(), self.time(probe.stamp).into());
            object.insert("http.response.status_code".into(), probe.code.into());
            object.insert("issues".into(), json!(probe.issues));
            object.insert("checks".into(), json!(probe.checks));
            self.line(&Value::Object(object))?;
        }
        Ok(())
    }

    fn changes(&mut self) -> io::Result<()> {
        for change in &self.telemetry.changes {
            let object = json!({
                "time": self.time(change.stamp), "id": change.id, "kind": format!("{:?}", change.kind),
                "on": change.on, "by": change.by, "text": change.text,
            });
            self.line(&object)?;
        }
        Ok(())
    }

    fn reports(&mut self) -> io::Result<()> {
        for report in &self.telemetry.reports {
            let object = json!({
                "time": self.time(report.stamp), "user": report.user, "region": report.region, "account": report.account,
                "client": report.client, "journey": report.journey, "text": report.text,
            });
            self.line(&object)?;
        }
        Ok(())
    }

    fn trace_id(&self, trace: TraceRef) -> Value {
        self.telemetry.spans.trace_id(trace).to_string().into()
    }
}

fn process(telemetry: &Telemetry, id: ResourceId, stamp: Stamp) -> Map<String, Value> {
    let pairs = attribute::of_process(telemetry.resource(id), telemetry.version_at(id, stamp));
    pairs.map(|(key, value)| (key.to_owned(), value.into())).collect()
}

fn resource(resource: &Resource) -> Map<String, Value> {
    attribute::of_resource(resource).map(|(key, value)| (key.to_owned(), value.into())).collect()
}

fn attributes<'a>(given: impl Iterator<Item = (&'a str, attribute::Value<'a>)>) -> Value {
    given.map(|(key, value)| (key.to_owned(), Value::from(value))).collect::<Map<_, _>>().into()
}
