//! What a new world or lesson file begins with: a small one that is right, with a comment for every field that it uses and
//! every field that it leaves out. The comments are those of the reference page. Knows texts, never files on disk.

mod company;
mod roster;
mod write;

pub use company::{SERVICES, company};

use std::collections::{BTreeMap, BTreeSet};

use crate::World;
use crate::diagnostic::reference::{self, Row, Section};
use crate::diagnostic::{Source, Tree};
use crate::world::{Arrow, Kind};

const WORLD: &str = include_str!("world.ron");
const LESSON: &str = include_str!("lesson.ron");
/// Where comments are wrapped, in characters.
const WIDTH: usize = 120;

/// A world of this name.
pub fn world(name: &str) -> String {
    explained(&filled(WORLD, &[("@NAME@", name)]))
}

/// A lesson of this name in a world; None if the world has no call whose timeout could be the cause.
pub fn lesson(name: &str, world_path: &str, world: &World) -> Option<String> {
    let (caller, callee) = arrow(world)?;
    let places = [("@NAME@", name), ("@CALLER@", caller), ("@CALLEE@", callee), ("@WORLD@", world_path)];
    Some(explained(&filled(LESSON, &places)))
}

/// The text with something in each place that is kept for it, one after the other. A name has no `@`; a path may, and
/// comes last.
fn filled(text: &str, places: &[(&str, &str)]) -> String {
    places.iter().fold(text.to_owned(), |text, (place, with)| text.replace(place, with))
}

/// The arrow that can best fail silently: one with a fallback, else with a timeout, else any between two nodes that serve.
fn arrow(world: &World) -> Option<(&str, &str)> {
    let spec = world.spec();
    let kind = |name: &str| spec.nodes.get(name).map(|node| node.kind);
    let ends = |name: &'_ str| name.split_once(" -> ").map(|(from, to)| (from.to_owned(), to.to_owned()));
    let served = |(name, _): &(&String, &Arrow)| {
        ends(name).is_some_and(|(from, _)| !matches!(kind(&from), Some(Kind::Users | Kind::Queue) | None))
    };
    let best = |arrow: &Arrow| (arrow.fallback.is_none(), arrow.timeout.is_none());
    let (name, _) = spec.arrows.iter().filter(served).min_by_key(|(_, arrow)| best(arrow))?;
    name.split_once(" -> ")
}

/// The text with comments: a field is explained where it first stands, and what a type may have besides, where the first
/// value of that type ends.
fn explained(text: &str) -> String {
    let source = Source::new("", text);
    let tree = Tree::read(text);
    let mut comments = Comments { source: &source, root: &tree, by_line: BTreeMap::new(), told: BTreeSet::new() };
    comments.group(&tree);
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        for comment in comments.by_line.get(&(at + 1)).into_iter().flatten() {
            wrap(comment, line, &mut out);
        }
        out += line;
        out.push('\n');
    }
    out
}

struct Comments<'a> {
    source: &'a Source,
    root: &'a Tree,
    /// What is said before a line.
    by_line: BTreeMap<usize, Vec<String>>,
    /// What was explained: types, and fields of types.
    told: BTreeSet<(&'static str, &'static str)>,
}

