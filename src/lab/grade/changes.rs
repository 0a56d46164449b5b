//! Step 4, Check changes: the change that the learner names against the one without which nothing would have happened.

use super::{Case, Review};
use crate::lab::{Command, Look};

pub fn review(case: &Case<'_>) -> Review {
    let cause = &case.lesson.spec().cause;
    let looked = case.commands.iter().any(|command| matches!(command, Command::Look(Look::Changes)));
    let feed = if looked { "read the change feed" } else { "did not open the change feed" };
    let named = case.notebook.hypotheses.last().map(|(_, hypothesis)| hypothesis.change.as_deref());
    let right = match named {
        None => false,
        Some(None) => case.is_quiet(),
        Some(Some(change)) => !case.is_quiet() && change == cause.change,
    };
    let did = match named {
        None => format!("{feed}, stated no hypothesis"),
        Some(None) => format!("{feed}, named no change"),
        Some(Some(change)) => format!("{feed}, named {change}"),
    };
    let recorded = case.sim.telemetry().changes.iter().any(|record| record.id == cause.change);
    let evidence = match (case.is_quiet(), recorded) {
        (true, _) => "no change did harm".to_owned(),
        (false, true) => format!("{} did it, and stands in the feed", cause.change),
        (false, false) => format!("{} did it; nobody recorded it", cause.change),
    };
    Review { did, evidence, score: Some(if right { 1.0 } else { 0.0 }) }
}
