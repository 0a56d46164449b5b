//! The ECS world of a run, replicas as entities, and the table of arrow ends, both found by number. Knows components, not
//! events.

use bevy_ecs::change_detection::Mut;
use bevy_ecs::component::{Component, Mutable};
use bevy_ecs::entity::Entity;
use bevy_ecs::query::QueryState;
use bevy_ecs::world::{EntityWorldMut, World as Ecs};

use super::bad_key::BadKeyHere;
use super::cache::CacheStore;
use super::clock::Clock;
use super::connections::Connections;
use super::cron::CronTable;
use super::database::{Replication, RowLocks};
use super::idempotency::KnownKeys;
use super::ids::{ArrowId, InstanceId, LinkId, NodeId};
use super::limit::Limiter;
use super::link::{Balancer, Breaker, FallbackPolicy, Guards, Link, LinkEmitter, Pool, Retries, Timeout};
use super::lock::LockTable;
use super::network::{Impaired, Network};
use super::plan::Plan;
use super::process::{Collector, Heap};
use super::queue::{Consumer, QueueStore};
use super::register::Register;
use super::replica::{Emitter, Flags, HealthPage, Pace, Process, Replica, Station};
use super::scoped::Scoped;
use super::sharing::Processors;
use super::timesync::TimeSync;
use super::token::{Issuer, Verifier};
use crate::time::{Duration, SimTime};
use crate::world::Discipline;

/// Which node a replica belongs to, and its place among that node's replicas, from 0. Never changes.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    pub node: NodeId,
    pub ordinal: u16,
    /// Its end of the first of its node's arrows; the others follow.
    first_end: LinkId,
}

/// The replicas of a node: the first one, and how many there are.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    first: InstanceId,
    count: u16,
}

/// Which arrow an end belongs to, and the replica whose end it is. Never changes.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    pub arrow: ArrowId,
    pub caller: InstanceId,
}

/// Replicas and arrow ends by number. What each has is a row of a table; what few have is a component of the replica's
/// entity.
pub struct Fabric {
    rows: Vec<Replica>,
    links: Vec<Link>,
    homes: Vec<Home>,
    sides: Vec<Side>,
    /// The replicas of each node, by ordinal.
    pub replicas: Vec<Vec<InstanceId>>,
    /// What of them each request asks for, in one place.
    groups: Vec<Group>,
    /// The ends of each arrow, by the caller's ordinal.
    pub ends: Vec<Vec<LinkId>>,
    ecs: Ecs,
    entities: Vec<Entity>,
    caches: QueryState<&'static mut CacheStore>,
    queues: QueryState<&'static mut QueueStore>,
}

impl Fabric {
    /// Queries over an ECS world; no numbers yet.
    fn over(mut ecs: Ecs) -> Fabric {
        Fabric {
            rows: Vec::new(),
            links: Vec::new(),
            homes: Vec::new(),
            sides: Vec::new(),
            replicas: Vec::new(),
            groups: Vec::new(),
            ends: Vec::new(),
            caches: ecs.query(),
            queues: ecs.query(),
            ecs,
            entities: Vec::new(),
        }
    }

    /// All replicas and arrow ends of a world, as they are at the start.
    pub fn new(plan: &Plan) -> Fabric {
        let mut fabric = Fabric::over(Ecs::new());
        fabric.replicas = vec![Vec::new(); plan.nodes.len()];
        fabric.groups = vec![Group::default(); plan.nodes.len()];
        fabric.ends = vec![Vec::new(); plan.arrows.len()];
        for at in 0..plan.nodes.len() {
            let node = NodeId(at as u16);
            for _ in 0..plan.node_spec(node).replicas {
                fabric.spawn_replica(plan, node, SimTime::ZERO);
            }
        }
        fabric
    }

