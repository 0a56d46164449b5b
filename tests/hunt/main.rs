//! A hunt for what no test thought of, after TigerBeetle's VOPR: each seed is a random world, random faults and a random
//! workload, run with all invariants checked while it runs. A seed that fails is shrunk and printed as files.
//!
//! `cargo test --test hunt` tries a few; `ALLGREEN_HUNT_SEEDS=5000 cargo test --release --test hunt -- --nocapture` more;
//! `ALLGREEN_HUNT_FROM=17 ALLGREEN_HUNT_SEEDS=1` repeats one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::expect_used)]

mod faults;
mod invariants;
#[path = "../support/worlds.rs"]
mod worlds;

use std::fmt::Write;

use faults::{Fault, faults};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use worlds::{Sketch, rich_sketch};

/// What one seed tries.
#[derive(Clone, Debug)]
pub struct Case {
    /// Decides everything.
    pub seed: u64,
    /// The world.
    pub sketch: Sketch,
    /// What happens to it.
    pub faults: Vec<Fault>,
    /// When a copy is made, in seconds.
    pub fork_at: u64,
}

/// Seeds tried by a plain `cargo test`.
const FEW: u64 = 24;
/// Runs spent on making a failing case smaller.
const MOST_SHRINKS: u32 = 400;

/// The case of a seed, as a tree of smaller and smaller ones.
fn case(seed: u64) -> impl ValueTree<Value = Case> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (rich_sketch(), prop::collection::vec(faults(), 0..10), 1..invariants::SECS)
        .prop_map(move |(sketch, faults, fork_at)| Case { seed, sketch, faults, fork_at });
    strategy.new_tree(&mut runner).unwrap()
}

/// What is wrong with a case, after it was made as small as it goes; None if nothing is.
fn hunt(seed: u64, check: impl Fn(&Case) -> Result<(), String>) -> Option<String> {
    let mut tree = case(seed);
    let mut smallest = (tree.current(), check(&tree.current()).err()?);
    let mut goes_on = tree.simplify();
    for _ in 0..MOST_SHRINKS {
        if !goes_on {
            break;
        }
        let smaller = tree.current();
        goes_on = match check(&smaller) {
            Err(wrong) => {
                smallest = (smaller, wrong);
                tree.simplify()
            }
            Ok(()) => tree.complicate(),
        };
    }
    let (case, wrong) = smallest;
    let mut report = format!("seed {seed}: {wrong}\n\nthe world, as small as it fails:\n{}\n", case.sketch.ron());
    for fault in case.faults.iter().filter_map(|fault| fault.change(&case.sketch)) {
        let _ = writeln!(report, "at {}: {}", fault.0, ron::to_string(&fault.1).unwrap());
    }
    let _ = write!(
        report,
        "copied after {} s\nrepeat: ALLGREEN_HUNT_FROM={seed} ALLGREEN_HUNT_SEEDS=1 cargo test --test hunt",
        case.fork_at
    );
    Some(report)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

#[test]
fn no_seed_breaks_an_invariant() {
    let from = number("ALLGREEN_HUNT_FROM").unwrap_or(0);
    let seeds = number("ALLGREEN_HUNT_SEEDS").unwrap_or(FEW);
    let mut found = 0;
    for seed in from..from.saturating_add(seeds) {
        if let Some(report) = hunt(seed, invariants::check) {
            println!("{report}\n");
            found += 1;
        }
    }
    assert_eq!(found, 0, "of {seeds} seeds from {from}");
}

/// The hunt itself: an invariant that does not hold is found, and what is left of the case is small.
#[test]
fn a_wrong_invariant_is_found_and_shrunk() {
    let no_errors = |case: &Case| {
        let sim = invariants::run(case);
        let failed = sim.truth().settled().any(|settled| settled.outcome == allgreen::truth::Outcome::Failed);
        if failed { Err("a user got an error".to_owned()) } else { Ok(()) }
    };
    let report = (0..50).find_map(|seed| hunt(seed, no_errors)).expect("one of 50 worlds has errors");
    assert!(report.contains("a user got an error") && report.contains("ALLGREEN_HUNT_FROM="), "{report}");
    let world = report.split("fails:\n").nth(1).and_then(|rest| rest.split("\n)").next()).unwrap();
    let services = world.matches("kind: Service").count();
    assert!(services <= 2 && !world.contains("breaker") && !world.contains("fallback"), "not small: {report}");
}
