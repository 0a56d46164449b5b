//! What a system is: plain data, checked before anything runs. Knows nodes, arrows and what users do; no incident, no
//! run.
//!
//! A [`World`] exists only when everything in it was checked: no name dangles, no number is out of range, nothing goes
//! in a circle, and it does not ask for more than can be simulated.

mod arrivals;
mod arrow;
mod change;
pub(crate) mod check;
mod clocks;
mod instrumentation;
mod limits;
mod load;
mod locks;
mod policy;
mod queues;
mod service;
mod spec;
mod stores;
#[cfg(test)]
mod tests;
mod tokens;
mod users;

use std::sync::Arc;

pub(crate) use arrivals::Arrival;
use arrivals::Arrivals;
pub use arrow::*;
pub use change::*;
pub use clocks::*;
pub use instrumentation::*;
pub use limits::*;
pub(crate) use load::{parse, repeated_keys};
pub use locks::*;
pub use policy::*;
pub use queues::*;
pub use service::*;
pub use spec::*;
pub use stores::*;
#[cfg(test)]
pub(crate) use tests::{TINY, tiny};
pub use tokens::*;
pub use users::*;

use crate::time::Duration;

/// The version of the world and lesson formats.
pub const FORMAT: u32 = 1;

/// A checked world. Cheap to clone.
#[derive(Clone, Debug)]
pub struct World(Arc<Checked>);

#[derive(Debug)]
struct Checked {
    spec: WorldSpec,
    arrivals: Arrivals,
}

impl World {
    /// The data. The names of arrows are written `"from -> to"`, with one space on either side.
    pub fn spec(&self) -> &WorldSpec {
        &self.0.spec
    }

    /// The longest time between a request and the judgement of its debt, and a second.
    pub(crate) fn longest_debt(&self) -> Duration {
        let steps = self.spec().journeys.values().flat_map(|journey| &journey.steps);
        let owes = steps.map(|step| step.owes.answer_within.max(step.owes.effects_within));
        owes.max().unwrap_or(Duration::ZERO) + Duration::from_secs(1)
    }

    /// The journeys that a file starts for a node of users, in order of time.
    pub(crate) fn arrivals(&self, users: &str) -> Arc<Vec<Arrival>> {
        self.0.arrivals.get(users).cloned().unwrap_or_default()
    }
}
