//! Compiles a world into a plan: numbers for names, and a route over calls for everything that a node can be asked.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ids::{ArrowId, CallId, DatumId, EffectId, NodeId, RouteId};
use super::super::lock::LockOp;
use super::{
    ArrowPlan, ArrowStreams, CallPlan, DataOp, DatumPlan, JourneyPlan, JourneyStepPlan, KeyLaw, Keyed, NodePlan,
    NodeStreams, Plan, RoutePlan, RouteWork, StepPlan, WhenPlan, Zipf, zone_id,
};
use crate::random::{Seed, Stream};
use crate::time::{Epoch, Stamp};
use crate::world::{Discipline, Dist, Journey, Op, Popularity, Step, When, World, WorldSpec};

/// The plan of a checked world for one seed.
pub(super) fn compile(world: &World, seed: Seed) -> Plan {
    let mut compiler = Compiler::new(world, seed);
    compiler.routes();
    compiler.journeys();
    compiler.deliveries();
    compiler.places();
    compiler.handlers();
    compiler.plan
}

struct Compiler<'a> {
    plan: Plan,
    spec: &'a WorldSpec,
    /// The nodes by number.
    nodes: Vec<&'a crate::world::Node>,
    known: BTreeMap<(NodeId, String), RouteId>,
    effects: BTreeMap<String, EffectId>,
}

impl<'a> Compiler<'a> {
    fn new(world: &'a World, seed: Seed) -> Self {
        let spec = world.spec();
        let numbers: BTreeMap<&str, u16> = spec.nodes.keys().map(String::as_str).zip(0..).collect();
        let node_at = |name: &str| NodeId(numbers.get(name).copied().unwrap_or(0));
        let declared: Vec<&crate::world::Node> = spec.nodes.values().collect();
        let mut arrows: Vec<ArrowPlan> = spec
            .arrows
            .iter()
            .filter_map(|(name, arrow)| {
                let (from, to) = name.split_once("->")?;
                let name = format!("{} -> {}", from.trim(), to.trim());
                let stream = |purpose| Stream::new(seed, &name, purpose);
                let streams = ArrowStreams {
                    network: stream("network"),
                    balance: stream("balance"),
                    backoff: stream("backoff"),
                    choice: stream("choice"),
                };
                Some(ArrowPlan {
                    from: node_at(from.trim()),
                    to: node_at(to.trim()),
                    protocol: arrow.protocol,
                    start: Box::new(arrow.clone()),
                    streams,
                    name,
                })
            })
            .collect();
        arrows.sort_by(|a, b| a.name.cmp(&b.name));
        let mut zones: Vec<String> = spec.nodes.values().flat_map(|node| node.zones.iter().cloned()).collect();
        zones.sort_unstable();
        zones.dedup();
        let mut outs = vec![Vec::new(); declared.len()];
        for (at, arrow) in arrows.iter().enumerate() {
            outs[arrow.from.at()].push(ArrowId(at as u16));
        }
        let nodes = spec.nodes.iter().enumerate().map(|(at, (name, node))| {
            let out: Vec<ArrowId> = std::mem::take(&mut outs[at]);
            let stream = |purpose| Stream::new(seed, name, purpose);
            NodePlan {
                name: name.clone(),
                kind: node.kind,
                zones: node.zones.iter().map(|zone| zone_id(&zones, zone)).collect(),
                routes: Vec::new(),
                groups: if node.queue.is_some() { groups(&declared, name, &arrows, &out) } else { Vec::new() },
                partitions: node.queue.as_ref().and_then(|queue| queue.partitions.as_ref()).map(|partitions| {
                    let by = partitions.by.as_ref().and_then(|by| spec.data.keys().position(|name| name == by));
                    (partitions.count, by.map(|at| DatumId(at as u16)))
                }),
                consumes: node.consumes.as_ref().map(|consumes| node_at(&consumes.queue)),
                dead_letters: node.queue.as_ref().and_then(|queue| queue.dead_letters.as_deref()).map(node_at),
                shares: node.discipline != Discipline::Fifo,
                keeps_by_stamp: node.database.as_ref().is_some_and(|database| database.newest_stamp_wins),
                out,
                streams: NodeStreams {
                    work: stream("work"),
                    errors: stream("errors"),
                    sampling: stream("sampling"),
                    chatter: stream("chatter"),
                    jobs: stream("jobs"),
                    losses: stream("losses"),
                    clock: stream("clock"),
                    pauses: stream("pauses"),
                },
            }
        });
        let data = spec.data.iter().map(|(name, datum)| DatumPlan {
            name: name.clone(),
            keys: datum.keys.max(1),
            bytes: datum.bytes,
            default_bytes: datum.default_bytes,
            law: match datum.popularity {
                Popularity::Uniform => KeyLaw::Uniform,
                Popularity::PerUser => KeyLaw::PerUser,
                Popularity::Zipf(exponent) => KeyLaw::Zipf(Zipf::new(exponent, datum.keys.max(1))),
            },
            stream: Stream::new(seed, name, "keys"),
        });
        let plan = Plan {
            world: world.clone(),
            data: data.collect(),
            nodes: nodes.collect(),
            arrows,
            routes: Vec::new(),
            calls: Vec::new(),
            effects: Vec::new(),
            journeys: Vec::new(),
            accounts: Vec::new(),
            // A checked world has a good epoch, some time in these centuries.
            epoch_ns: Epoch::parse(&spec.epoch).map_or(0, |epoch| epoch.unix_ns(Stamp(0)) as i64),
            monitor: Stream::new(seed, "monitor", "phase"),
            zones: zones.clone(),
        };
        Compiler { plan, spec, nodes: declared, known: BTreeMap::new(), effects: BTreeMap::new() }
    }

