//! The learner's own map: arrows drawn by hand, and marks on those that can fail silently. Drawn on the topology's
//! canvas; nothing here knows which arrows exist.

use std::collections::BTreeMap;

use egui::{Painter, Rect, Response, RichText, Role, Sense, Stroke, Ui};

use super::topology::{OwnMap, TopologyState, ends, nearest};
use crate::app::act::{Act, Outbox};
use crate::app::diagram::Curve;
use crate::app::theme::palette;
use crate::app::widgets::named;
use crate::lab::Command;

/// Height of the tools under the canvas.
pub const TOOLS: f32 = 62.0;

/// Draws the arrows; a click on the knob of one chooses it.
pub fn arrows(
    ui: &mut Ui,
    painter: &Painter,
    canvas: Rect,
    places: &BTreeMap<String, Rect>,
    map: OwnMap<'_>,
    state: &mut TopologyState,
) {
    let palette = palette(ui.visuals());
    let pointer = ui.input(|input| input.pointer.interact_pos()).filter(|point| canvas.contains(*point));
    let hovered = pointer.and_then(|point| nearest(point, canvas, places, map)).cloned();
    for arrow in map {
        let (Some(from), Some(to)) = (places.get(&arrow.0), places.get(&arrow.1)) else { continue };
        let ends = (arrow.0.clone(), arrow.1.clone());
        let chosen = state.arrow.as_ref() == Some(&ends);
        let colour = if arrow.2 { palette.warn } else { palette.accent };
        let width = if chosen || hovered.as_ref() == Some(arrow) { 3.5 } else { 2.0 };
        let curve = Curve::between(*from, *to, canvas);
        curve.paint(painter, Stroke::new(width, colour));
        let rect = if arrow.2 {
            curve.label(painter, "? suspect", palette.warn, palette.base, &[]).0
        } else {
            Rect::from_center_size(curve.middle(), egui::vec2(14.0, 14.0))
        };
        let name = format!("arrow {} -> {}", arrow.0, arrow.1);
        let response = named(ui.interact(rect, ui.scope_id().with(&name), Sense::click()), Role::Button, &name);
        if !arrow.2 {
            painter.circle_filled(curve.middle(), 4.0, colour);
        }
        if response.clicked() {
            state.arrow = Some(ends);
        }
    }
}

/// Follows a drag that starts on a node, and draws an arrow when it ends on another.
pub fn drag(
    ui: &Ui,
    painter: &Painter,
    response: &Response,
    name: &str,
    places: &BTreeMap<String, Rect>,
    state: &mut TopologyState,
    out: &mut Outbox,
) {
    if response.drag_started() {
        state.drawing_from = Some(name.to_owned());
    }
    if state.drawing_from.as_deref() != Some(name) {
        return;
    }
    let palette = palette(ui.visuals());
    let (Some(pointer), Some(from)) = (ui.input(|input| input.pointer.interact_pos()), places.get(name)) else {
        return;
    };
    let target = places.iter().find(|(other, rect)| other.as_str() != name && rect.contains(pointer));
    let end = target.map_or(Rect::from_center_size(pointer, egui::Vec2::ZERO), |(_, rect)| *rect);
    Curve::between(*from, end, painter.clip_rect()).paint_dashed(painter, Stroke::new(2.0, palette.accent));
    if response.drag_stopped() {
        state.drawing_from = None;
        if let Some((to, _)) = target {
            state.arrow = Some((name.to_owned(), to.clone()));
            out.push(Act::Do(Command::DrawArrow { from: name.to_owned(), to: to.clone() }));
        }
    }
}

/// The tools: the chosen arrow, and a form for those who do not drag.
pub fn tools(ui: &mut Ui, names: &[String], map: OwnMap<'_>, state: &mut TopologyState, out: &mut Outbox) {
    let chosen = state.arrow.clone();
    let chosen = chosen.and_then(|(from, to)| map.iter().find(|arrow| arrow.0 == from && arrow.1 == to));
    ui.horizontal(|ui| match chosen {
        Some((from, to, suspect)) => {
            ui.label(RichText::new(format!("{from} → {to}")).strong());
            let words = if *suspect { "Not suspect after all" } else { "Mark as suspect" };
            let help = "Suspect: it can fail silently, and users still get a 200";
            if ui.button(words).on_hover_text(help).clicked() {
                out.push(Act::Do(Command::MarkArrow { from: from.clone(), to: to.clone(), suspect: !suspect }));
            }
            if ui.button("Delete arrow").clicked() {
                out.push(Act::Do(Command::EraseArrow { from: from.clone(), to: to.clone() }));
                state.arrow = None;
            }
        }
        None if map.is_empty() => {
            ui.label(
                RichText::new("Your map is empty. Draw the path of a failing request, one arrow for each call.").weak(),
            );
        }
        None => {
            let suspects = map.iter().filter(|arrow| arrow.2).count();
            let words = format!("{} arrows, {suspects} suspect. Click an arrow to mark or delete it.", map.len());
            ui.label(RichText::new(words).weak());
        }
    });
    ui.horizontal(|ui| ends(ui, names, state, out));
}
