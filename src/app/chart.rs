//! A chart of lines over UTC time, with the recorded changes marked. Knows points and units; must never know how a
//! metric is queried.

use std::collections::BTreeSet;

use egui::{Id, RichText, Role, Ui, Vec2b};
use egui_plot::{GridInput, GridMark, HoverPosition, Line, LineStyle, Plot, PlotPoint, PlotPoints, VLine};

use super::clock::{Clock, quantity};
use super::theme::palette;
use super::widgets::named;
use crate::lab::Chart;
use crate::time::Stamp;

/// Lines that are drawn at most; more cannot be told apart.
pub const MOST_LINES: usize = 24;

/// A marker: when, and its words.
pub type Marker = (Stamp, String);

/// Where a chart stands.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its own name.
    pub id: &'a str,
    /// Charts of the same group share the time axis and the crosshair.
    pub group: &'static str,
    /// In points.
    pub height: f32,
}

/// Draws a chart. `hidden` are the lines that the reader switched off.
pub fn show(
    ui: &mut Ui,
    frame: Frame<'_>,
    chart: &Chart,
    markers: &[Marker],
    clock: Clock,
    hidden: &mut BTreeSet<String>,
) {
    let group = Id::unique(frame.group);
    let palette = palette(ui.visuals());
    let unit = chart.unit.clone();
    let (axis_unit, label_unit) = (unit.clone(), unit);
    let span = time_span(chart);
    let ink = palette.weak.gamma_multiply(0.8);
    let plot = Plot::new(frame.id)
        .height(frame.height)
        .show_axes(true)
        .show_background(false)
        .allow_scroll(false)
        .allow_boxed_zoom(true)
        .allow_zoom(Vec2b::new(true, false))
        .allow_drag(Vec2b::new(true, false))
        .link_axis(group, Vec2b::new(true, false))
        .link_cursor(group, Vec2b::new(true, false))
        .include_y(0.0)
        .set_margin_fraction(egui::vec2(0.0, 0.08))
        .y_axis_min_width(58.0)
        .grid_spacing(egui::Rangef::new(8.0, 16.0))
        .grid_color(palette.line)
        .x_grid_spacer(time_grid)
        .y_grid_spacer(value_grid)
        .x_axis_formatter(move |mark: GridMark, _| clock.axis(mark.value, mark.step_size))
        .y_axis_formatter(move |mark, _| quantity(mark.value, &axis_unit))
        .label_formatter(move |hover| Some(hover_words(hover, clock, &label_unit)));
    plot.show(ui, |plot| {
        for (stamp, words) in markers {
            let at = stamp.as_secs_f64();
            if span.is_some_and(|(first, last)| (first..=last).contains(&at)) {
                plot.vline(VLine::new(words.clone(), at).color(ink).style(LineStyle::dashed_loose()).width(1.0));
            }
        }
        for (nth, line) in chart.lines.iter().take(MOST_LINES).enumerate() {
            if !hidden.contains(&line.name) {
                let points: PlotPoints<'_> = line.points.iter().map(|(at, value)| [at.as_secs_f64(), *value]).collect();
                plot.line(Line::new(line.name.clone(), points).color(palette.line_of(nth)).width(1.6));
            }
        }
    });
    legend(ui, chart, hidden);
}

/// The lines with their newest values; a click switches one off or on.
fn legend(ui: &mut Ui, chart: &Chart, hidden: &mut BTreeSet<String>) {
    let palette = palette(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (nth, line) in chart.lines.iter().take(MOST_LINES).enumerate() {
            let newest = line.points.last().map_or("no value".to_owned(), |(_, value)| quantity(*value, &chart.unit));
            let name = if line.name.is_empty() { "all" } else { &line.name };
            let off = hidden.contains(&line.name);
            let ink = if off { palette.weak } else { palette.line_of(nth) };
            let mut text =
                RichText::new(format!("{} {name}  {newest}", if off { "○" } else { "●" })).small().color(ink);
            if off {
                text = text.strikethrough();
            }
            let button = ui.add(egui::Button::new(text).frame(false).small());
            let verb = if off { "Show" } else { "Hide" };
            if named(button, Role::Button, &format!("{verb} line {name}")).clicked() && !hidden.remove(&line.name) {
                hidden.insert(line.name.clone());
            }
        }
        if chart.lines.len() > MOST_LINES {
            let words = format!(
                "{} more lines are not drawn: choose label values to narrow it",
                chart.lines.len() - MOST_LINES
            );
            ui.label(RichText::new(words).small().color(palette.warn));
        }
    });
}

fn time_span(chart: &Chart) -> Option<(f64, f64)> {
    let points = || chart.lines.iter().flat_map(|line| &line.points).map(|(at, _)| at.as_secs_f64());
    Some((points().reduce(f64::min)?, points().reduce(f64::max)?))
}

fn hover_words(hover: &HoverPosition<'_>, clock: Clock, unit: &str) -> String {
    let time = |at: PlotPoint| format!("{} UTC", clock.axis(at.x, 1.0));
    match hover {
        HoverPosition::NearDataPoint { plot_name, position, .. } if !plot_name.is_empty() => {
            format!("{plot_name}\n{}\n{}", quantity(position.y, unit), time(*position))
        }
        HoverPosition::NearDataPoint { position, .. } => format!("{}\n{}", quantity(position.y, unit), time(*position)),
        HoverPosition::Elsewhere { position } => time(*position),
    }
}

/// Marks at whole seconds, minutes or hours, far enough apart for a time of day each.
fn time_grid(input: GridInput) -> Vec<GridMark> {
    const STEPS: [f64; 14] =
        [1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0];
    let least = input.base_step_size * 8.0;
    marks(input.bounds, STEPS.into_iter().find(|step| *step >= least).unwrap_or(86_400.0))
}

/// Marks at 1, 2 or 5 times a power of ten.
fn value_grid(input: GridInput) -> Vec<GridMark> {
    let least = (input.base_step_size * 4.0).max(1e-12);
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= least);
    marks(input.bounds, step.unwrap_or(power * 10.0))
}

fn marks((least, most): (f64, f64), step: f64) -> Vec<GridMark> {
    let (first, last) = ((least / step).ceil() as i64, (most / step).floor() as i64);
    if last.saturating_sub(first) > 400 {
        return Vec::new();
    }
    (first..=last).map(|nth| GridMark { value: nth as f64 * step, step_size: step }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_stands_on_whole_minutes() {
        let marks = time_grid(GridInput { bounds: (100.0, 3700.0), base_step_size: 40.0 });
        assert!(marks.len() > 3 && marks.iter().all(|mark| mark.value % 600.0 == 0.0));
        assert!(time_grid(GridInput { bounds: (0.0, 1e15), base_step_size: 1.0 }).is_empty(), "no flood of marks");
        let steps = |base| value_grid(GridInput { bounds: (0.0, base * 40.0), base_step_size: base });
        assert_eq!(steps(0.004).get(1).map(|mark| mark.value), Some(0.02));
        assert!(steps(0.0).is_empty() || steps(0.0).len() == 1);
    }
}
