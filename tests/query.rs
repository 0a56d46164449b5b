//! The query languages over the telemetry of a run, against counts that the telemetry itself gives; and the command.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use allgreen::query::logs::LogLines;
use allgreen::query::metrics::MetricStore;
use allgreen::query::promql::{Options, Value, query_instant, query_range};
use allgreen::query::traceql::{MetricsLimits, SearchLimits};
use allgreen::query::traces::Traces;
use allgreen::query::{logql, traceql};
use allgreen::telemetry::{LogRecord, SpanRecord};
use allgreen::time::Stamp;
use allgreen::world::{Change, ChangeKind, Set, Setting};
use allgreen::{Duration, Lesson, Seed, SimTime, Simulation, World};
use serde_json::Value as Json;

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
        ("logql", "{service_name=\"shop\"} | jsn\n{a=\"b\"}\n", "error: 1:25: "),
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

/// What a log query gives of all lines, as Loki would answer.
fn logs(sim: &Simulation, query: &str) -> Json {
    let store = LogLines::new(sim.telemetry());
    let limits = logql::Limits { entries: 5000, ..logql::Limits::default() };
    let query = logql::parse(query).unwrap();
    let (from, to) = store.extent().unwrap();
    let answer = match &query {
        logql::Expr::Log(log) => logql::lines(&store, log, from, to + 1, true, &limits),
        metric => logql::range(&store, metric, to, to, 1, &limits).unwrap(),
    };
    answer.to_json()
}

fn value_of(answer: &Json, label: &str, value: &str) -> f64 {
    let rows = answer["result"].as_array().unwrap();
    let row = rows.iter().find(|row| row["metric"][label] == value).unwrap_or_else(|| panic!("{value}: {answer}"));
    row["values"][0][1].as_str().unwrap().parse().unwrap()
}

#[test]
fn log_queries_count_what_was_written() {
    let sim = simulated();
    let telemetry = sim.telemetry();
    let by_service = logs(&sim, "sum by (service_name) (count_over_time({level=~\".+\"}[1h]))");
    for service in ["shop", "stock"] {
        let of = |log: &LogRecord<'_>| telemetry.resource(log.resource).service == service;
        let written = telemetry.logs.iter().filter(of).count();
        assert_eq!(value_of(&by_service, "service_name", service), written as f64, "{service}");
    }
    let mut line = String::new();
    let mut holds = |log: &LogRecord<'_>| {
        line.clear();
        telemetry.logs.render_into(&telemetry.names, *log, &mut line);
        line.contains("GET /products") && line.contains(" 200")
    };
    let written = telemetry.logs.iter().filter(|log| holds(log)).count() as f64;
    assert!(written > 100.0);
    let found = logs(&sim, "sum(count_over_time({service_name=~\".+\"} |= \"GET /products\" |= \" 200\" [1h]))");
    assert_eq!(found["result"][0]["values"][0][1], written.to_string());
    assert_eq!(found["resultType"], "matrix");

    // A line leads to its trace.
    let lines = logs(&sim, "{service_name=\"shop\"} | trace_id != \"\"");
    assert_eq!(lines["resultType"], "streams");
    let stream = &lines["result"][0];
    let id = stream["stream"]["trace_id"].as_str().unwrap();
    assert_eq!((id.len(), &stream["stream"]["service_name"]), (32, &Json::from("shop")));
    let found = traces(&sim, &format!("{{ trace:id = \"{id}\" }}"));
    assert_eq!(found["traces"][0]["traceID"], id);
}

/// What a search gives of all traces, as Tempo would answer.
fn traces(sim: &Simulation, query: &str) -> Json {
    let limits = SearchLimits { traces: 5000, spans: 100 };
    let query = traceql::parse(query).unwrap();
    let found = traceql::search(&Traces::new(sim.telemetry()), &query, 0, i64::MAX, &limits);
    traceql::search_json(&found)
}

