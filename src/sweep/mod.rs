//! Sweeps: incidents replayed over many seeds, each beside the same seed without its cause, and every detector scored on
//! both. A sweep may be cut into shards that run anywhere; its file is a shard's rows, and merged files are one sweep again.
//!
//! Only `onset` asks the ground truth. Detectors are given telemetry and nothing else.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use allgreen::detect::{self, Finding, Named};
//! use allgreen::sweep::{Options, Shard, Table, sweep};
//! use allgreen::{Lesson, Telemetry};
//!
//! let mut detectors = detect::all();
//! detectors.push(Named::new("mine", "nothing at all", |_: &Telemetry| Vec::<Finding>::new()));
//! let lessons = [Lesson::load("lessons/quiet-fallback.ron")?];
//! let options = Options { seeds: 0..20, generated: None, detectors: &detectors, shard: Shard::WHOLE, threads: 2 };
//! let swept = sweep(&lessons, &options, &mut |_| true)?;
//! print!("{}", Table::new(&swept).csv()?);
//! # Ok(())
//! # }
//! ```

mod file;
mod merge;
mod onset;
mod plan;
mod read;
mod replay;
mod row;
mod table;
mod task;

pub use file::write;
pub use merge::{MergeError, merge};
pub use plan::{FORMAT, Passed, Plan, Planned, Shard};
pub use read::{ReadError, read};
pub use row::Row;
pub use table::{OfLesson, Score, Table};

use std::ops::Range;

use crate::detect::Named;
use crate::generate::GenerateError;
use crate::lab::Progress;
use crate::prove::meter::Meter;
use crate::prove::share::share;
use crate::{Lesson, World};
use replay::Replayed;
use task::Task;

/// What is swept, and how.
#[derive(Debug)]
pub struct Options<'a> {
    /// Which seeds.
    pub seeds: Range<u64>,
    /// A world in which each seed also generates an incident of its own, and how a recipe names it.
    pub generated: Option<(&'a World, &'a str)>,
    /// Whom to score, in the order of the tables.
    pub detectors: &'a [Named],
    /// Which part of the tasks.
    pub shard: Shard,
    /// How many tasks at a time.
    pub threads: usize,
}

/// A sweep, or a shard of one: what was planned, and the rows that are there, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// What was planned.
    pub plan: Plan,
    /// Which part of it this is.
    pub shard: Shard,
    /// Tasks of which there are no rows: seeds that generate no incident.
    pub passed: Vec<Passed>,
    /// A row for each task and detector.
    pub rows: Vec<Row>,
}

/// Why there is no sweep.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// `progress` asked to stop.
    #[error("the sweep was stopped")]
    Stopped,
    /// No seed generates an incident in this world.
    #[error("{0}")]
    NoIncident(String),
    /// The plan makes no sense.
    #[error("{0}")]
    Plan(String),
}

/// Replays and scores. The same options give the same rows, on however many threads.
///
/// # Errors
///
/// It was stopped, two detectors share a name, or a world cannot generate.
pub fn sweep(lessons: &[Lesson], options: &Options<'_>, progress: Progress<'_>) -> Result<Swept, SweepError> {
    let plan = Plan::new(lessons, options)?;
    let tasks: Vec<Task<'_>> = task::all(lessons, options);
    let meter = Meter::default();
    let total = tasks.iter().map(Task::takes).sum();
    let mut done: Vec<(u64, Result<Replayed, GenerateError>)> = Vec::new();
    let work = |task: &Task<'_>| task.replay(options.detectors, &meter);
    let whole = share(&tasks, (options.threads, &work), (&meter, total), progress, &mut |task, replayed| {
        done.push((task.number, replayed));
        true
    });
    if !whole {
        return Err(SweepError::Stopped);
    }
    // Threads end in any order.
    done.sort_by_key(|(number, _)| *number);
    let (mut rows, mut passed) = (Vec::new(), Vec::new());
    for (number, replayed) in done {
        match replayed {
            Ok(replayed) => rows.extend(replayed.rows(number, options.detectors)),
            Err(error) => passed.push(Passed { task: number, why: error.to_string() }),
        }
    }
    if let (true, Some(first)) = (rows.is_empty(), passed.first()) {
        return Err(SweepError::NoIncident(first.why.clone()));
    }
    Ok(Swept { plan, shard: options.shard, passed, rows })
}
