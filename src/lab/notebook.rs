//! The learner's notebook: the map, the evidence and the theories of one session. Knows what the learner did; must
//! never know whether it was right.

use std::collections::BTreeMap;

use super::limits::{MOST_ARROWS, MOST_ENTRIES, MOST_TEXT};
use super::{Fix, Hypothesis, Look, Question, Refusal, UserAttribute, UserFilter, WriteUp};
use crate::time::SimTime;

/// The learner's notebook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Notebook {
    /// The learner's map: (from, to, marked as suspect).
    pub map: Vec<(String, String, bool)>,
    /// Who is affected, as last stated.
    pub narrowed: Option<UserFilter>,
    /// Ticked questions.
    pub ticked: Vec<Question>,
    /// Pinned evidence, in order of pinning.
    pub pinned: Vec<PinnedEvidence>,
    /// Notes with the incident clock's time.
    pub notes: Vec<(SimTime, String)>,
    /// Hypotheses with the incident clock's time; the last one counts.
    pub hypotheses: Vec<(SimTime, Hypothesis)>,
    /// Fixes that were ordered.
    pub deployed: Vec<Deployment>,
    /// The post-incident document.
    pub write_up: Option<WriteUp>,
    /// Hints that were given.
    pub hints: Vec<String>,
    /// How many hints there are in all.
    pub hints_in_all: usize,
}

/// A piece of evidence in the notebook.
#[derive(Clone, Debug, PartialEq)]
pub struct PinnedEvidence {
    /// When it was pinned.
    pub at: SimTime,
    /// What was looked at.
    pub look: Look,
    /// Why it matters.
    pub why: String,
    /// A line or a few of what it showed when it was pinned.
    pub showed: String,
}

/// A fix that was ordered.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// The fix.
    pub fix: Fix,
    /// Its id in the change feed: `you-1`, `you-2`, …
    pub change: String,
    /// When it was ordered.
    pub ordered: SimTime,
    /// When it takes (or took) effect on the first replica.
    pub effective: SimTime,
    /// When it has reached every replica, and new ones are warm.
    pub settled: SimTime,
}

impl Notebook {
    pub(super) fn draw(&mut self, from: &str, to: &str) -> Result<String, Refusal> {
        if from == to {
            return Err(Refusal::new("an arrow leads from one node to another", "name two different nodes"));
        }
        if self.arrow(from, to).is_some() {
            return Err(Refusal::new(format!("`{from} -> {to}` is on the map already"), "mark it, or draw another"));
        }
        room(self.map.len(), MOST_ARROWS, "arrows on the map")?;
        self.map.push((from.to_owned(), to.to_owned(), false));
        Ok(format!("drew {from} -> {to}"))
    }

    pub(super) fn erase(&mut self, from: &str, to: &str) -> Result<String, Refusal> {
        let at = self.arrow(from, to).ok_or_else(|| self.not_drawn(from, to))?;
        self.map.remove(at);
        Ok(format!("erased {from} -> {to}"))
    }

    pub(super) fn mark(&mut self, from: &str, to: &str, suspect: bool) -> Result<String, Refusal> {
        let missing = self.not_drawn(from, to);
        let arrow = self.map.iter_mut().find(|arrow| arrow.0 == from && arrow.1 == to).ok_or(missing)?;
        arrow.2 = suspect;
        Ok(format!("{from} -> {to} {}", if suspect { "can fail silently" } else { "is no suspect" }))
    }

    fn arrow(&self, from: &str, to: &str) -> Option<usize> {
        self.map.iter().position(|arrow| arrow.0 == from && arrow.1 == to)
    }

    fn not_drawn(&self, from: &str, to: &str) -> Refusal {
        let known: Vec<String> = self.map.iter().map(|(from, to, _)| format!("{from} -> {to}")).collect();
        match known.is_empty() {
            true => Refusal::new("your map is empty", format!("draw `{from} -> {to}` first")),
            false => {
                Refusal::unknown("arrow on your map", &format!("{from} -> {to}"), known.iter().map(String::as_str))
            }
        }
    }

