//! The trainer's view: the ground truth of the running lesson, in a window of its own. It is there only when somebody
//! asked for it, and the session file says so.

use std::collections::BTreeSet;

use egui::{Context, Grid, RichText, ScrollArea, Ui};

use super::act::{Act, Outbox};
use super::chart;
use super::clock::{Clock, count};
use super::theme::palette;
use super::widgets::{badge, card, heading_cell, section};
use crate::lab::{Chart, ChartLine, Command, Observation, TrainerView};

/// The window; `out` takes what it asks for.
pub fn ui(ctx: &Context, open: &mut bool, observation: &Observation, out: &mut Outbox) {
    let Some(view) = &observation.trainer else { return };
    let clock = Clock::of(observation);
    egui::Window::new("Trainer's view")
        .open(open)
        .collapsible(true)
        .default_size([760.0, 620.0])
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .show(ctx, |ui| {
            ui.horizontal_wrapped(|ui| {
                let warn = palette(ui.visuals()).warn;
                ui.colored_label(warn, "The ground truth. The session file says that it was shown.");
                if observation.debrief.is_none() && ui.button("Refresh").clicked() {
                    out.push(Act::Do(Command::Trainer));
                }
            });
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| contents(ui, view, clock));
        });
}

fn contents(ui: &mut Ui, view: &TrainerView, clock: Clock) {
    section(ui, "The cause");
    card(ui, |ui| cause(ui, view, clock));
    section(ui, "Harm by minute, in true time");
    let points = |of: fn(&crate::lab::HarmMinute) -> u64| {
        view.minutes.iter().map(|minute| (minute.at.stamp(), of(minute) as f64)).collect::<Vec<_>>()
    };
    let chart_view = Chart {
        title: String::new(),
        unit: "harmed/min".into(),
        lines: vec![ChartLine { name: "harmed requests".into(), points: points(|minute| minute.harmed) }],
    };
    let markers: Vec<_> =
        view.timeline.iter().map(|row| (row.at.stamp(), format!("{} ({})", row.what, row.part))).collect();
    let frame = chart::Frame { id: "trainer harm", group: "trainer", height: 170.0 };
    chart::show(ui, frame, &chart_view, &markers, clock, &mut BTreeSet::new());
    section(ui, "What became of requests since the cause");
    Grid::new("trainer outcomes").num_columns(3).min_col_width(90.0).striped(true).show(ui, |ui| {
        for title in ["Journey", "Outcome", "Requests"] {
            heading_cell(ui, title);
        }
        ui.end_row();
        for (journey, outcome, requests) in &view.outcomes {
            ui.label(journey);
            ui.label(*outcome);
            ui.label(RichText::new(count(usize::try_from(*requests).unwrap_or(usize::MAX))).monospace());
            ui.end_row();
        }
    });
    section(ui, "What happens when");
    Grid::new("trainer script").num_columns(4).striped(true).show(ui, |ui| {
        for row in &view.timeline {
            ui.label(RichText::new(clock.time(row.at.stamp())).monospace());
            ui.label(row.part);
            ui.label(RichText::new(&row.what).monospace());
            ui.add(egui::Label::new(&row.text).truncate());
            ui.end_row();
        }
    });
    for (title, pairs) in [
        ("Evidence", &view.evidence),
        ("Fixes, and what each does", &view.fixes),
        ("What is proved of this lesson", &view.proof),
    ] {
        section(ui, title);
        for (what, words) in pairs {
            ui.horizontal_wrapped(|ui| {
                ui.strong(what);
                ui.label(RichText::new(words).weak());
            });
        }
    }
    for (title, lines) in [("Hints", &view.hints), ("What an expert would have looked at", &view.expert)] {
        section(ui, title);
        for line in lines {
            ui.add(egui::Label::new(line).wrap());
        }
    }
    section(ui, "What really happened");
    ui.add(egui::Label::new(&view.story).wrap().selectable(true));
}

fn cause(ui: &mut Ui, view: &TrainerView, clock: Clock) {
    let palette = palette(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        badge(ui, view.cause.mechanism.words(), palette.bad);
        for place in &view.places {
            ui.strong(place);
        }
        if !view.cause.change.is_empty() {
            ui.label(RichText::new(format!("by {}", view.cause.change)).weak());
        }
        if let Some(since) = view.cause.since {
            ui.label(RichText::new(format!("since {} UTC, true time", clock.time(since.stamp()))).weak());
        }
    });
    if !view.silent_arrows.is_empty() {
        ui.label(RichText::new(format!("fails silently: {}", view.silent_arrows.join(", "))).weak());
    }
}
