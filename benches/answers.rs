//! How long a learner waits for an answer: from the start of a lesson to its first look, a fix with ten minutes to pass,
//! and the debrief with its futures on three seeds, run beforehand while the learner thinks, and not.
//!
//! `cargo bench --bench answers` prints one table; `-- LESSON…` of other lessons.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench of a broken lesson may stop, and reports")]

use std::time::{Duration, Instant};

use allgreen::lab::{Command, Session};
use allgreen::lesson::Effect;
use allgreen::{Lesson, Seed};

/// What a learner takes to read the ticket and look around, at the least.
const THINKS: Duration = Duration::from_secs(30);
/// What a learner takes to see whether the fix has helped, and to state the hypothesis.
const CHECKS: Duration = Duration::from_secs(15);

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let lessons = match named.is_empty() {
        true => vec!["quiet-fallback".to_owned(), "charged-twice".to_owned(), "limped-not-dead".to_owned()],
        false => named,
    };
    let (thinks, checks) = (THINKS.as_secs(), CHECKS.as_secs());
    println!(
        "seconds                        history  fix + 10 min  debrief  after {thinks} s of thought  and {checks} s after the fix"
    );
    for name in lessons {
        let [history, fix, debrief] = answers(&name, Duration::ZERO, Duration::ZERO);
        let [_, _, thought] = answers(&name, THINKS, Duration::ZERO);
        let [_, _, checked] = answers(&name, THINKS, CHECKS);
        println!("{name:30} {history:7.2}  {fix:12.2}  {debrief:7.2}  {thought:21.2}  {checked:21.2}");
    }
}

fn answers(name: &str, thinks: Duration, checks: Duration) -> [f64; 3] {
    let path = format!("{}/lessons/{name}.ron", env!("CARGO_MANIFEST_DIR"));
    let lesson = Lesson::load(&path).expect("a shipped lesson is good");
    let root = lesson.spec().fixes.iter().find(|named| named.effect == Effect::Root);
    let fix = root.expect("a lesson with an incident has a root fix").fix.clone();
    let since = Instant::now();
    let mut session = Session::start(&lesson, Seed(lesson.spec().seed), &mut |_| true);
    let history = since.elapsed().as_secs_f64();
    if thinks > Duration::ZERO {
        session.look_ahead();
        std::thread::sleep(thinks);
    }
    let mut time = |commands: &[Command]| {
        let since = Instant::now();
        for command in commands {
            session.apply(command, &mut |_| true).expect("the lesson's own fix can be ordered");
        }
        since.elapsed().as_secs_f64()
    };
    let wait = allgreen::Duration::from_mins(10);
    let fix = time(&[Command::Deploy(fix), Command::Wait(wait)]);
    std::thread::sleep(checks);
    [history, fix, time(&[Command::Debrief])]
}
