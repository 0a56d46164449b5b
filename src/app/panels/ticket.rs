//! The ticket, and what users have written since: late, vague, and now and then about nothing at all.

use egui::{RichText, ScrollArea, Ui};

use crate::app::act::Outbox;
use crate::app::clock::Clock;
use crate::app::theme::palette;
use crate::app::widgets::{badge, card, empty, pick, pin_button, section};
use crate::lab::{Look, ReportRow, TicketView, UserFilter};

/// Which reports are shown.
#[derive(Default)]
pub struct TicketState {
    filter: UserFilter,
}

/// The filter, if reports are filtered.
pub fn filtered(state: &TicketState) -> Option<UserFilter> {
    (state.filter != UserFilter::default()).then(|| state.filter.clone())
}

/// Draws the ticket and the reports; `filtered` are those that match the filter, once they are there.
pub fn show(
    ui: &mut Ui,
    ticket: &TicketView,
    filtered: Option<&[ReportRow]>,
    state: &mut TicketState,
    clock: Clock,
    out: &mut Outbox,
) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.heading(&ticket.title);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&ticket.reporter).strong());
            let opened = format!("opened {} UTC, {}", clock.time(ticket.opened), clock.ago(ticket.opened));
            ui.label(RichText::new(opened).weak());
            pin_button(ui, "Pin the ticket", || Look::Ticket, out);
        });
        card(ui, |ui| ui.add(egui::Label::new(&ticket.text).wrap().selectable(true)));
        for later in &ticket.later {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(&later.reporter).strong());
                let opened = format!("opened {} UTC, {}", clock.time(later.opened), clock.ago(later.opened));
                ui.label(RichText::new(opened).weak());
            });
            card(ui, |ui| ui.add(egui::Label::new(&later.text).wrap().selectable(true)));
        }
        let rows = filtered.unwrap_or(&ticket.reports);
        section(ui, &format!("Reports by users ({})", rows.len()));
        filters(ui, &ticket.reports, state);
        if rows.is_empty() {
            empty(
                ui,
                "No reports",
                "Nobody has written yet, or nobody who matches. Let time pass, or clear the filters.",
            );
        }
        for row in rows.iter().take(200) {
            report(ui, row, clock);
        }
        if rows.len() > 200 {
            ui.label(RichText::new(format!("{} older reports are not shown", rows.len() - 200)).weak());
        }
        if filtered.is_some() {
            pin_button(ui, "Pin these reports", || Look::Reports(state.filter.clone()), out);
        }
    });
}

fn filters(ui: &mut Ui, rows: &[ReportRow], state: &mut TicketState) {
    type Field = (&'static str, &'static str, fn(&ReportRow) -> &String, fn(&mut UserFilter) -> &mut Option<String>);
    let fields: [Field; 4] = [
        ("Reports: region", "any region", |row| &row.region, |filter| &mut filter.region),
        ("Reports: account", "any account", |row| &row.account, |filter| &mut filter.account),
        ("Reports: client", "any client", |row| &row.client, |filter| &mut filter.client),
        ("Reports: journey", "any journey", |row| &row.journey, |filter| &mut filter.journey),
    ];
    ui.horizontal_wrapped(|ui| {
        for (name, any, of, field) in fields {
            let values = distinct(rows, of);
            pick(ui, name, field(&mut state.filter), any, &values, 104.0);
        }
    });
}

fn distinct(rows: &[ReportRow], of: fn(&ReportRow) -> &String) -> Vec<String> {
    let values: std::collections::BTreeSet<&String> = rows.iter().map(of).collect();
    values.into_iter().cloned().collect()
}

fn report(ui: &mut Ui, row: &ReportRow, clock: Clock) {
    let palette = palette(ui.visuals());
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(clock.time(row.stamp)).monospace());
        ui.label(RichText::new(&row.user).strong());
        ui.label(RichText::new(clock.ago(row.stamp)).weak());
    });
    ui.add(egui::Label::new(&row.text).wrap());
    ui.horizontal_wrapped(|ui| {
        for value in [&row.region, &row.account, &row.client, &row.journey] {
            badge(ui, value, palette.weak);
        }
    });
}
