//! Metrics: each scrape of a series is a data point, cumulative since the process started.

use std::io;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, Gauge, Histogram, HistogramDataPoint, Metric, MetricsData, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, exemplar, metric, number_data_point,
};

use super::common::{Process, pair, resource, scope, span_id, trace_id, unix_nano};
use super::{CHUNK, Sink};
use crate::Telemetry;
use crate::telemetry::attribute::Value;
use crate::telemetry::{self, Family, FamilyId, MetricKind, Scrape, Series, Symbol, Target};
use crate::time::Stamp;

/// Gauges that are UpDownCounters in the semantic conventions: sums that may fall.
const UP_DOWN: [&str; 5] = [
    "http.server.active_requests",
    "http.client.open_connections",
    "db.client.connection.count",
    "db.client.connection.pending_requests",
    "process.memory.usage",
];

pub(super) fn write(telemetry: &Telemetry, sink: &mut Sink<'_>) -> io::Result<u64> {
    let mut written = 0;
    for (id, target) in telemetry.metrics.targets() {
        let scrapes: Vec<Scrape<'_>> = telemetry.metrics.scrapes(id).collect();
        for part in scrapes.chunks((CHUNK / target.series.len().max(1)).max(1)) {
            let process = |scrape: &Scrape<'_>| telemetry.process_at(id, scrape.stamp);
            for part in part.chunk_by(|a, b| process(a) == process(b)) {
                let metrics = metrics(telemetry, target, part);
                written += metrics.iter().map(points).sum::<usize>() as u64;
                sink.message(&message(telemetry, (id, part.first().and_then(process)), metrics))?;
            }
        }
    }
    Ok(written)
}

fn message(telemetry: &Telemetry, process: Process, metrics: Vec<Metric>) -> MetricsData {
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..ScopeMetrics::default() }];
    let one = ResourceMetrics { resource: resource(telemetry, process), scope_metrics, ..ResourceMetrics::default() };
    MetricsData { resource_metrics: vec![one] }
}

pub(super) fn points(metric: &Metric) -> usize {
    match &metric.data {
        Some(metric::Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(metric::Data::Sum(sum)) => sum.data_points.len(),
        Some(metric::Data::Histogram(histogram)) => histogram.data_points.len(),
        _ => 0,
    }
}

/// The families of one replica, each with the points of all its series in these scrapes.
pub(super) fn metrics(telemetry: &Telemetry, target: &Target, scrapes: &[Scrape<'_>]) -> Vec<Metric> {
    let uptime = uptime_slot(telemetry, target);
    let started = |scrape: &Scrape<'_>| {
        let secs = uptime.and_then(|slot| scrape.values.get(slot)).copied().unwrap_or(0.0);
        unix_nano(telemetry, Stamp(scrape.stamp.0 - (secs * 1e9).round() as i64))
    };
    let families = telemetry.metrics.families().iter().enumerate();
    let metrics = families.filter_map(|(at, family)| {
        let series = target.series.iter().filter(|series| series.family == FamilyId(at as u16));
        let points = series.flat_map(|series| {
            let attributes = attributes(telemetry, series);
            scrapes.iter().filter_map(move |scrape| {
                let values = scrape.numbers(series, family.width())?;
                let time = unix_nano(telemetry, scrape.stamp);
                let exemplars = scrape.exemplars_of(series, family.width());
                let exemplars = exemplars.map(|(_, known)| exemplar(telemetry, known)).collect();
                Some(Point { attributes: attributes.clone(), started: started(scrape), time, values, exemplars })
            })
        });
        let points: Vec<Point<'_>> = points.collect();
        let name = telemetry.names.text(family.name);
        (!points.is_empty()).then(|| Metric {
            name: name.to_owned(),
            description: family.help.to_owned(),
            unit: family.unit.to_owned(),
            data: Some(data(name, family, points)),
            ..Metric::default()
        })
    });
    metrics.collect()
}

struct Point<'a> {
    attributes: Vec<KeyValue>,
    started: u64,
    time: u64,
    values: &'a [f64],
    exemplars: Vec<Exemplar>,
}

fn data(name: &str, family: &Family, points: Vec<Point<'_>>) -> metric::Data {
    let aggregation_temporality = AggregationTemporality::Cumulative as i32;
    let points = points.into_iter();
    let is_monotonic = family.kind == MetricKind::Counter;
    match family.kind {
        MetricKind::Gauge if !UP_DOWN.contains(&name) => {
            metric::Data::Gauge(Gauge { data_points: points.map(|p| number(p, false)).collect() })
        }
        MetricKind::Gauge | MetricKind::Counter => metric::Data::Sum(Sum {
            data_points: points.map(|p| number(p, true)).collect(),
            aggregation_temporality,
            is_monotonic,
        }),
        MetricKind::Histogram => metric::Data::Histogram(Histogram {
            data_points: points.map(|p| histogram(p, family)).collect(),
            aggregation_temporality,
        }),
    }
}

fn number(point: Point<'_>, cumulative: bool) -> NumberDataPoint {
    NumberDataPoint {
        attributes: point.attributes,
        start_time_unix_nano: if cumulative { point.started } else { 0 },
        time_unix_nano: point.time,
        value: point.values.first().map(|value| number_data_point::Value::AsDouble(*value)),
        ..NumberDataPoint::default()
    }
}

fn histogram(point: Point<'_>, family: &Family) -> HistogramDataPoint {
    let counts: Vec<u64> = point.values[1..].iter().map(|count| *count as u64).collect();
    HistogramDataPoint {
        attributes: point.attributes,
        start_time_unix_nano: point.started,
        time_unix_nano: point.time,
        count: counts.iter().sum(),
        sum: Some(point.values[0]),
        bucket_counts: counts,
        explicit_bounds: family.bounds.to_vec(),
        exemplars: point.exemplars,
        ..HistogramDataPoint::default()
    }
}

fn exemplar(telemetry: &Telemetry, known: &telemetry::Exemplar) -> Exemplar {
    Exemplar {
        time_unix_nano: unix_nano(telemetry, known.stamp),
        span_id: span_id(known.span),
        trace_id: trace_id(telemetry, known.trace),
        value: Some(exemplar::Value::AsDouble(known.value)),
        ..Exemplar::default()
    }
}

fn attributes(telemetry: &Telemetry, series: &Series) -> Vec<KeyValue> {
    let text = |symbol: Symbol| telemetry.names.text(symbol);
    series.labels.iter().map(|(key, value)| pair(text(*key), Value::Text(text(*value)))).collect()
}

/// Where a replica's row says how long its process has run.
fn uptime_slot(telemetry: &Telemetry, target: &Target) -> Option<usize> {
    let family = telemetry.metrics.find_family(telemetry.names.find("process.uptime")?)?;
    target.find(family, &[]).map(|slot| slot as usize)
}
