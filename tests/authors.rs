//! The commands of those who write worlds and lessons, as they meet them.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

fn allgreen(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    command.args(arguments).stdin(Stdio::null()).current_dir(folder);
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env("LC_ALL", "C");
    command
}

#[track_caller]
fn run(folder: &Path, arguments: &[&str], status: i32) -> (String, String) {
    let output = allgreen(folder, arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    (out, err)
}

#[test]
fn new_files_are_right_are_played_and_overwrite_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["new", "world", "market"], 0);
    run(folder, &["new", "lesson", "till", "--world", "market"], 0);
    run(folder, &["new", "lesson", "MY-WORLD"], 0);
    let (out, _) = run(folder, &["check", "worlds", "lessons"], 0);
    assert_eq!(out.lines().count(), 3, "{out}");
    let before = std::fs::read(folder.join("lessons/till.ron")).unwrap();
    let (_, err) = run(folder, &["new", "lesson", "till", "--world", "market"], 2);
    assert!(err.contains("lessons/till.ron is there already"), "{err}");
    assert_eq!(std::fs::read(folder.join("lessons/till.ron")).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.join("lessons")).unwrap().count(), 2, "no draft is left behind");
    std::fs::write(folder.join("script.txt"), "ticket\nwait 1m\n").unwrap();
    let (out, _) = run(folder, &["play", "till", "--script", "script.txt"], 0);
    assert!(out.contains("look unfinished"), "{out}");
    for (arguments, says) in [
        (&["new", "world", "../x"][..], "a name has letters"),
        (&["new", "lesson", "x", "--world", "nowhere"], "there is no world called `nowhere`"),
        (&["new", "lesson", "x", "--world", "till"], "is a lesson"),
        (&["new", "lesson", "x", "--world", folder.join("worlds/market.ron").to_str().unwrap()], "copy it to worlds/"),
    ] {
        let (_, err) = run(folder, arguments, 2);
        assert!(err.contains(says), "{err}");
        assert!(!err.contains("quiet-fallback"), "a lesson is no world: {err}");
    }
}

#[test]
fn a_company_is_drawn_checked_and_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["new", "world", "acme", "--services", "40", "--seed", "3"], 0);
    let (out, _) = run(folder, &["check", "worlds"], 0);
    assert!(out.contains("good, world acme"), "{out}");
    let again = tempfile::tempdir().unwrap();
    run(again.path(), &["new", "world", "acme", "--services", "40", "--seed", "0x3"], 0);
    let text = |folder: &Path| std::fs::read_to_string(folder.join("worlds/acme.ron")).unwrap();
    assert_eq!(text(folder), text(again.path()));
    let (out, _) = run(folder, &["run", "acme", "--for", "20s", "--with-truth"], 0);
    assert!(out.contains("visit-") && out.contains("right"), "{out}");
    let (_, err) = run(folder, &["new", "world", "tiny", "--services", "3"], 2);
    assert!(err.contains("20..=5000"), "{err}");
    run(folder, &["new", "world", "tiny", "--seed", "3"], 2);
}

#[test]
fn problems_say_where_the_field_is_explained_in_text_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["new", "world", "market"], 0);
    let file = folder.join("worlds/market.ron");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("timeout: \"500ms\"", "loss: 5.0").replace("sigma: 0.4", "sigma: 99.0"))
        .unwrap();
    let (out, _) = run(folder, &["check", "worlds"], 1);
    assert!(out.contains("see docs/authoring.md#arrow") && out.contains("see docs/authoring.md#dist"), "{out}");
    let (out, _) = run(folder, &["check", "--format", "json", "worlds", "none.ron"], 2);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["format"], "allgreen-check/1");
    assert_eq!((&json["files"][0]["good"], &json["files"][0]["problems"]), (&false.into(), &2.into()));
    let loss = json["problems"].as_array().unwrap().iter().find(|problem| problem["see"] == "docs/authoring.md#arrow");
    let (loss, line) = (loss.unwrap(), text.lines().position(|line| line.contains("\"500ms\"")).unwrap());
    assert_eq!(loss["file"], "worlds/market.ron");
    assert_eq!((&loss["line"], &loss["end_line"]), (&(line + 1).into(), &(line + 1).into()));
    assert_eq!((&loss["column"], &loss["end_column"]), (&19.into(), &22.into()));
    assert!(loss["help"].as_str().unwrap().contains("from 0 to 1"), "{loss}");
    assert_eq!(json["problems"][2]["message"], "there is no such file");
}

