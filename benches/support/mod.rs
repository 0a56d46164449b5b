//! What the benches share: worlds from text, and times side by side in one run.
#![allow(dead_code, clippy::expect_used, clippy::print_stdout, reason = "a bench reports on standard output")]

pub mod tandem;

use std::time::Instant;

use allgreen::{Seed, SimTime, Simulation, World};

/// A world from the text of its parts.
pub fn world(data: &str, nodes: &str, arrows: &str, journeys: &str) -> World {
    let text = format!(
        r#"World(format: 1, name: "bench", title: "Bench", epoch: "2026-01-01T00:00:00Z",
            data: {{ {data} }}, nodes: {{ {nodes} }}, arrows: {{ {arrows} }}, journeys: {{ {journeys} }})"#
    );
    World::from_ron("bench", &text).unwrap_or_else(|problems| unreachable!("{problems}"))
}

/// One run.
pub fn simulate(world: &World, secs: u64) -> Simulation {
    let mut sim = Simulation::new(world, Seed(7));
    sim.run_until(SimTime::from_secs(secs));
    sim
}

/// The best of some runs in seconds, taken in turn so that a busy machine is busy for all. The least is what the code
/// costs; the rest is what others cost.
pub fn best_of<const N: usize>(rounds: usize, mut runs: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut best = [f64::INFINITY; N];
    for _ in 0..rounds {
        for (best, run) in best.iter_mut().zip(&mut runs) {
            let since = Instant::now();
            run();
            *best = best.min(since.elapsed().as_secs_f64());
        }
    }
    best
}

/// SplitMix64 (Steele, Lea and Flood 2014): luck for what is not the engine.
pub struct Luck(pub u64);

impl Luck {
    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Exponential with this mean in nanoseconds.
    pub fn exponential(&mut self, mean_ns: f64) -> u64 {
        (-mean_ns * (1.0 - self.unit()).ln()) as u64
    }
}
