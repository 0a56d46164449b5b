//! What runs by itself: the monitoring system that scrapes metrics and probes health pages, the lines that nodes write
//! about nothing, and jobs. The monitor sees what a node's exporter and health page say, by the monitor's own clock.

use super::fabric::Home;
use super::flight::{Context, NOBODY, ReplyTo, TraceContext};
use super::ids::{InstanceId, NodeId};
use super::process::Heap;
use super::register::Register;
use super::timesync::TimeSync;
use super::visit::Incoming;
use super::{Event, Simulation, dist};
use crate::random::{Identity, Stream};
use crate::telemetry::{FamilyId, HealthRecord, ResourceId, SpanNumber, Symbol};
use crate::time::Duration;
use crate::world::{HealthCheck, Kind};

/// A dependency check looks at no fewer recent attempts than this.
const FEWEST_ATTEMPTS: f64 = 5.0;
/// A dependency check fails above this share of failed attempts.
const MOST_FAILURES: f64 = 0.05;

/// How long a probe waits for a health page.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// A gauge or counter of an exporter: its family, its labels and its value.
type Reading = (FamilyId, Vec<(Symbol, Symbol)>, f64);

impl Simulation {
    /// The first scrape and the first round of probes.
    pub(super) fn start_monitor(&mut self) {
        let (monitor, stream) = (self.plan.spec().monitor.clone(), self.plan.monitor);
        self.later(monitor.scrape_every.mul_f64(stream.unit(Identity(0), 0)), Event::Scrape);
        self.later(monitor.probe_every.mul_f64(stream.unit(Identity(1), 0)), Event::Probe);
    }

    /// Reads the metrics of every replica that answers.
    pub(super) fn scrape(&mut self) {
        self.collector.decide(self.now, &mut self.telemetry.spans);
        for instance in self.fabric.instances() {
            let kind = self.plan.nodes[self.fabric.home(instance).node.at()].kind;
            let replica = self.fabric.replica(instance);
            let speaks = kind != Kind::Users && replica.emitter.metrics && replica.process.is_up(self.now);
            let silent = replica.pace.stopped_until > self.now;
            if self.muted || !speaks || silent {
                continue;
            }
            self.set_gauges(instance);
            let live = std::mem::take(&mut self.fabric.replica(instance).emitter.live);
            let mut exemplars = std::mem::take(&mut self.fabric.replica(instance).emitter.exemplars);
            let (resource, stamp) = (ResourceId(instance.0), self.now.stamp());
            self.telemetry.metrics.push(resource, stamp, &live, exemplars.in_order());
            exemplars.clear();
            self.fabric.replica(instance).emitter.exemplars = exemplars;
            self.fabric.replica(instance).emitter.live = live;
        }
        let every = self.plan.spec().monitor.scrape_every;
        self.later(every, Event::Scrape);
    }

