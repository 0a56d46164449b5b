//! Step 9, Document: whether the post-incident document says what was thought, what was found and what the real fix
//! is. That it says so; what it says is for people to read.

use super::{Case, Review, things};

/// Characters under which a paragraph says nothing.
const LEAST: usize = 15;

pub fn review(case: &Case<'_>) -> Review {
    let write_up = case.notebook.write_up.clone().unwrap_or_default();
    let parts = [
        ("what was thought", write_up.thought),
        ("what was found", write_up.found),
        ("the real fix", write_up.real_fix),
    ];
    let is_there = |text: &str| text.trim().chars().count() >= LEAST;
    let there = parts.iter().filter(|(_, text)| is_there(text)).count();
    let missing: Vec<&str> = parts.iter().filter(|(_, text)| !is_there(text)).map(|(name, _)| *name).collect();
    Review {
        did: format!(
            "wrote {there} of 3 parts, with {}",
            things(case.notebook.pinned.len(), "piece of evidence", "pieces of evidence")
        ),
        evidence: if missing.is_empty() { "complete".into() } else { format!("missing: {}", missing.join(", ")) },
        score: Some(there as f64 / parts.len() as f64),
    }
}
