//! Whether a run is consistent with itself: every count is taken again from what is in flight. What goes in comes out,
//! waits, or was dropped; nobody waits for something that will never come. For tests; costs time, changes nothing.

mod daemons;
mod waits;

use std::collections::{BTreeMap, BTreeSet};

use super::deadlines::Waiting;
use super::flight::{Attempt, Caller, ReplyTo};
use super::flow::{ArrowFlow, StationFlow};
use super::ids::{InstanceId, LinkId, NodeId};
use super::queue::QueueStore;
use super::slab::Key;
use super::{Event, Simulation};

/// What is wrong, in words; `Ok` if nothing is.
type Verdict = Result<(), String>;

/// Who has an event coming.
#[derive(Default)]
struct Pending {
    arrivals: BTreeSet<Key>,
    begins: BTreeSet<Key>,
    works: BTreeSet<Key>,
    resumes: BTreeSet<Key>,
    answers: BTreeSet<Key>,
    timeouts: BTreeSet<(Key, u8)>,
    sends: BTreeSet<Key>,
    retries: BTreeSet<Key>,
    journeys: BTreeSet<Key>,
    debts: BTreeSet<Key>,
}

/// What is in flight over one arrow's end.
#[derive(Clone, Default)]
struct OnLink {
    calls: u64,
    visits: u64,
    waiting: usize,
    used: u32,
    sent: BTreeMap<u16, u32>,
}

/// What is at one replica.
#[derive(Clone, Copy, Default)]
struct AtStation {
    present: u64,
    busy: u32,
    waiting: usize,
}

impl Simulation {
    /// Takes every count again, and answers with the first that does not agree.
    pub fn audit(&self) -> Result<(), String> {
        let pending = self.pending();
        self.audit_visits(&pending)?;
        self.audit_calls(&pending)?;
        self.audit_users(&pending)?;
        self.audit_queues()?;
        self.audit_daemons()
    }

    /// What went over an arrow (`"from -> to"`) since the start.
    pub fn arrow_flow(&self, name: &str) -> Option<ArrowFlow> {
        let mut sum = ArrowFlow::default();
        self.fabric.ends[self.plan.arrow_id(name)?.at()].iter().for_each(|end| sum.add(self.flows.of_link(*end)));
        Some(sum)
    }

    /// What went through a node's stations since the start.
    pub fn station_flow(&self, node: &str) -> Option<StationFlow> {
        let mut sum = StationFlow::default();
        for replica in &self.fabric.replicas[self.plan.node_id(node)?.at()] {
            sum.add(self.flows.of_station(*replica));
        }
        Some(sum)
    }

    fn pending(&self) -> Pending {
        let mut pending = Pending::default();
        for who in self.deadlines.iter() {
            let _ = match who {
                Waiting::Attempt(call, attempt) => pending.timeouts.insert((call, attempt)),
                Waiting::Debt(debt) => pending.debts.insert(debt),
            };
        }
        for event in self.agenda.events() {
            let _ = match event {
                Event::Arrive(visit) => pending.arrivals.insert(visit),
                Event::Begin(visit) => pending.begins.insert(visit),
                Event::WorkDone(visit) => pending.works.insert(visit),
                Event::Resume(visit) => pending.resumes.insert(visit),
                Event::Respond(visit) => pending.answers.insert(visit),
                Event::Timeout(call, attempt) => pending.timeouts.insert((call, attempt)),
                Event::Send(call) => pending.sends.insert(call),
                Event::Retry(call) => pending.retries.insert(call),
                Event::JourneyStep(journey) => pending.journeys.insert(journey),
                Event::DebtDue(debt) => pending.debts.insert(debt),
                _ => false,
            };
        }
        pending
    }

