//! What a world offers to those who look for places where it can fail silently: its calls with their usual times and
//! rates, its effects, its consumers. Knows the declared world; nothing of incidents.

use std::collections::{BTreeMap, BTreeSet};

use super::typical::{Typical, mean, quantile};
use crate::time::Duration;
use crate::world::check::routing::{Next, next};
use crate::world::check::{Neighbours, neighbours, split};
use crate::world::{Arrow, Call, Kind, Node, Op, Step, When, WorldSpec};
use crate::{Seed, Simulation, World};

/// Draws of a call's time.
const DRAWS: u64 = 300;

/// An arrow over which somebody calls and waits.
pub(super) struct Way<'a> {
    pub name: String,
    pub from: &'a str,
    pub to: &'a str,
    pub arrow: &'a Arrow,
    pub calls: Vec<&'a Call>,
    /// Whether anything that users are owed comes over it: data, or an effect.
    pub is_owed: bool,
    /// Requests of users a second whose path crosses it.
    pub rate: f64,
    /// Usual times of a call, shortest first.
    times: Vec<Duration>,
}

impl Way<'_> {
    /// The time within which this share of its calls is answered.
    pub fn within(&self, share: f64) -> Duration {
        quantile(&self.times, share)
    }

    /// The mean time of a call.
    pub fn mean(&self) -> Duration {
        mean(&self.times)
    }

    /// Whether calls over it are waited for.
    pub fn is_waited_for(&self) -> bool {
        self.calls.iter().any(|call| !call.detached)
    }
}

/// A consumer of a queue.
pub(super) struct Consumer<'a> {
    pub name: &'a str,
    pub node: &'a Node,
    pub queue: &'a str,
    /// Messages a second.
    pub rate: f64,
    /// Mean time that one message takes, and how much of it is the node's own work.
    pub handling: Duration,
    pub work: Duration,
}

/// What a world offers.
pub(super) struct Survey<'a> {
    pub spec: &'a WorldSpec,
    pub ways: Vec<Way<'a>>,
    pub consumers: Vec<Consumer<'a>>,
    /// Requests of users a second whose path comes to a node.
    pub rates: BTreeMap<&'a str, f64>,
    /// Effects that users are owed.
    pub owed: BTreeSet<&'a str>,
    /// The longest time that any effect may take.
    pub effects_within: Duration,
    /// Whether any user is owed fresh data.
    pub fresh: bool,
}

impl<'a> Survey<'a> {
    pub fn new(world: &'a World) -> Survey<'a> {
        let spec = world.spec();
        let out = neighbours(spec);
        let typical = Typical::new(spec, &out);
        let crossed = crossed(world);
        let rate = |from: &str, to: &str| crossed.get(&(from.to_owned(), to.to_owned())).copied().unwrap_or(0.0);
        let mut rates: BTreeMap<&str, f64> = BTreeMap::new();
        for (name, arrow) in out.iter().flat_map(|(from, callees)| callees.keys().map(move |to| (*from, *to))) {
            let arrives = rates.entry(arrow).or_default();
            *arrives = arrives.max(rate(name, arrow));
        }
        let mut calls: BTreeMap<(&str, &str), Vec<&Call>> = BTreeMap::new();
        let made =
            spec.nodes.iter().flat_map(|(name, node)| all_calls(node).into_iter().map(move |call| (name, node, call)));
        for (from, _, call) in made.filter(|(_, node, call)| is_usual(node, call)) {
            calls.entry((from.as_str(), call.to.as_str())).or_default().push(call);
        }
        let steps = || spec.journeys.values().flat_map(|journey| &journey.steps);
        let parts = steps().flat_map(|step| step.owes.parts.iter().map(String::as_str));
        let owed: BTreeSet<&str> =
            parts.chain(steps().flat_map(|step| step.owes.effects.keys().map(String::as_str))).collect();
        let gives = |call: &&Call| {
            let mut given = BTreeSet::new();
            gather(spec, &out, (call.to.as_str(), &call.op), &mut given, 0);
            given.iter().any(|given| owed.contains(given))
        };
        let ways = calls.into_iter().filter_map(|((from, to), calls)| {
            let arrow = *out.get(from)?.get(to)?;
            let mut times: Vec<Duration> =
                calls.iter().flat_map(|call| typical.call_times(from, call, DRAWS)).collect();
            times.sort_unstable();
            let is_owed = calls.iter().any(gives);
            Some(Way { name: format!("{from} -> {to}"), from, to, arrow, is_owed, rate: rate(from, to), calls, times })
        });
        Survey {
            spec,
            ways: ways.filter(|way| way.rate > 0.0).collect(),
            consumers: consumers(spec, &typical, &rate),
            rates,
            owed: steps().flat_map(|step| step.owes.effects.keys().map(String::as_str)).collect(),
            effects_within: steps().map(|step| step.owes.effects_within).max().unwrap_or_default(),
            fresh: steps().any(|step| step.owes.fresh_within.is_some()),
        }
    }

    /// The ways into a node.
    pub fn into<'s>(&'s self, node: &'s str) -> impl Iterator<Item = &'s Way<'a>> {
        self.ways.iter().filter(move |way| way.to == node)
    }