    fn datum(&self, name: &str) -> DatumId {
        self.plan.datum_id(name)
    }

    fn effect(&mut self, name: &str) -> EffectId {
        if let Some(id) = self.effects.get(name) {
            return *id;
        }
        let id = EffectId(self.plan.effects.len() as u16);
        self.plan.effects.push(name.to_owned());
        self.effects.insert(name.to_owned(), id);
        id
    }

    /// All routes that are declared; forwards and store operations appear as they are called.
    fn routes(&mut self) {
        let spec = self.spec;
        for (at, node) in spec.nodes.values().enumerate() {
            for name in node.routes.keys().filter(|name| *name != "*") {
                self.route(NodeId(at as u16), name);
            }
        }
    }

    fn add(&mut self, node: NodeId, name: &str, work: RouteWork) -> RouteId {
        let id = RouteId(self.plan.routes.len() as u32);
        let local = self.plan.nodes[node.at()].routes.len() as u16;
        self.plan.nodes[node.at()].routes.push(id);
        self.known.insert((node, name.to_owned()), id);
        let spec = self.nodes[node.at()];
        let is_request = matches!(work, RouteWork::Request { .. });
        self.plan.routes.push(RoutePlan {
            node,
            local,
            name: name.to_owned(),
            steps: Vec::new(),
            errors: 0.0,
            refusals: 0.0,
            poison: 0.0,
            log: None,
            limited: is_request && !spec.limits.is_empty(),
            verified: is_request
                && spec.verifies.as_ref().is_some_and(|verifies| !verifies.except.iter().any(|open| open == name)),
            row: None,
            fetches: None,
            work,
            delivers: Vec::new(),
            touches: Vec::new(),
            handlers: Vec::new(),
        });
        id
    }