    /// Stations: those who are there hold a server or wait in the line, and each has something to wait for.
    fn audit_visits(&self, pending: &Pending) -> Verdict {
        let mut called: BTreeMap<Key, u16> = BTreeMap::new();
        for (_, call) in self.calls.iter() {
            // Of two hedged attempts the caller waits for one.
            let twice = call.hedges && call.twin.is_some();
            if let Caller::Visit(visit) = call.caller
                && !twice
            {
                *called.entry(visit).or_default() += 1;
            }
        }
        let waits = self.waits()?;
        let mut stations = vec![AtStation::default(); self.fabric.instances().count()];
        for (key, visit) in self.visits.iter() {
            if pending.arrivals.contains(&key) || pending.answers.contains(&key) {
                continue;
            }
            let who = || format!("a visit to {}", self.instance_name(visit.instance));
            let Some(station) = stations.get_mut(visit.instance.at()) else { continue };
            let begins = pending.begins.contains(&key);
            let on_the_way = begins && matches!(visit.reply_to, ReplyTo::Queue(_));
            station.present += u64::from(!on_the_way);
            if waits.lines.contains(&key) {
                station.waiting += 1;
                continue;
            }
            // Who waited for another's fetch gave its server back.
            station.busy += u32::from(visit.served || begins);
            let calls = called.get(&key).copied().unwrap_or_default();
            let (row, fetch) = (waits.rows.contains(&key), waits.fetches.contains(&key));
            let found = u64::from(calls) + u64::from(row) + u64::from(fetch);
            agree(&who(), "what it waits for", u64::from(visit.pending), found)?;
            let works = pending.works.contains(&key) || waits.shared.contains(&key);
            if !begins && !works && found == 0 && !pending.resumes.contains(&key) {
                return Err(format!("{} waits for nothing", who()));
            }
        }
        for instance in self.fabric.instances() {
            let Some(replica) = self.fabric.peek_replica(instance) else { continue };
            let (who, found, station) = (self.instance_name(instance), stations[instance.at()], &replica.station);
            agree(&who, "busy servers", u64::from(station.busy), u64::from(found.busy))?;
            agree(&who, "waiting", station.line.len() as u64, found.waiting as u64)?;
            agree(&who, "present", self.flows.of_station(instance).present(), found.present)?;
            if station.line.len() > station.line_limit.max(station.stood_already) as usize {
                return Err(format!("{who}: {} wait where {} may", station.line.len(), station.line_limit));
            }
            if !station.line.is_empty() && station.busy < station.servers {
                return Err(format!("{who}: {} wait beside a free server", station.line.len()));
            }
        }
        Ok(())
    }

    /// Arrows: what was sent was lost, was heard, or is under way; connections are held by attempts; every call has
    /// something to wait for.
    fn audit_calls(&self, pending: &Pending) -> Verdict {
        let mut links = vec![OnLink::default(); self.flows_links()];
        let mut answered = BTreeSet::new();
        for (_, visit) in self.visits.iter() {
            if let (ReplyTo::Call(call, attempt), Some(link)) = (visit.reply_to, visit.link) {
                answered.insert((call, attempt));
                links[link.at()].visits += 1;
            }
        }
        for (key, call) in self.calls.iter() {
            let on = &mut links[call.link.at()];
            on.calls += 1;
            let (state, alive) = match call.state {
                Attempt::Waiting => {
                    on.waiting += 1;
                    let end = self.fabric.peek_link(call.link);
                    ("a connection", end.is_some_and(|end| end.pool.waiting.contains(&key)))
                }
                Attempt::Connected => {
                    on.used += 1;
                    ("its turn", pending.sends.contains(&key))
                }
                Attempt::Sent(target) => {
                    on.used += 1;
                    *on.sent.entry(self.fabric.home(target).ordinal).or_default() += 1;
                    let attempt = (key, call.attempt);
                    ("an answer", pending.timeouts.contains(&attempt) || answered.contains(&attempt))
                }
                Attempt::BackingOff => ("the next attempt", pending.retries.contains(&key)),
            };
            if !alive {
                return Err(format!("a call over {} waits for {state} that never comes", self.link_name(call.link)));
            }
        }
        for (at, found) in links.iter().enumerate() {
            let id = LinkId(at as u32);
            let (flow, who) = (self.flows.of_link(id), self.link_name(id));
            agree(&who, "calls under way", flow.calls - flow.ended, found.calls)?;
            let gone = flow.requests_lost + flow.answers_lost + flow.answers_heard;
            agree(&who, "attempts under way", flow.sent - gone, found.visits)?;
            let Some(end) = self.fabric.peek_link(id) else { continue };
            agree(&who, "connections in use", u64::from(end.pool.used), u64::from(found.used))?;
            agree(&who, "calls waiting for a connection", end.pool.waiting.len() as u64, found.waiting as u64)?;
            let full = end.pool.policy.is_some_and(|policy| end.pool.used >= policy.size);
            if !end.pool.waiting.is_empty() && !full {
                return Err(format!("{who}: calls wait beside a free connection"));
            }
            for ordinal in 0..end.balancer.in_flight.len() {
                let found = found.sent.get(&(ordinal as u16)).copied().unwrap_or_default();
                let counted = end.balancer.in_flight.to(ordinal);
                agree(&who, "calls in flight to a replica", u64::from(counted), u64::from(found))?;
            }
        }
        Ok(())
    }

