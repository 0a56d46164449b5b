//! A session passes from one pair of eyes to the next: who did what is kept, and old files are still opened.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use allgreen::lab::{Command, Look, Session, Shift};
use allgreen::{Lesson, Seed};

fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/shop")
}

fn lesson() -> Lesson {
    Lesson::load(shop().join("lessons/tiny.ron")).unwrap()
}

fn find(id: &str) -> Option<Lesson> {
    (id == "tiny").then(lesson)
}

fn old_file() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/sessions/format-1.session"))
        .unwrap()
}

fn open(text: &str) -> Result<Session, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Session::open_with(file.path(), &find, &mut |_| true).map_err(|problems| problems.to_string())
}

fn wait(mins: u64) -> Command {
    Command::Wait(allgreen::Duration::from_mins(mins))
}

fn shift(who: &str, began: &str) -> Shift {
    Shift { who: who.to_owned(), began: began.to_owned(), first: 0 }
}

#[test]
fn the_second_pair_of_eyes_continues_under_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.session");
    let mut session = Session::start(&lesson(), Seed(3), &mut |_| true);
    session.sit_down(shift("Ada", "2026-03-02T09:00:00Z"));
    let apply = |session: &mut Session, command: Command| drop(session.apply(&command, &mut |_| true).unwrap());
    for command in [Command::Look(Look::Health), Command::Note("all green".into()), wait(60)] {
        apply(&mut session, command);
    }
    assert!(session.observe().suggestion.is_some(), "an hour without a hypothesis");
    session.save(&path).unwrap();

    let mut second = Session::open_with(&path, &find, &mut |_| true).unwrap();
    assert_eq!(second.observe().work, session.observe().work);
    assert!(second.observe().suggestion.is_some());
    second.sit_down(shift("Grace", "2026-03-02T10:05:00Z"));
    for command in [wait(5), Command::Look(Look::Health), Command::Note("the health page looks at nothing".into())] {
        apply(&mut second, command);
    }
    second.save(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.len() < 100_000 && text.contains("who: \"Grace\"") && text.contains("first: 3"), "{text}");

    let third = Session::open_with(&path, &find, &mut |_| true).unwrap();
    assert_eq!(third.digest(), second.digest());
    let work = third.observe().work;
    assert_eq!(*work, *second.observe().work);
    let names: Vec<&str> = work.shifts.iter().map(|work| work.shift.name()).collect();
    assert_eq!(names, ["Ada", "Grace"]);
    let deeds: Vec<&str> = work.shifts[1].deeds.iter().map(|deed| deed.what.as_str()).collect();
    assert_eq!(deeds, ["look at the health pages", "note: the health page looks at nothing"]);
    assert_eq!(work.shifts[0].words(), "Ada (2026-03-02T09:00:00Z): 1 look and 1 other step in 1h of the incident");
    assert_eq!(work.shifts[1].span, (work.shifts[0].span.1, third.observe().now));
}

#[test]
fn a_file_of_the_first_format_opens_and_is_written_in_the_newest() {
    // The engine's draws may have changed since: what is tested here is the format, so the digest is today's.
    let text = old_file();
    let line = text.lines().find(|line| line.trim_start().starts_with("digest:")).unwrap();
    let today = text.replace(line, &format!("  digest: \"{}\",", replayed(&text)));
    let session = open(&today).unwrap();
    let seen = session.observe();
    assert_eq!(seen.notebook.hypotheses.len(), 1);
    assert_eq!(seen.work.shifts.len(), 1);
    assert_eq!(seen.work.shifts[0].shift.name(), "somebody");
    assert_eq!(seen.work.shifts[0].deeds.len(), 14);
    let folder = tempfile::tempdir().unwrap();
    session.save(&folder.path().join("new.session")).unwrap();
    let new = std::fs::read_to_string(folder.path().join("new.session")).unwrap();
    assert!(new.contains("format: 4") && new.contains("shifts: [") && new.contains("seal: "), "{new}");
}

/// The digest after the commands of a file, whatever digest the file has.
fn replayed(text: &str) -> String {
    let mut session = Session::start(&lesson(), Seed(3), &mut |_| true);
    let commands: Vec<Command> = {
        let start = text.find("commands: ").unwrap() + "commands: ".len();
        let end = text.rfind("],").unwrap() + 1;
        let options = ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        options.from_str(&text[start..end]).unwrap()
    };
    for command in commands {
        session.apply(&command, &mut |_| true).unwrap();
    }
    session.digest()
}

#[test]
fn a_file_that_no_longer_replays_says_which_version_wrote_it() {
    if let Err(error) = open(&old_file()) {
        assert!(error.contains("allgreen 0.1.0"), "{error}");
    }
    let error = open(&old_file().replace("seed: 3", "seed: 4")).err().unwrap();
    assert!(error.contains("allgreen 0.1.0"), "{error}");
    let error = open(&old_file().replace("format: 1", "format: 99")).err().unwrap();
    assert!(error.contains("format 99") && error.contains("newer allgreen"), "{error}");
}

#[test]
fn the_prompt_says_who_did_what() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.session").display().to_string();
    let run = |arguments: &[&str], script: &str| {
        std::fs::write(folder.path().join("script.txt"), script).unwrap();
        let script = folder.path().join("script.txt").display().to_string();
        let mut command = Process::new(env!("CARGO_BIN_EXE_allgreen"));
        command.current_dir(shop()).stdin(Stdio::null()).args(["play", "--script", &script]).args(arguments);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    run(&["tiny", "--who", "Ada", "--save", &file], "health\nnote all green\nwait 61m\n");
    let out = run(&["--session", &file, "--who", "Grace", "--save", &file], "status\nchanges\nhistory\n");
    assert!(out.contains("second pair of eyes"), "{out}");
    assert!(out.contains("Ada (2") && out.contains("note: all green"), "{out}");
    assert!(out.contains("Grace (2") && out.contains("look at the change feed"), "{out}");
}

#[test]
fn what_somebody_put_into_a_file_commands_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let [file, script] = ["a.session", "script.txt"].map(|name| folder.path().join(name).display().to_string());
    let mut session = Session::start(&lesson(), Seed(3), &mut |_| true);
    session.sit_down(shift("Ada", "2026-03-02T09:00:00Z"));
    session.apply(&Command::Note("EVIL".into()), &mut |_| true).unwrap();
    session.save(Path::new(&file)).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let evil = text.replace("\"Ada\"", r#""A\u{1b}[8mda""#).replace("EVIL", r"\u{1b}]0;PWN\u{7}\u{1b}[2Jread me");
    assert!(evil.contains(r"A\u{1b}[8mda") && evil.contains("PWN"), "{text}");
    std::fs::write(&file, evil).unwrap();
    std::fs::write(&script, "history\nnotebook\ndocument\n").unwrap();
    for (arguments, says) in [
        (&["play", "--session", &file, "--script", &script][..], "\u{fffd}]0;PWN\u{fffd}\u{fffd}[2Jread me"),
        (&["report", &file], "A[8mda"),
    ] {
        let mut command = Process::new(env!("CARGO_BIN_EXE_allgreen"));
        command.current_dir(shop()).stdin(Stdio::null()).args(arguments);
        let output = command.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR").output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{out}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(out.contains(says) && out.contains("\u{1b}["), "{arguments:?}\n{out}");
        for order in ["\u{1b}[8m", "\u{1b}]", "\u{1b}[2J", "\u{7}"] {
            assert!(!out.contains(order), "{arguments:?}\n{out}");
        }
    }
}
