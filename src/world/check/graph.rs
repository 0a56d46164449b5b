//! All that one request can set off, as a graph: routes, operations on stores and messages, joined by calls and
//! deliveries. Built from a world whose names are known to lead somewhere.

use std::collections::BTreeMap;

use petgraph::graph::{DiGraph, NodeIndex};

use super::Check;
use super::routing::{Next, next};
use crate::diagnostic::DataPath;
use crate::world::{Arrow, Call, Critical, Journey, Op, Step, When, WorldSpec};

/// The most routes, forwards included: each costs memory in every run.
const MOST_VERTICES: usize = 200_000;

/// What happens at one node for one request, operation or message.
#[derive(Debug)]
pub(super) struct Vertex<'a> {
    pub node: &'a str,
    pub name: String,
    /// Data that the answer gets here.
    pub data: Option<&'a str>,
    /// Effects that happen here.
    pub effects: Vec<&'a str>,
    /// Where it is declared, or where the request is made.
    pub path: DataPath,
}

/// A call, or a delivery to a consumer.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub delivers: bool,
    /// How many times at most, on average: attempts × chance.
    pub times: f64,
    /// Attempts at most for one call, if no budget bounds them.
    pub attempts: f64,
    /// The call in the data.
    pub path: DataPath,
}

pub(super) type Graph<'a> = DiGraph<Vertex<'a>, Use>;

/// The graph, and where requests and jobs start in it.
pub(super) struct Paths<'a> {
    pub graph: Graph<'a>,
    /// A vertex for each journey of each node of users: the node, the journey, its requests.
    pub journeys: Vec<(&'a str, &'a str, &'a Journey, Vec<NodeIndex>)>,
    /// Jobs: starts per second, and the route. With the path of the job.
    pub jobs: Vec<(DataPath, f64, NodeIndex)>,
}

struct Builder<'a, 'c> {
    check: &'c Check<'a>,
    graph: Graph<'a>,
    known: BTreeMap<(&'a str, String), NodeIndex>,
    open: Vec<(NodeIndex, Work<'a>)>,
}

/// What is behind a vertex that was just made.
enum Work<'a> {
    Route,
    Store,
    /// A cache that asks the database behind it.
    Through(&'a str),
    Publish(&'a str),
}

impl<'a> Check<'a> {
    /// The paths of all requests; None if there are too many.
    pub(super) fn paths(&mut self) -> Option<Paths<'a>> {
        let mut builder = Builder { check: self, graph: Graph::new(), known: BTreeMap::new(), open: Vec::new() };
        let paths = builder.build();
        if paths.is_none() {
            let what = format!("the routes of all nodes, those passed on included, are more than {MOST_VERTICES}");
            self.found.key(&DataPath::root().field("nodes"), what, "use fewer routes or fewer nodes that pass them on");
        }
        paths
    }
}

impl<'a> Builder<'a, '_> {
    fn build(&mut self) -> Option<Paths<'a>> {
        let spec = self.check.spec;
        let (mut journeys, mut jobs) = (Vec::new(), Vec::new());
        let place = |node: &str| DataPath::root().field("nodes").key(node);
        // Declared routes come first, so that each is known by the place where it is declared.
        for (node_name, node) in &spec.nodes {
            for route in node.routes.keys().filter(|route| *route != "*") {
                self.vertex(node_name, route, Work::Route, &place(node_name).field("routes").key(route));
            }
        }
        for (node_name, node) in &spec.nodes {
            let path = place(node_name);
            for (job_name, job) in &node.jobs {
                let path = path.field("jobs").key(job_name);
                let start = self.vertex(node_name, &job.route, Work::Route, &path.field("route"));
                let apart = match (&job.every, &job.cron) {
                    (Some(every), _) => super::ranges::mean_secs(every),
                    (None, Some(cron)) => cron.every.as_secs_f64(),
                    (None, None) => f64::INFINITY,
                };
                let runs = if job.on_each { f64::from(node.replicas) } else { 1.0 };
                jobs.push((path, runs / apart.max(1e-3), start));
            }
            let Some(users) = &node.users else { continue };
            let arrow = self.check.out.get(node_name.as_str()).and_then(|out| out.iter().next());
            let Some((entry, arrow)) = arrow else { continue };
            for (journey_name, journey) in users.journeys.keys().filter_map(|name| spec.journeys.get_key_value(name)) {
                let start = self.journey(node_name, journey_name, journey, (entry, arrow));
                journeys.push((node_name.as_str(), journey_name.as_str(), journey, start));
            }
        }
        while let Some((vertex, work)) = self.open.pop() {
            if self.graph.node_count() > MOST_VERTICES {
                return None;
            }
            self.fill(vertex, work);
        }
        Some(Paths { graph: std::mem::take(&mut self.graph), journeys, jobs })
    }

