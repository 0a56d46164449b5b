//! The trainer's view: there when it was asked for, and then the session file says so; else nowhere.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use std::path::Path;

use allgreen::lab::{Command, Look, Reply, Session};
use allgreen::{Duration, Lesson, Seed};

fn lesson() -> Lesson {
    Lesson::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/shop/lessons/tiny.ron")).unwrap()
}

#[test]
fn the_truth_is_shown_on_request_and_the_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    let mut session = Session::start(&lesson(), Seed(3), &mut |_| true);
    let apply = |session: &mut Session, command: Command| session.apply(&command, &mut |_| true).unwrap();
    apply(&mut session, Command::Look(Look::Health));
    apply(&mut session, Command::Wait(Duration::from_mins(5)));
    assert!(session.observe().trainer.is_none());
    session.save(&path).unwrap();
    assert!(!std::fs::read_to_string(&path).unwrap().contains("Trainer"));

    let Reply::Trainer(view) = apply(&mut session, Command::Trainer) else { panic!("no view") };
    assert_eq!(
        (view.cause.change.as_str(), &view.places[..]),
        ("config-2", &["shop -> stock".to_owned(), "shop".into()][..])
    );
    let harmed = |from: u64, to: u64| -> u64 {
        let within = |at: u64| (from * 60..to * 60).contains(&(at / 1_000_000_000));
        view.minutes.iter().filter(|minute| within(minute.at.0)).map(|minute| minute.harmed).sum()
    };
    assert!(harmed(5, 25) < 20 && harmed(26, 40) > 100, "{} {}", harmed(5, 25), harmed(26, 40));
    assert!(view.outcomes.iter().any(|(journey, outcome, n)| journey == "browse" && *outcome == "partial" && *n > 100));
    assert_eq!((view.fixes.len(), view.hints.len(), view.evidence.len()), (2, 3, 1));
    assert_eq!(session.observe().trainer.as_deref(), Some(&*view));

    apply(&mut session, Command::Trainer);
    session.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap().matches("Trainer").count(), 1, "shown is shown");
    let again = Session::open_with(&path, &|_| Some(lesson()), &mut |_| true).unwrap();
    assert!(again.observe().trainer.is_some());
    assert_eq!(again.commands(), session.commands());
    assert_eq!(again.digest(), session.digest(), "to look changes nothing");
}
