//! What a system *is*, as written in `worlds/*.ron`: plain data. Knows no incident, no ids and no run.
//!
//! Every name in here is checked by [`super::check`] before a [`super::World`] exists, so the engine never meets a
//! dangling one. Maps are ordered by name: the order of declarations in a file means nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::policy::{Ack, Hedge, Idempotency, Impairments, KeepAlive, Partitions};
use super::{
    Autoscale, Cache, Clock, Critical, Cron, Discipline, Ejection, Issues, Locks, Memory, Pauses, RateLimit, Slow,
    Verifies,
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

/// A client–server relationship and the policies on the client's side of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrow {
    /// What is spoken.
    #[serde(default)]
    pub protocol: Protocol,
    /// Network time, one way.
    #[serde(default = "default_latency")]
    pub latency: Dist,
    /// The probability that a packet is lost, one way: the caller hears nothing.
    #[serde(default)]
    pub loss: f64,
    /// How long the caller waits for one attempt. None waits for ever.
    #[serde(default)]
    pub timeout: Option<Duration>,
    /// Attempts after the first.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// What the caller uses when the call failed for good. None passes the failure on.
    #[serde(default)]
    pub fallback: Option<Fallback>,
    /// Stops calling after too many failures.
    #[serde(default)]
    pub breaker: Option<Breaker>,
    /// Connections that the caller may use at a time.
    #[serde(default)]
    pub pool: Option<Pool>,
    /// Connections that stay open between calls.
    #[serde(default)]
    pub keep_alive: Option<KeepAlive>,
    /// Attempts that one caller replica may have under way at a time; more fail at once (a bulkhead).
    #[serde(default)]
    pub bulkhead: Option<u32>,
    /// A second attempt next to a slow first one.
    #[serde(default)]
    pub hedge: Option<Hedge>,
    /// Whether the caller reads in the body of a 200 that it was refused, and takes that as a failure.
    #[serde(default)]
    pub checks_body: bool,
    /// What the network does besides taking time.
    #[serde(default)]
    pub impairments: Impairments,
    /// How a replica of the callee is chosen.
    #[serde(default)]
    pub balance: Balance,
    /// How long the caller believes what it looked up of the callee's replicas. None always knows who takes traffic.
    #[serde(default)]
    pub discovery: Option<Duration>,
    /// How the caller avoids replicas that seem unwell. None with `discovery` sends to all that were found.
    #[serde(default)]
    pub eject: Option<Ejection>,
    /// Whether trace context crosses.
    #[serde(default)]
    pub trace: Propagation,
    /// What the caller says about its calls.
    #[serde(default)]
    pub telemetry: ArrowTelemetry,
}

/// What is spoken over an arrow; decides the names of its telemetry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Protocol {
    #[default]
    Http,
    Grpc,
    Sql,
    Redis,
    Amqp,
}

/// Retries: attempts after the first, with exponential backoff and full or partial jitter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all, the first included.
    pub attempts: u8,
    /// Before the second attempt; doubles for each one after.
    pub backoff: Duration,
    /// The share of the backoff that is random, 0 to 1.
    #[serde(default)]
    pub jitter: f64,
    /// Retries allowed as a share of calls, over time (a token bucket). None means no budget.
    #[serde(default)]
    pub budget: Option<f64>,
}

/// What a caller uses in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// What it answers.
    pub value: FallbackValue,
    /// Whether a line at WARN says so.
    #[serde(default)]
    pub log: bool,
}

/// The value of a fallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FallbackValue {
    /// A constant in the code: no version, a few bytes.
    Default,
    /// Nothing at all.
    Empty,
    /// The last answer seen for the same key, if there is one; else nothing.
    Stale,
}

/// A circuit breaker (Nygard, *Release It!*, 2007): closed, open, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Calls looked back at.
    pub window: u16,
    /// The share of failures in the window that opens it, 0 to 1.
    pub threshold: f64,
    /// How long it stays open before it lets a probe through.
    pub open_for: Duration,
    /// Calls that it lets through when half-open. It closes when all have ended and failures stayed below the threshold.
    #[serde(default = "one_probe")]
    pub probes: u8,
    /// Whether a line says that it opened or closed.
    #[serde(default)]
    pub log: bool,
}

/// A connection pool of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Connections.
    pub size: u32,
    /// How long a call may wait for one. None waits for ever.
    #[serde(default)]
    pub wait: Option<Duration>,
}

/// How a caller chooses among the replicas of a callee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Balance {
    /// In turn.
    #[default]
    RoundRobin,
    /// The one with the fewest calls of this caller in flight.
    LeastConnections,
    /// Any.
    Random,
    /// By key, so that one key always goes to one replica.
    Hash,
}

/// Whether trace context crosses an arrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Propagation {
    /// The callee continues the caller's trace.
    #[default]
    Propagated,
    /// The callee starts a trace of its own, whose first span has a link to the caller's (as messaging systems do).
    Linked,
    /// The callee starts a trace of its own.
    Dropped,
}

