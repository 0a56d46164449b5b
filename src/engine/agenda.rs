//! The agenda: what happens next. Events leave in order of (time, sequence of pushing). Knows nothing of what they mean.
//!
//! A monotone radix heap in the shape of a hierarchical timing wheel, with a sorted bottom as in a ladder queue:
//!
//! - Ahuja, Mehlhorn, Orlin, Tarjan: *Faster algorithms for the shortest path problem*, J. ACM 37(2), 1990 (radix heap);
//! - Varghese, Lauck: *Hashed and hierarchical timing wheels*, SOSP 1987;
//! - Tang, Goh, Thng: *Ladder queue*, ACM TOMACS 15(3), 2005 (sort only the few events that are next).
//!
//! Times are read as digits of 6 bits. An event waits in the bucket (level, slot): the level is the highest
//! digit in which its time differs from `base`, the slot that digit's value. So each lower bucket is wholly earlier than
//! each higher one, and the next event is in the first bucket of the lowest level in use: two bit scans. That bucket is
//! opened: a small one is sorted and becomes the bottom, from which events are taken; a large one is dealt out to the
//! levels below it, where a bucket of level 0 is one instant and needs no sorting.
//!
//! Order among equals needs no sequence numbers. Equal times always share a bucket, because a bucket's events are dealt
//! out before the base enters it; buckets are appended to and dealt out in order; the sort is stable. What is pushed for
//! the present instant leaves after all else of that instant, in a line of its own.
//!
//! Cost: a push appends to one bucket, and each event is moved at most once per level it descends, whatever the
//! distribution of times and however many are equal. In practice that is once or twice, so the cost per event hardly
//! depends on the number pending. Memory: at most twice the pending events, twice again for those of one bucket while it
//! is dealt out, and half a megabyte at most for idle buckets.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::mem;

use crate::time::SimTime;

/// Bits of a digit: a level has as many slots as a word has bits.
const BITS: usize = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = (u64::BITS as usize).div_ceil(BITS);
/// The most events that are sorted rather than dealt out.
const SMALL: usize = 16;

/// Pending events of type `E`.
///
/// Virtual time does not go back: an event pushed should not lie before the one popped last. One that does still leaves
/// in its order, ahead of the rest, but many of them would be slow.
///
/// ```
/// use allgreen::{SimTime, engine::Agenda};
/// let mut agenda = Agenda::new();
/// agenda.push(SimTime(20), 'b');
/// agenda.push(SimTime(10), 'a');
/// agenda.push(SimTime(20), 'c');
/// assert_eq!(agenda.pop_until(SimTime(20)), Some((SimTime(10), 'a')));
/// assert_eq!(agenda.pop_until(SimTime(19)), None);
/// assert_eq!(agenda.pop_until(SimTime(20)), Some((SimTime(20), 'b')));
/// ```
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    /// The latest time that was popped.
    now: u64,
    /// What was pushed for `now` since.
    present: VecDeque<E>,
    /// The other events up to and at `horizon`, sorted: the next one last.
    bottom: Vec<Entry<E>>,
    /// The last instant that the bottom is for: all that waits in the buckets is later.
    horizon: u64,
    /// What times are compared with to find their bucket. Not after `horizon`, nor after the time popped last.
    base: u64,
    /// A time before which nothing waits in the buckets.
    soonest: u64,
    /// A bit for each level in use.
    levels: u32,
    /// Per level, a bit for each slot in use.
    slots: [u64; LEVELS],
    /// Level by level.
    buckets: Vec<Vec<Entry<E>>>,
}

/// Nanoseconds and the event.
type Entry<E> = (u64, E);

impl<E: Copy> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Copy> Agenda<E> {
    /// Nothing pending.
    pub fn new() -> Self {
        Agenda {
            now: 0,
            present: VecDeque::new(),
            bottom: Vec::new(),
            horizon: 0,
            base: 0,
            soonest: 0,
            levels: 0,
            slots: [0; LEVELS],
            buckets: vec![Vec::new(); LEVELS * SLOTS],
        }
    }

    /// Adds an event. Inlined, so that the event is written where it stays: who copies what was just written in parts
    /// waits for the parts.
    #[inline(always)]
    pub fn push(&mut self, at: SimTime, event: E) {
        if at.0 == self.now {
            return self.present.push_back(event);
        }
        if at.0 <= self.horizon && self.bottom.len() > 2 * SMALL {
            self.thin_out();
        }
        if at.0 > self.horizon {
            self.soonest = self.soonest.min(at.0);
            self.place((at.0, event));
        } else if self.bottom.is_empty() {
            self.bottom.push((at.0, event));
        } else {
            let place = self.room(at.0);
            self.bottom[place] = (at.0, event);
        }
    }

