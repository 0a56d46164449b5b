//! Named random streams. Knows seeds, names and counters; must never know the order in which things happen.
//!
//! A stream is `(seed, who, what for)`. Its key comes from ChaCha8 (Bernstein 2008) seeded with the seed and the
//! BLAKE3 hash of the two names. A draw is then a pure function of the key and the *identity* of what is drawn for
//! (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011; the mixing is SplitMix64's finaliser,
//! Steele, Lea and Flood 2014, applied twice). So a request meets the same luck at a node in two futures of one seed
//! whatever else happened between, in any order: the difference between two futures is what an action changed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The seed of a run. One seed, one world, one script: one run, bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seed(pub u64);

/// The identity of something that luck is drawn for: a journey, a request, a visit to a node, an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity(pub u64);

impl Identity {
    /// The identity of the `index`-th child, different from every sibling and cousin's but for a 2⁻⁶⁴ accident.
    pub fn child(self, index: u64) -> Identity {
        Identity(mix(self.0 ^ mix(index.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }
}

/// A named random stream: draws are indexed by [`Identity`] and a small lane number, not by order.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream of `who` for `purpose` under `seed`.
    pub fn new(seed: Seed, who: &str, purpose: &str) -> Stream {
        let mut hasher = blake3::Hasher::new_derive_key("allgreen random stream v1");
        hasher.update(&seed.0.to_le_bytes());
        hasher.update(&(who.len() as u64).to_le_bytes());
        hasher.update(who.as_bytes());
        hasher.update(purpose.as_bytes());
        let mut rng = ChaCha8Rng::from_seed(*hasher.finalize().as_bytes());
        Stream { key: rng.next_u64() }
    }

    /// 64 random bits for `identity`; `lane` tells several draws for one identity apart.
    #[inline]
    pub fn bits(self, identity: Identity, lane: u64) -> u64 {
        mix(mix(identity.0 ^ self.key).wrapping_add(lane.wrapping_mul(0xd1b5_4a32_d192_ed03)) ^ self.key)
    }

    /// A uniform draw in `[0, 1)` with 53 bits.
    #[inline]
    pub fn unit(self, identity: Identity, lane: u64) -> f64 {
        (self.bits(identity, lane) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// True with probability `p`.
    #[inline]
    pub fn chance(self, identity: Identity, lane: u64, p: f64) -> bool {
        p > 0.0 && self.unit(identity, lane) < p
    }

    /// A uniform index below `n`; 0 when `n` is 0.
    #[inline]
    pub fn index(self, identity: Identity, lane: u64, n: usize) -> usize {
        ((u128::from(self.bits(identity, lane)) * n as u128) >> 64) as usize
    }
}

/// The finaliser of SplitMix64: a bijection on 64 bits with full avalanche.
#[inline]
pub(crate) fn mix(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_other_names_are_other_streams() {
        let a = Stream::new(Seed(1), "orders", "work");
        let id = Identity(7);
        assert_eq!(a.bits(id, 0), Stream::new(Seed(1), "orders", "work").bits(id, 0));
        for other in [
            Stream::new(Seed(2), "orders", "work"),
            Stream::new(Seed(1), "order", "swork"),
            Stream::new(Seed(1), "orders", "loss"),
        ] {
            assert_ne!(a.bits(id, 0), other.bits(id, 0));
        }
        assert_ne!(a.bits(id, 0), a.bits(id, 1));
        assert_ne!(id.child(0), id.child(1));
    }

    #[test]
    fn unit_draws_are_uniform() {
        // Chi-square over 100 cells and 10⁵ draws: the 99.99 % point for 99 degrees of freedom is 158.
        let stream = Stream::new(Seed(3), "x", "y");
        let mut cells = [0u32; 100];
        for i in 0..100_000u64 {
            cells[(stream.unit(Identity(i), 0) * 100.0) as usize] += 1;
        }
        let chi: f64 = cells.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi < 158.0, "chi-square {chi}");
    }
}
