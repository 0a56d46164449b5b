//! Step 3, Identify: the seven questions, answered before logs are read.

use super::{Case, Review};
use crate::lab::{Command, Question};
use crate::query::Language;

pub fn review(case: &Case<'_>) -> Review {
    let ticked = case.notebook.ticked.len();
    let is_log = |command: &Command| matches!(command, Command::Look(look) if look.language() == Some(Language::Logql));
    let first_log = case.commands.iter().position(is_log).unwrap_or(case.commands.len());
    let before = case.commands[..first_log].iter();
    let before = before
        .filter(|command| matches!(command, Command::Tick(question, true) if case.notebook.ticked.contains(question)));
    let mut early: Vec<&Command> = before.collect();
    early.dedup();
    let open: Vec<&str> = Question::ALL
        .into_iter()
        .filter(|question| !case.notebook.ticked.contains(question))
        .map(Question::words)
        .collect();
    Review {
        did: format!("answered {ticked} of 7 questions, {} of them before the first log", early.len().min(ticked)),
        evidence: if open.is_empty() { "all were asked".into() } else { format!("open: {}", open.join(" ")) },
        score: Some(ticked as f64 / Question::ALL.len() as f64),
    }
}
