//! What holds in every run: counts agree at any time, copies and repetitions end the same, telemetry is consistent with
//! itself, and in the end nothing is left over.

use std::collections::{BTreeMap, BTreeSet};

use allgreen::telemetry::{SpanNumber, Telemetry};
use allgreen::world::{Change, ChangeKind, Set, Setting};
use allgreen::{Duration, Seed, SimTime, Simulation};

use crate::Case;

/// The length of a run with faults.
pub const SECS: u64 = 40;
/// Time for everything to end once no user comes: beyond the patience of a caller without a timeout, 127 s for a packet
/// that was lost. Where one server meets them one by one, each in the line may take twice as long.
const REST: Duration = Duration::from_mins(30);
/// So often at the most.
const RESTS: usize = 24;
/// Between two audits.
const SLICE_MS: u64 = 500;

/// A run that has not begun, with its faults scheduled.
fn prepared(case: &Case) -> Simulation {
    let mut sim = Simulation::new(&case.sketch.world(), Seed(case.seed));
    for fault in &case.faults {
        let Some((at, change)) = fault.change(&case.sketch) else { continue };
        sim.schedule(at, &change);
        if let Some((at, undo)) = fault.undo(&change) {
            sim.schedule(at, &undo);
        }
    }
    sim
}

/// The run of a case at once.
pub fn run(case: &Case) -> Simulation {
    let mut sim = prepared(case);
    sim.run_until(SimTime::from_secs(SECS));
    sim
}

/// Everything that must hold.
pub fn check(case: &Case) -> Result<(), String> {
    let mut sim = prepared(case);
    let mut fork = None;
    for slice in 1..=SECS * 1000 / SLICE_MS {
        sim.run_until(SimTime::from_millis(slice * SLICE_MS));
        sim.audit().map_err(|wrong| format!("after {}: {wrong}", sim.now()))?;
        if slice * SLICE_MS == case.fork_at * 1000 {
            fork = Some(sim.fork());
        }
    }
    let end = SimTime::from_secs(SECS);
    let again = run(case);
    same("a repetition", &sim, &again)?;
    if let Some(mut fork) = fork {
        fork.run_until(end);
        same("a copy", &sim, &fork)?;
    }
    let mut muted = prepared(case);
    muted.mute();
    muted.run_until(end);
    if muted.truth().outcomes(SimTime::ZERO, end) != sim.truth().outcomes(SimTime::ZERO, end) {
        return Err("without telemetry users get something else".into());
    }
    rest(&mut sim)?;
    sim.audit().map_err(|wrong| format!("at rest: {wrong}"))?;
    let stepped = case.faults.iter().filter(|fault| fault.steps_a_clock());
    let synchronised = if case.sketch.steps_clocks() { case.sketch.services.len() } else { 0 };
    let synchronised = (0..synchronised).map(|at| format!("s{at}"));
    let stepped: BTreeSet<String> =
        stepped.filter_map(|fault| Some(fault.change(&case.sketch)?.1.on)).chain(synchronised).collect();
    spans_have_parents(&sim)?;
    clocks_go_forward(sim.telemetry(), &stepped)?;
    scrapes_go_forward(sim.telemetry())
}

fn same(what: &str, one: &Simulation, other: &Simulation) -> Result<(), String> {
    match one.digest() == other.digest() && one.events() == other.events() {
        true => Ok(()),
        false => Err(format!("{what} ends differently: {} and {} events", one.events(), other.events())),
    }
}

/// No user comes any more, and everything ends.
fn rest(sim: &mut Simulation) -> Result<(), String> {
    let nobody = Set::new("users", Setting::TrafficFactor(0.0));
    let stop = Change { on: "users".into(), ..Change::new("rest", ChangeKind::Traffic, vec![nobody]) };
    // After the last undo.
    sim.schedule(SimTime::from_secs(SECS + 30), &stop);
    let jobs = sim.world().spec().nodes.values().any(|node| !node.jobs.is_empty());
    let mut until = SimTime::from_secs(SECS);
    for _ in 0..RESTS {
        until += REST;
        sim.run_until(until);
        let left = sim.in_flight();
        if left.journeys == 0 && left.debts == 0 && (jobs || (left.visits == 0 && left.calls == 0)) {
            return Ok(());
        }
    }
    Err(format!("something never ends: {:?}", sim.in_flight()))
}

/// The parent of a span is a span of the same trace, unless that is still under way: jobs go on to the end.
fn spans_have_parents(sim: &Simulation) -> Result<(), String> {
    let telemetry = sim.telemetry();
    let known: BTreeMap<SpanNumber, _> = telemetry.spans.iter().map(|span| (span.number, span.trace)).collect();
    if known.len() != telemetry.spans.len() {
        return Err("two spans have one number".into());
    }
    let mut missing: BTreeMap<SpanNumber, String> = BTreeMap::new();
    for span in telemetry.spans.iter().filter(|span| span.parent.0 != 0) {
        let name = &telemetry.spans.shape_of(span.shape).template.text;
        match known.get(&span.parent) {
            Some(trace) if *trace == span.trace => {}
            Some(_) => return Err(format!("the parent of a span `{name}` belongs to another trace")),
            None => {
                let from = &telemetry.resource(span.resource).instance;
                let words = format!("a span `{name}` of {from}, {} ns after the start, has a parent", span.start.0);
                missing.entry(span.parent).or_insert(words);
            }
        }
    }
    let under_way = sim.in_flight();
    match missing.values().next() {
        Some(first) if missing.len() > under_way.visits + under_way.calls => {
            Err(format!("{first} that was never recorded; {} like it, and {under_way:?}", missing.len()))
        }
        _ => Ok(()),
    }
}

/// Unless someone sets it, a clock only goes forward, and so do the stamps of a replica's lines.
fn clocks_go_forward(telemetry: &Telemetry, stepped: &BTreeSet<String>) -> Result<(), String> {
    let mut newest = vec![i64::MIN; telemetry.resources.len()];
    for log in telemetry.logs.iter() {
        let resource = telemetry.resource(log.resource);
        let last = &mut newest[usize::from(log.resource.0)];
        if log.stamp.0 < *last && !stepped.contains(&resource.service) {
            return Err(format!("the clock of {} went back from {last} to {}", resource.instance, log.stamp.0));
        }
        *last = log.stamp.0;
    }
    Ok(())
}

/// Scrapes of a replica are in order, and every number in them is one; none but a clock's offset is below zero.
fn scrapes_go_forward(telemetry: &Telemetry) -> Result<(), String> {
    let offset = telemetry.names.find("system.clock.offset").and_then(|name| telemetry.metrics.find_family(name));
    for (resource, target) in telemetry.metrics.targets() {
        let mut last = i64::MIN;
        let offset = offset.and_then(|family| target.find(family, &[])).map(|slot| slot as usize);
        for scrape in telemetry.metrics.scrapes(resource) {
            if scrape.stamp.0 <= last {
                return Err("a scrape comes before an earlier one".into());
            }
            last = scrape.stamp.0;
            if scrape.values.len() > target.width()
                || scrape
                    .values
                    .iter()
                    .enumerate()
                    .any(|(at, value)| !value.is_finite() || *value < 0.0 && Some(at) != offset)
            {
                return Err(format!("{} has a bad sample", telemetry.resource(resource).instance));
            }
        }
    }
    Ok(())
}
