//! Session files: a lesson, a seed, the commands and the digest they led to, as RON, under a seal. Knows files; a file that
//! somebody else made is checked before anything of it is done.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::limits::{LONGEST_SESSION, MOST_COMMANDS, MOST_FILE};
use super::{Command, Progress, Refusal, Session, Shift};
use crate::Problems;
use crate::diagnostic::{Problem, Source, parse_ron, read_text};
use crate::generate::{GenerateError, OrderError};
use crate::lesson::{Lesson, Recipe};
use crate::random::Seed;
use crate::time::Duration;
use crate::whole;

/// The newest version of this file format. Version 1 did not say who did what; version 3 came with recipes and long times
/// that passed; version 4 came with the seal.
const FORMAT: u32 = 4;
/// The oldest version that is read, and the oldest that has a seal.
const OLDEST: u32 = 1;
const SEALED: u32 = 4;
/// Who writes.
const APP: &str = concat!("allgreen ", env!("CARGO_PKG_VERSION"));

/// A saved session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Session")]
pub(super) struct SessionFile {
    format: u32,
    /// The program that wrote it.
    app: String,
    /// The lesson's short name.
    lesson: String,
    /// Where the lesson was, if it came from a file.
    path: Option<PathBuf>,
    /// How the lesson is generated again, if it was generated: since version 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generated: Option<Recipe>,
    /// BLAKE3 of the lesson and its world.
    content: String,
    pub seed: u64,
    /// Who did which commands: since version 2.
    #[serde(default)]
    pub shifts: Vec<Shift>,
    pub commands: Vec<Command>,
    /// BLAKE3 of telemetry and ground truth after the last command.
    digest: String,
    /// BLAKE3 of all that the file says: since version 4. It tells of a slip of the hand; whoever can compute it can forge
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
}

/// The one field that every format has.
#[derive(Deserialize)]
struct Header {
    format: u32,
}

/// The lesson of a session file.
pub(super) struct Found {
    pub lesson: Lesson,
    /// Its file, if it came from one.
    pub path: Option<PathBuf>,
    /// Where it was found, if it is not word for word the lesson that the session was saved with.
    changed: Option<String>,
}

impl SessionFile {
    /// `place` is the lesson's file and the seed, `done` the commands and who gave them.
    pub fn new(
        lesson: &Lesson,
        place: (Option<&Path>, Seed),
        done: (&[Command], Vec<Shift>),
        digest: String,
    ) -> SessionFile {
        SessionFile {
            format: FORMAT,
            app: APP.to_owned(),
            lesson: lesson.spec().id.clone(),
            path: place.0.map(Path::to_owned),
            generated: lesson.recipe().cloned(),
            content: lesson.content(),
            seed: place.1.0,
            shifts: done.1,
            commands: done.0.to_vec(),
            digest,
            seal: None,
        }
    }

    /// Whether this text, from which the file was read, is another than was sealed.
    fn is_changed_by_hand(&self, text: &str) -> bool {
        let has_seal = self.format >= SEALED || self.seal.is_some();
        has_seal && self.seal.as_ref() != Some(&seal(text))
    }

