//! Arrows: both ends exist and differ, each pair once, and policies within their ranges.

use std::collections::BTreeMap;

use super::{Check, Neighbours, ranges};
use crate::diagnostic::{DataPath, Findings};
use crate::world::{Arrow, Impairments, Partition, WorldSpec};

/// Ends of connections, caller replicas × callee replicas over all arrows: each costs memory.
const MOST_CONNECTIONS: u64 = 20_000_000;
/// Callers' ends of arrows, caller replicas over all arrows: each has policies and counters of its own.
const MOST_ENDS: u64 = 2_000_000;

/// The two ends that an arrow's name says.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    let (from, to) = name.split_once("->")?;
    Some((from.trim(), to.trim())).filter(|(from, to)| !from.is_empty() && !to.is_empty())
}

/// An arrow's name as the engine writes it; a node's name stays as it is.
pub(crate) fn canonical(name: &str) -> String {
    split(name).map_or(name.to_owned(), |(from, to)| format!("{from} -> {to}"))
}

/// All arrows by both ends.
pub(crate) fn neighbours(spec: &WorldSpec) -> Neighbours<'_> {
    let mut out = BTreeMap::<&str, BTreeMap<&str, &Arrow>>::new();
    for (name, arrow) in &spec.arrows {
        if let Some((from, to)) = split(name) {
            out.entry(from).or_default().insert(to, arrow);
        }
    }
    out
}

impl Check<'_> {
    pub(super) fn arrows(&mut self) {
        let arrows = DataPath::root().field("arrows");
        let (mut seen, mut connections, mut ends) = (BTreeMap::new(), 0u64, 0u64);
        for (name, arrow) in &self.spec.arrows {
            let path = arrows.key(name);
            match split(name) {
                Some((from, to)) => {
                    self.ends(&path, from, to);
                    if self.spec.nodes.get(from).is_some_and(|node| node.queue.is_some()) {
                        delivery(&mut self.found, &path, arrow);
                    }
                    let replicas = |node: &str| self.spec.nodes.get(node).map_or(0, |node| u64::from(node.replicas));
                    connections += replicas(from) * replicas(to);
                    ends += replicas(from);
                    if let Some(first) = seen.insert((from, to), name) {
                        let what = format!("this is the same arrow as `{first}`");
                        self.found.key(&path, what, "keep one of the two");
                    }
                }
                None => {
                    let what = format!("`{}` is not an arrow", crate::diagnostic::short(name));
                    self.found.key(&path, what, "write it as \"from -> to\"");
                }
            }
            policies(&mut self.found, &path, arrow);
            impairments(&mut self.found, &path.field("impairments"), (self.spec, name), &arrow.impairments);
        }
        if connections > MOST_CONNECTIONS {
            let what =
                format!("{connections} connections between replicas are more than fit: at most {MOST_CONNECTIONS}");
            self.found.key(&arrows, what, "use fewer replicas at the ends of arrows");
        }
        if ends > MOST_ENDS {
            let what = format!("{ends} ends of arrows at callers' replicas are more than fit: at most {MOST_ENDS}");
            self.found.key(&arrows, what, "use fewer arrows, or fewer replicas where they begin");
        }
    }

    fn ends(&mut self, path: &DataPath, from: &str, to: &str) {
        for end in [from, to] {
            if !self.spec.nodes.contains_key(end) {
                let known = self.spec.nodes.keys().map(String::as_str);
                // Comparing with all names is only worth it for problems that are kept.
                let known = known.take(if self.found.is_full() { 0 } else { usize::MAX });
                let help = crate::diagnostic::did_you_mean(end, known, "declare it under `nodes`");
                let what = format!("this arrow has an end that is no node: `{}`", crate::diagnostic::short(end));
                self.found.key(path, what, help);
            }
        }
        if from == to {
            self.found.key(path, "this arrow leads from a node to itself", "an arrow joins two different nodes");
        }
        if self.spec.nodes.get(to).is_some_and(|node| node.users.is_some()) {
            self.found.key(path, format!("this arrow leads to users, `{to}`, who answer no calls"), "turn it round");
        }
        let deliver = self.spec.nodes.get(from).is_some_and(|node| node.queue.is_some());
        let consumes = |node: &crate::world::Node| node.consumes.as_ref().is_some_and(|taken| taken.queue == from);
        if deliver && self.spec.nodes.get(to).is_some_and(|node| !consumes(node)) {
            let what = format!("`{to}` does not consume from the queue `{from}`");
            self.found.key(path, what, format!("add `consumes: (queue: \"{from}\")` to `{to}`, or remove this arrow"));
        }
    }
}