    /// The route `name` of `node`, compiled now if it is not yet. A forwarding node (`"*"`) gets one for each name.
    fn route(&mut self, node: NodeId, name: &str) -> RouteId {
        if let Some(id) = self.known.get(&(node, name.to_owned())) {
            return *id;
        }
        let node_spec = self.nodes[node.at()];
        let declared = node_spec.routes.get(name).or_else(|| node_spec.routes.get("*")).cloned().unwrap_or_default();
        let work = match &node_spec.consumes {
            Some(consumes) if !name.contains(' ') => {
                RouteWork::Message { message: name.to_owned(), queue: consumes.queue.clone() }
            }
            _ => {
                let (method, path) = name.split_once(' ').unwrap_or(("GET", name));
                RouteWork::Request { method: method.to_owned(), path: path.to_owned() }
            }
        };
        let id = self.add(node, name, work);
        let plan = &mut self.plan.routes[id.at()];
        (plan.errors, plan.refusals, plan.log) = (declared.errors, declared.refusals, declared.log.clone());
        plan.poison = declared.poison;
        let has_calls = declared.steps.iter().any(Step::calls);
        let mut steps = Vec::new();
        for step in &declared.steps {
            self.steps(node, step, &mut steps);
        }
        if !has_calls
            && node_spec.routes.get(name).is_none_or(|route| route.steps.is_empty())
            && let Some((arrow, target)) = self.forward_target(node, name)
        {
            let route = self.route(target, name);
            let call = CallPlan::new(arrow, route, Keyed::PassedOn);
            let (first, count) = self.push_calls(vec![call]);
            steps.push(StepPlan::Calls(first, count));
        }
        self.plan.routes[id.at()].steps = steps;
        id
    }

    /// Where a forwarding node sends a request: over its only arrow, or to the one callee that has the route.
    fn forward_target(&self, node: NodeId, name: &str) -> Option<(ArrowId, NodeId)> {
        let out = &self.plan.nodes[node.at()].out;
        let to = |arrow: ArrowId| (arrow, self.plan.arrows[arrow.at()].to);
        if let [only] = out[..] {
            return Some(to(only));
        }
        let has_route = |arrow: &&ArrowId| {
            let callee = self.plan.arrows[arrow.at()].to;
            self.nodes[callee.at()].routes.contains_key(name)
        };
        out.iter().find(has_route).map(|arrow| to(*arrow))
    }

    fn steps(&mut self, node: NodeId, step: &Step, steps: &mut Vec<StepPlan>) {
        let planned = match step {
            Step::Critical(critical) => return self.critical(node, critical, steps),
            Step::Work(dist) => StepPlan::Work(*dist),
            Step::Effect(name) => StepPlan::Effect(self.effect(name)),
            Step::Issue(datum) => StepPlan::Issue(self.datum(datum)),
            Step::Call(call) => {
                let call = self.call(node, call);
                let (first, count) = self.push_calls(vec![call]);
                StepPlan::Calls(first, count)
            }
            Step::All(calls) => {
                let calls = calls.iter().map(|call| self.call(node, call)).collect();
                let (first, count) = self.push_calls(calls);
                StepPlan::Calls(first, count)
            }
        };
        steps.push(planned);
    }

    /// Take the lock, do the steps unless they were done before, free the lock.
    fn critical(&mut self, node: NodeId, critical: &crate::world::Critical, steps: &mut Vec<StepPlan>) {
        let datum = self.datum(&critical.key);
        let take = self.lock_call(node, critical, "LOCK", LockOp::Acquire(datum));
        let free = self.lock_call(node, critical, "UNLOCK", LockOp::Release(datum));
        steps.push(take);
        let skip = steps.len();
        steps.push(StepPlan::SkipIfDone(0));
        for step in &critical.steps {
            self.steps(node, step, steps);
        }
        steps.push(free);
        steps[skip] = StepPlan::SkipIfDone(steps.len() as u16);
    }

