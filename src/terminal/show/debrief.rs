//! The debrief as text: all of it, in the order of a conversation.

use super::Sheet;
use super::chart::{counts, squeeze};
use crate::lab::{Debrief, Futures, MapReview, Times, Verdict};
use crate::terminal::paint::{BAD, BOLD, Cell, DIM, GOOD, NAME, WARN, count, paint, percent, row, table, three, wrap};
use crate::time::{Duration, SimTime};

pub(in crate::terminal) fn debrief(debrief: &Debrief, sheet: &Sheet) -> String {
    let mut out = paint(BOLD, format!("Debrief: {}", debrief.title)) + "\n";
    let style = match debrief.verdict {
        Verdict::RootFix | Verdict::RightlyLeftAlone => GOOD,
        Verdict::PartialFix | Verdict::SymptomPatch | Verdict::NotTried => WARN,
        Verdict::NoEffect | Verdict::Worse => BAD,
    };
    out += &format!("Your fixes: {}\n\n", paint(style, debrief.verdict.words()));
    out += &wrap(&debrief.story, sheet.prose(), "");
    out += &cause(debrief, sheet);
    out += &heading("The two futures of this seed");
    out += &futures(&debrief.futures, sheet);
    out += &heading("What happened, in true time");
    let rows: Vec<Vec<Cell>> = debrief
        .timeline
        .iter()
        .map(|t| row![sheet.true_time(t.at), t.part, t.what.as_str(), t.text.as_str()])
        .collect();
    out += &table(&["", "", "", ""], &rows);
    out += &heading("The nine steps");
    if let Some(words) = debrief.time_words() {
        out += &wrap(&words, sheet.prose(), "  ");
    }
    for step in &debrief.steps {
        let score = step.score.map_or(String::new(), |score| format!("  {}", percent(score)));
        let spent = if step.spent > Duration::ZERO { format!("  {}", step.spent) } else { String::new() };
        out += &format!("{}{score}{}\n", paint(NAME, step.step), paint(DIM, spent));
        for (who, text) in [("you", &step.did), ("evidence", &step.evidence), ("expert", &step.expert)] {
            if !text.is_empty() {
                out += &wrap(&format!("{who}: {text}"), sheet.prose(), "    ");
            }
        }
    }
    if !debrief.recurrences.is_empty() {
        out += &heading("Long after");
        for found in &debrief.recurrences {
            out += &wrap(&found.words(), sheet.prose(), "  ");
        }
    }
    out += &heading("Your map");
    out += &map(&debrief.map);
    out += &heading("Fixes that there were");
    for (fix, effect) in &debrief.fixes {
        out += &wrap(&format!("{fix}: {effect}"), sheet.prose(), "  ");
    }
    out += &heading("Times, from your arrival");
    out + &times(&debrief.times)
}

impl Sheet {
    fn true_time(&self, at: SimTime) -> String {
        self.seconds(at.stamp())
    }
}

fn heading(text: &str) -> String {
    format!("\n{}\n", paint(BOLD, text))
}

fn cause(debrief: &Debrief, sheet: &Sheet) -> String {
    let cause = &debrief.cause;
    let mut out = heading("The cause");
    out += &format!("  {} at {}", cause.mechanism.words(), if cause.at.is_empty() { "no place" } else { &cause.at });
    if !cause.change.is_empty() {
        out += &format!(", by {}", cause.change);
    }
    if let Some(since) = cause.since {
        out += &format!(", since {}", sheet.true_time(since));
    }
    for further in &cause.also {
        out += &format!("\n  and {further}");
    }
    out + &format!(
        "\n  before you arrived {} requests more than usual did not give their users what they were owed\n",
        count(cause.harmed_before_arrival)
    )
}

fn futures(futures: &Futures, sheet: &Sheet) -> String {
    let columns = sheet.width.saturating_sub(40).clamp(16, 80);
    let harmed =
        |minutes: &[(SimTime, u64)]| squeeze(&minutes.iter().map(|(_, harmed)| *harmed).collect::<Vec<_>>(), columns);
    let mut out = String::new();
    let all = futures.with.iter().chain(&futures.without).map(|(at, _)| *at);
    if let (Some(first), Some(last)) = (all.clone().min(), all.max()) {
        out += &format!("  harmed requests, {} to {}", sheet.true_time(first), sheet.true_time(last));
        if let Some(at) = futures.fixed_at {
            out += &format!("; your first fix at {}", sheet.true_time(at));
        }
        out += "\n";
        out += &match futures.fixed_at {
            Some(_) => {
                counts(&[("without your fixes", harmed(&futures.without)), ("with your fixes", harmed(&futures.with))])
            }
            None => counts(&[("nothing was changed", harmed(&futures.without))]),
        };
    }
    if !futures.seeds.is_empty() {
        const TITLES: [&str; 6] = [">seed", ">healthy", ">before", ">soon after", ">long after", ">without a fix"];
        // Without a fix there is no after.
        let columns = if futures.fixed_at.is_some() { TITLES.len() } else { 3 };
        let rows: Vec<Vec<Cell>> = futures
            .seeds
            .iter()
            .map(|s| {
                let harm = [s.background, s.before, s.soon, s.late, s.untouched];
                let mut cells = row![s.seed.to_string()];
                cells.extend(harm.iter().take(columns - 1).map(|harm| Cell::from(three(*harm))));
                cells
            })
            .collect();
        out += "  harmed requests an hour, on each seed that was tried\n";
        out += &table(&TITLES[..columns], &rows);
    }
    if out.is_empty() { "  not run\n".into() } else { out }
}

fn map(map: &MapReview) -> String {
    let mut out = String::new();
    let mut lines = |title: &str, names: Vec<String>| {
        if !names.is_empty() {
            out += &format!("  {title}: {}\n", names.join(", "));
        }
    };
    let named = |(from, to): (&String, &String)| format!("{from} -> {to}");
    lines("drawn", map.real.iter().filter(|r| r.2).map(|r| named((&r.0, &r.1))).collect());
    lines("missing", map.real.iter().filter(|r| !r.2).map(|r| named((&r.0, &r.1))).collect());
    lines("drawn, and not on the path", map.extra.iter().map(|(from, to)| named((from, to))).collect());
    lines("silent, and marked", map.silent.iter().filter(|s| s.1).map(|s| s.0.clone()).collect());
    lines("silent, not marked", map.silent.iter().filter(|s| !s.1).map(|s| s.0.clone()).collect());
    lines("marked, not silent", map.mismarked.clone());
    out
}

fn times(times: &Times) -> String {
    let rows: Vec<Vec<Cell>> =
        [("first hypothesis", times.hypothesis), ("harm halved", times.mitigation), ("root fix", times.root_fix)]
            .into_iter()
            .map(|(name, time)| row![format!("  {name}"), time.map_or("never".into(), |time| time.to_string())])
            .collect();
    table(&["", ">"], &rows)
}