    /// What an exporter reads at the moment of a scrape.
    fn set_gauges(&mut self, instance: InstanceId) {
        let families = self.words.families;
        let now = self.now;
        let Home { node: node_id, ordinal, .. } = self.fabric.home(instance);
        let replica = self.fabric.replica(instance);
        let mut values: Vec<Reading> =
            vec![(families.uptime, Vec::new(), now.since(replica.process.started).as_secs_f64())];
        if matches!(self.plan.nodes[node_id.at()].kind, Kind::LoadBalancer | Kind::Gateway | Kind::Service) {
            let active = replica.station.busy as usize + replica.station.line.len();
            values.push((families.http_active, Vec::new(), active as f64));
        }
        if replica.keys.policy.is_some() {
            values.push((families.replays, Vec::new(), replica.keys.replays as f64));
        }
        if self.fabric.has_parts(instance) {
            self.read_parts(instance, &mut values);
        }
        for arrow in &self.plan.nodes[node_id.at()].out {
            let link = self.fabric.link(self.fabric.ends[arrow.at()][usize::from(ordinal)]);
            if link.connections.policy().is_some() && link.emitter.metrics {
                let callee = &self.plan.nodes[self.plan.arrows[arrow.at()].to.at()].name;
                let server = (self.words.server_label, self.telemetry.names.intern(callee));
                let state = |state| vec![(self.words.connection_state_label, state), server];
                let (active, idle) = link.connections.counts(link.balancer.in_flight.sum(), now);
                values.push((families.open_connections, state(self.words.active), f64::from(active)));
                values.push((families.open_connections, state(self.words.idle), f64::from(idle)));
            }
            if let Some(known) = link.balancer.targets.as_ref().and_then(|targets| targets.known_replicas())
                && link.emitter.metrics
            {
                let callee = &self.plan.nodes[self.plan.arrows[arrow.at()].to.at()].name;
                let server = (self.words.server_label, self.telemetry.names.intern(callee));
                values.push((families.known_replicas, vec![server], known as f64));
            }
            let Some(policy) = link.pool.policy.filter(|_| link.emitter.metrics) else { continue };
            let (used, waiting) = (link.pool.used, link.pool.waiting.len());
            let callee = &self.plan.nodes[self.plan.arrows[arrow.at()].to.at()].name;
            let pool = (self.words.pool_label, self.telemetry.names.intern(callee));
            let state = |state| (self.words.state_label, state);
            let idle = policy.size.saturating_sub(used);
            values.push((families.connections, vec![pool, state(self.words.used)], f64::from(used)));
            values.push((families.connections, vec![pool, state(self.words.idle)], f64::from(idle)));
            values.push((families.connections_pending, vec![pool], waiting as f64));
        }
        for (family, labels, value) in values {
            let bare = labels.is_empty();
            let (emitter, _) = self.fabric.voice(instance);
            let known = emitter.gauges.iter().find(|(known, _)| bare && *known == family);
            let slot = match known {
                Some((_, slot)) => *slot as usize,
                None => self.telemetry.metrics.series(ResourceId(instance.0), family, labels) as usize,
            };
            let unknown = bare && known.is_none();
            let (emitter, _) = self.fabric.voice(instance);
            if unknown {
                emitter.gauges.push((family, slot as u32));
            }
            if emitter.live.len() <= slot {
                emitter.live.resize(slot + 1, 0.0);
            }
            emitter.live[slot] = value;
        }
    }

    /// What an exporter reads of the behaviours that few replicas have.
    fn read_parts(&mut self, instance: InstanceId, values: &mut Vec<Reading>) {
        let (families, now, node) = (self.words.families, self.now, self.fabric.home(instance).node);
        if let Some(cache) = self.fabric.cache(instance) {
            values.push((families.cache_hits, Vec::new(), cache.hits as f64));
            values.push((families.cache_misses, Vec::new(), cache.misses as f64));
            values.push((families.cache_evictions, Vec::new(), cache.evictions as f64));
            values.push((families.cache_entries, Vec::new(), cache.len() as f64));
            values.push((families.cache_age, Vec::new(), cache.served_age_secs));
        }
        if let Some(queue) = self.fabric.queue(instance) {
            for group in 0..queue.groups() {
                let name = self.words.groups[node.at()].get(usize::from(group)).filter(|_| queue.groups() > 1);
                let labels: Vec<_> = name.map(|name| (self.words.group_label, *name)).into_iter().collect();
                let oldest = queue.oldest(group).map_or(Duration::ZERO, |since| now.since(since));
                values.push((families.queue_depth, labels.clone(), f64::from(queue.depth(group))));
                values.push((families.queue_age, labels, oldest.as_secs_f64()));
            }
            if queue.tells_more() {
                values.push((families.queue_unacknowledged, Vec::new(), queue.unacknowledged() as f64));
                values.push((families.queue_redelivered, Vec::new(), queue.redelivered as f64));
                values.push((families.queue_dead_lettered, Vec::new(), queue.dead_lettered as f64));
            }
            values.push((families.queue_published, Vec::new(), queue.published as f64));
            values.push((families.queue_delivered, Vec::new(), queue.delivered as f64));
        }
        let busy = self.fabric.station(instance).busy;
        if let Some(heap) = self.fabric.part::<Heap>(instance) {
            values.push((families.memory, Vec::new(), heap.used(busy) as f64));
        }
        if let Some(register) = self.fabric.part::<Register>(instance) {
            values.push((families.outdated_writes, Vec::new(), register.outdated as f64));
        }
        if let Some(sync) = self.fabric.part::<TimeSync>(instance).filter(|sync| sync.policy.is_some()) {
            values.push((families.clock_offset, Vec::new(), sync.measured_secs));
        }
    }

