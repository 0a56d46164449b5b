//! A case folder as RCAEval (Pham et al., WWW 2025) reads it: `metrics.csv` in wide form, `metrics.json`, `logs.csv` and
//! `traces.csv` with the columns of its RE2 and RE3 data sets. `inject_time.txt` is ground truth and not written here.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::Telemetry;
use crate::query::promql::format_number;
use crate::telemetry::{
    MetricKind, add_growth,
    attribute::{self, Value},
    bucket_quantile,
};
use crate::time::Stamp;

/// Columns by name, each with a value for each second that was scraped.
type Wide = BTreeMap<String, BTreeMap<i64, f64>>;

/// Writes `metrics.csv`: a row a scrape, a column `SERVICE_METRIC`.
pub fn write_metrics(telemetry: &Telemetry, out: &mut dyn Write) -> io::Result<u64> {
    let wide = wide(telemetry);
    let times: std::collections::BTreeSet<i64> = wide.values().flat_map(|column| column.keys().copied()).collect();
    let mut csv = csv(out);
    csv.write_record(std::iter::once("time").chain(wide.keys().map(String::as_str)))?;
    for time in &times {
        let cells =
            wide.values().map(|column| column.get(time).map_or_else(String::new, |value| format_number(*value)));
        csv.write_record(std::iter::once(time.to_string()).chain(cells))?;
    }
    csv.flush()?;
    Ok(times.len() as u64)
}

/// Writes `metrics.json`: by column a list of times (seconds since 1970) and values.
pub fn write_metrics_json(telemetry: &Telemetry, out: &mut dyn Write) -> io::Result<u64> {
    let wide = wide(telemetry);
    serde_json::to_writer(
        &mut *out,
        &wide
            .iter()
            .map(|(name, column)| (name, column.iter().filter(|(_, value)| value.is_finite()).collect::<Vec<_>>()))
            .collect::<BTreeMap<_, _>>(),
    )?;
    out.write_all(b"\n")?;
    Ok(wide.len() as u64)
}

/// Writes `logs.csv`.
pub fn write_logs(telemetry: &Telemetry, out: &mut dyn Write) -> io::Result<u64> {
    let mut csv = csv(out);
    csv.write_record(["time", "timestamp", "container_name", "message", "level", "req_path", "error"])?;
    let mut body = String::new();
    for log in telemetry.logs.iter() {
        body.clear();
        telemetry.logs.render_into(&telemetry.names, log, &mut body);
        let severity = format!("{:?}", telemetry.logs.words(log.template).0).to_lowercase();
        let route = text_of(attribute::of_log(telemetry, log), "http.route");
        let error = text_of(attribute::of_log(telemetry, log), "error.type");
        let service = telemetry.resource(log.resource).service.as_str();
        let (secs, ns) = (seconds(telemetry, log.stamp).to_string(), telemetry.epoch().unix_ns(log.stamp).to_string());
        csv.write_record([&secs, &ns, service, &body, &severity, &route, &error])?;
    }
    csv.flush()?;
    Ok(telemetry.logs.len() as u64)
}

/// Writes `traces.csv`.
pub fn write_traces(telemetry: &Telemetry, out: &mut dyn Write) -> io::Result<u64> {
    let mut csv = csv(out);
    csv.write_record([
        "time",
        "traceID",
        "spanID",
        "serviceName",
        "methodName",
        "operationName",
        "startTimeMillis",
        "startTime",
        "duration",
        "statusCode",
        "parentSpanID",
    ])?;
    for span in telemetry.spans.iter() {
        let shape = telemetry.spans.shape_of(span.shape);
        let start = telemetry.epoch().unix_ns(span.start);
        let route = text_of(attribute::of_span(telemetry, span), "http.route");
        let status = text_of(attribute::of_span(telemetry, span), "http.response.status_code");
        csv.write_record([
            &(start / 1_000_000_000).to_string(),
            &telemetry.spans.trace_id(span.trace).to_string(),
            &span.number.id().unwrap_or_default(),
            &telemetry.resource(span.resource).service,
            &route,
            &shape.template.text,
            &(start / 1_000_000).to_string(),
            &(start / 1000).to_string(),
            &(span.duration.0 / 1000).to_string(),
            &status,
            &span.parent.id().unwrap_or_default(),
        ])?;
    }
    csv.flush()?;
    Ok(telemetry.spans.len() as u64)
}

