//! A lesson's words in another language: a file beside the lesson, and how it is laid over the lesson's own words. Knows
//! words; nothing of what happens in a lesson.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Lesson, LessonSpec, Texts, is_lesson_id};
use crate::Problems;
use crate::diagnostic::{DataPath, Findings, Problem, Source, Tree, parse_ron, read_text};
use crate::world::check::{format_words, not_blank};
use crate::world::{FORMAT, parse, repeated_keys};

/// The words of a lesson in another language, in `lessons/texts/LANGUAGE/LESSON.ron`. What is left out is shown as the
/// lesson itself has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    /// The version of this file format: 1.
    pub format: u32,
    /// The lesson's name.
    #[serde(default)]
    pub title: Option<String>,
    /// One line for the list of lessons; gives nothing away.
    #[serde(default)]
    pub summary: Option<String>,
    /// Who opened the ticket.
    #[serde(default)]
    pub reporter: Option<String>,
    /// The ticket, in a user's words.
    #[serde(default)]
    pub ticket: Option<String>,
    /// As many lines as the lesson has, in the same order; a lesson's id stays as it is.
    #[serde(default)]
    pub assumes: Option<Vec<String>>,
    /// As many lines as the lesson has, in the same order.
    #[serde(default)]
    pub teaches: Option<Vec<String>>,
    /// As many as the lesson has, in the same order.
    #[serde(default)]
    pub hints: Option<Vec<String>>,
    /// What really happened.
    #[serde(default)]
    pub debrief: Option<String>,
    /// As many lines as the lesson has, in the same order.
    #[serde(default)]
    pub expert: Option<Vec<String>>,
}

impl Translation {
    /// The translated words, and the lesson's own where there are none.
    pub fn over(&self, own: &Texts) -> Texts {
        let text = |translated: &Option<String>, own: &String| translated.clone().unwrap_or_else(|| own.clone());
        let list = |translated: &Option<Vec<String>>, own: &Vec<String>| {
            translated.clone().filter(|list| list.len() == own.len()).unwrap_or_else(|| own.clone())
        };
        Texts {
            title: text(&self.title, &own.title),
            summary: text(&self.summary, &own.summary),
            reporter: text(&self.reporter, &own.reporter),
            ticket: text(&self.ticket, &own.ticket),
            assumes: list(&self.assumes, &own.assumes),
            teaches: list(&self.teaches, &own.teaches),
            hints: list(&self.hints, &own.hints),
            debrief: text(&self.debrief, &own.debrief),
            expert: list(&self.expert, &own.expert),
        }
    }

    /// Whether a file is where translations are: in `texts/LANGUAGE/`.
    pub fn belongs_at(path: &Path) -> bool {
        let (language, texts) = folders(path);
        texts == "texts" && crate::language::parse(&language).as_ref() == Ok(&language)
    }

    /// Reads the text of a translation; what is missing in it is not looked for.
    pub fn from_ron(name: &str, text: &str) -> Result<Translation, Problems> {
        parse(&Arc::new(Source::new(name, text)))
    }

    /// All that is wrong or missing beside the lesson's own words.
    fn check(&self, own: &Texts, found: &mut Findings) {
        let root = DataPath::root();
        if self.format != FORMAT {
            let (what, help) = format_words(self.format);
            found.value(&root.field("format"), what, help);
        }
        let texts = [
            ("title", &self.title),
            ("summary", &self.summary),
            ("reporter", &self.reporter),
            ("ticket", &self.ticket),
            ("debrief", &self.debrief),
        ];
        for (field, text) in texts {
            match text {
                Some(text) => not_blank(found, &root.field(field), &format!("`{field}`"), text),
                None => missing(found, field),
            }
        }
        let lists = [
            ("assumes", &self.assumes, &own.assumes),
            ("teaches", &self.teaches, &own.teaches),
            ("hints", &self.hints, &own.hints),
            ("expert", &self.expert, &own.expert),
        ];
        for (field, list, own) in lists {
            let path = root.field(field);
            match list {
                None if own.is_empty() => {}
                None => missing(found, field),
                Some(list) if list.len() != own.len() => {
                    let here =
                        if list.len() == 1 { "is 1 line".to_owned() } else { format!("are {} lines", list.len()) };
                    let what = format!("here {here}, and the lesson has {}", own.len());
                    found.value(&path, what, "translate each line of the lesson, in the same order");
                }
                Some(list) => {
                    for (at, (line, own)) in list.iter().zip(own).enumerate() {
                        not_blank(found, &path.at(at), "this line", line);
                        if field == "assumes" && is_lesson_id(own) && line != own {
                            found.value(&path.at(at), format!("`{own}` is the id of a lesson"), "leave it as it is");
                        }
                    }
                }
            }
        }
    }
}

fn missing(found: &mut Findings, field: &'static str) {
    let what = format!("`{field}` is not translated");
    found.key(&DataPath::root(), what, format!("add `{field}: …,`; until then it is shown as the lesson has it"));
}

