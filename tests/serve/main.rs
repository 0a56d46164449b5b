//! The server as its clients meet it: shapes, limits, and that nothing ends it. The push against a collector that fails.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at what is wrong")]

mod grafana;
#[path = "../support/waiting.rs"]
mod waiting;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use allgreen::export::otlp::{Cursor, Signal, next_part};
use allgreen::export::{self, JsonLines};
use allgreen::serve::{Backoff, Endpoint, Limits, Push, Server, Shelf};
use allgreen::time::Stamp;
use allgreen::{Lesson, Seed, SimTime, Simulation, World};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::logs::v1::LogsData;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use serde_json::{Value, json};
use waiting::{Ends, until};

const TINY: &str = include_str!("../support/shop/worlds/tiny.ron");

fn simulated() -> Simulation {
    let world = World::from_ron("tiny", TINY).unwrap();
    let mut sim = Simulation::new(&world, Seed(5));
    sim.run_until(SimTime::from_secs(600));
    sim
}

fn served(limits: Limits) -> (Simulation, Server) {
    let sim = simulated();
    let shelf = Shelf::new(sim.telemetry().clone());
    let server = Server::start("127.0.0.1:0".parse().unwrap(), shelf, limits).unwrap();
    (sim, server)
}

/// Sends bytes and reads all that comes back: status, head, body.
fn raw(address: SocketAddr, request: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // A server that has seen enough may close before all is written.
    let _ = stream.write_all(request);
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(all.len());
    let head = String::from_utf8_lossy(&all[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, head, all.get(end + 4..).unwrap_or_default().to_vec())
}

fn get_as(address: SocketAddr, path: &str, accept: &str) -> (u16, String, Vec<u8>) {
    raw(address, format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n").as_bytes())
}

#[track_caller]
fn get(address: SocketAddr, path: &str) -> (u16, Value) {
    let (status, head, body) = get_as(address, path, "*/*");
    assert!(head.contains("application/json"), "{path}: {head} {}", String::from_utf8_lossy(&body));
    (status, serde_json::from_slice(&body).unwrap())
}

fn post(address: SocketAddr, path: &str, sent: &[u8]) -> (u16, Value) {
    let (status, _, body) = form(address, path, &String::from_utf8_lossy(sent));
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn form(address: SocketAddr, path: &str, form: &str) -> (u16, String, Vec<u8>) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        form.len()
    );
    raw(address, &[head.as_bytes(), form.as_bytes()].concat())
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn prometheus_is_answered_in_its_own_shapes() {
    let (_, server) = served(Limits::default());
    let at = server.address();
    let (status, up) = get(at, "/api/v1/query?query=up");
    assert_eq!((status, &up["status"], &up["data"]["resultType"]), (200, &json!("success"), &json!("vector")));
    let first = &up["data"]["result"][0];
    assert_eq!((&first["metric"]["__name__"], &first["value"][1]), (&json!("up"), &json!("1")));
    assert!(first["value"][0].is_number());
    assert_eq!(post(at, "/api/v1/query", b"query=up").1, up);
    let now = first["value"][0].as_f64().unwrap();

    let range = format!("/api/v1/query_range?query=up&start={}&end={now}&step=15", now - 60.0);
    let (status, range) = get(at, &range);
    assert_eq!((status, &range["data"]["resultType"]), (200, &json!("matrix")));
    assert_eq!(range["data"]["result"][0]["values"].as_array().unwrap().len(), 5);

    let (_, labels) = get(at, "/api/v1/labels");
    assert!(labels["data"].as_array().unwrap().contains(&json!("job")), "{labels}");
    let (_, values) = get(at, "/api/v1/label/job/values?match[]=up");
    assert!(values["data"].as_array().unwrap().contains(&json!("shop")), "{values}");
    let (_, cut) = get(at, "/api/v1/label/__name__/values?limit=1");
    assert_eq!(cut["data"].as_array().unwrap().len(), 1);
    assert_eq!(cut["warnings"], json!(["results truncated due to limit"]));
    let (_, series) = post(at, "/api/v1/series", b"match[]=up%7Bjob%3D%22shop%22%7D");
    assert_eq!(series["data"][0]["__name__"], "up");
    let (_, about) = get(at, "/api/v1/metadata?metric=http_server_request_duration_seconds");
    assert_eq!(about["data"]["http_server_request_duration_seconds"][0]["type"], "histogram");
    assert_eq!(about["data"]["http_server_request_duration_seconds"][0]["unit"], "seconds");
    // No metric is told of that no series has.
    let (_, all) = get(at, "/api/v1/metadata");
    let (_, names) = get(at, "/api/v1/label/__name__/values");
    let names: Vec<&str> = names["data"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for name in all["data"].as_object().unwrap().keys() {
        assert!(names.contains(&name.as_str()) || names.contains(&format!("{name}_bucket").as_str()), "{name}");
    }
    assert!(all["data"]["cache_hits_total"].is_null(), "there is no cache here");

    for path in ["query_exemplars?query=up", "targets", "rules", "alerts", "status/buildinfo", "status/runtimeinfo"] {
        let (status, answer) = get(at, &format!("/api/v1/{path}"));
        assert_eq!((status, &answer["status"]), (200, &json!("success")), "{path}");
    }
    for path in ["/", "/-/healthy", "/-/ready", "/ready", "/api/echo"] {
        assert_eq!(get_as(at, path, "*/*").0, 200, "{path}");
    }
    let buckets = encoded("sum by (le) (rate(http_server_request_duration_seconds_bucket{job=\"shop\"}[1m]))");
    let (_, found) = get(at, &format!("/api/v1/query_exemplars?query={buckets}&start=0&end={now}"));
    let first = &found["data"][0];
    assert!(first["seriesLabels"]["job"] == "shop" && first["seriesLabels"]["le"].is_string(), "{first}");
    let exemplar = &first["exemplars"][0];
    assert!(exemplar["timestamp"].is_number() && exemplar["value"].is_string(), "{exemplar}");
    let id = exemplar["labels"]["trace_id"].as_str().unwrap();
    assert_eq!(get(at, &format!("/api/v2/traces/{id}")).0, 200);
    let (_, none) = get(at, &format!("/api/v1/query_exemplars?query={buckets}&start=0&end=1"));
    assert_eq!(none["data"], json!([]));

    let (_, warned) = get(at, &format!("/api/v1/query?query={}", encoded("quantile(2, up)")));
    assert!(warned["warnings"][0].as_str().unwrap().contains("quantile"), "{warned}");
}

#[test]
fn what_is_wrong_is_said_with_prometheus_s_status_and_kind() {
    let (_, server) = served(Limits::default());
    let at = server.address();
    let wrong = |path: &str, status: u16, kind: &str, words: &str| {
        let (got, answer) = get(at, path);
        let expected = (status, json!("error"), json!(kind));
        assert_eq!((got, answer["status"].clone(), answer["errorType"].clone()), expected, "{path} {answer}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{path} {answer}");
    };
    wrong("/api/v1/query", 400, "bad_data", "invalid parameter \"query\"");
    wrong("/api/v1/query?query=up%7B", 400, "bad_data", "1:4: parse error");
    wrong("/api/v1/query?query=up&time=noon", 400, "bad_data", "cannot parse \"noon\" to a valid timestamp");
    wrong("/api/v1/query?query=up&timeout=soon", 400, "bad_data", "valid duration");
    wrong("/api/v1/query?query=up&limit=-1", 400, "bad_data", "non-negative");
    wrong("/api/v1/query?query=%ff", 400, "bad_data", "UTF-8");
    let duplicates = encoded("up * on() up");
    wrong(&format!("/api/v1/query?query={duplicates}"), 422, "execution", "many-to-many");
    wrong("/api/v1/query_range?query=up&start=2&end=1&step=1", 400, "bad_data", "before start");
    wrong("/api/v1/query_range?query=up&start=1&end=2&step=0", 400, "bad_data", "positive");
    wrong("/api/v1/query_range?query=up&start=0&end=11001&step=1", 400, "bad_data", "11,000");
    wrong("/api/v1/query_range?query=up&start=1&end=2", 400, "bad_data", "step");
    wrong("/api/v1/series", 400, "bad_data", "match[]");
    wrong("/api/v1/labels?match[]=%7B", 400, "bad_data", "match[]");
    wrong("/api/v1/nothing", 404, "not_found", "no such path");
    assert_eq!(get(at, "/api/v1/query_range?query=up&start=0&end=11000&step=1").0, 200);
    let (status, head, body) = raw(at, b"DELETE /api/v1/series HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(status, 405);
    assert!(head.to_lowercase().contains("allow: get") && body.starts_with(b"{\"error\""), "{head}");
    assert_eq!(post(at, "/api/v1/metadata", b"").0, 405);
}

#[test]
fn a_question_that_takes_too_long_is_ended() {
    // Minutes of work.
    let one = "sum(quantile_over_time(0.5, rate(http_server_request_duration_seconds_bucket[5m])[10m:100ms]))";
    let heavy = |sim: &Simulation| {
        let now = sim.telemetry().epoch().unix_ns(Stamp(600_000_000_000)) / 1_000_000_000;
        let query = encoded(&[one; 8].join(" + "));
        format!("/api/v1/query_range?query={query}&start={}&end={now}&step=0.1", now - 600)
    };
    let ended = |at: SocketAddr, path: &str| {
        let (status, answer) = get(at, path);
        assert_eq!((status, &answer["errorType"]), (503, &json!("timeout")), "{answer}");
    };
    let (sim, server) = served(Limits { answering: Duration::from_millis(150), ..Limits::default() });
    ended(server.address(), &heavy(&sim));

    // It was stopped, and not only left alone: others have their turn, far sooner than the work would have been done.
    let (sim, server) = served(Limits::default());
    let at = server.address();
    for _ in 0..8 {
        ended(at, &format!("{}&timeout=150ms", heavy(&sim)));
    }
    assert_eq!(get(at, "/api/v1/query?query=up").0, 200, "the work goes on");
}

#[test]
fn nothing_that_a_client_sends_ends_the_server() {
    let (_, server) = served(Limits::default());
    let at = server.address();
    let deep = format!("query={}up{}", "(".repeat(200_000), ")".repeat(200_000));
    let (status, answer) = post(at, "/api/v1/query", deep.as_bytes());
    assert_eq!((status, &answer["errorType"]), (400, &json!("bad_data")), "{answer}");
    let long = format!("query=up{}", "%2Bup".repeat(100_000));
    assert!([400, 422].contains(&post(at, "/api/v1/query", long.as_bytes()).0));
    let (status, answer) = post(at, "/api/v1/query", &vec![b'x'; 2 << 20]);
    assert!((status, &answer["errorType"]) == (413, &json!("bad_data")) || status == 0, "{status} {answer}");
    let heads: [&[u8]; 7] = [
        b"\xff\xfe\x00\x01\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"BREW /api/v1/query HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    ];
    for head in heads {
        let (status, _, _) = raw(at, head);
        assert!(status == 0 || (400..=505).contains(&status), "{status} {}", String::from_utf8_lossy(head));
    }
    let wide = format!("GET /api/v1/query?query={} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000));
    assert!([0, 414, 431].contains(&raw(at, wide.as_bytes()).0));
    let headed = |length: usize| {
        let head = "GET /api/v1/query?query=up HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: \r\n\r\n";
        raw(at, head.replace("X: ", &format!("X: {}", "a".repeat(length - head.len()))).as_bytes())
    };
    assert_eq!(headed(64 << 10).0, 200);
    for length in [(64 << 10) + 1, 80_000] {
        assert!([0, 431].contains(&headed(length).0), "{length}");
    }
    assert_eq!(get(at, "/api/v1/query?query=up").0, 200);
}

#[test]
fn a_client_that_does_not_say_what_it_wants_loses_its_place() {
    let (_, server) = served(Limits { reading: Duration::from_millis(400), connections: 16, ..Limits::default() });
    let at = server.address();
    // More than there are places.
    let idle: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(at).unwrap();
            stream.write_all(b"GET /api/v1/query HTTP/1.1\r\nX-Slow: ").unwrap();
            stream
        })
        .collect();
    // A body that never comes. On a machine that is busy, a whole request may take too long to come in as well.
    let halved = b"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                   Content-Length: 10\r\n\r\nquery";
    until("an answer to half a body", || {
        let (status, _, body) = raw(at, halved);
        assert!([0, 503].contains(&status), "{status} {}", String::from_utf8_lossy(&body));
        status == 503
    });
    until("an answer to a question", || get_as(at, "/api/v1/query?query=up", "*/*").0 == 200);
    drop(idle);
}

#[test]
fn a_trace_comes_as_tempo_gives_it() {
    let (sim, server) = served(Limits::default());
    let at = server.address();
    let spans = &sim.telemetry().spans;
    let trace = spans.iter().nth(500).unwrap().trace;
    let (id, count) = (spans.trace_id(trace), spans.of_trace(trace).len());
    let spans_of = |traces: &TracesData| -> usize {
        traces.resource_spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len()).sum()
    };
    let (status, head, body) = get_as(at, &format!("/api/traces/{id}"), "application/protobuf");
    assert_eq!(status, 200);
    assert!(head.contains("application/protobuf"), "{head}");
    assert_eq!(spans_of(&TracesData::decode(body.as_slice()).unwrap()), count);
    let (status, whole) = get(at, &format!("/api/v2/traces/{id}"));
    assert_eq!(status, 200);
    let read: TracesData = serde_json::from_value(whole["trace"].clone()).unwrap();
    assert_eq!(spans_of(&read), count);
    let (_, first) = get(at, &format!("/api/traces/{id}"));
    assert_eq!(first["batches"].as_array().unwrap().len(), read.resource_spans.len());
    assert_eq!(get_as(at, "/api/traces/00000000000000000000000000000001", "*/*").0, 404);
    for wrong in ["xyz", "+1", "123456789012345678901234567890123", "%ff"] {
        assert_eq!(get_as(at, &format!("/api/traces/{wrong}"), "*/*").0, 400, "{wrong}");
    }
}

#[test]
fn answers_hold_nothing_of_the_ground_truth() {
    let (_, server) = served(Limits::default());
    let at = server.address();
    let everything = encoded("{__name__=~\".+\"}");
    let trace = simulated().telemetry().spans.iter().next().map(|span| span.trace).unwrap();
    let id = simulated().telemetry().spans.trace_id(trace);
    let lines = encoded("{service_name=~\".+\"}");
    for path in [
        format!("/loki/api/v1/query_range?query={lines}&limit=5000"),
        format!("/loki/api/v1/series?match[]={lines}"),
        format!("/loki/api/v1/query?query={}", encoded("sum by (level) (count_over_time({level=~\".+\"}[1h]))")),
        "/loki/api/v1/labels".into(),
        format!("/api/v1/query_exemplars?query={everything}"),
        "/api/search?q=%7B%7D&limit=10000&spss=100".into(),
        "/api/search/tags".into(),
        "/api/v2/search/tags".into(),
        "/api/v2/search/tag/name/values".into(),
        format!("/api/metrics/query_range?q={}", encoded("{} | rate() by (name)")),
        format!("/api/v1/query?query={everything}"),
        format!("/api/v1/series?match[]={everything}"),
        "/api/v1/metadata".into(),
        "/api/v1/labels".into(),
        format!("/api/v2/traces/{id}"),
    ] {
        let text = get(at, &path).1.to_string();
        for word in ["outcome", "owed", "superseded", "misordered", "debt", "ledger", "counterfactual", "truth"] {
            assert!(!text.contains(word), "{path} says {word}");
        }
    }
}

#[test]
fn what_no_api_has_a_place_for_is_served_as_the_lines_of_an_export() {
    let lesson = format!("{}/tests/support/shop/lessons/tiny.ron", env!("CARGO_MANIFEST_DIR"));
    let lesson = Lesson::load(lesson).unwrap();
    let mut sim = simulated();
    for (secs, scripted) in [610, 700].into_iter().zip(&lesson.spec().script) {
        sim.schedule(SimTime::from_secs(secs), &scripted.change);
    }
    sim.run_until(SimTime::from_secs(650));
    let shelf = Shelf::new(sim.telemetry().clone());
    let server = Server::start("127.0.0.1:0".parse().unwrap(), shelf, Limits::default()).unwrap();
    let kinds =
        [("/changes", JsonLines::Changes), ("/health-pages", JsonLines::Health), ("/reports", JsonLines::Reports)];
    for (path, kind) in kinds {
        let (status, head, body) = get_as(server.address(), path, "*/*");
        assert!(status == 200 && head.contains("application/x-ndjson"), "{path}: {head}");
        let mut lines = Vec::new();
        export::write(sim.telemetry(), kind, &mut lines).unwrap();
        assert_eq!(body, lines, "{path}");
        let text = String::from_utf8(body).unwrap();
        assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["time"].is_string()), "{text}");
        for word in ["outcome", "ledger", "counterfactual", "truth"] {
            assert!(!text.contains(word), "{path} says {word}");
        }
        match path {
            "/changes" => assert_eq!(text.lines().count(), 1, "only what was up to now: {text}"),
            "/health-pages" => assert!(!text.is_empty()),
            _ => {}
        }
    }
    assert_eq!(get_as(server.address(), "/changes/1", "*/*").0, 404);
}

