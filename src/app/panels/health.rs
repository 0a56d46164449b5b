//! Health pages as the monitor last saw them, with what each really checks: often nothing.

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};

use crate::app::act::Outbox;
use crate::app::clock::Clock;
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{badge, cell, dense, empty, heading_cell, pin_button, search};
use crate::lab::{HealthRow, Look};

/// Which replicas are shown.
#[derive(Default)]
pub struct HealthState {
    /// Must occur in the replica's name.
    pub needle: String,
}

/// Draws the pages.
pub fn show(ui: &mut Ui, rows: &[HealthRow], state: &mut HealthState, clock: Clock, out: &mut Outbox) {
    let palette = palette(ui.visuals());
    let fine = rows.iter().filter(|row| (200..300).contains(&row.code)).count();
    ui.horizontal_wrapped(|ui| {
        search(ui, &mut state.needle, "Find a replica", 140.0);
        let colour = if fine == rows.len() { palette.good } else { palette.bad };
        badge(ui, &format!("{fine} of {} answer 2xx", rows.len()), colour);
        let shallow = rows.iter().filter(|row| row.checks.is_empty()).count();
        ui.label(RichText::new(format!("{shallow} check only that the process runs")).weak());
        pin_button(ui, "Pin the health pages", || Look::Health, out);
    });
    let needle = state.needle.to_lowercase();
    let rows: Vec<&HealthRow> = rows.iter().filter(|row| row.instance.to_lowercase().contains(&needle)).collect();
    if rows.is_empty() {
        empty(ui, "No health page", "No replica of that name was probed. Clear the search, or let time pass.");
        return;
    }
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("health pages")
        .striped(true)
        .auto_shrink([false, false])
        .column(Column::initial(130.0).resizable(true).clip(true))
        .column(Column::exact(44.0))
        .column(Column::initial(190.0).resizable(true).clip(true))
        .column(Column::remainder().clip(true))
        .column(Column::exact(70.0))
        .header(ROW, |mut header| {
            for title in ["Instance", "Status", "Checks", "Body", "Probed"] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, rows.len(), |mut table_row| {
                let Some(row) = rows.get(table_row.index()) else { return };
                table_row.col(|ui| drop(cell(ui, &row.instance)));
                table_row.col(|ui| drop(badge(ui, &row.code.to_string(), palette.status(row.code))));
                let checks = if row.checks.is_empty() {
                    RichText::new("the process runs").color(palette.weak)
                } else {
                    RichText::new(row.checks.join(", "))
                };
                table_row.col(|ui| drop(cell(ui, checks)));
                table_row.col(|ui| drop(cell(ui, RichText::new(&row.body).monospace())));
                table_row.col(|ui| drop(cell(ui, RichText::new(clock.time(row.stamp)).monospace())));
            });
        });
}
