//! The hypothesis: where it fails, how, and which change did it. Picked, not typed, so that words don't decide.

use egui::{RichText, ScrollArea, Ui};

use crate::app::act::{Act, Outbox};
use crate::app::clock::Clock;
use crate::app::state::{Desk, arrow_names};
use crate::app::theme::palette;
use crate::app::widgets::{card, combo, named, pick, primary_button, search, section};
use crate::lab::{Command, Hypothesis};
use crate::lesson::Mechanism;
use crate::time::SimTime;

/// What is being stated.
#[derive(Default)]
pub struct HypothesisState {
    /// The node or arrow.
    pub at: Option<String>,
    /// How.
    pub mechanism: Option<Mechanism>,
    /// The change.
    pub change: Option<String>,
    needle: String,
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let (clock, observation) = (desk.clock(), desk.observation().clone());
    let mut places: Vec<String> = observation.inventory.iter().map(|(name, _)| name.clone()).collect();
    places.extend(arrow_names(&observation));
    let mut changes: Vec<String> = observation.telemetry.changes.iter().map(|change| change.id.clone()).collect();
    changes.reverse();
    let stated = &observation.notebook.hypotheses;
    show(ui, &places, &changes, stated, &mut desk.hypothesis, clock, &mut desk.outbox);
}

/// Draws the form and what was stated before.
pub fn show(
    ui: &mut Ui,
    places: &[String],
    changes: &[String],
    stated: &[(SimTime, Hypothesis)],
    state: &mut HypothesisState,
    clock: Clock,
    out: &mut Outbox,
) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let width = (ui.available_width() - 96.0).clamp(120.0, 320.0);
        egui::Grid::new("hypothesis").num_columns(2).spacing([8.0, 8.0]).show(ui, |ui| {
            ui.label("Where");
            pick(ui, "Where it fails", &mut state.at, "a node or an arrow", places, width);
            ui.end_row();
            ui.label("How");
            mechanism(ui, state, width);
            ui.end_row();
            ui.label("Change");
            pick(ui, "Which change did it", &mut state.change, "none, or not known", changes, width);
            ui.end_row();
        });
        let complete = state.at.clone().zip(state.mechanism);
        if primary_button(ui, complete.is_some(), "State this hypothesis").clicked()
            && let Some((at, mechanism)) = complete
        {
            out.push(Act::Do(Command::Hypothesise(Hypothesis { at, mechanism, change: state.change.clone() })));
        }
        section(ui, "Stated so far");
        if stated.is_empty() {
            let words =
                "None yet. State one as soon as you have one; you can state another later, and the last one counts.";
            ui.label(RichText::new(words).weak());
        }
        for (at, hypothesis) in stated.iter().rev() {
            card(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.label(RichText::new(clock.time(at.stamp())).monospace().weak());
                    ui.strong(hypothesis.mechanism.words());
                    ui.label("at");
                    ui.strong(&hypothesis.at);
                    if let Some(change) = &hypothesis.change {
                        ui.label(format!("by {change}"));
                    }
                });
            });
        }
    });
}

/// Mechanisms are found by their own name and by the field's other words for them.
fn mechanism(ui: &mut Ui, state: &mut HypothesisState, width: f32) {
    let shown = state.mechanism.map_or("how it fails", Mechanism::words);
    combo(ui, "How it fails", shown, width, |ui| {
        ui.set_min_width(300.0);
        search(ui, &mut state.needle, "Search, such as backlog or stale", 220.0);
        let ink = palette(ui.visuals()).weak;
        for mechanism in found(&state.needle) {
            let label = ui.selectable_label(state.mechanism == Some(mechanism), mechanism.words());
            let label = named(label, egui::Role::Button, mechanism.words());
            ui.label(RichText::new(mechanism.synonyms().join(", ")).small().color(ink));
            if label.clicked() {
                state.mechanism = Some(mechanism);
                ui.close();
            }
        }
    });
}

/// The mechanisms that a search finds: every word typed occurs in the name or in another word for it.
pub fn found(needle: &str) -> Vec<Mechanism> {
    let words: Vec<String> = needle.split_whitespace().map(str::to_lowercase).collect();
    let matches = |mechanism: &Mechanism| {
        let names = std::iter::once(mechanism.words()).chain(mechanism.synonyms().iter().copied());
        let text = names.collect::<Vec<_>>().join(" ").to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    Mechanism::ALL.into_iter().filter(matches).collect()
}
