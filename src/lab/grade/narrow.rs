//! Step 2, Narrow: the learner's predicate over users against those who were really harmed.

use super::affected::Affected;
use super::{Case, Review};

pub fn review(case: &Case<'_>, affected: &Affected) -> Review {
    let evidence = affected.words();
    let Some(filter) = &case.notebook.narrowed else {
        let score = (!case.is_quiet()).then_some(0.0);
        return Review { did: "did not say who is affected".into(), evidence, score };
    };
    let (precision, recall) = affected.precision_and_recall(filter);
    let percent = |share: f64| (share * 100.0).round();
    let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    Review {
        did: format!(
            "said {}: {} % of their requests were at risk, and they had {} % of the harm",
            filter.words(),
            percent(precision),
            percent(recall)
        ),
        evidence,
        score: (!case.is_quiet()).then_some(f1),
    }
}
