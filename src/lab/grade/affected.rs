//! Who was really harmed beyond the healthy background: by segment of users, and by step of a journey.
//!
//! Each journey and each step has a background of its own: a long path fails more often than a short one. Segments are
//! many and small, so each is asked for a count that chance hardly gives any of them. Who they were is told by whole
//! values of an attribute, over all segments that have it.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use super::chance::Rate;
use super::verdict::noise;
use crate::lab::{UserAttribute, UserFilter};
use crate::time::{Duration, SimTime};
use crate::truth::{Settled, UserNumber};

/// A group counts as affected if its share of harm beyond the background is at least this much of the average.
const LEAST_SHARE: f64 = 0.25;
/// How often chance may name a group that is not affected, among all that are tested together.
const BY_CHANCE: f64 = 0.01;
/// History that is not counted as healthy: the system warms up.
const WARM_UP: Duration = Duration::from_mins(5);

/// Requests, and the harmed ones among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    requests: u64,
    harmed: u64,
}

impl Tally {
    fn add(&mut self, settled: &Settled) {
        self.requests += 1;
        self.harmed += u64::from(settled.outcome.is_harm());
    }

    fn plus(self, other: Tally) -> Tally {
        Tally { requests: self.requests + other.requests, harmed: self.harmed + other.harmed }
    }

    fn share(self) -> f64 {
        self.harmed as f64 / self.requests.max(1) as f64
    }
}

/// How often requests of each kind were harmed while all was well.
struct Healthy<K> {
    all: Tally,
    kinds: BTreeMap<K, Tally>,
}

impl<K: Ord> Healthy<K> {
    fn new(kinds: BTreeMap<K, Tally>) -> Healthy<K> {
        let all = kinds.values().copied().fold(Tally::default(), Tally::plus);
        Healthy { all, kinds }
    }

    /// The rate of a kind, as if one more had been harmed, at the rate of all: what was not seen may happen.
    fn rate(&self, kind: &K) -> Rate {
        let own = self.kinds.get(kind).copied().unwrap_or_default();
        let one_more = (self.all.requests as f64 + 1.0) / (self.all.harmed as f64 + 1.0);
        Rate { harmed: own.harmed as f64 + 1.0, requests: own.requests as f64 + one_more }
    }

    /// Groups of requests beside what is usual for the kind of each.
    fn beside<G: Ord>(&self, tallies: BTreeMap<G, Tally>, kind: impl Fn(&G) -> &K) -> BTreeMap<G, Group> {
        let group = |(key, tally): (G, Tally)| {
            let rate = self.rate(kind(&key));
            let (usual, chance) = (rate.expected(tally.requests), rate.or_more(tally.requests, tally.harmed));
            (key, Group { tally, usual, chance })
        };
        tallies.into_iter().map(group).collect()
    }
}

/// A group of requests.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Group {
    tally: Tally,
    /// How many would be harmed if all were well.
    usual: f64,
    /// The probability that chance harms as many.
    chance: f64,
}

impl Group {
    /// Harmed requests beyond the background.
    fn beyond(&self) -> f64 {
        self.tally.harmed as f64 - self.usual
    }

    /// Whether it is affected: one of so many that are tested, where this share of all requests was harmed.
    fn is_affected(&self, average: f64, tested: usize) -> bool {
        let least = LEAST_SHARE * average * self.tally.requests as f64;
        self.beyond() >= least && self.chance < BY_CHANCE / tested as f64
    }
}

/// All users with one value of an attribute, on journeys that are affected.
#[derive(Clone, Copy, Debug, Default)]
struct Margin {
    harmed: f64,
    usual: f64,
    /// Harm beyond the background that they would have if each journey's fell evenly on its users.
    even: f64,
}

impl Margin {
    /// Whether they were spared: they have less than a part of what would be theirs, and chance does not explain it.
    fn is_spared(&self) -> bool {
        let mean = self.usual + self.even;
        self.harmed - self.usual < LEAST_SHARE * self.even && self.harmed + noise(mean) < mean
    }
}

/// The values of a user's attributes, in the order of [`UserAttribute::ALL`].
type Segment = [String; 4];
/// A step of a journey, by their numbers in the ground truth.
type Step = (usize, usize);

fn journey_of(segment: &Segment) -> &String {
    let [.., journey] = segment;
    journey
}

/// The harm of the incident, from the cause to the first fix (or to now).
#[derive(Clone, Debug, Default)]
pub struct Affected {
    segments: BTreeMap<Segment, (Group, bool)>,
    /// The journeys that are affected as a whole, or in one of their segments.
    journeys: BTreeMap<String, Group>,
    /// Steps of journeys, by their numbers in the ground truth, that are harmed.
    pub steps: BTreeSet<Step>,
    /// Harmed requests between the cause and the learner's arrival, beyond the background.
    pub harmed_before_arrival: u64,
}

