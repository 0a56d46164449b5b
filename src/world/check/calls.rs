//! What nodes do for their routes: names, and for each call an arrow, an operation that suits the callee, and data
//! that exists.

use std::collections::BTreeMap;

use super::graph::dead_letter_queues;
use super::nodes::{message_name, reaches, request_words, route_name};
use super::routing::{DeadEnd, MOST_HOPS, dead_end};
use super::{Check, ranges};
use crate::diagnostic::{DataPath, did_you_mean};
use crate::world::{Call, Critical, Kind, Node, Op, Step, When};

/// Steps of one route, those under locks included.
const MOST_STEPS: usize = 1000;
/// Calls that one step makes at once.
const MOST_CALLS: usize = 1000;

impl<'a> Check<'a> {
    pub(super) fn calls(&mut self) {
        let spec = self.spec;
        for (node_name, node) in &spec.nodes {
            let routes = DataPath::root().field("nodes").key(node_name).field("routes");
            for (route_name_, route) in &node.routes {
                let path = routes.key(route_name_);
                let named = route_name(&mut self.found, &path, node, route_name_);
                if node.queue.is_some() || node.users.is_some() {
                    let what = "a queue and users have no routes";
                    self.found.key(&path, what, "give the route to another node");
                    continue;
                }
                ranges::share(&mut self.found, &path.field("errors"), "`errors`", route.errors);
                ranges::share(&mut self.found, &path.field("refusals"), "`refusals`", route.refusals);
                ranges::share(&mut self.found, &path.field("poison"), "`poison`", route.poison);
                let steps = path.field("steps");
                let mut count = 0;
                route.steps.iter().for_each(|step| step.walk(&mut |_| count += 1));
                if count > MOST_STEPS {
                    let what = format!("{count} steps of one route are more than fit: at most {MOST_STEPS}");
                    self.found.key(&steps, what, "do the same in fewer steps");
                    continue;
                }
                for (at, step) in route.steps.iter().enumerate() {
                    self.step(node_name, &steps.at(at), step);
                }
                if named && route.steps.is_empty() && route_name_ != "*" {
                    self.passed_on(node_name, node, &path, route_name_);
                }
            }
        }
    }

    fn step(&mut self, node: &'a str, path: &DataPath, step: &'a Step) {
        match step {
            Step::Work(dist) => ranges::dist(&mut self.found, &path.at(0), "`Work`", dist),
            Step::Effect(effect) => message_name(&mut self.found, &path.at(0), false, effect),
            Step::Issue(datum) => self.issue(node, &path.at(0), datum),
            Step::Critical(critical) => self.critical(node, path, critical),
            Step::Call(call) => self.call(node, path, call),
            Step::All(calls) if calls.is_empty() => {
                self.found.value(path, "`All` of no calls does nothing", "list calls, or remove the step");
            }
            Step::All(calls) if calls.len() > MOST_CALLS => {
                let what = format!("{} calls at once are more than fit: at most {MOST_CALLS}", calls.len());
                self.found.value(path, what, "split them, or call fewer nodes");
            }
            Step::All(calls) => {
                for (at, call) in calls.iter().enumerate() {
                    self.call(node, &path.at(at), call);
                }
            }
        }
    }

    /// Steps under a lock: a lock service within reach, and something to do.
    fn critical(&mut self, from: &'a str, path: &DataPath, critical: &'a Critical) {
        self.datum(&path.field("key"), &critical.key);
        if self.callee(from, &path.field("at"), &critical.at).is_some_and(|(_, callee)| callee.locks.is_none()) {
            let what = format!("`{}` keeps no locks", critical.at);
            self.found.value(&path.field("at"), what, "name a node with `locks: (…)`");
        }
        let steps = path.field("steps");
        if critical.steps.is_empty() {
            self.found.value(&steps, "nothing is done under this lock", "list steps, or remove the lock");
        }
        for (at, step) in critical.steps.iter().enumerate() {
            self.step(from, &steps.at(at), step);
        }
    }

    fn call(&mut self, from: &'a str, path: &DataPath, call: &'a Call) {
        self.when(&path.field("when"), from, &call.when);
        if let Some((callee_name, callee)) = self.callee(from, &path.field("to"), &call.to) {
            self.op(path, callee_name, callee, &call.op);
        }
    }

