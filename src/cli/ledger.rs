//! What `run --with-truth` adds: the ledger of what users were owed and got. The one place of the command line that
//! shows it, and only when asked.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use crate::Simulation;
use crate::terminal::{Cell, count, row, table};

/// Outcomes by journey.
pub(super) fn summary(sim: &Simulation) -> String {
    let truth = sim.truth();
    let mut counts: BTreeMap<(u16, &str), u64> = BTreeMap::new();
    for settled in truth.settled() {
        *counts.entry((settled.journey, settled.outcome.name())).or_default() += 1;
    }
    let journey = |number: u16| truth.journeys().get(usize::from(number)).map_or("", String::as_str);
    let rows: Vec<Vec<Cell>> =
        counts.iter().map(|((at, outcome), n)| row![journey(*at), *outcome, count(*n)]).collect();
    table(&["journey", "its users were served", ">requests"], &rows)
}

/// One line for each settled debt. Answers how many there are.
pub(super) fn lines(sim: &Simulation, out: &mut dyn Write) -> io::Result<u64> {
    let (truth, spans) = (sim.truth(), &sim.telemetry().spans);
    let mut written = 0;
    for settled in truth.settled() {
        let user = truth.user(settled.user);
        let line = json!({
            "asked_ns": settled.asked.0, "due_ns": settled.due.0,
            "journey": truth.journeys().get(usize::from(settled.journey)), "step": settled.step,
            "outcome": settled.outcome.name(), "user": settled.user.number,
            "region": user.region, "account": user.account, "client": user.client,
            "trace_id": settled.trace.map(|trace| spans.trace_id(trace).to_string()),
        });
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
        written += 1;
    }
    Ok(written)
}
