//! Users: who they are, which journeys they start and when. Poisson arrivals, open loop; a user's attributes follow
//! from the user's number alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dist;
use super::plan::Plan;
use crate::random::{Identity, Seed, Stream};
use crate::time::{Duration, SimTime};
use crate::truth::UserFacts;
use crate::world::{Arrival, Cohort, Crowd, Reports};

/// The users of one node.
#[derive(Clone, Debug)]
pub struct Population {
    name: String,
    pub(super) count: u32,
    pub(super) rate: f64,
    pub(super) daily_swing: f64,
    crowds: Vec<Crowd>,
    /// Journeys that start when a file says, in order of time.
    pub(super) trace: Arc<Vec<Arrival>>,
    pub(super) reports: Reports,
    /// Journeys by number with cumulative shares.
    pub(super) journeys: Vec<(f64, u16)>,
    regions: Vec<(f64, String)>,
    accounts: Vec<(f64, String)>,
    clients: Vec<(f64, String)>,
    people: Stream,
    pub(super) arrivals: Stream,
    pub(super) thinking: Stream,
    pub(super) complaints: Stream,
}

impl Population {
    /// The users of every node that has some, in order of the nodes' names.
    pub(super) fn all(plan: &Plan, seed: Seed) -> Vec<Population> {
        let nodes = plan.spec().nodes.iter();
        let numbered = plan.journeys.iter().zip(0..);
        let numbers: BTreeMap<(&str, &str), u16> =
            numbered.map(|(p, at)| ((plan.nodes[p.users.at()].name.as_str(), p.name.as_str()), at)).collect();
        nodes
            .filter_map(|(name, node)| Some((name, node.users.as_ref()?)))
            .map(|(name, users)| {
                let journey = |journey: &String| numbers.get(&(name.as_str(), journey.as_str())).copied().unwrap_or(0);
                let stream = |purpose| Stream::new(seed, name, purpose);
                Population {
                    name: name.clone(),
                    count: users.count.max(1),
                    rate: users.journeys_per_second,
                    daily_swing: users.daily_swing,
                    crowds: users.crowds.clone(),
                    trace: plan.world.arrivals(name),
                    reports: users.reports.clone(),
                    journeys: shares(users.journeys.iter().map(|(name, weight)| (*weight, journey(name)))),
                    regions: shares(users.regions.iter().map(|(name, weight)| (*weight, name.clone()))),
                    accounts: shares(users.accounts.iter().map(|(name, weight)| (*weight, name.clone()))),
                    clients: shares(users.clients.iter().map(|(name, weight)| (*weight, name.clone()))),
                    people: stream("people"),
                    arrivals: stream("arrivals"),
                    thinking: stream("thinking"),
                    complaints: stream("complaints"),
                }
            })
            .collect()
    }

    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is known of a user.
    pub fn facts(&self, user: u32) -> UserFacts {
        let who = Identity(u64::from(user));
        let pick =
            |table: &[(f64, String)], lane| choose(table, self.people.unit(who, lane)).cloned().unwrap_or_default();
        UserFacts { region: pick(&self.regions, 0), account: pick(&self.accounts, 1), client: pick(&self.clients, 2) }
    }

    /// Whether a user is one of these. `salt` tells apart what shares of users are drawn for.
    pub(super) fn belongs(&self, user: u32, cohort: &Cohort, salt: u64) -> bool {
        let who = Identity(u64::from(user));
        let fits = |wanted: &[String], table: &[(f64, String)], lane| {
            let found = || choose(table, self.people.unit(who, lane));
            wanted.is_empty() || found().is_some_and(|found| wanted.contains(found))
        };
        fits(&cohort.regions, &self.regions, 0)
            && fits(&cohort.accounts, &self.accounts, 1)
            && fits(&cohort.clients, &self.clients, 2)
            && (cohort.share >= 1.0 || self.people.unit(who, 3 | salt << 2) < cohort.share)
    }

    /// The type of a user's account.
    pub(super) fn account(&self, user: u32) -> &str {
        choose(&self.accounts, self.people.unit(Identity(u64::from(user)), 1)).map_or("", String::as_str)
    }

    /// Journeys that start per second at `now`.
    pub(super) fn rate_at(&self, now: SimTime, factor: f64) -> f64 {
        let day = now.as_secs_f64() / 86_400.0;
        let swing = 1.0 - self.daily_swing * libm::cos(std::f64::consts::TAU * day);
        let crowds = self.crowds.iter().filter(|crowd| {
            let since = now.0.checked_sub(crowd.from.0);
            since.is_some_and(|since| since < crowd.lasts.0)
        });
        self.rate * factor * swing * crowds.map(|crowd| crowd.factor).product::<f64>()
    }