    /// The lesson: where it was, or by `find`. The first with the same content; else the last with the same name, and
    /// whether the session still fits it, its replay shows.
    pub fn find_lesson(
        &self,
        file: &Path,
        find: &dyn Fn(&str) -> Option<Lesson>,
        progress: Progress<'_>,
    ) -> Result<Found, Problems> {
        if let Some(recipe) = &self.generated {
            return self.generate(file, recipe, progress);
        }
        // A name, not a path: whatever the file says, only lessons are looked at.
        let is_name =
            !self.lesson.is_empty() && self.lesson.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let mut changed = None;
        let is_lesson = |place: &&PathBuf| is_small_file(place) && place.extension().is_some_and(|ext| ext == "ron");
        if let Some(place) = self.path.as_ref().filter(is_lesson)
            && let Ok(lesson) = Lesson::load(place)
        {
            if lesson.content() == self.content {
                return Ok(Found { lesson, path: Some(place.clone()), changed: None });
            }
            if lesson.spec().id == self.lesson {
                changed = Some(Found { lesson, path: Some(place.clone()), changed: Some(place.display().to_string()) });
            }
        }
        match is_name.then(|| find(&self.lesson)).flatten() {
            Some(lesson) if lesson.content() == self.content => return Ok(Found { lesson, path: None, changed: None }),
            Some(lesson) if changed.is_none() => {
                changed = Some(Found { lesson, path: None, changed: Some("this program".to_owned()) });
            }
            _ => {}
        }
        let short = super::refusal::quoted(&self.lesson);
        let app = super::refusal::quoted(&self.app);
        let what = format!("this is a session of lesson `{short}`, which is not here; {app} saved it");
        let remedy = "start allgreen in the folder that holds `lessons`, or put the lesson's file there";
        changed.ok_or_else(|| problem(file, &what, remedy))
    }

    /// The lesson of a recipe, generated again.
    fn generate(&self, file: &Path, recipe: &Recipe, progress: Progress<'_>) -> Result<Found, Problems> {
        let remedy =
            "start allgreen in the folder that holds the world's file, or open it with the allgreen that saved it";
        let made = crate::generate::from_recipe(recipe, progress);
        let lesson = match made {
            Ok(made) => made.lesson,
            Err(OrderError::Generate(GenerateError::Stopped)) => return Err(interrupted(file)),
            Err(why) => return Err(problem(file, &why.to_string(), remedy)),
        };
        if lesson.content() == self.content {
            return Ok(Found { lesson, path: None, changed: None });
        }
        let what = "this session's incident is not generated as it was when the session was saved";
        Err(problem(file, what, &format!("open it with {}", super::refusal::quoted(&self.app))))
    }

    /// Compares the digest after replay with the saved one.
    pub fn verify(&self, (file, found): (&Path, &Found), digest: &str) -> Result<(), Problems> {
        if self.digest == digest {
            return Ok(());
        }
        if let Some(problem) = self.another_version(file, found) {
            return Err(problem);
        }
        let remedy = match self.app == APP {
            true => "the file was changed after it was saved; ask for the original".to_owned(),
            false => format!("open it with {}", super::refusal::quoted(&self.app)),
        };
        Err(problem(file, "this session does not replay to where it was saved (another digest)", &remedy))
    }

    /// A recorded command was refused.
    pub fn refused(&self, (file, found): (&Path, &Found), at: usize, command: &Command, why: &Refusal) -> Problems {
        if let Some(problem) = self.another_version(file, found) {
            return problem;
        }
        let words = command.words();
        let what = format!(
            "this session cannot be replayed: command {} ({}) was refused: {}",
            at + 1,
            super::refusal::quoted(&words),
            why.what
        );
        let app = super::refusal::quoted(&self.app);
        let remedy = format!("the file was changed after {app} wrote it: ask for the original; or open it with {app}");
        problem(file, &what, &remedy)
    }

    /// A session does not fit the lesson that was found, which is not the one it was saved with.
    fn another_version(&self, file: &Path, found: &Found) -> Option<Problems> {
        let place = found.changed.as_ref()?;
        let short = super::refusal::quoted(&self.lesson);
        let app = super::refusal::quoted(&self.app);
        let what = format!("{app} saved this session with another version of lesson `{short}` than the one in {place}");
        Some(problem(file, &what, &format!("open it with {app}, or with the lesson file that it was played with")))
    }
}

impl Session {
    /// Whether a session file was changed by hand since it was written, as far as its seal tells. Files of the first
    /// formats have none.
    pub fn is_changed_by_hand(path: &Path) -> Result<bool, Problems> {
        let source = text_of(path)?;
        Ok(parse(path, &source)?.is_changed_by_hand(&source.text))
    }
}

