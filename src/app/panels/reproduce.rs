//! "It works on my machine": one request by hand, in a quiet copy of the system, on one machine with one clock.

use egui::{RichText, Ui};

use super::waterfall;
use crate::app::act::{Act, Outbox};
use crate::app::clock::{Clock, quantity, short};
use crate::app::state::Desk;
use crate::app::theme::palette;
use crate::app::widgets::{badge, empty, pick, pin_button, primary_button, search};
use crate::lab::{Command, Look, Reproduced};

/// The request and what became of it.
#[derive(Default)]
pub struct ReproduceState {
    request: String,
    chosen: Option<String>,
    /// The newest result.
    pub result: Option<Reproduced>,
    span: Option<String>,
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let clock = desk.clock();
    let known = desk.observation().requests.clone();
    form(ui, &mut desk.reproduce, &known, &mut desk.outbox);
    let state = &mut desk.reproduce;
    match &state.result {
        Some(result) => show(ui, result, &mut state.span, clock, &mut desk.outbox),
        None => empty(
            ui,
            "Nothing sent yet",
            "Write a request such as GET /products/{id}. The copy has no load, one replica of each node and right clocks: \
             what works here tells you that the cause is not in the code path alone.",
        ),
    }
}

/// The request to send.
pub fn form(ui: &mut Ui, state: &mut ReproduceState, known: &[String], out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        let field = search(ui, &mut state.request, "Request, such as GET /products/{id}", 280.0);
        if !known.is_empty() && pick(ui, "Requests that users make", &mut state.chosen, "as users do", known, 190.0) {
            state.request = state.chosen.clone().unwrap_or_default();
        }
        let ready = !state.request.trim().is_empty();
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if (primary_button(ui, ready, "Send it").clicked() || entered) && ready {
            out.push(Act::Do(Command::Look(Look::ReproduceLocally(state.request.trim().to_owned()))));
        }
    });
}

/// What became of the request.
pub fn show(ui: &mut Ui, result: &Reproduced, span: &mut Option<String>, clock: Clock, out: &mut Outbox) {
    let palette = palette(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        badge(ui, &result.status.to_string(), palette.status(result.status));
        ui.label(RichText::new(&result.request).monospace());
        ui.label(RichText::new(format!("{} · {}", short(result.duration), quantity(result.bytes as f64, "By"))).weak());
        pin_button(ui, "Pin this local run", || Look::ReproduceLocally(result.request.clone()), out);
    });
    ui.add(egui::Label::new(RichText::new(&result.note).weak()).wrap());
    waterfall::show(ui, &result.trace, span, clock);
}
