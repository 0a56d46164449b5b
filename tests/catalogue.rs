//! The catalogue's lessons, played from scripts: what each script ends with. One row for a script.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at what is wrong")]

use std::path::Path;
use std::process::Command;

/// A lesson, a script in `tests/scripts`, and the verdict's first words.
type Row = (&'static str, &'static str, &'static str);

const SOLVED: &[Row] = &[
    ("a-token-from-the-future", "a-token-from-the-future-solved", "root fix"),
    ("charged-twice", "charged-twice-solved", "root fix"),
    ("dead-letters", "dead-letters-solved", "root fix"),
    ("enterprise-accounts-only", "enterprise-accounts-only-solved", "root fix"),
    ("healthy-by-definition", "healthy-by-definition-solved", "root fix"),
    ("limped-not-dead", "limped-not-dead-solved", "root fix"),
    ("one-zone-in-the-dark", "one-zone-in-the-dark-solved", "root fix"),
    ("the-cron-at-the-top-of-the-hour", "the-cron-at-the-top-of-the-hour-solved", "root fix"),
    ("the-storm-that-outlived-its-trigger", "the-storm-that-outlived-its-trigger-solved", "root fix"),
    ("nothing-is-wrong", "nothing-is-wrong-solved", "rightly left alone"),
    ("the-payment-that-said-200", "the-payment-that-said-200-solved", "root fix"),
    ("the-queue-that-said-ok", "the-queue-that-said-ok-solved", "root fix"),
    ("the-reply-before-the-question", "the-reply-before-the-question-solved", "root fix"),
    ("two-holders-of-one-lock", "two-holders-of-one-lock-solved", "root fix"),
    ("yesterdays-price", "yesterdays-price-solved", "root fix"),
];

const NOT_SOLVED: &[Row] = &[
    ("a-token-from-the-future", "a-token-from-the-future-patched", "symptom patch"),
    ("a-token-from-the-future", "nothing-done", "no fix was deployed"),
    ("charged-twice", "charged-twice-patched", "symptom patch"),
    ("charged-twice", "nothing-done", "no fix was deployed"),
    ("dead-letters", "dead-letters-patched", "symptom patch"),
    ("dead-letters", "nothing-done", "no fix was deployed"),
    ("enterprise-accounts-only", "enterprise-accounts-only-patched", "symptom patch"),
    ("enterprise-accounts-only", "nothing-done", "no fix was deployed"),
    ("healthy-by-definition", "healthy-by-definition-patched", "symptom patch"),
    ("healthy-by-definition", "nothing-done", "no fix was deployed"),
    ("limped-not-dead", "limped-not-dead-patched", "symptom patch"),
    ("limped-not-dead", "nothing-done", "no fix was deployed"),
    ("one-zone-in-the-dark", "one-zone-in-the-dark-patched", "symptom patch"),
    ("one-zone-in-the-dark", "nothing-done", "no fix was deployed"),
    ("the-cron-at-the-top-of-the-hour", "the-cron-at-the-top-of-the-hour-patched", "symptom patch"),
    ("the-cron-at-the-top-of-the-hour", "nothing-done", "no fix was deployed"),
    ("the-storm-that-outlived-its-trigger", "the-storm-that-outlived-its-trigger-patched", "symptom patch"),
    ("the-storm-that-outlived-its-trigger", "nothing-done", "no fix was deployed"),
    ("nothing-is-wrong", "nothing-is-wrong-patched", "no effect"),
    ("the-payment-that-said-200", "the-payment-that-said-200-patched", "symptom patch"),
    ("the-payment-that-said-200", "nothing-done", "no fix was deployed"),
    ("the-queue-that-said-ok", "the-queue-that-said-ok-patched", "symptom patch"),
    ("the-queue-that-said-ok", "nothing-done", "no fix was deployed"),
    ("the-reply-before-the-question", "the-reply-before-the-question-patched", "symptom patch"),
    ("the-reply-before-the-question", "nothing-done", "no fix was deployed"),
    ("two-holders-of-one-lock", "two-holders-of-one-lock-patched", "symptom patch"),
    ("two-holders-of-one-lock", "nothing-done", "no fix was deployed"),
    ("yesterdays-price", "yesterdays-price-patched", "symptom patch"),
    ("yesterdays-price", "nothing-done", "no fix was deployed"),
];

const MEDIA_FEED_SOLVED: &[Row] = &[
    ("one-poisoned-key", "one-poisoned-key-solved", "root fix"),
    ("read-your-own-write", "read-your-own-write-solved", "root fix"),
    ("the-breaker-nobody-saw-open", "the-breaker-nobody-saw-open-solved", "root fix"),
    ("the-fix-that-came-back", "the-fix-that-came-back-solved", "root fix"),
    ("the-lost-trail", "the-lost-trail-solved", "root fix"),
    ("what-sampling-hid", "what-sampling-hid-solved", "root fix"),
];

const MEDIA_FEED_NOT_SOLVED: &[Row] = &[
    ("one-poisoned-key", "one-poisoned-key-patched", "symptom patch"),
    ("read-your-own-write", "read-your-own-write-patched", "symptom patch"),
    ("read-your-own-write", "nothing-done", "no fix was deployed"),
    ("the-breaker-nobody-saw-open", "the-breaker-nobody-saw-open-patched", "symptom patch"),
    ("the-fix-that-came-back", "the-fix-that-came-back-patched", "symptom patch"),
    ("the-lost-trail", "the-lost-trail-patched", "symptom patch"),
    ("what-sampling-hid", "what-sampling-hid-patched", "symptom patch"),
];

/// Plays each row, and says which ended otherwise.
#[track_caller]
fn play(rows: &[Row]) {
    let wrong: Vec<String> = rows.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong(&(lesson, script, verdict): &Row) -> Option<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.args(["play", lesson, "--terminal", "--script", &format!("tests/scripts/{script}.txt")]);
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let said = out.lines().find_map(|line| line.strip_prefix("Your fixes: ")).unwrap_or("no verdict");
    let right = output.status.success() && said.starts_with(verdict);
    (!right).then(|| format!("{script} of {lesson}: {said}\n{err}"))
}

#[test]
fn every_lesson_is_solved_from_its_evidence() {
    play(SOLVED);
}

#[test]
fn patches_do_not_pass_as_solutions() {
    play(NOT_SOLVED);
}

#[test]
fn lessons_of_the_media_feed_are_solved_from_their_evidence() {
    play(MEDIA_FEED_SOLVED);
}

#[test]
fn patches_of_the_media_feed_do_not_pass_as_solutions() {
    play(MEDIA_FEED_NOT_SOLVED);
}

#[test]
fn every_row_has_its_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (lesson, script, _) in [SOLVED, NOT_SOLVED, MEDIA_FEED_SOLVED, MEDIA_FEED_NOT_SOLVED].concat() {
        assert!(root.join(format!("lessons/{lesson}.ron")).is_file(), "{lesson}");
        assert!(root.join(format!("tests/scripts/{script}.txt")).is_file(), "{script}");
    }
}
