//! The mode of the terminal. A line editor changes it while a line is typed and puts it back after; who ends the
//! program meanwhile puts it back here. Knows `stty`, which every Unix has; elsewhere nothing is to be done.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The mode before the first line was typed, as `stty` writes it. None where it is not known.
static USUAL: OnceLock<Option<String>> = OnceLock::new();

/// What a line editor asks a terminal for besides, taken back: to mark what is pasted.
const NO_MARKS: &str = "\u{1b}[?2004l";

/// Remembers the mode, the first time.
pub(super) fn remember() {
    USUAL.get_or_init(|| stty("-g"));
}

/// Puts the mode back, and begins a line.
pub(super) fn restore() {
    let Some(Some(usual)) = USUAL.get() else { return };
    stty(usual);
    let mut err = std::io::stderr();
    if err.is_terminal() {
        // Where the terminal is gone there is nobody to see it.
        let _ = writeln!(err, "{NO_MARKS}");
    }
}

/// What `stty` says of the terminal that lines are typed at.
fn stty(argument: &str) -> Option<String> {
    if !cfg!(unix) || !std::io::stdin().is_terminal() {
        return None;
    }
    let mut command = Command::new("stty");
    command.arg(argument).stdin(Stdio::inherit()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
}
