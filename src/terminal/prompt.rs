//! The prompt: a line editor with history, completion and hints before a session.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use super::complete::LineHelper;
use super::desk::{Desk, Flow, refused};
use super::interrupt::interrupted;
use super::paint::{DIM, paint};

type LineEditor = Editor<LineHelper, FileHistory>;

/// Asks for lines until the learner leaves, then saves to `save`, or offers to; where the terminal goes away, what was done is
/// saved all the same. Answers whether Ctrl-C was the way out.
pub(crate) fn prompt(desk: &mut Desk, save: Option<&Path>, out: &mut dyn Write) -> io::Result<bool> {
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
    let mut editor: LineEditor = Editor::with_config(config).map_err(io::Error::other)?;
    editor.set_helper(Some(LineHelper { names: desk.names().clone() }));
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    let ended = talk(desk, &mut editor, save, history.as_deref(), out);
    if ended.is_err() && (save.is_some() || desk.unsaved()) {
        // The terminal is gone, and nobody can be asked.
        let path = save.map_or_else(|| desk.file_name(), Path::to_owned);
        desk.save(&path).map_err(|problems| io::Error::other(problems.to_string()))?;
    }
    ended
}

/// From the greeting to the file.
fn talk(
    desk: &mut Desk,
    editor: &mut LineEditor,
    save: Option<&Path>,
    history: Option<&Path>,
    out: &mut dyn Write,
) -> io::Result<bool> {
    out.write_all(desk.greeting().as_bytes())?;
    let by_interrupt = lines(desk, editor, out)?;
    if let Some(path) = history
        && let Err(why) = editor.save_history(path)
    {
        writeln!(out, "{}", paint(DIM, format!("the history of lines is not kept: {}: {why}", path.display())))?;
    }
    leave(desk, editor, save, out)?;
    Ok(by_interrupt)
}

fn lines(desk: &mut Desk, editor: &mut LineEditor, out: &mut dyn Write) -> io::Result<bool> {
    let mut pressed = false;
    loop {
        let seen = desk.observe();
        let time = seen.stamp_text(crate::time::Stamp(i64::try_from(seen.now.0).unwrap_or(i64::MAX)));
        let clock = time.split('.').next().unwrap_or(&time).to_owned();
        out.flush()?;
        let line = match editor.readline(&format!("{clock} > ")) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) if pressed => return Ok(true),
            Err(ReadlineError::Interrupted) => {
                pressed = true;
                writeln!(out, "{}", paint(DIM, "Ctrl-C once more ends the session; so do `quit` and Ctrl-D"))?;
                continue;
            }
            Err(ReadlineError::Eof) => return Ok(false),
            Err(ReadlineError::Io(error)) => return Err(error),
            Err(error) => return Err(io::Error::other(error)),
        };
        pressed = false;
        // A press between two lines was meant for nothing.
        interrupted();
        let answer = match line.trim() {
            "write-up" => match ask_write_up(editor) {
                Some(fields) => desk.write_up_fields(fields, out)?,
                None => Ok(Flow::Next),
            },
            line => desk.line(line, out)?,
        };
        match answer {
            Ok(Flow::Next) => {}
            Ok(Flow::Stopped) => writeln!(out, "{}", paint(DIM, "stopped"))?,
            Ok(Flow::Quit) => return Ok(false),
            Err(refusal) => out.write_all(refused(&refusal).as_bytes())?,
        }
        if let Some(helper) = editor.helper_mut() {
            helper.names = desk.names().clone();
        }
    }
}

/// The three fields of the write-up, asked one by one. None if the learner breaks off.
fn ask_write_up(editor: &mut LineEditor) -> Option<[String; 3]> {
    let mut ask = |question: &str| editor.readline(question).ok();
    Some([ask("What did you think at first? ")?, ask("What did you find? ")?, ask("What is the real fix? ")?])
}

/// Saves, or offers to.
fn leave(desk: &mut Desk, editor: &mut LineEditor, save: Option<&Path>, out: &mut dyn Write) -> io::Result<()> {
    let mut wanted = save.map(Path::to_owned);
    while wanted.is_some() || desk.unsaved() {
        let path = match wanted.take() {
            Some(path) => path,
            None => {
                let default = desk.file_name();
                writeln!(
                    out,
                    "Save the session to {}? Enter saves, n does not, another name saves there.",
                    default.display()
                )?;
                out.flush()?;
                match editor.readline("save > ") {
                    Ok(answer) if matches!(answer.trim(), "n" | "N" | "no") => return Ok(()),
                    Ok(answer) if answer.trim().is_empty() => default,
                    Ok(answer) => PathBuf::from(answer.trim()),
                    Err(ReadlineError::Interrupted) => return Ok(()),
                    Err(_) => default,
                }
            }
        };
        match desk.save(&path) {
            Ok(()) => {
                writeln!(out, "saved; `allgreen play --session {}` continues", path.display())?;
                return Ok(());
            }
            Err(problems) => writeln!(out, "{problems}")?,
        }
    }
    Ok(())
}

/// Where typed lines are kept. None where there is no place for it.
fn history_file() -> Option<PathBuf> {
    let places = etcetera::choose_base_strategy().ok()?;
    let folder = places.state_dir().unwrap_or_else(|| places.data_dir()).join("allgreen");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
