//! What each replica's clock says while the monitor's clock says something: all that telemetry can tell about clocks.

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};

use crate::app::act::Outbox;
use crate::app::clock::Clock;
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{cell, dense, empty, heading_cell, pin_button};
use crate::lab::{ClockRow, Look};

/// Draws the clocks.
pub fn show(ui: &mut Ui, rows: &[ClockRow], clock: Clock, out: &mut Outbox) {
    let palette = palette(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Asked at the same moment; UTC as each says it.").weak());
        pin_button(ui, "Pin the clocks", || Look::Clocks, out);
    });
    if rows.is_empty() {
        empty(ui, "No clock", "No replica reports telemetry yet. Let time pass.");
        return;
    }
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("clocks")
        .striped(true)
        .auto_shrink([false, false])
        .column(Column::initial(150.0).resizable(true).clip(true))
        .column(Column::exact(110.0))
        .column(Column::exact(110.0))
        .column(Column::remainder())
        .header(ROW, |mut header| {
            for title in ["Instance", "Says", "Monitor", "Versus monitor"] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, rows.len(), |mut table_row| {
                let Some(row) = rows.get(table_row.index()) else { return };
                let ms = row.says.0.saturating_sub(row.monitor.0) as f64 / 1e6;
                table_row.col(|ui| drop(cell(ui, &row.instance)));
                table_row.col(|ui| drop(cell(ui, RichText::new(clock.precise(row.says)).monospace())));
                table_row.col(|ui| drop(cell(ui, RichText::new(clock.precise(row.monitor)).monospace())));
                let colour = if ms.abs() < 50.0 { palette.text } else { palette.warn };
                table_row.col(|ui| drop(cell(ui, RichText::new(format!("{ms:+.1} ms")).monospace().color(colour))));
            });
        });
}
