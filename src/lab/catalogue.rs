//! Which lessons there are: what a menu shows, without loading a world.

use std::path::{Path, PathBuf};

use super::save::{is_small_file, problem};
use crate::Problems;
use crate::diagnostic::{parse_ron, read_text};
use crate::lesson::{LessonSpec, Level};

/// One lesson of the catalogue: what a menu shows, without loading a world.
#[derive(Clone, Debug, PartialEq)]
pub struct LessonCard {
    /// The lesson's file.
    pub path: PathBuf,
    /// Its short name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// One line that gives nothing away.
    pub summary: String,
    /// How hard it is.
    pub level: Level,
    /// What it builds on: other lessons by id, or words.
    pub assumes: Vec<String>,
    /// What a learner can do after it.
    pub teaches: Vec<String>,
}

impl LessonCard {
    /// What a menu shows of a lesson.
    pub fn new(path: &Path, spec: &LessonSpec) -> LessonCard {
        LessonCard {
            path: path.to_owned(),
            id: spec.id.clone(),
            title: spec.texts.title.clone(),
            summary: spec.texts.summary.clone(),
            level: spec.level,
            assumes: spec.texts.assumes.clone(),
            teaches: spec.texts.teaches.clone(),
        }
    }
}

/// The lessons in a folder, in the order in which they teach; a file that cannot be read is a problem of its own.
pub fn lessons(folder: &Path) -> (Vec<LessonCard>, Vec<Problems>) {
    let listed = std::fs::read_dir(folder).and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect());
    let mut paths: Vec<PathBuf> = match listed {
        Ok(paths) => paths,
        Err(error) => {
            let remedy = "name a folder with lessons, or start allgreen in the folder that holds `lessons`";
            return (Vec::new(), vec![problem(folder, &format!("this folder cannot be listed: {error}"), remedy)]);
        }
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ron"));
    paths.sort();
    let (mut cards, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match card(&path) {
            Ok(card) => cards.push(card),
            Err(problem) => problems.push(problem),
        }
    }
    (in_order(cards), problems)
}

/// Lessons in the order in which they teach: each after what it builds on, the easiest first.
pub fn in_order(cards: Vec<LessonCard>) -> Vec<LessonCard> {
    crate::lesson::in_order(cards, |card| (&card.id, card.level, &card.assumes))
}

fn card(path: &Path) -> Result<LessonCard, Problems> {
    if !is_small_file(path) {
        return Err(problem(path, "this is not a file, or too large for a lesson", "remove it from the folder"));
    }
    let spec: LessonSpec = parse_ron(&read_text(path)?)?;
    Ok(LessonCard::new(path, &spec))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_lesson_does_not_hide_the_others() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("broken.ron"), "Lesson(").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "not looked at").unwrap();
        std::fs::create_dir(folder.path().join("folder.ron")).unwrap();
        let (cards, problems) = lessons(folder.path());
        assert!(cards.is_empty());
        assert_eq!(problems.len(), 2);
        let (_, problems) = lessons(&folder.path().join("none"));
        assert!(problems[0].to_string().contains("start allgreen in the folder"));
    }
}
