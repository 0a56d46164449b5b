//! Questions in PromQL, LogQL and TraceQL: an expression, and what it finds as a chart, a table, lines or traces. Knows
//! views and words; must never evaluate anything itself.

use std::collections::BTreeSet;

use egui::{Key, KeyboardShortcut, Label, Modifiers, RichText, ScrollArea, TextEdit, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};

use super::logs::{self, LogsState};
use super::query_examples;
use super::traces::first_cells;
use crate::app::act::{Act, Outbox};
use crate::app::chart::{self, Marker};
use crate::app::clock::{Clock, quantity};
use crate::app::state::Desk;
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{card, cell, combo, dense, empty, heading_cell, pick, pick_last, pin_button, primary_button};
use crate::lab::{Answer, Chart, Found, FoundTrace, Look, Query, Refusal, View};
use crate::query::Language;
use crate::time::Duration;

/// Expressions that are remembered.
const MOST_REMEMBERED: usize = 40;

/// What is typed and what was asked.
pub struct QueryState {
    /// What is typed.
    pub draft: Query,
    /// What is shown.
    pub asked: Option<Query>,
    /// What was asked before, newest first, each once.
    pub history: Vec<Query>,
    /// The expressions of the other languages, while they are not in front.
    parked: Vec<(Language, String)>,
    table: bool,
    hidden: BTreeSet<String>,
    lines: LogsState,
    /// Names for insertion: of which language, of which snapshot.
    vocabulary: Option<(Language, u64, Vec<String>)>,
}

impl Default for QueryState {
    fn default() -> Self {
        QueryState {
            draft: Query { last: Some(Duration::from_mins(30)), ..Query::default() },
            asked: None,
            history: Vec::new(),
            parked: Vec::new(),
            table: false,
            hidden: BTreeSet::new(),
            lines: LogsState::default(),
            vocabulary: None,
        }
    }
}

impl QueryState {
    /// Asks what is typed.
    pub fn run(&mut self) {
        self.draft.expression = self.draft.expression.trim().to_owned();
        if self.draft.expression.is_empty() {
            return;
        }
        let asked = self.draft.clone();
        let same = |one: &Query| (one.language, &one.expression) == (asked.language, &asked.expression);
        self.history.retain(|one| !same(one));
        self.history.insert(0, asked.clone());
        self.history.truncate(MOST_REMEMBERED);
        self.hidden.clear();
        self.asked = Some(asked);
    }

    /// Asks something else.
    pub fn set(&mut self, query: Query) {
        self.speak(query.language);
        self.draft = query;
        self.run();
    }

    /// Changes the language; what was typed in the other one is kept.
    fn speak(&mut self, language: Language) {
        if language == self.draft.language {
            return;
        }
        let typed = std::mem::take(&mut self.draft.expression);
        self.parked.retain(|(own, _)| *own != self.draft.language);
        self.parked.push((self.draft.language, typed));
        let back = self.parked.iter().find(|(own, _)| *own == language);
        self.draft.expression = back.map(|(_, text)| text.clone()).unwrap_or_default();
        self.draft.language = language;
        self.asked = self.asked.take().filter(|asked| asked.language == language);
    }
}

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let (clock, version) = (desk.clock(), desk.version());
    let language = desk.query.draft.language;
    if desk.query.vocabulary.as_ref().is_none_or(|(own, of, _)| (*own, *of) != (language, version)) {
        desk.query.vocabulary = Some((language, version, desk.observation().vocabulary(language)));
    }
    ask(ui, &mut desk.query, &mut desk.outbox);
    ui.separator();
    let Some(asked) = desk.query.asked.clone() else { return examples(ui, &mut desk.query) };
    let shown = desk.looks.show("query", &Look::Query(asked));
    if let Some(refusal) = &shown.refusal {
        return misread(ui, refusal);
    }
    match shown.view.as_deref() {
        Some(View::Answer(answer)) => {
            let markers = std::mem::take(&mut desk.markers);
            show(ui, answer, &mut desk.query, &markers, clock, &mut desk.outbox);
            desk.markers = markers;
        }
        _ => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(RichText::new("Asking…").weak());
            });
        }
    }
}

