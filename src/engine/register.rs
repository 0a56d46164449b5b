//! Values that are kept by the stamps of their writers' clocks: the newest stamp wins, whatever was written last (as in
//! Cassandra, or a table that is updated `where updated_at < …`). Knows stamps; which clock is wrong, it cannot tell.

use bevy_ecs::component::Component;

use super::by_key::{ByKey, packed};
use super::data::VersionId;
use super::ids::DatumId;
use crate::time::{SimTime, Stamp};

/// What one database keeps.
#[derive(Component, Clone, Debug, Default)]
pub struct Register {
    kept: ByKey<(Stamp, VersionId)>,
    /// What was kept before each write that won, oldest first: for a copy that had not heard of it yet.
    replaced: Vec<Replaced>,
    /// Writes that were acknowledged and not kept: what was there had a newer stamp.
    pub outdated: u64,
}

/// What a write that won has replaced.
#[derive(Clone, Copy, Debug)]
struct Replaced {
    at: SimTime,
    datum: DatumId,
    key: u32,
    before: Option<(Stamp, VersionId)>,
}

impl Register {
    /// A write at `at` with the stamp of its writer.
    pub fn write(&mut self, datum: DatumId, key: u32, (stamp, version): (Stamp, VersionId), at: SimTime) {
        let before = self.kept.get(&packed(datum, key)).copied();
        if before.is_some_and(|(kept, _)| kept > stamp) {
            self.outdated += 1;
            return;
        }
        self.kept.insert(packed(datum, key), (stamp, version));
        self.replaced.push(Replaced { at, datum, key, before });
    }

    /// What was written to these families after `since` is gone, and what was kept before is kept again.
    pub fn forget_since(&mut self, families: &[DatumId], since: SimTime) {
        let first = self.replaced.partition_point(|write| write.at <= since);
        let (forgotten, others): (Vec<Replaced>, Vec<Replaced>) =
            self.replaced.drain(first..).partition(|write| families.contains(&write.datum));
        for Replaced { datum, key, before, .. } in forgotten.into_iter().rev() {
            match before {
                Some(before) => self.kept.insert(packed(datum, key), before),
                None => self.kept.remove(&packed(datum, key)),
            };
        }
        self.replaced.extend(others);
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.kept.len() * size_of::<(u64, (Stamp, VersionId))>() + self.replaced.capacity() * size_of::<Replaced>()
    }

    /// What a read gets; None if nothing was written yet.
    pub fn read(&self, datum: DatumId, key: u32) -> Option<VersionId> {
        self.kept.get(&packed(datum, key)).map(|(_, version)| *version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stamp_wins_whatever_came_last() {
        let mut register = Register::default();
        let (datum, old, new) = (DatumId(0), VersionId(1), VersionId(2));
        assert_eq!(register.read(datum, 7), None);
        register.write(datum, 7, (Stamp(1000), old), SimTime(1));
        register.write(datum, 7, (Stamp(900), new), SimTime(2));
        assert_eq!((register.read(datum, 7), register.outdated), (Some(old), 1));
        register.write(datum, 7, (Stamp(1000), new), SimTime(3));
        assert_eq!((register.read(datum, 7), register.outdated), (Some(new), 1));
    }

    #[test]
    fn a_copy_knows_what_was_kept_before_the_writes_that_it_missed() {
        let mut register = Register::default();
        let (orders, users) = (DatumId(0), DatumId(1));
        let write = |register: &mut Register, datum, key, stamp, version, at| {
            register.write(datum, key, (Stamp(stamp), VersionId(version)), SimTime(at));
        };
        write(&mut register, orders, 7, 500, 1, 10);
        write(&mut register, orders, 7, 600, 2, 20);
        write(&mut register, orders, 8, 100, 3, 21);
        write(&mut register, users, 7, 100, 4, 22);
        write(&mut register, orders, 7, 700, 5, 23);
        register.forget_since(&[orders], SimTime(20));
        let read = |register: &Register, datum, key| register.read(datum, key).map(|version| version.0);
        assert_eq!(read(&register, orders, 7), Some(2), "written at 20, which the copy had heard of");
        assert_eq!(read(&register, orders, 8), None, "the copy never heard of the key");
        assert_eq!(read(&register, users, 7), Some(4), "another family");
        write(&mut register, orders, 7, 650, 6, 30);
        assert_eq!(read(&register, orders, 7), Some(6), "the newer stamp is gone with its write");
        register.forget_since(&[orders, users], SimTime(15));
        assert_eq!(read(&register, orders, 7), Some(1));
        assert_eq!(read(&register, users, 7), None);
    }
}
