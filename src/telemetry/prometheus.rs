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

/// A number as Prometheus writes it: the shortest that reads back the same, `+Inf`, `-Inf`, `NaN`.
pub fn number(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".into(),
        v if v.is_infinite() => if v > 0.0 { "+Inf" } else { "-Inf" }.into(),
        v => v.to_string(),
    }
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
        assert_eq!(number(0.1), "0.1");
        assert_eq!(number(f64::INFINITY), "+Inf");
    }
}
