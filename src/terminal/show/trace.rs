//! Traces as text: lists, and a waterfall whose offsets are what the replicas' own clocks said.

use super::Sheet;
use super::evidence::short;
use crate::lab::{FoundTrace, Reproduced, SpanRow, TraceRow, TraceView};
use crate::terminal::paint::{BAD, BOLD, Cell, DIM, NAME, PLAIN, paint, row, span, table, wrap};
use crate::time::{Duration, Stamp};

pub(super) fn list(rows: &[TraceRow], sheet: &Sheet) -> String {
    if rows.is_empty() {
        return "no trace matches\n".into();
    }
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .enumerate()
        .map(|(at, t)| {
            let mut cells = row![
                (at + 1).to_string(),
                sheet.time(t.start),
                short(&t.id.to_string()),
                span(t.duration),
                t.spans.to_string(),
                t.errors.to_string(),
                t.service.as_str(),
                t.name.as_str()
            ];
            if let Some(cell) = cells.get_mut(2) {
                *cell = Cell::styled(NAME, short(&t.id.to_string()));
            }
            if let (Some(cell), true) = (cells.get_mut(5), t.errors > 0) {
                *cell = Cell::styled(BAD, t.errors.to_string());
            }
            cells
        })
        .collect();
    sheet.dated("earliest stamp of each trace")
        + &table(&[">", "start", "trace", ">length", ">spans", ">errors", "root", ""], &cells)
}

/// Traces that a query found.
pub(super) fn found(rows: &[FoundTrace], sheet: &Sheet) -> String {
    if rows.is_empty() {
        return "no trace matches\n".into();
    }
    let cells = |(at, t): (usize, &FoundTrace)| {
        vec![
            Cell::from((at + 1).to_string()),
            Cell::from(sheet.time(t.start)),
            Cell::styled(NAME, short(&t.id.to_string())),
            Cell::from(span(t.duration)),
            Cell::from(t.matched.to_string()),
            Cell::from(format!("{} {}", t.service, t.name)),
            Cell::from(t.first.as_str()),
        ]
    };
    sheet.dated("earliest stamp of each trace")
        + &table(
            &[">", "start", "trace", ">length", ">spans found", "root", "first span found"],
            &rows.iter().enumerate().map(cells).collect::<Vec<_>>(),
        )
}

pub(super) fn waterfall(trace: &TraceView, sheet: &Sheet) -> String {
    let mut out = paint(BOLD, format!("trace {}", trace.id)) + "\n";
    let Some(first) = trace.spans.iter().map(|s| s.start).min() else {
        return out + "no span was recorded\n";
    };
    let end = |s: &SpanRow| s.start.0.saturating_add(i64::try_from(s.duration.0).unwrap_or(i64::MAX));
    let length = trace.spans.iter().map(end).max().unwrap_or(first.0).saturating_sub(first.0).max(1) as f64;
    let columns = (sheet.width / 3).clamp(16, 50);
    let cells: Vec<Vec<Cell>> = trace
        .spans
        .iter()
        .map(|s| {
            let offset = Duration(s.start.0.abs_diff(first.0));
            vec![
                format!("+{}", span(offset)).into(),
                span(s.duration).into(),
                Cell::styled(if s.error { BAD } else { NAME }, bar(s, first, length, columns)),
                Cell::styled(if s.error { BAD } else { PLAIN }, if s.error { "ERROR" } else { "" }),
                s.instance.as_str().into(),
                Cell::styled(DIM, s.kind),
                format!("{}{}", "  ".repeat(s.depth.min(20)), s.name).into(),
            ]
        })
        .collect();
    let bars = format!("|{:<w$}|", span(Duration(length as u64)), w = columns.saturating_sub(2));
    out += &sheet.dated(&format!("from {}; each span by the clock of its replica", sheet.time(first)));
    out += &table(&[">start", ">length", &bars, "", "replica", "kind", "span"], &cells);
    for s in trace.spans.iter().filter(|s| !s.attributes.is_empty()) {
        let pairs: Vec<String> = s.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
        out += &format!("\n{} {}\n", s.instance, s.name);
        out += &wrap(&pairs.join("  "), sheet.width, "    ");
    }
    out
}

/// Where a span lies in the whole trace.
fn bar(span: &SpanRow, first: Stamp, length: f64, columns: usize) -> String {
    let place = |ns: f64| (ns / length * columns as f64).round().clamp(0.0, columns as f64) as usize;
    let from = place(span.start.0.saturating_sub(first.0) as f64).min(columns.saturating_sub(1));
    let to = place(span.start.0.saturating_sub(first.0) as f64 + span.duration.0 as f64).max(from + 1);
    format!("{}{}", " ".repeat(from), "█".repeat(to - from))
}

pub(super) fn reproduced(tried: &Reproduced, sheet: &Sheet) -> String {
    let head =
        format!("{} answered {} in {}, {} bytes", tried.request, tried.status, span(tried.duration), tried.bytes);
    paint(BOLD, head) + "\n" + &waterfall(&tried.trace, sheet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_inside_whatever_the_clocks_say() {
        for (start, duration) in [(0, 0), (-50, 10), (90, 1_000), (i64::MAX, u64::MAX)] {
            let row = SpanRow {
                id: String::new(),
                depth: 0,
                instance: String::new(),
                name: String::new(),
                kind: "SERVER",
                start: Stamp(start),
                duration: Duration(duration),
                error: false,
                attributes: Vec::new(),
            };
            let drawn = bar(&row, Stamp(0), 100.0, 20).chars().count();
            assert!((1..=20).contains(&drawn), "{start} {duration}: {drawn}");
        }
    }
}
