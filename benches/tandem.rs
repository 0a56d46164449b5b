//! One workload, two programs: the tandem on the engine, with all its policies present, and as a loop written by hand for
//! just this system. Both record four spans, four log records and four histogram updates for each request, or nothing.

mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use support::tandem::{Loop, RATE, SECS, tandem};
use support::{best_of, simulate};

fn main() {
    ratio();
    divan::main();
}

#[allow(clippy::print_stdout, reason = "a bench reports on standard output")]
fn ratio() {
    let (world, silent) = (tandem(true), tandem(false));
    let (mut plain, mut bare) = ((0, 0), (0, 0));
    let [ours, ours_silent, recorded, unrecorded] = best_of(
        5,
        [
            &mut || drop(simulate(&world, SECS)),
            &mut || drop(simulate(&silent, SECS)),
            &mut || {
                plain = Loop::new(true).run();
            },
            &mut || {
                bare = Loop::new(false).run();
            },
        ],
    );
    let sim = simulate(&world, SECS);
    let requests = sim.arrow_flow("users -> gateway").map_or(0, |flow| flow.calls);
    let telemetry = sim.telemetry();
    let per = |number: usize| number as f64 / requests as f64;
    println!(
        "tandem: {requests} requests; for each the engine takes {:.1} events, and records {:.1} spans and {:.1} log records",
        sim.events() as f64 / requests as f64,
        per(telemetry.spans.len()),
        per(telemetry.logs.len())
    );
    let report = |name: &str, secs: f64, requests: u64, events: u64| {
        println!(
            "  {name:<28} {:.2} million requests/s, {:.2} million events/s",
            requests as f64 / secs / 1e6,
            events as f64 / secs / 1e6
        );
    };
    report("engine, telemetry", ours, requests, sim.events());
    report("engine, no telemetry", ours_silent, requests, simulate(&silent, SECS).events());
    report("plain loop, telemetry", recorded, plain.0, plain.1);
    report("plain loop, no telemetry", unrecorded, bare.0, bare.1);
    let ratio = |secs: f64, done: u64| requests as f64 / ours / (done as f64 / secs);
    println!("  engine / plain loop with telemetry, requests: {:.2}", ratio(recorded, plain.0));
    let events = sim.events() as f64 / ours / (plain.1 as f64 / recorded);
    println!("  engine / plain loop with telemetry, events:   {events:.2}");
}

#[divan::bench(sample_count = 5)]
fn engine(bencher: Bencher<'_, '_>) {
    let world = tandem(true);
    bencher.counter(ItemsCount::new((RATE * SECS as f64) as u64)).bench(|| simulate(&world, SECS));
}

#[divan::bench(sample_count = 5)]
fn plain_loop(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new((RATE * SECS as f64) as u64)).bench(|| Loop::new(true).run());
}
