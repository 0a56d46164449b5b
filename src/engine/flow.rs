//! Counts of what went over each arrow, through each station and through each queue since the start. Integers beside the
//! run, never part of it: for tests of conservation and of Little's law. No telemetry carries them.

use super::ids::{InstanceId, LinkId};
use crate::time::SimTime;

/// What went over an arrow since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArrowFlow {
    /// Calls begun.
    pub calls: u64,
    /// Calls that have their result, good or bad.
    pub ended: u64,
    /// Attempts that went out.
    pub sent: u64,
    /// Requests that were lost on their way.
    pub requests_lost: u64,
    /// Answers that were lost on their way back.
    pub answers_lost: u64,
    /// Answers that arrived, whether or not their caller still waited.
    pub answers_heard: u64,
}

/// What went through the stations of a node since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StationFlow {
    /// Requests and messages that arrived, refused ones included.
    pub arrived: u64,
    /// Those that left again.
    pub left: u64,
    /// Sums of the instants of arriving and of leaving, in nanoseconds.
    arrivals: u128,
    departures: u128,
}

impl StationFlow {
    /// Those who are there now, waiting or being served.
    pub fn present(&self) -> u64 {
        self.arrived - self.left
    }

    /// All stays together in seconds; those who are still there have stayed until `now`.
    pub fn stayed_secs(&self, now: SimTime) -> f64 {
        let ends = self.departures + u128::from(self.present()) * u128::from(now.0);
        (ends - self.arrivals) as f64 / 1e9
    }

    #[inline]
    pub(super) fn arrive(&mut self, now: SimTime) {
        self.arrived += 1;
        self.arrivals += u128::from(now.0);
    }

    #[inline]
    pub(super) fn leave(&mut self, now: SimTime) {
        self.left += 1;
        self.departures += u128::from(now.0);
    }

    pub(super) fn add(&mut self, other: StationFlow) {
        self.arrived += other.arrived;
        self.left += other.left;
        self.arrivals += other.arrivals;
        self.departures += other.departures;
    }
}

/// What went through a queue since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct QueueFlow {
    /// Messages acknowledged to their producers.
    pub taken: u64,
    /// Messages that no consumer will ever see, because the queue was full.
    pub dropped: u64,
    /// Messages handed to consumers, each time counted.
    pub handed: u64,
    /// Messages that came back because a consumer failed.
    pub returned: u64,
    /// Messages that a consumer handled, or that were given up.
    pub done: u64,
}

/// The counts of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows {
    links: Vec<ArrowFlow>,
    stations: Vec<StationFlow>,
    queues: Vec<QueueFlow>,
    /// Debts to users.
    pub debts: u64,
}

impl Flows {
    #[inline]
    pub fn link(&mut self, id: LinkId) -> &mut ArrowFlow {
        place(&mut self.links, id.at())
    }

    #[inline]
    pub fn station(&mut self, id: InstanceId) -> &mut StationFlow {
        place(&mut self.stations, id.at())
    }

    #[inline]
    pub fn queue(&mut self, id: InstanceId) -> &mut QueueFlow {
        place(&mut self.queues, id.at())
    }

    pub fn of_link(&self, id: LinkId) -> ArrowFlow {
        self.links.get(id.at()).copied().unwrap_or_default()
    }

    pub fn of_station(&self, id: InstanceId) -> StationFlow {
        self.stations.get(id.at()).copied().unwrap_or_default()
    }

    pub fn of_queue(&self, id: InstanceId) -> QueueFlow {
        self.queues.get(id.at()).copied().unwrap_or_default()
    }
}

#[inline]
fn place<T: Clone + Default>(table: &mut Vec<T>, at: usize) -> &mut T {
    if table.len() <= at {
        table.resize(at + 1, T::default());
    }
    &mut table[at]
}

impl ArrowFlow {
    pub(super) fn add(&mut self, other: ArrowFlow) {
        self.calls += other.calls;
        self.ended += other.ended;
        self.sent += other.sent;
        self.requests_lost += other.requests_lost;
        self.answers_lost += other.answers_lost;
        self.answers_heard += other.answers_heard;
    }
}
