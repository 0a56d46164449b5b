//! Who did what in a session, and when: shifts of people, and their deeds. Knows names and clocks; nothing of whether what
//! was done was right.

use serde::{Deserialize, Serialize};

use super::Command;
use crate::time::SimTime;

/// The longest name, in characters.
const LONGEST_NAME: usize = 64;

/// The work of one person on a session without a break, as the session file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Who worked; empty if nobody said.
    pub who: String,
    /// When that person sat down by the clock on the wall, RFC 3339 in UTC; empty if it is not known.
    pub began: String,
    /// The first command that is theirs, counted from 0.
    pub first: usize,
}

impl Shift {
    /// A shift that begins now, for whoever this is; a long or strange name is cut.
    pub fn now(who: &str) -> Shift {
        let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
        Shift { who: plain(who), began: now, first: 0 }
    }

    /// The same as somebody's file has it, whose words may be strange.
    pub(super) fn plain(self) -> Shift {
        Shift { who: plain(&self.who), began: plain(&self.began), first: self.first }
    }

    /// The name, or that there is none.
    pub fn name(&self) -> &str {
        if self.who.is_empty() { "somebody" } else { &self.who }
    }
}

/// One short line that a terminal shows as it is.
fn plain(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect()
}

/// The name of whoever uses this machine, as it says; empty if it does not.
pub fn local_name() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|key| std::env::var(key).ok());
    named.map(|name| name.trim().to_owned()).find(|name| !name.is_empty()).unwrap_or_default()
}

/// One thing that somebody did. That time passed is seen from the times of what came before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// On the incident clock.
    pub at: SimTime,
    /// What, in words.
    pub what: String,
    /// Whether it was only a look.
    pub is_look: bool,
}

/// A shift, and what was done in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftWork {
    /// Who and when.
    pub shift: Shift,
    /// The incident clock when it began and when it ended.
    pub span: (SimTime, SimTime),
    /// In order.
    pub deeds: Vec<Deed>,
}

impl ShiftWork {
    /// In a sentence: who, when, and how much of what.
    pub fn words(&self) -> String {
        let looks = self.deeds.iter().filter(|deed| deed.is_look).count();
        let others = self.deeds.len() - looks;
        let began = if self.shift.began.is_empty() { String::new() } else { format!(" ({})", self.shift.began) };
        let things = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let spent = self.span.1.since(self.span.0);
        format!(
            "{}{began}: {} and {} in {spent} of the incident",
            self.shift.name(),
            things(looks, "look", "looks"),
            things(others, "other step", "other steps")
        )
    }
}

/// The work of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Shifts in order, each with something done in it.
    pub shifts: Vec<ShiftWork>,
}

impl Work {
    /// Whether what is done by `shift` now would be the first of it.
    pub(super) fn begins(&self, shift: &Shift) -> bool {
        let last = self.shifts.last().map(|work| &work.shift);
        last.is_none_or(|last| (&last.who, &last.began) != (&shift.who, &shift.began))
    }

    /// Adds a recorded command; `from` and `to` are the incident clock before it and after.
    pub(super) fn add(&mut self, shift: &Shift, place: usize, command: &Command, (from, to): (SimTime, SimTime)) {
        if self.begins(shift) {
            let shift = Shift { first: place, ..shift.clone() };
            self.shifts.push(ShiftWork { shift, span: (from, from), deeds: Vec::new() });
        }
        let Some(work) = self.shifts.last_mut() else { return };
        work.span.1 = to;
        if !matches!(command, Command::Wait(_)) {
            let is_look = matches!(command, Command::Look(_));
            work.deeds.push(Deed { at: from, what: command.words(), is_look });
        }
    }

    /// As a session file has it.
    pub(super) fn shifts(&self) -> Vec<Shift> {
        self.shifts.iter().map(|work| work.shift.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(Shift::now(" Ada\nLovelace ").who, "AdaLovelace");
        assert_eq!(Shift::now(&"ü".repeat(500)).who.chars().count(), LONGEST_NAME);
        assert_eq!(Shift::now("").name(), "somebody");
        let strange = Shift { who: "A\u{1b}[31mda\u{9b}".into(), began: "\u{7}now\n".into(), first: 2 };
        assert_eq!(strange.plain(), Shift { who: "A[31mda".into(), began: "now".into(), first: 2 });
    }
}
