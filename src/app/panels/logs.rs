//! Log lines, searched and filtered. What did not happen is not in here.

use egui::{Label, RichText, TextWrapMode, Ui};
use egui_extras::{Column, TableBuilder};

use crate::app::act::{Act, Outbox};
use crate::app::clock::{self, Clock};
use crate::app::theme::{ROW, palette, severity_words};
use crate::app::widgets::{cell, combo, dense, empty, heading_cell, pick, pick_last, pin_button, search, small_button};
use crate::lab::{LogFilter, LogLine, LogPage, Look};
use crate::time::Duration;
use crate::world::Severity;

/// What is searched, and the line that is read.
pub struct LogsState {
    /// Which lines.
    pub filter: LogFilter,
    /// Whether the search field takes the focus in the next frame.
    pub focus_search: bool,
    trace: String,
    selected: Option<LogLine>,
}

/// The newest quarter of an hour: enough to begin with, quick to search again and again.
fn recent() -> LogFilter {
    LogFilter { last: Some(Duration::from_mins(15)), ..LogFilter::default() }
}

impl Default for LogsState {
    fn default() -> Self {
        LogsState { filter: recent(), focus_search: false, trace: String::new(), selected: None }
    }
}

impl LogsState {
    /// Searches for something else.
    pub fn set(&mut self, filter: LogFilter) {
        self.trace = filter.trace.clone().unwrap_or_default();
        self.filter = filter;
        self.selected = None;
    }
}

/// The row of filters.
pub fn filters(ui: &mut Ui, state: &mut LogsState, nodes: &[String], out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        let field = search(ui, &mut state.filter.contains, "Search log text", 190.0);
        if std::mem::take(&mut state.focus_search) {
            field.request_focus();
        }
        pick(ui, "Logs: service", &mut state.filter.service, "any service", nodes, 130.0);
        severities(ui, &mut state.filter.level);
        search(ui, &mut state.trace, "Trace id", 92.0);
        state.filter.trace = Some(state.trace.trim().to_owned()).filter(|trace| !trace.is_empty());
        pick_last(ui, "Logs: time", &mut state.filter.last);
        let clear = ui.add_enabled(state.filter != recent(), egui::Button::new("Clear"));
        if clear.on_hover_text("Show the lines of the newest 15 minutes again").clicked() {
            state.set(recent());
        }
        pin_button(ui, "Pin this log search", || Look::Logs(state.filter.clone()), out);
    });
}

fn severities(ui: &mut Ui, level: &mut Option<Severity>) {
    let shown = level.map_or("any severity".to_owned(), |level| format!("{} and above", severity_words(level)));
    combo(ui, "Logs: severity", &shown, 124.0, |ui| {
        ui.selectable_value(level, None, "any severity");
        for severity in [Severity::Debug, Severity::Info, Severity::Warn, Severity::Error] {
            ui.selectable_value(level, Some(severity), format!("{} and above", severity_words(severity)));
        }
    });
}

/// The lines.
pub fn show(ui: &mut Ui, page: &LogPage, state: &mut LogsState, clock: Clock, out: &mut Outbox) {
    let total = clock::count(page.total);
    let words = if page.total > page.lines.len() {
        format!("the newest {} of {total} lines", page.lines.len())
    } else {
        format!("{total} lines")
    };
    ui.label(RichText::new(format!("{words}, newest last · UTC by each replica's own clock")).weak().small());
    if page.lines.is_empty() {
        empty(
            ui,
            "No line matches",
            "Loosen the filters, take more time, or let time pass. What was never logged cannot be found here.",
        );
        return;
    }
    let detail = if state.selected.is_some() { 92.0 } else { 0.0 };
    let height = (ui.available_height() - detail).max(60.0);
    ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| table(ui, page, state, clock, out));
    if let Some(line) = state.selected.clone() {
        selected(ui, &line, state, clock, out);
    }
}

fn table(ui: &mut Ui, page: &LogPage, state: &mut LogsState, clock: Clock, out: &mut Outbox) {
    ui.style_mut().wrap_mode = Some(TextWrapMode::Extend);
    let palette = palette(ui.visuals());
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("log lines")
        .striped(true)
        .sense(egui::Sense::click())
        .stick_to_bottom(true)
        .auto_shrink([false, false])
        .min_scrolled_height(40.0)
        .column(Column::exact(92.0))
        .column(Column::exact(48.0))
        .column(Column::initial(116.0).resizable(true).clip(true))
        .column(Column::remainder().clip(true))
        .column(Column::exact(76.0))
        .header(ROW, |mut header| {
            for title in ["Time", "Severity", "Instance", "Message", "Trace"] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, page.lines.len(), |mut row| {
                let Some(line) = page.lines.get(row.index()) else { return };
                row.set_selected(state.selected.as_ref() == Some(line));
                row.col(|ui| drop(cell(ui, RichText::new(clock.precise(line.stamp)).monospace())));
                let severity = RichText::new(severity_words(line.severity)).color(palette.severity(line.severity));
                row.col(|ui| drop(cell(ui, severity.small())));
                row.col(|ui| drop(cell(ui, RichText::new(&line.instance).color(palette.weak))));
                row.col(|ui| drop(cell(ui, RichText::new(&line.text).monospace())));
                row.col(|ui| {
                    let Some(trace) = line.trace else { return };
                    let (id, text) = (trace.to_string(), short_id(&trace.to_string()));
                    let name = format!("Open trace {text}");
                    if small_button(ui, &text, &name).on_hover_text("Open this trace").clicked() {
                        out.push(Act::Trace(id));
                    }
                });
                if row.response().clicked() {
                    state.selected = Some(line.clone()).filter(|line| state.selected.as_ref() != Some(line));
                }
            });
        });
}

fn selected(ui: &mut Ui, line: &LogLine, state: &mut LogsState, clock: Clock, out: &mut Outbox) {
    ui.separator();
    ui.horizontal(|ui| {
        let when = format!("{} UTC · {} · {}", clock.precise(line.stamp), line.instance, severity_words(line.severity));
        ui.label(RichText::new(when).weak());
        if small_button(ui, "Copy", "Copy this line").clicked() {
            out.push(Act::Copy(line.text.clone()));
        }
        if small_button(ui, "Only this text", "Search for this line's text").clicked() {
            state.filter.contains = line.text.clone();
        }
        if small_button(ui, "Close", "Close this line").clicked() {
            state.selected = None;
        }
    });
    egui::ScrollArea::vertical().id_salt("line").show(ui, |ui| {
        ui.add(Label::new(RichText::new(&line.text).monospace()).wrap().selectable(true));
    });
}

/// The first eight digits of a trace id: enough to open it.
pub fn short_id(id: &str) -> String {
    id.chars().take(8).collect()
}
