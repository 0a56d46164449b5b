//! The topology: nodes, and the calls between them that telemetry has shown over the newest five minutes. A call that
//! nothing measures is not drawn; that is why there is a map of one's own on the same canvas.

use std::collections::{BTreeMap, BTreeSet};

use egui::{Pos2, Rect, RichText, Sense, Ui, vec2};

use super::own_map;
use crate::app::act::{Act, Outbox};
use crate::app::clock::{quantity, share};
use crate::app::diagram::{self, Curve};
use crate::app::layering::layers;
use crate::app::near::nearest as nearest_to;
use crate::app::state::Desk;
use crate::app::theme::palette;
use crate::app::widgets::{pick, pin_button, small_button, term, view_or_note};
use crate::lab::{CallRow, Command, Dependencies, Look, View};
use crate::world::Kind;

/// What is drawn, and what is chosen on the canvas.
#[derive(Default)]
pub struct TopologyState {
    /// Whether the learner's own map is drawn.
    pub own_map: bool,
    /// The node an arrow is being drawn from.
    pub drawing_from: Option<String>,
    /// The chosen arrow of the own map.
    pub arrow: Option<(String, String)>,
    /// The ends of an arrow to be drawn by name.
    pub form: (Option<String>, Option<String>),
    layout: Layout,
}

/// Nodes that have room on the canvas, and how many are shown of a system that has more.
const MOST_NODES: usize = 80;
const NEAREST: usize = 40;

/// Where nodes stand, kept while the graph is the same, so that nothing jumps.
#[derive(Default)]
struct Layout {
    of: (Vec<String>, Vec<(String, String)>),
    columns: Vec<Vec<String>>,
}

/// The learner's map: arrows and whether each is suspect.
pub type OwnMap<'a> = &'a [(String, String, bool)];

/// The whole panel.
pub fn panel(ui: &mut Ui, desk: &mut Desk) {
    let observation = desk.observation().clone();
    let shown = desk.looks.show("topology", &Look::Dependencies);
    modes(ui, &mut desk.topology, desk.focus.as_deref(), &mut desk.outbox);
    let Some(View::Dependencies(seen)) = view_or_note(ui, &shown, "the calls that telemetry shows") else { return };
    show(
        ui,
        seen,
        &observation.inventory,
        &observation.notebook.map,
        &mut desk.topology,
        desk.focus.as_deref(),
        &mut desk.outbox,
    );
}

/// The bar above the canvas.
pub fn modes(ui: &mut Ui, state: &mut TopologyState, focus: Option<&str>, out: &mut Outbox) {
    ui.horizontal_wrapped(|ui| {
        ui.selectable_value(&mut state.own_map, false, "Observed calls");
        ui.selectable_value(&mut state.own_map, true, "My map");
        if state.own_map {
            ui.label(RichText::new("Drag from node to node to draw an arrow; click an arrow to mark it.").weak());
        } else {
            ui.label(RichText::new("calls of the newest 5 min:").weak());
            term(ui, "rate");
            term(ui, "errors");
            pin_button(ui, "Pin the observed calls", || Look::Dependencies, out);
        }
        if let Some(node) = focus {
            ui.label(RichText::new(format!("panels show {node}")).color(palette(ui.visuals()).accent));
            if small_button(ui, "Show all", "Show all nodes again").clicked() {
                out.push(Act::Focus(None));
            }
        }
    });
}

