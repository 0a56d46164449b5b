//! The configuration of a node and its arrows, as deployed. A default that nobody set is as good a suspect as any.

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder};

use crate::app::state::Desk;
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{cell, dense, empty, heading_cell, pick, pin_button, search, view_or_note};
use crate::lab::{ConfigRow, Look, View};

/// Whose configuration is shown.
#[derive(Default)]
pub struct ConfigState {
    /// The node.
    pub node: Option<String>,
    needle: String,
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let nodes = desk.nodes();
    ui.horizontal_wrapped(|ui| {
        pick(ui, "Config: node", &mut desk.config.node, "choose a node", &nodes, 150.0);
        search(ui, &mut desk.config.needle, "Find a setting", 140.0);
        if let Some(node) = desk.config.node.clone() {
            pin_button(ui, "Pin this configuration", || Look::Config(node), &mut desk.outbox);
        }
    });
    let Some(node) = desk.config.node.clone() else {
        return empty(ui, "No node chosen", "Choose a node above, or click one in the topology.");
    };
    let shown = desk.looks.show("config", &Look::Config(node));
    if let Some(View::Config(rows)) = view_or_note(ui, &shown, "the configuration") {
        show(ui, rows, &desk.config.needle);
    }
}

/// Draws the settings.
pub fn show(ui: &mut Ui, rows: &[ConfigRow], needle: &str) {
    let needle = needle.to_lowercase();
    let matches =
        |row: &&ConfigRow| [&row.on, &row.setting, &row.value].iter().any(|text| text.to_lowercase().contains(&needle));
    let rows: Vec<&ConfigRow> = rows.iter().filter(matches).collect();
    if rows.is_empty() {
        return empty(ui, "No setting matches", "Clear the search to see all settings of this node and its arrows.");
    }
    let palette = palette(ui.visuals());
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("settings")
        .striped(true)
        .auto_shrink([false, false])
        .column(Column::initial(190.0).resizable(true).clip(true))
        .column(Column::initial(150.0).resizable(true).clip(true))
        .column(Column::remainder().clip(true))
        .header(ROW, |mut header| {
            for title in ["On", "Setting", "Value"] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, rows.len(), |mut table_row| {
                let Some(row) = rows.get(table_row.index()) else { return };
                table_row.col(|ui| drop(cell(ui, RichText::new(&row.on).color(palette.weak))));
                table_row.col(|ui| drop(cell(ui, &row.setting)));
                table_row.col(|ui| drop(cell(ui, RichText::new(&row.value).monospace())));
            });
        });
}
