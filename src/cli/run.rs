//! `allgreen run`: simulates without a face, and counts.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::ledger;
use crate::builtin::{self, Loaded};
use crate::export;
use crate::terminal::{Cell, Working, count, interrupted, row, table, watch_for_interrupts};
use crate::{Duration, Seed, SimTime, Simulation};

/// Simulate a world, or a lesson's incident, without a face, and print what was recorded.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen run storefront --for 30m --seed 7
  allgreen run quiet-fallback --digest
  allgreen run worlds/storefront.ron --for 5m --out telemetry/")]
pub(super) struct RunArguments {
    /// A world or lesson: its name, or a path to its file
    #[arg(value_name = "WORLD|LESSON")]
    what: String,
    /// The seed; a lesson has its own, a world starts with 0
    #[arg(long, value_parser = super::seed, allow_hyphen_values = true)]
    seed: Option<Seed>,
    /// How long to simulate, such as 90s, 30m or 2h; until the learner arrives for a lesson, 30m for a world
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration, allow_hyphen_values = true)]
    length: Option<Duration>,
    /// Print one line only: blake3:HEX over all telemetry and ground truth
    #[arg(long)]
    digest: bool,
    /// Write all telemetry as JSON lines into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Stop when telemetry and what is under way fill this much memory
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1024))]
    memory_gib: u64,
    /// Stop after this many events
    #[arg(long, value_name = "N", default_value_t = MOST_EVENTS, value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,
    /// Add what users were owed and got (this spoils a lesson)
    #[arg(long)]
    with_truth: bool,
}

/// Simulated time between two looks at the clock and the keyboard, unless that is more than so many events.
const SLICE: Duration = Duration::from_secs(2);
const SLICE_EVENTS: u64 = 200_000;
/// Events after which a run stops unless told otherwise: some ten minutes of real time.
const MOST_EVENTS: u64 = 2_000_000_000;

/// What a run stopped for before its end.
enum Budget {
    Memory,
    Events,
}

pub(super) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let (mut sim, seed, until) = prepare(arguments)?;
    // Refused before the work, not after it.
    let folder = arguments.out.as_deref().map(Folder::open).transpose()?;
    let Some(spent) = simulate(&mut sim, until, arguments) else { return Err(Failure::Stopped) };
    let whole = spent.is_none();
    let digest = if whole && (arguments.digest || folder.is_some()) {
        Some(format!("blake3:{}", sim.digest().to_hex()))
    } else {
        None
    };
    if let Some(folder) = folder {
        let about = json!({
            "format": export::FORMAT, "of": arguments.what, "world": sim.world().spec().name, "seed": seed.0,
            "until": sim.now().to_string(), "whole": whole, "digest": digest,
        });
        folder.write(&sim, &about, arguments.with_truth)?;
    }
    let mut out = anstream::stdout().lock();
    match digest {
        Some(digest) if arguments.digest => writeln!(out, "{digest}")?,
        None if arguments.digest => {}
        _ => out.write_all(summary(&sim, seed, arguments.with_truth).as_bytes())?,
    }
    out.flush()?;
    let (why, option) = match spent {
        None => return Ok(()),
        Some(Budget::Memory) => (format!("the run fills {} GiB", arguments.memory_gib), "--memory-gib"),
        Some(Budget::Events) => (format!("the run took {} events", count(sim.events())), "--events"),
    };
    Err(Failure::bad(format!(
        "stopped at {} of {until}: {why}. What came before is kept. Simulate less (--for), or allow more ({option})",
        sim.now()
    )))
}

fn prepare(arguments: &RunArguments) -> Result<(Simulation, Seed, SimTime), Failure> {
    let (mut sim, seed, usual) = match builtin::find(&arguments.what)? {
        Loaded::World(world) => {
            let seed = arguments.seed.unwrap_or_default();
            (Simulation::new(&world, seed), seed, SimTime::ZERO + Duration::from_mins(30))
        }
        Loaded::Lesson(lesson) => {
            let seed = arguments.seed.unwrap_or(Seed(lesson.spec().seed));
            let mut sim = Simulation::new(lesson.world(), seed);
            for scripted in &lesson.spec().script {
                sim.schedule(scripted.at, &scripted.change);
            }
            (sim, seed, lesson.spec().opens_at)
        }
    };
    sim.run_until(SimTime::ZERO);
    Ok((sim, seed, arguments.length.map_or(usual, |length| SimTime::ZERO + length)))
}

