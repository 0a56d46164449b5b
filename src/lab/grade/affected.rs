//! Who was really harmed beyond the healthy background: by segment of users, and by step of a journey.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use super::counterfactual::grace;
use crate::lab::{UserAttribute, UserFilter};
use crate::time::{Duration, SimTime};
use crate::truth::{Settled, UserNumber};

/// A segment counts as affected if its share of harm beyond the background is at least this much of the average.
const LEAST_SHARE: f64 = 0.25;
/// History that is not counted as healthy: the system warms up.
const WARM_UP: Duration = Duration::from_mins(5);

/// Requests of a segment, and the harmed ones among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub requests: u64,
    pub harmed: u64,
}

impl Tally {
    fn add(&mut self, settled: &Settled) {
        self.requests += 1;
        self.harmed += u64::from(settled.outcome.is_harm());
    }

    fn share(self) -> f64 {
        self.harmed as f64 / self.requests.max(1) as f64
    }
}

/// The values of a user's attributes, in the order of [`UserAttribute::ALL`].
type Segment = [String; 4];

/// The harm of the incident, from the cause to the first fix (or to now).
#[derive(Clone, Debug, Default)]
pub struct Affected {
    segments: BTreeMap<Segment, (Tally, bool)>,
    /// The share of requests harmed while all was well.
    healthy: f64,
    /// Steps of journeys, by their numbers in the ground truth, that are harmed.
    pub steps: BTreeSet<(usize, usize)>,
    /// Harmed requests between the cause and the learner's arrival, beyond the background.
    pub harmed_before_arrival: u64,
}

impl Affected {
    pub fn new(case: &Case<'_>) -> Affected {
        let Some(caused) = case.caused_at() else { return Affected::default() };
        let truth = case.sim.truth();
        let now = SimTime(case.sim.now().0.saturating_sub(grace(case.lesson).0));
        let until = case.first_fix().unwrap_or(now).min(now);
        let mut healthy = Tally::default();
        let mut arrival = Tally::default();
        let mut people: BTreeMap<UserNumber, [String; 3]> = BTreeMap::new();
        let mut segments: BTreeMap<Segment, Tally> = BTreeMap::new();
        let mut steps: BTreeMap<(usize, usize), Tally> = BTreeMap::new();
        for settled in truth.settled() {
            if settled.asked < caused {
                if settled.asked >= SimTime(WARM_UP.0.min(caused.0 / 2)) {
                    healthy.add(settled);
                }
                continue;
            }
            if settled.asked < case.opened_at {
                arrival.add(settled);
            }
            if settled.asked >= until {
                continue;
            }
            let facts = people.entry(settled.user).or_insert_with(|| {
                let facts = truth.user(settled.user);
                [facts.region, facts.account, facts.client]
            });
            let [region, account, client] = facts.clone();
            let journey = usize::from(settled.journey);
            let name = truth.journeys().get(journey).cloned().unwrap_or_default();
            segments.entry([region, account, client, name]).or_default().add(settled);
            steps.entry((journey, usize::from(settled.step))).or_default().add(settled);
        }
        let healthy = healthy.share();
        let expected = |tally: Tally| healthy * tally.requests as f64;
        let all: f64 = segments.values().map(|tally| tally.requests as f64).sum();
        let excess: f64 = segments.values().map(|tally| tally.harmed as f64 - expected(*tally)).sum();
        let least = LEAST_SHARE * excess / all.max(1.0);
        let is_affected = |tally: Tally| {
            let beyond = tally.harmed as f64 - expected(tally);
            beyond > 3.0 * expected(tally).max(1.0).sqrt() && beyond >= least * tally.requests as f64
        };
        Affected {
            healthy,
            segments: segments.into_iter().map(|(segment, tally)| (segment, (tally, is_affected(tally)))).collect(),
            steps: steps.into_iter().filter(|(_, tally)| is_affected(*tally)).map(|(step, _)| step).collect(),
            harmed_before_arrival: (arrival.harmed as f64 - expected(arrival)).round().max(0.0) as u64,
        }
    }

    /// How well a predicate finds the affected: the share of those it names who are affected (by requests), and the
    /// share of the harm that it covers.
    pub fn precision_and_recall(&self, filter: &UserFilter) -> (f64, f64) {
        let meant = |segment: &Segment| {
            let pairs = UserAttribute::ALL.into_iter().zip(segment);
            pairs.into_iter().all(|(attribute, value)| filter.value(attribute).is_none_or(|wanted| wanted == value))
        };
        let requests = |tally: &Tally| tally.requests as f64;
        let beyond = |tally: &Tally| (tally.harmed as f64 - self.healthy * tally.requests as f64).max(0.0);
        let (mut named, mut right, mut harm, mut covered) = (0.0, 0.0, 0.0, 0.0);
        for (segment, (tally, affected)) in &self.segments {
            harm += if *affected { beyond(tally) } else { 0.0 };
            if meant(segment) {
                named += requests(tally);
                right += if *affected { requests(tally) } else { 0.0 };
                covered += if *affected { beyond(tally) } else { 0.0 };
            }
        }
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        (share(right, named), share(covered, harm))
    }

    /// The values of each attribute that affected users have, where not all values are among them.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        for (at, attribute) in UserAttribute::ALL.into_iter().enumerate() {
            let values = |only_affected: bool| -> BTreeSet<&str> {
                let found = self.segments.iter().filter(|(_, (_, affected))| *affected || !only_affected);
                found.map(|(segment, _)| segment[at].as_str()).collect()
            };
            let (affected, all) = (values(true), values(false));
            if !affected.is_empty() && affected.len() < all.len() {
                let names: Vec<&str> = affected.into_iter().collect();
                parts.push(format!("{} {}", attribute.words(), names.join(" or ")));
            }
        }
        match (parts.is_empty(), self.segments.values().any(|(_, affected)| *affected)) {
            (_, false) => "nobody was harmed beyond the usual".into(),
            (true, true) => "all kinds of users were harmed".into(),
            (false, true) => format!("the harmed had {}", parts.join(", and ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_predicate_is_judged_by_whom_it_names_and_what_it_covers() {
        let segment = |region: &str, journey: &str| [region.into(), "a".into(), "c".into(), journey.into()];
        let tally = |harmed| Tally { requests: 100, harmed };
        let affected = Affected {
            segments: [
                (segment("eu", "buy"), (tally(40), true)),
                (segment("eu", "browse"), (tally(0), false)),
                (segment("us", "buy"), (tally(40), true)),
                (segment("us", "browse"), (tally(0), false)),
            ]
            .into(),
            ..Affected::default()
        };
        let filter = |region: Option<&str>, journey: Option<&str>| UserFilter {
            region: region.map(Into::into),
            journey: journey.map(Into::into),
            ..UserFilter::default()
        };
        assert_eq!(affected.precision_and_recall(&filter(None, Some("buy"))), (1.0, 1.0));
        assert_eq!(affected.precision_and_recall(&filter(None, None)), (0.5, 1.0));
        assert_eq!(affected.precision_and_recall(&filter(Some("eu"), Some("buy"))), (1.0, 0.5));
        assert_eq!(affected.precision_and_recall(&filter(None, Some("browse"))), (0.0, 0.0));
        assert_eq!(affected.words(), "the harmed had journey buy");
    }
}
