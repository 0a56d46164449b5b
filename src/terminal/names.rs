//! Names that a learner may type: for completion, and to tell a node from a word to search for. Read from what the
//! learner may see anyway.

use std::collections::BTreeSet;

use crate::lab::{Answer, Found, Observation, UserAttribute, View};
use crate::query::Language;

/// Names as of the last look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Nodes.
    pub(super) nodes: Vec<String>,
    /// Arrows, as `A -> B`.
    pub(super) arrows: Vec<String>,
    /// Metrics.
    pub(super) metrics: Vec<String>,
    /// Changes of the feed.
    pub(super) changes: Vec<String>,
    /// Traces that were listed or met in logs, newest look last.
    pub(super) traces: Vec<String>,
    /// The traces of the newest list, in its order.
    pub(super) listed: Vec<String>,
    /// Values of users' attributes.
    pub(super) users: Vec<(UserAttribute, Vec<String>)>,
    /// Requests that can be tried.
    pub(super) routes: Vec<String>,
    /// Labels of metrics.
    pub(super) labels: BTreeSet<String>,
    /// What an expression may hold, by query language.
    pub(super) vocabulary: Vec<(Language, Vec<String>)>,
}

/// Traces remembered for completion.
const TRACES: usize = 200;

impl Names {
    /// Takes in what there is to name now.
    pub(super) fn refresh(&mut self, seen: &Observation) {
        self.nodes = seen.inventory.iter().map(|(name, _)| name.clone()).collect();
        self.arrows = seen.arrows.iter().map(|(from, to)| format!("{from} -> {to}")).collect();
        let telemetry = &seen.telemetry;
        self.metrics = telemetry.metrics.families().iter().map(|f| telemetry.names.text(f.name).to_owned()).collect();
        self.metrics.sort();
        self.changes = telemetry.changes.iter().map(|change| change.id.clone()).collect();
        self.users = seen.attributes.iter().map(|(attribute, values)| (*attribute, values.clone())).collect();
        self.routes = seen.requests.to_vec();
        self.vocabulary = Language::ALL.into_iter().map(|language| (language, seen.vocabulary(language))).collect();
        for (_, target) in telemetry.metrics.targets() {
            for (label, _) in target.series.iter().flat_map(|series| &series.labels) {
                self.labels.insert(telemetry.names.text(*label).to_owned());
            }
        }
    }

    /// Remembers the traces of a view.
    pub(super) fn remember(&mut self, view: &View) {
        let met: Vec<String> = match view {
            View::Traces(rows) => {
                self.listed = rows.iter().map(|row| row.id.to_string()).collect();
                self.listed.clone()
            }
            View::Logs(page) => page.lines.iter().filter_map(|line| line.trace).map(|id| id.to_string()).collect(),
            View::Trace(trace) => vec![trace.id.to_string()],
            View::Answer(Answer { found: Found::Traces(rows), .. }) => {
                self.listed = rows.iter().map(|row| row.id.to_string()).collect();
                self.listed.clone()
            }
            _ => return,
        };
        self.traces.retain(|known| !met.contains(known));
        self.traces.extend(met);
        let extra = self.traces.len().saturating_sub(TRACES);
        self.traces.drain(..extra);
    }

    /// Whether `name` is a node.
    pub(super) fn is_node(&self, name: &str) -> bool {
        self.nodes.iter().any(|node| node == name)
    }
}
