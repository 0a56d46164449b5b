//! Results that are kept while a proof is under way, so that it can be stopped and goes on where it was: one line of
//! JSON for each (lesson, seed), under a key that changes with the lesson, its world and the program.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::tries::Tries;
use crate::Lesson;

/// What a result belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    /// `program` is a hash of the program that runs; with other fixes tried, results are others.
    pub fn new(lesson: &Lesson, program: &str, tries: Tries) -> Key {
        let content = lesson.content();
        Key(blake3::hash(format!("{content} {program} {tries:?}").as_bytes()).to_hex()[..32].to_owned())
    }
}

/// A hash of the program that runs: of its file, so that every change counts. The version where the file cannot be read.
pub fn program() -> String {
    let hash = || {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(std::env::current_exe()?)?)?;
        Ok::<_, io::Error>(hasher.finalize().to_hex().to_string())
    };
    hash().unwrap_or_else(|_| env!("CARGO_PKG_VERSION").to_owned())
}

#[derive(Serialize, Deserialize)]
struct Line {
    key: Key,
    facts: Facts,
}

/// The file. Without one, results live as long as the process.
#[derive(Debug)]
pub struct Kept {
    known: BTreeMap<(Key, u64), Facts>,
    file: Option<Mutex<File>>,
}

impl Kept {
    /// Keeps nothing.
    pub fn nothing() -> Kept {
        Kept { known: BTreeMap::new(), file: None }
    }

    /// Reads what was kept under one of these keys and forgets the rest: the file is written anew, whole or not at all.
    /// A line that was cut short is left out.
    pub fn open(path: &Path, keys: &[Key]) -> io::Result<Kept> {
        let text = match std::fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        let known: BTreeMap<(Key, u64), Facts> = lines
            .filter(|line| keys.contains(&line.key))
            .map(|line| ((line.key, line.facts.seed), line.facts))
            .collect();
        let folder = folder_of(path);
        std::fs::create_dir_all(&folder)?;
        let mut draft = tempfile::NamedTempFile::new_in(&folder)?;
        for ((key, _), facts) in &known {
            draft.write_all(&line(key, facts)?)?;
        }
        draft.persist(path).map_err(|error| error.error)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Kept { known, file: Some(Mutex::new(file)) })
    }

    /// What is known already.
    pub fn get(&self, key: &Key, seed: u64) -> Option<&Facts> {
        self.known.get(&(key.clone(), seed))
    }

    /// Keeps one result: a whole line at once.
    pub fn add(&self, key: &Key, facts: &Facts) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let line = line(key, facts)?;
        match file.lock() {
            Ok(mut file) => file.write_all(&line),
            Err(_) => Err(io::Error::other("another thread failed")),
        }
    }
}

fn line(key: &Key, facts: &Facts) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line { key: key.clone(), facts: facts.clone() })?;
    line.push(b'\n');
    Ok(line)
}

fn folder_of(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(seed: u64) -> Facts {
        Facts {
            seed,
            incident: vec![crate::prove::alarms::Minute([0.1 + 0.2; 6])],
            healthy: Vec::new(),
            harm: crate::prove::facts::Harm::default(),
            evidence: Vec::new(),
            fixes: Vec::new(),
            herrings: Vec::new(),
            telling: Vec::new(),
        }
    }

    #[test]
    fn what_was_kept_is_there_again_and_the_rest_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/kept.jsonl");
        let (one, other) = (Key("one".into()), Key("other".into()));
        let kept = Kept::open(&path, std::slice::from_ref(&one)).unwrap();
        kept.add(&one, &facts(3)).unwrap();
        kept.add(&other, &facts(4)).unwrap();
        // The process died while it wrote.
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"key\":\"one\",\"facts\":{\"seed\":7");
        std::fs::write(&path, &text).unwrap();
        let again = Kept::open(&path, std::slice::from_ref(&one)).unwrap();
        assert_eq!(again.get(&one, 3), Some(&facts(3)));
        assert!(again.get(&one, 7).is_none() && again.get(&other, 4).is_none());
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }
    proptest::proptest! {
        #[test]
        fn what_was_kept_is_the_same_to_the_last_bit(numbers in proptest::array::uniform6(proptest::num::f64::NORMAL)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("kept.jsonl");
            let (key, facts) = (Key("one".into()), Facts { incident: vec![crate::prove::alarms::Minute(numbers)], ..facts(3) });
            Kept::open(&path, std::slice::from_ref(&key)).unwrap().add(&key, &facts).unwrap();
            let again = Kept::open(&path, std::slice::from_ref(&key)).unwrap();
            proptest::prop_assert_eq!(again.get(&key, 3), Some(&facts));
        }
    }
}
