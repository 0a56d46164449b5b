//! Step 4, Check changes: the changes that the learner names against those without which nothing would have happened.

use std::collections::BTreeSet;

use super::hypothesis::{counted, denies};
use super::{Case, Review};
use crate::lab::{Command, Look};

pub fn review(case: &Case<'_>) -> Review {
    let spec = case.lesson.spec();
    let looked = case.commands.iter().any(|command| matches!(command, Command::Look(Look::Changes)));
    let feed = if looked { "read the change feed" } else { "did not open the change feed" };
    let counted = counted(case);
    let named: BTreeSet<&str> = counted.iter().filter_map(|hypothesis| hypothesis.change.as_deref()).collect();
    let score = match case.is_quiet() {
        // Whoever names a fault and no change has not said that none did harm.
        true => f64::from(u8::from(named.is_empty() && counted.iter().any(|hypothesis| denies(hypothesis)))),
        false => {
            let found = spec.causes().filter(|cause| named.contains(cause.change.as_str()));
            found.count() as f64 / spec.causes().count() as f64
        }
    };
    let did = match (case.notebook.hypotheses.is_empty(), named.is_empty()) {
        (true, _) => format!("{feed}, stated no hypothesis"),
        (false, true) => format!("{feed}, named no change"),
        (false, false) => format!("{feed}, named {}", Vec::from_iter(named).join(" and ")),
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
