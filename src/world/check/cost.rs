//! What a request can set off at most: how deep its calls go, how often it is tried, what its answer holds, which
//! effects it has, and how many events a second of the whole world costs. Refuses what could not be simulated.

use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::Check;
use super::graph::{Graph, Paths};
use super::ranges::mean_secs;
use super::users::{MOST_EFFECTS, MOST_PARTS};
use crate::diagnostic::{DataPath, Findings};
use crate::world::WorldSpec;

/// Simulated events per simulated second that are accepted.
pub(crate) const MOST_EVENTS_PER_SECOND: f64 = 2e6;
/// Events that one call costs: it sets out, arrives, is worked on, and comes back.
const EVENTS_PER_CALL: f64 = 4.0;
/// The longest chain of calls.
const DEEPEST_CALLS: u32 = 64;
/// Attempts at the end of a chain of retries for one request.
const MOST_ATTEMPTS: f64 = 1_000.0;

/// What is behind each vertex, itself excluded.
#[derive(Clone, Debug, Default)]
struct Behind<'a> {
    calls: f64,
    depth: u32,
    attempts: f64,
    parts: BTreeSet<&'a str>,
    effects: BTreeSet<&'a str>,
}

impl<'a> Check<'a> {
    pub(super) fn graph(&mut self) {
        let Some(paths) = self.paths() else { return };
        if self.circles(&paths.graph) {
            return;
        }
        let Ok(order) = petgraph::algo::toposort(&paths.graph, None) else { return };
        let mut behind = vec![Behind { attempts: 1.0, ..Behind::default() }; paths.graph.node_count()];
        for at in order.into_iter().rev() {
            let sum = sum(&paths.graph, at, &behind);
            self.chain(&paths.graph, at, &sum, &behind);
            if let Some(slot) = behind.get_mut(at.index()) {
                *slot = sum;
            }
        }
        self.debts(&paths, &behind);
        if self.found.is_empty() {
            self.load(&paths, &behind);
        }
    }

    /// Chains of calls and of retries, reported at the call that makes them too long.
    fn chain(&mut self, graph: &Graph<'a>, at: NodeIndex, sum: &Behind<'a>, behind: &[Behind<'a>]) {
        for edge in graph.edges(at).filter(|edge| !edge.weight().delivers) {
            let Some(callee) = behind.get(edge.target().index()) else { continue };
            let attempts = edge.weight().attempts * callee.attempts;
            if attempts > MOST_ATTEMPTS && callee.attempts <= MOST_ATTEMPTS {
                let what = format!(
                    "retries multiply: up to {attempts} attempts at the end of {}",
                    retries(graph, edge.id(), behind)
                );
                self.found.value(
                    &edge.weight().path,
                    what,
                    "lower `attempts` on this way, or give the retries a `budget`",
                );
            }
        }
        if sum.depth == DEEPEST_CALLS + 1 {
            let what = format!("calls go deeper than {DEEPEST_CALLS} from here");
            self.found.value(&graph[at].path, what, "make the chain of calls shorter");
        }
    }

    /// Answers and effects of each request, and what users are owed for it.
    fn debts(&mut self, paths: &Paths<'a>, behind: &[Behind<'a>]) {
        for vertex in paths.graph.node_indices() {
            let Some(sum) = behind.get(vertex.index()) else { continue };
            let first = paths
                .graph
                .edges_directed(vertex, Direction::Outgoing)
                .all(|edge| behind.get(edge.target().index()).is_none_or(|callee| callee.parts.len() <= MOST_PARTS));
            if sum.parts.len() > MOST_PARTS && first {
                let (node, route) = (paths.graph[vertex].node, &paths.graph[vertex].name);
                let what =
                    format!("the answer of {node} to `{route}` could hold more than {MOST_PARTS} different data");
                self.found.key(&paths.graph[vertex].path, what, "read fewer families of data for one request");
            }
        }
        for (_, _, journey, requests) in &paths.journeys {
            for (step, vertex) in journey.steps.iter().zip(requests) {
                let Some(sum) = behind.get(vertex.index()) else { continue };
                let request = &paths.graph[*vertex].path;
                owed(&mut self.found, request, step, sum);
            }
        }
    }

