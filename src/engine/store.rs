//! What caches and databases do for a request: look up, keep, drop, read, write. Knows versions, and no status code.

use super::Simulation;
use super::data::{Part, Source, merge};
use super::database::Replication;
use super::flight::ReplyTo;
use super::plan::DataOp;
use super::slab::Key;
use crate::time::{Duration, SimTime};

impl Simulation {
    /// What a store does to its data.
    pub(super) fn data_step(&mut self, key: Key, op: DataOp) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let (DataOp::Get(datum)
        | DataOp::Put(datum)
        | DataOp::Invalidate(datum)
        | DataOp::Read(datum)
        | DataOp::Write(datum)
        | DataOp::Fill(datum)) = op;
        let datum_key = self.recent.find(&self.plan, datum, visit.context.journey, visit.context.user);
        let instance = visit.instance;
        let home = self.fabric.home(instance);
        let stamp = self.fabric.replica(instance).clock.stamp(self.now);
        let by_stamp = self.plan.nodes[home.node.at()].keeps_by_stamp;
        match op {
            DataOp::Get(_) => {
                let found = self.fabric.cache(instance).and_then(|mut cache| cache.get(datum, datum_key, stamp));
                match found {
                    Some(part) => merge(&mut visit.parts, Part { source: Source::Cache, ..part }),
                    None => self.missed(key, datum, datum_key),
                }
            }
            DataOp::Put(_) => {
                if let (Some(mut cache), Some(part)) = (self.fabric.cache(instance), visit.payload) {
                    cache.put(datum, datum_key, part, stamp);
                    self.fetched(instance, datum, datum_key);
                }
            }
            DataOp::Fill(_) => {
                let fresh = |part: &&Part| part.datum == datum && part.source == Source::Database;
                if let (Some(mut cache), Some(part)) =
                    (self.fabric.cache(instance), visit.parts.iter().find(fresh).copied())
                {
                    cache.put(datum, datum_key, part, stamp);
                    self.fetched(instance, datum, datum_key);
                }
            }
            DataOp::Invalidate(_) => {
                let losses = self.plan.nodes[home.node.at()].streams.losses;
                if let Some(mut cache) = self.fabric.cache(instance)
                    && !losses.chance(visit.identity, 0, cache.lost_invalidations)
                {
                    cache.invalidate(datum, datum_key);
                }
            }
            DataOp::Read(_) => {
                let lag = self
                    .fabric
                    .peek_part::<Replication>(instance)
                    .map_or(Duration::ZERO, |replication| replication.lag);
                let register = if by_stamp { self.fabric.register(instance) } else { None };
                let kept = register.and_then(|register| register.read(datum, datum_key));
                let version = if let Some(kept) = kept {
                    kept
                } else if lag == Duration::ZERO {
                    self.versions.current(datum, datum_key)
                } else {
                    self.versions.as_of(datum, datum_key, SimTime(self.now.0.saturating_sub(lag.0)))
                };
                merge(&mut visit.parts, Part { datum, key: datum_key, version, source: Source::Database });
            }
            DataOp::Write(_) => {
                let version = self.versions.write(datum, datum_key, self.now);
                if by_stamp {
                    let writer = visit.link.map_or(instance, |link| self.fabric.side(link).caller);
                    let written = self.fabric.replica(writer).clock.stamp(self.now);
                    if let Some(mut register) = self.fabric.register(instance) {
                        register.write(datum, datum_key, (written, version), self.now);
                    }
                }
                if let ReplyTo::Call(call, _) = visit.reply_to
                    && self.calls.get(call).is_some_and(|call| self.plan.calls[call.plan.at()].returns)
                {
                    merge(&mut visit.parts, Part { datum, key: datum_key, version, source: Source::Database });
                }
            }
        }
    }
}
