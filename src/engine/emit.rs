//! What replicas say while they work: spans, logs and metrics, through each one's own instrumentation and clock. Knows
//! what a real SDK would know at that place; what was not instrumented is not said.

use super::Simulation;
use super::data::{Part, Source};
use super::fabric::{Fabric, Side};
use super::flight::{Attempt, Call, Failure, TraceContext};
use super::ids::{InstanceId, LinkId};
use super::plan::{Plan, RouteWork};
use super::slab::Key;
use super::words::{Answers, OwnArg, RESULTS, SIZE_BOUNDS, STATUSES, result_index, status_index};
use crate::telemetry::{
    ABSENT, ArgKind, BOUNDS, Exemplar, FamilyId, Field, LogRecord, LogTemplateId, ResourceId, SpanLink, SpanNumber,
    SpanRecord, Symbol, Telemetry, Template, TraceRef,
};
use crate::time::{Duration, SimTime};
use crate::world::{Kind, Severity};

/// Bytes of an answer besides its data: status line and headers.
pub(super) const ENVELOPE_BYTES: u32 = 180;

/// An argument of a rare line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Name(&'a str),
    Float(f64),
}

/// Where series are in a row, by what they are of. Asked for the same again, as mostly, it looks into no table.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    last: (u32, u32),
    /// Counted from 1; zero is none yet.
    all: Vec<u32>,
}

impl Places {
    #[inline]
    fn find(&mut self, at: usize) -> Option<usize> {
        if self.last.0 as usize != at || self.last.1 == 0 {
            self.last = (at as u32, self.all.get(at).copied().unwrap_or(0));
        }
        (self.last.1 as usize).checked_sub(1)
    }

    /// Answers the place again.
    fn learn(&mut self, at: usize, place: u32) -> usize {
        if self.all.len() <= at {
            self.all.resize(at + 1, 0);
        }
        self.all[at] = place + 1;
        self.last = (at as u32, place + 1);
        place as usize
    }
}

impl Simulation {
    /// A visit begins to be served: its trace starts if it has none, and its span gets a number if it will be recorded.
    pub(super) fn start_span(&mut self, key: Key) {
        if self.muted {
            return;
        }
        let Some(visit) = self.visits.get_mut(key) else { return };
        let home = self.fabric.home(visit.instance);
        let (emitter, _) = self.fabric.voice(visit.instance);
        let mut link = None;
        if visit.trace.trace.is_none() && (emitter.spans || emitter.access_log) {
            let stream = self.plan.nodes[home.node.at()].streams.sampling;
            let sampled = stream.unit(visit.identity, 0) < emitter.sampling;
            let trace = Some(self.telemetry.spans.start_trace(visit.identity.0));
            link = visit.trace.link.map(|trace| (trace, visit.trace.parent));
            visit.trace = TraceContext { trace, sampled, ..TraceContext::default() };
            if let Some(debt) = visit.context.debt.and_then(|debt| self.debts.get_mut(debt)) {
                debt.trace = debt.trace.or(trace);
            }
        }
        if emitter.spans && visit.trace.sampled {
            self.spans += 1;
            visit.span = SpanNumber(self.spans);
            if let Some((trace, span)) = link {
                self.telemetry.spans.link(SpanLink { from: visit.span, trace, span });
            }
        }
    }

