//! The configuration that is deployed now, as a deployment system would show it, and the clocks as each replica reads
//! its own. Knows settings that people deploy; must never show what nobody deployed (faults, leaks, lost packets).

use std::collections::{BTreeMap, BTreeSet};

use super::Simulation;
use super::cache::CacheStore;
use super::change::Target;
use super::ids::{ArrowId, InstanceId, LinkId, NodeId};
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

/// A row of one replica or of one end of an arrow: the setting, and its value in words.
type Row = (&'static str, String);

/// Follows a value that some users have otherwise.
const FOR_SOME: &str = " (otherwise for some users)";
/// The value of a setting that other replicas have and this one has not.
const NOT_SET: &str = "not set";

/// What one replica's clock says now, while the monitor's says true time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The replica, such as `catalog-2`.
    pub instance: String,
    /// Its time.
    pub says: Stamp,
}

/// The deployed configuration of a node, as one of its replicas has it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeConfig {
    /// The version of the replica.
    pub version: String,
    /// Replicas that are meant to run.
    pub replicas: u16,
    /// Those of them that do not run, counted from 1.
    pub stopped: BTreeSet<u16>,
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

impl NodeConfig {
    /// Replicas that run.
    pub fn running(&self) -> usize {
        (1..=self.replicas).filter(|number| !self.stopped.contains(number)).count()
    }
}

impl Simulation {
    /// The deployed configuration of a node, as its first replica has it.
    pub fn node(&self, name: &str) -> Option<NodeConfig> {
        let id = self.plan.node_id(name)?;
        self.node_config(id, *self.fabric.replicas[id.at()].first()?)
    }

    /// The node that a change of the feed scaled, and how many replicas it had before; None if it scaled none.
    pub(crate) fn replicas_before(&self, change: &str) -> Option<(String, u16)> {
        let number = self.changes.iter().rposition(|known| known.id == change)? as u32;
        self.undo.iter().filter(|undo| undo.change == number).find_map(|undo| match (undo.target, &undo.before) {
            (Target::Node(node), Some(Setting::Replicas(before))) => {
                Some((self.plan.nodes[node.at()].name.clone(), *before))
            }
            _ => None,
        })
    }

    /// Whether some users have a value of their own of a node's setting, such as a flag that is on for a cohort.
    pub fn differs_for_users(&self, node: &str, setting: &Setting) -> bool {
        let Some(id) = self.plan.node_id(node) else { return false };
        let mut replicas = self.fabric.replicas[id.at()].iter();
        replicas.any(|replica| self.fabric.peek_replica(*replica).is_some_and(|replica| replica.scoped.has(setting)))
    }

    /// A replica's name.
    fn name_of(&self, instance: InstanceId) -> &str {
        &self.telemetry.resources[instance.at()].instance
    }

    fn node_config(&self, id: NodeId, instance: InstanceId) -> Option<NodeConfig> {
        let replica = self.fabric.peek_replica(instance)?;
        let cache = self.fabric.peek_part::<CacheStore>(instance);
        let queue = self.fabric.peek_part::<QueueStore>(instance);
        let is_stopped =
            |instance: &InstanceId| self.fabric.peek_replica(*instance).is_some_and(|one| one.process.down);
        let stopped = self.fabric.meant(id).filter(is_stopped).map(|instance| self.fabric.home(instance).ordinal + 1);
        Some(NodeConfig {
            version: replica.process.version.clone(),
            replicas: self.fabric.meant(id).count() as u16,
            stopped: stopped.collect(),
            concurrency: replica.station.servers,
            cache_ttl: cache.map(|cache| cache.ttl),
            cache_capacity: cache.map(|cache| cache.capacity),
            single_flight: cache.and_then(|cache| cache.single_flight),
            token_lifetime: self.fabric.peek_part::<Issuer>(instance).map(|issuer| issuer.0.valid_for),
            token_leeway: self.fabric.peek_part::<Verifier>(instance).map(|verifier| verifier.leeway),
            lock_lease: self.fabric.peek_part::<LockTable>(instance).map(|table| table.policy.lease),
            lease_judge: self.fabric.peek_part::<LockTable>(instance).map(|table| table.policy.judge),
            rate_limits: self.fabric.peek_part::<Limiter>(instance).map(Limiter::declared),
            autoscale: self.scalers.get(&id).and_then(|scaler| scaler.policy),
            queue_capacity: queue.map(|queue| queue.capacity),
            queue_limit: replica.station.line_limit,
            overflow: queue.map(|queue| queue.overflow),
            visibility: queue.and_then(|queue| queue.visibility),
            max_deliveries: queue.map(|queue| queue.most_deliveries),
            ack: replica.consumer.ack,
            idempotency: replica.keys.policy,
            flags: self.plan.node_spec(id).flags.keys().cloned().zip(replica.flags.0.iter().copied()).collect(),
            health: replica.health.declared.clone(),
            data_version: replica.emitter.data_version,
            sampling: replica.emitter.sampling,
            level: replica.emitter.level,
            tells_flags: replica.emitter.flags,
        })
    }

