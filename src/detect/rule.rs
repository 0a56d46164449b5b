//! When a number is too far from what it was: the one rule of the detectors that ship.
//!
//! A run's first minutes are learnt from, and stay what all later ones are compared with: phases I and II of a control
//! chart (Montgomery, *Introduction to Statistical Quality Control*). What is usual is a median, and how far it strays the
//! median absolute deviation, so that a bad minute among those that are learnt from does no harm (Hampel, *The influence
//! curve and its role in robust estimation*, JASA 69, 1974). Deviations add up, less an allowance, as Page's cumulative sum
//! has it (*Continuous inspection schemes*, Biometrika 41, 1954), and each counts for so much at most: one wild minute
//! rings no alarm (Lucas and Crosier, *Robust CUSUM*, 1982).

use super::Finding;
use super::counts::{Counts, MINUTE, Subject, Sum};
use crate::time::Stamp;

/// Minutes that are not learnt from: caches are cold and pools empty.
const COLD: usize = 3;
/// The minute at which learning ends and watching begins.
const LEARNT: usize = 20;
/// Fewer minutes than these are no past to compare with.
const FEWEST: usize = 6;
/// What a deviation has to be more than to add up, in standard deviations.
const ALLOWANCE: f64 = 1.0;
/// What one minute counts for at most, in standard deviations.
const MOST: f64 = 4.0;
/// The sum at which it is an alarm: three wild minutes in a row, or eight at two standard deviations.
const ALARM: f64 = 8.0;
/// Of a normal distribution the standard deviation is so many median absolute deviations.
const DEVIATIONS: f64 = 1.4826;

/// On which side of the usual something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// More than usual.
    Above,
    /// Less than usual.
    Below,
    /// Either.
    Both,
}

/// What chance does to a minute's number, besides what was seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// What was seen of it is all that is known.
    Seen,
    /// It is a share: binomial.
    Share,
    /// It is a count: Poisson.
    Count,
    /// It is a count for each of another: both Poisson.
    Ratio,
}

/// How a detector tells what is usual from what is not. Differences are in the unit of what it watches.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// On which side.
    pub side: Side,
    /// What chance does.
    pub noise: Noise,
    /// A standard deviation is never taken to be smaller than this.
    pub floor: f64,
    /// Nor than this share of what is usual.
    pub share: f64,
    /// A minute of fewer observations says nothing.
    pub fewest: f64,
}

/// What is usual.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Usual {
    value: f64,
    spread: f64,
}

impl Rule {
    /// Every time that a subject's number became unusual. `words` tells of it: what it is now, and what it was.
    pub fn findings(&self, counts: &Counts, words: impl Fn(&Subject, f64, f64) -> String) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (subject, minutes) in &counts.lines {
            for (minute, now, before) in self.alarms(minutes) {
                let at = Stamp((minute as i64 + 1) * MINUTE.0 as i64);
                let service = (!subject.service.is_empty()).then(|| subject.service.clone());
                findings.push(Finding { at, service, what: words(subject, now, before) });
            }
        }
        findings.sort();
        findings
    }

    /// The minutes in which an alarm began, what was seen in them, and what is usual.
    fn alarms(&self, minutes: &[Sum]) -> Vec<(usize, f64, f64)> {
        let Some(usual) = self.usual(minutes) else { return Vec::new() };
        let mut alarms = Vec::new();
        // How much was seen above and below, and whether it rings.
        let (mut sums, mut rings) = ([0.0f64; 2], [false; 2]);
        for (minute, sum) in minutes.iter().enumerate().skip(LEARNT) {
            let Some(value) = self.value(*sum) else { continue };
            let off = (value - usual.value) / self.spread(usual, sum[1]);
            for (side, off) in [off, -off].into_iter().enumerate() {
                sums[side] = (sums[side] + off.min(MOST) - ALLOWANCE).clamp(0.0, ALARM + MOST);
                let watched = match self.side {
                    Side::Above => side == 0,
                    Side::Below => side == 1,
                    Side::Both => true,
                };
                if watched && !rings[side] && sums[side] >= ALARM {
                    rings[side] = true;
                    alarms.push((minute, value, usual.value));
                }
                rings[side] &= sums[side] > 0.0;
            }
        }
        alarms
    }

    fn value(&self, [sum, of]: Sum) -> Option<f64> {
        (of > 0.0 && of >= self.fewest).then(|| sum / of)
    }

    /// None if there is too little to say.
    fn usual(&self, minutes: &[Sum]) -> Option<Usual> {
        let learnt = minutes.get(COLD..LEARNT)?;
        let values: Vec<f64> = learnt.iter().filter_map(|sum| self.value(*sum)).collect();
        if values.len() < FEWEST {
            return None;
        }
        let middle = median(values.clone())?;
        let off = median(values.iter().map(|value| (value - middle).abs()).collect())?;
        let value = match self.noise {
            Noise::Seen => middle,
            // What seldom happens is never seen in a median minute.
            Noise::Share | Noise::Count | Noise::Ratio => {
                let total = |at: usize| learnt.iter().map(|sum| sum[at]).sum::<f64>();
                total(0) / total(1).max(1.0)
            }
        };
        Some(Usual { value, spread: (DEVIATIONS * off).max(self.floor).max(self.share * value.abs()) })
    }

    /// The standard deviation of a minute of so many observations.
    fn spread(&self, usual: Usual, of: f64) -> f64 {
        let of = of.max(1.0);
        let chance = match self.noise {
            Noise::Seen => 0.0,
            Noise::Share => {
                let share = usual.value.clamp(0.5 / of, 1.0 - 0.5 / of);
                share * (1.0 - share) / of
            }
            Noise::Count => usual.value.max(0.5),
            Noise::Ratio => (usual.value * (1.0 + usual.value)).max(0.5 / of) / of,
        };
        (usual.spread * usual.spread + chance).sqrt().max(f64::MIN_POSITIVE)
    }
}

