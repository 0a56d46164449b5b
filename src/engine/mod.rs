//! The simulator: a world, a seed and changes over time in; telemetry and ground truth out, bit for bit the same on any
//! machine. Knows no lesson, no incident and no learner: a fault is a change of a setting like any other.
//!
//! One agenda holds what happens next, in virtual nanoseconds; one exclusive loop takes events from it and looks at what
//! they concern. What every replica and every arrow end has is a row of a table; what few replicas have is a component of
//! the replica's entity in a [`bevy_ecs`] world; requests in flight are plain structs in slabs.

mod agenda;
mod arrivals;
mod audit;
mod autoscale;
mod bad_key;
mod behaviour;
mod bursts;
mod by_key;
mod cache;
mod call;
mod change;
mod clock;
mod collector;
mod condition;
mod connections;
mod cron;
mod data;
mod database;
mod deadlines;
mod delivery;
pub(crate) mod dist;
mod emit;
mod exemplars;
mod fabric;
mod flight;
mod flow;
mod gradual;
mod hedge;
mod idempotency;
mod ids;
mod limit;
mod link;
mod lock;
mod monitor;
mod network;
mod paths;
mod pause;
mod plan;
mod population;
mod process;
mod queue;
mod register;
mod replace;
mod replica;
mod rhythm;
mod rpc;
mod scoped;
mod settings;
mod sharing;
mod single_flight;
mod slab;
mod store;
mod targets;
mod timesync;
mod token;
mod users;
mod visit;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use agenda::Agenda;
pub use flow::{ArrowFlow, StationFlow};
pub use population::Population;
pub use settings::{ClockReading, NodeConfig, SettingRow};

use crate::random::Seed;
use crate::telemetry::{ProcessStart, Resource, ResourceId, Telemetry};
use crate::time::{Duration, Epoch, SimTime};
use crate::truth::Truth;
use crate::world::{Change, World};
use fabric::Fabric;
use flight::{Call, Debt, JourneyFlight, Visit};
use ids::{DatumId, InstanceId, LinkId, NodeId};
use plan::Plan;
use slab::{Key, Slab};
use words::Words;

/// A running system.
///
/// The same world, seed and changes give the same telemetry and the same ground truth, whatever the machine, the
/// build profile or what else runs.
pub struct Simulation {
    plan: Arc<Plan>,
    words: Arc<Words>,
    now: SimTime,
    agenda: Agenda<Event>,
    deadlines: deadlines::Deadlines,
    fabric: Fabric,
    visits: Slab<Visit>,
    calls: Slab<Call>,
    journeys: Slab<JourneyFlight>,
    debts: Slab<Debt>,
    versions: data::Versions,
    recent: data::RecentKeys,
    tokens: Vec<token::Token>,
    traffic: Vec<arrivals::Traffic>,
    populations: Arc<Vec<Population>>,
    reports: Vec<users::PlannedReport>,
    changes: Vec<Arc<Change>>,
    undo: Vec<change::Undo>,
    /// Changes that were undone, which take no further steps.
    stopped: BTreeSet<u32>,
    scalers: BTreeMap<NodeId, autoscale::Scaler>,
    failovers: Vec<database::Failover>,
    telemetry: Telemetry,
    truth: Truth,
    flows: flow::Flows,
    collector: collector::Collector,
    spans: u32,
    events: u64,
    /// Whether nothing is emitted any more.
    muted: bool,
    /// Whether any caller ever knew less than all of its callee's replicas.
    watched: bool,
    /// Whether any replica ever stood still.
    pauses: bool,
    /// How far the calendar is ahead of the time that was run: see [`Simulation::set_ahead`].
    ahead: Duration,
}

/// How many things are under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InFlight {
    /// Users between the first request and the last of a journey.
    pub journeys: usize,
    /// Requests and messages at nodes or on the wire to or from them.
    pub visits: usize,
    /// Calls over arrows, from the first attempt to the result.
    pub calls: usize,
    /// Debts to users that have not fallen due.
    pub debts: usize,
}

