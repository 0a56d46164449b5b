//! One session at the prompt: reads a line, carries it out, prints the answer. Knows the session's interface and
//! nothing of where lines come from.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::interrupt::keeping;
use super::names::Names;
use super::paint::{BAD, BOLD, DIM, GOOD, WARN, paint, say};
use super::progress::Working;
use super::show::{self, Sheet};
use super::verbs::{Action, Shown, parse};
use super::{help, refuse};
use crate::Problems;
use crate::diagnostic::Problem;
use crate::lab::{Command, Look, Observation, Refusal, Reply, Session, View, WriteUp};
use crate::whole;

/// A session and what the prompt remembers of it.
pub(crate) struct Desk {
    session: Session,
    names: Names,
    last: Option<Look>,
    /// What a file has of it.
    saved: Vec<Command>,
    /// The file that it came from or was last saved to.
    file: Option<PathBuf>,
    suggested: Option<String>,
}

/// How to go on after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// With the next line.
    Next,
    /// The work of this line was stopped by Ctrl-C.
    Stopped,
    /// The learner leaves.
    Quit,
}

impl Desk {
    /// Sits down before a session.
    pub(crate) fn new(session: Session) -> Desk {
        let mut names = Names::default();
        names.refresh(&session.observe());
        let saved = session.commands().to_vec();
        Desk { session, names, last: None, saved, file: None, suggested: None }
    }

    /// Remembers the file that the session was read from.
    pub(crate) fn came_from(&mut self, file: &Path) {
        self.file = Some(file.to_owned());
    }

    /// What is said before the first line.
    pub(crate) fn greeting(&self) -> String {
        let seen = self.session.observe();
        let sheet = Sheet::new(&seen);
        show::status(&seen, &sheet)
            + &show::shifts(&seen)
            + "\n"
            + &show::view(&View::Ticket((*seen.ticket).clone()), &Shown::default(), &sheet)
            + &paint(DIM, "\n`checklist` asks what to find out first; `help` lists the commands.\n")
    }

    /// Names for completion.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// What a face may see now.
    pub(super) fn observe(&self) -> Observation {
        self.session.observe()
    }

    /// Shows the trainer's view, as the verb does.
    pub(crate) fn reveal(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.act(Action::Lab(Command::Trainer), out).map(drop)
    }

    /// Whether something was done since the last save.
    pub(crate) fn unsaved(&self) -> bool {
        self.session.commands() != self.saved
    }

