//! All seeds of all lessons on all cores. Knows how to share work; nothing of what it finds.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::Options;
use super::facts::Facts;
use super::kept::{Kept, Key};
use super::meter::Meter;
use super::seed::{examine, takes};
use super::tries::Tries;
use crate::Lesson;
use crate::lab::Progress;
use crate::random::Seed;

/// A lesson, and what its results are kept under.
pub type Keyed<'a> = (&'a Lesson, BTreeMap<Tries, Key>);

/// One seed of one lesson.
struct Job<'a> {
    at: usize,
    lesson: &'a Lesson,
    key: &'a Key,
    tries: Tries,
    seed: u64,
}

/// What was found.
pub struct Found {
    /// For each lesson, its seeds in order: those that are done.
    pub facts: Vec<Vec<Facts>>,
    /// Whether all are done.
    pub whole: bool,
}

/// Examines every seed of every lesson on all threads. What is kept is not done again, and what is done is kept,
/// also when `progress` asks to stop.
pub fn run(lessons: &[Keyed<'_>], options: &Options<'_>, kept: &Kept, progress: Progress<'_>) -> io::Result<Found> {
    let mut facts: Vec<Vec<Facts>> = vec![Vec::new(); lessons.len()];
    let mut jobs = Vec::new();
    // All lessons on the first seed, then on the next: what is stopped early says something about each.
    for (number, seed) in (0..).zip(options.seeds.clone()) {
        let tries = Tries::of(number, options.quick);
        for (at, (lesson, keys)) in lessons.iter().enumerate() {
            let key = &keys[&tries];
            match kept.get(key, seed) {
                Some(known) => facts[at].push(known.clone()),
                None => jobs.push(Job { at, lesson, key, tries, seed }),
            }
        }
    }
    let total = jobs.iter().map(|job| takes(job.lesson, job.tries).0).sum::<u64>().max(1);
    let (meter, next) = (Meter::default(), AtomicUsize::new(0));
    let (send, done) = channel();
    let mut failed = None;
    let mut missing = jobs.len();
    std::thread::scope(|scope| {
        for _ in 0..options.threads.clamp(1, jobs.len().max(1)) {
            let (send, meter, next, jobs) = (send.clone(), &meter, &next, &jobs);
            scope.spawn(move || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(found) = examine((job.lesson, Seed(job.seed)), job.tries, meter) else { return };
                    if send.send((job, found)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        loop {
            match done.recv_timeout(Duration::from_millis(100)) {
                Ok((job, found)) => {
                    missing -= 1;
                    if let Err(error) = kept.add(job.key, &found) {
                        failed.get_or_insert(error);
                        meter.stop();
                    }
                    facts[job.at].push(found);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if !progress((meter.done().0 as f64 / total as f64).min(1.0)) {
                meter.stop();
            }
        }
    });
    facts.iter_mut().for_each(|facts| facts.sort_by_key(|facts| facts.seed));
    failed.map_or(Ok(Found { facts, whole: missing == 0 }), Err)
}
