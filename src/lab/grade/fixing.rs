//! Step 8, Fix: what the fixes did, in numbers.

use super::counterfactual::Runs;
use super::{Case, Review, verdict};
use crate::lab::Verdict;

pub fn review(case: &Case<'_>, what: Verdict, runs: &Runs) -> Review {
    let fixes: Vec<String> = case.notebook.deployed.iter().map(|order| order.fix.words()).collect();
    let futures = verdict::futures(case, runs);
    let seeds = futures.seeds.iter().map(|seed| {
        format!(
            "seed {}: {:.0} harmed an hour before, {:.0} soon after, {:.0} long after, {:.0} had nothing been done",
            seed.seed, seed.before, seed.soon, seed.late, seed.untouched
        )
    });
    let evidence = match fixes.is_empty() {
        true => what.words().to_owned(),
        false => format!("{}; {}", what.words(), seeds.collect::<Vec<_>>().join("; ")),
    };
    let score = match what {
        Verdict::RootFix | Verdict::RightlyLeftAlone => 1.0,
        Verdict::SymptomPatch => 0.4,
        Verdict::NoEffect | Verdict::Worse | Verdict::NotTried => 0.0,
    };
    Review {
        did: if fixes.is_empty() { "changed nothing".into() } else { fixes.join(", then ") },
        evidence,
        score: Some(score),
    }
}
