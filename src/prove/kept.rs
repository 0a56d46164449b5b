//! Results that are kept while a proof is under way, so that it can be stopped and goes on where it was: one line of
//! JSON for each (lesson, seed), with the lesson's and the world's content, the fixes that were tried, and the program
//! that ran. What another build kept counts once it was confirmed: for one seed of the lesson, done anew, to the
//! last bit (but for the words for who was harmed, which follow the debrief).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::tries::Tries;
use crate::Lesson;
use crate::whole::{self, Draft};

/// How a kept line begins.
const BEGINNING: &[u8] = b"{\"lesson\":";

/// What a result belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The lesson's name.
    lesson: String,
    /// Its content and its world's.
    content: String,
    /// With other fixes tried, results are others.
    tries: Tries,
}

impl Key {
    /// The results of a lesson as it is now.
    pub fn new(lesson: &Lesson, tries: Tries) -> Key {
        Key { lesson: lesson.spec().id.clone(), content: lesson.content(), tries }
    }

    /// The fixes that were tried.
    pub fn tries(&self) -> Tries {
        self.tries
    }
}

/// A build of the program: a hash of its file, so that every change counts. The version where the file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Build(String);

impl Build {
    /// The build that runs.
    pub fn own() -> Build {
        let hash = || {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(File::open(std::env::current_exe()?)?)?;
            Ok::<_, io::Error>(hasher.finalize().to_hex()[..32].to_owned())
        };
        Build(hash().unwrap_or_else(|_| env!("CARGO_PKG_VERSION").to_owned()))
    }

    /// How it is written.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// A lesson's results by one build.
pub type Batch = (String, Build);

/// Of each batch that was put to the test, the result that was done anew, if it was the same.
pub type Confirmed = BTreeMap<Batch, Option<Facts>>;

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    key: Key,
    build: Build,
    facts: Facts,
}

/// What was kept, as it was read: of each seed one result, this build's if there is one.
#[derive(Debug)]
pub struct Found {
    own: Build,
    known: BTreeMap<(Key, u64), (Build, Facts)>,
    /// Lines about other lessons than those at hand, and lines that this program cannot read.
    others: Vec<Vec<u8>>,
}

impl Found {
    /// Reads what was kept under one of these keys. What is about one of their lessons as it was once is left out, and
    /// so is a last line that was cut short. A file without one kept line is somebody else's, and refused.
    pub fn read(path: &Path, keys: &[Key], own: Build) -> io::Result<Found> {
        let bytes = bytes(path)?;
        let mut found = Found { own, known: BTreeMap::new(), others: Vec::new() };
        let mut ours = bytes.is_empty();
        for text in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = text.strip_suffix(b"\n").map_or((text, false), |text| (text, true));
            let Ok(line) = serde_json::from_slice::<Line>(text) else {
                ours = ours || is_kept(text, ended);
                found.others.extend(ended.then(|| text.to_vec()));
                continue;
            };
            ours = true;
            if keys.contains(&line.key) {
                let at = (line.key, line.facts.seed);
                if found.known.get(&at).is_none_or(|(build, _)| *build != found.own) {
                    found.known.insert(at, (line.build, line.facts));
                }
            } else if keys.iter().all(|key| key.lesson != line.key.lesson) {
                found.others.push(text.to_vec());
            }
        }
        if !ours {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no file of kept results"));
        }
        Ok(found)
    }

    /// Whether any build kept this.
    pub fn has(&self, key: &Key, seed: u64) -> bool {
        self.known.contains_key(&(key.clone(), seed))
    }

    /// Of each lesson and each build but this one the result that says most: that with the most fixes, by the first seed.
    pub fn foreign(&self) -> BTreeMap<Batch, (&Key, &Facts)> {
        let says = |facts: &Facts| (facts.fixes.len(), Reverse(facts.seed));
        let mut most: BTreeMap<Batch, (&Key, &Facts)> = BTreeMap::new();
        for ((key, _), (build, facts)) in self.known.iter().filter(|(_, (build, _))| *build != self.own) {
            let best = most.entry((key.lesson.clone(), build.clone())).or_insert((key, facts));
            if says(facts) > says(best.1) {
                *best = (key, facts);
            }
        }
        most
    }
}

/// The file. Without one, results live as long as the process.
#[derive(Debug)]
pub struct Kept {
    own: Build,
    known: BTreeMap<(Key, u64), Facts>,
    file: Option<Mutex<File>>,
}

