//! How a lesson was generated: all that is needed to generate the same one again. Knows no incident.

use serde::{Deserialize, Serialize};

use super::Level;

/// What decides a generated lesson, as a session file keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The world: its name if it is built in, else the path of its file.
    pub world: String,
    /// BLAKE3 of the world.
    pub digest: String,
    /// The seed of the draws, and of the run.
    pub seed: u64,
    /// How hard it is.
    pub level: Level,
    /// Which draw of this seed and level it is, counted from 0: earlier ones were unfit, or known to the learner.
    pub draw: u32,
    /// The version of the generator.
    pub version: u32,
}
