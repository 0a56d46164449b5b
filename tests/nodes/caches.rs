//! Caches: who leaves, who fetches, what is written through, and values that are wrong or too old.

use allgreen::truth::Outcome;
use allgreen::world::{CacheKey, Setting};
use allgreen::{Duration, Simulation};

use crate::support::{gauge, histogram};
use crate::{Scene, outcomes};

/// A web service over a cache over a database.
fn cached(cache: &str, keys: &str, steps: &str, rate: f64) -> Scene<'static> {
    let nodes = format!(
        r#"
        "web": (kind: Service, concurrency: 1000, routes: {{ "GET /": (steps: [{steps}]) }}),
        "cache": (kind: Cache, concurrency: 1000, cache: ({cache}, service: Const("100us"))),
        "db": (kind: Database, database: (read: Const("50ms"), write: Const("5ms")), concurrency: 1000)"#
    );
    let data = format!(r#""item": ({keys}, bytes: 100)"#);
    Scene {
        rate,
        data: data.leak(),
        nodes: nodes.leak(),
        arrows: r#""users -> web": (), "web -> cache": (protocol: Redis), "web -> db": (), "cache -> db": ()"#,
        steps: r#"(request: "GET /", owes: (parts: ["item"], fresh_within: "10s"))"#,
    }
}

const ASIDE: &str = r#"
    Call((to: "cache", op: Get("item"))),
    Call((to: "db", op: Read("item"), when: Missing("item"))),
    Call((to: "cache", op: Put("item"), when: Fetched("item"), detached: true))"#;

fn counter(sim: &Simulation, metric: &str) -> f64 {
    *gauge(sim.telemetry(), "cache", metric).last().unwrap()
}

fn reads(sim: &Simulation) -> f64 {
    histogram(sim.telemetry(), "db", "db.server.operation.duration", Some(("db.operation.name", "SELECT"))).1
}

#[test]
fn under_zipf_the_frequent_stay_longer_than_the_recent() {
    let ratio = |eviction: &str| {
        let cache = format!("capacity: 50, eviction: {eviction}");
        let sim = cached(&cache, "keys: 2000, popularity: Zipf(0.9)", ASIDE, 200.0).run(200, &[]);
        counter(&sim, "cache.hits") / (counter(&sim, "cache.hits") + counter(&sim, "cache.misses"))
    };
    let (lru, lfu) = (ratio("Lru"), ratio("Lfu"));
    // The 50 most popular of 2000 keys have 38 % of the requests: the best that any policy can keep.
    assert!(lfu > lru + 0.03 && lfu < 0.42, "LFU {lfu}, LRU {lru}");
}

#[test]
fn single_flight_makes_one_fetch_of_many_misses() {
    let fetches = |flight: &str| {
        let cache = format!(r#"capacity: 10, ttl: "10s"{flight}"#);
        let sim = cached(&cache, "keys: 1", ASIDE, 400.0).run(101, &[]);
        assert_eq!(
            outcomes(&sim, Outcome::Right, 0, 100),
            sim.truth().outcomes(Default::default(), allgreen::SimTime::from_secs(100)).iter().sum::<u64>()
        );
        reads(&sim)
    };
    // 400 requests a second meet an entry that is away for 50 ms, once every 10 s.
    let (alone, together) = (fetches(""), fetches(r#", single_flight: "1s""#));
    assert!((9.0..=12.0).contains(&together), "{together}");
    assert!(alone > 10.0 * together, "{alone}");
}

#[test]
fn those_who_wait_in_vain_fetch_for_themselves() {
    // Nobody ever fills the cache.
    let steps = r#"Call((to: "cache", op: Get("item"))), Call((to: "db", op: Read("item"), when: Missing("item")))"#;
    let sim = cached(r#"capacity: 10, single_flight: "500ms""#, "keys: 1", steps, 50.0).run(60, &[]);
    assert_eq!(outcomes(&sim, Outcome::Right, 0, 50), reads_asked(&sim, 50));
    assert!((reads(&sim) - 50.0 * 60.0).abs() < 300.0);
}

fn reads_asked(sim: &Simulation, secs: u64) -> u64 {
    sim.truth().outcomes(allgreen::SimTime::ZERO, allgreen::SimTime::from_secs(secs)).iter().sum()
}

#[test]
fn what_is_written_through_is_fresh_and_what_is_written_aside_is_stale() {
    let through =
        r#"Call((to: "cache", op: Read("item"))), Call((to: "cache", op: Write("item"), when: Chance(0.05)))"#;
    let sim = cached(r#"capacity: 1000, behind: "db""#, "keys: 50", through, 100.0).run(200, &[]);
    assert_eq!(outcomes(&sim, Outcome::Stale, 0, 190), 0);
    assert_eq!(outcomes(&sim, Outcome::Right, 0, 190), reads_asked(&sim, 190));
    assert!(reads(&sim) < 60.0, "each key is read once: {}", reads(&sim));
    let aside = format!(r#"{ASIDE}, Call((to: "db", op: Write("item"), when: Chance(0.05)))"#);
    let sim = cached("capacity: 1000", "keys: 50", &aside, 100.0).run(200, &[]);
    assert!(outcomes(&sim, Outcome::Stale, 100, 190) > 1000);
}

#[test]
fn lost_invalidations_leave_old_values() {
    let aside = format!(
        r#"{ASIDE}, Call((to: "db", op: Write("item"), when: Chance(0.05))), Call((to: "cache", op: Invalidate("item")))"#
    );
    let stale = |lost: &str| {
        let cache = format!("capacity: 1000{lost}");
        let sim = cached(&cache, "keys: 50", &aside, 100.0).run(200, &[]);
        outcomes(&sim, Outcome::Stale, 0, 190)
    };
    assert!(stale("") < 20 && stale(", lost_invalidations: 0.999") > 500);
}

#[test]
fn a_poisoned_entry_is_wrong_for_one_key_until_it_dies() {
    let poison = Setting::PoisonCache(CacheKey { datum: "item".into(), key: 0 });
    let scene = cached(r#"capacity: 1000, ttl: "1m""#, "keys: 200, popularity: Zipf(1.0)", ASIDE, 50.0);
    let sim = scene.run(200, &[(61, "cache", &[], poison)]);
    assert_eq!(outcomes(&sim, Outcome::Wrong, 0, 60) + outcomes(&sim, Outcome::Wrong, 122, 190), 0);
    // The most popular of 200 keys has 17 % of the requests.
    let wrong = outcomes(&sim, Outcome::Wrong, 61, 121) as f64 / 3000.0;
    assert!((wrong - 0.17).abs() < 0.03, "{wrong}");
    let short = scene.run(200, &[(50, "cache", &[], Setting::CacheCapacity(5))]);
    assert!(counter(&short, "cache.evictions") > 1000.0);
    assert_eq!(counter(&short, "cache.entries"), 5.0);
    let flight = scene.run(100, &[(50, "cache", &[], Setting::SingleFlight(Some(Duration::from_secs(1))))]);
    assert_eq!(outcomes(&flight, Outcome::Right, 0, 90), reads_asked(&flight, 90));
}
