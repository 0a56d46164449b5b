//! A replica's own clock: `true time + offset + drift × (true time − anchor)`, and a slew while it is being corrected.
//! It decides what the replica stamps and judges. Knows true time only to be wrong about it.

use crate::time::{Duration, SignedDuration, SimTime, Stamp};
use crate::world;

/// The clock of one replica.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    anchor: SimTime,
    offset_ns: i64,
    /// Parts per billion, so that time stays in integers.
    drift_ppb: i64,
    /// On top of the drift until `slew_until`, in parts per billion.
    slew_ppb: i64,
    slew_until: SimTime,
}

impl Clock {
    /// The clock that a world declares.
    pub fn new(declared: world::Clock) -> Self {
        Clock { offset_ns: declared.offset.0, drift_ppb: ppb(declared.drift_ppm), ..Clock::default() }
    }

    /// What the clock says at `now`.
    #[inline]
    pub fn stamp(&self, now: SimTime) -> Stamp {
        if self.offset_ns == 0 && self.drift_ppb == 0 && self.slew_ppb == 0 {
            return now.stamp();
        }
        Stamp((now.0 as i64).saturating_add(self.offset_at(now)))
    }

    fn offset_at(&self, now: SimTime) -> i64 {
        let grown = |until: SimTime, ppb: i64| {
            (i128::from(until.since(self.anchor).0) * i128::from(ppb) / 1_000_000_000) as i64
        };
        let slewed = if self.slew_ppb == 0 { 0 } else { grown(now.min(self.slew_until), self.slew_ppb) };
        self.offset_ns.saturating_add(grown(now, self.drift_ppb)).saturating_add(slewed)
    }

    /// What it says does not jump; a slew that is over is forgotten.
    fn rebase(&mut self, now: SimTime) {
        self.offset_ns = self.offset_at(now);
        self.anchor = now;
        if self.slew_until <= now {
            self.slew_ppb = 0;
        }
    }

    /// How far it is off now, and how fast that changes (parts per million).
    pub fn error(&self, now: SimTime) -> (SignedDuration, f64) {
        (SignedDuration(self.offset_at(now)), self.drift_ppb as f64 / 1000.0)
    }

    /// A step: the clock is `offset` off from now on; its drift goes on.
    pub fn step(&mut self, now: SimTime, offset: SignedDuration) {
        self.rebase(now);
        self.offset_ns = offset.0;
        // A machine that stands still goes on standing still.
        if self.slew_ppb != STANDS_STILL {
            self.slew_ppb = 0;
        }
    }

    /// Corrects the clock by `correction` without a jump, at `ppm` parts per million.
    pub fn slew(&mut self, now: SimTime, correction: SignedDuration, ppm: f64) {
        self.rebase(now);
        let rate = ppb(ppm).max(1);
        self.slew_ppb = rate * correction.0.signum();
        let takes = i128::from(correction.0.unsigned_abs()) * 1_000_000_000 / i128::from(rate);
        self.slew_until = now + Duration(u64::try_from(takes).unwrap_or(u64::MAX));
    }

    /// The machine stands still, and the clock with it: a slew of minus everything.
    pub fn stand_still(&mut self, now: SimTime, time: Duration) {
        self.rebase(now);
        // Another pause before the last one is over adds to it, as it does for the processes.
        let rest = if self.slew_ppb == STANDS_STILL { self.slew_until.since(now) } else { Duration::ZERO };
        self.slew_ppb = STANDS_STILL;
        self.slew_until = now + rest + time;
    }

    /// The drift changes; the time it says does not jump.
    pub fn set_drift(&mut self, now: SimTime, drift_ppm: f64) {
        self.rebase(now);
        self.drift_ppb = ppb(drift_ppm);
    }
}

/// The slew of a clock whose machine stands still, in parts per billion.
const STANDS_STILL: i64 = -1_000_000_000;

fn ppb(ppm: f64) -> i64 {
    libm::round(ppm * 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_adds_up_and_a_step_starts_anew() {
        let mut clock = Clock::new(world::Clock { offset: SignedDuration(1_000_000), drift_ppm: 50.0, sync: None });
        // 50 ppm over an hour is 180 ms, plus the first millisecond.
        assert_eq!(clock.stamp(SimTime::from_secs(3600)).0 - 3_600_000_000_000, 181_000_000);
        clock.step(SimTime::from_secs(3600), SignedDuration(0));
        assert_eq!(clock.stamp(SimTime::from_secs(3600)), Stamp(3_600_000_000_000));
        clock.set_drift(SimTime::from_secs(7200), 0.0);
        assert_eq!(clock.stamp(SimTime::from_secs(9000)).0 - 9_000_000_000_000, 180_000_000);
    }

    #[test]
    fn a_slew_corrects_without_a_jump_and_a_pause_leaves_the_clock_behind() {
        let mut clock = Clock::new(world::Clock { offset: SignedDuration(10_000_000), ..Default::default() });
        let off = |clock: &Clock, secs| clock.stamp(SimTime::from_secs(secs)).0 - SimTime::from_secs(secs).0 as i64;
        // 10 ms at 500 ppm take 20 s.
        clock.slew(SimTime::from_secs(100), SignedDuration(-10_000_000), 500.0);
        assert_eq!([100, 110, 120, 130].map(|at| off(&clock, at)), [10_000_000, 5_000_000, 0, 0]);
        clock.stand_still(SimTime::from_secs(200), Duration::from_secs(30));
        assert_eq!([200, 210, 230, 300].map(|at| off(&clock, at) / 1_000_000_000), [0, -10, -30, -30]);
    }
}
