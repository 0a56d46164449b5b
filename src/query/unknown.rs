//! Names that a query asks for and nothing in a run has, each with the nearest that exists: what to say when an answer is
//! empty. Knows which names each language asks for, and which a store has.

use std::collections::BTreeSet;

use super::logs::LogLines;
use super::metrics::MetricStore;
use super::syntax::nearest;
use super::traces::Traces;
use super::{logql, promql, traceql};

/// The metrics that selectors name and nobody exposes, and the labels that no series has.
pub(crate) fn metrics(asked: &promql::Expr, store: &MetricStore<'_>) -> Vec<String> {
    let (names, labels) = of_selectors(asked);
    let known: BTreeSet<&str> = store.labels().map(promql::Labels::metric_name).collect();
    let mut all = remarks(names.iter().map(String::as_str), &known, "metric");
    let known: BTreeSet<&str> = store.labels().flat_map(promql::Labels::iter).map(|(name, _)| &**name).collect();
    all.extend(remarks(labels.iter().map(String::as_str), &known, "label of series"));
    all
}

/// The names of metrics in selectors, and of the labels that a series must have.
fn of_selectors(asked: &promql::Expr) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut names, mut labels) = (BTreeSet::new(), BTreeSet::new());
    asked.each_selector(&mut |matchers| {
        for one in matchers {
            let of_metric = &*one.name == promql::METRIC_NAME;
            if of_metric && one.op == promql::MatchOp::Equal {
                names.insert(one.value.to_string());
            } else if !of_metric && !one.matches("") {
                labels.insert(one.name.to_string());
            }
        }
    });
    (names, labels)
}

/// The labels that a selector names and no stream has, and those that a filter names and neither a stream nor a line
/// has.
pub(crate) fn labels(asked: &logql::Expr, store: &LogLines<'_>) -> Vec<String> {
    let streams = logql::LogStore::streams(store);
    let known: BTreeSet<&str> = streams.iter().flat_map(|one| one.iter().map(|(name, _)| name)).collect();
    let mut all = remarks(asked.selector_labels().into_iter(), &known, "label of streams");
    let own = logql::LogStore::metadata_names(store);
    let own: Vec<String> = own.iter().map(|name| as_label(name)).chain(ERRORS.map(str::to_owned)).collect();
    let of_lines: BTreeSet<&str> = known.iter().copied().chain(own.iter().map(String::as_str)).collect();
    let mut filtered = Vec::new();
    match asked {
        logql::Expr::Log(log) => of_pipeline(log, None, &of_lines, &mut filtered),
        logql::Expr::Metric(metric) => of_numbers(metric, &of_lines, &mut filtered),
    }
    let once: BTreeSet<&str> = filtered.into_iter().collect();
    all.extend(remarks(once.into_iter(), &of_lines, "label of lines"));
    all
}

/// What Loki calls the label for a line that a stage could not read.
const ERRORS: [&str; 2] = ["__error__", "__error_details__"];

/// An attribute of a record as Loki names it.
fn as_label(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

fn of_numbers<'e>(asked: &'e logql::MetricExpr, known: &BTreeSet<&str>, found: &mut Vec<&'e str>) {
    match asked {
        logql::MetricExpr::Literal(_) | logql::MetricExpr::Vector(_) => {}
        logql::MetricExpr::Range(range) => of_pipeline(&range.log, range.unwrap.as_ref(), known, found),
        logql::MetricExpr::Aggregate(aggregation) => of_numbers(&aggregation.inner, known, found),
        logql::MetricExpr::Binary(binary) => {
            of_numbers(&binary.left, known, found);
            of_numbers(&binary.right, known, found);
        }
        logql::MetricExpr::LabelReplace(replace) => of_numbers(&replace.inner, known, found),
        logql::MetricExpr::Variants(all) => all.iter().for_each(|one| of_numbers(one, known, found)),
    }
}

