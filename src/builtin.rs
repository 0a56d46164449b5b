//! The worlds and lessons that ship inside the program, and how a name is looked up: files on disk win. Knows where data
//! lies, not what it means.

use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::diagnostic::{Problem, Summary, check_file_with, did_you_mean, read_text};
use crate::lab::LessonCard;
use crate::lesson::{LessonSpec, Proof, ProofTable, Translation, translation_path};
use crate::{Lesson, Problems, World};

static WORLDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/worlds");
static LESSONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/lessons");
/// What `allgreen prove` found of the lessons.
const PROOFS: &str = include_str!("../docs/proof.json");

/// Where lessons lie, as seen from the current folder.
pub const LESSON_FOLDER: &str = "lessons";

/// A world or a lesson.
#[derive(Clone, Debug)]
pub enum Loaded {
    /// A world without any incident.
    World(World),
    /// A lesson and its world.
    Lesson(Box<Lesson>),
}

/// The lesson of a file, or of this id.
pub fn lesson(name: &str) -> Result<Lesson, Problems> {
    match lesson_path(name) {
        Some(path) => lesson_at(&path),
        None => Err(not_found(name, "lesson", &[&LESSONS])),
    }
}

/// Where the lesson of this name is: a path as it stands, else a file in `lessons`, on disk or built in.
pub fn lesson_path(name: &str) -> Option<PathBuf> {
    if is_path(name) {
        return Some(PathBuf::from(name));
    }
    let file = format!("{name}.ron");
    let path = Path::new(LESSON_FOLDER).join(&file);
    (path.is_file() || LESSONS.contains(&file)).then_some(path)
}

/// The lesson of a file, which may be built in, in the language that was chosen.
pub fn lesson_at(path: &Path) -> Result<Lesson, Problems> {
    let lesson = lesson_in_own_words(path)?;
    let translated = translation(path).map(|translation| translation.over(&lesson.spec().texts));
    Ok(translated.map_or_else(|| lesson.clone(), |texts| lesson.in_words(texts)))
}

/// The first translation that there is of the languages wanted. One that cannot be read is left out: `check` tells why.
fn translation(lesson: &Path) -> Option<Translation> {
    crate::language::wanted().iter().find_map(|language| {
        let path = translation_path(lesson, language);
        let name = path.display().to_string();
        let text = match read_text(&path) {
            Ok(source) => source.text.clone(),
            Err(_) => LESSONS.get_file(path.strip_prefix(LESSON_FOLDER).ok()?)?.contents_utf8()?.to_owned(),
        };
        Translation::from_ron(&name, &text).ok()
    })
}

fn lesson_in_own_words(path: &Path) -> Result<Lesson, Problems> {
    let inside = path.strip_prefix(LESSON_FOLDER).ok().and_then(|file| LESSONS.get_file(file)?.contents_utf8());
    match inside {
        Some(text) if !path.is_file() => embedded_lesson(path, text),
        _ => Lesson::load_with(path, &world_text),
    }
}

/// What a session file must remember to find its lesson again: nothing if the lesson is in its usual place.
pub fn path_to_remember(path: &Path) -> Option<PathBuf> {
    let usual = path.starts_with(LESSON_FOLDER) || !path.is_file();
    if usual { None } else { std::path::absolute(path).ok() }
}

/// The lesson that is built in under this id.
pub fn embedded(id: &str) -> Option<Lesson> {
    let file = LESSONS.get_file(format!("{id}.ron"))?;
    embedded_lesson(&Path::new(LESSON_FOLDER).join(file.path()), file.contents_utf8()?).ok()
}

fn embedded_lesson(path: &Path, text: &str) -> Result<Lesson, Problems> {
    let name = path.display().to_string();
    let needs = spec(text).map(|spec| spec.world).unwrap_or_default();
    let Some(world) = world_text(&needs) else {
        return Err(Problem::in_file(name, format!("its world `{needs}` is not built in")).into());
    };
    Lesson::from_ron(&name, text, World::from_ron(&needs, &world)?)
}

/// What is proved of a lesson, by the table that ships. None if it is of another version of the lesson or its world.
pub fn proof(lesson: &Lesson) -> Option<Proof> {
    let table: ProofTable = serde_json::from_str(PROOFS).ok()?;
    table.of(&lesson.spec().id).filter(|proof| proof.content == lesson.content()).cloned()
}

/// The text of a world that is built in, by the path that lessons name.
pub fn world_text(path: &str) -> Option<String> {
    let file = Path::new(path).strip_prefix("worlds").ok()?;
    WORLDS.get_file(file)?.contents_utf8().map(str::to_owned)
}

/// The text of a world or a lesson that is built in, by its path.
pub fn text(path: &str) -> Option<String> {
    let lesson =
        || LESSONS.get_file(Path::new(path).strip_prefix(LESSON_FOLDER).ok()?)?.contents_utf8().map(str::to_owned);
    world_text(path).or_else(lesson)
}

