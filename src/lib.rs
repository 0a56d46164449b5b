//! A deterministic, seeded simulator of a microservice system whose failures are silent, and a lab to practise on it.
//!
//! Data flows one way: [`world`] and [`lesson`] are plain data, [`engine`] runs them, and emits [`telemetry`] (what a
//! learner or a detector may see) and [`truth`] (what each user was owed and got). [`lab`] is a learner's session over
//! both; `terminal` and `app` are its faces. [`detect`] looks for what is wrong in telemetry, and [`sweep`] scores how well.
#![forbid(unsafe_code)]

#[cfg(feature = "gui")]
pub mod app;
pub mod builtin;
pub mod cli;
pub mod detect;
pub mod diagnostic;
pub mod engine;
pub mod export;
pub mod generate;
pub mod lab;
pub mod language;
pub mod lesson;
pub mod prove;
pub mod query;
pub mod random;
pub mod report;
#[cfg(feature = "serve")]
pub mod serve;
pub mod starter;
#[cfg(any(test, feature = "proptest"))]
pub mod strategies;
pub mod sweep;
pub mod telemetry;
pub mod terminal;
pub mod time;
pub mod truth;
pub mod watch;
mod whole;
pub mod world;

pub use diagnostic::Problems;
pub use engine::Simulation;
pub use lesson::Lesson;
pub use random::Seed;
pub use telemetry::Telemetry;
pub use time::{Duration, SimTime};
pub use truth::Truth;
pub use world::World;
