//! Prometheus's HTTP API. Knows questions and snapshots; no socket and no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hyper::StatusCode;
use serde_json::{Value as Json, json};

use super::answer::{Answer, Fault, Remarks, VALUES, build_info, success};
use super::ask::Ask;
use super::shelf::Snapshot;
use crate::query::metrics::{ExemplarPoint, MetricStore};
use crate::query::promql::{self, ErrorKind, Labels, Matcher, Options, Samples, Value};
use crate::telemetry::FamilyId;
use crate::telemetry::prometheus::{family_name, unit_suffix};

/// Steps of a range, as Prometheus has it.
const STEPS: i64 = 11_000;
/// The version of the language that is spoken. Clients choose what they ask by it.
const VERSION: &str = "3.0.0";

/// Answers what is asked below `/api/v1`, or says that there is no such path.
pub(super) fn answer(ask: &Ask, snapshot: &Snapshot, stop: &Arc<AtomicBool>) -> Option<Answer> {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let ["api", "v1", rest @ ..] = path.as_slice() else { return None };
    let api = Api { ask, store: MetricStore::new(&snapshot.telemetry), snapshot, stop };
    let answered = match rest {
        ["query"] => api.query(),
        ["query_range"] => api.query_range(),
        ["query_exemplars"] => api.exemplars(),
        ["series"] => api.series(),
        ["labels"] => api.labels(),
        ["label", name, "values"] => api.label_values(name),
        ["metadata"] => api.metadata(),
        ["format_query"] => api.checked(|query| Json::from(query.trim())),
        ["status", "buildinfo"] => Ok(plain(build_info(VERSION))),
        ["status", "runtimeinfo"] => Ok(plain(api.runtime_info())),
        ["status", "flags" | "config"] => Ok(plain(json!({}))),
        ["targets"] => Ok(plain(json!({ "activeTargets": [], "droppedTargets": [], "droppedTargetCounts": {} }))),
        ["targets", "metadata"] => Ok(plain(json!([]))),
        ["rules"] => Ok(plain(json!({ "groups": [] }))),
        ["alerts"] => Ok(plain(json!({ "alerts": [] }))),
        ["alertmanagers"] => Ok(plain(json!({ "activeAlertmanagers": [], "droppedAlertmanagers": [] }))),
        _ => return None,
    };
    Some(answered.unwrap_or_else(|fault| fault.answer()))
}

/// Paths that also take a form by POST.
pub(super) fn takes_forms(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path.as_slice(),
        ["api", "v1", "query" | "query_range" | "query_exemplars" | "series" | "labels" | "format_query"]
    )
}

fn plain(data: Json) -> Answer {
    success(data, Remarks::default())
}

struct Api<'a> {
    ask: &'a Ask,
    store: MetricStore<'a>,
    snapshot: &'a Snapshot,
    stop: &'a Arc<AtomicBool>,
}

