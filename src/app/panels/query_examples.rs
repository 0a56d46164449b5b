//! Expressions to begin with: what an engineer on call asks first, in each language. Words only.

use crate::query::Language::{self, Logql, Promql, Traceql};

/// What it tells, the language, and the expression.
const EXAMPLES: [(&str, Language, &str); 11] = [
    ("Requests by service", Promql, "sum by (job) (rate(http_server_request_duration_seconds_count[5m]))"),
    (
        "95 % of requests are faster than",
        Promql,
        "histogram_quantile(0.95, sum by (job, le) (rate(http_server_request_duration_seconds_bucket[5m])))",
    ),
    (
        "Share of requests that a service failed",
        Promql,
        "sum by (job) (rate(http_server_request_duration_seconds_count{http_response_status_code=~\"5..\"}[5m])) \
         / sum by (job) (rate(http_server_request_duration_seconds_count[5m]))",
    ),
    (
        "Calls that failed, as their callers count them",
        Promql,
        "sum by (job, server_address, error_type) (rate(http_client_request_duration_seconds_count{error_type!=\"\"}[5m]))",
    ),
    ("Replicas that do not answer the monitor", Promql, "up == 0"),
    ("Warnings and errors", Logql, "{level=~\"warn|error\"}"),
    ("Lines a second, by service and level", Logql, "sum by (service_name, level) (rate({service_name=~\".+\"}[5m]))"),
    ("Spans with an error", Traceql, "{ status = error }"),
    ("Slow requests", Traceql, "{ kind = server && duration > 500ms }"),
    ("Errors below an answer that was no error", Traceql, "{ kind = server && status != error } >> { status = error }"),
    (
        "95 % of server spans are shorter than",
        Traceql,
        "{ kind = server } | quantile_over_time(duration, .95) by (resource.service.name)",
    ),
];

/// Those of a language: what each tells, and its expression.
pub(super) fn examples(language: Language) -> impl Iterator<Item = (&'static str, &'static str)> {
    EXAMPLES.iter().filter(move |(_, own, _)| *own == language).map(|(words, _, expression)| (*words, *expression))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_well_formed() {
        for (words, language, expression) in EXAMPLES {
            assert!(language.check(expression).is_ok(), "{words}: {expression}");
        }
    }
}
