//! The parts that panels are made of. Knows how things look and are named; must never know what they mean.

use egui::{
    Align, Button, Color32, ComboBox, Frame, Label, Layout, Response, RichText, Role, Sense, TextEdit, TextStyle, Ui,
    WidgetInfo, vec2,
};

use super::act::{Act, Outbox};
use super::help;
use super::looks::Shown;
use super::theme::{self, CARD_MARGIN, SPACE_L, SPACE_M, palette};
use crate::lab::{Look, View};
use crate::time::Duration;

/// Says that there is nothing, and what to do about it.
pub fn empty(ui: &mut Ui, what: &str, remedy: &str) {
    ui.add_space(SPACE_L);
    ui.vertical_centered(|ui| {
        ui.set_max_width(ui.available_width().min(420.0));
        ui.add(Label::new(RichText::new(what).strong().size(15.0)).wrap());
        ui.add(Label::new(RichText::new(remedy).weak()).wrap());
    });
    ui.add_space(SPACE_L);
}

/// A short word on a coloured ground.
pub fn badge(ui: &mut Ui, text: &str, colour: Color32) -> Response {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), TextStyle::Small.resolve(ui.style()), colour);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(10.0, 2.0), Sense::hover());
    ui.painter().rect_filled(rect, 3.0, colour.gamma_multiply(0.16));
    ui.painter().galley(rect.min + vec2(5.0, 1.0), galley, colour);
    named(response, Role::Label, text)
}

/// A framed group.
pub fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let palette = palette(ui.visuals());
    Frame::new()
        .fill(palette.raised)
        .stroke(egui::Stroke::new(1.0, palette.line))
        .corner_radius(6.0)
        .inner_margin(CARD_MARGIN)
        .show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// Gives a widget the name by which screen readers, and tests, know it.
pub fn named(response: Response, role: Role, name: &str) -> Response {
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(role, enabled, name));
    response
}

/// A small button whose accessible name says more than its text.
pub fn small_button(ui: &mut Ui, text: &str, name: &str) -> Response {
    named(ui.add(Button::new(RichText::new(text).small()).small()), Role::Button, name)
}

/// The button that matters most in its place.
pub fn primary_button(ui: &mut Ui, enabled: bool, text: &str) -> Response {
    let palette = palette(ui.visuals());
    let button = Button::new(RichText::new(text).color(palette.strong)).fill(palette.accent_fill);
    ui.add_enabled(enabled, button.stroke(egui::Stroke::new(1.0, palette.accent)))
}

/// A button that keeps a look in the notebook.
pub fn pin_button(ui: &mut Ui, name: &str, look: impl FnOnce() -> Look, out: &mut Outbox) {
    let response = small_button(ui, "Pin", name).on_hover_text("Keep this in the notebook as evidence, with a reason");
    if response.clicked() {
        out.push(Act::AskPin(look()));
    }
}

/// A text field of one line, named by its hint.
pub fn search(ui: &mut Ui, text: &mut String, hint: &str, width: f32) -> Response {
    let response = ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(width));
    let (enabled, value) = (response.enabled(), text.clone());
    response.widget_info(|| {
        let mut info = WidgetInfo::text_edit(enabled, value.clone(), value.clone(), hint);
        info.label = Some(hint.to_owned());
        info
    });
    response
}

/// A text field of several lines, named.
pub fn paragraph(ui: &mut Ui, text: &mut String, name: &str, hint: &str, rows: usize) -> Response {
    let field = TextEdit::multiline(text).hint_text(hint.to_owned()).desired_rows(rows).desired_width(f32::INFINITY);
    let response = ui.add(field);
    let (enabled, value) = (response.enabled(), text.clone());
    response.widget_info(|| {
        let mut info = WidgetInfo::text_edit(enabled, value.clone(), value.clone(), hint);
        info.label = Some(name.to_owned());
        info
    });
    response
}

/// A drop-down with a name.
pub fn combo<R>(ui: &mut Ui, name: &str, shown: &str, width: f32, contents: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    let combo = ComboBox::from_id_salt(name).selected_text(shown).width(width).truncate();
    let response = combo.show_ui(ui, contents);
    let enabled = response.response.enabled();
    response.response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, enabled, name);
        info.current_text_value = Some(shown.to_owned());
        info
    });
    response.inner
}

