//! All seeds of all lessons on all cores. Knows how to share work; nothing of what it finds.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::Options;
use super::facts::Facts;
use super::kept::{Batch, Build, Found, Kept, Key};
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
    tries: Tries,
    seed: u64,
}

/// What was examined.
pub struct Examined {
    /// For each lesson, its seeds in order: those that are done.
    pub facts: Vec<Vec<Facts>>,
    /// Whether all are done.
    pub whole: bool,
}

/// Examines every seed of every lesson on all threads. What is kept is not done again, and what is done is kept,
/// also when `progress` asks to stop.
pub fn run(lessons: &[Keyed<'_>], options: &Options<'_>, progress: Progress<'_>) -> io::Result<Examined> {
    let mut facts: Vec<Vec<Facts>> = vec![Vec::new(); lessons.len()];
    let kept = match options.kept {
        None => Kept::nothing(),
        Some(path) => {
            let keys: Vec<Key> = lessons.iter().flat_map(|(_, keys)| keys.values().cloned()).collect();
            let (own, found) = (Build::own(), Found::read(path, &keys)?);
            let confirmed = match options.confirm {
                true => confirm(lessons, found.foreign(&own), options.threads, progress),
                false => Some(BTreeSet::new()),
            };
            let Some(confirmed) = confirmed else { return Ok(Examined { facts, whole: false }) };
            Kept::open(path, found, own, &confirmed)?
        }
    };
    let mut jobs = Vec::new();
    // All lessons on the first seed, then on the next: what is stopped early says something about each.
    for (number, seed) in (0..).zip(options.seeds.clone()) {
        let tries = Tries::of(number, options.quick);
        for (at, (lesson, keys)) in lessons.iter().enumerate() {
            match kept.get(&keys[&tries], seed) {
                Some(known) => facts[at].push(known.clone()),
                None => jobs.push(Job { at, lesson, tries, seed }),
            }
        }
    }
    let mut failed = None;
    let whole = share(&jobs, options.threads, progress, &mut |job, found| {
        let added = kept.add(&lessons[job.at].1[&job.tries], &found);
        facts[job.at].push(found);
        added.map_err(|error| failed = Some(error)).is_ok()
    });
    facts.iter_mut().for_each(|facts| facts.sort_by_key(|facts| facts.seed));
    failed.map_or(Ok(Examined { facts, whole }), Err)
}

/// Of what other builds kept, that of which one seed comes out the same. None if `progress` asked to stop.
fn confirm(
    lessons: &[Keyed<'_>],
    foreign: BTreeMap<Batch, (&Key, &Facts)>,
    threads: usize,
    progress: Progress<'_>,
) -> Option<BTreeSet<Batch>> {
    let mut jobs = Vec::new();
    let mut expected = BTreeMap::new();
    for (batch, (key, facts)) in foreign {
        let of = lessons.iter().enumerate().find_map(|(at, (lesson, keys))| {
            let tries = keys.iter().find(|(_, its)| *its == key).map(|(tries, _)| *tries)?;
            Some(Job { at, lesson, tries, seed: facts.seed })
        });
        let Some(job) = of else { continue };
        let batches: &mut Vec<(Batch, &Facts)> = expected.entry((job.at, job.tries, job.seed)).or_default();
        batches.push((batch, facts));
        if batches.len() == 1 {
            jobs.push(job);
        }
    }
    let mut confirmed = BTreeSet::new();
    let whole = share(&jobs, threads, progress, &mut |job, found| {
        let batches = expected.remove(&(job.at, job.tries, job.seed)).unwrap_or_default();
        confirmed.extend(batches.into_iter().filter(|(_, kept)| **kept == found).map(|(batch, _)| batch));
        true
    });
    whole.then_some(confirmed)
}

/// Shares jobs among threads. `done` is told what each came to, and answers whether to go on, as `progress` does. Answers
/// whether all were done.
fn share(
    jobs: &[Job<'_>],
    threads: usize,
    progress: Progress<'_>,
    done: &mut dyn FnMut(&Job<'_>, Facts) -> bool,
) -> bool {
    let total = jobs.iter().map(|job| takes(job.lesson, job.tries).0).sum::<u64>().max(1);
    let (meter, next) = (Meter::default(), AtomicUsize::new(0));
    let (send, found) = channel();
    let mut missing = jobs.len();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            let (send, meter, next) = (send.clone(), &meter, &next);
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
            let told = match found.recv_timeout(Duration::from_millis(100)) {
                Ok((job, found)) => {
                    missing -= 1;
                    done(job, found)
                }
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if !told || !progress((meter.done().0 as f64 / total as f64).min(1.0)) {
                meter.stop();
            }
        }
    });
    missing == 0
}
