//! Which of the fixes that a lesson names are tried on a seed. Root fixes and symptom patches are what a proof is about;
//! that the others do nothing, or harm, is as much work again, and each tenth seed says it well enough.

use serde::{Deserialize, Serialize};

use crate::lesson::{Effect, Lesson, NamedFix};

/// Of so many seeds in a row, the first has all fixes tried.
const EVERY: u64 = 10;

/// The fixes that are tried on one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tries {
    /// The first root fix and the first symptom patch.
    First,
    /// All root fixes and symptom patches.
    RootsAndPatches,
    /// All that the lesson names.
    All,
}

impl Tries {
    /// All kinds.
    pub const ALL: [Tries; 3] = [Tries::First, Tries::RootsAndPatches, Tries::All];

    /// Those of one seed, `number` seeds after the first of a proof.
    pub fn of(number: u64, quick: bool) -> Tries {
        match (quick, number % EVERY) {
            (true, _) => Tries::First,
            (false, 0) => Tries::All,
            (false, _) => Tries::RootsAndPatches,
        }
    }

    /// The fixes, in the lesson's order.
    pub fn fixes(self, lesson: &Lesson) -> Vec<&NamedFix> {
        let all = &lesson.spec().fixes;
        let first = |effect: Effect| all.iter().find(|named| named.effect == effect);
        let matters = |named: &&NamedFix| matches!(named.effect, Effect::Root | Effect::Symptom);
        match self {
            Tries::First => [Effect::Root, Effect::Symptom].into_iter().filter_map(first).collect(),
            Tries::RootsAndPatches => all.iter().filter(matters).collect(),
            Tries::All => all.iter().collect(),
        }
    }
}