/// Runs to `until` or until a budget is spent, with progress on a terminal. Answers which one was; None if Ctrl-C
/// stopped it.
fn simulate(sim: &mut Simulation, until: SimTime, arguments: &RunArguments) -> Option<Option<Budget>> {
    let mut working = Working::new("simulating");
    let mut spent = None;
    let mut reached = sim.now() >= until;
    while !reached && spent.is_none() {
        let slice = (sim.now() + SLICE).min(until);
        let rest = arguments.events.saturating_sub(sim.events());
        reached = sim.run_within(slice, SLICE_EVENTS.min(rest)) && slice == until;
        if !working.reached(sim.now().as_secs_f64() / until.as_secs_f64()) {
            break;
        }
        if sim.bytes() as u64 > arguments.memory_gib << 30 {
            spent = Some(Budget::Memory);
        } else if sim.events() >= arguments.events {
            spent = Some(Budget::Events);
        }
    }
    let stopped = working.finish() || interrupted();
    (!stopped).then_some(spent.filter(|_| !reached))
}

fn summary(sim: &Simulation, seed: Seed, with_truth: bool) -> String {
    let telemetry = sim.telemetry();
    let rows: Vec<Vec<Cell>> = [
        ("simulated time", sim.now().to_string()),
        ("seed", seed.0.to_string()),
        ("events", count(sim.events())),
        ("log records", count(telemetry.logs.len() as u64)),
        ("traces", count(telemetry.spans.traces().count() as u64)),
        ("spans", count(telemetry.spans.len() as u64)),
        ("metric samples", count(telemetry.metrics.samples() as u64)),
        ("changes recorded", count(telemetry.changes.len() as u64)),
        ("reports by users", count(telemetry.reports.len() as u64)),
    ]
    .into_iter()
    .map(|(name, number)| row![name, number])
    .collect();
    let spec = sim.world().spec();
    let mut out = format!("{}: {} nodes, {} arrows\n", spec.title, spec.nodes.len(), spec.arrows.len())
        + &table(&["", ">"], &rows);
    if with_truth {
        out += "\n";
        out += &ledger::summary(sim);
    }
    out
}

/// A folder that takes files, each written beside its place and moved there when whole.
struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    fn open(path: &'a Path) -> Result<Self, Failure> {
        fs::create_dir_all(path).map_err(|error| cannot(path, &error))?;
        tempfile::NamedTempFile::new_in(path).map_err(|error| cannot(path, &error))?;
        Ok(Folder(path))
    }

    fn write(&self, sim: &Simulation, about: &serde_json::Value, with_truth: bool) -> Result<(), Failure> {
        for (kind, name) in export::FILES {
            self.file(name, |out| export::write(sim.telemetry(), kind, out).map(|_| ()))?;
        }
        if with_truth {
            self.file("truth.jsonl", |out| ledger::lines(sim, out))?;
        }
        self.file("run.json", |out| writeln!(out, "{about:#}"))
    }

    fn file(&self, name: &str, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
        if interrupted() {
            return Err(Failure::Stopped);
        }
        let path = self.0.join(name);
        let written = tempfile::NamedTempFile::new_in(self.0).and_then(|file| {
            let mut out = std::io::BufWriter::with_capacity(1 << 18, file);
            write(&mut out)?;
            out.into_inner().map_err(std::io::IntoInnerError::into_error)
        });
        let file = written.map_err(|error| cannot(&path, &error))?;
        file.persist(&path).map(|_| ()).map_err(|error| cannot(&path, &error.error))
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::bad(format!(
        "{} cannot be written: {error}. Name a folder that you may write to: --out DIR",
        path.display()
    ))
}
