//! The catalogue's lessons, played from scripts: what each script ends with. All scripts of a lesson begin at one arrival,
//! so that its history is run once.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// A script in `tests/scripts`, and what it prints, wherever lines end.
type Row<'a> = (&'a str, &'a [&'a str]);

const ROOT_FIX: &[&str] = &["Your fixes: root fix"];
const SYMPTOM_PATCH: &[&str] = &["Your fixes: symptom patch"];
const NOTHING: Row<'_> = ("nothing-done", &["Your fixes: no fix was deployed"]);

/// Patches that are well for a time, and what the ticket says months later: not what the first one said.
const RETURNS: &[(&str, &[&str])] = &[
    (
        "three-minutes-behind",
        &["mail-queue-1 messaging.queue.oldest_age", "all was well for a time", "what should have followed never came"],
    ),
    (
        "the-payment-that-said-200",
        &["all was well for a time", "They get an error now and then, more often than usual"],
    ),
];

/// What most lessons have: `-solved` ends in a root fix, `-patched` in a symptom patch, and nothing in nothing.
const USUAL: &[&str] = &[
    "a-token-from-the-future",
    "charged-twice",
    "dead-letters",
    "enterprise-accounts-only",
    "healthy-by-definition",
    "limped-not-dead",
    "one-poisoned-key",
    "one-zone-in-the-dark",
    "read-your-own-write",
    "the-breaker-nobody-saw-open",
    "the-cron-at-the-top-of-the-hour",
    "the-fix-that-came-back",
    "the-lost-trail",
    "the-payment-that-said-200",
    "the-queue-that-said-ok",
    "the-reply-before-the-question",
    "the-storm-that-outlived-its-trigger",
    "three-minutes-behind",
    "two-holders-of-one-lock",
    "what-sampling-hid",
    "yesterdays-address",
    "yesterdays-price",
];

/// Plays scripts of a lesson, and says which ended otherwise.
fn wrong(lesson: &str, rows: &[Row<'_>]) -> Vec<String> {
    let paths: Vec<String> = rows.iter().map(|(script, _)| format!("tests/scripts/{script}.txt")).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.args(["play", lesson, "--terminal"]).args(paths.iter().flat_map(|path| ["--script", path]));
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut wrong = Vec::new();
    for (at, (script, says)) in rows.iter().enumerate() {
        let (_, own) = out.split_once(&format!("{}\n", paths[at])).unwrap_or_default();
        let own = paths.get(at + 1).and_then(|next| own.split_once(&format!("{next}\n"))).map_or(own, |(own, _)| own);
        let words = own.split_whitespace().collect::<Vec<_>>().join(" ");
        let missing = says.iter().filter(|says| !words.contains(**says));
        wrong.extend(missing.map(|says| format!("{script} of {lesson} does not say `{says}`:\n{own}")));
    }
    if !output.status.success() {
        wrong.push(format!("{lesson}: {}\n{err}", output.status));
    }
    wrong
}

/// Plays every `step`th of the usual lessons.
#[track_caller]
fn usual(from: usize, step: usize) {
    let of_one = |lesson: &&str| {
        let [solved, patched, returns] = ["solved", "patched", "returns"].map(|end| format!("{lesson}-{end}"));
        let mut rows = vec![(solved.as_str(), ROOT_FIX), (&patched, SYMPTOM_PATCH), NOTHING];
        rows.extend(RETURNS.iter().filter(|(known, _)| known == lesson).map(|(_, says)| (returns.as_str(), *says)));
        wrong(lesson, &rows)
    };
    let wrong: Vec<String> = USUAL.iter().skip(from).step_by(step).flat_map(of_one).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lessons_end_as_their_scripts_say() {
    usual(0, 2);
}

#[test]
fn other_lessons_end_as_their_scripts_say() {
    usual(1, 2);
}

#[test]
fn what_is_well_is_rightly_left_alone() {
    let rows = [
        ("an-unquiet-morning-solved", &["Your fixes: rightly left alone"][..]),
        ("an-unquiet-morning-patched", &["Your fixes: no effect"]),
        ("nothing-done", &["Your fixes: rightly left alone"]),
    ];
    let wrong = wrong("an-unquiet-morning", &rows);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How it is solved is in `terminal.rs`.
#[test]
fn a_retry_over_a_swallowed_timeout_is_a_symptom_patch() {
    let wrong = wrong("quiet-fallback", &[("quiet-fallback-patched", SYMPTOM_PATCH), NOTHING]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_lesson_is_here() {
    let names = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons")).unwrap();
    let names = names.filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".ron").map(str::to_owned));
    let here = USUAL.iter().copied().chain(["an-unquiet-morning", "quiet-fallback"]).map(str::to_owned);
    assert_eq!(names.collect::<BTreeSet<String>>(), here.collect());
}
