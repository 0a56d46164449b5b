//! `allgreen run`: simulates without a face, and counts.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::failure::{Failure, answers};
use super::folder::Folder;
use super::ledger;
use super::simulate::{Extent, Run};
use crate::export;
use crate::terminal::{Cell, count, row, table, watch_for_interrupts};
use crate::{Seed, Simulation};

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
    #[command(flatten)]
    extent: Extent,
    /// Print one line only: blake3:HEX over all telemetry and ground truth
    #[arg(long)]
    digest: bool,
    /// Write all telemetry as JSON lines into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Add what users were owed and got (this spoils a lesson)
    #[arg(long)]
    with_truth: bool,
}

pub(super) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let mut run = arguments.extent.prepare(&arguments.what)?;
    // Refused before the work, not after it.
    let folder = arguments.out.as_deref().map(Folder::open).transpose()?;
    let spent = arguments.extent.simulate(&mut run)?;
    let digest = (spent.is_none() && (arguments.digest || folder.is_some())).then(|| digest(&run.sim));
    if let Some(folder) = folder {
        let about = about(&arguments.what, &run, digest.as_deref());
        write(&folder, &run.sim, &about, arguments.with_truth)?;
    }
    let Run { sim, seed, until, .. } = run;
    let mut out = answers();
    match digest {
        Some(digest) if arguments.digest => writeln!(out, "{digest}")?,
        None if arguments.digest => {}
        _ => out.write_all(summary(&sim, seed, arguments.with_truth).as_bytes())?,
    }
    out.flush()?;
    spent.map_or(Ok(()), |spent| Err(arguments.extent.stopped(&sim, until, &spent)))
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

/// As it is printed, and written into `run.json`.
pub(super) fn digest(sim: &Simulation) -> String {
    format!("blake3:{}", sim.digest().to_hex())
}

/// What `run.json` says of a run of `what`. Without a digest it did not come to its end.
pub(super) fn about(what: &str, run: &Run, digest: Option<&str>) -> Value {
    let (world, until) = (&run.sim.world().spec().name, run.sim.now().to_string());
    json!({
        "format": export::FORMAT, "of": what, "world": world, "seed": run.seed.0, "until": until,
        "whole": digest.is_some(), "digest": digest,
    })
}

fn write(folder: &Folder<'_>, sim: &Simulation, about: &Value, with_truth: bool) -> Result<(), Failure> {
    folder.forget(&["run.json", "truth.jsonl", "inject_time.txt"])?;
    for (name, file) in export::JSON_LINES {
        folder.file(name, |out| file.write(sim.telemetry(), out))?;
    }
    if with_truth {
        folder.file("truth.jsonl", |out| ledger::lines(sim, out))?;
    }
    folder.file("run.json", |out| writeln!(out, "{about:#}"))
}
