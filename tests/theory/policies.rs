//! Caches, retries and breakers against their formulas.

use allgreen::world::{Change, ChangeKind, Set, Setting};
use allgreen::{Seed, SimTime, Simulation, World};

use crate::SEEDS;
use crate::support::{agrees, gauge, histogram, mean_and_error, simulate, world};

const QUIET: &str = "telemetry: (spans: false, access_log: false)";

/// edge asks the cache first, then the database, and fills the cache; all without taking time.
fn cached(rate: f64, keys: u32, popularity: &str, cache: &str) -> World {
    let data = format!("\"item\": (keys: {keys}, popularity: {popularity}, bytes: 100)");
    let steps = "Call((to: \"cache\", op: Get(\"item\"))), \
        Call((to: \"db\", op: Read(\"item\"), when: Missing(\"item\"))), \
        Call((to: \"cache\", op: Put(\"item\"), when: Fetched(\"item\")))";
    let nodes = format!(
        "\"edge\": (kind: Service, concurrency: 1000, routes: {{ \"GET /\": (steps: [{steps}]) }}, {QUIET}),
         \"cache\": (kind: Cache, concurrency: 1000, cache: ({cache}, service: Const(\"0s\")), {QUIET}),
         \"db\": (kind: Database, concurrency: 1000, database: (read: Const(\"0s\"), write: Const(\"0s\")), {QUIET}),"
    );
    let arrow = |to| format!("\"edge -> {to}\": (latency: Const(\"0s\"), telemetry: (spans: false)),");
    world(rate, &data, &nodes, &(arrow("cache") + &arrow("db")))
}

/// The share of hits after the first `warm` seconds.
fn hit_ratios(world: &World, warm: usize, secs: u64) -> Vec<f64> {
    let run = |seed| {
        let sim = simulate(world, seed, secs);
        let grown = |metric| {
            let values = gauge(sim.telemetry(), "cache", metric);
            values[values.len() - 1] - values[warm]
        };
        let (hits, misses) = (grown("cache.hits"), grown("cache.misses"));
        hits / (hits + misses)
    };
    SEEDS.map(run).collect()
}

fn zipf(keys: u32, exponent: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=keys).map(|rank| f64::from(rank).powf(-exponent)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Che, Tung, Wang 2002: an entry of an LRU cache lives for a characteristic time t with Σ (1 − e^(−pₖ t)) = C.
fn che(shares: &[f64], capacity: f64) -> f64 {
    let held = |t: f64| shares.iter().map(|p| 1.0 - (-p * t).exp()).sum::<f64>();
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if held(middle) < capacity { low = middle } else { high = middle }
    }
    shares.iter().map(|p| p * (1.0 - (-p * low).exp())).sum()
}

#[test]
fn an_lru_cache_follows_ches_approximation() {
    for (keys, exponent, capacity) in [(2_000, 0.8, 100), (2_000, 1.2, 50), (500, 0.0, 125)] {
        let shares = zipf(keys, exponent);
        let world = cached(400.0, keys, &format!("Zipf({exponent:?})"), &format!("capacity: {capacity}"));
        let (mean, error) = mean_and_error(&hit_ratios(&world, 20, 100));
        let theory = che(&shares, f64::from(capacity));
        println!("hits, {capacity} of {keys} keys, Zipf {exponent}: Che {theory:.5}, simulated {mean:.5} ± {error:.5}");
        // The approximation itself is good to a fraction of a percent (Fricker, Robert, Roberts 2012).
        assert!((mean - theory).abs() < 5.0 * error + 0.005 * theory, "{theory} {mean} {error}");
    }
}

#[test]
fn a_cache_whose_entries_die_of_age_hits_as_renewal_theory_says() {
    // An entry serves λₖ T requests after the one that fetched it: hits are λₖ T / (1 + λₖ T).
    let (rate, ttl) = (400.0, 5.0);
    let shares = zipf(300, 0.9);
    let theory = shares.iter().map(|p| p * p * rate * ttl / (1.0 + p * rate * ttl)).sum();
    let world = cached(rate, 300, "Zipf(0.9)", "capacity: 100000, ttl: \"5s\"");
    agrees("hits under a time to live", &hit_ratios(&world, 10, 100), theory);
}

