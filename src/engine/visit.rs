//! A request (or a message) at a replica: it waits for a server, goes through its route's steps, and is answered.

use super::call::{CONNECTION_GIVES_UP, Outgoing};
use super::data::{Part, Source, merge};
use super::fabric::Home;
use super::flight::{Caller, Context, ReplyTo, TraceContext, Visit};
use super::ids::{CallId, InstanceId, LinkId, NodeId, RouteId};
use super::plan::{DataOp, StepPlan, WhenPlan};
use super::queue::{MOST_DELIVERIES, Message, Offered};
use super::slab::Key;
use super::{Event, Simulation, data, dist};
use crate::random::Identity;
use crate::time::Duration;
use crate::world::Propagation;

/// Lanes of the work stream that tell which requests are slow.
const SLOW_LANE: u64 = 1 << 32;

/// What a new visit starts with.
pub(super) struct Incoming {
    pub identity: Identity,
    pub instance: InstanceId,
    pub route: RouteId,
    pub context: Context,
    pub trace: TraceContext,
    pub reply_to: ReplyTo,
    pub message: Option<Message>,
    pub link: Option<LinkId>,
    pub payload: Option<Part>,
}

impl Simulation {
    /// A visit that has not arrived yet.
    pub(super) fn new_visit(&mut self, incoming: Incoming) -> Key {
        let Incoming { identity, instance, route, context, trace, reply_to, message, link, payload } = incoming;
        self.visits.insert(Visit {
            identity,
            instance,
            route,
            context,
            trace,
            span: Default::default(),
            reply_to,
            message,
            link,
            payload,
            parts: Default::default(),
            step: 0,
            pending: 0,
            status: 0,
            served: false,
            pauses_behind: Duration::ZERO,
            since: self.now,
            arrived: self.now,
        })
    }

