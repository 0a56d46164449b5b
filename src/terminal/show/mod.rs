//! Views as text. Knows the shapes of views and nothing of how they were made.

mod chart;
mod debrief;
mod evidence;
mod history;
mod notebook;
mod trace;
mod trainer;

pub(super) use debrief::debrief;
pub(super) use history::{history, shifts};
pub(super) use notebook::{checklist, notebook, status};
pub(super) use trainer::trainer;

use super::paint::{DIM, WARN, paint};
use super::verbs::Shown;
use crate::lab::{Answer, Found, Observation, View};
use crate::time::{Epoch, Stamp};

/// What rendering needs to know besides the view.
pub(super) struct Sheet {
    epoch: Epoch,
    day: String,
    /// Columns of the terminal.
    width: usize,
}

/// Columns where there is no terminal.
const WIDTH: usize = 110;

impl Sheet {
    /// For what is seen now.
    pub(super) fn new(seen: &Observation) -> Sheet {
        let width = terminal_size::terminal_size().map_or(WIDTH, |(columns, _)| usize::from(columns.0));
        let mut sheet = Sheet { epoch: seen.telemetry.epoch(), day: String::new(), width: width.clamp(40, 240) };
        sheet.day = sheet.date(seen.now.stamp());
        sheet
    }

    fn date(&self, stamp: Stamp) -> String {
        self.epoch.rfc3339(stamp).split('T').next().unwrap_or_default().to_owned()
    }

    /// The time of day in UTC; with its date if that is not the day of *now*.
    fn time(&self, stamp: Stamp) -> String {
        let (date, time) = (self.date(stamp), self.epoch.time_of_day(stamp));
        if date == self.day { time } else { format!("{date} {time}") }
    }

    /// Without fractions of a second.
    fn seconds(&self, stamp: Stamp) -> String {
        let time = self.time(stamp);
        time.split('.').next().unwrap_or(&time).to_owned()
    }

    /// The line that says once which day and whose time.
    fn dated(&self, whose: &str) -> String {
        paint(DIM, format!("{} UTC, {whose}", self.day)) + "\n"
    }

    /// Width for prose.
    pub(super) fn prose(&self) -> usize {
        self.width.min(100)
    }
}

/// A view as text, ending in a line break.
pub(super) fn view(view: &View, shown: &Shown, sheet: &Sheet) -> String {
    match view {
        View::Ticket(ticket) => evidence::ticket(ticket, sheet),
        View::Reports(rows) => evidence::reports(rows, shown, sheet),
        View::BlastRadius(radius) => evidence::blast(radius),
        View::Dependencies(map) => evidence::map(map),
        View::Logs(page) => evidence::logs(page, shown, sheet),
        View::Chart(lines) => chart::chart(lines, sheet),
        View::Metrics(rows) => evidence::metrics(rows, shown, sheet),
        View::Traces(rows) => trace::list(rows, sheet),
        View::Trace(one) => trace::waterfall(one, sheet),
        View::Health(rows) => evidence::health(rows, sheet),
        View::Changes(rows) => evidence::changes(rows, shown, sheet),
        View::Clocks(rows) => evidence::clocks(rows, sheet),
        View::Stats(rows) => evidence::stats(rows),
        View::Config(rows) => evidence::config(rows),
        View::Reproduced(tried) => trace::reproduced(tried, sheet),
        View::Answer(answer) => answer_of(answer, shown, sheet),
    }
}

/// What a query found, and what is to be said of it.
fn answer_of(answer: &Answer, shown: &Shown, sheet: &Sheet) -> String {
    let found = match &answer.found {
        Found::Numbers(lines) if lines.lines.is_empty() => "no series\n".to_owned(),
        Found::Numbers(lines) => {
            let mut lines = lines.clone();
            let all = lines.lines.len();
            lines.lines.truncate(shown.rows);
            chart::chart(&lines, sheet) + &evidence::more(all, lines.lines.len(), "series", "first")
        }
        Found::Lines(page) => evidence::logs(page, shown, sheet),
        Found::Traces(rows) => trace::found(&rows[..rows.len().min(shown.rows)], sheet),
    };
    let remarks = answer.remarks.iter().map(|words| format!("{} {words}\n", paint(WARN, "note:")));
    found + &remarks.collect::<String>()
}
