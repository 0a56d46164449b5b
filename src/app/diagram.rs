//! Shapes on the topology's canvas: nodes by kind, curved arrows with labels. Knows geometry; must never know where
//! the graph comes from.

use std::collections::BTreeMap;

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2, pos2, vec2};

use super::theme::{kind_words, palette};
use super::widgets::named;
use crate::world::Kind;

const NODE: Vec2 = vec2(124.0, 40.0);
const LEAST: Vec2 = vec2(60.0, 30.0);

/// Steps along a curve at which a label may stand, the best first.
const LABEL_PLACES: [usize; 9] = [12, 11, 13, 9, 15, 7, 17, 5, 19];

/// The height that a node takes up with the space below it, at the least.
const ROW: f32 = 36.0;

/// Rectangles for the nodes of each column, filling the canvas. A column that has no room from top to bottom is folded.
pub fn spread(columns: &[Vec<String>], canvas: Rect) -> BTreeMap<String, Rect> {
    let inner = canvas.shrink2(vec2(10.0, 12.0));
    let most = ((inner.height() / ROW) as usize).max(1);
    let folded = columns
        .iter()
        .flat_map(|column| column.chunks(column.len().div_ceil(column.len().div_ceil(most).max(1)).max(1)));
    let columns: Vec<&[String]> = folded.collect();
    let (across, tallest) =
        (columns.len().max(1) as f32, columns.iter().map(|column| column.len()).max().unwrap_or(1).max(1) as f32);
    let pitch = inner.width() / across;
    let size = vec2((pitch * 0.66).clamp(LEAST.x, NODE.x), (inner.height() / tallest * 0.72).clamp(LEAST.y, NODE.y));
    let step = if across > 1.0 { (inner.width() - size.x) / (across - 1.0) } else { 0.0 };
    let mut places = BTreeMap::new();
    for (x, column) in columns.iter().enumerate() {
        let room = inner.height() / column.len().max(1) as f32;
        // Every other column stands half a step lower, so that long arrows pass between nodes and not behind them.
        let shift = if x % 2 == 1 && column.len() == 1 { 0.0 } else { room * 0.08 * (x % 2) as f32 };
        for (y, name) in column.iter().enumerate() {
            let centre =
                pos2(inner.left() + size.x / 2.0 + step * x as f32, inner.top() + room * (y as f32 + 0.5) + shift);
            places.insert(name.clone(), Rect::from_center_size(centre, size));
        }
    }
    places
}

/// Draws a node and answers how the pointer touches it.
pub fn node(ui: &Ui, painter: &Painter, rect: Rect, name: &str, kind: Kind, replicas: usize, chosen: bool) -> Response {
    let palette = palette(ui.visuals());
    let response = ui.interact(rect, ui.scope_id().with(("node", name)), Sense::click_and_drag());
    let response = named(response, Role::Button, &format!("node {name}"));
    let colour = palette.kind(kind);
    let hot = chosen || response.hovered() || response.has_focus();
    let fill = if chosen { palette.accent_fill } else { palette.raised };
    outline(painter, rect, kind, fill, Stroke::new(if hot { 2.5 } else { 1.5 }, colour));
    let words = if replicas > 1 { format!("{} ×{replicas}", kind_words(kind)) } else { kind_words(kind).to_owned() };
    label(painter, room(rect, kind), name, (&words, colour), palette.strong);
    response.on_hover_text(format!("{name} ({words})"))
}

/// Where words have room inside an outline.
fn room(rect: Rect, kind: Kind) -> Rect {
    let inner = rect.shrink2(vec2(4.0, 0.0));
    match kind {
        Kind::Queue => inner.with_max_x(rect.left() + rect.width() * 0.88),
        Kind::Worker | Kind::Job => inner.shrink2(vec2(rect.width() * 0.03, 0.0)),
        _ => inner,
    }
}

/// The size of the smallest words, and the distance of lines of them.
const SMALLEST: f32 = 8.5;
const TIGHT: f32 = 10.0;

