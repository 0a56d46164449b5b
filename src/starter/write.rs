//! A drawn company as the text of a world file. Knows how worlds are written; how a company is drawn is none of its
//! business.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::company::{Company, Layer, Service, Uses};
use super::roster::Luck;

/// The two families of data of each domain.
const DATA: [&str; 2] = ["record", "summary"];
/// What workers hand their messages to.
const EXTERNALS: [&str; 3] = ["mail-api", "push-api", "sms-api"];

/// The text of a world file. `command` makes it again.
pub(super) fn world(name: &str, command: &str, company: &Company, per_second: f64, luck: &mut Luck) -> String {
    let mut paper = Paper { company, arrows: BTreeMap::new(), nodes: String::new() };
    paper.entry(per_second);
    (0..company.services.len()).for_each(|at| paper.service(at, luck));
    paper.stores();
    paper.queues();
    let journeys = paper.journeys();
    let arrows = paper.arrows.iter().fold(String::new(), |mut text, ((from, to), policy)| {
        let _ = writeln!(text, "        \"{from} -> {to}\": ({policy}),");
        text
    });
    let count = company.services.len();
    format!(
        "// A company of {count} services. Made by `{command}`; another size or seed makes another one.\n\
         World(\n    format: 1,\n    name: \"{name}\",\n    title: \"{name}: a company of {count} services\",\n    \
         about: \"{count} services in {} domains behind {} gateways, drawn by luck: each domain has fronts, services in the middle and services with a database, most of them small, and all of them call the platform.\",\n    \
         epoch: \"2026-03-02T08:00:00Z\",\n    data: {{\n{}    }},\n    nodes: {{\n{}    }},\n    arrows: {{\n{arrows}    }},\n    \
         journeys: {{\n{journeys}    }},\n    monitor: (scrape_every: \"30s\", probe_every: \"30s\"),\n)\n",
        company.domains.len(),
        company.gateways,
        paper.data(),
        paper.nodes,
    )
}

struct Paper<'a> {
    company: &'a Company,
    /// Policies by both ends.
    arrows: BTreeMap<(String, String), String>,
    nodes: String,
}

fn micros(millis: f64) -> String {
    format!("\"{}us\"", (millis * 1000.0).round().max(50.0))
}

/// A time in whole steps of ten milliseconds.
fn tens(millis: f64) -> String {
    format!("\"{}ms\"", ((millis / 10.0).ceil() * 10.0).max(50.0))
}

fn work(millis: f64) -> String {
    format!("Work(LogNormal(median: {}, sigma: 0.4))", micros(millis))
}

fn get(name: &str) -> String {
    format!("GET /{name}/{{id}}")
}

fn replicas(rate: f64, is_front: bool) -> u16 {
    match rate {
        _ if rate > 20.0 => 4,
        _ if rate > 5.0 => 3,
        _ if rate > 1.0 || is_front => 2,
        _ => 1,
    }
}

fn zones(replicas: u16) -> &'static str {
    match replicas {
        1 => "",
        2 => " zones: [\"a\", \"b\"],",
        _ => " zones: [\"a\", \"b\", \"c\"],",
    }
}

