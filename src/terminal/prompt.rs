//! The prompt: a line editor with history, completion and hints before a session.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use etcetera::BaseStrategy;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use super::complete::LineHelper;
use super::desk::{Desk, Flow, refused};
use super::interrupt::{Ending, STOPPED, awaiting, interrupted, lock};
use super::paint::{DIM, clean, paint, say};
use crate::Problems;

type LineEditor = Editor<LineHelper, FileHistory>;

/// Who asks for lines: the editor, and the desk whose lines they are. A kill saves what is on the desk while a line is
/// awaited, so that the desk is held only while a line is carried out.
struct Asker {
    editor: LineEditor,
    desk: Arc<Mutex<Desk>>,
    /// The file that the session is saved to without asking.
    save: Option<PathBuf>,
}

impl Asker {
    fn ask(&mut self, question: &str) -> rustyline::Result<String> {
        let (desk, save) = (self.desk.clone(), self.save.clone());
        awaiting(move || killed(&desk, save.as_deref()), || self.editor.readline(question))
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }
}

/// Asks for lines until the learner leaves, then saves to `save`, or offers to; where the terminal goes away, or the
/// program is killed, what was done is saved all the same. Answers whether Ctrl-C was the way out.
pub(crate) fn prompt(desk: Desk, save: Option<&Path>, out: &mut dyn Write) -> io::Result<bool> {
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
    let mut editor: LineEditor = Editor::with_config(config).map_err(io::Error::other)?;
    editor.set_helper(Some(LineHelper { names: desk.names().clone() }));
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    let mut asker = Asker { editor, desk: Arc::new(Mutex::new(desk)), save: save.map(Path::to_owned) };
    let ended = talk(&mut asker, history.as_deref(), out);
    if ended.is_err() {
        // The terminal is gone, and nobody can be asked.
        keep(&mut asker.desk(), save).map_err(|problems| io::Error::other(problems.to_string()))?;
    }
    ended
}

/// Saves without asking, to `save` or, if something would be lost, to the usual file. Answers where.
fn keep(desk: &mut Desk, save: Option<&Path>) -> Result<Option<PathBuf>, Problems> {
    if save.is_none() && !desk.unsaved() {
        return Ok(None);
    }
    let path = save.map_or_else(|| desk.file_name(), Path::to_owned);
    desk.save(&path)?;
    Ok(Some(path))
}

/// The program is killed while a line is awaited.
fn killed(desk: &Mutex<Desk>, save: Option<&Path>) -> Ending {
    let mut held = lock(desk);
    let kept = keep(&mut held, save);
    // Nothing more is done to it: a line that comes now waits for the end.
    std::mem::forget(held);
    match kept {
        Ok(None) => Ending { words: "stopped".to_owned(), status: STOPPED },
        Ok(Some(path)) => {
            let words = format!("stopped, and saved; `allgreen play --session {}` continues", path.display());
            Ending { words, status: STOPPED }
        }
        Err(problems) => Ending { words: problems.to_string(), status: 2 },
    }
}

/// From the greeting to the file.
fn talk(asker: &mut Asker, history: Option<&Path>, out: &mut dyn Write) -> io::Result<bool> {
    say(out, &asker.desk().greeting())?;
    let by_interrupt = lines(asker, out)?;
    if let Some(path) = history
        && let Err(why) = asker.editor.save_history(path)
    {
        writeln!(out, "{}", paint(DIM, format!("the history of lines is not kept: {}: {why}", path.display())))?;
    }
    leave(asker, out)?;
    Ok(by_interrupt)
}

fn lines(asker: &mut Asker, out: &mut dyn Write) -> io::Result<bool> {
    let mut pressed = false;
    loop {
        let seen = asker.desk().observe();
        let time = seen.stamp_text(seen.now.stamp());
        let clock = time.split('.').next().unwrap_or(&time).to_owned();
        out.flush()?;
        let line = match asker.ask(&format!("{clock} > ")) {
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
            "write-up" => match ask_write_up(asker) {
                Some(fields) => asker.desk().write_up_fields(fields, out)?,
                None => Ok(Flow::Next),
            },
            line => asker.desk().line(line, out)?,
        };
        match answer {
            Ok(Flow::Next) => {}
            Ok(Flow::Stopped) => writeln!(out, "{}", paint(DIM, "stopped"))?,
            Ok(Flow::Quit) => return Ok(false),
            Err(refusal) => say(out, &refused(&refusal))?,
        }
        let names = asker.desk().names().clone();
        if let Some(helper) = asker.editor.helper_mut() {
            helper.names = names;
        }
    }
}

/// The three fields of the write-up, asked one by one. None if the learner breaks off.
fn ask_write_up(asker: &mut Asker) -> Option<[String; 3]> {
    let mut ask = |question: &str| asker.ask(question).ok();
    Some([ask("What did you think at first? ")?, ask("What did you find? ")?, ask("What is the real fix? ")?])
}

/// Saves, or offers to.
fn leave(asker: &mut Asker, out: &mut dyn Write) -> io::Result<()> {
    let mut wanted = asker.save.clone();
    while wanted.is_some() || asker.desk().unsaved() {
        let path = match wanted.take() {
            Some(path) => path,
            None => {
                let default = asker.desk().file_name();
                writeln!(
                    out,
                    "Save the session to {}? Enter saves, n does not, another name saves there.",
                    default.display()
                )?;
                out.flush()?;
                match asker.ask("save > ") {
                    Ok(answer) if matches!(answer.trim(), "n" | "N" | "no") => return Ok(()),
                    Ok(answer) if answer.trim().is_empty() => default,
                    Ok(answer) => PathBuf::from(answer.trim()),
                    Err(ReadlineError::Interrupted) => return Ok(()),
                    Err(_) => default,
                }
            }
        };
        let saved = asker.desk().save(&path);
        match saved {
            Ok(()) => {
                writeln!(out, "saved; `allgreen play --session {}` continues", path.display())?;
                return Ok(());
            }
            Err(problems) => writeln!(out, "{}", clean(&problems.to_string()))?,
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