    /// A visit is done.
    pub(super) fn emit_served(&mut self, key: Key) {
        if self.muted {
            return;
        }
        let Some(visit) = self.visits.get(key) else { return };
        let route = &self.plan.routes[visit.route.at()];
        let words = &self.words.routes[visit.route.at()];
        let (emitter, clock) = self.fabric.voice(visit.instance);
        let resource = ResourceId(visit.instance.0);
        let took = self.now.since(visit.since);
        let (status, failed) = (visit.status, visit.status >= 400);
        let bytes = answer_bytes(&self.plan, &visit.parts, failed);

        if emitter.metrics
            && let Some((family, labels)) = &words.served
        {
            let is_request = matches!(route.work, RouteWork::Request { .. });
            let at = usize::from(route.local) * STATUSES.len() + status_index(status);
            let emitter = &mut *emitter;
            let slot = emitter.served.find(at).unwrap_or_else(|| {
                let mut labels = labels.clone();
                let status = self.words.statuses[status_index(status)];
                if is_request {
                    labels.push((self.words.status_label, status));
                } else if failed {
                    labels.push((self.words.error_label, status));
                }
                let companion = match route.work {
                    RouteWork::Request { .. } => Some(self.words.families.http_server_size),
                    RouteWork::Message { .. } => Some(self.words.families.messaging_consumed),
                    _ => None,
                };
                emitter.served.learn(at, register(&mut self.telemetry, resource, *family, companion, labels))
            });
            let rpc = words.rpc.as_ref().map(|labels| {
                emitter.served_rpc.find(at).unwrap_or_else(|| {
                    let code = self.words.rpc_statuses[status_index(status)];
                    let error = (status >= 500).then_some((self.words.error_label, code));
                    let own = [(self.words.rpc_status_label, code)].into_iter().chain(error);
                    let labels = labels.iter().copied().chain(own).collect();
                    let family = self.words.families.rpc_server;
                    emitter.served_rpc.learn(at, register(&mut self.telemetry, resource, family, None, labels))
                })
            });
            let place = observe(&mut emitter.live, slot, &BOUNDS, took.as_secs_f64());
            if let Some(trace) = visit.trace.trace.filter(|_| visit.span.0 != 0) {
                let (stamp, value) = (clock.stamp(self.now), took.as_secs_f64());
                emitter.exemplars.put(Exemplar { place, trace, span: visit.span, stamp, value });
            }
            if let Some(slot) = rpc {
                observe(&mut emitter.live, slot, &BOUNDS, took.as_secs_f64());
            }
            if is_request {
                observe(&mut emitter.live, slot + 2 + BOUNDS.len(), &SIZE_BOUNDS, f64::from(bytes));
            } else if matches!(route.work, RouteWork::Message { .. }) {
                count(&mut emitter.live, slot + 2 + BOUNDS.len());
            }
        }

        if let Some(trace) = visit.trace.trace.filter(|_| visit.span.0 != 0) {
            let version = if emitter.data_version { newest_version(&visit.parts) } else { ABSENT };
            let is_request = matches!(route.work, RouteWork::Request { .. });
            let code = self.words.rpc_statuses[status_index(status)].0;
            let status = if is_request { u32::from(status) } else { ABSENT };
            let args = [status, bytes, version, code];
            let span = SpanRecord {
                start: clock.stamp(visit.since),
                duration: took,
                trace,
                number: visit.span,
                parent: visit.trace.parent,
                resource,
                shape: words.shape,
                error: visit.status >= 500,
                args: if words.rpc.is_some() { &args } else { &args[..3] },
            };
            self.collector.take(self.now, &mut self.telemetry.spans, span);
        }

        let (instance, trace, span, identity) = (visit.instance, visit.trace.trace, visit.span, visit.identity);
        let (access, error, own, kind) =
            (words.access, words.failed, &words.own, self.plan.nodes[route.node.at()].kind);
        let forwards = matches!(kind, Kind::LoadBalancer | Kind::Gateway);
        let access_log = emitter.access_log;
        let (fabric, telemetry) = (&mut self.fabric, &mut self.telemetry);
        let mut say =
            |template, args: &[u32]| write(fabric, telemetry, self.now, instance, (template, trace, span), args);
        if access_log {
            say(access, &[u32::from(status), micros(took), bytes]);
        }
        if status >= 500 && !forwards {
            say(error, &[u32::from(status), micros(took)]);
        }
        if let Some((template, holes)) = own.as_ref().filter(|_| !failed) {
            let mut args = [0u32; 8];
            let given = holes.len().min(args.len());
            for (arg, hole) in args.iter_mut().zip(holes) {
                *arg = match hole {
                    OwnArg::Micros => micros(took),
                    OwnArg::Status => u32::from(status),
                    OwnArg::Bytes => bytes,
                    OwnArg::Id => 100_000 + (identity.0 % 900_000) as u32,
                };
            }
            say(*template, &args[..given]);
        }
    }