#[test]
fn what_cannot_be_read_is_bad_input_and_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["new", "world", "market"], 0);
    std::fs::create_dir(folder.join("empty")).unwrap();
    let big = std::fs::File::create(folder.join("big.ron")).unwrap();
    big.set_len(allgreen::diagnostic::LARGEST_FILE + 1).unwrap();
    for (path, says) in [("empty", "no .ron file below this folder"), ("big.ron", "larger than 16 MiB")] {
        let (out, err) = run(folder, &["check", path, "worlds"], 2);
        assert!(out.lines().count() == 1 && out.contains("good, world market"), "{out}");
        assert!(err.contains(says) && err.contains(path), "{err}");
    }
    // A lesson that names a file which is not there can be read, and is wrong.
    run(folder, &["new", "lesson", "till", "--world", "market"], 0);
    std::fs::remove_file(folder.join("worlds/market.ron")).unwrap();
    let (out, _) = run(folder, &["check", "lessons"], 1);
    assert!(out.contains("market.ron"), "{out}");
}

#[cfg(unix)]
#[test]
fn a_device_among_files_is_passed_by() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["new", "world", "market"], 0);
    std::os::unix::fs::symlink("/dev/zero", folder.join("worlds/x.ron")).unwrap();
    let (out, err) = run(folder, &["check", "worlds"], 2);
    assert!(out.contains("good, world market") && err.contains("this is a device or a pipe"), "{out}\n{err}");
}

#[test]
fn lessons_are_read_in_the_language_that_was_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("script.txt"), "ticket\nhint\n").unwrap();
    let play = ["play", "quiet-fallback", "--script", "script.txt"];
    let (out, _) = run(folder, &play, 0);
    assert!(out.contains("The quiet fallback") && out.contains("Customer support"), "{out}");
    let (out, _) = run(folder, &[&play[..], &["--lang", "de"]].concat(), 0);
    assert!(out.contains("Kundendienst") && out.contains("Nichts ist fehlgeschlagen"), "{out}");
    let output = allgreen(folder, &["lessons"]).env("LC_ALL", "de_AT.UTF-8").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("Der stille Ersatzwert") && out.contains("Three minutes behind"), "{out}");
    let (out, _) = run(folder, &["lessons", "--lang", "fr"], 0);
    assert!(out.contains("The quiet fallback"), "{out}");
    run(folder, &["lessons", "--lang", "../../etc"], 2);
}

#[test]
fn check_tells_of_translations_that_are_missing_or_left_over() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["new", "lesson", "till"], 0);
    run(folder, &["check", "lessons"], 0);
    let (out, _) = run(folder, &["check", "--lang", "de", "lessons"], 1);
    assert!(out.contains("no words in de") && out.contains("lessons/texts/de/till.ron"), "{out}");
    std::fs::create_dir_all(folder.join("lessons/texts/de")).unwrap();
    std::fs::write(folder.join("lessons/texts/de/till.ron"), "Translation(format: 1, title: \"Die Kasse\")").unwrap();
    std::fs::write(folder.join("lessons/texts/de/gone.ron"), "Translation(format: 1)").unwrap();
    let (out, _) = run(folder, &["check", "--lang", "de", "lessons"], 1);
    assert!(out.contains("translates no lesson: there is no lessons/gone.ron"), "{out}");
    assert!(out.contains("`summary` is not translated") && !out.contains("`title` is not"), "{out}");
}

#[test]
fn watched_files_are_checked_again_when_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run(folder, &["new", "world", "market"], 0);
    let watch = &["check", "--watch", "--format", "json", "worlds"];
    let mut child = allgreen(folder, watch).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["files"][0]["good"], true);
    let file = folder.join("worlds/market.ron");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("format: 1", "format: 9")).unwrap();
    let answer = next();
    assert!(answer["problems"][0]["message"].as_str().unwrap().contains("format 9"), "{answer}");
    std::fs::write(&file, text).unwrap();
    // Between the two a file may be empty for a moment.
    assert!((0..3).any(|_| next()["files"][0]["good"] == true));
    child.kill().unwrap();
    child.wait().unwrap();
}