    /// Takes the next event out if it is due by `limit`.
    #[inline]
    pub fn pop_until(&mut self, limit: SimTime) -> Option<(SimTime, E)> {
        if self.bottom.is_empty() && self.present.is_empty() {
            self.refill(limit.0);
        }
        match self.bottom.last() {
            Some((at, event)) if *at <= self.now || self.present.is_empty() => {
                let (at, event) = (*at, *event);
                if at > limit.0 {
                    return None;
                }
                self.bottom.pop();
                self.now = self.now.max(at);
                Some((SimTime(at), event))
            }
            _ if self.now <= limit.0 => self.present.pop_front().map(|event| (SimTime(self.now), event)),
            _ => None,
        }
    }

    /// All pending events, in no order.
    pub fn events(&self) -> impl Iterator<Item = E> {
        let entries = self.bottom.iter().chain(self.buckets.iter().flatten());
        self.present.iter().copied().chain(entries.map(|(_, event)| *event))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let entries = self.bottom.capacity() + self.buckets.iter().map(Vec::capacity).sum::<usize>();
        entries * size_of::<Entry<E>>() + self.present.capacity() * size_of::<E>()
    }

    /// Appends to the bucket for an entry's time.
    #[inline(always)]
    fn place(&mut self, entry: Entry<E>) {
        let level = ((entry.0 ^ self.base) | 1).ilog2() as usize / BITS;
        let slot = (entry.0 >> (level * BITS)) as usize % SLOTS;
        self.levels |= 1 << level;
        self.slots[level] |= 1 << slot;
        self.buckets[level * SLOTS + slot].push(entry);
    }

    /// Makes room in the bottom, which is not empty: what is not later leaves before. Answers the place.
    #[inline(never)]
    fn room(&mut self, at: u64) -> usize {
        let filler = self.bottom[0];
        let place = self.bottom.partition_point(|other| other.0 > at);
        self.bottom.insert(place, filler);
        place
    }

    /// A bottom that has grown large is dealt out like a large bucket, but for what is due now.
    #[inline(never)]
    fn thin_out(&mut self) {
        let due = self.base.max(self.now);
        if self.horizon > due {
            let stay = self.bottom.split_off(self.bottom.partition_point(|other| other.0 > due));
            let later = mem::replace(&mut self.bottom, stay);
            self.horizon = due;
            self.soonest = due;
            later.into_iter().rev().for_each(|entry| self.place(entry));
        }
    }

