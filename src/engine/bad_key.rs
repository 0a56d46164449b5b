//! One key whose requests go wrong at a replica. Knows which key and how; must never know why.

use bevy_ecs::component::Component;

use super::Simulation;
use super::data::key_of;
use super::ids::{DatumId, InstanceId};
use super::slab::Key;
use crate::world::BadKey;

/// The bad key of a replica.
#[derive(Component, Clone, Debug, Default)]
pub struct BadKeyHere {
    declared: Option<BadKey>,
    datum: DatumId,
}

impl BadKeyHere {
    pub fn declared(&self) -> Option<BadKey> {
        self.declared.clone()
    }
}

impl Simulation {
    /// Another key is bad from now on, or none. Answers what it was.
    pub(super) fn set_bad_key(&mut self, instance: InstanceId, to: Option<BadKey>) -> Option<BadKey> {
        self.fabric.replica(instance).pace.bad_key = to.is_some();
        let datum = to.as_ref().map(|bad| self.plan.datum_id(&bad.datum)).unwrap_or_default();
        let mut here = self.fabric.part_or_default::<BadKeyHere>(instance);
        here.datum = datum;
        std::mem::replace(&mut here.declared, to)
    }

    /// The share of errors and the factor of work that a visit meets, if it reads or writes the bad key of its replica.
    pub(super) fn bad_key(&self, visit: Key) -> Option<(f64, f64)> {
        let visit = self.visits.get(visit)?;
        let here = self.fabric.peek_part::<BadKeyHere>(visit.instance)?;
        let bad = here.declared.as_ref()?;
        let touches = &self.plan.routes[visit.route.at()].touches;
        let asked = touches.contains(&here.datum)
            && key_of(&self.plan, here.datum, visit.context.journey, visit.context.user) == bad.key;
        asked.then_some((bad.errors, bad.factor))
    }
}
