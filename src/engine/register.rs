//! Values that are kept by the stamps of their writers' clocks: the newest stamp wins, whatever was written last (as in
//! Cassandra, or a table that is updated `where updated_at < …`). Knows stamps; which clock is wrong, it cannot tell.

use bevy_ecs::component::Component;

use super::by_key::{ByKey, packed};
use super::data::VersionId;
use super::ids::DatumId;
use crate::time::Stamp;

/// What one database keeps.
#[derive(Component, Clone, Debug, Default)]
pub struct Register {
    kept: ByKey<(Stamp, VersionId)>,
    /// Writes that were acknowledged and not kept: what was there had a newer stamp.
    pub outdated: u64,
}

impl Register {
    /// A write with the stamp of its writer.
    pub fn write(&mut self, datum: DatumId, key: u32, stamp: Stamp, version: VersionId) {
        let kept = self.kept.entry(packed(datum, key)).or_insert((stamp, version));
        if kept.0 <= stamp {
            *kept = (stamp, version);
        } else {
            self.outdated += 1;
        }
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
        register.write(datum, 7, Stamp(1000), old);
        register.write(datum, 7, Stamp(900), new);
        assert_eq!((register.read(datum, 7), register.outdated), (Some(old), 1));
        register.write(datum, 7, Stamp(1000), new);
        assert_eq!((register.read(datum, 7), register.outdated), (Some(new), 1));
    }
}