    /// The whole world's events per second.
    fn load(&mut self, paths: &Paths<'a>, behind: &[Behind<'a>]) {
        let shares = shares(self.spec, paths, behind);
        let events: f64 = shares.iter().map(|share| share.events).sum();
        if events <= MOST_EVENTS_PER_SECOND {
            return;
        }
        let Some(most) = shares.iter().max_by(|a, b| a.events.total_cmp(&b.events)) else { return };
        let what = format!(
            "this world costs up to {} events per simulated second, and {} are accepted: {}",
            count(events),
            count(MOST_EVENTS_PER_SECOND),
            most.words,
        );
        self.found.value(&most.path, what, "lower the rate, call less often, or lower `attempts` where calls are many");
    }
}

fn sum<'a>(graph: &Graph<'a>, at: NodeIndex, behind: &[Behind<'a>]) -> Behind<'a> {
    let mut sum = Behind { attempts: 1.0, ..Behind::default() };
    sum.parts.extend(graph[at].data);
    sum.effects.extend(graph[at].effects.iter().copied().take(MOST_EFFECTS + 1));
    for edge in graph.edges(at) {
        let (over, Some(callee)) = (edge.weight(), behind.get(edge.target().index())) else { continue };
        sum.calls += over.times * (1.0 + callee.calls);
        sum.effects.extend(&callee.effects);
        if !over.delivers {
            sum.depth = sum.depth.max(callee.depth.saturating_add(1));
            sum.attempts = sum.attempts.max(over.attempts * callee.attempts);
            sum.parts.extend(&callee.parts);
        }
    }
    // One too many is enough to know.
    while sum.parts.len() > MOST_PARTS + 1 {
        sum.parts.pop_last();
    }
    while sum.effects.len() > MOST_EFFECTS + 1 {
        sum.effects.pop_last();
    }
    sum
}

fn owed(found: &mut Findings, request: &DataPath, step: &crate::world::JourneyStep, sum: &Behind<'_>) {
    let owes = match request.steps().split_last() {
        Some((_, before)) => DataPath::from(before.to_vec()).field("owes"),
        None => return,
    };
    if sum.effects.len() > MOST_EFFECTS {
        let what =
            format!("this request could have more than {MOST_EFFECTS} different effects, too many to keep count of");
        return found.value(request, what, "split the work into several requests, or use fewer effects");
    }
    for effect in step.owes.effects.keys().filter(|effect| !sum.effects.contains(effect.as_str())) {
        let what = format!("nothing that this request sets off has the effect `{effect}`");
        let help = crate::diagnostic::did_you_mean(
            effect,
            sum.effects.iter().copied(),
            "add `Effect(…)` to a route on its way",
        );
        found.key(&owes.field("effects").key(effect), what, help);
    }
    for (at, part) in step.owes.parts.iter().enumerate() {
        if sum.parts.len() <= MOST_PARTS && !sum.parts.contains(part.as_str()) {
            let what = format!("no answer to this request can contain `{part}`");
            let none = "add a call that gets or reads it to a route on its way";
            let help = crate::diagnostic::did_you_mean(part, sum.parts.iter().copied(), none);
            found.value(&owes.field("parts").at(at), what, help);
        }
    }
}

/// The retries on the worst way from a call, in words.
fn retries(graph: &Graph<'_>, from: petgraph::graph::EdgeIndex, behind: &[Behind<'_>]) -> String {
    let mut words = Vec::new();
    let mut edge = Some(from);
    while let Some((here, (source, target))) = edge.and_then(|edge| Some((edge, graph.edge_endpoints(edge)?))) {
        if graph[here].attempts > 1.0 {
            words.push(format!("{} over `{} -> {}`", graph[here].attempts, graph[source].node, graph[target].node));
        }
        let calls = graph.edges(target).filter(|edge| !edge.weight().delivers);
        let worth = |to: NodeIndex| behind.get(to.index()).map_or(1.0, |behind| behind.attempts);
        let worst = calls.max_by(|a, b| {
            (a.weight().attempts * worth(a.target())).total_cmp(&(b.weight().attempts * worth(b.target())))
        });
        edge = worst.map(|edge| edge.id());
    }
    words.join(" × ")
}

/// What one part of a world costs.
struct Share {
    path: DataPath,
    events: f64,
    words: String,
}

