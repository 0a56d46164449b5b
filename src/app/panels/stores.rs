//! Queues and caches, as their exporters show them.

use egui::{RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};

use crate::app::act::{Act, Outbox};
use crate::app::clock::quantity;
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{cell, dense, empty, heading_cell, pin_button, small_button};
use crate::lab::{ChartQuery, Look, StatRow};

/// Draws both lists.
pub fn show(ui: &mut Ui, queues: &[StatRow], caches: &[StatRow], out: &mut Outbox) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        list(ui, "Queues", Look::Queues, queues, out);
        ui.add_space(crate::app::theme::SPACE_L);
        list(ui, "Caches", Look::Caches, caches, out);
    });
}

fn list(ui: &mut Ui, title: &str, look: Look, rows: &[StatRow], out: &mut Outbox) {
    let palette = palette(ui.visuals());
    ui.horizontal(|ui| {
        ui.strong(title);
        pin_button(ui, &format!("Pin {}", title.to_lowercase()), || look, out);
    });
    if rows.is_empty() {
        empty(ui, &format!("No {} report", title.to_lowercase()), "The system has none, or none has been scraped yet.");
        return;
    }
    dense(ui);
    TableBuilder::new(ui)
        .id_salt(title)
        .striped(true)
        .vscroll(false)
        .column(Column::initial(120.0).resizable(true).clip(true))
        .column(Column::initial(270.0).resizable(true).clip(true))
        .column(Column::remainder().clip(true))
        .column(Column::exact(110.0))
        .column(Column::exact(56.0))
        .header(ROW, |mut header| {
            for heading in ["Instance", "Metric", "Labels", "Newest value", ""] {
                header.col(|ui| heading_cell(ui, heading));
            }
        })
        .body(|body| {
            body.rows(ROW, rows.len(), |mut table_row| {
                let Some(row) = rows.get(table_row.index()) else { return };
                table_row.col(|ui| drop(cell(ui, &row.instance)));
                table_row.col(|ui| drop(cell(ui, RichText::new(&row.metric).monospace())));
                table_row.col(|ui| drop(cell(ui, RichText::new(&row.labels).color(palette.weak))));
                table_row.col(|ui| drop(cell(ui, RichText::new(quantity(row.value, &row.unit)).monospace())));
                table_row.col(|ui| {
                    let name = format!("Chart {} of {}", row.metric, row.instance);
                    if small_button(ui, "Chart", &name).clicked() {
                        out.push(Act::Chart(ChartQuery { metric: row.metric.clone(), ..ChartQuery::default() }));
                    }
                });
            });
        });
}
