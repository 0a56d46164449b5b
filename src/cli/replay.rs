//! `allgreen replay`: a saved session, run again.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::failure::{Failure, answers};
use crate::builtin;
use crate::lab::Session;
use crate::terminal::{Working, watch_for_interrupts};

/// Run a saved session again from its seed and its commands, and verify its digest.
#[derive(Args)]
#[command(after_help = "\
Example:
  allgreen replay quiet-fallback-1.session")]
pub(super) struct ReplayArguments {
    /// The session file
    #[arg(value_name = "SESSION")]
    session: PathBuf,
}

pub(super) fn replay(arguments: &ReplayArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let mut working = Working::new("replaying");
    // A file that is a session and does not replay is a "no"; one that is none is bad input.
    let mut began = false;
    let opened = Session::open_with(&arguments.session, &|id| builtin::lesson(id).ok(), &mut |share| {
        began = true;
        working.reached(share)
    });
    if working.finish() {
        return Err(Failure::Stopped);
    }
    let session = match opened {
        Ok(session) => session,
        Err(problems) if began => return Err(Failure::Differs(problems)),
        Err(problems) => return Err(problems.into()),
    };
    let verified = match Session::is_changed_by_hand(&arguments.session)? {
        true => "it ends as it was saved, but the file was changed by hand",
        false => "the same as when it was saved",
    };
    let seen = session.observe();
    let mut out = answers();
    writeln!(
        out,
        "{}: {} with seed {}, {} commands to {}; {verified}",
        arguments.session.display(),
        seen.lesson_id,
        seen.seed.0,
        session.commands().len(),
        seen.now
    )?;
    writeln!(out, "{}", session.digest())?;
    out.flush()?;
    Ok(())
}
