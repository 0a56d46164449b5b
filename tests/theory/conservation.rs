//! What holds in any world at any time: Little's law at every station, and conservation over every arrow.

use allgreen::world::{Change, ChangeKind, Set, Setting};
use allgreen::{Duration, Seed, SimTime, Simulation};
use proptest::prelude::*;

use crate::support::{simulate, world};
use crate::worlds::rich_sketch;

/// Time between two looks.
const STEP_MS: u64 = 5;
const LOOKS: u64 = 8_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// L = λ W: the number present, as seen at many instants, is the sum of all stays over time. Looks are less noisy
    /// than independent draws of the same variance would be; six standard errors of those are allowed.
    #[test]
    fn littles_law_holds_at_every_station_of_any_world(sketch in rich_sketch(), seed: u64) {
        let world = sketch.world();
        let nodes: Vec<&String> = world.spec().nodes.keys().filter(|name| *name != "users").collect();
        let mut sim = Simulation::new(&world, Seed(seed));
        let mut sums = vec![(0.0, 0.0); nodes.len()];
        for look in 1..=LOOKS {
            sim.run_until(SimTime::from_millis(look * STEP_MS));
            for (node, (sum, squares)) in nodes.iter().zip(&mut sums) {
                let present = sim.station_flow(node).unwrap().present() as f64;
                *sum += present;
                *squares += present * present;
            }
        }
        let n = LOOKS as f64;
        for (node, (sum, squares)) in nodes.iter().zip(sums) {
            let flow = sim.station_flow(node).unwrap();
            let (seen, stayed) = (sum / n, flow.stayed_secs(sim.now()) / sim.now().as_secs_f64());
            let error = (squares / n - seen * seen).max(0.0).sqrt() / n.sqrt();
            prop_assert!(
                (seen - stayed).abs() <= 6.0 * error + 12.0 / n,
                "{}: L = {}, λ W = {}, {} arrived", node, seen, stayed, flow.arrived
            );
        }
    }

    /// What goes in comes out, waits, or was dropped: for every arrow, station and queue, at any instant.
    #[test]
    fn nothing_is_lost_without_being_counted(sketch in rich_sketch(), seed: u64, instants in prop::collection::vec(0..40_000u64, 20)) {
        let mut sim = Simulation::new(&sketch.world(), Seed(seed));
        let mut instants = instants;
        instants.sort_unstable();
        for instant in instants {
            sim.run_until(SimTime::from_millis(instant));
            if let Err(wrong) = sim.audit() {
                return Err(TestCaseError::fail(format!("after {}: {wrong}\n{}", sim.now(), sketch.ron())));
            }
        }
    }
}

/// An answer is lost, and the timeout came after the request had gone out: the caller still learns of it.
#[test]
fn a_caller_whose_timeout_came_too_late_does_not_wait_for_ever() {
    let nodes = r#""edge": (kind: LoadBalancer, concurrency: 100000),
        "slow": (kind: Service, concurrency: 100000, routes: { "GET /": (steps: [Work(Const("3s"))]) }),"#;
    let mut sim = simulate(&world(20.0, "", nodes, "\"edge -> slow\": ()"), 1, 10);
    let set = |to| Set::new("edge -> slow", to);
    let change = Change::new(
        "c",
        ChangeKind::Config,
        vec![set(Setting::Loss(1.0)), set(Setting::Timeout(Some(Duration::from_secs(1))))],
    );
    sim.schedule(SimTime::from_secs(10), &change);
    for second in 11..20 {
        sim.run_until(SimTime::from_secs(second));
        assert_eq!(sim.audit(), Ok(()), "after {second} s");
    }
}
