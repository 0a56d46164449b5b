//! The start page: lessons, a seed, saved sessions. Knows titles and summaries; never what a lesson is about.

use std::path::PathBuf;

use egui::{RichText, ScrollArea, Ui};

use super::theme::{SPACE_L, SPACE_M, palette};
use super::widgets::{at_right, badge, card, combo, empty, named, primary_button, search, section, small_button};
use crate::Seed;
use crate::generate::{Order, any_seed};
use crate::lab::LessonCard;
use crate::lesson::Level;

/// Width of the page, in points.
const WIDTH: f32 = 860.0;

/// What a session is, for those who open the lab for the first time.
const HOW: [(&str, &str); 4] = [
    ("Arrive", "A user's ticket opens the incident. Its history is simulated up to now; from here the clock is yours."),
    (
        "Investigate",
        "Logs, metrics, traces, health pages and the change feed: what the system says about itself, and no more.",
    ),
    ("Fix", "Change the running system, let time pass, and watch what your change does to the users."),
    ("Debrief", "The same incident is run on with your fixes and without them, and you are told what really happened."),
];

/// What the learner wants to begin with.
#[derive(Clone, Debug, PartialEq)]
pub enum Begin {
    /// Start a lesson, by its name or its file; its own seed unless another is given.
    Lesson(String, Option<Seed>),
    /// Start an incident that is generated.
    Generated(Order),
    /// Go on with a saved session.
    Session(PathBuf),
}

/// The start page.
pub struct Menu {
    cards: Vec<LessonCard>,
    problems: Vec<String>,
    seed: String,
    open: String,
    /// The world and the level of the next generated incident.
    world: String,
    level: Level,
    /// Who works: the name that session files get.
    pub who: String,
}

impl Menu {
    /// All lessons: those on disk and those built in.
    pub fn load() -> Menu {
        let (cards, problems) = crate::builtin::lessons(std::path::Path::new(crate::builtin::LESSON_FOLDER));
        Menu::new(cards, problems.iter().map(ToString::to_string).collect())
    }

    /// Looks again which lessons there are.
    pub fn refresh(&mut self) {
        let Menu { cards, problems, .. } = Menu::load();
        (self.cards, self.problems) = (cards, problems);
    }

    /// A menu of lessons that are at hand.
    pub fn new(cards: Vec<LessonCard>, problems: Vec<String>) -> Menu {
        Menu {
            cards,
            problems,
            seed: String::new(),
            open: String::new(),
            world: crate::builtin::worlds().first().map_or_else(String::new, |world| (*world).to_owned()),
            level: Level::FirstSteps,
            who: String::new(),
        }
    }