    /// One more replica of a node, with the arrow ends it calls over.
    pub fn spawn_replica(&mut self, plan: &Plan, node: NodeId, now: SimTime) -> InstanceId {
        let spec = plan.node_spec(node);
        let instance = InstanceId(self.rows.len() as u16);
        let ordinal = self.replicas[node.at()].len() as u16;
        let declared_clock = spec.clocks.get(usize::from(ordinal)).or(spec.clocks.last()).copied().unwrap_or_default();
        self.rows.push(Replica {
            process: Process {
                version: spec.version.clone(),
                started: now,
                down_until: now,
                retired: false,
                down: false,
                hidden: false,
                lost: false,
            },
            clock: Clock::new(declared_clock),
            station: Station {
                servers: spec.concurrency,
                busy: 0,
                line: Default::default(),
                line_limit: spec.queue_limit,
                stood_already: 0,
            },
            pace: Pace {
                slow_share: spec.slow.map_or(0.0, |slow| slow.share),
                slow_factor: spec.slow.map_or(1.0, |slow| slow.factor),
                counts_memory: spec.memory.is_some(),
                ..Pace::default()
            },
            emitter: Emitter::new(&spec.telemetry),
            health: Box::new(HealthPage { declared: spec.health.clone(), last: None }),
            keys: Box::new(KnownKeys::new(spec.idempotency)),
            flags: Flags(spec.flags.values().copied().collect()),
            scoped: Scoped::default(),
            consumer: Consumer {
                ack: spec.consumes.as_ref().map(|consumes| consumes.ack).unwrap_or_default(),
                poison: 0.0,
            },
        });
        let mut entity = self.ecs.spawn_empty();
        if let Some(cache) = &spec.cache {
            put(&mut entity, CacheStore::new(cache));
        }
        if let Some(queue) = &spec.queue {
            put(&mut entity, QueueStore::new(queue, plan.nodes[node.at()].groups.len()));
        }
        if let Some(database) = &spec.database {
            put(
                &mut entity,
                Replication { lag: if database.follows.is_some() { database.lag } else { Duration::ZERO } },
            );
        }
        if let Some(issues) = spec.issues {
            put(&mut entity, Issuer(issues));
        }
        if let Some(verifies) = &spec.verifies {
            put(
                &mut entity,
                Verifier {
                    datum: plan.datum_id(&verifies.token),
                    leeway: verifies.leeway,
                    issued_at: verifies.issued_at,
                    log: verifies.log,
                },
            );
        }
        if let Discipline::ProcessorSharing(count) = spec.discipline {
            put(&mut entity, Processors::new(count));
        }
        if let Some(memory) = spec.memory {
            put(&mut entity, Heap { policy: memory, leaked: 0 });
        }
        if spec.database.as_ref().is_some_and(|database| database.row_locks) {
            put(&mut entity, RowLocks::default());
        }
        if spec.database.as_ref().is_some_and(|database| database.newest_stamp_wins) {
            put(&mut entity, Register::default());
        }
        if !spec.limits.is_empty() {
            put(&mut entity, Limiter::new(&spec.limits));
        }
        if let Some(locks) = spec.locks {
            put(&mut entity, LockTable::new(locks));
        }
        self.entities.push(entity.id());
        self.homes.push(Home { node, ordinal, first_end: LinkId(self.links.len() as u32) });
        self.replicas[node.at()].push(instance);
        let group = &mut self.groups[node.at()];
        *group = Group { first: self.replicas[node.at()][0], count: group.count + 1 };
        for arrow in &plan.nodes[node.at()].out {
            self.spawn_link(plan, *arrow, instance);
        }
        instance
    }

    fn spawn_link(&mut self, plan: &Plan, arrow: ArrowId, caller: InstanceId) {
        let start = &plan.arrows[arrow.at()].start;
        let impaired = Impaired::new(&start.impairments, |zone| plan.zone(zone));
        let link = Link {
            network: Network { latency: start.latency, loss: start.loss, impaired: impaired.is_on() },
            impaired: Box::new(impaired),
            connections: Connections::new(start.keep_alive),
            guards: Guards::new(start.bulkhead, start.hedge, start.checks_body),
            scoped: Scoped::default(),
            timeout: Timeout(start.timeout),
            retries: Retries::new(start.retry),
            fallback: FallbackPolicy::new(start.fallback),
            breaker: Breaker::new(start.breaker),
            pool: Pool::new(start.pool),
            balancer: Balancer {
                policy: start.balance,
                turn: u32::from(caller.0),
                in_flight: Default::default(),
                targets: None,
            },
            emitter: LinkEmitter {
                trace: start.trace,
                spans: start.telemetry.spans,
                metrics: start.telemetry.metrics,
                span_errors: start.telemetry.span_errors,
                log_failures: start.telemetry.log_failures,
                refusals: start.telemetry.refusals,
                called: Default::default(),
                waits: 0,
                attempts: 0.0,
                failures: 0.0,
            },
        };
        self.ends[arrow.at()].push(LinkId(self.links.len() as u32));
        self.links.push(link);
        self.sides.push(Side { arrow, caller });
    }

