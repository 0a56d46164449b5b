//! Time on the incident clock: to the first hypothesis, to mitigation, to the root fix; and how much each step took.

use super::counterfactual::Runs;
use super::verdict::{background, count, noise};
use super::{Case, STEPS};
use crate::lab::{Command, Look, Times, Verdict};
use crate::query::Language;
use crate::time::{Duration, SimTime};

/// A fix is measured from this long after it settled, for at most that long.
const SETTLES: Duration = Duration::from_mins(2);
const MEASURED: Duration = Duration::from_mins(10);

pub fn times(case: &Case<'_>, verdict: Verdict, runs: &Runs) -> Times {
    let orders = &case.notebook.deployed;
    let since = |at: SimTime| at.since(case.opened_at);
    let lowered = |at: usize| -> Option<bool> {
        let run = runs.seeds.first()?;
        let from = orders.get(at)?.settled + SETTLES;
        let next = orders.iter().map(|order| order.effective).filter(|other| *other > from).min();
        let to = (from + MEASURED).min(next.unwrap_or(runs.end)).min(runs.end);
        let usual = background(case, run) * to.since(from).as_secs_f64() / 3600.0;
        let harm = |harmed: &[SimTime]| count(harmed, from, to) as f64 - usual;
        Some(harm(&run.without) > noise(usual) && harm(&run.with) <= 0.5 * harm(&run.without))
    };
    // What was deployed to look closer is not the fix, unless there is no other.
    let fix = orders.iter().rfind(|order| !order.fix.kind().only_shows()).or(orders.last());
    let mitigated = (0..orders.len()).find(|at| lowered(*at) == Some(true));
    Times {
        hypothesis: case.notebook.hypotheses.first().map(|(at, _)| since(*at)),
        mitigation: mitigated.and_then(|at| orders.get(at)).map(|order| since(order.effective)),
        root_fix: fix.filter(|_| verdict == Verdict::RootFix).map(|order| since(order.effective)),
    }
}

/// Incident time by step: time that passes belongs to the step that was worked on last.
pub fn spent(case: &Case<'_>) -> [Duration; STEPS.len()] {
    let mut spent = [Duration::ZERO; STEPS.len()];
    let mut current = 0;
    for command in case.commands {
        match command {
            Command::Wait(time) => spent[current] = spent[current] + *time,
            other => current = step_of(other).unwrap_or(current),
        }
    }
    spent
}

/// The step that a command belongs to, by its place in [`STEPS`].
fn step_of(command: &Command) -> Option<usize> {
    Some(match command {
        Command::DrawArrow { .. } | Command::EraseArrow { .. } | Command::MarkArrow { .. } => 0,
        Command::Narrow(_) => 1,
        Command::Tick(..) => 2,
        Command::Hypothesise(_) => 6,
        Command::Deploy(_) => 7,
        Command::WriteUp(_) => 8,
        Command::Look(look) | Command::Pin { look, .. } => match look {
            Look::Dependencies => 0,
            Look::Ticket | Look::Reports(_) | Look::BlastRadius(_) => 1,
            Look::Config(_) | Look::Queues | Look::Caches | Look::Metrics => 2,
            Look::Changes => 3,
            Look::Health | Look::Chart(_) | Look::Clocks => 4,
            Look::Query(query) if query.language == Language::Promql => 4,
            Look::Logs(_) | Look::Traces(_) | Look::Trace(_) | Look::ReproduceLocally(_) | Look::Query(_) => 5,
        },
        Command::Wait(_)
        | Command::Pass(_)
        | Command::Unpin(_)
        | Command::Note(_)
        | Command::Hint
        | Command::Trainer
        | Command::Debrief => return None,
    })
}
