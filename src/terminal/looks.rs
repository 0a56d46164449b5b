//! How logs, charts and traces are asked for in words.

use super::names::Names;
use super::verbs::{Action, ROWS, Shown};
use super::words::Args;
use crate::lab::{ChartQuery, LogFilter, LogPage, Look, Query, Refusal, Show, TraceFilter};
use crate::query::Language;
use crate::world::Severity;

/// Severities by name.
pub(super) const LEVELS: [(&str, Severity); 4] =
    [("debug", Severity::Debug), ("info", Severity::Info), ("warn", Severity::Warn), ("error", Severity::Error)];

/// What `show=` accepts besides other quantiles.
pub(super) const SHOWS: [(&str, Show); 8] = [
    ("value", Show::Value),
    ("rate", Show::Rate),
    ("mean", Show::Mean),
    ("errors", Show::ErrorShare),
    ("p50", Show::Quantile(0.5)),
    ("p90", Show::Quantile(0.9)),
    ("p99", Show::Quantile(0.99)),
    ("p999", Show::Quantile(0.999)),
];

/// Takes `rows=`.
pub(super) fn shown(args: &mut Args) -> Result<Shown, Refusal> {
    let rows = args.number("rows")?.unwrap_or(ROWS);
    in_range(args, rows).map(|rows| Shown { rows, words: String::new() })
}

/// A number of rows that can be shown.
fn in_range(args: &Args, rows: usize) -> Result<usize, Refusal> {
    if rows == 0 || rows > LogPage::LIMIT {
        return Err(args.refusal(format!("rows={rows} is out of range: 1 to {}", LogPage::LIMIT)));
    }
    Ok(rows)
}

pub(super) fn logs(args: &mut Args, known: &Names) -> Result<Action, Refusal> {
    let shown = shown(args)?;
    let level = args.option("level").map(|name| level(args, &name)).transpose()?;
    let filter = LogFilter {
        service: service(args, known),
        level,
        trace: args.option("trace"),
        last: args.duration("last")?,
        contains: args.rest(),
    };
    Ok(Action::Look(Look::Logs(filter), shown))
}

pub(super) fn traces(args: &mut Args, known: &Names) -> Result<Action, Refusal> {
    let shown = shown(args)?;
    let filter = TraceFilter {
        slowest: args.flag("slowest"),
        errors_only: args.flag("errors"),
        service: service(args, known),
        min_duration: args.duration("min")?,
        last: args.duration("last")?,
        limit: Some(shown.rows),
        name: args.rest(),
    };
    Ok(Action::Look(Look::Traces(filter), shown))
}

/// A number of up to three digits is a place in the last list; as the beginning of an id it would say little.
pub(super) fn trace(args: &mut Args, known: &Names) -> Result<Action, Refusal> {
    let id = args.word("the id of a trace")?;
    let id = match id.parse::<usize>() {
        Ok(place) if id.len() <= 3 && !known.listed.is_empty() => {
            let listed = place.checked_sub(1).and_then(|place| known.listed.get(place));
            let all = known.listed.len();
            listed
                .cloned()
                .ok_or_else(|| args.refusal(format!("the last list has no {place}: it goes from 1 to {all}")))?
        }
        _ => id,
    };
    Ok(Action::Look(Look::Trace(id), Shown::default()))
}

pub(super) fn chart(args: &mut Args, _: &Names) -> Result<Action, Refusal> {
    let query = ChartQuery {
        metric: args.word("the name of a metric")?,
        by: args.option("by"),
        show: args.option("show").map(|text| show(args, &text)).transpose()?.unwrap_or_default(),
        last: args.duration("last")?,
        with: args.options().into_iter().collect(),
    };
    Ok(Action::Look(Look::Chart(query), Shown::default()))
}