impl Api<'_> {
    /// The newest scrape: now, as far as metrics go.
    fn now(&self) -> i64 {
        self.store.newest().unwrap_or(0)
    }

    /// The expression; one that is missing is the parser's to refuse.
    fn expression(&self) -> &str {
        self.ask.first("query").unwrap_or_default()
    }

    fn options(&self) -> Result<Options, Fault> {
        let mut options = Options { stop: Some(self.stop.clone()), ..Options::default() };
        if let Some(lookback) = self.ask.duration("lookback_delta")? {
            options.lookback = lookback;
        }
        Ok(options)
    }

    fn query(&self) -> Result<Answer, Fault> {
        let limit = self.ask.limit("limit")?;
        let at = self.ask.time("time")?.unwrap_or_else(|| self.now());
        let (query, options) = (self.expression(), self.options()?);
        let answer = promql::query_instant(&self.store, query, at, &options).map_err(|why| refused(&why, query))?;
        result(answer, query, limit)
    }

    fn query_range(&self) -> Result<Answer, Fault> {
        let limit = self.ask.limit("limit")?;
        let needed = |name: &str, value: Option<i64>| {
            value.ok_or_else(|| Fault::parameter(name, "cannot parse \"\" to a valid timestamp"))
        };
        let start = needed("start", self.ask.time("start")?)?;
        let end = needed("end", self.ask.time("end")?)?;
        if end < start {
            return Err(Fault::parameter("end", "end timestamp must not be before start time"));
        }
        let step = self.ask.duration("step")?;
        let step = step.ok_or_else(|| Fault::parameter("step", "cannot parse \"\" to a valid duration"))?;
        if step <= 0 {
            let why = "zero or negative query resolution step widths are not accepted. Try a positive integer";
            return Err(Fault::parameter("step", why));
        }
        if (end - start) / step > STEPS {
            let why = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution \
                       (?step=XX)";
            return Err(Fault::bad(why));
        }
        let (query, mut options) = (self.expression(), self.options()?);
        options.steps_max = usize::try_from(STEPS + 1).unwrap_or(usize::MAX);
        let answer = promql::query_range(&self.store, query, start, end, step, &options);
        result(answer.map_err(|why| refused(&why, query))?, query, limit)
    }

    /// An answer to whether the expression is well formed.
    fn checked(&self, data: impl FnOnce(&str) -> Json) -> Result<Answer, Fault> {
        let query = self.expression();
        promql::parse(query).map_err(|why| refused(&why, query))?;
        Ok(plain(data(query)))
    }

    fn exemplars(&self) -> Result<Answer, Fault> {
        let query = self.expression();
        let expr = promql::parse(query).map_err(|why| refused(&why, query))?;
        let (start, end) = (self.ask.time("start")?, self.ask.time("end")?);
        let (start, end) = (start.unwrap_or(i64::MIN), end.unwrap_or(i64::MAX));
        if end < start {
            return Err(Fault::parameter("end", "end timestamp must not be before start time"));
        }
        let mut selectors: Vec<Vec<Matcher>> = Vec::new();
        expr.each_selector(&mut |matchers| selectors.push(matchers.to_vec()));
        let found = self.store.exemplars(&selectors, start, end);
        let values = found.iter().map(|(_, points)| points.len()).sum();
        if values > VALUES {
            return Err(Fault::too_many(values));
        }
        let point = |one: &ExemplarPoint| {
            json!({
                "labels": { "trace_id": one.trace, "span_id": one.span },
                "value": promql::format_number(one.value),
                "timestamp": one.at as f64 / 1000.0,
            })
        };
        let series = |(labels, points): &(&Labels, Vec<ExemplarPoint>)| {
            json!({
                "seriesLabels": promql::labels_json(labels),
                "exemplars": points.iter().map(point).collect::<Vec<Json>>(),
            })
        };
        Ok(plain(found.iter().map(series).collect()))
    }

    /// The label sets of what the selectors select, in the time that is asked for; of all series if there is none.
    fn selected(&self) -> Result<Vec<Labels>, Fault> {
        let selectors = self.ask.selectors()?;
        let (start, end) = (self.ask.time("start")?, self.ask.time("end")?);
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            return Err(Fault::parameter("end", "end timestamp must not be before start time"));
        }
        let (start, end) = (start.unwrap_or(i64::MIN), end.unwrap_or(i64::MAX));
        let whole = self.store.oldest().is_none_or(|oldest| start <= oldest) && end >= self.now();
        if selectors.is_empty() && whole {
            return Ok(self.store.labels().cloned().collect());
        }
        let selectors = if selectors.is_empty() { vec![Vec::new()] } else { selectors };
        let found = selectors.iter().flat_map(|matchers| self.store.select(matchers, start, end));
        let found: BTreeSet<Labels> = found.map(|series| series.labels).collect();
        Ok(found.into_iter().collect())
    }

    fn series(&self) -> Result<Answer, Fault> {
        if self.ask.all("match[]").next().is_none() {
            return Err(Fault::bad("no match[] parameter provided"));
        }
        let found = self.selected()?.iter().map(promql::labels_json).collect();
        self.cut(found)
    }

    fn labels(&self) -> Result<Answer, Fault> {
        let selected = self.selected()?;
        let names: BTreeSet<&str> = selected.iter().flat_map(Labels::iter).map(|(name, _)| &**name).collect();
        self.cut(names.into_iter().map(Json::from).collect())
    }

    fn label_values(&self, name: &str) -> Result<Answer, Fault> {
        let selected = self.selected()?;
        let values: BTreeSet<&str> = selected.iter().map(|labels| labels.get(name)).collect();
        self.cut(values.into_iter().filter(|value| !value.is_empty()).map(Json::from).collect())
    }

    /// A list, as long as `limit` allows.
    fn cut(&self, mut list: Vec<Json>) -> Result<Answer, Fault> {
        let limit = self.ask.limit("limit")?;
        let mut remarks = Remarks::default();
        if list.len() > limit {
            list.truncate(limit);
            remarks.warnings.push("results truncated due to limit".into());
        }
        Ok(success(list.into(), remarks))
    }

    fn metadata(&self) -> Result<Answer, Fault> {
        let limit = self.ask.limit("limit")?;
        // One target says no more than one thing of a metric: limit_per_metric cuts nothing.
        self.ask.limit("limit_per_metric")?;
        let wanted = self.ask.first("metric");
        let telemetry = &self.snapshot.telemetry;
        let mut about: BTreeMap<String, Json> = BTreeMap::new();
        // Families are all that any world could have.
        let series = telemetry.metrics.targets().flat_map(|(_, target)| &target.series);
        let exposed: BTreeSet<FamilyId> = series.map(|series| series.family).collect();
        let families = exposed.into_iter().filter_map(|id| telemetry.metrics.families().get(usize::from(id.0)));
        for family in families {
            let name = family_name(telemetry.names.text(family.name), family);
            let unit = unit_suffix(family.unit, family.kind);
            let unit = if name.contains(unit) { unit } else { "" };
            about.insert(name, json!([{ "type": family.kind.name(), "help": family.help, "unit": unit }]));
        }
        about.insert(
            "target_info".into(),
            json!([{ "type": "gauge", "help": "Resource attributes of what is scraped.", "unit": "" }]),
        );
        let found = about.into_iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name)).take(limit);
        Ok(plain(found.collect::<serde_json::Map<_, _>>().into()))
    }

    fn runtime_info(&self) -> Json {
        json!({ "timeSeriesCount": self.store.labels().count(), "storageRetention": "all of the run", "CWD": "/" })
    }
}

