//! The list of lessons, and the choice of one.

use std::io::{self, Write};

use rustyline::DefaultEditor;

use super::paint::{Cell, DIM, NAME, paint, table};
use crate::diagnostic::nearest;
use crate::lab::LessonCard;

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
                level(card).into(),
                Cell::styled(DIM, card.summary.as_str()),
            ]
        })
        .collect();
    table(&[">", "lesson", "", "level", ""], &rows)
}

fn level(card: &LessonCard) -> &'static str {
    use crate::lesson::Level;
    match card.level {
        Level::FirstSteps => "first steps",
        Level::Practised => "practised",
        Level::Expert => "expert",
    }
}

/// Asks which lesson to play. None if the learner leaves.
pub(crate) fn choose_lesson<'a>(cards: &'a [LessonCard], out: &mut dyn Write) -> io::Result<Option<&'a LessonCard>> {
    out.write_all(lesson_table(cards).as_bytes())?;
    let mut editor = DefaultEditor::new().map_err(io::Error::other)?;
    loop {
        out.flush()?;
        let Ok(answer) = editor.readline("which lesson? ") else { return Ok(None) };
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
