//! A call over an arrow, from the caller's side: a connection, attempts with a timeout each, retries, and a fallback
//! when all failed. The order is fixed: retry around hedge around bulkhead around breaker around pool around timeout
//! around the network.

use super::by_key::packed;
use super::data::{Part, Parts, Source, merge};
use super::deadlines::Waiting;
use super::flight::{Attempt, Call, Caller, Context, Failure, ReplyTo, TraceContext};
use super::ids::{CallId, DatumId, InstanceId, LinkId};
use super::network::Packet;
use super::slab::Key;
use super::visit::Incoming;
use super::{Event, Simulation, data, dist, scoped};
use crate::random::Identity;
use crate::telemetry::SpanNumber;
use crate::time::Duration;
use crate::world::{Balance, FallbackValue, Setting};

/// What a new call starts with.
pub(super) struct Outgoing {
    pub caller: Caller,
    /// The calling replica.
    pub instance: InstanceId,
    pub plan: CallId,
    pub identity: Identity,
    pub context: Context,
    pub trace: TraceContext,
    pub payload: Option<Part>,
    /// Its idempotency key.
    pub key: Option<Identity>,
}

/// The lane of an arrow's network stream for the time to open a connection.
const SETUP: u64 = 10;

/// When a caller without a timeout learns that its packet was lost: about as long as Linux retries a connection.
pub(super) const CONNECTION_GIVES_UP: Duration = Duration::from_secs(127);

impl Simulation {
    /// Begins a call.
    #[inline(always)]
    pub(super) fn start_call(&mut self, out: Outgoing) {
        let link = self.fabric.end(out.instance, self.plan.calls[out.plan.at()].place);
        let key = self.calls.insert(Call {
            identity: out.identity,
            caller: out.caller,
            plan: out.plan,
            link,
            context: out.context,
            trace: out.trace,
            payload: out.payload,
            key: out.key,
            twin: None,
            hedges: false,
            opened: None,
            attempt: 0,
            state: Attempt::Waiting,
            timed: false,
            span: Default::default(),
            since: self.now,
        });
        self.flows.link(link).calls += 1;
        self.fabric.link(link).retries.earn();
        self.attempt(key);
    }

    /// Begins the next attempt: past the bulkhead, through the breaker, to a connection.
    pub(super) fn attempt(&mut self, key: Key) {
        let Some(call) = self.calls.get_mut(key) else { return };
        call.state = Attempt::Waiting;
        call.since = self.now;
        let attempt = call.attempt;
        let link = self.fabric.link(call.link);
        if !link.guards.enter() {
            return self.attempt_failed(key, Failure::BulkheadFull);
        }
        if !link.breaker.allow(self.now) {
            return self.attempt_failed(key, Failure::BreakerOpen);
        }
        if link.pool.acquire() {
            return self.send(key);
        }
        link.pool.waiting.push_back(key);
        if let Some(wait) = link.pool.policy.and_then(|policy| policy.wait) {
            self.later(wait, Event::PoolTimeout(key, attempt));
        }
    }