fn refused(why: &promql::Error, query: &str) -> Fault {
    match why.kind {
        ErrorKind::Parse => Fault::parameter("query", why.describe(query)),
        ErrorKind::Execution | ErrorKind::Limit => Fault::execution(why.describe(query)),
        ErrorKind::Stopped => Fault::timeout("query timed out in expression evaluation"),
    }
}

fn result(mut answer: promql::Answer, query: &str, limit: usize) -> Result<Answer, Fault> {
    let mut remarks =
        Remarks { warnings: answer.annotations.warnings_at(query), infos: answer.annotations.infos_at(query) };
    let before = length(&answer.value);
    match &mut answer.value {
        Value::Vector(samples) => samples.truncate(limit),
        Value::Matrix(rows) => rows.truncate(limit),
        Value::Scalar(_) | Value::String(..) => {}
    }
    if length(&answer.value) < before {
        remarks.warnings.push("results truncated due to limit".into());
    }
    let values = match &answer.value {
        Value::Matrix(rows) => rows.iter().map(|row| row.points.len()).sum(),
        other => length(other),
    };
    if values > VALUES {
        return Err(Fault::too_many(values));
    }
    Ok(success(answer.value.to_json(), remarks))
}

fn length(value: &Value) -> usize {
    match value {
        Value::Vector(samples) => samples.len(),
        Value::Matrix(rows) => rows.len(),
        Value::Scalar(_) | Value::String(..) => 1,
    }
}

/// `/-/healthy` and `/-/ready`.
pub(super) fn health(ask: &Ask) -> Option<Answer> {
    match ask.path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["-", "healthy"] => Some(Answer::text(StatusCode::OK, "Prometheus Server is Healthy.\n")),
        ["-", "ready"] => Some(Answer::text(StatusCode::OK, "Prometheus Server is Ready.\n")),
        _ => None,
    }
}
