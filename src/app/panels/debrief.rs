//! The debrief: the only panel that tells what really happened, and only once it was asked for.

use std::collections::BTreeSet;

use egui::{RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};

use crate::app::act::{Act, Outbox};
use crate::app::chart;
use crate::app::clock::{Clock, count, short};
use crate::app::state::Desk;
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{badge, bar, card, cell, dense, empty, heading_cell, primary_button, section};
use crate::lab::{Chart, ChartLine, Debrief, Futures, MapReview, StepReview, Verdict};
use crate::time::Duration;

/// Which lines of the futures are switched off.
#[derive(Default)]
pub struct DebriefState {
    hidden: BTreeSet<String>,
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let (clock, observation) = (desk.clock(), desk.observation().clone());
    match &observation.debrief {
        Some(debrief) => show(ui, debrief, &mut desk.debrief, clock),
        None => match &desk.working {
            Some((words, done)) => working(ui, words, *done),
            None => before(ui, &mut desk.outbox),
        },
    }
}

fn working(ui: &mut Ui, words: &str, done: f64) {
    empty(ui, words, "Each seed is run twice from the moment the cause struck: with your fixes, and without them.");
    ui.vertical_centered(|ui| {
        ui.add(egui::ProgressBar::new(done as f32).desired_width(320.0).show_percentage());
    });
}

fn before(ui: &mut Ui, out: &mut Outbox) {
    empty(
        ui,
        "The investigation is not over",
        "The debrief ends it: it runs this incident on with your fixes and without them, on several seeds, and tells what \
         really happened. There is no way back.",
    );
    ui.vertical_centered(|ui| {
        if primary_button(ui, true, "End the investigation…").clicked() {
            out.push(Act::AskDebrief);
        }
    });
}

/// Draws the debrief.
pub fn show(ui: &mut Ui, debrief: &Debrief, state: &mut DebriefState, clock: Clock) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.heading(&debrief.title);
        verdict(ui, debrief);
        section(ui, "What really happened");
        card(ui, |ui| {
            ui.add(egui::Label::new(&debrief.story).wrap().selectable(true));
            cause(ui, debrief, clock);
        });
        section(ui, "Two futures of the same seed");
        futures(ui, &debrief.futures, state, clock);
        for found in &debrief.recurrences {
            ui.label(format!("Long after: {}.", found.words()));
        }
        section(ui, "The nine steps");
        if let Some(words) = debrief.time_words() {
            ui.label(format!("The {words}."));
        }
        steps(ui, &debrief.steps);
        section(ui, "Your map");
        map(ui, &debrief.map);
        section(ui, "What happened when");
        timeline(ui, debrief, clock);
        section(ui, "Fixes that are known, and what each does");
        for (fix, effect) in &debrief.fixes {
            ui.horizontal_wrapped(|ui| {
                ui.strong(fix);
                ui.label(RichText::new(effect).weak());
            });
        }
    });
}

fn verdict(ui: &mut Ui, debrief: &Debrief) {
    let palette = palette(ui.visuals());
    let colour = match debrief.verdict {
        Verdict::RootFix | Verdict::RightlyLeftAlone => palette.good,
        Verdict::PartialFix | Verdict::SymptomPatch | Verdict::NoEffect | Verdict::NotTried => palette.warn,
        Verdict::Worse => palette.bad,
    };
    card(ui, |ui| {
        ui.label(RichText::new(debrief.verdict.words()).size(16.0).strong().color(colour));
        let time = |at: Option<Duration>| at.map_or("never".to_owned(), short);
        let times = debrief.times;
        ui.horizontal_wrapped(|ui| {
            for (what, when) in [
                ("first hypothesis after", time(times.hypothesis)),
                ("harm halved after", time(times.mitigation)),
                ("root fix after", time(times.root_fix)),
            ] {
                ui.label(RichText::new(what).weak());
                ui.strong(when);
            }
        });
    });
}

fn cause(ui: &mut Ui, debrief: &Debrief, clock: Clock) {
    let palette = palette(ui.visuals());
    let cause = &debrief.cause;
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Root cause").weak());
        badge(ui, cause.mechanism.words(), palette.bad);
        if !cause.at.is_empty() {
            ui.label(RichText::new("at").weak());
            ui.strong(&cause.at);
        }
        if !cause.change.is_empty() {
            ui.label(RichText::new("by").weak());
            ui.strong(&cause.change);
        }
        for further in &cause.also {
            ui.strong(format!("and {further}"));
        }
        if let Some(since) = cause.since {
            ui.label(RichText::new(format!("since {} UTC, true time", clock.time(since.stamp()))).weak());
        }
        let harmed = usize::try_from(cause.harmed_before_arrival).unwrap_or(usize::MAX);
        ui.label(RichText::new(format!("{} requests more than usual harmed before you arrived", count(harmed))).weak());
    });
}

/// What a table of seeds shows, if something was changed.
const SEED_TITLES: [&str; 6] = ["Seed", "Healthy", "Before the fix", "Soon after", "Long after", "Without a fix"];

