//! OpenMetrics 1.0 text: every scrape with its time, for `promtool tsdb create-blocks-from openmetrics`; and the newest
//! scrape in Prometheus's text format, as `/metrics` of each replica would show it.

use std::io::{self, Write};

use crate::Telemetry;
use crate::query::promql::format_number;
use crate::telemetry::prometheus::{Exposed, exposed, family_name, label_name, resource_labels, unit_suffix};
use crate::telemetry::{Exemplar, Family, FamilyId, MetricKind, ResourceId, Scrape, Series};
use crate::time::Stamp;

/// Writes every sample of every scrape. Answers the number of samples.
pub fn write(telemetry: &Telemetry, out: &mut dyn Write) -> io::Result<u64> {
    let mut text = Text { telemetry, out, samples: 0, newest_only: false };
    text.target_info()?;
    text.families()?;
    text.out.write_all(b"# EOF\n")?;
    Ok(text.samples)
}

/// Writes the newest scrape of each replica, without times, in Prometheus's text format 0.0.4.
pub fn write_newest(telemetry: &Telemetry, out: &mut dyn Write) -> io::Result<u64> {
    let mut text = Text { telemetry, out, samples: 0, newest_only: true };
    text.families()?;
    Ok(text.samples)
}

/// Endings of samples of counters and histograms, which no other metric's name may have.
const RESERVED: [&str; 5] = ["_total", "_bucket", "_count", "_sum", "_created"];

struct Text<'a> {
    telemetry: &'a Telemetry,
    out: &'a mut dyn Write,
    samples: u64,
    newest_only: bool,
}

impl Text<'_> {
    fn target_info(&mut self) -> io::Result<()> {
        writeln!(self.out, "# TYPE target info\n# HELP target Resource attributes of what is scraped.")?;
        for (id, _) in self.telemetry.metrics.targets() {
            let labels = braces(self.telemetry, id, None);
            for scrape in self.telemetry.metrics.scrapes(id) {
                let at = seconds(self.telemetry, scrape.stamp);
                self.samples += 1;
                let version = escape(self.telemetry.version_at(id, scrape.stamp));
                writeln!(self.out, "target_info{{{labels},service_version=\"{version}\"}} 1 {at}")?;
            }
        }
        Ok(())
    }

    fn families(&mut self) -> io::Result<()> {
        let mut order: Vec<(String, usize)> = self
            .telemetry
            .metrics
            .families()
            .iter()
            .enumerate()
            .map(|(at, family)| (family_name(self.telemetry.names.text(family.name), family), at))
            .collect();
        order.sort();
        for (name, at) in order {
            let family = &self.telemetry.metrics.families()[at];
            self.family(&name, FamilyId(at as u16), family)?;
        }
        Ok(())
    }

    fn family(&mut self, name: &str, id: FamilyId, family: &Family) -> io::Result<()> {
        let mut head = true;
        let exposed = exposed(family);
        for (resource, target) in self.telemetry.metrics.targets() {
            for series in target.series.iter().filter(|series| series.family == id) {
                let labels = braces(self.telemetry, resource, Some(series));
                let scrapes = self.telemetry.metrics.scrapes(resource);
                let scrapes: Vec<Scrape<'_>> =
                    if self.newest_only { scrapes.rev().take(1).collect() } else { scrapes.collect() };
                for scrape in scrapes {
                    let Some(values) = scrape.numbers(series, family.width()) else { continue };
                    if std::mem::take(&mut head) {
                        self.head(name, family)?;
                    }
                    let at = match self.newest_only {
                        true => String::new(),
                        false => format!(" {}", seconds(self.telemetry, scrape.stamp)),
                    };
                    self.point(name, &exposed, (&labels, values, &at), series, &scrape)?;
                }
            }
        }
        Ok(())
    }

    fn head(&mut self, name: &str, family: &Family) -> io::Result<()> {
        // In OpenMetrics a counter's family has no `_total`; in Prometheus's own format it has.
        let name = if self.newest_only { name } else { name.strip_suffix("_total").unwrap_or(name) };
        writeln!(self.out, "# TYPE {name} {}", self.kind(name, family.kind))?;
        let unit = unit_suffix(family.unit, family.kind);
        if !self.newest_only && !unit.is_empty() && name.ends_with(unit) {
            writeln!(self.out, "# UNIT {name} {unit}")?;
        }
        writeln!(self.out, "# HELP {name} {}", escape(family.help))
    }

    /// What the format calls a kind. Endings of the samples of counters and histograms are theirs alone: a gauge that the
    /// conventions name so is of no kind here.
    fn kind(&self, name: &str, kind: MetricKind) -> &'static str {
        let is_reserved = RESERVED.iter().any(|ending| name.ends_with(ending));
        match kind {
            MetricKind::Gauge if is_reserved && self.newest_only => "untyped",
            MetricKind::Gauge if is_reserved => "unknown",
            kind => kind.name(),
        }
    }

    fn point(
        &mut self,
        name: &str,
        exposed: &[Exposed],
        (labels, values, at): (&str, &[f64], &str),
        series: &Series,
        scrape: &Scrape<'_>,
    ) -> io::Result<()> {
        let mut exemplars = scrape.exemplars_of(series, values.len()).peekable();
        for (bucket, one) in exposed.iter().enumerate() {
            let le = one.le.as_ref().map_or_else(String::new, |le| format!(",le=\"{le}\""));
            write!(self.out, "{name}{}{{{labels}{le}}} {}{at}", one.suffix, format_number(one.of(values)))?;
            // Prometheus's own text format has no exemplars.
            let own = |(of, _): &(usize, &Exemplar)| *of == bucket && one.le.is_some() && !self.newest_only;
            if let Some((_, exemplar)) = exemplars.next_if(own) {
                let trace = self.telemetry.spans.trace_id(exemplar.trace);
                let span = exemplar.span.id().unwrap_or_default();
                let (value, at) = (format_number(exemplar.value), seconds(self.telemetry, exemplar.stamp));
                write!(self.out, " # {{trace_id=\"{trace}\",span_id=\"{span}\"}} {value} {at}")?;
            }
            writeln!(self.out)?;
        }
        self.samples += exposed.len() as u64;
        Ok(())
    }
}

fn braces(telemetry: &Telemetry, resource: ResourceId, series: Option<&Series>) -> String {
    let own = series.map_or(&[][..], |series| &series.labels);
    let own = own.iter().map(|(key, value)| (label_name(telemetry.names.text(*key)), telemetry.names.text(*value)));
    let shared = resource_labels(telemetry.resource(resource)).into_iter().map(|(key, value)| (key.to_owned(), value));
    let mut all: Vec<(String, &str)> = shared.chain(own).collect();
    all.sort();
    all.into_iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect::<Vec<_>>().join(",")
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Seconds since 1970 with milliseconds, all that Prometheus keeps.
fn seconds(telemetry: &Telemetry, stamp: Stamp) -> String {
    let ms = telemetry.epoch().unix_ns(stamp).div_euclid(1_000_000);
    format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000))
}