    /// An attempt of a call is over.
    pub(super) fn emit_called(&mut self, call: &Call, failure: Option<Failure>, parts: &[Part]) {
        if self.muted {
            return;
        }
        let plan = &self.plan.calls[call.plan.at()];
        let arrow = &self.plan.arrows[plan.arrow.at()];
        if self.plan.nodes[arrow.from.at()].kind == Kind::Users {
            return;
        }
        let words = &self.words.calls[call.plan.at()];
        let route = &self.plan.routes[plan.route.at()];
        let is_publish = matches!(route.work, RouteWork::Publish { .. });
        let took = self.now.since(call.since);
        let result = failure.map_or(0, |failure| result_index(failure.error_type()));
        let names = if words.answers == Answers::Rpc { &self.words.rpc_results } else { &self.words.results };
        let error = failure.map_or(ABSENT, |_| names[result].0);
        let status = match failure {
            None | Some(Failure::Refusal) => 200,
            Some(Failure::Status(status)) => status,
            Some(_) => 0,
        };
        let caller = self.fabric.side(call.link).caller;
        let link = self.fabric.link(call.link);
        let (metrics, log_failures) = (link.emitter.metrics, link.emitter.log_failures);
        let span_errors = link.emitter.span_errors;
        let at = usize::from(route.local) * RESULTS.len() + result;
        let called = &mut link.emitter.called;
        let resource = ResourceId(caller.0);
        if metrics {
            let slot = called.find(at).unwrap_or_else(|| {
                let mut labels = words.labels.clone();
                match words.answers {
                    Answers::Http if status != 0 => {
                        labels.push((self.words.status_label, self.words.statuses[status_index(status)]));
                    }
                    Answers::Rpc => labels.push((self.words.rpc_status_label, self.words.rpc_codes[result])),
                    _ => {}
                }
                if failure.is_some() {
                    labels.push((self.words.error_label, Symbol(error)));
                }
                let companion = is_publish.then_some(self.words.families.messaging_sent);
                called.learn(at, register(&mut self.telemetry, resource, words.family, companion, labels))
            });
            let (emitter, clock) = self.fabric.voice(caller);
            let place = observe(&mut emitter.live, slot, &BOUNDS, took.as_secs_f64());
            if let Some(trace) = call.trace.trace.filter(|_| call.span.0 != 0) {
                let (stamp, value) = (clock.stamp(self.now), took.as_secs_f64());
                emitter.exemplars.put(Exemplar { place, trace, span: call.span, stamp, value });
            }
            if is_publish {
                count(&mut emitter.live, slot + 2 + BOUNDS.len());
            }
        }
        if let Some(trace) = call.trace.trace.filter(|_| call.span.0 != 0 && matches!(call.state, Attempt::Sent(_))) {
            let resend = if call.attempt == 0 { ABSENT } else { u32::from(call.attempt) };
            let size = if failure.is_some() || is_publish { ABSENT } else { answer_bytes(&self.plan, parts, false) };
            let status = match words.answers {
                Answers::Http if status != 0 => u32::from(status),
                Answers::Rpc => self.words.rpc_codes[result].0,
                _ => ABSENT,
            };
            let start = self.fabric.voice(caller).1.stamp(call.since);
            let span = SpanRecord {
                start,
                duration: took,
                trace,
                number: call.span,
                parent: call.trace.parent,
                resource,
                shape: words.shape,
                error: failure.is_some() && span_errors,
                args: &[status, if span_errors { error } else { ABSENT }, resend, size],
            };
            self.collector.take(self.now, &mut self.telemetry.spans, span);
        }
        if log_failures && failure.is_some_and(|failure| failure != Failure::Cancelled) {
            let args = [error, micros(took), u32::from(call.attempt) + 1];
            self.log(caller, words.failed, call.trace.trace, call.trace.parent, &args);
        }
    }

