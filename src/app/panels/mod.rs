//! One file per panel. Each is a function of a view, its own half-done work and an outbox, so that it can be drawn and
//! tested without a session. This file fetches the views and hands them over.

pub mod blast;
pub mod changes;
pub mod checklist;
pub mod clocks;
pub mod config;
pub mod debrief;
pub mod fix_form;
pub mod fixes;
pub mod health;
pub mod hypothesis;
pub mod logs;
pub mod metric_builder;
pub mod metrics;
pub mod notebook;
pub mod own_map;
pub mod query;
mod query_examples;
pub mod reproduce;
pub mod stores;
pub mod ticket;
pub mod topology;
pub mod traces;
pub mod waterfall;
pub mod writeup;

use egui::Ui;

use super::dock::Panel;
use super::state::Desk;
use super::widgets::view_or_note;
use crate::lab::{Look, View};

/// Draws a panel.
pub fn ui(ui: &mut Ui, panel: Panel, desk: &mut Desk) {
    desk.looks.attend(desk.attention == Some(panel));
    let changes_things = matches!(panel, Panel::Checklist | Panel::Hypothesis | Panel::Fixes | Panel::Notebook);
    if desk.is_over() && changes_things {
        ui.label(egui::RichText::new("The investigation is over: this can be read, not changed.").weak());
    }
    if desk.is_over() && matches!(panel, Panel::Checklist | Panel::Hypothesis | Panel::Fixes) {
        ui.disable();
    }
    match panel {
        Panel::Ticket => ticket_panel(ui, desk),
        Panel::Topology => topology::panel(ui, desk),
        Panel::Logs => logs_panel(ui, desk),
        Panel::Metrics => metrics::panel(ui, desk),
        Panel::Traces => traces::panel(ui, desk),
        Panel::Health => health_panel(ui, desk),
        Panel::Changes => changes_panel(ui, desk),
        Panel::Notebook => notebook::panel(ui, desk),
        Panel::Fixes => fixes::panel(ui, desk),
        Panel::Checklist => {
            let observation = desk.observation().clone();
            checklist::show(ui, &observation.notebook.ticked, &mut desk.outbox);
        }
        Panel::BlastRadius => blast_panel(ui, desk),
        Panel::Clocks => clocks_panel(ui, desk),
        Panel::Stores => stores_panel(ui, desk),
        Panel::Config => config::panel(ui, desk),
        Panel::Reproduce => reproduce::panel(ui, desk),
        Panel::Query => query::panel(ui, desk),
        Panel::Hypothesis => hypothesis::panel(ui, desk),
        Panel::WriteUp => writeup::panel(ui, desk),
        Panel::Debrief => debrief::panel(ui, desk),
    }
}

fn ticket_panel(ui: &mut Ui, desk: &mut Desk) {
    let clock = desk.clock();
    let shown = desk.looks.show("ticket", &Look::Ticket);
    let observation = desk.observation().clone();
    let ticket = match shown.view.as_deref() {
        Some(View::Ticket(ticket)) => ticket,
        _ => &*observation.ticket,
    };
    let reports = ticket::filtered(&desk.ticket).map(|filter| desk.looks.show("reports", &Look::Reports(filter)));
    let reports = match reports.as_ref().and_then(|shown| shown.view.as_deref()) {
        Some(View::Reports(rows)) => Some(rows.as_slice()),
        _ => None,
    };
    ticket::show(ui, ticket, reports, &mut desk.ticket, clock, &mut desk.outbox);
}

fn logs_panel(ui: &mut Ui, desk: &mut Desk) {
    let (clock, nodes) = (desk.clock(), desk.nodes());
    logs::filters(ui, &mut desk.logs, &nodes, &mut desk.outbox);
    let shown = desk.looks.show("logs", &Look::Logs(desk.logs.filter.clone()));
    if let Some(View::Logs(page)) = view_or_note(ui, &shown, "logs") {
        logs::show(ui, page, &mut desk.logs, clock, &mut desk.outbox);
    }
}

fn health_panel(ui: &mut Ui, desk: &mut Desk) {
    let clock = desk.clock();
    let shown = desk.looks.show("health", &Look::Health);
    if let Some(View::Health(rows)) = view_or_note(ui, &shown, "health pages") {
        health::show(ui, rows, &mut desk.health, clock, &mut desk.outbox);
    }
}

fn changes_panel(ui: &mut Ui, desk: &mut Desk) {
    let clock = desk.clock();
    let shown = desk.looks.show("changes", &Look::Changes);
    if let Some(View::Changes(rows)) = view_or_note(ui, &shown, "the change feed") {
        changes::show(ui, rows, &mut desk.changes, clock, &mut desk.outbox);
    }
}

fn blast_panel(ui: &mut Ui, desk: &mut Desk) {
    blast::choose(ui, &mut desk.blast);
    let shown = desk.looks.show("blast", &Look::BlastRadius(desk.blast.attribute));
    if let Some(View::BlastRadius(radius)) = view_or_note(ui, &shown, "reports") {
        let narrowed = desk.observation().notebook.narrowed.clone();
        blast::show(ui, radius, narrowed.as_ref(), &mut desk.outbox);
    }
}

fn clocks_panel(ui: &mut Ui, desk: &mut Desk) {
    let clock = desk.clock();
    let shown = desk.looks.show("clocks", &Look::Clocks);
    if let Some(View::Clocks(rows)) = view_or_note(ui, &shown, "clocks") {
        clocks::show(ui, rows, clock, &mut desk.outbox);
    }
}

fn stores_panel(ui: &mut Ui, desk: &mut Desk) {
    let queues = desk.looks.show("queues", &Look::Queues);
    let caches = desk.looks.show("caches", &Look::Caches);
    let queues = match view_or_note(ui, &queues, "queues") {
        Some(View::Stats(rows)) => rows.as_slice(),
        _ => &[],
    };
    let caches = match view_or_note(ui, &caches, "caches") {
        Some(View::Stats(rows)) => rows.as_slice(),
        _ => &[],
    };
    stores::show(ui, queues, caches, &mut desk.outbox);
}
