//! In which order lessons teach: each after those that it builds on, easy ones first. Knows ids, levels and what is
//! assumed; nothing of what happens in a lesson.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::load::FindWorld;
use super::{LessonSpec, Level};
use crate::Problems;
use crate::diagnostic::{DataPath, Findings, Source, parse_ron, read_text, short};

/// The most lessons that are looked at for a circle.
const MOST: usize = 1_000;

/// Whether what a lesson assumes is another lesson, by its id; else it is words.
pub fn is_lesson_id(assumed: &str) -> bool {
    !assumed.is_empty() && !assumed.contains(char::is_whitespace)
}

/// Lessons in the order in which they teach: `place` tells the id, the level and what is assumed. What is assumed and not
/// among them does not count; a circle is broken at its easiest lesson.
pub fn in_order<T>(lessons: Vec<T>, place: impl Fn(&T) -> (&str, Level, &[String])) -> Vec<T> {
    let mut left: BTreeMap<(Level, String), T> = BTreeMap::new();
    for lesson in lessons {
        let (id, level, _) = place(&lesson);
        let key = (level, id.to_owned());
        left.insert(key, lesson);
    }
    let mut waiting: BTreeSet<String> = left.keys().map(|(_, id)| id.clone()).collect();
    let mut ordered = Vec::with_capacity(left.len());
    while let Some(easiest) = left.keys().next().cloned() {
        let is_ready = |lesson: &T| !place(lesson).2.iter().any(|assumed| waiting.contains(assumed));
        let next = left.iter().find(|(_, lesson)| is_ready(lesson)).map_or(easiest, |(key, _)| key.clone());
        waiting.remove(&next.1);
        ordered.extend(left.remove(&next));
    }
    ordered
}

/// What is wrong with the lessons that a lesson file assumes: each is in its folder or known to `find`, none is harder, and
/// no way leads from one of them back.
pub(crate) fn check_assumed(path: &Path, find: FindWorld<'_>) -> Result<(), Problems> {
    let source = read_text(path)?;
    let Ok(spec) = parse_ron::<LessonSpec>(&source) else { return Ok(()) };
    let folder = path.parent().unwrap_or(Path::new(""));
    let other = |id: &str| -> Option<LessonSpec> {
        let file = format!("{id}.ron");
        let text = match read_text(folder.join(&file)) {
            Ok(source) => source,
            Err(_) => Arc::new(Source::new(&file, &find(&format!("lessons/{file}"))?)),
        };
        parse_ron(&text).ok()
    };
    let mut found = Findings::default();
    let assumes = DataPath::root().field("texts").field("assumes");
    for (at, id) in spec.texts.assumes.iter().enumerate().filter(|(_, assumed)| is_lesson_id(assumed)) {
        let path = assumes.at(at);
        match other(id) {
            _ if *id == spec.id => found.value(&path, "a lesson cannot build on itself", "remove this"),
            None => unknown(folder, &path, id, &mut found),
            Some(easier) if easier.level > spec.level => {
                let what =
                    format!("`{}` is harder ({:?}) than this lesson ({:?})", short(id), easier.level, spec.level);
                found.value(&path, what, "build on easier lessons, or change one of the two levels");
            }
            Some(_) => {
                if let Some(way) = way_back(id, &spec.id, &other) {
                    let what = format!("`{}` builds on this lesson in turn: {}", short(id), way.join(" -> "));
                    found.value(&path, what, "let one of them assume less");
                }
            }
        }
    }
    found.into_problems(Some(&source)).or(())
}

fn unknown(folder: &Path, path: &DataPath, id: &str, found: &mut Findings) {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let known: BTreeSet<String> = names.filter_map(|name| Some(name.strip_suffix(".ron")?.to_owned())).collect();
    found.unknown(path, "lesson", id, known.iter().map(String::as_str));
}

/// The lessons on a shortest way from one to another along what each assumes; None if there is none.
fn way_back(from: &str, to: &str, other: &dyn Fn(&str) -> Option<LessonSpec>) -> Option<Vec<String>> {
    let mut ways: Vec<Vec<String>> = vec![vec![from.to_owned()]];
    let mut seen = BTreeSet::from([from.to_owned()]);
    let mut at = 0;
    while let Some(way) = ways.get(at).cloned().filter(|_| at < MOST) {
        at += 1;
        let assumes = way.last().and_then(|id| other(id)).map(|spec| spec.texts.assumes).unwrap_or_default();
        for next in assumes.into_iter().filter(|assumed| is_lesson_id(assumed)) {
            let longer: Vec<String> = way.iter().cloned().chain([next.clone()]).collect();
            if next == to {
                return Some(longer);
            }
            if seen.insert(next) {
                ways.push(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(lessons: &[(&'static str, Level, &[&str])]) -> Vec<&'static str> {
        let owned = |assumes: &[&str]| assumes.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
        let lessons = lessons.iter().map(|(id, level, assumes)| (*id, *level, owned(assumes))).collect();
        in_order(lessons, |(id, level, assumes)| (id, *level, assumes)).into_iter().map(|(id, ..)| id).collect()
    }

    #[test]
    fn each_lesson_comes_after_what_it_assumes_and_easy_ones_come_first() {
        use Level::*;
        let lessons: [(_, _, &[&str]); 4] = [
            ("a", Expert, &[]),
            ("b", FirstSteps, &["c", "what a queue is", "elsewhere"]),
            ("c", FirstSteps, &[]),
            ("d", Practised, &["b"]),
        ];
        assert_eq!(ordered(&lessons), ["c", "b", "d", "a"]);
        assert_eq!(ordered(&[("x", FirstSteps, &["y"]), ("y", FirstSteps, &["x"])]), ["x", "y"], "a circle ends");
    }

    /// The problems of a lesson `one` that assumes `assumes`, beside a `two` that assumes `one`.
    fn problems(level: &str, assumes: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let shipped = std::fs::read_to_string("lessons/quiet-fallback.ron").unwrap();
        let write = |id: &str, level: &str, assumes: &str| {
            let text = shipped.replace("id: \"quiet-fallback\"", &format!("id: \"{id}\""));
            let text = text.replace("level: FirstSteps", &format!("level: {level}"));
            let (before, after) = text.split_once("assumes: [").unwrap();
            let (_, after) = after.split_once(']').unwrap();
            std::fs::write(folder.path().join(format!("{id}.ron")), format!("{before}assumes: [{assumes}]{after}"))
                .unwrap();
        };
        write("one", level, assumes);
        write("two", "Practised", "\"one\"");
        let find = |path: &str| (path == "lessons/built-in.ron").then(|| shipped.clone());
        check_assumed(&folder.path().join("one.ron"), &find).err().map_or(String::new(), |found| found.to_string())
    }

    #[test]
    fn what_is_assumed_exists_is_no_harder_and_does_not_lead_back() {
        assert_eq!(problems("Practised", "\"built-in\", \"what a queue is\""), "");
        for (level, assumes, says) in [
            ("Practised", "\"tow\"", "there is no lesson `tow`"),
            ("Practised", "\"tow\"", "did you mean `two`?"),
            ("Practised", "\"one\"", "cannot build on itself"),
            ("FirstSteps", "\"two\"", "`two` is harder (Practised) than this lesson (FirstSteps)"),
            ("Practised", "\"two\"", "`two` builds on this lesson in turn: two -> one"),
        ] {
            let found = problems(level, assumes);
            assert!(found.contains(says) && found.contains("one.ron:"), "{assumes}: {found}");
        }
    }
}