/// users → edge → a → b; both of the last arrows have these policies, and b fails as often as `errors` says.
fn chain(rate: f64, policies: &str, errors: f64) -> World {
    let quiet = "telemetry: (spans: false, access_log: false)";
    let nodes = format!(
        "\"edge\": (kind: LoadBalancer, concurrency: 100000, {quiet}),
         \"a\": (kind: Gateway, concurrency: 100000, {quiet}),
         \"b\": (kind: Service, concurrency: 100000, routes: {{ \"GET /\": (errors: {errors:?}) }}, {quiet}),"
    );
    let arrow = |name| {
        format!("\"{name}\": (latency: Const(\"0s\"), {policies} telemetry: (spans: false, log_failures: false)),")
    };
    world(rate, "", &nodes, &["edge -> a", "a -> b"].map(arrow).concat())
}

/// Attempts over the last arrow for each request of a user.
fn attempts(world: &World, secs: u64) -> Vec<f64> {
    let ratio = |sim: &Simulation| {
        sim.arrow_flow("a -> b").unwrap().sent as f64 / sim.arrow_flow("users -> edge").unwrap().sent as f64
    };
    SEEDS.map(|seed| ratio(&simulate(world, seed, secs))).collect()
}

#[test]
fn retries_multiply_down_a_chain() {
    // One layer makes (1 − pⁿ)/(1 − p) attempts of failures with probability p; the layer above sees pⁿ.
    let retry = "retry: (attempts: 3, backoff: \"10ms\", jitter: 0.5),";
    for p in [0.2_f64, 0.5, 0.9] {
        let layer = |p: f64| (1.0 - p.powi(3)) / (1.0 - p);
        let theory = layer(p) * layer(p.powi(3));
        agrees(&format!("attempts when {p} fail"), &attempts(&chain(50.0, retry, p), 100), theory);
    }
    // In an outage every layer makes all of its attempts: 3 × 3.
    let outage = attempts(&chain(50.0, retry, 1.0), 100);
    assert!(outage.iter().all(|attempts| (attempts - 9.0).abs() < 0.02), "{outage:?}");
}

#[test]
fn a_retry_budget_bounds_amplification() {
    // Each layer adds a tenth, and the ten tokens it starts with.
    let retry = "retry: (attempts: 5, backoff: \"10ms\", budget: 0.1),";
    for seed in SEEDS {
        let sim = simulate(&chain(50.0, retry, 1.0), seed, 200);
        let flow = |name| sim.arrow_flow(name).unwrap();
        let (asked, first, second) = (flow("users -> edge").sent, flow("edge -> a").sent, flow("a -> b").sent);
        assert!((first as f64 - (asked as f64 * 1.1 + 10.0)).abs() <= 2.0, "{asked} {first}");
        assert!((second as f64 - (first as f64 * 1.1 + 10.0)).abs() <= 2.0, "{first} {second}");
    }
}

#[test]
fn an_open_breaker_sends_one_probe_in_each_period() {
    // A probe goes out with the first call after `open_for`, so one cycle takes open_for + 1/λ.
    let breaker = "breaker: (window: 10, threshold: 0.5, open_for: \"3s\"),";
    let mut rates = Vec::new();
    for seed in SEEDS {
        let sim = simulate(&chain(2.0, breaker, 1.0), seed, 2000);
        let flow = |name| sim.arrow_flow(name).unwrap();
        // The breaker in front sees the same failures, and opens with the same calls.
        let (asked, sent) = (flow("users -> edge").sent, flow("a -> b").sent);
        let failures = |error| histogram(sim.telemetry(), "edge", "http.client.request.duration", error).1;
        let open = failures(Some(("error.type", "circuit_open")));
        // The newest scrape may be a second old.
        assert!((asked as f64 - sent as f64 - open).abs() <= 15.0, "all others were refused: {asked} {sent} {open}");
        rates.push((sent - 10) as f64 / 2000.0);
    }
    agrees("probes per second", &rates, 1.0 / (3.0 + 0.5));
}

