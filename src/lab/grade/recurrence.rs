//! Whether a patched symptom came back over a long time: harm in the windows that stand for it, beyond the healthy
//! background, and the ticket that somebody would then write. Knows the ground truth; what a learner sees of it before
//! the debrief is the ticket.

use std::collections::BTreeMap;

use super::counterfactual::harmed;
use super::horizon::{Window, total};
use super::ticket;
use super::verdict::{noise, rate};
use crate::engine::Simulation;
use crate::lab::fix::LEARNER;
use crate::lab::{LaterTicket, Recurrence};
use crate::time::{Duration, SimTime};
use crate::truth::Outcome;

/// A month, as harm is counted.
const MONTH: Duration = Duration::from_mins(30 * 24 * 60);
/// The least harm beyond the background in a month that somebody writes a ticket about.
const LEAST: f64 = 100.0;

/// How far harm has fallen if things were well for a time.
const FELL: f64 = 0.70;
/// The time before the first fix that harm is compared with.
const BEFORE: Duration = Duration::from_mins(10);

/// A window, and when it began and ended to be counted on the incident clock.
pub(in crate::lab) type Span = (Window, SimTime, SimTime);

/// What a long time came to. `healthy` is the harm an hour while all was well.
pub(in crate::lab) fn after(sim: &Simulation, spans: &[Span], healthy: f64) -> Recurrence {
    let mut kinds: BTreeMap<(u16, Outcome), u64> = BTreeMap::new();
    let mut counts = vec![0; spans.len()];
    for settled in sim.truth().settled().filter(|settled| settled.outcome.is_harm()) {
        let within = |(_, from, to): &Span| settled.asked >= *from && settled.asked < *to;
        if let Some(at) = spans.iter().position(within) {
            counts[at] += 1;
            *kinds.entry((settled.journey, settled.outcome)).or_default() += 1;
        }
    }
    let (harmed, chance) = total(spans.iter().map(|(window, ..)| *window).zip(counts));
    let over = spans.iter().fold(Duration::ZERO, |all, (window, ..)| all + window.stands_for);
    let usual = healthy * over.as_secs_f64() / 3600.0;
    let months = over.as_secs_f64() / MONTH.as_secs_f64();
    let beyond = harmed - usual;
    let returned = beyond > chance + noise(usual) && beyond / months.max(f64::MIN_POSITIVE) > LEAST;
    let most = kinds.into_iter().max_by_key(|(kind, count)| (*count, std::cmp::Reverse(*kind)));
    let journey = most.map(|((journey, _), _)| usize::from(journey));
    Recurrence {
        at: sim.now(),
        over,
        windows: spans.len(),
        harmed,
        usual,
        chance,
        returned,
        fell: had_fallen(sim, spans, healthy),
        journey: journey.and_then(|at| sim.truth().journeys().get(at).cloned()).unwrap_or_default(),
        outcome: most.map_or("", |((_, outcome), _)| outcome.name()),
    }
}

/// Whether harm had fallen between the fixes and the long time: in the latter half of it, when what had piled up was gone,
/// against the minutes before the first fix.
fn had_fallen(sim: &Simulation, spans: &[Span], healthy: f64) -> bool {
    let Some((window, counted, _)) = spans.first() else { return true };
    let began = SimTime(counted.0.saturating_sub(window.settles.0));
    let fixes = sim.telemetry().changes.iter().filter(|record| record.by == LEARNER);
    let fixes = fixes.map(|record| SimTime(u64::try_from(record.stamp.0).unwrap_or(0))).filter(|at| *at < began);
    let (Some(first), Some(last)) = (fixes.clone().min(), fixes.max()) else { return true };
    let harmed = harmed(sim, began);
    let beyond = |from: SimTime, to: SimTime| rate(&harmed, from, to) - healthy;
    let latter = last + Duration(began.since(last).0 / 2);
    beyond(latter, began) <= FELL * beyond(SimTime(first.0.saturating_sub(BEFORE.0)), first)
}

/// The ticket that is opened when harm came back, in the words of those who open it.
pub(in crate::lab) fn new_ticket(found: &Recurrence, number: usize) -> Option<LaterTicket> {
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.name() == found.outcome)?;
    found.returned.then(|| LaterTicket {
        opened: found.at.stamp(),
        reporter: "Customer support, a new ticket".to_owned(),
        text: ticket::later(&found.journey, outcome, (found.over, found.fell), number),
    })
}
