//! A replica's own clock: `true time + offset + drift × (true time − anchor)`. It decides what the replica stamps and
//! judges. Knows true time only to be wrong about it.

use bevy_ecs::component::Component;

use crate::time::{SignedDuration, SimTime, Stamp};
use crate::world;

/// The clock of one replica.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Clock {
    anchor: SimTime,
    offset_ns: i64,
    /// Parts per billion, so that time stays in integers.
    drift_ppb: i64,
}

impl Clock {
    /// The clock that a world declares.
    pub fn new(declared: world::Clock) -> Self {
        Clock { anchor: SimTime::ZERO, offset_ns: declared.offset.0, drift_ppb: ppb(declared.drift_ppm) }
    }

    /// What the clock says at `now`.
    #[inline]
    pub fn stamp(&self, now: SimTime) -> Stamp {
        if self.offset_ns == 0 && self.drift_ppb == 0 {
            return Stamp(now.0 as i64);
        }
        Stamp((now.0 as i64).saturating_add(self.offset_at(now)))
    }

    fn offset_at(&self, now: SimTime) -> i64 {
        let drifted = i128::from(now.since(self.anchor).0) * i128::from(self.drift_ppb) / 1_000_000_000;
        self.offset_ns.saturating_add(drifted as i64)
    }

    /// How far it is off now, and how fast that changes (parts per million).
    pub fn error(&self, now: SimTime) -> (SignedDuration, f64) {
        (SignedDuration(self.offset_at(now)), self.drift_ppb as f64 / 1000.0)
    }

    /// A step: the clock is `offset` off from now on; its drift goes on.
    pub fn step(&mut self, now: SimTime, offset: SignedDuration) {
        self.anchor = now;
        self.offset_ns = offset.0;
    }

    /// The drift changes; the time it says does not jump.
    pub fn set_drift(&mut self, now: SimTime, drift_ppm: f64) {
        self.offset_ns = self.offset_at(now);
        self.anchor = now;
        self.drift_ppb = ppb(drift_ppm);
    }
}

fn ppb(ppm: f64) -> i64 {
    libm::round(ppm * 1000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_adds_up_and_a_step_starts_anew() {
        let mut clock = Clock::new(world::Clock { offset: SignedDuration(1_000_000), drift_ppm: 50.0 });
        // 50 ppm over an hour is 180 ms, plus the first millisecond.
        assert_eq!(clock.stamp(SimTime::from_secs(3600)).0 - 3_600_000_000_000, 181_000_000);
        clock.step(SimTime::from_secs(3600), SignedDuration(0));
        assert_eq!(clock.stamp(SimTime::from_secs(3600)), Stamp(3_600_000_000_000));
        clock.set_drift(SimTime::from_secs(7200), 0.0);
        assert_eq!(clock.stamp(SimTime::from_secs(9000)).0 - 9_000_000_000_000, 180_000_000);
    }
}
