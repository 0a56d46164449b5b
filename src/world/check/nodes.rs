//! Nodes: their numbers, their behaviours and what those refer to, what they log and what their health page looks at.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, LONGEST_NAME, Neighbours, label, name, name_with, ranges};
use crate::diagnostic::{DataPath, Findings};
use crate::time::Duration;
use crate::world::{Cache, Consumes, Database, HealthCheck, Instrumentation, Kind, Node, Queue, WorldSpec};

/// Replicas of all nodes together: the engine numbers them with 16 bits.
pub(crate) const MOST_REPLICAS: u64 = 60_000;
/// Groups of consumers of one queue.
const MOST_GROUPS: usize = 200;

impl<'a> Check<'a> {
    pub(super) fn nodes(&mut self) {
        let nodes = DataPath::root().field("nodes");
        let mut replicas = 0u64;
        for (node_name, node) in &self.spec.nodes {
            let path = nodes.key(node_name);
            name(&mut self.found, &path, true, node_name);
            self.numbers(&path, node);
            self.behaviours(&path, node_name, node);
            instrumentation(&mut self.found, &path.field("telemetry"), &node.telemetry);
            for (at, check) in node.health.checks.iter().enumerate() {
                let at = path.field("health").field("checks").at(at);
                health_check(&mut self.found, &at, (self.spec, &self.out), node_name, check);
            }
            let scaled = node.autoscale.map_or(0, |scale| scale.max);
            replicas += u64::from(node.replicas.max(scaled));
        }
        self.groups(&nodes);
        if replicas > MOST_REPLICAS {
            let what = format!("{replicas} replicas in all are more than the {MOST_REPLICAS} that can be simulated");
            self.found.key(&nodes, what, "use fewer replicas");
        }
    }

    /// Every message is kept for each group of consumers.
    fn groups(&mut self, nodes: &DataPath) {
        let mut groups = BTreeMap::<&str, BTreeSet<&str>>::new();
        for consumes in self.spec.nodes.values().filter_map(|node| node.consumes.as_ref()) {
            groups.entry(&consumes.queue).or_default().insert(&consumes.group);
        }
        for (queue, groups) in groups.into_iter().filter(|(_, groups)| groups.len() > MOST_GROUPS) {
            let what = format!("{} groups of consumers are more than fit: at most {MOST_GROUPS}", groups.len());
            self.found.key(&nodes.key(queue), what, "let some of them share a group, or use another queue");
        }
    }

    /// Rate limits and tokens are looked at when a request comes to a route.
    fn requested(&mut self, path: &DataPath, node: &Node) {
        let is_asked = match node.kind {
            Kind::Users | Kind::Queue => false,
            Kind::Cache | Kind::Database => !node.routes.is_empty(),
            _ if node.consumes.is_some() => node.routes.keys().any(|route| route.contains(' ') || route == "*"),
            // Without routes of its own it passes on what comes.
            _ => true,
        };
        if is_asked {
            return;
        }
        let idle = [("limits", !node.limits.is_empty()), ("verifies", node.verifies.is_some())];
        for (field, _) in idle.into_iter().filter(|(_, is_set)| *is_set) {
            let what = format!("`{field}` does nothing here: no request comes to a route of this node");
            self.found.key(&path.field(field), what, "move it to the node that is called, or remove it");
        }
    }

    fn numbers(&mut self, path: &DataPath, node: &Node) {
        let found = &mut self.found;
        found.range(&path.field("replicas"), "the number of replicas", node.replicas, ranges::REPLICAS);
        found.range(&path.field("concurrency"), "`concurrency`", node.concurrency, ranges::CONCURRENCY);
        found.range(&path.field("queue_limit"), "`queue_limit`", node.queue_limit, ranges::QUEUE_LIMIT);
        label(found, &path.field("version"), false, &node.version);
        for (at, zone) in node.zones.iter().enumerate() {
            label(found, &path.field("zones").at(at), false, zone);
        }
        for flag in node.flags.keys() {
            name(found, &path.field("flags").key(flag), true, flag);
        }
        if let Some(keys) = &node.idempotency {
            ranges::idempotency(found, &path.field("idempotency"), keys);
        }
        for (at, clock) in node.clocks.iter().enumerate() {
            ranges::clock(found, &path.field("clocks").at(at), clock);
        }
    }

