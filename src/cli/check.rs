//! `allgreen check`: everything that is wrong with world and lesson files.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::failure::{Failure, complain};
use crate::builtin;
use crate::diagnostic::check_file_with;

/// Check world and lesson files: every problem, with its place and a suggestion. Exits with 1 if there is any.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen check lessons/quiet-fallback.ron
  allgreen check worlds/*.ron lessons/*.ron")]
pub(super) struct CheckArguments {
    /// World and lesson files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    let (mut wrong, mut unreadable) = (false, false);
    for path in &arguments.files {
        match check_file_with(path, &builtin::world_text) {
            Ok(summary) => writeln!(out, "{}: good, {summary}", path.display())?,
            Err(problems) if path.is_file() => {
                wrong = true;
                writeln!(out, "{}", problems.render(true).trim_end())?;
            }
            Err(problems) => {
                unreadable = true;
                complain(problems.render(true).trim_end());
            }
        }
    }
    out.flush()?;
    match (unreadable, wrong) {
        (true, _) => Err(Failure::bad("not every file could be read; see above")),
        (false, true) => Err(Failure::No),
        (false, false) => Ok(()),
    }
}
