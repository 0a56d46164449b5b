//! An incident as a face orders it: the world by its name, the level, whose history. Knows files and names; what is
//! generated is none of its business.

use std::path::PathBuf;

use super::{GenerateError, Generated, History, Wanted, again, generate};
use crate::lab::Progress;
use crate::lesson::{Level, Recipe};
use crate::random::{Identity, Stream};
use crate::{Problems, Seed, builtin};

/// What a learner asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// A world: its name, or a path to its file.
    pub world: String,
    /// The seed of draws and run.
    pub seed: Seed,
    /// How hard it shall be.
    pub level: Level,
    /// The history to read and to add to; the usual one if None.
    pub history: Option<PathBuf>,
}

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The world or the history cannot be read or written.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// There is no such incident.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}

impl Order {
    /// Generates the incident, and remembers that the learner met it.
    pub fn carry_out(&self, progress: Progress<'_>) -> Result<Generated, OrderError> {
        let place = self.history.clone().or_else(History::usual_place);
        let history = place.as_deref().map_or(Ok(History::default()), History::load)?;
        place.as_deref().map_or(Ok(()), History::check_place)?;
        let (world, name) = builtin::world(&self.world)?;
        let wanted = Wanted { world, place: name, seed: self.seed, level: self.level };
        let generated = generate(&wanted, &history, progress)?;
        if let Some(place) = place {
            History::remember(&place, &generated.fingerprint)?;
        }
        Ok(generated)
    }
}

/// A seed that nobody chose: short enough to be read out.
pub fn any_seed() -> Seed {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Seed(now.map_or(0, |now| now.as_micros() as u64) % 1_000_000)
}

/// How hard an incident is where nobody says: the seed decides.
pub fn level_of(seed: Seed) -> Level {
    let drawn = Stream::new(seed, "generate", "level").bits(Identity(0), 0);
    Level::ALL[(drawn % Level::ALL.len() as u64) as usize]
}

/// The incident of a recipe; its world is looked for where the recipe says.
pub fn from_recipe(recipe: &Recipe, progress: Progress<'_>) -> Result<Generated, OrderError> {
    let (world, _) = builtin::world(&recipe.world)?;
    Ok(again(&world, recipe, progress)?)
}
