//! Fixes: what each is called, what it costs, and the change of the world that it becomes. Knows deployed
//! configuration; must never know whether a fix is the right one.

use std::collections::BTreeSet;

use super::refusal::Refusal;
use super::{Deployment, Fix};
use crate::engine::{NodeConfig, Simulation};
use crate::telemetry::ChangeRecord;
use crate::time::{Duration, SignedDuration, SimTime};
use crate::world::{
    Arrow, Change, ChangeKind, Fallback, FallbackValue, Health, HealthCheck, Kind, Pool, Propagation, Retry, Set,
    Setting,
};

/// A fix as it is carried out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    pub change: Change,
    /// From the order to the first effect.
    pub lead: Duration,
    /// From the first effect until every replica has it and takes traffic.
    pub settles: Duration,
}

/// The way a fix reaches the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A new build, replica after replica; each restarts.
    Deploy,
    /// A new setting for processes that keep running.
    Config,
    /// Processes restart, replica after replica.
    Restart,
    /// Replicas come or go.
    Scaling,
    /// A command to a running process.
    Command,
    /// The clock service sets clocks right.
    Clocks,
}

impl Way {
    /// What the feed calls it, the time until it begins, and the time between two replicas.
    fn table(self) -> (ChangeKind, Duration, Duration) {
        let secs = Duration::from_secs;
        match self {
            Way::Deploy => (ChangeKind::Deploy, secs(120), secs(20)),
            Way::Config => (ChangeKind::Config, secs(30), Duration::ZERO),
            Way::Restart => (ChangeKind::Infrastructure, secs(15), secs(15)),
            Way::Scaling => (ChangeKind::Scaling, secs(60), Duration::ZERO),
            Way::Command => (ChangeKind::Infrastructure, secs(5), Duration::ZERO),
            Way::Clocks => (ChangeKind::Infrastructure, secs(10), Duration::ZERO),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Way::Deploy => "a rolling deploy: 2m until the first replica restarts with it, 20s from one to the next",
            Way::Config => "a config change: in effect everywhere after 30s, nothing restarts",
            Way::Restart => {
                "15s until the first replica restarts, 15s from one to the next; each is away for some seconds and loses what it held in memory"
            }
            Way::Scaling => {
                "1m until replicas are added or removed, then some 20s until a new one is warm and takes traffic"
            }
            Way::Command => "5s; every read misses until the cache is warm again, and goes to what is behind it",
            Way::Clocks => "10s; clocks step, so stamps jump",
        }
    }
}

/// How long a process is away when it restarts, and how long a new one takes to be warm.
const RESTART: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(20);
/// The backoff of retries where there were none before.
const USUAL_BACKOFF: Duration = Duration::from_millis(50);

impl Fix {
    /// In words: `roll back deploy-1412`.
    pub fn words(&self) -> String {
        match self {
            Fix::RollBack { change } => format!("roll back {change}"),
            Fix::SetTimeout { arrow, timeout: Some(timeout) } => format!("set the timeout of {arrow} to {timeout}"),
            Fix::SetTimeout { arrow, timeout: None } => format!("remove the timeout of {arrow}"),
            Fix::SetRetries { arrow, attempts: 0 | 1 } => format!("remove the retries of {arrow}"),
            Fix::SetRetries { arrow, attempts } => format!("let {arrow} try {attempts} times"),
            Fix::SetFallback { arrow, value: None } => format!("remove the fallback of {arrow}"),
            Fix::SetFallback { arrow, value: Some(value) } => {
                let value = match value {
                    FallbackValue::Default => "a default value",
                    FallbackValue::Empty => "nothing",
                    FallbackValue::Stale => "the last known answer",
                };
                format!("let {arrow} fall back to {value}")
            }
            Fix::LogFallback { arrow } => format!("log every failure and fallback of {arrow}"),
            Fix::SetPool { arrow, size } => format!("set the pool of {arrow} to {size} connections"),
            Fix::RemoveBreaker { arrow } => format!("remove the circuit breaker of {arrow}"),
            Fix::Restart { node } => format!("restart {node}"),
            Fix::Scale { node, replicas } => format!("scale {node} to {replicas} replicas"),
            Fix::SetConcurrency { node, concurrency } => {
                format!("let each replica of {node} work on {concurrency} at a time")
            }
            Fix::FlushCache { node } => format!("flush {node}"),
            Fix::SetCacheTtl { node, ttl } => format!("let entries of {node} live for {ttl}"),
            Fix::DeepenHealth { node, checks } => {
                let checks: Vec<String> = checks.iter().map(check_words).collect();
                format!("let the health page of {node} check {}", checks.join(", "))
            }
            Fix::PropagateTrace { arrow } => format!("propagate trace context over {arrow}"),
            Fix::AddClientSpans { arrow } => format!("record client spans of {arrow}"),
            Fix::ReportDataVersion { node } => format!("let {node} report the version of the data it serves"),
            Fix::SyncClocks { node } => format!("set the clocks of {node} right"),
            Fix::SetQueueCapacity { node, capacity } => format!("let {node} hold {capacity} messages"),
        }
    }

