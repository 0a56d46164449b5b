//! Queries over two small traces, with results worked out by hand; and what must be refused.

use proptest::prelude::*;

use super::*;

const MS: i64 = 1_000_000;
const SECOND: i64 = 1000 * MS;

fn span(parent: Option<usize>, name: &str, service: &str, kind: Kind, start: i64, duration: i64) -> MemorySpan {
    let service = (Scope::Resource, "service.name".to_owned(), Value::Text(service.to_owned()));
    MemorySpan {
        parent,
        name: name.to_owned(),
        kind,
        start,
        duration,
        attributes: vec![service],
        ..MemorySpan::default()
    }
}

/// A checkout (web → shop → two calls: pay, stock → query) that failed, and a lone ping.
fn store() -> MemoryTraces {
    let mut spans = vec![
        span(None, "POST /orders", "web", Kind::Server, 10 * SECOND, 900 * MS),
        span(Some(0), "place", "shop", Kind::Server, 10 * SECOND + 50 * MS, 800 * MS),
        span(Some(1), "charge", "pay", Kind::Client, 10 * SECOND + 100 * MS, 500 * MS),
        span(Some(1), "reserve", "stock", Kind::Client, 10 * SECOND + 610 * MS, 100 * MS),
        span(Some(3), "SELECT", "stock", Kind::Client, 10 * SECOND + 620 * MS, 60 * MS),
    ];
    spans[0].attributes.push((Scope::Span, "http.response.status_code".into(), Value::Int(500)));
    spans[2].status = Status::Error;
    spans[2].attributes.push((Scope::Span, "retry count".into(), Value::Int(2)));
    spans[2].events = vec![
        Event {
            name: "exception".into(),
            after: 400 * MS,
            attributes: vec![("type".into(), Value::Text("Timeout".into()))],
        },
        Event { name: "retry".into(), after: 200 * MS, attributes: Vec::new() },
    ];
    spans[4].links = vec![Link { trace: "aa".into(), span: "bb".into(), attributes: Vec::new() }];
    let mut ping = span(None, "GET /ping", "web", Kind::Server, 25 * SECOND, 2 * MS);
    ping.attributes.push((Scope::Span, "http.response.status_code".into(), Value::Int(200)));
    MemoryTraces(vec![MemoryTrace { id: "01".into(), spans }, MemoryTrace { id: "02".into(), spans: vec![ping] }])
}

fn found(query: &str) -> Vec<FoundTrace> {
    let query = parse(query).unwrap_or_else(|error| panic!("{error}"));
    search(&store(), &query, 0, 60 * SECOND, &SearchLimits { traces: 20, spans: 20 })
}

/// The names of the spans found, spansets apart by `|`, traces by `;`.
fn names(query: &str) -> String {
    let spanset =
        |spanset: &FoundSpanset| spanset.spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>().join(" ");
    let trace = |trace: &FoundTrace| trace.spansets.iter().map(spanset).collect::<Vec<_>>().join("|");
    found(query).iter().map(trace).collect::<Vec<_>>().join(";")
}

