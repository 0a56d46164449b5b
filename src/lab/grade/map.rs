//! Step 1, Map: the learner's drawing over the real call graph of the failing requests.

use std::collections::BTreeSet;

use super::affected::Affected;
use super::{Case, Review, agreement};
use crate::lab::MapReview;
use crate::lab::fix::arrow_name;

/// How much of the score is arrows drawn; the rest is marks.
const ARROWS: f64 = 0.7;

pub fn compare(case: &Case<'_>, affected: &Affected) -> MapReview {
    let drawn: BTreeSet<(String, String)> =
        case.notebook.map.iter().map(|(from, to, _)| (from.clone(), to.clone())).collect();
    let real: BTreeSet<(String, String)> = match affected.steps.is_empty() {
        // Nothing fails: any path may be drawn.
        true => drawn.iter().filter(|arrow| exists(case, arrow)).cloned().collect(),
        false => affected.steps.iter().flat_map(|(journey, step)| case.sim.call_graph(*journey, *step)).collect(),
    };
    let marked: BTreeSet<String> =
        case.notebook.map.iter().filter(|arrow| arrow.2).map(|(from, to, _)| format!("{from} -> {to}")).collect();
    let silent: BTreeSet<String> =
        case.lesson.spec().causes().flat_map(|cause| &cause.silent_arrows).map(|arrow| arrow_name(arrow)).collect();
    MapReview {
        extra: drawn.difference(&real).cloned().collect(),
        real: real
            .into_iter()
            .map(|(from, to)| (drawn.contains(&(from.clone(), to.clone())), from, to))
            .map(|(is, from, to)| (from, to, is))
            .collect(),
        mismarked: marked.difference(&silent).cloned().collect(),
        silent: silent
            .into_iter()
            .map(|arrow| (marked.contains(&arrow), arrow))
            .map(|(is, arrow)| (arrow, is))
            .collect(),
    }
}

/// Whether an arrow exists.
fn exists(case: &Case<'_>, (from, to): &(String, String)) -> bool {
    let arrows = &case.lesson.world().spec().arrows;
    arrows.keys().any(|name| arrow_name(name) == format!("{from} -> {to}"))
}

pub fn review(map: &MapReview) -> Review {
    let found = map.real.iter().filter(|arrow| arrow.2).count();
    let marked = map.silent.iter().filter(|arrow| arrow.1).count();
    let arrows = agreement(found, found + map.extra.len(), map.real.len());
    let marks = agreement(marked, marked + map.mismarked.len(), map.silent.len());
    let names = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let missing = map.real.iter().filter(|arrow| !arrow.2).map(|(from, to, _)| format!("{from} -> {to}")).collect();
    let silent = map.silent.iter().map(|(arrow, _)| arrow.clone()).collect();
    let is_blank = map.real.is_empty() && map.extra.is_empty();
    Review {
        did: format!(
            "drew {found} of the {} arrows of the path and {} that are not on it; marked {marked} of {} that fail silently, and {} others",
            map.real.len(),
            map.extra.len(),
            map.silent.len(),
            map.mismarked.len(),
        ),
        evidence: format!("missing: {}; failing silently: {}", names(missing), names(silent)),
        // Nothing failed, and nothing was drawn.
        score: (!is_blank).then_some(ARROWS * arrows + (1.0 - ARROWS) * marks),
    }
}