/// The canvas.
pub fn show(
    ui: &mut Ui,
    seen: &Dependencies,
    inventory: &[(String, Kind)],
    map: OwnMap<'_>,
    state: &mut TopologyState,
    focus: Option<&str>,
    out: &mut Outbox,
) {
    let kinds: BTreeMap<&str, Kind> = inventory
        .iter()
        .map(|(name, kind)| (name.as_str(), *kind))
        .chain(seen.nodes.iter().map(|node| (node.name.as_str(), node.kind)))
        .collect();
    let kinds = if kinds.len() > MOST_NODES { nearby(ui, kinds, seen, map, focus, out) } else { kinds };
    place(state, &kinds, seen, map);
    let tools = if state.own_map { own_map::TOOLS } else { 0.0 };
    let size = vec2(ui.available_width(), (ui.available_height() - tools).max(120.0));
    let (canvas, background) = ui.allocate_exact_size(size, Sense::click());
    let places = diagram::spread(&state.layout.columns, canvas);
    let painter = ui.painter_at(canvas);
    painter.rect_filled(canvas, 4.0, palette(ui.visuals()).base);
    if state.own_map {
        own_map::arrows(ui, &painter, canvas, &places, map, state);
    } else {
        for call in &seen.calls {
            observed(ui, &painter, canvas, &places, call, focus);
        }
    }
    for (name, rect) in &places {
        let kind = kinds.get(name.as_str()).copied().unwrap_or(Kind::Service);
        let replicas = seen.nodes.iter().find(|node| node.name == *name).map_or(0, |node| node.replicas);
        let response = diagram::node(ui, &painter, *rect, name, kind, replicas, focus == Some(name.as_str()));
        if state.own_map {
            own_map::drag(ui, &painter, &response, name, &places, state, out);
        } else if response.clicked() {
            out.push(Act::Focus(Some(name.clone()).filter(|name| focus != Some(name.as_str()))));
        }
    }
    let mut taken: Vec<Rect> = places.values().copied().collect();
    for call in seen.calls.iter().filter(|_| !state.own_map) {
        if focus.is_none_or(|name| name == call.from || name == call.to) {
            label(ui, &painter, canvas, &places, call, &mut taken);
        }
    }
    if background.clicked() {
        let near = background.interact_pointer_pos().and_then(|point| nearest(point, canvas, &places, map));
        state.arrow = near.map(|(from, to, _)| (from.clone(), to.clone()));
    }
    if state.own_map {
        let names: Vec<String> = kinds.keys().map(|name| (*name).to_owned()).collect();
        own_map::tools(ui, &names, map, state, out);
    }
}

/// Of a system that has no room on the canvas: what the learner drew, and what is near to the node in focus, or to users.
fn nearby<'a>(
    ui: &mut Ui,
    kinds: BTreeMap<&'a str, Kind>,
    seen: &'a Dependencies,
    map: OwnMap<'a>,
    focus: Option<&'a str>,
    out: &mut Outbox,
) -> BTreeMap<&'a str, Kind> {
    let users = kinds.iter().filter(|(_, kind)| **kind == Kind::Users).map(|(name, _)| *name);
    let from: Vec<&str> = focus.map_or_else(|| users.collect(), |name| vec![name]);
    let mut edges: Vec<(&str, &str)> = seen.calls.iter().map(|call| (call.from.as_str(), call.to.as_str())).collect();
    // Users tell no telemetry; the entry is what nobody calls.
    let called: BTreeSet<&str> = edges.iter().map(|(_, to)| *to).collect();
    let entries: Vec<&str> =
        seen.calls.iter().map(|call| call.from.as_str()).filter(|from| !called.contains(from)).collect();
    edges.extend(from.iter().filter(|_| focus.is_none()).flat_map(|user| entries.iter().map(move |to| (*user, *to))));
    let mut shown = nearest_to(&edges, &from, NEAREST);
    shown.extend(map.iter().flat_map(|(from, to, _)| [from.as_str(), to.as_str()]));
    ui.horizontal_wrapped(|ui| {
        let words = format!("{} nodes have no room here; the {} nearest to", kinds.len(), shown.len());
        ui.label(RichText::new(words).weak());
        let names: Vec<String> = kinds.keys().map(|name| (*name).to_owned()).collect();
        let mut chosen = focus.map(str::to_owned);
        if pick(ui, "Node in the middle", &mut chosen, "users", &names, 180.0) {
            out.push(Act::Focus(chosen));
        }
    });
    kinds.into_iter().filter(|(name, _)| shown.contains(name)).collect()
}

/// Ranks the nodes by what was observed and what was drawn, when either changed.
fn place(state: &mut TopologyState, kinds: &BTreeMap<&str, Kind>, seen: &Dependencies, map: OwnMap<'_>) {
    let observed = seen.calls.iter().map(|call| (call.from.clone(), call.to.clone()));
    let drawn = map.iter().map(|(from, to, _)| (from.clone(), to.clone()));
    let mut edges: Vec<(String, String)> = observed.chain(drawn).collect();
    edges.sort();
    edges.dedup();
    let of = (kinds.keys().map(|name| (*name).to_owned()).collect::<Vec<_>>(), edges);
    if state.layout.of != of {
        let nodes: Vec<&str> = of.0.iter().map(String::as_str).collect();
        let edges: Vec<(&str, &str)> = of.1.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        let users = kinds.iter().filter(|(_, kind)| **kind == Kind::Users);
        let sources: Vec<&str> = users.map(|(name, _)| *name).collect();
        state.layout = Layout { columns: layers(&nodes, &edges, &sources), of };
    }
}

