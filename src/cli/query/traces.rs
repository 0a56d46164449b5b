//! TraceQL on the command line. Knows the traces of a run and how Tempo writes answers.

use super::{Asks, Failure, Format, When, note};
use crate::Telemetry;
use crate::query::syntax::{duration_text, float_text};
use crate::query::traceql::{
    self, FoundTrace, MetricSeries, MetricsLimits, Query, SearchLimits, metrics_json, search_json,
};
use crate::query::traces::Traces;
use crate::query::unknown;
use crate::terminal::{Cell, row, table};

/// A TraceQL expression.
pub(super) struct Question(Query);

impl Question {
    pub(super) fn read(expression: &str) -> Result<Self, Failure> {
        traceql::parse(expression).map(Question).map_err(Failure::bad)
    }
}

impl Asks for Question {
    fn needs_step(&self) -> bool {
        false
    }

    fn answer(&self, telemetry: &Telemetry, when: &When, format: Format) -> Result<String, Failure> {
        let store = Traces::new(telemetry);
        let to = when.at.unwrap_or(when.to);
        if self.0.metrics.is_none() {
            let usual = SearchLimits::default();
            let limits = SearchLimits { traces: when.limit.unwrap_or(usual.traces), ..usual };
            let found = traceql::search(&store, &self.0, when.from, to.saturating_add(1), &limits);
            if found.is_empty() {
                note(unknown::attributes(&self.0, &store));
            }
            return Ok(match format {
                Format::Json => search_json(&found).to_string(),
                Format::Table => traces(&found, when),
            });
        }
        // Without a step, one number about all of the time.
        let (from, step) = match when.step {
            Some(step) => (when.from, step),
            None => (to, to.saturating_sub(when.from).max(1)),
        };
        let series = traceql::metrics(&store, &self.0, from, to, step, &MetricsLimits::default());
        let series = series.map_err(Failure::bad)?;
        if series.is_empty() {
            note(unknown::attributes(&self.0, &store));
        }
        Ok(match format {
            Format::Json => metrics_json(&series).to_string(),
            Format::Table => points(&series, when),
        })
    }
}

fn traces(found: &[FoundTrace], when: &When) -> String {
    if found.is_empty() {
        return "no traces".into();
    }
    let rows: Vec<Vec<Cell>> = found
        .iter()
        .map(|trace| {
            let matched: usize = trace.spansets.iter().map(|spanset| spanset.matched).sum();
            let root = format!("{} {}", trace.root_service, trace.root_name);
            row![trace.id.clone(), when.clock(trace.start), duration_text(trace.duration), matched.to_string(), root]
        })
        .collect();
    table(&["trace", ">time", ">duration", ">spans found", "root"], &rows)
}

fn points(series: &[MetricSeries], when: &When) -> String {
    let rows: Vec<Vec<Cell>> = series
        .iter()
        .flat_map(|one| one.points.iter().map(move |point| (one, point)))
        .map(|(one, (at, value))| row![one.name(), when.clock(*at), float_text(*value)])
        .collect();
    if rows.is_empty() {
        return "no series".into();
    }
    table(&["series", ">time", ">value"], &rows)
}