/// The middle one of some numbers.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { 0.5 * (values[middle - 1] + upper) })
}

/// A number as it is told: three digits that matter.
pub fn figure(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        small if small >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::mix;

    const RULE: Rule = Rule { side: Side::Above, noise: Noise::Seen, floor: 0.0, share: 0.05, fewest: 10.0 };

    /// An hour of a number about 100, changed.
    fn hour(seed: u64, change: impl Fn(usize, f64) -> f64) -> Vec<Sum> {
        let unit = |at: usize| mix(seed << 32 | at as u64) as f64 / u64::MAX as f64;
        (0..60).map(|at| [50.0 * change(at, 100.0 + 10.0 * (unit(at) - 0.5)), 50.0]).collect()
    }

    #[test]
    fn what_is_as_usual_never_rings() {
        for seed in 0..200 {
            assert_eq!(RULE.alarms(&hour(seed, |_, value| value)), [], "{seed}");
        }
    }

    #[test]
    fn what_lasts_rings_once_and_soon() {
        let risen = hour(1, |at, value| if at >= 40 { value * 1.3 } else { value });
        let alarms = RULE.alarms(&risen);
        assert_eq!(alarms.len(), 1);
        assert!((42..=43).contains(&alarms[0].0) && alarms[0].1 > 120.0, "{alarms:?}");
        let again = hour(1, |at, value| if (30..35).contains(&at) || at >= 50 { value * 1.5 } else { value });
        assert_eq!(RULE.alarms(&again).len(), 2);
        let below = Rule { side: Side::Below, ..RULE };
        assert_eq!(below.alarms(&risen), []);
        assert_eq!(Rule { side: Side::Both, ..RULE }.alarms(&risen).len(), 1);
    }

    #[test]
    fn one_wild_minute_rings_nothing_wherever_it_is() {
        for wild in [10, 30] {
            let hour = hour(2, |at, value| if at == wild { 100.0 * value } else { value });
            assert_eq!(RULE.alarms(&hour), [], "{wild}");
        }
    }

    #[test]
    fn what_chance_does_to_a_share_or_a_count_is_allowed_for() {
        let share = Rule { noise: Noise::Share, floor: 0.001, share: 0.0, ..RULE };
        let of =
            |failed: usize| move |at: usize| if at >= 40 { [failed as f64, 100.0] } else { [(at % 2) as f64, 100.0] };
        assert_eq!(share.alarms(&(0..60).map(of(1)).collect::<Vec<_>>()), []);
        assert_eq!(share.alarms(&(0..60).map(of(9)).collect::<Vec<_>>()).len(), 1);
        let count = Rule { noise: Noise::Count, fewest: 0.0, ..share };
        let of = |lines: f64| move |at: usize| [if at >= 40 { lines } else { (at % 2) as f64 }, 1.0];
        assert_eq!(count.alarms(&(0..60).map(of(1.0)).collect::<Vec<_>>()), []);
        assert_eq!(count.alarms(&(0..60).map(of(4.0)).collect::<Vec<_>>()).len(), 1);
    }

    #[test]
    fn without_a_past_nothing_is_said() {
        assert_eq!(RULE.alarms(&hour(3, |_, value| value)[..15]), []);
        let late: Vec<Sum> = (0..60).map(|at| if at > 30 { [1e9, 50.0] } else { [0.0, 0.0] }).collect();
        assert_eq!(RULE.alarms(&late), []);
        assert_eq!([vec![], vec![1.0], vec![3.0, 1.0, 2.0, 10.0]].map(median), [None, Some(1.0), Some(2.5)]);
    }
}