/// What can happen next. The tag is as wide as what follows it, or copies of parts would overlap and wait for each other.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
enum Event {
    /// A request reaches a replica.
    Arrive(Key),
    /// A request gets a server of its replica's station.
    Begin(Key),
    /// A step of work is done.
    WorkDone(Key),
    /// A visit goes on at a replica that stood still.
    Resume(Key),
    /// An answer reaches its caller.
    Respond(Key),
    /// An attempt has taken too long.
    Timeout(Key, u8),
    /// The time of the first of a line is up, if it still waits.
    DeadlineOf(u8),
    /// A first attempt is slow: a second one goes out next to it.
    Hedge(Key),
    /// A call has a connection and goes out.
    Send(Key),
    /// A backoff is over.
    Retry(Key),
    /// A call has waited too long for a connection.
    PoolTimeout(Key, u8),
    /// A user starts a journey.
    Journey(u16),
    /// A user starts a journey of the trace.
    Traced(u16, u32),
    /// A user makes the next request.
    JourneyStep(Key),
    /// A debt falls due.
    DebtDue(Key),
    /// A user writes to support.
    Report(u32),
    /// A user complains about nothing.
    IdleComplaint(u16, u32),
    /// A replica writes a line about nothing.
    Chatter(InstanceId, u16, u32),
    /// A job starts.
    Job(u16, u16, u32),
    /// The monitor reads all metrics.
    Scrape,
    /// The monitor asks all health pages.
    Probe,
    /// A message that a queue holds has not been acknowledged in time.
    Visible(InstanceId, u32),
    /// A change begins.
    Change(u32),
    /// A change reaches the replicas with this ordinal.
    Apply(u32, u16),
    /// A gradual change takes its next step.
    Step(u32, u16),
    /// A replica takes traffic again.
    Up(InstanceId),
    /// The next request at shared processors is done, if this is still the next.
    Shared(InstanceId, u32),
    /// A process stops the world, if this turn is still the next.
    Collect(InstanceId, u32),
    /// An autoscaler looks at a node, if this turn is still the next.
    Autoscale(u16, u32),
    /// A replica takes the place of a lost primary.
    Promote(u16),
    /// A caller looks at the health pages of its callee, if this turn is still the next.
    ProbeTargets(LinkId, u32),
    /// A replica's daemon looks whether a job is due.
    Cron(InstanceId, u16),
    /// A cache waits no longer for the entry of a key that this fetch was to bring.
    FetchOver(InstanceId, DatumId, u32, u16),
    /// A replica's time daemon polls its server, if this turn is still the next.
    Sync(InstanceId, u32),
}

