//! The query languages over the telemetry of a run, against counts that the telemetry itself gives; and the command.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write;
use std::process::{Command, Stdio};

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

/// Reads expressions with `--parse-only`; answers the exit status and what was printed.
fn read_only(arguments: &[&str], expressions: &str) -> (Option<i32>, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
    command.arg("query").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(expressions.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn each_language_says_line_by_line_what_is_well_formed() {
    let good = [
        ("promql", "sum by (job) (rate(up[5m]))\nup offset 5m\n"),
        ("logql", "{service_name=\"shop\"} |= \"error\" | json | status >= 500\nsum(rate({a=\"b\"}[5m]))\n"),
        ("traceql", "{ resource.service.name = \"shop\" && duration > 1s }\n{ status = error } | rate()\n"),
    ];
    for (language, expressions) in good {
        let all = (Some(0), vec!["ok".to_owned(), "ok".to_owned()]);
        assert_eq!(read_only(&[language, "--parse-only"], expressions), all, "{language}");
        assert_eq!(read_only(&["storefront", language, "--parse-only"], expressions), all, "WORLD {language}");
    }
    let bad = [
        ("promql", "sum by (job\nup\n", "error: 1:"),
        ("logql", "{service_name=\"shop\"} | jsn\n{a=\"b\"}\n", "error: 1:26: "),
        ("traceql", "{ staus = error }\n{ }\n", "error: 1:3: "),
    ];
    for (language, expressions, begins) in bad {
        let (status, said) = read_only(&[language, "--parse-only"], expressions);
        assert_eq!((status, said.len(), said[1].as_str()), (Some(1), 2, "ok"), "{language} {said:?}");
        assert!(said[0].starts_with(begins), "{language} {said:?}");
    }
    let (_, said) = read_only(&["traceql", "--parse-only"], "{ staus = error }\r\n");
    assert!(said[0].ends_with("did you mean `status`?"), "{said:?}");
    assert_eq!(read_only(&["sql", "--parse-only"], "select 1\n").0, Some(2));
    assert_eq!(read_only(&["a", "promql", "up", "--parse-only"], "up\n").0, Some(2));
}
