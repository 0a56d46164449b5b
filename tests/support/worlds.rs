//! Random worlds that shrink: a chain of services with any policies on their arrows, a store, a queue with a worker.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "extras.rs"]
mod extras;

use std::fmt::Write;

use allgreen::World;
use extras::{Extra, Slot, extras};
use proptest::prelude::*;

/// A service and how it calls the next ones.
#[derive(Clone, Debug)]
pub struct Service {
    pub replicas: u16,
    pub concurrency: u32,
    pub queue_limit: u32,
    pub work_us: u64,
    pub errors: f64,
    /// Which of the later services it calls, as bits.
    pub calls: u8,
    pub together: bool,
    pub arrow: Arrow,
}

/// The policies of a service's arrows.
#[derive(Clone, Debug)]
pub struct Arrow {
    pub latency_us: u64,
    pub loss: f64,
    pub timeout_ms: Option<u64>,
    pub attempts: Option<u8>,
    pub fallback: Option<&'static str>,
    pub breaker: bool,
    pub pool: Option<u32>,
    pub balance: &'static str,
    pub trace: &'static str,
    /// How the latency is distributed.
    pub shape: &'static str,
}

/// A world in few words.
#[derive(Clone, Debug)]
pub struct Sketch {
    pub rate: f64,
    pub services: Vec<Service>,
    pub cached: bool,
    pub queue: Option<(u32, &'static str)>,
    pub clock_ms: i64,
    pub more: More,
    pub extras: Vec<Extra>,
}

/// What few worlds have.
#[derive(Clone, Debug)]
pub struct More {
    /// Further requests of a journey.
    pub more_steps: u8,
    /// Seconds between two starts of a job.
    pub job_every: Option<u64>,
    /// How far a second database follows the first.
    pub lag_ms: Option<u64>,
    pub sampling: f64,
    pub chatter: bool,
    pub checks: bool,
    pub no_spans: bool,
    pub work: &'static str,
}

pub fn arrow() -> impl Strategy<Value = Arrow> {
    let policies = (
        prop::option::of(5..400u64),
        prop::option::of(2..4u8),
        prop::option::of(prop::sample::select(vec!["Default", "Empty", "Stale"])),
        any::<bool>(),
        prop::option::of(1..20u32),
    );
    let balance = prop::sample::select(vec!["RoundRobin", "LeastConnections", "Random", "Hash"]);
    let shapes =
        ["Exp(\"{}us\")", "Const(\"{}us\")", "Uniform(\"1us\", \"{}us\")", "LogNormal(median: \"{}us\", sigma: 0.8)"];
    let words =
        (balance, prop::sample::select(vec!["Propagated", "Dropped", "Linked"]), prop::sample::select(shapes.to_vec()));
    (10..3000u64, prop_oneof![Just(0.0), 0.0..0.03f64], policies, words).prop_map(
        |(latency_us, loss, (timeout_ms, attempts, fallback, breaker, pool), (balance, trace, shape))| Arrow {
            latency_us,
            loss,
            timeout_ms,
            attempts,
            fallback,
            breaker,
            pool,
            balance,
            trace,
            shape,
        },
    )
}

pub fn sketch() -> impl Strategy<Value = Sketch> {
    let service = ((1..4u16, 1..20u32, 0..40u32, 100..20_000u64), 0.0..0.05f64, any::<u8>(), any::<bool>(), arrow())
        .prop_map(|((replicas, concurrency, queue_limit, work_us), errors, calls, together, arrow)| Service {
            replicas,
            concurrency,
            queue_limit,
            work_us,
            errors,
            calls,
            together,
            arrow,
        });
    let queue = prop::option::of((1..50u32, prop::sample::select(vec!["Reject", "DropNewest", "DropOldest"])));
    (5.0..120.0f64, prop::collection::vec(service, 1..5), any::<bool>(), queue, -500..500i64, more()).prop_map(
        |(rate, services, cached, queue, clock_ms, more)| Sketch {
            rate,
            services,
            cached,
            queue,
            clock_ms,
            more,
            extras: Vec::new(),
        },
    )
}

/// A sketch with a few of all that nodes and arrows can have.
pub fn rich_sketch() -> impl Strategy<Value = Sketch> {
    (sketch(), extras()).prop_map(|(sketch, extras)| Sketch { extras, ..sketch })
}

fn more() -> impl Strategy<Value = More> {
    let sampling = prop_oneof![3 => Just(1.0), 1 => 0.0..1.0f64];
    let work =
        prop::sample::select(vec!["Exp(\"{}us\")", "Const(\"{}us\")", "LogNormal(median: \"{}us\", sigma: 0.7)"]);
    let numbers = (0..3u8, prop::option::of(1..9u64), prop::option::of(1..5_000u64));
    (numbers, sampling, any::<bool>(), any::<bool>(), any::<bool>(), work).prop_map(
        |((more_steps, job_every, lag_ms), sampling, chatter, checks, no_spans, work)| More {
            more_steps,
            job_every,
            lag_ms,
            sampling,
            chatter,
            checks,
            no_spans,
            work,
        },
    )
}

impl Sketch {
    /// The world as a file would have it.
    pub fn ron(&self) -> String {
        let (mut nodes, mut arrows) = (Vec::new(), Vec::new());
        let extra = |slot| extras::fields(&self.extras, slot);
        let has = |wanted| self.extras.contains(&wanted);
        let (through, tokens, letters) = (self.cached && has(Extra::Through), has(Extra::Tokens), has(Extra::Letters));
        let (front, partner, groups) = (has(Extra::Front), has(Extra::Partner), has(Extra::Groups));
        let zones = if has(Extra::Zones) { ", zones: [\"a\", \"b\"]" } else { "" };
        let judge = ["Server", "Caller"].into_iter().find(|judge| has(Extra::Locks(judge)));
        nodes.push(format!(
            "\"users\": (kind: Users, users: (count: 500, journeys_per_second: {:?}, journeys: {{ \"go\": 1.0 }}, regions: {{ \"eu\": 2.0, \"us\": 1.0 }}, accounts: {{ \"business\": 1.0, \"personal\": 3.0 }}, reports: (probability: 0.1){}))",
            self.rate,
            extra(Slot::Users)
        ));
        let entry = if front { "gateway" } else { "s0" };
        arrows.push(format!("\"users -> {entry}\": (latency: Exp(\"5ms\"), timeout: \"2s\")"));
        if front {
            nodes.push(
                "\"gateway\": (kind: Gateway, limits: [(allow: Bucket(per_second: 80.0, burst: 40))])".to_owned(),
            );
            nodes.push("\"balancer\": (kind: LoadBalancer, replicas: 2)".to_owned());
            arrows
                .push("\"gateway -> balancer\": (retry: (attempts: 2, backoff: \"5ms\"), timeout: \"1s\")".to_owned());
            arrows.push(
                "\"balancer -> s0\": (balance: LeastConnections, eject: Outlier(failures: 4, avoid_for: \"2s\"))"
                    .to_owned(),
            );
        }
        nodes.push(format!(
            "\"db\": (kind: Database, concurrency: 10, database: (read: Exp(\"2ms\"), write: Exp(\"3ms\"){}){}{zones})",
            extra(Slot::Database),
            extra(Slot::DatabaseNode)
        ));
        if let Some(lag) = self.more.lag_ms {
            nodes.push(format!("\"follower\": (kind: Database, database: (read: Exp(\"1ms\"), write: Exp(\"1ms\"), follows: \"db\", lag: \"{lag}ms\"){zones})"));
        }
        if self.cached {
            let behind = if through { ", behind: \"db\"" } else { "" };
            nodes.push(format!("\"cache\": (kind: Cache, cache: (capacity: 40, ttl: \"20s\", service: Const(\"200us\"), lost_invalidations: 0.1{behind}{}))", extra(Slot::Cache)));
        }
        if through {
            arrows.push("\"cache -> db\": (timeout: \"300ms\")".to_owned());
        }
        if tokens {
            nodes.push("\"auth\": (kind: Service, issues: (valid_for: \"3s\"), clocks: [(offset: \"30ms\")], routes: { \"POST /login\": (steps: [Work(Exp(\"1ms\")), Issue(\"pass\")]) })".to_owned());
            arrows.push("\"s0 -> auth\": (timeout: \"200ms\")".to_owned());
        }
        if let Some(judge) = judge {
            nodes.push(format!(
                "\"locks\": (kind: Service, locks: (lease: \"200ms\", judge: {judge}, service: Exp(\"500us\")){})",
                extra(Slot::LockNode)
            ));
            arrows.push(format!(
                "\"s{} -> locks\": (timeout: \"50ms\", retry: (attempts: 3, backoff: \"10ms\"))",
                self.services.len() - 1
            ));
        }
        if let Some((capacity, overflow)) = self.queue {
            nodes.push(format!(
                "\"queue\": (kind: Queue, queue: (capacity: {capacity}, overflow: {overflow}, service: Const(\"500us\"){}{}){})",
                if letters { ", dead_letters: \"letters\"" } else { "" },
                extra(Slot::Queue),
                extra(Slot::QueueNode)
            ));
            if letters {
                nodes.push("\"letters\": (kind: Queue, queue: (capacity: 20, service: Const(\"500us\")))".to_owned());
            }
            let more = extra(Slot::Worker);
            let tidy = if more.contains("tidy") { ", \"tidy\": (steps: [Work(Exp(\"200ms\"))])" } else { "" };
            nodes.push(format!("\"worker\": (kind: Worker, replicas: 2, concurrency: 2, consumes: (queue: \"queue\"), routes: {{ \"done\": (steps: [Work(Exp(\"15ms\")), Effect(\"mail\")], errors: 0.02, poison: 0.02){tidy} }}{more})"));
            arrows.push("\"queue -> worker\": ()".to_owned());
            if groups {
                nodes.push("\"archive\": (kind: Worker, consumes: (queue: \"queue\", group: \"archive\", ack: OnDelivery), routes: { \"done\": (steps: [Work(Exp(\"2ms\"))], errors: 0.05) })".to_owned());
                arrows.push("\"queue -> archive\": (loss: 0.01)".to_owned());
            }
        }
        let last = self.services.len() - 1;
        if has(Extra::Sweeper) {
            nodes.push("\"sweeper\": (kind: Job, routes: { \"sweep\": (steps: [Work(Exp(\"30ms\")), Call((to: \"db\", op: Write(\"item\")))]) }, jobs: { \"sweep\": (every: Exp(\"3s\"), route: \"sweep\") })".to_owned());
            arrows.push("\"sweeper -> db\": (timeout: \"500ms\")".to_owned());
        }
        if partner {
            nodes.push("\"partner\": (kind: External, concurrency: 20, limits: [(per: Route, allow: Window(requests: 30, every: \"1s\"))], routes: { \"POST /charges\": (steps: [Work(LogNormal(median: \"20ms\", sigma: 0.5)), Effect(\"charge\")], errors: 0.02, refusals: 0.05) })".to_owned());
            arrows.push(format!("\"s{last} -> partner\": (timeout: \"150ms\", retry: (attempts: 3, backoff: \"10ms\"), checks_body: true, fallback: (value: Default), telemetry: (refusals: true))"));
        }
        for (at, service) in self.services.iter().enumerate() {
            let mut calls = Vec::new();
            for to in at + 1..self.services.len() {
                // The next service is always called, so that none is out of reach.
                if to == at + 1 || service.calls >> to & 1 == 1 {
                    calls.push(format!("(to: \"s{to}\", op: Route(\"GET /\"))"));
                    arrows.push(format!("\"s{at} -> s{to}\": {}", service.arrow.ron(&extra(Slot::Arrow))));
                }
            }
            let mut steps = format!("Work({})", self.more.work.replace("{}", &service.work_us.to_string()));
            if service.together && !calls.is_empty() {
                let _ = write!(steps, ", All([{}])", calls.join(", "));
            } else {
                calls.iter().for_each(|call| {
                    let _ = write!(steps, ", Call({call})");
                });
            }
            if at == last {
                arrows.push(format!("\"s{at} -> db\": {}", service.arrow.ron(&extra(Slot::Arrow))));
                if through {
                    arrows.push(format!("\"s{at} -> cache\": (timeout: \"400ms\", fallback: (value: Stale))"));
                    steps += ", Call((to: \"cache\", op: Read(\"item\"))), Call((to: \"cache\", op: Write(\"item\"), when: Chance(0.05)))";
                } else if self.cached {
                    arrows.push(format!("\"s{at} -> cache\": (timeout: \"50ms\", fallback: (value: Empty))"));
                    steps += ", Call((to: \"cache\", op: Get(\"item\"))), Call((to: \"db\", op: Read(\"item\"), when: Missing(\"item\"))), Call((to: \"cache\", op: Put(\"item\"), when: Fetched(\"item\"), detached: true))";
                } else {
                    steps += ", Call((to: \"db\", op: Read(\"item\")))";
                }
                if self.more.lag_ms.is_some() {
                    arrows.push(format!("\"s{at} -> follower\": {}", service.arrow.ron(&extra(Slot::Arrow))));
                    steps += ", Call((to: \"follower\", op: Read(\"item\"), when: Chance(0.5)))";
                }
                let write = "Call((to: \"db\", op: Write(\"item\"), when: Chance(0.1), keyed: true))";
                if partner {
                    steps += ", Call((to: \"partner\", op: Route(\"POST /charges\"), when: Account(\"business\"), keyed: true))";
                }
                if has(Extra::Flag) {
                    steps += ", Call((to: \"db\", op: Write(\"entry\"), when: Flag(\"audits\"), detached: true))";
                }
                let _ = match judge {
                    Some(_) => write!(steps, ", Critical((at: \"locks\", key: \"item\", steps: [{write}]))"),
                    None => write!(steps, ", {write}"),
                };
                if self.cached && !through && has(Extra::Invalidates) {
                    steps += ", Call((to: \"cache\", op: Invalidate(\"item\"), when: Chance(0.1)))";
                }
                if self.queue.is_some() {
                    arrows.push(format!("\"s{at} -> queue\": (timeout: \"1s\")"));
                    steps += ", Call((to: \"queue\", op: Publish(\"done\")))";
                }
            }
            let more = &self.more;
            let mut own =
                format!("telemetry: (sampling: {:?}, spans: {}", more.sampling, !(more.no_spans && at % 2 == 1));
            if more.chatter {
                own += ", chatter: [(every: Exp(\"2s\"), level: Warn, text: \"cache line {n} of {n}\")]";
            }
            own += ")";
            if at == last && more.checks {
                own += ", health: (checks: [Dependency(\"db\"), PoolWait(\"db\", \"5ms\")])";
            }
            let cron = if has(Extra::Cron) {
                "\"tick\": (cron: (every: \"7s\", at: \"2s\"), on_each: true, route: \"GET /\")"
            } else {
                ""
            };
            let sweep =
                more.job_every.map(|every| format!("\"sweep\": (every: Exp(\"{every}s\"), route: \"GET /\"), "));
            if at == 0 && (sweep.is_some() || !cron.is_empty()) {
                let _ = write!(own, ", jobs: {{ {}{cron} }}", sweep.unwrap_or_default());
            }
            let mut login = "";
            if at == 0 && tokens {
                own += ", verifies: (token: \"pass\", except: [\"POST /login\"], log: true)";
                login = ", \"POST /login\": (steps: [Call((to: \"auth\", op: Route(\"POST /login\")))])";
            }
            if at == last && has(Extra::Flag) {
                own += ", flags: { \"audits\": true }";
            }
            own += &extra(Slot::Service);
            own += zones;
            nodes.push(format!(
                "\"s{at}\": (kind: Service, replicas: {}, concurrency: {}, queue_limit: {}, clocks: [(offset: \"{}ms\", drift_ppm: 3.0{}), ()], routes: {{ \"GET /\": (steps: [{steps}], errors: {:?}){login} }}, {own})",
                service.replicas,
                service.concurrency,
                service.queue_limit,
                self.clock_ms,
                extra(Slot::Clock),
                service.errors
            ));
        }
        let effects = if self.queue.is_some() { "effects: { \"mail\": 1 }, effects_within: \"20s\"" } else { "" };
        let login = if tokens { "(request: \"POST /login\", keyed: true), " } else { "" };
        let entry = if has(Extra::Flag) { ", \"entry\": (keys: 50, bytes: 40)" } else { "" };
        let pass = if tokens { ", \"pass\": (keys: 500, popularity: PerUser, bytes: 90)" } else { "" };
        let steps = ", (request: \"GET /\", think: Exp(\"800ms\"))".repeat(usize::from(self.more.more_steps));
        format!(
            "World(format: 1, name: \"sketch\", title: \"Sketch\", epoch: \"2026-01-01T00:00:00Z\",\n  data: {{ \"item\": (keys: 100, popularity: Zipf(0.8), bytes: 900, default_bytes: 9){pass}{entry} }},\n  nodes: {{\n    {}\n  }},\n  arrows: {{\n    {}\n  }},\n  journeys: {{ \"go\": (steps: [{login}(request: \"GET /\", keyed: true, owes: (parts: [\"item\"], fresh_within: \"2s\", {effects})){steps}]) }},\n)",
            nodes.join(",\n    "),
            arrows.join(",\n    ")
        )
    }

