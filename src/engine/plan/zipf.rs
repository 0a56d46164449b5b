//! Which key a draw falls on under Zipf's law: inversion of the cumulative shares with a guide table (Chen and Asau,
//! *On generating random variates from an empirical distribution*, 1974), which says where to begin: two looks on
//! average, however many keys there are. Knows numbers; nothing of what keys are for.

/// The law for some number of keys.
#[derive(Debug)]
pub struct Zipf {
    /// Cumulative shares, the most popular key first.
    shares: Vec<f64>,
    /// For each of as many equal parts of `[0, 1)`, the first key whose share reaches beyond the part's beginning.
    guide: Vec<u32>,
}

impl Zipf {
    /// The law with this exponent.
    pub fn new(exponent: f64, keys: u32) -> Zipf {
        let mut sum = 0.0;
        let mut shares: Vec<f64> = (1..=keys)
            .map(|rank| {
                sum += libm::pow(f64::from(rank), -exponent);
                sum
            })
            .collect();
        shares.iter_mut().for_each(|share| *share /= sum);
        let parts = f64::from(keys);
        let mut first = 0;
        let guide = (0..keys).map(|part| {
            first = first_beyond(&shares, first, f64::from(part) / parts);
            first
        });
        let guide = guide.collect();
        Zipf { shares, guide }
    }

    /// The key that a uniform draw in `[0, 1)` falls on.
    pub fn key(&self, unit: f64) -> u32 {
        let last = self.guide.len().saturating_sub(1);
        let part = ((unit * self.guide.len() as f64) as usize).min(last);
        // Rounding may put a draw at the edge of a part into the next one.
        let from = self.guide.get(part.saturating_sub(1)).copied().unwrap_or(0);
        first_beyond(&self.shares, from, unit).min(last as u32)
    }
}

/// The first key, from this one on, whose share is beyond a draw.
fn first_beyond(shares: &[f64], from: u32, unit: f64) -> u32 {
    let beyond = shares.get(from as usize..).unwrap_or_default().iter().take_while(|share| **share <= unit).count();
    from + beyond as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_guide_changes_no_key(exponent in 0.0..2.5f64, keys in 1..3_000u32, units in prop::collection::vec(0.0..1.0f64, 50)) {
            let zipf = Zipf::new(exponent, keys);
            let edges = (0..keys).step_by(7).map(|part| f64::from(part) / f64::from(keys));
            for unit in units.into_iter().chain(edges) {
                let searched = zipf.shares.partition_point(|share| *share <= unit).min(keys as usize - 1);
                prop_assert_eq!(zipf.key(unit), searched as u32);
            }
        }
    }
}