/// What a collector got: path, body.
type Got = (String, Vec<u8>);

const YES: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// A collector that gives these answers one after the other, and then yes.
fn collector(listener: TcpListener, answers: Vec<Vec<u8>>) -> Receiver<Got> {
    let answers = Mutex::new(answers.into_iter());
    answering(listener, move |_| answers.lock().unwrap().next().unwrap_or_else(|| YES.to_vec()))
}

/// A collector that answers by the path; nothing is to break off after a request was read.
fn answering(listener: TcpListener, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Receiver<Got> {
    let (send, got) = channel();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (send, answer) = (send.clone(), answer.clone());
            std::thread::spawn(move || talk(stream, &*answer, &send));
        }
    });
    got
}

fn talk(stream: TcpStream, answer: &dyn Fn(&str) -> Vec<u8>, send: &Sender<Got>) {
    let mut reader = BufReader::new(stream);
    while let Some((path, body)) = request(&mut reader) {
        let answer = answer(&path);
        if answer.starts_with(b"HTTP/1.1 200") && send.send((path, body)).is_err() {
            return;
        }
        if answer.is_empty() || reader.get_mut().write_all(&answer).is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<Got> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}

/// For what is over at once unless something hangs.
const AGES: Duration = Duration::from_mins(10);

const QUICK: Backoff = Backoff { first: Duration::from_millis(20), most: Duration::from_millis(200) };

fn total(got: &Receiver<Got>) -> (usize, usize) {
    let (mut spans, mut logs) = (0, 0);
    for (path, body) in got.try_iter() {
        match path.as_str() {
            "/v1/traces" => {
                let traces = TracesData::decode(body.as_slice()).unwrap();
                let scopes = traces.resource_spans.iter().flat_map(|r| &r.scope_spans);
                spans += scopes.map(|scope| scope.spans.len()).sum::<usize>();
            }
            "/v1/logs" => {
                let all = LogsData::decode(body.as_slice()).unwrap();
                let scopes = all.resource_logs.iter().flat_map(|r| &r.scope_logs);
                logs += scopes.map(|scope| scope.log_records.len()).sum::<usize>();
            }
            "/v1/metrics" => {}
            other => panic!("{other}"),
        }
    }
    (spans, logs)
}

#[test]
fn all_is_pushed_once_to_a_collector_that_fails_at_first() {
    let mut sim = simulated();
    let shelf = Shelf::new(sim.telemetry().clone());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Refuses connections at first.
    drop(listener);
    let endpoint = Endpoint::parse(&format!("http://{address}")).unwrap();
    let push = Push::start(endpoint, shelf.clone(), QUICK, Box::new(|_| {})).unwrap();
    until("another try", || push.pushed().retries >= 2);
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess { rejected_spans: 3, error_message: "three".into() }),
    }
    .encode_to_vec();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", partial.len());
    let got = collector(
        TcpListener::bind(address).unwrap(),
        vec![
            b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".to_vec(),
            b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n".to_vec(),
            Vec::new(),
            b"HTTP/1.1 502 Gone\r\nContent-Length: 4\r\n\r\noops".to_vec(),
            b"HTTP/1.1 504 Late\r\nContent-Length: 0\r\n\r\n".to_vec(),
            [head.as_bytes(), &partial].concat(),
        ],
    );
    // The run goes on meanwhile.
    sim.run_until(SimTime::from_secs(700));
    shelf.publish(sim.telemetry().clone());
    let pushed = push.finish(AGES);
    assert_eq!((pushed.left, pushed.refused, pushed.rejected), (0, 0, 3), "{pushed:?}");
    assert!(pushed.retries >= 7, "{pushed:?}");
    let telemetry = sim.telemetry();
    assert_eq!(total(&got), (telemetry.spans.len(), telemetry.logs.len()));
}