    /// Whether a time daemon may set clocks back.
    pub fn steps_clocks(&self) -> bool {
        extras::fields(&self.extras, Slot::Clock).contains("step_above: \"")
    }

    pub fn world(&self) -> World {
        load(&self.ron())
    }
}

/// A sketch's world, from a file beside the journeys that it may name.
pub fn load(text: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sketch.ron");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("arrivals.csv"), arrivals()).unwrap();
    World::load(&path).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// Journeys for 30 seconds: five at each instant, the first by one user again and again, the others by anyone, of a region,
/// of an account type.
fn arrivals() -> String {
    let rows = (0..300).map(|row| {
        let (user, region, account) = match row % 5 {
            0 => ("7", "us", "business"),
            1 => ("", "eu", ""),
            2 => ("", "", "personal"),
            3 => ("499", "", ""),
            _ => ("", "", ""),
        };
        format!("{:.1},go,{user},{region},{account}\n", f64::from(row / 5) * 0.5)
    });
    format!("time,journey,user,region,account\n{}", rows.collect::<String>())
}

impl Arrow {
    fn ron(&self, extra: &str) -> String {
        let mut fields = vec![
            format!("latency: {}", self.shape.replace("{}", &self.latency_us.to_string())),
            format!("loss: {:?}", self.loss),
            format!("balance: {}", self.balance),
            format!("trace: {}", self.trace),
        ];
        if let Some(timeout) = self.timeout_ms {
            fields.push(format!("timeout: \"{timeout}ms\""));
        }
        if let Some(attempts) = self.attempts {
            fields.push(format!("retry: (attempts: {attempts}, backoff: \"5ms\", jitter: 0.5, budget: 0.2)"));
        }
        if let Some(fallback) = self.fallback {
            fields.push(format!("fallback: (value: {fallback}, log: true)"));
        }
        if self.breaker {
            fields.push("breaker: (window: 20, threshold: 0.5, open_for: \"3s\", log: true)".to_owned());
        }
        if let Some(size) = self.pool {
            fields.push(format!("pool: (size: {size}, wait: \"100ms\")"));
        }
        format!("({}{extra})", fields.join(", "))
    }
}
