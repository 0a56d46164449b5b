//! Networks of queues: Jackson, *Networks of waiting lines*, Operations Research 5(4), 1957.

use allgreen::{SimTime, Simulation, World};

use crate::SEEDS;
use crate::support::{agrees, simulate, world};

/// Users come to s0 and others to s1, half as many. s0 sends 40 % of its jobs to s2, s1 all. Nobody waits for an
/// answer, as in the theory.
fn network(rate: f64) -> World {
    let node = |name: &str, mean: &str, calls: &str| {
        format!(
            "\"{name}\": (kind: Service, queue_limit: 1000000, concurrency: 1, routes: {{ \"GET /\": (steps: [Work(Exp(\"{mean}\")){calls}]) }}, telemetry: (spans: false, access_log: false)),"
        )
    };
    let call = |p: f64| format!(", Call((to: \"s2\", op: Route(\"GET /\"), when: Chance({p:?}), detached: true))");
    let nodes = [
        "\"edge\": (kind: LoadBalancer, concurrency: 100000, telemetry: (spans: false, access_log: false)),".to_owned(),
        format!(
            "\"others\": (kind: Users, users: (count: 1000, journeys_per_second: {:?}, journeys: {{ \"go\": 1.0 }}, regions: {{ \"eu\": 1.0 }}, reports: (probability: 0.0, idle_per_hour: 0.0))),",
            rate / 2.0
        ),
        node("s0", "10ms", &call(0.4)),
        node("s1", "25ms", &call(1.0)),
        node("s2", "8ms", ""),
    ];
    let arrow = |name: &str| format!("\"{name}\": (latency: Const(\"0s\")),");
    world(rate, "", &nodes.concat(), &["edge -> s0", "others -> s1", "s0 -> s2", "s1 -> s2"].map(arrow).concat())
}

/// How many are at each station, every 100 ms after the first minute.
fn numbers_present(sim: &mut Simulation, nodes: &[&str], secs: u64) -> Vec<Vec<u64>> {
    let present = |sim: &Simulation, node: &&str| sim.station_flow(node).unwrap().present();
    (600..secs * 10)
        .map(|tenth| {
            sim.run_until(SimTime::from_millis(tenth * 100));
            nodes.iter().map(|node| present(sim, node)).collect()
        })
        .collect()
}

#[test]
fn a_jackson_network_has_a_product_form() {
    let rate = 50.0;
    let world = network(rate);
    // Traffic equations: λ0 = λ, λ1 = λ / 2, λ2 = 0.4 λ0 + λ1.
    let rho = [rate * 0.010, 0.5 * rate * 0.025, 0.9 * rate * 0.008];
    let mut means = [const { Vec::new() }; 3];
    let (mut all_idle, mut two_and_one) = (Vec::new(), Vec::new());
    for seed in SEEDS {
        let samples = numbers_present(&mut simulate(&world, seed, 60), &["s0", "s1", "s2"], 600);
        let share =
            |test: &dyn Fn(&[u64]) -> bool| samples.iter().filter(|n| test(n)).count() as f64 / samples.len() as f64;
        for (at, mean) in means.iter_mut().enumerate() {
            mean.push(samples.iter().map(|n| n[at] as f64).sum::<f64>() / samples.len() as f64);
        }
        all_idle.push(share(&|n| n == [0, 0, 0]));
        two_and_one.push(share(&|n| n[0] == 2 && n[2] == 1));
    }
    for (at, mean) in means.iter().enumerate() {
        agrees(&format!("mean number at s{at}"), mean, rho[at] / (1.0 - rho[at]));
    }
    agrees("all three are idle", &all_idle, rho.iter().map(|rho| 1.0 - rho).product());
    let theory = (1.0 - rho[0]) * rho[0].powi(2) * (1.0 - rho[2]) * rho[2];
    agrees("two at s0 while one is at s2", &two_and_one, theory);
}

#[test]
fn arrivals_are_split_as_the_traffic_equations_say() {
    let world = network(50.0);
    let mut ratios = Vec::new();
    for seed in SEEDS {
        let sim = simulate(&world, seed, 300);
        let arrived = |node| sim.station_flow(node).unwrap().arrived as f64;
        ratios.push((arrived("s2") - arrived("s1")) / arrived("s0"));
    }
    agrees("what s0 passes on", &ratios, 0.4);
}
