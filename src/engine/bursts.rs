//! Loss that comes in bursts: a network that is good or bad for exponential times (Gilbert, 1960; Elliott, 1963). Knows
//! time; must never know which packets cross, so that these are alike in all futures.

use super::dist::exponential;
use crate::time::{Duration, SimTime};
use crate::world::BurstLoss;

/// The network of an arrow's end, good or bad.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bursts {
    pub policy: Option<BurstLoss>,
    bad: bool,
    until: SimTime,
    /// Times that it became good or bad.
    turns: u64,
}

impl Bursts {
    /// A network that is good at first.
    pub fn new(policy: Option<BurstLoss>, now: SimTime) -> Self {
        Bursts { policy, bad: true, until: now, turns: 0 }
    }

    /// The probability that a packet is lost now. `draw` is a uniform draw for each turn.
    pub fn loss(&mut self, now: SimTime, draw: impl Fn(u64) -> f64) -> f64 {
        let Some(policy) = self.policy else { return 0.0 };
        while self.until <= now {
            self.bad = !self.bad;
            let mean = if self.bad { policy.lasts } else { policy.every };
            self.until += exponential(mean.0 as f64, draw(self.turns)).max(Duration(1));
            self.turns += 1;
        }
        if self.bad { policy.loss } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Identity, Seed, Stream};

    /// The share of bad instants over the run, and the share of those a while after another bad one.
    fn shares(apart: Duration) -> (f64, f64) {
        let policy = BurstLoss { loss: 1.0, every: Duration::from_millis(900), lasts: Duration::from_millis(100) };
        let (mut bursts, stream) = (Bursts::new(Some(policy), SimTime::ZERO), Stream::new(Seed(5), "test", "bursts"));
        let mut bad = |at| bursts.loss(at, |turn| stream.unit(Identity(turn), 0)) > 0.0;
        let (mut now, mut first, mut both, rounds) = (SimTime::ZERO, 0u32, 0u32, 200_000);
        for _ in 0..rounds {
            // Far enough from the pair before that it is forgotten.
            now += Duration::from_secs(1);
            let one = bad(now);
            now += apart;
            first += u32::from(one);
            both += u32::from(bad(now) && one);
        }
        (f64::from(first) / f64::from(rounds), f64::from(both) / f64::from(first))
    }

    #[test]
    fn a_channel_of_two_states_is_bad_as_often_and_as_long_as_theory_says() {
        // Rates of leaving each state: 1/0.9 s and 1/0.1 s.
        let (share, rate) = (0.1, 1.0 / 0.9 + 1.0 / 0.1);
        for millis in [1, 20, 50, 200] {
            let (often, again) = shares(Duration::from_millis(millis));
            let theory = share + (1.0 - share) * libm::exp(-rate * millis as f64 / 1000.0);
            // Standard errors: 0.0007 of 200,000 instants, 0.0035 of 20,000 bad ones; four of them.
            assert!((often - share).abs() < 0.0028, "{often} of the time");
            assert!((again - theory).abs() < 0.014, "after {millis} ms {again}, by theory {theory}");
        }
    }
}
