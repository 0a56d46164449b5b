//! Arrivals: when the next user of a population starts a journey. Knows rates, which may change while somebody is on the
//! way; nothing of what users do.

use super::population::left_of;
use super::{Event, Simulation};
use crate::random::Identity;
use crate::time::{Duration, SimTime};

/// Arrivals of one population.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    /// Journeys begun so far.
    count: u64,
    /// A multiple of the world's rate.
    pub factor: f64,
    /// The next arrival, while it is too far away to be in the agenda.
    awaited: Option<Awaited>,
}

impl Default for Traffic {
    fn default() -> Self {
        Traffic { count: 0, factor: 1.0, awaited: None }
    }
}

/// An arrival that the rate is looked at again before.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    /// When it comes if the rate stays as it is; None if nobody comes then.
    due: Option<SimTime>,
    /// What was left of its exponential time at rate 1, and when, by the clock of the run and by the calendar.
    left: f64,
    since: SimTime,
    calendar: SimTime,
    /// The factor from then on.
    factor: f64,
}

/// A longer time to the next arrival is looked at again after this: the rate may have changed.
const LOOK: Duration = Duration::from_secs(10);

impl Simulation {
    /// The first arrival of a population is on the way.
    pub(super) fn start_arrivals(&mut self, population: u16) {
        self.await_arrival(population, 0);
    }

    /// It is time for the next arrival of a population, or for another look at when that is. Answers its number.
    pub(super) fn arrival(&mut self, population: u16) -> Option<u64> {
        if let Some(awaited) = self.traffic[usize::from(population)].awaited.take() {
            self.look_again(population, awaited);
            return None;
        }
        let number = self.traffic[usize::from(population)].count;
        self.traffic[usize::from(population)].count += 1;
        self.await_arrival(population, number + 1);
        Some(number)
    }

    fn await_arrival(&mut self, population: u16, number: u64) {
        let users = &self.populations[usize::from(population)];
        let (calendar, factor) = (self.calendar(), self.traffic[usize::from(population)].factor);
        let unit = users.arrivals.unit(Identity(number), 0);
        let due = users.gap(calendar, factor, unit).map(|gap| self.now + gap);
        self.plan_arrival(population, Awaited { due, left: left_of(unit), since: self.now, calendar, factor });
    }

    /// What is left of the time to an arrival goes on at the rate of now.
    fn look_again(&mut self, population: u16, mut awaited: Awaited) {
        let users = &self.populations[usize::from(population)];
        let (calendar, factor) = (self.calendar(), self.traffic[usize::from(population)].factor);
        if users.swings() || factor != awaited.factor {
            let until = awaited.calendar + self.now.since(awaited.since);
            let left = (awaited.left - users.passes(awaited.calendar, until, awaited.factor)).max(0.0);
            let due = users.rest(calendar, factor, left).map(|gap| self.now + gap);
            awaited = Awaited { due, left, since: self.now, calendar, factor };
        }
        self.plan_arrival(population, awaited);
    }

    fn plan_arrival(&mut self, population: u16, awaited: Awaited) {
        let gap = awaited.due.map(|due| due.since(self.now)).filter(|gap| *gap <= LOOK);
        self.traffic[usize::from(population)].awaited = gap.is_none().then_some(awaited);
        self.later(gap.unwrap_or(LOOK), Event::Journey(population));
    }
}
