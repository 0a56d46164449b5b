//! What a command prints, why one did not end well, and how the process says so.

use std::fmt::Display;
use std::io::{self, StdoutLock, Write};
use std::process::ExitCode;

use anstream::AutoStream;

use crate::Problems;
use crate::terminal::ScriptEnd;

/// How a command ended that was not simply done.
#[derive(Debug)]
pub(super) enum Failure {
    /// The reader of standard output went away, and what was under way was left undone: silence.
    ClosedPipe,
    /// Ctrl-C.
    Stopped,
    /// The answer is "no"; it was printed.
    No,
    /// The answer is "no", in these words.
    Refused(String),
    /// The answer is "no", with its places.
    Differs(Problems),
    /// Bad input, with its places.
    Problems(Problems),
    /// Bad input, in these words.
    Bad(String),
}

impl Failure {
    /// Says what there is to say on standard error, and answers the exit status.
    pub(super) fn exit(self) -> ExitCode {
        let (words, status) = match self {
            // As a shell tells of a program that SIGPIPE ended.
            Failure::ClosedPipe => (None, 141),
            Failure::Stopped => (Some("stopped".into()), 130),
            Failure::No => (None, 1),
            Failure::Refused(words) => (Some(format!("error: {words}")), 1),
            Failure::Differs(problems) => (Some(problems.render(true)), 1),
            Failure::Problems(problems) => (Some(problems.render(true)), 2),
            Failure::Bad(words) => (Some(format!("error: {words}")), 2),
        };
        if let Some(words) = words {
            complain(words.trim_end());
        }
        ExitCode::from(status)
    }

    /// Bad input.
    pub(super) fn bad(words: impl ToString) -> Failure {
        Failure::Bad(words.to_string())
    }
}

/// Standard output, for answers. Where its reader goes away, the rest is lost and the answer stays what it is:
/// `check | head` ends as `check` does.
pub(super) struct Answers {
    out: AutoStream<StdoutLock<'static>>,
    unheard: bool,
}

/// Where answers are printed.
pub(super) fn answers() -> Answers {
    Answers { out: anstream::stdout().lock(), unheard: false }
}

impl Answers {
    /// Whether the reader is known to have gone away.
    pub(super) fn unheard(&self) -> bool {
        self.unheard
    }

    /// What was to be written, done by `write` or lost.
    fn heard<T>(&mut self, lost: T, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
        if self.unheard {
            return Ok(lost);
        }
        match write(&mut self.out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.unheard = true;
                Ok(lost)
            }
            done => done,
        }
    }
}

impl Write for Answers {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.heard(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.heard((), |out| out.flush())
    }
}

/// Writes to standard error. Where nobody listens there is nothing to say.
pub(super) fn complain(words: impl Display) {
    let _ = writeln!(anstream::stderr(), "{words}");
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Bad(format!("standard output cannot be written: {error}")),
        }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::Problems(problems)
    }
}

impl From<ScriptEnd> for Result<(), Failure> {
    fn from(end: ScriptEnd) -> Self {
        match end {
            ScriptEnd::Done => Ok(()),
            ScriptEnd::Refused(words) => Err(Failure::Refused(words)),
            ScriptEnd::Unreadable(words) => Err(Failure::Bad(words)),
            ScriptEnd::Stopped => Err(Failure::Stopped),
        }
    }
}
