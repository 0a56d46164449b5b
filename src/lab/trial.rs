//! What a proof may ask of the lab without a session: a chart as a learner would see it, a fix as a learner would order
//! it, and the verdict over what it did. Knows runs; nothing of who asks.

use super::fix::Deployed;
use super::{Chart, ChartQuery, Fix, Refusal, Verdict, grade, look};
use crate::engine::Simulation;
use crate::time::{Duration, SimTime};
use crate::world::Change;

/// Two futures of one seed: when the requests were made that were harmed, in order.
pub(crate) use super::grade::Run;
/// What users say of each kind of harm, and of a journey.
pub(crate) use super::grade::{complaints, spoken};

/// A fix as it would be carried out now: the change, the time until its first effect, and from there until all has it.
pub(crate) fn order(
    sim: &Simulation,
    earlier: &[Change],
    fix: &Fix,
    id: &str,
) -> Result<(Change, Duration, Duration), Refusal> {
    let deployed = Deployed { sim, pending: earlier.iter().collect(), deployments: &[] };
    deployed.order(fix, id).map(|order| (order.change, order.lead, order.settles))
}

/// What a learner would see of a metric now; nothing if there is no such metric.
pub(crate) fn chart(sim: &Simulation, query: &ChartQuery) -> Chart {
    let scrape_every = sim.world().spec().monitor.scrape_every;
    look::chart(sim.telemetry(), scrape_every, sim.now(), query).unwrap_or_default()
}

/// What a fix did: each seed with its futures, its healthy background in harmed requests an hour, when the fix had
/// settled, and until when both were run.
pub(crate) fn verdict(seeds: &[(Run, f64, (SimTime, SimTime))]) -> Verdict {
    grade::of_runs(seeds)
}
