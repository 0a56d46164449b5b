//! Users: who they are, which journeys they start and when. Poisson arrivals, open loop; a user's attributes follow
//! from the user's number alone.

use super::plan::Plan;
use crate::random::{Identity, Seed, Stream};
use crate::time::SimTime;
use crate::truth::UserFacts;
use crate::world::Reports;

/// The users of one node.
#[derive(Clone, Debug)]
pub struct Population {
    name: String,
    pub(super) count: u32,
    pub(super) rate: f64,
    pub(super) daily_swing: f64,
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
        nodes
            .filter_map(|(name, node)| Some((name, node.users.as_ref()?)))
            .map(|(name, users)| {
                let journey = |journey: &String| {
                    let found =
                        plan.journeys.iter().position(|p| p.name == *journey && plan.nodes[p.users.at()].name == *name);
                    found.unwrap_or(0) as u16
                };
                let stream = |purpose| Stream::new(seed, name, purpose);
                Population {
                    name: name.clone(),
                    count: users.count.max(1),
                    rate: users.journeys_per_second,
                    daily_swing: users.daily_swing,
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

    /// The type of a user's account.
    pub(super) fn account(&self, user: u32) -> &str {
        choose(&self.accounts, self.people.unit(Identity(u64::from(user)), 1)).map_or("", String::as_str)
    }

    /// Journeys that start per second at `now`.
    pub(super) fn rate_at(&self, now: SimTime, factor: f64) -> f64 {
        let day = now.as_secs_f64() / 86_400.0;
        let swing = 1.0 - self.daily_swing * libm::cos(std::f64::consts::TAU * day);
        self.rate * factor * swing
    }
}

/// The entry that a uniform draw falls on.
pub(super) fn choose<T>(table: &[(f64, T)], unit: f64) -> Option<&T> {
    table.iter().find(|(share, _)| unit < *share).or(table.last()).map(|(_, value)| value)
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
