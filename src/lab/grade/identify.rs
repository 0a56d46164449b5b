//! Step 3, Identify: the seven questions, answered before logs are read.

use std::collections::BTreeSet;

use super::{Case, Review};
use crate::lab::{Command, Question};
use crate::query::Language;

pub fn review(case: &Case<'_>) -> Review {
    let ticked = case.notebook.ticked.len();
    let is_log = |command: &Command| matches!(command, Command::Look(look) if look.language() == Some(Language::Logql));
    let first_log = case.commands.iter().position(is_log).unwrap_or(case.commands.len());
    let early: BTreeSet<&Question> = case.commands[..first_log]
        .iter()
        .filter_map(|command| if let Command::Tick(question, true) = command { Some(question) } else { None })
        .filter(|question| case.notebook.ticked.contains(*question))
        .collect();
    let open: Vec<&str> = Question::ALL
        .into_iter()
        .filter(|question| !case.notebook.ticked.contains(question))
        .map(Question::words)
        .collect();
    Review {
        did: format!(
            "answered {ticked} of {} questions, {} of them before the first log",
            Question::ALL.len(),
            early.len()
        ),
        evidence: if open.is_empty() { "all were asked".into() } else { format!("open: {}", open.join(" ")) },
        score: Some(ticked as f64 / Question::ALL.len() as f64),
    }
}
