//! The configuration that is deployed now, as a deployment system would show it, and the clocks as each replica reads
//! its own. Knows settings that people deploy; must never show what nobody deployed (faults, leaks, lost packets).

use std::collections::BTreeMap;

use super::Simulation;
use super::cache::CacheStore;
use super::ids::{ArrowId, InstanceId, NodeId};
use super::limit::Limiter;
use super::lock::LockTable;
use super::queue::QueueStore;
use super::timesync::TimeSync;
use super::token::{Issuer, Verifier};
use crate::time::{Duration, Stamp};
use crate::world::{
    Ack, Allow, Arrow, Autoscale, Ejection, Health, Idempotency, LeaseJudge, Ntp, Overflow, Per, Propagation,
    RateLimit, Setting, Severity,
};

/// One row of the deployed configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingRow {
    /// The node, or the arrow as `"from -> to"`.
    pub on: String,
    /// Its name, such as `timeout`.
    pub setting: &'static str,
    /// Its value in words.
    pub value: String,
}

/// What one replica's clock says now, while the monitor's says true time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The replica, such as `catalog-2`.
    pub instance: String,
    /// Its time.
    pub says: Stamp,
}

/// The deployed configuration of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeConfig {
    /// The version of its first replica.
    pub version: String,
    /// Replicas that are meant to run.
    pub replicas: u16,
    /// Requests that one replica works on at a time.
    pub concurrency: u32,
    /// For a cache: how long an entry lives; `Some(None)` is for ever.
    pub cache_ttl: Option<Option<Duration>>,
    /// For a cache: entries that one replica holds.
    pub cache_capacity: Option<u32>,
    /// For a cache with single flight: how long a miss waits for another's fetch.
    pub single_flight: Option<Duration>,
    /// For an issuer: how long a token is good.
    pub token_lifetime: Option<Duration>,
    /// For a verifier: how far stamps may be off.
    pub token_leeway: Option<Duration>,
    /// For a lock service: how long a lock is held at most.
    pub lock_lease: Option<Duration>,
    /// For a lock service: whose clock judges leases.
    pub lease_judge: Option<LeaseJudge>,
    /// For a node with rate limits: its limits.
    pub rate_limits: Option<Vec<RateLimit>>,
    /// What changes the number of replicas by itself.
    pub autoscale: Option<Autoscale>,
    /// For a queue: messages that it holds.
    pub queue_capacity: Option<u32>,
    /// Requests that may wait at one replica.
    pub queue_limit: u32,
    /// For a queue: what happens to one message more.
    pub overflow: Option<Overflow>,
    /// For a queue: how long a delivered message may stay without acknowledgement.
    pub visibility: Option<Duration>,
    /// For a queue: deliveries of one message before it is given up.
    pub max_deliveries: Option<u8>,
    /// For a consumer: when it acknowledges.
    pub ack: Ack,
    /// Idempotency keys that it keeps.
    pub idempotency: Option<Idempotency>,
    /// Feature flags, and whether each is on for those who have no value of their own.
    pub flags: BTreeMap<String, bool>,
    /// What its health page checks.
    pub health: Health,
    /// Whether its spans carry the version of the data served.
    pub data_version: bool,
    /// The share of new traces that it records.
    pub sampling: f64,
    /// Lines below this are not written.
    pub level: Severity,
    /// Whether it tells of each look at a feature flag.
    pub tells_flags: bool,
}

impl Simulation {
    /// The deployed configuration of a node, as its first replica has it.
    pub fn node(&self, name: &str) -> Option<NodeConfig> {
        self.node_config(self.plan.node_id(name)?)
    }

    /// Whether some users have a value of their own of a node's setting, such as a flag that is on for a cohort.
    pub fn differs_for_users(&self, node: &str, setting: &Setting) -> bool {
        let Some(id) = self.plan.node_id(node) else { return false };
        let mut replicas = self.fabric.replicas[id.at()].iter();
        replicas.any(|replica| self.fabric.peek_node(*replica).is_some_and(|node| node.scoped.has(setting)))
    }

