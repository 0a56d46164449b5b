//! Exemplars as an SDK holds them between two scrapes: the newest of each bucket. Knows places, not metrics.

use crate::telemetry::Exemplar;

/// The exemplars of one replica.
#[derive(Clone, Debug, Default)]
pub struct Exemplars {
    held: Vec<Exemplar>,
    /// For each place of the row, the number of its exemplar in `held`, counted from 1; zero is none.
    at: Vec<u32>,
}

impl Exemplars {
    /// Holds one in place of the one before of the same bucket.
    #[inline]
    pub fn put(&mut self, exemplar: Exemplar) {
        let place = exemplar.place as usize;
        if self.at.len() <= place {
            self.at.resize(place + 1, 0);
        }
        match self.at[place].checked_sub(1).and_then(|at| self.held.get_mut(at as usize)) {
            Some(held) => *held = exemplar,
            None => {
                self.held.push(exemplar);
                self.at[place] = self.held.len() as u32;
            }
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.held.iter().for_each(|exemplar| self.at[exemplar.place as usize] = 0);
        self.held.clear();
    }

    /// All, in the order of their places.
    pub fn in_order(&mut self) -> &[Exemplar] {
        self.held.sort_unstable_by_key(|exemplar| exemplar.place);
        for (number, exemplar) in self.held.iter().enumerate() {
            self.at[exemplar.place as usize] = number as u32 + 1;
        }
        &self.held
    }
}
