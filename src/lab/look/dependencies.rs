//! Who calls whom, as telemetry shows it: client metrics first, then spans. Not the architecture document: a call that
//! nobody measured or traced is not here.

use std::collections::{BTreeMap, BTreeSet};

use super::since;
use crate::lab::{CallRow, Dependencies, NodeRow, Observation};
use crate::telemetry::{SpanKind, SpanRecord, Telemetry, series};
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
/// What names a queue, in labels and on spans.
const QUEUE: &str = "messaging.destination.name";
/// The metric family that counts messages a consumer took, and the label that names the queue.
const CONSUMERS: (&str, &str) = ("messaging.process.duration", QUEUE);

/// Calls and failed calls between two nodes.
type Calls = BTreeMap<(String, String), (f64, f64)>;
/// One of them.
type Counted<'a> = (&'a (String, String), &'a (f64, f64));

/// Nodes, and the calls of the newest five minutes.
pub fn dependencies(seen: &Observation) -> Dependencies {
    let telemetry = &seen.telemetry;
    let from = since(seen.now.stamp(), Some(WINDOW));
    let measured = measured(telemetry, from);
    let (traced, speaking) = traced(telemetry, from);
    let elapsed = WINDOW.as_secs_f64().min(seen.now.as_secs_f64()).max(1.0);
    let row = |((from, to), (count, errors)): Counted<'_>, is_measured: bool| CallRow {
        from: from.clone(),
        to: to.clone(),
        rate: is_measured.then(|| count / elapsed),
        errors: errors / count,
    };
    let only_traced =
        traced.iter().filter(|(ends, _)| !measured.contains_key(*ends)).map(|counted| row(counted, false));
    let counted = measured.iter().filter(|(_, (count, _))| *count > 0.0).map(|counted| row(counted, true));
    let mut calls: Vec<CallRow> = counted.chain(only_traced).collect();
    calls.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    let scraped = telemetry.metrics.targets().filter(|(id, _)| {
        let newest = telemetry.metrics.scrapes(*id).next_back();
        newest.is_some_and(|scrape| scrape.stamp >= from)
    });
    let speaking: BTreeSet<u16> = speaking.into_iter().chain(scraped.map(|(id, _)| id.0)).collect();
    let replicas = |name: &str| telemetry.replicas(name).filter(|id| speaking.contains(&id.0)).count();
    let nodes =
        seen.inventory.iter().map(|(name, kind)| NodeRow { name: name.clone(), kind: *kind, replicas: replicas(name) });
    Dependencies { nodes: nodes.collect(), calls }
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

