//! The learner's own work as text: the notebook, the checklist, and where things stand.

use super::Sheet;
use crate::lab::{Notebook, Observation, UserFilter};
use crate::terminal::paint::{BOLD, DIM, NAME, WARN, paint, wrap};
use crate::terminal::verbs::QUESTIONS;
use crate::time::SimTime;

impl Sheet {
    /// A time of the incident clock.
    pub(super) fn clock(&self, at: SimTime) -> String {
        self.seconds(at.stamp())
    }
}

pub(in crate::terminal) fn checklist(notebook: &Notebook) -> String {
    let line = |(name, question, words): &(&str, _, &str)| {
        let box_ = if notebook.ticked.contains(question) { "[x]" } else { "[ ]" };
        format!("{box_} {:<14} {words}\n", paint(NAME, name))
    };
    QUESTIONS.iter().map(line).collect()
}

pub(in crate::terminal) fn notebook(seen: &Observation, sheet: &Sheet) -> String {
    let book = &seen.notebook;
    let mut out = String::new();
    let mut part = |title: &str, lines: Vec<String>, none: &str| {
        out += &paint(BOLD, title);
        out.push('\n');
        if lines.is_empty() {
            out += &paint(DIM, format!("  {none}\n"));
        }
        for line in lines {
            out += &wrap(&line, sheet.prose(), "  ");
        }
    };
    let arrow = |(from, to, suspect): &(String, String, bool)| {
        format!("{from} -> {to}{}", if *suspect { "  (can fail silently)" } else { "" })
    };
    part("Map", book.map.iter().map(arrow).collect(), "nothing drawn: `draw A -> B`");
    part("Affected", book.narrowed.iter().map(users).collect(), "not stated: `narrow region=...`");
    let pins = book.pinned.iter().enumerate();
    part(
        "Evidence",
        pins.map(|(at, p)| format!("{}. {} {}: {}\n   {}", at + 1, sheet.clock(p.at), p.look.words(), p.why, p.showed))
            .collect(),
        "nothing pinned: `pin WHY` after a look",
    );
    part(
        "Notes",
        book.notes.iter().map(|(at, text)| format!("{} {text}", sheet.clock(*at))).collect(),
        "none: `note TEXT`",
    );
    let said = book.hypotheses.iter().map(|(at, h)| {
        let change = h.change.as_ref().map_or(String::new(), |id| format!(", by {id}"));
        format!("{} {} at {}{change}", sheet.clock(*at), h.mechanism.words(), h.at)
    });
    part("Hypotheses", said.collect(), "none: `hypothesis AT MECHANISM`");
    let fixed = book.deployed.iter().map(|d| {
        format!(
            "{} {}: {}, in effect from {}",
            sheet.clock(d.ordered),
            d.change,
            d.fix.words(),
            sheet.clock(d.effective)
        )
    });
    part("Fixes", fixed.collect(), "none: `fix KIND ...`");
    let written = book.write_up.iter().flat_map(|w| {
        [("thought", &w.thought), ("found", &w.found), ("real fix", &w.real_fix)]
            .map(|(name, text)| format!("{name}: {text}"))
    });
    part("Write-up", written.collect(), "not written: `write-up`");
    if book.hints_in_all > 0 {
        part("Hints", book.hints.clone(), &format!("{} to be had: `hint`", book.hints_in_all));
    }
    out
}

fn users(filter: &UserFilter) -> String {
    let fields = [
        ("region", &filter.region),
        ("account", &filter.account),
        ("client", &filter.client),
        ("journey", &filter.journey),
    ];
    let stated: Vec<String> = fields.iter().filter_map(|(name, v)| v.as_ref().map(|v| format!("{name}={v}"))).collect();
    if stated.is_empty() { "all users".into() } else { stated.join(" ") }
}

pub(in crate::terminal) fn status(seen: &Observation, sheet: &Sheet) -> String {
    let mut out = format!("{}, seed {}\n", paint(BOLD, &seen.lesson_title), seen.seed.0);
    let since = seen.now.since(seen.opened_at);
    out += &format!("{} {} UTC, {since} after you arrived\n", sheet.day, sheet.clock(seen.now));
    for (words, at) in &seen.pending {
        out += &format!("under way: {words}, in effect at {}\n", sheet.clock(*at));
    }
    let book = &seen.notebook;
    out += &format!(
        "{} arrows drawn, {} of 7 questions ticked, {} pins, {} hypotheses, {} fixes, {} of {} hints\n",
        book.map.len(),
        book.ticked.len(),
        book.pinned.len(),
        book.hypotheses.len(),
        book.deployed.len(),
        book.hints.len(),
        book.hints_in_all
    );
    if let Some(suggestion) = &seen.suggestion {
        out += &paint(WARN, suggestion);
        out.push('\n');
    }
    out
}