/// The world or lesson of a file, or of this name.
pub fn find(name: &str) -> Result<Loaded, Problems> {
    let as_lesson = |lesson| Loaded::Lesson(Box::new(lesson));
    if is_path(name) {
        return match check_file_with(name, &text)? {
            Summary::World { .. } => World::load(name).map(Loaded::World),
            Summary::Lesson { .. } => lesson(name).map(as_lesson),
            Summary::Translation { .. } => {
                let problem = Problem::in_file(name, "this holds the words of a lesson, and no lesson");
                Err(problem.help("name the lesson's own file").into())
            }
        };
    }
    if lesson_path(name).is_some() {
        return lesson(name).map(as_lesson);
    }
    let path = format!("worlds/{name}.ron");
    if Path::new(&path).is_file() {
        return World::load(&path).map(Loaded::World);
    }
    match world_text(&path) {
        Some(text) => World::from_ron(&path, &text).map(Loaded::World),
        None => Err(not_found(name, "world or lesson", &[&WORLDS, &LESSONS])),
    }
}

/// A world by its name or its file, and what a session file must remember to find it again: a name or path that is good
/// in any folder where there are worlds, else the whole path.
pub fn world(name: &str) -> Result<(World, String), Problems> {
    let path = if is_path(name) { PathBuf::from(name) } else { Path::new("worlds").join(format!("{name}.ron")) };
    let usual = path.display().to_string();
    if path.is_file() {
        let whole = || std::path::absolute(&path).map_or(usual.clone(), |path| path.display().to_string());
        let place = if path.starts_with("worlds") { usual.clone() } else { whole() };
        return World::load(&path).map(|world| (world, place));
    }
    match world_text(&usual) {
        Some(text) => World::from_ron(&usual, &text).map(|world| (world, usual)),
        None => Err(not_found(name, "world", &[&WORLDS])),
    }
}

/// The names of the worlds that are built in, in order.
pub fn worlds() -> Vec<&'static str> {
    let mut names: Vec<&str> = WORLDS.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The ids of the lessons that are built in, in order.
pub fn embedded_lessons() -> Vec<&'static str> {
    let mut ids: Vec<&str> = LESSONS.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
    ids.sort_unstable();
    ids
}

/// All lessons, in the order in which they teach: those of `folder`, and those built in that it lacks if it is the usual folder. A file
/// that cannot be read is a problem of its own.
pub fn lessons(folder: &Path) -> (Vec<LessonCard>, Vec<Problems>) {
    let usual = folder == Path::new(LESSON_FOLDER);
    let on_disk = folder.is_dir() || !usual;
    let (mut cards, problems) = if on_disk { crate::lab::lessons(folder) } else { (Vec::new(), Vec::new()) };
    for file in LESSONS.files().filter(|_| usual) {
        let Some(spec) = file.contents_utf8().and_then(spec) else { continue };
        if !cards.iter().any(|card| card.id == spec.id) {
            cards.push(LessonCard::new(&folder.join(file.path()), &spec));
        }
    }
    for card in &mut cards {
        let Some(words) = translation(&card.path) else { continue };
        card.title = words.title.unwrap_or_else(|| std::mem::take(&mut card.title));
        card.summary = words.summary.unwrap_or_else(|| std::mem::take(&mut card.summary));
        let same_length = |words: Option<Vec<String>>, own: &[String]| words.filter(|words| words.len() == own.len());
        card.assumes = same_length(words.assumes, &card.assumes).unwrap_or_else(|| std::mem::take(&mut card.assumes));
        card.teaches = same_length(words.teaches, &card.teaches).unwrap_or_else(|| std::mem::take(&mut card.teaches));
    }
    (crate::lab::in_order(cards), problems)
}

fn spec(text: &str) -> Option<LessonSpec> {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str(text).ok()
}

fn is_path(name: &str) -> bool {
    name.ends_with(".ron") || name.contains(['/', '\\']) || Path::new(name).is_file()
}

fn not_found(name: &str, kind: &str, dirs: &[&Dir<'static>]) -> Problems {
    let mut known: Vec<&str> = Vec::new();
    for dir in dirs {
        let mut names: Vec<&str> = dir.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
        names.sort_unstable();
        known.extend(names);
    }
    let near = did_you_mean(name, known, "none is built in");
    Problem::new(format!("there is no {kind} called `{name}`, and no such file"))
        .help(format!("{near} (or name a .ron file by its path)"))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_built_in_is_good_and_called_as_its_file() {
        for file in LESSONS.files() {
            let id = file.path().file_stem().unwrap().to_str().unwrap();
            assert_eq!(embedded(id).unwrap().spec().id, id);
        }
        for file in WORLDS.files() {
            let name = file.path().file_stem().unwrap().to_str().unwrap();
            let text = world_text(&format!("worlds/{name}.ron")).unwrap();
            assert_eq!(World::from_ron(name, &text).unwrap().spec().name, name);
        }
        assert!(matches!(find("quiet-fallback"), Ok(Loaded::Lesson(_))));
        assert!(matches!(find("storefront"), Ok(Loaded::World(_))));
        assert!(matches!(find("worlds/storefront.ron"), Ok(Loaded::World(_))));
        assert!(matches!(find("lessons/quiet-fallback.ron"), Ok(Loaded::Lesson(_))));
    }

    #[test]
    fn what_is_not_there_is_answered_with_what_is() {
        let error = find("quiet-falback").unwrap_err().to_string();
        assert!(error.contains("`quiet-fallback`"), "{error}");
        assert!(find("no/such/file.ron").is_err());
        let (cards, problems) = lessons(Path::new("no/such/folder"));
        assert!(cards.is_empty() && !problems.is_empty());
    }
}
