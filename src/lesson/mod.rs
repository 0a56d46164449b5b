//! What goes wrong in a world, when, and what is asked: plain data, checked before anything runs. Knows causes, changes
//! and words for people; nothing of how a world is run.
//!
//! A [`Lesson`] exists only when everything in it was checked against its world.

mod check;
mod load;
mod order;
mod proof;
mod recipe;
mod spec;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_changes;
mod translation;

use std::sync::Arc;

pub(crate) use check::is_inside;
pub use load::world_file;
pub(crate) use order::check_assumed;
pub use order::{in_order, is_lesson_id};
pub use proof::{Proof, ProofTable, Property, Proved};
pub use recipe::Recipe;
pub use spec::*;
pub(crate) use translation::check_translation;
pub use translation::{Translation, translation_path};

use crate::World;

/// A checked lesson with its world. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lesson {
    checked: Arc<(LessonSpec, World)>,
    /// How it was generated, if it was.
    recipe: Option<Arc<Recipe>>,
}

impl Lesson {
    /// The data. Ground truth but for title, summary and ticket. The names of arrows are written `"from -> to"`, with
    /// one space on either side.
    pub fn spec(&self) -> &LessonSpec {
        &self.checked.0
    }

    /// The world it happens in.
    pub fn world(&self) -> &World {
        &self.checked.1
    }

    /// How it was generated; None if somebody wrote it.
    pub fn recipe(&self) -> Option<&Recipe> {
        self.recipe.as_deref()
    }

    /// The same lesson, which was made by this recipe.
    fn made_by(self, recipe: Recipe) -> Lesson {
        Lesson { recipe: Some(Arc::new(recipe)), ..self }
    }

    /// BLAKE3 of what decides a lesson's runs: the lesson without its words, and its world.
    pub fn content(&self) -> String {
        let text = |spec: Result<String, ron::Error>| spec.unwrap_or_default();
        let spec = LessonSpec { texts: Texts::default(), ..self.spec().clone() };
        let mut hasher = blake3::Hasher::new();
        hasher.update(text(ron::to_string(&spec)).as_bytes());
        hasher.update(text(ron::to_string(self.world().spec())).as_bytes());
        format!("blake3:{}", hasher.finalize())
    }
}
