//! The blast radius: all users, or a subset? Region means infrastructure; account type means data or permissions.

use egui::{RichText, Ui};

use crate::app::act::{Act, Outbox};
use crate::app::clock::share;
use crate::app::theme::palette;
use crate::app::widgets::{bar, empty, heading_cell, pin_button, small_button};
use crate::lab::{BlastRadius, BlastRow, Command, Look, UserAttribute, UserFilter};

/// Which attribute is looked at.
pub struct BlastState {
    /// The attribute.
    pub attribute: UserAttribute,
}

impl Default for BlastState {
    fn default() -> Self {
        BlastState { attribute: UserAttribute::Region }
    }
}

fn words(attribute: UserAttribute) -> &'static str {
    match attribute {
        UserAttribute::Region => "Region",
        UserAttribute::Account => "Account",
        UserAttribute::Client => "Client",
        UserAttribute::Journey => "Journey",
    }
}

/// The choice of the attribute.
pub fn choose(ui: &mut Ui, state: &mut BlastState) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Reports by").weak());
        for attribute in [UserAttribute::Region, UserAttribute::Account, UserAttribute::Client, UserAttribute::Journey]
        {
            ui.selectable_value(&mut state.attribute, attribute, words(attribute));
        }
    });
}

/// Draws the bars: reports of the newest 30 minutes, of the time before, and the share of traffic.
pub fn show(ui: &mut Ui, radius: &BlastRadius, narrowed: Option<&UserFilter>, out: &mut Outbox) {
    let palette = palette(ui.visuals());
    if radius.rows.is_empty() {
        return empty(ui, "No reports yet", "Users write late. Let time pass, and slice metrics and traces meanwhile.");
    }
    let recent: usize = radius.rows.iter().map(|row| row.recent).sum();
    let before: usize = radius.rows.iter().map(|row| row.before).sum();
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        egui::Grid::new("blast").num_columns(5).striped(true).spacing([16.0, 6.0]).show(ui, |ui| {
            for title in [words(radius.attribute), "Recent", "Before", "Traffic share", ""] {
                heading_cell(ui, title);
            }
            ui.end_row();
            for row in &radius.rows {
                ui.label(RichText::new(&row.value).strong());
                bar_with_words(ui, row.recent, recent, palette.accent);
                bar_with_words(ui, row.before, before, palette.weak);
                ui.horizontal(|ui| match row.traffic_share {
                    Some(part) => {
                        bar(ui, part as f32, 90.0, palette.good);
                        ui.label(share(part));
                    }
                    None => drop(ui.label(RichText::new("not measured").color(palette.weak))),
                });
                let name = format!("Narrow to {}", row.value);
                if small_button(ui, "Narrow to this", &name)
                    .on_hover_text("State that these users are affected")
                    .clicked()
                {
                    out.push(Act::Do(Command::Narrow(with(narrowed, radius.attribute, row))));
                }
                ui.end_row();
            }
        });
        ui.horizontal(|ui| {
            let words = format!("{recent} reports in the newest 30 minutes, {before} before.");
            ui.label(RichText::new(words).weak());
            pin_button(ui, "Pin the blast radius", || Look::BlastRadius(radius.attribute), out);
        });
    });
}

fn bar_with_words(ui: &mut Ui, reports: usize, all: usize, colour: egui::Color32) {
    ui.horizontal(|ui| {
        let part = if all == 0 { 0.0 } else { reports as f64 / all as f64 };
        bar(ui, part as f32, 110.0, colour);
        ui.label(format!("{reports} ({})", share(part)));
    });
}

/// What was stated before, with this value of this attribute.
fn with(narrowed: Option<&UserFilter>, attribute: UserAttribute, row: &BlastRow) -> UserFilter {
    let mut filter = narrowed.cloned().unwrap_or_default();
    let field = match attribute {
        UserAttribute::Region => &mut filter.region,
        UserAttribute::Account => &mut filter.account,
        UserAttribute::Client => &mut filter.client,
        UserAttribute::Journey => &mut filter.journey,
    };
    *field = Some(row.value.clone());
    filter
}
