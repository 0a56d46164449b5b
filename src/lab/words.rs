//! Commands, looks and filters in words: what a history, a notebook or a document shows of them.

use super::{
    ChartQuery, Command, Hypothesis, LogFilter, Look, Query, Question, Show, TraceFilter, UserAttribute, UserFilter,
};
use crate::world::{ChangeKind, Severity};

impl Command {
    /// In words: `wait 5m`, `look at the change feed`, `deploy: restart mailer`.
    pub fn words(&self) -> String {
        match self {
            Command::Wait(time) => format!("wait {time}"),
            Command::Pass(time) => format!("let {} pass", super::grade::roughly(*time)),
            Command::Look(look) => format!("look at {}", look.words()),
            Command::DrawArrow { from, to } => format!("draw {from} -> {to}"),
            Command::EraseArrow { from, to } => format!("erase {from} -> {to}"),
            Command::MarkArrow { from, to, suspect: true } => {
                format!("mark {from} -> {to} as one that can fail silently")
            }
            Command::MarkArrow { from, to, suspect: false } => format!("take the mark off {from} -> {to}"),
            Command::Narrow(filter) => format!("narrow to {}", filter.words()),
            Command::Tick(question, true) => format!("answer: {}", question.words()),
            Command::Tick(question, false) => format!("reopen: {}", question.words()),
            Command::Pin { look, .. } => format!("pin {}", look.words()),
            Command::Unpin(number) => format!("unpin {number}"),
            Command::Note(text) => format!("note: {text}"),
            Command::Hypothesise(hypothesis) => format!("hypothesis: {}", hypothesis.words()),
            Command::Deploy(fix) => format!("deploy: {}", fix.words()),
            Command::WriteUp(_) => "write the post-incident document".into(),
            Command::Hint => "ask for a hint".into(),
            Command::Trainer => "open the trainer's view".into(),
            Command::Debrief => "ask for the debrief".into(),
        }
    }
}

impl Look {
    /// In words: `logs of catalog at WARN and above`.
    pub fn words(&self) -> String {
        match self {
            Look::Ticket => "the ticket".into(),
            Look::Reports(filter) => format!("reports by {}", filter.words()),
            Look::BlastRadius(attribute) => format!("reports by {}", attribute.words()),
            Look::Dependencies => "the dependencies that telemetry shows".into(),
            Look::Logs(filter) => filter.words(),
            Look::Chart(query) => query.words(),
            Look::Metrics => "the list of metrics".into(),
            Look::Traces(filter) => filter.words(),
            Look::Trace(id) => format!("trace {id}"),
            Look::Health => "the health pages".into(),
            Look::Changes => "the change feed".into(),
            Look::Clocks => "the clocks".into(),
            Look::Queues => "the queues".into(),
            Look::Caches => "the caches".into(),
            Look::Config(node) => format!("the configuration of {node}"),
            Look::ReproduceLocally(request) => format!("`{request}` in a quiet copy on one machine"),
            Look::Query(query) => query.words(),
        }
    }
}

impl Query {
    /// In words: the expression, as it was typed.
    pub fn words(&self) -> String {
        let last = self.last.map_or(String::new(), |last| format!(", last {last}"));
        format!("{} {}{last}", self.language.name(), self.expression.trim())
    }
}

impl LogFilter {
    /// In words.
    pub fn words(&self) -> String {
        let mut words = String::from("logs");
        if let Some(service) = &self.service {
            words += &format!(" of {service}");
        }
        match self.level {
            None | Some(Severity::Debug) => {}
            Some(level) => words += &format!(" at {} and above", level.words()),
        }
        if !self.contains.is_empty() {
            words += &format!(" with \"{}\"", self.contains);
        }
        if let Some(trace) = &self.trace {
            words += &format!(" of trace {trace}");
        }
        if let Some(last) = self.last {
            words += &format!(", last {last}");
        }
        words
    }
}

impl ChartQuery {
    /// In words: `0.99 quantile of http.server.request.duration by service.name`.
    pub fn words(&self) -> String {
        let mut words = match self.show {
            Show::Auto => self.metric.clone(),
            Show::Value => format!("value of {}", self.metric),
            Show::Rate => format!("rate of {}", self.metric),
            Show::Mean => format!("mean of {}", self.metric),
            Show::Quantile(q) => format!("{q} quantile of {}", self.metric),
            Show::ErrorShare => format!("share of errors in {}", self.metric),
        };
        if !self.with.is_empty() {
            let labels: Vec<String> = self.with.iter().map(|(label, value)| format!("{label}={value}")).collect();
            words += &format!(" with {}", labels.join(", "));
        }
        if let Some(by) = &self.by {
            words += &format!(" by {by}");
        }
        if let Some(last) = self.last {
            words += &format!(", last {last}");
        }
        words
    }
}

