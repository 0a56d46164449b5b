//! What is exported reads back with the official libraries, whole, and holds nothing of the ground truth.
#![allow(clippy::unwrap_used, clippy::panic)]

use allgreen::export::{self, File};
use allgreen::telemetry::MetricKind;
use allgreen::{Seed, SimTime, Simulation, Telemetry, World};
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, MetricsData, metric};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use prost::Message;

const TINY: &str = include_str!("support/shop/worlds/tiny.ron");

fn simulated() -> Simulation {
    let world = World::from_ron("tiny", TINY).unwrap();
    let mut sim = Simulation::new(&world, Seed(5));
    sim.run_until(SimTime::from_secs(300));
    sim
}

fn file(telemetry: &Telemetry, files: &[(&str, File)], name: &str) -> (u64, Vec<u8>) {
    let (_, file) = files.iter().find(|(file, _)| *file == name).unwrap();
    let mut out = Vec::new();
    let records = file.write(telemetry, &mut out).unwrap();
    (records, out)
}

fn text(telemetry: &Telemetry, files: &[(&str, File)], name: &str) -> String {
    String::from_utf8(file(telemetry, files, name).1).unwrap()
}

#[test]
fn otlp_decodes_with_the_official_messages() {
    let sim = simulated();
    let telemetry = sim.telemetry();
    let (spans, bytes) = file(telemetry, &export::OTLP_PROTOBUF, "traces.binpb");
    let traces = TracesData::decode(bytes.as_slice()).unwrap();
    let all: Vec<_> = traces.resource_spans.iter().flat_map(|r| &r.scope_spans).flat_map(|s| &s.spans).collect();
    assert_eq!((all.len(), spans), (telemetry.spans.len(), telemetry.spans.len() as u64));
    assert!(all.iter().all(|span| span.trace_id.len() == 16 && span.span_id.len() == 8));
    assert!(all.iter().all(|span| span.end_time_unix_nano >= span.start_time_unix_nano));
    let from_json: TracesData =
        serde_json::from_str(text(telemetry, &export::OTLP_JSON, "traces.json").lines().next().unwrap()).unwrap();
    assert_eq!(from_json, traces);

    let logs = LogsData::decode(file(telemetry, &export::OTLP_PROTOBUF, "logs.binpb").1.as_slice()).unwrap();
    let records = logs.resource_logs.iter().flat_map(|r| &r.scope_logs).map(|s| s.log_records.len());
    assert_eq!(records.sum::<usize>(), telemetry.logs.len());
    let from_json: LogsData =
        serde_json::from_str(text(telemetry, &export::OTLP_JSON, "logs.json").lines().next().unwrap()).unwrap();
    assert_eq!(from_json, logs);

    let (points, bytes) = file(telemetry, &export::OTLP_PROTOBUF, "metrics.binpb");
    let metrics = MetricsData::decode(bytes.as_slice()).unwrap();
    let all = metrics.resource_metrics.iter().flat_map(|r| &r.scope_metrics).flat_map(|s| &s.metrics);
    let mut found = 0;
    for metric in all {
        found += match metric.data.as_ref().unwrap() {
            metric::Data::Gauge(gauge) => gauge.data_points.len(),
            metric::Data::Sum(sum) => sum.data_points.len(),
            metric::Data::Histogram(histogram) => {
                for point in &histogram.data_points {
                    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
                    assert_eq!(point.count, point.bucket_counts.iter().sum::<u64>());
                    assert!(point.start_time_unix_nano < point.time_unix_nano);
                }
                histogram.data_points.len()
            }
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(found as u64, points);
}

#[test]
fn what_counts_up_and_down_is_a_sum_that_may_fall() {
    let sim = simulated();
    let (_, bytes) = file(sim.telemetry(), &export::OTLP_PROTOBUF, "metrics.binpb");
    let metrics = MetricsData::decode(bytes.as_slice()).unwrap();
    let all = metrics.resource_metrics.iter().flat_map(|r| &r.scope_metrics).flat_map(|s| &s.metrics);
    let kinds: std::collections::BTreeMap<&str, Option<(bool, i32)>> = all
        .filter_map(|metric| match metric.data.as_ref()? {
            metric::Data::Gauge(_) => Some((metric.name.as_str(), None)),
            metric::Data::Sum(sum) => {
                assert!(sum.data_points.iter().all(|point| point.start_time_unix_nano > 0), "{}", metric.name);
                Some((metric.name.as_str(), Some((sum.is_monotonic, sum.aggregation_temporality))))
            }
            _ => None,
        })
        .collect();
    let cumulative = AggregationTemporality::Cumulative as i32;
    assert_eq!(kinds["http.server.active_requests"], Some((false, cumulative)));
    assert_eq!(kinds["process.uptime"], None);
    // To Prometheus it is a gauge.
    let text = text(sim.telemetry(), &export::OPENMETRICS, "metrics.openmetrics.txt");
    assert!(text.contains("# TYPE http_server_active_requests gauge"));
}

#[test]
fn openmetrics_keeps_families_together_and_points_in_order() {
    let sim = simulated();
    let text = text(sim.telemetry(), &export::OPENMETRICS, "metrics.openmetrics.txt");
    assert!(text.ends_with("# EOF\n"));
    let (mut seen, mut last) = (std::collections::BTreeSet::new(), (String::new(), 0.0));
    for line in text.lines() {
        if let Some(family) = line.strip_prefix("# TYPE ") {
            assert!(seen.insert(family.to_owned()), "{family} comes twice");
        } else if !line.starts_with('#') {
            let (series, rest) = line.rsplit_once("} ").unwrap();
            let (value, at) = rest.split_once(' ').unwrap();
            let at: f64 = at.parse().unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(series != last.0 || at > last.1, "{line}");
            last = (series.to_owned(), at);
        }
    }
    assert!(seen.contains("http_server_request_duration_seconds histogram"), "{seen:?}");
    assert!(text.contains("http_server_request_duration_seconds_bucket{") && text.contains("le=\"+Inf\""));
}

#[test]
fn parquet_reads_back_row_by_row() {
    let sim = simulated();
    let telemetry = sim.telemetry();
    let mut samples = 0;
    for (id, target) in telemetry.metrics.targets() {
        for scrape in telemetry.metrics.scrapes(id) {
            for series in &target.series {
                let family = &telemetry.metrics.families()[usize::from(series.family.0)];
                if scrape.values.len() >= series.slot as usize + family.width() {
                    samples += if family.kind == MetricKind::Histogram { family.width() + 1 } else { 1 };
                }
            }
        }
    }
    for (name, rows) in
        [("logs.parquet", telemetry.logs.len()), ("spans.parquet", telemetry.spans.len()), ("metrics.parquet", samples)]
    {
        let (written, bytes) = file(telemetry, &export::PARQUET, name);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!((reader.metadata().file_metadata().num_rows() as usize, written as usize), (rows, rows), "{name}");
        let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
        assert!(row.to_string().contains("service_name"), "{row}");
    }
}

#[test]
fn an_rcaeval_case_has_the_columns_its_methods_read() {
    let sim = simulated();
    let telemetry = sim.telemetry();
    let metrics = text(telemetry, &export::RCAEVAL, "metrics.csv");
    let mut lines = metrics.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    for column in ["time", "shop_workload", "shop_error", "shop_latency-50", "shop_latency-90"] {
        assert!(head.contains(&column), "{column} is not in {head:?}");
    }
    assert!(lines.clone().count() >= 25);
    assert!(lines.all(|line| line.split(',').count() == head.len()));
    let at = head.iter().position(|name| *name == "shop_workload").unwrap();
    let newest: f64 = metrics.lines().last().unwrap().split(',').nth(at).unwrap().parse().unwrap();
    assert!((1.0..10.0).contains(&newest), "about four requests a second, not {newest}");
    assert_eq!(text(telemetry, &export::RCAEVAL, "traces.csv").lines().count(), telemetry.spans.len() + 1);
    assert_eq!(text(telemetry, &export::RCAEVAL, "logs.csv").lines().count(), telemetry.logs.len() + 1);
}

#[test]
fn no_format_tells_an_outcome() {
    let sim = simulated();
    let groups =
        [&export::OTLP_JSON[..], &export::OPENMETRICS, &export::JSON_LINES, &export::RCAEVAL, &export::OTLP_PROTOBUF];
    for (name, _) in groups.iter().flat_map(|files| files.iter()) {
        let files = groups.iter().find(|files| files.iter().any(|(file, _)| file == name)).unwrap();
        let written = String::from_utf8_lossy(&file(sim.telemetry(), files, name).1).into_owned();
        for word in ["outcome", "owed", "harmed", "debt", "ground_truth", "app.data.version", "due_ns"] {
            assert!(!written.contains(word), "{name} has `{word}`");
        }
    }
}