#[test]
fn a_collector_that_says_when_to_come_again_is_left_alone_until_then() {
    let sim = simulated();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let asked = Mutex::new(0);
    let got = answering(listener, move |path| {
        if path != "/v1/traces" {
            return YES.to_vec();
        }
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        match *asked {
            1 => b"HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n".to_vec(),
            _ => YES.to_vec(),
        }
    });
    let push = Push::start(endpoint, Shelf::new(sim.telemetry().clone()), QUICK, Box::new(|_| {})).unwrap();
    let others = records(&sim, Signal::Logs) + records(&sim, Signal::Metrics);
    until("the first answer, and all else", || push.pushed().retries > 0 && push.pushed().acknowledged == others);
    // Time for many tries, if it went by its own backoff: it would be taken.
    let pushed = push.finish(Duration::from_secs(1));
    assert_eq!((pushed.retries, pushed.acknowledged, total(&got).0), (1, others, 0), "{pushed:?}");
    assert_eq!(pushed.left, records(&sim, Signal::Traces));
}

/// All spans, log records or data points of a run.
fn records(sim: &Simulation, signal: Signal) -> u64 {
    next_part(sim.telemetry(), signal, &Cursor::default(), usize::MAX).unwrap().records
}

/// One signal is refused for now, or never answered: the others are all sent meanwhile.
#[test]
fn a_signal_that_is_held_up_holds_up_no_other() {
    let sim = simulated();
    let others = records(&sim, Signal::Logs) + records(&sim, Signal::Metrics);
    for silent in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let got = answering(listener, move |path| match path {
            "/v1/traces" if silent => loop {
                std::thread::park();
            },
            "/v1/traces" => b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_vec(),
            _ => YES.to_vec(),
        });
        let push = Push::start(endpoint, Shelf::new(sim.telemetry().clone()), QUICK, Box::new(|_| {})).unwrap();
        until("logs and metrics", || push.pushed().acknowledged == others);
        let pushed = push.finish(Duration::ZERO);
        assert_eq!((pushed.acknowledged, pushed.left), (others, records(&sim, Signal::Traces)), "{pushed:?}");
        assert_eq!(total(&got), (0, sim.telemetry().logs.len()));
    }
}

