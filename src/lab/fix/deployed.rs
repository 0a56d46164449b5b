//! What is deployed, and what was ordered and is on its way: whether a fix can be ordered, and the change that it
//! becomes. Knows configuration; must never know a fault.

use super::form::FixTarget;
use super::kinds::Fix;
use super::sheet::{Does, Sheet};
use super::way::{Takes, Way};
use crate::engine::{NodeConfig, Simulation};
use crate::lab::{Deployment, Refusal};
use crate::telemetry::ChangeRecord;
use crate::time::{Duration, SimTime};
use crate::world::{Arrow, Change, ChangeKind, Kind, Set, Setting};

/// A fix as it is carried out.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::lab) struct Order {
    pub change: Change,
    /// From the order to the first effect.
    pub lead: Duration,
    /// From the first effect until every replica has it and takes traffic.
    pub settles: Duration,
}

/// Who made the learner's changes, as the change feed says it.
pub(in crate::lab) const LEARNER: &str = "you";

impl Fix {
    /// In words: `roll back deploy-1412`.
    pub fn words(&self) -> String {
        self.sheet().words
    }

    /// What it costs, in words: how long until it takes effect, and what it does meanwhile.
    pub fn cost(&self) -> String {
        self.kind().cost()
    }

    /// Whether the company can roll back a change of this kind: one that it made itself.
    pub(crate) fn can_undo(kind: ChangeKind) -> bool {
        !matches!(kind, ChangeKind::Traffic | ChangeKind::Region | ChangeKind::DependencySla)
    }
}

/// An arrow's name as the configuration writes it, however the learner spaced it.
pub(in crate::lab) fn arrow_name(text: &str) -> String {
    match text.split_once("->") {
        Some((from, to)) => format!("{} -> {}", from.trim(), to.trim()),
        None => text.trim().to_owned(),
    }
}

/// What is deployed, and what was ordered and is on its way.
pub(in crate::lab) struct Deployed<'a> {
    pub sim: &'a Simulation,
    /// Changes that were ordered and are not in effect yet, oldest first.
    pub pending: Vec<&'a Change>,
    /// All fixes that were ordered.
    pub deployments: &'a [Deployment],
}