    /// How many replicas there are or were.
    pub fn instances(&self) -> impl Iterator<Item = InstanceId> + use<> {
        (0..self.rows.len() as u16).map(InstanceId)
    }

    /// Where a replica belongs.
    #[inline]
    pub fn home(&self, id: InstanceId) -> Home {
        self.homes[id.at()]
    }

    /// How many replicas a node has or had.
    #[inline]
    pub fn count(&self, node: NodeId) -> usize {
        usize::from(self.groups[node.at()].count)
    }

    /// The first replica of a node.
    #[inline]
    pub fn first(&self, node: NodeId) -> InstanceId {
        self.groups[node.at()].first
    }

    /// A replica's end of an arrow, by the arrow's place among those of its node.
    #[inline]
    pub fn end(&self, caller: InstanceId, place: u16) -> LinkId {
        LinkId(self.homes[caller.at()].first_end.0 + u32::from(place))
    }

    /// Where an arrow's end belongs.
    #[inline]
    pub fn side(&self, id: LinkId) -> Side {
        self.sides[id.at()]
    }

    /// Whether new requests may be sent to a replica.
    #[inline]
    pub fn is_up(&self, id: InstanceId, now: SimTime) -> bool {
        self.rows[id.at()].process.is_up(now)
    }

    /// The replicas of a node that were not scaled away: the first ones.
    pub fn meant(&self, node: NodeId) -> impl Iterator<Item = InstanceId> {
        self.replicas[node.at()].iter().copied().filter(|instance| !self.is_retired(*instance))
    }

    /// Whether a replica was scaled away.
    pub fn is_retired(&self, id: InstanceId) -> bool {
        self.rows[id.at()].process.retired
    }

    /// Whether the process of a replica runs, even if no new traffic is meant for it.
    pub fn runs(&self, id: InstanceId, now: SimTime) -> bool {
        self.rows[id.at()].process.runs(now)
    }

    /// Whether a replica does not run that should.
    pub fn is_dead(&self, id: InstanceId) -> bool {
        let process = &self.rows[id.at()].process;
        process.down && !process.retired && !process.hidden
    }

    /// Whether a look-up finds a replica.
    #[inline]
    pub fn is_found(&self, id: InstanceId, now: SimTime) -> bool {
        self.rows[id.at()].process.is_found(now)
    }

    /// A replica's servers and line.
    #[inline]
    pub fn station(&mut self, id: InstanceId) -> &mut Station {
        &mut self.rows[id.at()].station
    }

    /// How fast a replica works.
    #[inline]
    pub fn pace(&self, id: InstanceId) -> Pace {
        self.rows[id.at()].pace
    }

    /// What a replica speaks with: its instrumentation and its clock.
    #[inline]
    pub fn voice(&mut self, id: InstanceId) -> (&mut Emitter, &Clock) {
        let replica = &mut self.rows[id.at()];
        (&mut replica.emitter, &replica.clock)
    }

    /// The network of an arrow's end.
    #[inline]
    pub fn network(&self, id: LinkId) -> Network {
        self.links[id.at()].network
    }

    /// What a replica has like all others.
    #[inline]
    pub fn replica(&mut self, id: InstanceId) -> &mut Replica {
        &mut self.rows[id.at()]
    }

