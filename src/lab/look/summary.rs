//! What a look showed, in a line or a few: for pinned evidence and the post-incident document.

use crate::lab::{BlastRow, ChartLine, Found, LogPage, View};
use crate::telemetry::Telemetry;
use crate::time::Stamp;

/// Rows quoted of a view.
const MOST_ROWS: usize = 4;

/// A few lines.
pub fn summary(telemetry: &Telemetry, view: &View) -> String {
    let at = |stamp: Stamp| telemetry.epoch().time_of_day(stamp);
    match view {
        View::Ticket(ticket) => {
            let later = ticket.later.iter().map(|later| format!("; later: {}", later.text));
            format!("{}: {}{}", ticket.reporter, ticket.text, later.collect::<String>())
        }
        View::Reports(reports) => list(reports, "reports", |report| {
            format!("{} {} ({}, {}): {}", at(report.stamp), report.user, report.region, report.account, report.text)
        }),
        View::BlastRadius(radius) => {
            let mut rows: Vec<&BlastRow> = radius.rows.iter().collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.recent));
            list(&rows, "values", |row| {
                format!("{}: {} in the last 30 minutes, {} before", row.value, row.recent, row.before)
            })
        }
        View::Dependencies(seen) => list(&seen.calls, "calls", |call| {
            let rate = call.rate.map_or_else(|| "seen in traces".to_owned(), |rate| format!("{rate:.1}/s"));
            format!("{} -> {}: {rate}, {:.1} % failed", call.from, call.to, call.errors * 100.0)
        }),
        View::Logs(page) => lines(telemetry, page),
        View::Chart(chart) => list(&chart.lines, &format!("lines ({})", chart.unit), line),
        View::Metrics(rows) => list(rows, "metrics", |row| row.name.clone()),
        View::Traces(rows) => list(rows, "traces", |row| {
            format!(
                "{} {} {} {}, {} spans, {} errors",
                at(row.start),
                row.service,
                row.name,
                row.duration,
                row.spans,
                row.errors
            )
        }),
        View::Trace(trace) => {
            let root =
                trace.spans.first().map_or(String::new(), |root| format!(", {} of {}", root.name, root.instance));
            let longest = trace.spans.iter().filter(|span| span.kind == "CLIENT").max_by_key(|span| span.duration);
            let longest =
                longest.map(|span| format!("longest call: {} by {}, {}", span.name, span.instance, span.duration));
            let errors = trace.spans.iter().filter(|span| span.error).count();
            join(format!("trace {}, {} spans, {errors} errors{root}", trace.id, trace.spans.len()), longest)
        }
        View::Health(rows) => {
            let bad = rows.iter().filter(|row| row.code != 200 || row.body != "{\"status\":\"ok\"}");
            let bad: Vec<String> = bad.map(|row| format!("{}: {} {}", row.instance, row.code, row.body)).collect();
            join(format!("{} pages, {} not ok", rows.len(), bad.len()), bad.into_iter().take(MOST_ROWS - 1))
        }
        View::Changes(rows) => {
            list(rows, "changes", |row| format!("{} {} {} {}: {}", at(row.stamp), row.id, row.kind, row.on, row.text))
        }
        View::Clocks(rows) => {
            let mut rows: Vec<(i64, &str)> =
                rows.iter().map(|row| ((row.says.0 - row.monitor.0) / 1_000_000, row.instance.as_str())).collect();
            rows.sort_by_key(|(off, _)| std::cmp::Reverse(off.unsigned_abs()));
            list(&rows, "clocks", |(off, instance)| format!("{instance}: {off:+} ms from the monitor"))
        }
        View::Stats(rows) => list(rows, "values", |row| {
            let labels = if row.labels.is_empty() { String::new() } else { format!(" ({})", row.labels) };
            format!("{} {}{labels} = {} {}", row.instance, row.metric, row.value, row.unit)
        }),
        View::Config(rows) => list(rows, "settings", |row| format!("{} {} = {}", row.on, row.setting, row.value)),
        View::Reproduced(copy) => {
            format!("{}: {} after {}, {} B", copy.request, copy.status, copy.duration, copy.bytes)
        }
        View::Answer(answer) => match &answer.found {
            Found::Numbers(chart) => list(&chart.lines, "series", line),
            Found::Lines(page) => lines(telemetry, page),
            Found::Traces(rows) => list(rows, "traces", |row| {
                format!("{} {} {} {}: {}", at(row.start), row.service, row.name, row.duration, row.first)
            }),
        },
    }
}

/// How many lines, and the newest.
fn lines(telemetry: &Telemetry, page: &LogPage) -> String {
    let at = |stamp: Stamp| telemetry.epoch().time_of_day(stamp);
    let newest = page.lines.iter().rev().take(MOST_ROWS - 1);
    let text =
        newest.map(|line| format!("{} {} {} {}", at(line.stamp), line.instance, line.severity.words(), line.text));
    join(format!("{} lines", page.total), text)
}

fn line(line: &ChartLine) -> String {
    let values = line.points.iter().map(|(_, value)| *value);
    let (least, most) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let newest = line.points.last().map_or(f64::NAN, |(_, value)| *value);
    format!("{}: {newest:.4} now, {least:.4} to {most:.4}", line.name)
}

fn list<T>(rows: &[T], what: &str, text: impl Fn(&T) -> String) -> String {
    join(format!("{} {what}", rows.len()), rows.iter().take(MOST_ROWS).map(text))
}

fn join(first: String, rest: impl IntoIterator<Item = String>) -> String {
    rest.into_iter().fold(first, |all, row| all + "\n" + &row)
}
