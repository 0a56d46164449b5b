//! What a class did: session files, replayed and graded, as rows; and the rows as a table, as CSV, and as one HTML page.
//! Knows sessions through their debriefs alone.

mod charts;
mod csv;
mod html;
mod row;

pub use csv::csv;
pub use html::html;
pub use row::{CauseGrade, Row};

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::lab::{Progress, Session};
use crate::{Lesson, Problems};

/// What was made of each session file, in order of the files.
pub type Rows = Vec<(PathBuf, Result<Row, Problems>)>;

/// How fine the share done of one session is counted.
const FINE: usize = 1000;

/// Replays and grades session files on this many threads; `find` knows lessons by name. None if `progress` asked to stop.
pub fn rows(
    files: &[PathBuf],
    find: &(dyn Fn(&str) -> Option<Lesson> + Sync),
    threads: usize,
    progress: Progress<'_>,
) -> Option<Rows> {
    let stop = AtomicBool::new(false);
    let next = AtomicUsize::new(0);
    let shares: Vec<AtomicUsize> = files.iter().map(|_| AtomicUsize::new(0)).collect();
    let (send, done) = channel();
    let mut rows = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, files.len().max(1)) {
            let (send, stop, next, shares) = (send.clone(), &stop, &next, &shares);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(file), Some(share)) = (files.get(at), shares.get(at)) else { return };
                    let row = row(file, find, &mut |done| {
                        share.store((done * FINE as f64) as usize, Ordering::Relaxed);
                        !stop.load(Ordering::Relaxed)
                    });
                    share.store(FINE, Ordering::Relaxed);
                    if stop.load(Ordering::Relaxed) || send.send((file.clone(), row)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        loop {
            match done.recv_timeout(Duration::from_millis(100)) {
                Ok(row) => rows.push(row),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let all: usize = shares.iter().map(|share| share.load(Ordering::Relaxed)).sum();
            if !progress(all as f64 / (FINE * files.len().max(1)) as f64) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    (!stop.load(Ordering::Relaxed)).then_some(rows)
}

/// One session. What was not ended by its learner is graded as it stands; its file stays as it is.
fn row(file: &Path, find: &dyn Fn(&str) -> Option<Lesson>, progress: Progress<'_>) -> Result<Row, Problems> {
    let mut session = Session::open_with(file, find, &mut |share| progress(share * 0.5))?;
    let finished = session.observe().debrief.is_some();
    let graded = session.apply(&crate::lab::Command::Debrief, &mut |share| progress(0.5 + share * 0.5));
    let wrong = |refusal: crate::lab::Refusal| {
        let problem = crate::diagnostic::Problem::in_file(file.display().to_string(), refusal.what);
        Problems::from(problem.help(refusal.remedy))
    };
    match graded.map_err(wrong)? {
        crate::lab::Reply::Debrief(debrief) => Ok(Row::new(file, &session, &debrief, finished)),
        _ => Err(crate::diagnostic::Problem::in_file(file.display().to_string(), "this session has no debrief").into()),
    }
}

/// Session files: a file as it is, of a folder all below it that are called `*.session`, each once and in order.
pub fn files(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            below(path, &mut found);
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    found
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "session") {
            found.push(path);
        }
    }
}