    /// Users: every journey goes on, every debt is settled once or will fall due.
    fn audit_users(&self, pending: &Pending) -> Verdict {
        let mut asking = BTreeSet::new();
        for (_, call) in self.calls.iter() {
            if let Caller::Journey(journey) = call.caller {
                asking.insert(journey);
            }
        }
        for (key, _) in self.journeys.iter() {
            if !asking.contains(&key) && !pending.journeys.contains(&key) {
                return Err("a user waits for nothing".into());
            }
        }
        if let Some((_, debt)) = self.debts.iter().find(|(key, _)| !pending.debts.contains(key)) {
            return Err(format!("the debt of {} never falls due", debt.asked));
        }
        let settled = self.truth.settled().count() + self.debts.len();
        agree("the ledger", "debts settled or open", self.flows.debts, settled as u64)
    }

    /// Queues: what was taken in was dropped, was handed out, or waits; what was handed out was handled, came back, or
    /// is being handled.
    fn audit_queues(&self) -> Verdict {
        let mut handling: BTreeMap<InstanceId, u64> = BTreeMap::new();
        for (_, visit) in self.visits.iter() {
            // What the queue holds itself until it is acknowledged is counted there.
            if let ReplyTo::Queue(queue) = visit.reply_to
                && visit.message.is_some_and(|message| message.receipt == 0)
            {
                *handling.entry(queue).or_default() += 1;
            }
        }
        for instance in self.fabric.instances() {
            let Some(store) = self.fabric.peek_part::<QueueStore>(instance) else { continue };
            let (who, flow) = (self.instance_name(instance), self.flows.of_queue(instance));
            let waits = (0..store.groups()).map(|group| u64::from(store.depth(group))).sum();
            let handled = handling.get(&instance).copied().unwrap_or_default() + store.unacknowledged() as u64;
            agree(&who, "messages waiting", flow.taken + flow.returned - flow.handed - flow.dropped, waits)?;
            agree(&who, "messages with consumers", flow.handed - flow.returned - flow.done, handled)?;
            let hands_out = self.fabric.runs(instance, self.now) && self.stopped_for(instance).is_none();
            for group in (0..store.groups()).filter(|group| hands_out && store.has_ready(*group)) {
                if self.has_free_consumer(self.fabric.home(instance).node, group) {
                    return Err(format!("{who}: messages wait beside a free consumer"));
                }
            }
        }
        Ok(())
    }

    fn has_free_consumer(&self, queue: NodeId, group: u8) -> bool {
        let arrows = self.plan.nodes[queue.at()].groups.get(usize::from(group));
        let nodes = arrows.into_iter().flatten().map(|arrow| self.plan.arrows[arrow.at()].to);
        let mut consumers = nodes.flat_map(|node| &self.fabric.replicas[node.at()]);
        consumers.any(|consumer| {
            let replica = self.fabric.peek_replica(*consumer);
            replica.is_some_and(|it| it.process.is_up(self.now) && it.station.busy < it.station.servers)
        })
    }

    fn flows_links(&self) -> usize {
        self.fabric.ends.iter().map(Vec::len).sum()
    }

    fn instance_name(&self, id: InstanceId) -> String {
        self.telemetry.resources[id.at()].instance.clone()
    }

    fn link_name(&self, id: LinkId) -> String {
        let side = self.fabric.side(id);
        format!("{} of {}", self.plan.arrows[side.arrow.at()].name, self.instance_name(side.caller))
    }
}

fn agree(who: &str, what: &str, counted: u64, found: u64) -> Verdict {
    if counted == found { Ok(()) } else { Err(format!("{who}: {what}: counted {counted}, found {found}")) }
}