/// The seal of a file's text: of every line but the seal's own, however it is indented and ended.
fn seal(text: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("allgreen session seal v1");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("seal:"));
    lines.for_each(|line| {
        hasher.update(line.as_bytes()).update(b"\n");
    });
    format!("blake3:{}", hasher.finalize())
}

/// What to do about a file that is no session.
const ANOTHER: &str = "name a session file that allgreen saved, unchanged";

/// Reads and checks a session file.
pub(super) fn read(path: &Path) -> Result<SessionFile, Problems> {
    parse(path, &text_of(path)?)
}

fn text_of(path: &Path) -> Result<Arc<Source>, Problems> {
    // A pipe or a device could be read for ever.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file() || found.len() > MOST_FILE) {
        return Err(problem(path, "this is no file, or larger than any session", ANOTHER));
    }
    read_text(path)
}

fn parse(path: &Path, source: &Arc<Source>) -> Result<SessionFile, Problems> {
    let header: Header = parse_ron(source)?;
    if header.format > FORMAT {
        let what = format!("this session has format {}, and this program knows up to {FORMAT}", header.format);
        return Err(problem(path, &what, "use a newer allgreen"));
    }
    if header.format < OLDEST {
        let what = format!("this session has format {}, which was never released", header.format);
        return Err(problem(path, &what, ANOTHER));
    }
    let mut file: SessionFile = parse_ron(source)?;
    file.shifts = file.shifts.into_iter().map(Shift::plain).collect();
    if file.shifts.first().is_none_or(|shift| shift.first > 0) && !file.commands.is_empty() {
        // Nobody said who began.
        file.shifts.insert(0, Shift::default());
    }
    if file.commands.len() > MOST_COMMANDS {
        let what = format!("this session has {} commands; a session has at most {MOST_COMMANDS}", file.commands.len());
        return Err(problem(path, &what, ANOTHER));
    }
    let waits = file.commands.iter().map(Command::takes);
    if waits.fold(Duration::ZERO, |all, time| all + time) > LONGEST_SESSION {
        return Err(problem(path, &format!("this session waits longer than {LONGEST_SESSION}"), ANOTHER));
    }
    Ok(file)
}

/// Writes a session file: the whole of it, or nothing of it.
pub(super) fn write(file: &SessionFile, path: &Path) -> Result<(), Problems> {
    let cannot = |error: std::io::Error| {
        let what = format!("the session cannot be written: {error}");
        problem(path, &what, "choose a folder that you may write to and that has room")
    };
    let written = |file: &SessionFile| written(file).map_err(|error| cannot(std::io::Error::other(error)));
    let sealed = SessionFile { seal: Some(seal(&written(file)?)), ..file.clone() };
    let text = written(&sealed)?;
    if text.len() as u64 > MOST_FILE {
        let what = format!("the session has {} bytes, and none larger than {MOST_FILE} is opened", text.len());
        return Err(problem(path, &what, "shorten the notes and the write-up"));
    }
    whole::write(path, text.as_bytes()).map_err(cannot)
}

/// A session file as text.
fn written(file: &SessionFile) -> Result<String, ron::Error> {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    let style = ron::ser::PrettyConfig::new().depth_limit(2).indentor("  ");
    options.to_string_pretty(file, style).map(|text| text + "\n")
}

/// The one who opened it asked to stop.
pub(super) fn interrupted(path: &Path) -> Problems {
    problem(path, "the session was not opened to its end: interrupted", "open it again")
}

/// Whether there is a file that is no larger than a lesson may be.
pub(super) fn is_small_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= MOST_FILE)
}

