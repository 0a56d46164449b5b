//! One trace as a waterfall. Each bar stands where the clock of the replica that did the work says; clocks that
//! disagree put effects before causes, and that is shown as it is.

use egui::{Align2, FontId, Rect, RichText, Role, ScrollArea, Sense, Ui, pos2, vec2};

use crate::app::clock::{Clock, short};
use crate::app::theme::{ROW, palette};
use crate::app::widgets::{badge, empty, named};
use crate::lab::{SpanRow, TraceView};
use crate::time::Duration;

/// Width of the names.
const NAMES: f32 = 300.0;

/// Draws the waterfall; `chosen` is the span whose attributes are shown, by id.
pub fn show(ui: &mut Ui, trace: &TraceView, chosen: &mut Option<String>, clock: Clock) {
    let (Some(first), Some(last)) = bounds(trace) else {
        return empty(ui, "No spans", "Nothing of this trace was recorded.");
    };
    let length = Duration(last.saturating_sub(first).unsigned_abs());
    let instances: std::collections::BTreeSet<&str> = trace.spans.iter().map(|span| span.instance.as_str()).collect();
    let words = format!(
        "{} spans on {} replicas, {} from the first stamp to the last. Bars stand where each replica's own clock says.",
        trace.spans.len(),
        instances.len(),
        short(length)
    );
    ui.label(RichText::new(words).weak().small());
    let names = NAMES.min(ui.available_width() * 0.45);
    scale(ui, names, length);
    let detail = if chosen.is_some() { (ui.available_height() * 0.4).min(190.0) } else { 0.0 };
    let height = (ui.available_height() - detail).max(70.0);
    ScrollArea::vertical().id_salt("spans").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for span in &trace.spans {
            row(ui, span, first, length, names, chosen);
        }
    });
    if let Some(span) = trace.spans.iter().find(|span| chosen.as_ref() == Some(&span.id)) {
        attributes(ui, span, clock);
    }
}

fn bounds(trace: &TraceView) -> (Option<i64>, Option<i64>) {
    let starts = trace.spans.iter().map(|span| span.start.0).min();
    let ends = trace.spans.iter().map(end).max();
    (starts, ends)
}

fn end(span: &SpanRow) -> i64 {
    span.start.0.saturating_add(i64::try_from(span.duration.0).unwrap_or(i64::MAX))
}

/// Marks at quarters of the whole length.
fn scale(ui: &mut Ui, names: f32, length: Duration) {
    let palette = palette(ui.visuals());
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
    let left = rect.left() + names;
    for quarter in 0_u8..=4 {
        let part = f32::from(quarter) / 4.0;
        let align = match quarter {
            0 => Align2::LEFT_CENTER,
            4 => Align2::RIGHT_CENTER,
            _ => Align2::CENTER_CENTER,
        };
        let at = pos2(left + (rect.right() - left) * part, rect.center().y);
        let words = if quarter == 0 { "0".to_owned() } else { short(length.mul_f64(f64::from(part))) };
        ui.painter().text(at, align, words, FontId::proportional(10.5), palette.weak);
    }
}

fn row(ui: &mut Ui, span: &SpanRow, first: i64, length: Duration, names: f32, chosen: &mut Option<String>) {
    let palette = palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let is_chosen = chosen.as_ref() == Some(&span.id);
    let response = named(response, Role::Button, &format!("span {} on {}", span.name, span.instance));
    if response.clicked() {
        *chosen = if is_chosen { None } else { Some(span.id.clone()) };
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let painter = ui.painter_at(rect);
    if is_chosen || response.hovered() {
        painter.rect_filled(rect, 2.0, if is_chosen { palette.accent_fill } else { palette.raised });
    }
    let indent = (span.depth as f32 * 12.0).min(names * 0.4);
    let label = Rect::from_min_max(rect.min + vec2(indent + 2.0, 0.0), pos2(rect.left() + names - 6.0, rect.bottom()));
    let clipped = painter.with_clip_rect(label);
    let ink = if span.error { palette.bad } else { palette.text };
    let drawn = clipped.text(label.left_center(), Align2::LEFT_CENTER, &span.name, FontId::proportional(12.5), ink);
    let beside = pos2(drawn.right() + 6.0, rect.center().y);
    clipped.text(beside, Align2::LEFT_CENTER, &span.instance, FontId::proportional(11.0), palette.weak);
    let (left, whole) = (rect.left() + names, (rect.width() - names).max(1.0));
    let scale = |ns: f64| left + whole * (ns / (length.0.max(1)) as f64) as f32;
    let from = scale(span.start.0.saturating_sub(first) as f64);
    let to = scale(end(span).saturating_sub(first) as f64).max(from + 2.0);
    let bar = Rect::from_min_max(pos2(from, rect.top() + 4.0), pos2(to, rect.bottom() - 4.0));
    let colour = if span.error { palette.bad } else { colour_of(ui, &span.instance) };
    painter.rect_filled(bar, 2.0, colour);
    if span.error {
        painter.text(bar.left_center(), Align2::RIGHT_CENTER, "! ", FontId::proportional(12.0), palette.bad);
    }
    let words = short(span.duration);
    let galley = painter.layout_no_wrap(words, FontId::proportional(10.5), palette.text);
    let room_right = rect.right() - bar.right() > galley.size().x + 6.0;
    let at = if room_right { bar.right() + 4.0 } else { (bar.left() - galley.size().x - 4.0).max(left) };
    painter.galley(pos2(at, rect.center().y - galley.size().y / 2.0), galley, palette.text);
    response.on_hover_text(format!("{} {} on {}, {}", span.kind, span.name, span.instance, short(span.duration)));
}

/// The same node, the same colour: the replica's number at the end does not count.
fn colour_of(ui: &Ui, instance: &str) -> egui::Color32 {
    let node = instance.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    let sum = node.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    palette(ui.visuals()).line_of(sum)
}

fn attributes(ui: &mut Ui, span: &SpanRow, clock: Clock) {
    let palette = palette(ui.visuals());
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        badge(ui, span.kind, palette.accent);
        ui.strong(&span.name);
        if span.error {
            badge(ui, "error", palette.bad);
        }
        let when = format!(
            "{} · starts {} UTC by its own clock · {}",
            span.instance,
            clock.precise(span.start),
            short(span.duration)
        );
        ui.label(RichText::new(when).weak());
    });
    ScrollArea::vertical().id_salt("attributes").auto_shrink([false, false]).show(ui, |ui| {
        let grid = egui::Grid::new("attributes").num_columns(2).striped(true).spacing([16.0, 1.0]);
        grid.show(ui, |ui| {
            for (name, value) in &span.attributes {
                ui.label(RichText::new(name).monospace().color(palette.weak));
                ui.add(egui::Label::new(RichText::new(value).monospace()).selectable(true));
                ui.end_row();
            }
        });
        if span.attributes.is_empty() {
            ui.label(RichText::new("This span carries no attributes.").weak());
        }
    });
}
