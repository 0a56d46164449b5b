//! Who calls whom, as telemetry shows it: client metrics first, then spans. Not the architecture document: a call that
//! nobody measured or traced is not here.

use std::collections::{BTreeMap, BTreeSet};

use super::{series, since, stamp_of};
use crate::lab::{CallRow, Dependencies, NodeRow, Observation};
use crate::telemetry::{SpanKind, SpanRecord, Telemetry};
use crate::time::{Duration, Stamp};

/// How far back.
const WINDOW: Duration = Duration::from_mins(5);
/// Spans are kept in the order they ended on skewed clocks: this much further back is looked at.
const SLACK: Duration = Duration::from_mins(1);

/// Metric families that count calls, and the label that names the other end.
const CLIENTS: [(&str, &str); 4] = [
    ("http.client.request.duration", "server.address"),
    ("rpc.client.call.duration", "server.address"),
    ("db.client.operation.duration", "server.address"),
    ("messaging.client.operation.duration", "server.address"),
];
/// The metric family that counts messages a consumer took, and the label that names the queue.
const CONSUMERS: (&str, &str) = ("messaging.process.duration", "messaging.destination.name");

/// Calls and failed calls between two nodes.
type Calls = BTreeMap<(String, String), (f64, f64)>;

/// Nodes, and the calls of the newest five minutes.
pub fn dependencies(seen: &Observation) -> Dependencies {
    let telemetry = &seen.telemetry;
    let from = since(stamp_of(seen.now), Some(WINDOW));
    let mut calls = measured(telemetry, from);
    let (traced, speaking) = traced(telemetry, from);
    for (ends, counts) in traced {
        calls.entry(ends).or_insert(counts);
    }
    let elapsed = WINDOW.as_secs_f64().min(seen.now.as_secs_f64()).max(1.0);
    let calls = calls.into_iter().filter(|(_, (count, _))| *count > 0.0).map(|((from, to), (count, errors))| CallRow {
        from,
        to,
        rate: count / elapsed,
        errors: errors / count,
    });
    let scraped = telemetry.metrics.targets().filter(|(id, _)| {
        let newest = telemetry.metrics.scrapes(*id).next_back();
        newest.is_some_and(|scrape| scrape.stamp >= from)
    });
    let speaking: BTreeSet<u16> = speaking.into_iter().chain(scraped.map(|(id, _)| id.0)).collect();
    let replicas = |name: &str| telemetry.replicas(name).filter(|id| speaking.contains(&id.0)).count();
    let nodes =
        seen.inventory.iter().map(|(name, kind)| NodeRow { name: name.clone(), kind: *kind, replicas: replicas(name) });
    Dependencies { nodes: nodes.collect(), calls: calls.collect() }
}

/// Calls by metrics of clients and consumers.
fn measured(telemetry: &Telemetry, from: Stamp) -> Calls {
    let mut calls = Calls::new();
    let mut add = |name: &str, other: &str, is_client: bool| {
        let Some((id, family)) = series::family(telemetry, name) else { return };
        for (resource, one) in series::of_family(telemetry, id) {
            let grown = series::growth(telemetry, resource, one, family.width(), from);
            let count: f64 = grown.iter().skip(1).sum();
            let failed = !series::label(telemetry, resource, one, "error.type").is_empty();
            let this = telemetry.resource(resource).service.clone();
            let other = series::label(telemetry, resource, one, other).to_owned();
            let ends = if is_client { (this, other) } else { (other, this) };
            let sums = calls.entry(ends).or_default();
            sums.0 += count;
            sums.1 += if failed { count } else { 0.0 };
        }
    };
    CLIENTS.into_iter().for_each(|(name, other)| add(name, other, true));
    add(CONSUMERS.0, CONSUMERS.1, false);
    calls
}

/// Calls by spans of clients and producers, and by spans whose parent belongs to another node; and the replicas that
/// recorded any.
fn traced(telemetry: &Telemetry, from: Stamp) -> (Calls, BTreeSet<u16>) {
    let oldest = Stamp(from.0.saturating_sub_unsigned(SLACK.0));
    let ended = |span: &SpanRecord<'_>| span.start.0.saturating_add_unsigned(span.duration.0);
    let recent: Vec<SpanRecord<'_>> = telemetry
        .spans
        .iter()
        .rev()
        .take_while(|span| ended(span) >= oldest.0)
        .filter(|span| span.start >= from)
        .collect();
    let service = |span: &SpanRecord<'_>| telemetry.resource(span.resource).service.as_str();
    let named = server_addresses(telemetry);

    let mut counts: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    let mut count = |from, to, error: bool| {
        let sums = counts.entry((from, to)).or_default();
        sums.0 += 1.0;
        sums.1 += f64::from(u8::from(error));
    };
    let is_call = |span: &SpanRecord<'_>| {
        matches!(telemetry.spans.shape_of(span.shape).kind, SpanKind::Client | SpanKind::Producer)
    };
    // A call whose own span was recorded is counted by that span, not by the callee's as well.
    let callers = recent.iter().filter(|span| !is_call(span));
    let mut owners: Vec<(u32, u16)> = callers.map(|span| (span.number.0, span.resource.0)).collect();
    owners.sort_unstable();
    for span in &recent {
        if is_call(span) {
            if let Some(to) = named.get(usize::from(span.shape.0)).copied().flatten() {
                count(service(span), to, span.error);
            }
            continue;
        }
        let owner = owners.binary_search_by_key(&span.parent.0, |(number, _)| *number).ok().map(|at| owners[at].1);
        let caller = owner.map(|owner| telemetry.resource(crate::telemetry::ResourceId(owner)).service.as_str());
        if let Some(caller) = caller.filter(|caller| *caller != service(span)) {
            count(caller, service(span), span.error);
        }
    }
    let speaking = recent.iter().map(|span| span.resource.0).collect();
    let text = |((from, to), sums): ((&str, &str), (f64, f64))| ((from.to_owned(), to.to_owned()), sums);
    (counts.into_iter().map(text).collect(), speaking)
}

/// For each span shape, the node it says it calls.
fn server_addresses(telemetry: &Telemetry) -> Vec<Option<&str>> {
    let address = telemetry.names.find("server.address");
    let shapes = telemetry.spans.shapes().iter();
    let named = shapes.map(|shape| {
        let found = shape.constants.iter().find(|(key, _)| Some(*key) == address)?;
        Some(telemetry.names.text(found.1))
    });
    named.collect()
}
