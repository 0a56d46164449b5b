//! `allgreen query`: asks the telemetry of a run in the query languages of the field.

mod logs;
mod metrics;
mod traces;

use std::io::{BufRead, Write};

use clap::{Args, ValueEnum};

use super::failure::{Failure, answers, complain};
use super::simulate::Extent;
use crate::query::Language;
use crate::terminal::{count, interrupted, watch_for_interrupts};
use crate::time::{Epoch, Stamp};
use crate::{Duration, SimTime, Telemetry};

/// The shortest step in nanoseconds: PromQL counts milliseconds.
const SHORTEST_STEP: i64 = 1_000_000;
/// The most values of a series, in each language.
const MOST_STEPS: i64 = 11_000;

/// Simulate, and ask the telemetry a question.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen query quiet-fallback promql 'sum by (job) (rate(http_server_request_duration_seconds_count[5m]))'
  allgreen query storefront --for 10m promql up --at 5m --format json
  allgreen query quiet-fallback logql '{level=\"warn\"} |= \"timeout\"' --limit 20
  allgreen query quiet-fallback logql 'sum by (service_name) (rate({level=\"warn\"}[5m]))' --from 30m --step 1m
  allgreen query quiet-fallback traceql '{ status = error } >> { duration > 1s }' --from 30m --to 52m
  allgreen query logql --parse-only < expressions.txt")]
pub(super) struct QueryArguments {
    /// A world or lesson; with --parse-only it may be left out
    #[arg(value_name = "WORLD|LESSON")]
    what: String,
    /// The language: promql, logql or traceql
    #[arg(value_name = "LANGUAGE")]
    language: Option<String>,
    /// The question in this language; none with --parse-only
    #[arg(value_name = "EXPRESSION", allow_hyphen_values = true)]
    expression: Option<String>,
    #[command(flatten)]
    extent: Extent,
    /// Ask for one instant: an offset from the start such as 12m30s, or RFC 3339; the end of the run unless told
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to", "step"])]
    at: Option<String>,
    /// Ask for what is between: from here; the start of the run unless told
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Ask for what is between: to here; the end of the run unless told
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Ask for numbers over a range: a value every so often
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    step: Option<Duration>,
    /// Log lines or traces at most, the newest: 100 lines, 20 traces unless told
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: Option<u32>,
    /// How to print the answer; json has the shape of the `data` field of Prometheus's or Loki's HTTP API, or of Tempo's answer
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

/// The language of a word.
fn read_language(word: &str) -> Result<Language, Failure> {
    Language::find(word).ok_or_else(|| {
        Failure::bad(format!("`{word}` is no query language; the languages are: promql, logql, traceql"))
    })
}

pub(super) fn query(arguments: &QueryArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let QueryArguments { what, language, expression, .. } = arguments;
    match (arguments.parse_only, language, expression) {
        // A world may be named; what is well formed does not depend on it.
        (true, language, None) => parse_only(read_language(language.as_ref().unwrap_or(what))?),
        (false, Some(language), Some(expression)) => {
            // What is malformed is refused before the work, not after it.
            match read_language(language)? {
                Language::Promql => arguments.ask(what, &metrics::Question::read(expression)?),
                Language::Logql => arguments.ask(what, &logs::Question::read(expression)?),
                Language::Traceql => arguments.ask(what, &traces::Question::read(expression)?),
            }
        }
        _ => Err(Failure::bad(
            "write allgreen query WORLD|LESSON LANGUAGE EXPRESSION, or allgreen query LANGUAGE --parse-only",
        )),
    }
}

/// Says for each line of standard input whether it is well formed.
fn parse_only(language: Language) -> Result<(), Failure> {
    let mut out = answers();
    let mut all = true;
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.map_err(|why| Failure::bad(format!("standard input cannot be read: {why}")))?;
        let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        let read = language.check(&line);
        match &read {
            Ok(()) => writeln!(out, "ok")?,
            Err(error) => writeln!(out, "error: {}", error.summary().replace('\n', " "))?,
        }
        all &= read.is_ok();
        if interrupted() {
            return Err(Failure::Stopped);
        }
    }
    out.flush()?;
    if all { Ok(()) } else { Err(Failure::No) }
}

/// When a question is about, in nanoseconds since 1970.
struct When {
    /// The instant, if it is about one.
    at: Option<i64>,
    from: i64,
    to: i64,
    /// Whether a range was asked for in words.
    ranged: bool,
    step: Option<i64>,
    /// Lines or traces at most.
    limit: Option<usize>,
    epoch: Epoch,
}

/// An expression that is well formed.
trait Asks {
    /// Whether it is about numbers that are told at one instant or step by step.
    fn needs_step(&self) -> bool;

