//! What telemetry says besides lines, numbers and spans: links over a queue, exemplars, events of feature flags.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use allgreen::query::{metrics::MetricStore, promql};
use allgreen::telemetry::{MetricKind, SpanKind, SpanNumber, SpanRecord, Telemetry};
use allgreen::{Seed, SimTime, Simulation, World};

const SHOP: &str = include_str!("../src/lab/fix/tests_shop.ron");

/// Five minutes of the shop, with one thing written otherwise.
fn shop(from: &str, to: &str) -> Simulation {
    assert!(SHOP.contains(from), "{from}");
    let world = World::from_ron("shop", &SHOP.replacen(from, to, 1)).unwrap_or_else(|problems| panic!("{problems}"));
    let mut sim = Simulation::new(&world, Seed(5));
    sim.run_until(SimTime::from_secs(300));
    sim
}

fn by_number(telemetry: &Telemetry) -> BTreeMap<SpanNumber, SpanRecord<'_>> {
    telemetry.spans.iter().map(|span| (span.number, span)).collect()
}

fn consumers(telemetry: &Telemetry) -> Vec<SpanRecord<'_>> {
    let kind = |span: &SpanRecord<'_>| telemetry.spans.shape_of(span.shape).kind;
    telemetry.spans.iter().filter(|span| kind(span) == SpanKind::Consumer).collect()
}

#[test]
fn a_linked_consumer_has_a_trace_of_its_own_with_a_link_to_the_producer() {
    let sim = shop("trace: Dropped", "trace: Linked");
    let telemetry = sim.telemetry();
    let spans = by_number(telemetry);
    let consumers = consumers(telemetry);
    assert!(consumers.len() > 1000, "{}", consumers.len());
    for span in &consumers {
        let links: Vec<_> = telemetry.spans.links_of(span.number).collect();
        let [link] = links[..] else { panic!("{links:?}") };
        let producer = spans[&link.span];
        assert_eq!((producer.trace, span.parent), (link.trace, SpanNumber(0)));
        // The producer's own, or the broker's inside it.
        assert!(matches!(telemetry.spans.shape_of(producer.shape).kind, SpanKind::Producer | SpanKind::Server));
        assert_ne!(span.trace, link.trace);
    }
    let all = telemetry.spans.links().count();
    assert!(all >= consumers.len() && all < consumers.len() + 50, "those that are being handled have one, too");
}

#[test]
fn traces_that_are_propagated_or_dropped_have_no_links() {
    for to in ["trace: Dropped", "trace: Propagated"] {
        let sim = shop("trace: Dropped", to);
        assert_eq!(sim.telemetry().spans.links().count(), 0);
        let roots = consumers(sim.telemetry()).iter().filter(|span| span.parent == SpanNumber(0)).count();
        assert_eq!(roots > 0, to.contains("Dropped"));
    }
}

#[test]
fn an_exemplar_is_a_recorded_span_in_its_bucket() {
    let sim = shop("trace: Dropped", "trace: Dropped");
    let telemetry = sim.telemetry();
    let spans = by_number(telemetry);
    let (mut seen, mut under_way) = (0, 0);
    for (resource, target) in telemetry.metrics.targets() {
        for series in &target.series {
            let family = &telemetry.metrics.families()[usize::from(series.family.0)];
            let mut before: Vec<f64> = vec![0.0; family.width()];
            for scrape in telemetry.metrics.scrapes(resource) {
                let Some(values) = scrape.numbers(series, family.width()) else { continue };
                for (bucket, exemplar) in scrape.exemplars_of(series, family.width()) {
                    assert_eq!(family.kind, MetricKind::Histogram);
                    assert_eq!(family.bounds.partition_point(|bound| *bound < exemplar.value), bucket);
                    assert!(values[1 + bucket] > before[1 + bucket], "observed since the scrape before");
                    let Some(span) = spans.get(&exemplar.span) else {
                        under_way += 1;
                        continue;
                    };
                    assert_eq!((span.trace, span.resource), (exemplar.trace, resource));
                    assert!((span.duration.as_secs_f64() - exemplar.value).abs() < 2e-6);
                    seen += 1;
                }
                before = values.to_vec();
            }
        }
    }
    assert!(seen > 500 && under_way == 0, "{seen} {under_way}");
}

