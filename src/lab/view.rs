//! What a learner sees: plain data made from telemetry and configuration, ready to be drawn by any face.

use std::collections::BTreeMap;

use crate::telemetry::TraceId;
use crate::time::{Duration, Stamp};
use crate::world::Severity;

/// The answer to a [`super::Look`].
#[derive(Clone, Debug, PartialEq)]
pub enum View {
    /// The ticket, and the newest reports.
    Ticket(TicketView),
    /// Reports by users, newest first.
    Reports(Vec<ReportRow>),
    /// Reports by the values of one attribute.
    BlastRadius(BlastRadius),
    /// Nodes and the calls seen between them.
    Dependencies(Dependencies),
    /// Log lines.
    Logs(LogPage),
    /// Lines to draw.
    Chart(Chart),
    /// All metrics.
    Metrics(Vec<MetricRow>),
    /// Traces.
    Traces(Vec<TraceRow>),
    /// One trace.
    Trace(TraceView),
    /// Health pages.
    Health(Vec<HealthRow>),
    /// The change feed, newest first.
    Changes(Vec<ChangeRow>),
    /// Clocks.
    Clocks(Vec<ClockRow>),
    /// Exporter values by node: (node, metric, value).
    Stats(Vec<StatRow>),
    /// Configuration as deployed.
    Config(Vec<ConfigRow>),
    /// What happened to a request in a quiet copy.
    Reproduced(Reproduced),
    /// What a query found.
    Answer(Answer),
}

/// The ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketView {
    /// The lesson's title.
    pub title: String,
    /// Who wrote it.
    pub reporter: String,
    /// Its words.
    pub text: String,
    /// When it was opened.
    pub opened: Stamp,
    /// What users wrote, newest first.
    pub reports: Vec<ReportRow>,
    /// Tickets that were opened since, oldest first.
    pub later: Vec<LaterTicket>,
}

/// A ticket that was opened a long time after the first.
#[derive(Clone, Debug, PartialEq)]
pub struct LaterTicket {
    /// When, by the monitor's clock.
    pub opened: Stamp,
    /// Who wrote it.
    pub reporter: String,
    /// Its words.
    pub text: String,
}

/// One report by a user.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    /// When it was written.
    pub stamp: Stamp,
    /// The user's name.
    pub user: String,
    /// The user's region.
    pub region: String,
    /// The user's account type.
    pub account: String,
    /// The user's client version.
    pub client: String,
    /// What the user was doing.
    pub journey: String,
    /// The user's words.
    pub text: String,
}

/// Reports by the values of one attribute, against all users.
#[derive(Clone, Debug, PartialEq)]
pub struct BlastRadius {
    /// The attribute.
    pub attribute: super::UserAttribute,
    /// (value, reports in the last 30 minutes, reports in the time before, share of all traffic 0 to 1).
    pub rows: Vec<BlastRow>,
}

/// One value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct BlastRow {
    /// The value.
    pub value: String,
    /// Reports in the newest 30 minutes.
    pub recent: usize,
    /// Reports before that.
    pub before: usize,
    /// The share of traffic with this value, from the request metrics of the edge, 0 to 1; None if not measured.
    pub traffic_share: Option<f64>,
}

/// Nodes and the calls that telemetry has shown between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependencies {
    /// Nodes in the inventory.
    pub nodes: Vec<NodeRow>,
    /// Calls seen in client metrics or spans.
    pub calls: Vec<CallRow>,
}

/// A node of the inventory.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRow {
    /// Its name.
    pub name: String,
    /// What it is called on a diagram.
    pub kind: crate::world::Kind,
    /// Replicas that report telemetry.
    pub replicas: usize,
}

/// Calls between two nodes over the newest five minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    /// The caller.
    pub from: String,
    /// The callee.
    pub to: String,
    /// Per second, as caller or consumer counts; None where only traces show the calls: they are a sample.
    pub rate: Option<f64>,
    /// Share of calls (or of those in traces) with an error, 0 to 1.
    pub errors: f64,
}

/// A page of log lines, newest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPage {
    /// The newest lines that match, at most [`LogPage::LIMIT`].
    pub lines: Vec<LogLine>,
    /// How many lines match in all.
    pub total: usize,
}

impl LogPage {
    /// Lines on a page.
    pub const LIMIT: usize = 500;
}

/// One log line.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// What the node's own clock said.
    pub stamp: Stamp,
    /// The replica, such as `catalog-2`.
    pub instance: String,
    /// Its severity.
    pub severity: Severity,
    /// Its words.
    pub text: String,
    /// The trace it belongs to.
    pub trace: Option<TraceId>,
}

