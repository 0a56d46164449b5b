//! Names as Prometheus knows them: the translation that OpenTelemetry prescribes ("Prometheus and OpenMetrics
//! Compatibility", semantic version 1.0), so that a query written here works on a real Prometheus.

use super::{Family, MetricKind, Resource};

/// `http.server.request.duration` in seconds is `http_server_request_duration_seconds`; a counter ends in `_total`.
///
/// ```
/// use allgreen::telemetry::{MetricKind, prometheus::metric_name};
/// assert_eq!(metric_name("process.uptime", "s", MetricKind::Gauge), "process_uptime_seconds");
/// assert_eq!(metric_name("cache.hits", "{hit}", MetricKind::Counter), "cache_hits_total");
/// ```
pub fn metric_name(name: &str, unit: &str, kind: MetricKind) -> String {
    let mut tokens: Vec<String> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| !token.is_empty()).map(str::to_owned).collect();
    let mut append = |suffix: &str| {
        if !suffix.is_empty() && tokens.last().is_none_or(|last| last != suffix) {
            tokens.push(suffix.to_owned());
        }
    };
    append(unit_suffix(unit, kind));
    if kind == MetricKind::Counter {
        append("total");
    }
    let joined = tokens.join("_");
    match joined.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("_{joined}"),
        false => joined,
    }
}

/// The unit as OpenMetrics writes it: `seconds`, `bytes`, `ratio`, or nothing.
pub fn unit_suffix(unit: &str, kind: MetricKind) -> &'static str {
    match unit {
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        "1" if kind == MetricKind::Gauge => "ratio",
        // Annotations such as `{request}` are no units.
        _ => "",
    }
}

/// `http.response.status_code` is `http_response_status_code`.
pub fn label_name(name: &str) -> String {
    let mut out: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert_str(0, "key_");
    }
    out
}

/// The labels that every series of a replica has: `job` and `instance` as OpenTelemetry prescribes, and, as
/// Prometheus's `promote_resource_attributes` does, the service's name and zone.
pub fn resource_labels(resource: &Resource) -> Vec<(&'static str, &str)> {
    let mut labels = vec![
        ("instance", resource.instance.as_str()),
        ("job", resource.service.as_str()),
        ("service_name", resource.service.as_str()),
    ];
    if !resource.zone.is_empty() {
        labels.insert(0, ("cloud_availability_zone", &resource.zone));
    }
    labels
}

/// The name of a family as Prometheus knows it.
pub fn family_name(name: &str, family: &Family) -> String {
    metric_name(name, family.unit, family.kind)
}

/// One sample that a series of a family exposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposed {
    /// What follows the family's name: nothing, `_bucket`, `_count` or `_sum`.
    pub suffix: &'static str,
    /// The bound of a bucket, as the label `le` has it.
    pub le: Option<String>,
    /// The sample is the sum of these numbers of the series.
    pub numbers: std::ops::Range<usize>,
}

impl Exposed {
    /// The sample's value.
    pub fn of(&self, numbers: &[f64]) -> f64 {
        numbers.get(self.numbers.clone()).map_or(0.0, |numbers| numbers.iter().sum())
    }
}

/// The samples of a series: one, or for a histogram cumulative buckets, the count and the sum.
pub fn exposed(family: &Family) -> Vec<Exposed> {
    if family.kind != MetricKind::Histogram {
        return vec![Exposed { suffix: "", le: None, numbers: 0..1 }];
    }
    // A float always has a point, as OpenMetrics wants it.
    let bounds = family.bounds.iter().map(|bound| format!("{bound:?}")).chain(["+Inf".to_owned()]);
    let bucket = |(at, bound)| Exposed { suffix: "_bucket", le: Some(bound), numbers: 1..at + 2 };
    let mut all: Vec<Exposed> = bounds.enumerate().map(bucket).collect();
    all.push(Exposed { suffix: "_count", le: None, numbers: 1..family.width() });
    all.push(Exposed { suffix: "_sum", le: None, numbers: 0..1 });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_translated_as_the_specification_says() {
        for (name, unit, kind, expected) in [
            ("http.server.request.duration", "s", MetricKind::Histogram, "http_server_request_duration_seconds"),
            ("http.server.response.body.size", "By", MetricKind::Histogram, "http_server_response_body_size_bytes"),
            ("db.client.connection.count", "{connection}", MetricKind::Gauge, "db_client_connection_count"),
            (
                "messaging.client.sent.messages",
                "{message}",
                MetricKind::Counter,
                "messaging_client_sent_messages_total",
            ),
            ("cache.served_age", "s", MetricKind::Counter, "cache_served_age_seconds_total"),
            ("2xx", "1", MetricKind::Gauge, "_2xx_ratio"),
        ] {
            assert_eq!(metric_name(name, unit, kind), expected);
        }
        assert_eq!(label_name("http.route"), "http_route");
    }

    #[test]
    fn a_histogram_exposes_cumulative_buckets() {
        let family =
            Family { name: Default::default(), unit: "s", kind: MetricKind::Histogram, bounds: &[0.5, 1.0], help: "" };
        let samples: Vec<_> =
            exposed(&family).iter().map(|one| (one.suffix, one.le.clone(), one.of(&[7.5, 1.0, 2.0, 3.0]))).collect();
        let bucket = |le: &str, value| ("_bucket", Some(le.to_owned()), value);
        let expected =
            [bucket("0.5", 1.0), bucket("1.0", 3.0), bucket("+Inf", 6.0), ("_count", None, 6.0), ("_sum", None, 7.5)];
        assert_eq!(samples, expected);
    }
}