    /// The file that `save` writes unless told otherwise: the session's own, or a new one.
    pub(crate) fn file_name(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| self.session.observe().new_file(Path::new("")))
    }

    /// Writes the session file. Whoever would end the program waits.
    pub(crate) fn save(&mut self, path: &Path) -> Result<(), Problems> {
        keeping(|| self.session.save(path))?;
        self.saved = self.session.commands().to_vec();
        self.file = Some(path.to_owned());
        Ok(())
    }

    /// Carries out one line and prints the answer.
    pub(crate) fn line(&mut self, line: &str, out: &mut dyn Write) -> io::Result<Result<Flow, Refusal>> {
        match parse(line, &self.names) {
            Ok(None) => Ok(Ok(Flow::Next)),
            Ok(Some(action)) => self.act(action, out),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn act(&mut self, action: Action, out: &mut dyn Write) -> io::Result<Result<Flow, Refusal>> {
        let (command, shown) = match action {
            Action::Look(look, shown) => (Command::Look(look), shown),
            Action::Lab(command) => (command, Shown::default()),
            Action::Pin(why) => match self.last.clone() {
                Some(look) => (Command::Pin { look, why }, Shown::default()),
                None => return Ok(Err(refuse("nothing was looked at yet", "look at something first, then `pin WHY`"))),
            },
            Action::WriteUp(fields) => match self.write_up(fields) {
                Ok(command) => (command, Shown::default()),
                Err(refusal) => return Ok(Err(refusal)),
            },
            Action::Quit => return Ok(Ok(Flow::Quit)),
            local => {
                return match self.local(local) {
                    Ok(text) => say(out, &text).map(|()| Ok(Flow::Next)),
                    Err(refusal) => Ok(Err(refusal)),
                };
            }
        };
        self.send(&command, &shown, out)
    }

    /// Sends a command to the lab and prints its reply.
    fn send(&mut self, command: &Command, shown: &Shown, out: &mut dyn Write) -> io::Result<Result<Flow, Refusal>> {
        let mut working = Working::new(match command {
            Command::Debrief => "running the other futures",
            _ => "simulating",
        });
        let answer = self.session.apply(command, &mut |share| working.reached(share));
        let stopped = working.finish();
        let reply = match answer {
            Ok(reply) => reply,
            Err(_) if stopped => return Ok(Ok(Flow::Stopped)),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let seen = self.session.observe();
        let sheet = Sheet::new(&seen);
        if let Command::Look(look) = command {
            self.last = Some(look.clone());
        }
        let text = match reply {
            Reply::Done(words) => paint(GOOD, "ok") + " " + &words + "\n",
            Reply::View(view) => {
                self.names.remember(&view);
                show::view(&view, shown, &sheet)
            }
            Reply::Hint(hint) => paint(BOLD, "hint") + " " + &hint + "\n",
            Reply::Trainer(view) => show::trainer(&view, &sheet),
            Reply::Debrief(debrief) => show::debrief(&debrief, &sheet),
        };
        say(out, &text)?;
        self.names.refresh(&seen);
        if seen.suggestion != self.suggested {
            self.suggested = seen.suggestion;
            if let Some(suggestion) = &self.suggested {
                writeln!(out, "{}", paint(WARN, suggestion))?;
            }
        }
        Ok(Ok(if stopped { Flow::Stopped } else { Flow::Next }))
    }

    /// Fields that are not given stay as they were.
    fn write_up(&self, fields: [Option<String>; 3]) -> Result<Command, Refusal> {
        if fields.iter().all(Option::is_none) {
            return Err(refuse(
                "nothing is written",
                "write: write-up thought=\"...\" found=\"...\" fix=\"...\" (each may come in a line of its own)",
            ));
        }
        let before = self.session.observe().notebook.write_up.clone().unwrap_or_default();
        let [thought, found, real_fix] = fields;
        Ok(Command::WriteUp(WriteUp {
            thought: thought.unwrap_or(before.thought),
            found: found.unwrap_or(before.found),
            real_fix: real_fix.unwrap_or(before.real_fix),
        }))
    }

    /// Carries out a write-up whose fields were asked for one by one.
    pub(super) fn write_up_fields(
        &mut self,
        fields: [String; 3],
        out: &mut dyn Write,
    ) -> io::Result<Result<Flow, Refusal>> {
        self.act(Action::WriteUp(fields.map(|text| (!text.trim().is_empty()).then_some(text))), out)
    }

    /// What the prompt answers without the lab.
    fn local(&mut self, action: Action) -> Result<String, Refusal> {
        let seen = self.session.observe();
        let sheet = Sheet::new(&seen);
        match action {
            Action::Help(about) => help::help(about.as_deref(), sheet.prose()),
            Action::Fixes => Ok(help::fixes(sheet.prose())),
            Action::Checklist => Ok(show::checklist(&seen.notebook)),
            Action::Notebook => Ok(show::notebook(&seen, &sheet)),
            Action::Status => Ok(show::status(&seen, &sheet)),
            Action::History => Ok(show::history(&seen, &sheet)),
            Action::Document(None) => Ok(self.session.document()),
            Action::Document(Some(file)) => {
                let written = whole::write(Path::new(&file), self.session.document().as_bytes());
                written.map_err(|why| {
                    refuse(format!("{file} cannot be written: {why}"), "name another file: `document FILE`")
                })?;
                Ok(format!("{} written to {file}\n", paint(GOOD, "ok")))
            }
            Action::Save(file) => {
                let path = file.map_or_else(|| self.file_name(), PathBuf::from);
                self.save(&path).map_err(|problems| not_saved(&problems))?;
                Ok(format!("{} saved to {}\n", paint(GOOD, "ok"), path.display()))
            }
            // Carried out in `act`.
            Action::Lab(_) | Action::Look(..) | Action::Pin(_) | Action::WriteUp(_) | Action::Quit => Ok(String::new()),
        }
    }
}

/// Why there is no session file, and what to do, as the one who writes it says.
fn not_saved(problems: &Problems) -> Refusal {
    let another = "name another file: `save FILE`";
    let one = problems.iter().next();
    let place = one.and_then(Problem::file).map_or(String::new(), |file| format!("{file}: "));
    let what = one.map_or("the session cannot be written", Problem::what);
    refuse(format!("{place}{what}"), one.and_then(Problem::suggestion).unwrap_or(another))
}

/// A refusal as it is printed.
pub(super) fn refused(refusal: &Refusal) -> String {
    format!("{} {}\n  {}\n", paint(BAD, "refused:"), refusal.what, refusal.remedy)
}