/// Lines over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What is drawn, in words.
    pub title: String,
    /// Its unit: `s`, `1/s`, `{message}`, `1`, …
    pub unit: String,
    /// One for each value of the label.
    pub lines: Vec<ChartLine>,
}

/// One line of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChartLine {
    /// The label's value.
    pub name: String,
    /// (what the monitor's clock said, value), in order of time.
    pub points: Vec<(Stamp, f64)>,
}

/// One metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    /// Its OpenTelemetry name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// What it measures.
    pub help: String,
    /// Its labels, with their values.
    pub labels: BTreeMap<String, Vec<String>>,
}

/// One trace in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceRow {
    /// Its id.
    pub id: TraceId,
    /// The earliest stamp.
    pub start: Stamp,
    /// From the earliest stamp to the latest.
    pub duration: Duration,
    /// The node of the root span.
    pub service: String,
    /// The name of the root span.
    pub name: String,
    /// Spans.
    pub spans: usize,
    /// Spans with an error.
    pub errors: usize,
}

/// One trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceView {
    /// Its id.
    pub id: TraceId,
    /// Spans, parents before children, children by their stamps.
    pub spans: Vec<SpanRow>,
}

/// One span of a waterfall.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanRow {
    /// Its id, as 16 hexadecimal digits.
    pub id: String,
    /// Depth in the tree; a span whose parent was not recorded is a root of its own.
    pub depth: usize,
    /// The replica.
    pub instance: String,
    /// Its name.
    pub name: String,
    /// `SERVER`, `CLIENT`, `PRODUCER`, `CONSUMER` or `INTERNAL`.
    pub kind: &'static str,
    /// The start, by the replica's own clock.
    pub start: Stamp,
    /// Its length.
    pub duration: Duration,
    /// Whether its status is an error.
    pub error: bool,
    /// Attributes by name.
    pub attributes: Vec<(String, String)>,
}

/// The health page of one replica.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthRow {
    /// The replica.
    pub instance: String,
    /// When it was last probed, by the monitor's clock.
    pub stamp: Stamp,
    /// HTTP status.
    pub code: u16,
    /// The body, as JSON.
    pub body: String,
    /// What the page checks; empty is "the process runs".
    pub checks: Vec<String>,
}

/// One record of the change feed.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRow {
    /// Its id.
    pub id: String,
    /// When it was recorded.
    pub stamp: Stamp,
    /// `deploy`, `config`, …
    pub kind: String,
    /// The node or arrow it names.
    pub on: String,
    /// Who did it.
    pub by: String,
    /// Its words.
    pub text: String,
}

/// What one replica's clock says while the monitor's says `monitor`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockRow {
    /// The replica.
    pub instance: String,
    /// The replica's time.
    pub says: Stamp,
    /// The monitor's time at the same moment.
    pub monitor: Stamp,
}

/// One value of an exporter.
#[derive(Clone, Debug, PartialEq)]
pub struct StatRow {
    /// The replica.
    pub instance: String,
    /// The metric.
    pub metric: String,
    /// Labels other than the replica's.
    pub labels: String,
    /// The newest value.
    pub value: f64,
    /// Its unit.
    pub unit: String,
}

/// One line of configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigRow {
    /// The node, or the arrow as `"from -> to"`.
    pub on: String,
    /// The setting.
    pub setting: String,
    /// Its value.
    pub value: String,
}

/// What happened to a request that was sent by hand in a quiet copy of the system.
#[derive(Clone, Debug, PartialEq)]
pub struct Reproduced {
    /// The request.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// Time to the answer.
    pub duration: Duration,
    /// Bytes of the answer.
    pub bytes: u64,
    /// Its trace.
    pub trace: TraceView,
    /// What the copy is: what it shares with the real system, and what not.
    pub note: String,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The result.
    pub found: Found,
    /// What the engine remarks, what was left out, and names that are near to those that match nothing.
    pub remarks: Vec<String>,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// Numbers over time: a line for each series, named by its labels.
    Numbers(Chart),
    /// Log lines.
    Lines(LogPage),
    /// Traces, the one that began last first.
    Traces(Vec<FoundTrace>),
}

/// A trace that a query found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundTrace {
    /// Its id.
    pub id: TraceId,
    /// The earliest stamp.
    pub start: Stamp,
    /// From the earliest stamp to the latest.
    pub duration: Duration,
    /// The node of the root span.
    pub service: String,
    /// The name of the root span.
    pub name: String,
    /// Spans that match.
    pub matched: usize,
    /// The first of them: its name, its length, and the attributes that the query names.
    pub first: String,
}