/// Writes a node's name and below it what it is. A name that is too long is broken in two; if three lines are too high,
/// the outline alone tells the kind.
fn label(painter: &Painter, room: Rect, name: &str, (words, colour): (&str, Color32), strong: Color32) {
    let width = |text: &str, size: f32| {
        painter.layout_no_wrap(text.to_owned(), FontId::proportional(size), strong).size().x.max(1.0)
    };
    let write = |text: &str, size: f32, down: f32, ink: Color32| {
        let fit = (size * room.width() / width(text, size)).clamp(SMALLEST, size);
        let painter = painter.with_clip_rect(room.intersect(painter.clip_rect()));
        painter.text(room.center() + vec2(0.0, down), Align2::CENTER_CENTER, text, FontId::proportional(fit), ink);
    };
    match broken(name).filter(|_| width(name, SMALLEST) > room.width()) {
        None => {
            write(name, 12.5, -7.0, strong);
            write(words, 10.5, 8.0, colour);
        }
        Some((first, rest)) => {
            let whole = room.height() >= 3.0 * TIGHT + 2.0;
            let middle = if whole { -TIGHT / 2.0 } else { 0.0 };
            write(first, 10.0, middle - TIGHT / 2.0, strong);
            write(rest, 10.0, middle + TIGHT / 2.0, strong);
            if whole {
                write(words, SMALLEST, TIGHT, colour);
            }
        }
    }
}

/// A name in two, behind the hyphen, dot or underline that is nearest to its middle.
fn broken(name: &str) -> Option<(&str, &str)> {
    let breaks = name.match_indices(['-', '.', '_', ' ']).map(|(at, found)| at + found.len());
    let at = breaks.filter(|at| *at < name.len()).min_by_key(|at| name.len().abs_diff(2 * at))?;
    Some(name.split_at(at))
}

/// The outline that tells the kind without its colour.
fn outline(painter: &Painter, rect: Rect, kind: Kind, fill: Color32, stroke: Stroke) {
    let (w, h) = (rect.width(), rect.height());
    let at = |x: f32, y: f32| pos2(rect.left() + w * x, rect.top() + h * y);
    let polygon = |points: Vec<Pos2>| {
        painter.add(Shape::convex_polygon(points, fill, stroke));
    };
    let framed = |radius: f32| {
        painter.rect(rect, radius, fill, stroke, egui::StrokeKind::Inside);
    };
    match kind {
        Kind::Users => framed(h / 2.0),
        Kind::LoadBalancer => {
            polygon(vec![at(0.0, 0.5), at(0.1, 0.0), at(0.9, 0.0), at(1.0, 0.5), at(0.9, 1.0), at(0.1, 1.0)]);
        }
        Kind::Gateway => polygon(vec![at(0.0, 0.0), at(0.92, 0.0), at(1.0, 0.5), at(0.92, 1.0), at(0.0, 1.0)]),
        Kind::Database => {
            framed(10.0);
            painter.line_segment([at(0.04, 0.14), at(0.96, 0.14)], Stroke::new(1.0, stroke.color));
        }
        Kind::Queue => {
            framed(2.0);
            for x in [0.9, 0.94] {
                painter.line_segment([at(x, 0.12), at(x, 0.88)], Stroke::new(1.0, stroke.color));
            }
        }
        Kind::Cache => {
            framed(2.0);
            painter.line_segment([at(0.0, 0.3), at(0.09, 0.0)], stroke);
            painter.line_segment([at(0.91, 1.0), at(1.0, 0.7)], stroke);
        }
        Kind::Worker | Kind::Job => polygon(vec![at(0.06, 0.0), at(1.0, 0.0), at(0.94, 1.0), at(0.0, 1.0)]),
        Kind::External => {
            painter.rect_filled(rect, 6.0, fill);
            let corners = [at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0), at(0.0, 1.0), at(0.0, 0.0)];
            painter.extend(Shape::dashed_line(&corners, stroke, 6.0, 3.0));
        }
        Kind::Service => framed(5.0),
    }
}

/// A curve from one node to another.
pub struct Curve {
    points: Vec<Pos2>,
}

impl Curve {
    /// From the right of one to the left of the other; calls against the flow swing below both.
    pub fn between(from: Rect, to: Rect, canvas: Rect) -> Curve {
        let forward = to.left() > from.right() + 4.0;
        let [a, b, c, d] = if forward {
            let (a, d) = (from.right_center(), to.left_center());
            let reach = (d.x - a.x) * 0.45;
            [a, a + vec2(reach, 0.0), d - vec2(reach, 0.0), d]
        } else if (from.center().x - to.center().x).abs() < 4.0 {
            let down = to.center().y > from.center().y;
            let (a, d) =
                if down { (from.center_bottom(), to.center_top()) } else { (from.center_top(), to.center_bottom()) };
            [a, a.lerp(d, 0.35), a.lerp(d, 0.65), d]
        } else {
            let (a, d) = (from.center_bottom(), to.center_bottom());
            let deep = (canvas.bottom() - a.y.max(d.y)).clamp(12.0, 46.0);
            [a, a + vec2(0.0, deep), d + vec2(0.0, deep), d]
        };
        let point = |t: f32| {
            let s = 1.0 - t;
            let sum = a.to_vec2() * (s * s * s)
                + b.to_vec2() * (3.0 * s * s * t)
                + c.to_vec2() * (3.0 * s * t * t)
                + d.to_vec2() * (t * t * t);
            sum.to_pos2()
        };
        Curve { points: (0_u8..=24).map(|step| point(f32::from(step) / 24.0)).collect() }
    }

