//! Small worlds for tests, and the statistics to judge them by.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use allgreen::telemetry::{MetricKind, Telemetry};
use allgreen::{Seed, SimTime, Simulation, World};

/// Users → edge (no work, never full) → stations in a row, each with its own service time, servers and room to wait.
pub struct Line<'a> {
    /// Journeys per second.
    pub rate: f64,
    /// (work as RON, servers, places in line)
    pub stations: &'a [(&'a str, u32, u32)],
}

impl Line<'_> {
    /// The world, with a network that takes no time.
    pub fn world(&self) -> World {
        let (mut nodes, mut arrows) = (String::new(), String::new());
        for (at, (work, servers, room)) in self.stations.iter().enumerate() {
            // A station of queueing theory frees its server before the next station begins: nobody waits for the call.
            let next = format!(", Call((to: \"s{}\", op: Route(\"GET /\"), detached: true))", at + 1);
            let calls = if at + 1 < self.stations.len() { next } else { String::new() };
            nodes += &format!(
                "\"s{at}\": (kind: Service, concurrency: {servers}, queue_limit: {room}, routes: {{ \"GET /\": (steps: [Work({work}){calls}]) }}, telemetry: (spans: false, access_log: false)),\n"
            );
            if at > 0 {
                arrows += &format!("\"s{} -> s{at}\": (latency: Const(\"0s\")),\n", at - 1);
            }
        }
        let text = format!(
            r#"World(
                format: 1, name: "line", title: "Line", epoch: "2026-01-01T00:00:00Z",
                nodes: {{
                    "users": (kind: Users, users: (count: 1000, journeys_per_second: {rate:?}, journeys: {{ "go": 1.0 }}, regions: {{ "eu": 1.0 }}, reports: (probability: 0.0, idle_per_hour: 0.0))),
                    "edge": (kind: LoadBalancer, concurrency: 100000, telemetry: (spans: false, access_log: false)),
                    {nodes}
                }},
                arrows: {{ "users -> edge": (latency: Const("0s")), "edge -> s0": (latency: Const("0s"), telemetry: (spans: false, metrics: true, log_failures: false)), {arrows} }},
                journeys: {{ "go": (steps: [(request: "GET /")]) }},
                monitor: (scrape_every: "1s", probe_every: "10m"),
            )"#,
            rate = self.rate
        );
        World::from_ron("line", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    /// Runs one seed and answers its telemetry.
    pub fn run(&self, seed: u64, secs: u64) -> Simulation {
        simulate(&self.world(), seed, secs)
    }
}

/// Users who make one request, `GET /`, through the arrow to `edge`; the rest is the test's own.
pub fn world(rate: f64, data: &str, nodes: &str, arrows: &str) -> World {
    let text = format!(
        r#"World(
            format: 1, name: "theory", title: "Theory", epoch: "2026-01-01T00:00:00Z",
            data: {{ {data} }},
            nodes: {{
                "users": (kind: Users, users: (count: 1000, journeys_per_second: {rate:?}, journeys: {{ "go": 1.0 }}, regions: {{ "eu": 1.0 }}, reports: (probability: 0.0, idle_per_hour: 0.0))),
                {nodes}
            }},
            arrows: {{ "users -> edge": (latency: Const("0s")), {arrows} }},
            journeys: {{ "go": (steps: [(request: "GET /")]) }},
            monitor: (scrape_every: "1s", probe_every: "10m"),
        )"#
    );
    World::from_ron("theory", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// A run of one seed.
pub fn simulate(world: &World, seed: u64, secs: u64) -> Simulation {
    let mut sim = Simulation::new(world, Seed(seed));
    sim.run_until(SimTime::from_secs(secs));
    sim
}

/// The newest scrape of a node's replicas: (sum, count) of a histogram over series that have this label (or all).
pub fn histogram(telemetry: &Telemetry, node: &str, metric: &str, with: Option<(&str, &str)>) -> (f64, f64) {
    let (mut sum, mut count) = (0.0, 0.0);
    for_series(telemetry, node, metric, with, |values, width| {
        sum += values[0];
        count += values[1..width].iter().sum::<f64>();
    });
    (sum, count)
}

/// The values of a gauge at each scrape, summed over the node's replicas.
pub fn gauge(telemetry: &Telemetry, node: &str, metric: &str) -> Vec<f64> {
    let names = &telemetry.names;
    let family = names.find(metric).and_then(|name| telemetry.metrics.find_family(name)).unwrap();
    let mut totals = Vec::new();
    for resource in telemetry.replicas(node) {
        let (_, target) = telemetry.metrics.targets().nth(usize::from(resource.0)).unwrap();
        let slots: Vec<usize> =
            target.series.iter().filter(|series| series.family == family).map(|series| series.slot as usize).collect();
        for (at, scrape) in telemetry.metrics.scrapes(resource).enumerate() {
            if totals.len() <= at {
                totals.push(0.0);
            }
            totals[at] += slots.iter().filter_map(|slot| scrape.values.get(*slot)).sum::<f64>();
        }
    }
    totals
}

fn for_series(
    telemetry: &Telemetry,
    node: &str,
    metric: &str,
    with: Option<(&str, &str)>,
    mut each: impl FnMut(&[f64], usize),
) {
    let names = &telemetry.names;
    let id = names.find(metric).and_then(|name| telemetry.metrics.find_family(name)).unwrap();
    let family = &telemetry.metrics.families()[usize::from(id.0)];
    assert_eq!(family.kind, MetricKind::Histogram);
    for resource in telemetry.replicas(node) {
        let Some((_, target)) = telemetry.metrics.targets().nth(usize::from(resource.0)) else { continue };
        let Some(scrape) = telemetry.metrics.scrapes(resource).next_back() else { continue };
        for series in target.series.iter().filter(|series| series.family == id) {
            let has = |(key, value): (&str, &str)| {
                series.labels.iter().any(|(k, v)| names.text(*k) == key && names.text(*v) == value)
            };
            let from = series.slot as usize;
            if with.is_none_or(has) && scrape.values.len() >= from + family.width() {
                each(&scrape.values[from..from + family.width()], family.width());
            }
        }
    }
}

/// Mean and standard error of independent runs.
pub fn mean_and_error(runs: &[f64]) -> (f64, f64) {
    let n = runs.len() as f64;
    let mean = runs.iter().sum::<f64>() / n;
    let variance = runs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Fails unless `theory` lies within five standard errors of the mean of the runs, and those are within 5 % of it.
pub fn agrees(what: &str, runs: &[f64], theory: f64) {
    let (mean, error) = mean_and_error(runs);
    println!("{what}: theory {theory:.6}, simulated {mean:.6} ± {error:.6}");
    assert!(error < 0.05 * theory.abs(), "{what}: the standard error {error} is too large to say anything");
    assert!(
        (mean - theory).abs() < 5.0 * error + 1e-9,
        "{what}: theory {theory}, simulated {mean} ± {error}; seed by seed {runs:?}"
    );
}
