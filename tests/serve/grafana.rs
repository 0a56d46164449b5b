//! Loki and Tempo as Grafana's data sources ask them.

use allgreen::query::logs::LogLines;

use super::*;

const SECOND: i64 = 1_000_000_000;

/// The body of a text answer.
#[track_caller]
fn refused(at: SocketAddr, path: &str, status: u16) -> String {
    let (got, head, body) = get_as(at, path, "*/*");
    let text = String::from_utf8_lossy(&body).into_owned();
    assert_eq!(got, status, "{path}: {text}");
    assert!(head.contains("text/plain"), "{path}: {head}");
    text
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn loki_is_answered_in_its_own_shapes() {
    let (sim, server) = served(Limits::default());
    let at = server.address();
    let (from, to) = LogLines::new(sim.telemetry()).extent().unwrap();
    let span = format!("start={from}&end={}", to + 1);

    // What the data source's test button asks.
    let (status, health) =
        get(at, &format!("/loki/api/v1/query?query={}&time=4000000000", encoded("vector(1)+vector(1)")));
    assert_eq!((status, &health["status"]), (200, &json!("success")), "{health}");
    assert_eq!(health["data"]["resultType"], "vector");
    assert_eq!(health["data"]["result"][0]["value"][1], "2");

    let (_, labels) = get(at, &format!("/loki/api/v1/labels?{span}"));
    assert!(texts(&labels["data"]).contains(&"service_name"), "{labels}");
    let (_, values) = get(at, &format!("/loki/api/v1/label/service_name/values?{span}"));
    assert_eq!(values, json!({ "status": "success", "data": ["db", "shop", "stock"] }));
    let only = encoded("{service_name=\"shop\"}");
    let (_, values) = get(at, &format!("/loki/api/v1/label/service_name/values?{span}&query={only}"));
    assert_eq!(values["data"], json!(["shop"]));
    let (_, none) = get(at, "/loki/api/v1/labels?start=1&end=2");
    assert_eq!(none["data"], json!([]));
    let (_, series) = get(at, &format!("/loki/api/v1/series?match[]={only}&{span}"));
    assert!(series["data"].as_array().unwrap().iter().all(|one| one["service_name"] == "shop"), "{series}");
    assert_eq!(post(at, "/loki/api/v1/series", format!("match[]={only}&{span}").as_bytes()).1, series);
    let (_, stats) = get(at, &format!("/loki/api/v1/index/stats?query={only}&{span}"));
    assert!(stats["entries"].as_u64().unwrap() > 100 && stats["bytes"].as_u64().unwrap() > 1000, "{stats}");

    // What Logs Drilldown asks.
    let (_, volume) = get(at, &format!("/loki/api/v1/index/volume?query={only}&{span}"));
    assert_eq!(volume["data"]["result"][0]["metric"], json!({"service_name": "shop"}), "{volume}");
    let bytes = volume["data"]["result"][0]["value"][1].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(Some(bytes), stats["bytes"].as_u64());
    let (_, ranged) =
        get(at, &format!("/loki/api/v1/index/volume_range?query={only}&{span}&step=60&targetLabels=level"));
    let sum = |one: &Value| -> u64 {
        let values = one["values"].as_array().unwrap().iter();
        values.map(|value| value[1].as_str().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!(ranged["data"]["resultType"], "matrix");
    assert_eq!(ranged["data"]["result"].as_array().unwrap().iter().map(sum).sum::<u64>(), bytes, "{ranged}");
    let (_, labels) = get(at, &format!("/loki/api/v1/index/volume?query={only}&{span}&aggregateBy=labels"));
    assert!(labels["data"]["result"].as_array().unwrap().iter().any(|one| one["metric"] == json!({"level": ""})));
    let (_, fields) = get(at, &format!("/loki/api/v1/detected_fields?query={only}&{span}"));
    let field = |name: &str| fields["fields"].as_array().unwrap().iter().find(|one| one["label"] == name).cloned();
    let status = field("http_response_status_code").unwrap_or_else(|| panic!("{fields}"));
    assert_eq!((&status["type"], &status["parsers"]), (&json!("int"), &Value::Null));
    assert_eq!(field("service_name"), None);
    let (_, values) =
        get(at, &format!("/loki/api/v1/detected_field/http_response_status_code/values?query={only}&{span}"));
    assert!(values["values"].as_array().unwrap().contains(&json!("200")), "{values}");
    let (_, labels) = get(at, &format!("/loki/api/v1/detected_labels?query={only}&{span}"));
    assert!(labels["detectedLabels"].as_array().unwrap().iter().any(|one| one["label"] == "level"), "{labels}");
    let (_, patterns) = get(at, &format!("/loki/api/v1/patterns?query={only}&{span}"));
    let first = &patterns["data"][0];
    assert!(
        first["pattern"].as_str().unwrap().contains("<_>") && first["samples"][0][1].as_u64() > Some(0),
        "{patterns}"
    );

    // Lines, the newest first unless told.
    let lines = |rest: &str| {
        let (status, answer) = get(at, &format!("/loki/api/v1/query_range?query={only}&{span}{rest}"));
        assert_eq!((status, &answer["data"]["resultType"]), (200, &json!("streams")), "{answer}");
        let streams = answer["data"]["result"].as_array().unwrap().clone();
        assert!(streams.iter().all(|stream| stream["stream"]["service_name"] == "shop"));
        let stamp = |value: &Value| value[0].as_str().unwrap().parse::<i64>().unwrap();
        let of = |stream: &Value| stream["values"].as_array().unwrap().iter().map(stamp).collect::<Vec<i64>>();
        streams.iter().flat_map(of).collect::<Vec<i64>>()
    };
    let (newest, oldest) = (lines("&limit=5"), lines("&limit=5&direction=forward"));
    assert_eq!((newest.len(), oldest.len(), lines("").len()), (5, 5, 100));
    assert!(oldest.iter().max() < newest.iter().min() && newest.contains(&newest.iter().copied().max().unwrap()));

    // Labels by where they come from, for who asks.
    let path = format!("/loki/api/v1/query_range?query={only}&{span}&limit=5");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nX-Loki-Response-Encoding-Flags: categorize-labels\r\nConnection: close\r\n\r\n"
    );
    let (_, _, body) = raw(at, request.as_bytes());
    let told: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(told["data"]["encodingFlags"], json!(["categorize-labels"]), "{told}");
    let first = &told["data"]["result"][0];
    assert_eq!(first["stream"]["severity_number"], Value::Null, "{told}");
    assert!(first["values"][0][2]["structuredMetadata"]["severity_number"].is_string(), "{told}");

    // The histogram of lines above them.
    let volume = encoded("sum by (level) (count_over_time({service_name=\"shop\"}[1m]))");
    let (status, volume) = get(at, &format!("/loki/api/v1/query_range?query={volume}&{span}&step=60000ms"));
    assert_eq!((status, &volume["data"]["resultType"]), (200, &json!("matrix")), "{volume}");
    assert!(volume["data"]["result"][0]["values"].as_array().unwrap().len() > 5, "{volume}");
    assert_eq!(refused(at, "/ready", 200), "ready\n");
}

#[test]
fn tempo_s_search_is_answered_in_its_own_shapes() {
    let (sim, server) = served(Limits::default());
    let at = server.address();
    assert_eq!(refused(at, "/api/echo", 200), "echo");
    let query = encoded("{ resource.service.name = \"shop\" && kind = server }");
    let (status, found) = get(at, &format!("/api/search?q={query}&limit=7&spss=2"));
    assert_eq!((status, found["traces"].as_array().unwrap().len()), (200, 7), "{found}");
    let first = &found["traces"][0];
    let keys =
        ["traceID", "rootServiceName", "rootTraceName", "startTimeUnixNano", "durationMs", "spanSet", "spanSets"];
    assert!(keys.iter().all(|key| !first[key].is_null()), "{first}");
    let span = &first["spanSets"][0]["spans"][0];
    let keys = ["spanID", "name", "startTimeUnixNano", "durationNanos", "attributes"];
    assert!(keys.iter().all(|key| !span[key].is_null()), "{span}");
    // What was found can be opened.
    let id = first["traceID"].as_str().unwrap();
    assert_eq!(get(at, &format!("/api/v2/traces/{id}")).0, 200);
    assert_eq!(get(at, &format!("/api/traces/{id}")).0, 200);

    // Only what began in time, in seconds.
    let second = first["startTimeUnixNano"].as_str().unwrap().parse::<i64>().unwrap() / SECOND;
    let (_, narrow) = get(at, &format!("/api/search?q=%7B%7D&start={second}&end={}&limit=1000", second + 1));
    let (_, nothing) = get(at, "/api/search?q=%7B%7D&start=1&end=2");
    assert!(!narrow["traces"].as_array().unwrap().is_empty() && narrow["traces"].as_array().unwrap().len() < 100);
    assert_eq!(nothing["traces"], json!([]));
    // The older search, by tags.
    let (_, tagged) = get(at, &format!("/api/search?tags={}&minDuration=1ms&limit=3", encoded("service.name=shop")));
    assert_eq!(tagged["traces"].as_array().unwrap().len(), 3, "{tagged}");

    let found = |tags: &str| {
        let (_, found) = get(at, &format!("/api/search?tags={}&limit=10000", encoded(tags)));
        found["traces"].as_array().unwrap().len()
    };
    let (named, failed) = (found("rootName=\"GET /help\""), found("status=error"));
    assert!(named > 0 && named == found("root.name=\"GET /help\""));
    assert!(found("root.service.name=shop") > named);
    assert_eq!((failed, failed), (found("status.code=error"), found("error=true")));

    let (_, tags) = get(at, "/api/search/tags");
    assert!(texts(&tags["tagNames"]).contains(&"http.route"), "{tags}");
    let (_, scopes) = get(at, "/api/v2/search/tags");
    let names: Vec<&str> = scopes["scopes"].as_array().unwrap().iter().filter_map(|s| s["name"].as_str()).collect();
    assert_eq!(names, ["resource", "span", "event", "intrinsic"]);
    let (_, one) = get(at, "/api/v2/search/tags?scope=resource");
    assert!(texts(&one["scopes"][0]["tags"]).contains(&"service.name"), "{one}");
    // The first version heeds the scope, too, and both heed time, number and filter.
    let first = |rest: &str| get(at, &format!("/api/search/tags?{rest}")).1;
    let resource = first("scope=resource");
    assert_eq!(resource["tagNames"], one["scopes"][0]["tags"]);
    assert!(!texts(&first("scope=span")["tagNames"]).contains(&"service.name"));
    assert!(texts(&first("scope=intrinsic")["tagNames"]).contains(&"rootName"));
    assert_eq!(first("scope=link")["tagNames"], json!([]));
    assert_eq!(first("start=1&end=2")["tagNames"], json!([]));
    assert_eq!(first("limit=2")["tagNames"].as_array().unwrap().len(), 2);
    let (_, few) = get(at, "/api/v2/search/tags?limit=1");
    assert!(few["scopes"].as_array().unwrap().iter().all(|scope| texts(&scope["tags"]).len() == 1), "{few}");
    let (_, never) = get(at, "/api/v2/search/tags?start=1&end=2");
    assert!(never["scopes"].as_array().unwrap()[..3].iter().all(|scope| scope["tags"] == json!([])), "{never}");
    let middle = format!("start={second}&end={}", second + 30);
    let (_, some) = get(at, &format!("/api/v2/search/tags?scope=span&{middle}"));
    assert!(texts(&some["scopes"][0]["tags"]).contains(&"http.route"), "{some}");
    let asking = encoded("{ resource.service.name = \"db\" && span.");
    let (_, of_db) = get(at, &format!("/api/v2/search/tags?scope=span&q={asking}"));
    assert!(!texts(&of_db["scopes"][0]["tags"]).contains(&"http.route"), "{of_db}");
    let (_, values) = get(at, "/api/v2/search/tag/resource.service.name/values");
    let shop = json!({ "type": "string", "value": "shop" });
    assert!(values["tagValues"].as_array().unwrap().contains(&shop), "{values}");
    // A filter that is being written filters by what it has so far.
    let so_far = |filter: &str| {
        let (_, found) = get(at, &format!("/api/v2/search/tag/resource.service.name/values?q={}", encoded(filter)));
        found["tagValues"].clone()
    };
    for filter in ["{", "{ resource.service.name= }", "{ staus = error }", "service"] {
        assert_eq!(so_far(filter), values["tagValues"], "{filter}");
    }
    for filter in ["{ resource.service.name=\"shop\" && }", "{ resource.service.name=\"shop\" && .a = "] {
        assert_eq!(so_far(filter), json!([shop]), "{filter}");
    }
    let (_, kinds) = get(at, "/api/v2/search/tag/kind/values");
    assert!(
        kinds["tagValues"].as_array().unwrap().contains(&json!({ "type": "keyword", "value": "server" })),
        "{kinds}"
    );
    let (_, values) = get(at, "/api/search/tag/service.name/values");
    assert!(texts(&values["tagValues"]).contains(&"shop"), "{values}");

    let rate = encoded("{ kind = server } | rate() by (resource.service.name)");
    let (status, series) = get(at, &format!("/api/metrics/query_range?q={rate}&step=60s"));
    assert_eq!(status, 200);
    let first = &series["series"][0];
    assert!(first["labels"][0]["key"] == "resource.service.name" && first["promLabels"].is_string(), "{first}");
    assert!(
        first["samples"].as_array().unwrap().len() > 5 && first["samples"][0]["timestampMs"].is_string(),
        "{first}"
    );
    let count = encoded("{ kind = server } | count_over_time()");
    let (_, once) = get(at, &format!("/api/metrics/query?q={count}"));
    let spans = &sim.telemetry().spans;
    let served = spans.iter().filter(|span| spans.shape_of(span.shape).kind.name() == "SERVER").count();
    assert_eq!(once["series"][0]["value"].as_f64(), Some(served as f64), "{once}");

    // A rate is over the time that was asked for, to the last bit.
    let (start, end) = (second - 200, second);
    let in_time = |series: &str| format!("/api/metrics/query?q={}&start={start}&end={end}", encoded(series));
    let value = |path: &str| get(at, path).1["series"][0]["value"].as_f64().unwrap();
    let (counted, rate) = (value(&in_time("{ } | count_over_time()")), value(&in_time("{ } | rate()")));
    assert!(counted > 0.0, "{counted}");
    assert_eq!(rate, counted / 200.0);
    let since = format!("/api/metrics/query?q={}&since=200s&end={end}", encoded("{ } | count_over_time()"));
    assert_eq!(value(&since), counted);
    let ranged = format!("/api/metrics/query_range?q={}&step=60s&since=", encoded("{ } | rate()"));
    let steps = |since: &str| get(at, &format!("{ranged}{since}")).1["series"][0]["samples"].as_array().unwrap().len();
    assert_eq!((steps("2m"), steps("5m")), (3, 6));
}

#[test]
fn what_grafana_asks_as_a_data_source_is_saved_and_a_query_is_written_is_answered() {
    let (_, server) = served(Limits::default());
    let at = server.address();
    // Saved and tested.
    let (status, two) = post(at, "/api/v1/query", b"query=1%2B1&time=1772441520.000");
    assert_eq!((status, &two["data"]["resultType"], &two["data"]["result"][1]), (200, &json!("scalar"), &json!("2")));
    assert_eq!(get(at, "/api/v1/query?query=1%2B1&time=4").1["data"]["result"], json!([4, "2"]));
    let version = |path: &str, place: fn(&Value) -> &Value| place(&get(at, path).1)["version"].is_string();
    assert!(version("/api/v1/status/buildinfo", |told| &told["data"]));
    assert!(version("/loki/api/v1/status/buildinfo", |told| told) && version("/api/status/buildinfo", |told| told));

    // The builders of queries, with the parameters that they send.
    let (_, names) = get(at, "/api/v1/label/__name__/values?start=1&end=4000000000&limit=40000");
    assert!(texts(&names["data"]).contains(&"up"), "{names}");
    let (_, labels) = post(at, "/api/v1/labels", b"start=1&end=4000000000&limit=40000&match[]=up");
    assert!(texts(&labels["data"]).contains(&"job"), "{labels}");
    let (_, exemplars) = post(at, "/api/v1/query_exemplars", b"query=up&start=1&end=2");
    assert_eq!(exemplars["data"], json!([]));
    for path in ["rules?type=alert", "metadata?limit=40000", "alerts"] {
        assert_eq!(get(at, &format!("/api/v1/{path}")).0, 200, "{path}");
    }
    let window = "start=1&end=4000000000&limit=5000";
    let (_, every) = get(at, &format!("/api/v2/search/tag/resource.service.name/values?{window}&q=%7B%7D"));
    let (_, slow) = get(
        at,
        &format!("/api/v2/search/tag/resource.service.name/values?{window}&q={}", encoded("{ duration >= 0s }")),
    );
    assert_eq!((&every, every["tagValues"].as_array().unwrap().len() > 1), (&slow, true));
    let (_, tags) = get(at, &format!("/api/v2/search/tags?scope=span&{window}"));
    assert!(texts(&tags["scopes"][0]["tags"]).contains(&"http.route"), "{tags}");

    // A log query is tidied before it is asked.
    let good = encoded(" {service_name=\"shop\"} |= \"a\" ");
    let (status, tidy) = get(at, &format!("/loki/api/v1/format_query?query={good}"));
    assert_eq!((status, &tidy["data"]), (200, &json!("{service_name=\"shop\"} |= \"a\"")));
    let (status, bad) = get(at, "/loki/api/v1/format_query?query=%7B");
    assert_eq!((status, &bad["status"]), (400, &json!("invalid-query")), "{bad}");
    assert!(bad["error"].as_str().unwrap().starts_with("parse error at line 1, col 2"), "{bad}");
}

#[test]
fn what_is_wrong_is_said_in_words_as_loki_and_tempo_do() {
    let (_, server) = served(Limits::default());
    let at = server.address();
    let wrong = |path: &str, words: &str| {
        let text = refused(at, path, 400);
        assert!(text.contains(words), "{path}: {text}");
    };
    let loki = |query: &str| format!("/loki/api/v1/query_range?query={}", encoded(query));
    wrong("/loki/api/v1/query_range", "parse error at line 1, col 1");
    wrong(&loki("{a=\"b\"} | jsn"), "did you mean `json`?");
    wrong(&loki("{a=\"b\"} |~ \"[\""), "regular expression");
    wrong(&loki("rate({level=~\".+\"}[1m])"), "maximum of series (500)");
    wrong(&format!("/loki/api/v1/query?query={}", encoded("{a=\"b\"}")), "not supported as an instant query");
    for (rest, words) in [
        ("limit=-1", "limit must be a positive value"),
        ("limit=0", "limit must be a positive value"),
        ("limit=5001", "limit > 5000"),
        ("direction=up", "forward or backward"),
        ("start=2&end=1", "before start"),
        ("start=noon", "valid timestamp"),
    ] {
        wrong(&format!("{}&{rest}", loki("{a=\"b\"}")), words);
    }
    let counted = loki("sum(count_over_time({level=~\".+\"}[1m]))");
    wrong(&format!("{counted}&step=0"), "positive");
    wrong(&format!("{counted}&start=0&end=20000&step=1"), "11000 points");
    wrong("/loki/api/v1/labels?query=%7B", "parse error");
    wrong("/loki/api/v1/series?match[]=%7Ba%3D%22b%22%7D%7Cjson", "only label matchers");

    let tempo = |query: &str| format!("/api/search?q={}", encoded(query));
    wrong(&tempo("{ staus = error }"), "did you mean `status`?");
    wrong(&tempo("{ } | rate()"), "/api/metrics/query_range");
    wrong(&format!("{}&limit=-1", tempo("{}")), "non-negative");
    wrong(&format!("{}&limit=0", tempo("{}")), "positive");
    wrong("/api/search/tags?scope=world", "invalid scope");
    wrong(&format!("{}&start=2&end=1", tempo("{}")), "before end");
    wrong("/api/search?tags=shop", "key=value");
    wrong("/api/search?minDuration=soon", "\"minDuration\": \"soon\" is no duration");
    wrong("/api/search?maxDuration=name", "\"maxDuration\"");
    wrong(&format!("/api/search?minDuration={}", encoded("1s || true")), "\"minDuration\"");
    wrong("/api/v2/search/tags?scope=world", "invalid scope");
    wrong("/api/v2/search/tag/%7B%7D/values", "is no tag");
    let measured = |query: &str| format!("/api/metrics/query_range?q={}", encoded(query));
    wrong(&measured("{ }"), "measures nothing");
    wrong(&format!("{}&start=0&end=20000&step=1", measured("{ } | rate()")), "11000 points");
    assert_eq!(refused(at, "/loki/api/v1/nothing", 404), "there is no such path here");
    assert!(raw(at, b"DELETE /api/search HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").0 == 405);
}

#[test]
fn hostile_questions_of_logs_and_traces_are_answered_or_refused() {
    let (_, server) = served(Limits { answering: Duration::from_secs(2), ..Limits::default() });
    let at = server.address();
    let far = ["-9223372036854775808", "9223372036854775807", "-9e15", "9e15", "0"];
    let logs = encoded("sum(count_over_time({level=~\".+\"}[1m]))");
    let lines = encoded("{level=~\".+\"} |= \"a\"");
    let rates = encoded("{ } | rate() by (span:id)");
    for start in far {
        for end in far {
            for path in [
                format!("/loki/api/v1/query_range?query={logs}&start={start}&end={end}"),
                format!("/loki/api/v1/query_range?query={lines}&start={start}&end={end}&step=9e12"),
                format!("/loki/api/v1/query?query={logs}&time={end}"),
                format!("/api/search?q=%7B%7D&start={start}&end={end}"),
                format!("/api/metrics/query_range?q={rates}&start={start}&end={end}"),
                format!("/api/metrics/query?q={rates}&start={start}&end={end}"),
            ] {
                let (status, _, body) = get_as(at, &path, "*/*");
                assert!([200, 400, 422, 503].contains(&status), "{status} {path}: {}", String::from_utf8_lossy(&body));
            }
        }
    }
    let nested =
        |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(20_000), close.repeat(20_000));
    for (path, query) in [
        ("/loki/api/v1/query_range", nested("sum(", "rate({a=\"b\"}[1m])", ")")),
        ("/loki/api/v1/query_range", format!("{{level=~\".+\"}}{}", " | a=\"b\"".repeat(20_000))),
        ("/loki/api/v1/query_range", format!("{{level=~\"{}\"}}", nested("(", "a", ")*"))),
        ("/loki/api/v1/query_range", "{level=~\"(a{1000}){1000}\"}".to_owned()),
        (
            "/loki/api/v1/query_range",
            format!("{{level=~\".+\"}} | line_format \"{}\"", "{{ range .a }}".repeat(10_000)),
        ),
        ("/loki/api/v1/query_range", "{level=~\".+\"} | line_format \"{{ repeat 999999999 __line__ }}\"".to_owned()),
    ] {
        let (status, _, _) = form(at, path, &format!("query={}", encoded(&query)));
        assert!([200, 400, 413, 422, 503].contains(&status), "{status} {path}");
    }
    for query in [nested("(", "{ }", ")"), nested("{ !(", "true", ") }"), "{ } >> ".repeat(3_000)] {
        let (status, _, _) = get_as(at, &format!("/api/search?q={}", encoded(&query)), "*/*");
        assert!([0, 400, 414, 431].contains(&status), "{status}");
    }
    until("an answer after all this", || get_as(at, "/loki/api/v1/labels", "*/*").0 == 200);
}
