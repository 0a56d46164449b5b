//! The next turn of what comes round by itself: a poll, a look, a pause, a round of probes. One turn is planned at a time;
//! a turn that a sooner one has replaced is still in the agenda and means nothing. Knows numbers and instants alone.

use crate::time::SimTime;

/// Which turn is the next, if one is planned.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rhythm {
    /// Turns planned so far.
    turns: u32,
    next: Option<SimTime>,
}

impl Rhythm {
    /// Plans a turn, unless one is planned that comes no later. Answers its number.
    pub fn plan(&mut self, at: SimTime) -> Option<u32> {
        if self.next.is_some_and(|next| next <= at) {
            return None;
        }
        self.turns = self.turns.wrapping_add(1);
        self.next = Some(at);
        Some(self.turns)
    }

    /// A turn comes: whether it is the one that is planned. None is planned then.
    pub fn comes(&mut self, turn: u32) -> bool {
        let is_next = self.planned() == Some(turn);
        if is_next {
            self.next = None;
        }
        is_next
    }

    /// The number of the turn that is planned.
    pub fn planned(&self) -> Option<u32> {
        self.next.map(|_| self.turns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sooner_turn_takes_the_place_of_a_later_one() {
        let (mut rhythm, at) = (Rhythm::default(), SimTime::from_secs);
        assert_eq!((rhythm.plan(at(60)), rhythm.plan(at(60)), rhythm.plan(at(90))), (Some(1), None, None));
        assert_eq!(rhythm.plan(at(10)), Some(2));
        assert!(rhythm.comes(2) && rhythm.planned().is_none());
        assert!(!rhythm.comes(1), "it was replaced");
        assert_eq!(rhythm.plan(at(20)), Some(3));
        assert!(!rhythm.comes(1) && rhythm.comes(3) && !rhythm.comes(3));
    }
}
