//! Step 4, Check changes: the change that the learner names against the one without which nothing would have happened.

use super::{Case, Review};
use crate::lab::{Command, Look};

pub fn review(case: &Case<'_>) -> Review {
    let spec = case.lesson.spec();
    let looked = case.commands.iter().any(|command| matches!(command, Command::Look(Look::Changes)));
    let feed = if looked { "read the change feed" } else { "did not open the change feed" };
    let named = case.notebook.hypotheses.last().map(|(_, hypothesis)| hypothesis.change.as_deref());
    let ever = |change: &str| case.notebook.hypotheses.iter().any(|(_, known)| known.change.as_deref() == Some(change));
    let score = match (named, spec.also.is_empty()) {
        (None, _) => 0.0,
        (Some(None), _) => f64::from(u8::from(case.is_quiet())),
        (Some(Some(_)), _) if case.is_quiet() => 0.0,
        (Some(Some(change)), true) => f64::from(u8::from(change == spec.cause.change)),
        // Of several causes each was named at some time, or not.
        (Some(Some(_)), false) => {
            spec.causes().filter(|cause| ever(&cause.change)).count() as f64 / spec.causes().count() as f64
        }
    };
    let did = match named {
        None => format!("{feed}, stated no hypothesis"),
        Some(None) => format!("{feed}, named no change"),
        Some(Some(change)) => format!("{feed}, named {change}"),
    };
    let recorded = |id: &str| case.sim.telemetry().changes.iter().any(|record| record.id == id);
    let words = |id: &str| match recorded(id) {
        true => format!("{id} did it, and stands in the feed"),
        false => format!("{id} did it; nobody recorded it"),
    };
    let evidence = match case.is_quiet() {
        true => "no change did harm".to_owned(),
        false => spec.causes().map(|cause| words(&cause.change)).collect::<Vec<_>>().join("; "),
    };
    Review { did, evidence, score: Some(score) }
}
