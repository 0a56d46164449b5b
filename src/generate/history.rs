//! The incidents that a learner has met: a small file of fingerprints in the folder for data. Knows files; a
//! fingerprint says nothing of what it stands for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use crate::Problems;
use crate::diagnostic::{Problem, parse_ron, read_text};
use crate::whole;

/// The version of the file's format.
const FORMAT: u32 = 1;
/// The most bytes that are read.
const MOST: u64 = 16 << 20;

/// Incidents that were met. Empty for whoever begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    known: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Incidents")]
struct File {
    format: u32,
    met: BTreeSet<String>,
}

impl History {
    /// Where the history is kept: `allgreen/incidents.ron` in the user's folder for data. None where there is no such
    /// folder.
    pub fn usual_place() -> Option<PathBuf> {
        let places = etcetera::choose_base_strategy().ok()?;
        Some(places.data_dir().join("allgreen").join("incidents.ron"))
    }

    /// Reads a history; a file that is not there is an empty one.
    pub fn load(path: &Path) -> Result<History, Problems> {
        let Ok(found) = std::fs::metadata(path) else { return Ok(History::default()) };
        if !found.is_file() || found.len() > MOST {
            return Err(problem(path, "this is no history of incidents"));
        }
        let read = parse_ron(&read_text(path)?);
        let file: File = read.map_err(|_: Problems| problem(path, "this is no history of incidents"))?;
        if file.format != FORMAT {
            return Err(problem(
                path,
                &format!("this history has format {}, and this program knows {FORMAT}", file.format),
            ));
        }
        Ok(History { known: file.met })
    }

    /// Whether an incident was met.
    pub fn has(&self, fingerprint: &str) -> bool {
        self.known.contains(fingerprint)
    }

    /// Incidents met.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none was met.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// An incident was met.
    pub fn add(&mut self, fingerprint: &str) {
        self.known.insert(fingerprint.to_owned());
    }

    /// Whether the file could be written: asked before a search that would be lost otherwise.
    pub fn check_place(path: &Path) -> Result<(), Problems> {
        let tried = std::fs::create_dir_all(whole::folder_of(path)).and_then(|()| whole::Draft::of(path));
        tried.map(drop).map_err(|error| unwritable(path, &error))
    }

    /// Adds an incident to the file: what others added since is kept, and the file is written whole or not at all.
    pub fn remember(path: &Path, fingerprint: &str) -> Result<History, Problems> {
        let mut history = History::load(path)?;
        history.add(fingerprint);
        history.write(path)?;
        Ok(history)
    }

    fn write(&self, path: &Path) -> Result<(), Problems> {
        let cannot = |error: std::io::Error| unwritable(path, &error);
        let file = File { format: FORMAT, met: self.known.clone() };
        let text = ron::ser::to_string_pretty(&file, ron::ser::PrettyConfig::new().struct_names(true))
            .map_err(|error| cannot(std::io::Error::other(error)))?;
        std::fs::create_dir_all(whole::folder_of(path)).map_err(cannot)?;
        whole::write(path, (text + "\n").as_bytes()).map_err(cannot)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problems {
    let help = "name another place with --history FILE, in a folder that you may write to and that has room";
    Problem::in_file(path.display().to_string(), format!("the history cannot be written: {error}")).help(help).into()
}

fn problem(path: &Path, what: &str) -> Problems {
    let help = "move the file away to begin a new history, or name another one with --history";
    Problem::in_file(path.display().to_string(), what).help(help).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_kept_whole_and_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/incidents.ron");
        assert!(History::load(&path).unwrap().is_empty());
        History::remember(&path, "one").unwrap();
        let history = History::remember(&path, "two").unwrap();
        assert_eq!(History::load(&path).unwrap(), history);
        assert!(history.has("one") && history.has("two") && !history.has("three") && history.len() == 2);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_before_anything_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/incidents.ron");
        History::check_place(&path).unwrap();
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0, "no draft is left behind");
        std::fs::write(folder.path().join("file"), "no folder").unwrap();
        let error = History::check_place(&folder.path().join("file/incidents.ron")).unwrap_err().to_string();
        assert!(error.contains("--history"), "{error}");
    }

    #[test]
    fn what_is_no_history_is_refused_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("incidents.ron");
        for text in ["", "World(format: 1)", "Incidents(format: 9, met: [])", "((((("] {
            std::fs::write(&path, text).unwrap();
            assert!(History::load(&path).is_err(), "{text}");
            assert!(History::remember(&path, "one").is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "what is not understood is not overwritten");
        }
        assert!(History::load(folder.path()).unwrap_err().to_string().contains("--history"));
    }
}
