//! The HTTP APIs of Prometheus, Loki and Tempo over a run that goes on, and OTLP push to a collector. Knows telemetry, query
//! and export; must never know the engine, a session or the ground truth: whoever runs the simulation publishes
//! snapshots of its telemetry, and nothing else gets in.
//!
//! ```text
//! publish ──▶ Shelf ──▶ server (limits, sockets) ──▶ prometheus, loki, drilldown, tempo, search, records ──▶ query, export
//!               └─────▶ push (what was acknowledged, what is tried again) ──▶ a collector
//! ```

mod answer;
mod ask;
mod drilldown;
mod loki;
mod prometheus;
mod push;
mod records;
mod search;
mod server;
mod shelf;
mod stoppable;
mod tempo;
mod unfinished;

pub use push::{Backoff, Endpoint, Push, Pushed, Tell};
pub use server::{Limits, Server};
pub use shelf::{Shelf, Snapshot};
