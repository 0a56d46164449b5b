//! The builder of a chart: which metric, what of it, cut how, over what time.

use egui::{RichText, Ui};

use super::metrics::MetricsState;
use crate::app::theme::palette;
use crate::app::widgets::{combo, named, pick, pick_last, primary_button, search};
use crate::lab::{ChartQuery, MetricRow, Show};

/// Draws the builder; `Add chart` opens what was built.
pub fn show(ui: &mut Ui, catalogue: &[MetricRow], state: &mut MetricsState) {
    let chosen = catalogue.iter().find(|row| row.name == state.draft.metric);
    ui.horizontal_wrapped(|ui| {
        metric(ui, catalogue, state);
        if let Some(row) = chosen {
            show_what(ui, row, &mut state.draft.show);
            let labels: Vec<String> = row.labels.keys().cloned().collect();
            pick(ui, "Chart by", &mut state.draft.by, "one line", &labels, 150.0);
        }
        pick_last(ui, "Chart: time", &mut state.draft.last);
        if primary_button(ui, chosen.is_some(), "Add chart").clicked() {
            state.open(state.draft.clone());
        }
    });
    let Some(row) = chosen else { return };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("{} ({}, {})", row.help, row.kind, row.unit)).weak());
    });
    if row.labels.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("where").weak());
        for (label, values) in &row.labels {
            let mut value = state.draft.with.get(label).cloned();
            if pick(ui, &format!("where {label}"), &mut value, &format!("any {label}"), values, 150.0) {
                match value {
                    Some(value) => drop(state.draft.with.insert(label.clone(), value)),
                    None => drop(state.draft.with.remove(label)),
                }
            }
        }
    });
}

fn metric(ui: &mut Ui, catalogue: &[MetricRow], state: &mut MetricsState) {
    let shown = if state.draft.metric.is_empty() { "choose a metric".to_owned() } else { state.draft.metric.clone() };
    let palette = palette(ui.visuals());
    combo(ui, "Metric", &shown, 250.0, |ui| {
        ui.set_min_width(460.0);
        search(ui, &mut state.needle, "Find a metric", 280.0);
        let needle = state.needle.to_lowercase();
        let found =
            |row: &&MetricRow| row.name.to_lowercase().contains(&needle) || row.help.to_lowercase().contains(&needle);
        for row in catalogue.iter().filter(found) {
            let response = ui.selectable_label(row.name == state.draft.metric, RichText::new(&row.name).monospace());
            let response = named(response, egui::Role::Button, &format!("metric {}", row.name));
            ui.label(RichText::new(&row.help).small().color(palette.weak));
            if response.clicked() {
                let last = state.draft.last;
                state.draft = ChartQuery { metric: row.name.clone(), last, ..ChartQuery::default() };
                ui.close();
            }
        }
    });
}

fn show_what(ui: &mut Ui, row: &MetricRow, show: &mut Show) {
    let choices: &[Show] = match row.kind {
        "histogram" => &[
            Show::Auto,
            Show::Rate,
            Show::Mean,
            Show::Quantile(0.5),
            Show::Quantile(0.95),
            Show::Quantile(0.99),
            Show::ErrorShare,
        ],
        "counter" => &[Show::Auto, Show::Rate, Show::Value, Show::ErrorShare],
        _ => &[Show::Auto, Show::Value, Show::Rate],
    };
    combo(ui, "Show", &words(*show, row.kind), 130.0, |ui| {
        for choice in choices {
            ui.selectable_value(show, *choice, words(*choice, row.kind));
        }
    });
}

fn words(show: Show, kind: &str) -> String {
    match show {
        Show::Auto if kind == "gauge" => "value (usual)".to_owned(),
        Show::Auto => "rate (usual)".to_owned(),
        Show::Value => "value".to_owned(),
        Show::Rate => "rate per second".to_owned(),
        Show::Mean => "mean".to_owned(),
        Show::Quantile(q) => format!("p{}", (q * 1000.0).round() / 10.0),
        Show::ErrorShare => "share of errors".to_owned(),
    }
}
