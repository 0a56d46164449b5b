//! Reads the parts of columns side by side, on every core. Knows nothing of what is read.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads at most: what is read comes from memory, which more would not make faster.
const MOST_THREADS: usize = 8;

/// Works on each part and answers the results in the order of the parts.
pub fn side_by_side<T: Send>(parts: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS).min(parts);
    if threads < 2 {
        return (0..parts).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let one = || {
        let mut done = Vec::new();
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return done;
            }
            done.push((part, work(part)));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
        let mut all = one();
        for other in others {
            match other.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(part, _)| *part);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_parts() {
        assert_eq!(side_by_side(100, |part| part * 2), (0..200).step_by(2).collect::<Vec<_>>());
        assert!(side_by_side(0, |part| part).is_empty());
    }
}
