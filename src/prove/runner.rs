//! All seeds of all lessons on all cores. Knows what is to be done; nothing of what it finds.

use std::collections::BTreeMap;
use std::io;

use super::Options;
use super::facts::Facts;
use super::kept::{Build, Confirmed, Found, Kept, Key};
use super::meter::Meter;
use super::seed::{examine, takes};
use super::share::share;
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
    let meter = Meter::default();
    let kept = match options.kept {
        None => Kept::nothing(),
        Some(path) => {
            let keys: Vec<Key> = lessons.iter().flat_map(|(_, keys)| keys.values().cloned()).collect();
            let found = Found::read(path, &keys, Build::own())?;
            let confirmed = match options.confirm {
                true => confirm(lessons, options, &found, &meter, progress),
                false => Some(BTreeMap::new()),
            };
            let Some(confirmed) = confirmed else { return Ok(Examined { facts, whole: false }) };
            Kept::open(path, found, &confirmed)?
        }
    };
    let key = |job: &Job<'_>| &lessons[job.at].1[&job.tries];
    let mut jobs = all(lessons, options);
    jobs.retain(|job| {
        let known = kept.get(key(job), job.seed);
        facts[job.at].extend(known.cloned());
        known.is_none()
    });
    let mut failed = None;
    let work = |job: &Job<'_>| examine((job.lesson, Seed(job.seed)), job.tries, &meter);
    let total = meter.done().0 + time(&jobs);
    let whole = share(&jobs, (options.threads, &work), (&meter, total), progress, &mut |job, found| {
        let added = kept.add(key(job), &found);
        facts[job.at].push(found);
        added.map_err(|error| failed = Some(error)).is_ok()
    });
    facts.iter_mut().for_each(|facts| facts.sort_by_key(|facts| facts.seed));
    failed.map_or(Ok(Examined { facts, whole }), Err)
}

/// All lessons on the first seed, then on the next: what is stopped early says something about each.
fn all<'a>(lessons: &[Keyed<'a>], options: &Options<'_>) -> Vec<Job<'a>> {
    let seeds = (0..).zip(options.seeds.clone());
    let of_seed = |(number, seed)| {
        let tries = Tries::of(number, options.quick);
        lessons.iter().enumerate().map(move |(at, (lesson, _))| Job { at, lesson, tries, seed })
    };
    seeds.flat_map(of_seed).collect()
}

/// Whether what other builds kept is confirmed: one seed of each lesson comes out the same. None if `progress` asked to
/// stop. What was done anew is answered.
fn confirm(
    lessons: &[Keyed<'_>],
    options: &Options<'_>,
    found: &Found,
    meter: &Meter,
    progress: Progress<'_>,
) -> Option<Confirmed> {
    let (mut jobs, mut expected) = (Vec::new(), BTreeMap::new());
    for (batch, (key, facts)) in found.foreign() {
        let tries = key.tries();
        let Some(at) = lessons.iter().position(|(_, keys)| keys.get(&tries) == Some(key)) else { continue };
        jobs.push(Job { at, lesson: lessons[at].0, tries, seed: facts.seed });
        expected.insert((at, tries, facts.seed), (batch, facts));
    }
    let mut missing = all(lessons, options);
    missing.retain(|job| !found.has(&lessons[job.at].1[&job.tries], job.seed));
    let mut confirmed = BTreeMap::new();
    let work = |job: &Job<'_>| examine((job.lesson, Seed(job.seed)), job.tries, meter);
    let total = meter.done().0 + time(&jobs) + time(&missing);
    let whole = share(&jobs, (options.threads, &work), (meter, total), progress, &mut |job, anew| {
        let batch = expected.remove(&(job.at, job.tries, job.seed));
        confirmed.extend(batch.map(|(batch, kept)| (batch, kept.agree_with(&anew).then_some(anew))));
        true
    });
    whole.then_some(confirmed)
}

/// The virtual time that jobs take, about.
fn time(jobs: &[Job<'_>]) -> u64 {
    jobs.iter().map(|job| takes(job.lesson, job.tries).0).sum()
}
