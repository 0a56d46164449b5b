//! `allgreen prove`: whether lessons are what they should be.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Failure, answers, complain};
use super::folder::whole_file;
use crate::lesson::{Proof, ProofTable, Property};
use crate::prove::{self, Options};
use crate::terminal::{Cell, Working, table, watch_for_interrupts};
use crate::{Lesson, builtin};

/// The most seeds at once.
const MOST_SEEDS: u64 = 10_000;

/// Prove lessons over many seeds: silent, harmful, solvable, fixable, honest, minimal and unspoiled. The exit status is
/// 1 if a property fails. Ctrl-C keeps the seeds that are done; the same command goes on with the others.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen prove quiet-fallback --seeds 0..5
  allgreen prove my/lesson.ron                          your own
  allgreen prove --seeds 0..100 --json proof.json --table proof.md")]
pub(super) struct ProveArguments {
    /// Lessons: names, or paths to their files; all lessons unless told
    #[arg(value_name = "LESSON")]
    lessons: Vec<String>,
    /// Which seeds, the last one not included; a number alone is that one seed, so five seeds are 0..5
    #[arg(long, value_name = "FROM..TO", default_value = "0..10", value_parser = seeds)]
    seeds: Range<u64>,
    /// Of the fixes try only the first root fix and the first symptom patch. Otherwise all of these are tried, and on each
    /// tenth seed also those that are said to do nothing or harm
    #[arg(long)]
    quick: bool,
    /// Seeds at a time; as many as there are cores unless told
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Write the table as JSON into this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the table as Markdown into this file
    #[arg(long, value_name = "FILE.md")]
    table: Option<PathBuf>,
    /// Where results of single seeds are kept; in the user's cache unless told
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Go on with what another build of allgreen kept too, where one seed of each lesson, done anew, is the same to the last
    /// bit. Without this they stay in the file and are not used
    #[arg(long)]
    confirm: bool,
}

pub(super) fn prove(arguments: &ProveArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let lessons = lessons(&arguments.lessons)?;
    let kept = arguments.keep.clone().or_else(usual_place);
    let threads = arguments.threads.map_or_else(cores, usize::from);
    let command = command(arguments);
    let (seeds, quick) = (arguments.seeds.clone(), arguments.quick);
    let confirm = arguments.confirm;
    let options = Options { seeds, quick, threads, kept: kept.as_deref(), confirm, command: &command };
    let mut working = Working::new("proving");
    let proved = prove::prove(&lessons, &options, &mut |share| working.reached(share));
    working.finish();
    let (table, whole) = proved.map_err(|error| {
        let place = kept.as_deref().unwrap_or(Path::new("")).display();
        Failure::bad(format!("results cannot be kept in {place}: {error}. Name another file: --keep FILE"))
    })?;
    let mut out = answers();
    out.write_all(as_text(&table, lessons.len() == 1).as_bytes())?;
    out.flush()?;
    if !whole {
        complain("seeds that were done are kept; the same command goes on with the others");
        return Err(Failure::Stopped);
    }
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&table).map_err(Failure::bad)? + "\n";
        whole_file(path, "--json", &text)?;
    }
    if let Some(path) = &arguments.table {
        whole_file(path, "--table", prove::markdown(&table))?;
    }
    if table.lessons.iter().all(Proof::holds) { Ok(()) } else { Err(Failure::No) }
}

pub(super) fn lessons(names: &[String]) -> Result<Vec<Lesson>, Failure> {
    if !names.is_empty() {
        return names.iter().map(|name| Ok(builtin::lesson(name)?)).collect();
    }
    let (cards, mut problems) = builtin::lessons(Path::new(builtin::LESSON_FOLDER));
    if let Some(first) = problems.pop() {
        return Err(first.into());
    }
    cards.iter().map(|card| Ok(builtin::lesson_at(&card.path)?)).collect()
}

/// The table, and piece by piece what failed, or everything.
fn as_text(proofs: &ProofTable, everything: bool) -> String {
    let mut headers = vec!["lesson", ">seeds"];
    let names = Property::ALL.map(|property| format!(">{}", property.name()));
    headers.extend(names.iter().map(String::as_str));
    headers.push("clean log");
    let line = |proof: &Proof| -> Vec<Cell> {
        let mut cells: Vec<Cell> = vec![proof.lesson.as_str().into(), proof.seeds.to_string().into()];
        cells.extend(proof.properties.iter().map(|proved| {
            let share = proved.share();
            Cell::from(if proved.holds { share } else { format!("FAILS {share}") })
        }));
        cells.push(proof.clean_log.map_or("–", |clean| if clean { "yes" } else { "no" }).into());
        cells
    };
    let rows: Vec<Vec<Cell>> = proofs.lessons.iter().map(line).collect();
    let mut out = table(&headers, &rows);
    out += &format!("clean-log index: {:.2}\n", proofs.clean_log_index);
    for proof in &proofs.lessons {
        for proved in proof.properties.iter().filter(|proved| everything || !proved.holds) {
            let seeds: Vec<String> = proved.failed_on.iter().map(u64::to_string).collect();
            let on = if seeds.is_empty() { String::new() } else { format!(" (not on seeds {})", seeds.join(", ")) };
            let holds = if proved.holds { "" } else { " FAILS" };
            out += &format!("\n{} {}{holds}: {}{on}\n", proof.lesson, proved.property.name(), proved.words);
            out.extend(proved.details.iter().map(|detail| format!("  {detail}\n")));
        }
    }
    out
}

/// The command that makes the table, as it is written into it.
fn command(arguments: &ProveArguments) -> String {
    let mut words = vec!["allgreen prove".to_owned()];
    words.extend(arguments.lessons.iter().cloned());
    words.push(format!("--seeds {}..{}", arguments.seeds.start, arguments.seeds.end));
    words.extend(arguments.quick.then(|| "--quick".to_owned()));
    for (option, path) in [("--json", &arguments.json), ("--table", &arguments.table)] {
        words.extend(path.iter().map(|path| format!("{option} {}", path.display())));
    }
    words.join(" ")
}

/// Where results are kept unless told. None where there is no place for it.
fn usual_place() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let places = etcetera::choose_base_strategy().ok()?;
    Some(places.cache_dir().join("allgreen").join("prove.jsonl"))
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Reads a range of seeds: `0..20`, or one seed.
pub(super) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let seed = |text: &str| super::seed(text).map(|seed| seed.0);
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (seed(from)?, seed(to)?),
        None => {
            let one = seed(text)?;
            (one, one.saturating_add(1))
        }
    };
    match to.checked_sub(from) {
        Some(1..=MOST_SEEDS) => Ok(from..to),
        _ => Err(format!("name from 1 to {MOST_SEEDS} seeds, such as 0..20; the last one is not included")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_or_one() {
        assert_eq!(seeds("0..20"), Ok(0..20));
        assert_eq!(seeds("7"), Ok(7..8));
        assert_eq!(seeds("0x10..0x12"), Ok(16..18));
        for wrong in ["5..5", "9..2", "0..20000", "..", "a..b", "18446744073709551615"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
