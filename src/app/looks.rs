//! The newest view of each look that a panel shows. A panel names its look each frame; what is missing or out of date
//! is asked for (at most four times a second for each), never computed here. A look on which the learner settles is
//! recorded once, because the debrief compares the order of work. Knows views; must never wait for one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lab::{Look, Refusal, View};

/// Seconds between two refreshes of one look.
const REFRESH_SECS: f64 = 0.25;
/// Seconds after which a look that still stands counts as looked at.
const SETTLED_SECS: f64 = 0.8;

/// All looks that are shown.
#[derive(Default)]
pub struct Looks {
    slots: BTreeMap<String, Slot>,
    asks: Vec<(String, Look)>,
    settled: Vec<Look>,
    version: u64,
    now: f64,
    attended: bool,
}

struct Slot {
    look: Look,
    since: f64,
    recorded: bool,
    answer: Option<Result<Arc<View>, Refusal>>,
    answered: Option<u64>,
    asked: Option<u64>,
    asked_at: f64,
    shown_at: f64,
    attended: bool,
}

/// What there is to show for a look.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The newest view; of the look before this one while the answer is on its way.
    pub view: Option<Arc<View>>,
    /// Why there is none.
    pub refusal: Option<Refusal>,
    /// Whether the view is of another look than the one asked for.
    pub waiting: bool,
}

impl Looks {
    /// Starts a frame at `now` seconds, with the snapshot of this number.
    pub fn begin(&mut self, now: f64, version: u64) {
        (self.now, self.version) = (now, version);
    }

    /// Whether the learner attends to what is shown from now on. What merely lies open is not looked at.
    pub fn attend(&mut self, attended: bool) {
        self.attended = attended;
    }

    /// The newest view of `look` in the place called `key`, and asks for a newer one if there is a newer snapshot.
    pub fn show(&mut self, key: &str, look: &Look) -> Shown {
        let (now, version) = (self.now, self.version);
        let slot = self.slots.entry(key.to_owned()).or_insert_with(|| Slot::new(look.clone(), now));
        if slot.look != *look {
            *slot = Slot { answer: slot.answer.take(), ..Slot::new(look.clone(), now) };
        }
        slot.shown_at = now;
        if self.attended && !slot.attended {
            slot.since = now;
        }
        slot.attended = self.attended;
        let due = slot.asked.is_none() || (slot.asked != Some(version) && now - slot.asked_at >= REFRESH_SECS);
        if due {
            (slot.asked, slot.asked_at) = (Some(version), now);
            self.asks.push((key.to_owned(), look.clone()));
        }
        if self.attended && !slot.recorded && now - slot.since >= SETTLED_SECS {
            slot.recorded = true;
            self.settled.push(look.clone());
        }
        let waiting = slot.answered.is_none();
        match &slot.answer {
            Some(Ok(view)) => Shown { view: Some(Arc::clone(view)), refusal: None, waiting },
            Some(Err(refusal)) if !waiting => Shown { refusal: Some(refusal.clone()), ..Shown::default() },
            _ => Shown { waiting: true, ..Shown::default() },
        }
    }

    /// Takes an answer.
    pub fn answer(&mut self, key: &str, look: &Look, version: u64, answer: Result<View, Refusal>) {
        let Some(slot) = self.slots.get_mut(key).filter(|slot| slot.look == *look) else { return };
        if slot.answered.is_none_or(|answered| answered <= version) {
            slot.answered = Some(version);
            slot.answer = Some(answer.map(Arc::new));
        }
    }

    /// What is to be asked for now.
    pub fn take_asks(&mut self) -> Vec<(String, Look)> {
        std::mem::take(&mut self.asks)
    }

    /// Looks on which the learner has settled since the last call.
    pub fn take_settled(&mut self) -> Vec<Look> {
        std::mem::take(&mut self.settled)
    }

    /// Forgets everything: another session.
    pub fn clear(&mut self) {
        *self = Looks::default();
    }

    /// Whether a look that is shown lacks its newest answer, or is not recorded yet: the window should draw again soon.
    pub fn is_waiting(&self) -> bool {
        let mut shown = self.slots.values().filter(|slot| slot.shown_at >= self.now);
        shown.any(|slot| slot.answered != Some(self.version) || (slot.attended && !slot.recorded))
    }

    /// Whether every look that is shown has an answer.
    pub fn is_settled(&self) -> bool {
        self.slots.values().filter(|slot| slot.shown_at >= self.now).all(|slot| slot.answered.is_some())
    }
}

impl Slot {
    fn new(look: Look, now: f64) -> Slot {
        Slot {
            look,
            since: now,
            recorded: false,
            answer: None,
            answered: None,
            asked: None,
            asked_at: now,
            shown_at: now,
            attended: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_asked_once_per_snapshot_and_not_too_often() {
        let mut looks = Looks::default();
        looks.begin(0.0, 1);
        assert!(looks.show("health", &Look::Health).view.is_none());
        looks.show("health", &Look::Health);
        assert_eq!(looks.take_asks().len(), 1);
        looks.answer("health", &Look::Health, 1, Ok(View::Health(Vec::new())));
        looks.begin(0.1, 2);
        assert!(looks.show("health", &Look::Health).view.is_some());
        assert!(looks.take_asks().is_empty(), "a tenth of a second is too soon");
        looks.begin(0.3, 2);
        looks.show("health", &Look::Health);
        assert_eq!(looks.take_asks().len(), 1);
    }

    #[test]
    fn a_look_is_recorded_once_it_stands() {
        let mut looks = Looks::default();
        looks.attend(true);
        looks.begin(0.0, 1);
        looks.show("p", &Look::Health);
        looks.begin(0.5, 1);
        looks.show("p", &Look::Clocks);
        assert!(looks.take_settled().is_empty(), "both were passed over too fast");
        looks.begin(1.5, 1);
        looks.show("p", &Look::Clocks);
        looks.show("p", &Look::Clocks);
        assert_eq!(looks.take_settled(), [Look::Clocks]);
    }

    #[test]
    fn what_merely_lies_open_is_not_looked_at() {
        let mut looks = Looks::default();
        for (now, attended, settled) in
            [(0.0, false, 0), (5.0, false, 0), (5.1, true, 0), (6.0, true, 1), (9.0, true, 0)]
        {
            looks.begin(now, 1);
            looks.attend(attended);
            looks.show("p", &Look::Changes);
            assert_eq!(looks.take_settled().len(), settled, "at {now}");
        }
    }

    #[test]
    fn an_answer_to_another_look_is_not_shown_as_this_one() {
        let mut looks = Looks::default();
        looks.begin(0.0, 1);
        looks.show("p", &Look::Health);
        looks.show("p", &Look::Clocks);
        looks.answer("p", &Look::Health, 1, Ok(View::Health(Vec::new())));
        assert!(looks.show("p", &Look::Clocks).view.is_none());
    }
}
