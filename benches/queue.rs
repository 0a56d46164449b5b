//! M/M/1 at 80 % load: the engine without telemetry beside a plain loop over a `BinaryHeap`.

mod support;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use allgreen::World;
use divan::Bencher;
use divan::counter::ItemsCount;
use support::{Luck, best_of, simulate, world};

const RATE: f64 = 1000.0;
const SECS: u64 = 200;

fn main() {
    ratio();
    divan::main();
}

#[allow(clippy::print_stdout, reason = "a bench reports on standard output")]
fn ratio() {
    let world = mm1();
    let mut served = 0;
    let [ours, plain] = best_of(
        5,
        [&mut || drop(simulate(&world, SECS)), &mut || {
            served = plain_loop();
        }],
    );
    let sim = simulate(&world, SECS);
    println!(
        "M/M/1, {served} customers: engine {:.2} million customers/s ({:.2} million events/s), plain loop {:.2}, ratio {:.2}",
        served as f64 / ours / 1e6,
        sim.events() as f64 / ours / 1e6,
        served as f64 / plain / 1e6,
        plain / ours
    );
}

fn mm1() -> World {
    let nodes = format!(
        r#""users": (kind: Users, users: (count: 1000, journeys_per_second: {RATE:?}, journeys: {{ "go": 1.0 }}, regions: {{ "eu": 1.0 }}, reports: (probability: 0.0, idle_per_hour: 0.0))),
           "server": (kind: Service, concurrency: 1, queue_limit: 100000, routes: {{ "GET /": (steps: [Work(Exp("800us"))]) }}, telemetry: (spans: false, access_log: false, metrics: false)),"#
    );
    let arrows = r#""users -> server": (latency: Const("0s"))"#;
    world("", &nodes, arrows, r#""go": (steps: [(request: "GET /", owes: (answer_within: "30s"))])"#)
}

/// Arrivals and departures only.
fn plain_loop() -> u64 {
    let (mut heap, mut line, mut luck) = (BinaryHeap::new(), VecDeque::new(), Luck(1));
    let (mut sequence, mut busy, mut served) = (0u64, false, 0);
    heap.push(Reverse((luck.exponential(1e9 / RATE), 0u64, true)));
    while let Some(Reverse((now, _, arrival))) = heap.pop() {
        if now > SECS * 1_000_000_000 {
            break;
        }
        if arrival {
            sequence += 1;
            heap.push(Reverse((now + luck.exponential(1e9 / RATE), sequence, true)));
            if busy {
                line.push_back(now);
                continue;
            }
            busy = true;
        } else {
            served += 1;
            if line.pop_front().is_none() {
                busy = false;
                continue;
            }
        }
        sequence += 1;
        heap.push(Reverse((now + luck.exponential(8e5), sequence, false)));
    }
    served
}

#[divan::bench(sample_count = 5)]
fn engine(bencher: Bencher<'_, '_>) {
    let world = mm1();
    let events = simulate(&world, SECS).events();
    bencher.counter(ItemsCount::new(events)).bench(|| simulate(&world, SECS));
}

#[divan::bench(sample_count = 5)]
fn plain(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(2 * plain_loop())).bench(plain_loop);
}
