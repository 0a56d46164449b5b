//! The fix console: choose a change to the running system, see its words and cost, confirm, and watch it take effect.

use egui::{DragValue, RichText, Role, ScrollArea, Ui};

use super::fix_form::{Extra, FixForm, FixKind, Target};
use crate::app::act::{Act, Outbox};
use crate::app::clock::{Clock, stamp};
use crate::app::state::{Desk, arrow_names};
use crate::app::theme::palette;
use crate::app::widgets::{badge, card, combo, named, pick, primary_button, search, section};
use crate::lab::{Command, Deployment};
use crate::time::{Duration, SimTime};
use crate::world::{FallbackValue, HealthCheck, Kind};

/// The form, and whether the learner is asked to confirm it.
#[derive(Default)]
pub struct FixState {
    /// What is filled in.
    pub form: FixForm,
    /// Whether the confirmation is shown.
    pub confirming: bool,
    lag: String,
}

/// What can be picked.
#[derive(Default)]
pub struct Choices {
    /// Ids of changes, newest first.
    pub changes: Vec<String>,
    /// Arrows.
    pub arrows: Vec<String>,
    /// Nodes with their kinds.
    pub nodes: Vec<(String, Kind)>,
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let (clock, observation) = (desk.clock(), desk.observation().clone());
    let choices = Choices {
        changes: observation.telemetry.changes.iter().rev().map(|change| change.id.clone()).collect(),
        arrows: arrow_names(&observation),
        nodes: observation.inventory.to_vec(),
    };
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        form(ui, &choices, &mut desk.fixes, &mut desk.outbox);
        deployed(ui, &observation.notebook.deployed, &observation.pending, clock);
    });
}

/// The form.
pub fn form(ui: &mut Ui, choices: &Choices, state: &mut FixState, out: &mut Outbox) {
    let width = (ui.available_width() - 8.0).clamp(140.0, 340.0);
    combo(ui, "Kind of fix", state.form.kind.words(), width, |ui| {
        for kind in FixKind::ALL {
            if ui.selectable_label(state.form.kind == kind, kind.words()).clicked() && state.form.kind != kind {
                let same = kind.target() == state.form.kind.target();
                let target = state.form.target.take().filter(|_| same);
                state.form = FixForm { kind, target, ..FixForm::default() };
                state.confirming = false;
            }
        }
    });
    let (any, names) = targets(state.form.kind.target(), choices);
    if pick(ui, "Target of the fix", &mut state.form.target, any, &names, width) {
        state.confirming = false;
    }
    extra(ui, choices, state, width);
    let palette = palette(ui.visuals());
    match state.form.build() {
        Err(missing) => drop(ui.label(RichText::new(missing).weak())),
        Ok(fix) if state.confirming => card(ui, |ui| {
            ui.strong(fix.words());
            ui.add(egui::Label::new(RichText::new(fix.cost()).color(palette.warn)).wrap());
            ui.label("This changes the running system.");
            ui.horizontal(|ui| {
                if primary_button(ui, true, "Deploy").clicked() {
                    out.push(Act::Do(Command::Deploy(fix)));
                    state.confirming = false;
                }
                if ui.button("Cancel").clicked() {
                    state.confirming = false;
                }
            });
        }),
        Ok(fix) => {
            ui.label(RichText::new(format!("{}: {}", fix.words(), fix.cost())).weak());
            if primary_button(ui, true, "Deploy this fix…").clicked() {
                state.confirming = true;
            }
        }
    }
}

fn targets(target: Target, choices: &Choices) -> (&'static str, Vec<String>) {
    let of = |wanted: Option<Kind>| {
        let nodes = choices.nodes.iter().filter(|(_, kind)| *kind != Kind::Users);
        nodes.filter(|(_, kind)| wanted.is_none_or(|wanted| wanted == *kind)).map(|(name, _)| name.clone()).collect()
    };
    match target {
        Target::Change => ("choose a change", choices.changes.clone()),
        Target::Arrow => ("choose an arrow", choices.arrows.clone()),
        Target::Node => ("choose a node", of(None)),
        Target::Cache => ("choose a cache", of(Some(Kind::Cache))),
        Target::Queue => ("choose a queue", of(Some(Kind::Queue))),
    }
}

