//! Fixes that fix nothing and show more: what a node logs, traces and checks. Each is a build that is deployed.

use std::collections::BTreeSet;

use super::deployed::Deployed;
use super::form::{FixField, FixKind, FixSort, FixTarget};
use super::sheet::Sheet;
use super::way::Way;
use crate::lab::Refusal;
use crate::world::{Breaker, Fallback, Health, HealthCheck, Propagation, Setting, Severity};

/// All of them.
const ALL: [&FixKind; 10] = [
    &LOG_FALLBACK,
    &LOG_BREAKER,
    &DEEP_HEALTH,
    &PROPAGATE,
    &LINK,
    &CLIENT_SPANS,
    &DATA_VERSION,
    &LOG_LEVEL,
    &RECORD_FLAGS,
    &SAMPLING,
];

impl FixKind {
    /// Whether it is meant to show more, and not to change what happens.
    pub fn only_shows(&self) -> bool {
        ALL.iter().any(|kind| kind.verb == self.verb)
    }
}

/// A kind of fix that shows more.
const fn shows(
    names: [&'static str; 3],
    target: FixTarget,
    fields: &'static [FixField],
    example: &'static str,
) -> FixKind {
    let [verb, title, does] = names;
    let price = "shows what happens from then on, not what happened";
    FixKind { verb, title, does, target, fields, example, way: Some(Way::Deploy), price }
}

pub(super) const LOG_FALLBACK: FixKind = shows(
    ["log-fallback", "Log each use of a fallback", "write a line each time an attempt fails or a fallback is used"],
    FixTarget::Call,
    &[],
    "log-fallback web -> catalog",
);

pub(super) fn log_fallback(arrow: &str) -> Sheet<'_> {
    Sheet::arrow(format!("log every failure and fallback of {arrow}"), |now| {
        let fallback = now.fallback.map(|fallback| Setting::Fallback(Some(Fallback { log: true, ..fallback })));
        Ok(fallback.into_iter().chain([Setting::LogFailures(true)]).collect())
    })
}

pub(super) const LOG_BREAKER: FixKind = shows(
    ["log-breaker", "Log a circuit breaker", "write a line when a circuit breaker opens or closes"],
    FixTarget::Call,
    &[],
    "log-breaker web -> catalog",
);

pub(super) fn log_breaker(arrow: &str) -> Sheet<'_> {
    Sheet::arrow(format!("log when the circuit breaker of {arrow} opens or closes"), |now| match now.breaker {
        Some(breaker) => Ok(vec![Setting::Breaker(Some(Breaker { log: true, ..breaker }))]),
        None => Err(Refusal::new("this arrow has no circuit breaker", "look at its configuration")),
    })
}

pub(super) const DEEP_HEALTH: FixKind = shows(
    ["deep-health", "Deepen a health check", "make a health page check what the node depends on"],
    FixTarget::Node,
    &[FixField::new("checks", "Checks", FixSort::Checks)],
    "deep-health worker calls=mail lag=orders:1m",
);

pub(super) fn deep_health<'a>(node: &'a str, checks: &'a [HealthCheck]) -> Sheet<'a> {
    let listed: Vec<String> = checks.iter().map(check_words).collect();
    Sheet::node_with(format!("let the health page of {node} check {}", listed.join(", ")), move |deployed, name, _| {
        can_check(deployed, name, checks)?;
        Ok(vec![Setting::HealthChecks(Health { checks: checks.to_owned(), ..Health::default() })])
    })
}

fn check_words(check: &HealthCheck) -> String {
    match check {
        HealthCheck::Dependency(name) => format!("calls to {name}"),
        HealthCheck::ConsumerLag(name, limit) => format!("that messages in {name} wait less than {limit}"),
        HealthCheck::PoolWait(name, limit) => format!("that a connection to {name} comes within {limit}"),
    }
}