    /// The answer as it is printed.
    fn answer(&self, telemetry: &Telemetry, when: &When, format: Format) -> Result<String, Failure>;
}

impl QueryArguments {
    fn ask(&self, what: &str, question: &dyn Asks) -> Result<(), Failure> {
        let mut run = self.extent.prepare(what)?;
        // What cannot be answered is refused before the work, too.
        let when = self.when(run.sim.telemetry().epoch(), run.until)?;
        if question.needs_step() {
            when.step()?;
        }
        let spent = self.extent.simulate(&mut run)?;
        let answer = question.answer(run.sim.telemetry(), &when, self.format)?;
        let mut out = answers();
        writeln!(out, "{}", answer.trim_end_matches('\n'))?;
        out.flush()?;
        spent.map_or(Ok(()), |spent| Err(self.extent.stopped(&run.sim, run.until, &spent)))
    }

    fn when(&self, epoch: Epoch, until: SimTime) -> Result<When, Failure> {
        let (start, end) = (nanoseconds(epoch, SimTime::ZERO), nanoseconds(epoch, until));
        let time = |option: &str, text: &Option<String>| -> Result<Option<i64>, Failure> {
            let Some(text) = text else { return Ok(None) };
            let time = read_time(epoch, text)?;
            if !(start..=end).contains(&time) {
                let (from, to) = (epoch.rfc3339(Stamp::default()), epoch.rfc3339(Stamp(end.saturating_sub(start))));
                complain(format!(
                    "note: {option} {text} is not within the run, which goes from 0s to {until} ({from} to {to}); name a \
                     time in it, or simulate longer: --for"
                ));
            }
            Ok(Some(time))
        };
        let when = When {
            at: time("--at", &self.at)?,
            from: time("--from", &self.from)?.unwrap_or(start),
            to: time("--to", &self.to)?.unwrap_or(end),
            ranged: self.from.is_some() || self.to.is_some(),
            step: self.step.map(|step| i64::try_from(step.0).unwrap_or(i64::MAX)),
            limit: self.limit.map(|limit| limit as usize),
            epoch,
        };
        when.check()?;
        Ok(when)
    }
}

impl When {
    /// Refuses what no language has an answer to.
    fn check(&self) -> Result<(), Failure> {
        let length = self.to.saturating_sub(self.from);
        if length < 0 {
            return Err(Failure::bad("--from is after --to; write the earlier time there"));
        }
        match self.step {
            Some(step) if step < SHORTEST_STEP => Err(Failure::bad("--step is too short; the shortest is 1ms")),
            Some(step) if length / step >= MOST_STEPS => {
                let values = count((length / step).unsigned_abs().saturating_add(1));
                let most = count(MOST_STEPS.unsigned_abs());
                Err(Failure::bad(format!(
                    "--step is too short: it asks for {values} values a series, and {most} is the most; write a longer \
                     one, or less time with --from and --to"
                )))
            }
            _ => Ok(()),
        }
    }

    /// The step of a range of numbers; none for an instant.
    fn step(&self) -> Result<Option<i64>, Failure> {
        match self.step {
            None if self.ranged => Err(Failure::bad(
                "numbers over a range need a step: add --step, such as --step 1m, or ask for one instant with --at",
            )),
            step => Ok(step),
        }
    }

    /// A time of day, in UTC.
    fn clock(&self, at: i64) -> String {
        self.epoch.time_of_day(Stamp(at.saturating_sub(nanoseconds(self.epoch, SimTime::ZERO))))
    }
}

/// Says beside an empty answer which names it may be for.
fn note(remarks: Vec<String>) {
    remarks.into_iter().for_each(|words| complain(format!("note: {words}")));
}

/// Nanoseconds since 1970.
fn nanoseconds(epoch: Epoch, time: SimTime) -> i64 {
    let stamp = time.stamp();
    i64::try_from(epoch.unix_ns(stamp)).unwrap_or(i64::MAX)
}

/// An offset from the start of the run, or an instant.
fn read_time(epoch: Epoch, text: &str) -> Result<i64, Failure> {
    match (SimTime::parse(text), Epoch::parse(text)) {
        (Ok(offset), _) => Ok(nanoseconds(epoch, offset)),
        (_, Ok(instant)) => Ok(nanoseconds(instant, SimTime::ZERO)),
        // A T stands between date and time, and in no offset.
        (_, Err(why)) if text.contains('T') => Err(Failure::bad(why)),
        (Err(why), Err(_)) => {
            Err(Failure::bad(format!("{why}; a time may be RFC 3339, too, such as 2026-03-02T08:30:00Z")))
        }
    }
}
