//! A world compiled for running: names become numbers, routes become steps over calls, forwards are resolved. Immutable
//! and shared by all forks of a run. Holds no state of a run.

mod compile;
mod zipf;

use super::ids::{ArrowId, CallId, DatumId, EffectId, NodeId, RouteId, ZoneId};
use super::lock::LockOp;
use crate::random::{Seed, Stream};
use crate::world::{Dist, Kind, Protocol, World, WorldSpec};
use zipf::Zipf;

/// Everything about a world that never changes while it runs.
#[derive(Debug)]
pub struct Plan {
    pub world: World,
    pub data: Vec<DatumPlan>,
    pub nodes: Vec<NodePlan>,
    pub arrows: Vec<ArrowPlan>,
    pub routes: Vec<RoutePlan>,
    pub calls: Vec<CallPlan>,
    pub effects: Vec<String>,
    pub journeys: Vec<JourneyPlan>,
    /// Account types that calls ask for.
    pub accounts: Vec<String>,
    /// The run's start in nanoseconds of Unix time.
    pub epoch_ns: i64,
    pub monitor: Stream,
    /// The zones of all nodes, in order of name.
    pub zones: Vec<String>,
}

/// Which key of a datum a journey is about: [`Popularity`](crate::world::Popularity), ready to be drawn from.
#[derive(Debug)]
pub enum KeyLaw {
    Uniform,
    PerUser,
    Zipf(Zipf),
}

#[derive(Debug)]
pub struct DatumPlan {
    pub name: String,
    pub keys: u32,
    pub bytes: u32,
    pub default_bytes: u32,
    pub law: KeyLaw,
    pub stream: Stream,
}

#[derive(Debug)]
pub struct NodePlan {
    pub name: String,
    pub kind: Kind,
    /// The zones of its replicas, in turn.
    pub zones: Vec<ZoneId>,
    /// The routes of this node, in order of name; a route's place is its local number.
    pub routes: Vec<RouteId>,
    /// Arrows out of this node, in order of the callee's name.
    pub out: Vec<ArrowId>,
    /// Arrows to the consumers of each group, for a queue: groups in order of name.
    pub groups: Vec<Vec<ArrowId>>,
    /// How many partitions it has, and the datum whose key decides.
    pub partitions: Option<(u16, Option<DatumId>)>,
    /// The queue whose messages its replicas handle.
    pub consumes: Option<NodeId>,
    /// The queue that gets what this one gives up.
    pub dead_letters: Option<NodeId>,
    /// Its requests share processors.
    pub shares: bool,
    /// Of two writes to one key it keeps the one with the newer stamp.
    pub keeps_by_stamp: bool,
    pub streams: NodeStreams,
}

/// The named streams of a node: one for each purpose.
#[derive(Clone, Copy, Debug)]
pub struct NodeStreams {
    pub work: Stream,
    pub errors: Stream,
    pub sampling: Stream,
    pub chatter: Stream,
    pub jobs: Stream,
    pub losses: Stream,
    pub clock: Stream,
    pub pauses: Stream,
}

#[derive(Debug)]
pub struct ArrowPlan {
    pub name: String,
    pub from: NodeId,
    pub to: NodeId,
    pub protocol: Protocol,
    /// Its policies at the start; elsewhere, for no request asks for them.
    pub start: Box<crate::world::Arrow>,
    pub streams: ArrowStreams,
}

/// The named streams of an arrow.
#[derive(Clone, Copy, Debug)]
pub struct ArrowStreams {
    pub network: Stream,
    pub balance: Stream,
    pub backoff: Stream,
    pub choice: Stream,
}

/// What a node does for one request.
#[derive(Debug)]
pub struct RoutePlan {
    pub node: NodeId,
    /// Its place among the node's routes.
    pub local: u16,
    pub name: String,
    pub steps: Vec<StepPlan>,
    pub errors: f64,
    pub refusals: f64,
    pub poison: f64,
    pub log: Option<String>,
    pub work: RouteWork,
    /// Whether a rate limit counts it.
    pub limited: bool,
    /// Whether users need a good token.
    pub verified: bool,
    /// The row that it holds while it works.
    pub row: Option<DatumId>,
    /// What a cache fetches itself when it does not hold it.
    pub fetches: Option<DatumId>,
    /// Data that the answer may contain.
    pub delivers: Vec<DatumId>,
    /// Data that it reads or writes, by itself or through what it calls.
    pub touches: Vec<DatumId>,
    /// For a message that is published: how each consumer handles it.
    pub handlers: Vec<(NodeId, RouteId)>,
}

/// What a route is for, as its telemetry names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteWork {
    /// A request with a method and a path.
    Request { method: String, path: String },
    /// An operation of a cache or a database on a datum.
    Data { operation: &'static str, datum: String },
    /// Acceptance of a message by a queue.
    Publish { message: String },
    /// Handling of a message by a consumer.
    Message { message: String, queue: String },
}