#[test]
fn a_flag_that_is_looked_up_is_told_as_an_event_where_that_is_instrumented() {
    let events = |sim: &Simulation| {
        let telemetry = sim.telemetry();
        let name = |log: &allgreen::telemetry::LogRecord<'_>| telemetry.logs.event_name(log.template);
        let events = telemetry.logs.iter().filter(|log| name(log) == Some("feature_flag.evaluation"));
        let told: Vec<_> = events.map(|log| telemetry.log_attributes(&log)).collect();
        told.into_iter().map(|all| all.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>()).collect()
    };
    let silent: Vec<Vec<String>> = events(&shop("trace: Dropped", "trace: Dropped"));
    assert!(silent.is_empty());
    let flags = r#"flags: {"new-search": false},"#;
    let told: Vec<Vec<String>> = events(&shop(flags, &format!("{flags} telemetry: (flags: true),")));
    assert!(told.len() > 5000, "{}", told.len());
    let wanted =
        ["feature_flag.key=new-search", "feature_flag.result.variant=off", "feature_flag.provider.name=config"];
    assert!(told.iter().all(|attributes| *attributes == wanted), "{:?}", told.first());
}

#[test]
fn a_metric_that_is_hidden_is_exposed_by_nobody_but_others() {
    let from = "            replicas: 2,\n            flags";
    let sim = shop(
        from,
        "            telemetry: (hides: [\"http.server.request.duration\"]),\n            replicas: 2,\n            flags",
    );
    let telemetry = sim.telemetry();
    let exposed = |service: &str| {
        let targets = telemetry.metrics.targets().filter(|(id, _)| telemetry.resource(*id).service == service);
        let families = targets.flat_map(|(_, target)| target.series.iter().map(|series| series.family));
        let name = |id: allgreen::telemetry::FamilyId| telemetry.metrics.families()[usize::from(id.0)].name;
        families.map(|id| telemetry.names.text(name(id)).to_owned()).collect::<Vec<_>>()
    };
    let name = "http.server.request.duration".to_owned();
    assert!(!exposed("shop").contains(&name) && exposed("stock").contains(&name));
    assert!(exposed("shop").contains(&"http.server.response.body.size".to_owned()));
}

#[test]
fn records_carry_the_version_that_their_process_ran() {
    let mut sim = shop("trace: Dropped", "trace: Dropped");
    let to = allgreen::world::Setting::Version("2.0.0".into());
    let sets = vec![allgreen::world::Set::new("shop", to)];
    let deploy = allgreen::world::Change::new("deploy-1", allgreen::world::ChangeKind::Deploy, sets);
    sim.schedule(SimTime::from_secs(300), &deploy);
    sim.run_until(SimTime::from_secs(400));
    let telemetry = sim.telemetry();
    let of = |service: &str, version: &str| {
        let own = telemetry.spans.iter().filter(|span| telemetry.resource(span.resource).service == service);
        own.filter(|span| telemetry.version_at(span.resource, span.start) == version).count()
    };
    assert!(of("shop", "1.0.0") > of("shop", "2.0.0") && of("shop", "2.0.0") > 1000, "{}", of("shop", "2.0.0"));
    assert!(of("stock", "1.0.0") > 1000 && of("stock", "2.0.0") == 0);
}

