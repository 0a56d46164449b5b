//! When an incident began to harm: by the ledgers of a run and of its control. Knows the ground truth, and hands on an
//! instant and a count.

use std::collections::BTreeSet;

use crate::engine::Simulation;
use crate::lab::proving::noise;
use crate::time::SimTime;
use crate::truth::{Settled, Truth, UserNumber};

/// What a cause did to users.
pub struct Harmed {
    /// Requests that are harmed in the run and not in the control.
    pub count: u64,
    /// When the first of them was made. None if there are no more than chance explains.
    pub onset: Option<SimTime>,
}

/// Compares requests that were made in `[from, to)`, whose debts have settled in both.
pub fn harmed(run: &Simulation, control: &Simulation, from: SimTime, to: SimTime) -> Harmed {
    let of = |truth: &Truth| -> BTreeSet<(SimTime, UserNumber, u16, u8)> {
        let within = |settled: &&Settled| settled.outcome.is_harm() && settled.asked >= from && settled.asked < to;
        let identity = |settled: &Settled| (settled.asked, settled.user, settled.journey, settled.step);
        truth.settled().filter(within).map(identity).collect()
    };
    let (run, control) = (of(run.truth()), of(control.truth()));
    let beyond: Vec<SimTime> = run.difference(&control).map(|(asked, ..)| *asked).collect();
    let (with, without) = (run.len() as f64, control.len() as f64);
    let is_harm = with - without > noise(with + without);
    Harmed { count: beyond.len() as u64, onset: beyond.first().copied().filter(|_| is_harm) }
}