fn csv(out: &mut dyn Write) -> csv::Writer<&mut dyn Write> {
    csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out)
}

fn seconds(telemetry: &Telemetry, stamp: Stamp) -> i64 {
    telemetry.epoch().unix_ns(stamp).div_euclid(1_000_000_000) as i64
}

/// An attribute as text, empty where there is none.
fn text_of<'a>(mut attributes: impl Iterator<Item = (&'a str, Value<'a>)>, name: &str) -> String {
    match attributes.find(|(key, _)| *key == name) {
        None => String::new(),
        Some((_, Value::Text(text))) => text.to_owned(),
        Some((_, value)) => serde_json::Value::from(value).to_string(),
    }
}

/// Counts of the buckets of a histogram, with their bounds, by service and second.
type Buckets<'a> = BTreeMap<(String, i64), (&'a [f64], Vec<f64>)>;

/// What RCAEval's methods look at, by service: `workload` (requests a second), `error` (failed requests a second),
/// `latency-50` and `latency-90` of server requests in seconds, and every gauge and counter under its own name with
/// dashes, gauges as they are and counters as rates. Replicas and labels are summed.
fn wide(telemetry: &Telemetry) -> Wide {
    let mut wide = Wide::new();
    let mut buckets: Buckets<'_> = BTreeMap::new();
    let status = telemetry.names.find("http.response.status_code");
    for (id, target) in telemetry.metrics.targets() {
        let service = &telemetry.resource(id).service;
        for series in &target.series {
            let family = &telemetry.metrics.families()[usize::from(series.family.0)];
            let name = telemetry.names.text(family.name);
            let failed = series
                .labels
                .iter()
                .any(|(key, value)| Some(*key) == status && telemetry.names.text(*value).starts_with('5'));
            let mut before: Option<(f64, &[f64])> = None;
            for scrape in telemetry.metrics.scrapes(id) {
                let Some(values) = scrape.numbers(series, family.width()) else { continue };
                let (at, now) = (seconds(telemetry, scrape.stamp), scrape.stamp.as_secs_f64());
                let mut add = |column: &str, value: f64| {
                    *wide.entry(format!("{service}_{column}")).or_default().entry(at).or_insert(0.0) += value;
                };
                let growth = before.map(|(then, old)| {
                    let mut grown = vec![0.0; values.len()];
                    add_growth(&mut grown, old, values);
                    (now - then, grown)
                });
                match (family.kind, growth) {
                    (MetricKind::Gauge, _) => add(&name.replace('.', "-"), values[0]),
                    (MetricKind::Counter, Some((secs, grown))) => add(&name.replace('.', "-"), grown[0] / secs),
                    (MetricKind::Histogram, Some((secs, grown))) if name == "http.server.request.duration" => {
                        let requests = grown[1..].iter().sum::<f64>() / secs;
                        add("workload", requests);
                        add("error", if failed { requests } else { 0.0 });
                        let counts = || (family.bounds, vec![0.0; grown.len() - 1]);
                        let (_, sums) = buckets.entry((service.clone(), at)).or_insert_with(counts);
                        sums.iter_mut().zip(&grown[1..]).for_each(|(sum, more)| *sum += more);
                    }
                    _ => {}
                }
                before = Some((now, values));
            }
        }
    }
    for ((service, at), (bounds, counts)) in &buckets {
        for (name, q) in [("latency-50", 0.5), ("latency-90", 0.9)] {
            if let Some(latency) = bucket_quantile(q, bounds, counts) {
                wide.entry(format!("{service}_{name}")).or_default().insert(*at, latency);
            }
        }
    }
    wide
}
