//! The catalogue page, from the lesson files: what a learner may know first, what gives lessons away behind it.

use std::fmt::Write;

use allgreen::lab::{LessonCard, lessons};
use allgreen::lesson::{Lesson, Mechanism, is_lesson_id};

use super::root;

const PAGE: &str = "docs/lessons.md";
const HEAD: &str = "\
# The lessons

<!-- Made from the lesson files by `UPDATE_DOCS=1 cargo test --test authoring`. -->

In the order in which they teach: from first steps to expert, each after those that it builds on. `allgreen lessons` and the
window list them in the same order. How a lesson file is written is in [Writing worlds and lessons](authoring.md).

";
const SPOILERS: &str = "
## Spoilers: what goes wrong in each

**Trainers only.** Who wants to practise stops reading here.

";

#[test]
fn the_catalogue_page_is_that_of_the_lesson_files() {
    let (cards, problems) = lessons(&root().join("lessons"));
    assert!(problems.is_empty(), "{problems:?}");
    let made = page(&cards);
    let path = root().join(PAGE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, made).unwrap();
        return;
    }
    let is_same = std::fs::read_to_string(path).unwrap() == made;
    assert!(is_same, "{PAGE} is not what the lesson files say; run: UPDATE_DOCS=1 cargo test --test authoring");
}

#[test]
fn every_shipped_lesson_says_what_it_teaches_and_only_the_first_builds_on_none() {
    let (cards, _) = lessons(&root().join("lessons"));
    for (at, card) in cards.iter().enumerate() {
        assert!(!card.teaches.is_empty(), "{}", card.id);
        assert_eq!(card.assumes.iter().any(|assumed| is_lesson_id(assumed)), at > 0, "{}", card.id);
    }
}

fn page(cards: &[LessonCard]) -> String {
    let loaded: Vec<Lesson> = cards.iter().map(|card| Lesson::load(&card.path).unwrap()).collect();
    let mut out = HEAD.to_owned();
    out += "| # | lesson | world | level | assumes | teaches |\n| --- | --- | --- | --- | --- | --- |\n";
    for (at, (card, lesson)) in cards.iter().zip(&loaded).enumerate() {
        let cells = [
            &format!("{} (`{}`)", card.title, card.id),
            &lesson.world().spec().name,
            card.level.words(),
            &words(&card.assumes),
            &words(&card.teaches),
        ];
        writeln!(out, "| {} | {} |", at + 1, cells.map(cell).join(" | ")).unwrap();
    }
    out += SPOILERS;
    out += "| lesson | mechanism | where | decisive evidence |\n| --- | --- | --- | --- |\n";
    for lesson in &loaded {
        let (spec, cause) = (lesson.spec(), &lesson.spec().cause);
        let at = cause.at.first().map_or("nowhere".to_owned(), |at| format!("`{at}`"));
        let shows: Vec<&str> = spec.evidence.iter().map(|evidence| evidence.shows.as_str()).collect();
        let shows = if cause.mechanism == Mechanism::NoIncident { "none".to_owned() } else { shows.join("; ") };
        let cells = [&format!("`{}`", spec.id), cause.mechanism.words(), &at, &shows];
        writeln!(out, "| {} |", cells.map(cell).join(" | ")).unwrap();
    }
    out
}

/// Ids of lessons as code, words as they are.
fn words(list: &[String]) -> String {
    let word = |word: &String| if is_lesson_id(word) { format!("`{word}`") } else { word.clone() };
    list.iter().map(word).collect::<Vec<_>>().join("; ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
