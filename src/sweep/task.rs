//! What is to be done: one incident on one seed. All incidents on the first seed, then on the next.

use super::Options;
use super::replay::{Replayed, replay, takes};
use crate::detect::Named;
use crate::generate::{GenerateError, History, Wanted, generate, level_of};
use crate::prove::meter::Meter;
use crate::time::Duration;
use crate::{Lesson, Seed, World};

/// The virtual time that an incident takes that is not generated yet, about.
const GENERATED: Duration = Duration::from_mins(150);

/// One incident on one seed.
pub struct Task<'a> {
    /// Its place among the tasks of all shards.
    pub number: u64,
    incident: Incident<'a>,
    seed: Seed,
}

#[derive(Clone, Copy)]
enum Incident<'a> {
    Lesson(&'a Lesson),
    Generated(&'a World, &'a str),
}

/// The tasks of a shard, in order.
pub fn all<'a>(lessons: &'a [Lesson], options: &Options<'a>) -> Vec<Task<'a>> {
    let generated = options.generated.map(|(world, place)| Incident::Generated(world, place));
    let incidents: Vec<Incident<'a>> = lessons.iter().map(Incident::Lesson).chain(generated).collect();
    let tasks = options.seeds.clone().flat_map(|seed| incidents.iter().map(move |incident| (*incident, Seed(seed))));
    let numbered = (0..).zip(tasks).filter(|(number, _)| options.shard.has(*number));
    numbered.map(|(number, (incident, seed))| Task { number, incident, seed }).collect()
}

impl Task<'_> {
    /// The virtual time that it takes, about, in nanoseconds.
    pub fn takes(&self) -> u64 {
        match self.incident {
            Incident::Lesson(lesson) => takes(lesson).0,
            Incident::Generated(..) => GENERATED.0,
        }
    }

    /// Does it. None if the meter says stop; an error if the seed generates no incident.
    pub fn replay(&self, detectors: &[Named], meter: &Meter) -> Option<Result<Replayed, GenerateError>> {
        match self.incident {
            Incident::Lesson(lesson) => replay((lesson, None), self.seed, detectors, meter).map(Ok),
            Incident::Generated(world, place) => {
                let level = level_of(self.seed);
                let wanted = Wanted { world: world.clone(), place: place.to_owned(), seed: self.seed, level };
                match generate(&wanted, &History::default(), &mut |_| !meter.is_stopped()) {
                    Ok(made) => {
                        let world = world.spec().name.as_str();
                        replay((&made.lesson, Some(world)), self.seed, detectors, meter).map(Ok)
                    }
                    Err(GenerateError::Stopped) => None,
                    Err(error) => Some(Err(error)),
                }
            }
        }
    }
}