/// The language, the expression and what helps to write it.
pub fn ask(ui: &mut Ui, state: &mut QueryState, out: &mut Outbox) {
    let mut run = false;
    ui.horizontal_wrapped(|ui| {
        for language in Language::ALL {
            let chosen = state.draft.language == language;
            if ui.selectable_label(chosen, language.name()).on_hover_text(about(language)).clicked() {
                state.speak(language);
            }
        }
        let before = state.draft.last;
        pick_last(ui, "Query: time", &mut state.draft.last);
        run |= before != state.draft.last && state.asked.is_some();
        combo(ui, "Query: examples", "examples", 88.0, |ui| {
            for (words, expression) in query_examples::examples(state.draft.language) {
                if ui.selectable_label(false, words).on_hover_text(expression).clicked() {
                    expression.clone_into(&mut state.draft.expression);
                    run = true;
                }
            }
        });
        if let Some(again) = history(ui, &state.history) {
            state.speak(again.language);
            state.draft = again;
            run = true;
        }
        insert(ui, state);
        if let Some(asked) = state.asked.clone() {
            pin_button(ui, "Pin this query", || Look::Query(asked), out);
        }
    });
    ui.horizontal(|ui| {
        let room = (ui.available_width() - 56.0).max(120.0);
        run |= editor(ui, state, room);
        run |= primary_button(ui, !state.draft.expression.trim().is_empty(), "Run").clicked();
    });
    if run {
        state.run();
    }
}

/// What a language is for.
fn about(language: Language) -> &'static str {
    match language {
        Language::Promql => "metrics, as Prometheus is asked",
        Language::Logql => "logs, as Loki is asked",
        Language::Traceql => "traces, as Tempo is asked",
    }
}

fn editor_id() -> egui::Id {
    egui::Id::unique("query expression")
}

/// The expression; whether it is to be asked now.
fn editor(ui: &mut Ui, state: &mut QueryState, width: f32) -> bool {
    let field = TextEdit::multiline(&mut state.draft.expression)
        .id(editor_id())
        .code_editor()
        .desired_rows(1)
        .desired_width(width)
        .return_key(KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter))
        .hint_text("An expression; Enter runs it, Shift+Enter begins a new line");
    let response = ui.add(field);
    let (enabled, value) = (response.enabled(), state.draft.expression.clone());
    response.widget_info(|| {
        let mut info = WidgetInfo::text_edit(enabled, value.clone(), value.clone(), "An expression");
        info.label = Some("Expression".to_owned());
        info
    });
    let entered = |input: &egui::InputState| input.key_pressed(Key::Enter) && !input.modifiers.shift;
    response.has_focus() && ui.input(entered)
}

fn history(ui: &mut Ui, history: &[Query]) -> Option<Query> {
    if history.is_empty() {
        return None;
    }
    let mut again = None;
    combo(ui, "Query: history", "history", 76.0, |ui| {
        ui.set_min_width(420.0);
        for one in history {
            let words = format!("{}  {}", one.language.name(), one.expression.replace('\n', " "));
            if ui.selectable_label(false, RichText::new(words).monospace().small()).clicked() {
                again = Some(one.clone());
            }
        }
    });
    again
}

/// Puts a name where the cursor is.
fn insert(ui: &mut Ui, state: &mut QueryState) {
    let Some((_, _, words)) = &state.vocabulary else { return };
    let mut chosen = None;
    if !pick(ui, "Query: names", &mut chosen, "insert a name", words, 112.0) {
        return;
    }
    let Some(name) = chosen else { return };
    let text = &mut state.draft.expression;
    let cursor = TextEdit::load_state(ui.ctx(), editor_id()).and_then(|state| state.cursor.char_range());
    let at = cursor.map_or(usize::MAX, |range| range.primary.index.into());
    let at = text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    text.insert_str(at, &name);
}

/// What to begin with.
pub fn examples(ui: &mut Ui, state: &mut QueryState) {
    empty(
        ui,
        "Nothing asked yet",
        "Write an expression above, or begin with one of these. The languages are those of Prometheus, Loki and Tempo.",
    );
    ui.vertical_centered(|ui| {
        for (words, expression) in query_examples::examples(state.draft.language) {
            if ui.button(words).on_hover_text(expression).clicked() {
                expression.clone_into(&mut state.draft.expression);
                state.run();
            }
        }
    });
}

/// Why there is no answer: where the expression is wrong, with the mark under it.
pub fn misread(ui: &mut Ui, refusal: &Refusal) {
    let palette = palette(ui.visuals());
    card(ui, |ui| {
        let (first, excerpt) = refusal.what.split_once('\n').unwrap_or((&refusal.what, ""));
        ui.add(Label::new(RichText::new(first).strong().color(palette.bad)).wrap().selectable(true));
        if !excerpt.is_empty() {
            ui.add(Label::new(RichText::new(excerpt).monospace()).extend().selectable(true));
        }
        ui.add(Label::new(RichText::new(&refusal.remedy).weak()).wrap());
    });
}

