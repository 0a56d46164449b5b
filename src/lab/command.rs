//! Everything a learner can do, as values. A face sends these; a session file is a list of them.

use serde::{Deserialize, Serialize};

use super::Fix;
use crate::lesson::Mechanism;
use crate::query::Language;
use crate::time::Duration;
use crate::world::Severity;

/// One action of a learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Let the incident clock run.
    Wait(Duration),
    /// Let a long time pass, at least a day: windows of it are run, which stand for the rest.
    Pass(Duration),
    /// Look at something. Recorded, because the debrief compares the order of work.
    Look(Look),
    /// Draw an arrow on one's own map.
    DrawArrow {
        /// The caller.
        from: String,
        /// The callee.
        to: String,
    },
    /// Rub an arrow out.
    EraseArrow {
        /// The caller.
        from: String,
        /// The callee.
        to: String,
    },
    /// Mark an arrow as one that can fail silently, or take the mark back.
    MarkArrow {
        /// The caller.
        from: String,
        /// The callee.
        to: String,
        /// Whether it is suspect.
        suspect: bool,
    },
    /// State who is affected.
    Narrow(UserFilter),
    /// Tick a question of the checklist, or untick it.
    Tick(Question, bool),
    /// Keep a piece of evidence in the notebook.
    Pin {
        /// What was looked at.
        look: Look,
        /// Why it matters.
        why: String,
    },
    /// Remove pinned evidence, counted from 1.
    Unpin(usize),
    /// Write in the notebook.
    Note(String),
    /// State the cause.
    Hypothesise(Hypothesis),
    /// Change the system.
    Deploy(Fix),
    /// Write the post-incident document.
    WriteUp(WriteUp),
    /// Ask for the next hint.
    Hint,
    /// Show the ground truth while the incident goes on. For trainers: the session file says that it was shown.
    Trainer,
    /// End the investigation and learn what happened.
    Debrief,
}

/// Something to look at. Everything here is telemetry or configuration; none of it is the ground truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Look {
    /// The ticket and what users have written since.
    Ticket,
    /// Reports by users.
    Reports(UserFilter),
    /// How reports fall over one attribute of the users.
    BlastRadius(UserAttribute),
    /// The nodes, and the calls between them that traces have shown.
    Dependencies,
    /// Log lines.
    Logs(LogFilter),
    /// A chart of a metric.
    Chart(ChartQuery),
    /// The names of all metrics.
    Metrics,
    /// Traces that match.
    Traces(TraceFilter),
    /// One trace, by its id in hexadecimal (a prefix is enough).
    Trace(String),
    /// The health page of every replica.
    Health,
    /// The change feed.
    Changes,
    /// The clocks of the nodes, as each says its own time at the same moment.
    Clocks,
    /// Queues, as their exporters show them.
    Queues,
    /// Caches, as their exporters show them.
    Caches,
    /// The configuration of a node (its arrows included), as deployed.
    Config(String),
    /// Send one request by hand in a quiet copy of the system on one machine with one clock.
    ReproduceLocally(String),
    /// Ask the telemetry in a query language.
    Query(Query),
}

impl Look {
    /// The query language in which the same could be asked: PromQL for charts, LogQL for lines, TraceQL for traces.
    pub(super) fn language(&self) -> Option<Language> {
        match self {
            Look::Chart(_) => Some(Language::Promql),
            Look::Logs(_) => Some(Language::Logql),
            Look::Traces(_) | Look::Trace(_) => Some(Language::Traceql),
            Look::Query(query) => Some(query.language),
            _ => None,
        }
    }

    /// Whether it may be laid beside the same of another run: numbers over time, lines and traces that can be counted, clocks
    /// and health pages.
    pub(super) fn is_comparable(&self) -> bool {
        matches!(
            self,
            Look::Chart(_) | Look::Query(_) | Look::Logs(_) | Look::Queues | Look::Caches | Look::Clocks | Look::Health
        )
    }
}

/// A question in a query language of the field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    /// The language.
    pub language: Language,
    /// The expression.
    pub expression: String,
    /// Only about the newest this much of time. None is everything.
    pub last: Option<Duration>,
}

/// Which log lines. Empty fields match all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogFilter {
    /// The node.
    pub service: Option<String>,
    /// The least severity.
    pub level: Option<Severity>,
    /// Must occur in the rendered line (case-insensitive).
    pub contains: String,
    /// The trace, by id prefix.
    pub trace: Option<String>,
    /// Only the newest this much of time. None is everything.
    pub last: Option<Duration>,
}

/// Which metric, how cut, over what time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChartQuery {
    /// The metric's OpenTelemetry name, such as `http.server.request.duration`.
    pub metric: String,
    /// Labels that must have these values.
    pub with: std::collections::BTreeMap<String, String>,
    /// One line for each value of this label; None sums or pools all.
    pub by: Option<String>,
    /// What is drawn.
    pub show: Show,
    /// Only the newest this much of time. None is everything.
    pub last: Option<Duration>,
}

/// What a chart draws of a metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Show {
    /// Gauges: the value. Counters and histograms: the rate per second.
    #[default]
    Auto,
    /// The value as scraped (summed over series).
    Value,
    /// Increase per second.
    Rate,
    /// Histograms: the mean.
    Mean,
    /// Histograms: this quantile, 0 to 1.
    Quantile(f64),
    /// Rate of this metric with error status (or `error.type`) as a share of all.
    ErrorShare,
}

/// Which traces. Empty fields match all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceFilter {
    /// A node that takes part.
    pub service: Option<String>,
    /// Must occur in the name of the root span or of a span of that node.
    pub name: String,
    /// At least this long, from the first stamp to the last.
    pub min_duration: Option<Duration>,
    /// Only with a span whose status is an error.
    pub errors_only: bool,
    /// Only those that started in the newest this much of time.
    pub last: Option<Duration>,
    /// How many at most.
    pub limit: Option<usize>,
    /// Slowest first; else newest first.
    pub slowest: bool,
}

/// An attribute of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum UserAttribute {
    Region,
    Account,
    Client,
    Journey,
}

/// A predicate over users. Empty matches all users.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserFilter {
    /// The user's region.
    pub region: Option<String>,
    /// The user's account type.
    pub account: Option<String>,
    /// The user's client version.
    pub client: Option<String>,
    /// The journey the user was on.
    pub journey: Option<String>,
}

/// The seven questions to answer before touching a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Question {
    /// Did anything deploy in the last 2 hours?
    Deploys,
    /// Did traffic volume spike or shift pattern?
    Traffic,
    /// Is this affecting ALL users or a subset?
    Subset,
    /// Which downstream dependencies does this path touch?
    Dependencies,
    /// Have any dependency SLAs changed recently?
    Slas,
    /// Is there a queue or cache in this call path?
    QueuesAndCaches,
    /// Did any infrastructure change (scaling, region, config)?
    Infrastructure,
}

/// What the learner thinks is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// A node, or an arrow as `"from -> to"`.
    pub at: String,
    /// How it fails.
    pub mechanism: Mechanism,
    /// The change that did it, by its id in the feed.
    pub change: Option<String>,
}

/// The post-incident document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WriteUp {
    /// What was thought at first.
    pub thought: String,
    /// What was found.
    pub found: String,
    /// What the real fix is.
    pub real_fix: String,
}