    fn lock_call(
        &mut self,
        from: NodeId,
        critical: &crate::world::Critical,
        operation: &'static str,
        op: LockOp,
    ) -> StepPlan {
        let (arrow, to) = self.arrow_to(from, &critical.at);
        let service = self.nodes[to.at()].locks.map(|locks| locks.service);
        let route = self.store_route(to, operation, &critical.key, service, StepPlan::Lock(op));
        let (LockOp::Acquire(datum) | LockOp::Release(datum)) = op;
        let call = CallPlan { keyed_by: Some(datum), ..CallPlan::new(arrow, route, Keyed::No) };
        let (first, count) = self.push_calls(vec![call]);
        StepPlan::Calls(first, count)
    }

    /// The arrow to a callee, by its name.
    fn arrow_to(&self, from: NodeId, name: &str) -> (ArrowId, NodeId) {
        let to = self.plan.node_id(name).unwrap_or(from);
        let mut out = self.plan.nodes[from.at()].out.iter().copied();
        (out.find(|arrow| self.plan.arrows[arrow.at()].to == to).unwrap_or(ArrowId(0)), to)
    }

    fn push_calls(&mut self, calls: Vec<CallPlan>) -> (CallId, u32) {
        let first = CallId(self.plan.calls.len() as u32);
        let count = calls.len() as u32;
        self.plan.calls.extend(calls);
        (first, count)
    }

    fn call(&mut self, from: NodeId, call: &crate::world::Call) -> CallPlan {
        let (arrow, to) = self.arrow_to(from, &call.to);
        let when = match &call.when {
            When::Always => WhenPlan::Always,
            When::Missing(datum) => WhenPlan::Missing(self.datum(datum)),
            When::Fetched(datum) => WhenPlan::Fetched(self.datum(datum)),
            When::Chance(p) => WhenPlan::Chance(*p),
            When::Flag(flag) => WhenPlan::Flag(self.flag(from, flag), true),
            When::NoFlag(flag) => WhenPlan::Flag(self.flag(from, flag), false),
            When::Account(account) => {
                let known = self.plan.accounts.iter().position(|known| known == account);
                let at = known.unwrap_or(self.plan.accounts.len());
                if known.is_none() {
                    self.plan.accounts.push(account.clone());
                }
                WhenPlan::Account(at as u16)
            }
        };
        let keyed_by = match &call.op {
            Op::Get(d) | Op::Put(d) | Op::Invalidate(d) | Op::Read(d) | Op::Write(d) => Some(self.datum(d)),
            Op::Route(_) | Op::Publish(_) => None,
        };
        let carries = matches!(call.op, Op::Put(_)).then_some(keyed_by).flatten();
        let keyed = if call.keyed { Keyed::Own } else { Keyed::No };
        let route = self.op_route(to, &call.op);
        CallPlan { when, detached: call.detached, carries, keyed_by, ..CallPlan::new(arrow, route, keyed) }
    }

    fn flag(&self, node: NodeId, flag: &str) -> u16 {
        self.plan.node_spec(node).flags.keys().position(|known| known == flag).unwrap_or(0) as u16
    }

    fn op_route(&mut self, to: NodeId, op: &Op) -> RouteId {
        let node = self.nodes[to.at()];
        let cache = node.cache.as_ref().map(|cache| cache.service);
        let read = node.database.as_ref().map(|database| database.read);
        let write = node.database.as_ref().map(|database| database.write);
        let (operation, datum, time, data): (_, _, _, fn(DatumId) -> DataOp) = match op {
            Op::Route(name) => return self.route(to, name),
            Op::Publish(message) => {
                return self.publish_route(to, message, node.queue.as_ref().map(|queue| queue.service));
            }
            Op::Get(datum) => ("GET", datum, cache, DataOp::Get),
            Op::Put(datum) => ("SET", datum, cache, DataOp::Put),
            Op::Invalidate(datum) => ("DEL", datum, cache, DataOp::Invalidate),
            Op::Read(datum) => ("SELECT", datum, read, DataOp::Read),
            Op::Write(datum) => ("UPSERT", datum, write, DataOp::Write),
        };
        let step = StepPlan::Data(data(self.datum(datum)));
        if let (Op::Read(_) | Op::Write(_), Some(behind)) = (op, node.cache.as_ref().and_then(|c| c.behind.as_ref())) {
            return self.through(to, operation, datum, cache, (op, behind));
        }
        let row = node.database.as_ref().is_some_and(|d| d.row_locks) && matches!(op, Op::Write(_));
        let id = self.store_route(to, operation, datum, time, step);
        if row && self.plan.routes[id.at()].row.is_none() {
            let datum = self.datum(datum);
            self.plan.routes[id.at()].row = Some(datum);
            self.plan.routes[id.at()].steps.insert(0, StepPlan::TakeRow(datum));
        }
        id
    }