    fn behaviours(&mut self, path: &DataPath, node_name: &str, node: &Node) {
        let lacks = match node.kind {
            Kind::Users if node.users.is_none() => Some("users: (…)"),
            Kind::Cache if node.cache.is_none() => Some("cache: (…)"),
            Kind::Database if node.database.is_none() => Some("database: (…)"),
            Kind::Queue if node.queue.is_none() => Some("queue: (…)"),
            _ => None,
        };
        if let Some(part) = lacks {
            let what = format!("a node of kind `{:?}` needs the part that makes it one", node.kind);
            self.found.value(&path.field("kind"), what, format!("add `{part}`, or change the kind"));
        }
        if let Some(part) = &node.cache {
            cache(&mut self.found, &path.field("cache"), part);
            if let Some(behind) = &part.behind {
                self.behind(&path.field("cache").field("behind"), node_name, behind);
            }
        }
        if let Some(part) = &node.queue {
            self.queue(&path.field("queue"), node_name, part);
        }
        if let Some(part) = &node.database {
            self.database(&path.field("database"), node_name, part);
        }
        if let Some(part) = &node.consumes {
            self.consumes(&path.field("consumes"), node_name, part);
        }
        self.tokens(path, node);
        super::service::service(&mut self.found, path, node);
        self.requested(path, node);
        super::limits::rate_limits(&mut self.found, &path.field("limits"), &node.limits);
        if let Some(locks) = &node.locks {
            let path = path.field("locks");
            ranges::some_time(&mut self.found, &path.field("lease"), "`lease`", locks.lease);
            ranges::dist(&mut self.found, &path.field("service"), "`service`", &locks.service);
        }
        for (job_name, job) in &node.jobs {
            let path = path.field("jobs").key(job_name);
            name(&mut self.found, &path, true, job_name);
            match (&job.every, &job.cron) {
                (Some(every), None) => {
                    ranges::interval(&mut self.found, &path.field("every"), "the time between two starts", every);
                }
                (None, Some(cron)) => super::limits::cron(&mut self.found, &path.field("cron"), cron),
                (None, None) => {
                    let help = "write `every: Exp(\"5m\")`, or `cron: (every: \"1h\")`";
                    self.found.key(&path, "nothing says when this job starts", help);
                }
                (Some(_), Some(_)) => {
                    self.found.key(&path, "this job has both `every` and `cron`", "keep one of the two");
                }
            }
            if !node.routes.contains_key(&job.route) {
                let known = node.routes.keys().map(String::as_str);
                self.found.unknown(&path.field("route"), &format!("route at `{node_name}` called"), &job.route, known);
            }
        }
    }

    /// The database behind a cache must take writes, and be within reach.
    fn behind(&mut self, path: &DataPath, node_name: &str, behind: &str) {
        let is_primary = |node: &Node| node.database.as_ref().is_some_and(|database| database.follows.is_none());
        if !self.spec.nodes.get(behind).is_some_and(is_primary) {
            let primaries = self.spec.nodes.iter().filter(|(_, node)| is_primary(node)).map(|(name, _)| name.as_str());
            return self.found.unknown(path, "primary database", behind, primaries);
        }
        if !reaches(&self.out, node_name, behind) {
            let arrow = format!("{node_name} -> {behind}");
            let what = format!("there is no arrow `{arrow}` to read and write through");
            self.found.value(path, what, format!("add \"{arrow}\": () to `arrows`"));
        }
    }

