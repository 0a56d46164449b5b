//! The official protobufs read OTLP, and DuckDB reads the Parquet tables.

use allgreen::telemetry::TraceRef;
use serde_json::{Value, json};

use super::tools::{LENGTH, SEED, WORLD, allgreen, python, simulated, succeed};

fn export(format: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    allgreen(&["export", WORLD, "--seed", SEED, "--for", LENGTH, "--format", format, "--out", out]);
    folder
}

#[test]
fn otlp_decodes_with_the_official_protobufs_of_python() {
    let Some(mut decode) = python("decode.py", &["opentelemetry.proto", "google.protobuf"]) else { return };
    let (binary, text) = (export("otlp-proto"), export("otlp-json"));
    let read: Value = serde_json::from_str(&succeed(decode.arg(binary.path()).arg(text.path()))).unwrap();
    let sim = simulated();
    let telemetry = sim.telemetry();
    let trace = telemetry.spans.iter().next().map(|span| telemetry.spans.trace_id(span.trace).to_string()).unwrap();
    assert_eq!(read["spans"], json!([telemetry.spans.len(), telemetry.spans.len()]));
    assert_eq!(read["logs"], json!([telemetry.logs.len(), telemetry.logs.len()]));
    assert_eq!(read["points"][0], read["points"][1]);
    assert!(read["points"][0].as_u64().unwrap() > 1000, "{read}");
    assert!(read["traces"].as_array().unwrap().contains(&json!(trace)), "{trace}");
}

#[test]
fn duckdb_counts_the_rows_and_joins_spans_to_logs() {
    let Some(mut tables) = python("tables.py", &["duckdb"]) else { return };
    let folder = export("parquet");
    let read: Value = serde_json::from_str(&succeed(tables.arg(folder.path()))).unwrap();
    let sim = simulated();
    let telemetry = sim.telemetry();
    assert_eq!((&read["logs"], &read["spans"]), (&json!(telemetry.logs.len()), &json!(telemetry.spans.len())));
    let spans: std::collections::BTreeSet<(TraceRef, u32)> =
        telemetry.spans.iter().map(|span| (span.trace, span.number.0)).collect();
    let joined =
        telemetry.logs.iter().filter(|log| log.trace.is_some_and(|trace| spans.contains(&(trace, log.span.0))));
    assert_eq!(read["joined"], json!(joined.count()));
    assert!(read["metrics"].as_u64().unwrap() > 1000 && read["joined"].as_u64().unwrap() > 100, "{read}");
}
