//! Names that a query asks for and nothing in a run has, each with the nearest that exists: what to say when an answer is
//! empty. Knows which names each language asks for, and which a store has.

use std::collections::BTreeSet;

use super::logs::LogLines;
use super::metrics::MetricStore;
use super::syntax::nearest;
use super::traces::Traces;
use super::{logql, promql, traceql};

/// The metrics that selectors name and nobody exposes.
pub(crate) fn metrics(asked: &promql::Expr, store: &MetricStore<'_>) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    asked.each_selector(&mut |matchers| {
        let named = matchers.iter().filter(|one| &*one.name == promql::METRIC_NAME && one.op == promql::MatchOp::Equal);
        names.extend(named.map(|one| one.value.to_string()));
    });
    let known: BTreeSet<&str> = store.labels().map(promql::Labels::metric_name).collect();
    remarks(names.iter().map(String::as_str), &known, "metric")
}

/// The labels that a selector names and no stream has.
pub(crate) fn labels(asked: &logql::Expr, store: &LogLines<'_>) -> Vec<String> {
    let streams = logql::LogStore::streams(store);
    let known: BTreeSet<&str> = streams.iter().flat_map(|one| one.iter().map(|(name, _)| name)).collect();
    remarks(asked.selector_labels().into_iter(), &known, "label of streams")
}

/// The attributes that a query names and no span has.
pub(crate) fn attributes(asked: &traceql::Query, store: &Traces<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for attribute in asked.attributes() {
        let traceql::Attribute::Named { scope, name, .. } = &attribute else { continue };
        let known: BTreeSet<&str> = match scope {
            traceql::Scope::Any => [traceql::Scope::Span, traceql::Scope::Resource]
                .into_iter()
                .flat_map(|scope| store.tags(scope))
                .collect(),
            scope => store.tags(*scope).into_iter().collect(),
        };
        all.extend(remarks([name.as_str()].into_iter(), &known, "attribute"));
    }
    all
}

fn remarks<'n>(asked: impl Iterator<Item = &'n str>, known: &BTreeSet<&str>, what: &str) -> Vec<String> {
    let unknown = asked.filter(|name| !known.contains(name));
    unknown
        .map(|name| match nearest(name, known.iter().copied()) {
            Some(near) => format!("there is no {what} `{name}`; did you mean `{near}`?"),
            None => format!("there is no {what} `{name}`"),
        })
        .collect()
}
