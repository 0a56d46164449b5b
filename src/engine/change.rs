//! Changes over time: settings of replicas and arrow ends, swapped for new ones and remembered so that they can be
//! undone. Knows how a setting takes effect; must never know why it was changed.

use super::ids::{InstanceId, LinkId, NodeId};
use super::lock::LockTable;
use super::process::Heap;
use super::{Event, Simulation};
use crate::telemetry::{ChangeRecord, SpanNumber};
use crate::time::{Duration, Stamp};
use crate::world::{Change, Set, Setting};

/// What a setting was before a change.
#[derive(Clone, Debug)]
pub(super) struct Undo {
    /// The change, by number.
    change: u32,
    target: Target,
    before: Setting,
}

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Replica(InstanceId),
    Link(LinkId),
    /// All replicas of a node together.
    Node(NodeId),
}

/// How long a replica is away when its process restarts.
const RESTART: Duration = Duration::from_secs(3);
/// How long a new replica takes to warm up before it gets traffic.
const WARM_UP: Duration = Duration::from_secs(20);

impl Simulation {
    /// A change begins: the feed says so, and its settings change, at once or replica after replica.
    pub(super) fn begin_change(&mut self, number: u32) {
        let change = self.changes[number as usize].clone();
        if let Some(text) = &change.says {
            self.telemetry.changes.push(ChangeRecord {
                stamp: Stamp(self.now.0 as i64),
                id: change.id.clone(),
                kind: change.kind,
                on: change.on.clone(),
                by: change.by.clone(),
                text: text.clone(),
            });
        }
        let most = self.fabric.replicas.iter().map(Vec::len).max().unwrap_or(1) as u16;
        for ordinal in 0..most {
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

    /// Whether a change does anything at replicas with this ordinal.
    fn concerns(&self, change: &Change, ordinal: u16) -> bool {
        change.undoes.is_some() || change.sets.iter().any(|set| !self.targets(set, ordinal).is_empty())
    }

    /// A change reaches the replicas with this ordinal.
    pub(super) fn apply_change(&mut self, number: u32, ordinal: u16) {
        let change = self.changes[number as usize].clone();
        for set in &change.sets {
            for target in self.targets(set, ordinal) {
                self.swap(number, target, &set.to);
            }
        }
        let Some(undone) = &change.undoes else { return };
        let earlier = self.changes[..number as usize].iter().rposition(|change| change.id == *undone);
        let Some(earlier) = earlier else { return };
        let saved: Vec<(Target, Setting)> = self
            .undo
            .iter()
            .rev()
            .filter(|undo| undo.change == earlier as u32 && self.ordinal_of(undo.target) == ordinal)
            .map(|undo| (undo.target, undo.before.clone()))
            .collect();
        for (target, before) in saved {
            self.swap(number, target, &before);
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
    fn targets(&self, set: &Set, ordinal: u16) -> Vec<Target> {
        if !set.replicas.is_empty() && !set.replicas.contains(&(ordinal + 1)) {
            return Vec::new();
        }
        let at = usize::from(ordinal);
        if let Some(arrow) = self.plan.arrow_id(&set.on) {
            return self.fabric.ends[arrow.at()].get(at).map(|link| Target::Link(*link)).into_iter().collect();
        }
        let Some(node) = self.plan.node_id(&set.on) else { return Vec::new() };
        let whole = set.to.is_of_the_whole();
        match (whole, ordinal) {
            (true, 0) => vec![Target::Node(node)],
            (true, _) => Vec::new(),
            (false, _) => self.fabric.replicas[node.at()].get(at).map(|id| Target::Replica(*id)).into_iter().collect(),
        }
    }

    /// Gives a target a new setting, and remembers the old one.
    fn swap(&mut self, change: u32, target: Target, to: &Setting) {
        let before = match target {
            Target::Replica(instance) => self.set_replica(instance, to),
            Target::Link(link) => self.set_link(link, to),
            Target::Node(node) => self.set_node(node, to),
        };
        if let Some(before) = before {
            self.undo.push(Undo { change, target, before });
        }
    }

    /// Settings of one replica. Answers what it was before; None if there is nothing to go back to.
    fn set_replica(&mut self, instance: InstanceId, to: &Setting) -> Option<Setting> {
        let now = self.now;
        let mut node = self.fabric.node(instance);
        Some(match to {
            Setting::Version(version) => {
                let before = std::mem::replace(&mut node.replica.version, version.clone());
                self.restart(instance);
                Setting::Version(before)
            }
            Setting::Restart => {
                self.restart(instance);
                return None;
            }
            Setting::Concurrency(servers) => {
                let before = std::mem::replace(&mut node.station.servers, *servers);
                self.serve_waiting(instance);
                Setting::Concurrency(before)
            }
            Setting::WorkFactor(factor) => Setting::WorkFactor(std::mem::replace(&mut node.pace.factor, *factor)),
            Setting::WorkGrowth(growth) => {
                if *growth == Duration::ZERO {
                    node.pace.grown = Duration::ZERO;
                }
                Setting::WorkGrowth(std::mem::replace(&mut node.pace.growth, *growth))
            }
            Setting::ErrorRate(rate) => Setting::ErrorRate(std::mem::replace(&mut node.pace.error_rate, *rate)),
            Setting::ClockOffset(offset) => {
                let (before, _) = node.clock.error(now);
                node.clock.step(now, *offset);
                Setting::ClockOffset(before)
            }
            Setting::ClockDrift(drift) => {
                let (_, before) = node.clock.error(now);
                node.clock.set_drift(now, *drift);
                Setting::ClockDrift(before)
            }
            Setting::HealthChecks(health) => {
                Setting::HealthChecks(std::mem::replace(&mut node.health.declared, health.clone()))
            }
            Setting::DataVersionTelemetry(on) => {
                Setting::DataVersionTelemetry(std::mem::replace(&mut node.emitter.data_version, *on))
            }
            Setting::Sampling(share) => Setting::Sampling(std::mem::replace(&mut node.emitter.sampling, *share)),
            Setting::CacheTtl(ttl) => Setting::CacheTtl(std::mem::replace(&mut node.cache?.ttl, *ttl)),
            Setting::LostInvalidations(share) => {
                Setting::LostInvalidations(std::mem::replace(&mut node.cache?.lost_invalidations, *share))
            }
            Setting::FlushCache => {
                node.cache?.flush();
                return None;
            }
            Setting::QueueCapacity(capacity) => {
                Setting::QueueCapacity(std::mem::replace(&mut node.queue?.capacity, *capacity))
            }
            Setting::ReplicaLag(lag) => Setting::ReplicaLag(std::mem::replace(&mut node.replication?.lag, *lag)),
            other => return self.set_behaviour(instance, other),
        })
    }

    /// Settings of one arrow end.
    fn set_link(&mut self, id: LinkId, to: &Setting) -> Option<Setting> {
        let mut link = self.fabric.link(id);
        Some(match to {
            Setting::Timeout(timeout) => Setting::Timeout(std::mem::replace(&mut link.timeout.0, *timeout)),
            Setting::Retry(policy) => Setting::Retry(std::mem::replace(&mut link.retries.policy, *policy)),
            Setting::Fallback(policy) => {
                let before = link.fallback.policy;
                link.fallback.policy = *policy;
                Setting::Fallback(before)
            }
            Setting::Breaker(policy) => {
                let before = link.breaker.policy;
                *link.breaker = super::link::Breaker::new(*policy);
                Setting::Breaker(before)
            }
            Setting::Pool(policy) => {
                let before = std::mem::replace(&mut link.pool.policy, *policy);
                self.serve_pool(id);
                Setting::Pool(before)
            }
            Setting::Latency(latency) => Setting::Latency(std::mem::replace(&mut link.network.latency, *latency)),
            Setting::Loss(loss) => Setting::Loss(std::mem::replace(&mut link.network.loss, *loss)),
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
    /// held in memory is gone.
    pub(super) fn restart(&mut self, instance: InstanceId) {
        self.restart_for(instance, RESTART);
    }

    /// The same, and it is away for this long.
    pub(super) fn restart_for(&mut self, instance: InstanceId, away: Duration) {
        let up = self.now + away;
        let mut node = self.fabric.node(instance);
        node.replica.down_until = up;
        node.replica.started = up;
        node.replica.generation += 1;
        node.pace.grown = Duration::ZERO;
        node.emitter.live.iter_mut().for_each(|value| *value = 0.0);
        if let Some(mut cache) = node.cache {
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
            let mut link = self.fabric.link(self.fabric.ends[arrow.at()][usize::from(home.ordinal)]);
            *link.breaker = super::link::Breaker::new(link.breaker.policy);
            *link.retries = super::link::Retries::new(link.retries.policy);
            *link.fallback = super::link::FallbackPolicy::new(link.fallback.policy);
        }
        self.later(away, Event::Up(instance));
    }

    /// A replica takes traffic again.
    pub(super) fn back_up(&mut self, instance: InstanceId) {
        let node = self.fabric.node(instance);
        if !node.replica.is_up(self.now) {
            return;
        }
        let version = self.telemetry.names.intern(&node.replica.version);
        let started = self.words.started;
        self.log(instance, started, None, SpanNumber(0), &[version.0]);
        self.take_from_queues(instance);
    }

    /// Hands waiting messages to a replica that can take some.
    fn take_from_queues(&mut self, instance: InstanceId) {
        let node = self.fabric.home(instance).node;
        let Some(consumes) = &self.plan.node_spec(node).consumes else { return };
        let Some(queue) = self.plan.node_id(&consumes.queue) else { return };
        for replica in self.fabric.replicas[queue.at()].clone() {
            self.dispatch(replica);
        }
    }

    /// Changes the number of replicas. Answers what it was.
    pub(super) fn scale(&mut self, node: NodeId, wanted: u16, warm_up: Duration) -> u16 {
        let all = self.fabric.replicas[node.at()].clone();
        let active: Vec<InstanceId> = all.iter().copied().filter(|id| !self.fabric.node(*id).replica.retired).collect();
        let before = active.len() as u16;
        for instance in active.iter().skip(usize::from(wanted.max(1))) {
            self.fabric.node(*instance).replica.retired = true;
        }
        let resting = all.iter().copied().filter(|id| !active.contains(id));
        let missing = usize::from(wanted).saturating_sub(active.len());
        let returning: Vec<InstanceId> = resting.take(missing).collect();
        let new = missing - returning.len();
        for instance in &returning {
            self.fabric.node(*instance).replica.retired = false;
            self.warm_up(all[0], *instance, warm_up);
        }
        for _ in 0..new {
            let plan = self.plan.clone();
            let instance = self.fabric.spawn_replica(&plan, node, self.now);
            self.register(instance);
            self.warm_up(all[0], instance, warm_up);
        }
        before
    }

    /// A replica that joins runs what the first one runs, and takes traffic when it is warm.
    fn warm_up(&mut self, like: InstanceId, instance: InstanceId, time: Duration) {
        self.fabric.copy_settings(&self.plan, like, instance);
        self.copy_behaviours(like, instance);
        self.restart(instance);
        let mut node = self.fabric.node(instance);
        node.replica.down_until = self.now + time;
        node.replica.started = self.now + time;
        self.later(time, Event::Up(instance));
    }

    /// More servers: those who wait get them.
    fn serve_waiting(&mut self, instance: InstanceId) {
        loop {
            let mut node = self.fabric.node(instance);
            if node.station.busy >= node.station.servers {
                break;
            }
            let Some(next) = node.station.line.pop_front() else { break };
            node.station.busy += 1;
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
