//! Strategies for [proptest](https://docs.rs/proptest): seeds, worlds and incidents that shrink, for tests that hold whatever
//! happens. Behind the feature `proptest`.
//!
//! ```
//! # #[cfg(feature = "proptest")]
//! # fn main() {
//! use allgreen::{SimTime, Simulation, strategies};
//! use proptest::test_runner::{Config, TestRunner};
//!
//! let few = Config { cases: 2, failure_persistence: None, ..Config::default() };
//! let run = |world, seed| {
//!     let mut sim = Simulation::new(&world, seed);
//!     sim.run_until(SimTime::from_secs(2));
//!     sim.digest()
//! };
//! let twice = |(world, seed): (allgreen::World, allgreen::Seed)| {
//!     proptest::prop_assert_eq!(run(world.clone(), seed), run(world, seed));
//!     Ok(())
//! };
//! TestRunner::new(few).run(&(strategies::worlds(), strategies::seeds()), twice).unwrap();
//! # }
//! # #[cfg(not(feature = "proptest"))]
//! # fn main() {}
//! ```

use proptest::prelude::*;
use proptest::sample::select;

use crate::starter::company;
use crate::{Lesson, Seed, World, builtin};

/// Services of a drawn company: the fewest that one has, and more than a test waits for.
const SERVICES: std::ops::Range<u16> = 20..60;

/// Any seed. Shrinks towards 0.
pub fn seeds() -> impl Strategy<Value = Seed> {
    any::<u64>().prop_map(Seed)
}

/// A world that is built in, or a company that is drawn. Shrinks towards the first one that is built in, and companies
/// towards fewer services.
pub fn worlds() -> impl Strategy<Value = World> {
    prop_oneof![shipped_worlds(), companies()]
}

/// A world that is built in.
pub fn shipped_worlds() -> impl Strategy<Value = World> {
    let world = |name: &&str| builtin::world(name).ok().map(|(world, _)| world);
    select(builtin::worlds().iter().filter_map(world).collect::<Vec<_>>())
}

/// A company of some tens of services, drawn by luck.
pub fn companies() -> impl Strategy<Value = World> {
    let drawn = |(services, seed): (u16, u64)| World::from_ron("drawn", &company("drawn", services, seed)).ok();
    (SERVICES, any::<u64>()).prop_filter_map("a company that passes the check of worlds", drawn)
}

/// A lesson that ships, and a seed to run it with: its world, and a script of changes with a cause, its camouflage and
/// red herrings.
pub fn incidents() -> impl Strategy<Value = (Lesson, Seed)> {
    let lessons: Vec<Lesson> = builtin::embedded_lessons().iter().filter_map(|id| builtin::embedded(id)).collect();
    (select(lessons), seeds())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SimTime, Simulation};
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    #[test]
    fn what_they_make_can_be_run() {
        let mut runner = TestRunner::deterministic();
        for _ in 0..3 {
            let world = companies().new_tree(&mut runner).unwrap().current();
            let (lesson, seed) = incidents().new_tree(&mut runner).unwrap().current();
            for world in [&world, lesson.world()] {
                let mut sim = Simulation::new(world, seed);
                sim.run_until(SimTime::from_secs(1));
                assert!(sim.events() > 0);
            }
        }
        assert!(shipped_worlds().new_tree(&mut runner).is_ok() && worlds().new_tree(&mut runner).is_ok());
    }
}