/// What was counted.
#[derive(Default)]
struct Counted {
    /// Before the cause.
    healthy: BTreeMap<Step, Tally>,
    /// From the cause to the learner's arrival.
    arrival: Tally,
    /// From the cause to the first fix.
    segments: BTreeMap<Segment, Tally>,
    steps: BTreeMap<Step, Tally>,
}

impl Affected {
    pub fn new(case: &Case<'_>) -> Affected {
        let Some(caused) = case.caused_at() else { return Affected::default() };
        let counted = Counted::new(case, caused);
        let names = case.sim.truth().journeys();
        let mut journeys: BTreeMap<String, Tally> = BTreeMap::new();
        for ((journey, _), tally) in &counted.healthy {
            let known = journeys.entry(names.get(*journey).cloned().unwrap_or_default()).or_default();
            *known = known.plus(*tally);
        }
        let (journeys, steps) = (Healthy::new(journeys), Healthy::new(counted.healthy));
        let usual = steps.all.share() * counted.arrival.requests as f64;
        let (mut found, average) = Affected::of(&journeys, counted.segments);
        let groups = steps.beside(counted.steps, |step| step);
        let tested = groups.len();
        found.steps =
            groups.into_iter().filter(|(_, group)| group.is_affected(average, tested)).map(|(step, _)| step).collect();
        found.harmed_before_arrival = (counted.arrival.harmed as f64 - usual).round().max(0.0) as u64;
        found
    }

    /// Who is affected among segments of users, and the share of all their requests that was harmed beyond the background.
    fn of(healthy: &Healthy<String>, tallies: BTreeMap<Segment, Tally>) -> (Affected, f64) {
        let mut whole: BTreeMap<String, Tally> = BTreeMap::new();
        for (segment, tally) in &tallies {
            let known = whole.entry(journey_of(segment).clone()).or_default();
            *known = known.plus(*tally);
        }
        let segments = healthy.beside(tallies, journey_of);
        let mut journeys = healthy.beside(whole, |journey| journey);
        let all: f64 = segments.values().map(|group| group.tally.requests as f64).sum();
        let average = segments.values().map(Group::beyond).sum::<f64>() / all.max(1.0);
        let tested = segments.len();
        let judged = |(segment, group): (Segment, Group)| (segment, (group, group.is_affected(average, tested)));
        let segments: BTreeMap<Segment, (Group, bool)> = segments.into_iter().map(judged).collect();
        let in_part = |journey: &String| {
            segments.iter().any(|(segment, (_, affected))| *affected && journey_of(segment) == journey)
        };
        let tested = journeys.len();
        journeys.retain(|journey, group| group.is_affected(average, tested) || in_part(journey));
        (Affected { segments, journeys, ..Affected::default() }, average)
    }

    /// How well a predicate finds the affected: the share of those it names who are affected (by requests), and the
    /// share of the harm that it covers.
    pub fn precision_and_recall(&self, filter: &UserFilter) -> (f64, f64) {
        let meant = |segment: &Segment| {
            let pairs = UserAttribute::ALL.into_iter().zip(segment);
            pairs.into_iter().all(|(attribute, value)| filter.value(attribute).is_none_or(|wanted| wanted == value))
        };
        let (mut named, mut right, mut harm, mut covered) = (0.0, 0.0, 0.0, 0.0);
        for (segment, (group, affected)) in &self.segments {
            let (requests, beyond) = (group.tally.requests as f64, group.beyond().max(0.0));
            harm += if *affected { beyond } else { 0.0 };
            if meant(segment) {
                named += requests;
                right += if *affected { requests } else { 0.0 };
                covered += if *affected { beyond } else { 0.0 };
            }
        }
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        (share(right, named), share(covered, harm))
    }

    /// The values of each attribute that affected users have, where not all values are among them.
    pub fn words(&self) -> String {
        if self.journeys.is_empty() {
            return "nobody was harmed beyond the usual".into();
        }
        let mut parts = Vec::new();
        for (at, attribute) in UserAttribute::ALL.into_iter().enumerate() {
            let all: BTreeSet<&str> = self.segments.keys().map(|segment| segment[at].as_str()).collect();
            let affected = self.values(at);
            if !affected.is_empty() && affected.len() < all.len() {
                parts.push(format!("{} {}", attribute.words(), affected.join(" or ")));
            }
        }
        match parts.is_empty() {
            true => "all kinds of users were harmed".into(),
            false => format!("the harmed had {}", parts.join(", and ")),
        }
    }