    /// It reaches the replica: a free server takes it, or it waits, or it is turned away.
    pub(super) fn arrive(&mut self, key: Key) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        visit.arrived = self.now;
        let mut station = self.fabric.station(visit.instance);
        if station.busy < station.servers {
            station.busy += 1;
            visit.served = true;
            self.begin(key);
        } else if station.line.len() < station.line_limit as usize {
            station.line.push_back(key);
        } else {
            visit.status = 503;
            visit.since = self.now;
            self.start_span(key);
            self.finish(key);
        }
    }

    /// A server takes it.
    pub(super) fn begin(&mut self, key: Key) {
        let Some(instance) = self.visits.get(key).map(|visit| visit.instance) else { return };
        let pace = self.fabric.pace(instance);
        if pace.stopped_until > self.now {
            return self.later(pace.stopped_until.since(self.now), Event::Begin(key));
        }
        if pace.collects {
            self.count_for_pause(instance);
        }
        if pace.growth > Duration::ZERO {
            self.fabric.node(instance).pace.grown = pace.grown + pace.growth;
        }
        let Some(visit) = self.visits.get_mut(key) else { return };
        visit.since = self.now;
        visit.served = true;
        let route = &self.plan.routes[visit.route.at()];
        let errors = self.plan.nodes[route.node.at()].streams.errors;
        if errors.chance(visit.identity, 0, route.errors + pace.error_rate) {
            visit.status = 500;
        }
        let (limited, verified) = (route.limited, route.verified);
        if limited {
            self.limit_rate(key);
        }
        if verified {
            self.verify_token(key);
        }
        self.start_span(key);
        self.advance(key);
    }

    /// Does the next steps, until one takes time or all are done.
    pub(super) fn advance(&mut self, key: Key) {
        loop {
            let Some(visit) = self.visits.get_mut(key) else { return };
            if visit.pending > 0 {
                return;
            }
            if self.pauses {
                let instance = visit.instance;
                if let Some(rest) = self.stopped_for(instance) {
                    return self.later(rest, Event::Resume(key));
                }
            }
            let Some(visit) = self.visits.get_mut(key) else { return };
            let route = &self.plan.routes[visit.route.at()];
            let step = usize::from(visit.step);
            if visit.status >= 400 || step >= route.steps.len() {
                return self.finish(key);
            }
            visit.step += 1;
            match route.steps[step] {
                StepPlan::Work(time) => {
                    let pace = self.fabric.pace(visit.instance);
                    let stream = self.plan.nodes[route.node.at()].streams.work;
                    let drawn = dist::sample(&time, stream, visit.identity, 2 * step as u64);
                    let work = if pace.factor == 1.0 { drawn } else { drawn.mul_f64(pace.factor) };
                    let slow = pace.slow_share > 0.0
                        && stream.chance(visit.identity, SLOW_LANE + step as u64, pace.slow_share);
                    let work = if slow { work.mul_f64(pace.slow_factor) } else { work };
                    let (instance, node) = (visit.instance, &self.plan.nodes[route.node.at()]);
                    let (shares, counts_memory) = (node.shares, node.counts_memory);
                    let behind = self.pauses_behind(instance);
                    if let Some(visit) = self.visits.get_mut(key) {
                        visit.pauses_behind = behind;
                    }
                    let mut work = work + pace.grown;
                    if counts_memory {
                        work = work.mul_f64(self.fill_memory(instance));
                    }
                    if shares {
                        self.share_work(instance, key, work);
                    } else {
                        self.later(work, Event::WorkDone(key));
                    }
                    return;
                }
                StepPlan::Calls(first, count) => {
                    // The guard keeps a call that fails at once from advancing this visit under our feet.
                    visit.pending += 1;
                    for call in 0..count {
                        self.visit_calls(key, CallId(first.0 + call));
                    }
                    if let Some(visit) = self.visits.get_mut(key) {
                        visit.pending -= 1;
                    }
                }
                StepPlan::Effect(effect) => {
                    let context = visit.context;
                    self.pay(context, effect);
                }
                StepPlan::Data(op) => self.data_step(key, op),
                StepPlan::Issue(datum) => self.issue(key, datum),
                StepPlan::TakeRow(datum) => self.take_row(key, datum),
                StepPlan::Lock(op) => self.lock_step(key, op),
                StepPlan::SkipIfDone(next) => {
                    if self.is_done_already(key)
                        && let Some(visit) = self.visits.get_mut(key)
                    {
                        visit.step = next;
                    }
                }
                StepPlan::Enqueue => self.enqueue(key),
            }
        }
    }

    /// What a store does to its data.
    fn data_step(&mut self, key: Key, op: DataOp) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let (DataOp::Get(datum)
        | DataOp::Put(datum)
        | DataOp::Invalidate(datum)
        | DataOp::Read(datum)
        | DataOp::Write(datum)
        | DataOp::Fill(datum)) = op;
        let datum_key = data::key_of(&self.plan, datum, visit.context.journey, visit.context.user);
        let home = self.fabric.home(visit.instance);
        let node = self.fabric.node(visit.instance);
        let stamp = node.clock.stamp(self.now);
        let visit_instance = visit.instance;
        match op {
            DataOp::Get(_) => {
                let found = node.cache.and_then(|mut cache| cache.get(datum, datum_key, stamp));
                match found {
                    Some(part) => merge(&mut visit.parts, Part { source: Source::Cache, ..part }),
                    None => self.missed(key, datum, datum_key),
                }
            }
            DataOp::Put(_) => {
                if let (Some(mut cache), Some(part)) = (node.cache, visit.payload) {
                    cache.put(datum, datum_key, part, stamp);
                    self.fetched(visit_instance, datum, datum_key);
                }
            }
            DataOp::Fill(_) => {
                let fresh = |part: &&Part| part.datum == datum && part.source == Source::Database;
                if let (Some(mut cache), Some(part)) = (node.cache, visit.parts.iter().find(fresh).copied()) {
                    cache.put(datum, datum_key, part, stamp);
                    self.fetched(visit_instance, datum, datum_key);
                }
            }
            DataOp::Invalidate(_) => {
                let losses = self.plan.nodes[home.node.at()].streams.losses;
                if let Some(mut cache) = node.cache
                    && !losses.chance(visit.identity, 0, cache.lost_invalidations)
                {
                    cache.invalidate(datum, datum_key);
                }
            }
            DataOp::Read(_) => {
                let lag = node.replication.map_or(Duration::ZERO, |replication| replication.lag);
                let version = if lag == Duration::ZERO {
                    self.versions.current(datum, datum_key)
                } else {
                    self.versions.as_of(datum, datum_key, crate::time::SimTime(self.now.0.saturating_sub(lag.0)))
                };
                merge(&mut visit.parts, Part { datum, key: datum_key, version, source: Source::Database });
            }
            DataOp::Write(_) => {
                let version = self.versions.write(datum, datum_key, self.now);
                if let ReplyTo::Call(call, _) = visit.reply_to
                    && self.calls.get(call).is_some_and(|call| self.plan.calls[call.plan.at()].returns)
                {
                    merge(&mut visit.parts, Part { datum, key: datum_key, version, source: Source::Database });
                }
            }
        }
    }

    /// A queue takes a message in, or not.
    fn enqueue(&mut self, key: Key) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let message = Message {
            identity: visit.identity.child(0),
            route: visit.route,
            context: visit.context,
            trace: visit.children_trace(),
            enqueued: self.now,
            deliveries: 0,
        };
        let instance = visit.instance;
        let Some(mut queue) = self.fabric.node(instance).queue else { return };
        match queue.offer(message) {
            Offered::Rejected => {
                visit.status = 503;
                return;
            }
            Offered::Accepted => self.carry(message.context, 1),
            Offered::Dropped(dropped) => {
                self.carry(message.context, 1);
                self.carry(dropped.context, -1);
            }
        }
        self.dispatch(instance);
    }

    /// Hands messages of a queue to consumers that have a server free.
    pub(super) fn dispatch(&mut self, queue: InstanceId) {
        let Home { node, ordinal } = self.fabric.home(queue);
        while let Some((consumer, link)) = self.free_consumer(queue, node, ordinal) {
            let Some(mut store) = self.fabric.node(queue).queue else { return };
            let Some(mut message) = store.messages.pop_front() else { return };
            store.delivered += 1;
            message.deliveries += 1;
            let consumer_node = self.fabric.home(consumer).node;
            let handlers = &self.plan.routes[message.route.at()].handlers;
            let Some((_, route)) = handlers.iter().copied().find(|(node, _)| *node == consumer_node) else { return };
            let item = self.fabric.link(link);
            let (latency, crosses) = (item.network.latency, item.emitter.trace == Propagation::Propagated);
            let identity = message.identity.child(u64::from(message.deliveries));
            let stream = self.plan.arrows[self.fabric.side(link).arrow.at()].streams.network;
            let delay = dist::sample(&latency, stream, identity, 0);
            self.fabric.station(consumer).busy += 1;
            let visit = self.new_visit(Incoming {
                identity,
                instance: consumer,
                route,
                context: message.context,
                trace: if crosses { message.trace } else { TraceContext::default() },
                reply_to: ReplyTo::Queue(queue),
                message: Some(message),
                link: Some(link),
                payload: None,
            });
            self.later(delay, Event::Begin(visit));
        }
    }

    /// A consumer replica with a free server, in turn, if the queue holds anything.
    fn free_consumer(&mut self, queue: InstanceId, node: NodeId, ordinal: u16) -> Option<(InstanceId, LinkId)> {
        let mut store = self.fabric.node(queue).queue?;
        if store.messages.is_empty() {
            return None;
        }
        let turn = store.turn as usize;
        store.turn = store.turn.wrapping_add(1);
        let plan = &self.plan;
        for arrow in &plan.nodes[node.at()].deliveries {
            let consumer_node = plan.arrows[arrow.at()].to;
            let link = self.fabric.ends[arrow.at()][usize::from(ordinal)];
            let replicas = self.fabric.replicas[consumer_node.at()].len();
            for offset in 0..replicas {
                let instance = self.fabric.replicas[consumer_node.at()][(turn + offset) % replicas];
                let station = self.fabric.station(instance);
                if station.busy < station.servers && self.fabric.is_up(instance, self.now) {
                    return Some((instance, link));
                }
            }
        }
        None
    }

    /// It is done: the replica says so, the server is free for the next one, and the answer leaves.
    pub(super) fn finish(&mut self, key: Key) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        if visit.status == 0 {
            visit.status = 200;
        }
        let (instance, served, reply_to, ok) = (visit.instance, visit.served, visit.reply_to, visit.status < 400);
        let row = self.plan.routes[visit.route.at()].row.filter(|_| visit.step > 0);
        self.emit_served(key);
        if let Some(datum) = row {
            self.leave_row(key, datum);
        }
        if served {
            self.free_server(instance);
        }
        match reply_to {
            ReplyTo::Call(..) => self.reply(key),
            ReplyTo::Queue(queue) => {
                if let Some(visit) = self.visits.remove(key) {
                    self.acknowledge(queue, visit.message, ok);
                }
                self.dispatch(queue);
            }
            ReplyTo::Nobody => {
                self.visits.remove(key);
            }
        }
    }

    /// The next in line gets the server. As an event of its own, so that a long line is no deep recursion.
    pub(super) fn free_server(&mut self, instance: InstanceId) {
        let mut station = self.fabric.station(instance);
        if station.busy > station.servers {
            station.busy -= 1;
            return;
        }
        match station.line.pop_front() {
            Some(next) => self.later(Duration::ZERO, Event::Begin(next)),
            None => station.busy -= 1,
        }
    }

    /// A message was handled, or goes back to the queue, or is given up.
    fn acknowledge(&mut self, queue: InstanceId, message: Option<Message>, ok: bool) {
        let Some(message) = message else { return };
        if ok || message.deliveries >= MOST_DELIVERIES {
            self.carry(message.context, -1);
        } else if let Some(mut store) = self.fabric.node(queue).queue {
            store.messages.push_back(message);
        }
    }

    /// The answer travels back; a lost one is never heard of again.
    fn reply(&mut self, key: Key) {
        let Some(visit) = self.visits.get(key) else { return };
        let Some(link) = visit.link else { return };
        let network = self.fabric.network(link);
        let stream = self.plan.arrows[self.fabric.side(link).arrow.at()].streams.network;
        let back = visit.identity.child(1);
        if stream.chance(back, 2, network.loss) {
            let waits_for_ever = self.fabric.link(link).timeout.0.is_none();
            if let Some(Visit { reply_to: ReplyTo::Call(call, attempt), .. }) = self.visits.remove(key)
                && waits_for_ever
            {
                self.later(CONNECTION_GIVES_UP, Event::Timeout(call, attempt));
            }
            return;
        }
        let delay = dist::sample(&network.latency, stream, back, 0);
        self.later(delay, Event::Respond(key));
    }

    /// The answer reaches the caller, who may have stopped waiting.
    pub(super) fn respond(&mut self, key: Key) {
        let Some(visit) = self.visits.remove(key) else { return };
        if let ReplyTo::Call(call, attempt) = visit.reply_to {
            self.answered(call, attempt, visit.status, visit.parts);
        }
    }

    /// One call of a step, if it is wanted.
    fn visit_calls(&mut self, key: Key, plan: CallId) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let call = &self.plan.calls[plan.at()];
        let identity = visit.identity.child(2 + u64::from(plan.0));
        let wanted = match call.when {
            WhenPlan::Always => true,
            WhenPlan::Missing(datum) => !visit.parts.iter().any(|part| part.datum == datum),
            WhenPlan::Fetched(datum) => {
                visit.parts.iter().any(|part| part.datum == datum && part.source == Source::Database)
            }
            WhenPlan::Account(account) => {
                let users = self.populations.get(usize::from(visit.context.population));
                users.is_some_and(|users| users.account(visit.context.user) == self.plan.accounts[usize::from(account)])
            }
            WhenPlan::Chance(p) => self.plan.arrows[call.arrow.at()].streams.choice.chance(identity, 0, p),
        };
        if !wanted {
            return;
        }
        let payload = call.carries.and_then(|datum| visit.parts.iter().copied().find(|part| part.datum == datum));
        let (context, instance, trace, detached) =
            (visit.context, visit.instance, visit.children_trace(), call.detached);
        if detached {
            self.carry(context, 1);
        } else {
            visit.pending += 1;
        }
        let caller = if detached { Caller::Detached } else { Caller::Visit(key) };
        self.start_call(Outgoing { caller, instance, plan, identity, context, trace, payload });
    }
}
