//! The fix console: choose a change to the running system, see its words and cost, confirm, and watch it take effect.

use egui::{DragValue, RichText, Role, ScrollArea, Ui};

use super::fix_form::FixForm;
use crate::app::act::{Act, Outbox};
use crate::app::clock::Clock;
use crate::app::state::{Desk, arrow_names};
use crate::app::theme::palette;
use crate::app::widgets::{badge, card, combo, named, pick, primary_button, search, section};
use crate::lab::{Command, Deployment, Fix, FixField, FixKind, FixSort, FixTarget};
use crate::time::{Duration, SimTime};
use crate::world::{HealthCheck, Kind};

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
    kinds(ui, state, width);
    let (any, names) = targets(state.form.kind.target, choices);
    if pick(ui, "Target of the fix", &mut state.form.target, &any, &names, width) {
        state.confirming = false;
    }
    for at in 0..state.form.kind.fields.len() {
        value(ui, choices, state, at, width);
    }
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

/// The kinds, which can be searched by what they are called and what they do.
fn kinds(ui: &mut Ui, state: &mut FixState, width: f32) {
    combo(ui, "Kind of fix", state.form.kind.title, width, |ui| {
        let needle_id = ui.scope_id().with("needle");
        let mut needle: String = ui.data(|data| data.get_temp(needle_id)).unwrap_or_default();
        search(ui, &mut needle, "Search kinds of fix", width - 24.0);
        let wanted = needle.to_lowercase();
        let fits = |kind: &&&FixKind| {
            [kind.title, kind.does, kind.verb].iter().any(|words| words.to_lowercase().contains(&wanted))
        };
        for kind in Fix::KINDS.iter().filter(fits) {
            let chosen = state.form.kind.verb == kind.verb;
            let label = ui.selectable_label(chosen, kind.title).on_hover_text(kind.does);
            if label.clicked() && !chosen {
                let same = kind.target == state.form.kind.target;
                let target = state.form.target.take().filter(|_| same);
                state.form = FixForm::new(kind, target);
                state.confirming = false;
            }
        }
        ui.data_mut(|data| data.insert_temp(needle_id, needle));
    });
}

fn targets(target: FixTarget, choices: &Choices) -> (String, Vec<String>) {
    let of = |wanted: Option<Kind>| {
        let nodes = choices.nodes.iter().filter(|(_, kind)| *kind != Kind::Users);
        nodes.filter(|(_, kind)| wanted.is_none_or(|wanted| wanted == *kind)).map(|(name, _)| name.clone()).collect()
    };
    let names = match target {
        FixTarget::Change => choices.changes.clone(),
        FixTarget::Arrow | FixTarget::Call => choices.arrows.clone(),
        FixTarget::Node
        | FixTarget::Flagged
        | FixTarget::Consumer
        | FixTarget::Limiter
        | FixTarget::Issuer
        | FixTarget::Verifier
        | FixTarget::LockService => of(None),
        FixTarget::Cache => of(Some(Kind::Cache)),
        FixTarget::Queue | FixTarget::DeadLetters => of(Some(Kind::Queue)),
    };
    (format!("choose a {}", target.words()).replace("a arrow", "an arrow").replace("a issuer", "an issuer"), names)
}

/// The widget of one value.
fn value(ui: &mut Ui, choices: &Choices, state: &mut FixState, at: usize, width: f32) {
    let field: &FixField = &state.form.kind.fields[at];
    if field.sort == FixSort::Checks {
        return checks(ui, choices, state);
    }
    let Some(text) = state.form.values.get_mut(at) else { return };
    match (field.sort, field.none) {
        (FixSort::Count(least, most), None) => {
            ui.horizontal(|ui| {
                ui.label(field.label);
                let mut number = text.parse().unwrap_or(least).clamp(least, most);
                let drag = ui.add(DragValue::new(&mut number).range(least..=most));
                named(drag, Role::SpinButton, field.label);
                *text = number.to_string();
            });
        }
        (FixSort::Choice(words), none) => {
            let all = none.map(|means| ("none", means)).into_iter().chain(words.iter().copied());
            let shown = all.clone().find(|(word, _)| word == text).map_or("", |(_, means)| means);
            combo(ui, field.label, shown, width, |ui| {
                for (word, means) in all {
                    if ui.selectable_label(word == text, means).clicked() {
                        *text = word.to_owned();
                    }
                }
            });
        }
        (sort, none) => {
            let such = match sort {
                FixSort::Time(..) => "such as 500ms or 5m".to_owned(),
                FixSort::Share(least, most) => format!("from {least} to {most}"),
                FixSort::Count(least, most) => format!("a whole number from {least} to {most}"),
                _ => "its name".to_owned(),
            };
            let or = none.map_or_else(String::new, |means| format!(", or none: {means}"));
            search(ui, text, &format!("{}: {such}{or}", field.label), width);
        }
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
            ui.label(RichText::new(format!("in effect {}", clock.ago(at.stamp()))).weak());
        });
    }
    for done in deployed.iter().rev().filter(|done| done.effective <= clock.now) {
        ui.horizontal_wrapped(|ui| {
            badge(ui, &done.change, palette.good);
            ui.label(done.fix.words());
            ui.label(RichText::new(format!("since {} UTC", clock.time(done.effective.stamp()))).weak());
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
