//! Fixable and honest: each fix that a lesson names did what the lesson says of it, by the verdict of the debrief.

use std::collections::BTreeMap;

use super::facts::{Facts, Tried};
use super::judge::proved;
use crate::lesson::{Effect, Property, Proved};

/// Each fix that is said to be a root fix ends the harm.
pub fn fixable(facts: &[Facts]) -> Proved {
    as_stated(Property::Fixable, facts, |stated| stated == Effect::Root)
}

/// Each other fix does what is said of it: harm that a patch ended comes back or moves, nothing changes, or harm grows.
pub fn honest(facts: &[Facts]) -> Proved {
    as_stated(Property::Honest, facts, |stated| stated != Effect::Root)
}

fn as_stated(property: Property, facts: &[Facts], of: impl Fn(Effect) -> bool) -> Proved {
    let wanted = |tried: &&Tried| of(tried.stated);
    let is_so = |tried: &Tried| tried.found == Ok(tried.stated);
    let held = |facts: &Facts| facts.fixes.iter().filter(wanted).all(is_so);
    // In the lesson's order, as on the seed on which the most were tried.
    let most = facts.iter().max_by_key(|facts| facts.fixes.len());
    let fixes: Vec<&Tried> = most.iter().flat_map(|facts| facts.fixes.iter().filter(wanted)).collect();
    let details = fixes.iter().filter_map(|fix| {
        let same = |tried: &&Tried| tried.fix == fix.fix;
        let of_each = facts.iter().filter_map(|facts| Some((facts.seed, facts.fixes.iter().find(same)?)));
        detail(&of_each.collect::<Vec<_>>())
    });
    let details: Vec<String> = details.collect();
    let words = match fixes.len() {
        0 => "no such fix".to_owned(),
        1 => "1 fix".to_owned(),
        count => format!("{count} fixes"),
    };
    proved(property, facts, held, (words, details))
}

/// One fix over all seeds.
fn detail(tried: &[(u64, &Tried)]) -> Option<String> {
    let (_, first) = tried.first()?;
    let mean = |at: usize| {
        tried.iter().map(|(_, tried)| tried.soon_late_untouched[at]).sum::<f64>() / tried.len().max(1) as f64
    };
    let mut otherwise: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (seed, tried) in tried.iter().filter(|(_, tried)| tried.found != Ok(tried.stated)) {
        let found = match &tried.found {
            Ok(effect) => name(*effect).to_owned(),
            Err(why) => format!("refused ({why})"),
        };
        otherwise.entry(found).or_default().push(seed.to_string());
    }
    let otherwise: Vec<String> =
        otherwise.into_iter().map(|(found, seeds)| format!("; {found} on seeds {}", seeds.join(", "))).collect();
    Some(format!(
        "{}: {} as stated on {} of {}, {:.0} harmed an hour soon after and {:.0} long after, {:.0} untouched{}",
        first.fix,
        name(first.stated),
        tried.iter().filter(|(_, tried)| tried.found == Ok(tried.stated)).count(),
        tried.len(),
        mean(0),
        mean(1),
        mean(2),
        otherwise.concat()
    ))
}

fn name(effect: Effect) -> &'static str {
    match effect {
        Effect::Root => "root fix",
        Effect::Symptom => "symptom patch",
        Effect::None => "no effect",
        Effect::Worse => "worse",
    }
}
