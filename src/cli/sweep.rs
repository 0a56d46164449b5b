//! `allgreen sweep`: how well detectors find what nobody sees.

use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::{Failure, answers, complain};
use super::folder::{can_be_written, whole_file};
use super::prove::{cores, lessons, seeds};
use crate::builtin;
use crate::detect::{self, Named};
use crate::diagnostic::did_you_mean;
use crate::sweep::{self, Options, Score, Shard, SweepError, Swept, Table};
use crate::terminal::{Cell, Working, table, watch_for_interrupts};

/// Replay incidents over many seeds, each with and without its cause, run detectors over the telemetry of both, and score
/// them: what they find, how soon, how often they ring for nothing, and whether they name the place of the cause.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen sweep quiet-fallback --seeds 0..10 --out sweep.parquet
  allgreen sweep --generated storefront --seeds 0..5 --detectors call-errors,answer-size --out new.parquet
  allgreen sweep --seeds 0..100 --shard 1/3 --out one.parquet     all lessons, on the first of three machines
  allgreen sweep --merge one.parquet two.parquet three.parquet --format csv
  allgreen sweep --detectors list                                 the detectors that ship")]
pub(super) struct SweepArguments {
    /// Lessons: names, or paths to their files; all lessons unless told, or none with --generated
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// On each seed also generate an incident in this world: its name, or a path to its file
    #[arg(long, value_name = "WORLD")]
    generated: Option<String>,
    /// Which seeds, the last one not included; a number alone is that one seed, so five seeds are 0..5
    #[arg(long, value_name = "FROM..TO", default_value = "0..10", value_parser = seeds)]
    seeds: Range<u64>,
    /// Which detectors: their names with commas between them, or `all`; `list` prints what there is
    #[arg(long, value_name = "NAMES", default_value = "all", value_delimiter = ',')]
    detectors: Vec<String>,
    /// Do one of N equal parts: every Nth task, from the Ith on. All N files merge into what one sweep would have written
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Incidents at a time; as many as there are cores unless told
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// The file to write: Parquet, a row for each incident, seed and detector
    #[arg(long, value_name = "FILE.parquet")]
    out: Option<PathBuf>,
    /// Instead of a sweep print the table of one that was done: the files of all its shards
    #[arg(long, value_name = "FILE", num_args = 1..,
        conflicts_with_all = ["lessons", "generated", "seeds", "detectors", "shard", "threads", "out"])]
    merge: Vec<PathBuf>,
    /// How the table is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// Comma-separated values, a row for each detector, over all and by lesson
    Csv,
    /// One object
    Json,
}

pub(super) fn sweep(arguments: &SweepArguments) -> Result<(), Failure> {
    if arguments.detectors.iter().any(|name| name == "list") {
        return list();
    }
    if !arguments.merge.is_empty() {
        return print(&merged(&arguments.merge)?, arguments.format);
    }
    let Some(out) = &arguments.out else {
        return Err(Failure::bad("there is no file to write to. Name one: --out FILE.parquet"));
    };
    watch_for_interrupts();
    let detectors = chosen(&arguments.detectors)?;
    let world = arguments.generated.as_deref().map(builtin::world).transpose()?;
    let lessons =
        if arguments.lessons.is_empty() && world.is_some() { Vec::new() } else { lessons(&arguments.lessons)? };
    can_be_written(out, "--out")?;
    let options = Options {
        seeds: arguments.seeds.clone(),
        generated: world.as_ref().map(|(world, place)| (world, place.as_str())),
        detectors: &detectors,
        shard: arguments.shard,
        threads: arguments.threads.map_or_else(cores, usize::from),
    };
    let mut working = Working::new("sweeping");
    let swept = sweep::sweep(&lessons, &options, &mut |share| working.reached(share));
    working.finish();
    let swept = swept.map_err(|error| match error {
        SweepError::Stopped => Failure::Stopped,
        other => Failure::bad(other),
    })?;
    let mut bytes = Vec::new();
    sweep::write(&swept, &mut bytes)?;
    whole_file(out, "--out", bytes)?;
    if swept.shard == Shard::WHOLE {
        return print(&swept, arguments.format);
    }
    let (rows, shard, out) = (swept.rows.len(), swept.shard, out.display());
    complain(format!("{rows} rows of shard {shard} are in {out}; the table needs all: allgreen sweep --merge FILE..."));
    Ok(())
}