    fn database(&mut self, path: &DataPath, node_name: &str, database: &Database) {
        let found = &mut self.found;
        ranges::dist(found, &path.field("read"), "`read`", &database.read);
        ranges::dist(found, &path.field("write"), "`write`", &database.write);
        ranges::up_to_a_day(found, &path.field("lag"), "`lag`", database.lag);
        let Some(primary) = &database.follows else { return };
        let is_primary = |node: &Node| node.database.as_ref().is_some_and(|database| database.follows.is_none());
        if !self.spec.nodes.get(primary).is_some_and(is_primary) || primary == node_name {
            let primaries = self.spec.nodes.iter().filter(|(_, node)| is_primary(node)).map(|(name, _)| name.as_str());
            found.unknown(&path.field("follows"), "primary database", primary, primaries);
        }
    }

    fn queue(&mut self, path: &DataPath, node_name: &str, queue: &Queue) {
        let found = &mut self.found;
        found.range(&path.field("capacity"), "the queue's `capacity`", queue.capacity, ranges::QUEUE_CAPACITY);
        ranges::dist(found, &path.field("service"), "`service`", &queue.service);
        found.range(&path.field("max_deliveries"), "`max_deliveries`", queue.max_deliveries, ranges::DELIVERIES);
        if let Some(time) = queue.visibility {
            ranges::some_time(found, &path.field("visibility"), "`visibility`", time);
        }
        if let Some(partitions) = &queue.partitions {
            let path = path.field("partitions");
            found.range(&path.field("count"), "the number of partitions", partitions.count, 1..=1_000);
            if let Some(by) = &partitions.by {
                self.datum(&path.field("by"), by);
            }
        }
        let Some(letters) = &queue.dead_letters else { return };
        let path = path.field("dead_letters");
        if self.spec.nodes.get(letters).is_none_or(|node| node.queue.is_none()) {
            let queues = self.spec.nodes.iter().filter(|(_, node)| node.queue.is_some()).map(|(name, _)| name.as_str());
            return self.found.unknown(&path, "queue", letters, queues.filter(|name| *name != node_name));
        }
        if super::graph::dead_letter_queues(self.spec, node_name).any(|queue| queue == node_name) {
            let what = "dead letters would come back to the queue that gave them up";
            self.found.value(&path, what, "name a queue whose own dead letters do not end here");
        }
    }

    fn consumes(&mut self, path: &DataPath, node_name: &str, consumes: &Consumes) {
        if !consumes.group.is_empty() {
            label(&mut self.found, &path.field("group"), false, &consumes.group);
        }
        let path = path.field("queue");
        let is_queue = |node: &Node| node.queue.is_some();
        if !self.spec.nodes.get(&consumes.queue).is_some_and(is_queue) {
            let queues = self.spec.nodes.iter().filter(|(_, node)| is_queue(node)).map(|(name, _)| name.as_str());
            return self.found.unknown(&path, "queue", &consumes.queue, queues);
        }
        if !reaches(&self.out, &consumes.queue, node_name) {
            let arrow = format!("{} -> {node_name}", consumes.queue);
            let what = format!("there is no arrow `{arrow}` to bring the messages");
            self.found.value(&path, what, format!("add \"{arrow}\": () to `arrows`"));
        }
    }
}

/// Whether there is an arrow.
pub(super) fn reaches(out: &Neighbours<'_>, from: &str, to: &str) -> bool {
    out.get(from).is_some_and(|callees| callees.contains_key(to))
}

fn cache(found: &mut Findings, path: &DataPath, cache: &Cache) {
    found.range(&path.field("capacity"), "the cache's `capacity`", cache.capacity, ranges::CACHE_CAPACITY);
    if let Some(ttl) = cache.ttl {
        cache_ttl(found, &path.field("ttl"), ttl);
    }
    if let Some(wait) = cache.single_flight {
        ranges::some_time(found, &path.field("single_flight"), "`single_flight`", wait);
    }
    ranges::dist(found, &path.field("service"), "`service`", &cache.service);
    ranges::share(found, &path.field("lost_invalidations"), "`lost_invalidations`", cache.lost_invalidations);
}

