//! The tandem in NeXosim, twice. Knows its API; records nothing.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use crate::support::Luck;
use crate::support::tandem::{RATE, SECS};

const TIMEOUT: Duration = Duration::from_secs(1);
const LOOK_UP: Duration = Duration::from_micros(200);
const MISSES: f64 = 0.2;
const SERVICE_NS: f64 = 5e6;
const DATABASE_NS: f64 = 2e7;

/// Requests answered: a model gives no value back.
static ANSWERED: AtomicU64 = AtomicU64::new(0);

/// The state of a [`Luck`].
#[derive(Serialize, Deserialize)]
struct Dice(u64);

impl Dice {
    fn with<T>(&mut self, draw: impl FnOnce(&mut Luck) -> T) -> T {
        let mut luck = Luck(self.0);
        let drawn = draw(&mut luck);
        self.0 = luck.0;
        drawn
    }

    fn exponential(&mut self, mean_ns: f64) -> Duration {
        Duration::from_nanos(self.with(|luck| luck.exponential(mean_ns)).max(1))
    }

    fn misses(&mut self) -> bool {
        self.with(Luck::unit) < MISSES
    }
}

/// Servers and a line.
#[derive(Serialize, Deserialize)]
struct Servers {
    free: u32,
    line: VecDeque<u32>,
}

impl Servers {
    fn new(free: u32) -> Servers {
        Servers { free, line: VecDeque::new() }
    }

    /// Whether a request is served at once; it stands in line otherwise.
    fn takes(&mut self, request: u32) -> bool {
        let at_once = self.free > 0;
        if at_once {
            self.free -= 1;
        } else {
            self.line.push_back(request);
        }
        at_once
    }

    /// A server is done: who is next.
    fn next(&mut self) -> Option<u32> {
        let next = self.line.pop_front();
        self.free += u32::from(next.is_none());
        next
    }
}

/// Requests under way and places for new ones. A request that is done keeps its place until its timer has fired.
#[derive(Default, Serialize, Deserialize)]
struct Requests {
    done: Vec<bool>,
    places: Vec<u32>,
}

impl Requests {
    fn start(&mut self) -> u32 {
        match self.places.pop() {
            Some(place) => {
                self.done[place as usize] = false;
                place
            }
            None => {
                self.done.push(false);
                self.done.len() as u32 - 1
            }
        }
    }

    fn answered(&mut self, request: u32) {
        self.done[request as usize] = true;
        ANSWERED.fetch_add(1, Ordering::Relaxed);
    }

