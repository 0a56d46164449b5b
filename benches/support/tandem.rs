//! The tandem, twice: Poisson arrivals at 800/s to a gateway, a service (8 servers, exponential 5 ms), a cache (0.2 ms,
//! 80 % hits) and, on a miss, a database behind a pool of 16 (exponential 20 ms); a timer of 1 s for each request. As a
//! world, and as a loop written by hand for just this system.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use allgreen::World;

use super::{Luck, world};

/// Requests a second.
pub const RATE: f64 = 800.0;
/// Simulated seconds.
pub const SECS: u64 = 250;

/// The world, with four spans, four log records and four histogram updates for each request, or without any.
pub fn tandem(records: bool) -> World {
    let quiet = "reports: (probability: 0.0, idle_per_hour: 0.0)";
    let mute = if records { "" } else { "telemetry: (spans: false, access_log: false, metrics: false)," };
    let nodes = format!(
        r#""users": (kind: Users, users: (count: 1000, journeys_per_second: {RATE:?}, journeys: {{ "go": 1.0 }}, regions: {{ "eu": 1.0 }}, {quiet})),
           "gateway": (kind: Gateway, concurrency: 10000, {mute}),
           "service": (kind: Service, concurrency: 8, queue_limit: 100000, {mute} routes: {{ "GET /": (steps: [
               Work(Exp("5ms")),
               Call((to: "cache", op: Get("item"), detached: false)),
               Call((to: "db", op: Read("item"), when: Chance(0.2))),
           ]) }}),
           "cache": (kind: Cache, concurrency: 100000, cache: (capacity: 10, service: Const("200us")), {mute}),
           "db": (kind: Database, concurrency: 16, queue_limit: 100000, database: (read: Exp("20ms"), write: Exp("20ms")), {mute}),"#
    );
    let arrow = |name: &str, more: &str| format!("\"{name}\": (latency: Const(\"0s\"), {more}),");
    let quiet = "telemetry: (spans: false, metrics: false),";
    let arrows = arrow("users -> gateway", "timeout: \"1s\",")
        + &arrow("gateway -> service", quiet)
        + &arrow("service -> cache", if records { "telemetry: (metrics: false)" } else { quiet })
        + &arrow("service -> db", "pool: (size: 16), telemetry: (spans: false, metrics: false)");
    let data = "\"item\": (keys: 1000, bytes: 500)";
    world(data, &nodes, &arrows, r#""go": (steps: [(request: "GET /", owes: (answer_within: "30s"))])"#)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive,
    ServiceDone(u32),
    CacheDone(u32),
    DatabaseDone(u32),
    Timeout(u32),
}

#[derive(Clone, Copy, Default)]
struct Request {
    began: u64,
    since: u64,
    done: bool,
}

/// A station: those being served, how many may be, and those in line.
struct Station {
    busy: u32,
    servers: u32,
    line: VecDeque<u32>,
}

#[derive(Default)]
struct Spans {
    start: Vec<u64>,
    length: Vec<u32>,
    trace: Vec<u32>,
    number: Vec<u32>,
    parent: Vec<u32>,
    name: Vec<u16>,
}

#[derive(Default)]
struct Logs {
    stamp: Vec<u64>,
    trace: Vec<u32>,
    words: Vec<u16>,
    args: Vec<u32>,
}

/// The same system by hand.
pub struct Loop {
    heap: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sequence: u64,
    luck: Luck,
    requests: Vec<Request>,
    free: Vec<u32>,
    service: Station,
    database: Station,
    records: bool,
    spans: Spans,
    logs: Logs,
    buckets: [[u64; 16]; 4],
}

const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

impl Loop {
    /// Recording as much as the world does, or nothing.
    pub fn new(records: bool) -> Loop {
        let station = |servers| Station { busy: 0, servers, line: VecDeque::new() };
        Loop {
            heap: BinaryHeap::new(),
            sequence: 0,
            luck: Luck(1),
            requests: Vec::new(),
            free: Vec::new(),
            service: station(8),
            database: station(16),
            records,
            spans: Spans::default(),
            logs: Logs::default(),
            buckets: [[0; 16]; 4],
        }
    }

    fn push(&mut self, at: u64, event: Event) {
        self.sequence += 1;
        self.heap.push(Reverse((at, self.sequence, event)));
    }

    /// Requests answered, and events.
    pub fn run(&mut self) -> (u64, u64) {
        let (mut answered, mut events) = (0, 0);
        self.push(0, Event::Arrive);
        while let Some(Reverse((now, _, event))) = self.heap.pop() {
            if now > SECS * 1_000_000_000 {
                break;
            }
            events += 1;
            match event {
                Event::Arrive => {
                    let gap = self.luck.exponential(1e9 / RATE);
                    self.push(now + gap, Event::Arrive);
                    let request = Request { began: now, since: now, done: false };
                    let id = match self.free.pop() {
                        Some(id) => {
                            self.requests[id as usize] = request;
                            id
                        }
                        None => {
                            self.requests.push(request);
                            self.requests.len() as u32 - 1
                        }
                    };
                    self.push(now + 1_000_000_000, Event::Timeout(id));
                    if self.service.busy < self.service.servers {
                        self.service.busy += 1;
                        self.serve(now, id);
                    } else {
                        self.service.line.push_back(id);
                    }
                }
                Event::ServiceDone(id) => {
                    self.record(0, id, now);
                    match self.service.line.pop_front() {
                        Some(next) => self.serve(now, next),
                        None => self.service.busy -= 1,
                    }
                    self.requests[id as usize].since = now;
                    self.push(now + 200_000, Event::CacheDone(id));
                }
                Event::CacheDone(id) => {
                    self.record(1, id, now);
                    self.requests[id as usize].since = now;
                    if self.luck.unit() >= 0.2 {
                        answered += 1;
                        self.answer(id, now);
                    } else if self.database.busy < self.database.servers {
                        self.database.busy += 1;
                        let took = self.luck.exponential(2e7);
                        self.push(now + took, Event::DatabaseDone(id));
                    } else {
                        self.database.line.push_back(id);
                    }
                }
                Event::DatabaseDone(id) => {
                    match self.database.line.pop_front() {
                        Some(next) => {
                            let took = self.luck.exponential(2e7);
                            self.push(now + took, Event::DatabaseDone(next));
                        }
                        None => self.database.busy -= 1,
                    }
                    answered += 1;
                    self.answer(id, now);
                }
                // A request that is done keeps its place until its timer has fired.
                Event::Timeout(id) => {
                    if self.requests[id as usize].done {
                        self.free.push(id);
                    }
                }
            }
        }
        (answered, events)
    }

    fn serve(&mut self, now: u64, id: u32) {
        let took = self.luck.exponential(5e6);
        self.push(now + took, Event::ServiceDone(id));
    }

    fn answer(&mut self, id: u32, now: u64) {
        self.record(2, id, now);
        self.requests[id as usize].done = true;
        self.requests[id as usize].since = self.requests[id as usize].began;
        self.record(3, id, now);
    }

    fn record(&mut self, name: u16, id: u32, now: u64) {
        if !self.records {
            return;
        }
        let since = self.requests[id as usize].since;
        let spans = &mut self.spans;
        spans.start.push(since);
        spans.length.push(((now - since) / 1000) as u32);
        spans.trace.push(id);
        spans.number.push(spans.number.len() as u32);
        spans.parent.push(id);
        spans.name.push(name);
        self.logs.stamp.push(now);
        self.logs.trace.push(id);
        self.logs.words.push(name);
        self.logs.args.extend([200, ((now - since) / 1000) as u32]);
        let secs = (now - since) as f64 / 1e9;
        self.buckets[usize::from(name)][BOUNDS.partition_point(|bound| *bound < secs)] += 1;
    }
}