    /// What it costs, in words: how long until it takes effect, and what it does meanwhile.
    pub fn cost(&self) -> String {
        match self.way() {
            Some(way) => way.words().to_owned(),
            None => "2m and 20s from replica to replica if it undoes a deploy, else 30s; replicas of a deploy restart"
                .to_owned(),
        }
    }

    /// How it reaches the system; None depends on the change that is undone.
    fn way(&self) -> Option<Way> {
        Some(match self {
            Fix::RollBack { .. } => return None,
            Fix::SetTimeout { .. }
            | Fix::SetRetries { .. }
            | Fix::SetPool { .. }
            | Fix::RemoveBreaker { .. }
            | Fix::SetConcurrency { .. }
            | Fix::SetCacheTtl { .. }
            | Fix::SetQueueCapacity { .. } => Way::Config,
            Fix::SetFallback { .. }
            | Fix::LogFallback { .. }
            | Fix::DeepenHealth { .. }
            | Fix::PropagateTrace { .. }
            | Fix::AddClientSpans { .. }
            | Fix::ReportDataVersion { .. } => Way::Deploy,
            Fix::Restart { .. } => Way::Restart,
            Fix::Scale { .. } => Way::Scaling,
            Fix::FlushCache { .. } => Way::Command,
            Fix::SyncClocks { .. } => Way::Clocks,
        })
    }
}

fn check_words(check: &HealthCheck) -> String {
    match check {
        HealthCheck::Dependency(name) => format!("calls to {name}"),
        HealthCheck::ConsumerLag(name, limit) => format!("that messages in {name} wait less than {limit}"),
        HealthCheck::PoolWait(name, limit) => format!("that a connection to {name} comes within {limit}"),
    }
}

/// An arrow's name as the configuration writes it, however the learner spaced it.
pub(super) fn arrow_name(text: &str) -> String {
    match text.split_once("->") {
        Some((from, to)) => format!("{} -> {}", from.trim(), to.trim()),
        None => text.trim().to_owned(),
    }
}

/// What is deployed, and what was ordered and is on its way.
pub(super) struct Deployed<'a> {
    pub sim: &'a Simulation,
    /// Changes that were ordered and are not in effect yet, oldest first.
    pub pending: Vec<&'a Change>,
    /// All fixes that were ordered.
    pub deployments: &'a [Deployment],
}

