//! Real clients ask the server.

use allgreen::serve::{Limits, Server, Shelf};
use serde_json::Value;

use super::tools::{python, simulated, succeed, tool};

fn served() -> (Server, String, f64) {
    let sim = simulated();
    let shelf = Shelf::new(sim.telemetry().clone());
    let now = shelf.newest().extent().unwrap().1 as f64 / 1000.0;
    let server = Server::start("127.0.0.1:0".parse().unwrap(), shelf, Limits::default()).unwrap();
    let url = format!("http://{}", server.address());
    (server, url, now)
}

#[test]
fn promtool_asks_the_server() {
    let Some(_) = tool("promtool") else { return };
    let (_server, url, now) = served();
    let ask = |arguments: &[&str]| {
        let mut promtool = tool("promtool").unwrap();
        succeed(promtool.arg("query").args(arguments))
    };
    let (at, before) = (format!("{now:.3}"), format!("{:.3}", now - 300.0));
    let instant: Value = serde_json::from_str(&ask(&["instant", "-o", "json", "--time", &at, &url, "up"])).unwrap();
    assert!(instant.as_array().unwrap().iter().all(|sample| sample["value"][1] == "1"), "{instant}");
    let span = ["range", "-o", "json", "--start", &before, "--end", &at, "--step", "15s", &url, "sum(up)"];
    let range: Value = serde_json::from_str(&ask(&span)).unwrap();
    assert_eq!(range[0]["values"].as_array().unwrap().len(), 21, "{range}");
    let times = ["--start", &before, "--end", &at];
    let series = ask(&[&["series", "--match", "up{job=\"shop\"}"], &times[..], &[&url]].concat());
    assert!(series.contains("instance=\"shop-1\""), "{series}");
    let labels = ask(&[&["labels"], &times[..], &[&url, "job"]].concat());
    assert!(labels.lines().any(|line| line == "shop"), "{labels}");
    let mut refused = tool("promtool").unwrap();
    let refused = refused.args(["query", "instant", &url, "up{"]).output().unwrap();
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && words.contains("parse error"), "{words}");
}

#[test]
fn a_python_client_asks_the_server() {
    let Some(mut client) = python("client.py", &["prometheus_api_client"]) else { return };
    let (_server, url, now) = served();
    assert_eq!(succeed(client.arg(url).arg(format!("{now:.3}"))).trim(), "ok");
}
