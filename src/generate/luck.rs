//! The luck of one draw. Knows a generator; nothing of what is drawn.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A sequence of random choices, the same for the same name.
pub(super) struct Luck(ChaCha8Rng);

impl Luck {
    /// The luck of whatever these parts name together.
    pub fn new(parts: &[&[u8]]) -> Luck {
        let mut hasher = blake3::Hasher::new_derive_key("allgreen generated incidents v1");
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Luck(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// A whole number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) as usize + 1) as u64
    }

    /// One of these; None if there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// One of these words.
    pub fn word(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// The same things in another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luck_has_a_name() {
        let draws = |name: &[u8]| {
            let mut luck = Luck::new(&[name]);
            (0..20).map(|_| luck.between(3, 9)).collect::<Vec<_>>()
        };
        assert_eq!(draws(b"a"), draws(b"a"));
        assert_ne!(draws(b"a"), draws(b"b"));
        assert!(draws(b"a").iter().all(|draw| (3..=9).contains(draw)));
        let mut things = [1, 2, 3, 4, 5, 6, 7, 8];
        Luck::new(&[b"x"]).shuffle(&mut things);
        assert_ne!(things, [1, 2, 3, 4, 5, 6, 7, 8]);
        things.sort_unstable();
        assert_eq!(things, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
