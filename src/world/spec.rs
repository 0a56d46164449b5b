//! What a system *is*, as written in `worlds/*.ron`: plain data. Knows no incident, no ids and no run.
//!
//! Every name in here is checked by [`super::check`] before a [`super::World`] exists, so the engine never meets a
//! dangling one. Maps are ordered by name: the order of declarations in a file means nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::policy::Idempotency;
use super::{
    Arrow, Autoscale, Cache, Clock, Consumes, Critical, Cron, Discipline, Health, Instrumentation, Issues, Journey,
    Locks, Memory, Monitor, Pauses, Queue, RateLimit, Slow, Users, Verifies,
};
use crate::time::Duration;

/// A whole system: data, nodes, arrows and what its users do. The root of a world file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "World")]
pub struct WorldSpec {
    /// The version of this file format: 1.
    pub format: u32,
    /// A short name, as the file is called.
    pub name: String,
    /// One line for a list of worlds.
    pub title: String,
    /// A paragraph for people.
    #[serde(default)]
    pub about: String,
    /// The calendar instant of a run's start, RFC 3339 in UTC.
    pub epoch: String,
    /// Data families by name: what is stored, versioned and read.
    #[serde(default)]
    pub data: BTreeMap<String, Datum>,
    /// Nodes by name.
    pub nodes: BTreeMap<String, Node>,
    /// Arrows by `"from -> to"`.
    pub arrows: BTreeMap<String, Arrow>,
    /// What users do, by name.
    pub journeys: BTreeMap<String, Journey>,
    /// The monitoring system that scrapes metrics and probes health pages.
    #[serde(default)]
    pub monitor: Monitor,
}

/// A family of stored values with versions: products, carts, orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datum {
    /// How many keys there are.
    pub keys: u32,
    /// Which key a journey is about.
    #[serde(default)]
    pub popularity: Popularity,
    /// Bytes of one value on the wire.
    pub bytes: u32,
    /// Bytes of the default value that a fallback answers with.
    #[serde(default)]
    pub default_bytes: u32,
}

/// How often each key of a family is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Popularity {
    /// Every key alike.
    #[default]
    Uniform,
    /// Zipf's law with this exponent: the k-th most popular key has weight k^-s.
    Zipf(f64),
    /// The key belongs to the user who asks.
    PerUser,
}

/// A node: one logical component and its replicas. Behaviours are optional parts, several may be present.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// What it is called on a diagram; the behaviours below decide what it does.
    pub kind: Kind,
    /// One line for people.
    #[serde(default)]
    pub about: String,
    /// How many replicas run.
    #[serde(default = "one")]
    pub replicas: u16,
    /// Zones the replicas are spread over, in turn.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Requests that one replica works on at a time (threads, connections accepted).
    #[serde(default = "default_concurrency")]
    pub concurrency: u32,
    /// How those requests share the replica's processors.
    #[serde(default)]
    pub discipline: Discipline,
    /// Requests whose work takes longer.
    #[serde(default)]
    pub slow: Option<Slow>,
    /// When it stops the world.
    #[serde(default)]
    pub pauses: Option<Pauses>,
    /// What it holds in memory. None is not counted.
    #[serde(default)]
    pub memory: Option<Memory>,
    /// Changes the number of replicas by itself.
    #[serde(default)]
    pub autoscale: Option<Autoscale>,
    /// Requests that may wait at one replica; more are refused with 503.
    #[serde(default = "default_queue_limit")]
    pub queue_limit: u32,
    /// The clock of each replica, in turn; the last one serves for the rest. None means correct clocks.
    #[serde(default)]
    pub clocks: Vec<Clock>,
    /// The version that runs at the start.
    #[serde(default = "default_version")]
    pub version: String,
    /// What it does for each route, by `"METHOD /path/{id}"`.
    #[serde(default)]
    pub routes: BTreeMap<String, Route>,
    /// Holds copies of data.
    #[serde(default)]
    pub cache: Option<Cache>,
    /// Holds data: a primary, or a replica of one.
    #[serde(default)]
    pub database: Option<Database>,
    /// Holds messages until a consumer takes them.
    #[serde(default)]
    pub queue: Option<Queue>,
    /// Takes messages from a queue.
    #[serde(default)]
    pub consumes: Option<Consumes>,
    /// Stamps tokens.
    #[serde(default)]
    pub issues: Option<Issues>,
    /// Refuses users' requests without a good token.
    #[serde(default)]
    pub verifies: Option<Verifies>,
    /// Requests above these are answered with 429.
    #[serde(default)]
    pub limits: Vec<RateLimit>,
    /// Keeps locks.
    #[serde(default)]
    pub locks: Option<Locks>,
    /// Users, who start journeys.
    #[serde(default)]
    pub users: Option<Users>,
    /// Work it starts by itself, by name.
    #[serde(default)]
    pub jobs: BTreeMap<String, Job>,
    /// Feature flags by name, and whether they are on.
    #[serde(default)]
    pub flags: BTreeMap<String, bool>,
    /// Keeps idempotency keys.
    #[serde(default)]
    pub idempotency: Option<Idempotency>,
    /// What it logs, measures and traces.
    #[serde(default)]
    pub telemetry: Instrumentation,
    /// What its health page really checks.
    #[serde(default)]
    pub health: Health,
}