    /// Asks every health page; an answer is recorded when it differs from the one before.
    pub(super) fn probe(&mut self) {
        self.telemetry.probed_at = self.now.stamp();
        for instance in self.fabric.instances() {
            let kind = self.plan.nodes[self.fabric.home(instance).node.at()].kind;
            let replica = self.fabric.replica(instance);
            if kind == Kind::Users || replica.process.retired {
                continue;
            }
            let checks = replica.health.declared.checks.clone();
            let answers_in = replica.pace.stopped_until.since(self.now);
            let (code, issues) = if replica.health.declared.always_ok {
                (200, Vec::new())
            } else if answers_in > PROBE_TIMEOUT {
                (503, vec![format!("no answer within {PROBE_TIMEOUT}")])
            } else if replica.process.is_up(self.now) {
                (200, checks.iter().filter_map(|check| self.failing(instance, check)).collect())
            } else {
                (503, vec!["connection refused".to_owned()])
            };
            let answer = (code, issues, checks.len());
            let replica = self.fabric.replica(instance);
            if replica.health.last.as_ref() == Some(&answer) {
                continue;
            }
            replica.health.last = Some(answer.clone());
            self.telemetry.health.push(HealthRecord {
                stamp: self.now.stamp(),
                resource: ResourceId(instance.0),
                code,
                issues: answer.1,
                checks: checks.iter().map(describe).collect(),
            });
        }
        self.fabric.forget_half_of_recent_calls();
        let every = self.plan.spec().monitor.probe_every;
        self.later(every, Event::Probe);
    }

    /// What a deep health check finds wrong, if anything.
    fn failing(&mut self, instance: InstanceId, check: &HealthCheck) -> Option<String> {
        match check {
            HealthCheck::Dependency(name) => {
                let id = self.link_to(instance, name)?;
                let link = self.fabric.link(id);
                let (attempts, failures) = (link.emitter.attempts, link.emitter.failures);
                let bad = attempts >= FEWEST_ATTEMPTS && failures > MOST_FAILURES * attempts;
                // To the nearest 5 %, so that a page does not change with every probe.
                let percent = libm::round(20.0 * failures / attempts.max(1.0)) * 5.0;
                bad.then(|| format!("{name}: about {percent} % of recent calls failed or timed out"))
            }
            HealthCheck::ConsumerLag(name, limit) => {
                let queue = self.plan.node_id(name)?;
                let now = self.now;
                let replicas = self.fabric.replicas[queue.at()].clone();
                let ages = replicas.into_iter().filter_map(|replica| {
                    let oldest = self.fabric.queue(replica)?.oldest_of_all()?;
                    Some(now.since(oldest))
                });
                let oldest = ages.max().unwrap_or(Duration::ZERO);
                (oldest > *limit).then(|| format!("{name}: the oldest message has waited longer than {limit}"))
            }
            HealthCheck::PoolWait(name, limit) => {
                let id = self.link_to(instance, name)?;
                let link = self.fabric.link(id);
                let bad = link.pool.recent_wait_secs > limit.as_secs_f64();
                bad.then(|| format!("{name}: calls wait longer than {limit} for a connection"))
            }
        }
    }

    fn link_to(&mut self, instance: InstanceId, callee: &str) -> Option<super::ids::LinkId> {
        let Home { node, ordinal, .. } = self.fabric.home(instance);
        let to = self.plan.node_id(callee)?;
        let arrow = self.plan.nodes[node.at()].out.iter().find(|arrow| self.plan.arrows[arrow.at()].to == to)?;
        self.fabric.ends[arrow.at()].get(usize::from(ordinal)).copied()
    }