fn list() -> Result<(), Failure> {
    let all = detect::all();
    let rows: Vec<Vec<Cell>> = all.iter().map(|one| vec![one.name().into(), one.watches().into()]).collect();
    let mut out = answers();
    out.write_all(table(&["detector", "watches"], &rows).as_bytes())?;
    Ok(out.flush()?)
}

/// The detectors of these names, in the order in which they ship.
fn chosen(names: &[String]) -> Result<Vec<Named>, Failure> {
    let mut all = detect::all();
    if names.iter().any(|name| name == "all") {
        return Ok(all);
    }
    for name in names {
        if !all.iter().any(|one| one.name() == name) {
            let near = did_you_mean(name, all.iter().map(Named::name), "there is none");
            return Err(Failure::bad(format!(
                "there is no detector called `{name}`: {near} (--detectors list shows all)"
            )));
        }
    }
    all.retain(|one| names.iter().any(|name| name == one.name()));
    Ok(all)
}

fn merged(paths: &[PathBuf]) -> Result<Swept, Failure> {
    let read = |path: &PathBuf| sweep::read(path).map(|swept| (path.clone(), swept));
    let shards = paths.iter().map(read).collect::<Result<Vec<_>, _>>().map_err(Failure::bad)?;
    sweep::merge(shards).map_err(Failure::bad)
}

fn print(swept: &Swept, format: Format) -> Result<(), Failure> {
    let tables = Table::new(swept);
    let text = match format {
        Format::Table => as_text(&tables),
        Format::Csv => tables.csv()?,
        Format::Json => serde_json::to_string_pretty(&tables).map_err(Failure::bad)? + "\n",
    };
    let mut out = answers();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    if let Some(first) = swept.passed.first() {
        let of = swept.passed.len();
        complain(format!("{of} seeds generated no incident and are not in the table; of the first: {}", first.why));
    }
    Ok(())
}

/// All detectors, and of each lesson those that did best.
fn as_text(tables: &Table) -> String {
    let share = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{:.0} %", 100.0 * value));
    let row = |score: &Score| -> Vec<Cell> {
        let between =
            score.recall.map_or(String::new(), |[_, low, high]| format!("{:.0}–{:.0}", 100.0 * low, 100.0 * high));
        vec![
            score.detector.as_str().into(),
            format!("{}/{}", score.found, score.incidents).into(),
            share(score.recall.map(|recall| recall[0])).into(),
            between.into(),
            share(score.precision).into(),
            format!("{:.2}", score.false_alarms_per_hour).into(),
            score.median_delay_secs.map_or("–".to_owned(), |delay| format!("{delay:.0} s")).into(),
            share(score.names_cause).into(),
            score.services.map_or("–".to_owned(), |services| format!("{services:.1}")).into(),
        ]
    };
    let headers = [
        "detector",
        ">found",
        ">recall",
        ">95 %",
        ">precision",
        ">false alarms/h",
        ">delay",
        ">names the cause",
        ">services named",
    ];
    let rows: Vec<Vec<Cell>> = tables.detectors.iter().map(row).collect();
    let mut out = table(&headers, &rows);
    let lessons = tables.lessons.iter().map(|of| {
        let incidents = of.detectors.iter().map(|score| score.incidents).max().unwrap_or_default();
        vec![Cell::from(of.lesson.as_str()), incidents.to_string().into(), best(&of.detectors).into()]
    });
    out += "\n";
    out += &table(&["lesson", ">incidents", "found by"], &lessons.collect::<Vec<_>>());
    out
}

/// Detectors that a line names at most.
const MOST_NAMED: usize = 5;

/// The detectors that found a lesson's incidents most often, the more precise and the sooner ones first.
fn best(scores: &[Score]) -> String {
    let mut found: Vec<&Score> = scores.iter().filter(|score| score.found > 0).collect();
    let rank = |score: &Score| (score.found as f64 * score.precision.unwrap_or_default(), score.median_delay_secs);
    found.sort_by(|a, b| {
        let ((a, sooner), (b, later)) = (rank(a), rank(b));
        b.total_cmp(&a).then(sooner.unwrap_or_default().total_cmp(&later.unwrap_or_default()))
    });
    if found.is_empty() {
        return "–".to_owned();
    }
    let more = found.len().saturating_sub(MOST_NAMED);
    let named = found.iter().take(MOST_NAMED).map(|score| match score.rang {
        0 => format!("{} {}", score.detector, score.found),
        rang => format!("{} {} ({rang} without)", score.detector, score.found),
    });
    let more = (more > 0).then(|| format!("{more} more"));
    named.chain(more).collect::<Vec<_>>().join(", ")
}