/// Calls by spans of clients and producers, of consumers, whom their queue calls, and by spans whose parent belongs to
/// another node; and the replicas that recorded any.
fn traced(telemetry: &Telemetry, from: Stamp) -> (Calls, BTreeSet<u16>) {
    let oldest = Stamp(from.0.saturating_sub_unsigned(SLACK.0));
    let ended = |span: &SpanRecord<'_>| span.start + span.duration;
    let recent: Vec<SpanRecord<'_>> = telemetry
        .spans
        .iter()
        .rev()
        .take_while(|span| ended(span) >= oldest)
        .filter(|span| span.start >= from)
        .collect();
    let service = |span: &SpanRecord<'_>| telemetry.resource(span.resource).service.as_str();
    let (called, queues) = (constants(telemetry, "server.address"), constants(telemetry, QUEUE));

    let mut counts: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    let mut count = |from, to, error: bool| {
        let sums = counts.entry((from, to)).or_default();
        sums.0 += 1.0;
        sums.1 += f64::from(u8::from(error));
    };
    let kind = |span: &SpanRecord<'_>| telemetry.spans.shape_of(span.shape).kind;
    let is_call = |span: &SpanRecord<'_>| matches!(kind(span), SpanKind::Client | SpanKind::Producer);
    // A call whose own span was recorded is counted by that span, not by the callee's as well.
    let callers = recent.iter().filter(|span| !is_call(span));
    let mut owners: Vec<(u32, u16)> = callers.map(|span| (span.number.0, span.resource.0)).collect();
    owners.sort_unstable();
    for span in &recent {
        if is_call(span) {
            if let Some(to) = of_span(&called, span) {
                count(service(span), to, span.error);
            }
            continue;
        }
        // The span before it is the producer's, who called the queue and not the consumer.
        if kind(span) == SpanKind::Consumer {
            if let Some(queue) = of_span(&queues, span) {
                count(queue, service(span), span.error);
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

/// For each span shape, the value that an attribute has on all its spans.
fn constants<'a>(telemetry: &'a Telemetry, attribute: &str) -> Vec<Option<&'a str>> {
    let attribute = telemetry.names.find(attribute);
    let shapes = telemetry.spans.shapes().iter();
    let named = shapes.map(|shape| {
        let found = shape.constants.iter().find(|(key, _)| Some(*key) == attribute)?;
        Some(telemetry.names.text(found.1))
    });
    named.collect()
}

/// What is kept by shape, of the shape of a span.
fn of_span<'a>(by_shape: &[Option<&'a str>], span: &SpanRecord<'_>) -> Option<&'a str> {
    by_shape.get(usize::from(span.shape.0)).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;
    use crate::telemetry::{BOUNDS, Family, MetricKind, ResourceId, SpanNumber, SpanShape, Template};
    use crate::time::SimTime;

    /// Thirty calls of the first replica to a bank, as a histogram has them.
    fn thirty_calls(fixture: &mut Fixture) {
        let names = &mut fixture.telemetry.names;
        let (name, label, bank) = (names.intern(CLIENTS[0].0), names.intern(CLIENTS[0].1), names.intern("bank"));
        let family = Family { name, unit: "s", kind: MetricKind::Histogram, bounds: &BOUNDS, help: "" };
        let width = family.width() as u32;
        let family = fixture.telemetry.metrics.family(family);
        let slot = fixture.telemetry.metrics.series(ResourceId(0), family, vec![(label, bank)]);
        fixture.scrape(0, 400, &[(slot + width - 1, 0.0)]);
        fixture.scrape(0, 590, &[(slot + width - 1, 30.0)]);
    }

    #[test]
    fn what_only_traces_show_has_no_rate_and_a_consumer_is_called_by_its_queue() {
        let mut fixture = Fixture::new(&["orders", "mailer", "stock"]);
        thirty_calls(&mut fixture);
        let trace = fixture.trace();
        fixture.span(0, trace, (1, 0), "POST /orders", (400_000, 400_100), false);
        fixture.span(2, trace, (3, 1), "GET /stock", (400_010, 400_020), false);
        let names = &mut fixture.telemetry.names;
        let constants = vec![(names.intern(QUEUE), names.intern("mail-queue"))];
        let template = Template { text: "process mail-queue".to_owned(), fields: Vec::new() };
        let shape = SpanShape { kind: SpanKind::Consumer, constants, template };
        let shape = fixture.telemetry.spans.shape("process mail-queue", || shape);
        fixture.telemetry.spans.push(SpanRecord {
            start: Stamp(400_200_000_000),
            duration: Duration::from_millis(5),
            trace,
            number: SpanNumber(2),
            parent: SpanNumber(1),
            resource: ResourceId(1),
            shape,
            error: true,
            args: &[],
        });
        let seen = dependencies(&fixture.observe(SimTime::from_secs(600)));
        let row = |from: &str, to: &str, rate, errors| CallRow { from: from.into(), to: to.into(), rate, errors };
        let expected = [
            row("mail-queue", "mailer", None, 1.0),
            row("orders", "bank", Some(0.1), 0.0),
            row("orders", "stock", None, 0.0),
        ];
        assert_eq!(seen.calls, expected);
    }
}