impl TraceFilter {
    /// In words.
    pub fn words(&self) -> String {
        let mut words = String::from(if self.slowest { "slowest traces" } else { "newest traces" });
        if let Some(service) = &self.service {
            words += &format!(" through {service}");
        }
        if !self.name.is_empty() {
            words += &format!(" named \"{}\"", self.name);
        }
        if self.errors_only {
            words += " with errors";
        }
        if let Some(least) = self.min_duration {
            words += &format!(" of {least} or longer");
        }
        if let Some(last) = self.last {
            words += &format!(", last {last}");
        }
        words
    }
}

impl UserAttribute {
    /// All attributes, in order.
    pub const ALL: [UserAttribute; 4] =
        [UserAttribute::Region, UserAttribute::Account, UserAttribute::Client, UserAttribute::Journey];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            UserAttribute::Region => "region",
            UserAttribute::Account => "account type",
            UserAttribute::Client => "client version",
            UserAttribute::Journey => "journey",
        }
    }
}

impl UserFilter {
    /// In words: `users with region eu and journey checkout`; `all users`.
    pub fn words(&self) -> String {
        let parts = UserAttribute::ALL.into_iter().filter_map(|attribute| {
            let value = self.value(attribute)?;
            Some(format!("{} {value}", attribute.words()))
        });
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() { "all users".into() } else { format!("users with {}", parts.join(" and ")) }
    }

    /// What it demands of an attribute.
    pub fn value(&self, attribute: UserAttribute) -> Option<&str> {
        match attribute {
            UserAttribute::Region => self.region.as_deref(),
            UserAttribute::Account => self.account.as_deref(),
            UserAttribute::Client => self.client.as_deref(),
            UserAttribute::Journey => self.journey.as_deref(),
        }
    }
}

impl Question {
    /// All questions, in the order they are asked.
    pub const ALL: [Question; 7] = [
        Question::Deploys,
        Question::Traffic,
        Question::Subset,
        Question::Dependencies,
        Question::Slas,
        Question::QueuesAndCaches,
        Question::Infrastructure,
    ];

    /// The question itself.
    pub fn words(self) -> &'static str {
        match self {
            Question::Deploys => "Did anything deploy in the last 2 hours?",
            Question::Traffic => "Did traffic volume spike or shift pattern?",
            Question::Subset => "Is this affecting ALL users or a subset?",
            Question::Dependencies => "Which downstream dependencies does this path touch?",
            Question::Slas => "Have any dependency SLAs changed recently?",
            Question::QueuesAndCaches => "Is there a queue or cache in this call path?",
            Question::Infrastructure => "Did any infrastructure change (scaling, region, config)?",
        }
    }
}

impl Hypothesis {
    /// In words: `swallowed timeout at catalog -> reviews, by deploy-1412`.
    pub fn words(&self) -> String {
        let change = self.change.as_ref().map_or(String::new(), |change| format!(", by {change}"));
        match self.mechanism {
            crate::lesson::Mechanism::NoIncident => format!("no incident{change}"),
            mechanism => format!("{} at {}{change}", mechanism.words(), self.at),
        }
    }
}

impl Severity {
    /// `DEBUG`, `INFO`, `WARN`, `ERROR`.
    pub fn words(self) -> &'static str {
        match self {
            Severity::Debug => "DEBUG",
            Severity::Info => "INFO",
            Severity::Warn => "WARN",
            Severity::Error => "ERROR",
        }
    }
}

impl ChangeKind {
    /// What the change feed calls it.
    pub fn words(self) -> &'static str {
        match self {
            ChangeKind::Deploy => "deploy",
            ChangeKind::Config => "config",
            ChangeKind::Flag => "flag",
            ChangeKind::Traffic => "traffic",
            ChangeKind::Scaling => "scaling",
            ChangeKind::Region => "region",
            ChangeKind::DependencySla => "dependency SLA",
            ChangeKind::Infrastructure => "infrastructure",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_and_filters_read_as_sentences() {
        let logs = LogFilter { service: Some("catalog".into()), level: Some(Severity::Warn), ..LogFilter::default() };
        assert_eq!(Look::Logs(logs).words(), "logs of catalog at WARN and above");
        let users = UserFilter { region: Some("eu".into()), journey: Some("checkout".into()), ..UserFilter::default() };
        assert_eq!(users.words(), "users with region eu and journey checkout");
        assert_eq!(UserFilter::default().words(), "all users");
    }
}