    /// May use a connection: takes an open one or chooses a replica, and sends.
    pub(super) fn send(&mut self, key: Key) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let waited = self.now.since(call.since);
        let plan = &self.plan.calls[call.plan.at()];
        let identity = call.identity.child(u64::from(call.attempt));
        let (call_link, context, trace, payload, attempt) =
            (call.link, call.context, call.trace, call.payload, call.attempt);
        let (arrow, route, call_plan) = (&self.plan.arrows[plan.arrow.at()], plan.route, call.plan);
        let (streams, first) = (arrow.streams, attempt == 0 && !call.hedges);
        let arrow_salt = scoped::salt_of(plan.arrow);
        call.opened = None;
        let link = self.fabric.link(call_link);
        let pooled = link.pool.policy.is_some();
        if pooled {
            link.pool.waited(waited);
        }
        let keeps = link.connections.policy();
        let reused = if keeps.is_some() { self.open_connection(call_link) } else { None };
        if reused.is_none() && self.look_up_fails(call_link, identity) {
            self.release(call_link);
            return self.attempt_failed(key, Failure::Unresolved);
        }
        let target = match reused {
            Some((target, _)) => Some(target),
            None => self.choose_replica(call_link, identity, call_plan, context),
        };
        let ordinal = target.map_or(0, |target| usize::from(self.fabric.home(target).ordinal));
        let link = self.fabric.link(call_link);
        let Some(target) = target else {
            self.release(call_link);
            return self.attempt_failed(key, Failure::Refused);
        };
        let mut span = SpanNumber(0);
        if trace.trace.is_some() && trace.sampled && link.emitter.spans {
            self.spans += 1;
            span = SpanNumber(self.spans);
        }
        let (mut timeout, hedge) = (link.timeout.0, link.guards.hedge.filter(|_| first));
        if !link.scoped.is_empty() {
            timeout = link
                .scoped
                .find(&self.populations, context, arrow_salt, |to| match to {
                    Setting::Timeout(timeout) => Some(*timeout),
                    _ => None,
                })
                .unwrap_or(timeout);
        }
        let propagation = link.emitter.trace;
        *link.balancer.in_flight.place(ordinal) += 1;
        if keeps.is_some() && reused.is_none() {
            link.connections.opened(target, self.now);
        }
        if let Some(call) = self.calls.get_mut(key) {
            (call.state, call.since, call.span) = (Attempt::Sent(target), self.now, span);
            call.opened = keeps.map(|_| reused.map_or(self.now, |(_, opened)| opened));
        }
        if pooled {
            self.emit_pool_wait(call_link, waited);
        }
        let setup = keeps
            .filter(|_| reused.is_none())
            .map_or(Duration::ZERO, |keeps| dist::sample(&keeps.setup, streams.network, identity, SETUP));
        let delay = self.cross(call_link, target, (identity, context), Packet::Request(payload));
        let timeout = timeout.or(delay.is_none().then_some(CONNECTION_GIVES_UP));
        if let Some(call) = self.calls.get_mut(key) {
            call.timed = timeout.is_some();
        }
        if let Some(timeout) = timeout {
            self.due_after(timeout, Waiting::Attempt(key, attempt));
        }
        if let Some(hedge) = hedge {
            self.later(hedge.after, Event::Hedge(key));
        }
        self.flows.link(call_link).sent += 1;
        if delay.is_none() {
            self.flows.link(call_link).requests_lost += 1;
        }
        let Some(delay) = delay else { return };
        let parent = if span.0 == 0 { trace.parent } else { span };
        let incoming = Incoming {
            identity,
            instance: target,
            route,
            context,
            trace: TraceContext { parent, ..trace }.cross(propagation),
            reply_to: ReplyTo::Call(key, attempt),
            message: None,
            link: Some(call_link),
            payload,
            key: self.calls.get(key).and_then(|call| call.key),
        };
        if let Some((identity, later)) = self.duplicate(call_link, identity) {
            // The caller takes one answer; nobody waits for the second one.
            let again = self.new_visit(Incoming { identity, reply_to: ReplyTo::Nobody, ..incoming });
            self.later(setup + delay + later, Event::Arrive(again));
        }
        let visit = self.new_visit(incoming);
        self.later(setup + delay, Event::Arrive(visit));
    }

    /// A replica of the callee that takes traffic, by the caller's policy.
    fn choose_replica(
        &mut self,
        link: LinkId,
        identity: Identity,
        plan: CallId,
        context: Context,
    ) -> Option<InstanceId> {
        let arrow = self.fabric.side(link).arrow;
        let callee = self.plan.arrows[arrow.at()].to;
        let count = self.fabric.count(callee);
        let watched = self.watched && self.fabric.link(link).balancer.targets.is_some();
        if count == 1 && !watched {
            let only = self.fabric.first(callee);
            return self.fabric.is_found(only, self.now).then_some(only);
        }
        let item = self.fabric.link(link);
        let (policy, turn) = (item.balancer.policy, item.balancer.turn);
        // Each partition has a leader, whatever the policy, or its messages would not keep their order.
        let partition = self.partition_at(callee, context);
        let meant = || self.fabric.meant(callee).count().max(1);
        let first = match (partition, policy) {
            (Some(partition), _) => usize::from(partition) % meant(),
            (None, Balance::RoundRobin) => turn as usize,
            (None, Balance::Random) => self.plan.arrows[arrow.at()].streams.balance.index(identity, 0, count),
            (None, Balance::Hash) => {
                let key = match self.plan.calls[plan.at()].keyed_by {
                    Some(datum) => data::key_of(&self.plan, datum, context.journey, context.user),
                    None => context.user,
                };
                jump(crate::random::mix(u64::from(key)), meant())
            }
            (None, Balance::LeastConnections) => {
                let in_flight = &self.fabric.link(link).balancer.in_flight;
                let load = |at: &usize| (in_flight.to(*at), (*at + count - turn as usize % count) % count);
                (0..count).min_by_key(load).unwrap_or(0)
            }
        };
        if watched {
            return self.choose_target(link, first, policy == Balance::LeastConnections);
        }
        for offset in 0..count {
            let instance = self.fabric.replicas[callee.at()][(first + offset) % count];
            if self.fabric.is_found(instance, self.now) {
                let item = self.fabric.link(link);
                item.balancer.turn = ((first + offset + 1) % count) as u32;
                return Some(instance);
            }
        }
        None
    }

    /// An answer came back for an attempt.
    pub(super) fn answered(&mut self, key: Key, attempt: u8, (status, refused): (u16, bool), parts: &[Part]) {
        let Some(call) = self.calls.get(key) else { return };
        if call.attempt != attempt || !matches!(call.state, Attempt::Sent(_)) {
            return;
        }
        if status == 0 {
            return self.attempt_failed(key, Failure::Reset);
        }
        if refused {
            let call = *call;
            self.emit_refusal(&call);
            if self.fabric.link(call.link).guards.checks_body {
                return self.attempt_failed(key, Failure::Refusal);
            }
        }
        if status >= 400 {
            return self.attempt_failed(key, Failure::Status(status));
        }
        self.attempt_over(key, None, parts);
        let Some(call) = self.calls.get(key) else { return };
        if self.fabric.link(call.link).fallback.remembers() {
            let call = *call;
            self.remember(&call, parts);
        }
        self.deliver(key, Ok(parts));
    }

    /// Keeps a good answer for a bad day. What a lock service said is no value.
    fn remember(&mut self, call: &Call, parts: &[Part]) {
        let route = self.plan.calls[call.plan.at()].route;
        for part in parts.iter().filter(|part| part.source != Source::Done) {
            let asked = self.asked_for(call, part.datum);
            self.fabric.link(call.link).fallback.keep(route, asked, *part);
        }
    }

    /// What was answered last about the keys that a call asks for.
    fn remembered(&mut self, call: &Call) -> Parts {
        let (mut parts, plan) = (Parts::new(), self.plan.clone());
        let route = plan.calls[call.plan.at()].route;
        for datum in &plan.routes[route.at()].delivers {
            let asked = self.asked_for(call, *datum);
            if let Some(part) = self.fabric.link(call.link).fallback.recall(route, asked) {
                let source = if part.source == Source::Token { Source::Token } else { Source::Stale };
                merge(&mut parts, Part { source, ..part });
            }
        }
        parts
    }

    /// The key that a call asks for, whatever it gets.
    fn asked_for(&self, call: &Call, datum: DatumId) -> u64 {
        packed(datum, data::key_of(&self.plan, datum, call.context.journey, call.context.user))
    }

    /// Nothing came back in time.
    pub(super) fn timed_out(&mut self, key: Key, attempt: u8) {
        let Some(call) = self.calls.get(key) else { return };
        if call.attempt == attempt && matches!(call.state, Attempt::Sent(_)) {
            self.attempt_failed(key, Failure::Timeout);
        }
    }

    /// No connection came free in time.
    pub(super) fn pool_timed_out(&mut self, key: Key, attempt: u8) {
        let Some(call) = self.calls.get(key) else { return };
        if call.attempt == attempt && call.state == Attempt::Waiting {
            let link = call.link;
            let waited = self.now.since(call.since);
            self.fabric.link(link).pool.leave(key);
            self.fabric.link(link).pool.waited(waited);
            self.attempt_failed(key, Failure::PoolTimeout);
        }
    }

    /// An attempt failed: try again, or give up.
    fn attempt_failed(&mut self, key: Key, failure: Failure) {
        self.attempt_over(key, Some(failure), &[]);
        let Some(call) = self.calls.get_mut(key) else { return };
        let arrow = self.fabric.side(call.link).arrow;
        let link = self.fabric.link(call.link);
        let next = call.attempt + 1;
        let retry = if failure.is_retryable() && !call.hedges { link.retries.allow(next) } else { None };
        let Some(policy) = retry else { return self.give_up(key, failure) };
        call.attempt = next;
        call.state = Attempt::BackingOff;
        let stream = self.plan.arrows[arrow.at()].streams.backoff;
        let doubled = policy.backoff.mul_f64(f64::from(1u32 << u32::from(next - 1).min(16)));
        let random = stream.unit(call.identity.child(u64::from(next)), 0);
        self.later(doubled.mul_f64(1.0 - policy.jitter * random), Event::Retry(key));
    }

    /// Frees what an attempt held, and says how it ended.
    pub(super) fn attempt_over(&mut self, key: Key, failure: Option<Failure>, parts: &[Part]) {
        let Some(call) = self.calls.get(key).copied() else { return };
        let link = self.fabric.link(call.link);
        if failure != Some(Failure::BulkheadFull) {
            link.guards.leave();
        }
        if failure != Some(Failure::Cancelled) {
            link.emitter.attempts += 1.0;
            link.emitter.failures += f64::from(u8::from(failure.is_some()));
        }
        let changed = failure.is_none_or(Failure::went_out) && link.breaker.record(failure.is_none(), self.now);
        let says = changed && link.breaker.policy().is_some_and(|policy| policy.log);
        let open = link.breaker.is_open();
        if let Attempt::Sent(target) = call.state {
            let ordinal = usize::from(self.fabric.home(target).ordinal);
            let link = self.fabric.link(call.link);
            let in_flight = link.balancer.in_flight.place(ordinal);
            *in_flight = in_flight.saturating_sub(1);
            if let Some(opened) = call.opened {
                let answered = failure.is_none_or(Failure::is_answer);
                link.connections.put_back(target, opened, answered, self.now);
            }
            // What was cancelled says nothing of its target.
            if failure != Some(Failure::Cancelled)
                && let Some(targets) = link.balancer.targets.as_mut()
            {
                targets.record(ordinal, !failure.is_some_and(Failure::is_servers), self.now);
            }
            self.release(call.link);
        }
        if says {
            self.emit_breaker(call.link, open);
        }
        self.emit_called(&call, failure, parts);
    }

    /// A connection comes free: the next one waiting gets it. As an event of its own, so that a long line is no deep
    /// recursion.
    pub(super) fn release(&mut self, link: LinkId) {
        let item = self.fabric.link(link);
        item.pool.used -= 1;
        if let Some(next) = item.pool.grant() {
            self.connected(next);
        }
    }

    /// A call that waited has a connection.
    pub(super) fn connected(&mut self, key: Key) {
        if let Some(call) = self.calls.get_mut(key) {
            call.state = Attempt::Connected;
        }
        self.later(Duration::ZERO, Event::Send(key));
    }

    /// The call failed for good: a fallback answers in its place, or the caller hears of it. One of two hedged attempts
    /// leaves that to the other.
    fn give_up(&mut self, key: Key, failure: Failure) {
        let Some(call) = self.calls.get(key).copied() else { return };
        if let Some(twin) = call.twin.and_then(|twin| self.calls.get_mut(twin)) {
            twin.twin = None;
            self.flows.link(call.link).ended += 1;
            self.calls.free(key);
            return;
        }
        let (route, arrow) = (self.plan.calls[call.plan.at()].route, self.plan.calls[call.plan.at()].arrow);
        let link = self.fabric.link(call.link);
        let mut policy = link.fallback.policy;
        let arrow_salt = scoped::salt_of(arrow);
        if !link.scoped.is_empty() {
            policy = link
                .scoped
                .find(&self.populations, call.context, arrow_salt, |to| match to {
                    Setting::Fallback(policy) => Some(*policy),
                    _ => None,
                })
                .unwrap_or(policy);
        }
        let Some(policy) = policy else { return self.deliver(key, Err(failure)) };
        let mut parts = Parts::new();
        match policy.value {
            FallbackValue::Empty => {}
            FallbackValue::Stale => parts = self.remembered(&call),
            FallbackValue::Default => {
                for datum in &self.plan.routes[route.at()].delivers {
                    merge(
                        &mut parts,
                        Part { datum: *datum, key: 0, version: Default::default(), source: Source::Default },
                    );
                }
            }
        }
        if policy.log {
            self.emit_fallback(&call);
        }
        self.deliver(key, Ok(&parts));
    }

    /// The caller gets the result and goes on.
    fn deliver(&mut self, key: Key, result: Result<&[Part], Failure>) {
        let Some(call) = self.calls.remove(key) else { return };
        if let Some(twin) = call.twin {
            self.cancel(twin);
        }
        self.flows.link(call.link).ended += 1;
        match call.caller {
            Caller::Detached => self.carry(call.context, -1),
            Caller::Journey(journey) => self.answer_user(journey, &call, result),
            Caller::Visit(key) => {
                let Some(visit) = self.visits.get_mut(key) else { return };
                visit.pending -= 1;
                match result {
                    Ok(parts) => parts.iter().for_each(|part| merge(&mut visit.parts, *part)),
                    Err(failure) => visit.status = visit.status.max(failure.as_status()),
                }
                if visit.pending == 0 {
                    self.advance(key);
                }
            }
        }
    }
}

/// The place of a key among so many: with one more place, only what moves there moves (jump consistent hash: Lamping and
/// Veach, 2014).
fn jump(mut key: u64, places: usize) -> usize {
    let (mut place, mut next) = (0, 0_f64);
    while next < places as f64 {
        place = next as usize;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = libm::floor((place + 1) as f64 * (f64::from(1_u32 << 31) / ((key >> 33) + 1) as f64));
    }
    place
}
