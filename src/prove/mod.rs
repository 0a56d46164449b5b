//! Proofs: that a lesson is silent, harmful, solvable, fixable, honest, minimal and unspoiled, by running it and its
//! counterfactuals over many seeds. Knows the ground truth, grades as the debrief does, and tells in a [`Proof`] alone.

mod chance;
mod evidence;
mod facts;
mod fixes;
mod harm;
mod herrings;
mod judge;
pub(crate) mod kept;
mod lines;
pub(crate) mod meter;
mod runner;
pub(crate) mod seed;
pub(crate) mod share;
mod silent;
mod table;
mod tries;

use std::io;
use std::ops::Range;
use std::path::Path;

use crate::Lesson;
use crate::lab::Progress;
use crate::lesson::{Proof, ProofTable};
use kept::Key;
use runner::Keyed;
pub use table::markdown;
use tries::Tries;

/// How a proof is made.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Which seeds.
    pub seeds: Range<u64>,
    /// Of the fixes only the first root fix and the first symptom patch are tried: half the time.
    pub quick: bool,
    /// How many at a time.
    pub threads: usize,
    /// Where results of single seeds are kept, to go on from when it was stopped.
    pub kept: Option<&'a Path>,
    /// What another build of the program kept counts as well, if one seed of each lesson, done anew, is the same to the
    /// last bit, and is forgotten if it is not. Otherwise it stays in the file and is not used.
    pub confirm: bool,
    /// The command that the table names.
    pub command: &'a str,
}

/// Proves lessons. False: `progress` asked to stop, and the table holds the lessons that were finished.
///
/// # Errors
///
/// The file of kept results cannot be read or written.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use allgreen::Lesson;
/// use allgreen::prove::{Options, prove};
/// let lesson = Lesson::load("lessons/quiet-fallback.ron")?;
/// let options = Options { seeds: 0..3, quick: false, threads: 2, kept: None, confirm: false, command: "" };
/// let (table, _) = prove(&[lesson], &options, &mut |_| true)?;
/// println!("{}", table.lessons[0].holds());
/// # Ok(())
/// # }
/// ```
pub fn prove(lessons: &[Lesson], options: &Options<'_>, progress: Progress<'_>) -> io::Result<(ProofTable, bool)> {
    let keys = |lesson: &Lesson| Tries::ALL.map(|tries| (tries, Key::new(lesson, tries))).into();
    let keyed: Vec<Keyed<'_>> = lessons.iter().map(|lesson| (lesson, keys(lesson))).collect();
    let found = runner::run(&keyed, options, progress)?;
    let seeds = options.seeds.end.saturating_sub(options.seeds.start);
    let whole = lessons.iter().zip(&found.facts).filter(|(_, facts)| facts.len() as u64 == seeds);
    let proofs: Vec<Proof> = whole.map(|(lesson, facts)| judge::judge(lesson, facts)).collect();
    let table = ProofTable {
        format: ProofTable::FORMAT,
        command: options.command.to_owned(),
        clean_log_index: clean_log_index(&proofs),
        lessons: proofs,
    };
    Ok((table, found.whole))
}

fn clean_log_index(proofs: &[Proof]) -> f64 {
    let clean: Vec<bool> = proofs.iter().filter_map(|proof| proof.clean_log).collect();
    clean.iter().filter(|clean| **clean).count() as f64 / clean.len().max(1) as f64
}