impl Simulation {
    /// The system at its start, with nothing in flight.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), allgreen::Problems> {
    /// use allgreen::{Seed, SimTime, Simulation, World};
    /// let world = World::load("worlds/storefront.ron")?;
    /// let mut sim = Simulation::new(&world, Seed(7));
    /// sim.run_until(SimTime::from_secs(1800));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(world: &World, seed: Seed) -> Simulation {
        let plan = Arc::new(Plan::new(world, seed));
        // A checked world has a good epoch.
        let epoch = Epoch::parse(&plan.spec().epoch).unwrap_or(Epoch::UNIX);
        let mut telemetry = Telemetry::new(epoch);
        let tail = plan.spec().monitor.tail;
        let words = Arc::new(Words::new(&plan, &mut telemetry));
        let populations = Population::all(&plan, seed);
        let journeys = plan.journeys.iter().map(|journey| journey.name.clone()).collect();
        let mut sim = Simulation {
            now: SimTime::ZERO,
            agenda: Agenda::new(),
            deadlines: Default::default(),
            fabric: Fabric::new(&plan),
            visits: Slab::default(),
            calls: Slab::default(),
            journeys: Slab::default(),
            debts: Slab::default(),
            versions: data::Versions::new(),
            recent: data::RecentKeys::new(),
            tokens: Vec::new(),
            traffic: populations.iter().map(|_| arrivals::Traffic::default()).collect(),
            truth: Truth::new(journeys, populations.clone()),
            populations: Arc::new(populations),
            reports: Vec::new(),
            changes: Vec::new(),
            undo: Vec::new(),
            stopped: BTreeSet::new(),
            scalers: BTreeMap::new(),
            failovers: Vec::new(),
            telemetry,
            flows: flow::Flows::default(),
            collector: collector::Collector::new(tail),
            spans: 0,
            events: 0,
            muted: false,
            pauses: false,
            watched: false,
            ahead: Duration::ZERO,
            words,
            plan,
        };
        for instance in sim.fabric.instances() {
            sim.register(instance);
        }
        sim.start_users();
        sim.start_monitor();
        sim.start_autoscalers();
        sim
    }

    /// Makes a new replica known to the monitor, and starts what it does by itself.
    fn register(&mut self, instance: InstanceId) {
        let home = self.fabric.home(instance);
        let (node, spec) = (&self.plan.nodes[home.node.at()], self.plan.node_spec(home.node));
        let zones = spec.zones.len().max(1);
        self.telemetry.resources.push(Resource {
            service: node.name.clone(),
            instance: format!("{}-{}", node.name, home.ordinal + 1),
            zone: spec.zones.get(usize::from(home.ordinal) % zones).cloned().unwrap_or_default(),
            kind: node.kind,
        });
        for name in &spec.telemetry.hides {
            let family = self.telemetry.names.find(name).and_then(|name| self.telemetry.metrics.find_family(name));
            if let Some(family) = family {
                self.telemetry.metrics.hide(ResourceId(instance.0), family);
            }
        }
        if self.now == SimTime::ZERO {
            self.process_started(instance);
        }
        self.start_background(instance);
    }

    /// The telemetry of a replica is of a new process from now on.
    fn process_started(&mut self, instance: InstanceId) {
        let replica = self.fabric.replica(instance);
        let (stamp, version) = (replica.clock.stamp(self.now), replica.process.version.clone());
        self.telemetry.processes.push(ProcessStart { stamp, resource: ResourceId(instance.0), version });
    }

    /// Adds a change to the future. A time that has passed means now.
    pub fn schedule(&mut self, at: SimTime, change: &Change) {
        let number = self.changes.len() as u32;
        self.changes.push(Arc::new(change.clone()));
        self.agenda.push(at.max(self.now), Event::Change(number));
    }

    /// Runs every event due by `until`. Never goes back.
    pub fn run_until(&mut self, until: SimTime) {
        self.run_within(until, u64::MAX);
    }

    /// Runs every event due by `until`, but at most this many. Answers whether `until` was reached.
    pub fn run_within(&mut self, until: SimTime, events: u64) -> bool {
        let last = self.events.saturating_add(events);
        while self.events < last {
            let Some((at, event)) = self.agenda.pop_until(until) else {
                self.now = self.now.max(until);
                return true;
            };
            self.now = at;
            self.events += 1;
            self.handle(event);
        }
        false
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrive(visit) => self.arrive(visit),
            Event::Begin(visit) => self.begin(visit),
            Event::WorkDone(visit) => self.work_done(visit),
            Event::Resume(visit) => self.advance(visit),
            Event::Respond(visit) => self.respond(visit),
            Event::Timeout(call, attempt) => self.timed_out(call, attempt),
            Event::DeadlineOf(line) => self.deadline_of(line),
            Event::Hedge(call) => self.hedge(call),
            Event::Send(call) => self.send(call),
            Event::Retry(call) => self.attempt(call),
            Event::PoolTimeout(call, attempt) => self.pool_timed_out(call, attempt),
            Event::Journey(population) => self.start_journey(population),
            Event::Traced(population, row) => self.start_traced(population, row),
            Event::JourneyStep(journey) => self.journey_step(journey),
            Event::DebtDue(debt) => self.debt_due(debt),
            Event::Report(report) => self.report(report),
            Event::IdleComplaint(population, count) => self.idle_complaint(population, count),
            Event::Chatter(instance, line, count) => self.chatter(instance, line, count),
            Event::Job(node, job, count) => self.start_job(node, job, count),
            Event::Scrape => self.scrape(),
            Event::Probe => self.probe(),
            Event::Visible(queue, receipt) => self.visible_again(queue, receipt),
            Event::Change(change) => self.begin_change(change),
            Event::Apply(change, ordinal) => self.apply_change(change, ordinal),
            Event::Step(change, step) => self.change_step(change, step),
            Event::Up(instance) => self.back_up(instance),
            Event::Shared(instance, number) => self.shared(instance, number),
            Event::Collect(instance, turn) => self.collect(instance, turn),
            Event::Autoscale(node, turn) => self.autoscale(NodeId(node), turn),
            Event::Promote(number) => self.promote(number),
            Event::ProbeTargets(link, turn) => self.probe_targets(link, turn),
            Event::Cron(instance, job) => self.cron(instance, job),
            Event::FetchOver(instance, datum, key, fetch) => self.fetch_over(instance, (datum, key), fetch),
            Event::Sync(instance, turn) => self.sync_clock(instance, turn),
        }
    }

    /// True time since the start.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// What a learner or a detector may see.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// What each user was owed and got: for tests and grading.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// The world that runs.
    pub fn world(&self) -> &World {
        &self.plan.world
    }

    /// What is under way now: for tests of conservation and of Little's law.
    pub fn in_flight(&self) -> InFlight {
        InFlight {
            journeys: self.journeys.len(),
            visits: self.visits.len(),
            calls: self.calls.len(),
            debts: self.debts.len(),
        }
    }

    /// Bytes that the run holds, about: telemetry, ground truth, versions of data, what nodes keep, and what is under way.
    pub fn bytes(&self) -> usize {
        let telemetry = self.telemetry.logs.bytes() + self.telemetry.spans.bytes() + self.telemetry.metrics.bytes();
        telemetry + self.truth.bytes() + self.unshared_bytes()
    }

    /// Those of them that a fork has for itself, about: it shares the telemetry and the ground truth of its past.
    pub(crate) fn unshared_bytes(&self) -> usize {
        let under_way = self.visits.bytes() + self.calls.bytes() + self.journeys.bytes() + self.debts.bytes();
        let issued = self.tokens.capacity() * size_of::<token::Token>();
        let reports = self.reports.capacity() * size_of::<users::PlannedReport>();
        let planned = self.agenda.bytes() + self.deadlines.bytes() + reports;
        under_way + planned + issued + self.collector.bytes() + self.versions.bytes() + self.fabric.kept_bytes()
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// A copy that continues on its own. The telemetry of the past is shared, not copied; a copy to which nothing is
    /// done ends in the same digest.
    pub fn fork(&self) -> Simulation {
        Simulation {
            plan: self.plan.clone(),
            words: self.words.clone(),
            now: self.now,
            agenda: self.agenda.clone(),
            deadlines: self.deadlines.clone(),
            fabric: self.fabric.fork(),
            visits: self.visits.clone(),
            calls: self.calls.clone(),
            journeys: self.journeys.clone(),
            debts: self.debts.clone(),
            versions: self.versions.clone(),
            recent: data::RecentKeys::new(),
            tokens: self.tokens.clone(),
            traffic: self.traffic.clone(),
            populations: self.populations.clone(),
            reports: self.reports.clone(),
            changes: self.changes.clone(),
            undo: self.undo.clone(),
            stopped: self.stopped.clone(),
            scalers: self.scalers.clone(),
            failovers: self.failovers.clone(),
            telemetry: self.telemetry.clone(),
            truth: self.truth.clone(),
            flows: self.flows.clone(),
            collector: self.collector.clone(),
            spans: self.spans,
            events: self.events,
            muted: self.muted,
            pauses: self.pauses,
            watched: self.watched,
            ahead: self.ahead,
        }
    }

    /// From now on nothing is logged, traced, measured or reported, and what happens is the same: for futures of which
    /// only the ground truth is wanted. Several times faster.
    pub fn mute(&mut self) {
        self.muted = true;
    }

    /// From now on the calendar is this much ahead of the time that was run: users come as they do then (the daily swing,
    /// crowds), and conditions of the time of day hold as they do then. Stamps and all else go on.
    pub(crate) fn set_ahead(&mut self, ahead: Duration) {
        self.ahead = ahead;
    }

    /// The calendar: the time that was run, and what was skipped.
    pub(crate) fn calendar(&self) -> SimTime {
        self.now + self.ahead
    }

    /// BLAKE3 over all telemetry and ground truth so far.
    pub fn digest(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        self.telemetry.digest_into(&mut hasher);
        self.truth.digest_into(&mut hasher);
        hasher.finalize()
    }

    /// `after` from now.
    #[inline(always)]
    fn later(&mut self, after: Duration, event: Event) {
        self.agenda.push(self.now + after, event);
    }
}
