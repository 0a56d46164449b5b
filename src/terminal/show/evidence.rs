//! Reports, logs, metrics, health, changes, clocks and configuration as text.

use super::Sheet;
use crate::lab::{
    BlastRadius, ChangeRow, ClockRow, ConfigRow, Dependencies, HealthRow, LogPage, MetricRow, ReportRow, StatRow,
    TicketView,
};
use crate::terminal::paint::{
    BAD, BOLD, Cell, DIM, GOOD, NAME, PLAIN, WARN, paint, percent, row, span, table, three, value, wrap,
};
use crate::terminal::verbs::Shown;
use crate::time::Duration;
use crate::world::Severity;

pub(super) fn ticket(ticket: &TicketView, sheet: &Sheet) -> String {
    let mut out = paint(BOLD, &ticket.title) + "\n";
    out += &sheet.dated(&format!("opened {} by {}", sheet.seconds(ticket.opened), ticket.reporter));
    out += &wrap(&ticket.text, sheet.prose(), "  ");
    for later in &ticket.later {
        out += "\n";
        out += &sheet.dated(&format!("opened {} by {}", sheet.seconds(later.opened), later.reporter));
        out += &wrap(&later.text, sheet.prose(), "  ");
    }
    if !ticket.reports.is_empty() {
        out += "\n";
        out += &reports(&ticket.reports, &Shown { rows: 8, ..Shown::default() }, sheet);
    }
    out
}

pub(super) fn reports(rows: &[ReportRow], shown: &Shown, sheet: &Sheet) -> String {
    if rows.is_empty() {
        return "no user wrote\n".into();
    }
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .take(shown.rows)
        .map(|r| {
            row![
                sheet.seconds(r.stamp),
                r.user.as_str(),
                r.region.as_str(),
                r.account.as_str(),
                r.client.as_str(),
                r.journey.as_str(),
                r.text.as_str()
            ]
        })
        .collect();
    let headers = ["written", "user", "region", "account", "client", "journey", "words"];
    table(&headers, &cells) + &more(rows.len(), shown.rows, "reports", "newest")
}

pub(super) fn blast(radius: &BlastRadius) -> String {
    let recent: usize = radius.rows.iter().map(|row| row.recent).sum();
    let cells: Vec<Vec<Cell>> = radius
        .rows
        .iter()
        .map(|r| {
            row![
                r.value.as_str(),
                r.recent.to_string(),
                if recent > 0 { percent(r.recent as f64 / recent as f64) } else { String::new() },
                r.before.to_string(),
                r.traffic_share.map_or("not measured".into(), percent)
            ]
        })
        .collect();
    let headers = ["", ">reports in 30 min", ">share", ">before", ">share of all traffic"];
    format!("reports by {}\n", format!("{:?}", radius.attribute).to_lowercase()) + &table(&headers, &cells)
}

pub(super) fn map(map: &Dependencies) -> String {
    let nodes: Vec<Vec<Cell>> = map
        .nodes
        .iter()
        .map(|n| {
            vec![Cell::styled(NAME, n.name.as_str()), format!("{:?}", n.kind).into(), n.replicas.to_string().into()]
        })
        .collect();
    let calls: Vec<Vec<Cell>> = map
        .calls
        .iter()
        .map(|c| {
            let (rate, errors) = match c.rate {
                Some(rate) => (format!("{}/s", three(rate)), percent(c.errors)),
                None => ("seen in traces".to_owned(), format!("{} of them", percent(c.errors))),
            };
            row![format!("{} -> {}", c.from, c.to), rate, errors]
        })
        .collect();
    table(&["node", "kind", ">replicas reporting"], &nodes)
        + "\n"
        + &table(&["calls seen in telemetry", ">rate, 5 min", ">errors"], &calls)
        + &paint(
            DIM,
            "A call that nobody measures or traces is not in this list. Traces are a sample: they tell no rate.\n",
        )
}

pub(super) fn logs(page: &LogPage, shown: &Shown, sheet: &Sheet) -> String {
    if page.lines.is_empty() {
        return "no line matches\n".into();
    }
    let newest = &page.lines[page.lines.len().saturating_sub(shown.rows)..];
    let cells: Vec<Vec<Cell>> = newest
        .iter()
        .map(|line| {
            let style = match line.severity {
                Severity::Error => BAD,
                Severity::Warn => WARN,
                Severity::Info => PLAIN,
                Severity::Debug => DIM,
            };
            vec![
                sheet.time(line.stamp).into(),
                Cell::styled(NAME, line.instance.as_str()),
                Cell::styled(style, line.severity.text()),
                line.trace.map_or(String::new(), |id| short(&id.to_string())).into(),
                line.text.as_str().into(),
            ]
        })
        .collect();
    sheet.dated("each line by the clock of the replica that wrote it")
        + &table(&["", "", "", "trace", ""], &cells)
        + &more(page.total, newest.len(), "lines", "newest")
}

