//! The panels and how they are arranged: tabs that can be dragged, split, closed and opened again. Knows names and
//! places; what a panel draws is in `panels`.

use egui::{Id, Rect, Ui, WidgetText};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, SimplificationOptions, Tile, TileId, Tiles, Tree, UiResponse,
};
use serde::{Deserialize, Serialize};

use super::panels;
use super::state::Desk;
use super::theme::{PANEL_MARGIN, SPACE_M, palette};
use super::widgets::named;

/// A panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Panel {
    Ticket,
    Topology,
    Logs,
    Metrics,
    Traces,
    Query,
    Health,
    Changes,
    Notebook,
    Fixes,
    Checklist,
    BlastRadius,
    Clocks,
    Stores,
    Config,
    Reproduce,
    Hypothesis,
    WriteUp,
    Debrief,
}

impl Panel {
    /// All panels; the first nine answer to Ctrl+1 … Ctrl+9.
    pub const ALL: [Panel; 19] = [
        Panel::Ticket,
        Panel::Topology,
        Panel::Logs,
        Panel::Metrics,
        Panel::Traces,
        Panel::Health,
        Panel::Changes,
        Panel::Notebook,
        Panel::Fixes,
        Panel::Query,
        Panel::Checklist,
        Panel::BlastRadius,
        Panel::Clocks,
        Panel::Stores,
        Panel::Config,
        Panel::Reproduce,
        Panel::Hypothesis,
        Panel::WriteUp,
        Panel::Debrief,
    ];

    /// The words on its tab.
    pub fn title(self) -> &'static str {
        match self {
            Panel::Ticket => "Ticket",
            Panel::Topology => "Topology",
            Panel::Logs => "Logs",
            Panel::Metrics => "Metrics",
            Panel::Traces => "Traces",
            Panel::Query => "Query",
            Panel::Health => "Health",
            Panel::Changes => "Changes",
            Panel::Notebook => "Notebook",
            Panel::Fixes => "Fixes",
            Panel::Checklist => "Checklist",
            Panel::BlastRadius => "Blast radius",
            Panel::Clocks => "Clocks",
            Panel::Stores => "Queues & caches",
            Panel::Config => "Config",
            Panel::Reproduce => "Reproduce",
            Panel::Hypothesis => "Hypothesis",
            Panel::WriteUp => "Write-up",
            Panel::Debrief => "Debrief",
        }
    }

    /// What it is for.
    pub fn help(self) -> &'static str {
        match self {
            Panel::Ticket => "the report that opened the incident, and what users have written since",
            Panel::Topology => "nodes and the calls that telemetry has shown; and your own map, drawn by hand",
            Panel::Logs => "log lines, filtered; every line is stamped by the clock of the replica that wrote it",
            Panel::Metrics => "charts of metrics, several under one time axis, with the recorded changes marked",
            Panel::Traces => "requests followed across the services, as far as their trace ids were passed on",
            Panel::Query => "metrics, logs and traces, asked in PromQL, LogQL and TraceQL",
            Panel::Health => "the health page of every replica, and what it really checks",
            Panel::Changes => "deploys, configuration, flags, scaling: what was recorded as changed, and roll back",
            Panel::Notebook => "evidence you pinned, whom you think it affects, and notes",
            Panel::Fixes => "change the running system, and see what you changed so far",
            Panel::Checklist => "seven questions to answer before you touch a log",
            Panel::BlastRadius => "how reports fall over regions, accounts, clients and journeys",
            Panel::Clocks => "what each replica's clock says at the same moment",
            Panel::Stores => "queues and caches, as their exporters show them",
            Panel::Config => "the configuration of nodes and arrows, as deployed",
            Panel::Reproduce => "send one request by hand in a quiet copy on one machine with one clock",
            Panel::Hypothesis => "where it fails, how, and which change did it",
            Panel::WriteUp => "the post-incident document, and its export as Markdown",
            Panel::Debrief => "ends the investigation, and tells what really happened",
        }
    }

    /// The panel of this name, as on its tab or close to it (`queues`, `blast-radius`).
    pub fn find(name: &str) -> Option<Panel> {
        let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let wanted = plain(name);
        let exact = Panel::ALL.into_iter().find(|panel| plain(panel.title()) == wanted);
        exact.or_else(|| {
            Panel::ALL.into_iter().find(|panel| !wanted.is_empty() && plain(panel.title()).starts_with(&wanted))
        })
    }
}

/// The arrangement of the panels.
#[derive(Serialize, Deserialize)]
pub struct Dock {
    tree: Tree<Panel>,
    /// The panel that fills the window, if one does.
    #[serde(skip)]
    alone: Option<Panel>,
    /// The panels that were in front in the last frame.
    #[serde(skip)]
    shown: Vec<Panel>,
}

