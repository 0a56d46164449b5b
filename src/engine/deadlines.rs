//! When attempts have taken too long, and debts fall due. Almost every attempt is answered before, and almost every debt
//! paid, so those that have equally long stand in one line, in the order in which their time is up, and only the first of a
//! line that still waits has an event in the agenda: what was answered meanwhile leaves the line unseen. The common timeouts
//! of libevent work the same way.

use std::collections::VecDeque;

use super::flight::Attempt;
use super::slab::Key;
use super::{Event, Simulation};
use crate::time::{Duration, SimTime};

/// Whose time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// An attempt of a call.
    Attempt(Key, u8),
    /// A debt to a user.
    Debt(Key),
}

/// Who waits, and until when.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    at: SimTime,
    who: Waiting,
}

/// Those who each have equally long.
#[derive(Clone, Debug)]
struct Line {
    wait: Duration,
    /// An event for the first is in the agenda.
    waiting: VecDeque<Deadline>,
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Deadlines {
    lines: Vec<Line>,
}

/// Where a deadline is kept.
enum Kept {
    /// In a line, behind others.
    Behind,
    /// In this line, which was empty.
    First(u8),
    /// In none: there are too many lines already.
    Apart,
}

impl Deadlines {
    /// The most lines: those who look for one look at all.
    const MOST: usize = 16;

    #[inline(always)]
    fn add(&mut self, wait: Duration, deadline: Deadline) -> Kept {
        let line = self.lines.iter().position(|line| line.wait == wait).or_else(|| {
            let unused = self.lines.iter().position(|line| line.waiting.is_empty());
            if let Some(unused) = unused {
                self.lines[unused].wait = wait;
            } else if self.lines.len() < Self::MOST {
                self.lines.push(Line { wait, waiting: VecDeque::new() });
                return Some(self.lines.len() - 1);
            }
            unused
        });
        let Some(at) = line else { return Kept::Apart };
        let waiting = &mut self.lines[at].waiting;
        waiting.push_back(deadline);
        if waiting.len() == 1 { Kept::First(at as u8) } else { Kept::Behind }
    }

    fn first(&self, line: u8) -> Option<Deadline> {
        self.lines.get(usize::from(line))?.waiting.front().copied()
    }

    fn leave(&mut self, line: u8) {
        if let Some(line) = self.lines.get_mut(usize::from(line)) {
            line.waiting.pop_front();
        }
    }

    /// All who stand in lines.
    pub(super) fn iter(&self) -> impl Iterator<Item = Waiting> {
        self.lines.iter().flat_map(|line| &line.waiting).map(|deadline| deadline.who)
    }

    /// The lines that have an event in the agenda.
    pub(super) fn watched(&self) -> impl Iterator<Item = u8> {
        (0..).zip(&self.lines).filter(|(_, line)| !line.waiting.is_empty()).map(|(at, _)| at)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.lines.iter().map(|line| line.waiting.capacity() * size_of::<Deadline>()).sum()
    }
}

impl Simulation {
    /// An attempt may take this long from now on, or a debt.
    pub(super) fn due_after(&mut self, wait: Duration, who: Waiting) {
        let at = self.now + wait;
        match self.deadlines.add(wait, Deadline { at, who }) {
            Kept::Behind => {}
            Kept::First(line) => self.agenda.push(at, Event::DeadlineOf(line)),
            Kept::Apart => {
                let event = match who {
                    Waiting::Attempt(call, attempt) => Event::Timeout(call, attempt),
                    Waiting::Debt(debt) => Event::DebtDue(debt),
                };
                self.agenda.push(at, event);
            }
        }
    }

    /// The time of the first of a line is up: for it, and for those behind it whose time is up as well. Those who were
    /// answered leave with it.
    pub(super) fn deadline_of(&mut self, line: u8) {
        while let Some(first) = self.deadlines.first(line) {
            let waits = match first.who {
                Waiting::Attempt(call, attempt) => self
                    .calls
                    .get(call)
                    .is_some_and(|call| call.attempt == attempt && matches!(call.state, Attempt::Sent(_))),
                Waiting::Debt(debt) => self.debts.get(debt).is_some(),
            };
            if waits && first.at > self.now {
                return self.agenda.push(first.at, Event::DeadlineOf(line));
            }
            match first.who {
                _ if !waits => {}
                Waiting::Attempt(call, attempt) => self.timed_out(call, attempt),
                Waiting::Debt(debt) => self.debt_due(debt),
            }
            // Only now: whoever comes meanwhile must not find the line empty.
            self.deadlines.leave(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::slab::Slab;
    use super::*;

    #[test]
    fn each_wait_has_a_line_of_its_own_while_there_is_room() {
        let (mut deadlines, mut debts) = (Deadlines::default(), Slab::default());
        let mut add = |deadlines: &mut Deadlines, secs: u64| {
            let deadline = Deadline { at: SimTime::from_secs(secs), who: Waiting::Debt(debts.insert(())) };
            deadlines.add(Duration::from_secs(secs), deadline)
        };
        for secs in 1..=16 {
            assert!(matches!(add(&mut deadlines, secs), Kept::First(line) if u64::from(line) + 1 == secs));
        }
        assert!(matches!(add(&mut deadlines, 3), Kept::Behind));
        assert!(matches!(add(&mut deadlines, 17), Kept::Apart), "no room");
        deadlines.leave(4);
        assert!(matches!(add(&mut deadlines, 17), Kept::First(4)), "an empty line is used again");
        assert!(matches!(add(&mut deadlines, 5), Kept::Apart));
        assert_eq!((deadlines.iter().count(), deadlines.watched().count()), (17, 16));
    }
}
