//! An unattended session: commands from a file, one a line. Stops at the first that is refused.

use std::io::{self, BufRead, Write};

use super::desk::{Desk, Flow};
use super::paint::{BOLD, clean, paint};

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScriptEnd {
    /// At its last line, or at `quit`.
    Done,
    /// A line was refused: the words to print.
    Refused(String),
    /// The script could not be read: the words to print.
    Unreadable(String),
    /// Ctrl-C.
    Stopped,
}

/// The longest line that is read, in bytes.
const LINE_LIMIT: u64 = 64 * 1024;
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Carries out every line of `script`, which problems call `name`. Errors are of `out` alone.
pub(crate) fn run_script(
    desk: &mut Desk,
    name: &str,
    script: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<ScriptEnd> {
    for number in 1usize.. {
        let line = match read_line(script) {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(why) => return Ok(ScriptEnd::Unreadable(format!("{name}:{number}: cannot be read: {why}"))),
        };
        // Some editors begin a text with a mark of its encoding, which is no letter of it.
        let command = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| number == 1).unwrap_or(&line).trim();
        if command.is_empty() || command.starts_with('#') {
            continue;
        }
        writeln!(out, "{} {}", paint(BOLD, ">"), clean(command))?;
        match desk.line(command, out)? {
            Ok(Flow::Next) => {}
            Ok(Flow::Quit) => break,
            Ok(Flow::Stopped) => return Ok(ScriptEnd::Stopped),
            Err(refusal) => {
                out.flush()?;
                let words = format!("{name}:{number}: {}\n  {}\n  {}", refusal.what, command, refusal.remedy);
                return Ok(ScriptEnd::Refused(clean(&words).into_owned()));
            }
        }
        out.flush()?;
    }
    Ok(ScriptEnd::Done)
}

fn read_line(script: &mut dyn BufRead) -> Result<Option<String>, String> {
    let mut bytes = Vec::new();
    let read = io::Read::take(script, LINE_LIMIT).read_until(b'\n', &mut bytes).map_err(|error| error.to_string())?;
    if read == 0 {
        return Ok(None);
    }
    if read as u64 == LINE_LIMIT && bytes.last() != Some(&b'\n') {
        return Err(format!("the line is longer than {LINE_LIMIT} bytes"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| "the line is not UTF-8 text".into())
}
