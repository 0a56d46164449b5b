//! The bar at the top: the incident clock and what it does, and what concerns the whole session.

use egui::{RichText, ThemePreference, Ui};

use super::act::Act;
use super::clock::Clock;
use super::dock::Panel;
use super::theme::palette;
use super::widgets::{badge, combo, named, primary_button};
use super::window::Window;
use crate::lab::Command;
use crate::time::Duration;

/// Multiples of real time.
pub const SPEEDS: [f64; 6] = [1.0, 10.0, 60.0, 120.0, 300.0, 1000.0];

impl Window {
    /// The bar above the panels.
    pub(super) fn top_bar(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            self.menus(ui);
            let Some(desk) = &self.desk else { return };
            let (clock, observation) = (desk.clock(), desk.observation().clone());
            ui.separator();
            Self::times(ui, clock);
            self.controls(ui, observation.debrief.is_some());
            for (words, at) in &observation.pending {
                let palette = palette(ui.visuals());
                badge(ui, &format!("pending {}", clock.ago(at.stamp())), palette.warn).on_hover_text(words);
            }
            ui.separator();
            let book = &observation.notebook;
            let left = book.hints_in_all.saturating_sub(book.hints.len());
            let hint =
                ui.add_enabled(left > 0 && observation.debrief.is_none(), egui::Button::new(format!("Hint ({left})")));
            if hint.on_hover_text("The next hint. Hints are counted in the debrief.").clicked() {
                self.act(Act::Do(Command::Hint));
            }
            if ui.button("Save").on_hover_text("Save the session (Ctrl+S)").clicked() {
                self.act(Act::AskSave);
            }
            if observation.debrief.is_some() {
                if primary_button(ui, true, "Debrief").clicked() {
                    self.act(Act::Show(Panel::Debrief));
                }
            } else if ui.button("Debrief…").on_hover_text("End the investigation and learn what happened").clicked() {
                self.act(Act::AskDebrief);
            }
        });
    }

    fn menus(&mut self, ui: &mut Ui) {
        ui.menu_button("Session", |ui| {
            let open = self.desk.is_some();
            if ui.add_enabled(open, egui::Button::new("Save…").shortcut_text("Ctrl+S")).clicked() {
                self.act(Act::AskSave);
            }
            if ui.add_enabled(open, egui::Button::new("Who did what…")).clicked() {
                self.history_open = true;
            }
            if ui.add_enabled(open, egui::Button::new("Trainer's view…")).clicked() {
                self.act(Act::AskTrainer);
            }
            if ui.add_enabled(open, egui::Button::new("Back to the lessons")).clicked() {
                self.act(Act::AskLeave);
            }
            ui.separator();
            if ui.button("Quit").clicked() {
                ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
            }
        });
        ui.menu_button("View", |ui| {
            if self.desk.is_some() {
                for (nth, panel) in Panel::ALL.into_iter().enumerate() {
                    let mut open = self.dock.is_open(panel);
                    ui.horizontal(|ui| {
                        if ui.checkbox(&mut open, panel.title()).on_hover_text(panel.help()).changed() {
                            self.dock.set_open(panel, open);
                        }
                        if nth < 9 {
                            ui.weak(format!("Ctrl+{}", nth + 1));
                        }
                    });
                }
                ui.separator();
                if ui.button("Reset layout").clicked() {
                    self.reset_layout(ui.ctx());
                }
                ui.separator();
            }
            ui.label(RichText::new("Theme").weak());
            for (choice, words) in [
                (ThemePreference::Dark, "Dark"),
                (ThemePreference::Light, "Light"),
                (ThemePreference::System, "As the system"),
            ] {
                if ui.radio_value(&mut self.theme, choice, words).clicked() {
                    ui.ctx().set_theme(self.theme);
                }
            }
        });
        if ui.button("Help").on_hover_text("Steps, keys and words (F1)").clicked() {
            self.help_open = !self.help_open;
        }
    }

    fn times(ui: &mut Ui, clock: Clock) {
        let time = RichText::new(clock.time(clock.now.stamp())).monospace().size(16.0).strong();
        ui.label(time).on_hover_text("The incident clock: what the monitor's clock says");
        ui.label(RichText::new(format!("UTC {}", clock.date())).weak());
        ui.label(RichText::new(format!("+{}", clock.elapsed())).monospace()).on_hover_text("Since you arrived");
    }

    fn controls(&mut self, ui: &mut Ui, over: bool) {
        ui.add_enabled_ui(!over, |ui| {
            let (text, name) = if self.running { ("▮▮", "Pause") } else { ("▶", "Play") };
            let button = ui.button(text).on_hover_text("Let the incident clock run, or stop it (Space)");
            if named(button, egui::Role::Button, name).clicked() {
                self.toggle_play();
            }
            let before = self.speed;
            combo(ui, "Speed", &format!("×{}", self.speed), 58.0, |ui| {
                for speed in SPEEDS {
                    ui.selectable_value(&mut self.speed, speed, format!("×{speed}"));
                }
            });
            if self.speed != before && self.running {
                self.act(Act::Play(self.speed));
            }
            for (words, length) in [
                ("+10 s", Duration::from_secs(10)),
                ("+1 min", Duration::from_mins(1)),
                ("+10 min", Duration::from_mins(10)),
            ] {
                if ui.button(words).on_hover_text("Let this much time pass at once").clicked() {
                    self.act(Act::Step(length));
                }
            }
            let long =
                ui.button("+3 months").on_hover_text("After a fix: let months pass, by windows that stand for them");
            if long.clicked() {
                self.act(Act::Do(crate::lab::Command::Pass(Duration::from_mins(90 * 24 * 60))));
            }
        });
        if self.running && self.reached > 0.0 {
            let words = format!("running at ×{:.0}", self.reached);
            ui.label(RichText::new(words).weak()).on_hover_text("How fast this computer simulates");
        }
    }
}