/// What is wrong with a file, and what to do.
pub(super) fn problem(path: &Path, what: &str, remedy: &str) -> Problems {
    Problem::in_file(path.display().to_string(), what).help(remedy).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Fix, Look, WriteUp};

    fn file(commands: Vec<Command>) -> SessionFile {
        SessionFile {
            format: FORMAT,
            app: APP.into(),
            lesson: "tiny".into(),
            path: None,
            generated: None,
            content: "blake3:00".into(),
            seed: 7,
            shifts: vec![Shift { who: "Ada".into(), began: "2026-03-02T08:00:00Z".into(), first: 0 }],
            commands,
            digest: "blake3:11".into(),
            seal: None,
        }
    }

    #[test]
    fn a_file_reads_back_as_written_and_is_small() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ron");
        let look = Look::Logs(crate::lab::LogFilter { contains: "tim\"e\nout".into(), ..Default::default() });
        let mut commands = vec![
            Command::Deploy(Fix::SetTimeout { arrow: "a -> b".into(), timeout: None }),
            Command::WriteUp(WriteUp { thought: "ü".into(), ..WriteUp::default() }),
            Command::Tick(crate::lab::Question::Slas, true),
        ];
        commands
            .extend((0..600).flat_map(|n| [Command::Look(look.clone()), Command::Wait(Duration::from_secs(n + 1))]));
        let file = file(commands);
        write(&file, &path).unwrap();
        write(&file, &path).unwrap();
        let found = read(&path).unwrap();
        assert!(found.seal.is_some());
        assert_eq!(SessionFile { seal: None, ..found }, file);
        assert!(std::fs::metadata(&path).unwrap().len() < 100_000);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn what_is_no_session_is_refused_with_a_remedy() {
        let path = Path::new("x.ron");
        let good = ron::ser::to_string_pretty(&file(Vec::new()), ron::ser::PrettyConfig::new()).unwrap();
        let parse = |text: String| parse(path, &Arc::new(Source::new("x.ron", text)));
        assert!(parse(good.clone()).is_ok());
        let strange = parse(good.replace("Ada", r"A\u{1b}[31mda")).unwrap();
        assert_eq!(strange.shifts[0].who, "A[31mda");
        let longest = "commands:[Wait(\"20d\"),Wait(\"20d\")]";
        for (text, says) in [
            (String::new(), "expected `(`"),
            ("World(format: 1)".into(), "World"),
            (good.replace("format: 4", "format: 9"), "newer allgreen"),
            (good.replace("format: 4", "format: 0"), "never released"),
            (good.replace("commands: []", longest), "waits longer"),
            (good.replace("commands: []", "commands: [Dance]"), "Dance"),
            ("(".repeat(100_000), "x.ron:1:"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_file_that_was_changed_by_hand_is_told_and_still_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.session");
        let note = |text: &str| Command::Note(text.to_owned());
        write(&file(vec![note("one\nseal: two"), Command::Hint]), &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = |text: &str| {
            std::fs::write(&path, text).unwrap();
            assert!(read(&path).is_ok());
            Session::is_changed_by_hand(&path).unwrap()
        };
        assert!(!changed(&text));
        assert!(!changed(&text.replace('\n', "\r\n").replace("  ", "\t")), "line ends and blanks say nothing");
        let without_hint: String = text.lines().filter(|line| !line.contains("Hint")).collect::<Vec<_>>().join("\n");
        assert!(changed(&without_hint), "a hint was taken, and is not told");
        assert!(changed(&text.replace("Ada", "Eve")) && changed(&text.replace("seal: two", "seal: six")));
        assert!(changed(&text.replace("blake3:11", "blake3:12")), "it says where it led to");
        let without_seal: String =
            text.lines().filter(|line| !line.contains("seal: \"")).collect::<Vec<_>>().join("\n");
        assert!(changed(&without_seal));
        assert!(!changed(&without_seal.replace("format: 4", "format: 2")), "the first formats had none");
    }

    #[test]
    fn unwritable_and_missing_places_are_told() {
        let error = write(&file(Vec::new()), Path::new("/nonexistent/folder/session.ron")).unwrap_err().to_string();
        assert!(error.contains("choose a folder"), "{error}");
        let error = read(Path::new("/nonexistent/session.ron")).unwrap_err().to_string();
        assert!(error.contains("check the path"), "{error}");
        let error = read(Path::new("/")).unwrap_err().to_string();
        assert!(error.contains("no file"), "{error}");
    }
}
