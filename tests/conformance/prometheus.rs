//! A real Prometheus takes the OpenMetrics export, and answers as `allgreen query` does.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::tools::{LENGTH, SEED, WORLD, allgreen, succeed, tool};
use super::waiting::{Ends, Patience};

/// An instant between two scrapes: where a sample lies on the edge of a range, Prometheus 2 and 3 differ.
const AT: &str = "9m51.7s";
const AT_UNIX: &str = "591.7";

const QUERIES: [&str; 16] = [
    "target_info",
    "process_uptime_seconds",
    "http_server_request_duration_seconds_count",
    "count by (job) ({__name__=~\".+\",__name__!=\"up\"})",
    "sum by (job) (rate(http_server_request_duration_seconds_count[5m]))",
    "sum by (job, http_response_status_code) (increase(http_server_request_duration_seconds_count[3m]))",
    "histogram_quantile(0.95, sum by (job, le) (rate(http_server_request_duration_seconds_bucket[5m])))",
    "rate(http_server_request_duration_seconds_sum[5m]) / rate(http_server_request_duration_seconds_count[5m]) > 0",
    "topk(2, sum by (instance) (http_server_request_duration_seconds_count))",
    "avg_over_time(process_uptime_seconds[2m])",
    "max_over_time(rate(http_server_request_duration_seconds_count[1m])[4m:30s])",
    "resets(process_uptime_seconds[9m])",
    "process_uptime_seconds offset 2m",
    "sum without (instance) (process_uptime_seconds) * on (job) group_left count by (job) (process_uptime_seconds)",
    "label_replace(process_uptime_seconds, \"node\", \"$1\", \"instance\", \"(.*)-.*\")",
    "absent(no_such_metric) or quantile(0.5, process_uptime_seconds)",
];

fn export(folder: &Path) {
    let out = folder.to_str().unwrap();
    allgreen(&["export", WORLD, "--seed", SEED, "--for", LENGTH, "--format", "openmetrics", "--out", out]);
}

#[test]
fn promtool_finds_nothing_to_say_about_the_newest_scrape_of_any_world() {
    let worlds = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds")).unwrap();
    let worlds: Vec<String> = worlds.map(|file| file.unwrap().path().to_str().unwrap().to_owned()).collect();
    assert!(worlds.len() >= 5);
    for world in worlds.iter().map(String::as_str).chain([WORLD]) {
        let Some(mut promtool) = tool("promtool") else { return };
        let folder = tempfile::tempdir().unwrap();
        allgreen(&[
            "export",
            world,
            "--for",
            "1m",
            "--format",
            "openmetrics",
            "--out",
            folder.path().to_str().unwrap(),
        ]);
        let newest = File::open(folder.path().join("newest.prom")).unwrap();
        let output = promtool.args(["check", "metrics"]).stdin(newest).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.trim().is_empty(), "{world}: {}: {said}", output.status);
    }
}

#[test]
fn prometheus_answers_from_the_export_as_the_command_does() {
    let (Some(mut promtool), Some(mut prometheus)) = (tool("promtool"), tool("prometheus")) else { return };
    let folder = tempfile::tempdir().unwrap();
    export(folder.path());
    let (text, data) = (folder.path().join("metrics.openmetrics.txt"), folder.path().join("data"));
    succeed(promtool.args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"]).arg(text).arg(&data));
    std::fs::write(folder.path().join("prometheus.yml"), "global: {}\n").unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let log = folder.path().join("log");
    let child = prometheus
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--storage.tsdb.retention.time=100y")
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let _prometheus = Ends(child);
    let url = format!("http://127.0.0.1:{port}");
    let at = start() + AT_UNIX.parse::<f64>().unwrap();
    let ask = |query: &str| {
        let mut promtool = Command::new("promtool");
        promtool.args(["query", "instant", "-o", "json", "--time", &format!("{at:.3}"), &url, query]);
        promtool.output().unwrap()
    };
    let patience = Patience::start();
    while !ask("vector(1)").status.success() {
        patience.wait(|| std::fs::read_to_string(&log).unwrap());
    }
    for query in QUERIES {
        let output = ask(query);
        assert!(output.status.success(), "{query}: {}", String::from_utf8_lossy(&output.stderr));
        let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
        let common = ["query", WORLD, "--seed", SEED, "--for", LENGTH, "promql", query, "--at", AT, "--format", "json"];
        let ours: Value = serde_json::from_str(&allgreen(&common)).unwrap();
        agree(query, &ours["result"], &theirs);
    }
}

/// When the world begins, in seconds since 1970.
fn start() -> f64 {
    let epoch = super::tools::simulated().telemetry().epoch();
    epoch.unix_ns(allgreen::time::Stamp(0)) as f64 / 1e9
}

/// The same series, and numbers that are the same but for the order of additions.
#[track_caller]
pub fn agree(query: &str, ours: &Value, theirs: &Value) {
    let rows = |value: &Value| -> Vec<(String, f64)> {
        let row = |row: &Value| (row["metric"].to_string(), row["value"][1].as_str().unwrap().parse::<f64>().unwrap());
        let mut rows: Vec<_> = value.as_array().unwrap().iter().map(row).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        rows
    };
    let (ours, theirs) = (rows(ours), rows(theirs));
    let names = |rows: &[(String, f64)]| rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs), "{query}");
    assert!(!ours.is_empty(), "{query} finds nothing");
    for ((labels, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        let same = ours == theirs || (ours.is_nan() && theirs.is_nan());
        assert!(same || (ours - theirs).abs() <= 1e-9 * theirs.abs(), "{query} {labels}: {ours}, Prometheus {theirs}");
    }
}