    /// The nodes that users' own arrows lead to.
    pub fn entries(&self) -> BTreeSet<&'a str> {
        let users = |from: &str| self.spec.nodes.get(from).is_some_and(|node| node.users.is_some());
        let ends = self.spec.arrows.keys().filter_map(|name| split(name));
        ends.filter(|(from, _)| users(from)).map(|(_, to)| to).collect()
    }

    /// Nodes that the company itself runs and deploys.
    pub fn own_nodes(&self) -> Vec<&'a str> {
        let own = |kind: Kind| !matches!(kind, Kind::Users | Kind::External);
        self.spec.nodes.iter().filter(|(_, node)| own(node.kind)).map(|(name, _)| name.as_str()).collect()
    }
}

fn all_calls(node: &Node) -> Vec<&Call> {
    let mut calls = Vec::new();
    for step in node.routes.values().flat_map(|route| &route.steps) {
        step.walk(&mut |step| match step {
            Step::Call(call) => calls.push(call),
            Step::All(all) => calls.extend(all),
            Step::Work(_) | Step::Effect(_) | Step::Issue(_) | Step::Critical(_) => {}
        });
    }
    calls
}

/// Calls inside calls that are followed.
const DEEPEST: u32 = 24;

/// The data and effects that a call brings, by way of others too.
fn gather<'a>(
    spec: &'a WorldSpec,
    out: &Neighbours<'a>,
    (node, op): (&'a str, &'a Op),
    given: &mut BTreeSet<&'a str>,
    depth: u32,
) {
    let (route, node) = match op {
        Op::Get(datum) | Op::Read(datum) | Op::Write(datum) => {
            given.insert(datum);
            return;
        }
        Op::Put(_) | Op::Invalidate(_) | Op::Publish(_) => return,
        Op::Route(route) => (route, node),
    };
    if depth == DEEPEST {
        return;
    }
    let (declared, target) = match next(spec, out, node, route) {
        Next::Answers(declared) => (Some(declared), None),
        Next::Forwards(declared, target) => (declared, Some(target)),
        Next::Unknown => (None, None),
    };
    if let Some(target) = target {
        gather(spec, out, (target, op), given, depth + 1);
    }
    for step in declared.into_iter().flat_map(|declared| &declared.steps) {
        step.walk(&mut |step| match step {
            Step::Call(call) => gather(spec, out, (call.to.as_str(), &call.op), given, depth + 1),
            Step::All(calls) => {
                calls.iter().for_each(|call| gather(spec, out, (call.to.as_str(), &call.op), given, depth + 1));
            }
            Step::Effect(given_by) | Step::Issue(given_by) => {
                given.insert(given_by);
            }
            Step::Work(_) | Step::Critical(_) => {}
        });
    }
}

/// Whether a call is made as the flags of its node stand.
fn is_usual(node: &Node, call: &Call) -> bool {
    let is_on = |flag: &String| node.flags.get(flag).copied().unwrap_or(false);
    match &call.when {
        When::Flag(flag) => is_on(flag),
        When::NoFlag(flag) => !is_on(flag),
        _ => true,
    }
}

/// Effects that a route of a node brings about by itself.
pub(super) fn effects(node: &Node) -> impl Iterator<Item = &str> {
    let steps = node.routes.values().flat_map(|route| &route.steps);
    steps.filter_map(|step| if let Step::Effect(effect) = step { Some(effect.as_str()) } else { None })
}

/// Whether all these calls ask for a route.
pub(super) fn asks_routes(calls: &[&Call]) -> bool {
    calls.iter().all(|call| matches!(call.op, Op::Route(_)))
}

/// Requests of users a second over each arrow.
fn crossed(world: &World) -> BTreeMap<(String, String), f64> {
    let sim = Simulation::new(world, Seed(0));
    let journeys = sim.journey_names();
    let mut crossed: BTreeMap<(String, String), f64> = BTreeMap::new();
    for users in world.spec().nodes.values().filter_map(|node| node.users.as_ref()) {
        let weights: f64 = users.journeys.values().sum();
        for (name, weight) in &users.journeys {
            let rate = users.journeys_per_second * weight / weights.max(f64::MIN_POSITIVE);
            let Some(at) = journeys.iter().position(|known| known == name) else { continue };
            let steps = world.spec().journeys.get(name).map_or(0, |journey| journey.steps.len());
            for arrow in (0..steps).flat_map(|step| sim.call_graph(at, step)) {
                *crossed.entry(arrow).or_default() += rate;
            }
        }
    }
    crossed
}

fn consumers<'a>(spec: &'a WorldSpec, typical: &Typical<'_>, rate: &dyn Fn(&str, &str) -> f64) -> Vec<Consumer<'a>> {
    let consumer = |(name, node): (&'a String, &'a Node)| {
        let queue = node.consumes.as_ref()?.queue.as_str();
        let handlers: Vec<_> = node.routes.values().collect();
        let times: Vec<Duration> =
            handlers.iter().flat_map(|route| typical.handler_times(name, route, DRAWS)).collect();
        let work: Vec<Duration> = handlers.iter().map(|route| typical.work(route, DRAWS)).collect();
        Some(Consumer { name, node, queue, rate: rate(queue, name), handling: mean(&times), work: mean(&work) })
    };
    spec.nodes.iter().filter_map(consumer).filter(|consumer| consumer.rate > 0.0 && consumer.work.0 > 0).collect()
}
