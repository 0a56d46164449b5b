//! Unspoiled: no red herring is a second cause.

use super::facts::{Facts, Herring};
use super::judge::{mean, proved};
use crate::lab::proving::noise;
use crate::lesson::{Property, Proved};

/// Each red herring alone, with nothing but background life, harms no more than background life does.
pub fn unspoiled(facts: &[Facts]) -> Proved {
    let harmless = |red: &Herring| red.harmed as f64 - red.background as f64 <= noise(red.background as f64);
    let held = |facts: &Facts| facts.herrings.iter().all(harmless);
    let named: Vec<&str> =
        facts.first().map(|facts| facts.herrings.iter().map(|red| red.change.as_str()).collect()).unwrap_or_default();
    let details = named.iter().enumerate().map(|(at, change)| {
        let of = |value: fn(&Herring) -> u64| mean(facts, |facts| facts.herrings.get(at).map_or(0, value) as f64);
        format!("{change}: {:.0} harmed with it, {:.0} without", of(|red| red.harmed), of(|red| red.background))
    });
    let words = if named.len() == 1 { "1 red herring".into() } else { format!("{} red herrings", named.len()) };
    proved(Property::Unspoiled, facts, held, (words, details.collect()))
}