impl Deployed<'_> {
    /// Makes an order of a fix, or says why it cannot be. `id` is the change's.
    pub fn order(&self, fix: &Fix, id: &str) -> Result<Order, Refusal> {
        let sheet = fix.sheet();
        let (way, on, settings, undoes) = match &sheet.does {
            Does::Undo => {
                let record = self.can_be_undone(fix.target())?;
                self.leaves_some_when_undone(&record.id)?;
                let way = if record.kind == ChangeKind::Deploy { Way::Deploy } else { Way::Config };
                (way, record.on.clone(), Vec::new(), Some(record.id.clone()))
            }
            Does::Arrow(_) | Does::Node(_) => {
                let (on, settings) = self.settings(fix, &sheet)?;
                (fix.kind().way.unwrap_or(Way::Config), on, settings, None)
            }
        };
        let mut sets: Vec<Set> = settings
            .into_iter()
            .map(|to| Set { replicas: sheet.replicas.clone(), ..Set::new(on.clone(), to) })
            .collect();
        if way == Way::Deploy && undoes.is_none() {
            sets.push(Set::new(self.builds(&on), Setting::Restart));
        }
        let Takes { kind, lead, rolling, away } = way.takes();
        let rolling = if sheet.replicas.is_empty() { rolling } else { Duration::ZERO };
        let last = Duration(rolling.0.saturating_mul(u64::from(self.replicas(&on).saturating_sub(1))));
        let change =
            Change { says: Some(sheet.words), by: LEARNER.into(), on, undoes, rolling, ..Change::new(id, kind, sets) };
        Ok(Order { change, lead, settles: last + away })
    }

    /// What a fix changes, and where.
    fn settings(&self, fix: &Fix, sheet: &Sheet<'_>) -> Result<(String, Vec<Setting>), Refusal> {
        let target = fix.kind().target;
        let (name, settings, would_differ) = match &sheet.does {
            Does::Undo => (fix.target().to_owned(), Vec::new(), true),
            Does::Arrow(does) => {
                let (name, now) =
                    if target == FixTarget::Call { self.call(fix.target()) } else { self.arrow(fix.target()) }?;
                let settings = does(&now)?;
                let mut then = now.clone();
                settings.iter().for_each(|to| set_arrow(&mut then, to));
                (name, settings, then != now)
            }
            Does::Node(does) => {
                let (name, now) = self.node(fix.target())?;
                self.is_a(target, &name)?;
                let settings = does(self, &name, &now)?;
                let mut then = now.clone();
                let hidden = settings.iter().filter(|to| !set_node(&mut then, &sheet.replicas, to)).count();
                leaves_some(&name, &now, &then)?;
                let for_some = settings.iter().any(|to| self.sim.differs_for_users(&name, to));
                (name, settings, hidden > 0 || for_some || then != now)
            }
        };
        fix.kind().fields.iter().zip(fix.values()).try_for_each(|(field, value)| field.check(&value))?;
        if would_differ {
            return Ok((name, settings));
        }
        let what = format!("to {} would change nothing: it is so already, or will be soon", sheet.words);
        Err(Refusal::new(what, "look at the configuration, and give another value or choose another fix"))
    }

    /// The record of a change that can be rolled back.
    fn can_be_undone(&self, id: &str) -> Result<&ChangeRecord, Refusal> {
        let id = id.trim();
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
            if change.trim() == id {
                return Err(Refusal::new(format!("{id} was rolled back by {}", own.change), "choose another change"));
            }
        }
        self.is_our_doing(record)?;
        Ok(record)
    }

    /// Whether a change was made by the company, and to something of its own.
    fn is_our_doing(&self, record: &ChangeRecord) -> Result<(), Refusal> {
        if !Fix::can_undo(record.kind) {
            let what = match record.kind {
                ChangeKind::Traffic => {
                    format!("{}: users come because they want to, and nobody can roll that back", record.id)
                }
                kind => format!("{} ({}) was not made by your company", record.id, kind.words()),
            };
            return Err(Refusal::new(what, "change how your own system deals with it"));
        }
        let changed = record.on.split(" -> ").next().unwrap_or_default();
        self.sim.world().spec().nodes.get(changed).map_or(Ok(()), |node| is_ours(changed, node.kind))
    }

    /// Whether any replica runs once a change is undone: fewer may be meant to run then.
    fn leaves_some_when_undone(&self, change: &str) -> Result<(), Refusal> {
        let Some((name, replicas)) = self.sim.replicas_before(change) else { return Ok(()) };
        let (name, now) = self.node(&name)?;
        leaves_some(&name, &now, &NodeConfig { replicas, ..now.clone() })
    }

    /// A node that the learner can change, as it will be once all orders are in effect.
    fn node(&self, name: &str) -> Result<(String, NodeConfig), Refusal> {
        let name = name.trim();
        let nodes = &self.sim.world().spec().nodes;
        let (Some(spec), Some(mut config)) = (nodes.get(name), self.sim.node(name)) else {
            return Err(Refusal::unknown("node", name, nodes.keys().map(String::as_str)));
        };
        is_ours(name, spec.kind)?;
        self.on_the_way(name).for_each(|set| {
            set_node(&mut config, &set.replicas, &set.to);
        });
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
            is_ours(from, spec.kind)?;
        }
        self.on_the_way(&name).for_each(|set| set_arrow(&mut arrow, &set.to));
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

    /// Settings of a node or arrow that were ordered and are not in effect yet, oldest first.
    fn on_the_way<'a>(&'a self, on: &'a str) -> impl Iterator<Item = &'a Set> {
        let sets = self.pending.iter().flat_map(|change| &change.sets);
        sets.filter(move |set| set.on == on)
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

    fn is_a(&self, target: FixTarget, name: &str) -> Result<(), Refusal> {
        let nodes = &self.sim.world().spec().nodes;
        let letters = |name: &str| {
            nodes.values().filter_map(|node| node.queue.as_ref()?.dead_letters.as_deref()).any(|to| to == name)
        };
        let known: Vec<&str> = nodes
            .iter()
            .filter(|(name, node)| target.suits(node, letters(name)) && is_ours(name, node.kind).is_ok())
            .map(|(name, _)| name.as_str())
            .collect();
        if known.contains(&name) {
            return Ok(());
        }
        let sort = target.words();
        let remedy =
            if known.is_empty() { format!("this system has no {sort}") } else { format!("try {}", known.join(" or ")) };
        Err(Refusal::new(format!("`{name}` is no {sort}"), remedy))
    }
}

