//! Charts of metrics, several under one time axis. A metric that nobody exposes cannot be drawn.

use std::collections::BTreeSet;

use egui::{RichText, ScrollArea, Ui};

use super::metric_builder;
use crate::app::act::{Act, Outbox};
use crate::app::chart::{self, Marker};
use crate::app::clock::Clock;
use crate::app::looks::Shown;
use crate::app::state::Desk;
use crate::app::theme::palette;
use crate::app::widgets::{at_right, card, empty, pin_button, small_button, view_or_note};
use crate::lab::{Chart, ChartQuery, Look, MetricRow, Show, View};

/// Charts that can be open at a time.
const MOST_CHARTS: usize = 12;

/// The charts, and the one being built.
#[derive(Default)]
pub struct MetricsState {
    /// The chart being built.
    pub draft: ChartQuery,
    /// What is typed to find a metric.
    pub needle: String,
    /// Open charts, newest first.
    pub charts: Vec<OpenChart>,
    next: u64,
    greeted: bool,
}

/// One open chart.
pub struct OpenChart {
    /// Its place, for the cache of views.
    pub key: String,
    /// What it draws.
    pub query: ChartQuery,
    hidden: BTreeSet<String>,
}

impl MetricsState {
    /// Opens a chart on top, unless the same one is open.
    pub fn open(&mut self, query: ChartQuery) {
        if self.charts.iter().any(|chart| chart.query == query) {
            return;
        }
        self.next += 1;
        let chart = OpenChart { key: format!("chart {}", self.next), query, hidden: BTreeSet::new() };
        self.charts.insert(0, chart);
        self.charts.truncate(MOST_CHARTS);
    }
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let clock = desk.clock();
    let shown = desk.looks.show("metrics", &Look::Metrics);
    let Some(View::Metrics(catalogue)) = view_or_note(ui, &shown, "the names of metrics") else { return };
    metric_builder::show(ui, catalogue, &mut desk.metrics);
    ui.separator();
    if !std::mem::replace(&mut desk.metrics.greeted, true) && desk.metrics.charts.is_empty() {
        for (_, query) in usual(catalogue).into_iter().take(3).rev() {
            desk.metrics.open(query);
        }
    }
    if desk.metrics.charts.is_empty() {
        return suggestions(ui, catalogue, &mut desk.metrics);
    }
    let views: Vec<Shown> =
        desk.metrics.charts.iter().map(|open| desk.looks.show(&open.key, &Look::Chart(open.query.clone()))).collect();
    stack(ui, &views, &desk.markers, &mut desk.metrics, clock, &mut desk.outbox);
}

/// What to look at first: the usual three, as far as the system exposes them.
pub fn suggestions(ui: &mut Ui, catalogue: &[MetricRow], state: &mut MetricsState) {
    if catalogue.is_empty() {
        return empty(ui, "No metrics yet", "The monitor has not scraped anything. Let time pass.");
    }
    empty(ui, "No chart yet", "Choose a metric above and press Add chart, or start with one of these:");
    ui.vertical_centered(|ui| {
        for (words, query) in usual(catalogue) {
            if ui.button(words).on_hover_text(&query.metric).clicked() {
                state.open(query);
            }
        }
    });
}

/// The usual charts, as far as the system exposes their metrics.
fn usual(catalogue: &[MetricRow]) -> Vec<(&'static str, ChartQuery)> {
    let charts = [
        ("Requests by service", "http.server.request.duration", Show::Rate),
        ("95 % are faster than", "http.server.request.duration", Show::Quantile(0.95)),
        ("Share of errors", "http.server.request.duration", Show::ErrorShare),
        ("Calls as their callers count them", "http.client.request.duration", Show::Rate),
    ];
    let mut found = Vec::new();
    for (words, metric, show) in charts {
        let Some(row) = catalogue.iter().find(|row| row.name == metric) else { continue };
        let by = ["service.name", "service"].into_iter().find(|label| row.labels.contains_key(*label));
        found.push((
            words,
            ChartQuery { metric: metric.into(), show, by: by.map(str::to_owned), ..ChartQuery::default() },
        ));
    }
    found
}

/// The open charts.
pub fn stack(
    ui: &mut Ui,
    views: &[Shown],
    markers: &[Marker],
    state: &mut MetricsState,
    clock: Clock,
    out: &mut Outbox,
) {
    let (mut closed, mut edited) = (None, None);
    let height = if state.charts.len() == 1 { (ui.available_height() - 96.0).clamp(140.0, 420.0) } else { 170.0 };
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for (nth, (open, shown)) in state.charts.iter_mut().zip(views).enumerate() {
            card(ui, |ui| {
                ui.horizontal(|ui| {
                    at_right(ui, |ui| {
                        if small_button(ui, "Close", &format!("Close chart {}", nth + 1)).clicked() {
                            closed = Some(nth);
                        }
                        if small_button(ui, "Edit", &format!("Edit chart {}", nth + 1)).clicked() {
                            edited = Some(open.query.clone());
                        }
                        pin_button(ui, &format!("Pin chart {}", nth + 1), || Look::Chart(open.query.clone()), out);
                        title(ui, shown, &open.query);
                    });
                });
                if let Some(View::Chart(view)) = view_or_note(ui, shown, "the chart") {
                    if view.lines.iter().all(|line| line.points.is_empty()) {
                        empty(
                            ui,
                            "No points",
                            "No series matches these labels in this time. Loosen them, or take more time.",
                        );
                    } else {
                        let frame = chart::Frame { id: &open.key, group: "charts", height };
                        chart::show(ui, frame, view, markers, clock, &mut open.hidden);
                    }
                }
            });
        }
        ui.label(
            RichText::new(
                "Dashed lines mark recorded changes. Drag to move, Ctrl+scroll or right-drag to zoom, \
            double-click to reset. Times are UTC by the monitor's clock.",
            )
            .weak()
            .small(),
        );
    });
    if let Some(nth) = closed {
        state.charts.remove(nth);
    }
    if let Some(query) = edited {
        state.draft = query;
    }
}

fn title(ui: &mut Ui, shown: &Shown, query: &ChartQuery) {
    let words = match shown.view.as_deref() {
        Some(View::Chart(Chart { title, .. })) if !title.is_empty() => title.clone(),
        _ => query.metric.clone(),
    };
    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.add(egui::Label::new(RichText::new(words).strong().color(palette(ui.visuals()).strong)).truncate());
    });
}

/// Opens a chart in front of everything: what other panels ask for.
pub fn reveal(desk: &mut Desk, query: ChartQuery) {
    desk.metrics.draft = query.clone();
    desk.metrics.open(query);
    desk.ask(Act::Show(crate::app::dock::Panel::Metrics));
}