#[test]
fn a_selection_is_compared_with_the_rest_by_every_attribute() {
    let compared = |query: &str| -> Vec<(String, f64)> {
        let query = parse(query).unwrap_or_else(|error| panic!("{error}"));
        let series = metrics(&store(), &query, 30 * SECOND, 30 * SECOND, 30 * SECOND, &MetricsLimits::default());
        let sum = |points: &[(i64, f64)]| points.iter().map(|(_, value)| value).sum();
        series.unwrap().iter().map(|one| (one.name(), sum(&one.points))).collect()
    };
    let all = compared("{ } | compare({ status = error })");
    let of = |name: &str| all.iter().find(|(own, _)| own == name).map(|(_, count)| *count);
    assert_eq!(of("{__meta_type=\"selection\", \"resource.service.name\"=\"pay\"}"), Some(1.0));
    assert_eq!(of("{__meta_type=\"baseline\", \"resource.service.name\"=\"stock\"}"), Some(2.0));
    assert_eq!(of("{__meta_type=\"baseline_total\", \"resource.service.name\"=\"<nil>\"}"), Some(5.0));
    assert_eq!(of("{__meta_type=\"selection_total\", kind=\"<nil>\"}"), Some(1.0));
    assert_eq!(of("{__meta_type=\"selection\", kind=\"client\"}"), Some(1.0));
    assert!(all.is_sorted_by(|a, b| a.0 <= b.0));
    let few = compared("{ } | compare({ status = error }, 1)");
    let baseline = |(name, _): &&(String, f64)| name.contains("\"baseline\"") && name.contains("service.name");
    assert_eq!(few.iter().filter(baseline).count(), 1);
    assert!(few.iter().any(|(name, _)| name.contains("__too_many_values__") && name.contains("service.name")));
    let none = compared("{ } | compare({ status = error }, 10, 1, 2)");
    assert!(none.iter().all(|(name, _)| !name.contains("selection")));
    for wrong in
        ["{ } | compare({ }, 0)", "{ } | compare({ }, 1, 9, 3)", "{ } | compare({ }, 1, 9)", "{ } | compare({ }, 1.5)"]
    {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn filters() {
    for (query, expected) in [
        ("{ span.http.response.status_code >= 500 }", "POST /orders"),
        ("{ .http.response.status_code = 200 }", "GET /ping"),
        ("{ span.\"retry count\" = 2 }", "charge"),
        ("{ .service.name = `pay` }", "charge"),
        ("{ resource.service.name =~ \"pay|web\" && status != error }", "POST /orders;GET /ping"),
        ("{ duration > 450ms && duration < 0.85s }", "place charge"),
        ("{ status = error || kind = server && name = \"place\" }", "place"),
        ("{ kind = client && !(name = \"SELECT\") }", "charge reserve"),
        ("{ span.http.response.status_code != nil }", "POST /orders;GET /ping"),
        ("{ trace:duration > 1s }", ""),
        ("{ traceDuration = 900ms && rootName = \"POST /orders\" && name = \"SELECT\" }", "SELECT"),
        ("{ trace:rootService = \"web\" && span:childCount = 2 }", "place"),
        ("{ nestedSetParent = -1 }", "POST /orders;GET /ping"),
        ("{ nestedSetLeft = 5 && nestedSetRight = 8 }", "reserve"),
        ("{ parent.service.name = \"shop\" }", "charge reserve"),
        ("{ event:name = \"retry\" }", "charge"),
        ("{ event.type = \"Timeout\" && event:timeSinceStart > 300ms }", "charge"),
        ("{ event:name != \"retry\" }", ""),
        ("{ link:traceID = \"aa\" }", "SELECT"),
        ("{ span:id = \"0000000000000003\" }", "charge"),
        ("{ duration * 2 > 1.5s }", "POST /orders place"),
        ("{ .missing != 3 }", ""),
        ("{ .http.response.status_code > minInt && .http.response.status_code != maxInt }", "POST /orders;GET /ping"),
        ("{ .missing = nil && name = \"charge\" }", "charge"),
        ("{ -.http.response.status_code = -200 }", "GET /ping"),
        ("{ .http.response.status_code = \"200\" }", ""),
        ("{ name =~ .service.name || .service.name =~ rootServiceName && name !~ \"GET.*\" }", "POST /orders"),
    ] {
        assert_eq!(names(query), expected, "{query}");
    }
}

#[test]
fn spansets_and_structure() {
    for (query, expected) in [
        ("{ name = \"place\" } && { status = error }", "place charge"),
        ("{ name = \"place\" } && { name = \"none\" }", ""),
        ("{ name = \"place\" } || { name = \"GET /ping\" }", "place;GET /ping"),
        ("{ .service.name = \"shop\" } > { kind = client }", "charge reserve"),
        ("{ .service.name = \"web\" } >> { kind = client }", "charge reserve SELECT"),
        ("{ name = \"SELECT\" } << { kind = server }", "POST /orders place"),
        ("{ name = \"SELECT\" } < { }", "reserve"),
        ("{ name = \"charge\" } ~ { }", "reserve"),
        ("{ } !< { .service.name = \"stock\" }", "SELECT"),
        ("{ } !> { }", "POST /orders;GET /ping"),
        ("{ name = \"place\" } !>> { kind = client }", ""),
        ("{ name = \"place\" } &> { name = \"charge\" }", "place charge"),
        ("{ name = \"charge\" } &~ { }", "charge reserve"),
        ("({ kind = client } | count() = 3) && { status = error }", "charge reserve SELECT"),
        ("({ kind = client } | count() > 3) || { status = error }", "charge"),
        ("{ kind = server } | { name = \"place\" }", "place"),
        ("{ } | count() > 1", "POST /orders place charge reserve SELECT"),
        ("{ kind = client } | avg(duration) = 220ms", "charge reserve SELECT"),
        (
            "{ } | max(span.http.response.status_code) - min(span.http.response.status_code) = 0 | { kind = server }",
            "POST /orders place;GET /ping",
        ),
        ("{ } | by(resource.service.name) | count() = 2", "reserve SELECT"),
        ("{ } | by(resource.service.name) | coalesce() | count() = 5", "POST /orders place charge reserve SELECT"),
        ("count() = 1", "GET /ping"),
    ] {
        assert_eq!(names(query), expected, "{query}");
    }
}

#[test]
fn a_search_answers_as_tempo_does() {
    let query =
        parse("{ status = error && span.\"retry count\" > 1 } | select(resource.service.name) | count() > 0").unwrap();
    let found = search(&store(), &query, 0, 60 * SECOND, &SearchLimits::default());
    let spanset = serde_json::json!({
        "matched": 1,
        "attributes": [{"key": "count()", "value": {"intValue": "1"}}],
        "spans": [{
            "spanID": "0000000000000003", "name": "charge", "startTimeUnixNano": "10100000000", "durationNanos": "500000000",
            "attributes": [
                {"key": "status", "value": {"stringValue": "error"}},
                {"key": "retry count", "value": {"intValue": "2"}},
                {"key": "service.name", "value": {"stringValue": "pay"}},
            ],
        }],
    });
    assert_eq!(
        search_json(&found),
        serde_json::json!({"metrics": {"inspectedTraces": 1}, "traces": [{
            "traceID": "01", "rootServiceName": "web", "rootTraceName": "POST /orders", "startTimeUnixNano": "10000000000",
            "durationMs": 900, "spanSet": spanset, "spanSets": [spanset],
        }]})
    );
    let few = SearchLimits { traces: 1, spans: 2 };
    let found = search(&store(), &parse("{ }").unwrap(), 0, 60 * SECOND, &few);
    assert_eq!((found.len(), found[0].spansets[0].matched, found[0].spansets[0].spans.len()), (1, 5, 2));
    let newest = search(&store(), &parse("{ } with (most_recent=true)").unwrap(), 0, 60 * SECOND, &few);
    assert_eq!(newest.iter().map(|trace| trace.id.as_str()).collect::<Vec<_>>(), ["02"]);
    assert!(search(&store(), &parse("{ }").unwrap(), 40 * SECOND, 60 * SECOND, &few).is_empty());
}

fn measured(query: &str) -> Vec<String> {
    let query = parse(query).unwrap_or_else(|error| panic!("{error}"));
    let series = metrics(&store(), &query, 10 * SECOND, 30 * SECOND, 10 * SECOND, &MetricsLimits::default()).unwrap();
    let labels = |one: &MetricSeries| {
        one.labels.iter().map(|(key, value)| format!("{key}={}", value.text())).collect::<Vec<_>>().join(",")
    };
    let points = |one: &MetricSeries| {
        one.points.iter().map(|(at, value)| format!("{}:{value:.3}", at / SECOND)).collect::<Vec<_>>().join(" ")
    };
    series.iter().map(|one| format!("{} {}", labels(one), points(one))).collect()
}

#[test]
fn metrics_count_and_measure() {
    assert_eq!(measured("{ } | rate()"), ["__name__=rate 10:0.100 20:0.400 30:0.100"]);
    assert_eq!(
        measured("{ kind = server } | count_over_time() by (name)"),
        [
            "name=GET /ping 10:0.000 20:0.000 30:1.000",
            "name=POST /orders 10:1.000 20:0.000 30:0.000",
            "name=place 10:0.000 20:1.000 30:0.000"
        ]
    );
    assert_eq!(measured("{ kind = client } | max_over_time(duration)"), ["__name__=max_over_time 20:0.500"]);
    assert_eq!(
        measured("{ kind = client } | avg_over_time(duration) by (resource.service.name)"),
        ["resource.service.name=pay 20:0.500", "resource.service.name=stock 20:0.080"]
    );
    assert_eq!(
        measured("{ } | sum_over_time(span.http.response.status_code)"),
        ["__name__=sum_over_time 10:500.000 30:200.000"]
    );
    assert_eq!(
        measured("{ } | count_over_time() by (resource.service.name) | topk(1)"),
        ["resource.service.name=stock 20:2.000", "resource.service.name=web 10:1.000 30:1.000"]
    );
    assert_eq!(measured("{ } | count_over_time() > 1"), ["__name__=count_over_time 20:4.000"]);
    // One value of 500 ms: the bucket up to 2^29 ns, all of it.
    assert_eq!(measured("{ status = error } | quantile_over_time(duration, 0.5)"), ["p=0.5 20:0.537"]);
    assert_eq!(
        measured("{ status = error } | histogram_over_time(duration)"),
        ["__bucket=0.536870912 10:0.000 20:1.000 30:0.000"]
    );
    assert!(metrics(&store(), &parse("{ }").unwrap(), 0, 1, 1, &MetricsLimits::default()).is_err());
    let rate = parse("{ } | rate() by (name)").unwrap();
    assert!(
        metrics(&store(), &rate, 0, 60 * SECOND, 60 * SECOND, &MetricsLimits { series: 2, ..MetricsLimits::default() })
            .is_err()
    );
    assert!(
        metrics(&store(), &rate, 0, 60 * SECOND, SECOND, &MetricsLimits { points: 9, ..MetricsLimits::default() })
            .is_err()
    );
    let series = metrics(
        &store(),
        &parse("{ } | rate()").unwrap(),
        30 * SECOND,
        30 * SECOND,
        10 * SECOND,
        &MetricsLimits::default(),
    )
    .unwrap();
    assert_eq!(
        metrics_json(&series)["series"][0]["samples"],
        serde_json::json!([{"timestampMs": "30000", "value": 0.1}])
    );
}

#[test]
fn a_query_tells_its_attributes() {
    let query = parse("{ span.a = 1 } >> ({ .b } | by(name)) | select(resource.c, span.a)").unwrap();
    assert_eq!(
        query.attributes().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["span.a", ".b", "name", "resource.c"]
    );
}

#[test]
fn a_circle_of_parents_ends() {
    let spans = vec![
        span(Some(1), "a", "x", Kind::Server, 1, 1),
        span(Some(0), "b", "x", Kind::Server, 1, 1),
        span(Some(2), "c", "x", Kind::Server, 1, 1),
    ];
    let store = MemoryTraces(vec![MemoryTrace { id: "03".into(), spans }]);
    let query = parse("{ } >> { }").unwrap();
    assert!(search(&store, &query, 0, 9, &SearchLimits::default()).is_empty());
}

#[test]
fn what_is_wrong_is_refused_and_placed() {
    for bad in [
        "",
        "true",
        "{ . }",
        "{ .a < }",
        "{ .a < 3",
        "{ a = 4 }",
        "{ .a == 4 }",
        "{ span. }",
        "{ true } + { true }",
        "{ status }",
        "{ 1 + 1 }",
        "{ 1 = \"a\" }",
        "{ status > ok }",
        "{ .a =~ \"[\" }",
        "{ -name = \"a\" }",
        "{ !1 = 1 }",
        "{ } | count()",
        "sum(3) = 2",
        "{ } | by(1)",
        "coalesce() | { }",
        "{ } | rate",
        "rate()",
        "{ } | quantile_over_time(duration)",
        "{ } | quantile_over_time(duration, 2)",
        "{ trace:name = \"a\" }",
        "{ } | rate() | topk(0)",
        "3 = 2",
        "{ } | select()",
        "({ } | rate())",
        "{ 1 && true }",
        "{ } with (x=.a)",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    let error = parse("{ resorce.service.name = `x` }").unwrap_err();
    assert_eq!((error.column, error.suggestion.as_deref()), (3, Some("resource")));
    let error = parse("{ staus = error }").unwrap_err();
    assert_eq!(error.suggestion.as_deref(), Some("status"));
    let error = parse("{ } | rat()").unwrap_err();
    assert_eq!(error.suggestion.as_deref(), Some("rate"));
}

#[test]
fn comments_are_skipped_where_a_token_may_be() {
    assert_eq!(names("// the ping\n{ name = /* not // this */ \"GET /ping\" } // that"), "GET /ping");
    assert_eq!(names("{ .http.response.status_code /**/ = 200 }/* end */"), "GET /ping");
    assert_eq!(names("{ duration / 2 < 10s && name = \"// place\" || name = \"place\" }"), "place");
    for bad in ["{ } /* not closed", "{ name = // }", "{ } / 2 // x"] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    assert_eq!(parse("{ } /* not closed").unwrap_err().column, 5);
}

#[test]
fn hostile_nesting_is_an_error() {
    for open in ["(", "{ (", "{ !", "{ -", "{ 1+", "{ 2^", "{ } > ", "({ } | ", "max((", "{ } && ("] {
        assert!(parse(&open.repeat(100_000 / open.len())).is_err(), "{open}");
    }
    let deep = (0..50).fold("1".to_owned(), |inner, _| format!("({inner}{})", "+1".repeat(240)));
    assert!(parse(&format!("{{ {deep} = 1 }}")).is_err());
    let chain = vec!["{ .a = 1 }"; 5000].join(" || ");
    let query = parse(&chain).unwrap();
    assert!(search(&store(), &query, 0, 60 * SECOND, &SearchLimits::default()).is_empty());
}

const VALID: [&str; 5] = [
    "{ (.a + 1) * 2 > 3s && !span.b || resource.\"c d\" =~ `x.*` } >> { kind = server } | by(name) | avg(duration) > 1ms",
    "({ true } | count() > 1 | { name != nil }) &~ { parent.x = 1 } | select(name, .b) | coalesce() | count() >= 0",
    "{ status = error } | quantile_over_time(duration, .9, .5) by (resource.service.name) | topk(3) with (sample=0.1)",
    "{ trace:id = \"a\" && event:timeSinceStart > 1ms && link:spanID != \"\" } !< { } | rate() by (span.x) > 5",
    "max(duration) + 2 * min(.a) > 3s | { -.a ^ 2 = 1 }",
];

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,60}") {
        let _ = parse(&text);
        let _ = parse(&format!("{{ {text} }}"));
    }

    #[test]
    fn mutated_queries_do_not_panic(which in 0..VALID.len(), cut in 0..150_usize, len in 0..12_usize, with in "[ -~µ]{0,4}") {
        let chars: Vec<char> = VALID[which].chars().collect();
        let cut = cut.min(chars.len());
        let tail = (cut + len).min(chars.len());
        let text: String = chars[..cut].iter().copied().chain(with.chars()).chain(chars[tail..].iter().copied()).collect();
        match parse(&text) {
            Ok(query) => {
                let _ = search(&store(), &query, 0, 60 * SECOND, &SearchLimits::default());
                let _ = metrics(&store(), &query, 0, 60 * SECOND, 10 * SECOND, &MetricsLimits::default());
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn the_valid_ones_are_valid() {
    for query in VALID {
        assert!(parse(query).is_ok(), "{}", parse(query).unwrap_err());
    }
}