    /// Draws the page, and answers what is to begin.
    pub fn ui(&mut self, ui: &mut Ui, recent: &[PathBuf], working: Option<&(String, f64)>) -> Option<Begin> {
        let mut begin = None;
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let whole = ui.available_rect_before_wrap();
            let width = whole.width().min(WIDTH) - 2.0 * SPACE_L;
            let corner = egui::pos2(whole.center().x - width / 2.0, whole.top());
            let column = egui::Rect::from_min_size(corner, egui::vec2(width, ui.clip_rect().height()));
            ui.scope_builder(egui::UiBuilder::new().max_rect(column), |ui| {
                ui.add_space(SPACE_L * 2.0);
                if let Some((words, done)) = working {
                    card(ui, |ui| {
                        ui.label(RichText::new(words).strong());
                        ui.add(egui::ProgressBar::new(*done as f32).show_percentage());
                    });
                    ui.add_space(SPACE_L);
                }
                ui.add_enabled_ui(working.is_none(), |ui| begin = self.page(ui, recent));
            });
        });
        begin
    }

    fn page(&mut self, ui: &mut Ui, recent: &[PathBuf]) -> Option<Begin> {
        ui.label(RichText::new("allgreen").size(28.0).strong());
        ui.label(
            RichText::new("Every dashboard is green, and users are being failed. Find out why from the evidence.")
                .weak(),
        );
        ui.add_space(SPACE_L);
        let seed = self.seed_field(ui);
        let mut begin = None;
        if self.cards.is_empty() {
            empty(ui, "No lessons", "Start allgreen with the path of a lesson file, or drop one on this window.");
        }
        for lesson in &self.cards {
            if lesson_card(ui, lesson, seed.is_ok())
                && let Ok(seed) = &seed
            {
                begin = Some(Begin::Lesson(name(lesson), *seed));
            }
        }
        for problem in &self.problems {
            ui.colored_label(palette(ui.visuals()).bad, problem);
        }
        let begin = begin.or(seed.ok().and_then(|seed| self.generated(ui, seed)));
        let begin = begin.or(self.sessions(ui, recent));
        section(ui, "How it goes");
        egui::Grid::new("how it goes").num_columns(2).spacing([SPACE_L, SPACE_M]).show(ui, |ui| {
            for (step, words) in HOW {
                ui.label(RichText::new(step).strong());
                ui.add(egui::Label::new(RichText::new(words).weak()).wrap());
                ui.end_row();
            }
        });
        begin
    }

    fn seed_field(&mut self, ui: &mut Ui) -> Result<Option<Seed>, String> {
        let text = self.seed.trim().to_owned();
        let seed = match text.as_str() {
            "" => Ok(None),
            text => text.parse().map(|seed| Some(Seed(seed))).map_err(|_| {
                format!("`{text}` is no seed: write a whole number from 0 to {}, or leave it empty", u64::MAX)
            }),
        };
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new("Lessons").size(17.0).strong());
            ui.add_space(SPACE_L);
            ui.label(RichText::new("Seed").weak()).on_hover_text("The same seed gives the same incident, to the byte");
            search(ui, &mut self.seed, "the lesson's own", 130.0);
            ui.label(RichText::new("Your name").weak()).on_hover_text("Session files say who did what");
            search(ui, &mut self.who, "nobody in particular", 150.0);
            if let Err(problem) = &seed {
                ui.colored_label(palette(ui.visuals()).bad, problem);
            }
        });
        seed
    }

    fn generated(&mut self, ui: &mut Ui, seed: Option<Seed>) -> Option<Begin> {
        section(ui, "An incident that nobody has seen before");
        let begins = ui.horizontal_wrapped(|ui| {
            combo(ui, "World", &self.world.clone(), 150.0, |ui| {
                for world in crate::builtin::worlds() {
                    ui.selectable_value(&mut self.world, world.to_owned(), world);
                }
            });
            combo(ui, "Level", self.level.name(), 110.0, |ui| {
                for level in Level::ALL {
                    ui.selectable_value(&mut self.level, level, level.name());
                }
            });
            named(ui.button("Generate"), egui::Role::Button, "Generate an incident").clicked()
        });
        let seed = seed.unwrap_or_else(any_seed);
        let order = || Order { world: self.world.clone(), seed, level: self.level, history: None };
        begins.inner.then(|| Begin::Generated(order()))
    }

    fn sessions(&mut self, ui: &mut Ui, recent: &[PathBuf]) -> Option<Begin> {
        let mut begin = None;
        section(ui, "Go on with a saved session");
        ui.horizontal_wrapped(|ui| {
            let field = search(ui, &mut self.open, "Path of a session file", 420.0);
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let ready = !self.open.trim().is_empty();
            let clicked = ui.add_enabled(ready, egui::Button::new("Open")).clicked();
            if (clicked || entered) && ready {
                begin = Some(Begin::Session(PathBuf::from(self.open.trim())));
            }
        });
        ui.label(RichText::new("You can also drop a session file or a lesson file on this window.").weak());
        for path in recent {
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            ui.horizontal(|ui| {
                if small_button(ui, "Open", &format!("Open {name}")).clicked() {
                    begin = Some(Begin::Session(path.clone()));
                }
                ui.label(&name);
                let folder = path.parent().map_or_else(String::new, |folder| folder.display().to_string());
                ui.add(egui::Label::new(RichText::new(folder).weak()).truncate());
            });
        }
        begin
    }
}

/// What the lesson is called when it is started: its file, if there is one.
fn name(lesson: &LessonCard) -> String {
    if lesson.path.is_file() { lesson.path.display().to_string() } else { lesson.id.clone() }
}

/// Draws a lesson, and answers whether it is to start.
fn lesson_card(ui: &mut Ui, lesson: &LessonCard, enabled: bool) -> bool {
    card(ui, |ui| {
        ui.horizontal(|ui| {
            at_right(ui, |ui| {
                let button = primary_button(ui, enabled, "Start");
                let start = named(button, egui::Role::Button, &format!("Start {}", lesson.title)).clicked();
                ui.vertical(|ui| {
                    ui.horizontal(|ui| {
                        ui.label(RichText::new(&lesson.title).size(15.0).strong());
                        let palette = palette(ui.visuals());
                        let colour = match lesson.level {
                            Level::FirstSteps => palette.good,
                            Level::Practised => palette.warn,
                            Level::Expert => palette.bad,
                        };
                        badge(ui, lesson.level.words(), colour);
                    });
                    ui.add(egui::Label::new(RichText::new(&lesson.summary).weak()).wrap());
                    for (word, list) in [("Builds on", &lesson.assumes), ("Teaches", &lesson.teaches)] {
                        if !list.is_empty() {
                            let words = format!("{word}: {}", list.join("; "));
                            ui.add(egui::Label::new(RichText::new(words).small().weak()).wrap());
                        }
                    }
                });
                start
            })
        })
        .inner
    })
}
