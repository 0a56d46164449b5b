//! Detectors: telemetry in, findings out. Each detector that ships watches one thing that a system says about itself and
//! compares it with the past of the same run; [`crate::sweep`] replays seeds and scores them, and yours beside them.
//!
//! Knows telemetry alone, as a pager does: no world, no lesson, no true time and no ground truth. A test reads the source
//! of this room to hold that.
//!
//! ```
//! use allgreen::detect::{Detector, Finding};
//! use allgreen::telemetry::series;
//! use allgreen::{Seed, SimTime, Simulation, Telemetry, World};
//!
//! /// Rings once, as soon as a queue's oldest message has waited for half a minute.
//! struct OldMessages;
//!
//! impl Detector for OldMessages {
//!     fn detect(&self, telemetry: &Telemetry) -> Vec<Finding> {
//!         let Some((id, family)) = series::family(telemetry, "messaging.queue.oldest_age") else { return Vec::new() };
//!         let mut findings = Vec::new();
//!         for (queue, one) in series::of_family(telemetry, id) {
//!             let waited = |numbers: Option<&[f64]>| numbers.is_some_and(|numbers| numbers[0] >= 30.0);
//!             let mut scrapes = telemetry.metrics.scrapes(queue);
//!             // Stamped when it could first be known: at the scrape that shows it.
//!             if let Some(scrape) = scrapes.find(|scrape| waited(scrape.numbers(one, family.width()))) {
//!                 let service = telemetry.resource(queue).service.clone();
//!                 let what = "a message has waited for half a minute".to_owned();
//!                 findings.push(Finding { at: scrape.stamp, service: Some(service), what });
//!             }
//!         }
//!         findings
//!     }
//! }
//!
//! let text = allgreen::builtin::text("worlds/storefront.ron").unwrap();
//! let world = World::from_ron("storefront", &text)?;
//! let mut sim = Simulation::new(&world, Seed(7));
//! sim.run_until(SimTime::from_secs(120));
//! assert!(OldMessages.detect(sim.telemetry()).is_empty(), "nothing is wrong yet");
//! // A closure is one as well.
//! let silent = |_: &Telemetry| Vec::new();
//! assert!(silent.detect(sim.telemetry()).is_empty());
//! # Ok::<(), allgreen::Problems>(())
//! ```

mod active_requests;
pub(crate) mod alarms;
mod answer_size;
mod body_refusals;
mod broken_traces;
mod cache_age;
mod cache_hits;
mod call_errors;
mod call_latency;
mod calls_per_request;
mod client_errors;
mod clock_offset;
mod counts;
mod dead_letters;
mod edge;
mod fallback_lines;
mod memory_growth;
mod naive;
mod outdated_writes;
mod pool_waits;
mod queue_age;
mod queue_balance;
mod queue_depth;
mod replica_latency;
mod resends;
mod route_traffic;
mod rule;
mod span_order;
mod user_reports;

use std::fmt;

pub(crate) use rule::median;

use crate::telemetry::Telemetry;
use crate::time::Stamp;

/// What a detector found, and when it could first have said so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// When: no later telemetry than this was needed. Where clocks disagree, by the clock that stamped what it was found
    /// in; that of the monitor is right.
    pub at: Stamp,
    /// The node that it points at, if it points at one.
    pub service: Option<String>,
    /// What, in words.
    pub what: String,
}

/// A heuristic that looks for something wrong in the telemetry of a run.
///
/// It is a function: the same telemetry, the same findings. And it is causal: a finding is stamped when it could have
/// been raised, from what had been said until then. More telemetry after that moment must not change it.
pub trait Detector {
    /// Everything that it finds, in any order.
    fn detect(&self, telemetry: &Telemetry) -> Vec<Finding>;
}

impl<F: Fn(&Telemetry) -> Vec<Finding>> Detector for F {
    fn detect(&self, telemetry: &Telemetry) -> Vec<Finding> {
        self(telemetry)
    }
}

/// A detector with its name, as the command line and tables call it.
pub struct Named {
    name: String,
    watches: String,
    detector: Box<dyn Detector + Send + Sync>,
}

impl Named {
    /// A detector under a name, with a few words for what it watches.
    pub fn new(
        name: impl Into<String>,
        watches: impl Into<String>,
        detector: impl Detector + Send + Sync + 'static,
    ) -> Named {
        Named { name: name.into(), watches: watches.into(), detector: Box::new(detector) }
    }

    /// Its name: `cache-age`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it watches, in a few words.
    pub fn watches(&self) -> &str {
        &self.watches
    }
}

impl Detector for Named {
    fn detect(&self, telemetry: &Telemetry) -> Vec<Finding> {
        self.detector.detect(telemetry)
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Named").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The page about detectors: its example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/detectors.md")]
struct Page;

/// The detectors that ship: first the alarms that everybody has, then those that can see what these do not.
pub fn all() -> Vec<Named> {
    let mut all = naive::all();
    all.extend([
        Named::new("user-reports", "reports of users at the help desk", user_reports::detect),
        Named::new("client-errors", "share of a route's answers that are 4xx", client_errors::detect),
        Named::new("answer-size", "mean size of a route's answers, when it falls", answer_size::detect),
        Named::new("route-traffic", "a route's share of its service's requests", route_traffic::detect),
        Named::new("active-requests", "requests that a service works on or keeps waiting", active_requests::detect),
        Named::new("replica-latency", "a replica's mean latency beside that of its siblings", replica_latency::detect),
        Named::new("call-errors", "share of an arrow's attempts that fail", call_errors::detect),
        Named::new("call-latency", "mean latency of an arrow's attempts", call_latency::detect),
        Named::new(
            "missing-calls",
            "attempts over an arrow for each request, when they fall",
            calls_per_request::missing,
        ),
        Named::new("extra-calls", "attempts over an arrow for each request, when they rise", calls_per_request::extra),
        Named::new("resends", "share of an arrow's attempts that repeat one", resends::detect),
        Named::new("body-refusals", "share of an arrow's good answers whose body says no", body_refusals::detect),
        Named::new("pool-waits", "mean time to obtain a connection of a pool", pool_waits::detect),
        Named::new("fallback-lines", "log lines about fallbacks and breakers", fallback_lines::detect),
        Named::new("cache-age", "mean age of what a cache serves", cache_age::detect),
        Named::new("cache-hits", "share of look-ups that a cache answers", cache_hits::detect),
        Named::new("queue-age", "age of a queue's oldest message", queue_age::detect),
        Named::new("queue-depth", "messages that wait in a queue", queue_depth::detect),
        Named::new("queue-balance", "messages consumed for each one sent", queue_balance::detect),
        Named::new("dead-letters", "messages that a queue gives up", dead_letters::detect),
        Named::new("outdated-writes", "writes acknowledged and not kept", outdated_writes::detect),
        Named::new("memory-growth", "memory that a replica holds", memory_growth::detect),
        Named::new("clock-offset", "how far a replica measures its clock to be off", clock_offset::detect),
        Named::new("early-spans", "spans that start before their parents", span_order::early),
        Named::new("outliving-spans", "server spans that end after the call that asked", span_order::outliving),
        Named::new("broken-traces", "share of a service's spans that begin a trace", broken_traces::detect),
    ]);
    all
}