/// What was found.
pub fn show(ui: &mut Ui, answer: &Answer, state: &mut QueryState, markers: &[Marker], clock: Clock, out: &mut Outbox) {
    for words in &answer.remarks {
        let ink = palette(ui.visuals()).warn;
        ui.add(Label::new(RichText::new(format!("note: {words}")).color(ink)).wrap().selectable(true));
    }
    match &answer.found {
        Found::Numbers(chart) => numbers(ui, chart, state, markers, clock),
        Found::Lines(page) => logs::show(ui, page, &mut state.lines, clock, out),
        Found::Traces(rows) => traces(ui, rows, clock, out),
    }
}

fn numbers(ui: &mut Ui, chart: &Chart, state: &mut QueryState, markers: &[Marker], clock: Clock) {
    if chart.lines.is_empty() {
        return empty(ui, "No series", "Nothing matches in this time. Loosen the selectors, or take more time.");
    }
    ui.horizontal(|ui| {
        ui.selectable_value(&mut state.table, false, "Chart");
        ui.selectable_value(&mut state.table, true, "Table");
        let series =
            if chart.lines.len() == 1 { "1 series".to_owned() } else { format!("{} series", chart.lines.len()) };
        ui.label(RichText::new(format!("{series} · UTC by the monitor's clock")).weak().small());
    });
    if state.table {
        return table(ui, chart);
    }
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let rows = chart.lines.len().min(chart::MOST_LINES).div_ceil(2) as f32 * 18.0;
        let height = (ui.available_height() - rows.clamp(24.0, 120.0) - 16.0).clamp(130.0, 460.0);
        let frame = chart::Frame { id: "query chart", group: "charts", height };
        chart::show(ui, frame, chart, markers, clock, &mut state.hidden);
    });
}

/// A row for each series.
fn table(ui: &mut Ui, chart: &Chart) {
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("series")
        .striped(true)
        .auto_shrink([false, false])
        .column(Column::remainder().clip(true))
        .columns(Column::exact(84.0), 4)
        .header(ROW, |mut header| {
            for title in ["Series", "Lowest", "Mean", "Highest", "Newest"] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, chart.lines.len(), |mut row| {
                let Some(line) = chart.lines.get(row.index()) else { return };
                let values = || line.points.iter().map(|(_, value)| *value);
                let mean = values().sum::<f64>() / line.points.len().max(1) as f64;
                let figures = [values().reduce(f64::min), Some(mean), values().reduce(f64::max), values().next_back()];
                let name = if line.name.is_empty() { "{}" } else { &line.name };
                row.col(|ui| drop(cell(ui, RichText::new(name).monospace())));
                for figure in figures {
                    let text = figure.filter(|_| !line.points.is_empty()).map(|value| quantity(value, &chart.unit));
                    row.col(|ui| drop(cell(ui, RichText::new(text.unwrap_or_default()).monospace())));
                }
            });
        });
}

fn traces(ui: &mut Ui, rows: &[FoundTrace], clock: Clock, out: &mut Outbox) {
    if rows.is_empty() {
        return empty(ui, "No trace matches", "Loosen the conditions, or take more time. Traces are sampled.");
    }
    ui.label(
        RichText::new(format!(
            "{} traces, newest first · click one to open it · UTC by each replica's own clock",
            rows.len()
        ))
        .weak()
        .small(),
    );
    dense(ui);
    TableBuilder::new(ui)
        .id_salt("found traces")
        .striped(true)
        .sense(egui::Sense::click())
        .auto_shrink([false, false])
        .column(Column::exact(92.0))
        .column(Column::exact(72.0))
        .column(Column::exact(66.0))
        .column(Column::exact(46.0))
        .column(Column::initial(210.0).resizable(true).clip(true))
        .column(Column::remainder().clip(true))
        .header(ROW, |mut header| {
            for title in ["Start", "Trace", "Duration", "Found", "Root", "First span found"] {
                header.col(|ui| heading_cell(ui, title));
            }
        })
        .body(|body| {
            body.rows(ROW, rows.len(), |mut table_row| {
                let Some(row) = rows.get(table_row.index()) else { return };
                let id = row.id.to_string();
                first_cells(&mut table_row, (row.start, &id, row.duration), clock, out);
                table_row.col(|ui| drop(cell(ui, row.matched.to_string())));
                table_row.col(|ui| drop(cell(ui, format!("{} {}", row.service, row.name))));
                table_row.col(|ui| drop(cell(ui, RichText::new(&row.first).monospace())));
                if table_row.response().clicked() {
                    out.push(Act::Trace(id));
                }
            });
        });
}
