//! What a lesson's proof takes from grading: fixes ordered, futures judged, the harmed described and charts compared
//! exactly as in a learner's debrief. Knows how a debrief does each; nothing of what a proof makes of it.

use super::affected::Affected;
use super::counterfactual::{Run, Runs};
use super::{Case, counterfactual, pinned, verdict};
use crate::engine::Simulation;
use crate::lab::fix::Deployed;
use crate::lab::{Chart, Deployment, Fix, Look, Notebook, Refusal, SeedHarm, Verdict};
use crate::lesson::{Lesson, Mechanism, Scripted};
use crate::random::Seed;
use crate::time::SimTime;
use crate::world::Change;

/// Whether nothing is wrong in a lesson.
pub(crate) fn is_quiet(lesson: &Lesson) -> bool {
    lesson.spec().cause.mechanism == Mechanism::NoIncident
}

/// Whether a change of the script is the root cause.
pub(crate) fn is_cause(lesson: &Lesson, scripted: &Scripted) -> bool {
    !is_quiet(lesson) && lesson.spec().is_cause(scripted)
}

/// The end of the futures of a fix that settles at an instant.
pub(crate) fn horizon(lesson: &Lesson, settled: SimTime) -> SimTime {
    counterfactual::horizon(lesson, settled)
}

/// What chance may do to a count of harmed requests.
pub(crate) fn noise(count: f64) -> f64 {
    verdict::noise(count)
}

/// When harmed requests were made, in order, those made before `end`.
pub(crate) fn harmed(sim: &Simulation, end: SimTime) -> Vec<SimTime> {
    counterfactual::harmed(sim, end)
}

/// Orders the first fixes of a session, one after the other and all of them now, as a learner does: each change, and when
/// it takes effect.
pub(crate) fn order<'a>(
    sim: &Simulation,
    fixes: impl Iterator<Item = &'a Fix>,
) -> Result<Vec<(Change, Deployment)>, Refusal> {
    let (mut changes, mut deployments) = (Vec::new(), Vec::new());
    for (number, fix) in (1..).zip(fixes) {
        let id = format!("you-{number}");
        let order = Deployed { sim, pending: changes.iter().collect(), deployments: &deployments }.order(fix, &id)?;
        let effective = sim.now() + order.lead;
        changes.push(order.change);
        deployments.push(Deployment {
            fix: fix.clone(),
            change: id,
            ordered: sim.now(),
            effective,
            settled: effective + order.settles,
        });
    }
    Ok(changes.into_iter().zip(deployments).collect())
}

/// What fixes did on one seed. `sim` is any run of the lesson; harmed requests of the futures `with` the fixes and
/// `without` them are in order.
pub(crate) fn judge(
    (lesson, seed, sim): (&Lesson, Seed, &Simulation),
    deployed: Vec<Deployment>,
    (with, without): (Vec<SimTime>, Vec<SimTime>),
) -> (Verdict, Option<SeedHarm>) {
    let settled = deployed.iter().map(|order| order.settled).max().unwrap_or(sim.now());
    let notebook = Notebook { deployed, ..Notebook::default() };
    let case = case((lesson, seed, sim), &notebook);
    let end = horizon(lesson, settled);
    let seeds = vec![Run { seed: seed.0, with, without }];
    let runs = Runs { seeds, settled, end, causeless: None, clocks: Vec::new() };
    (verdict::verdict(&case, &runs), verdict::futures(&case, &runs).seeds.first().copied())
}

/// Who was harmed in a run without any fix, in words.
pub(crate) fn affected(lesson: &Lesson, seed: Seed, sim: &Simulation) -> String {
    Affected::new(&case((lesson, seed, sim), &Notebook::default())).words()
}

/// A chart as a learner would see it now. Empty if it cannot be drawn.
pub(crate) fn chart(lesson: &Lesson, sim: &Simulation, look: &Look) -> Chart {
    let scrape_every = lesson.world().spec().monitor.scrape_every;
    pinned::drawn(sim.telemetry(), scrape_every, sim.now(), look)
}

/// Whether a person sees that two charts differ since an instant.
pub(crate) fn differ(this: &Chart, other: &Chart, since: SimTime) -> bool {
    pinned::differ(this, other, since.stamp())
}

fn case<'a>((lesson, seed, sim): (&'a Lesson, Seed, &'a Simulation), notebook: &'a Notebook) -> Case<'a> {
    let opened_at = lesson.spec().opens_at;
    Case {
        lesson,
        seed,
        sim,
        before_fixes: None,
        changes: &[],
        notebook,
        commands: &[],
        jumps: &[],
        recurrences: &[],
        lanes: None,
        opened_at,
    }
}