/// The kind of a node: its shape on a diagram, and the names that telemetry gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Kind {
    Users,
    LoadBalancer,
    Gateway,
    Service,
    Cache,
    Database,
    Queue,
    Worker,
    External,
    Job,
}

/// What a node does for one route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// In order. Empty steps on a node with one outgoing arrow forward the request there (load balancers, gateways).
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The share of requests that fail with an honest 500 for reasons of their own.
    #[serde(default)]
    pub errors: f64,
    /// The share of requests that are answered with a 200 whose body says no: nothing is done.
    #[serde(default)]
    pub refusals: f64,
    /// The share of messages that this handler can never handle: each delivery fails.
    #[serde(default)]
    pub poison: f64,
    /// A line at INFO when it is done; `{ms}`, `{status}`, `{bytes}` and `{id}` (a number) are filled in.
    #[serde(default)]
    pub log: Option<String>,
}

/// One step of a route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// Time spent computing.
    Work(Dist),
    /// One call, waited for.
    Call(Call),
    /// Calls at the same time, all waited for.
    All(Vec<Call>),
    /// Something that happens in the world: an e-mail leaves, a card is charged.
    Effect(String),
    /// A token of this family of data is stamped by the node's clock and becomes a part of the answer.
    Issue(String),
    /// Steps under a lock.
    Critical(Critical),
}

impl Step {
    /// This step and all within it.
    pub(crate) fn walk<'a>(&'a self, each: &mut impl FnMut(&'a Step)) {
        each(self);
        if let Step::Critical(critical) = self {
            critical.steps.iter().for_each(|step| step.walk(each));
        }
    }

    /// Whether it calls anybody.
    pub(crate) fn calls(&self) -> bool {
        matches!(self, Step::Call(_) | Step::All(_) | Step::Critical(_))
    }
}

/// One use of an arrow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The node at the head of the arrow.
    pub to: String,
    /// What is asked.
    pub op: Op,
    /// Whether it happens at all.
    #[serde(default)]
    pub when: When,
    /// Not waited for.
    #[serde(default)]
    pub detached: bool,
    /// Carries an idempotency key, the same for all attempts. It follows from the key of the request that it is made
    /// for, if that has one.
    #[serde(default)]
    pub keyed: bool,
}

/// What is asked of the node at the head of an arrow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// A route of a service, gateway or external API.
    Route(String),
    /// A cache's copy of a datum.
    Get(String),
    /// Store the value this request holds in a cache.
    Put(String),
    /// Remove a key from a cache.
    Invalidate(String),
    /// Read a datum from a database.
    Read(String),
    /// Write a new version of a datum to a database.
    Write(String),
    /// Publish a message to a queue; consumers handle it with the route of this name.
    Publish(String),
}

/// When a call happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum When {
    /// Every time.
    #[default]
    Always,
    /// If this request does not hold the datum yet (a cache miss).
    Missing(String),
    /// If this request got the datum from a database (so a cache should be filled).
    Fetched(String),
    /// With this probability.
    Chance(f64),
    /// If this feature flag of the calling node is on for the user.
    Flag(String),
    /// If it is off.
    NoFlag(String),
    /// If the user who asks has an account of this type.
    Account(String),
}

/// A distribution of times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Dist {
    /// Always the same.
    Const(Duration),
    /// Exponential with this mean.
    Exp(Duration),
    /// Log-normal: the logarithm is normal with standard deviation `sigma`.
    LogNormal {
        /// Half of the draws are below this.
        median: Duration,
        /// 0.3 is mild, 1.0 has a long tail.
        sigma: f64,
    },
    /// Every value between the two alike.
    Uniform(Duration, Duration),
}

/// A database: a primary that accepts writes, or a replica that follows one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Time for a read.
    pub read: Dist,
    /// Time for a write.
    pub write: Dist,
    /// The primary that it follows; None is a primary.
    #[serde(default)]
    pub follows: Option<String>,
    /// How far behind its primary a replica is.
    #[serde(default)]
    pub lag: Duration,
    /// Whether writes to one key wait for each other, each on its server and its connection.
    #[serde(default)]
    pub row_locks: bool,
    /// Whether of two writes to one key the one is kept whose writer's clock gave it the newer stamp, whichever came last.
    /// Both are acknowledged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub newest_stamp_wins: bool,
}

/// Work that a node starts by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Time between two starts.
    #[serde(default)]
    pub every: Option<Dist>,
    /// Times by the calendar, on the replica's own clock, in place of `every`.
    #[serde(default)]
    pub cron: Option<Cron>,
    /// Whether each replica runs it, where it goes by the calendar. Else the first one does.
    #[serde(default)]
    pub on_each: bool,
    /// The route of the same node that runs.
    pub route: String,
}

fn one() -> u16 {
    1
}
fn default_concurrency() -> u32 {
    64
}
fn default_queue_limit() -> u32 {
    1024
}
fn default_version() -> String {
    "1.0.0".into()
}
