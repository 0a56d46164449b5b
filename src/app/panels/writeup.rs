//! The post-incident document: what was thought, what was found, what the real fix is; and its export.

use std::path::PathBuf;

use egui::{RichText, ScrollArea, Ui};

use crate::app::act::{Act, Outbox};
use crate::app::state::Desk;
use crate::app::widgets::{paragraph, primary_button, search, section};
use crate::lab::{Command, WriteUp};

/// What is being written.
#[derive(Default)]
pub struct WriteUpState {
    /// The text.
    pub draft: WriteUp,
    path: String,
    over: bool,
}

impl WriteUpState {
    /// Takes up what was written before.
    pub fn load(&mut self, written: Option<&WriteUp>) {
        self.draft = written.cloned().unwrap_or_default();
    }
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let observation = desk.observation().clone();
    let saved = observation.notebook.write_up.as_ref();
    desk.write_up.over = desk.is_over();
    let proposal = format!("{}-{}.md", observation.lesson_id, observation.seed.0);
    show(ui, saved, &proposal, &mut desk.write_up, &mut desk.outbox);
}

/// Draws the form.
pub fn show(ui: &mut Ui, saved: Option<&WriteUp>, proposal: &str, state: &mut WriteUpState, out: &mut Outbox) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let over = state.over;
        let draft = &mut state.draft;
        ui.add_enabled_ui(!over, |ui| {
            section(ui, "What you thought at first");
            paragraph(ui, &mut draft.thought, "What you thought", "It looked like…", 3);
            section(ui, "What you found");
            paragraph(ui, &mut draft.found, "What you found", "The evidence shows…", 3);
            section(ui, "What the real fix is");
            paragraph(ui, &mut draft.real_fix, "The real fix", "The cause is gone when…", 3);
        });
        ui.horizontal(|ui| {
            let changed = !over && saved != Some(&state.draft) && state.draft != WriteUp::default();
            if primary_button(ui, changed, "Keep this write-up").clicked() {
                out.push(Act::Do(Command::WriteUp(state.draft.clone())));
            }
            let words = if changed {
                "not kept yet"
            } else if saved.is_some() {
                "kept"
            } else {
                ""
            };
            ui.label(RichText::new(words).weak());
        });
        section(ui, "Export");
        ui.label(
            RichText::new("The document holds the ticket, your evidence, hypotheses, fixes and this text.").weak(),
        );
        ui.horizontal_wrapped(|ui| {
            if state.path.is_empty() {
                state.path = proposal.to_owned();
            }
            search(ui, &mut state.path, "File to export to", 200.0);
            let ready = saved.is_some() && !state.path.trim().is_empty();
            let button = ui.add_enabled(ready, egui::Button::new("Export Markdown"));
            if button.on_disabled_hover_text("Keep the write-up first").clicked() {
                out.push(Act::Export(PathBuf::from(state.path.trim())));
            }
            if ui.button("Copy as Markdown").clicked() {
                out.push(Act::CopyDocument);
            }
        });
    });
}
