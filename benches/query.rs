//! How fast telemetry is asked and written: a log search, the slowest of many traces, a range query, and exports.
//!
//! `cargo bench --bench query` prints the best of several rounds.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a bench reports on standard output")]

mod support;

use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Arc;

use allgreen::export::{self, File};
use allgreen::lab::{LogFilter, Look, Observation, TicketView, TraceFilter, View};
use allgreen::query::logs::LogLines;
use allgreen::query::metrics::MetricStore;
use allgreen::query::traces::Traces;
use allgreen::query::{logql, promql, traceql};
use allgreen::telemetry::{
    ArgKind, Family, Field, LogRecord, MetricKind, Resource, ResourceId, SpanKind, SpanNumber, SpanRecord, SpanShape,
    Template,
};
use allgreen::time::{Epoch, Stamp};
use allgreen::world::{Kind, Severity};
use allgreen::{Duration, Seed, SimTime, Simulation, Telemetry, World};
use support::{Luck, best_of};

const ROUNDS: usize = 7;
const SERVICES: usize = 20;
const RECORDS: i64 = 3_000_000;
const TRACES: u64 = 500_000;
const SERIES: usize = 1_000;
const SECOND: i64 = 1_000_000_000;

fn main() {
    logs();
    traces();
    metrics();
    exports();
}

/// The best time of one thing, in milliseconds.
fn ms<T>(mut run: impl FnMut() -> T) -> f64 {
    let [best] = best_of(ROUNDS, [&mut || drop(black_box(run()))]);
    best * 1e3
}

/// Two replicas of each of twenty services.
fn replicas() -> Telemetry {
    let mut telemetry = Telemetry::new(Epoch::UNIX);
    for number in 0..2 * SERVICES {
        let service = format!("service-{}", number / 2);
        let instance = format!("{service}-{}", number % 2 + 1);
        telemetry.resources.push(Resource { service, instance, zone: String::new(), kind: Kind::Service });
    }
    telemetry
}

/// Lines as a shop writes them: most are access lines, some have a number or a name in them, few are warnings.
fn log_records() -> Telemetry {
    let mut telemetry = replicas();
    let mut luck = Luck(7);
    let field = |telemetry: &mut Telemetry, name: &str, kind| Field { name: telemetry.names.intern(name), kind };
    let mut words = |severity, text: &str, fields: &[(&str, ArgKind)]| {
        let fields = fields.iter().map(|(name, kind)| field(&mut telemetry, name, *kind)).collect();
        telemetry.logs.template(severity, Template { text: text.into(), fields })
    };
    let access = words(
        Severity::Info,
        "{} answered {} in {} ms",
        &[("http.route", ArgKind::Name), ("http.response.status_code", ArgKind::Count), ("took", ArgKind::Micros)],
    );
    let read =
        words(Severity::Debug, "read {} of order {}", &[("n", ArgKind::Count), ("app.order.id", ArgKind::Count)]);
    let quiet = words(Severity::Info, "nothing to do", &[]);
    let late = words(Severity::Warn, "call to {} timed out", &[("server.address", ArgKind::Name)]);
    let routes: Vec<u32> =
        (0..30).map(|route| telemetry.names.intern(&format!("GET /resource-{route}/{{id}}")).0).collect();
    for record in 0..RECORDS {
        let place = luck.unit();
        let route = routes[(luck.unit() * 30.0) as usize];
        let number = (luck.unit() * 1e6) as u32;
        let access_args = [route, 200, number];
        let (template, args): (_, &[u32]) = match place {
            ..0.7 => (access, &access_args),
            ..0.85 => (read, &[number % 50, number]),
            ..0.99 => (quiet, &[]),
            _ => (late, &access_args[..1]),
        };
        let jitter = (luck.unit() * 20e6) as i64;
        telemetry.logs.push(LogRecord {
            stamp: Stamp(record * SECOND / 1000 + jitter),
            resource: ResourceId((luck.unit() * 2.0 * SERVICES as f64) as u16),
            template,
            trace: None,
            span: SpanNumber(0),
            args,
        });
    }
    telemetry
}

