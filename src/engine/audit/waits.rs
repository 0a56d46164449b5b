//! What visits wait for besides a call or work of their own: a place in a line, a row that another one writes, an entry
//! that another one fetches, processors that all share. Knows who waits; whether it will come is read from the agenda.

use std::collections::BTreeSet;

use super::super::cache::CacheStore;
use super::super::database::RowLocks;
use super::super::ids::{DatumId, InstanceId};
use super::super::sharing::Processors;
use super::super::slab::Key;
use super::super::{Event, Simulation};

/// Visits, by what they wait for.
#[derive(Default)]
pub(super) struct Waits {
    /// A server of their station.
    pub lines: BTreeSet<Key>,
    /// The row that another one writes.
    pub rows: BTreeSet<Key>,
    /// The entry that another one fetches.
    pub fetches: BTreeSet<Key>,
    /// Processors that they share.
    pub shared: BTreeSet<Key>,
}

/// Events that let others go on.
#[derive(Default)]
struct Wakers {
    shared: BTreeSet<(InstanceId, u32)>,
    fetches: BTreeSet<(InstanceId, DatumId, u32, u16)>,
}

impl Simulation {
    /// Who waits for what, if each of them will get it.
    pub(super) fn waits(&self) -> Result<Waits, String> {
        let (wakers, mut waits) = (self.wakers(), Waits::default());
        for instance in self.fabric.instances() {
            let Some(replica) = self.fabric.peek_replica(instance) else { continue };
            waits.lines.extend(&replica.station.line);
            self.waits_for_rows(instance, &mut waits)?;
            let cache = self.fabric.peek_part::<CacheStore>(instance);
            for (datum, key, number, waiting) in cache.iter().flat_map(|cache| cache.fetches()) {
                if !wakers.fetches.contains(&(instance, datum, key, number)) {
                    return Err(format!("{}: a fetch that never ends", self.instance_name(instance)));
                }
                waits.fetches.extend(waiting);
            }
            let Some(processors) = self.fabric.peek_part::<Processors>(instance) else { continue };
            waits.shared.extend(processors.jobs());
            let comes = processors.next().is_none_or(|number| wakers.shared.contains(&(instance, number)));
            if !comes {
                return Err(format!("{}: shared processors that never finish", self.instance_name(instance)));
            }
        }
        Ok(waits)
    }

    fn waits_for_rows(&self, instance: InstanceId, waits: &mut Waits) -> Result<(), String> {
        let Some(locks) = self.fabric.peek_part::<RowLocks>(instance) else { return Ok(()) };
        for line in locks.lines() {
            let lives =
                |key: &Key| self.visits.get(*key).is_some_and(|visit| visit.holds_row && visit.instance == instance);
            if line.is_empty() || !line.iter().all(lives) {
                return Err(format!("{}: a row is held by nobody", self.instance_name(instance)));
            }
            waits.rows.extend(line.iter().skip(1));
        }
        Ok(())
    }

    fn wakers(&self) -> Wakers {
        let mut wakers = Wakers::default();
        for event in self.agenda.events() {
            let _ = match event {
                Event::Shared(instance, number) => wakers.shared.insert((instance, number)),
                Event::FetchOver(instance, datum, key, number) => wakers.fetches.insert((instance, datum, key, number)),
                _ => false,
            };
        }
        wakers
    }
}