impl Kept {
    /// Keeps nothing.
    pub fn nothing() -> Kept {
        Kept { own: Build(String::new()), known: BTreeMap::new(), file: None }
    }

    /// Goes on with what this build found, and what another did that was confirmed: it is this build's from now on. What
    /// was refuted is forgotten; what is neither stays in the file. That is written anew, whole or not at all.
    pub fn open(path: &Path, found: Found, confirmed: &Confirmed) -> io::Result<Kept> {
        let Found { own, known, others } = found;
        let mut kept = Kept { own, known: BTreeMap::new(), file: None };
        let folder = whole::folder_of(path);
        std::fs::create_dir_all(folder)?;
        let mut draft = io::BufWriter::new(Draft::of(path)?);
        for text in &others {
            draft.write_all(text)?;
            draft.write_all(b"\n")?;
        }
        for ((key, seed), (build, facts)) in known {
            let batch = (key.lesson.clone(), build);
            let anew = confirmed.get(&batch).and_then(Option::as_ref);
            match batch.1 == kept.own || anew.is_some() {
                true => {
                    // In the words of this build, where they are known.
                    let facts = anew.filter(|anew| facts.agree_with(anew)).cloned().unwrap_or(facts);
                    draft.write_all(&line(&key, &kept.own, &facts)?)?;
                    kept.known.insert((key, seed), facts);
                }
                false if confirmed.contains_key(&batch) => {}
                false => draft.write_all(&line(&key, &batch.1, &facts)?)?,
            }
        }
        draft.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
        kept.file = Some(Mutex::new(OpenOptions::new().append(true).open(path)?));
        Ok(kept)
    }

    /// What is known already.
    pub fn get(&self, key: &Key, seed: u64) -> Option<&Facts> {
        self.known.get(&(key.clone(), seed))
    }

    /// Keeps one result: a whole line at once.
    pub fn add(&self, key: &Key, facts: &Facts) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let line = line(key, &self.own, facts)?;
        match file.lock() {
            Ok(mut file) => file.write_all(&line),
            Err(_) => Err(io::Error::other("another thread failed")),
        }
    }
}

/// What the file holds. None is empty, and so is a device or a pipe, which keeps nothing.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => std::fs::read(path),
    }
}

/// Whether this was kept, though this program cannot read it: by another version of it, or when it was cut short.
fn is_kept(text: &[u8], ended: bool) -> bool {
    let begins = text.starts_with(BEGINNING) || !ended && BEGINNING.starts_with(text);
    begins && (!ended || serde_json::from_slice::<serde_json::Value>(text).is_ok_and(|line| line["facts"].is_object()))
}

