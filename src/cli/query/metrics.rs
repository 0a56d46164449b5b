//! PromQL on the command line. Knows the metrics of a run and how Prometheus writes answers.

use super::{Asks, Failure, Format, When, note};
use crate::Telemetry;
use crate::cli::failure::complain;
use crate::query::metrics::MetricStore;
use crate::query::promql::{self, Answer, Labels, Options, Point, Value, format_number};
use crate::query::unknown;
use crate::terminal::{Cell, row, table};

/// A PromQL expression.
pub(super) struct Question<'e>(&'e str);

impl<'e> Question<'e> {
    pub(super) fn read(expression: &'e str) -> Result<Self, Failure> {
        promql::parse(expression).map_err(|error| Failure::bad(error.describe(expression)))?;
        Ok(Question(expression))
    }
}

impl Asks for Question<'_> {
    fn needs_step(&self) -> bool {
        true
    }

    fn answer(&self, telemetry: &Telemetry, when: &When, format: Format) -> Result<String, Failure> {
        let store = MetricStore::new(telemetry);
        let options = Options::default();
        let ms = |at: i64| at.div_euclid(1_000_000);
        let answer = match when.step()? {
            Some(step) => promql::query_range(&store, self.0, ms(when.from), ms(when.to), ms(step), &options),
            None => promql::query_instant(&store, self.0, ms(when.at.unwrap_or(when.to)), &options),
        };
        let answer = answer.map_err(|error| Failure::bad(error.describe(self.0)))?;
        remark(&answer, self.0);
        if let (true, Ok(asked)) = (is_empty(&answer.value), promql::parse(self.0)) {
            note(unknown::metrics(&asked, &store));
        }
        Ok(match format {
            Format::Json => answer.value.to_json().to_string(),
            Format::Table => rows(&answer.value, when),
        })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Vector(samples) => samples.is_empty(),
        Value::Matrix(rows) => rows.is_empty(),
        Value::Scalar(_) | Value::String(..) => false,
    }
}

fn remark(answer: &Answer, expression: &str) {
    for words in answer.annotations.warnings_at(expression) {
        complain(format!("warning: {words}"));
    }
    for words in answer.annotations.infos_at(expression) {
        complain(format!("info: {words}"));
    }
}

fn rows(value: &Value, when: &When) -> String {
    let line = |labels: &Labels, point: &Point| -> Vec<Cell> {
        row![labels.to_string(), when.clock(point.t.saturating_mul(1_000_000)), format_number(point.v)]
    };
    let rows: Vec<Vec<Cell>> = match value {
        Value::Scalar(point) => return format_number(point.v),
        Value::String(_, text) => return text.clone(),
        Value::Vector(samples) => samples.iter().map(|sample| line(&sample.labels, &sample.point)).collect(),
        Value::Matrix(rows) => {
            rows.iter().flat_map(|row| row.points.iter().map(|point| line(&row.labels, point))).collect()
        }
    };
    if rows.is_empty() {
        return "no series".into();
    }
    table(&["series", ">time", ">value"], &rows)
}