/// A drop-down of words, of which one may be chosen. Long lists can be searched.
pub fn pick(ui: &mut Ui, name: &str, chosen: &mut Option<String>, any: &str, choices: &[String], width: f32) -> bool {
    let before = chosen.clone();
    let shown = chosen.clone().unwrap_or_else(|| any.to_owned());
    combo(ui, name, &shown, width, |ui| {
        let needle_id = ui.scope_id().with("needle");
        let mut needle: String = ui.data(|data| data.get_temp(needle_id)).unwrap_or_default();
        if choices.len() > 12 {
            search(ui, &mut needle, "Type to narrow", 180.0).request_focus();
        }
        if needle.is_empty() && ui.selectable_label(chosen.is_none(), any).clicked() {
            *chosen = None;
        }
        let wanted = needle.to_lowercase();
        for choice in choices.iter().filter(|choice| choice.to_lowercase().contains(&wanted)) {
            if ui.selectable_label(chosen.as_ref() == Some(choice), choice).clicked() {
                *chosen = Some(choice.clone());
                needle.clear();
            }
        }
        ui.data_mut(|data| data.insert_temp(needle_id, needle));
    });
    *chosen != before
}

/// How much of the newest time is shown.
pub fn pick_last(ui: &mut Ui, name: &str, last: &mut Option<Duration>) {
    const CHOICES: [(&str, u64); 5] = [("5 min", 5), ("15 min", 15), ("30 min", 30), ("1 h", 60), ("3 h", 180)];
    let of = |mins: u64| Some(Duration::from_mins(mins));
    let known = CHOICES.iter().find(|(_, mins)| *last == of(*mins));
    let shown = match (known, &last) {
        (Some((words, _)), _) => format!("last {words}"),
        (None, Some(other)) => format!("last {other}"),
        (None, None) => "all time".to_owned(),
    };
    combo(ui, name, &shown, 92.0, |ui| {
        for (words, mins) in CHOICES {
            ui.selectable_value(last, of(mins), format!("last {words}"));
        }
        ui.selectable_value(last, None, "all time");
    });
}

/// A word of the trade, explained under the pointer.
pub fn term(ui: &mut Ui, text: &str) -> Response {
    let response = ui.label(RichText::new(text).weak());
    match help::meaning(text) {
        Some(meaning) => response.on_hover_cursor(egui::CursorIcon::Help).on_hover_text(meaning),
        None => response,
    }
}

/// Rows of a table stand close.
pub fn dense(ui: &mut Ui) {
    ui.spacing_mut().item_spacing.y = 0.0;
}

/// A column heading.
pub fn heading_cell(ui: &mut Ui, text: &str) {
    let response = ui.add(Label::new(RichText::new(text).small().color(palette(ui.visuals()).weak)).truncate());
    if let Some(meaning) = help::meaning(text) {
        response.on_hover_text(meaning);
    }
}

/// A cell of one line, cut off at its edge and whole under the pointer.
pub fn cell(ui: &mut Ui, text: impl Into<RichText>) -> Response {
    ui.add(Label::new(text.into()).truncate())
}

/// A row of things at the right end.
pub fn at_right<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.with_layout(Layout::right_to_left(Align::Center), contents).inner
}

/// The view of a look, or what stands in its place: a note that it is coming, or the refusal.
pub fn view_or_note<'a>(ui: &mut Ui, shown: &'a Shown, what: &str) -> Option<&'a View> {
    if let Some(refusal) = &shown.refusal {
        empty(ui, &refusal.what, &refusal.remedy);
    } else if shown.view.is_none() {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label(RichText::new(format!("Reading {what}…")).weak());
        });
    }
    shown.view.as_deref()
}

/// A title with room above it.
pub fn section(ui: &mut Ui, title: &str) {
    ui.add_space(SPACE_M);
    ui.label(RichText::new(title).strong());
}

/// A bar of a horizontal chart, `part` of the width wide.
pub fn bar(ui: &mut Ui, part: f32, width: f32, colour: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, theme::ROW * 0.6), egui::Sense::hover());
    let palette = palette(ui.visuals());
    ui.painter().rect_filled(rect, 2.0, palette.control);
    let mut filled = rect;
    filled.set_width(rect.width() * part.clamp(0.0, 1.0));
    ui.painter().rect_filled(filled, 2.0, colour);
    response
}