    /// The store of a replica that is a cache.
    #[inline]
    pub fn cache(&mut self, id: InstanceId) -> Option<Mut<'_, CacheStore>> {
        self.caches.get_mut(&mut self.ecs, self.entities[id.at()]).ok()
    }

    /// The store of a replica that is a queue.
    #[inline]
    pub fn queue(&mut self, id: InstanceId) -> Option<Mut<'_, QueueStore>> {
        self.queues.get_mut(&mut self.ecs, self.entities[id.at()]).ok()
    }

    /// Whether a replica has any behaviour that few have.
    pub fn has_parts(&self, id: InstanceId) -> bool {
        self.ecs.entity(self.entities[id.at()]).archetype().component_count() > 0
    }

    /// A behaviour that few replicas have, to look at.
    pub fn peek_part<T: Part>(&self, id: InstanceId) -> Option<&T> {
        self.ecs.get(*self.entities.get(id.at())?)
    }

    /// A behaviour that few replicas have.
    pub fn part<T: Part>(&mut self, id: InstanceId) -> Option<Mut<'_, T>> {
        self.ecs.get_mut(self.entities[id.at()])
    }

    /// What a database keeps by stamps, if it does: one register for all its replicas.
    pub fn register(&mut self, id: InstanceId) -> Option<Mut<'_, Register>> {
        let first = *self.replicas[self.home(id).node.at()].first()?;
        self.part::<Register>(first)
    }

    /// The table of locks, if the replica is of a lock service: one for all its replicas.
    pub fn locks(&mut self, id: InstanceId) -> Option<Mut<'_, LockTable>> {
        let first = self.first(self.home(id).node);
        self.part::<LockTable>(first)
    }

    /// A behaviour that few replicas have; this one has it from now on.
    pub fn part_or_default<T: Part + Default>(&mut self, id: InstanceId) -> Mut<'_, T> {
        let entity = self.entities[id.at()];
        if self.ecs.get::<T>(entity).is_none() {
            put(&mut self.ecs.entity_mut(entity), T::default());
        }
        match self.ecs.get_mut(entity) {
            Some(part) => part,
            None => unreachable!("it was just inserted"),
        }
    }

    /// An arrow's end.
    #[inline]
    pub fn link(&mut self, id: LinkId) -> &mut Link {
        &mut self.links[id.at()]
    }

    /// A replica, to look at.
    pub fn peek_replica(&self, id: InstanceId) -> Option<&Replica> {
        self.rows.get(id.at())
    }

    /// An arrow's end, to look at.
    pub fn peek_link(&self, id: LinkId) -> Option<&Link> {
        self.links.get(id.at())
    }

    /// Bytes that replicas keep, about: messages, cached entries, idempotency keys, what was used of limits.
    pub fn kept_bytes(&self) -> usize {
        let of = |(replica, entity): (&Replica, &Entity)| {
            let queue = self.ecs.get::<QueueStore>(*entity).map_or(0, QueueStore::bytes);
            let cache = self.ecs.get::<CacheStore>(*entity).map_or(0, CacheStore::bytes);
            let register = self.ecs.get::<Register>(*entity).map_or(0, Register::bytes);
            let limits = self.ecs.get::<Limiter>(*entity).map_or(0, Limiter::bytes);
            queue + cache + register + limits + replica.keys.bytes()
        };
        self.rows.iter().zip(&self.entities).map(of).sum()
    }

    /// Health checks look at recent calls: what is older weighs half with every round.
    pub fn forget_half_of_recent_calls(&mut self) {
        for link in &mut self.links {
            link.emitter.attempts *= 0.5;
            link.emitter.failures *= 0.5;
        }
    }

    /// Gives one replica of a node the deployed settings of another.
    pub fn copy_settings(&mut self, plan: &Plan, from: InstanceId, to: InstanceId) {
        let replica = self.replica(from);
        let (version, down, hidden) = (replica.process.version.clone(), replica.process.down, replica.process.hidden);
        let (servers, line_limit) = (replica.station.servers, replica.station.line_limit);
        let (pace, health) = (replica.pace, replica.health.declared.clone());
        let (data_version, sampling) = (replica.emitter.data_version, replica.emitter.sampling);
        let (level, tells_flags) = (replica.emitter.level, replica.emitter.flags);
        let (keys, consumer) = (replica.keys.policy, replica.consumer);
        let (flags, scoped) = (replica.flags.clone(), replica.scoped.clone());
        let Home { node: id, ordinal: from_ordinal, .. } = self.home(from);
        let replica = self.replica(to);
        replica.process.version = version;
        (replica.process.down, replica.process.hidden) = (down, hidden);
        (replica.station.servers, replica.station.line_limit) = (servers, line_limit);
        // What stops a process is its own; its pauses' rhythm comes with the behaviours.
        let Pace { stopped_until, paused, collects, bad_key, .. } = replica.pace;
        replica.pace = Pace { grown: Duration::ZERO, stopped_until, paused, collects, bad_key, ..pace };
        replica.health.declared = health;
        replica.keys.policy = keys;
        (replica.flags, replica.scoped) = (flags, scoped);
        replica.consumer = consumer;
        (replica.emitter.data_version, replica.emitter.sampling) = (data_version, sampling);
        (replica.emitter.level, replica.emitter.flags) = (level, tells_flags);
        let cache =
            self.cache(from).map(|cache| (cache.ttl, cache.lost_invalidations, cache.capacity, cache.single_flight));
        if let (Some(mut store), Some((ttl, lost, capacity, single_flight))) = (self.cache(to), cache) {
            (store.ttl, store.lost_invalidations) = (ttl, lost);
            (store.capacity, store.single_flight) = (capacity, single_flight);
        }
        let queue =
            self.queue(from).map(|queue| (queue.capacity, queue.overflow, queue.visibility, queue.most_deliveries));
        if let (Some(mut store), Some(queue)) = (self.queue(to), queue) {
            (store.capacity, store.overflow, store.visibility, store.most_deliveries) = queue;
        }
        self.adopt::<Issuer>(from, to);
        self.adopt::<Verifier>(from, to);
        self.adopt::<Replication>(from, to);
        let to_ordinal = self.home(to).ordinal;
        for arrow in &plan.nodes[id.at()].out {
            let ends = &self.ends[arrow.at()];
            let (from, to) = (ends[usize::from(from_ordinal)], ends[usize::from(to_ordinal)]);
            let link = self.link(from);
            let (impaired, keeps, guards, balance) =
                (link.impaired.clone(), link.connections.policy(), link.guards, link.balancer.policy);
            let scoped = link.scoped.clone();
            let (network, timeout, retry, fallback) =
                (link.network, link.timeout, link.retries.policy, link.fallback.policy);
            let (breaker, pool, emitter) = (link.breaker.policy(), link.pool.policy, link.emitter.clone());
            let link = self.link(to);
            (link.network, link.timeout, link.pool.policy) = (network, timeout, pool);
            link.impaired = impaired;
            link.scoped = scoped;
            link.connections = Connections::new(keeps);
            (link.guards.bulkhead, link.guards.hedge) = (guards.bulkhead, guards.hedge);
            (link.guards.checks_body, link.balancer.policy) = (guards.checks_body, balance);
            link.retries = Retries::new(retry);
            link.fallback = FallbackPolicy::new(fallback);
            link.breaker = Breaker::new(breaker);
            link.emitter.trace = emitter.trace;
            (link.emitter.spans, link.emitter.log_failures) = (emitter.spans, emitter.log_failures);
        }
    }

    /// Gives a replica the settings of another's behaviour.
    fn adopt<T: Part>(&mut self, from: InstanceId, to: InstanceId) {
        let part = self.part::<T>(from).map(|part| part.clone());
        if let (Some(part), Some(mut own)) = (part, self.part::<T>(to)) {
            *own = part;
        }
    }

    /// A copy that shares nothing: the same numbers find equal components.
    pub fn fork(&self) -> Fabric {
        let mut ecs = Ecs::new();
        let copy = |from: &Entity| {
            let mut to = ecs.spawn_empty();
            copy_parts(&self.ecs, *from, &mut to);
            to.id()
        };
        let entities = self.entities.iter().map(copy).collect();
        Fabric {
            rows: self.rows.clone(),
            links: self.links.clone(),
            homes: self.homes.clone(),
            sides: self.sides.clone(),
            replicas: self.replicas.clone(),
            groups: self.groups.clone(),
            ends: self.ends.clone(),
            entities,
            ..Fabric::over(ecs)
        }
    }
}

/// A behaviour that a replica may have. Only what a fork copies is one.
pub trait Part: Component<Mutability = Mutable> + Clone {}

macro_rules! parts {
    ($($part:ty),* $(,)?) => {
        $(impl Part for $part {})*

        fn copy_parts(ecs: &Ecs, from: Entity, to: &mut EntityWorldMut<'_>) {
            $(copy_part::<$part>(ecs, from, to);)*
        }
    };
}

parts!(
    BadKeyHere,
    CacheStore,
    Collector,
    CronTable,
    Heap,
    Issuer,
    Limiter,
    LockTable,
    Processors,
    QueueStore,
    Register,
    Replication,
    RowLocks,
    TimeSync,
    Verifier,
);

fn put<T: Part>(entity: &mut EntityWorldMut<'_>, part: T) {
    entity.insert(part);
}

fn copy_part<T: Part>(ecs: &Ecs, from: Entity, to: &mut EntityWorldMut<'_>) {
    if let Some(part) = ecs.get::<T>(from) {
        to.insert(part.clone());
    }
}
