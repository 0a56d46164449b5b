//! The window: hears the session's thread, draws the page or the panels, and carries out what they ask for. Knows
//! everything of this face; must never hold the session.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{CentralPanel, Context, Panel as Side, ProgressBar, RichText, Ui, ViewportCommand};

use super::act::{Act, Outbox};
use super::dialogs::Dialog;
use super::dock::{Dock, Panel};
use super::editing::{self, Edited};
use super::menu::{Begin, Menu};
use super::screenshot::{Outcome, Shot};
use super::start::RunOptions;
use super::state::Desk;
use super::theme::palette;
use super::toast::Toasts;
use super::widgets::{at_right, small_button};
use super::worker::{Ask, Worker};
use super::{help, history, settings::Settings, trainer};

/// Everything that the window holds.
pub struct Window {
    pub(super) options: RunOptions,
    pub(super) worker: Worker,
    pub(super) menu: Menu,
    pub(super) desk: Option<Desk>,
    pub(super) dock: Dock,
    pub(super) toasts: Toasts,
    pub(super) dialog: Option<Dialog>,
    pub(super) working: Option<(String, f64)>,
    pub(super) running: bool,
    pub(super) reached: f64,
    pub(super) speed: f64,
    pub(super) unsaved: bool,
    pub(super) path: Option<PathBuf>,
    pub(super) recent: Vec<PathBuf>,
    pub(super) help_open: bool,
    pub(super) history_open: bool,
    pub(super) trainer_open: bool,
    /// What became of the lesson's files since the session began.
    pub(super) edited: Option<Edited>,
    pub(super) status: String,
    pub(super) theme: egui::ThemePreference,
    pub(super) after_save: AfterSave,
    pub(super) closing: bool,
    /// Whether the panels are arranged for a window of this size, or by the learner.
    arranged: bool,
    acts: Outbox,
    shot: Option<Shot>,
}

/// What follows a save that was asked for before something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum AfterSave {
    #[default]
    Nothing,
    Leave,
    Restart(PathBuf),
    Quit,
}

impl Window {
    /// The window with its threads; what was chosen before is in `storage`.
    pub fn new(
        ctx: &Context,
        storage: Option<&dyn eframe::Storage>,
        options: RunOptions,
        outcome: Outcome,
    ) -> std::io::Result<Window> {
        let wake_ctx = ctx.clone();
        let worker = Worker::start(Arc::new(move || wake_ctx.request_repaint()))?;
        let settings = Settings::load(storage);
        ctx.set_theme(if options.light { egui::ThemePreference::Light } else { settings.theme });
        let stored = settings.dock.filter(Dock::is_complete);
        let width = options.size.map_or(1440.0, |[width, _]| width);
        let shot = options.screenshot.clone().map(|path| Shot::new(path, outcome));
        let mut menu = Menu::load();
        menu.who = options.who.clone().unwrap_or(settings.who);
        let mut window = Window {
            menu,
            worker,
            desk: None,
            arranged: stored.is_some(),
            dock: stored.unwrap_or_else(|| Dock::for_width(width)),
            toasts: Toasts::default(),
            dialog: None,
            working: None,
            running: false,
            reached: 0.0,
            speed: 60.0,
            unsaved: false,
            path: None,
            recent: settings.recent,
            help_open: false,
            history_open: false,
            trainer_open: false,
            edited: None,
            status: String::new(),
            theme: settings.theme,
            after_save: AfterSave::Nothing,
            closing: false,
            acts: Vec::new(),
            shot,
            options,
        };
        let session = window.options.session.clone().map(Begin::Session);
        let lesson = window.options.lesson.clone().map(|lesson| Begin::Lesson(lesson, window.options.seed));
        let order = window.options.order.clone().map(Begin::Generated);
        if let Some(begin) = session.or(order).or(lesson) {
            window.begin(begin);
        }
        Ok(window)
    }

    /// Starts or opens a session.
    pub fn begin(&mut self, begin: Begin) {
        self.edited = None;
        self.worker.ask(Ask::Sit(self.menu.who.clone()));
        match begin {
            Begin::Lesson(lesson, seed) => {
                self.path = None;
                self.working = Some(("Reading the lesson".to_owned(), 0.0));
                self.worker.ask(Ask::Start(lesson, seed));
            }
            Begin::Generated(order) => {
                self.path = None;
                self.working = Some(("Looking for an incident that you have not met".to_owned(), 0.0));
                self.worker.ask(Ask::Generate(order));
            }
            Begin::Session(path) => {
                self.path = Some(path.clone());
                self.working = Some(("Reading the session".to_owned(), 0.0));
                self.worker.ask(Ask::Open(path));
            }
        }
    }

    /// Puts a desk into the window: a session that has just been started or opened.
    pub fn open_desk(&mut self, ctx: &Context, desk: Desk) {
        self.desk = Some(desk);
        if std::mem::take(&mut self.options.trainer) {
            self.act(Act::Do(crate::lab::Command::Trainer));
        }
        if !std::mem::replace(&mut self.arranged, true) {
            self.reset_layout(ctx);
        }
        let name = self.options.panel.clone().unwrap_or_default();
        if let Some(panel) = Panel::find(&name) {
            self.dock.reveal(panel);
        }
    }

    /// The desk, if a session is open.
    pub fn desk(&mut self) -> Option<&mut Desk> {
        self.desk.as_mut()
    }

    /// Shows a notice, as a refused command does.
    pub fn refuse(&mut self, refusal: &crate::lab::Refusal) {
        self.toasts.refused(refusal);
    }