fn is_ours(name: &str, kind: Kind) -> Result<(), Refusal> {
    match kind {
        Kind::Users => {
            Err(Refusal::new(format!("`{name}` are users: you cannot change them"), "change the nodes that serve them"))
        }
        Kind::External => {
            Err(Refusal::new(format!("`{name}` belongs to another company"), "change how your own nodes call it"))
        }
        _ => Ok(()),
    }
}

/// Refuses what would leave a node without any replica that runs.
fn leaves_some(name: &str, now: &NodeConfig, then: &NodeConfig) -> Result<(), Refusal> {
    match then.running() > 0 || now.running() == 0 {
        true => Ok(()),
        false => Err(Refusal::new(
            format!("no replica of `{name}` would run any more"),
            "scale the node first, or replace a replica that does not run",
        )),
    }
}

/// A configuration with another setting, of all replicas or, if any are named, of these. False: configuration does not
/// show this setting.
fn set_node(config: &mut NodeConfig, replicas: &[u16], to: &Setting) -> bool {
    match to {
        Setting::Down(true) => config.stopped.extend(replicas),
        _ if !replicas.is_empty() => return false,
        Setting::Replicas(replicas) => config.replicas = *replicas,
        Setting::Concurrency(concurrency) => config.concurrency = *concurrency,
        Setting::QueueLimit(limit) => config.queue_limit = *limit,
        Setting::CacheTtl(ttl) => config.cache_ttl = Some(*ttl),
        Setting::CacheCapacity(entries) => config.cache_capacity = Some(*entries),
        Setting::SingleFlight(wait) => config.single_flight = *wait,
        Setting::TokenLifetime(time) => config.token_lifetime = Some(*time),
        Setting::TokenLeeway(time) => config.token_leeway = Some(*time),
        Setting::LockLease(time) => config.lock_lease = Some(*time),
        Setting::RateLimits(limits) => config.rate_limits = Some(limits.clone()),
        Setting::Autoscale(policy) => config.autoscale = *policy,
        Setting::QueueCapacity(capacity) => config.queue_capacity = Some(*capacity),
        Setting::Overflow(does) => config.overflow = Some(*does),
        Setting::Visibility(time) => config.visibility = *time,
        Setting::MaxDeliveries(most) => config.max_deliveries = Some(*most),
        Setting::AckMode(ack) => config.ack = *ack,
        Setting::Idempotency(keys) => config.idempotency = *keys,
        Setting::Flag(flag, on) => drop(config.flags.insert(flag.clone(), *on)),
        Setting::HealthChecks(health) => config.health = health.clone(),
        Setting::DataVersionTelemetry(on) => config.data_version = *on,
        Setting::Sampling(share) => config.sampling = *share,
        Setting::LogLevel(level) => config.level = *level,
        Setting::FlagTelemetry(on) => config.tells_flags = *on,
        _ => return false,
    }
    true
}

/// An arrow with another setting.
fn set_arrow(arrow: &mut Arrow, to: &Setting) {
    match to {
        Setting::Timeout(timeout) => arrow.timeout = *timeout,
        Setting::Retry(retry) => arrow.retry = *retry,
        Setting::Fallback(fallback) => arrow.fallback = *fallback,
        Setting::Breaker(breaker) => arrow.breaker = *breaker,
        Setting::Pool(pool) => arrow.pool = *pool,
        Setting::KeepAlive(keeps) => arrow.keep_alive = *keeps,
        Setting::Bulkhead(most) => arrow.bulkhead = *most,
        Setting::Hedge(hedge) => arrow.hedge = *hedge,
        Setting::ChecksBody(on) => arrow.checks_body = *on,
        Setting::Balance(balance) => arrow.balance = *balance,
        Setting::Discovery(ttl) => arrow.discovery = *ttl,
        Setting::Eject(eject) => arrow.eject = *eject,
        Setting::Trace(trace) => arrow.trace = *trace,
        Setting::LogFailures(on) => arrow.telemetry.log_failures = *on,
        Setting::ClientSpans(on) => arrow.telemetry.spans = *on,
        _ => {}
    }
}

impl Deployment {
    /// Whether it is ordered and not in effect yet.
    pub fn is_pending(&self, now: SimTime) -> bool {
        self.effective > now
    }
}