/// The names in filters that are not known there. After a stage that finds any names in a line, all may be known.
fn of_pipeline<'e>(
    log: &'e logql::LogExpr,
    unwrap: Option<&'e logql::Unwrap>,
    known: &BTreeSet<&str>,
    found: &mut Vec<&'e str>,
) {
    let mut made: BTreeSet<&str> = BTreeSet::new();
    for stage in &log.stages {
        match stage {
            logql::Stage::Labels(filter) => {
                of_filter(filter, &|name| known.contains(name) || made.contains(name), found);
            }
            logql::Stage::Json(wanted) if !wanted.is_empty() => {
                made.extend(wanted.iter().map(|(name, _)| name.as_str()));
            }
            logql::Stage::Logfmt { wanted, .. } if !wanted.is_empty() => {
                made.extend(wanted.iter().map(|(name, _)| name.as_str()));
            }
            logql::Stage::Regexp(regex) => made.extend(regex.capture_names().flatten()),
            logql::Stage::LabelFormat(formats) => made.extend(formats.iter().map(|format| match format {
                logql::LabelFormat::Rename { to, .. } | logql::LabelFormat::Template(to, _) => to.as_str(),
            })),
            logql::Stage::Json(_) | logql::Stage::Logfmt { .. } | logql::Stage::Pattern(_) | logql::Stage::Unpack => {
                return;
            }
            logql::Stage::Line(_)
            | logql::Stage::Decolorize
            | logql::Stage::LineFormat(_)
            | logql::Stage::Drop(_)
            | logql::Stage::Keep(_) => {}
        }
    }
    if let Some(unwrap) = unwrap {
        let is_known = |name: &str| known.contains(name) || made.contains(name);
        if !is_known(&unwrap.label) {
            found.push(&unwrap.label);
        }
        unwrap.filters.iter().for_each(|filter| of_filter(filter, &is_known, found));
    }
}

fn of_filter<'e>(filter: &'e logql::LabelFilter, is_known: &dyn Fn(&str) -> bool, found: &mut Vec<&'e str>) {
    let name = match filter {
        logql::LabelFilter::And(all) | logql::LabelFilter::Or(all) => {
            return all.iter().for_each(|one| of_filter(one, is_known, found));
        }
        logql::LabelFilter::Text(matcher) => &matcher.name,
        logql::LabelFilter::Number(name, ..)
        | logql::LabelFilter::Duration(name, ..)
        | logql::LabelFilter::Bytes(name, ..)
        | logql::LabelFilter::Ip { name, .. } => name,
    };
    if !is_known(name) {
        found.push(name);
    }
}

/// The attributes that a query names and no span has.
pub(crate) fn attributes(asked: &traceql::Query, store: &Traces<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for attribute in asked.attributes() {
        let traceql::Attribute::Named { scope, name, .. } = &attribute else { continue };
        let known: BTreeSet<&str> = match scope {
            traceql::Scope::Any => [traceql::Scope::Span, traceql::Scope::Resource]
                .into_iter()
                .flat_map(|scope| store.tags(scope))
                .collect(),
            scope => store.tags(*scope).into_iter().collect(),
        };
        all.extend(remarks([name.as_str()].into_iter(), &known, "attribute"));
    }
    all
}

fn remarks<'n>(asked: impl Iterator<Item = &'n str>, known: &BTreeSet<&str>, what: &str) -> Vec<String> {
    let unknown = asked.filter(|name| !known.contains(name));
    unknown.map(|name| format!("there is no {what} `{name}`{}", instead(name, known))).collect()
}

/// The shortest part of a name that others are said to begin with.
const SHORTEST: usize = 3;