#[derive(Clone, Copy, Debug)]
pub enum StepPlan {
    Work(Dist),
    /// Calls made together: the first of [`Plan::calls`], and how many.
    Calls(CallId, u32),
    Effect(EffectId),
    Data(DataOp),
    /// Stamp a token.
    Issue(DatumId),
    /// Take or free a lock.
    Lock(LockOp),
    /// Go on with the step of this number if what is under the lock was done before.
    SkipIfDone(u16),
    /// Wait for the row that is written.
    TakeRow(DatumId),
    /// Append the route's message to this node's queue.
    Enqueue,
}

/// What a store does to its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataOp {
    Get(DatumId),
    Put(DatumId),
    Invalidate(DatumId),
    Read(DatumId),
    Write(DatumId),
    /// A cache keeps what it has just fetched or written through.
    Fill(DatumId),
}

#[derive(Debug)]
pub struct CallPlan {
    pub arrow: ArrowId,
    /// The arrow's place among those of the caller's node.
    pub place: u16,
    pub route: RouteId,
    pub when: WhenPlan,
    pub detached: bool,
    /// A write whose new version is told, for the cache that writes through.
    pub returns: bool,
    /// The datum whose value the call carries (a cache fill).
    pub carries: Option<DatumId>,
    /// The datum whose key decides the callee's replica under consistent hashing; else the user does.
    pub keyed_by: Option<DatumId>,
    pub keyed: Keyed,
}

impl CallPlan {
    /// A call that is always made and waited for, and of which nothing is told.
    pub fn new(arrow: ArrowId, route: RouteId, keyed: Keyed) -> CallPlan {
        CallPlan {
            arrow,
            place: 0,
            route,
            when: WhenPlan::Always,
            detached: false,
            returns: false,
            carries: None,
            keyed_by: None,
            keyed,
        }
    }
}

/// Whether a call carries an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyed {
    No,
    /// One of its own, which follows from that of the request, if that has one.
    Own,
    /// That of the request, if it has one: a node that passes requests on.
    PassedOn,
}

#[derive(Clone, Copy, Debug)]
pub enum WhenPlan {
    Always,
    Missing(DatumId),
    Fetched(DatumId),
    Chance(f64),
    /// A flag of the caller, by its place, is on or off.
    Flag(u16, bool),
    /// By its place in [`Plan::accounts`].
    Account(u16),
}

#[derive(Debug)]
pub struct JourneyPlan {
    pub name: String,
    pub users: NodeId,
    pub steps: Vec<JourneyStepPlan>,
}

#[derive(Debug)]
pub struct JourneyStepPlan {
    pub think: Dist,
    pub call: CallId,
    pub parts: Vec<DatumId>,
    pub effects: Vec<(EffectId, u32)>,
    /// Effects of which each has to follow those before it.
    pub order: Vec<EffectId>,
    pub owes: crate::world::Owes,
}

impl Plan {
    /// Compiles a checked world for one seed.
    pub fn new(world: &World, seed: Seed) -> Plan {
        compile::compile(world, seed)
    }

    pub fn spec(&self) -> &WorldSpec {
        self.world.spec()
    }

    pub fn node_id(&self, name: &str) -> Option<NodeId> {
        self.nodes.binary_search_by(|node| node.name.as_str().cmp(name)).ok().map(|at| NodeId(at as u16))
    }

    pub fn datum_id(&self, name: &str) -> DatumId {
        DatumId(self.data.iter().position(|datum| datum.name == name).unwrap_or(0) as u16)
    }

    pub fn arrow_id(&self, name: &str) -> Option<ArrowId> {
        let (from, to) = name.split_once("->")?;
        let canonical = format!("{} -> {}", from.trim(), to.trim());
        self.arrows.iter().position(|arrow| arrow.name == canonical).map(|at| ArrowId(at as u16))
    }

    /// The arrows to all consumers of a queue, and to those of the queues that get what it gives up.
    pub fn deliveries(&self, queue: NodeId) -> impl Iterator<Item = ArrowId> {
        let queues = std::iter::successors(Some(queue), |queue| self.nodes[queue.at()].dead_letters);
        queues.flat_map(|queue| self.nodes[queue.at()].groups.iter().flatten().copied())
    }

    /// The number of a zone.
    pub fn zone(&self, name: &str) -> ZoneId {
        zone_id(&self.zones, name)
    }

    pub fn node_spec(&self, node: NodeId) -> &crate::world::Node {
        // Every node of the plan came from the world's map.
        &self.spec().nodes[&self.nodes[node.at()].name]
    }
}

/// The place of a zone among all zones. Checked worlds and changes name no other.
fn zone_id(zones: &[String], name: &str) -> ZoneId {
    ZoneId(zones.binary_search_by(|zone| zone.as_str().cmp(name)).map_or(u16::MAX, |at| at as u16))
}