    /// Draws the curve with its head.
    pub fn paint(&self, painter: &Painter, stroke: Stroke) {
        painter.add(Shape::line(self.points.clone(), stroke));
        if let [.., before, _, tip] = self.points.as_slice() {
            let back = (*before - *tip).normalized() * (6.0 + stroke.width);
            let side = back.rot90() * 0.5;
            painter.add(Shape::convex_polygon(
                vec![*tip, *tip + back + side, *tip + back - side],
                stroke.color,
                Stroke::NONE,
            ));
        }
    }

    /// Draws dashes instead, for what is only on its way.
    pub fn paint_dashed(&self, painter: &Painter, stroke: Stroke) {
        painter.extend(Shape::dashed_line(&self.points, stroke, 6.0, 4.0));
    }

    /// Writes on the curve, above it where it runs level, at a place where nothing is in the way; not at all if there is
    /// none. Answers where the words stand or would have stood, and whether they do.
    pub fn label(&self, painter: &Painter, text: &str, ink: Color32, ground: Color32, taken: &[Rect]) -> (Rect, bool) {
        let job = egui::text::LayoutJob {
            halign: egui::Align::Center,
            ..egui::text::LayoutJob::simple(text.to_owned(), FontId::proportional(10.5), ink, f32::INFINITY)
        };
        let galley = painter.layout_job(job);
        let size = galley.size() + vec2(4.0, 0.0);
        let level = match (self.points.first(), self.points.last()) {
            (Some(first), Some(last)) => (first.y - last.y).abs() < 12.0,
            _ => false,
        };
        let lift = if level { size.y / 2.0 + 3.0 } else { 0.0 };
        let around = |at: Pos2| Rect::from_center_size(at - vec2(0.0, lift), size);
        let free = |rect: &Rect| !taken.iter().any(|other| other.shrink(2.0).intersects(*rect));
        let mut places = LABEL_PLACES.iter().filter_map(|at| self.points.get(*at)).map(|at| around(*at));
        let Some(rect) = places.find(free) else { return (around(self.middle()), false) };
        painter.rect_filled(rect, 2.0, ground.gamma_multiply(if level { 0.0 } else { 0.8 }));
        painter.galley(rect.center_top(), galley, ink);
        (rect, true)
    }

    /// The point half-way.
    pub fn middle(&self) -> Pos2 {
        self.points.get(self.points.len() / 2).copied().unwrap_or_default()
    }

    /// How far a point is from the curve.
    pub fn distance(&self, point: Pos2) -> f32 {
        self.points.iter().map(|on| on.distance(point)).fold(f32::INFINITY, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_broken_near_their_middle() {
        assert_eq!(broken("merchant-endpoint"), Some(("merchant-", "endpoint")));
        assert_eq!(broken("push-classic-api"), Some(("push-", "classic-api")));
        assert_eq!(broken("one.two_three four"), Some(("one.two_", "three four")));
        assert_eq!(broken("ends-"), None);
        assert_eq!(broken("recommendations"), None);
    }

    #[test]
    fn nodes_of_a_tall_column_do_not_lie_on_each_other() {
        let column = |name: &str, nodes: usize| (0..nodes).map(|at| format!("{name}{at}")).collect::<Vec<_>>();
        let columns = [column("users", 1), column("edge", 2), column("service", 37), column("store", 12)];
        let canvas = Rect::from_min_size(pos2(10.0, 20.0), vec2(760.0, 430.0));
        let places: Vec<Rect> = spread(&columns, canvas).into_values().collect();
        assert_eq!(places.len(), 52);
        for (at, rect) in places.iter().enumerate() {
            assert!(canvas.contains_rect(*rect), "{rect:?}");
            assert!(places[at + 1..].iter().all(|other| !other.intersects(*rect)), "{rect:?}");
        }
    }
}