/// What there is instead: the parts of a histogram, the shortest name that begins so, or the nearest.
fn instead(name: &str, known: &BTreeSet<&str>) -> String {
    let [buckets, count, sum] = ["_bucket", "_count", "_sum"].map(|end| format!("{name}{end}"));
    if [&buckets, &count, &sum].into_iter().all(|part| known.contains(part.as_str())) {
        return format!("; it is a histogram, of which there are `{buckets}`, `{count}` and `{sum}`");
    }
    let begins = |longer: &&&str| name.len() >= SHORTEST && longer.starts_with(name);
    let longer = known.iter().filter(begins).min_by_key(|longer| longer.len()).copied();
    match longer.or_else(|| nearest(name, known.iter().copied())) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Telemetry;
    use crate::telemetry::{ArgKind, Field, LogRecord, Resource, ResourceId, SpanNumber, Template};
    use crate::time::{Epoch, Stamp};
    use crate::world::{Kind, Severity};

    /// One line of `cart` with a route and a size.
    fn telemetry() -> Telemetry {
        let mut telemetry = Telemetry::new(Epoch::UNIX);
        let (service, instance) = ("cart".to_owned(), "cart-1".to_owned());
        telemetry.resources.push(Resource { service, instance, zone: String::new(), kind: Kind::Service });
        let fields = ["http.route", "body.size"]
            .map(|name| Field { name: telemetry.names.intern(name), kind: ArgKind::Count })
            .into();
        let read = telemetry.logs.template(Severity::Info, Template { text: "{} {}".to_owned(), fields });
        let (stamp, span) = (Stamp(0), SpanNumber(0));
        let record = LogRecord { stamp, resource: ResourceId(0), template: read, trace: None, span, args: &[1, 2] };
        telemetry.logs.push(record);
        telemetry
    }

    #[test]
    fn a_selector_tells_the_metrics_and_labels_that_it_needs() {
        let asked =
            promql::parse("up{jobs=\"a\", x!=\"1\", y!=\"\", z=~\"a?\"} / on () rate({status=~\"5..\"}[5m])").unwrap();
        let (names, labels) = of_selectors(&asked);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["up"]);
        assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["jobs", "status", "y"]);
    }

    #[test]
    fn a_name_that_goes_on_is_nearer_than_one_that_looks_alike() {
        let known = [
            "messaging_queue_oldest_ages",
            "messaging_queue_oldest_age_seconds",
            "messaging_queue_oldest_ago",
            "request_seconds_bucket",
            "request_seconds_count",
            "request_seconds_sum",
            "up",
        ];
        let known = BTreeSet::from(known);
        let oldest = BTreeSet::from(["messaging_queue_oldest_age_seconds", "messaging_queue_oldest_ago"]);
        assert_eq!(
            instead("messaging_queue_oldest_age", &oldest),
            "; did you mean `messaging_queue_oldest_age_seconds`?"
        );
        assert_eq!(instead("messaging_queue_oldest_age", &known), "; did you mean `messaging_queue_oldest_ages`?");
        assert_eq!(
            instead("request_seconds", &known),
            "; it is a histogram, of which there are `request_seconds_bucket`, `request_seconds_count` and \
             `request_seconds_sum`"
        );
        assert_eq!(instead("upp", &known), "; did you mean `up`?");
        assert_eq!(instead("nothing_like_it", &known), "");
    }

    #[track_caller]
    fn check(query: &str, expect: &[&str]) {
        let telemetry = telemetry();
        let asked = logql::parse(query).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(labels(&asked, &LogLines::new(&telemetry)), expect, "{query}");
    }

    #[test]
    fn a_label_that_nothing_has_is_told_wherever_it_is_named() {
        const ROUTE: &str = "there is no label of lines `htp_route`; did you mean `http_route`?";
        check("{servce_name=\"cart\"}", &["there is no label of streams `servce_name`; did you mean `service_name`?"]);
        check("{service_name=\"cart\"} | http_route != \"\" and body_size > 3 | trace_id = \"a\" | level = \"x\"", &[]);
        check("{service_name=\"cart\"} | htp_route != \"\" or htp_route = \"b\" and body_size > 3KB", &[ROUTE]);
        check("sum(rate({service_name=\"cart\"} | htp_route != \"\" [5m])) / 2", &[ROUTE]);
        check(
            "sum_over_time({service_name=\"cart\"} | unwrap bytes(body_sze) | __error__ = \"\" [5m])",
            &["there is no label of lines `body_sze`; did you mean `body_size`?"],
        );
    }

    #[test]
    fn what_a_stage_before_it_may_make_is_not_unknown() {
        for stage in ["json", "logfmt", "unpack", "pattern \"<a> <b>\"", "regexp \"(?P<a>.+)\"", "json a=\"x\""] {
            check(&format!("{{service_name=\"cart\"}} | {stage} | a = \"1\""), &[]);
        }
        check("{service_name=\"cart\"} | label_format a=http_route | a = \"1\"", &[]);
        let later = "{service_name=\"cart\"} | wrong_thing = \"1\" | json";
        check(later, &["there is no label of lines `wrong_thing`"]);
    }
}