#[test]
fn trace_queries_find_what_was_recorded() {
    let sim = simulated();
    let spans = &sim.telemetry().spans;
    let recorded: BTreeSet<_> = spans.iter().map(|span| span.trace).collect();
    assert_eq!(traces(&sim, "{ }")["traces"].as_array().unwrap().len(), recorded.len().min(5000));
    let slow = |span: &SpanRecord<'_>| {
        sim.telemetry().resource(span.resource).service == "stock" && span.duration > Duration::from_millis(60)
    };
    let slow: BTreeSet<String> = spans.iter().filter(slow).map(|span| spans.trace_id(span.trace).to_string()).collect();
    let found = traces(&sim, "{ resource.service.name = \"stock\" && duration > 60ms }");
    let found = found["traces"].as_array().unwrap().iter();
    let found: BTreeSet<String> = found.map(|trace| trace["traceID"].as_str().unwrap().to_owned()).collect();
    assert!(!slow.is_empty());
    assert_eq!(found, slow);

    let below =
        traces(&sim, "{ resource.service.name = \"shop\" && kind = server } >> { resource.service.name = \"stock\" }");
    let first = &below["traces"][0];
    assert_eq!((&first["rootServiceName"], first["spanSets"][0]["matched"].as_u64() > Some(0)), (&"shop".into(), true));

    let query = traceql::parse("{ kind = server } | count_over_time() by (resource.service.name)").unwrap();
    let store = Traces::new(sim.telemetry());
    let (from, to) = store.extent().unwrap();
    let counted = traceql::metrics(&store, &query, to, to, to - from + 1, &MetricsLimits::default()).unwrap();
    let total: f64 = counted.iter().flat_map(|series| &series.points).map(|(_, value)| value).sum();
    let served = spans.iter().filter(|span| spans.shape_of(span.shape).kind.name() == "SERVER").count();
    assert_eq!(total, served as f64);
}

/// Every text of an answer, keys too.
fn texts(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::String(text) => found.push(text.clone()),
        Json::Array(all) => all.iter().for_each(|one| texts(one, found)),
        Json::Object(fields) => fields.iter().for_each(|(key, value)| {
            found.push(key.clone());
            texts(value, found);
        }),
        _ => {}
    }
}

#[test]
fn no_answer_tells_the_ground_truth() {
    let sim = simulated();
    let everything = "{ } | select(.http.response.status_code, .error.type, .db.operation.name, .messaging.message.id)";
    let mut found = Vec::new();
    texts(&logs(&sim, "{service_name=~\".+\"}"), &mut found);
    texts(&traces(&sim, everything), &mut found);
    let labels = LogLines::new(sim.telemetry());
    found.extend(logql::LogStore::streams(&labels).iter().map(ToString::to_string));
    assert!(found.len() > 1000);
    let outcomes =
        ["right", "failed", "partial", "stale", "wrong", "late", "lost", "duplicated", "misordered", "refused"];
    for text in &found {
        for word in ["outcome", "owed", "harmed", "debt", "ledger", "ground_truth", "app.data.version", "due_ns"] {
            assert!(!text.contains(word), "{text} has {word}");
        }
        assert!(!outcomes.contains(&text.to_lowercase().as_str()), "{text} is an outcome");
    }
}

#[test]
fn the_command_asks_in_each_language() {
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_allgreen"));
        command.args(["query", "storefront", "--for", "2m"]).args(arguments);
        let output = command.env("NO_COLOR", "1").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let json = |arguments: &[&str]| -> Json {
        let (status, out, err) = ask(&[arguments, &["--format", "json"]].concat());
        assert_eq!(status, Some(0), "{arguments:?} {err}");
        serde_json::from_str(&out).unwrap()
    };
    let lines = json(&["logql", "{service_name=~\".+\"}", "--limit", "7"]);
    let all: usize = lines["result"].as_array().unwrap().iter().map(|s| s["values"].as_array().unwrap().len()).sum();
    assert_eq!((&lines["resultType"], all), (&"streams".into(), 7));
    let rate = "sum by (level) (rate({service_name=~\".+\"}[1m]))";
    assert_eq!(json(&["logql", rate])["resultType"], "vector");
    let matrix = json(&["logql", rate, "--from", "1m", "--to", "2m", "--step", "30s"]);
    assert_eq!((&matrix["resultType"], matrix["result"][0]["values"].as_array().unwrap().len()), (&"matrix".into(), 3));
    assert_eq!(json(&["traceql", "{ }", "--limit", "5"])["traces"].as_array().unwrap().len(), 5);
    let measured = json(&["traceql", "{ } | rate()", "--from", "1m", "--step", "30s"]);
    assert_eq!(measured["series"][0]["samples"].as_array().unwrap().len(), 3);
    assert_eq!(json(&["promql", "up"])["resultType"], "vector");

    let (status, out, _) = ask(&["logql", "{service_name=~\".+\"}", "--limit", "3"]);
    assert_eq!((status, out.lines().count()), (Some(0), 4), "{out}");
    assert!(out.starts_with("time"), "{out}");
    let (status, out, _) = ask(&["traceql", "{ kind = server } | count_over_time() by (resource.service.name)"]);
    assert!(status == Some(0) && out.starts_with("series"), "{out}");

    for (arguments, words) in [
        (&["logql", "{a=\"b\"} | jsn"][..], "error: 1:11: "),
        (&["traceql", "{ staus = ok }"], "did you mean `status`?"),
        (&["logql", rate, "--from", "1m"], "--step"),
        (&["promql", "up", "--from", "1m"], "--step"),
        (&["logql", "rate({service_name=~\".+\"}[1m])"], "500"),
    ] {
        let (status, out, err) = ask(arguments);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains(words), "{arguments:?} {err}");
    }
}