    pub(super) fn tick(&mut self, question: Question, on: bool) -> String {
        self.ticked.retain(|known| *known != question);
        if on {
            self.ticked.push(question);
            self.ticked.sort_unstable();
        }
        format!("{}: {}", question.words(), if on { "answered" } else { "open" })
    }

    pub(super) fn narrow(
        &mut self,
        filter: &UserFilter,
        known: &BTreeMap<UserAttribute, Vec<String>>,
    ) -> Result<String, Refusal> {
        filter.check(known)?;
        self.narrowed = Some(filter.clone());
        Ok(format!("affected: {}", filter.words()))
    }

    pub(super) fn note(&mut self, now: SimTime, text: &str) -> Result<String, Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::new("the note is empty", "write something"));
        }
        fits(text, "the note")?;
        room(self.notes.len(), MOST_ENTRIES, "notes")?;
        self.notes.push((now, text.to_owned()));
        Ok("noted".into())
    }

    pub(super) fn hypothesise(&mut self, now: SimTime, hypothesis: &Hypothesis) -> Result<String, Refusal> {
        room(self.hypotheses.len(), MOST_ENTRIES, "hypotheses")?;
        self.hypotheses.push((now, hypothesis.clone()));
        Ok(format!("hypothesis: {}", hypothesis.words()))
    }

    pub(super) fn unpin(&mut self, number: usize) -> Result<String, Refusal> {
        if number == 0 || number > self.pinned.len() {
            let remedy = match self.pinned.len() {
                0 => "nothing is pinned".to_owned(),
                count => format!("give a number from 1 to {count}"),
            };
            return Err(Refusal::new(format!("there is no pinned evidence number {number}"), remedy));
        }
        let pinned = self.pinned.remove(number - 1);
        Ok(format!("unpinned {}", pinned.look.words()))
    }

    pub(super) fn write(&mut self, write_up: &WriteUp) -> Result<String, Refusal> {
        for (text, name) in [
            (&write_up.thought, "what you thought"),
            (&write_up.found, "what you found"),
            (&write_up.real_fix, "the real fix"),
        ] {
            fits(text, name)?;
        }
        self.write_up = Some(write_up.clone());
        Ok("written".into())
    }
}

/// Refuses a text that is longer than a session keeps.
pub(super) fn fits(text: &str, name: &str) -> Result<(), Refusal> {
    match text.len() > MOST_TEXT {
        true => Err(Refusal::new(format!("{name} has {} bytes", text.len()), format!("keep it under {MOST_TEXT}"))),
        false => Ok(()),
    }
}

/// Refuses one more of something of which there are enough.
pub(super) fn room(have: usize, most: usize, name: &str) -> Result<(), Refusal> {
    match have >= most {
        true => {
            Err(Refusal::new(format!("a session holds at most {most} {name}"), "remove some, or start a new session"))
        }
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_is_drawn_marked_and_erased() {
        let mut notebook = Notebook::default();
        notebook.draw("a", "b").unwrap();
        assert!(notebook.draw("a", "b").is_err(), "twice");
        assert!(notebook.draw("a", "a").is_err(), "to itself");
        notebook.mark("a", "b", true).unwrap();
        assert_eq!(notebook.map, [("a".into(), "b".into(), true)]);
        assert_eq!(notebook.erase("a", "c").unwrap_err().remedy, "did you mean `a -> b`?");
        notebook.erase("a", "b").unwrap();
        assert!(notebook.mark("a", "b", true).unwrap_err().remedy.contains("draw"));
    }

    #[test]
    fn pins_are_counted_from_one() {
        let mut notebook = Notebook::default();
        assert!(notebook.unpin(0).is_err() && notebook.unpin(1).is_err());
    }
}
