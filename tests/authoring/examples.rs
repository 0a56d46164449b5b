//! Every RON example of the documentation is read as what it says it is: its fence is ` ```ron TYPE `.

use allgreen::lab::Fix;
use allgreen::world::{self, World};
use allgreen::{Problems, lesson};
use serde::de::DeserializeOwned;

use super::root;

/// The text of an example: its page, its line, its type, itself.
type Example = (String, usize, String, String);

#[test]
fn every_example_is_read_as_what_it_says() {
    let mut found = 0;
    for (page, line, kind, text) in examples() {
        let read = read(&kind, &text);
        assert!(read.is_ok(), "{page}:{line}: this is no {kind}\n{}", read.unwrap_err());
        found += 1;
    }
    assert!(found >= 5, "the examples were found");
}

fn examples() -> Vec<Example> {
    let mut all = Vec::new();
    let mut pages: Vec<_> =
        std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.push(root().join("README.md"));
    pages.sort();
    for page in pages.iter().filter(|page| page.extension().is_some_and(|ext| ext == "md")) {
        let text = std::fs::read_to_string(page).unwrap();
        let mut open: Option<Example> = None;
        for (at, line) in text.lines().enumerate() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(info)) if info.starts_with("ron") => {
                    let kind = info.trim_start_matches("ron").trim().to_owned();
                    open = Some((page.display().to_string(), at + 1, kind, String::new()));
                }
                (None, _) => {}
                (Some(_), Some(_)) => all.extend(open.take()),
                (Some(example), None) => {
                    example.3 += line;
                    example.3 += "\n";
                }
            }
        }
    }
    all
}

fn read(kind: &str, text: &str) -> Result<(), String> {
    let checked = |done: Result<(), Problems>| done.map_err(|problems| problems.to_string());
    match kind {
        "World" => checked(World::from_ron("example", text).map(drop)),
        "Lesson" => {
            let storefront = World::load(root().join("worlds/storefront.ron")).unwrap();
            checked(lesson::Lesson::from_ron("example", text, storefront).map(drop))
        }
        "Node" => part::<world::Node>(text),
        "Route" => part::<world::Route>(text),
        "Arrow" => part::<world::Arrow>(text),
        "Journey" => part::<world::Journey>(text),
        "Users" => part::<world::Users>(text),
        "Change" => part::<world::Change>(text),
        "Set" => part::<world::Set>(text),
        "Setting" => part::<world::Setting>(text),
        "Scripted" => part::<lesson::Scripted>(text),
        "Cause" => part::<lesson::Cause>(text),
        "NamedFix" => part::<lesson::NamedFix>(text),
        "Evidence" => part::<lesson::Evidence>(text),
        "Texts" => part::<lesson::Texts>(text),
        "Translation" => part::<lesson::Translation>(text),
        "Fix" => part::<Fix>(text),
        _ => Err(format!("write ```ron TYPE, and teach tests/authoring/examples.rs what `{kind}` is")),
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Result<(), String> {
    parse::<T>(text).map(drop)
}

/// A part of a file, as files are read.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
    options.from_str::<T>(text).map_err(|error| error.to_string())
}