    fn node_config(&self, id: NodeId) -> Option<NodeConfig> {
        let replicas = &self.fabric.replicas[id.at()];
        let first = *replicas.first()?;
        let node = self.fabric.peek_node(first)?;
        let cache = self.fabric.peek_part::<CacheStore>(first);
        let queue = self.fabric.peek_part::<QueueStore>(first);
        let runs = |id: &&super::ids::InstanceId| self.fabric.peek_node(**id).is_some_and(|node| !node.replica.retired);
        Some(NodeConfig {
            version: node.replica.version.clone(),
            replicas: replicas.iter().filter(runs).count() as u16,
            concurrency: node.station.servers,
            cache_ttl: cache.map(|cache| cache.ttl),
            cache_capacity: cache.map(|cache| cache.capacity),
            single_flight: cache.and_then(|cache| cache.single_flight),
            token_lifetime: self.fabric.peek_part::<Issuer>(first).map(|issuer| issuer.0.valid_for),
            token_leeway: self.fabric.peek_part::<Verifier>(first).map(|verifier| verifier.leeway),
            lock_lease: self.fabric.peek_part::<LockTable>(first).map(|table| table.policy.lease),
            lease_judge: self.fabric.peek_part::<LockTable>(first).map(|table| table.policy.judge),
            rate_limits: self.fabric.peek_part::<Limiter>(first).map(Limiter::declared),
            autoscale: self.scalers.get(&id).and_then(|scaler| scaler.policy),
            queue_capacity: queue.map(|queue| queue.capacity),
            queue_limit: node.station.line_limit,
            overflow: queue.map(|queue| queue.overflow),
            visibility: queue.and_then(|queue| queue.visibility),
            max_deliveries: queue.map(|queue| queue.most_deliveries),
            ack: node.consumer.ack,
            idempotency: node.keys.policy,
            flags: self.plan.node_spec(id).flags.keys().cloned().zip(node.flags.0.iter().copied()).collect(),
            health: node.health.declared.clone(),
            data_version: node.emitter.data_version,
            sampling: node.emitter.sampling,
            level: node.emitter.level,
            tells_flags: node.emitter.flags,
        })
    }

    /// The policies of an arrow (`"from -> to"`) as deployed at its caller's first replica. Latency and loss are the
    /// network's, not anyone's configuration: they are the world's own.
    pub fn arrow(&self, name: &str) -> Option<Arrow> {
        self.arrow_config(self.plan.arrow_id(name)?)
    }

    fn arrow_config(&self, id: ArrowId) -> Option<Arrow> {
        let link = self.fabric.peek_link(*self.fabric.ends[id.at()].first()?)?;
        let mut arrow = Arrow::clone(&self.plan.arrows[id.at()].start);
        arrow.timeout = link.timeout.0;
        arrow.retry = link.retries.policy;
        arrow.fallback = link.fallback.policy;
        arrow.breaker = link.breaker.policy();
        arrow.pool = link.pool.policy;
        arrow.balance = link.balancer.policy;
        arrow.keep_alive = link.connections.policy();
        arrow.bulkhead = link.guards.bulkhead;
        arrow.hedge = link.guards.hedge;
        arrow.checks_body = link.guards.checks_body;
        if let Some(targets) = &link.balancer.targets {
            (arrow.discovery, arrow.eject) = (targets.discovery, targets.ejection);
        }
        arrow.trace = link.emitter.trace;
        arrow.telemetry.spans = link.emitter.spans;
        arrow.telemetry.metrics = link.emitter.metrics;
        arrow.telemetry.log_failures = link.emitter.log_failures;
        Some(arrow)
    }

    /// The whole deployed configuration, nodes first, in order of name.
    pub fn settings(&self) -> Vec<SettingRow> {
        let mut rows = Vec::new();
        for (at, plan) in self.plan.nodes.iter().enumerate() {
            let Some(node) = self.node_config(NodeId(at as u16)) else { continue };
            let mut row = |setting, value: String| rows.push(SettingRow { on: plan.name.clone(), setting, value });
            row("version", node.version.clone());
            row("replicas", node.replicas.to_string());
            row("concurrency", format!("{} requests for each replica", node.concurrency));
            row("queue limit", format!("{} requests may wait at each replica", node.queue_limit));
            row("log level", node.level.text().into());
            if node.tells_flags {
                row("flag evaluations", "told as events".into());
            }
            if node.sampling < 1.0 {
                row("sampling", format!("{}% of new traces", node.sampling * 100.0));
            }
            if let Some(ttl) = node.cache_ttl {
                row("cache time to live", ttl.map_or("for ever".into(), |ttl| ttl.to_string()));
            }
            if let Some(capacity) = node.queue_capacity {
                row("queue capacity", format!("{capacity} messages"));
            }
            if let Some(overflow) = node.overflow {
                row("when full", overflow_words(overflow).to_owned());
            }
            let checks: Vec<String> = node.health.checks.iter().map(|check| format!("{check:?}")).collect();
            self.rows_of_few(NodeId(at as u16), &mut row);
            Self::behaviour_rows(&node, &mut row);
            row("health page", if checks.is_empty() { "the process runs".into() } else { checks.join(", ") });
        }
        for (at, plan) in self.plan.arrows.iter().enumerate() {
            let Some(arrow) = self.arrow_config(ArrowId(at as u16)) else { continue };
            for (setting, value) in arrow_rows(&arrow) {
                rows.push(SettingRow { on: plan.name.clone(), setting, value });
            }
        }
        rows
    }