fn observed(telemetry: Telemetry, secs: u64) -> Observation {
    let ticket = TicketView {
        title: String::new(),
        reporter: String::new(),
        text: String::new(),
        opened: Stamp(0),
        reports: Vec::new(),
        later: Vec::new(),
    };
    Observation {
        now: SimTime::from_secs(secs),
        opened_at: SimTime::ZERO,
        lesson_id: String::new(),
        lesson_title: String::new(),
        seed: Seed(0),
        telemetry: Arc::new(telemetry),
        config: Default::default(),
        clocks: Default::default(),
        inventory: Default::default(),
        arrows: Default::default(),
        attributes: Default::default(),
        requests: Default::default(),
        scrape_every: Duration::from_secs(10),
        ticket: Arc::new(ticket),
        notebook: Default::default(),
        suggestion: None,
        pending: Vec::new(),
        work: Default::default(),
        trainer: None,
        debrief: None,
    }
}

fn logs() {
    let seen = observed(log_records(), 3600);
    println!("{} log records, {:.1} bytes each", seen.telemetry.logs.len(), {
        seen.telemetry.logs.bytes() as f64 / seen.telemetry.logs.len() as f64
    });
    for (what, text) in [
        ("in the words of a template", "timed out"),
        ("in a name", "resource-17"),
        ("in a number", "order 4711"),
        ("across words and a number", "answered 200 in 99"),
        ("nowhere", "no such words"),
    ] {
        let filter = LogFilter { contains: text.into(), ..LogFilter::default() };
        let look = || match seen.look(&Look::Logs(filter.clone())) {
            Ok(View::Logs(page)) => page.total,
            _ => 0,
        };
        let panel = ms(look);
        let query = logql::parse(&format!("sum(count_over_time({{service_name=~\".+\"}} |= \"{text}\" [1d]))"));
        let query = query.expect("a query");
        let limits = logql::Limits { samples: usize::MAX, ..logql::Limits::default() };
        let counted = || {
            let store = LogLines::new(&seen.telemetry);
            logql::instant(&store, &query, 86_400 * SECOND, &limits).expect("a count")
        };
        println!(
            "  search for text {what}: {panel:.1} ms in the log panel, {:.1} ms as LogQL; {} lines ({})",
            ms(counted),
            look(),
            counted().to_json()["result"][0]["value"][1]
        );
    }
}

/// Four spans a trace.
fn trace_records() -> Telemetry {
    let mut telemetry = replicas();
    let mut luck = Luck(7);
    let shapes: Vec<_> = (0..2 * SERVICES)
        .map(|number| {
            let kind = if number % 2 == 0 { SpanKind::Server } else { SpanKind::Client };
            let template = Template { text: format!("GET /resource-{number}"), fields: Vec::new() };
            let shape = SpanShape { kind, constants: Vec::new(), template };
            telemetry.spans.shape(&number.to_string(), || shape)
        })
        .collect();
    let mut number = 0;
    for identity in 0..TRACES {
        let trace = telemetry.spans.start_trace(identity);
        let start = identity as i64 * SECOND / 140;
        let whole = luck.exponential(40e6);
        for span in (0..4_u32).rev() {
            let place = (luck.unit() * 2.0 * SERVICES as f64) as usize;
            telemetry.spans.push(SpanRecord {
                start: Stamp(start + i64::from(span) * 1_000_000),
                duration: Duration(whole / u64::from(span + 1)),
                trace,
                number: SpanNumber(number + span + 1),
                parent: SpanNumber(if span == 0 { 0 } else { number + span }),
                resource: ResourceId(place as u16),
                shape: shapes[place],
                error: luck.unit() < 0.01,
                args: &[],
            });
        }
        number += 4;
    }
    telemetry
}