fn can_check(deployed: &Deployed<'_>, node: &str, checks: &[HealthCheck]) -> Result<(), Refusal> {
    let spec = deployed.sim.world().spec();
    let arrows = spec.arrows.keys().filter_map(|arrow| arrow.split_once(" -> "));
    let callees: BTreeSet<&str> = arrows.filter(|(from, _)| *from == node).map(|(_, to)| to).collect();
    let queues = spec.nodes.iter().filter(|(_, spec)| spec.queue.is_some()).map(|(name, _)| name.as_str());
    let queues: BTreeSet<&str> = queues.collect();
    if checks.is_empty() || checks.len() > 16 {
        let known: Vec<&str> = callees.union(&queues).copied().collect();
        let remedy = format!("name what to check: {}", known.join(", "));
        return Err(Refusal::new("a deep health page has 1 to 16 checks", remedy));
    }
    for check in checks {
        let (name, known, sort) = match check {
            HealthCheck::Dependency(name) | HealthCheck::PoolWait(name, _) => {
                (name, &callees, "dependency of this node")
            }
            HealthCheck::ConsumerLag(name, _) => (name, &queues, "queue"),
        };
        if !known.contains(name.as_str()) {
            return Err(Refusal::unknown(sort, name, known.iter().copied()));
        }
    }
    Ok(())
}

pub(super) const PROPAGATE: FixKind = shows(
    ["propagate", "Propagate traces over an arrow", "make trace context cross an arrow"],
    FixTarget::Arrow,
    &[],
    "propagate web -> orders",
);

pub(super) fn propagate(arrow: &str) -> Sheet<'_> {
    Sheet::arrow(format!("propagate trace context over {arrow}"), |_| Ok(vec![Setting::Trace(Propagation::Propagated)]))
}

pub(super) const LINK: FixKind = shows(
    ["link-traces", "Link traces over an arrow", "let the callee start a trace of its own with a link to the caller's"],
    FixTarget::Arrow,
    &[],
    "link-traces queue -> worker",
);

pub(super) fn link(arrow: &str) -> Sheet<'_> {
    Sheet::arrow(format!("link traces over {arrow}"), |_| Ok(vec![Setting::Trace(Propagation::Linked)]))
}

pub(super) const CLIENT_SPANS: FixKind = shows(
    ["client-spans", "Add client spans to an arrow", "record a span for each attempt over an arrow"],
    FixTarget::Call,
    &[],
    "client-spans web -> catalog",
);

pub(super) fn client_spans(arrow: &str) -> Sheet<'_> {
    Sheet::arrow(format!("record client spans of {arrow}"), |_| Ok(vec![Setting::ClientSpans(true)]))
}

pub(super) const DATA_VERSION: FixKind = shows(
    ["data-version", "Report data versions of a node", "put the version of the data it serves on its spans"],
    FixTarget::Node,
    &[],
    "data-version catalog",
);

pub(super) fn data_version(node: &str) -> Sheet<'_> {
    Sheet::node(format!("let {node} report the version of the data it serves"), Setting::DataVersionTelemetry(true))
}

pub(super) const LOG_LEVEL: FixKind = FixKind {
    verb: "log-level",
    title: "Set the log level of a node",
    does: "change which lines a node writes",
    target: FixTarget::Node,
    fields: &[FixField::new(
        "level",
        "Least severity",
        FixSort::Choice(&[("debug", "DEBUG"), ("info", "INFO"), ("warn", "WARN"), ("error", "ERROR")]),
    )],
    example: "log-level catalog debug",
    way: Some(Way::Config),
    price: "shows what the code has a line for, from then on",
};

pub(super) fn log_level<'a>(node: &'a str, level: &'a Severity) -> Sheet<'a> {
    Sheet::node(format!("let {node} write lines from {} on", level.text()), Setting::LogLevel(*level))
}

pub(super) const RECORD_FLAGS: FixKind = shows(
    ["record-flags", "Record looks at feature flags", "write an event each time a feature flag is looked up"],
    FixTarget::Flagged,
    &[],
    "record-flags catalog",
);

pub(super) fn record_flags(node: &str) -> Sheet<'_> {
    Sheet::node(format!("record each look at a feature flag of {node}"), Setting::FlagTelemetry(true))
}

pub(super) const SAMPLING: FixKind = FixKind {
    verb: "sampling",
    title: "Set the sampling of traces",
    does: "change the share of new traces that a node records",
    target: FixTarget::Node,
    fields: &[FixField::new("share", "Share of traces recorded", FixSort::Share(0.0, 1.0))],
    example: "sampling gateway 1",
    way: Some(Way::Config),
    price: "shows what happens from then on, not what happened; whoever starts a trace decides for all of it",
};

pub(super) fn sampling<'a>(node: &'a str, share: &'a f64) -> Sheet<'a> {
    Sheet::node(format!("let {node} record {}% of new traces", share * 100.0), Setting::Sampling(*share))
}
