//! Queries over a small store, with results worked out by hand; and what must be refused.

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000_000;

fn store() -> MemoryLogs {
    let mut logs = MemoryLogs::default();
    let shop = Labels::new([("service", "shop"), ("zone", "a")]);
    let pay = Labels::new([("service", "pay"), ("zone", "b")]);
    let lines = [
        (&shop, 10, r#"level=info msg="order placed" took=12ms size=2KB addr=10.0.0.5"#),
        (&shop, 20, r#"level=error msg="payment refused" took=150ms size=1KB addr=10.0.1.7"#),
        (&pay, 25, r#"{"level":"warn","user":{"id":7},"tags":["x","y"],"ms":40}"#),
        (&shop, 30, r#"level=info msg="order placed" took=20ms size=4KB addr=10.0.0.9"#),
        (&pay, 35, "not json"),
        (&pay, 45, r#"{"level":"error","user":{"id":9},"ms":60}"#),
    ];
    for (labels, at, line) in lines {
        logs.push(labels, at * SECOND, line, &[]);
    }
    logs
}

fn ask(query: &str) -> Result<Answer, String> {
    let expr = parse(query).map_err(|error| error.to_string())?;
    instant(&store(), &expr, 60 * SECOND, &Limits::default()).map_err(|error| error.to_string())
}

/// Lines as `labels line`, or samples as `labels value`.
fn shown(query: &str) -> Vec<String> {
    match ask(query).unwrap_or_else(|error| panic!("{query}: {error}")) {
        Answer::Streams(streams) => {
            let mut all: Vec<(i64, String)> = Vec::new();
            for stream in streams {
                all.extend(stream.lines.iter().map(|line| (line.at, format!("{} {}", stream.labels, line.text))));
            }
            all.sort();
            all.into_iter().map(|(_, text)| text).collect()
        }
        Answer::Vector(_, samples) => {
            samples.iter().map(|sample| format!("{} {}", sample.labels, sample.value)).collect()
        }
        Answer::Scalar(_, value) => vec![value.to_string()],
        Answer::Matrix(_) => panic!("{query}: a matrix at an instant"),
    }
}

fn texts(query: &str) -> Vec<String> {
    shown(query).iter().map(|line| line.split_once("} ").map_or("", |(_, text)| text).to_owned()).collect()
}

#[test]
fn line_filters() {
    let count = |query: &str| shown(query).len();
    assert_eq!(count(r#"{service="shop"}"#), 3);
    assert_eq!(count(r#"{service=~"shop|pay"} |= "order""#), 2);
    assert_eq!(count(r#"{service="shop"} != "order""#), 1);
    assert_eq!(count(r#"{service="shop"} |= "refused" or "order""#), 3);
    assert_eq!(count(r#"{service="shop"} != "refused" or "order""#), 0);
    assert_eq!(count(r#"{service="shop"} |~ `took=1\d+ms`"#), 2);
    assert_eq!(count(r#"{service="shop"} !~ `took=1\d+ms`"#), 1);
    assert_eq!(count(r#"{service="shop"} |> "level=<_> msg=\"order<_>""#), 2);
    assert_eq!(count(r#"{service="shop"} !> "level=<_> msg=\"order<_>""#), 1);
    assert_eq!(count(r#"{service="shop"} |= ip("10.0.0.0/24")"#), 2);
    assert_eq!(count(r#"{service="shop"} != ip("10.0.0.0/24")"#), 1);
    assert_eq!(count(r#"{service="shop", zone!="a"}"#), 0);
}

#[test]
fn parsers_and_label_filters() {
    let kept = |query: &str| texts(&format!(r#"{query} | line_format "{{{{.took}}}}""#));
    assert_eq!(kept(r#"{service="shop"} | logfmt | took > 15ms"#), ["150ms", "20ms"]);
    assert_eq!(kept(r#"{service="shop"} | logfmt | size >= 2KB and level="info""#), ["12ms", "20ms"]);
    assert_eq!(kept(r#"{service="shop"} | logfmt | took < 15ms or level="error""#), ["12ms", "150ms"]);
    assert_eq!(kept(r#"{service="shop"} | logfmt | addr = ip("10.0.0.1-10.0.0.5")"#), ["12ms"]);
    assert_eq!(kept(r#"{service="shop"} | pattern "<_> took=<took> size=<_>""#), ["12ms", "150ms", "20ms"]);
    assert_eq!(kept(r#"{service="shop"} | regexp `took=(?P<took>\d+)`"#), ["12", "150", "20"]);
    assert_eq!(kept(r#"{service="shop"} | logfmt took="level""#), ["info", "error", "info"]);
    assert_eq!(
        shown(r#"{service="pay"} | json | level="warn""#),
        [
            r#"{level="warn", ms="40", service="pay", user_id="7", zone="b"} {"level":"warn","user":{"id":7},"tags":["x","y"],"ms":40}"#
        ]
    );
    assert_eq!(
        texts(r#"{service="pay"} |= "tags" | json second="tags[1]", user | line_format "{{.second}} {{.user}}""#),
        [r#"y {"id":7}"#]
    );
    assert_eq!(shown(r#"{service="pay"} | json | __error__="JSONParserErr" | keep __error__"#).len(), 1);
    assert_eq!(shown(r#"{service="pay"} | json | __error__="" | drop ms, user_id, zone | keep level"#).len(), 2);
}

#[test]
fn formats_and_label_clashes() {
    assert_eq!(
        shown(
            r#"{service="shop"} | logfmt | level="error" | label_format kind=level, note="{{ .msg | ToUpper }}" | keep kind, note | line_format "-""#
        ),
        [r#"{kind="error", note="PAYMENT REFUSED"} -"#]
    );
    let mut logs = MemoryLogs::default();
    logs.push(&Labels::new([("a", "1")]), 0, "a=2 b=3 trace=x", &[("trace", "t1")]);
    let expr = parse(r#"{a="1"} | logfmt"#).unwrap();
    let Ok(Answer::Streams(streams)) = instant(&logs, &expr, SECOND, &Limits::default()) else { panic!("no streams") };
    assert_eq!(streams[0].labels.to_string(), r#"{a="1", a_extracted="2", b="3", trace="x"}"#);
}

/// The labels of the one stream that a query finds in a line with metadata.
fn labels_of(line: &str, metadata: &[(&str, &str)], stages: &str) -> String {
    let mut logs = MemoryLogs::default();
    logs.push(&Labels::new([("level", "info")]), 0, line, metadata);
    let expr = parse(&format!(r#"{{level=~".+"}} {stages}"#)).unwrap_or_else(|error| panic!("{error}"));
    let Ok(Answer::Streams(streams)) = instant(&logs, &expr, SECOND, &Limits::default()) else { panic!("no streams") };
    streams[0].labels.to_string()
}

#[test]
fn templates_of_one_stage_see_the_same_labels() {
    let shown = |stages: &str| labels_of("-", &[("a", "1")], stages);
    assert_eq!(shown(r#"| label_format level="X", old="{{.level}}""#), r#"{a="1", level="X", old="info"}"#);
    assert_eq!(shown(r#"| label_format level="X" | label_format old="{{.level}}""#), r#"{a="1", level="X", old="X"}"#);
    // Renames are done in order; one before the first template is seen by it, and one after is not.
    assert_eq!(
        shown(r#"| label_format b=a, c="{{.b}}{{.a}}", d=b, e="{{.b}}{{.d}}""#),
        r#"{c="1", d="1", e="1", level="info"}"#
    );
}

#[test]
fn json_keeps_numbers_as_they_are_written_and_takes_what_it_can_read() {
    let shown = |line: &str, stages: &str| labels_of(line, &[], stages);
    assert_eq!(
        shown(r#"{"a":1.50,"b":{"c":1e5,"d":null},"e":""}"#, "| json"),
        r#"{a="1.50", b_c="1e5", e="", level="info"}"#
    );
    assert_eq!(shown(r#"{"a":1} trailing"#, "| json"), r#"{a="1", level="info"}"#);
    assert_eq!(
        shown(r#"{"a":1, "b""#, "| json | drop __error_details__"),
        r#"{__error__="JSONParserErr", a="1", level="info"}"#
    );
    assert_eq!(
        shown(r#"{"a":[1.0, {"b": 2.00}]} trailing"#, r#"| json x="a[1]", y="a[1].b", z="z""#),
        r#"{level="info", x="{\"b\": 2.00}", y="2.00", z=""}"#
    );
    assert_eq!(shown("5", r#"| json x="a" | drop __error_details__"#), r#"{__error__="JSONParserErr", level="info"}"#);
}

#[test]
fn empty_values_are_kept_when_asked() {
    let shown = |stages: &str| labels_of("a=1 b= c", &[], stages);
    assert_eq!(shown("| logfmt"), r#"{a="1", level="info"}"#);
    assert_eq!(shown("| logfmt --keep-empty"), r#"{a="1", b="", c="", level="info"}"#);
    assert_eq!(shown("| logfmt --keep-empty | drop b"), r#"{a="1", c="", level="info"}"#);
}

#[test]
fn labels_are_told_apart_by_where_they_come_from() {
    let mut logs = MemoryLogs::default();
    let shop = Labels::new([("service", "shop")]);
    logs.push(&shop, 1, "a=1", &[("trace", "t1"), ("a", "0")]);
    logs.push(&shop, 2, "b", &[("trace", "t2")]);
    logs.push(&shop, 3, "a=1", &[("trace", "t1")]);
    let Ok(Expr::Log(log)) = parse(r#"{service="shop"} | logfmt --strict"#) else { panic!("a log query") };
    let data = |backwards: bool| lines(&logs, &log, 0, 9, backwards, &Limits::default()).to_categorized_json(backwards);
    let mut values = vec![
        serde_json::json!(["1", "a=1", {"structuredMetadata": {"trace": "t1"}, "parsed": {"a": "1"}}]),
        serde_json::json!(["2", "b", {"structuredMetadata": {"trace": "t2"}}]),
        serde_json::json!(["3", "a=1", {"structuredMetadata": {"trace": "t1"}, "parsed": {"a": "1"}}]),
    ];
    let forward = data(false);
    assert_eq!(forward["encodingFlags"], serde_json::json!(["categorize-labels"]));
    assert_eq!(forward["result"], serde_json::json!([{"stream": {"service": "shop"}, "values": values}]));
    values.reverse();
    assert_eq!(data(true)["result"][0]["values"], serde_json::json!(values));
    let plain = lines(&logs, &log, 0, 9, true, &Limits::default()).to_json();
    assert_eq!(plain["result"].as_array().unwrap().len(), 2);
    assert_eq!(plain.get("encodingFlags"), None);
    let numbers = instant(&logs, &parse("vector(1)").unwrap(), 9, &Limits::default()).unwrap();
    assert_eq!(numbers.to_categorized_json(true)["resultType"], "vector");
}

#[test]
fn range_aggregations() {
    assert_eq!(shown(r#"count_over_time({service="shop"}[1m])"#), [r#"{service="shop", zone="a"} 3"#]);
    assert_eq!(shown(r#"sum(rate({zone=~".+"}[30s]))"#), [format!("{{}} {}", 2.0 / 30.0)]);
    assert_eq!(
        shown(r#"sum by (level) (count_over_time({service="shop"} | logfmt [1m]))"#),
        [r#"{level="error"} 1"#, r#"{level="info"} 2"#]
    );
    assert_eq!(shown(r#"bytes_over_time({service="pay"} |= "not" [1m])"#), [r#"{service="pay", zone="b"} 8"#]);
    assert_eq!(
        shown(r#"max_over_time({service="shop"} | logfmt | unwrap duration(took) [1m]) by (service)"#),
        [r#"{service="shop"} 0.15"#]
    );
    assert_eq!(shown(r#"avg_over_time({service="pay"} | json | __error__="" | unwrap ms [1m]) by ()"#), ["{} 50"]);
    assert_eq!(
        shown(r#"quantile_over_time(0.5, {service="pay"} | json | __error__="" | unwrap ms [1m]) by (service)"#),
        [r#"{service="pay"} 50"#]
    );
    assert_eq!(shown(r#"stdvar_over_time({service="pay"} | json | __error__="" | unwrap ms [1m]) by ()"#), ["{} 100"]);
    assert_eq!(shown(r#"first_over_time({service="shop"} | logfmt | unwrap bytes(size) [1m]) by ()"#), ["{} 2000"]);
    assert_eq!(shown(r#"sum(sum_over_time({service="shop"} | logfmt | unwrap bytes(size) [1m]))"#), ["{} 7000"]);
    assert_eq!(shown(r#"absent_over_time({service="none", zone=~"x"}[1m])"#), [r#"{service="none"} 1"#]);
    assert_eq!(shown(r#"absent_over_time({service="shop"}[1m])"#), [""; 0]);
    assert_eq!(shown(r#"count_over_time({service="shop"}[20s] offset 30s)"#), [r#"{service="shop", zone="a"} 2"#]);
    // 40 to 60 over 20 s in the window from 0 to 60 s: reaches half a gap before and 15 s after.
    let rate = r#"rate_counter({service="pay"} | json | __error__="" | unwrap ms | keep service [1m])"#;
    assert!(parse(rate).is_err());
    assert_eq!(
        shown(r#"sum(rate_counter({service="pay"} | json | keep ms, __error__ | __error__="" | unwrap ms [1m]))"#),
        [format!("{{}} {}", 20.0 * (45.0 / 20.0) / 60.0)]
    );
}

#[test]
fn a_pipeline_error_fails_a_metric_query_unless_filtered() {
    let error = ask(r#"sum(count_over_time({service="pay"} | json [1m]))"#).unwrap_err();
    assert!(error.starts_with("pipeline error: 'JSONParserErr'"), "{error}");
    assert_eq!(shown(r#"sum(count_over_time({service="pay"} | json | __error__="" [1m]))"#), ["{} 2"]);
    assert_eq!(
        shown(r#"sum(count_over_time({service="pay"} | json | drop __error__, __error_details__ [1m]))"#),
        ["{} 3"]
    );
    assert!(ask(r#"sum_over_time({service="shop"} | logfmt | unwrap msg [1m])"#).is_err());
    assert_eq!(shown(r#"sum_over_time({service="shop"} | logfmt | unwrap msg | __error__="" [1m])"#), [""; 0]);
}

#[test]
fn vectors_and_operators() {
    let count = r#"count_over_time({zone=~".+"}[1m])"#;
    assert_eq!(shown(&format!("sum({count})")), ["{} 6"]);
    assert_eq!(shown(&format!("topk(1, {count} * {count})")).len(), 1);
    assert_eq!(shown(&format!("avg({count}) + count({count}) * 2")), ["{} 7"]);
    assert_eq!(
        shown(&format!("{count} > bool 2")),
        [r#"{service="pay", zone="b"} 1"#, r#"{service="shop", zone="a"} 1"#]
    );
    assert_eq!(
        shown(&format!(r#"{count} unless count_over_time({{service="pay"}}[1m])"#)),
        [r#"{service="shop", zone="a"} 3"#]
    );
    assert_eq!(
        shown(&format!(
            r#"count_over_time({{service="pay"}}[1m]) / on (service) group_left sum by (service) ({count})"#
        )),
        [r#"{service="pay", zone="b"} 1"#]
    );
    assert_eq!(shown(r#"sum(count_over_time({service="none"}[1m])) or vector(0)"#), ["{} 0"]);
    assert_eq!(
        shown(r#"label_replace(sum by (zone) (count_over_time({service="pay"}[1m])), "z", "zone-$1", "zone", "(.*)")"#),
        [r#"{z="zone-b", zone="b"} 3"#]
    );
    assert_eq!(shown("2 ^ 3 ^ 2 - 1 / 2"), ["511.5"]);
    assert_eq!(shown("1 == bool 1"), ["1"]);
    assert!(ask(&format!(r#"{count} / on () {count}"#)).is_err());
}

#[test]
fn range_queries_step_and_render() {
    let expr = parse(r#"sum by (service) (count_over_time({service="shop"}[10s]))"#).unwrap();
    let answer = range(&store(), &expr, 10 * SECOND, 40 * SECOND, 10 * SECOND, &Limits::default()).unwrap();
    assert_eq!(
        answer.to_json(),
        serde_json::json!({"resultType": "matrix", "stats": {}, "result": [
            {"metric": {"service": "shop"}, "values": [[10, "1"], [20, "1"], [30, "1"]]}
        ]})
    );
    let few = Limits { points: 2, ..Limits::default() };
    assert!(range(&store(), &expr, 0, 40 * SECOND, SECOND, &few).is_err());
    let none = Limits { series: 1, ..Limits::default() };
    let many = parse(r#"count_over_time({zone=~".+"}[1m])"#).unwrap();
    assert!(instant(&store(), &many, 60 * SECOND, &none).is_err());
}

#[test]
fn series_are_limited_where_they_are_given_and_held() {
    let mut logs = MemoryLogs::default();
    for at in 0..20_i64 {
        let (id, took) = (at.to_string(), (at % 7).to_string());
        logs.push(&Labels::new([("a", "1")]), at * SECOND, "x", &[("id", id.as_str()), ("took", took.as_str())]);
    }
    let ask = |query: &str, limits: &Limits| {
        let expr = parse(query).unwrap_or_else(|error| panic!("{error}"));
        let at = instant(&logs, &expr, 20 * SECOND, limits).map_err(|error| error.0)?;
        range(&logs, &expr, 0, 20 * SECOND, SECOND, limits).map_err(|error| error.0)?;
        let Answer::Vector(_, samples) = at else { panic!("{query}: no vector") };
        Ok::<_, String>(samples.iter().map(|one| format!("{} {}", one.labels, one.value)).collect::<Vec<_>>())
    };
    let given = Limits { series: 10, ..Limits::default() };
    for (query, expected) in [
        (r#"max by (a) (max_over_time({a="1"} | unwrap took [1m]))"#, r#"{a="1"} 6"#),
        (r#"min(min_over_time({a="1"} | unwrap took [1m])) by (a)"#, r#"{a="1"} 0"#),
        (r#"topk(1, max_over_time({a="1"} | unwrap took [1m]) by (took, a))"#, r#"{a="1"} 6"#),
        (r#"count(count_over_time({a="1"}[1m]))"#, "{} 20"),
        (r#"sum(count_over_time({a="1"}[1m])) without (id, took)"#, r#"{a="1"} 20"#),
        (r#"avg(count_over_time({a="1"}[1m]) * count_over_time({a="1"}[1m]))"#, "{} 1"),
    ] {
        assert_eq!(ask(query, &given).as_deref(), Ok(&[expected.to_owned()][..]), "{query}");
    }
    let refused = |query: &str, limits: &Limits| ask(query, limits).unwrap_err();
    let all = r#"count_over_time({a="1"}[1m])"#;
    assert_eq!(refused(all, &given), "maximum of series (10) reached for a single query");
    let few = Limits { held: 19, ..Limits::default() };
    assert!(refused(&format!("count({all})"), &few).starts_with("more than 19 series in a part"));
    // Twenty series of one value each, and of twenty-one; the product has as many again.
    let few = Limits { values: 20, ..Limits::default() };
    assert!(refused(&format!("count({all})"), &few).starts_with("more than 20 values"));
    let few = Limits { values: 2 * 20 * 21, ..Limits::default() };
    assert!(ask(&format!("count({all})"), &few).is_ok());
    assert!(refused(&format!("count({all} * {all})"), &few).starts_with("more than 840 values"));
    // What is absent has no series to hold.
    assert_eq!(ask(r#"absent_over_time({a="1"}[1m])"#, &Limits { held: 1, ..given }), Ok(Vec::new()));
}

#[test]
fn the_newest_lines_fill_the_limit() {
    let Expr::Log(log) = parse(r#"{zone=~".+"}"#).unwrap() else { panic!("not a log query") };
    let limits = Limits { entries: 2, ..Limits::default() };
    let Answer::Streams(streams) = lines(&store(), &log, 0, 60 * SECOND, true, &limits) else { panic!("no streams") };
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0].lines.iter().map(|line| line.at / SECOND).collect::<Vec<_>>(), [45, 35]);
    let json = Answer::Streams(streams).to_json();
    assert_eq!(json["result"][0]["values"][1], serde_json::json!(["35000000000", "not json"]));
}

#[test]
fn metadata_is_grouped_by_whatever_its_name() {
    let mut logs = MemoryLogs::default();
    logs.push(&Labels::new([("a", "1")]), 1, "x", &[("http.method", "GET"), ("trace_id", "t1")]);
    logs.push(&Labels::new([("a", "1")]), 2, "x", &[("http.method", "PUT"), ("trace_id", "t2")]);
    let count = |query: &str| {
        let Ok(Answer::Vector(_, samples)) = instant(&logs, &parse(query).unwrap(), SECOND, &Limits::default()) else {
            panic!("no vector")
        };
        samples.iter().map(|sample| sample.labels.to_string()).collect::<Vec<_>>()
    };
    let by_method = count(r#"sum by (http_method) (count_over_time({a="1"}[1m]))"#);
    assert_eq!(by_method, [r#"{http_method="GET"}"#, r#"{http_method="PUT"}"#]);
    assert_eq!(count(r#"sum by (a) (count_over_time({a="1"} |= "x" [1m]))"#), [r#"{a="1"}"#]);
    assert_eq!(count(r#"count_over_time({a="1"}[1m])"#).len(), 2);
    assert_eq!(count(r#"sum without (trace_id) (count_over_time({a="1"}[1m]))"#).len(), 2);
}

#[test]
fn a_query_tells_its_labels() {
    let expr = parse(r#"sum(rate({a="1", b=~"2"}[1m])) / on () rate({b="3", c="4"}[1m])"#).unwrap();
    assert_eq!(expr.selector_labels(), ["a", "b", "c"]);
}

#[test]
fn what_is_wrong_is_refused() {
    for bad in [
        "",
        "{}",
        r#"{a!="b"}"#,
        r#"{a=~".*"}"#,
        r#"{a="b"} foo"#,
        r#"{a="b"} |~ "[""#,
        r#"{a="b"} | json x="a["#,
        r#"count_over_time({a="b"})"#,
        r#"sum_over_time({a="b"}[5m])"#,
        r#"count_over_time({a="b"} | unwrap x [5m])"#,
        r#"absent_over_time({a="b"}[5m]) by (x)"#,
        r#"topk({a="b"})"#,
        r#"topk(0, rate({a="b"}[1m]))"#,
        r#"sum(2, rate({a="b"}[1m]))"#,
        r#"rate({a="b"}[1m]) or 1"#,
        r#"{a="b"} + 1"#,
        r#"{a="b"} | label_format x=y,x=z"#,
        r#"{a="b"} | pattern "<_>""#,
        r#"{a="b"} | regexp "x""#,
        r#"{a="b"} | line_format "{{.x""#,
        r#"{a="b"} | unwrap x"#,
        r#"{a="b"} | addr >= ip("1.2.3.4")"#,
        r#"{a="b"} |= ip("1.2.3")"#,
        r#"sort by (a) (rate({a="b"}[1m]))"#,
        r#"{a="b"} | x"#,
        r#"rate({a="b"}[1m]) offset 5m"#,
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    let error = parse(r#"{a="b"} | jsn | x="1""#).unwrap_err();
    assert_eq!((error.column, error.suggestion.as_deref()), (11, Some("json")));
    let error = parse(r#"coun_over_time({a="b"}[5m])"#).unwrap_err();
    assert_eq!(error.suggestion.as_deref(), Some("count_over_time"));
}

#[test]
fn hostile_nesting_is_an_error() {
    for open in ["(", "sum(", r#"{a="b"} | ("#, "count_over_time(", "-", "{", "1+", "2^", r#"{a="b"} | x="y","#] {
        let deep = open.repeat(100_000 / open.len());
        assert!(parse(&deep).is_err(), "{open}");
    }
    assert!(parse(&format!("{}1", "1^".repeat(30_000))).is_err());
    assert!(parse(&format!("{}vector(1)", "vector(1)+".repeat(10_000))).is_err());
}

const VALID: [&str; 6] = [
    r#"sum by (a) (rate({a="b", c=~"d+"} |= "x" or "y" != ip("1.2.3.4") | json a="b.c[0]" | x > 5ms, y=~"z" [5m] offset 1m)) > bool 3"#,
    r#"quantile_over_time(0.9, {a="b"} | logfmt --strict | unwrap duration(x) | __error__="" [1m]) by (c)"#,
    r#"{a="b"} | pattern `<x> <_> <y>` | line_format `{{ if .x }}{{ .y | ToUpper | trunc 3 }}{{ end }}` | drop a, b="c" | keep d"#,
    r#"label_replace(vector(1), "a", "$1", "b", "(.*)") / on (a) group_left (b) sum(count_over_time({a="b"}[1m]))"#,
    r#"topk(3, sum(bytes_rate({a=~".+"} | regexp `(?P<x>\w+)` | label_format y=x, z="{{.x}}" [1h])) without (k))"#,
    r#"{a="b"} # comment"#,
];

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,60}") {
        let _ = parse(&text);
        let _ = parse(&format!("{{a=\"b\"}} {text}"));
        let _ = parse(&format!("{{a=\"b\"}} | line_format `{{{{ {text} }}}}`"));
    }

    #[test]
    fn mutated_queries_do_not_panic(which in 0..VALID.len(), cut in 0..200_usize, len in 0..12_usize, with in "[ -~µ]{0,4}") {
        let chars: Vec<char> = VALID[which].chars().collect();
        let cut = cut.min(chars.len());
        let tail = (cut + len).min(chars.len());
        let text: String = chars[..cut].iter().copied().chain(with.chars()).chain(chars[tail..].iter().copied()).collect();
        match parse(&text) {
            Ok(expr) => { let _ = instant(&store(), &expr, 60 * SECOND, &Limits::default()); }
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
