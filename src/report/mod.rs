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

/// Told now and then the share of the work that is done, and each file when it is begun. Answers whether to go on.
pub type Watch<'a> = &'a mut dyn FnMut(f64, Option<&Path>) -> bool;

/// How fine the share done of one session is counted.
const FINE: usize = 1000;

/// Replays and grades session files on this many threads; `find` knows lessons by name. Where `watch` asked to stop, what
/// was done until then. Answers too whether that is all of them.
pub fn rows(
    files: &[PathBuf],
    find: &(dyn Fn(&str) -> Option<Lesson> + Sync),
    threads: usize,
    watch: Watch<'_>,
) -> (Rows, bool) {
    let stop = AtomicBool::new(false);
    let next = AtomicUsize::new(0);
    let shares: Vec<AtomicUsize> = files.iter().map(|_| AtomicUsize::new(0)).collect();
    // A file, and nothing yet when it is begun.
    let (send, news) = channel::<(&PathBuf, Option<Result<Row, Problems>>)>();
    let mut rows = Rows::new();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, files.len().max(1)) {
            let (send, stop, next, shares) = (send.clone(), &stop, &next, &shares);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(file), Some(share)) = (files.get(at), shares.get(at)) else { return };
                    let goes_on = || !stop.load(Ordering::Relaxed);
                    if !goes_on() || send.send((file, None)).is_err() {
                        return;
                    }
                    let row = row(file, find, &mut |done| {
                        share.store((done * FINE as f64) as usize, Ordering::Relaxed);
                        goes_on()
                    });
                    share.store(FINE, Ordering::Relaxed);
                    // What was stopped half-way is nothing.
                    if (row.is_ok() || goes_on()) && send.send((file, Some(row))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        loop {
            let begun = match news.recv_timeout(Duration::from_millis(100)) {
                Ok((file, None)) => Some(file.as_path()),
                Ok((file, Some(row))) => {
                    rows.push((file.clone(), row));
                    None
                }
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let all: usize = shares.iter().map(|share| share.load(Ordering::Relaxed)).sum();
            if !watch(all as f64 / (FINE * files.len().max(1)) as f64, begun) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let is_whole = rows.len() == files.len();
    (rows, is_whole)
}

/// One session. What was not ended by its learner is graded as it stands; its file stays as it is.
fn row(file: &Path, find: &dyn Fn(&str) -> Option<Lesson>, progress: Progress<'_>) -> Result<Row, Problems> {
    let mut session = Session::open_with(file, find, &mut |share| progress(share * 0.5))?;
    let (finished, changed) = (session.observe().debrief.is_some(), Session::is_changed_by_hand(file)?);
    let graded = session.apply(&crate::lab::Command::Debrief, &mut |share| progress(0.5 + share * 0.5));
    let wrong = |refusal: crate::lab::Refusal| {
        let problem = crate::diagnostic::Problem::in_file(file.display().to_string(), refusal.what);
        Problems::from(problem.help(refusal.remedy))
    };
    match graded.map_err(wrong)? {
        crate::lab::Reply::Debrief(debrief) => Ok(Row::new(file, &session, &debrief, (finished, changed))),
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