#[test]
fn a_collector_keeps_whole_traces_with_errors_and_a_share_of_the_others() {
    let sample = "epoch:";
    let all = shop(sample, sample);
    let sampled = shop(sample, "monitor: (tail: (wait: \"5s\", share: 0.1)), epoch:");
    let traces = |sim: &Simulation| {
        let mut found: BTreeMap<_, (usize, bool)> = BTreeMap::new();
        // The last traces are still held.
        for span in sim.telemetry().spans.iter().filter(|span| span.start.0 < 280_000_000_000) {
            let (spans, error) = found.entry(span.trace).or_default();
            *spans += 1;
            *error |= span.error;
        }
        found
    };
    let (all, sampled) = (traces(&all), traces(&sampled));
    assert!(sampled.iter().all(|(trace, kept)| all[trace] == *kept), "a trace is kept whole");
    let errors = all.values().filter(|(_, error)| *error).count();
    assert!(errors > 100 && sampled.values().filter(|(_, error)| *error).count() == errors);
    let others = (sampled.len() - errors) as f64 / (all.len() - errors) as f64;
    assert!((0.08..0.12).contains(&others), "{others}");
}

#[test]
fn a_call_over_grpc_is_told_as_rpc_by_both_sides_and_any_other_is_not() {
    let busy = SHOP.replacen("per_second: 50.0, burst: 20", "per_second: 2.0, burst: 20", 1);
    let busy = busy.replacen("\"shop -> account\": (", "\"shop -> account\": (protocol: Grpc, ", 1);
    let world = World::from_ron("shop", &busy).unwrap_or_else(|problems| panic!("{problems}"));
    let mut sim = Simulation::new(&world, Seed(5));
    sim.run_until(SimTime::from_secs(300));
    let telemetry = sim.telemetry();
    let store = MetricStore::new(telemetry);
    let ask = |query: &str| match promql::query_instant(&store, query, store.newest().unwrap(), &Default::default()) {
        Ok(answer) => match answer.value {
            promql::Value::Vector(samples) => samples,
            other => panic!("{query}: {other:?}"),
        },
        Err(why) => panic!("{query}: {why}"),
    };
    let codes = |query: &str, label: &str| -> BTreeMap<String, u64> {
        let samples = ask(query).into_iter();
        samples.map(|one| (one.labels.get(label).to_owned(), one.point.v as u64)).collect()
    };
    let both = "rpc_method=\"Account/GetAccount\", rpc_system_name=\"grpc\"";
    let count = |side: &str, rest: &str| {
        let query =
            format!("sum by (rpc_response_status_code) (rpc_{side}_call_duration_seconds_count{{{both}{rest}}})");
        codes(&query, "rpc_response_status_code")
    };
    let served = count("server", "");
    assert_eq!(served.keys().collect::<Vec<_>>(), ["OK", "RESOURCE_EXHAUSTED"], "{served:?}");
    let http = "sum by (http_response_status_code) (http_server_request_duration_seconds_count{job=\"account\"})";
    assert_eq!(
        served.values().collect::<Vec<_>>(),
        codes(http, "http_response_status_code").values().collect::<Vec<_>>()
    );
    let called = count("client", ", server_address=\"account\"");
    assert_eq!(called.keys().collect::<Vec<_>>(), served.keys().collect::<Vec<_>>());
    // What failed says so, with the code.
    let failed = "sum by (error_type) (rpc_client_call_duration_seconds_count{error_type!=\"\"})";
    assert_eq!(codes(failed, "error_type").keys().collect::<Vec<_>>(), ["RESOURCE_EXHAUSTED"]);
    assert!(ask("rpc_server_call_duration_seconds_count{job!=\"account\"}").is_empty());

    let mut kinds = BTreeMap::new();
    for span in telemetry.spans.iter() {
        let shape = telemetry.spans.shape_of(span.shape);
        let told = telemetry.span_attributes(&span);
        let has = |name: &str| told.iter().any(|(key, _)| *key == name);
        let is_rpc = shape.template.text == "Account/GetAccount";
        assert_eq!((has("rpc.method"), has("rpc.response.status_code")), (is_rpc, is_rpc), "{told:?}");
        if is_rpc {
            *kinds.entry(shape.kind.name()).or_insert(0) += 1;
        } else if shape.kind == SpanKind::Client && has("db.system.name") {
            assert!(!has("http.response.body.size") && !has("http.request.resend_count"), "{told:?}");
        }
    }
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), ["CLIENT", "SERVER"], "{kinds:?}");
}
