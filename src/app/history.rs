//! Who did what in this session, and when: shifts of people, each with its deeds. Knows observations.

use egui::{Context, RichText, ScrollArea};

use super::clock::Clock;
use super::theme::SPACE_M;
use super::widgets::section;
use crate::lab::Observation;

/// The window with all that was done.
pub fn ui(ctx: &Context, open: &mut bool, observation: &Observation) {
    let clock = Clock::of(observation);
    egui::Window::new("Who did what")
        .open(open)
        .collapsible(false)
        .default_size([560.0, 480.0])
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .show(ctx, |ui| {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                if observation.work.shifts.is_empty() {
                    ui.label("Nothing was done yet.");
                }
                for work in &observation.work.shifts {
                    section(ui, work.shift.name());
                    ui.label(RichText::new(work.words()).weak());
                    ui.add_space(SPACE_M / 2.0);
                    for deed in &work.deeds {
                        ui.horizontal(|ui| {
                            ui.label(RichText::new(clock.time(deed.at.stamp())).monospace().weak());
                            let words = RichText::new(&deed.what);
                            ui.add(egui::Label::new(if deed.is_look { words.weak() } else { words }).truncate());
                        });
                    }
                }
            });
        });
}