    /// What few nodes have is shown where it is.
    fn rows_of_few(&self, id: NodeId, row: &mut impl FnMut(&'static str, String)) {
        let first = self.fabric.replicas[id.at()].first();
        let Some(node) = first.and_then(|first| self.fabric.peek_node(*first)) else { return };
        let queue = first.and_then(|first| self.fabric.peek_part::<QueueStore>(*first));
        let (spec, plan) = (self.plan.node_spec(id), &self.plan.nodes[id.at()]);
        if let Some(time) = queue.and_then(|queue| queue.visibility) {
            row("visibility timeout", time.to_string());
        }
        if let (Some(queue), Some(letters)) = (queue, plan.dead_letters) {
            let name = &self.plan.nodes[letters.at()].name;
            row("dead letters", format!("to {name} after {} deliveries", queue.most_deliveries));
        }
        if spec.consumes.is_some() && node.consumer.ack == Ack::OnDelivery {
            row("acknowledgement", "automatic, on delivery".into());
        }
        if let Some(keys) = node.keys.policy {
            let whose = if keys.shared { "shared by all replicas" } else { "in the memory of each replica" };
            row("idempotency keys", format!("kept for {}, {whose}", keys.keep));
        }
        if spec.database.as_ref().is_some_and(|database| database.newest_stamp_wins) {
            row("conflicting writes", "the newest stamp of a writer's clock wins".into());
        }
        if let Some(daemons) = self.daemons(id) {
            row("time daemon", daemons);
        }
        let flags = spec.flags.keys().zip(&node.flags.0);
        let flags: Vec<String> = flags.map(|(name, on)| format!("{name} {}", if *on { "on" } else { "off" })).collect();
        if !flags.is_empty() {
            row("flags", flags.join(", "));
        }
    }

    /// What keeps the clocks of a node's replicas right: once if it is the same everywhere. None if nothing does or should.
    fn daemons(&self, id: NodeId) -> Option<String> {
        let words = |policy: Option<Ntp>| match policy {
            None => "stopped".to_owned(),
            Some(Ntp { every, step_above: Some(step), .. }) => format!("polls every {every}, steps above {step}"),
            Some(Ntp { every, slew_ppm: 0.0, .. }) => format!("polls every {every}, corrects nothing"),
            Some(Ntp { every, .. }) => format!("polls every {every}, never steps"),
        };
        let running =
            |instance: &&InstanceId| self.fabric.peek_node(**instance).is_some_and(|node| !node.replica.retired);
        let replicas: Vec<InstanceId> = self.fabric.replicas[id.at()].iter().filter(running).copied().collect();
        let policy = |instance: &InstanceId| self.fabric.peek_part::<TimeSync>(*instance).map(|sync| sync.policy);
        let declared = self.plan.node_spec(id).clocks.iter().any(|clock| clock.sync.is_some());
        if !declared && replicas.iter().all(|instance| policy(instance).flatten().is_none()) {
            return None;
        }
        let each: Vec<String> = replicas.iter().map(|instance| words(policy(instance).flatten())).collect();
        let same = each.windows(2).all(|pair| pair[0] == pair[1]);
        let named = replicas
            .iter()
            .zip(&each)
            .map(|(instance, says)| format!("{}: {says}", self.telemetry.resources[instance.at()].instance));
        if same { each.into_iter().next() } else { Some(named.collect::<Vec<_>>().join("; ")) }
    }

    /// Deployed settings of further behaviours, where a node has them.
    fn behaviour_rows(node: &NodeConfig, row: &mut impl FnMut(&'static str, String)) {
        if let Some(capacity) = node.cache_capacity {
            row("cache capacity", format!("{capacity} entries for each replica"));
        }
        if let Some(wait) = node.single_flight {
            row("single flight", format!("misses wait {wait} for whoever fetches the key"));
        }
        if let Some(lifetime) = node.token_lifetime {
            row("token lifetime", lifetime.to_string());
        }
        if let Some(leeway) = node.token_leeway {
            row("token leeway", leeway.to_string());
        }
        if let Some(limits) = &node.rate_limits {
            let words: Vec<String> = limits.iter().map(limit_words).collect();
            row("rate limits", if words.is_empty() { "none".into() } else { words.join(", ") });
        }
        if let Some(lease) = node.lock_lease {
            let whose = match node.lease_judge {
                Some(LeaseJudge::Caller) => "by the clocks of those who ask",
                _ => "by the service's own clock",
            };
            row("lock lease", format!("{lease}, {whose}"));
        }
        if let Some(policy) = node.autoscale {
            let (min, max, target) = (policy.min, policy.max, policy.target * 100.0);
            row("autoscaler", format!("{min} to {max} replicas, {target:.0} % busy"));
        }
    }

    /// What every replica's own clock says now; the monitor's says true time.
    pub fn clocks(&self) -> Vec<ClockReading> {
        let peek = |id| self.fabric.peek_node(id).map(|node| (node.clock.stamp(self.now), node.replica.retired));
        let read = |id: super::ids::InstanceId| {
            let resource = &self.telemetry.resources[id.at()];
            let (says, retired) = peek(id)?;
            let shown = !retired && resource.kind != crate::world::Kind::Users;
            shown.then(|| ClockReading { instance: resource.instance.clone(), says })
        };
        self.fabric.instances().filter_map(read).collect()
    }
}

fn overflow_words(overflow: Overflow) -> &'static str {
    match overflow {
        Overflow::Reject => "refuses new messages",
        Overflow::DropNewest => "accepts and drops new messages",
        Overflow::DropOldest => "drops the oldest message",
    }
}

fn limit_words(limit: &RateLimit) -> String {
    let whom = match limit.per {
        Per::Replica => "each replica",
        Per::Route => "each route at a replica",
        Per::User => "each user at a replica",
    };
    match limit.allow {
        Allow::Bucket { per_second, burst } => format!("{per_second} requests a second, {burst} at once, for {whom}"),
        Allow::Window { requests, every } => format!("{requests} requests in {every} for {whom}"),
    }
}

fn eject_words(eject: Ejection) -> String {
    match eject {
        Ejection::Probe { every, failures } => {
            format!("after {failures} failed probes of the health page, every {every}")
        }
        Ejection::Outlier { failures, avoid_for } => format!("for {avoid_for} after {failures} failures in a row"),
    }
}

fn trace_words(trace: Propagation) -> &'static str {
    match trace {
        Propagation::Propagated => "propagated",
        Propagation::Linked => "a new trace with a link",
        Propagation::Dropped => "dropped",
    }
}