fn traces() {
    let seen = observed(trace_records(), 3600);
    println!("{TRACES} traces, {} spans", seen.telemetry.spans.len());
    let filter = TraceFilter { slowest: true, limit: Some(100), ..TraceFilter::default() };
    println!("  the slowest 100: {:.1} ms", ms(|| seen.look(&Look::Traces(filter.clone()))));
    let filter = TraceFilter { errors_only: true, limit: Some(100), ..TraceFilter::default() };
    println!("  the newest 100 with an error: {:.1} ms", ms(|| seen.look(&Look::Traces(filter.clone()))));
    for text in ["{ duration > 400ms }", "{ status = error } | rate() by (resource.service.name)"] {
        let query = traceql::parse(text).expect("a query");
        let asked = || {
            let store = Traces::new(&seen.telemetry);
            match query.metrics {
                None => traceql::search(&store, &query, 0, i64::MAX, &Default::default()).len(),
                Some(_) => {
                    let answer = traceql::metrics(&store, &query, 0, 3600 * SECOND, 10 * SECOND, &Default::default());
                    answer.expect("series").len()
                }
            }
        };
        println!("  TraceQL {text}: {:.1} ms, the index built anew each time", ms(asked));
    }
    let all = traceql::parse("{ }").expect("a query");
    let tag = traceql::parse("{ } | select(.service.name)").expect("a query").selected().expect("one attribute");
    let values = || traceql::values(&Traces::new(&seen.telemetry), &all, &tag, 0, i64::MAX, 1000).len();
    println!("  the values of the tag .service.name: {:.1} ms, the index built anew each time", ms(values));
}

/// Counters, scraped every ten seconds for an hour and five minutes.
fn scrapes() -> Telemetry {
    let mut telemetry = replicas();
    let mut luck = Luck(7);
    let name = telemetry.names.intern("x");
    let family = Family { name, unit: "{request}", kind: MetricKind::Counter, bounds: &[], help: "" };
    let family = telemetry.metrics.family(family);
    let label = telemetry.names.intern("route");
    let each = SERIES / (2 * SERVICES);
    for replica in 0..2 * SERVICES {
        for route in 0..each {
            let value = telemetry.names.intern(&format!("/{route}"));
            telemetry.metrics.series(ResourceId(replica as u16), family, vec![(label, value)]);
        }
        let mut row = vec![0.0; each];
        for second in (0..3900).step_by(10) {
            row.iter_mut().for_each(|value| *value += (luck.unit() * 100.0).floor());
            telemetry.metrics.push(ResourceId(replica as u16), Stamp(second * SECOND), &row, &[]);
        }
    }
    telemetry
}

fn metrics() {
    let telemetry = scrapes();
    let query = "sum by (service_name) (rate(x_total[5m]))";
    let ask = |store: &MetricStore<'_>| {
        promql::query_range(store, query, 300_000, 3_900_000, 10_000, &Default::default()).expect("an answer")
    };
    let store = MetricStore::new(&telemetry);
    println!("{SERIES} series, 1 h at a step of 10 s: {query}");
    println!(
        "  {:.1} ms; {:.1} ms with the index built anew",
        ms(|| ask(&store)),
        ms(|| ask(&MetricStore::new(&telemetry)))
    );
}

/// Counts what is written.
#[derive(Default)]
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        black_box(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn exports() {
    let world = World::load(concat!(env!("CARGO_MANIFEST_DIR"), "/worlds/storefront.ron")).expect("a good world");
    let mut sim = Simulation::new(&world, Seed(7));
    sim.run_until(SimTime::from_secs(600));
    println!("exports of 10 minutes of the storefront, on one thread");
    let formats: [(&str, &[(&str, File)]); 5] = [
        ("OTLP JSON", &export::OTLP_JSON),
        ("OTLP protobuf", &export::OTLP_PROTOBUF),
        ("OpenMetrics", &export::OPENMETRICS),
        ("Parquet", &export::PARQUET),
        ("JSON lines", &export::JSON_LINES),
    ];
    for (format, files) in formats {
        let (mut bytes, mut secs, mut records) = (0, 0.0, 0);
        for (_, file) in files {
            let mut count = Count::default();
            let [best] = best_of(
                3,
                [&mut || {
                    count = Count::default();
                    records += file.write(sim.telemetry(), &mut count).expect("written") / 3;
                }],
            );
            (bytes, secs) = (bytes + count.0, secs + best);
        }
        println!(
            "  {format}: {:.0} MB/s ({:.1} MB, {:.2} million records/s)",
            bytes as f64 / secs / 1e6,
            bytes as f64 / 1e6,
            records as f64 / secs / 1e6
        );
    }
}