    /// A fallback answers in place of a callee, and says so.
    pub(super) fn emit_fallback(&mut self, call: &Call) {
        let caller = self.fabric.side(call.link).caller;
        let template = self.words.calls[call.plan.at()].fell_back;
        self.log(caller, template, call.trace.trace, call.trace.parent, &[]);
    }

    /// A caller that reads bodies counts an answer that says no.
    pub(super) fn emit_refusal(&mut self, call: &Call) {
        if self.muted || !self.fabric.link(call.link).emitter.refusals {
            return;
        }
        let Side { arrow, caller } = self.fabric.side(call.link);
        let callee = self.telemetry.names.intern(&self.plan.nodes[self.plan.arrows[arrow.at()].to.at()].name);
        let labels = vec![(self.words.server_label, callee)];
        let slot = self.telemetry.metrics.series(ResourceId(caller.0), self.words.families.refusals, labels);
        count(&mut self.fabric.replica(caller).emitter.live, slot as usize);
    }

    /// A replica looked a feature flag up for a visit, and tells so.
    pub(super) fn emit_flag(&mut self, key: Key, flag: u16, on: bool) {
        let Some(visit) = self.visits.get(key) else { return };
        let (instance, trace, span) = (visit.instance, visit.trace.trace, visit.span);
        if self.muted || !self.fabric.voice(instance).0.flags {
            return;
        }
        let node = self.fabric.home(instance).node;
        let Some(words) = &self.words.flags else { return };
        let Some(name) = words.names[node.at()].get(usize::from(flag)) else { return };
        let (template, args) = (words.evaluated, [name.0, words.variants[usize::from(on)].0, words.provider.0]);
        self.log(instance, template, trace, span, &args);
    }

    /// A breaker opened or closed, and says so.
    pub(super) fn emit_breaker(&mut self, link: LinkId, open: bool) {
        let ends = self.fabric.side(link);
        let (opened, closed) = self.words.breakers[ends.arrow.at()];
        self.log(ends.caller, if open { opened } else { closed }, None, SpanNumber(0), &[]);
    }

    /// A call got a connection of a bounded pool.
    pub(super) fn emit_pool_wait(&mut self, link: LinkId, waited: Duration) {
        if self.muted || !self.fabric.link(link).emitter.metrics {
            return;
        }
        let Side { arrow, caller } = self.fabric.side(link);
        if self.fabric.link(link).emitter.waits == 0 {
            let callee = self.telemetry.names.intern(&self.plan.nodes[self.plan.arrows[arrow.at()].to.at()].name);
            let (labels, family) = (vec![(self.words.pool_label, callee)], self.words.families.connections_wait);
            let place = 1 + self.telemetry.metrics.series(ResourceId(caller.0), family, labels);
            self.fabric.link(link).emitter.waits = place;
        }
        let slot = self.fabric.link(link).emitter.waits as usize - 1;
        observe(&mut self.fabric.voice(caller).0.live, slot, &BOUNDS, waited.as_secs_f64());
    }