impl Deployed<'_> {
    /// Makes an order of a fix, or says why it cannot be. `id` is the change's.
    pub fn order(&self, fix: &Fix, id: &str) -> Result<Order, Refusal> {
        let (way, on, sets, undoes) = match fix {
            Fix::RollBack { change } => {
                let record = self.can_be_undone(change)?;
                let way = if record.kind == ChangeKind::Deploy { Way::Deploy } else { Way::Config };
                (way, record.on.clone(), Vec::new(), Some(change.clone()))
            }
            _ => {
                let way = fix.way().unwrap_or(Way::Config);
                let (on, settings) = self.settings(fix)?;
                let mut sets: Vec<Set> = settings.into_iter().map(|to| Set::new(on.clone(), to)).collect();
                if way == Way::Deploy {
                    sets.push(Set::new(self.builds(&on), Setting::Restart));
                }
                (way, on, sets, None)
            }
        };
        let (kind, lead, rolling) = way.table();
        let last = Duration(rolling.0.saturating_mul(u64::from(self.replicas(&on).saturating_sub(1))));
        let away = match way {
            Way::Deploy | Way::Restart => RESTART,
            Way::Scaling => WARM_UP,
            Way::Config | Way::Command | Way::Clocks => Duration::ZERO,
        };
        let says = Some(fix.words());
        let change = Change { says, by: "you".into(), on, undoes, rolling, ..Change::new(id, kind, sets) };
        Ok(Order { change, lead, settles: last + away })
    }

    /// What a fix changes, and where. One row for each fix.
    fn settings(&self, fix: &Fix) -> Result<(String, Vec<Setting>), Refusal> {
        match fix {
            // Made from the feed, not from settings.
            Fix::RollBack { change } => Ok((change.clone(), Vec::new())),
            Fix::SetTimeout { arrow, timeout } => {
                let (name, now) = self.call(arrow)?;
                within(
                    "the timeout",
                    timeout.unwrap_or(Duration::from_secs(1)),
                    Duration::from_millis(1),
                    Duration::from_mins(60),
                )?;
                differs(now.timeout != *timeout, &name, "timeout", "give another time")?;
                Ok((name, vec![Setting::Timeout(*timeout)]))
            }
            Fix::SetRetries { arrow, attempts } => {
                let (name, now) = self.call(arrow)?;
                within("the number of attempts", *attempts, 1, 10)?;
                let like = Retry { attempts: *attempts, backoff: USUAL_BACKOFF, jitter: 0.5, budget: None };
                let retry = (*attempts > 1).then(|| Retry { attempts: *attempts, ..now.retry.unwrap_or(like) });
                differs(
                    now.retry.map_or(1, |retry| retry.attempts) != *attempts,
                    &name,
                    "number of attempts",
                    "give another number",
                )?;
                Ok((name, vec![Setting::Retry(retry)]))
            }
            Fix::SetFallback { arrow, value } => {
                let (name, now) = self.call(arrow)?;
                let fallback =
                    value.map(|value| Fallback { value, log: now.fallback.is_some_and(|fallback| fallback.log) });
                differs(now.fallback != fallback, &name, "fallback", "give another value")?;
                Ok((name, vec![Setting::Fallback(fallback)]))
            }
            Fix::LogFallback { arrow } => {
                let (name, now) = self.call(arrow)?;
                let logged = now.telemetry.log_failures && now.fallback.is_none_or(|fallback| fallback.log);
                differs(!logged, &name, "logging of failures", "look for its lines")?;
                let fallback = now.fallback.map(|fallback| Setting::Fallback(Some(Fallback { log: true, ..fallback })));
                Ok((name, fallback.into_iter().chain([Setting::LogFailures(true)]).collect()))
            }
            Fix::SetPool { arrow, size } => {
                let (name, now) = self.call(arrow)?;
                within("the pool", *size, 1, 10_000)?;
                differs(now.pool.map(|pool| pool.size) != Some(*size), &name, "pool", "give another size")?;
                let wait = now.pool.and_then(|pool| pool.wait);
                Ok((name, vec![Setting::Pool(Some(Pool { size: *size, wait }))]))
            }
            Fix::RemoveBreaker { arrow } => {
                let (name, now) = self.call(arrow)?;
                has(now.breaker.is_some(), &name, "circuit breaker")?;
                Ok((name, vec![Setting::Breaker(None)]))
            }
            Fix::Restart { node } => Ok((self.node(node)?.0, vec![Setting::Restart])),
            Fix::Scale { node, replicas } => {
                let (name, now) = self.node(node)?;
                within("the number of replicas", *replicas, 1, now.replicas.saturating_mul(4).clamp(8, 64))?;
                differs(now.replicas != *replicas, &name, "number of replicas", "give another number")?;
                Ok((name, vec![Setting::Replicas(*replicas)]))
            }
            Fix::SetConcurrency { node, concurrency } => {
                let (name, now) = self.node(node)?;
                within("the concurrency", *concurrency, 1, 10_000)?;
                differs(now.concurrency != *concurrency, &name, "concurrency", "give another number")?;
                Ok((name, vec![Setting::Concurrency(*concurrency)]))
            }
            Fix::FlushCache { node } => {
                let (name, now) = self.node(node)?;
                self.is_a("cache", &name, now.cache_ttl.is_some(), |spec| spec.cache.is_some())?;
                Ok((name, vec![Setting::FlushCache]))
            }
            Fix::SetCacheTtl { node, ttl } => {
                let (name, now) = self.node(node)?;
                self.is_a("cache", &name, now.cache_ttl.is_some(), |spec| spec.cache.is_some())?;
                within("the time to live", *ttl, Duration::from_secs(1), Duration::from_mins(60 * 24 * 30))?;
                differs(now.cache_ttl != Some(Some(*ttl)), &name, "time to live", "give another time")?;
                Ok((name, vec![Setting::CacheTtl(Some(*ttl))]))
            }
            Fix::DeepenHealth { node, checks } => {
                let (name, now) = self.node(node)?;
                self.can_check(&name, checks)?;
                let health = Health { checks: checks.clone(), ..Health::default() };
                differs(now.health != health, &name, "health page", "give other checks")?;
                Ok((name, vec![Setting::HealthChecks(health)]))
            }
            Fix::PropagateTrace { arrow } => {
                let (name, now) = self.arrow(arrow)?;
                differs(
                    now.trace != Propagation::Propagated,
                    &name,
                    "trace context",
                    "look for an arrow that drops it",
                )?;
                Ok((name, vec![Setting::Trace(Propagation::Propagated)]))
            }
            Fix::AddClientSpans { arrow } => {
                let (name, now) = self.call(arrow)?;
                differs(!now.telemetry.spans, &name, "recording of client spans", "look at its spans")?;
                Ok((name, vec![Setting::ClientSpans(true)]))
            }
            Fix::ReportDataVersion { node } => Ok((self.node(node)?.0, vec![Setting::DataVersionTelemetry(true)])),
            Fix::SyncClocks { node } => {
                let right = vec![Setting::ClockOffset(SignedDuration(0)), Setting::ClockDrift(0.0)];
                Ok((self.node(node)?.0, right))
            }
            Fix::SetQueueCapacity { node, capacity } => {
                let (name, now) = self.node(node)?;
                self.is_a("queue", &name, now.queue_capacity.is_some(), |spec| spec.queue.is_some())?;
                within("the capacity", *capacity, 1, 10_000_000)?;
                differs(now.queue_capacity != Some(*capacity), &name, "capacity", "give another number")?;
                Ok((name, vec![Setting::QueueCapacity(*capacity)]))
            }
        }
    }

    /// The record of a change that can be rolled back.
    fn can_be_undone(&self, id: &str) -> Result<&ChangeRecord, Refusal> {
        let feed = &self.sim.telemetry().changes;
        let Some(record) = feed.iter().rev().find(|record| record.id == id) else {
            if let Some(own) = self.deployments.iter().find(|own| own.change == id) {
                let what = format!("{id} is not in effect yet");
                return Err(Refusal::new(what, format!("wait until {}, then roll it back", own.effective)));
            }
            return Err(Refusal::unknown("change in the feed", id, feed.iter().map(|record| record.id.as_str())));
        };
        for own in self.deployments {
            let Fix::RollBack { change } = &own.fix else { continue };
            if own.change == id {
                let what = format!("{id} is itself a rollback of {change}");
                return Err(Refusal::new(what, "change the setting instead"));
            }
            if change == id {
                return Err(Refusal::new(format!("{id} was rolled back by {}", own.change), "choose another change"));
            }
        }
        match record.kind {
            ChangeKind::Region | ChangeKind::DependencySla => Err(Refusal::new(
                format!("{id} ({}) was not made by your company", record.kind.words()),
                "change how your own system deals with it",
            )),
            _ => Ok(record),
        }
    }

    /// A node that the learner can change, as it will be once all orders are in effect.
    fn node(&self, name: &str) -> Result<(String, NodeConfig), Refusal> {
        let name = name.trim();
        let nodes = &self.sim.world().spec().nodes;
        let (Some(spec), Some(mut config)) = (nodes.get(name), self.sim.node(name)) else {
            return Err(Refusal::unknown("node", name, nodes.keys().map(String::as_str)));
        };
        Self::is_ours(name, spec.kind)?;
        for to in self.on_the_way(name) {
            match to {
                Setting::Replicas(replicas) => config.replicas = *replicas,
                Setting::Concurrency(concurrency) => config.concurrency = *concurrency,
                Setting::CacheTtl(ttl) => config.cache_ttl = Some(*ttl),
                Setting::QueueCapacity(capacity) => config.queue_capacity = Some(*capacity),
                Setting::HealthChecks(health) => config.health = health.clone(),
                _ => {}
            }
        }
        Ok((name.to_owned(), config))
    }

    /// An arrow whose caller the learner can change, as it will be once all orders are in effect.
    fn arrow(&self, name: &str) -> Result<(String, Arrow), Refusal> {
        let name = arrow_name(name);
        let Some(mut arrow) = self.sim.arrow(&name) else {
            let known = self.sim.world().spec().arrows.keys().map(String::as_str);
            return Err(Refusal::unknown("arrow", &name, known));
        };
        if let Some((from, spec)) =
            name.split_once(" -> ").and_then(|(from, _)| self.sim.world().spec().nodes.get_key_value(from))
        {
            Self::is_ours(from, spec.kind)?;
        }
        for to in self.on_the_way(&name) {
            match to {
                Setting::Timeout(timeout) => arrow.timeout = *timeout,
                Setting::Retry(retry) => arrow.retry = *retry,
                Setting::Fallback(fallback) => arrow.fallback = *fallback,
                Setting::Breaker(breaker) => arrow.breaker = *breaker,
                Setting::Pool(pool) => arrow.pool = *pool,
                Setting::Trace(trace) => arrow.trace = *trace,
                Setting::LogFailures(on) => arrow.telemetry.log_failures = *on,
                Setting::ClientSpans(on) => arrow.telemetry.spans = *on,
                _ => {}
            }
        }
        Ok((name, arrow))
    }

    /// An arrow over which a caller calls and waits: not a queue's delivery.
    fn call(&self, name: &str) -> Result<(String, Arrow), Refusal> {
        let (name, arrow) = self.arrow(name)?;
        if self.kind_of_caller(&name) == Some(Kind::Queue) {
            return Err(Refusal::new(
                format!("over `{name}` a queue hands out messages; nobody calls and waits"),
                "change the arrow into the queue, or the consumer",
            ));
        }
        Ok((name, arrow))
    }

    fn kind_of_caller(&self, arrow: &str) -> Option<Kind> {
        let (from, _) = arrow.split_once(" -> ")?;
        self.sim.world().spec().nodes.get(from).map(|node| node.kind)
    }

    fn is_ours(name: &str, kind: Kind) -> Result<(), Refusal> {
        match kind {
            Kind::Users => Err(Refusal::new(
                format!("`{name}` are users: you cannot change them"),
                "change the nodes that serve them",
            )),
            Kind::External => {
                Err(Refusal::new(format!("`{name}` belongs to another company"), "change how your own nodes call it"))
            }
            _ => Ok(()),
        }
    }

    /// Settings of a node or arrow that were ordered and are not in effect yet, oldest first.
    fn on_the_way<'a>(&'a self, on: &'a str) -> impl Iterator<Item = &'a Setting> {
        self.pending.iter().flat_map(|change| &change.sets).filter(move |set| set.on == on).map(|set| &set.to)
    }

    /// The node that is built and deployed anew for a change at `on`: the caller of an arrow, or the consumer where a
    /// queue hands out messages.
    fn builds(&self, on: &str) -> String {
        let Some((from, to)) = on.split_once(" -> ") else { return on.to_owned() };
        let builds = if self.kind_of_caller(on) == Some(Kind::Queue) { to } else { from };
        builds.to_owned()
    }

    fn replicas(&self, on: &str) -> u16 {
        self.sim.node(&self.builds(on)).map_or(1, |node| node.replicas)
    }

    fn is_a(
        &self,
        sort: &str,
        name: &str,
        is: bool,
        wanted: impl Fn(&crate::world::Node) -> bool,
    ) -> Result<(), Refusal> {
        if is {
            return Ok(());
        }
        let nodes = self.sim.world().spec().nodes.iter();
        let known: Vec<&str> = nodes.filter(|(_, spec)| wanted(spec)).map(|(name, _)| name.as_str()).collect();
        let remedy =
            if known.is_empty() { format!("this system has no {sort}") } else { format!("try {}", known.join(" or ")) };
        Err(Refusal::new(format!("`{name}` is no {sort}"), remedy))
    }

    fn can_check(&self, node: &str, checks: &[HealthCheck]) -> Result<(), Refusal> {
        let spec = self.sim.world().spec();
        let callees: BTreeSet<&str> = spec
            .arrows
            .keys()
            .filter_map(|arrow| arrow.split_once(" -> "))
            .filter(|(from, _)| *from == node)
            .map(|(_, to)| to)
            .collect();
        let queues = spec.nodes.iter().filter(|(_, spec)| spec.queue.is_some()).map(|(name, _)| name.as_str());
        let queues: BTreeSet<&str> = queues.collect();
        if checks.is_empty() || checks.len() > 16 {
            let known: Vec<&str> = callees.union(&queues).copied().collect();
            return Err(Refusal::new(
                "a deep health page has 1 to 16 checks",
                format!("name what to check: {}", known.join(", ")),
            ));
        }
        for check in checks {
            let (name, known, sort) = match check {
                HealthCheck::Dependency(name) | HealthCheck::PoolWait(name, _) => {
                    (name, &callees, "dependency of this node")
                }
                HealthCheck::ConsumerLag(name, _) => (name, &queues, "queue"),
            };
            if !known.contains(name.as_str()) {
                return Err(Refusal::unknown(sort, name, known.iter().copied()));
            }
        }
        Ok(())
    }
}

/// Refuses a fix that would change nothing.
fn differs(differs: bool, on: &str, setting: &str, remedy: &str) -> Result<(), Refusal> {
    match differs {
        true => Ok(()),
        false => Err(Refusal::new(format!("the {setting} of `{on}` is so already, or will be soon"), remedy)),
    }
}

fn has(has: bool, on: &str, part: &str) -> Result<(), Refusal> {
    match has {
        true => Ok(()),
        false => Err(Refusal::new(format!("`{on}` has no {part}"), "look at its configuration")),
    }
}

fn within<T: PartialOrd + std::fmt::Display>(what: &str, value: T, least: T, most: T) -> Result<(), Refusal> {
    match value >= least && value <= most {
        true => Ok(()),
        false => Err(Refusal::range(what, least, most)),
    }
}

impl Deployment {
    /// Whether it is ordered and not in effect yet.
    pub fn is_pending(&self, now: SimTime) -> bool {
        self.effective > now
    }
}