fn futures(ui: &mut Ui, futures: &Futures, state: &mut DebriefState, clock: Clock) {
    let points = |harm: &[(crate::time::SimTime, u64)]| {
        harm.iter().map(|(at, harmed)| (at.stamp(), *harmed as f64)).collect::<Vec<_>>()
    };
    let line = |name: &str, harm| ChartLine { name: name.into(), points: points(harm) };
    let lines = match futures.fixed_at {
        Some(_) => vec![line("without your fixes", &futures.without), line("with your fixes", &futures.with)],
        None => vec![line("nothing was changed", &futures.without)],
    };
    let chart_view = Chart { title: String::new(), unit: "harmed/min".into(), lines };
    let markers: Vec<_> = futures.fixed_at.iter().map(|at| (at.stamp(), "your first fix".to_owned())).collect();
    let frame = chart::Frame { id: "futures", group: "futures", height: 190.0 };
    chart::show(ui, frame, &chart_view, &markers, clock, &mut state.hidden);
    if futures.seeds.is_empty() {
        return;
    }
    // Without a fix there is no after.
    let columns = if futures.fixed_at.is_some() { SEED_TITLES.len() } else { 3 };
    ui.label(RichText::new("Harmed requests an hour, on each seed tried:").weak());
    egui::Grid::new("seeds").num_columns(columns).striped(true).spacing([18.0, 4.0]).show(ui, |ui| {
        for title in &SEED_TITLES[..columns] {
            heading_cell(ui, title);
        }
        ui.end_row();
        for seed in &futures.seeds {
            ui.label(RichText::new(seed.seed.to_string()).monospace());
            let harm = [seed.background, seed.before, seed.soon, seed.late, seed.untouched];
            for harm in harm.iter().take(columns - 1) {
                ui.label(RichText::new(count(harm.max(0.0).round() as usize)).monospace());
            }
            ui.end_row();
        }
    });
}

fn steps(ui: &mut Ui, steps: &[StepReview]) {
    let palette = palette(ui.visuals());
    for (nth, step) in steps.iter().enumerate() {
        card(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.strong(format!("{}. {}", nth + 1, step.step));
                match step.score {
                    Some(score) => {
                        let colour = if score >= 0.75 {
                            palette.good
                        } else if score >= 0.4 {
                            palette.warn
                        } else {
                            palette.bad
                        };
                        bar(ui, score as f32, 90.0, colour);
                        ui.label(format!("{:.0} %", score * 100.0));
                    }
                    None => drop(ui.label(RichText::new("no measure").weak())),
                }
                if step.spent > Duration::ZERO {
                    ui.label(RichText::new(format!("{} spent", short(step.spent))).weak());
                }
            });
            egui::Grid::new(("step", nth)).num_columns(2).show(ui, |ui| {
                for (what, text) in [("You", &step.did), ("Evidence", &step.evidence), ("An expert", &step.expert)] {
                    if !text.is_empty() {
                        ui.label(RichText::new(what).weak());
                        ui.add(egui::Label::new(text).wrap().selectable(true));
                        ui.end_row();
                    }
                }
            });
        });
    }
}

fn map(ui: &mut Ui, map: &MapReview) {
    let palette = palette(ui.visuals());
    let drawn = map.real.iter().filter(|(_, _, drawn)| *drawn).count();
    ui.label(format!("You drew {drawn} of the {} arrows of the path.", map.real.len()));
    ui.horizontal_wrapped(|ui| {
        for (from, to, drawn) in &map.real {
            let (mark, colour) = if *drawn { ("drawn", palette.good) } else { ("missing", palette.bad) };
            badge(ui, &format!("{from} → {to}: {mark}"), colour);
        }
        for (from, to) in &map.extra {
            badge(ui, &format!("{from} → {to}: not on the path"), palette.warn);
        }
        for (arrow, marked) in &map.silent {
            let (mark, colour) = if *marked {
                ("fails silently, marked", palette.good)
            } else {
                ("fails silently, not marked", palette.bad)
            };
            badge(ui, &format!("{arrow}: {mark}"), colour);
        }
        for arrow in &map.mismarked {
            badge(ui, &format!("{arrow}: marked, but does not fail silently"), palette.warn);
        }
    });
}

fn timeline(ui: &mut Ui, debrief: &Debrief, clock: Clock) {
    let palette = palette(ui.visuals());
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("timeline")
        .striped(true)
        .vscroll(false)
        .column(Column::exact(66.0))
        .column(Column::exact(100.0))
        .column(Column::initial(110.0).resizable(true).clip(true))
        .column(Column::remainder().clip(true))
        .header(ROW, |mut header| {
            for title in ["True time", "Part", "What", "In words"] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, debrief.timeline.len(), |mut table_row| {
                let Some(row) = debrief.timeline.get(table_row.index()) else { return };
                let colour = match row.part {
                    "cause" => palette.bad,
                    "camouflage" => palette.warn,
                    "red herring" => palette.accent,
                    "you" => palette.good,
                    _ => palette.weak,
                };
                table_row.col(|ui| drop(cell(ui, RichText::new(clock.time(row.at.stamp())).monospace())));
                table_row.col(|ui| drop(badge(ui, row.part, colour)));
                table_row.col(|ui| drop(cell(ui, RichText::new(&row.what).monospace())));
                table_row.col(|ui| drop(cell(ui, &row.text)));
            });
        });
}