    /// A replica writes a line that is rare: its words are registered when they are first used.
    pub(super) fn say(&mut self, instance: InstanceId, severity: Severity, text: &str, values: &[(&str, Value<'_>)]) {
        if self.muted {
            return;
        }
        let mut args = [0u32; 4];
        let mut fields = Vec::with_capacity(values.len());
        for (arg, (name, value)) in args.iter_mut().zip(values) {
            let (kind, bits) = match *value {
                Value::Name(text) => (ArgKind::Name, self.telemetry.names.intern(text).0),
                Value::Float(number) => (ArgKind::Float, (number as f32).to_bits()),
            };
            fields.push(Field { name: self.telemetry.names.intern(name), kind });
            *arg = bits;
        }
        let template = self.telemetry.logs.template(severity, Template { text: text.to_owned(), fields });
        self.log(instance, template, None, SpanNumber(0), &args[..values.len().min(4)]);
    }

    /// A replica writes a line, if its level lets it.
    pub(super) fn log(
        &mut self,
        instance: InstanceId,
        template: LogTemplateId,
        trace: Option<TraceRef>,
        span: SpanNumber,
        args: &[u32],
    ) {
        if self.muted {
            return;
        }
        write(&mut self.fabric, &mut self.telemetry, self.now, instance, (template, trace, span), args);
    }
}

/// Writes a line of a replica, if its level lets it.
fn write(
    fabric: &mut Fabric,
    telemetry: &mut Telemetry,
    now: SimTime,
    instance: InstanceId,
    (template, trace, span): (LogTemplateId, Option<TraceRef>, SpanNumber),
    args: &[u32],
) {
    let (emitter, clock) = fabric.voice(instance);
    if telemetry.logs.words(template).0 < emitter.level {
        return;
    }
    let stamp = clock.stamp(now);
    telemetry.logs.push(LogRecord { stamp, resource: ResourceId(instance.0), template, trace, span, args });
}

/// Registers a series, and right after it its companion under the same labels. Answers the first place.
fn register(
    telemetry: &mut Telemetry,
    resource: ResourceId,
    family: FamilyId,
    companion: Option<FamilyId>,
    mut labels: Vec<(Symbol, Symbol)>,
) -> u32 {
    labels.sort_by(|a, b| telemetry.names.text(a.0).cmp(telemetry.names.text(b.0)));
    let slot = telemetry.metrics.series(resource, family, labels.clone());
    if let Some(companion) = companion {
        telemetry.metrics.series(resource, companion, labels);
    }
    slot
}

/// Adds a value to a histogram: its sum, and the count of one bucket, whose place it answers.
fn observe(live: &mut Vec<f64>, slot: usize, bounds: &[f64], value: f64) -> u32 {
    let end = slot + 2 + bounds.len();
    if live.len() < end {
        live.resize(end, 0.0);
    }
    live[slot] += value;
    let place = slot + 1 + bounds.partition_point(|bound| *bound < value);
    live[place] += 1.0;
    place as u32
}

/// Adds a time to a histogram of durations.
pub(super) fn observe_duration(live: &mut Vec<f64>, slot: usize, time: Duration) {
    observe(live, slot, &BOUNDS, time.as_secs_f64());
}

/// Adds one to a counter.
fn count(live: &mut Vec<f64>, slot: usize) {
    if live.len() <= slot {
        live.resize(slot + 1, 0.0);
    }
    live[slot] += 1.0;
}

/// Bytes of an answer on the wire: its parts, a default being as small as a default is.
pub(super) fn answer_bytes(plan: &Plan, parts: &[Part], failed: bool) -> u32 {
    if failed {
        return ENVELOPE_BYTES;
    }
    let bytes = |part: &Part| {
        let datum = &plan.data[part.datum.at()];
        if part.source == Source::Done {
            return 0;
        }
        if part.source == Source::Default { datum.default_bytes } else { datum.bytes }
    };
    parts.iter().map(bytes).fold(ENVELOPE_BYTES, u32::saturating_add).min(ABSENT - 1)
}

fn newest_version(parts: &[Part]) -> u32 {
    let real = parts.iter().filter(|part| !matches!(part.source, Source::Default | Source::Token | Source::Done));
    real.map(|part| part.version.0).max().unwrap_or(ABSENT)
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.0 / 1000).unwrap_or(u32::MAX).min(ABSENT - 1)
}
