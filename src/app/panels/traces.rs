//! Traces: a list that can be filtered, and one trace as a waterfall.

use egui::{RichText, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use super::logs::short_id;
use super::waterfall;
use crate::app::act::{Act, Outbox};
use crate::app::clock::{Clock, short};
use crate::app::state::Desk;
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{
    badge, cell, dense, empty, heading_cell, pick, pick_last, pin_button, search, small_button, view_or_note,
};
use crate::lab::{LogFilter, Look, TraceFilter, TraceRow, View};
use crate::time::{Duration, Stamp};

/// What is searched, and the trace that is read.
pub struct TracesState {
    /// Which traces.
    pub filter: TraceFilter,
    /// The trace that is open, by id.
    pub open: Option<String>,
    span: Option<String>,
    least: String,
    id: String,
}

impl Default for TracesState {
    fn default() -> Self {
        let filter = TraceFilter { limit: Some(200), last: Some(Duration::from_mins(15)), ..TraceFilter::default() };
        TracesState { filter, open: None, span: None, least: String::new(), id: String::new() }
    }
}

impl TracesState {
    /// Opens a trace.
    pub fn set_open(&mut self, id: Option<String>) {
        (self.open, self.span) = (id, None);
    }
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let (clock, nodes) = (desk.clock(), desk.nodes());
    if let Some(id) = desk.traces.open.clone() {
        let shown = desk.looks.show("trace", &Look::Trace(id));
        head(ui, &mut desk.traces, &mut desk.outbox);
        if let Some(View::Trace(trace)) = view_or_note(ui, &shown, "the trace") {
            waterfall::show(ui, trace, &mut desk.traces.span, clock);
        }
        return;
    }
    filters(ui, &mut desk.traces, &nodes, &mut desk.outbox);
    let shown = desk.looks.show("traces", &Look::Traces(desk.traces.filter.clone()));
    if let Some(View::Traces(rows)) = view_or_note(ui, &shown, "traces") {
        list(ui, rows, clock, &mut desk.outbox);
    }
}

fn head(ui: &mut Ui, state: &mut TracesState, out: &mut Outbox) {
    let Some(id) = state.open.clone() else { return };
    ui.horizontal_wrapped(|ui| {
        if ui.button("Back to the list").clicked() {
            state.set_open(None);
        }
        ui.label(RichText::new(format!("trace {}", short_id(&id))).monospace());
        if small_button(ui, "Copy id", "Copy the trace id").clicked() {
            out.push(Act::Copy(id.clone()));
        }
        if small_button(ui, "Its log lines", "Show the log lines of this trace").clicked() {
            out.push(Act::Logs(LogFilter { trace: Some(id.clone()), ..LogFilter::default() }));
        }
        pin_button(ui, "Pin this trace", || Look::Trace(id), out);
    });
}

/// The row of filters.
pub fn filters(ui: &mut Ui, state: &mut TracesState, nodes: &[String], out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        search(ui, &mut state.filter.name, "Span name", 110.0);
        pick(ui, "Traces: service", &mut state.filter.service, "any service", nodes, 112.0);
        let least = search(ui, &mut state.least, "At least 500ms", 104.0);
        match state.least.trim() {
            "" => state.filter.min_duration = None,
            text => match Duration::parse(text) {
                Ok(length) => state.filter.min_duration = Some(length),
                Err(problem) if least.lost_focus() || !least.has_focus() => {
                    ui.colored_label(palette(ui.visuals()).bad, problem);
                }
                Err(_) => {}
            },
        }
        pick_last(ui, "Traces: time", &mut state.filter.last);
        ui.checkbox(&mut state.filter.errors_only, "errors only");
        ui.checkbox(&mut state.filter.slowest, "slowest first");
        let field = search(ui, &mut state.id, "Open by id", 84.0);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if entered && !state.id.trim().is_empty() {
            let id = std::mem::take(&mut state.id);
            state.set_open(Some(id.trim().to_owned()));
        }
        pin_button(ui, "Pin this list of traces", || Look::Traces(state.filter.clone()), out);
    });
}

/// The cells that a row of any list of traces begins with: when it began, its id, which opens it, and how long it took.
pub fn first_cells(
    table_row: &mut TableRow<'_, '_>,
    (start, id, duration): (Stamp, &str, Duration),
    clock: Clock,
    out: &mut Outbox,
) {
    table_row.col(|ui| drop(cell(ui, RichText::new(clock.precise(start)).monospace())));
    table_row.col(|ui| {
        if small_button(ui, &short_id(id), &format!("Open trace {}", short_id(id))).clicked() {
            out.push(Act::Trace(id.to_owned()));
        }
    });
    table_row.col(|ui| drop(cell(ui, RichText::new(short(duration)).monospace())));
}

/// The list.
pub fn list(ui: &mut Ui, rows: &[TraceRow], clock: Clock, out: &mut Outbox) {
    if rows.is_empty() {
        return empty(
            ui,
            "No trace matches",
            "Loosen the filters. Traces are sampled, and a trace id that is not passed on ends the trace.",
        );
    }
    let palette = palette(ui.visuals());
    ui.label(
        RichText::new(format!("{} traces · click one to open it · UTC by each replica's own clock", rows.len()))
            .weak()
            .small(),
    );
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("traces")
        .striped(true)
        .sense(egui::Sense::click())
        .auto_shrink([false, false])
        .column(Column::exact(92.0))
        .column(Column::exact(72.0))
        .column(Column::exact(74.0))
        .column(Column::initial(130.0).resizable(true).clip(true))
        .column(Column::remainder().clip(true))
        .column(Column::exact(46.0))
        .column(Column::exact(72.0))
        .header(ROW, |mut header| {
            for title in ["Start", "Trace", "Duration", "Service", "Name", "Spans", ""] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, rows.len(), |mut table_row| {
                let Some(row) = rows.get(table_row.index()) else { return };
                let id = row.id.to_string();
                first_cells(&mut table_row, (row.start, &id, row.duration), clock, out);
                table_row.col(|ui| drop(cell(ui, &row.service)));
                table_row.col(|ui| drop(cell(ui, &row.name)));
                table_row.col(|ui| drop(cell(ui, row.spans.to_string())));
                table_row.col(|ui| {
                    if row.errors > 0 {
                        let words =
                            if row.errors == 1 { "1 error".to_owned() } else { format!("{} errors", row.errors) };
                        badge(ui, &words, palette.bad);
                    }
                });
                if table_row.response().clicked() {
                    out.push(Act::Trace(id));
                }
            });
        });
}