#[test]
fn what_a_collector_refuses_is_passed_over_and_told_and_what_it_never_took_is_left() {
    let sim = simulated();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let refused = Mutex::new(false);
    let got = answering(listener, move |path| {
        match path == "/v1/traces" && !std::mem::replace(&mut *refused.lock().unwrap(), true) {
            true => b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n".to_vec(),
            false => YES.to_vec(),
        }
    });
    let (tell, told) = channel();
    let tell = Box::new(move |words: &str| tell.send(words.to_owned()).unwrap());
    let push = Push::start(endpoint, Shelf::new(sim.telemetry().clone()), QUICK, tell).unwrap();
    let pushed = push.finish(AGES);
    let words: Vec<String> = told.iter().collect();
    assert!(words.iter().any(|words| words.contains("for good: 400")), "{words:?}");
    let (spans, logs) = total(&got);
    assert_eq!((spans as u64 + pushed.refused, logs), (sim.telemetry().spans.len() as u64, sim.telemetry().logs.len()));

    // Nobody listens: there is an end, which says how much is left.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = Endpoint::parse(&format!("http://{nobody}")).unwrap();
    let push = Push::start(endpoint, Shelf::new(sim.telemetry().clone()), QUICK, Box::new(|_| {})).unwrap();
    let pushed = push.finish(Duration::from_millis(500));
    assert_eq!(pushed.acknowledged, 0);
    assert!(pushed.left > (sim.telemetry().spans.len() + sim.telemetry().logs.len()) as u64, "{pushed:?}");
}

