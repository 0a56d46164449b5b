//! A map by datum and key, which is looked up and never iterated: its order is nobody's business, and a look-up costs one
//! mix of bits. Knows numbers alone.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::ids::DatumId;
use crate::random::mix;

pub type ByKey<T> = HashMap<u64, T, BuildHasherDefault<MixHasher>>;

/// A datum's key as one number.
pub fn packed(datum: DatumId, key: u32) -> u64 {
    u64::from(datum.0) << 32 | u64::from(key)
}

/// Hashes one integer.
#[derive(Clone, Copy, Debug, Default)]
pub struct MixHasher(u64);

impl Hasher for MixHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = mix(self.0 ^ number);
    }
}