impl Paper<'_> {
    fn domain(&self, of: &Service) -> &str {
        &self.company.domains[of.domain].name
    }

    fn arrow(&mut self, from: &str, to: &str, policy: &str) {
        self.arrows.insert((from.to_owned(), to.to_owned()), policy.to_owned());
    }

    fn fronts(&self) -> impl Iterator<Item = &Service> {
        self.company.services.iter().filter(|service| service.layer == Layer::Front)
    }

    /// Users, the edge and the gateways.
    fn entry(&mut self, per_second: f64) {
        let weights = self.company.visits.iter().enumerate().fold(String::new(), |mut text, (at, visit)| {
            let _ = write!(text, "\"{}\": {:.4}, ", self.journey(at), visit.weight);
            text
        });
        let _ = writeln!(
            self.nodes,
            "        \"users\": (\n            kind: Users,\n            users: (\n                count: 300000,\n                \
             journeys_per_second: {per_second:?},\n                journeys: {{ {} }},\n                \
             regions: {{ \"north\": 0.5, \"south\": 0.3, \"overseas\": 0.2 }},\n                \
             accounts: {{ \"personal\": 0.85, \"business\": 0.15 }},\n                clients: {{ \"web\": 0.6, \"app\": 0.4 }},\n                \
             reports: (probability: 0.01, delay: LogNormal(median: \"3m\", sigma: 0.8), idle_per_hour: 4.0),\n            ),\n        ),\n        \
             \"edge\": (\n            kind: LoadBalancer, concurrency: 4000, routes: {{ \"*\": (steps: [{}]) }},\n            \
             telemetry: (spans: false, sampling: 0.2),\n        ),",
            weights.trim_end_matches(", "),
            work(0.3),
        );
        self.arrow("users", "edge", "latency: LogNormal(median: \"18ms\", sigma: 0.6), timeout: \"30s\"");
        for number in 1..=self.company.gateways {
            let own: Vec<&Service> = self.fronts().filter(|front| self.gateway(front) == number).collect();
            if own.is_empty() {
                continue;
            }
            let name = format!("gateway-{number}");
            let routes = own.iter().fold(String::new(), |mut text, front| {
                let _ = write!(text, "\"{}\": (), ", get(&front.name));
                if front.writes {
                    let _ = write!(text, "\"POST /{}\": (), ", front.name);
                }
                text
            });
            let fronts: Vec<(String, f64)> = own.iter().map(|front| (front.name.clone(), front.time)).collect();
            let _ = writeln!(
                self.nodes,
                "        \"{name}\": (\n            kind: Gateway, replicas: 2, zones: [\"a\", \"b\"], concurrency: 1000,\n            \
                 routes: {{ {} }},\n            telemetry: (sampling: 0.2),\n        ),",
                routes.trim_end_matches(", "),
            );
            self.arrow("edge", &name, "timeout: \"20s\", telemetry: (spans: false)");
            for (front, time) in fronts {
                self.arrow(&name, &front, &format!("timeout: {}", tens(time * 12.0 + 500.0)));
            }
        }
    }

    /// The number of a front's gateway: domains share one.
    fn gateway(&self, front: &Service) -> usize {
        1 + front.domain % self.company.gateways
    }

    fn service(&mut self, at: usize, luck: &mut Luck) {
        let company = self.company;
        let service = &company.services[at];
        let (name, domain) = (&service.name, self.domain(service).to_owned());
        let mut steps = vec![work(service.work)];
        steps.extend(self.reads(service, &domain));
        let (main, rest) = match service.calls.split_first() {
            Some((first, rest)) if first.share >= 1.0 && !first.is_optional => (Some(first), rest),
            _ => (None, &service.calls[..]),
        };
        steps.extend(main.map(|uses| format!("Call({})", self.call(uses))));
        let rest: Vec<String> = rest.iter().map(|uses| self.call(uses)).collect();
        match &rest[..] {
            [] => {}
            [one] => steps.push(format!("Call({one})")),
            several => steps.push(format!("All([{}])", several.join(", "))),
        }
        for uses in &service.calls {
            let callee = &company.services[uses.callee];
            let timeout = tens(callee.time * 6.0 + 60.0);
            let policy = match (uses.is_optional, callee.layer) {
                (true, _) => format!(
                    "timeout: {timeout}, fallback: (value: Default), telemetry: (span_errors: false, log_failures: false)"
                ),
                (false, Layer::Base) if luck.chance(0.3) => {
                    format!("timeout: {timeout}, retry: (attempts: 2, backoff: \"20ms\", jitter: 0.5, budget: 0.1)")
                }
                _ => format!("timeout: {timeout}"),
            };
            self.arrow(name, &callee.name, &policy);
        }
        let mut routes = route(&get(name), &steps, 0.0003);
        if service.writes {
            let change = self.change(service, &domain);
            routes += &route(&format!("POST /{name}"), &change, 0.0004);
        }
        let is_front = service.layer == Layer::Front;
        let count = replicas(service.rate, is_front);
        let version = format!("{}.{}.{}", 1 + luck.below(9), luck.below(30), luck.below(8));
        let chatter = match luck.chance(0.1) {
            true => ", chatter: [(every: Exp(\"9m\"), level: Warn, text: \"took {n} entries without a label\")]",
            false => "",
        };
        let _ = writeln!(
            self.nodes,
            "        \"{name}\": (\n            kind: Service, replicas: {count},{} version: \"{version}\",\n            routes: {{\n{routes}            \
             }},\n            telemetry: (access_log: {is_front}{chatter}),\n        ),",
            zones(count),
        );
    }

    /// What a service with a store reads.
    fn reads(&mut self, service: &Service, domain: &str) -> Vec<String> {
        let (Some(datum), Some(number)) = (service.datum, service.database) else { return Vec::new() };
        let (name, database) = (&service.name, database(domain, number));
        let datum = format!("{domain}-{}", DATA[datum]);
        self.arrow(name, &database, "protocol: Sql, timeout: \"1s\", pool: (size: 16, wait: \"500ms\")");
        if !service.has_cache {
            return vec![format!("Call((to: \"{database}\", op: Read(\"{datum}\")))")];
        }
        let cache = format!("{name}-cache");
        self.arrow(name, &cache, "protocol: Redis, timeout: \"50ms\", fallback: (value: Empty, log: true)");
        vec![
            format!("Call((to: \"{cache}\", op: Get(\"{datum}\")))"),
            format!("Call((to: \"{database}\", op: Read(\"{datum}\"), when: Missing(\"{datum}\")))"),
            format!("Call((to: \"{cache}\", op: Put(\"{datum}\"), when: Fetched(\"{datum}\"), detached: true))"),
        ]
    }

    /// What a front does that changes something: it asks who it always asks, writes, and tells the worker.
    fn change(&mut self, service: &Service, domain: &str) -> Vec<String> {
        let (database, datum) = (database(domain, 0), format!("{domain}-{}", DATA[0]));
        self.arrow(&service.name, &database, "protocol: Sql, timeout: \"1s\", pool: (size: 16, wait: \"500ms\")");
        let mut steps = vec![work(service.work * 1.5)];
        let main = service.calls.first().filter(|uses| uses.share >= 1.0);
        steps.extend(main.map(|uses| format!("Call({})", self.call(uses))));
        steps.push(format!("Call((to: \"{database}\", op: Write(\"{datum}\")))"));
        steps.push(format!("Call((to: \"{database}\", op: Read(\"{datum}\")))"));
        if self.company.domains[service.domain].has_queue {
            let queue = format!("{domain}-queue");
            self.arrow(&service.name, &queue, "protocol: Amqp, timeout: \"2s\"");
            steps.push(format!("Call((to: \"{queue}\", op: Publish(\"{domain}-changed\")))"));
        }
        steps
    }

    fn call(&self, uses: &Uses) -> String {
        let callee = &self.company.services[uses.callee].name;
        let when = if uses.share < 1.0 { format!(", when: Chance({:?})", uses.share) } else { String::new() };
        format!("(to: \"{callee}\", op: Route(\"{}\"){when})", get(callee))
    }

    /// Databases and caches that somebody calls.
    fn stores(&mut self) {
        let called: BTreeSet<String> = self.arrows.keys().map(|(_, to)| to.clone()).collect();
        let domains = self.company.domains.iter();
        let databases =
            domains.flat_map(|domain| (0..domain.databases.max(1)).map(|number| database(&domain.name, number)));
        for name in databases.filter(|name| called.contains(name)) {
            let _ = writeln!(
                self.nodes,
                "        \"{name}\": (kind: Database, concurrency: 48, version: \"17.2\", database: (read: LogNormal(median: \"2ms\", sigma: 0.5), \
                 write: LogNormal(median: \"4ms\", sigma: 0.5)), telemetry: (spans: false, access_log: false)),"
            );
        }
        for service in self.company.services.iter().filter(|service| service.has_cache) {
            let _ = writeln!(
                self.nodes,
                "        \"{}-cache\": (kind: Cache, concurrency: 256, version: \"7.4.1\", cache: (capacity: 15000, ttl: \"5m\", \
                 service: LogNormal(median: \"250us\", sigma: 0.3)), telemetry: (spans: false, access_log: false)),",
                service.name
            );
        }
    }

    /// The queue and the worker of each domain where something changes.
    fn queues(&mut self) {
        let company = self.company;
        let mut used = BTreeSet::new();
        for (at, domain) in company.domains.iter().enumerate().filter(|(_, domain)| domain.has_queue) {
            if !company.services.iter().any(|service| service.domain == at && service.writes) {
                continue;
            }
            let (name, external) = (&domain.name, EXTERNALS[at % EXTERNALS.len()]);
            used.insert(external);
            let _ = writeln!(
                self.nodes,
                "        \"{name}-queue\": (kind: Queue, concurrency: 64, version: \"4.0.5\", queue: (capacity: 50000, \
                 service: LogNormal(median: \"900us\", sigma: 0.3)), telemetry: (spans: false, access_log: false)),\n        \
                 \"{name}-worker\": (\n            kind: Worker, replicas: 2, zones: [\"a\", \"b\"], concurrency: 8, consumes: (queue: \"{name}-queue\"),\n            \
                 routes: {{\n{}            }},\n            telemetry: (access_log: false),\n        ),",
                route(
                    &format!("{name}-changed"),
                    &[
                        work(20.0),
                        format!("Call((to: \"{external}\", op: Route(\"POST /messages\")))"),
                        format!("Effect(\"{name}-told\")")
                    ],
                    0.0
                )
            );
            self.arrow(&format!("{name}-queue"), &format!("{name}-worker"), "protocol: Amqp");
            let policy = "latency: LogNormal(median: \"12ms\", sigma: 0.3), timeout: \"5s\", retry: (attempts: 4, backoff: \"200ms\", jitter: 0.5)";
            self.arrow(&format!("{name}-worker"), external, policy);
        }
        for external in used {
            let _ = writeln!(
                self.nodes,
                "        \"{external}\": (kind: External, concurrency: 400, routes: {{ \"POST /messages\": (steps: [{}], errors: 0.001) }}, \
                 telemetry: (metrics: false, spans: false, access_log: false)),",
                work(180.0)
            );
        }
    }

    /// Families of data that somebody reads or writes.
    fn data(&self) -> String {
        let mut used: BTreeSet<(usize, usize)> = BTreeSet::new();
        for service in &self.company.services {
            used.extend(service.datum.map(|datum| (service.domain, datum)));
            used.extend(service.writes.then_some((service.domain, 0)));
        }
        used.into_iter().fold(String::new(), |mut text, (domain, datum)| {
            let (name, bytes) = (&self.company.domains[domain].name, [1400, 500][datum]);
            let kind = DATA[datum];
            let _ = writeln!(
                text,
                "        \"{name}-{kind}\": (keys: 40000, popularity: Zipf(0.9), bytes: {bytes}, default_bytes: 24),"
            );
            text
        })
    }

    fn journey(&self, at: usize) -> String {
        let front = self.company.visits.get(at).and_then(|visit| visit.fronts.first());
        front.map_or(String::new(), |front| format!("visit-{}", self.company.services[*front].name))
    }

    fn journeys(&self) -> String {
        let mut text = String::new();
        for (at, visit) in self.company.visits.iter().enumerate() {
            let _ = writeln!(text, "        \"{}\": (steps: [", self.journey(at));
            for (number, front) in visit.fronts.iter().enumerate() {
                let service = &self.company.services[*front];
                let think = if number == 0 { "" } else { "think: Exp(\"8s\"), " };
                let mut sure = BTreeSet::new();
                self.sure(*front, &mut sure);
                let parts: Vec<String> = sure.iter().map(|part| format!("\"{part}\"")).collect();
                let _ = writeln!(
                    text,
                    "            (request: \"{}\", {think}owes: (parts: [{}], answer_within: \"3s\")),",
                    get(&service.name),
                    parts.join(", ")
                );
                if service.writes {
                    let domain = self.domain(service);
                    let effects = match self.company.domains[service.domain].has_queue {
                        true => format!(", effects: {{ \"{domain}-told\": 1 }}, effects_within: \"1m\""),
                        false => String::new(),
                    };
                    let _ = writeln!(
                        text,
                        "            (request: \"POST /{}\", think: Exp(\"12s\"), owes: (parts: [\"{domain}-{}\"], answer_within: \"4s\"{effects})),",
                        service.name, DATA[0]
                    );
                }
            }
            text += "        ]),\n";
        }
        text
    }

    /// The data that each answer of a service has.
    fn sure(&self, at: usize, parts: &mut BTreeSet<String>) {
        let service = &self.company.services[at];
        parts.extend(service.datum.map(|datum| format!("{}-{}", self.domain(service), DATA[datum])));
        service.calls.iter().filter(|uses| uses.share >= 1.0).for_each(|uses| self.sure(uses.callee, parts));
    }
}

fn database(domain: &str, number: usize) -> String {
    format!("{domain}-db-{}", number + 1)
}

/// A route with its steps, one a line.
fn route(name: &str, steps: &[String], errors: f64) -> String {
    let steps = steps.join(",\n                    ");
    let errors = if errors > 0.0 { format!(", errors: {errors:?}") } else { String::new() };
    format!("                \"{name}\": (steps: [\n                    {steps},\n                ]{errors}),\n")
}
