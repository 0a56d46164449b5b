//! A request (or a message) at a replica: it waits for a server, goes through its route's steps, and is answered.

use super::call::{CONNECTION_GIVES_UP, Outgoing};
use super::data::{Part, Parts, Source};
use super::deadlines::Waiting;
use super::flight::{Caller, Context, ReplyTo, TraceContext, Visit};
use super::idempotency::Claim;
use super::ids::{CallId, InstanceId, LinkId, RouteId};
use super::network::Packet;
use super::plan::{Keyed, RoutePlan, StepPlan, WhenPlan};
use super::queue::Message;
use super::replica::Pace;
use super::slab::Key;
use super::{Event, Simulation, dist};
use crate::random::Identity;
use crate::time::Duration;
use crate::world::{Dist, Setting};

/// Lanes of the work stream that tell which requests are slow.
const SLOW_LANE: u64 = 1 << 32;
/// The lane of the errors' stream for requests about a bad key.
const BAD_KEY_LANE: u64 = 3;

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
    /// Its idempotency key.
    pub key: Option<Identity>,
}

impl Simulation {
    /// A visit that has not arrived yet.
    #[inline(always)]
    pub(super) fn new_visit(&mut self, incoming: Incoming) -> Key {
        let Incoming { identity, instance, route, context, trace, reply_to, message, link, payload, key } = incoming;
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
            refused: false,
            key,
            claimed: false,
            pauses_behind: Duration::ZERO,
            holds_row: false,
            since: self.now,
            arrived: self.now,
        })
    }

    /// It reaches the replica: a free server takes it, or it waits, or it is turned away.
    pub(super) fn arrive(&mut self, key: Key) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        visit.arrived = self.now;
        let instance = visit.instance;
        self.flows.station(instance).arrive(self.now);
        let replica = self.fabric.replica(instance);
        if replica.process.down || replica.process.lost {
            // Nobody listens: the machine, or the network, answers in the process's place.
            self.flows.station(instance).leave(self.now);
            return self.turn_away(key);
        }
        let station = &mut replica.station;
        if station.busy < station.servers {
            station.busy += 1;
            visit.served = true;
            self.begin(key);
        } else if station.line.len() < station.line_limit as usize {
            station.line.push_back(key);
            if !self.fabric.runs(instance, self.now) {
                self.drop_line(instance);
            }
        } else {
            visit.status = 503;
            visit.since = self.now;
            self.start_span(key);
            self.finish(key);
        }
    }

    /// A server takes it, unless the replica stands still.
    pub(super) fn begin(&mut self, key: Key) {
        let Some(visit) = self.visits.get(key) else { return };
        let (instance, context) = (visit.instance, visit.context);
        if matches!(visit.reply_to, ReplyTo::Queue(_)) && self.fabric.replica(instance).process.down {
            return self.undelivered(key);
        }
        let mut pace = self.fabric.pace(instance);
        if pace.stopped_until > self.now {
            return self.later(pace.stopped_until.since(self.now), Event::Begin(key));
        }
        if pace.collects {
            self.count_for_pause(instance);
        }
        if pace.scoped {
            pace = self.pace_for(pace, instance, context);
        }
        if pace.growth > Duration::ZERO {
            self.fabric.replica(instance).pace.grown = pace.grown + pace.growth;
        }
        if pace.counts_memory {
            self.fill_memory(instance);
        }
        let Some(visit) = self.visits.get_mut(key) else { return };
        visit.since = self.now;
        visit.served = true;
        if matches!(visit.reply_to, ReplyTo::Queue(_)) {
            visit.arrived = self.now;
            self.flows.station(instance).arrive(self.now);
        }
        self.admit(key, pace);
        self.start_span(key);
        self.advance(key);
    }

    /// Whether it is let in: by rate limits, by its token, by luck, by its idempotency key.
    fn admit(&mut self, key: Key, pace: Pace) {
        let Some(visit) = self.visits.get(key) else { return };
        let RoutePlan { limited, verified, .. } = self.plan.routes[visit.route.at()];
        if limited {
            self.limit_rate(key);
        }
        if verified {
            self.verify_token(key);
        }
        let bad_key = if pace.bad_key { self.bad_key(key).map_or(0.0, |(errors, _)| errors) } else { 0.0 };
        let Some(visit) = self.visits.get_mut(key).filter(|visit| visit.status == 0) else { return };
        let route = &self.plan.routes[visit.route.at()];
        let errors = self.plan.nodes[route.node.at()].streams.errors;
        let fails = errors.chance(visit.identity, 0, route.errors + pace.error_rate)
            || errors.chance(visit.identity, BAD_KEY_LANE, bad_key);
        if fails {
            visit.status = pace.error_status;
        } else if let Some(message) = visit.message
            && errors.chance(message.identity, 2, route.poison + self.fabric.replica(visit.instance).consumer.poison)
        {
            visit.status = 500;
        } else if errors.chance(visit.identity, 1, route.refusals + pace.refusal_rate) {
            visit.refused = true;
            visit.step = route.steps.len() as u16;
        }
        if visit.key.is_some() && visit.status == 0 {
            self.recognise(key);
        }
    }

    /// The pace at which a replica works for a user, if some users meet other settings.
    fn pace_for(&self, mut pace: Pace, instance: InstanceId, context: Context) -> Pace {
        let Some(replica) = self.fabric.peek_replica(instance) else { return pace };
        let salt = u64::from(self.fabric.home(instance).node.0);
        let find = |pick: fn(&Setting) -> Option<f64>| replica.scoped.find(&self.populations, context, salt, pick);
        let factor = find(|to| if let Setting::WorkFactor(factor) = to { Some(*factor) } else { None });
        let errors = find(|to| if let Setting::ErrorRate(rate) = to { Some(*rate) } else { None });
        let refusals = find(|to| if let Setting::RefusalRate(rate) = to { Some(*rate) } else { None });
        pace.factor = factor.unwrap_or(pace.factor);
        pace.error_rate = errors.unwrap_or(pace.error_rate);
        pace.refusal_rate = refusals.unwrap_or(pace.refusal_rate);
        pace
    }

    /// Whether a feature flag is on at a replica for a user.
    fn flag(&self, instance: InstanceId, flag: u16, context: Context) -> bool {
        let Some(replica) = self.fabric.peek_replica(instance) else { return false };
        let home = self.fabric.home(instance).node;
        let name = self.plan.node_spec(home).flags.keys().nth(usize::from(flag));
        let own = replica.scoped.find(&self.populations, context, u64::from(home.0), |to| match to {
            Setting::Flag(known, on) if Some(known) == name => Some(*on),
            _ => None,
        });
        own.or(replica.flags.0.get(usize::from(flag)).copied()).unwrap_or(false)
    }

    /// What was done for its key is not done again.
    fn recognise(&mut self, key: Key) {
        let claim = self.claim_key(key);
        let Some(visit) = self.visits.get_mut(key) else { return };
        match claim {
            Claim::New => {}
            Claim::Busy => visit.status = 409,
            Claim::Done(answer) => {
                (visit.parts, visit.refused) = (answer.parts, answer.refused);
                visit.step = self.plan.routes[visit.route.at()].steps.len() as u16;
                let instance = visit.instance;
                self.fabric.replica(instance).keys.replays += 1;
            }
        }
    }

    /// Does the next steps, until one takes time or all are done.
    pub(super) fn advance(&mut self, key: Key) {
        loop {
            let Some(visit) = self.visits.get_mut(key) else { return };
            if visit.pending > 0 {
                return;
            }
            if self.pauses {
                let rest = self.fabric.pace(visit.instance).stopped_until.since(self.now);
                if rest > Duration::ZERO {
                    return self.later(rest, Event::Resume(key));
                }
            }
            let route = &self.plan.routes[visit.route.at()];
            let step = usize::from(visit.step);
            if visit.status >= 400 || step >= route.steps.len() {
                return self.finish(key);
            }
            visit.step += 1;
            match route.steps[step] {
                StepPlan::Work(time) => return self.work(key, step as u64, &time),
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

    /// A step that takes time, at the pace of the replica.
    fn work(&mut self, key: Key, step: u64, time: &Dist) {
        let Some(visit) = self.visits.get(key) else { return };
        let (instance, identity, context) = (visit.instance, visit.identity, visit.context);
        let mut pace = self.fabric.pace(instance);
        if pace.scoped {
            pace = self.pace_for(pace, instance, context);
        }
        let node = &self.plan.nodes[self.fabric.home(instance).node.at()];
        let (stream, shares) = (node.streams.work, node.shares);
        let drawn = dist::sample(time, stream, identity, 2 * step);
        let mut work = if pace.factor == 1.0 { drawn } else { drawn.mul_f64(pace.factor) };
        if pace.slow_share > 0.0 && stream.chance(identity, SLOW_LANE + step, pace.slow_share) {
            work = work.mul_f64(pace.slow_factor);
        }
        if pace.bad_key
            && let Some((_, factor)) = self.bad_key(key)
        {
            work = work.mul_f64(factor);
        }
        work = work + pace.grown;
        if self.pauses {
            let behind = self.pauses_behind(instance);
            if let Some(visit) = self.visits.get_mut(key) {
                visit.pauses_behind = behind;
            }
        }
        if pace.counts_memory {
            work = work.mul_f64(self.memory_drag(instance));
        }
        match shares {
            true => self.share_work(instance, key, work),
            false => self.later(work, Event::WorkDone(key)),
        }
    }

    /// It is done: the replica says so, the server is free for the next one, and the answer leaves.
    pub(super) fn finish(&mut self, key: Key) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        if visit.status == 0 {
            visit.status = 200;
        }
        let (instance, served, reply_to) = (visit.instance, visit.served, visit.reply_to);
        let (claimed, holds_row) = (visit.claimed, visit.holds_row);
        let fetches = self.plan.routes[visit.route.at()].fetches;
        self.flows.station(instance).leave(self.now);
        self.emit_served(key);
        if claimed {
            self.settle_key(key);
        }
        if holds_row {
            self.leave_row(key);
        }
        if let Some(datum) = fetches {
            self.fetch_ended(key, datum);
        }
        if served {
            self.free_server(instance);
        }
        match reply_to {
            ReplyTo::Call(..) => self.reply(key),
            ReplyTo::Queue(queue) => {
                if let Some(visit) = self.visits.remove(key) {
                    self.handled(queue, &visit);
                }
            }
            ReplyTo::Nobody => {
                self.visits.free(key);
            }
        }
        self.take_from_queues(instance);
    }

    /// The next in line gets the server. As an event of its own, so that a long line is no deep recursion.
    pub(super) fn free_server(&mut self, instance: InstanceId) {
        let station = self.fabric.station(instance);
        if station.busy > station.servers {
            station.busy -= 1;
            return;
        }
        match station.line.pop_front() {
            Some(next) => self.later(Duration::ZERO, Event::Begin(next)),
            None => station.busy -= 1,
        }
    }

    /// The process ends: whoever waits in its line is cut off, and hears that the connection was closed.
    pub(super) fn drop_line(&mut self, instance: InstanceId) {
        let line = std::mem::take(&mut self.fabric.station(instance).line);
        for key in line {
            self.flows.station(instance).leave(self.now);
            self.turn_away(key);
        }
    }

    /// The caller hears that the connection was closed.
    fn turn_away(&mut self, key: Key) {
        match self.visits.get(key).map(|visit| visit.reply_to) {
            Some(ReplyTo::Call(..)) => self.send_back(key, Packet::Acknowledgement),
            _ => self.visits.free(key),
        }
    }

    /// The answer travels back.
    fn reply(&mut self, key: Key) {
        self.send_back(key, Packet::Answer(key));
    }

    /// A packet goes back to the caller; a lost one is never heard of again.
    fn send_back(&mut self, key: Key, packet: Packet) {
        let Some(visit) = self.visits.get(key) else { return };
        let Some(link) = visit.link else { return };
        let (instance, back) = (visit.instance, visit.identity.child(1));
        if let Some(delay) = self.cross(link, instance, (back, visit.context), packet) {
            return self.later(delay, Event::Respond(key));
        }
        self.flows.link(link).answers_lost += 1;
        // The timeout may have been set or removed since the request went out.
        if let Some(Visit { reply_to: ReplyTo::Call(call, attempt), .. }) = self.visits.remove(key)
            && self.calls.get(call).is_some_and(|call| call.attempt == attempt && !call.timed)
        {
            self.due_after(CONNECTION_GIVES_UP, Waiting::Attempt(call, attempt));
        }
    }

    /// The answer reaches the caller, who may have stopped waiting.
    pub(super) fn respond(&mut self, key: Key) {
        let Some(visit) = self.visits.get(key) else { return };
        let (reply_to, link, status) = (visit.reply_to, visit.link, (visit.status, visit.refused));
        let mut parts = Parts::new();
        // They fit: it is as long.
        let _ = parts.try_extend_from_slice(&visit.parts);
        self.visits.free(key);
        if let Some(link) = link {
            self.flows.link(link).answers_heard += 1;
        }
        if let ReplyTo::Call(call, attempt) = reply_to {
            self.answered(call, attempt, status, &parts);
        }
    }

    /// One call of a step, if it is wanted.
    fn visit_calls(&mut self, key: Key, plan: CallId) {
        let Some(visit) = self.visits.get_mut(key) else { return };
        let call = &self.plan.calls[plan.at()];
        let identity = visit.identity.child(2 + u64::from(plan.0));
        let mut flagged = None;
        let wanted = match call.when {
            WhenPlan::Always => true,
            WhenPlan::Missing(datum) => !visit.parts.iter().any(|part| part.datum == datum),
            WhenPlan::Fetched(datum) => {
                visit.parts.iter().any(|part| part.datum == datum && part.source == Source::Database)
            }
            WhenPlan::Flag(flag, wanted) => {
                let (instance, context) = (visit.instance, visit.context);
                let on = self.flag(instance, flag, context);
                flagged = Some((flag, on));
                on == wanted
            }
            WhenPlan::Account(account) => {
                let users = self.populations.get(usize::from(visit.context.population));
                users.is_some_and(|users| users.account(visit.context.user) == self.plan.accounts[usize::from(account)])
            }
            WhenPlan::Chance(p) => self.plan.arrows[call.arrow.at()].streams.choice.chance(identity, 0, p),
        };
        if let Some((flag, on)) = flagged {
            self.emit_flag(key, flag, on);
        }
        let call = &self.plan.calls[plan.at()];
        let Some(visit) = self.visits.get_mut(key).filter(|_| wanted) else { return };
        let payload = call.carries.and_then(|datum| visit.parts.iter().copied().find(|part| part.datum == datum));
        let (context, instance, trace, detached) =
            (visit.context, visit.instance, visit.children_trace(), call.detached);
        let idempotency_key = match call.keyed {
            Keyed::No => None,
            Keyed::Own => Some(visit.key.map_or(identity, |key| key.child(2 + u64::from(plan.0)))),
            Keyed::PassedOn => visit.key,
        };
        if detached {
            self.carry(context, 1);
        } else {
            visit.pending += 1;
        }
        let caller = if detached { Caller::Detached } else { Caller::Visit(key) };
        self.start_call(Outgoing { caller, instance, plan, identity, context, trace, payload, key: idempotency_key });
    }
}
