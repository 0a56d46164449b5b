//! The engine agrees with theory: means of independent seeds lie within five standard errors of the formulas (a false
//! alarm in about two million). Each comparison prints its figures: `cargo test --test theory -- --nocapture`.

#![allow(clippy::unwrap_used)]

mod conservation;
mod networks;
mod policies;
mod queues;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/worlds.rs"]
mod worlds;

/// The seeds of each comparison, in the order in which a failure prints what each found.
const SEEDS: std::ops::Range<u64> = 100..112;