fn observed(
    ui: &Ui,
    painter: &egui::Painter,
    canvas: Rect,
    places: &BTreeMap<String, Rect>,
    call: &CallRow,
    focus: Option<&str>,
) {
    let (Some(from), Some(to)) = (places.get(&call.from), places.get(&call.to)) else { return };
    let palette = palette(ui.visuals());
    let near = focus.is_none_or(|name| name == call.from || name == call.to);
    let colour = if call.errors > 0.05 { palette.bad } else { palette.weak };
    let colour = if near { colour } else { colour.gamma_multiply(0.35) };
    let curve = Curve::between(*from, *to, canvas);
    let width = 1.0 + (call.rate.unwrap_or_default().max(0.0) + 1.0).log10() as f32;
    curve.paint(painter, egui::Stroke::new(width, colour));
}

/// The rate on an arrow, or that only traces show it, and the share of errors when it is not next to nothing.
fn label(
    ui: &Ui,
    painter: &egui::Painter,
    canvas: Rect,
    places: &BTreeMap<String, Rect>,
    call: &CallRow,
    taken: &mut Vec<Rect>,
) {
    let (Some(from), Some(to)) = (places.get(&call.from), places.get(&call.to)) else { return };
    let palette = palette(ui.visuals());
    let curve = Curve::between(*from, *to, canvas);
    let rate = call.rate.map_or_else(|| "in traces".to_owned(), |rate| quantity(rate, "1/s"));
    let words = if call.errors >= 0.001 { format!("{rate}\n{}", share(call.errors)) } else { rate };
    let ink = if call.errors > 0.05 { palette.bad } else { palette.text };
    let (rect, written) = curve.label(painter, &words, ink, palette.base, taken);
    taken.extend(written.then_some(rect));
    let name = format!("call {} -> {}", call.from, call.to);
    let response = ui.interact(rect, ui.scope_id().with(&name), Sense::hover());
    let response =
        crate::app::widgets::named(response, egui::Role::Label, &format!("{name}: {}", words.replace('\n', ", ")));
    let errors = share(call.errors);
    let counted = match call.rate {
        Some(rate) => format!("{} calls, {errors} with an error, as the caller counts", quantity(rate, "1/s")),
        None => format!("seen in traces, {errors} of them with an error; traces are a sample and tell no rate"),
    };
    response.on_hover_text(format!("{} → {}\n{counted}", call.from, call.to));
}

/// The arrow under a point, if one is near.
pub fn nearest<'a>(
    point: Pos2,
    canvas: Rect,
    places: &BTreeMap<String, Rect>,
    map: OwnMap<'a>,
) -> Option<&'a (String, String, bool)> {
    let distance = |arrow: &(String, String, bool)| {
        let (from, to) = (places.get(&arrow.0)?, places.get(&arrow.1)?);
        Some(Curve::between(*from, *to, canvas).distance(point))
    };
    let near = map.iter().filter_map(|arrow| distance(arrow).map(|far| (far, arrow)));
    near.filter(|(far, _)| *far < 8.0).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, arrow)| arrow)
}

/// The combo boxes for an arrow by name.
pub fn ends(ui: &mut Ui, names: &[String], state: &mut TopologyState, out: &mut Outbox) {
    pick(ui, "Arrow from", &mut state.form.0, "from", names, 120.0);
    ui.label("→");
    pick(ui, "Arrow to", &mut state.form.1, "to", names, 120.0);
    let ready = state.form.0.is_some() && state.form.1.is_some();
    if ui.add_enabled(ready, egui::Button::new("Draw arrow")).clicked()
        && let (Some(from), Some(to)) = state.form.clone()
    {
        out.push(Act::Do(Command::DrawArrow { from, to }));
        state.form.1 = None;
    }
}
