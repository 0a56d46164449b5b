//! Work that is shared among threads, one piece after the other. Knows neither the pieces nor what comes of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::meter::Meter;
use crate::lab::Progress;

/// Shares jobs among so many threads. `total` is the virtual time that the meter shows when all is done, about; `work` does
/// one job, and answers None if the meter says stop. `done` hears what each came to, in the order in which they end, and
/// answers whether to go on, as `progress` does. Answers whether all were done.
pub fn share<J: Sync, F: Send, W: Fn(&J) -> Option<F> + Sync>(
    jobs: &[J],
    (threads, work): (usize, &W),
    (meter, total): (&Meter, u64),
    progress: Progress<'_>,
    done: &mut dyn FnMut(&J, F) -> bool,
) -> bool {
    let total = total.max(1);
    let next = AtomicUsize::new(0);
    let (send, found) = channel();
    let mut missing = jobs.len();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(found) = work(job) else { return };
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