/// How long entries live: anything but no time at all.
pub(crate) fn cache_ttl(found: &mut Findings, path: &DataPath, ttl: Duration) {
    if ttl == Duration::ZERO {
        found.value(path, "entries with a `ttl` of 0s never live", "write a time above \"0s\", or `None` to keep them");
    }
}

fn instrumentation(found: &mut Findings, path: &DataPath, telemetry: &Instrumentation) {
    ranges::share(found, &path.field("sampling"), "`sampling`", telemetry.sampling);
    for (at, name) in telemetry.hides.iter().enumerate() {
        if name.is_empty() || name.contains(char::is_whitespace) {
            let help = "write a metric's OpenTelemetry name, such as \"http.server.request.duration\"";
            found.value(&path.field("hides").at(at), format!("`{name}` is no name of a metric"), help);
        }
    }
    for (at, chatter) in telemetry.chatter.iter().enumerate() {
        let path = path.field("chatter").at(at);
        ranges::interval(found, &path.field("every"), "the time between two lines", &chatter.every);
        super::not_blank(found, &path.field("text"), "this line", &chatter.text);
    }
}

/// What a health page of `node` looks at must be next to it.
pub(crate) fn health_check(
    found: &mut Findings,
    path: &DataPath,
    (spec, out): (&WorldSpec, &Neighbours<'_>),
    node: &str,
    check: &HealthCheck,
) {
    let path = path.at(0);
    let is_queue = |name: &str| spec.nodes.get(name).is_some_and(|node| node.queue.is_some());
    match check {
        HealthCheck::Dependency(other) | HealthCheck::PoolWait(other, _) => {
            if !reaches(out, node, other) {
                let next = out.get(node).into_iter().flat_map(|callees| callees.keys().copied());
                found.unknown(&path, &format!("arrow from `{node}` to"), other, next);
            }
        }
        HealthCheck::ConsumerLag(queue, _) => {
            let joined = reaches(out, node, queue) || reaches(out, queue, node);
            if !joined || !is_queue(queue) {
                let published = out.get(node).into_iter().flat_map(|callees| callees.keys().copied());
                let consumed = spec.nodes.get(node).and_then(|node| node.consumes.as_ref());
                let next = published.chain(consumed.map(|consumes| consumes.queue.as_str()));
                found.unknown(
                    &path,
                    &format!("queue next to `{node}` called"),
                    queue,
                    next.filter(|name| is_queue(name)),
                );
            }
        }
    }
}

/// The name of a message or an effect.
pub(super) fn message_name(found: &mut Findings, path: &DataPath, is_key: bool, message: &str) {
    name_with(found, path, is_key, message, "-_.");
}

/// The name of a route: `METHOD /path` for requests, a plain name for messages and for jobs of its own, `*` for all
/// that a node passes on. Answers whether it is one.
pub(super) fn route_name(found: &mut Findings, path: &DataPath, node: &Node, route: &str) -> bool {
    let own = node.consumes.is_some() || node.jobs.values().any(|job| job.route == route);
    if route == "*" || is_request(route) {
        return true;
    }
    if own && !route.contains([' ', '/']) {
        message_name(found, path, true, route);
        return true;
    }
    let (what, help) = request_words(route);
    found.key(path, what, help);
    false
}

/// Whether this names a request.
pub(super) fn is_request(route: &str) -> bool {
    let Some((method, path)) = route.split_once(' ') else { return false };
    let fits = path.starts_with('/') && path.len() <= 4 * LONGEST_NAME;
    METHODS.contains(&method) && fits && !path.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// What is wrong with the name of a request, and how to write one.
pub(super) fn request_words(route: &str) -> (String, String) {
    let what = format!("`{}` is not a request", crate::diagnostic::short(route));
    let upper = route.to_uppercase();
    let method = upper.split(' ').next().unwrap_or_default();
    let help = match METHODS.iter().find(|known| **known == method) {
        Some(method) => format!("write it like \"{method} /path/{{id}}\""),
        None => format!("write a method and a path, like \"GET /path/{{id}}\"; methods are {}", METHODS.join(", ")),
    };
    (what, help)
}

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
