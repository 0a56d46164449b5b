//! The notebook: evidence with its reasons, whom it affects, notes, and hints that were given.

use egui::{RichText, ScrollArea, Ui};

use crate::app::act::{Act, Outbox};
use crate::app::clock::Clock;
use crate::app::dock::Panel;
use crate::app::state::Desk;
use crate::app::theme::palette;
use crate::app::widgets::{badge, card, empty, paragraph, pick, primary_button, section, small_button};
use crate::lab::{Command, Look, Notebook, PinnedEvidence, UserAttribute, UserFilter};

/// What is being written.
#[derive(Default)]
pub struct NotebookState {
    /// The note.
    pub note: String,
    narrow: [Option<String>; 4],
    editing: bool,
    over: bool,
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let (clock, observation) = (desk.clock(), desk.observation().clone());
    if let Some(suggestion) = &observation.suggestion {
        let palette = palette(ui.visuals());
        card(ui, |ui| {
            ui.colored_label(palette.warn, suggestion);
            if small_button(ui, "Save to hand over…", "Save the session to hand it over").clicked() {
                desk.ask(Act::AskSave);
            }
        });
    }
    desk.notebook.over = desk.is_over();
    show(ui, &observation.notebook, &observation.attributes, &mut desk.notebook, clock, &mut desk.outbox);
}

/// Draws the notebook.
pub fn show(ui: &mut Ui, book: &Notebook, known: &Known, state: &mut NotebookState, clock: Clock, out: &mut Outbox) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.strong("Who is affected");
        narrowed(ui, book.narrowed.as_ref(), known, state, out);
        section(ui, &format!("Evidence ({})", book.pinned.len()));
        if book.pinned.is_empty() {
            empty(
                ui,
                "Nothing pinned",
                "Press Pin beside a chart, a search, a trace or a list, and say why it matters.",
            );
        }
        for (nth, pinned) in book.pinned.iter().enumerate() {
            evidence(ui, nth + 1, pinned, (clock, state.over), out);
        }
        section(ui, "Notes");
        for (at, note) in &book.notes {
            ui.horizontal_top(|ui| {
                ui.label(RichText::new(clock.time(at.stamp())).monospace().weak());
                ui.add(egui::Label::new(note).wrap().selectable(true));
            });
        }
        if state.over {
            return hints(ui, book);
        }
        paragraph(ui, &mut state.note, "New note", "What you think, what you ruled out, what to try next", 2);
        let ready = !state.note.trim().is_empty();
        if ui.add_enabled(ready, egui::Button::new("Add note")).clicked() {
            out.push(Act::Do(Command::Note(state.note.trim().to_owned())));
        }
        hints(ui, book);
    });
}

fn hints(ui: &mut Ui, book: &Notebook) {
    if book.hints.is_empty() {
        return;
    }
    section(ui, &format!("Hints ({} of {})", book.hints.len(), book.hints_in_all));
    for hint in &book.hints {
        card(ui, |ui| ui.add(egui::Label::new(hint).wrap().selectable(true)));
    }
}

const FIELDS: [(&str, UserAttribute); 4] = [
    ("region", UserAttribute::Region),
    ("account", UserAttribute::Account),
    ("client", UserAttribute::Client),
    ("journey", UserAttribute::Journey),
];

/// The known values of the users' attributes.
pub type Known = std::collections::BTreeMap<UserAttribute, Vec<String>>;

fn values(filter: &UserFilter) -> [Option<&String>; 4] {
    [filter.region.as_ref(), filter.account.as_ref(), filter.client.as_ref(), filter.journey.as_ref()]
}

fn narrowed(ui: &mut Ui, stated: Option<&UserFilter>, known: &Known, state: &mut NotebookState, out: &mut Outbox) {
    let palette = palette(ui.visuals());
    if state.editing {
        ui.horizontal_wrapped(|ui| {
            for (value, (field, attribute)) in state.narrow.iter_mut().zip(FIELDS) {
                let choices = known.get(&attribute).map_or(&[][..], Vec::as_slice);
                pick(ui, &format!("Affected: {field}"), value, &format!("any {field}"), choices, 118.0);
            }
        });
        ui.horizontal(|ui| {
            if primary_button(ui, true, "State this").clicked() {
                let [region, account, client, journey] = state.narrow.clone();
                out.push(Act::Do(Command::Narrow(UserFilter { region, account, client, journey })));
                state.editing = false;
            }
            if ui.button("Cancel").clicked() {
                state.editing = false;
            }
        });
        return;
    }
    ui.horizontal_wrapped(|ui| {
        match stated {
            None => drop(ui.label(RichText::new("not stated yet").weak())),
            Some(filter) if *filter == UserFilter::default() => drop(badge(ui, "all users", palette.accent)),
            Some(filter) => {
                for (value, (field, _)) in values(filter).into_iter().zip(FIELDS) {
                    if let Some(value) = value {
                        badge(ui, &format!("{field}: {value}"), palette.accent);
                    }
                }
            }
        }
        if !state.over && small_button(ui, "State…", "State who is affected").clicked() {
            state.editing = true;
            let filter = stated.cloned().unwrap_or_default();
            state.narrow = values(&filter).map(Option::<&String>::cloned);
        }
        if small_button(ui, "Blast radius", "Look at the blast radius").clicked() {
            out.push(Act::Show(Panel::BlastRadius));
        }
    });
}

fn evidence(ui: &mut Ui, number: usize, pinned: &PinnedEvidence, (clock, over): (Clock, bool), out: &mut Outbox) {
    card(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(format!("{number}.")).strong());
            ui.label(RichText::new(pinned.look.words()).strong());
            ui.label(RichText::new(clock.time(pinned.at.stamp())).weak());
        });
        if !pinned.why.is_empty() {
            ui.add(egui::Label::new(&pinned.why).wrap().selectable(true));
        }
        if !pinned.showed.is_empty() {
            ui.add(egui::Label::new(RichText::new(&pinned.showed).monospace().small().weak()).wrap().selectable(true));
        }
        ui.horizontal(|ui| {
            if small_button(ui, "Show", &format!("Show evidence {number} again")).clicked() {
                out.push(again(&pinned.look));
            }
            if !over && small_button(ui, "Remove", &format!("Remove evidence {number}")).clicked() {
                out.push(Act::Do(Command::Unpin(number)));
            }
        });
    });
}

/// What shows a look again.
pub fn again(look: &Look) -> Act {
    match look {
        Look::Logs(filter) => Act::Logs(filter.clone()),
        Look::Chart(query) => Act::Chart(query.clone()),
        Look::Trace(id) => Act::Trace(id.clone()),
        Look::Ticket | Look::Reports(_) => Act::Show(Panel::Ticket),
        Look::BlastRadius(_) => Act::Show(Panel::BlastRadius),
        Look::Dependencies => Act::Show(Panel::Topology),
        Look::Metrics => Act::Show(Panel::Metrics),
        Look::Traces(_) => Act::Show(Panel::Traces),
        Look::Health => Act::Show(Panel::Health),
        Look::Changes => Act::Show(Panel::Changes),
        Look::Clocks => Act::Show(Panel::Clocks),
        Look::Queues | Look::Caches => Act::Show(Panel::Stores),
        Look::Config(_) => Act::Show(Panel::Config),
        Look::ReproduceLocally(_) => Act::Show(Panel::Reproduce),
        Look::Query(query) => Act::Query(query.clone()),
    }
}
