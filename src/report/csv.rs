//! Rows as CSV: one line a session, times in seconds of the incident clock.

use super::Row;
use crate::time::Duration;

/// All rows, with a line of names first. What is not known or never came is empty.
pub fn csv(rows: &[Row]) -> std::io::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut names: Vec<String> = [
        "file",
        "who",
        "began",
        "lesson",
        "seed",
        "finished",
        "verdict",
        "solved",
        "hypothesis",
        "cause",
        "fixes",
        "answers_shown",
        "changed_by_hand",
        "hints",
        "hints_in_all",
        "to_hypothesis_s",
        "to_mitigation_s",
        "to_root_fix_s",
        "total_s",
    ]
    .map(str::to_owned)
    .to_vec();
    let steps: &[_] = rows.first().map_or(&[], |row| &row.steps);
    for (step, ..) in steps {
        let step = step.to_lowercase().replace(' ', "_");
        names.extend([format!("{step}_s"), format!("{step}_score")]);
    }
    writer.write_record(&names)?;
    for row in rows {
        writer.write_record(record(row).iter().map(|cell| harmless(cell)))?;
    }
    let bytes = writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(std::io::Error::other)
}

fn record(row: &Row) -> Vec<String> {
    let seconds = |time: Duration| time.as_secs_f64().to_string();
    let maybe = |time: Option<Duration>| time.map_or(String::new(), seconds);
    let mut cells = vec![
        row.file.display().to_string(),
        row.people(),
        row.began.clone(),
        row.lesson.0.clone(),
        row.seed.to_string(),
        row.finished.to_string(),
        row.verdict_word().1.to_owned(),
        row.is_solved().to_string(),
        row.cause.0.clone(),
        row.cause.1.word().to_owned(),
        row.fixes.join("; "),
        row.shown.to_string(),
        row.changed_by_hand.to_string(),
        row.hints.0.to_string(),
        row.hints.1.to_string(),
        maybe(row.times.hypothesis),
        maybe(row.times.mitigation),
        maybe(row.times.root_fix),
        seconds(row.total),
    ];
    for (_, spent, score) in &row.steps {
        cells.extend([seconds(*spent), score.map_or(String::new(), |score| format!("{score:.2}"))]);
    }
    cells
}

/// A cell that no spreadsheet takes for a formula, whatever a session file says.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}
