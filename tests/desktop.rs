//! A whole session at the desktop, without a display: the window is drawn into an accessibility tree, and what a
//! learner would click is found in it by name.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

#[path = "support/waiting.rs"]
mod waiting;

use std::path::PathBuf;
use std::time::Duration;

use allgreen::app::window::Window;
use allgreen::app::{Outcome, RunOptions, theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use waiting::Patience;

type Desktop = Harness<'static, Option<Window>>;

/// The quiet fallback with a tenth of its users, so that a test takes seconds.
fn lesson(folder: &tempfile::TempDir) -> PathBuf {
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    let world = read("worlds/storefront.ron");
    let quiet = world.replace("journeys_per_second: 47.0", "journeys_per_second: 5.0");
    assert_ne!(world, quiet, "the rate of the storefront is written otherwise now");
    write("worlds/storefront.ron", &quiet);
    write("lessons/quiet-fallback.ron", &read("lessons/quiet-fallback.ron"))
}

fn desktop(options: RunOptions) -> Desktop {
    Harness::builder().with_size(egui::vec2(1440.0, 900.0)).with_context_setup(theme::install).build_ui_state(
        move |ui, window: &mut Option<Window>| {
            let ctx = ui.ctx().clone();
            let open = || Window::new(&ctx, None, options.clone(), Outcome::default()).unwrap();
            window.get_or_insert_with(open).frame(ui);
        },
        None,
    )
}

/// Draws until something with this in its name is there.
fn until(desktop: &mut Desktop, what: &str) {
    let patience = Patience::start();
    while desktop.query_all_by_label_contains(what).next().is_none() {
        patience.wait(|| format!("no `{what}`: {:#?}", desktop.root()));
        desktop.step();
    }
}

fn frames(desktop: &mut Desktop) {
    for _ in 0..6 {
        std::thread::sleep(Duration::from_millis(20));
        desktop.step();
    }
}

/// Clicks what has exactly this name, once it is there.
fn click(desktop: &mut Desktop, name: &str) {
    until(desktop, name);
    desktop.get_all_by_label(name).next().unwrap().click();
    frames(desktop);
}

/// Clicks an entry of an open list.
fn choose(desktop: &mut Desktop, list: &str, entry: &str) {
    click(desktop, list);
    until(desktop, entry);
    desktop.get_all_by_role_and_label(egui::Role::Button, entry).next().unwrap().click();
    frames(desktop);
}

#[test]
fn a_learner_solves_the_first_lesson_at_the_desktop() {
    let folder = tempfile::tempdir().unwrap();
    let lesson = lesson(&folder).display().to_string();
    let mut desktop = desktop(RunOptions { lesson: Some(lesson), ..RunOptions::default() });
    until(&mut desktop, "Reports by users");
    desktop.check_accessibility();

    click(&mut desktop, "Did anything deploy in the last 2 hours?");
    until(&mut desktop, "Checklist · 1");
    desktop.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Num4);
    until(&mut desktop, "Hide line catalog");
    desktop.check_accessibility();
    click(&mut desktop, "Pin chart 1");
    desktop.get_by_label("Why it matters").type_text("the rate holds");
    frames(&mut desktop);
    click(&mut desktop, "Pin it");
    until(&mut desktop, "Notebook · 1");
    until(&mut desktop, "the rate holds");

    click(&mut desktop, "Hypothesis");
    choose(&mut desktop, "Where it fails", "catalog");
    click(&mut desktop, "How it fails");
    desktop.get_by_label("Search, such as backlog or stale").type_text("caught exception");
    frames(&mut desktop);
    click(&mut desktop, "swallowed timeout");
    click(&mut desktop, "State this hypothesis");
    until(&mut desktop, "Stated so far");

    click(&mut desktop, "Roll back config-2291");
    click(&mut desktop, "Deploy this fix…");
    desktop.check_accessibility();
    click(&mut desktop, "Deploy");
    until(&mut desktop, "Fixes · 1");
    click(&mut desktop, "+10 min");
    until(&mut desktop, "+0:10:00");
    until(&mut desktop, "roll back config-2291");

    let saved = folder.path().join("mine.session");
    desktop.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::S);
    until(&mut desktop, "File to save to");
    let field = desktop.get_by_label("File to save to");
    field.focus();
    desktop.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    desktop.get_by_label("File to save to").type_text(saved.to_str().unwrap());
    frames(&mut desktop);
    let save = desktop.get_all_by_label("Save").last().unwrap();
    save.click();
    until(&mut desktop, "Saved to");
    assert!(saved.is_file());

    click(&mut desktop, "Debrief…");
    click(&mut desktop, "End it and debrief");
    until(&mut desktop, "root fix: the harm ended and stayed away");
    until(&mut desktop, "What really happened");
    desktop.check_accessibility();
    click(&mut desktop, "All panels");
    until(&mut desktop, "The investigation is over");
    drop(desktop);

    let session = Some(saved);
    let mut again = self::desktop(RunOptions { session, panel: Some("notebook".into()), ..RunOptions::default() });
    until(&mut again, "the rate holds");
    until(&mut again, "Fixes · 1");
}