impl Dock {
    /// The arrangement for a window this wide, in points.
    pub fn for_width(width: f32) -> Dock {
        let mut tiles = Tiles::default();
        let root = if width >= 1180.0 { wide(&mut tiles) } else { narrow(&mut tiles) };
        Dock { tree: Tree::new(Id::unique("dock"), root, tiles), alone: None, shown: Vec::new() }
    }

    /// Whether every panel has its place: an arrangement that an older version stored may not.
    pub fn is_complete(&self) -> bool {
        Panel::ALL.iter().all(|panel| self.tree.tiles.find_pane(panel).is_some())
    }

    /// Whether a panel is open (it may be behind another tab).
    pub fn is_open(&self, panel: Panel) -> bool {
        self.tree.tiles.find_pane(&panel).is_some_and(|tile| self.tree.is_visible(tile))
    }

    /// Opens a panel if it is closed, and brings it to the front.
    pub fn reveal(&mut self, panel: Panel) {
        let Some(tile) = self.tree.tiles.find_pane(&panel) else { return };
        self.tree.set_visible(tile, true);
        self.tree.make_active(|id, _| id == tile);
        if self.alone.is_some_and(|alone| alone != panel) {
            self.alone = None;
        }
    }

    /// Lets one panel fill the window, or all stand side by side again.
    pub fn set_alone(&mut self, panel: Option<Panel>) {
        self.alone = panel;
        panel.into_iter().for_each(|panel| self.reveal(panel));
    }

    /// The panel that fills the window, if one does.
    pub fn alone(&self) -> Option<Panel> {
        self.alone
    }

    /// Opens or closes a panel.
    pub fn set_open(&mut self, panel: Panel, open: bool) {
        if open {
            self.reveal(panel);
        } else if let Some(tile) = self.tree.tiles.find_pane(&panel) {
            self.tree.set_visible(tile, false);
        }
    }

    /// Draws all panels that are in front.
    pub fn ui(&mut self, ui: &mut Ui, desk: &mut Desk) {
        if let Some(panel) = self.alone {
            desk.attention = Some(panel);
            return self.alone_ui(ui, panel, desk);
        }
        let active = self.tree.active_tiles();
        let mut desktop = Desktop { desk, active, closed: Vec::new(), alone: None, shown: Vec::new() };
        self.tree.ui(&mut desktop, ui);
        let Desktop { closed, alone, shown, .. } = desktop;
        // A panel that has just come to the front is what the learner wants to see.
        if let (false, Some(fresh)) = (self.shown.is_empty(), shown.iter().find(|panel| !self.shown.contains(panel))) {
            desk.attention = Some(*fresh);
        }
        self.shown = shown;
        for tile in closed {
            self.tree.set_visible(tile, false);
        }
        if alone.is_some() {
            self.alone = alone;
        }
    }

    fn alone_ui(&mut self, ui: &mut Ui, panel: Panel, desk: &mut Desk) {
        ui.painter().rect_filled(ui.max_rect(), 0.0, palette(ui.visuals()).panel);
        egui::Frame::new().inner_margin(PANEL_MARGIN).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.strong(panel.title());
                let back = ui.button("All panels").on_hover_text("Show the other panels again (Esc)");
                if back.clicked() || ui.input(|input| input.key_pressed(egui::Key::Escape)) {
                    self.alone = None;
                }
            });
            ui.push_id(panel, |ui| panels::ui(ui, panel, desk));
        });
    }
}

fn tabs(tiles: &mut Tiles<Panel>, panels: &[Panel]) -> TileId {
    let children = panels.iter().map(|panel| tiles.insert_pane(*panel)).collect();
    tiles.insert_tab_tile(children)
}

fn linear(tiles: &mut Tiles<Panel>, dir: LinearDir, parts: &[(TileId, f32)]) -> TileId {
    let mut linear = Linear::new(dir, parts.iter().map(|(tile, _)| *tile).collect());
    for (tile, share) in parts {
        linear.shares.set_share(*tile, *share);
    }
    tiles.insert_container(Container::Linear(linear))
}

const SIGNALS: [Panel; 6] = [Panel::Topology, Panel::Logs, Panel::Metrics, Panel::Traces, Panel::Query, Panel::Debrief];
const FACTS: [Panel; 7] =
    [Panel::Changes, Panel::Health, Panel::BlastRadius, Panel::Stores, Panel::Clocks, Panel::Config, Panel::Reproduce];

/// Story at the left, signals in the middle, conclusions at the right.
fn wide(tiles: &mut Tiles<Panel>) -> TileId {
    let ticket = tabs(tiles, &[Panel::Ticket]);
    let checklist = tabs(tiles, &[Panel::Checklist]);
    let left = linear(tiles, LinearDir::Vertical, &[(ticket, 1.25), (checklist, 1.0)]);
    let signals = tabs(tiles, &SIGNALS);
    let facts = tabs(tiles, &FACTS);
    let centre = linear(tiles, LinearDir::Vertical, &[(signals, 1.75), (facts, 1.0)]);
    let notebook = tabs(tiles, &[Panel::Notebook, Panel::Hypothesis, Panel::WriteUp]);
    let fixes = tabs(tiles, &[Panel::Fixes]);
    let right = linear(tiles, LinearDir::Vertical, &[(notebook, 1.15), (fixes, 1.0)]);
    linear(tiles, LinearDir::Horizontal, &[(left, 0.95), (centre, 2.6), (right, 1.15)])
}