/// The text of a page.
fn page(name: &str) -> String {
    std::fs::read_to_string(format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The words of a line as a shell takes them; the pages quote with `'` alone.
fn shell_words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// How many series, lines or traces a question finds, asked as the command asks it.
fn found(sim: &Simulation, language: &str, expression: &str, options: &[String]) -> usize {
    let telemetry = sim.telemetry();
    let zero = i64::try_from(telemetry.epoch().unix_ns(Stamp(0))).unwrap();
    let option = |name: &str| {
        let place = options.iter().position(|option| option == name)?;
        Some(i64::try_from(Duration::parse(&options[place + 1]).unwrap().0).unwrap())
    };
    let from = zero + option("--from").unwrap_or(0);
    let to = zero + option("--to").unwrap_or(i64::try_from(sim.now().0).unwrap());
    let step = option("--step");
    match language {
        "promql" => {
            let (store, options) = (MetricStore::new(telemetry), Options::default());
            let ms = |at: i64| at / 1_000_000;
            let answer = match step {
                Some(step) => query_range(&store, expression, ms(from), ms(to), ms(step), &options),
                None => query_instant(&store, expression, ms(to), &options),
            };
            match answer.unwrap().value {
                Value::Vector(samples) => samples.len(),
                Value::Matrix(series) => series.len(),
                other => panic!("{other:?}"),
            }
        }
        "logql" => {
            let (store, limits) = (LogLines::new(telemetry), logql::Limits::default());
            let query = logql::parse(expression).unwrap();
            let answer = match (&query, step) {
                (logql::Expr::Log(log), _) => logql::lines(&store, log, from, to, true, &limits),
                (numbers, Some(step)) => logql::range(&store, numbers, from, to, step, &limits).unwrap(),
                (numbers, None) => logql::instant(&store, numbers, to, &limits).unwrap(),
            };
            answer.to_json()["result"].as_array().unwrap().len()
        }
        "traceql" => {
            let (store, query) = (Traces::new(telemetry), traceql::parse(expression).unwrap());
            if query.metrics.is_none() {
                return traceql::search(&store, &query, from, to + 1, &SearchLimits::default()).len();
            }
            let (start, step) = step.map_or((to, to - from), |step| (from, step));
            traceql::metrics(&store, &query, start, to, step, &MetricsLimits::default()).unwrap().len()
        }
        other => panic!("{other} is no language"),
    }
}

#[test]
fn every_example_of_the_pages_finds_something() {
    let lesson = Lesson::load(format!("{}/lessons/quiet-fallback.ron", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut sim = Simulation::new(lesson.world(), Seed(lesson.spec().seed));
    for scripted in &lesson.spec().script {
        sim.schedule(scripted.at, &scripted.change);
    }
    sim.run_until(lesson.spec().opens_at);

    let mut asked = 0;
    for line in page("query.md").lines().filter(|line| line.starts_with("allgreen query ")) {
        let words = shell_words(line);
        let [_, _, lesson, language, expression, options @ ..] = words.as_slice() else { panic!("{line}") };
        assert_eq!(lesson, "quiet-fallback", "{line}");
        assert!(found(&sim, language, expression, options) > 0, "nothing is found by\n{line}");
        asked += 1;
    }
    // The first question in each step of the walk through Grafana.
    let served = page("serve.md");
    for (source, language) in [("metrics", "promql"), ("logs", "logql"), ("traces", "traceql")] {
        let mut steps = served.lines().filter(|line| line.contains(&format!("hoose *allgreen {source}*")));
        let (_, after) = steps.next().and_then(|step| step.split_once("ask `")).unwrap();
        let expression = after.split('`').next().unwrap();
        assert!(found(&sim, language, expression, &[]) > 0, "nothing is found by {expression}");
        asked += 1;
    }
    assert!(asked >= 11, "{asked}");
}
