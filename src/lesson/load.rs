//! From a file, a text or data to a checked lesson, with its world. Knows where lessons and their worlds are found,
//! never what makes one right.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Lesson, LessonSpec, check};
use crate::diagnostic::{DataPath, Findings, Source, read_text};
use crate::world::{check as world_check, parse, repeated_keys};
use crate::{Problems, World};

/// The text of a world that is no file, by the path that a lesson names.
pub type FindWorld<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Lesson {
    /// Reads and checks a lesson file and its world file. The path in `world` is tried relative to the folder around
    /// the lesson's folder, then to the lesson's own folder, then to the current folder.
    pub fn load(path: impl AsRef<Path>) -> Result<Lesson, Problems> {
        Lesson::load_with(path, &|_| None)
    }

    /// The same; a world that is in none of these places is asked of `find_world`.
    pub fn load_with(path: impl AsRef<Path>, find_world: FindWorld<'_>) -> Result<Lesson, Problems> {
        let path = path.as_ref();
        let source = read_text(path)?;
        let mut problems = repeated_keys(&source);
        let spec: LessonSpec = parse(&source)?;
        let mut found = Findings::default();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if spec.id != stem {
            let what = format!("this lesson is called `{}`, and its file `{stem}`", spec.id);
            let help = format!("write id: \"{stem}\", or rename the file to `{}.ron`", spec.id);
            found.value(&DataPath::root().field("id"), what, help);
        }
        let mut of_world = Problems::none();
        let world = match world(path, &spec, find_world, &mut found) {
            Some(Ok(world)) => Some(world),
            Some(Err(problems)) => {
                of_world = problems;
                None
            }
            None => None,
        };
        check::lesson(&spec, world.as_ref(), &mut found);
        problems.extend(found.into_problems(Some(&source)));
        problems.extend(of_world);
        match world {
            Some(world) if problems.is_empty() => Ok(Lesson::checked(spec, world)),
            _ => Err(problems),
        }
    }

    /// Reads and checks text against a world that is already loaded; `name` is what problems call it.
    pub fn from_ron(name: &str, text: &str, world: World) -> Result<Lesson, Problems> {
        let source = Arc::new(Source::new(name, text));
        let mut problems = repeated_keys(&source);
        let spec: LessonSpec = parse(&source)?;
        let mut found = Findings::default();
        check::lesson(&spec, Some(&world), &mut found);
        problems.extend(found.into_problems(Some(&source)));
        problems.or(()).map(|()| Lesson::checked(spec, world))
    }

    /// Checks a lesson made in code. Problems name the path in the data, counted from 0.
    pub fn new(spec: LessonSpec, world: World) -> Result<Lesson, Problems> {
        let mut found = Findings::default();
        check::lesson(&spec, Some(&world), &mut found);
        found.into_problems(None).or(()).map(|()| Lesson::checked(spec, world))
    }

    /// Arrows get the names that the world gives them.
    fn checked(mut spec: LessonSpec, world: World) -> Lesson {
        let same = |name: &mut String| *name = world_check::canonical(name);
        spec.cause.at.iter_mut().chain(&mut spec.cause.silent_arrows).for_each(same);
        spec.script.iter_mut().flat_map(|scripted| &mut scripted.change.sets).for_each(|set| same(&mut set.on));
        spec.script.iter_mut().for_each(|scripted| same(&mut scripted.change.on));
        spec.fixes.iter_mut().filter_map(|named| check::arrow_of(&mut named.fix)).for_each(same);
        Lesson(Arc::new((spec, world)))
    }
}

/// Where a lesson's world may be, in the order in which it is looked for.
fn places(lesson: &Path, world: &str) -> Vec<PathBuf> {
    let own = lesson.parent().unwrap_or(Path::new(""));
    let mut places: Vec<PathBuf> = own.parent().map(|around| around.join(world)).into_iter().collect();
    if own == Path::new("") || own == Path::new(".") {
        places.insert(0, Path::new("..").join(world));
    }
    places.push(own.join(world));
    places.push(PathBuf::from(world));
    places
}

/// The file that a lesson's world is read from, if it is read from one.
pub fn world_file(lesson: &Path, world: &str) -> Option<PathBuf> {
    places(lesson, world).into_iter().find(|place| place.is_file()).filter(|_| check::is_inside(world))
}

/// The lesson's world: None if there is none to be found, which is then a finding.
fn world(
    lesson: &Path,
    spec: &LessonSpec,
    find_world: FindWorld<'_>,
    found: &mut Findings,
) -> Option<Result<World, Problems>> {
    let path = DataPath::root().field("world");
    if !check::is_inside(&spec.world) {
        // The check says so; nothing outside is opened.
        return None;
    }
    let mut places = places(lesson, &spec.world);
    if let Some(place) = places.iter().find(|place| place.is_file()) {
        return Some(World::load(place));
    }
    if let Some(text) = find_world(&spec.world) {
        return Some(World::from_ron(&spec.world, &text));
    }
    places.dedup();
    let tried: Vec<String> = places.iter().map(|place| format!("`{}`", place.display())).collect();
    let what = format!("there is no world file `{}`", crate::diagnostic::short(&spec.world));
    found.value(&path, what, format!("write a path such as \"worlds/storefront.ron\"; looked at {}", tried.join(", ")));
    None
}
