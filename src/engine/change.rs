//! Changes over time: settings of replicas and arrow ends, swapped for new ones and remembered so that they can be
//! undone. Knows how a setting takes effect; must never know why it was changed.

use std::sync::Arc;

use super::condition::LOOKS;
use super::database::Replication;
use super::ids::{InstanceId, LinkId, NodeId};
use super::lock::LockTable;
use super::process::Heap;
use super::scoped::Scoped;
use super::{Event, Simulation};
use crate::telemetry::{ChangeRecord, SpanNumber};
use crate::time::Duration;
use crate::world::check::MOST_REPLICAS;
use crate::world::{Change, Cohort, Kind, Set, Setting};

/// What a setting was before a change.
#[derive(Clone, Debug)]
pub(super) struct Undo {
    /// The change, by number.
    pub change: u32,
    pub target: Target,
    /// The users that it was for; None is everybody.
    pub users: Option<Arc<Cohort>>,
    /// The new value: which setting it is.
    pub to: Setting,
    /// None: these users had no value of their own.
    pub before: Option<Setting>,
}

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Replica(InstanceId),
    Link(LinkId),
    /// All replicas of a node together.
    Node(NodeId),
}

/// How long a replica is away when its process restarts.
const RESTART: Duration = Duration::from_secs(3);
/// How long a new replica takes to warm up before it gets traffic.
pub(super) const WARM_UP: Duration = Duration::from_secs(20);

impl Simulation {
    /// A change begins, when what it waits for holds: the feed says so, and its settings change, at once, replica after
    /// replica or step by step.
    pub(super) fn begin_change(&mut self, number: u32) {
        let change = self.changes[number as usize].clone();
        if self.stopped.contains(&number) {
            return;
        }
        if change.when.as_ref().is_some_and(|condition| !self.holds(condition)) {
            return self.later(LOOKS, Event::Change(number));
        }
        if let Some(text) = &change.says {
            self.telemetry.changes.push(ChangeRecord {
                stamp: self.now.stamp(),
                id: change.id.clone(),
                kind: change.kind,
                on: change.on.clone(),
                by: change.by.clone(),
                text: text.clone(),
            });
        }
        if let Some(gradual) = change.gradual {
            for step in 1..=gradual.steps {
                let share = f64::from(step) / f64::from(gradual.steps);
                self.later(gradual.over.mul_f64(share), Event::Step(number, step));
            }
            return;
        }
        for ordinal in 0..self.most_replicas() {
            if change.rolling == Duration::ZERO {
                self.apply_change(number, ordinal);
            } else if self.concerns(&change, ordinal) {
                self.later(
                    Duration(change.rolling.0.saturating_mul(u64::from(ordinal))),
                    Event::Apply(number, ordinal),
                );
            }
        }
    }

    pub(super) fn most_replicas(&self) -> u16 {
        self.fabric.replicas.iter().map(Vec::len).max().unwrap_or(1) as u16
    }

    /// Whether a change does anything at replicas with this ordinal.
    fn concerns(&self, change: &Change, ordinal: u16) -> bool {
        change.undoes.is_some() || change.sets.iter().any(|set| !self.targets(set, ordinal).is_empty())
    }