fn extra(ui: &mut Ui, choices: &Choices, state: &mut FixState, width: f32) {
    match state.form.kind.extra() {
        Extra::Nothing => {}
        Extra::Length { optional } => {
            let hint = if optional { "Such as 500ms; empty waits for ever" } else { "Such as 30s or 5m" };
            search(ui, &mut state.form.length, hint, width);
        }
        Extra::Number { name, least, most } => {
            ui.horizontal(|ui| {
                ui.label(name);
                state.form.number = state.form.number.clamp(least, most);
                let field = ui.add(DragValue::new(&mut state.form.number).range(least..=most));
                named(field, Role::SpinButton, name);
            });
        }
        Extra::Fallback => {
            let words = |value: Option<FallbackValue>| match value {
                None => "no fallback: pass failures on",
                Some(FallbackValue::Default) => "a default value",
                Some(FallbackValue::Empty) => "an empty answer",
                Some(FallbackValue::Stale) => "the last answer seen",
            };
            combo(ui, "Fallback", words(state.form.fallback), width, |ui| {
                let all = [None, Some(FallbackValue::Default), Some(FallbackValue::Empty), Some(FallbackValue::Stale)];
                for value in all {
                    ui.selectable_value(&mut state.form.fallback, value, words(value));
                }
            });
        }
        Extra::Checks => checks(ui, choices, state),
    }
}

/// What the node calls can be checked: any of it, a queue's lag, a pool's wait.
fn checks(ui: &mut Ui, choices: &Choices, state: &mut FixState) {
    let Some(node) = state.form.target.clone() else { return };
    if state.lag.is_empty() {
        state.lag = "30s".into();
    }
    ui.horizontal(|ui| {
        ui.label("lag or wait at most");
        search(ui, &mut state.lag, "Longest lag or wait", 70.0);
    });
    let limit = match Duration::parse(&state.lag) {
        Ok(limit) => limit,
        Err(problem) => return drop(ui.colored_label(palette(ui.visuals()).bad, problem)),
    };
    let prefix = format!("{node} -> ");
    let called = choices.arrows.iter().filter_map(|arrow| arrow.strip_prefix(&prefix));
    let mut offers: Vec<(String, HealthCheck)> = Vec::new();
    for callee in called {
        offers.push((format!("calls to {callee} succeed"), HealthCheck::Dependency(callee.to_owned())));
        offers.push((format!("waits for a connection to {callee}"), HealthCheck::PoolWait(callee.to_owned(), limit)));
    }
    for (queue, _) in choices.nodes.iter().filter(|(_, kind)| *kind == Kind::Queue) {
        offers.push((format!("lag of {queue}"), HealthCheck::ConsumerLag(queue.clone(), limit)));
    }
    for (words, check) in offers {
        let held = state.form.checks.iter().position(|held| same(held, &check));
        let mut on = held.is_some();
        if ui.checkbox(&mut on, words).changed() {
            match held {
                Some(at) => drop(state.form.checks.remove(at)),
                None => state.form.checks.push(check),
            }
        } else if let Some(held) = held.and_then(|at| state.form.checks.get_mut(at)) {
            *held = check;
        }
    }
}

/// Whether two checks look at the same thing, whatever their limits.
fn same(a: &HealthCheck, b: &HealthCheck) -> bool {
    match (a, b) {
        (HealthCheck::Dependency(a), HealthCheck::Dependency(b)) => a == b,
        (HealthCheck::ConsumerLag(a, _), HealthCheck::ConsumerLag(b, _)) => a == b,
        (HealthCheck::PoolWait(a, _), HealthCheck::PoolWait(b, _)) => a == b,
        _ => false,
    }
}

/// What was deployed so far, newest first, and what is on its way.
pub fn deployed(ui: &mut Ui, deployed: &[Deployment], pending: &[(String, SimTime)], clock: Clock) {
    section(ui, &format!("Deployed by you ({})", deployed.len()));
    if deployed.is_empty() {
        ui.label(RichText::new("Nothing yet. A fix takes effect in the simulation: let time pass and watch.").weak());
    }
    let palette = palette(ui.visuals());
    for (words, at) in pending {
        ui.horizontal_wrapped(|ui| {
            badge(ui, "pending", palette.warn);
            ui.label(words);
            ui.label(RichText::new(format!("in effect {}", clock.ago(stamp(*at)))).weak());
        });
    }
    for done in deployed.iter().rev().filter(|done| done.effective <= clock.now) {
        ui.horizontal_wrapped(|ui| {
            badge(ui, &done.change, palette.good);
            ui.label(done.fix.words());
            ui.label(RichText::new(format!("since {} UTC", clock.time(stamp(done.effective)))).weak());
        });
    }
    if pending.is_empty() && !deployed.is_empty() {
        ui.label(RichText::new("Users write late, so let at least 10 minutes pass before you judge.").weak());
    }
}

/// Fills in the form with what another panel proposes.
pub fn prepare(state: &mut FixState, fix: &crate::lab::Fix) {
    state.form.fill(fix);
    state.confirming = false;
}