/// The names of the folder that a file is in, and of the folder around that; empty where there is none.
fn folders(path: &Path) -> (String, String) {
    let name = |path: Option<&Path>| {
        path.and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default().to_owned()
    };
    let folder = path.parent();
    (name(folder), name(folder.and_then(Path::parent)))
}

/// A text that says of itself that it is something else.
fn something_else(source: &Arc<Source>) -> Option<Problem> {
    let tree = Tree::read(&source.text);
    let is_one = matches!(tree.name.as_str(), "" | "Translation");
    let what = "in a folder of a language there are translations, and this is none";
    let help = "begin it with `Translation(`, or move a lesson to lessons/ and a world to worlds/";
    (!is_one).then(|| Problem::in_text(source, tree.head, what).help(help))
}

/// Where the translation of a lesson file would be.
pub fn translation_path(lesson: &Path, language: &str) -> PathBuf {
    let folder = lesson.parent().unwrap_or(Path::new(""));
    folder.join("texts").join(language).join(lesson.file_name().unwrap_or_default())
}

/// Checks a translation file against the lesson that it belongs to. Answers the language and the lesson's short name.
pub(crate) fn check_translation(path: &Path) -> Result<(String, String), Problems> {
    let source = read_text(path)?;
    if let Some(problem) = something_else(&source) {
        return Err(problem.into());
    }
    let mut problems = repeated_keys(&source);
    let translation: Translation = parse(&source)?;
    let wrong = |what: String, help: &str| Problem::in_file(path.display().to_string(), what).help(help).into();
    if !Translation::belongs_at(path) {
        let help = "put it into lessons/texts/LANGUAGE/ under the name of its lesson, such as lessons/texts/de/quiet-fallback.ron";
        return Err(wrong("a translation is not in a folder of a language".to_owned(), help));
    }
    let lessons = path.ancestors().nth(3).unwrap_or(Path::new(""));
    let lesson = lessons.join(path.file_name().unwrap_or_default());
    if !lesson.is_file() {
        let what = format!("this translates no lesson: there is no {}", lesson.display());
        return Err(wrong(what, "rename it as its lesson is called, or remove it"));
    }
    let spec: LessonSpec = parse_ron(&read_text(&lesson)?)?;
    let mut found = Findings::default();
    translation.check(&spec.texts, &mut found);
    problems.extend(found.into_problems(Some(&source)));
    problems.or((folders(path).0, spec.id))
}

impl Lesson {
    /// The same lesson in other words.
    #[must_use]
    pub fn in_words(&self, texts: Texts) -> Lesson {
        let spec = LessonSpec { texts, ..self.spec().clone() };
        Lesson { checked: Arc::new((spec, self.world().clone())), recipe: self.recipe.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_translated_stays_as_the_lesson_has_it() {
        let own = Texts { title: "One".into(), hints: vec!["a".into(), "b".into()], ..Texts::default() };
        let german =
            Translation::from_ron("x", "Translation(format: 1, title: \"Eins\", hints: [\"nur einer\"])").unwrap();
        let over = german.over(&own);
        assert_eq!((over.title.as_str(), &over.hints), ("Eins", &own.hints));
    }

    #[test]
    fn a_translation_is_checked_against_its_lesson() {
        let folder = tempfile::tempdir().unwrap();
        let lessons = folder.path().join("lessons");
        std::fs::create_dir_all(lessons.join("texts/de")).unwrap();
        std::fs::copy("lessons/quiet-fallback.ron", lessons.join("quiet-fallback.ron")).unwrap();
        let path = lessons.join("texts/de/quiet-fallback.ron");
        let checked = |path: &Path, text: &str| {
            std::fs::write(path, text).unwrap();
            check_translation(path).map_err(|problems| problems.to_string())
        };
        let good = std::fs::read_to_string("lessons/texts/de/quiet-fallback.ron").unwrap();
        assert_eq!(checked(&path, &good), Ok(("de".into(), "quiet-fallback".into())));
        let error = checked(&path, "Translation(format: 1, hints: [\"eins\"], tickets: \"x\")").unwrap_err();
        assert!(error.contains("no field `tickets`") && error.contains("did you mean `ticket`?"), "{error}");
        let error = checked(&path, "Translation(\n  format: 1,\n  hints: [\"eins\"],\n  ticket: \" \")").unwrap_err();
        for says in ["`title` is not translated", "here is 1 line, and the lesson has 3", ":4:11", "#translation"] {
            assert!(error.contains(says), "{says}\n{error}");
        }
        assert!(checked(&lessons.join("texts/de/other.ron"), &good).unwrap_err().contains("translates no lesson"));
        assert!(checked(&lessons.join("texts/x.ron"), &good).unwrap_err().contains("folder of a language"));
        let error = checked(&path, "Lesson(format: 1)").unwrap_err();
        assert!(
            error.contains("this is none") && error.contains("`Translation(`") && error.contains(":1:1"),
            "{error}"
        );
        let whole = crate::diagnostic::check_file(&path).unwrap_err().to_string();
        assert_eq!(whole, error, "whatever such a file begins with");
    }
}