/// What the caller of an arrow says about its calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArrowTelemetry {
    /// A CLIENT (or PRODUCER) span for each attempt.
    pub spans: bool,
    /// Client-side duration histograms and pool gauges.
    pub metrics: bool,
    /// Whether the span of an attempt that failed says so. Code that catches a failure and goes on often ends its span
    /// as if nothing had happened.
    pub span_errors: bool,
    /// A line at WARN for an attempt that failed or timed out.
    pub log_failures: bool,
    /// A counter of answers with 200 whose body says no.
    pub refusals: bool,
}

/// What a replica logs, measures and traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Instrumentation {
    /// Lines below this are not written.
    pub level: Severity,
    /// A line at INFO for each request served.
    pub access_log: bool,
    /// The severity of the line for a request or message that failed here. Work that is tried again anyway is often
    /// told of at DEBUG, which is not written unless `level` says so.
    #[serde(skip_serializing_if = "Severity::is_error")]
    pub failures: Severity,
    /// Server-side metrics.
    pub metrics: bool,
    /// Metrics by their OpenTelemetry names that it does not expose, whoever measures them.
    pub hides: Vec<String>,
    /// SERVER (or CONSUMER) spans.
    pub spans: bool,
    /// The share of new traces that are recorded (head sampling, decided where a trace starts).
    pub sampling: f64,
    /// Spans and access lines carry the version of the data served.
    pub data_version: bool,
    /// An event `feature_flag.evaluation` at INFO each time a flag is looked up.
    pub flags: bool,
    /// Lines that it writes anyway.
    pub chatter: Vec<Chatter>,
}

/// A line that a node writes now and then, alarming or not, about nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chatter {
    /// Time between two lines of one replica.
    pub every: Dist,
    /// Its severity.
    pub level: Severity,
    /// Its words; each `{n}` becomes a small random number.
    pub text: String,
}

/// Log severity, as OpenTelemetry names and numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Severity {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

impl Severity {
    /// Whether it is the highest.
    fn is_error(&self) -> bool {
        *self == Severity::Error
    }

    /// OpenTelemetry's severity number.
    pub fn number(self) -> u8 {
        match self {
            Severity::Debug => 5,
            Severity::Info => 9,
            Severity::Warn => 13,
            Severity::Error => 17,
        }
    }

    /// OpenTelemetry's severity text: `DEBUG`, `INFO`, `WARN`, `ERROR`.
    pub fn text(self) -> &'static str {
        match self {
            Severity::Debug => "DEBUG",
            Severity::Info => "INFO",
            Severity::Warn => "WARN",
            Severity::Error => "ERROR",
        }
    }
}

/// What a health page checks. Nothing at all is the usual: the process runs and the port listens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// Each failing check is an issue on the page, and the page says `degraded`.
    pub checks: Vec<HealthCheck>,
    /// The page is served from elsewhere and says that all is well, whatever is.
    pub always_ok: bool,
}

/// One thing that a deep health check looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum HealthCheck {
    /// Recent calls over the arrow to this node: too many failed, timed out or fell back.
    Dependency(String),
    /// The oldest message of this queue waits longer than this.
    ConsumerLag(String, Duration),
    /// Calls wait for a connection to this node.
    PoolWait(String, Duration),
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
}

/// A message queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Messages that it holds.
    pub capacity: u32,
    /// What happens to one more.
    #[serde(default)]
    pub overflow: Overflow,
    /// Time to accept a message.
    pub service: Dist,
    /// Keeps the messages of one key in order. None keeps no order once a message is handed out.
    #[serde(default)]
    pub partitions: Option<Partitions>,
    /// How long a delivered message may stay without acknowledgement before it is delivered again, handled or not. None
    /// waits as long as the consumer's connection lives.
    #[serde(default)]
    pub visibility: Option<Duration>,
    /// Deliveries of one message before it is given up.
    #[serde(default = "five")]
    pub max_deliveries: u8,
    /// The queue that gets the messages that are given up. None: they are gone.
    #[serde(default)]
    pub dead_letters: Option<String>,
}

/// What a full queue does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overflow {
    /// Refuses the new message: the producer sees a 503.
    #[default]
    Reject,
    /// Acknowledges the new message and drops it.
    DropNewest,
    /// Drops the oldest message to make room.
    DropOldest,
}

/// Consumption from a queue. Each message is handled by the route that is named like the published message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumes {
    /// The queue; an arrow from it to this node must exist.
    pub queue: String,
    /// Its group: each group gets every message, and the consumers of one group share them.
    #[serde(default)]
    pub group: String,
    /// When it acknowledges a message.
    #[serde(default)]
    pub ack: Ack,
}

