//! Checks one file, whatever it is. Knows how a world and a lesson begin.

use std::fmt;
use std::path::Path;

use super::{Problem, Problems, Tree, read_text};
use crate::lesson::Translation;
use crate::{Lesson, World};

/// What a file without problems holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Summary {
    /// A world.
    World {
        /// Its short name.
        name: String,
        /// How many nodes it has.
        nodes: usize,
        /// How many arrows.
        arrows: usize,
        /// How many journeys.
        journeys: usize,
    },
    /// A lesson.
    Lesson {
        /// Its short name.
        id: String,
        /// The short name of its world.
        world: String,
        /// How many changes its script has.
        changes: usize,
    },
    /// A lesson's words in another language.
    Translation {
        /// The lesson's short name.
        id: String,
        /// The language's tag.
        language: String,
    },
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Summary::World { name, nodes, arrows, journeys } => {
                write!(f, "world {name}: {nodes} nodes, {arrows} arrows, {journeys} journeys")
            }
            Summary::Translation { id, language } => write!(f, "lesson {id} in {language}"),
            Summary::Lesson { id, world, changes } => write!(f, "lesson {id}: {changes} changes to world {world}"),
        }
    }
}

/// Checks a world, a lesson (its world included) or the words of one; which of them it is, its first word says, or the
/// folder that it is in.
pub fn check_file(path: impl AsRef<Path>) -> Result<Summary, Problems> {
    check_file_with(path, &|_| None)
}

/// The same; `find_world` knows the text of worlds and lessons that are no files, by the path that names them
/// (`worlds/storefront.ron`, `lessons/quiet-fallback.ron`).
pub fn check_file_with(
    path: impl AsRef<Path>,
    find_world: &dyn Fn(&str) -> Option<String>,
) -> Result<Summary, Problems> {
    let path = path.as_ref();
    let source = read_text(path)?;
    let tree = Tree::read(&source.text);
    let has = |field| tree.field_text(&source.text, field).is_some();
    match tree.name.as_str() {
        name if name == "Translation" || Translation::belongs_at(path) => {
            let (language, id) = crate::lesson::check_translation(path)?;
            Ok(Summary::Translation { id, language })
        }
        "World" => world(path),
        "Lesson" => lesson(path, find_world),
        "" if has("nodes") => world(path),
        "" if has("script") => lesson(path, find_world),
        _ => {
            let problem = Problem::in_text(&source, tree.head.clone(), "this is neither a world nor a lesson");
            let help = "a world file begins with `World(`, a lesson file with `Lesson(`, its words in another language with `Translation(`";
            Err(problem.help(help).into())
        }
    }
}

fn world(path: &Path) -> Result<Summary, Problems> {
    let world = World::load(path)?;
    let spec = world.spec();
    Ok(Summary::World {
        name: spec.name.clone(),
        nodes: spec.nodes.len(),
        arrows: spec.arrows.len(),
        journeys: spec.journeys.len(),
    })
}

fn lesson(path: &Path, find_world: &dyn Fn(&str) -> Option<String>) -> Result<Summary, Problems> {
    let assumed = crate::lesson::check_assumed(path, find_world);
    let lesson = match (Lesson::load_with(path, find_world), assumed) {
        (Ok(lesson), Ok(())) => lesson,
        (loaded, assumed) => {
            let mut problems = loaded.err().unwrap_or_default();
            problems.extend(assumed.err().unwrap_or_default());
            return Err(problems);
        }
    };
    Ok(Summary::Lesson {
        id: lesson.spec().id.clone(),
        world: lesson.world().spec().name.clone(),
        changes: lesson.spec().script.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(folder: &str) -> Vec<std::path::PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.is_file());
        files.sort();
        files
    }

    #[test]
    fn all_worlds_and_lessons_that_ship_are_right() {
        for file in shipped("worlds").into_iter().chain(shipped("lessons")).chain(shipped("lessons/texts/de")) {
            check_file(&file).unwrap_or_else(|problems| panic!("{problems}"));
        }
    }

    #[test]
    fn what_a_file_is_its_first_word_says() {
        let folder = tempfile::tempdir().unwrap();
        let checked = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            check_file(path).map(|summary| summary.to_string()).map_err(|problems| problems.to_string())
        };
        let storefront = include_str!("../../worlds/storefront.ron");
        assert!(checked("a.ron", storefront).unwrap().starts_with("world storefront: "));
        assert!(
            checked("b.ron", "Session(id: 5)")
                .unwrap_err()
                .starts_with("error: this is neither a world nor a lesson\n")
        );
        assert!(checked("c.ron", "").unwrap_err().contains("begins with `World(`"));
        assert!(checked("d.ron", "(nodes: {})").unwrap_err().contains("`World` lacks the field `format`"));
    }
}
