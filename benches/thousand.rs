//! Worlds of company size: chains of services behind one front, each request through four of them, at the same rate
//! whatever the number of nodes. How much does an event cost when there are more nodes?

mod support;

use std::fmt::Write;

use allgreen::World;
use divan::Bencher;
use divan::counter::ItemsCount;
use support::{best_of, simulate, world};

const NODES: [usize; 4] = [10, 100, 1_000, 10_000];
const SECS: u64 = 60;
const WARM_UP: u64 = 10;

fn main() {
    growth();
    divan::main();
}

#[allow(clippy::print_stdout, reason = "a bench reports on standard output")]
fn growth() {
    println!("cost of an event at one rate, all telemetry recorded:");
    let worlds = NODES.map(company);
    let sims = worlds.each_ref().map(|world| simulate(world, SECS).events());
    // Compiling a world and the first scrapes, where every series is met, happen once: a short run is taken off.
    let [mut a, mut b, mut c, mut d] = worlds.each_ref().map(|world| || drop(simulate(world, SECS)));
    let long = best_of(3, [&mut a, &mut b, &mut c, &mut d]);
    let [mut a, mut b, mut c, mut d] = worlds.each_ref().map(|world| || drop(simulate(world, WARM_UP)));
    let short = best_of(3, [&mut a, &mut b, &mut c, &mut d]);
    let first = worlds.each_ref().map(|world| simulate(world, WARM_UP).events());
    let each = |at: usize| (long[at] - short[at]) / (sims[at] - first[at]) as f64 * 1e9;
    for (at, nodes) in NODES.iter().enumerate() {
        println!(
            "  {nodes:>6} nodes: {} events, {:.0} ns each, {:.2}× that of 10 nodes; the first {WARM_UP} s take {:.2} s",
            sims[at],
            each(at),
            each(at) / each(0),
            short[at]
        );
    }
}

/// A front, and chains of three services behind it.
fn company(nodes: usize) -> World {
    let chains = (nodes - 1) / 3;
    let (mut text, mut arrows, mut journeys, mut weights) =
        (String::new(), String::new(), String::new(), String::new());
    let (mut routes, quiet) = (String::new(), "reports: (probability: 0.0, idle_per_hour: 0.0)");
    for chain in 0..chains {
        let _ = write!(
            routes,
            "\"GET /{chain}\": (steps: [Work(Exp(\"1ms\")), Call((to: \"a{chain}\", op: Route(\"GET /\")))]),"
        );
        let _ = write!(
            text,
            "\"a{chain}\": (kind: Service, routes: {{ \"GET /\": (steps: [Work(Exp(\"2ms\")), Call((to: \"b{chain}\", op: Route(\"GET /\")))]) }}),"
        );
        let _ = write!(
            text,
            "\"b{chain}\": (kind: Service, routes: {{ \"GET /\": (steps: [Work(Exp(\"2ms\")), Call((to: \"c{chain}\", op: Route(\"GET /\")))]) }}),"
        );
        let _ = write!(text, "\"c{chain}\": (kind: Service, routes: {{ \"GET /\": (steps: [Work(Exp(\"2ms\"))]) }}),");
        let _ = write!(
            arrows,
            "\"front -> a{chain}\": (timeout: \"1s\"), \"a{chain} -> b{chain}\": (timeout: \"1s\"), \"b{chain} -> c{chain}\": (timeout: \"1s\"),"
        );
        let _ = write!(journeys, "\"j{chain}\": (steps: [(request: \"GET /{chain}\")]),");
        let _ = write!(weights, "\"j{chain}\": 1.0,");
    }
    let _ = write!(text, "\"front\": (kind: Gateway, concurrency: 10000, routes: {{ {routes} }}),");
    let _ = write!(
        text,
        "\"users\": (kind: Users, users: (count: 10000, journeys_per_second: 2000.0, journeys: {{ {weights} }}, regions: {{ \"eu\": 1.0 }}, {quiet})),"
    );
    let _ = write!(arrows, "\"users -> front\": ()");
    world("", &text, &arrows, &journeys)
}

#[divan::bench(args = NODES, sample_count = 3)]
fn nodes(bencher: Bencher<'_, '_>, nodes: usize) {
    let world = company(nodes);
    let events = simulate(&world, 10).events();
    bencher.counter(ItemsCount::new(events)).bench(|| simulate(&world, 10));
}