pub(super) fn metrics(rows: &[MetricRow], shown: &Shown, sheet: &Sheet) -> String {
    let mut out = String::new();
    for metric in rows.iter().filter(|m| contains(&[&m.name, &m.help], &shown.words)) {
        out +=
            &format!("{}  {} {}  {}\n", paint(NAME, &metric.name), metric.kind, metric.unit, paint(DIM, &metric.help));
        for (label, values) in &metric.labels {
            out += &wrap(&format!("{label} = {}", values.join(", ")), sheet.width, "    ");
        }
    }
    if out.is_empty() { "no metric matches\n".into() } else { out }
}

pub(super) fn health(rows: &[HealthRow], sheet: &Sheet) -> String {
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|h| {
            let style = if h.code == 200 { GOOD } else { BAD };
            let checks = if h.checks.is_empty() { "the process runs".into() } else { h.checks.join(", ") };
            vec![
                Cell::styled(NAME, h.instance.as_str()),
                Cell::styled(style, h.code.to_string()),
                sheet.seconds(h.stamp).into(),
                h.body.as_str().into(),
                Cell::styled(DIM, checks),
            ]
        })
        .collect();
    sheet.dated("probed by the monitor")
        + &table(&["replica", ">status", "probed", "says", "because it checks"], &cells)
}

pub(super) fn changes(rows: &[ChangeRow], shown: &Shown, sheet: &Sheet) -> String {
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .filter(|c| contains(&[&c.id, &c.kind, &c.on, &c.by, &c.text], &shown.words))
        .map(|c| {
            vec![
                sheet.seconds(c.stamp).into(),
                Cell::styled(NAME, c.id.as_str()),
                c.kind.as_str().into(),
                c.on.as_str().into(),
                c.by.as_str().into(),
                c.text.as_str().into(),
            ]
        })
        .collect();
    if cells.is_empty() {
        return "no change is recorded\n".into();
    }
    sheet.dated("newest first") + &table(&["recorded", "id", "kind", "on", "by", ""], &cells)
}

pub(super) fn clocks(rows: &[ClockRow], sheet: &Sheet) -> String {
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|c| {
            let apart = c.says.0 - c.monitor.0;
            let sign = if apart < 0 { "-" } else { "+" };
            row![c.instance.as_str(), sheet.time(c.says), format!("{sign}{}", span(Duration(apart.unsigned_abs())))]
        })
        .collect();
    let monitor = rows.first().map_or(String::new(), |c| sheet.time(c.monitor));
    sheet.dated(&format!("while the monitor's clock says {monitor}")) + &table(&["replica", "says", ">apart"], &cells)
}

pub(super) fn stats(rows: &[StatRow]) -> String {
    if rows.is_empty() {
        return "no exporter reports any\n".into();
    }
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|s| {
            vec![
                Cell::styled(NAME, s.instance.as_str()),
                s.metric.as_str().into(),
                s.labels.as_str().into(),
                value(s.value, &s.unit).into(),
            ]
        })
        .collect();
    table(&["replica", "metric", "labels", ">newest"], &cells)
}

pub(super) fn config(rows: &[ConfigRow]) -> String {
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|c| vec![Cell::styled(NAME, c.on.as_str()), c.setting.as_str().into(), c.value.as_str().into()])
        .collect();
    table(&["on", "setting", "value"], &cells)
}

/// The beginning of a trace id that is enough to open it.
pub(super) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

fn contains(texts: &[&str], words: &str) -> bool {
    let all = texts.join(" ").to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| all.contains(word))
}

pub(super) fn more(total: usize, printed: usize, what: &str, which: &str) -> String {
    match total > printed {
        true => paint(
            DIM,
            format!("the {which} {printed} of {total} {what}; narrow the search, or say rows=N (up to 500)\n"),
        ),
        false => paint(DIM, format!("{total} {what}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{CallRow, LaterTicket};
    use crate::time::{Epoch, Stamp};

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_later_ticket_has_its_heading_in_one_line() {
        let sheet = Sheet { epoch: Epoch::UNIX, day: "1970-01-01".into(), width: 80 };
        let later = LaterTicket { opened: Stamp(0), reporter: "Support".into(), text: "Again.".into() };
        let first = TicketView {
            title: "Odd".into(),
            reporter: "Support".into(),
            text: "Odd.".into(),
            opened: Stamp(0),
            reports: Vec::new(),
            later: vec![later],
        };
        let text = plain(&ticket(&first, &sheet));
        assert!(text.ends_with("Odd.\n\n1970-01-01 UTC, opened 00:00:00 by Support\n  Again.\n"), "{text}");
    }

    #[test]
    fn a_call_that_only_traces_show_has_no_rate() {
        let call = |rate| CallRow { from: "a".into(), to: "b".into(), rate, errors: 0.5 };
        let shown = |rate| plain(&map(&Dependencies { nodes: Vec::new(), calls: vec![call(rate)] }));
        let (sampled, counted) = (shown(None), shown(Some(2.0)));
        assert!(sampled.contains("seen in traces") && sampled.contains("50 % of them"), "{sampled}");
        assert!(counted.contains("2/s") && !counted.contains("of them"), "{counted}");
    }
}