    /// The lines and jobs of a new replica.
    pub(super) fn start_background(&mut self, instance: InstanceId) {
        let Home { node, ordinal, .. } = self.fabric.home(instance);
        let clocks = &self.plan.node_spec(node).clocks;
        let declared = clocks.get(usize::from(ordinal)).or(clocks.last()).and_then(|clock| clock.sync);
        if declared.is_some() {
            self.set_clock_sync(instance, declared);
        }
        let pauses = self.plan.node_spec(node).pauses;
        if pauses.is_some() {
            self.set_pauses(instance, pauses);
        }
        for line in 0..self.plan.node_spec(node).telemetry.chatter.len() as u16 {
            self.plan_chatter(instance, node, line, 0);
        }
        self.start_cron(instance);
        self.start_ejection(instance);
        if ordinal == 0 {
            for job in 0..self.plan.node_spec(node).jobs.len() as u16 {
                self.plan_job(node, job, 0);
            }
        }
    }

    fn plan_chatter(&mut self, instance: InstanceId, node: NodeId, line: u16, count: u32) {
        let plan = &self.plan;
        let every = plan.node_spec(node).telemetry.chatter[usize::from(line)].every;
        let ordinal = self.fabric.home(instance).ordinal;
        let who = background(u32::from(ordinal) << 16 | u32::from(line), count);
        let wait = dist::sample(&every, plan.nodes[node.at()].streams.chatter, who, 0);
        self.later(wait, Event::Chatter(instance, line, count));
    }

    /// A replica writes a line about nothing.
    pub(super) fn chatter(&mut self, instance: InstanceId, line: u16, count: u32) {
        let Home { node, ordinal, .. } = self.fabric.home(instance);
        let up = self.fabric.is_up(instance, self.now);
        let template = self.words.chatter[node.at()][usize::from(line)];
        if up {
            let stream: Stream = self.plan.nodes[node.at()].streams.chatter;
            let who = background(u32::from(ordinal) << 16 | u32::from(line), count);
            let holes = self.telemetry.logs.words(template).1.fields.len();
            let args: Vec<u32> = (0..holes).map(|hole| 3 + stream.index(who, 10 + hole as u64, 900) as u32).collect();
            self.log(instance, template, None, SpanNumber(0), &args);
        }
        self.plan_chatter(instance, node, line, count + 1);
    }

    fn plan_job(&mut self, node: NodeId, job: u16, count: u32) {
        let Some(every) = self.plan.node_spec(node).jobs.values().nth(usize::from(job)).and_then(|job| job.every)
        else {
            return;
        };
        let wait = dist::sample(&every, self.plan.nodes[node.at()].streams.jobs, background(u32::from(job), count), 0);
        self.later(wait, Event::Job(node.0, job, count));
    }

    /// The first replica of a node starts a job, if it is up.
    pub(super) fn start_job(&mut self, node: u16, job: u16, count: u32) {
        let node = NodeId(node);
        let instance = self.fabric.replicas[node.at()][0];
        let plan = self.plan.clone();
        let spec = plan.node_spec(node).jobs.values().nth(usize::from(job));
        let named = |route: &&super::ids::RouteId| spec.is_some_and(|job| plan.routes[route.at()].name == job.route);
        let route = plan.nodes[node.at()].routes.iter().find(named).copied();
        if let Some(route) = route.filter(|_| self.fabric.is_up(instance, self.now)) {
            let streams = &plan.nodes[node.at()].streams;
            let identity = Identity(streams.jobs.bits(background(u32::from(job), count), 7));
            let visit = self.new_visit(Incoming {
                identity,
                instance,
                route,
                context: Context { journey: identity, user: 0, token: 0, population: NOBODY, debt: None },
                trace: TraceContext::default(),
                reply_to: ReplyTo::Nobody,
                message: None,
                link: None,
                payload: None,
                key: None,
            });
            self.arrive(visit);
        }
        self.plan_job(node, job, count + 1);
    }
}

/// The identity of the `count`-th occurrence of something that runs by itself.
fn background(what: u32, count: u32) -> Identity {
    Identity(u64::from(what) << 32 | u64::from(count))
}

/// A check, as a health page lists it.
fn describe(check: &HealthCheck) -> String {
    match check {
        HealthCheck::Dependency(name) => format!("dependency {name}"),
        HealthCheck::ConsumerLag(name, limit) => format!("consumer lag of {name} under {limit}"),
        HealthCheck::PoolWait(name, limit) => format!("pool wait for {name} under {limit}"),
    }
}