    /// A cache that reads or writes the database behind it, and keeps the value.
    fn through(
        &mut self,
        cache: NodeId,
        operation: &'static str,
        datum_name: &str,
        time: Option<Dist>,
        (op, behind): (&Op, &str),
    ) -> RouteId {
        let datum = self.datum(datum_name);
        let reads = matches!(op, Op::Read(_));
        let (arrow, database) = self.arrow_to(cache, behind);
        let route = self.op_route(database, op);
        let when = if reads { WhenPlan::Missing(datum) } else { WhenPlan::Always };
        let keyed_by = Some(datum);
        let keyed = Keyed::PassedOn;
        let call = CallPlan { when, keyed_by, returns: !reads, ..CallPlan::new(arrow, route, keyed) };
        let look = StepPlan::Data(DataOp::Get(datum));
        let id = self.store_route(cache, operation, datum_name, time, look);
        if self.plan.routes[id.at()].steps.len() == 2 {
            let (first, count) = self.push_calls(vec![call]);
            let steps = &mut self.plan.routes[id.at()].steps;
            steps.truncate(if reads { 2 } else { 1 });
            steps.extend([StepPlan::Calls(first, count), StepPlan::Data(DataOp::Fill(datum))]);
            self.plan.routes[id.at()].fetches = reads.then_some(datum);
        }
        id
    }

    /// An operation of a store: work, then what it does.
    fn store_route(
        &mut self,
        to: NodeId,
        operation: &'static str,
        datum: &str,
        time: Option<Dist>,
        step: StepPlan,
    ) -> RouteId {
        let name = format!("{operation} {datum}");
        if let Some(id) = self.known.get(&(to, name.clone())) {
            return *id;
        }
        let work = RouteWork::Data { operation, datum: datum.to_owned() };
        let id = self.add(to, &name, work);
        let time = time.unwrap_or(Dist::Const(crate::time::Duration::ZERO));
        self.plan.routes[id.at()].steps = vec![StepPlan::Work(time), step];
        id
    }

    fn publish_route(&mut self, to: NodeId, message: &str, time: Option<Dist>) -> RouteId {
        let name = format!("publish {message}");
        if let Some(id) = self.known.get(&(to, name.clone())) {
            return *id;
        }
        let id = self.add(to, &name, RouteWork::Publish { message: message.to_owned() });
        let time = time.unwrap_or(Dist::Const(crate::time::Duration::ZERO));
        self.plan.routes[id.at()].steps = vec![StepPlan::Work(time), StepPlan::Enqueue];
        id
    }

    fn journeys(&mut self) {
        let spec = self.spec;
        for (node_at, node) in spec.nodes.values().enumerate() {
            let users = NodeId(node_at as u16);
            let Some(behaviour) = &node.users else { continue };
            for name in behaviour.journeys.keys() {
                let Some(journey) = spec.journeys.get(name) else { continue };
                let steps = self.journey_steps(users, journey);
                self.plan.journeys.push(JourneyPlan { name: name.clone(), users, steps });
            }
        }
    }