    /// The node at the head of an arrow, which must exist.
    fn callee(&mut self, from: &'a str, to: &DataPath, name: &str) -> Option<(&'a str, &'a Node)> {
        let Some((callee_name, callee)) = self.spec.nodes.get_key_value(name) else {
            self.found.unknown(to, "node", name, self.spec.nodes.keys().map(String::as_str));
            return None;
        };
        if !reaches(&self.out, from, callee_name) {
            let what = format!("there is no arrow `{from} -> {callee_name}`");
            let known = self.out.get(from).into_iter().flat_map(|callees| callees.keys().copied());
            let help = match crate::diagnostic::nearest(callee_name, known) {
                Some(near) => format!("did you mean `{near}`? Else add \"{from} -> {callee_name}\": () to `arrows`"),
                None => format!("add \"{from} -> {callee_name}\": () to `arrows`"),
            };
            self.found.value(to, what, help);
        }
        Some((callee_name, callee))
    }

    fn when(&mut self, path: &DataPath, from: &str, when: &When) {
        match when {
            When::Always => {}
            When::Missing(datum) | When::Fetched(datum) => self.datum(&path.at(0), datum),
            When::Flag(flag) | When::NoFlag(flag) => {
                let flags = self.spec.nodes.get(from).map(|node| &node.flags);
                if let Some(flags) = flags.filter(|flags| !flags.contains_key(flag)) {
                    let known = flags.keys().map(String::as_str);
                    self.found.unknown(&path.at(0), &format!("flag of `{from}` called"), flag, known);
                }
            }
            When::Account(account) => {
                let users = self.spec.nodes.values().filter_map(|node| node.users.as_ref());
                let known: Vec<&str> = users.flat_map(|users| users.accounts.keys().map(String::as_str)).collect();
                if !known.contains(&account.as_str()) {
                    self.found.unknown(&path.at(0), "account type", account, known);
                }
            }
            When::Chance(chance) => ranges::share(&mut self.found, &path.at(0), "a chance", *chance),
        }
    }

    /// A family of data must exist.
    pub(super) fn datum(&mut self, path: &DataPath, datum: &str) {
        if !self.spec.data.contains_key(datum) {
            self.found.unknown(path, "datum", datum, self.spec.data.keys().map(String::as_str));
        }
    }

    fn op(&mut self, path: &DataPath, callee_name: &'a str, callee: &'a Node, op: &'a Op) {
        let op_path = path.field("op");
        let name = op_path.at(0);
        let lacks = match op {
            Op::Route(route) => return self.route(&name, callee_name, route),
            Op::Get(_) | Op::Put(_) | Op::Invalidate(_) => callee.cache.is_none().then_some("a cache"),
            Op::Read(_) | Op::Write(_) if callee.cache.as_ref().is_some_and(|cache| cache.behind.is_some()) => None,
            Op::Read(_) | Op::Write(_) => callee.database.is_none().then_some("a database"),
            Op::Publish(_) => callee.queue.is_none().then_some("a queue"),
        };
        if let Some(part) = lacks {
            let what = format!("`{callee_name}` is not {part}, so `{}` can't be asked of it", variant(op));
            self.found.value(&op_path, what, suits(callee));
        }
        if let Op::Get(datum) | Op::Put(datum) | Op::Invalidate(datum) | Op::Read(datum) | Op::Write(datum) = op {
            self.not_a_token(&name, datum);
        }
        match op {
            Op::Publish(message) => self.publish(&name, callee_name, message),
            Op::Get(datum) | Op::Put(datum) | Op::Invalidate(datum) | Op::Read(datum) => self.datum(&name, datum),
            Op::Write(datum) => {
                self.datum(&name, datum);
                if let Some(primary) = callee.database.as_ref().and_then(|database| database.follows.as_ref()) {
                    let what = format!("`{callee_name}` is a replica, which takes no writes");
                    self.found.value(&op_path, what, format!("write to its primary, `{primary}`"));
                }
            }
            Op::Route(_) => {}
        }
    }