fn arrow_rows(arrow: &Arrow) -> Vec<(&'static str, String)> {
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    let mut rows = vec![
        ("protocol", format!("{:?}", arrow.protocol)),
        ("timeout", arrow.timeout.map_or("none: waits for ever".into(), |timeout| timeout.to_string())),
        (
            "retry",
            arrow.retry.map_or("none".into(), |retry| {
                let budget = retry.budget.map_or("no budget".into(), |budget| format!("budget {budget}"));
                format!("{} attempts, backoff {}, {budget}", retry.attempts, retry.backoff)
            }),
        ),
        (
            "fallback",
            arrow.fallback.map_or("none: a failure is passed on".into(), |fallback| {
                format!("{:?} value, {}", fallback.value, if fallback.log { "logged" } else { "not logged" })
            }),
        ),
        (
            "circuit breaker",
            arrow.breaker.map_or("none".into(), |breaker| {
                let says = if breaker.log { "logged" } else { "not logged" };
                format!(
                    "opens at {:.0} % of {} calls for {}, {says}",
                    breaker.threshold * 100.0,
                    breaker.window,
                    breaker.open_for
                )
            }),
        ),
        (
            "connection pool",
            arrow.pool.map_or("unbounded".into(), |pool| {
                let wait = pool.wait.map_or("any time".into(), |wait| wait.to_string());
                format!("{} connections, waits {wait}", pool.size)
            }),
        ),
        ("load balancing", format!("{:?}", arrow.balance)),
        ("trace context", trace_words(arrow.trace).to_owned()),
        ("client spans", yes(arrow.telemetry.spans)),
        ("client metrics", yes(arrow.telemetry.metrics)),
        ("failures logged", yes(arrow.telemetry.log_failures)),
    ];
    // What few arrows have is shown where it is.
    if let Some(keeps) = arrow.keep_alive {
        let until = |time: Option<Duration>| time.map_or("any time".into(), |time| time.to_string());
        let whose = if keeps.shared { "one for all calls" } else { "one for each call" };
        rows.push((
            "keep-alive",
            format!("{whose}, idle for {}, open for {}", until(keeps.idle), until(keeps.max_age)),
        ));
    }
    if let Some(most) = arrow.bulkhead {
        rows.push(("bulkhead", format!("{most} attempts at a time")));
    }
    if let Some(hedge) = arrow.hedge {
        rows.push(("hedging", format!("a second attempt after {}", hedge.after)));
    }
    if arrow.checks_body {
        rows.push(("bodies checked", yes(true)));
    }
    if let Some(ttl) = arrow.discovery {
        rows.push(("replicas looked up", format!("every {ttl}")));
    }
    if let Some(eject) = arrow.eject {
        rows.push(("ejection", eject_words(eject)));
    }
    rows
}