    /// A change reaches the replicas with this ordinal, unless it was undone before it came so far.
    pub(super) fn apply_change(&mut self, number: u32, ordinal: u16) {
        if self.stopped.contains(&number) {
            return;
        }
        let change = self.changes[number as usize].clone();
        for set in &change.sets {
            let users = set.users.clone().map(Arc::new);
            for target in self.targets(set, ordinal) {
                self.swap(number, target, &users, &set.to, Some(&set.to));
            }
        }
        let Some(undone) = &change.undoes else { return };
        let earlier = self.changes[..number as usize].iter().rposition(|change| change.id == *undone);
        let Some(earlier) = earlier else { return };
        self.stopped.insert(earlier as u32);
        let saved: Vec<(usize, Undo)> = self
            .undo
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, undo)| undo.change == earlier as u32 && self.ordinal_of(undo.target) == ordinal)
            .map(|(at, undo)| (at, undo.clone()))
            .collect();
        for (at, Undo { target, users, to, before, .. }) in saved {
            // What a later change found there is not there any more, should that be undone too.
            let is_same = |later: &&mut Undo| later.target == target && later.users == users && later.to.is_same(&to);
            if let Some(later) = self.undo[at + 1..].iter_mut().find(is_same)
                && later.change != earlier as u32
            {
                later.before.clone_from(&before);
            }
            self.swap(number, target, &users, &to, before.as_ref());
        }
    }

    fn ordinal_of(&self, target: Target) -> u16 {
        match target {
            Target::Replica(instance) => self.fabric.home(instance).ordinal,
            Target::Link(link) => self.fabric.home(self.fabric.side(link).caller).ordinal,
            Target::Node(_) => 0,
        }
    }

    /// What a setting touches at one ordinal.
    pub(super) fn targets(&self, set: &Set, ordinal: u16) -> Vec<Target> {
        if !set.replicas.is_empty() && !set.replicas.contains(&(ordinal + 1)) {
            return Vec::new();
        }
        let at = usize::from(ordinal);
        let in_zones = |instance: &InstanceId| {
            let zone = self.zone_of(*instance).and_then(|zone| self.plan.zones.get(zone.at()));
            set.zones.is_empty() || zone.is_some_and(|zone| set.zones.contains(zone))
        };
        if let Some(arrow) = self.plan.arrow_id(&set.on) {
            let link = self.fabric.ends[arrow.at()].get(at).copied();
            return link
                .filter(|link| in_zones(&self.fabric.side(*link).caller))
                .map(Target::Link)
                .into_iter()
                .collect();
        }
        let replica = |node: NodeId| self.fabric.replicas[node.at()].get(at).copied().filter(in_zones);
        if set.on == "*" {
            let nodes = (0..self.plan.nodes.len()).filter(|at| self.plan.nodes[*at].kind != Kind::Users);
            return nodes.filter_map(|at| replica(NodeId(at as u16))).map(Target::Replica).collect();
        }
        let Some(node) = self.plan.node_id(&set.on) else { return Vec::new() };
        let whole = set.to.is_of_the_whole();
        match (whole, ordinal) {
            (true, 0) => vec![Target::Node(node)],
            (true, _) => Vec::new(),
            (false, _) => replica(node).map(Target::Replica).into_iter().collect(),
        }
    }

    /// Gives a target a new setting for everybody or for some users, and remembers the old one. `kind` is the setting, of
    /// any value; `to` of None takes the users' own value away.
    pub(super) fn swap(
        &mut self,
        change: u32,
        target: Target,
        users: &Option<Arc<Cohort>>,
        kind: &Setting,
        to: Option<&Setting>,
    ) {
        if let (Target::Replica(instance), Some(Setting::Replace)) = (target, to) {
            return self.replace(change, instance);
        }
        let users = users.clone();
        if let Some(cohort) = &users {
            let before = self.with_scoped(target, |scoped| scoped.swap(cohort, kind, to.cloned())).flatten();
            return self.undo.push(Undo { change, target, users, to: kind.clone(), before });
        }
        // What everybody gets takes the place of what some had.
        if kind.is_for_users() {
            let gone = self.with_scoped(target, |scoped| scoped.clear(kind)).unwrap_or_default();
            let gone = gone.into_iter().map(|(users, before)| Undo {
                change,
                target,
                users: Some(users),
                to: kind.clone(),
                before: Some(before),
            });
            self.undo.extend(gone);
        }
        if let Some(before) = to.and_then(|to| self.set(target, to)) {
            self.undo.push(Undo { change, target, users, to: kind.clone(), before: Some(before) });
        }
    }

    /// Works on what differs for some users, and lets the target know whether anything does.
    fn with_scoped<T>(&mut self, target: Target, work: impl FnOnce(&mut Scoped) -> T) -> Option<T> {
        match target {
            Target::Replica(instance) => {
                let replica = self.fabric.replica(instance);
                let done = work(&mut replica.scoped);
                replica.pace.scoped = !replica.scoped.is_empty();
                Some(done)
            }
            Target::Link(link) => {
                let link = self.fabric.link(link);
                let done = work(&mut link.scoped);
                link.network.impaired = link.impaired.is_on() || !link.scoped.is_empty();
                Some(done)
            }
            Target::Node(_) => None,
        }
    }

    /// Gives a target a new setting. Answers what it was; None if there is nothing to go back to.
    pub(super) fn set(&mut self, target: Target, to: &Setting) -> Option<Setting> {
        match target {
            Target::Replica(instance) => self.set_replica(instance, to),
            Target::Link(link) => self.set_link(link, to),
            Target::Node(node) => self.set_node(node, to),
        }
    }

    /// Settings of one replica. Answers what it was before; None if there is nothing to go back to.
    fn set_replica(&mut self, instance: InstanceId, to: &Setting) -> Option<Setting> {
        let now = self.now;
        let replica = self.fabric.replica(instance);
        Some(match to {
            Setting::Version(version) => {
                let before = std::mem::replace(&mut replica.process.version, version.clone());
                self.restart(instance);
                Setting::Version(before)
            }
            Setting::Down(down) => {
                let before = std::mem::replace(&mut replica.process.down, *down);
                match (before, *down) {
                    (true, false) => self.restart(instance),
                    (false, true) => self.drop_line(instance),
                    _ => {}
                }
                Setting::Down(before)
            }
            Setting::Discoverable(found) => {
                Setting::Discoverable(!std::mem::replace(&mut replica.process.hidden, !found))
            }
            Setting::Flag(name, on) => {
                let home = self.fabric.home(instance).node;
                let at = self.plan.node_spec(home).flags.keys().position(|known| known == name)?;
                let replica = self.fabric.replica(instance);
                Setting::Flag(name.clone(), std::mem::replace(replica.flags.0.get_mut(at)?, *on))
            }
            Setting::Restart => {
                self.restart(instance);
                return None;
            }
            Setting::Concurrency(servers) => {
                let before = std::mem::replace(&mut replica.station.servers, *servers);
                self.serve_waiting(instance);
                Setting::Concurrency(before)
            }
            Setting::QueueLimit(limit) => {
                replica.station.stood_already = replica.station.line.len() as u32;
                Setting::QueueLimit(std::mem::replace(&mut replica.station.line_limit, *limit))
            }
            Setting::WorkFactor(factor) => Setting::WorkFactor(std::mem::replace(&mut replica.pace.factor, *factor)),
            Setting::WorkGrowth(growth) => {
                if *growth == Duration::ZERO {
                    replica.pace.grown = Duration::ZERO;
                }
                Setting::WorkGrowth(std::mem::replace(&mut replica.pace.growth, *growth))
            }
            Setting::RefusalRate(rate) => {
                Setting::RefusalRate(std::mem::replace(&mut replica.pace.refusal_rate, *rate))
            }
            Setting::ErrorRate(rate) => Setting::ErrorRate(std::mem::replace(&mut replica.pace.error_rate, *rate)),
            Setting::ErrorStatus(status) => {
                Setting::ErrorStatus(std::mem::replace(&mut replica.pace.error_status, *status))
            }
            Setting::ClockOffset(offset) => {
                let (before, _) = replica.clock.error(now);
                replica.clock.step(now, *offset);
                Setting::ClockOffset(before)
            }
            Setting::ClockDrift(drift) => {
                let (_, before) = replica.clock.error(now);
                replica.clock.set_drift(now, *drift);
                Setting::ClockDrift(before)
            }
            Setting::HealthChecks(health) => {
                Setting::HealthChecks(std::mem::replace(&mut replica.health.declared, health.clone()))
            }
            Setting::DataVersionTelemetry(on) => {
                Setting::DataVersionTelemetry(std::mem::replace(&mut replica.emitter.data_version, *on))
            }
            Setting::LogLevel(level) => Setting::LogLevel(std::mem::replace(&mut replica.emitter.level, *level)),
            Setting::FlagTelemetry(on) => Setting::FlagTelemetry(std::mem::replace(&mut replica.emitter.flags, *on)),
            Setting::Sampling(share) => Setting::Sampling(std::mem::replace(&mut replica.emitter.sampling, *share)),
            Setting::CacheTtl(ttl) => Setting::CacheTtl(std::mem::replace(&mut self.fabric.cache(instance)?.ttl, *ttl)),
            Setting::LostInvalidations(share) => Setting::LostInvalidations(std::mem::replace(
                &mut self.fabric.cache(instance)?.lost_invalidations,
                *share,
            )),
            Setting::FlushCache => {
                self.fabric.cache(instance)?.flush();
                return None;
            }
            Setting::QueueCapacity(capacity) => {
                Setting::QueueCapacity(std::mem::replace(&mut self.fabric.queue(instance)?.capacity, *capacity))
            }
            Setting::Overflow(does) => {
                Setting::Overflow(std::mem::replace(&mut self.fabric.queue(instance)?.overflow, *does))
            }
            Setting::Visibility(time) => {
                Setting::Visibility(std::mem::replace(&mut self.fabric.queue(instance)?.visibility, *time))
            }
            Setting::MaxDeliveries(most) => {
                Setting::MaxDeliveries(std::mem::replace(&mut self.fabric.queue(instance)?.most_deliveries, *most))
            }
            Setting::Redrive => {
                self.redrive(instance);
                return None;
            }
            Setting::AckMode(ack) => Setting::AckMode(std::mem::replace(&mut replica.consumer.ack, *ack)),
            Setting::Poison(share) => Setting::Poison(std::mem::replace(&mut replica.consumer.poison, *share)),
            Setting::Idempotency(policy) => Setting::Idempotency(std::mem::replace(&mut replica.keys.policy, *policy)),
            Setting::ReplicaLag(lag) => {
                Setting::ReplicaLag(std::mem::replace(&mut self.fabric.part::<Replication>(instance)?.lag, *lag))
            }
            other => return self.set_behaviour(instance, other),
        })
    }

    /// Settings of one arrow end.
    fn set_link(&mut self, id: LinkId, to: &Setting) -> Option<Setting> {
        let link = self.fabric.link(id);
        Some(match to {
            Setting::Timeout(timeout) => Setting::Timeout(std::mem::replace(&mut link.timeout.0, *timeout)),
            Setting::Retry(policy) => Setting::Retry(std::mem::replace(&mut link.retries.policy, *policy)),
            Setting::Fallback(policy) => {
                let before = link.fallback.policy;
                link.fallback.policy = *policy;
                Setting::Fallback(before)
            }
            Setting::Breaker(policy) => {
                let before = link.breaker.policy();
                link.breaker = super::link::Breaker::new(*policy);
                Setting::Breaker(before)
            }
            Setting::Pool(policy) => {
                let before = std::mem::replace(&mut link.pool.policy, *policy);
                self.serve_pool(id);
                Setting::Pool(before)
            }
            Setting::Latency(latency) => Setting::Latency(std::mem::replace(&mut link.network.latency, *latency)),
            Setting::Loss(loss) => Setting::Loss(std::mem::replace(&mut link.network.loss, *loss)),
            Setting::KeepAlive(policy) => {
                let before = link.connections.policy();
                link.connections = super::connections::Connections::new(*policy);
                Setting::KeepAlive(before)
            }
            Setting::Bulkhead(most) => Setting::Bulkhead(std::mem::replace(&mut link.guards.bulkhead, *most)),
            Setting::Hedge(policy) => Setting::Hedge(std::mem::replace(&mut link.guards.hedge, *policy)),
            Setting::ChecksBody(on) => Setting::ChecksBody(std::mem::replace(&mut link.guards.checks_body, *on)),
            Setting::Balance(policy) => Setting::Balance(std::mem::replace(&mut link.balancer.policy, *policy)),
            Setting::RequestLoss(_)
            | Setting::ResponseLoss(_)
            | Setting::BurstLoss(_)
            | Setting::LookupErrors(_)
            | Setting::Duplication(_)
            | Setting::Reordering(_)
            | Setting::Bandwidth(_)
            | Setting::Partition(_) => return self.impair(id, to),
            Setting::Discovery(ttl) => Setting::Discovery(self.set_discovery(id, *ttl)),
            Setting::Eject(eject) => Setting::Eject(self.set_ejection(id, *eject)),
            Setting::Trace(trace) => Setting::Trace(std::mem::replace(&mut link.emitter.trace, *trace)),
            Setting::LogFailures(on) => Setting::LogFailures(std::mem::replace(&mut link.emitter.log_failures, *on)),
            Setting::ClientSpans(on) => Setting::ClientSpans(std::mem::replace(&mut link.emitter.spans, *on)),
            _ => return None,
        })
    }

    /// Settings of a node as a whole.
    fn set_node(&mut self, node: NodeId, to: &Setting) -> Option<Setting> {
        match to {
            Setting::Replicas(wanted) => Some(Setting::Replicas(self.scale(node, *wanted, WARM_UP))),
            Setting::Autoscale(policy) => Some(Setting::Autoscale(self.set_autoscale(node, *policy))),
            Setting::Failover(time) => {
                self.fail_over(node, *time);
                None
            }
            Setting::TrafficFactor(factor) => {
                let name = &self.plan.nodes[node.at()].name;
                let at = self.populations.iter().position(|population| population.name() == name)?;
                Some(Setting::TrafficFactor(std::mem::replace(&mut self.traffic[at].factor, *factor)))
            }
            _ => None,
        }
    }

    /// The process starts anew: it takes no traffic for a while, what it is working on is finished first, and what it
    /// held in memory is gone, the requests in its line among it.
    pub(super) fn restart(&mut self, instance: InstanceId) {
        self.restart_for(instance, RESTART);
    }

    /// The same, and it is away for this long, or for as long as it would have been anyway.
    pub(super) fn restart_for(&mut self, instance: InstanceId, away: Duration) {
        let replica = self.fabric.replica(instance);
        let up = replica.process.down_until.max(self.now + away);
        replica.process.down_until = up;
        replica.process.started = up;
        replica.pace.grown = Duration::ZERO;
        replica.emitter.live.iter_mut().for_each(|value| *value = 0.0);
        replica.emitter.exemplars.clear();
        replica.keys.forget();
        if let Some(mut cache) = self.fabric.cache(instance) {
            cache.forget();
        }
        if let Some(mut table) = self.fabric.part::<LockTable>(instance) {
            table.forget();
        }
        if let Some(mut heap) = self.fabric.part::<Heap>(instance) {
            heap.leaked = 0;
        }
        let home = self.fabric.home(instance);
        for arrow in &self.plan.nodes[home.node.at()].out {
            let link = self.fabric.link(self.fabric.ends[arrow.at()][usize::from(home.ordinal)]);
            link.connections.close_all();
            link.breaker = super::link::Breaker::new(link.breaker.policy());
            link.retries = super::link::Retries::new(link.retries.policy);
            link.fallback = super::link::FallbackPolicy::new(link.fallback.policy);
            if let Some(targets) = link.balancer.targets.as_mut() {
                targets.forget();
            }
        }
        self.drop_line(instance);
        self.later(away, Event::Up(instance));
    }

    /// A replica takes traffic again.
    pub(super) fn back_up(&mut self, instance: InstanceId) {
        let replica = self.fabric.replica(instance);
        if !replica.process.is_up(self.now) {
            return;
        }
        let version = self.telemetry.names.intern(&replica.process.version);
        let started = self.words.started;
        self.log(instance, started, None, SpanNumber(0), &[version.0]);
        self.process_started(instance);
        if self.fabric.queue(instance).is_some() {
            self.dispatch(instance);
        }
        self.take_from_queues(instance);
    }

    /// Changes the number of replicas. Answers what it was.
    pub(super) fn scale(&mut self, node: NodeId, wanted: u16, warm_up: Duration) -> u16 {
        let all = self.fabric.replicas[node.at()].clone();
        let active: Vec<InstanceId> =
            all.iter().copied().filter(|id| !self.fabric.replica(*id).process.retired).collect();
        let before = active.len() as u16;
        for instance in active.iter().skip(usize::from(wanted.max(1))) {
            self.fabric.replica(*instance).process.retired = true;
        }
        let resting = all.iter().copied().filter(|id| !active.contains(id));
        let missing = usize::from(wanted).saturating_sub(active.len());
        let returning: Vec<InstanceId> = resting.take(missing).collect();
        // Instances have numbers of 16 bits; a system that is as large as can be grows no more.
        let room = (MOST_REPLICAS as usize).saturating_sub(self.fabric.instances().count());
        let new = (missing - returning.len()).min(room);
        for instance in &returning {
            self.fabric.replica(*instance).process.retired = false;
            self.warm_up(self.model_for(*instance, &all), *instance, warm_up);
        }
        for _ in 0..new {
            let plan = self.plan.clone();
            let instance = self.fabric.spawn_replica(&plan, node, self.now);
            self.register(instance);
            self.warm_up(self.model_for(instance, &all), instance, warm_up);
        }
        before
    }

    /// The replica whose settings a new one gets: the first one, or the first one in its zone where zones differ.
    fn model_for(&self, instance: InstanceId, all: &[InstanceId]) -> InstanceId {
        let others = || all.iter().copied().filter(|other| *other != instance);
        let zone = self.zone_of(instance);
        let near = others().find(|other| self.zone_of(*other) == zone).filter(|_| self.zones_differ(all));
        near.or_else(|| others().next()).unwrap_or(instance)
    }

    /// A replica that joins runs what its model runs, and takes traffic when it is warm.
    fn warm_up(&mut self, like: InstanceId, instance: InstanceId, time: Duration) {
        self.fabric.copy_settings(&self.plan, like, instance);
        self.copy_behaviours(like, instance);
        self.inherit(like, instance);
        self.restart_for(instance, time);
    }

    /// More servers: those who wait get them.
    fn serve_waiting(&mut self, instance: InstanceId) {
        loop {
            let replica = self.fabric.replica(instance);
            if replica.station.busy >= replica.station.servers {
                break;
            }
            let Some(next) = replica.station.line.pop_front() else { break };
            replica.station.busy += 1;
            self.later(Duration::ZERO, Event::Begin(next));
        }
        self.take_from_queues(instance);
    }

    /// More connections: those who wait get them.
    fn serve_pool(&mut self, id: LinkId) {
        while let Some(next) = self.fabric.link(id).pool.grant() {
            self.connected(next);
        }
    }
}