    /// The policies of an arrow (`"from -> to"`) as deployed at its caller's first replica. Latency and loss are the
    /// network's, not anyone's configuration: they are the world's own.
    pub fn arrow(&self, name: &str) -> Option<Arrow> {
        let id = self.plan.arrow_id(name)?;
        self.arrow_config(id, *self.fabric.ends[id.at()].first()?)
    }

    fn arrow_config(&self, id: ArrowId, end: LinkId) -> Option<Arrow> {
        let link = self.fabric.peek_link(end)?;
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

    /// The whole deployed configuration, nodes first, in order of name. What replicas have otherwise is told by replica.
    pub fn settings(&self) -> Vec<SettingRow> {
        let mut rows = Vec::new();
        let mut add = |on: &str, each: &[(&str, Vec<Row>)]| {
            let rows_of = merged(each).into_iter();
            rows.extend(rows_of.map(|(setting, value)| SettingRow { on: on.to_owned(), setting, value }));
        };
        for (at, plan) in self.plan.nodes.iter().enumerate() {
            let id = NodeId(at as u16);
            let of = |instance| Some((self.name_of(instance), self.replica_rows(id, instance)?));
            add(&plan.name, &self.fabric.meant(id).filter_map(of).collect::<Vec<_>>());
        }
        for (at, plan) in self.plan.arrows.iter().enumerate() {
            let of = |end: &LinkId| {
                let caller = self.fabric.side(*end).caller;
                let rows = self.end_rows(ArrowId(at as u16), *end)?;
                (!self.fabric.is_retired(caller)).then(|| (self.name_of(caller), rows))
            };
            add(&plan.name, &self.fabric.ends[at].iter().filter_map(of).collect::<Vec<_>>());
        }
        rows
    }

    /// The rows of one replica.
    fn replica_rows(&self, id: NodeId, instance: InstanceId) -> Option<Vec<Row>> {
        let node = self.node_config(id, instance)?;
        let mut rows = Vec::new();
        let mut row = |setting, value: String| rows.push((setting, value));
        row("version", node.version.clone());
        row("replicas", self.replicas_words(id, &node));
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
        self.rows_of_few(id, instance, &node, &mut row);
        Self::behaviour_rows(&node, &mut row);
        let checks: Vec<String> = node.health.checks.iter().map(|check| format!("{check:?}")).collect();
        row("health page", if checks.is_empty() { "the process runs".into() } else { checks.join(", ") });
        Some(rows)
    }

    /// How many replicas there are, and which of them do not run.
    fn replicas_words(&self, id: NodeId, node: &NodeConfig) -> String {
        let is_stopped = |instance: &InstanceId| node.stopped.contains(&(self.fabric.home(*instance).ordinal + 1));
        let stopped: Vec<&str> =
            self.fabric.meant(id).filter(is_stopped).map(|instance| self.name_of(instance)).collect();
        match stopped.is_empty() {
            true => node.replicas.to_string(),
            false => format!("{}, not running: {}", node.replicas, stopped.join(", ")),
        }
    }

    /// The rows of one end of an arrow.
    fn end_rows(&self, id: ArrowId, end: LinkId) -> Option<Vec<Row>> {
        let scoped = &self.fabric.peek_link(end)?.scoped;
        let mut rows = arrow_rows(&self.arrow_config(id, end)?);
        for (setting, kind) in [("timeout", Setting::Timeout(None)), ("fallback", Setting::Fallback(None))] {
            let own = rows.iter_mut().filter(|(known, _)| *known == setting && scoped.has(&kind));
            own.for_each(|(_, value)| value.push_str(FOR_SOME));
        }
        Some(rows)
    }

    /// What few nodes have is shown where it is.
    fn rows_of_few(
        &self,
        id: NodeId,
        instance: InstanceId,
        node: &NodeConfig,
        row: &mut impl FnMut(&'static str, String),
    ) {
        let (spec, plan) = (self.plan.node_spec(id), &self.plan.nodes[id.at()]);
        if let Some(time) = node.visibility {
            row("visibility timeout", time.to_string());
        }
        if let (Some(deliveries), Some(letters)) = (node.max_deliveries, plan.dead_letters) {
            let name = &self.plan.nodes[letters.at()].name;
            row("dead letters", format!("to {name} after {deliveries} deliveries"));
        }
        if spec.consumes.is_some() && node.ack == Ack::OnDelivery {
            row("acknowledgement", "automatic, on delivery".into());
        }
        if let Some(keys) = node.idempotency {
            let whose = if keys.shared { "shared by all replicas" } else { "in the memory of each replica" };
            row("idempotency keys", format!("kept for {}, {whose}", keys.keep));
        }
        if spec.database.as_ref().is_some_and(|database| database.newest_stamp_wins) {
            row("conflicting writes", "the newest stamp of a writer's clock wins".into());
        }
        if let Some(daemon) = self.daemon(id, instance) {
            row("time daemon", daemon);
        }
        let scoped = self.fabric.peek_replica(instance).map(|replica| &replica.scoped);
        let flag = |(name, on): (&String, &bool)| {
            let is_for_some = scoped.is_some_and(|scoped| scoped.has(&Setting::Flag(name.clone(), *on)));
            format!("{name} {}{}", if *on { "on" } else { "off" }, if is_for_some { FOR_SOME } else { "" })
        };
        let flags: Vec<String> = node.flags.iter().map(flag).collect();
        if !flags.is_empty() {
            row("flags", flags.join(", "));
        }
    }

    /// What keeps the clock of a replica right. None if at no replica of its node anything does or should.
    fn daemon(&self, id: NodeId, instance: InstanceId) -> Option<String> {
        let policy = |instance: InstanceId| self.fabric.peek_part::<TimeSync>(instance).and_then(|sync| sync.policy);
        let declared = self.plan.node_spec(id).clocks.iter().any(|clock| clock.sync.is_some());
        let is_there = declared || self.fabric.meant(id).any(|instance| policy(instance).is_some());
        is_there.then(|| daemon_words(policy(instance)))
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
        let peek =
            |id| self.fabric.peek_replica(id).map(|replica| (replica.clock.stamp(self.now), replica.process.retired));
        let read = |id: super::ids::InstanceId| {
            let resource = &self.telemetry.resources[id.at()];
            let (says, retired) = peek(id)?;
            let shown = !retired && resource.kind != crate::world::Kind::Users;
            shown.then(|| ClockReading { instance: resource.instance.clone(), says })
        };
        self.fabric.instances().filter_map(read).collect()
    }
}

/// Rows of single replicas, each with its name, as rows of all: a value stands once where it is the same everywhere.
fn merged(each: &[(&str, Vec<Row>)]) -> Vec<Row> {
    let mut settings: Vec<&'static str> = Vec::new();
    for (setting, _) in each.iter().flat_map(|(_, rows)| rows) {
        if !settings.contains(setting) {
            settings.push(setting);
        }
    }
    settings.into_iter().map(|setting| (setting, by_replica(each, setting))).collect()
}

/// The value of a setting: once, or of each replica where they differ.
fn by_replica(each: &[(&str, Vec<Row>)], setting: &str) -> String {
    let value = |rows: &[Row]| {
        let own = rows.iter().find(|(known, _)| *known == setting);
        own.map_or_else(|| NOT_SET.to_owned(), |(_, value)| value.clone())
    };
    let mut values: Vec<(&str, String)> = each.iter().map(|(replica, rows)| (*replica, value(rows))).collect();
    let differ = values.windows(2).any(|pair| pair[0].1 != pair[1].1);
    if !differ {
        return values.pop().map(|(_, value)| value).unwrap_or_default();
    }
    let named: Vec<String> = values.into_iter().map(|(replica, value)| format!("{replica}: {value}")).collect();
    named.join("; ")
}

fn daemon_words(policy: Option<Ntp>) -> String {
    match policy {
        None => "stopped".to_owned(),
        Some(Ntp { every, step_above: Some(step), .. }) => format!("polls every {every}, steps above {step}"),
        Some(Ntp { every, slew_ppm: 0.0, .. }) => format!("polls every {every}, corrects nothing"),
        Some(Ntp { every, .. }) => format!("polls every {every}, never steps"),
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

fn arrow_rows(arrow: &Arrow) -> Vec<Row> {
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