impl Comments<'_> {
    fn say(&mut self, byte: usize, words: String) {
        let line = self.source.position(byte).line;
        self.by_line.entry(line).or_default().push(words);
    }

    /// What is between two brackets, and then what could be.
    fn group(&mut self, group: &Tree) {
        let mut holder: Option<&'static Section> = None;
        for entry in &group.entries {
            if let Some((_, key)) = &entry.key
                && let Some((section, row)) = self.field(group, key.start)
            {
                holder = Some(section);
                if self.told.insert((section.name, row.name)) {
                    self.say(key.start, words(row));
                }
            }
            self.group(&entry.value);
        }
        let Some(section) = holder.filter(|section| self.told.insert((section.name, ""))) else { return };
        let used =
            |row: &&Row| group.entries.iter().any(|entry| entry.key.as_ref().is_some_and(|(key, _)| key == row.name));
        let others: Vec<&Row> = section.rows.iter().filter(|row| row.left_out.is_some() && !used(row)).collect();
        if others.is_empty() {
            return;
        }
        let end = group.span.end.saturating_sub(1);
        self.say(end, format!("Further fields of {}; in brackets what counts if one is left out:", section.name));
        for row in others {
            let usual = row.left_out.unwrap_or_default();
            self.say(end, format!("- {} ({usual}): {}", row.name, row.meaning));
            self.told.insert((section.name, row.name));
        }
    }

    /// The field whose name begins at a byte; None if it is a key of a map.
    fn field(&self, group: &Tree, byte: usize) -> Option<(&'static Section, &'static Row)> {
        let (section, row) = reference::at(self.root, byte)?;
        let row = row?;
        let name = self.source.text.get(byte..)?.split([':', '(']).next()?.trim();
        (row.name == name && group.entries.iter().all(|entry| entry.key.is_some())).then_some((section, row))
    }
}

/// A field in a sentence, with the values that it may have if they are few words.
fn words(row: &Row) -> String {
    let values = row.values();
    let one_of = if values.is_empty() { String::new() } else { format!(" One of: {}.", values.join(", ")) };
    format!("{}: {}{one_of}", row.name, row.meaning)
}

/// Comment lines before a line, as far in as that line.
fn wrap(comment: &str, line: &str, out: &mut String) {
    let indent = &line[..line.len() - line.trim_start().len()];
    // What closes a group stands less deep than what is in it.
    let deeper = if line.trim_start().starts_with([')', ']', '}']) { "    " } else { "" };
    let start = format!("{indent}{deeper}// ");
    let more = if comment.starts_with("- ") { "  " } else { "" };
    let (mut width, mut first) = (0, true);
    for word in comment.split_whitespace() {
        if first || width + 1 + word.chars().count() > WIDTH {
            if !first {
                out.push('\n');
            }
            let hang = if first { "" } else { more };
            *out += &format!("{start}{hang}{word}");
            width = start.chars().count() + hang.len() + word.chars().count();
            first = false;
        } else {
            *out += &format!(" {word}");
            width += 1 + word.chars().count();
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lesson;

    #[test]
    fn what_is_new_is_right_and_explains_itself() {
        let text = world("market");
        let market = World::from_ron("market", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        assert!(text.contains("// name: A short name") && text.contains("- breaker (None): "), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let text = lesson("till", "worlds/market.ron", &market).unwrap();
        let read = Lesson::from_ron("till", &text, market).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        assert_eq!(read.spec().cause.at, ["shop -> stock", "shop"]);
        assert!(text.contains("// part: Its part."), "{text}");
    }

    #[test]
    fn every_field_in_a_new_file_was_explained_before() {
        let market = World::from_ron("market", &world("market")).unwrap();
        for text in [world("market"), lesson("till", "worlds/market.ron", &market).unwrap()] {
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                let Some((field, _)) = line.trim_start().split_once(": ") else { continue };
                if field.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                    let told = text.find(&format!("// {field}: ")).or(text.find(&format!("// - {field} (")));
                    assert!(told.is_some_and(|told| told < text.find(line).unwrap()), "{field} in\n{text}");
                }
            }
        }
    }

    #[test]
    fn a_lesson_is_begun_in_any_world_that_ships() {
        for entry in std::fs::read_dir("worlds").unwrap() {
            let path = entry.unwrap().path().display().to_string();
            if !path.ends_with(".ron") {
                continue;
            }
            let Ok(world) = World::load(&path) else { panic!("{path}") };
            let text = lesson("new", &path, &world).unwrap();
            Lesson::from_ron("new", &text, world).unwrap_or_else(|problems| panic!("{problems}"));
        }
    }
}