    fn timed_out(&mut self, request: u32) {
        if self.done[request as usize] {
            self.places.push(request);
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Gateway {
    request: Output<u32>,
    dice: Dice,
    requests: Requests,
}

#[Model]
impl Gateway {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        cx.schedule_event(Duration::from_nanos(1), schedulable!(Self::arrive), ()).unwrap();
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        let gap = self.dice.exponential(1e9 / RATE);
        cx.schedule_event(gap, schedulable!(Self::arrive), ()).unwrap();
        let request = self.requests.start();
        cx.schedule_event(TIMEOUT, schedulable!(Self::time_out), request).unwrap();
        self.request.send(request).await;
    }

    #[nexosim(schedulable)]
    fn time_out(&mut self, request: u32) {
        self.requests.timed_out(request);
    }

    fn answered(&mut self, request: u32) {
        self.requests.answered(request);
    }
}

/// The service, and the database.
#[derive(Serialize, Deserialize)]
struct Station {
    served: Output<u32>,
    dice: Dice,
    servers: Servers,
    mean_ns: f64,
}

#[Model]
impl Station {
    fn take(&mut self, request: u32, cx: &Context<Self>) {
        if self.servers.takes(request) {
            self.serve(request, cx);
        }
    }

    fn serve(&mut self, request: u32, cx: &Context<Self>) {
        cx.schedule_event(self.dice.exponential(self.mean_ns), schedulable!(Self::done), request).unwrap();
    }

    #[nexosim(schedulable)]
    async fn done(&mut self, request: u32, cx: &Context<Self>) {
        if let Some(next) = self.servers.next() {
            self.serve(next, cx);
        }
        self.served.send(request).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Cache {
    hit: Output<u32>,
    miss: Output<u32>,
    dice: Dice,
}

#[Model]
impl Cache {
    fn look_up(&mut self, request: u32, cx: &Context<Self>) {
        cx.schedule_event(LOOK_UP, schedulable!(Self::found), request).unwrap();
    }

    #[nexosim(schedulable)]
    async fn found(&mut self, request: u32) {
        let port = if self.dice.misses() { &mut self.miss } else { &mut self.hit };
        port.send(request).await;
    }
}

/// A model for each station. Answers how many requests were answered.
pub fn stations() -> u64 {
    let mut gateway = Gateway { request: Output::default(), dice: Dice(1), requests: Requests::default() };
    let station = |luck, servers, mean_ns| Station {
        served: Output::default(),
        dice: Dice(luck),
        servers: Servers::new(servers),
        mean_ns,
    };
    let (mut service, mut database) = (station(2, 8, SERVICE_NS), station(4, 16, DATABASE_NS));
    let mut cache = Cache { hit: Output::default(), miss: Output::default(), dice: Dice(3) };
    let (at_gateway, at_service, at_cache, at_database) =
        (Mailbox::new(), Mailbox::new(), Mailbox::new(), Mailbox::new());
    gateway.request.connect(Station::take, &at_service);
    service.served.connect(Cache::look_up, &at_cache);
    cache.hit.connect(Gateway::answered, &at_gateway);
    cache.miss.connect(Station::take, &at_database);
    database.served.connect(Gateway::answered, &at_gateway);
    run(SimInit::with_num_threads(1)
        .add_model(gateway, at_gateway, "gateway")
        .add_model(service, at_service, "service")
        .add_model(cache, at_cache, "cache")
        .add_model(database, at_database, "database"))
}

#[derive(Serialize, Deserialize)]
struct Single {
    dice: Dice,
    requests: Requests,
    service: Servers,
    database: Servers,
}

#[Model]
impl Single {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        cx.schedule_event(Duration::from_nanos(1), schedulable!(Self::arrive), ()).unwrap();
    }

    #[nexosim(schedulable)]
    fn arrive(&mut self, _: (), cx: &Context<Self>) {
        let gap = self.dice.exponential(1e9 / RATE);
        cx.schedule_event(gap, schedulable!(Self::arrive), ()).unwrap();
        let request = self.requests.start();
        cx.schedule_event(TIMEOUT, schedulable!(Self::time_out), request).unwrap();
        if self.service.takes(request) {
            self.serve(request, cx);
        }
    }

    fn serve(&mut self, request: u32, cx: &Context<Self>) {
        cx.schedule_event(self.dice.exponential(SERVICE_NS), schedulable!(Self::served), request).unwrap();
    }

    #[nexosim(schedulable)]
    fn served(&mut self, request: u32, cx: &Context<Self>) {
        if let Some(next) = self.service.next() {
            self.serve(next, cx);
        }
        cx.schedule_event(LOOK_UP, schedulable!(Self::found), request).unwrap();
    }

    #[nexosim(schedulable)]
    fn found(&mut self, request: u32, cx: &Context<Self>) {
        if !self.dice.misses() {
            self.requests.answered(request);
        } else if self.database.takes(request) {
            self.read(request, cx);
        }
    }

    fn read(&mut self, request: u32, cx: &Context<Self>) {
        cx.schedule_event(self.dice.exponential(DATABASE_NS), schedulable!(Self::was_read), request).unwrap();
    }

    #[nexosim(schedulable)]
    fn was_read(&mut self, request: u32, cx: &Context<Self>) {
        if let Some(next) = self.database.next() {
            self.read(next, cx);
        }
        self.requests.answered(request);
    }

    #[nexosim(schedulable)]
    fn time_out(&mut self, request: u32) {
        self.requests.timed_out(request);
    }
}

/// One model that schedules itself. Answers how many requests were answered.
pub fn single() -> u64 {
    let model =
        Single { dice: Dice(1), requests: Requests::default(), service: Servers::new(8), database: Servers::new(16) };
    run(SimInit::with_num_threads(1).add_model(model, Mailbox::new(), "tandem"))
}

fn run(bench: SimInit) -> u64 {
    ANSWERED.store(0, Ordering::Relaxed);
    let mut simulation = bench.init(MonotonicTime::EPOCH).unwrap();
    simulation.step_until(Duration::from_secs(SECS)).unwrap();
    ANSWERED.load(Ordering::Relaxed)
}
