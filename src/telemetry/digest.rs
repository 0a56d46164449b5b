//! The digest of telemetry: BLAKE3 over every record in order, independent of how it is held in memory.

use super::{ArgKind, Field, Symbol, Telemetry, Template, TraceRef};

impl Telemetry {
    /// Feeds everything to `hasher`: same telemetry, same bytes. Exemplars are left out: each repeats a span.
    pub fn digest_into(&self, hasher: &mut blake3::Hasher) {
        let mut feed = Feed { hasher, buffer: Vec::with_capacity(1 << 16) };
        for resource in &self.resources {
            feed.text(&resource.service);
            feed.text(&resource.instance);
            feed.text(&resource.zone);
        }
        for (severity, template) in self.logs.templates() {
            feed.number(*severity as u64);
            feed.template(self, template);
        }
        for log in self.logs.iter() {
            feed.number(log.stamp.0 as u64);
            feed.number(
                u64::from(log.resource.0) << 48
                    | u64::from(log.template.0) << 32
                    | u64::from(TraceRef::to_raw(log.trace)),
            );
            feed.number(u64::from(log.span.0));
            feed.args(self, &self.logs.words(log.template).1.fields, log.args);
        }
        for shape in self.spans.shapes() {
            feed.number(shape.kind as u64);
            for (key, value) in &shape.constants {
                feed.symbol(self, *key);
                feed.symbol(self, *value);
            }
            feed.template(self, &shape.template);
        }
        for trace in self.spans.traces() {
            feed.number(self.spans.trace_id(trace).0 as u64);
        }
        for span in self.spans.iter() {
            feed.number(span.start.0 as u64);
            feed.number(span.duration.0);
            feed.number(
                u64::from(span.resource.0) << 48
                    | u64::from(span.shape.0) << 32
                    | u64::from(TraceRef::to_raw(Some(span.trace))),
            );
            feed.number(u64::from(span.number.0) << 32 | u64::from(span.parent.0));
            feed.number(u64::from(span.error));
            feed.args(self, &self.spans.shape_of(span.shape).template.fields, span.args);
        }
        for link in self.spans.links() {
            feed.number(u64::from(link.from.0) << 32 | u64::from(link.span.0));
            feed.number(u64::from(TraceRef::to_raw(Some(link.trace))));
        }
        for (resource, target) in self.metrics.targets() {
            for series in &target.series {
                feed.symbol(self, self.metrics.families()[series.family.0 as usize].name);
                for (key, value) in &series.labels {
                    feed.symbol(self, *key);
                    feed.symbol(self, *value);
                }
            }
            for scrape in self.metrics.scrapes(resource) {
                feed.number(scrape.stamp.0 as u64);
                for value in scrape.values {
                    feed.number(value.to_bits());
                }
            }
        }
        for health in &self.health {
            feed.number(health.stamp.0 as u64);
            feed.number(u64::from(health.resource.0) << 16 | u64::from(health.code));
            health.issues.iter().chain(&health.checks).for_each(|text| feed.text(text));
        }
        for change in &self.changes {
            feed.number(change.stamp.0 as u64);
            [&change.id, &change.on, &change.by, &change.text].into_iter().for_each(|text| feed.text(text));
        }
        for report in &self.reports {
            feed.number(report.stamp.0 as u64);
            feed.number(u64::from(report.user));
            feed.text(&report.text);
        }
        feed.flush();
    }
}

struct Feed<'a> {
    hasher: &'a mut blake3::Hasher,
    buffer: Vec<u8>,
}

impl Feed<'_> {
    fn number(&mut self, number: u64) {
        self.buffer.extend_from_slice(&number.to_le_bytes());
        if self.buffer.len() >= 1 << 16 {
            self.flush();
        }
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.buffer.extend_from_slice(text.as_bytes());
    }

    fn symbol(&mut self, telemetry: &Telemetry, symbol: Symbol) {
        self.text(telemetry.names.text(symbol));
    }

    fn template(&mut self, telemetry: &Telemetry, template: &Template) {
        self.text(&template.text);
        for field in &template.fields {
            self.symbol(telemetry, field.name);
        }
    }

    /// Symbols are numbered in order of first use, which is part of the run: the number stands for the text.
    fn args(&mut self, telemetry: &Telemetry, fields: &[Field], args: &[u32]) {
        for (field, arg) in fields.iter().zip(args) {
            match field.kind {
                ArgKind::Name => self.symbol(telemetry, Symbol(*arg)),
                _ => self.number(u64::from(*arg)),
            }
        }
    }

    fn flush(&mut self) {
        self.hasher.update(&self.buffer);
        self.buffer.clear();
    }
}
