//! `allgreen query`: asks the telemetry of a run in the query languages of the field.

use std::io::{BufRead, Write};

use clap::{Args, ValueEnum};

use super::failure::{Failure, complain};
use super::simulate::Extent;
use crate::query::metrics::MetricStore;
use crate::query::promql::{self, Answer, Labels, Point, Value, format_number};
use crate::query::{logql, traceql};
use crate::terminal::{Cell, row, table, watch_for_interrupts};
use crate::time::{Epoch, Stamp};
use crate::{Duration, SimTime};

/// Simulate, and ask the telemetry a question.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen query quiet-fallback promql 'sum by (job) (rate(http_server_request_duration_seconds_count[5m]))'
  allgreen query storefront --for 10m promql up --at 5m --format json
  allgreen query quiet-fallback promql 'messaging_queue_depth' --from 30m --to 52m --step 1m
  allgreen query logql --parse-only < expressions.txt")]
pub(super) struct QueryArguments {
    /// A world or lesson, the language (promql, logql, traceql), and the expression; with --parse-only the language alone
    #[arg(value_name = "WORLD|LESSON LANGUAGE EXPRESSION", num_args = 1..=3, required = true)]
    words: Vec<String>,
    #[command(flatten)]
    extent: Extent,
    /// Ask for one instant: an offset from the start such as 12m30s, or RFC 3339; the end of the run unless told
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to", "step"])]
    at: Option<String>,
    /// Ask for a range: from here
    #[arg(long, value_name = "TIME", requires = "step")]
    from: Option<String>,
    /// Ask for a range: to here; the end of the run unless told
    #[arg(long, value_name = "TIME", requires = "step")]
    to: Option<String>,
    /// Ask for a range: a value every so often
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    step: Option<Duration>,
    /// How to print the answer; json has the shape of the `data` field of the language's HTTP API
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Only read expressions from standard input, one a line, and say for each whether it is well formed
    #[arg(long)]
    parse_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Metrics, as Prometheus is asked.
    Promql,
    /// Logs, as Loki is asked.
    Logql,
    /// Traces, as Tempo is asked.
    Traceql,
}

impl Language {
    fn named(word: &str) -> Result<Language, Failure> {
        Language::from_str(word, true).map_err(|_| {
            Failure::bad(format!("`{word}` is no query language; the languages are: promql, logql, traceql"))
        })
    }

    /// Whether an expression is well formed, or why not, in one line with its place.
    fn check(self, expression: &str) -> Result<(), String> {
        match self {
            Language::Promql => promql::parse(expression).map(drop).map_err(|error| error.describe(expression)),
            Language::Logql => logql::parse(expression).map(drop).map_err(|error| error.summary()),
            Language::Traceql => traceql::parse(expression).map(drop).map_err(|error| error.summary()),
        }
    }
}

pub(super) fn query(arguments: &QueryArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        // A world may be named; what is well formed does not depend on it.
        [language] | [_, language] if arguments.parse_only => parse_only(Language::named(language)?),
        [what, language, expression] if !arguments.parse_only => match Language::named(language)? {
            Language::Promql => ask(arguments, what, expression),
            Language::Logql | Language::Traceql => {
                Err(Failure::bad(format!("{language} is only read so far: write allgreen query {language} --parse-only")))
            }
        },
        _ => Err(Failure::bad(
            "write allgreen query WORLD|LESSON LANGUAGE EXPRESSION, or allgreen query LANGUAGE --parse-only",
        )),
    }
}

/// Says for each line of standard input whether it is well formed.
fn parse_only(language: Language) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    let mut all = true;
    for line in std::io::stdin().lock().split(b'\n') {
        let line = String::from_utf8_lossy(&line?).trim_end_matches('\r').to_owned();
        let read = language.check(&line);
        match &read {
            Ok(()) => writeln!(out, "ok")?,
            Err(words) => writeln!(out, "error: {}", words.replace('\n', " "))?,
        }
        all &= read.is_ok();
    }
    out.flush()?;
    if all { Ok(()) } else { Err(Failure::No) }
}

