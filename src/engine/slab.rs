//! A dense store for things that come and go: requests, calls, debts. A key that has been freed finds nothing.

/// A place in a [`Slab`] and the generation that lived there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    slot: u32,
    generation: u32,
}

/// A generational slab.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    entries: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Stores `value`. Inlined, as are those that put a value together: copied right after, it would wait for its parts.
    #[inline(always)]
    pub fn insert(&mut self, value: T) -> Key {
        if let Some(slot) = self.free.pop() {
            let entry = &mut self.entries[slot as usize];
            entry.1 = Some(value);
            return Key { slot, generation: entry.0 };
        }
        self.entries.push((0, Some(value)));
        Key { slot: self.entries.len() as u32 - 1, generation: 0 }
    }

    /// The value, if it still lives.
    #[inline]
    pub fn get(&self, key: Key) -> Option<&T> {
        let (generation, value) = &self.entries[key.slot as usize];
        if *generation == key.generation { value.as_ref() } else { None }
    }

    /// The value, if it still lives.
    #[inline]
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let (generation, value) = &mut self.entries[key.slot as usize];
        if *generation == key.generation { value.as_mut() } else { None }
    }

    /// Takes the value out, if it still lives.
    #[inline]
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let (generation, value) = &mut self.entries[key.slot as usize];
        if *generation != key.generation {
            return None;
        }
        let taken = value.take()?;
        *generation = generation.wrapping_add(1);
        self.free.push(key.slot);
        Some(taken)
    }

    /// Forgets the value, if it still lives: cheaper than to take it out.
    #[inline]
    pub fn free(&mut self, key: Key) {
        let (generation, value) = &mut self.entries[key.slot as usize];
        if *generation == key.generation && value.is_some() {
            *value = None;
            *generation = generation.wrapping_add(1);
            self.free.push(key.slot);
        }
    }

    /// All that live, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        let key = |slot, generation| Key { slot: slot as u32, generation };
        let entries = self.entries.iter().enumerate();
        entries.filter_map(move |(slot, (generation, value))| Some((key(slot, *generation), value.as_ref()?)))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<(u32, Option<T>)>() + self.free.capacity() * size_of::<u32>()
    }

    /// How many live.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_key_finds_nothing_even_when_its_slot_is_used_again() {
        let mut slab = Slab::default();
        let old = slab.insert(1);
        assert_eq!(slab.remove(old), Some(1));
        let new = slab.insert(2);
        assert_eq!((slab.get(old), slab.get(new), slab.len()), (None, Some(&2), 1));
        assert_eq!(slab.remove(old), None);
    }
}
