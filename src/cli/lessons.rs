//! `allgreen lessons`: the catalogue.

use std::io::Write;
use std::path::Path;

use clap::Args;

use super::failure::{Failure, answers, complain};
use crate::builtin;
use crate::terminal::lesson_list;

/// List the lessons in the order in which they teach, from first steps to expert.
#[derive(Args)]
#[command(after_help = "\
Example:
  allgreen lessons")]
pub(super) struct LessonsArguments {}

pub(super) fn lessons(_: &LessonsArguments) -> Result<(), Failure> {
    let (cards, problems) = builtin::lessons(Path::new(builtin::LESSON_FOLDER));
    let mut out = answers();
    out.write_all(lesson_list(&cards).as_bytes())?;
    out.flush()?;
    for problem in &problems {
        complain(problem.render(true));
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::Bad("not every lesson could be read; see above".into())) }
}