    /// The values of an attribute whose users were not spared, in order.
    fn values(&self, at: usize) -> Vec<&str> {
        let mut margins: BTreeMap<&str, Margin> = BTreeMap::new();
        for (segment, (group, _)) in &self.segments {
            let Some(whole) = self.journeys.get(journey_of(segment)) else { continue };
            let margin = margins.entry(&segment[at]).or_default();
            margin.harmed += group.tally.harmed as f64;
            margin.usual += group.usual;
            margin.even += whole.beyond().max(0.0) * group.tally.requests as f64 / whole.tally.requests as f64;
        }
        margins.into_iter().filter(|(_, margin)| !margin.is_spared()).map(|(value, _)| value).collect()
    }
}

impl Counted {
    fn new(case: &Case<'_>, caused: SimTime) -> Counted {
        let truth = case.sim.truth();
        let now = SimTime(case.sim.now().0.saturating_sub(case.lesson.world().longest_debt().0));
        let until = case.first_fix().unwrap_or(now).min(now);
        let warm = SimTime(WARM_UP.0.min(caused.0 / 2));
        let mut people: BTreeMap<UserNumber, [String; 3]> = BTreeMap::new();
        let mut counted = Counted::default();
        for settled in truth.settled() {
            let (journey, step) = (usize::from(settled.journey), usize::from(settled.step));
            if settled.asked < caused {
                if settled.asked >= warm {
                    counted.healthy.entry((journey, step)).or_default().add(settled);
                }
                continue;
            }
            if settled.asked < case.opened_at {
                counted.arrival.add(settled);
            }
            if settled.asked >= until {
                continue;
            }
            let facts = people.entry(settled.user).or_insert_with(|| {
                let facts = truth.user(settled.user);
                [facts.region, facts.account, facts.client]
            });
            let [region, account, client] = facts.clone();
            let name = truth.journeys().get(journey).cloned().unwrap_or_default();
            counted.segments.entry([region, account, client, name]).or_default().add(settled);
            counted.steps.entry((journey, step)).or_default().add(settled);
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two journeys on which one request of two hundred is harmed while all is well.
    fn affected(segments: impl IntoIterator<Item = (Segment, u64)>) -> Affected {
        let usual = Tally { requests: 10_000, harmed: 50 };
        let healthy = Healthy::new(["browse", "buy"].map(|journey| (journey.to_owned(), usual)).into());
        let tally = |(segment, harmed): (Segment, u64)| (segment, Tally { requests: 100, harmed });
        Affected::of(&healthy, segments.into_iter().map(tally).collect()).0
    }

    #[test]
    fn a_predicate_is_judged_by_whom_it_names_and_what_it_covers() {
        let segment = |region: &str, journey: &str| [region.into(), "a".into(), "c".into(), journey.into()];
        let affected = affected([
            (segment("eu", "buy"), 40),
            (segment("eu", "browse"), 0),
            (segment("us", "buy"), 40),
            (segment("us", "browse"), 0),
        ]);
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

    /// Users of three regions, two account types, three clients and two journeys, and how many of each segment are harmed.
    fn many(harmed: impl Fn(&str, &str, usize) -> u64) -> Affected {
        let mut segments = Vec::new();
        for region in ["lisbon", "madrid", "porto"] {
            for account in ["business", "personal"] {
                for client in ["android 7", "android 8", "ios 8"] {
                    for journey in ["browse", "buy"] {
                        let count = harmed(region, journey, segments.len());
                        segments.push(([region, account, client, journey].map(str::to_owned), count));
                    }
                }
            }
        }
        affected(segments)
    }

    #[test]
    fn chance_in_a_small_segment_does_not_hide_what_the_harmed_have_in_common() {
        // Of the buyers in porto 15 in a hundred are harmed; here and there chance harms one, and once four.
        let found = many(|region, journey, number| match (region, journey, number) {
            ("porto", "buy", _) => 15,
            (_, _, 3) => 4,
            _ => u64::from(number % 3 == 0),
        });
        assert_eq!(found.words(), "the harmed had region porto, and journey buy");
        let porto = UserFilter { region: Some("porto".into()), journey: Some("buy".into()), ..UserFilter::default() };
        assert_eq!(found.precision_and_recall(&porto), (1.0, 1.0));
    }

    #[test]
    fn what_chance_does_everywhere_is_nobodys_harm() {
        let found = many(|_, _, number| [0, 1, 0, 2, 0, 0, 1][number % 7]);
        assert_eq!(found.words(), "nobody was harmed beyond the usual");
    }

    #[test]
    fn a_few_harmed_tell_nothing_of_who_they_are() {
        // None of one region, where three are usual and eight would be its part.
        let found = many(|region, journey, _| match (journey, region) {
            ("buy", "madrid" | "porto") => 2,
            _ => 0,
        });
        assert_eq!(found.words(), "the harmed had journey buy");
    }

    #[test]
    fn of_two_causes_whoever_has_either_is_named() {
        let found = many(|region, journey, _| match (journey, region) {
            ("buy", _) => 20,
            (_, "porto") => 20,
            _ => 0,
        });
        assert_eq!(found.words(), "all kinds of users were harmed");
    }
}
