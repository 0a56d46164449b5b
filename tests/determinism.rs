//! One seed, one digest: in slices or at once, in one thread or many, as a fork or as the original, however a file is
//! ordered, in debug and in release. Golden digests pin behaviour; a commit that changes one says why.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/permute.rs"]
mod permute;
#[path = "support/worlds.rs"]
mod worlds;

use std::path::Path;

use allgreen::world::{Change, ChangeKind, Set, Setting};
use allgreen::{Lesson, Seed, SimTime, Simulation, World};
use permute::permuted;
use proptest::prelude::*;
use worlds::{Sketch, rich_sketch, sketch};

fn at(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn storefront() -> World {
    World::load(at("worlds/storefront.ron")).unwrap_or_else(|problems| panic!("{problems}"))
}

fn digest(world: &World, seed: u64, secs: u64) -> String {
    let mut sim = Simulation::new(world, Seed(seed));
    sim.run_until(SimTime::from_secs(secs));
    sim.digest().to_hex()[..16].to_owned()
}

#[test]
fn golden_digests_of_the_storefront() {
    let world = storefront();
    let found: Vec<String> = (1..=3).map(|seed| digest(&world, seed, 120)).collect();
    assert_eq!(found, GOLDEN_STOREFRONT);
}

const GOLDEN_STOREFRONT: [&str; 3] = ["35330615594fc27d", "01722142c2f61921", "b991c4d75aeff142"];

#[test]
fn golden_digests_of_the_lessons() {
    let found = ["quiet-fallback", "three-minutes-behind"].map(|id| {
        let lesson = Lesson::load(at(&format!("lessons/{id}.ron"))).unwrap_or_else(|problems| panic!("{problems}"));
        let mut sim = Simulation::new(lesson.world(), Seed(lesson.spec().seed));
        for scripted in &lesson.spec().script {
            sim.schedule(scripted.at, &scripted.change);
        }
        sim.run_until(SimTime::from_secs(36 * 60));
        sim.digest().to_hex()[..16].to_owned()
    });
    assert_eq!(found, GOLDEN_LESSONS);
}

const GOLDEN_LESSONS: [&str; 2] = ["b5a4b45aefcdd904", "c0d68f0f3a5de81d"];

#[test]
fn runs_in_parallel_do_not_know_of_each_other() {
    let world = storefront();
    let alone: Vec<String> = (0..4).map(|seed| digest(&world, seed, 20)).collect();
    let together: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|seed| {
                scope.spawn({
                    let world = &world;
                    move || digest(world, seed, 20)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(alone, together);
    assert!((1..4).all(|seed| alone[seed] != alone[0]), "other seeds are other runs");
}

#[test]
fn the_order_of_declarations_in_the_storefront_means_nothing() {
    let text = std::fs::read_to_string(at("worlds/storefront.ron")).unwrap();
    let expected = digest(&storefront(), 1, 20);
    for order in 0..3 {
        let other = permuted(&text, order);
        assert_ne!(other, text);
        let world = World::from_ron("permuted", &other).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(digest(&world, 1, 20), expected, "order {order}");
    }
}

fn run(sketch: &Sketch, seed: u64) -> Simulation {
    Simulation::new(&sketch.world(), Seed(seed))
}

/// A change to something that every sketch has.
fn slower_store() -> Change {
    Change {
        says: Some("the store is slower".into()),
        by: "test".into(),
        on: "db".into(),
        ..Change::new("c1", ChangeKind::Config, vec![Set::new("db", Setting::WorkFactor(3.0))])
    }
}

const END: SimTime = SimTime::from_secs(40);

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_fork_without_a_change_ends_as_the_original(sketch in rich_sketch(), seed: u64, instant in 0..40_000u64) {
        let mut original = run(&sketch, seed);
        original.run_until(SimTime::from_millis(instant));
        let mut fork = original.fork();
        let mut fork_of_fork = fork.fork();
        for sim in [&mut original, &mut fork, &mut fork_of_fork] {
            sim.run_until(END);
        }
        prop_assert_eq!(original.digest(), fork.digest());
        prop_assert_eq!(original.digest(), fork_of_fork.digest());
        prop_assert_eq!(original.events(), fork.events());
    }

    #[test]
    fn slices_add_up(sketch in rich_sketch(), seed: u64, slice in 1..5000u64) {
        let (mut whole, mut sliced) = (run(&sketch, seed), run(&sketch, seed));
        whole.run_until(END);
        let mut now = 0;
        while now < END.0 {
            now += slice * 1_000_000;
            sliced.run_until(SimTime(now.min(END.0)));
        }
        prop_assert_eq!(whole.digest(), sliced.digest());
    }

    #[test]
    fn the_order_of_declarations_means_nothing(sketch in rich_sketch(), seed: u64, order: u64) {
        let text = sketch.ron();
        let other = permuted(&text, order);
        let run = |text: &str| {
            let world = worlds::load(text);
            let mut sim = Simulation::new(&world, Seed(seed));
            sim.run_until(END);
            sim.digest()
        };
        prop_assert_eq!(run(&text), run(&other), "{}", other);
    }

    #[test]
    fn any_world_runs_the_same_in_any_number_of_threads(sketch in rich_sketch(), seed: u64) {
        let world = sketch.world();
        let alone = digest(&world, seed, 20);
        let together: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| digest(&world, seed, 20))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        prop_assert!(together.iter().all(|digest| *digest == alone), "{:?} {}", together, alone);
    }

    #[test]
    fn a_change_that_is_undone_at_once_leaves_no_trace_but_its_records(sketch in sketch(), seed: u64) {
        let mut plain = run(&sketch, seed);
        let mut changed = run(&sketch, seed);
        let undo = Change { id: "c2".into(), sets: vec![], undoes: Some("c1".into()), ..slower_store() };
        changed.schedule(SimTime::from_secs(5), &slower_store());
        changed.schedule(SimTime::from_secs(5), &undo);
        plain.run_until(END);
        changed.run_until(END);
        let outcomes = |sim: &Simulation| sim.truth().outcomes(SimTime::ZERO, END);
        prop_assert_eq!(outcomes(&plain), outcomes(&changed));
        prop_assert_eq!(plain.telemetry().spans.len(), changed.telemetry().spans.len());
        prop_assert_eq!(changed.telemetry().changes.len(), 2);
    }

    /// What goes in comes out: when users stop, everything under way ends, and every request has settled exactly once.
    #[test]
    fn nothing_is_lost_and_nothing_lasts_for_ever(sketch in sketch(), seed: u64) {
        let mut sim = run(&sketch, seed);
        let stop = Change {
            id: "stop".into(),
            on: "users".into(),
            sets: vec![Set::new("users", Setting::TrafficFactor(0.0))],
            ..slower_store()
        };
        sim.schedule(SimTime::from_secs(30), &stop);
        sim.run_until(SimTime::from_secs(30));
        let before: u64 = sim.truth().outcomes(SimTime::ZERO, END).iter().sum();
        let (waiting, on_journeys) = (sim.in_flight().debts as u64, sim.in_flight().journeys as u64);
        sim.run_until(SimTime::from_secs(30 + 1200));
        let left = sim.in_flight();
        prop_assert_eq!((left.journeys, left.debts), (0, 0));
        // Jobs go on.
        if sketch.more.job_every.is_none() {
            prop_assert_eq!(left, allgreen::engine::InFlight::default());
        }
        let after: u64 = sim.truth().outcomes(SimTime::ZERO, SimTime::from_secs(1300)).iter().sum();
        let most = before + waiting + (on_journeys + 1) * (1 + u64::from(sketch.more.more_steps));
        prop_assert!(after >= before + waiting && after <= most, "{} {} {} {}", before, waiting, after, most);
        prop_assert_eq!(sim.audit(), Ok(()));
    }
}