/// Two columns for a small window.
fn narrow(tiles: &mut Tiles<Panel>) -> TileId {
    let story = [Panel::Ticket, Panel::Checklist, Panel::Notebook, Panel::Hypothesis, Panel::Fixes, Panel::WriteUp];
    let left = tabs(tiles, &story);
    let signals = tabs(tiles, &SIGNALS);
    let facts = tabs(tiles, &FACTS);
    let right = linear(tiles, LinearDir::Vertical, &[(signals, 1.6), (facts, 1.0)]);
    linear(tiles, LinearDir::Horizontal, &[(left, 1.0), (right, 1.9)])
}

struct Desktop<'a> {
    desk: &'a mut Desk,
    active: Vec<TileId>,
    closed: Vec<TileId>,
    alone: Option<Panel>,
    shown: Vec<Panel>,
}

impl Behavior<Panel> for Desktop<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _: TileId, panel: &mut Panel) -> UiResponse {
        let rect: Rect = ui.max_rect();
        let pointed = ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO || input.pointer.any_down());
        if pointed && ui.rect_contains_pointer(rect) {
            self.desk.attention = Some(*panel);
        }
        self.shown.push(*panel);
        ui.painter().rect_filled(rect, 0.0, palette(ui.visuals()).panel);
        egui::Frame::new().inner_margin(PANEL_MARGIN).show(ui, |ui| {
            ui.shrink_clip_rect(rect);
            ui.push_id(*panel, |ui| panels::ui(ui, *panel, self.desk));
            ui.take_available_space();
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, panel: &Panel) -> WidgetText {
        let marked = match panel {
            Panel::Notebook => self.desk.observation().notebook.pinned.len(),
            Panel::Checklist => self.desk.observation().notebook.ticked.len(),
            Panel::Fixes => self.desk.observation().notebook.deployed.len(),
            _ => 0,
        };
        if marked == 0 { panel.title().into() } else { format!("{} · {marked}", panel.title()).into() }
    }

    /// Only the tab in front has a cross: fewer crosses, and none is hit by mistake.
    fn is_tab_closable(&self, tiles: &Tiles<Panel>, tile: TileId) -> bool {
        self.active.contains(&tile) && matches!(tiles.get(tile), Some(Tile::Pane(_)))
    }

    fn top_bar_right_ui(&mut self, tiles: &Tiles<Panel>, ui: &mut Ui, _: TileId, tabs: &egui_tiles::Tabs, _: &mut f32) {
        let front = tabs.active.and_then(|tile| tiles.get_pane(&tile)).copied();
        let Some(panel) = front else { return };
        ui.add_space(SPACE_M);
        let button = egui::Button::new(egui::RichText::new("□").small()).frame(false).small();
        let button = ui.add(button).on_hover_text(format!("Let {} fill the window", panel.title()));
        if named(button, egui::Role::Button, &format!("Maximise {}", panel.title())).clicked() {
            self.alone = Some(panel);
        }
    }

    fn on_tab_close(&mut self, _: &mut Tiles<Panel>, tile: TileId) -> bool {
        // Hidden, not removed, so that the View menu can put it back where it was.
        self.closed.push(tile);
        false
    }

    fn tab_bar_height(&self, _: &egui::Style) -> f32 {
        26.0
    }

    fn gap_width(&self, _: &egui::Style) -> f32 {
        4.0
    }

    fn min_size(&self) -> f32 {
        90.0
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        palette(visuals).base
    }

    fn tab_text_color(
        &self,
        visuals: &egui::Visuals,
        _: &Tiles<Panel>,
        _: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        let palette = palette(visuals);
        if state.active { palette.strong } else { palette.weak }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_arrangement_holds_every_panel_and_survives_storage() {
        for width in [1024.0, 1440.0] {
            let dock = Dock::for_width(width);
            assert!(dock.is_complete());
            let text = ron::to_string(&dock).unwrap();
            let mut back: Dock = ron::from_str(&text).unwrap();
            back.set_open(Panel::Logs, false);
            assert!(!back.is_open(Panel::Logs));
            back.reveal(Panel::Logs);
            assert!(back.is_open(Panel::Logs));
        }
    }

    #[test]
    fn panels_are_found_by_the_name_a_person_would_write() {
        for (name, panel) in [
            ("logs", Panel::Logs),
            ("Blast-Radius", Panel::BlastRadius),
            ("queues", Panel::Stores),
            ("write_up", Panel::WriteUp),
        ] {
            assert_eq!(Panel::find(name), Some(panel));
        }
        assert_eq!(Panel::find(""), None);
        assert_eq!(Panel::find("weather"), None);
    }
}