#[test]
fn what_cannot_be_done_is_said_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let lesson = lesson(&folder).display().to_string();
    let mut desktop = desktop(RunOptions { lesson: Some(lesson), ..RunOptions::default() });
    until(&mut desktop, "Reports by users");
    click(&mut desktop, "Reproduce");
    desktop.get_by_label("Request, such as GET /products/{id}").click();
    desktop.get_by_label("Request, such as GET /products/{id}").type_text("FETCH everything");
    frames(&mut desktop);
    click(&mut desktop, "Send it");
    until(&mut desktop, "Dismiss notice 1");
    click(&mut desktop, "Dismiss notice 1");
    assert!(desktop.query_by_label("Dismiss notice 1").is_none());

    desktop.key_press(egui::Key::Space);
    until(&mut desktop, "Pause");
    click(&mut desktop, "Pause");
    until(&mut desktop, "Play");
    desktop.key_press(egui::Key::F1);
    until(&mut desktop, "Nine steps, in this order");
}

#[test]
fn a_lesson_that_is_none_leaves_the_start_page_with_a_reason() {
    let mut desktop = desktop(RunOptions { lesson: Some("no-such-lesson".into()), ..RunOptions::default() });
    until(&mut desktop, "The lesson was not started");
    until(&mut desktop, "no-such-lesson");
    until(&mut desktop, "Start The quiet fallback");
}

#[test]
fn a_lesson_that_is_edited_is_checked_and_offered_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = lesson(&folder);
    let mut desktop = desktop(RunOptions { lesson: Some(path.display().to_string()), ..RunOptions::default() });
    until(&mut desktop, "Reports by users");
    click(&mut desktop, "Did anything deploy in the last 2 hours?");
    until(&mut desktop, "not saved");

    let good = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, good.replace("opens_at: \"52m\"", "opens_at: \"2m\"")).unwrap();
    until(&mut desktop, "was edited, and has problems");
    until(&mut desktop, "before there is a history");
    until(&mut desktop, "docs/authoring.md#lesson");
    desktop.check_accessibility();
    std::fs::write(&path, good.replace("title: \"The quiet fallback\"", "title: \"Edited just now\"")).unwrap();
    until(&mut desktop, "was edited, and is good");
    until(&mut desktop, "not saved");
    click(&mut desktop, "Restart with the edited lesson…");
    until(&mut desktop, "What you did since the last save would be lost.");
    click(&mut desktop, "Cancel");
    until(&mut desktop, "The quiet fallback · seed 1 · not saved");
    click(&mut desktop, "Restart with the edited lesson…");
    click(&mut desktop, "Don't save");
    until(&mut desktop, "Edited just now · seed 1");
    assert!(desktop.query_all_by_label_contains("was edited").next().is_none());
    std::fs::write(&path, &good).unwrap();
    until(&mut desktop, "was edited, and is good");
    click(&mut desktop, "Dismiss the notice of edits");
    assert!(desktop.query_all_by_label_contains("was edited").next().is_none());
}

#[test]
fn a_session_that_is_handed_over_says_who_did_what() {
    use allgreen::lab::{Command, Look, Session, Shift};
    let folder = tempfile::tempdir().unwrap();
    let path = std::path::absolute("tests/support/shop/lessons/tiny.ron").unwrap();
    let lesson = allgreen::Lesson::load(&path).unwrap();
    let mut session = Session::start(&lesson, allgreen::Seed(3), &mut |_| true);
    session.set_lesson_path(&path);
    session.sit_down(Shift { who: "Ada".into(), began: "2026-03-02T09:00:00Z".into(), first: 0 });
    for command in [Command::Look(Look::Health), Command::Wait(allgreen::Duration::from_mins(61))] {
        session.apply(&command, &mut |_| true).unwrap();
    }
    let file = folder.path().join("handed-over.session");
    session.save(&file).unwrap();

    let options = RunOptions { session: Some(file), who: Some("Grace".into()), ..RunOptions::default() };
    let mut desktop = desktop(options);
    until(&mut desktop, "Who worked on this");
    until(&mut desktop, "You go on as Grace");
    until(&mut desktop, "second pair of eyes");
    click(&mut desktop, "Session");
    click(&mut desktop, "Who did what…");
    until(&mut desktop, "look at the health pages");
    desktop.check_accessibility();
}
