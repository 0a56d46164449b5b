//! What the window does about acts of panels and news of the session's thread.

use std::path::{Path, PathBuf};

use egui::{Context, ViewportCommand};

use super::act::Act;
use super::dialogs::{self, Decision, Dialog};
use super::dock::Panel;
use super::editing::Edited;
use super::menu::Begin;
use super::panels;
use super::settings::{MOST_RECENT, Settings};
use super::state::Desk;
use super::window::{AfterSave, Window};
use super::worker::{Ask, News};
use crate::lab::{Command, Observation, Refusal, Reply, ShiftWork};
use crate::whole;

impl Window {
    /// Takes the news.
    pub(super) fn hear(&mut self, ctx: &Context) {
        while let Some(news) = self.worker.news() {
            match news {
                News::Working(words, done) => self.working = Some((words, done)),
                News::Rested => self.working = None,
                News::Opened(observation) => {
                    self.working = None;
                    self.unsaved = false;
                    self.running = false;
                    if let Some(path) = self.path.clone() {
                        self.remember(path);
                    }
                    self.tell_of_others(&observation);
                    self.open_desk(ctx, Desk::new(*observation));
                    if !ctx.input(|input| input.viewport().close_requested()) {
                        self.status = "You have arrived. Read the ticket, then the checklist.".to_owned();
                    }
                }
                News::Seen(observation) => {
                    if let Some(desk) = &mut self.desk {
                        desk.update(*observation);
                    }
                }
                News::Replied(command, reply) => self.replied(ctx, &command, reply),
                News::Running { running, reached } => {
                    self.unsaved |= running && self.desk.is_some();
                    (self.running, self.reached) = (running, reached);
                }
                News::Saved(path) => self.saved(ctx, path),
                News::Document(text, Some(path)) => self.export(ctx, &path, &text),
                News::Document(text, None) => self.carry_out(ctx, Act::Copy(text)),
                News::Failed(what, text) => {
                    self.after_save = AfterSave::Nothing;
                    self.fail(ctx, what, text);
                }
                News::Edited(edited) => self.edited = Some(edited).filter(|edited| *edited != Edited::Back),
                News::Viewed(key, look, version, view) => {
                    if let Some(desk) = &mut self.desk {
                        desk.looks.answer(&key, &look, version, *view);
                    }
                }
            }
        }
        let dropped = ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).next());
        if let (Some(path), true) = (dropped, self.desk.is_none() && self.working.is_none()) {
            let lesson = path.extension().is_some_and(|extension| extension == "ron");
            self.begin(if lesson { Begin::Lesson(path.display().to_string(), None) } else { Begin::Session(path) });
        }
    }

    /// A session that somebody worked on says who that was, and under whose name it goes on.
    fn tell_of_others(&mut self, observation: &Observation) {
        let shifts = &observation.work.shifts;
        if shifts.is_empty() {
            return;
        }
        let who = if self.menu.who.trim().is_empty() { "somebody" } else { self.menu.who.trim() };
        let words: Vec<String> = shifts.iter().map(ShiftWork::words).collect();
        let more = "Who did what, in the menu Session, lists it all.";
        self.toasts.note("Who worked on this", format!("{}.\nYou go on as {who}. {more}", words.join(".\n")));
    }

    fn replied(&mut self, ctx: &Context, command: &Command, reply: Result<Reply, Refusal>) {
        if let Some(desk) = &mut self.desk {
            desk.replied(command, &reply);
        }
        self.unsaved |= reply.is_ok() && !matches!(command, Command::Look(_));
        match reply {
            Err(refusal) if matches!(command, Command::Look(_)) && !is_asked(command) => drop(refusal),
            Err(refusal) => self.toasts.refused(&refusal),
            Ok(Reply::Done(words)) => {
                if matches!(command, Command::Deploy(_)) {
                    self.toasts.done(words.clone(), ctx.time());
                }
                self.status = words;
            }
            Ok(Reply::Hint(words)) => {
                self.toasts.note("Hint", words);
                self.dock.reveal(Panel::Notebook);
            }
            Ok(Reply::Trainer(_)) => self.trainer_open = true,
            Ok(Reply::Debrief(_)) => {
                self.status = "The investigation is over.".to_owned();
                self.dock.set_alone(Some(Panel::Debrief));
            }
            Ok(Reply::View(_)) => {}
        }
    }

    fn saved(&mut self, ctx: &Context, path: PathBuf) {
        self.unsaved = false;
        self.toasts.done(format!("Saved to {}", path.display()), ctx.time());
        self.remember(path.clone());
        self.path = Some(path);
        match std::mem::take(&mut self.after_save) {
            AfterSave::Nothing => {}
            AfterSave::Leave => self.leave(),
            AfterSave::Restart(lesson) => self.restart(&lesson),
            AfterSave::Quit => self.quit(ctx),
        }
    }

    fn remember(&mut self, path: PathBuf) {
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path);
        self.recent.truncate(MOST_RECENT);
    }

    /// Starts the edited lesson with the seed of this session.
    fn restart(&mut self, lesson: &Path) {
        let seed = self.desk.as_ref().map(|desk| desk.observation().seed);
        self.begin(Begin::Lesson(lesson.display().to_string(), seed));
    }

    fn leave(&mut self) {
        self.menu.refresh();
        self.edited = None;
        self.worker.ask(Ask::Close);
        (self.desk, self.path, self.unsaved, self.running) = (None, None, false, false);
        self.status.clear();
    }

    fn quit(&mut self, ctx: &Context) {
        self.closing = true;
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }

    /// Asks what is to be asked, and follows the answer.
    pub(super) fn ask(&mut self, ctx: &Context) {
        let Some(mut dialog) = self.dialog.take() else { return };
        let mut out = Vec::new();
        let decision = dialogs::ui(ctx, &mut dialog, &mut out);
        out.into_iter().for_each(|act| self.act(act));
        match decision {
            Decision::Open => self.dialog = Some(dialog),
            Decision::Cancelled => self.after_save = AfterSave::Nothing,
            Decision::Done => {}
            Decision::Leave => self.leave(),
            Decision::Restart => {
                if let Dialog::Restart(lesson) = &dialog {
                    self.restart(lesson);
                }
            }
            Decision::Quit => self.quit(ctx),
            Decision::SaveFirst => {
                self.after_save = match dialog {
                    Dialog::Quit => AfterSave::Quit,
                    Dialog::Restart(lesson) => AfterSave::Restart(lesson),
                    _ => AfterSave::Leave,
                };
                self.act(Act::AskSave);
            }
        }
    }

    /// Carries out what was asked for.
    pub(super) fn carry_out(&mut self, ctx: &Context, act: Act) {
        match act {
            Act::Do(command) => {
                if command == Command::Debrief {
                    self.dock.reveal(Panel::Debrief);
                }
                self.worker.ask(Ask::Do(command));
            }
            Act::Step(length) => self.worker.ask(Ask::Step(length)),
            Act::Play(speed) => self.worker.ask(Ask::Play(speed)),
            Act::Pause => self.worker.ask(Ask::Pause),
            Act::Cancel => self.worker.cancel(),
            Act::Copy(text) => {
                ctx.copy_text(text);
                self.status = "Copied to the clipboard.".to_owned();
            }
            Act::Export(path) => self.worker.ask(Ask::Document(Some(path))),
            Act::CopyDocument => self.worker.ask(Ask::Document(None)),
            Act::Save(path) => {
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
                    && let Err(error) = std::fs::create_dir_all(folder)
                {
                    return self.fail(
                        ctx,
                        "The session was not saved".into(),
                        format!("{}: {error}", folder.display()),
                    );
                }
                self.worker.ask(Ask::Save(path));
            }
            Act::AskSave => self.dialog = Some(Dialog::Save { path: self.save_path().display().to_string() }),
            Act::AskDebrief => self.dialog = Some(Dialog::Debrief),
            Act::AskRestart(lesson) if self.unsaved => self.dialog = Some(Dialog::Restart(lesson)),
            Act::AskRestart(lesson) => self.restart(&lesson),
            Act::AskTrainer => {
                let Some(seen) = self.desk.as_ref().map(Desk::observation) else { return };
                match (&seen.trainer, &seen.debrief) {
                    (Some(_), _) => self.trainer_open = true,
                    (None, Some(_)) => self.dock.reveal(Panel::Debrief),
                    (None, None) => self.dialog = Some(Dialog::Trainer),
                }
            }
            Act::AskPin(look) => self.dialog = Some(Dialog::Pin { look, why: String::new() }),
            Act::AskLeave if self.unsaved => self.dialog = Some(Dialog::Leave),
            Act::AskLeave => self.leave(),
            Act::Show(panel) => self.dock.reveal(panel),
            Act::Focus(node) => self.focus(node),
            Act::Logs(filter) => {
                self.with_desk(|desk| desk.logs.set(filter));
                self.dock.reveal(Panel::Logs);
            }
            Act::Chart(query) => {
                self.with_desk(|desk| panels::metrics::reveal(desk, query));
                self.dock.reveal(Panel::Metrics);
            }
            Act::Query(query) => {
                self.with_desk(|desk| desk.query.set(query));
                self.dock.reveal(Panel::Query);
            }
            Act::Trace(id) => {
                self.with_desk(|desk| desk.traces.set_open(Some(id)));
                self.dock.reveal(Panel::Traces);
            }
            Act::Prepare(fix) => {
                self.with_desk(|desk| panels::fixes::prepare(&mut desk.fixes, &fix));
                self.dock.reveal(Panel::Fixes);
            }
        }
    }

    fn with_desk(&mut self, change: impl FnOnce(&mut Desk)) {
        if let Some(desk) = &mut self.desk {
            change(desk);
        }
    }

    /// Narrows the panels that have a node filter to one node.
    fn focus(&mut self, node: Option<String>) {
        self.with_desk(|desk| {
            desk.logs.filter.service.clone_from(&node);
            desk.traces.filter.service.clone_from(&node);
            desk.changes.needle = node.clone().unwrap_or_default();
            desk.health.needle = node.clone().unwrap_or_default();
            if node.is_some() {
                desk.config.node.clone_from(&node);
            }
            desk.focus = node;
        });
    }

    fn save_path(&self) -> PathBuf {
        if let Some(path) = &self.path {
            return path.clone();
        }
        let folder = Settings::session_folder();
        self.desk.as_ref().map_or_else(|| folder.join("session"), |desk| desk.observation().new_file(&folder))
    }

    fn export(&mut self, ctx: &Context, path: &Path, text: &str) {
        match whole::write(path, text.as_bytes()) {
            Ok(()) => {
                let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                self.toasts.done(format!("Written to {}", shown.display()), ctx.time());
            }
            Err(error) => self.fail(ctx, "The document was not written".into(), format!("{}: {error}", path.display())),
        }
    }
}

/// Whether the learner asked for this look by name: a refusal is shown. Others are repeated by a panel that shows it.
fn is_asked(command: &Command) -> bool {
    matches!(command, Command::Look(crate::lab::Look::ReproduceLocally(_)))
}