#[test]
fn an_address_that_cannot_be_listened_at_is_refused_with_a_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let free = "port 0 for a free one";
    for (address, says) in [("localhost:9464", "write 127.0.0.1:9464"), ("127.0.0.1", free), (taken.as_str(), free)] {
        let output = Command::new(env!("CARGO_BIN_EXE_allgreen"))
            .args(["serve", "tests/support/shop/worlds/tiny.ron", "--for", "1s", "--listen", address])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && err.contains(says), "{address}: {err}");
    }
}

#[test]
fn the_command_serves_while_the_run_goes_on_and_ends_when_told() {
    let serve = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
        command.args(["serve", "tests/support/shop/worlds/tiny.ron"]).args(arguments);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    };
    let mut child = Ends(serve(&["--speed", "30"]).spawn().unwrap());
    let mut out = BufReader::new(child.0.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
    let newest = || get(address, "/api/v1/query?query=up").1["data"]["result"][0]["value"][0].as_f64().unwrap();
    let first = newest();
    until("a newer scrape", || newest() > first);
    drop(child);

    let told = serve(&["--speed", "100000", "--for", "2m"]).output().unwrap();
    let out = String::from_utf8(told.stdout).unwrap();
    assert!(["prometheus", "loki", "tempo"].iter().all(|kind| out.contains(&format!("type: {kind}"))), "{out}");
    assert_eq!(told.status.code(), Some(0));
}
