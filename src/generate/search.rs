//! The search for a draw that is fit: in order, several rehearsed side by side, and the first that passes its proof is
//! found, as if they had been looked at one by one. Knows the order; what is fit, the proof knows.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Range;

use super::causes::Candidate;
use super::history::History;
use super::luck::Luck;
use super::plot::Plot;
use super::survey::Survey;
use super::{GenerateError, Generated, Made, Studio, Unfit, Wanted, causes, counted, plot, proof};
use crate::lab::Progress;

/// The most draws that are looked at, and the most that are proved.
const MOST_DRAWS: u32 = 400;
const MOST_PROOFS: u32 = 40;
/// The most that are rehearsed side by side: each holds some runs.
const MOST_AT_ONCE: usize = 4;

/// A draw that nobody has met.
struct Drawn {
    draw: u32,
    luck: Luck,
    plot: Plot,
    fingerprint: String,
}

/// The draws of a wish, in order.
struct Draws<'a> {
    studio: &'a Studio<'a>,
    survey: &'a Survey<'a>,
    families: Vec<Vec<Candidate>>,
    history: &'a History,
    next: Range<u32>,
    /// Why draws were passed over.
    passed_over: BTreeMap<u32, &'static str>,
}

impl Draws<'_> {
    /// The next draws that nobody has met, at most so many. None are left when there are none.
    fn next(&mut self, most: usize) -> Result<Vec<Drawn>, GenerateError> {
        let wanted = self.studio.wanted;
        let mut drawn = Vec::new();
        while drawn.len() < most
            && let Some(draw) = self.next.next()
        {
            let mut luck = self.studio.luck(draw);
            let Some(plot) = plot::draw(self.survey, &self.families, wanted.level, &mut luck) else {
                // One before it may be fit: this draw is looked at again after those.
                if !drawn.is_empty() {
                    self.next.start = draw;
                    break;
                }
                let what = format!(
                    "in the world `{}` too few things can fail silently for the level {}; try an easier level or another world",
                    wanted.world.spec().name,
                    wanted.level.name()
                );
                return Err(GenerateError::NoRoom(what));
            };
            let fingerprint = self.studio.fingerprint(&plot);
            if self.history.has(&fingerprint) {
                self.passed_over.insert(draw, "were met before");
            } else {
                drawn.push(Drawn { draw, luck, plot, fingerprint });
            }
        }
        Ok(drawn)
    }

    /// Rehearses draws, each on a thread of its own.
    fn rehearse(&self, drawn: &mut [Drawn], progress: Progress<'_>) -> Vec<Result<(), Unfit>> {
        let Wanted { world, seed, .. } = self.studio.wanted;
        let rehearse = |plot: &mut Plot| proof::rehearse((world, self.survey), *seed, plot, world.longest_debt());
        std::thread::scope(|scope| {
            let rehearse = &rehearse;
            let threads: Vec<_> =
                drawn.iter_mut().map(|drawn| scope.spawn(move || rehearse(&mut drawn.plot))).collect();
            while threads.iter().any(|thread| !thread.is_finished()) {
                // A rehearsal is short: who asked to stop is heard after it.
                progress(0.0);
                std::thread::park_timeout(std::time::Duration::from_millis(15));
            }
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }
}

/// The first incident of this seed and level that is fit and not in `history`. `progress` is told now and then, and may
/// stop the search. How many draws are rehearsed side by side depends on the cores; which one is found does not.
pub fn generate(wanted: &Wanted, history: &History, progress: Progress<'_>) -> Result<Generated, GenerateError> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    search(wanted, history, cores.min(MOST_AT_ONCE), progress)
}

/// The same, with so many draws rehearsed side by side.
pub(super) fn search(
    wanted: &Wanted,
    history: &History,
    at_once: usize,
    progress: Progress<'_>,
) -> Result<Generated, GenerateError> {
    let (studio, survey) = (Studio::new(wanted), Survey::new(&wanted.world));
    let families = causes::all(&survey);
    let next = 0..MOST_DRAWS;
    let mut draws = Draws { studio: &studio, survey: &survey, families, history, next, passed_over: BTreeMap::new() };
    let mut proofs = 0;
    let share = |proofs: u32| f64::from(proofs) / f64::from(MOST_PROOFS);
    loop {
        if !progress(share(proofs)) {
            return Err(GenerateError::Stopped);
        }
        let mut drawn = draws.next(at_once.min((MOST_PROOFS - proofs) as usize))?;
        if drawn.is_empty() {
            break;
        }
        let rehearsed = draws.rehearse(&mut drawn, &mut |_| progress(share(proofs)));
        for (Drawn { draw, mut luck, plot, fingerprint }, rehearsed) in drawn.into_iter().zip(rehearsed) {
            if !progress(share(proofs)) {
                return Err(GenerateError::Stopped);
            }
            proofs += 1;
            let mut told = |_| progress(share(proofs));
            let make = |()| studio.make((&survey, draw), &plot, &mut luck, &mut told);
            match rehearsed.map_err(Made::Unfit).and_then(make) {
                Ok(lesson) => {
                    let passed_over = draws.passed_over.range(..draw).map(|(_, why)| *why).collect();
                    return Ok(Generated { lesson, fingerprint, passed_over });
                }
                Err(Made::Unfit(unfit)) => drop(draws.passed_over.insert(draw, unfit.words())),
                Err(Made::Problems(problems)) => return Err(problems.into()),
            }
        }
    }
    let what = format!(
        "no new incident was found in `{}` at the level {} with seed {}: of the draws {}; try another seed, level or world",
        wanted.world.spec().name,
        wanted.level.name(),
        wanted.seed.0,
        counted(&draws.passed_over.into_values().collect::<Vec<_>>())
    );
    Err(GenerateError::Exhausted(what))
}