    /// The time to the next arrival, if it is the `unit`-th share of all that it could be; None if nobody comes. Poisson
    /// arrivals at a rate that changes when a crowd comes or goes: what is left of an exponential time at one rate goes on
    /// at the next.
    pub(super) fn gap(&self, now: SimTime, factor: f64, unit: f64) -> Option<Duration> {
        if self.crowds.is_empty() {
            let rate = self.rate_at(now, factor);
            return (rate >= LEAST_RATE).then(|| dist::exponential(1e9 / rate, unit));
        }
        self.rest(now, factor, left_of(unit))
    }

    /// The same, if so much of an exponential time at rate 1 is left.
    pub(super) fn rest(&self, now: SimTime, factor: f64, left: f64) -> Option<Duration> {
        let (mut at, mut left) = (now, left);
        loop {
            let rate = self.rate_at(at, factor);
            let arrives = |rate: f64| Duration((1e9 * left / rate) as u64);
            match self.edge_after(at) {
                Some(edge) if rate < LEAST_RATE || at + arrives(rate) >= edge => {
                    left = (left - rate * edge.since(at).as_secs_f64()).max(0.0);
                    at = edge;
                }
                _ if rate < LEAST_RATE => return None,
                _ => return Some((at + arrives(rate)).since(now)),
            }
        }
    }

    /// How much of an exponential time at rate 1 passes between two instants.
    pub(super) fn passes(&self, from: SimTime, to: SimTime, factor: f64) -> f64 {
        let (mut at, mut all) = (from, 0.0);
        while at < to {
            let next = self.edge_after(at).unwrap_or(to).min(to);
            all += self.rate_at(at, factor) * next.since(at).as_secs_f64();
            at = next;
        }
        all
    }

    /// Whether the rate changes with the time of day, and not only at once.
    pub(super) fn swings(&self) -> bool {
        self.daily_swing != 0.0
    }

    /// When a crowd comes or goes next.
    fn edge_after(&self, at: SimTime) -> Option<SimTime> {
        let edges = self.crowds.iter().flat_map(|crowd| [crowd.from, crowd.from + crowd.lasts]);
        edges.map(|edge| SimTime(edge.0)).filter(|edge| *edge > at).min()
    }

    /// The user of a row of the trace: the one it names, or one with the facts that it names.
    pub(super) fn user_of(&self, row: &Arrival, who: Identity) -> u32 {
        let tables = [&self.regions, &self.accounts, &self.clients];
        let fits = |user: u32| {
            let known = row.facts.iter().zip(tables).enumerate();
            known.into_iter().all(|(lane, (wanted, table))| {
                let unit = self.people.unit(Identity(u64::from(user)), lane as u64);
                wanted.is_none_or(|wanted| place(table, unit) == usize::from(wanted))
            })
        };
        let draw = |lane| self.arrivals.index(who, lane, self.count as usize) as u32;
        let drawn = (0..MOST_DRAWS).map(|lane| draw(FIRST_DRAW + lane)).find(|user| fits(*user));
        row.user.or(drawn).unwrap_or_else(|| draw(FIRST_DRAW))
    }
}

/// The exponential time at rate 1 that is the `unit`-th share of all that it could be.
pub(super) fn left_of(unit: f64) -> f64 {
    -libm::log(1.0 - unit)
}

/// Below this many arrivals per second nobody comes.
const LEAST_RATE: f64 = 1e-6;
/// Users that are looked at to find one with some facts; of 10,000 nearly always one has facts that one in a thousand has.
const MOST_DRAWS: u64 = 10_000;
/// The first lane of those draws.
const FIRST_DRAW: u64 = 100;

/// The place of the entry that a uniform draw falls on.
fn place<T>(table: &[(f64, T)], unit: f64) -> usize {
    table.iter().position(|(share, _)| unit < *share).unwrap_or(table.len().saturating_sub(1))
}

/// The entry that a uniform draw falls on.
pub(super) fn choose<T>(table: &[(f64, T)], unit: f64) -> Option<&T> {
    let at = table.partition_point(|(share, _)| *share <= unit);
    table.get(at).or(table.last()).map(|(_, value)| value)
}

/// Weights to cumulative shares.
fn shares<T>(weights: impl Iterator<Item = (f64, T)>) -> Vec<(f64, T)> {
    let mut sum = 0.0;
    let mut table: Vec<(f64, T)> = weights
        .map(|(weight, value)| {
            sum += weight;
            (sum, value)
        })
        .collect();
    table.iter_mut().for_each(|(share, _)| *share /= sum);
    table
}
