//! `allgreen export`: telemetry in formats that other programs read.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::{Failure, answers, complain};
use super::folder::Folder;
use super::ledger;
use super::run::{about, digest};
use super::simulate::{Extent, Run};
use crate::SimTime;
use crate::export::{self, File};
use crate::terminal::{Cell, count, row, table, watch_for_interrupts};

/// Simulate, and write the telemetry in a format that other programs read.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen export quiet-fallback --format otlp-json --out otlp/
  allgreen export storefront --for 30m --format openmetrics --out metrics/
  allgreen export quiet-fallback --format parquet --out tables/")]
pub(super) struct ExportArguments {
    /// A world or lesson: its name, or a path to its file
    #[arg(value_name = "WORLD|LESSON")]
    what: String,
    #[command(flatten)]
    extent: Extent,
    /// The format
    #[arg(long, value_enum)]
    format: Format,
    /// The folder to write into; files of the same names are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Add what users were owed and got, as truth.jsonl, and for rcaeval inject_time.txt (this spoils a lesson)
    #[arg(long)]
    with_truth: bool,
}

/// How telemetry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// OpenTelemetry protocol as JSON, one message a line
    OtlpJson,
    /// OpenTelemetry protocol as protobuf
    OtlpProto,
    /// OpenMetrics text with times
    Openmetrics,
    /// JSON lines
    Jsonl,
    /// Parquet tables
    Parquet,
    /// A case folder of RCAEval
    Rcaeval,
}

impl Format {
    fn files(self) -> &'static [(&'static str, File)] {
        match self {
            Format::OtlpJson => &export::OTLP_JSON,
            Format::OtlpProto => &export::OTLP_PROTOBUF,
            Format::Openmetrics => &export::OPENMETRICS,
            Format::Jsonl => &export::JSON_LINES,
            Format::Parquet => &export::PARQUET,
            Format::Rcaeval => &export::RCAEVAL,
        }
    }
}

pub(super) fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let mut run = arguments.extent.prepare(&arguments.what)?;
    // Refused before the work, not after it.
    let folder = Folder::open(&arguments.out)?;
    let spent = arguments.extent.simulate(&mut run)?;
    let of_a_run = arguments.format == Format::Jsonl;
    folder.forget(&["truth.jsonl", "inject_time.txt"])?;
    if of_a_run {
        folder.forget(&["run.json"])?;
    }
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (name, file) in arguments.format.files() {
        let records = folder.file(name, |out| file.write(run.sim.telemetry(), out))?;
        rows.push(row![*name, count(records)]);
    }
    if arguments.with_truth {
        let debts = folder.file("truth.jsonl", |out| ledger::lines(&run.sim, out))?;
        rows.push(row!["truth.jsonl", count(debts)]);
        match cause_time(&run).filter(|_| arguments.format == Format::Rcaeval) {
            Some(at) if at >= run.sim.now() => complain(format!(
                "inject_time.txt is left out: the cause is at {at}, and the data ends at {}. Simulate more: --for",
                run.sim.now()
            )),
            Some(at) => {
                let seconds = run.sim.telemetry().epoch().unix_ns(at.stamp()).div_euclid(1_000_000_000);
                folder.file("inject_time.txt", |out| writeln!(out, "{seconds}"))?;
                rows.push(row!["inject_time.txt", count(1)]);
            }
            None => {}
        }
    }
    if of_a_run {
        let digest = spent.is_none().then(|| digest(&run.sim));
        let about = about(&arguments.what, &run, digest.as_deref());
        folder.file("run.json", |out| writeln!(out, "{about:#}"))?;
        rows.push(row!["run.json", count(1)]);
    }
    let mut out = answers();
    out.write_all(table(&["file", ">records"], &rows).as_bytes())?;
    out.flush()?;
    spent.map_or(Ok(()), |spent| Err(arguments.extent.stopped(&run.sim, run.until, &spent)))
}

/// When the cause of a lesson happens.
fn cause_time(run: &Run) -> Option<SimTime> {
    let lesson = run.lesson.as_ref()?.spec();
    let cause = lesson.script.iter().find(|scripted| scripted.change.id == lesson.cause.change)?;
    Some(cause.at)
}
