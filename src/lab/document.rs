//! The post-incident document, as Markdown: what was thought, what was done, what was found, and what the lab said of
//! it. Made from an observation alone.

use std::fmt::Write;

use super::{Debrief, Observation, Question};
use crate::time::SimTime;

/// The document as it stands.
pub(super) fn document(seen: &Observation) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(seen, &mut text);
    text
}

fn write_all(seen: &Observation, out: &mut String) -> std::fmt::Result {
    let notebook = &seen.notebook;
    let at = |time: SimTime| seen.stamp_text(time.stamp());
    writeln!(out, "# {}\n", line(&seen.lesson_title))?;
    writeln!(out, "Lesson `{}`, seed {}. All times in UTC.\n", seen.lesson_id, seen.seed.0)?;
    writeln!(out, "> {}: {}\n", line(&seen.ticket.reporter), line(&seen.ticket.text))?;

    let write_up = notebook.write_up.clone().unwrap_or_default();
    for (title, text) in [
        ("What we thought", &write_up.thought),
        ("What we found", &write_up.found),
        ("What the real fix is", &write_up.real_fix),
    ] {
        let text = if text.trim().is_empty() { "*Not written.*" } else { text.trim() };
        writeln!(out, "## {title}\n\n{text}\n")?;
    }

    if let Some(affected) = &notebook.narrowed {
        writeln!(out, "## Who was affected\n\n{}\n", line(&affected.words()))?;
    }
    if !notebook.hypotheses.is_empty() {
        writeln!(out, "## Hypotheses\n")?;
        for (time, hypothesis) in &notebook.hypotheses {
            writeln!(out, "- {} {}", at(*time), line(&hypothesis.words()))?;
        }
        writeln!(out)?;
    }
    if !notebook.deployed.is_empty() {
        writeln!(out, "## What was changed\n\n| ordered | in effect | change | what |\n| --- | --- | --- | --- |")?;
        for order in &notebook.deployed {
            let (ordered, effective) = (at(order.ordered), at(order.effective));
            writeln!(out, "| {ordered} | {effective} | {} | {} |", order.change, cell(&order.fix.words()))?;
        }
        writeln!(out)?;
    }
    if !notebook.pinned.is_empty() {
        writeln!(out, "## Evidence\n")?;
        for (number, pinned) in notebook.pinned.iter().enumerate() {
            writeln!(out, "{}. {} {}: {}\n", number + 1, at(pinned.at), line(&pinned.look.words()), line(&pinned.why))?;
            for shown in pinned.showed.lines() {
                writeln!(out, "       {shown}")?;
            }
            writeln!(out)?;
        }
    }
    if !notebook.map.is_empty() {
        writeln!(out, "## The call path\n")?;
        for (from, to, suspect) in &notebook.map {
            writeln!(out, "- {from} -> {to}{}", if *suspect { " (can fail silently)" } else { "" })?;
        }
        writeln!(out)?;
    }
    writeln!(out, "## Questions\n")?;
    for question in Question::ALL {
        writeln!(out, "- [{}] {}", if notebook.ticked.contains(&question) { 'x' } else { ' ' }, question.words())?;
    }
    if !notebook.notes.is_empty() {
        writeln!(out, "\n## Notes\n")?;
        for (time, note) in &notebook.notes {
            writeln!(out, "- {} {}", at(*time), line(note))?;
        }
    }
    match &seen.debrief {
        Some(debrief) => write_debrief(debrief, &at, out),
        None => Ok(()),
    }
}

fn write_debrief(debrief: &Debrief, at: &dyn Fn(SimTime) -> String, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n## Debrief\n\n**{}.**\n\n{}\n", debrief.verdict.words(), debrief.story)?;
    let cause = &debrief.cause;
    if cause.change.is_empty() {
        writeln!(out, "Cause: {}.\n", cause.mechanism.words())?;
    } else {
        let since = cause.since.map_or(String::new(), |since| format!(", since {}", at(since)));
        writeln!(out, "Cause: {} at {}, by {}{since}.\n", cause.mechanism.words(), cause.at, cause.change)?;
        for further in &cause.also {
            writeln!(out, "And {further}.\n")?;
        }
    }
    for found in &debrief.recurrences {
        writeln!(out, "Long after: {}.\n", found.words())?;
    }
    if let Some(words) = debrief.time_words() {
        writeln!(out, "The {words}.\n")?;
    }
    writeln!(out, "| step | score | time | what was done | what the evidence was |\n| --- | --- | --- | --- | --- |")?;
    for step in &debrief.steps {
        let score = step.score.map_or("–".to_owned(), |score| format!("{:.0} %", score * 100.0));
        writeln!(out, "| {} | {score} | {} | {} | {} |", step.step, step.spent, cell(&step.did), cell(&step.evidence))?;
    }
    writeln!(out, "\n| when | what | part | |\n| --- | --- | --- | --- |")?;
    for row in &debrief.timeline {
        writeln!(out, "| {} | {} | {} | {} |", at(row.at), cell(&row.what), row.part, cell(&row.text))?;
    }
    Ok(())
}

/// Text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text within a table.
fn cell(text: &str) -> String {
    line(text).replace('|', "\\|")
}
