//! The list of lessons, and the choice of one.

use std::fmt::Write as _;
use std::io::{self, Write};

use rustyline::DefaultEditor;

use super::interrupt::{Ending, STOPPED, awaiting};
use super::paint::{Cell, DIM, NAME, harmless, paint, table, wrap};
use crate::diagnostic::nearest;
use crate::lab::LessonCard;

/// Where lines of a list end and begin.
const WIDTH: usize = 100;
const INDENT: &str = "    ";

/// The lessons as a table with numbers.
pub(crate) fn lesson_table(cards: &[LessonCard]) -> String {
    let rows: Vec<Vec<Cell>> = cards
        .iter()
        .enumerate()
        .map(|(at, card)| {
            vec![
                (at + 1).to_string().into(),
                Cell::styled(NAME, card.id.as_str()),
                card.title.as_str().into(),
                card.level.words().into(),
                Cell::styled(DIM, card.summary.as_str()),
            ]
        })
        .collect();
    table(&[">", "lesson", "", "level", ""], &rows)
}

/// The lessons one after another, with what each builds on and teaches.
pub(crate) fn lesson_list(cards: &[LessonCard]) -> String {
    let mut out = String::new();
    for (at, card) in cards.iter().enumerate() {
        let about = format!("{}, {}", card.title, card.level.words());
        writeln!(out, "{:>2}  {}  {about}", at + 1, paint(NAME, &card.id)).ok();
        out += &wrap(&card.summary, WIDTH, INDENT);
        for (word, list) in [("assumes", &card.assumes), ("teaches", &card.teaches)] {
            if !list.is_empty() {
                out += &wrap(&format!("{word}: {}", list.join("; ")), WIDTH, INDENT);
            }
        }
    }
    harmless(&out).into_owned()
}

/// Asks which lesson to play. None if the learner leaves.
pub(crate) fn choose_lesson<'a>(cards: &'a [LessonCard], out: &mut dyn Write) -> io::Result<Option<&'a LessonCard>> {
    out.write_all(lesson_table(cards).as_bytes())?;
    let mut editor = DefaultEditor::new().map_err(io::Error::other)?;
    loop {
        out.flush()?;
        let killed = || Ending { words: "stopped".to_owned(), status: STOPPED };
        let Ok(answer) = awaiting(killed, || editor.readline("which lesson? ")) else { return Ok(None) };
        let answer = answer.trim();
        if answer.is_empty() || matches!(answer, "q" | "quit" | "exit") {
            return Ok(None);
        }
        let by_number = answer.parse::<usize>().ok().and_then(|number| cards.get(number.checked_sub(1)?));
        if let Some(card) = by_number.or_else(|| cards.iter().find(|card| card.id == answer)) {
            return Ok(Some(card));
        }
        let near = nearest(answer, cards.iter().map(|card| card.id.as_str()));
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        writeln!(
            out,
            "{}",
            paint(DIM, format!("{hint}a number from 1 to {}, a name, or Enter to leave", cards.len()))
        )?;
    }
}
