//! What nodes and clocks do, as telemetry and the ledger show it: one small world for each behaviour.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod caches;
mod clocks;
mod databases;
mod fallbacks;
mod guards;
mod locks;
mod messages;
mod services;
mod together;
mod tokens;
mod troubles;

use allgreen::truth::Outcome;
use allgreen::world::{Change, ChangeKind, Set, Setting};
use allgreen::{Seed, SimTime, Simulation, World};

/// A world of users (`users`, on the journey `go`) and what a test is about.
pub struct Scene<'a> {
    /// Journeys per second.
    pub rate: f64,
    pub data: &'a str,
    pub nodes: &'a str,
    pub arrows: &'a str,
    /// The steps of the journey `go`.
    pub steps: &'a str,
}

impl Scene<'_> {
    pub fn world(&self) -> World {
        let text = format!(
            r#"World(
                format: 1, name: "scene", title: "Scene", epoch: "2026-01-01T00:00:00Z",
                data: {{ {} }},
                nodes: {{
                    "users": (kind: Users, users: (count: 1000000, journeys_per_second: {:?}, journeys: {{ "go": 1.0 }}, regions: {{ "eu": 1.0 }}, accounts: {{ "personal": 0.8, "enterprise": 0.2 }}, reports: (probability: 0.0, idle_per_hour: 0.0))),
                    {}
                }},
                arrows: {{ {} }},
                journeys: {{ "go": (steps: [{}]) }},
                monitor: (scrape_every: "1s", probe_every: "5s"),
            )"#,
            self.data, self.rate, self.nodes, self.arrows, self.steps
        );
        World::from_ron("scene", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    pub fn start(&self) -> Simulation {
        Simulation::new(&self.world(), Seed(7))
    }

    /// Runs it with changes at these seconds, and checks that a fork on the way ends as the original does.
    pub fn run(&self, secs: u64, changes: &[(u64, &str, &[u16], Setting)]) -> Simulation {
        let mut sim = self.start();
        for (at, on, replicas, to) in changes {
            sim.schedule(SimTime::from_secs(*at), &change(on, replicas, to.clone()));
        }
        sim.run_until(SimTime::from_secs(secs * 2 / 3));
        let mut fork = sim.fork();
        sim.run_until(SimTime::from_secs(secs));
        fork.run_until(SimTime::from_secs(secs));
        assert_eq!(sim.digest(), fork.digest(), "a fork ends as the original");
        sim
    }
}

/// A change of one setting.
pub fn change(on: &str, replicas: &[u16], to: Setting) -> Change {
    let set = Set { replicas: replicas.to_vec(), ..Set::new(on, to.clone()) };
    Change { on: on.into(), ..Change::new(format!("{on} {to:?}"), ChangeKind::Config, vec![set]) }
}

/// Settled requests of `[from, to)` seconds with this outcome.
pub fn outcomes(sim: &Simulation, outcome: Outcome, from: u64, to: u64) -> u64 {
    sim.truth().outcomes(SimTime::from_secs(from), SimTime::from_secs(to))[outcome as usize]
}

/// How many lines contain these words.
pub fn lines(sim: &Simulation, words: &str) -> usize {
    let telemetry = sim.telemetry();
    let logs = telemetry.logs.iter();
    logs.filter(|record| {
        let mut text = String::new();
        telemetry.logs.render_into(&telemetry.names, *record, &mut text);
        text.contains(words)
    })
    .count()
}

/// How far the clock of an instance is off, in seconds.
pub fn clock_error(sim: &Simulation, instance: &str) -> f64 {
    let clocks = sim.clocks();
    let reading = clocks.iter().find(|reading| reading.instance == instance).unwrap();
    reading.says.as_secs_f64() - sim.now().as_secs_f64()
}