/// A queue hands messages over and waits for nothing: what a caller does about its calls means nothing to it.
fn delivery(found: &mut Findings, path: &DataPath, arrow: &Arrow) {
    let idle = [
        ("timeout", arrow.timeout.is_some()),
        ("retry", arrow.retry.is_some()),
        ("hedge", arrow.hedge.is_some()),
        ("breaker", arrow.breaker.is_some()),
        ("bulkhead", arrow.bulkhead.is_some()),
        ("pool", arrow.pool.is_some()),
        ("fallback", arrow.fallback.is_some()),
    ];
    for (field, _) in idle.into_iter().filter(|(_, is_set)| *is_set) {
        let what = format!("`{field}` does nothing here: a queue delivers over this arrow, and nobody calls");
        found.key(
            &path.field(field),
            what,
            "remove it; the queue has `visibility`, `max_deliveries` and `dead_letters`",
        );
    }
}

fn policies(found: &mut Findings, path: &DataPath, arrow: &Arrow) {
    ranges::dist(found, &path.field("latency"), "`latency`", &arrow.latency);
    ranges::share(found, &path.field("loss"), "`loss`", arrow.loss);
    if let Some(timeout) = arrow.timeout {
        ranges::some_time(found, &path.field("timeout"), "`timeout`", timeout);
    }
    if let Some(ttl) = arrow.discovery {
        ranges::believed(found, &path.field("discovery"), "`discovery`", ttl);
    }
    if let Some(eject) = &arrow.eject {
        super::limits::ejection(found, &path.field("eject"), eject);
    }
    if let Some(retry) = &arrow.retry {
        ranges::retry(found, &path.field("retry"), retry);
    }
    if let Some(breaker) = &arrow.breaker {
        ranges::breaker(found, &path.field("breaker"), breaker);
    }
    if let Some(pool) = &arrow.pool {
        ranges::pool(found, &path.field("pool"), pool);
    }
    if let Some(keeps) = &arrow.keep_alive {
        ranges::keep_alive(found, &path.field("keep_alive"), keeps);
    }
    if let Some(most) = arrow.bulkhead {
        found.range(&path.field("bulkhead"), "`bulkhead`", most, ranges::BULKHEAD);
    }
    if let Some(hedge) = &arrow.hedge {
        ranges::hedge(found, &path.field("hedge"), hedge);
    }
}

fn impairments(found: &mut Findings, path: &DataPath, (spec, arrow): (&WorldSpec, &str), impairments: &Impairments) {
    let shares = [
        ("request_loss", impairments.request_loss),
        ("response_loss", impairments.response_loss),
        ("duplication", impairments.duplication),
        ("lookup_errors", impairments.lookup_errors),
    ];
    for (field, share) in shares {
        ranges::share(found, &path.field(field), &format!("`{field}`"), share);
    }
    if let Some(bursts) = &impairments.burst_loss {
        ranges::burst_loss(found, &path.field("burst_loss"), bursts);
    }
    if let Some(held) = &impairments.reordering {
        ranges::reordering(found, &path.field("reordering"), held);
    }
    if let Some(rate) = impairments.bandwidth {
        found.range(&path.field("bandwidth"), "`bandwidth`", rate, ranges::BANDWIDTH);
    }
    if let Some(cut) = &impairments.partition {
        partition(found, &path.field("partition"), (spec, arrow), cut);
    }
}

/// A partition between two zones needs a caller in the one and a callee in the other.
pub(crate) fn partition(found: &mut Findings, path: &DataPath, (spec, arrow): (&WorldSpec, &str), cut: &Partition) {
    let (Some((from, to)), Some(ends)) = (&cut.zones, split(arrow)) else { return };
    for (at, zone, node) in [(0, from, ends.0), (1, to, ends.1)] {
        let Some(zones) = spec.nodes.get(node).map(|node| &node.zones) else { continue };
        if !zones.contains(zone) {
            let known = zones.iter().map(String::as_str);
            found.unknown(&path.field("zones").at(at), &format!("zone of `{node}` called"), zone, known);
        }
    }
}
