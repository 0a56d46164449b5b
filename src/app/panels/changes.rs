//! The change feed: what somebody recorded. A change that nobody recorded is not in it.

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};

use crate::app::act::{Act, Outbox};
use crate::app::clock::Clock;
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{badge, cell, dense, empty, heading_cell, pick, pin_button, search, small_button};
use crate::lab::{ChangeRow, Fix, Look};

/// Which changes are shown.
#[derive(Default)]
pub struct ChangesState {
    /// Must occur somewhere in the row.
    pub needle: String,
    kind: Option<String>,
    open: Option<String>,
}

/// Draws the feed, newest first.
pub fn show(ui: &mut Ui, rows: &[ChangeRow], state: &mut ChangesState, clock: Clock, out: &mut Outbox) {
    let mut kinds: Vec<String> = rows.iter().map(|row| row.kind.clone()).collect();
    kinds.sort();
    kinds.dedup();
    ui.horizontal_wrapped(|ui| {
        search(ui, &mut state.needle, "Find a change", 160.0);
        pick(ui, "Changes: kind", &mut state.kind, "any kind", &kinds, 120.0);
        ui.label(RichText::new(format!("{} recorded, newest first, UTC", rows.len())).weak());
        pin_button(ui, "Pin the change feed", || Look::Changes, out);
    });
    let needle = state.needle.to_lowercase();
    let matches = |row: &&ChangeRow| {
        let texts = [&row.id, &row.on, &row.by, &row.text];
        state.kind.as_ref().is_none_or(|kind| *kind == row.kind)
            && texts.iter().any(|text| text.to_lowercase().contains(&needle))
    };
    let rows: Vec<&ChangeRow> = rows.iter().filter(matches).collect();
    if rows.is_empty() {
        empty(ui, "No change", "Nothing that matches was recorded. Clear the filters to see the whole feed.");
        return;
    }
    let detail = if state.open.is_some() { 62.0 } else { 0.0 };
    let height = (ui.available_height() - detail).max(60.0);
    ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| table(ui, &rows, state, clock, out));
    if let Some(row) = rows.iter().find(|row| state.open.as_ref() == Some(&row.id)) {
        ui.separator();
        let words = format!("{} UTC · {} on {} by {} · {}", clock.time(row.stamp), row.kind, row.on, row.by, row.id);
        ui.label(RichText::new(words).weak());
        ui.add(egui::Label::new(&row.text).wrap().selectable(true));
    }
}

fn table(ui: &mut Ui, rows: &[&ChangeRow], state: &mut ChangesState, clock: Clock, out: &mut Outbox) {
    let palette = palette(ui.visuals());
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("changes")
        .striped(true)
        .sense(egui::Sense::click())
        .auto_shrink([false, false])
        .column(Column::exact(60.0))
        .column(Column::exact(62.0))
        .column(Column::exact(94.0))
        .column(Column::initial(104.0).resizable(true).clip(true))
        .column(Column::remainder().clip(true))
        .column(Column::initial(88.0).resizable(true).clip(true))
        .column(Column::exact(78.0))
        .header(ROW, |mut header| {
            for title in ["Time", "", "Kind", "On", "What", "Id", ""] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, rows.len(), |mut table_row| {
                let Some(row) = rows.get(table_row.index()) else { return };
                table_row.set_selected(state.open.as_ref() == Some(&row.id));
                table_row.col(|ui| drop(cell(ui, RichText::new(clock.time(row.stamp)).monospace())));
                table_row.col(|ui| drop(cell(ui, RichText::new(clock.ago(row.stamp)).color(palette.weak))));
                table_row.col(|ui| drop(badge(ui, &row.kind, palette.accent)));
                table_row.col(|ui| drop(cell(ui, &row.on)));
                table_row.col(|ui| drop(cell(ui, &row.text)));
                table_row.col(|ui| drop(cell(ui, RichText::new(&row.id).monospace())));
                table_row.col(|ui| {
                    let name = format!("Roll back {}", row.id);
                    if small_button(ui, "Roll back…", &name).on_hover_text("Fill in the fix console").clicked() {
                        out.push(Act::Prepare(Fix::RollBack { change: row.id.clone() }));
                    }
                });
                if table_row.response().clicked() {
                    state.open = Some(row.id.clone()).filter(|id| state.open.as_ref() != Some(id));
                }
            });
        });
}
