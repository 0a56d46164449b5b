//! Waits for another thread or process, in tests that cannot do without.
#![allow(dead_code, clippy::panic, reason = "not every test needs all of it")]

use std::process::Child;
use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(15);
/// Longer than the slowest machine takes: what is not there by then never comes.
const NEVER: Duration = Duration::from_mins(10);

/// The patience for one thing to happen.
pub struct Patience(Instant);

impl Patience {
    pub fn start() -> Patience {
        Patience(Instant::now())
    }

    /// Lets a moment pass; gives up with what `missing` says only where a test would hang otherwise.
    #[track_caller]
    pub fn wait(&self, missing: impl FnOnce() -> String) {
        assert!(self.0.elapsed() < NEVER, "waited for {NEVER:?} in vain: {}", missing());
        std::thread::sleep(LOOK);
    }
}

/// Looks until it is so.
#[track_caller]
pub fn until(missing: &str, mut so: impl FnMut() -> bool) {
    let patience = Patience::start();
    while !so() {
        patience.wait(|| missing.to_owned());
    }
}

/// A process that ends with its test.
pub struct Ends(pub Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