    /// Opens buckets until the bottom holds the next event, unless nothing is due by `limit`.
    #[inline(never)]
    fn refill(&mut self, limit: u64) {
        while self.bottom.is_empty() && self.levels != 0 && self.soonest <= limit {
            let level = self.levels.trailing_zeros() as usize;
            let slot = self.slots[level].trailing_zeros() as usize;
            let bucket = &mut self.buckets[level * SLOTS + slot];
            // The times that the bucket is for.
            let width = (1 << (level * BITS)) - 1;
            let start = bucket.first().map_or(0, |entry| entry.0) & !width;
            let end = start | width;
            if limit < end {
                // The base must not pass the next event before that is popped: new ones may come before it.
                self.soonest = bucket.iter().map(|entry| entry.0).min().unwrap_or(start);
                if self.soonest > limit {
                    return;
                }
            }
            self.base = start;
            self.slots[level] &= !(1 << slot);
            if self.slots[level] == 0 {
                self.levels &= !(1 << level);
            }
            let mut open = mem::take(bucket);
            if level == 0 || open.len() <= SMALL {
                open.reverse();
                if level > 0 {
                    open.sort_by_key(|entry| Reverse(entry.0));
                }
                self.horizon = end;
                open = mem::replace(&mut self.bottom, open);
            } else {
                open.iter().for_each(|entry| self.place(*entry));
                open.clear();
            }
            // The bucket gets an empty vector to grow in, unless that is large.
            if open.capacity() <= 2 * SMALL {
                self.buckets[level * SLOTS + slot] = open;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Takes all that is due by `limit`.
    fn drain(agenda: &mut Agenda<u32>, limit: u64) -> Vec<(u64, u32)> {
        std::iter::from_fn(|| agenda.pop_until(SimTime(limit))).map(|(at, event)| (at.0, event)).collect()
    }

    /// Pushes events at these times and expects them back in order of (time, sequence).
    fn check_order(times: impl Iterator<Item = u64>) {
        let (mut agenda, mut expected) = (Agenda::new(), times.zip(0..).collect::<Vec<_>>());
        for &(at, event) in &expected {
            agenda.push(SimTime(at), event);
        }
        expected.sort();
        assert_eq!(drain(&mut agenda, u64::MAX), expected);
    }

    #[test]
    fn events_leave_in_order_of_time_then_of_pushing() {
        check_order([].into_iter());
        check_order([30, 10, 20, 0, 10, u64::MAX, 20, 0, u64::MAX].into_iter());
        check_order((0..10_000).rev());
        check_order((0..64).flat_map(|bit| [1 << bit, (1 << bit) - 1, !(1 << bit)]));
        check_order((0..10_000_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        check_order((0..10_000).map(|i| 1_000_000 + i % 3));
        check_order((0..10_000).map(|i| u64::MAX - i % 2));
    }

    #[test]
    fn what_is_pushed_now_leaves_behind_what_else_is_due_now() {
        for now in [SimTime(5_000), SimTime(u64::MAX - 1)] {
            let mut agenda = Agenda::new();
            (0..1_000).for_each(|event| agenda.push(now, event));
            agenda.push(SimTime(now.0 + 1), 9_999);
            for event in 0..1_000 {
                assert_eq!(agenda.pop_until(now), Some((now, event)));
                agenda.push(now, event + 1_000);
            }
            assert!(drain(&mut agenda, now.0).into_iter().eq((1_000..2_000).map(|event| (now.0, event))));
            assert_eq!(drain(&mut agenda, u64::MAX), [(now.0 + 1, 9_999)]);
        }
    }

    #[test]
    fn what_is_pushed_into_the_past_leaves_first() {
        let mut agenda = Agenda::new();
        for now in [1 << 40, 1 << 20] {
            agenda.push(SimTime(now), 0);
            agenda.push(SimTime(now + 9), 1);
            assert_eq!(drain(&mut agenda, now), [(now, 0)]);
            (2..102).for_each(|event| agenda.push(SimTime(now - u64::from(event)), event));
            let all = drain(&mut agenda, now + 9);
            assert!(all.len() == 101 && all.is_sorted());
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Push,
        Pop,
        /// Goes on with a copy.
        Copy,
    }

    fn delay() -> impl Strategy<Value = u64> {
        prop_oneof![
            3 => Just(0),
            3 => 0_u64..200,
            3 => 100_000_u64..1_000_000_000,
            1 => 60_000_000_000_u64..3_600_000_000_000,
            2 => (0_u32..64, 0_u64..3).prop_map(|(bit, less)| (1_u64 << bit).saturating_sub(less)),
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_a_sorted_set(steps in prop::collection::vec((
            prop_oneof![8 => Just(Step::Push), 8 => Just(Step::Pop), 1 => Just(Step::Copy)],
            delay(),
            prop_oneof![8 => 1_usize..4, 1 => 1_usize..100],
        ), 0..400)) {
            let (mut agenda, mut model, mut now, mut sequence) = (Agenda::new(), BTreeSet::new(), 0, 0);
            for (step, delay, count) in steps {
                match step {
                    Step::Push => for at in std::iter::repeat_n(u64::saturating_add(now, delay), count) {
                        agenda.push(SimTime(at), sequence);
                        model.insert((at, sequence));
                        sequence += 1;
                    },
                    // At most an hour at a time, for the far events to stay pending.
                    Step::Pop => for limit in std::iter::repeat_n(now.saturating_add(delay % (1 << 42)), count) {
                        let due = model.first().copied().filter(|(at, _)| *at <= limit);
                        prop_assert_eq!(agenda.pop_until(SimTime(limit)).map(|(at, event)| (at.0, event)), due);
                        let Some(key) = due else { break };
                        model.remove(&key);
                        now = key.0;
                    },
                    Step::Copy => {
                        let copy = agenda.clone();
                        prop_assert!(drain(&mut agenda, u64::MAX).iter().eq(&model));
                        agenda = copy;
                    }
                }
            }
            prop_assert!(drain(&mut agenda, u64::MAX).iter().eq(&model));
        }
    }
}