/// The language, options, and all that follows as it was typed.
pub(super) fn query(args: &mut Args, _: &Names) -> Result<Action, Refusal> {
    let raw = std::mem::take(&mut args.raw);
    let (word, mut rest) = raw.split_once(char::is_whitespace).unwrap_or((&raw, ""));
    let Some(language) = Language::find(word) else {
        return Err(args.refusal(format!("`{word}` is no query language")));
    };
    let (mut last, mut shown) = (None, Shown::default());
    loop {
        rest = rest.trim_start();
        let (option, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match option.split_once('=') {
            Some(("last", length)) => last = Some(args.read_duration(length)?),
            Some(("rows", number)) => shown.rows = in_range(args, args.read_number(number)?)?,
            _ => break,
        }
        rest = after;
    }
    if rest.trim().is_empty() {
        return Err(args.refusal("an expression is missing"));
    }
    Ok(Action::Look(Look::Query(Query { language, expression: rest.trim().to_owned(), last }), shown))
}

/// `service=NAME`, or a first word that is a node.
fn service(args: &mut Args, known: &Names) -> Option<String> {
    if let Some(named) = args.option("service") {
        return Some(named);
    }
    args.peek().is_some_and(|word| known.is_node(word)).then(|| args.word("").ok()).flatten()
}

fn level(args: &Args, name: &str) -> Result<Severity, Refusal> {
    let wanted = name.to_lowercase();
    let level = LEVELS.iter().find(|(known, _)| *known == wanted);
    level.map(|(_, level)| *level).ok_or_else(|| args.refusal(format!("`{name}` is no level")))
}

fn show(args: &Args, text: &str) -> Result<Show, Refusal> {
    if let Some((_, show)) = SHOWS.iter().find(|(name, _)| *name == text) {
        return Ok(*show);
    }
    // p95, p99.5
    let percent = text.strip_prefix('p').and_then(|digits| digits.parse::<f64>().ok());
    match percent.filter(|percent| (0.0..=100.0).contains(percent)) {
        Some(percent) => Ok(Show::Quantile(percent / 100.0)),
        None => Err(args.refusal(format!("`show={text}` is nothing a chart can show"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::verbs::parse;
    use crate::time::Duration;

    fn known() -> Names {
        Names { nodes: vec!["catalog".into(), "web".into()], ..Names::default() }
    }

    fn looked(line: &str) -> Look {
        match parse(line, &known()) {
            Ok(Some(Action::Look(look, _))) => look,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_first_word_is_a_service_if_there_is_one_of_that_name() {
        let Look::Logs(filter) = looked("logs catalog timed out level=WARN last=10m") else { panic!() };
        assert_eq!(filter.service.as_deref(), Some("catalog"));
        assert_eq!((filter.level, filter.contains.as_str()), (Some(Severity::Warn), "timed out"));
        let Look::Logs(filter) = looked("logs timed catalog") else { panic!() };
        assert_eq!((filter.service, filter.contains.as_str()), (None, "timed catalog"));
        let Look::Logs(filter) = looked("logs \"catalog\"") else { panic!() };
        assert_eq!((filter.service, filter.contains.as_str()), (None, "catalog"));
    }

    #[test]
    fn labels_and_quantiles_reach_the_chart() {
        let Look::Chart(query) = looked("chart m.n by=service.name show=p99.5 http.route=/x last=1h") else { panic!() };
        assert_eq!((query.metric.as_str(), query.by.as_deref()), ("m.n", Some("service.name")));
        assert_eq!((query.show, query.last), (Show::Quantile(0.995), Some(Duration::from_mins(60))));
        assert_eq!(query.with.get("http.route").map(String::as_str), Some("/x"));
    }

    #[test]
    fn flags_and_limits_reach_the_traces() {
        let Look::Traces(filter) = looked("traces web slowest min=800ms rows=5 GET") else { panic!() };
        assert!(filter.slowest && !filter.errors_only);
        assert_eq!((filter.limit, filter.name.as_str()), (Some(5), "GET"));
    }

    #[test]
    fn an_expression_is_taken_as_it_was_typed() {
        let Look::Query(query) = looked("query promql last=30m rate(m{a=\"b -> c\"}[5m])  > 1") else { panic!() };
        assert_eq!((query.language, query.last), (Language::Promql, Some(Duration::from_mins(30))));
        assert_eq!(query.expression, "rate(m{a=\"b -> c\"}[5m])  > 1");
        let Look::Query(query) = looked("query LogQL {level=\"error\"}") else { panic!() };
        assert_eq!((query.language, query.expression.as_str()), (Language::Logql, "{level=\"error\"}"));
    }

    #[test]
    fn a_trace_is_named_by_its_id_or_by_its_place_in_the_list() {
        let listed = Names { listed: vec!["aa11".into(), "bb22".into()], ..Names::default() };
        let named = |line: &str| {
            parse(line, &listed).map(|action| match action {
                Some(Action::Look(Look::Trace(id), _)) => id,
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(named("trace 2").unwrap(), "bb22");
        assert_eq!(named("trace 4bf9").unwrap(), "4bf9");
        assert_eq!(named("trace 1234").unwrap(), "1234");
        assert!(named("trace 3").is_err() && named("trace 0").is_err());
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_usage() {
        for line in [
            "logs level=loud",
            "logs last=soon",
            "logs rows=0",
            "logs rows=9999",
            "logs colour=red",
            "chart",
            "chart m show=p101",
            "chart m show=median",
            "traces min=x",
            "query",
            "query sql select",
            "query promql last=soon up",
            "query promql last=1h",
            "query promql rows=0 up",
            "query logql rows=9999 {a=\"b\"}",
            "trace",
            "blast",
            "blast age",
            "wait",
            "wait long",
            "narrow",
            "narrow all region=eu",
            "tick",
            "tick everything",
            "unpin x",
            "draw a",
            "health now",
            "note",
            "pin",
            "config",
            "try",
            "nonsense",
            "hypothesis web",
        ] {
            let refusal = parse(line, &known()).unwrap_err();
            assert!(!refusal.what.is_empty() && !refusal.remedy.is_empty(), "{line}");
        }
        assert!(parse("lgos", &known()).unwrap_err().remedy.contains("`logs`"));
    }
}
