//! PromQL over the metrics of a run, against counts that the telemetry itself gives.
#![allow(clippy::unwrap_used, clippy::panic)]

use allgreen::query::metrics::MetricStore;
use allgreen::query::promql::{Options, Value, query_instant, query_range};
use allgreen::world::{Change, ChangeKind, Set, Setting};
use allgreen::{Duration, Seed, SimTime, Simulation, World};

const TINY: &str = include_str!("support/shop/worlds/tiny.ron");

fn simulated() -> Simulation {
    let world = World::from_ron("tiny", TINY).unwrap();
    let mut sim = Simulation::new(&world, Seed(5));
    sim.run_until(SimTime::from_secs(600));
    sim
}

fn ask(store: &MetricStore<'_>, query: &str) -> Vec<(String, f64)> {
    let answer = query_instant(store, query, store.newest().unwrap(), &Options::default()).unwrap();
    match answer.value {
        Value::Vector(samples) => samples.into_iter().map(|s| (s.labels.to_string(), s.point.v)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn counts_agree_with_spans() {
    let sim = simulated();
    let store = MetricStore::new(sim.telemetry());
    let counted = ask(&store, "sum by (job) (http_server_request_duration_seconds_count)");
    let shop = counted.iter().find(|(labels, _)| labels.contains("shop")).unwrap().1;
    let spans = &sim.telemetry().spans;
    let served = spans.iter().filter(|span| {
        let of_shop = sim.telemetry().resource(span.resource).service == "shop";
        of_shop && spans.shape_of(span.shape).kind.name() == "SERVER"
    });
    let served = served.count() as f64;
    // Those since the newest scrape are not counted yet.
    assert!(shop <= served && served - shop < 100.0, "{shop} of {served}");
    assert_eq!(ask(&store, "count(up == 1)")[0].1, ask(&store, "count(target_info)")[0].1);
    let buckets = "sum(http_server_request_duration_seconds_bucket{job=\"shop\",le=\"+Inf\"})";
    assert_eq!(ask(&store, buckets)[0].1, shop);
}

#[test]
fn rates_and_quantiles_are_those_of_the_world() {
    let sim = simulated();
    let store = MetricStore::new(sim.telemetry());
    let rate = ask(&store, "sum(rate(http_server_request_duration_seconds_count{job=\"shop\"}[5m]))")[0].1;
    assert!((3.0..5.0).contains(&rate), "four journeys a second start, not {rate}");
    let median =
        "histogram_quantile(0.5, sum by (le) (rate(http_server_request_duration_seconds_bucket{job=\"stock\"}[5m])))";
    let median = ask(&store, median)[0].1;
    assert!((0.02..0.05).contains(&median), "half of the answers take more than 30 ms, not {median}");
}

#[test]
fn a_replica_that_restarts_is_down_for_a_while() {
    let world = World::from_ron("tiny", TINY).unwrap();
    let mut sim = Simulation::new(&world, Seed(5));
    let version = Set::new("shop", Setting::Version("2.0.0".into()));
    let restart =
        Change { rolling: Duration::from_secs(30), ..Change::new("deploy-1", ChangeKind::Deploy, vec![version]) };
    sim.schedule(SimTime::from_secs(300), &restart);
    sim.run_until(SimTime::from_secs(600));
    let store = MetricStore::new(sim.telemetry());
    let at = store.newest().unwrap();
    let range =
        query_range(&store, "resets(process_uptime_seconds{job=\"shop\"}[9m])", at, at, 1000, &Options::default());
    let Value::Matrix(rows) = range.unwrap().value else { panic!("a range query answers a matrix") };
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.points[0].v == 1.0), "{rows:?}");
}