fn shares(spec: &WorldSpec, paths: &Paths<'_>, behind: &[Behind<'_>]) -> Vec<Share> {
    let calls = |vertex: &NodeIndex| behind.get(vertex.index()).map_or(0.0, |behind| behind.calls);
    let mut shares = Vec::new();
    for (name, node) in &spec.nodes {
        let path = DataPath::root().field("nodes").key(name);
        if let Some(users) = &node.users {
            let rate = users.journeys_per_second * (1.0 + users.daily_swing) * largest_crowd(users);
            let weights: f64 = users.journeys.values().sum();
            let own = paths.journeys.iter().filter(|(node, ..)| node == name);
            let per_journey: f64 = own
                .map(|(_, journey, _, requests)| {
                    users.journeys.get(*journey).map_or(0.0, |weight| weight / weights)
                        * requests.iter().map(calls).sum::<f64>()
                })
                .sum();
            let events = rate * (1.0 + per_journey * EVENTS_PER_CALL);
            let words = format!(
                "{} journeys per second of `{name}` at most × {} calls each, with retries, × {EVENTS_PER_CALL} events per call make {}",
                count(rate),
                count(per_journey),
                count(events)
            );
            shares.push(Share { path: path.field("users").field("journeys_per_second"), events, words });
        }
        for (at, chatter) in node.telemetry.chatter.iter().enumerate() {
            let events = f64::from(node.replicas) / mean_secs(&chatter.every).max(1e-3);
            let words = format!("the lines of {} replicas of `{name}` make {}", node.replicas, count(events));
            shares.push(Share { path: path.field("telemetry").field("chatter").at(at).field("every"), events, words });
        }
    }
    for (path, rate, route) in &paths.jobs {
        let events = rate * (1.0 + calls(route) * EVENTS_PER_CALL);
        let words = format!(
            "{} starts of this job per second × {} calls each make {}",
            count(*rate),
            count(calls(route)),
            count(events)
        );
        shares.push(Share { path: path.field("every"), events, words });
    }
    let replicas: f64 = spec.nodes.values().map(|node| f64::from(node.replicas)).sum();
    let looks = 1.0 / spec.monitor.scrape_every.as_secs_f64() + 1.0 / spec.monitor.probe_every.as_secs_f64();
    let words = format!("the monitor looks at {replicas} replicas {} times a second", count(looks));
    shares.push(Share { path: DataPath::root().field("monitor"), events: replicas * looks, words });
    shares
}

/// The most that crowds multiply the rate by: they may come together.
fn largest_crowd(users: &crate::world::Users) -> f64 {
    let at = |time: crate::time::Duration| {
        let here = users.crowds.iter().filter(|crowd| crowd.from <= time && time < crowd.from + crowd.lasts);
        here.map(|crowd| crowd.factor).product::<f64>()
    };
    users.crowds.iter().map(|crowd| at(crowd.from)).fold(1.0, f64::max)
}

/// Events per simulated second of a checked world at its usual traffic, at most.
pub(crate) fn events_per_second(spec: &WorldSpec) -> f64 {
    let mut check = Check::new(spec);
    let Some(paths) = check.paths() else { return f64::INFINITY };
    let Ok(order) = petgraph::algo::toposort(&paths.graph, None) else { return f64::INFINITY };
    let mut behind = vec![Behind { attempts: 1.0, ..Behind::default() }; paths.graph.node_count()];
    for at in order.into_iter().rev() {
        let sum = sum(&paths.graph, at, &behind);
        if let Some(slot) = behind.get_mut(at.index()) {
            *slot = sum;
        }
    }
    shares(spec, &paths, &behind).iter().map(|share| share.events).sum()
}

/// A large number as people say it: `2 million`, `45,000`, `3.5`.
fn count(number: f64) -> String {
    match number {
        _ if number >= 1e12 => format!("{number:.1e}"),
        _ if number >= 1e9 => format!("{} billion", trimmed(number / 1e9)),
        _ if number >= 1e6 => format!("{} million", trimmed(number / 1e6)),
        _ if number >= 1e4 => format!("{} thousand", trimmed(number / 1e3)),
        _ => trimmed(number),
    }
}

fn trimmed(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}
