//! Who did what as text.

use super::Sheet;
use crate::lab::Observation;
use crate::terminal::paint::{BOLD, DIM, paint};

/// A line for each shift; nothing if nobody did anything yet.
pub(in crate::terminal) fn shifts(seen: &Observation) -> String {
    let shifts = &seen.work.shifts;
    shifts.iter().map(|work| paint(DIM, work.words()) + "\n").collect()
}

/// Everything that was done, by shift.
pub(in crate::terminal) fn history(seen: &Observation, sheet: &Sheet) -> String {
    if seen.work.shifts.is_empty() {
        return "nothing was done yet\n".to_owned();
    }
    let mut out = String::new();
    for work in &seen.work.shifts {
        out += &paint(BOLD, work.words());
        out.push('\n');
        for deed in &work.deeds {
            out += &format!("  {} {}\n", paint(DIM, sheet.clock(deed.at)), deed.what);
        }
    }
    out
}