    /// A vertex for each request that users make, with a call to the entry.
    fn journey(
        &mut self,
        users: &'a str,
        journey_name: &'a str,
        journey: &'a Journey,
        (entry, arrow): (&'a str, &'a Arrow),
    ) -> Vec<NodeIndex> {
        let steps = DataPath::root().field("journeys").key(journey_name).field("steps");
        let request = |(at, step): (usize, &'a crate::world::JourneyStep)| {
            let path = steps.at(at).field("request");
            let vertex = Vertex {
                node: users,
                name: format!("{journey_name} {}", at + 1),
                data: None,
                effects: Vec::new(),
                path: path.clone(),
            };
            let from = self.graph.add_node(vertex);
            let to = self.vertex(entry, &step.request, Work::Route, &path);
            self.graph.add_edge(from, to, call_over(arrow, 1.0, &path));
            from
        };
        journey.steps.iter().enumerate().map(request).collect()
    }

    fn vertex(&mut self, node: &'a str, name: &str, work: Work<'a>, path: &DataPath) -> NodeIndex {
        let key = (node, name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let vertex = Vertex { node, name: name.to_owned(), data: None, effects: Vec::new(), path: path.clone() };
        let index = self.graph.add_node(vertex);
        self.known.insert(key, index);
        self.open.push((index, work));
        index
    }

    fn fill(&mut self, at: NodeIndex, work: Work<'a>) {
        let (node, name, path) = {
            let vertex = &self.graph[at];
            (vertex.node, vertex.name.clone(), vertex.path.clone())
        };
        match work {
            Work::Store => {}
            Work::Through(behind) => {
                if let Some(arrow) = self.arrow(node, behind) {
                    let data = self.graph[at].data;
                    let to = self.vertex(behind, &name, Work::Store, &path);
                    self.graph[to].data = data;
                    self.graph.add_edge(at, to, call_over(arrow, 1.0, &path));
                }
            }
            Work::Publish(message) => self.deliveries(at, node, message, &path),
            Work::Route => match next(self.check.spec, &self.check.out, node, &name) {
                Next::Answers(route) => self.steps(at, node, &route.steps, &name),
                Next::Forwards(route, target) => {
                    self.steps(at, node, route.map_or(&[], |route| &route.steps), &name);
                    if let Some(arrow) = self.arrow(node, target) {
                        let to = self.vertex(target, &name, Work::Route, &path);
                        self.graph.add_edge(at, to, call_over(arrow, 1.0, &path));
                    }
                }
                Next::Unknown => {}
            },
        }
    }

    fn deliveries(&mut self, at: NodeIndex, queue: &'a str, message: &'a str, path: &DataPath) {
        let spec = self.check.spec;
        for queue in std::iter::once(queue).chain(dead_letter_queues(spec, queue)) {
            let Some(callees) = self.check.out.get(queue) else { continue };
            let declared = spec.nodes.get(queue).and_then(|node| node.queue.as_ref());
            let times = declared.map_or(1.0, |queue| f64::from(queue.max_deliveries));
            for consumer in callees.keys() {
                let to = self.vertex(consumer, message, Work::Route, path);
                self.graph.add_edge(at, to, Use { delivers: true, times, attempts: 1.0, path: path.clone() });
            }
        }
    }

    fn steps(&mut self, at: NodeIndex, node: &'a str, steps: &'a [Step], route: &str) {
        let declared = self.check.spec.nodes.get(node).is_some_and(|node| node.routes.contains_key(route));
        let name = if declared { route } else { "*" };
        let path = DataPath::root().field("nodes").key(node).field("routes").key(name).field("steps");
        self.steps_at(at, node, steps, &path);
    }

    fn steps_at(&mut self, at: NodeIndex, node: &'a str, steps: &'a [Step], path: &DataPath) {
        for (place, step) in steps.iter().enumerate() {
            let path = path.at(place);
            match step {
                Step::Work(_) => {}
                Step::Effect(effect) => self.graph[at].effects.push(effect),
                Step::Issue(token) => self.graph[at].data = Some(token),
                Step::Critical(critical) => {
                    self.lock(at, node, &path, critical);
                    self.steps_at(at, node, &critical.steps, &path.field("steps"));
                }
                Step::Call(call) => self.call(at, node, &path, call),
                Step::All(calls) => {
                    for (place, call) in calls.iter().enumerate() {
                        self.call(at, node, &path.at(place), call);
                    }
                }
            }
        }
    }

    fn call(&mut self, from: NodeIndex, node: &'a str, path: &DataPath, call: &'a Call) {
        let (callee, arrow) = match (self.check.spec.nodes.get_key_value(&call.to), self.arrow(node, &call.to)) {
            (Some((callee, _)), Some(arrow)) => (callee.as_str(), arrow),
            _ => return,
        };
        let (name, work, data) = match &call.op {
            Op::Route(route) => (route.clone(), Work::Route, None),
            Op::Get(datum) => (format!("Get {datum}"), Work::Store, Some(datum)),
            Op::Put(datum) => (format!("Put {datum}"), Work::Store, None),
            Op::Invalidate(datum) => (format!("Invalidate {datum}"), Work::Store, None),
            Op::Read(datum) => (format!("Read {datum}"), Work::Store, Some(datum)),
            Op::Write(datum) => (format!("Write {datum}"), Work::Store, None),
            Op::Publish(message) => (format!("Publish {message}"), Work::Publish(message), None),
        };
        let behind = self.check.spec.nodes.get(callee).and_then(|node| node.cache.as_ref()?.behind.as_deref());
        let work = match (&call.op, behind) {
            (Op::Read(_) | Op::Write(_), Some(behind)) => Work::Through(behind),
            _ => work,
        };
        let to = self.vertex(callee, &name, work, &path.field("op").at(0));
        if let Some(datum) = data {
            self.graph[to].data = Some(datum);
        }
        let chance = if let When::Chance(chance) = call.when { chance } else { 1.0 };
        self.graph.add_edge(from, to, call_over(arrow, chance, &path.field("to")));
    }

    /// A lock is taken and freed.
    fn lock(&mut self, from: NodeIndex, node: &'a str, path: &DataPath, critical: &'a Critical) {
        let (Some((callee, _)), Some(arrow)) =
            (self.check.spec.nodes.get_key_value(&critical.at), self.arrow(node, &critical.at))
        else {
            return;
        };
        for operation in ["Lock", "Unlock"] {
            let name = format!("{operation} {}", critical.key);
            let to = self.vertex(callee, &name, Work::Store, &path.field("key"));
            self.graph.add_edge(from, to, call_over(arrow, 1.0, &path.field("at")));
        }
    }

    fn arrow(&self, from: &str, to: &str) -> Option<&'a Arrow> {
        self.check.out.get(from)?.get(to).copied()
    }
}

/// The queues that get what a queue gives up, one after another. Goes in a circle if they do.
pub(super) fn dead_letter_queues<'a>(spec: &'a WorldSpec, queue: &str) -> impl Iterator<Item = &'a str> {
    let next = |queue: &str| spec.nodes.get(queue)?.queue.as_ref()?.dead_letters.as_deref();
    std::iter::successors(next(queue), move |queue| next(queue)).take(spec.nodes.len())
}

fn call_over(arrow: &Arrow, chance: f64, path: &DataPath) -> Use {
    let (attempts, unbounded) = match arrow.retry {
        None => (1.0, 1.0),
        Some(retry) => {
            let attempts = f64::from(retry.attempts);
            match retry.budget {
                Some(budget) => (attempts.min(1.0 + budget), 1.0),
                None => (attempts, attempts),
            }
        }
    };
    let hedges = f64::from(u8::from(arrow.hedge.is_some()));
    let arrivals = (attempts + hedges) * (1.0 + arrow.impairments.duplication);
    Use { delivers: false, times: arrivals * chance, attempts: unbounded + hedges, path: path.clone() }
}
