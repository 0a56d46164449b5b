//! The words that an expression of a query language may hold: names that the telemetry has, and the language's functions.
//! For completion; knows what was exposed, not what was asked.

use std::collections::BTreeSet;

use crate::query::{Language, promql, traceql};
use crate::telemetry::Telemetry;
use crate::telemetry::prometheus::{exposed, family_name, label_name};

/// Names that are there from the start.
const SERIES: [&str; 2] = ["up", "target_info"];
const STREAM_LABELS: [&str; 5] =
    ["service_name", "service_instance_id", "cloud_availability_zone", "level", "detected_level"];
const RESOURCE: [&str; 4] = ["service.name", "service.instance.id", "service.version", "cloud.availability_zone"];
const LOG_WORDS: [&str; 18] = [
    "rate",
    "count_over_time",
    "bytes_rate",
    "bytes_over_time",
    "sum",
    "avg",
    "max",
    "min",
    "topk",
    "json",
    "logfmt",
    "pattern",
    "regexp",
    "unwrap",
    "line_format",
    "label_format",
    "by",
    "trace_id",
];
const TRACE_WORDS: [&str; 11] = [
    "rate",
    "count_over_time",
    "quantile_over_time",
    "histogram_over_time",
    "compare",
    "select",
    "count",
    "avg",
    "max",
    "by",
    "error",
];

/// The words of a language over this telemetry, sorted, each once.
pub fn vocabulary(telemetry: &Telemetry, language: Language) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut words: BTreeSet<String> = BTreeSet::new();
    match language {
        Language::Promql => {
            words.extend(owned(&SERIES));
            words.extend(promql::function_names().map(str::to_owned));
            for family in telemetry.metrics.families() {
                let name = family_name(telemetry.names.text(family.name), family);
                words.extend(exposed(family).into_iter().map(|one| format!("{name}{}", one.suffix)));
            }
            let series = telemetry.metrics.targets().flat_map(|(_, target)| &target.series);
            let labels: BTreeSet<_> = series.flat_map(|series| &series.labels).map(|(label, _)| *label).collect();
            words.extend(labels.into_iter().map(|label| label_name(telemetry.names.text(label))));
            words.extend(owned(&["job", "instance", "service_name", "le", "by", "without"]));
        }
        Language::Logql => {
            words.extend(owned(&STREAM_LABELS));
            words.extend(owned(&LOG_WORDS));
            let templates = telemetry.logs.templates().iter();
            let fields: BTreeSet<_> =
                templates.flat_map(|(_, template)| &template.fields).map(|field| field.name).collect();
            words.extend(fields.into_iter().map(|name| telemetry.names.text(name).replace('.', "_")));
        }
        Language::Traceql => {
            words.extend(owned(&TRACE_WORDS));
            words.extend(traceql::INTRINSICS.iter().map(|(name, _)| (*name).to_owned()));
            words.extend(RESOURCE.iter().map(|name| format!("resource.{name}")));
            for shape in telemetry.spans.shapes() {
                let fields = shape.template.fields.iter().map(|field| field.name);
                let names = shape.constants.iter().map(|(name, _)| *name).chain(fields);
                words.extend(names.map(|name| format!("span.{}", telemetry.names.text(name))));
            }
        }
    }
    words.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;

    #[test]
    fn names_are_those_that_the_language_asks_by() {
        let mut fixture = Fixture::new(&["edge"]);
        fixture.counter(0, "http.requests", &[("http.route", "/cart")]);
        fixture.log(0, 1, crate::world::Severity::Info, "{} items", &[3]);
        let known = |language, name: &str| vocabulary(&fixture.telemetry, language).iter().any(|word| word == name);
        for name in ["http_requests_total", "http_route", "rate", "up"] {
            assert!(known(Language::Promql, name), "{name}");
        }
        assert!(known(Language::Logql, "service_name") && known(Language::Logql, "n"));
        assert!(known(Language::Traceql, "resource.service.name") && known(Language::Traceql, "duration"));
    }
}