    /// Asks for something, as a panel does.
    pub fn act(&mut self, act: Act) {
        self.acts.push(act);
    }

    /// Acts that wait to be carried out: for tests without a session.
    pub fn take_acts(&mut self) -> Outbox {
        let mut acts = std::mem::take(&mut self.acts);
        if let Some(desk) = &mut self.desk {
            acts.append(&mut desk.outbox);
        }
        acts
    }

    pub(super) fn toggle_play(&mut self) {
        let act = if self.running { Act::Pause } else { Act::Play(self.speed) };
        self.act(act);
    }

    pub(super) fn reset_layout(&mut self, ctx: &Context) {
        self.dock = Dock::for_width(ctx.content_rect().width());
    }

    /// Draws everything; acts are left waiting.
    pub fn draw(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let now = ctx.time();
        if let Some(desk) = &mut self.desk {
            let version = desk.version();
            desk.looks.begin(now, version);
            desk.working.clone_from(&self.working);
        }
        self.keys(&ctx);
        let frame = egui::Frame::side_top_panel(ui.style()).fill(palette(ui.visuals()).raised);
        Side::top("top bar").frame(frame).show(ui, |ui| self.top_bar(ui));
        Side::bottom("status").frame(frame).show(ui, |ui| self.status_bar(ui));
        if let Some(edited) = &self.edited {
            let frame = frame.inner_margin(super::theme::CARD_MARGIN);
            let bar = |ui: &mut Ui| editing::bar(ui, edited, &mut self.acts);
            if Side::top("edited").frame(frame).show(ui, bar).inner {
                self.edited = None;
            }
        }
        let ground = egui::Frame::new().fill(palette(ui.visuals()).base);
        CentralPanel::default().frame(ground).show(ui, |ui| match &mut self.desk {
            Some(desk) => self.dock.ui(ui, desk),
            None => {
                if let Some(begin) = self.menu.ui(ui, &self.recent, self.working.as_ref()) {
                    self.begin(begin);
                }
            }
        });
        let mut open = self.help_open;
        egui::Window::new("Help")
            .open(&mut open)
            .collapsible(false)
            .default_size([680.0, 560.0])
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .show(&ctx, help::ui);
        self.help_open = open;
        if let (true, Some(desk)) = (self.history_open, &self.desk) {
            history::ui(&ctx, &mut self.history_open, desk.observation());
        }
        if let (true, Some(desk)) = (self.trainer_open, &self.desk) {
            trainer::ui(&ctx, &mut self.trainer_open, desk.observation(), &mut self.acts);
        }
        self.ask(&ctx);
        self.toasts.ui(&ctx, now);
    }

    fn status_bar(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            if let Some((words, done)) = self.working.clone() {
                ui.spinner();
                ui.label(words);
                ui.add(ProgressBar::new(done as f32).desired_width(220.0).show_percentage());
                if small_button(ui, "Cancel", "Cancel the work").clicked() {
                    self.act(Act::Cancel);
                }
            } else {
                ui.add(egui::Label::new(RichText::new(&self.status).weak()).truncate());
            }
            at_right(ui, |ui| {
                let Some(desk) = &self.desk else {
                    return drop(ui.label(RichText::new("all times are UTC").weak()));
                };
                let observation = desk.observation();
                let saved = if self.unsaved { " · not saved" } else { "" };
                let words =
                    format!("{} · seed {}{saved} · all times are UTC", observation.lesson_title, observation.seed.0);
                ui.label(RichText::new(words).weak());
            });
        });
    }

    /// Hears the threads, draws, and carries out what was asked for.
    pub fn frame(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        self.hear(&ctx);
        self.draw(ui);
        for act in self.take_acts() {
            self.carry_out(&ctx, act);
        }
        let Some(desk) = &mut self.desk else { return self.picture(&ctx) };
        let (version, observation) = (desk.version(), desk.observation().clone());
        for (key, look) in desk.looks.take_asks() {
            self.worker.look(key, look, version, observation.clone());
        }
        if observation.debrief.is_none() {
            for look in desk.looks.take_settled() {
                self.worker.ask(Ask::Do(crate::lab::Command::Look(look)));
            }
        }
        if desk.looks.is_waiting() {
            ctx.request_repaint_after_secs(0.1);
        }
        self.picture(&ctx);
    }

    /// Takes the picture, when one was asked for and all is calm.
    fn picture(&mut self, ctx: &Context) {
        let Some(mut shot) = self.shot.take() else { return };
        let begun = self.options.lesson.is_some() || self.options.session.is_some();
        let calm = self.working.is_none()
            && match &self.desk {
                Some(desk) => desk.looks.is_settled(),
                None => !begun,
            };
        shot.step(ctx, calm);
        self.shot = Some(shot);
    }

    /// Something went wrong: a notice; or, when a picture was wanted, the end.
    pub(super) fn fail(&mut self, ctx: &Context, what: String, text: String) {
        self.working = None;
        if let (Some(shot), None) = (&self.shot, &self.desk) {
            shot.end(ctx, Err(format!("{what}: {text}")));
        }
        self.toasts.failed(what, text);
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &Context, _: &mut eframe::Frame) {
        self.hear(ctx);
        let close = ctx.input(|input| input.viewport().close_requested());
        if close && self.unsaved && !self.closing && self.shot.is_none() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.dialog = Some(Dialog::Quit);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        self.frame(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if self.shot.is_none() {
            Settings::save(storage, &self.dock, &self.recent, (self.theme, &self.menu.who));
        }
    }

    fn persist_egui_memory(&self) -> bool {
        self.shot.is_none()
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        palette(visuals).base.to_normalized_gamma_f32()
    }
}
