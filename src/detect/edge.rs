//! The nodes that users call, as telemetry shows it: those that answer requests, and that nobody else is seen to call.

use std::collections::{BTreeMap, BTreeSet};

use super::counts::CALLS;
use crate::telemetry::{SpanKind, Telemetry, series};

/// The edge. Empty if nobody measures requests.
pub fn edges(telemetry: &Telemetry) -> Vec<&str> {
    let services = |name: &str, label: &str| -> BTreeSet<&str> {
        let Some((id, _)) = series::family(telemetry, name) else { return BTreeSet::new() };
        series::of_family(telemetry, id).map(|(resource, one)| series::label(telemetry, resource, one, label)).collect()
    };
    let called: BTreeSet<&str> = CALLS.iter().flat_map(|name| services(name, "server.address")).collect();
    let traced = mostly_called(telemetry);
    let mut edges: Vec<&str> = services("http.server.request.duration", "service.name").into_iter().collect();
    edges.retain(|service| !called.contains(service) && !traced.contains(service));
    edges
}

/// Services whose server spans mostly have a parent: of another node, for it is no call of its own.
fn mostly_called(telemetry: &Telemetry) -> BTreeSet<&str> {
    let mut spans: BTreeMap<u16, [u64; 2]> = BTreeMap::new();
    for span in telemetry.spans.heads() {
        if telemetry.spans.shape_of(span.shape).kind == SpanKind::Server {
            let [all, called] = spans.entry(span.resource.0).or_default();
            *all += 1;
            *called += u64::from(span.parent.0 != 0);
        }
    }
    let mut services: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (resource, [all, called]) in spans {
        let service = telemetry.resources.get(usize::from(resource)).map_or("", |resource| &resource.service);
        let sum = services.entry(service).or_default();
        *sum = [sum[0] + all, sum[1] + called];
    }
    services.into_iter().filter(|(_, [all, called])| 2 * called > *all).map(|(service, _)| service).collect()
}
