//! The tandem of `benches/tandem.rs` on [NeXosim](https://docs.rs/nexosim), the discrete-event simulator in Rust that most
//! use, beside allgreen's engine and the plain loop, in one run. NeXosim runs on one thread, as the others do; once as its
//! guide says, with a model for each station and ports between them, and once as a single model that schedules itself,
//! which is the least that it can cost.

#[path = "../../support/mod.rs"]
mod support;

mod nexosim_tandem;

use support::tandem::{Loop, SECS, tandem};
use support::{best_of, simulate};

fn main() {
    let (recording, silent) = (tandem(true), tandem(false));
    let requests = |world| simulate(world, SECS).arrow_flow("users -> gateway").map_or(0, |flow| flow.calls);
    let (mut stations, mut single, mut plain) = (0, 0, 0);
    let secs = best_of(
        5,
        [
            &mut || drop(simulate(&recording, SECS)),
            &mut || drop(simulate(&silent, SECS)),
            &mut || stations = nexosim_tandem::stations(),
            &mut || single = nexosim_tandem::single(),
            &mut || plain = Loop::new(false).run().0,
        ],
    );
    let done = [requests(&recording), requests(&silent), stations, single, plain];
    let names = [
        "allgreen, all telemetry",
        "allgreen, no telemetry",
        "NeXosim, a model a station",
        "NeXosim, one model",
        "plain loop, no telemetry",
    ];
    let rates: Vec<f64> = done.iter().zip(secs).map(|(done, secs)| *done as f64 / secs / 1e6).collect();
    for (name, rate) in names.iter().zip(&rates) {
        println!(
            "{name:<28} {rate:.2} million requests/s, {:.2} of NeXosim's stations, {:.2} of its one model",
            rate / rates[2],
            rate / rates[3]
        );
    }
}
