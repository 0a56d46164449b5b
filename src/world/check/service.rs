//! How processes work: pauses, memory, shares and scaling, within ranges. Shared with changes, which set the same.

use super::ranges;
use crate::diagnostic::{DataPath, Findings, Limits};
use crate::time::Duration;
use crate::world::{Autoscale, Discipline, Memory, Node, Pauses, Slow};

const FACTOR: Limits<f64> = 0.0..=1_000.0;
const CPUS: Limits<f64> = 0.01..=1_000.0;

pub(super) fn service(found: &mut Findings, path: &DataPath, node: &Node) {
    if let Discipline::ProcessorSharing(cpus) = node.discipline {
        found.range(&path.field("discipline").at(0), "the number of processors", cpus, CPUS);
    }
    if let Some(part) = &node.slow {
        slow(found, &path.field("slow"), part);
    }
    if let Some(part) = &node.pauses {
        pauses(found, &path.field("pauses"), part);
    }
    if let Some(part) = &node.memory {
        memory(found, &path.field("memory"), part);
    }
    if let Some(part) = &node.autoscale {
        autoscale(found, &path.field("autoscale"), part);
    }
}

pub(crate) fn slow(found: &mut Findings, path: &DataPath, slow: &Slow) {
    ranges::share(found, &path.field("share"), "`share`", slow.share);
    found.range(&path.field("factor"), "`factor`", slow.factor, FACTOR);
}

pub(crate) fn pauses(found: &mut Findings, path: &DataPath, pauses: &Pauses) {
    if pauses.every.is_none() && pauses.requests.is_none() {
        let help = "write `every: Exp(\"30s\")`, or `requests: 1000`";
        found.value(path, "nothing says when these pauses come", help);
    }
    if let Some(every) = &pauses.every {
        ranges::interval(found, &path.field("every"), "the time between two pauses", every);
    }
    if let Some(requests) = pauses.requests {
        found.range(&path.field("requests"), "`requests`", requests, 1..=1_000_000_000);
    }
    ranges::dist(found, &path.field("lasts"), "`lasts`", &pauses.lasts);
}

fn memory(found: &mut Findings, path: &DataPath, memory: &Memory) {
    if memory.limit <= memory.base {
        let what = format!("a limit of {} bytes leaves no room above the {} of the base", memory.limit, memory.base);
        found.value(&path.field("limit"), what, "write a limit above `base`");
    }
}

pub(crate) fn autoscale(found: &mut Findings, path: &DataPath, scale: &Autoscale) {
    found.range(&path.field("min"), "`min`", scale.min, ranges::REPLICAS);
    let most = scale.min.max(1)..=*ranges::REPLICAS.end();
    found.range(&path.field("max"), "`max`", scale.max, most);
    found.range(&path.field("target"), "`target`", scale.target, 0.01..=1.0);
    ranges::time(found, &path.field("every"), "`every`", scale.every, Duration::from_secs(1));
    ranges::time(found, &path.field("calm"), "`calm`", scale.calm, Duration::ZERO);
    ranges::time(found, &path.field("warm_up"), "`warm_up`", scale.warm_up, Duration::ZERO);
}