#[test]
fn a_breaker_opens_with_the_last_failure_of_its_window() {
    let breaker = "breaker: (window: 40, threshold: 0.5, open_for: \"1h\"),";
    for seed in SEEDS {
        let sim = simulate(&chain(20.0, breaker, 1.0), seed, 60);
        assert_eq!(sim.arrow_flow("a -> b").unwrap().sent, 40);
        // At a tenth of failures half of a window of 40 never fails: 10⁻⁹ for each window.
        let sim = simulate(&chain(20.0, breaker, 0.1), seed, 60);
        let flow = |name| sim.arrow_flow(name).unwrap().sent;
        assert_eq!(flow("a -> b"), flow("users -> edge"));
    }
}

/// users → edge → a → b; only the last arrow has a breaker, and b takes a tenth of a second when it does not fail.
fn guarded() -> World {
    let quiet = "telemetry: (spans: false, access_log: false)";
    let nodes = format!(
        "\"edge\": (kind: LoadBalancer, concurrency: 100000, {quiet}),
         \"a\": (kind: Gateway, concurrency: 100000, {quiet}),
         \"b\": (kind: Service, concurrency: 100000, routes: {{ \"GET /\": (steps: [Work(Const(\"100ms\"))]) }}, {quiet}),"
    );
    let breaker = "breaker: (window: 20, threshold: 0.5, open_for: \"3s\", probes: 4),";
    let quiet = "telemetry: (spans: false, log_failures: false)";
    let arrows = format!(
        "\"edge -> a\": (latency: Const(\"0s\"), {quiet}), \"a -> b\": (latency: Const(\"0s\"), {breaker} {quiet}),"
    );
    world(200.0, "", &nodes, &arrows)
}

#[test]
fn a_breaker_is_open_for_exactly_its_time_and_lets_no_more_than_its_probes_through() {
    let set = |rate| {
        let sets = vec![Set::new("b", Setting::ErrorRate(rate))];
        Change::new(format!("errors {rate}"), ChangeKind::Config, sets)
    };
    let world = guarded();
    for seed in SEEDS {
        let mut sim = Simulation::new(&world, Seed(seed));
        sim.schedule(SimTime::from_secs(2), &set(1.0));
        sim.schedule(SimTime::from_secs(21), &set(0.0));
        // How many calls went out in each millisecond.
        let (mut sent, mut before) = (Vec::new(), 0);
        for ms in 1..=27_000 {
            sim.run_until(SimTime::from_millis(ms));
            let now = sim.arrow_flow("a -> b").unwrap().sent;
            sent.push(now - before);
            before = now;
        }
        // Calls that follow each other within a second, from the first silence on.
        let mut bursts: Vec<(usize, usize, u64)> = Vec::new();
        for (ms, count) in sent.iter().copied().enumerate().filter(|(_, count)| *count > 0) {
            match bursts.last_mut() {
                Some((_, last, sum)) if ms - *last < 1_000 => (*last, *sum) = (ms, *sum + count),
                _ => bursts.push((ms, ms, count)),
            }
        }
        assert!(bursts.len() >= 6, "seed {seed}: {bursts:?}");
        for pair in bursts.windows(2) {
            let silence = pair[1].0 - pair[0].1;
            // The first call after three seconds comes within a twentieth, but for one in ten thousand.
            assert!((3_000..3_060).contains(&silence), "seed {seed}: {silence} ms of silence, {bursts:?}");
        }
        let probes = &bursts[1..bursts.len() - 1];
        // Two of four that fail are as much as the threshold.
        assert!(probes.iter().all(|(_, _, sent)| *sent == 2), "seed {seed}: {bursts:?}");
        let healed = bursts[bursts.len() - 1].0;
        let within = |from: usize, to: usize| sent[healed + from..healed + to].iter().sum::<u64>();
        assert_eq!(within(0, 100), 4, "seed {seed}: while the probes are answered nobody else goes out");
        assert!(within(150, 1_150) > 130, "seed {seed}: it has closed");
    }
}
