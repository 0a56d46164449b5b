//! Telemetry in formats that other programs read. Knows telemetry; must never know the ground truth.

mod jsonl;

pub use jsonl::{FILES, FORMAT, JsonLines, write};