/// Users who start journeys: Poisson arrivals, open loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// How many different users there are.
    pub count: u32,
    /// Journeys that start per second, on average.
    pub journeys_per_second: f64,
    /// Which journeys they go on, with weights.
    pub journeys: BTreeMap<String, f64>,
    /// Regions with weights.
    pub regions: BTreeMap<String, f64>,
    /// Account types with weights.
    #[serde(default)]
    pub accounts: BTreeMap<String, f64>,
    /// Client versions with weights.
    #[serde(default)]
    pub clients: BTreeMap<String, f64>,
    /// Swing of the arrival rate over a day: 0.3 is ±30 %, highest twelve hours after the start.
    #[serde(default)]
    pub daily_swing: f64,
    /// Times at which more (or fewer) of them come.
    #[serde(default)]
    pub crowds: Vec<Crowd>,
    /// A CSV file next to the world file, by relative path: journeys that start when it says, besides the others. Its first
    /// line names the columns: `time` (seconds since the start) and `journey`; and `user`, `region`, `account` and
    /// `client` if they matter.
    #[serde(default)]
    pub trace: Option<String>,
    /// How users report what went wrong.
    #[serde(default)]
    pub reports: Reports,
}

/// A time at which more users come: a sale, a broadcast (a flash crowd).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crowd {
    /// When they come, from the start.
    pub from: Duration,
    /// For how long.
    pub lasts: Duration,
    /// Journeys that start per second, as a multiple of the usual.
    pub factor: f64,
}

/// When and how users complain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reports {
    /// The probability that a harmed user writes.
    pub probability: f64,
    /// How long after.
    pub delay: Dist,
    /// Complaints per hour about nothing at all.
    pub idle_per_hour: f64,
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

/// What a user does: requests in order, and what the user is owed for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// One line for people.
    #[serde(default)]
    pub about: String,
    /// In order; a failed one ends the journey.
    pub steps: Vec<JourneyStep>,
}

/// One request of a journey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyStep {
    /// `"METHOD /path"` at the node that the users' arrow leads to.
    pub request: String,
    /// Time before it, after the one before.
    #[serde(default = "no_time")]
    pub think: Dist,
    /// Carries an idempotency key, the same for all attempts.
    #[serde(default)]
    pub keyed: bool,
    /// What the user is owed.
    #[serde(default)]
    pub owes: Owes,
}

/// A debt to a user. When it falls due the ground truth writes down what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Owes {
    /// Data that the answer must contain.
    pub parts: Vec<String>,
    /// How old a superseded version may be. None accepts any version.
    pub fresh_within: Option<Duration>,
    /// The answer must come within this.
    pub answer_within: Duration,
    /// Effects that must happen, and how many times.
    pub effects: BTreeMap<String, u32>,
    /// By when, counted from the request.
    pub effects_within: Duration,
    /// Effects of which each must not happen before those named ahead of it.
    pub order: Vec<String>,
}

/// The monitoring system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Monitor {
    /// Time between two scrapes of one target.
    pub scrape_every: Duration,
    /// Time between two probes of a health page.
    pub probe_every: Duration,
    /// Whole traces are kept or dropped when they are over. None keeps all that was recorded.
    pub tail: Option<TailSampling>,
}

/// Tail sampling: a collector holds the spans of a trace for some time, and then keeps all of them or none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TailSampling {
    /// From the first span that ends; it decides at the next scrape after that.
    pub wait: Duration,
    /// Keeps traces with a span whose status is an error.
    pub errors: bool,
    /// Keeps traces with a span that is longer than this.
    pub slower_than: Option<Duration>,
    /// The share of the others that is kept.
    pub share: f64,
}

fn one() -> u16 {
    1
}
fn five() -> u8 {
    5
}
fn one_probe() -> u8 {
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
fn default_latency() -> Dist {
    Dist::LogNormal { median: Duration::from_micros(300), sigma: 0.3 }
}
fn no_time() -> Dist {
    Dist::Const(Duration::ZERO)
}

impl Default for ArrowTelemetry {
    fn default() -> Self {
        Self { spans: true, metrics: true, span_errors: true, log_failures: true, refusals: false }
    }
}

impl Default for Instrumentation {
    fn default() -> Self {
        Self {
            level: Severity::Info,
            access_log: true,
            failures: Severity::Error,
            metrics: true,
            hides: Vec::new(),
            spans: true,
            sampling: 1.0,
            data_version: false,
            flags: false,
            chatter: Vec::new(),
        }
    }
}

impl Default for Reports {
    fn default() -> Self {
        Self { probability: 0.02, delay: Dist::Exp(Duration::from_mins(4)), idle_per_hour: 1.0 }
    }
}

impl Default for Owes {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            fresh_within: None,
            answer_within: Duration::from_secs(5),
            effects: BTreeMap::new(),
            effects_within: Duration::from_mins(2),
            order: Vec::new(),
        }
    }
}

impl Default for Monitor {
    fn default() -> Self {
        Self { scrape_every: Duration::from_secs(10), probe_every: Duration::from_secs(10), tail: None }
    }
}

impl Default for TailSampling {
    fn default() -> Self {
        Self { wait: Duration::from_secs(10), errors: true, slower_than: None, share: 0.01 }
    }
}
