//! LogQL on the command line. Knows the logs of a run and how Loki writes answers.

use super::{Asks, Failure, Format, When, note};
use crate::Telemetry;
use crate::query::logql::{self, Answer, Expr, Labels, Limits, Line};
use crate::query::logs::LogLines;
use crate::query::syntax::float_text;
use crate::query::unknown;
use crate::terminal::{Cell, row, table};

/// Lines that a log query gives unless told otherwise; Loki's own number.
const LINES: usize = 100;

/// A LogQL expression.
pub(super) struct Question(Expr);

impl Question {
    pub(super) fn read(expression: &str) -> Result<Self, Failure> {
        logql::parse(expression).map(Question).map_err(Failure::bad)
    }
}

impl Asks for Question {
    fn needs_step(&self) -> bool {
        !matches!(self.0, Expr::Log(_))
    }

    fn answer(&self, telemetry: &Telemetry, when: &When, format: Format) -> Result<String, Failure> {
        let store = LogLines::new(telemetry);
        let limits = Limits { entries: when.limit.unwrap_or(LINES), ..Limits::default() };
        // Lines are those of a range, and numbers those of an instant, unless told otherwise.
        let answer = match (&self.0, when.at) {
            (Expr::Log(log), None) => Ok(logql::lines(&store, log, when.from, when.to, true, &limits)),
            (expr, Some(at)) => logql::instant(&store, expr, at, &limits),
            (expr, None) => match when.step()? {
                Some(step) => logql::range(&store, expr, when.from, when.to, step, &limits),
                None => logql::instant(&store, expr, when.to, &limits),
            },
        };
        let answer = answer.map_err(Failure::bad)?;
        if is_empty(&answer) {
            note(unknown::labels(&self.0, &store));
        }
        Ok(match format {
            Format::Json => answer.to_json().to_string(),
            Format::Table => rows(&answer, when),
        })
    }
}

fn is_empty(answer: &Answer) -> bool {
    match answer {
        Answer::Scalar(..) => false,
        Answer::Streams(streams) => streams.is_empty(),
        Answer::Vector(_, samples) => samples.is_empty(),
        Answer::Matrix(series) => series.is_empty(),
    }
}

fn rows(answer: &Answer, when: &When) -> String {
    let number = |labels: &Labels, at: i64, value: f64| row![labels.to_string(), when.clock(at), float_text(value)];
    let rows: Vec<Vec<Cell>> = match answer {
        Answer::Scalar(_, value) => return float_text(*value),
        Answer::Streams(streams) => {
            let all = streams.iter().flat_map(|stream| stream.lines.iter().map(|line| (&stream.labels, line)));
            return lines(all.collect(), when);
        }
        Answer::Vector(at, samples) => samples.iter().map(|one| number(&one.labels, *at, one.value)).collect(),
        Answer::Matrix(series) => {
            let points = series.iter().flat_map(|one| one.points.iter().map(|(at, value)| (&one.labels, *at, *value)));
            points.map(|(labels, at, value)| number(labels, at, value)).collect()
        }
    };
    if rows.is_empty() {
        return "no series".into();
    }
    table(&["series", ">time", ">value"], &rows)
}

/// Lines of all streams as a person reads them: the newest last.
fn lines(mut all: Vec<(&Labels, &Line)>, when: &When) -> String {
    if all.is_empty() {
        return "no lines".into();
    }
    all.sort_by_key(|(_, line)| line.at);
    let cell = |labels: &Labels, name: &str| labels.get(name).unwrap_or_default().to_owned();
    let rows: Vec<Vec<Cell>> = all
        .into_iter()
        .map(|(labels, line)| {
            let level = cell(labels, "level").to_uppercase();
            row![when.clock(line.at), level, cell(labels, "service_instance_id"), line.text.replace('\n', " ")]
        })
        .collect();
    table(&["time", "level", "instance", "line"], &rows)
}