fn line(key: &Key, build: &Build, facts: &Facts) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line { key: key.clone(), build: build.clone(), facts: facts.clone() })?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(seed: u64) -> Facts {
        Facts {
            seed,
            incident: vec![crate::detect::alarms::Minute([0.1 + 0.2; 6])],
            healthy: Vec::new(),
            harm: crate::prove::facts::Harm::default(),
            evidence: Vec::new(),
            fixes: Vec::new(),
            herrings: Vec::new(),
            telling: Vec::new(),
        }
    }

    fn key(lesson: &str, content: &str) -> Key {
        Key { lesson: lesson.into(), content: content.into(), tries: Tries::All }
    }

    fn build(name: &str) -> Build {
        Build(name.into())
    }

    /// Opens as a build does that confirms nothing.
    fn open(path: &Path, key: &Key, own: &str) -> Kept {
        let found = Found::read(path, std::slice::from_ref(key), build(own)).unwrap();
        Kept::open(path, found, &BTreeMap::new()).unwrap()
    }

    #[test]
    fn what_was_kept_is_there_again_and_what_is_outdated_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/kept.jsonl");
        let (now, once, other) = (key("one", "now"), key("one", "once"), key("other", "now"));
        let kept = open(&path, &now, "own");
        kept.add(&now, &facts(3)).unwrap();
        kept.add(&once, &facts(4)).unwrap();
        kept.add(&other, &facts(5)).unwrap();
        // The process died while it wrote.
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"lesson\":\"one\",\"content\":\"now\",\"facts\":{\"seed\":7");
        std::fs::write(&path, &text).unwrap();
        let again = open(&path, &now, "own");
        assert_eq!(again.get(&now, 3), Some(&facts(3)));
        assert!(again.get(&now, 7).is_none() && again.get(&once, 4).is_none());
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert_eq!(open(&path, &other, "own").get(&other, 5), Some(&facts(5)), "another lesson's results stay");
    }

    #[test]
    fn lines_that_cannot_be_read_stay_and_a_file_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.jsonl");
        let key = key("one", "now");
        open(&path, &key, "own").add(&key, &facts(3)).unwrap();
        let mut bytes = b"a remark \xff\n".to_vec();
        bytes.extend(std::fs::read(&path).unwrap());
        bytes.extend(b"{\"lesson\":\"one\",\"facts\":{\"later\":1}}\n{\"lesson\":\"one\",\"con");
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(open(&path, &key, "own").get(&key, 3), Some(&facts(3)));
        let after = std::fs::read(&path).unwrap();
        let lines: Vec<&[u8]> = after.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!((lines.len(), lines[0]), (3, &b"a remark \xff\n"[..]), "all but the line that was cut short");
        for text in ["a letter\n", "a letter", "\n", "{\"lesson\":1}\n", "[]"] {
            std::fs::write(&path, text).unwrap();
            let error = Found::read(&path, std::slice::from_ref(&key), build("own")).unwrap_err();
            assert!(error.to_string().contains("no file of kept results"), "{text}: {error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        for text in ["", "{\"less", "{\"lesson\":\"one\",\"con", "{\"lesson\":\"one\",\"facts\":{\"later\":1}}\n"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(open(&path, &key, "own").get(&key, 3), None, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_device_keeps_nothing_and_stays_one() {
        let key = key("one", "now");
        open(Path::new("/dev/null"), &key, "own").add(&key, &facts(3)).unwrap();
        assert_eq!(open(Path::new("/dev/null"), &key, "own").get(&key, 3), None);
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn what_another_build_kept_counts_if_it_was_confirmed_and_goes_if_it_was_refuted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.jsonl");
        let key = key("one", "now");
        let fix = crate::prove::facts::Tried {
            fix: "restart".into(),
            stated: crate::lesson::Effect::None,
            found: Ok(crate::lesson::Effect::None),
            soon_late_untouched: [0.0; 3],
        };
        let telling = Facts { fixes: vec![fix], ..facts(4) };
        let theirs = open(&path, &key, "theirs");
        theirs.add(&key, &facts(3)).unwrap();
        theirs.add(&key, &telling).unwrap();
        let read = |own: &str| Found::read(&path, std::slice::from_ref(&key), build(own)).unwrap();
        assert!(read("theirs").foreign().is_empty());
        assert_eq!(open(&path, &key, "own").get(&key, 3), None, "nobody confirmed it");
        let batch = ("one".to_owned(), build("theirs"));
        assert_eq!(read("own").foreign(), [(batch.clone(), (&key, &telling))].into(), "and it is still there");
        let mut anew = telling.clone();
        anew.harm.who = "in other words".to_owned();
        let own = Kept::open(&path, read("own"), &[(batch, Some(anew.clone()))].into()).unwrap();
        assert_eq!((own.get(&key, 3), own.get(&key, 4)), (Some(&facts(3)), Some(&anew)));
        assert_eq!(open(&path, &key, "own").get(&key, 3), Some(&facts(3)), "it is this build's from now on");
        let refuted = [(("one".to_owned(), build("own")), None)].into();
        assert!(Kept::open(&path, read("third"), &refuted).unwrap().get(&key, 3).is_none());
        assert!(!read("own").has(&key, 3) && std::fs::read(&path).unwrap().is_empty());
    }

    #[test]
    fn of_two_results_the_own_one_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.jsonl");
        let (key, other) = (key("one", "now"), Facts { telling: vec!["otherwise".into()], ..facts(3) });
        open(&path, &key, "own").add(&key, &facts(3)).unwrap();
        open(&path, &key, "theirs").add(&key, &other).unwrap();
        assert_eq!(open(&path, &key, "own").get(&key, 3), Some(&facts(3)));
    }

    proptest::proptest! {
        #[test]
        fn what_was_kept_is_the_same_to_the_last_bit(numbers in proptest::array::uniform6(proptest::num::f64::NORMAL)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("kept.jsonl");
            let facts = Facts { incident: vec![crate::detect::alarms::Minute(numbers)], ..facts(3) };
            let key = key("one", "now");
            open(&path, &key, "own").add(&key, &facts).unwrap();
            let again = open(&path, &key, "own");
            proptest::prop_assert_eq!(again.get(&key, 3), Some(&facts));
        }
    }
}
