//! Charts of a class as SVG. Every mark has its words as a title; no meaning is in colour alone.

use std::fmt::Write;

use super::Row;
use super::html::escape;
use crate::time::Duration;

/// Okabe and Ito's palette for the colour-blind, and one grey.
const COLOURS: [&str; 9] =
    ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999", "#6a4c93"];

const NAMES: f64 = 230.0;
const WIDTH: f64 = 980.0;
const ROW: f64 = 26.0;

/// Where the time of each session went, by step.
pub(super) fn steps(rows: &[Row]) -> String {
    let longest = rows.iter().map(|row| row.total.as_secs_f64()).fold(1.0, f64::max);
    let mut out = open(rows.len() + 1, "Incident time by step of the work, one bar a session");
    for (at, row) in rows.iter().enumerate() {
        let y = at as f64 * ROW;
        name(&mut out, y, row);
        let mut x = NAMES;
        for (nth, (step, spent, _)) in row.steps.iter().enumerate() {
            let width = spent.as_secs_f64() / longest * (WIDTH - NAMES - 80.0);
            if width > 0.0 {
                let words = escape(&format!("{step}: {spent}"));
                let colour = COLOURS[nth % COLOURS.len()];
                let (top, high) = (y + 4.0, ROW - 8.0);
                let _ = write!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{high}\" fill=\"{colour}\"><title>{words}</title></rect>"
                );
                if width > 70.0 {
                    let (tx, ty) = (x + 4.0, y + 17.0);
                    let _ = write!(out, "<text class=\"on\" x=\"{tx:.1}\" y=\"{ty:.1}\">{}</text>", escape(step));
                }
                x += width;
            }
        }
        let (tx, ty) = (x + 6.0, y + 17.0);
        let _ = write!(out, "<text x=\"{tx:.1}\" y=\"{ty:.1}\">{}</text>", row.total);
    }
    legend(&mut out, rows);
    out + "</svg>"
}

/// The names of the colours.
fn legend(out: &mut String, rows: &[Row]) {
    let y = rows.len() as f64 * ROW + 6.0;
    let Some(first) = rows.first() else { return };
    for (nth, (step, ..)) in first.steps.iter().enumerate() {
        let x = nth as f64 * (WIDTH / 9.0);
        let (colour, tx, ty) = (COLOURS[nth % COLOURS.len()], x + 15.0, y + 10.0);
        let _ = write!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"11\" height=\"11\" fill=\"{colour}\"/><text x=\"{tx:.1}\" y=\"{ty:.1}\">{}</text>",
            escape(step)
        );
    }
}

/// When each session had its first hypothesis, its mitigation and its root fix.
pub(super) fn times(rows: &[Row]) -> String {
    let longest = rows.iter().map(|row| row.total.as_secs_f64()).fold(1.0, f64::max);
    let place = |time: Duration| NAMES + time.as_secs_f64() / longest * (WIDTH - NAMES - 40.0);
    let mut out = open(rows.len() + 1, "Time on the incident clock to hypothesis, mitigation and root fix");
    for (at, row) in rows.iter().enumerate() {
        let (y, end) = (at as f64 * ROW + 13.0, place(row.total));
        name(&mut out, at as f64 * ROW, row);
        let _ = write!(out, "<line x1=\"{NAMES}\" y1=\"{y}\" x2=\"{end:.1}\" y2=\"{y}\" class=\"axis\"/>");
        let marks = [
            ("H", "first hypothesis", row.times.hypothesis, COLOURS[0]),
            ("M", "mitigation", row.times.mitigation, COLOURS[1]),
            ("R", "root fix", row.times.root_fix, COLOURS[2]),
        ];
        for (letter, words, time, colour) in marks {
            let Some(time) = time else { continue };
            let (x, ty) = (place(time), y + 4.0);
            let _ = write!(
                out,
                "<g><title>{words} after {time}</title><circle cx=\"{x:.1}\" cy=\"{y}\" r=\"9\" fill=\"{colour}\"/><text class=\"on\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{ty}\">{letter}</text></g>"
            );
        }
    }
    let y = rows.len() as f64 * ROW + 16.0;
    let _ = write!(
        out,
        "<text x=\"{NAMES}\" y=\"{y}\">H first hypothesis · M mitigation · R root fix · the line is the whole session</text>"
    );
    out + "</svg>"
}

fn open(rows: usize, words: &str) -> String {
    let high = rows as f64 * ROW + 4.0;
    format!("<svg viewBox=\"0 0 {WIDTH} {high}\" role=\"img\" aria-label=\"{}\">", escape(words))
}

fn name(out: &mut String, y: f64, row: &Row) {
    let whole = format!("{} · {}", row.people(), row.lesson.0);
    let short: String =
        if whole.chars().count() > 34 { whole.chars().take(33).chain(['…']).collect() } else { whole.clone() };
    let y = y + 17.0;
    let _ = write!(out, "<text x=\"0\" y=\"{y}\">{}<title>{}</title></text>", escape(&short), escape(&whole));
}