fn ask(arguments: &QueryArguments, what: &str, expression: &str) -> Result<(), Failure> {
    let malformed = |error: promql::Error| Failure::bad(error.describe(expression));
    // Refused before the work, not after it.
    promql::parse(expression).map_err(malformed)?;
    let mut run = arguments.extent.prepare(what)?;
    let epoch = run.sim.telemetry().epoch();
    let time =
        |text: &Option<String>, usual: SimTime| text.as_deref().map_or(Ok(ms(epoch, usual)), |t| read_time(epoch, t));
    let until = run.until;
    let (at, from, to) =
        (time(&arguments.at, until)?, time(&arguments.from, SimTime::ZERO)?, time(&arguments.to, until)?);
    let spent = arguments.extent.simulate(&mut run)?;
    let store = MetricStore::new(run.sim.telemetry());
    let options = promql::Options::default();
    let answer = match arguments.step {
        Some(step) => {
            let step = i64::try_from(step.0 / 1_000_000).unwrap_or(i64::MAX);
            promql::query_range(&store, expression, from, to, step, &options)
        }
        None => promql::query_instant(&store, expression, at, &options),
    };
    let answer = answer.map_err(malformed)?;
    print(&answer, expression, epoch, arguments.format)?;
    spent.map_or(Ok(()), |spent| Err(arguments.extent.stopped(&run.sim, run.until, &spent)))
}

fn print(answer: &Answer, expression: &str, epoch: Epoch, format: Format) -> Result<(), Failure> {
    for words in answer.annotations.warnings_at(expression) {
        complain(format!("warning: {words}"));
    }
    for words in answer.annotations.infos_at(expression) {
        complain(format!("info: {words}"));
    }
    let mut out = anstream::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", answer.value.to_json())?,
        Format::Table => out.write_all(rows(&answer.value, epoch).as_bytes())?,
    }
    Ok(out.flush()?)
}

fn rows(value: &Value, epoch: Epoch) -> String {
    let line = |labels: &Labels, point: &Point| -> Vec<Cell> {
        row![labels.to_string(), clock(epoch, point.t), format_number(point.v)]
    };
    let rows: Vec<Vec<Cell>> = match value {
        Value::Scalar(point) => return format!("{}\n", format_number(point.v)),
        Value::String(_, text) => return format!("{text}\n"),
        Value::Vector(samples) => samples.iter().map(|sample| line(&sample.labels, &sample.point)).collect(),
        Value::Matrix(rows) => {
            rows.iter().flat_map(|row| row.points.iter().map(|point| line(&row.labels, point))).collect()
        }
    };
    if rows.is_empty() {
        return "no series\n".into();
    }
    table(&["series", ">time", ">value"], &rows)
}

/// A time of day, in UTC.
fn clock(epoch: Epoch, t: i64) -> String {
    let start = epoch.unix_ns(Stamp(0)).div_euclid(1_000_000) as i64;
    epoch.time_of_day(Stamp(t.saturating_sub(start).saturating_mul(1_000_000)))
}

/// Milliseconds since 1970.
fn ms(epoch: Epoch, time: SimTime) -> i64 {
    epoch.unix_ns(Stamp(i64::try_from(time.0).unwrap_or(i64::MAX))).div_euclid(1_000_000) as i64
}

/// An offset from the start of the run, or an instant.
fn read_time(epoch: Epoch, text: &str) -> Result<i64, Failure> {
    if let Ok(offset) = SimTime::parse(text) {
        return Ok(ms(epoch, offset));
    }
    let instant = Epoch::parse(text).map_err(|_| {
        Failure::bad(format!(
            "`{text}` is no time; write an offset such as 12m30s, or RFC 3339 such as 2026-03-02T08:30:00Z"
        ))
    })?;
    Ok(ms(instant, SimTime::ZERO))
}
