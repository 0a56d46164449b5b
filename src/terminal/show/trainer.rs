//! The trainer's view as text.

use super::Sheet;
use super::chart::{counts, squeeze};
use crate::lab::TrainerView;
use crate::terminal::paint::{BOLD, Cell, DIM, WARN, count, paint, row, table, wrap};

pub(in crate::terminal) fn trainer(view: &TrainerView, sheet: &Sheet) -> String {
    let heading = |text: &str| format!("\n{}\n", paint(BOLD, text));
    let mut out = paint(WARN, "For the trainer: the ground truth. The session file says that it was shown.") + "\n";
    out += &heading("The cause");
    let cause = &view.cause;
    let since = cause.since.map_or(String::new(), |since| format!(", since {}", sheet.clock(since)));
    let places = if view.places.is_empty() { String::new() } else { format!(" at {}", view.places.join(" or ")) };
    let change = if cause.change.is_empty() { String::new() } else { format!(", by {}", cause.change) };
    out += &wrap(&format!("{}{places}{change}{since}", cause.mechanism.words()), sheet.prose(), "  ");
    if !view.silent_arrows.is_empty() {
        out += &wrap(&format!("fails silently: {}", view.silent_arrows.join(", ")), sheet.prose(), "  ");
    }
    out += &heading("Harmed requests by minute, in true time");
    let harmed: Vec<u64> = view.minutes.iter().map(|minute| minute.harmed).collect();
    if let (Some(first), Some(last)) = (view.minutes.first(), view.minutes.last()) {
        let columns = sheet.width.saturating_sub(30).clamp(16, 100);
        out += &format!("  from {} to {}\n", sheet.clock(first.at), sheet.clock(last.at));
        out += &counts(&[("harmed", squeeze(&harmed, columns))]);
        let all: u64 = view.minutes.iter().map(|minute| minute.requests).sum();
        out += &paint(DIM, format!("  {} of {} requests in all\n", count(harmed.iter().sum()), count(all)));
    }
    let rows = |rows: &[(String, &'static str, u64)]| -> Vec<Vec<Cell>> {
        rows.iter().map(|(journey, outcome, n)| row![journey.as_str(), *outcome, count(*n)]).collect()
    };
    out += &heading("What became of requests since the cause");
    out += &table(&["journey", "outcome", ">requests"], &rows(&view.outcomes));
    out += &heading("What happens when, in true time");
    let script: Vec<Vec<Cell>> =
        view.timeline.iter().map(|t| row![sheet.clock(t.at), t.part, t.what.as_str(), t.text.as_str()]).collect();
    out += &table(&["", "", "", ""], &script);
    for (title, pairs) in [
        ("Evidence", &view.evidence),
        ("Fixes, and what each does", &view.fixes),
        ("What is proved of this lesson", &view.proof),
    ] {
        out += &heading(title);
        for (what, words) in pairs {
            out += &wrap(&format!("{what}: {words}"), sheet.prose(), "  ");
        }
    }
    for (title, lines) in [("Hints", &view.hints), ("What an expert would have looked at", &view.expert)] {
        out += &heading(title);
        for line in lines {
            out += &wrap(line, sheet.prose(), "  ");
        }
    }
    out += &heading("What really happened");
    out + &wrap(&view.story, sheet.prose(), "  ")
}