    /// Somebody must answer the request.
    pub(super) fn route(&mut self, path: &DataPath, callee: &'a str, route: &str) {
        if self.found.is_full() || !self.spec.nodes.contains_key(callee) {
            return;
        }
        let Some((end, why)) = dead_end(self.spec, &self.out, callee, route) else { return };
        if why == DeadEnd::TooFar {
            let what = format!("`{route}` is passed on more than {MOST_HOPS} times, or in a circle, by way of `{end}`");
            return self.found.value(path, what, "give one of these nodes the route with steps of its own");
        }
        let route = crate::diagnostic::short(route);
        let what = match end == callee {
            true => format!("`{callee}` has no route `{route}`"),
            false => format!("`{callee}` passes `{route}` on to `{end}`, which has no such route"),
        };
        let known = self.spec.nodes.get(end).into_iter().flat_map(|node| node.routes.keys().map(String::as_str));
        let help = match self.spec.nodes.get(end) {
            Some(node) if node.cache.is_some() || node.database.is_some() || node.queue.is_some() => suits(node),
            _ => did_you_mean(&route, known, &format!("add it to the `routes` of `{end}`")),
        };
        self.found.value(path, what, help);
    }

    /// A message must have a handler at each consumer.
    fn publish(&mut self, path: &DataPath, queue: &'a str, message: &str) {
        message_name(&mut self.found, path, false, message);
        let queues: Vec<&'a str> = dead_letter_queues(self.spec, queue).take(self.spec.nodes.len()).collect();
        for queue in std::iter::once(queue).chain(queues) {
            self.handlers(path, queue, message);
        }
    }

    fn handlers(&mut self, path: &DataPath, queue: &str, message: &str) {
        let Some(callees) = self.out.get(queue).cloned() else { return };
        for consumer_name in callees.keys() {
            let Some(consumer) = self.spec.nodes.get(*consumer_name) else { continue };
            let consumes = consumer.consumes.as_ref().is_some_and(|consumes| consumes.queue == queue);
            if consumes && !consumer.routes.contains_key(message) && !self.found.is_full() {
                let what = format!("`{consumer_name}` consumes from `{queue}` and has no route `{message}`");
                let known = consumer.routes.keys().map(String::as_str);
                let add = format!("add \"{message}\": (steps: […]) to the routes of `{consumer_name}`");
                let help = match crate::diagnostic::nearest(message, known) {
                    Some(near) => format!("did you mean `{near}`? Else {add}"),
                    None => add,
                };
                self.found.value(path, what, help);
            }
        }
    }

    /// A route without steps is passed on where it can be.
    fn passed_on(&mut self, node_name: &'a str, node: &Node, path: &DataPath, route: &str) {
        if self.found.is_full() {
            return;
        }
        let callees = self.out.get(node_name).map_or(0, BTreeMap::len);
        let is_front = matches!(node.kind, Kind::LoadBalancer | Kind::Gateway);
        let dead_end = dead_end(self.spec, &self.out, node_name, route);
        let nobody = match callees {
            0 => is_front,
            1 => dead_end.is_some(),
            _ => is_front && !self.callee_has(node_name, route),
        };
        if nobody {
            let what = format!("`{route}` has no steps, and nobody whom `{node_name}` calls has this route");
            self.found.key(path, what, "give it `steps: […]`, or add the route to the node it is meant for");
        }
    }

    fn callee_has(&self, node: &str, route: &str) -> bool {
        let mut callees = self.out.get(node).into_iter().flat_map(|callees| callees.keys());
        callees.any(|callee| self.spec.nodes.get(*callee).is_some_and(|node| node.routes.contains_key(route)))
    }

    /// A request must be written like one.
    pub(super) fn request(&mut self, path: &DataPath, request: &str) -> bool {
        let fits = super::nodes::is_request(request);
        if !fits {
            let (what, help) = request_words(request);
            self.found.value(path, what, help);
        }
        fits
    }
}

fn variant(op: &Op) -> &'static str {
    match op {
        Op::Route(_) => "Route",
        Op::Get(_) => "Get",
        Op::Put(_) => "Put",
        Op::Invalidate(_) => "Invalidate",
        Op::Read(_) => "Read",
        Op::Write(_) => "Write",
        Op::Publish(_) => "Publish",
    }
}

/// What may be asked of a node.
fn suits(node: &Node) -> String {
    let mut ops = Vec::new();
    if node.cache.is_some() {
        ops.extend(["Get", "Put", "Invalidate"]);
    }
    if node.cache.as_ref().is_some_and(|cache| cache.behind.is_some()) {
        ops.extend(["Read", "Write"]);
    }
    match &node.database {
        Some(database) if database.follows.is_some() => ops.push("Read"),
        Some(_) => ops.extend(["Read", "Write"]),
        None => {}
    }
    if node.queue.is_some() {
        ops.push("Publish");
    }
    if !node.routes.is_empty() || ops.is_empty() {
        ops.push("Route");
    }
    format!("what may be asked of it: {}", ops.join(", "))
}
