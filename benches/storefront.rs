//! How fast the storefront runs with all telemetry recorded, and what telemetry costs in memory.
//!
//! `cargo bench --bench storefront` prints the memory figures first, then the timings.
#![allow(clippy::expect_used, reason = "a bench of a broken world may stop")]

use allgreen::{Seed, SimTime, Simulation, World};
use divan::Bencher;
use divan::counter::ItemsCount;

const WORLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/worlds/storefront.ron");

fn main() {
    memory();
    divan::main();
}

fn simulate(world: &World, minutes: u64) -> Simulation {
    let mut sim = Simulation::new(world, Seed(7));
    sim.run_until(SimTime::from_secs(minutes * 60));
    sim
}

/// Bytes of each stored record, columns and arguments together.
#[allow(clippy::print_stdout, reason = "a bench reports on standard output")]
fn memory() {
    let world = World::load(WORLD).expect("the storefront is a good world");
    let since = std::time::Instant::now();
    let sim = simulate(&world, 30);
    let took = since.elapsed().as_secs_f64();
    let telemetry = sim.telemetry();
    let each = |bytes: usize, number: usize| bytes as f64 / number.max(1) as f64;
    println!("30 simulated minutes of the storefront on one core, all telemetry recorded");
    println!("  {took:.2} s, {} events, {:.2} million events/s", sim.events(), sim.events() as f64 / took / 1e6);
    println!(
        "  {:.1} bytes per span ({})",
        each(telemetry.spans.bytes(), telemetry.spans.len()),
        telemetry.spans.len()
    );
    println!(
        "  {:.1} bytes per log record ({})",
        each(telemetry.logs.bytes(), telemetry.logs.len()),
        telemetry.logs.len()
    );
    println!(
        "  {:.1} bytes per metric sample ({})",
        each(telemetry.metrics.bytes(), telemetry.metrics.samples()),
        telemetry.metrics.samples()
    );
}

#[divan::bench(args = [5, 30], sample_count = 5)]
fn simulated_minutes(bencher: Bencher<'_, '_>, minutes: u64) {
    let world = World::load(WORLD).expect("the storefront is a good world");
    let events = simulate(&world, minutes).events();
    bencher.counter(ItemsCount::new(events)).bench(|| simulate(&world, minutes));
}

/// A copy of a run of 30 minutes that continues on its own.
#[divan::bench(sample_count = 20)]
fn fork_after_30_minutes(bencher: Bencher<'_, '_>) {
    let world = World::load(WORLD).expect("the storefront is a good world");
    let sim = simulate(&world, 30);
    bencher.bench(|| sim.fork());
}

/// All telemetry and ground truth of 30 minutes, hashed.
#[divan::bench(sample_count = 5)]
fn digest_of_30_minutes(bencher: Bencher<'_, '_>) {
    let world = World::load(WORLD).expect("the storefront is a good world");
    let sim = simulate(&world, 30);
    bencher.bench(|| sim.digest());
}