    fn journey_steps(&mut self, users: NodeId, journey: &Journey) -> Vec<JourneyStepPlan> {
        let arrow = self.plan.nodes[users.at()].out.first().copied().unwrap_or(ArrowId(0));
        let entry = self.plan.arrows.get(arrow.at()).map_or(users, |arrow| arrow.to);
        let mut steps = Vec::new();
        for step in &journey.steps {
            let route = self.route(entry, &step.request);
            let keyed = if step.keyed { Keyed::Own } else { Keyed::No };
            let call = CallPlan::new(arrow, route, keyed);
            let (call, _) = self.push_calls(vec![call]);
            let effects = step.owes.effects.iter().map(|(name, times)| (self.effect(name), *times)).collect();
            steps.push(JourneyStepPlan {
                think: step.think,
                call,
                parts: step.owes.parts.iter().map(|part| self.datum(part)).collect(),
                effects,
                order: step.owes.order.iter().map(|name| self.effect(name)).collect(),
                owes: step.owes.clone(),
            });
        }
        steps
    }

    /// Which data each route's answer may contain, and which it reads or writes: a fixed point over calls (worlds have no
    /// call cycles).
    fn deliveries(&mut self) {
        loop {
            let mut grew = false;
            for at in 0..self.plan.routes.len() {
                let route = &self.plan.routes[at];
                let (mut delivers, mut touches) = (route.delivers.clone(), route.touches.clone());
                for step in &self.plan.routes[at].steps {
                    match step {
                        StepPlan::Data(DataOp::Get(datum) | DataOp::Read(datum)) | StepPlan::Issue(datum) => {
                            delivers.push(*datum);
                            touches.push(*datum);
                        }
                        StepPlan::Data(DataOp::Put(datum) | DataOp::Invalidate(datum) | DataOp::Write(datum)) => {
                            touches.push(*datum);
                        }
                        StepPlan::Calls(first, count) => {
                            for call in &self.plan.calls[first.at()..first.at() + *count as usize] {
                                delivers.extend(&self.plan.routes[call.route.at()].delivers);
                                touches.extend(&self.plan.routes[call.route.at()].touches);
                            }
                        }
                        _ => {}
                    }
                }
                let route = &mut self.plan.routes[at];
                for (data, known) in [(delivers, &mut route.delivers), (touches, &mut route.touches)] {
                    let data: BTreeSet<DatumId> = data.into_iter().collect();
                    grew |= data.len() > known.len();
                    *known = data.into_iter().collect();
                }
            }
            if !grew {
                return;
            }
        }
    }

    /// The place of each call's arrow among those of its caller.
    fn places(&mut self) {
        let mut places = vec![0; self.plan.arrows.len()];
        for node in &self.plan.nodes {
            node.out.iter().zip(0..).for_each(|(arrow, place)| places[arrow.at()] = place);
        }
        self.plan.calls.iter_mut().for_each(|call| call.place = places[call.arrow.at()]);
    }

    /// How the consumers of each queue handle each message that is published to it.
    fn handlers(&mut self) {
        for at in 0..self.plan.routes.len() {
            let RouteWork::Publish { message } = &self.plan.routes[at].work else { continue };
            let deliveries = self.plan.deliveries(self.plan.routes[at].node);
            let consumers = deliveries.map(|arrow| self.plan.arrows[arrow.at()].to);
            let handler = |consumer: NodeId| Some((consumer, *self.known.get(&(consumer, message.clone()))?));
            self.plan.routes[at].handlers = consumers.filter_map(handler).collect();
        }
    }
}

/// The arrows of a queue to its consumers, by the name of their group.
fn groups(nodes: &[&crate::world::Node], queue: &str, arrows: &[ArrowPlan], out: &[ArrowId]) -> Vec<Vec<ArrowId>> {
    let mut groups = BTreeMap::<&str, Vec<ArrowId>>::new();
    for arrow in out {
        let consumes = nodes[arrows[arrow.at()].to.at()].consumes.as_ref().filter(|consumes| consumes.queue == queue);
        if let Some(consumes) = consumes {
            groups.entry(&consumes.group).or_default().push(*arrow);
        }
    }
    groups.into_values().collect()
}
