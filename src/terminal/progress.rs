//! A progress bar on standard error, for work that takes longer than a glance. It is not drawn where there is no terminal.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::interrupt::interrupted;
use super::paint::clean;

/// Work whose share done is reported now and then. Ctrl-C stops it.
pub(crate) struct Working {
    what: &'static str,
    since: Instant,
    bar: Option<ProgressBar>,
    stopped: bool,
}

const STEPS: f64 = 1000.0;
/// Work that is done sooner shows no bar.
const GLANCE: Duration = Duration::from_millis(300);

impl Working {
    /// `what` is said beside the bar.
    pub(crate) fn new(what: &'static str) -> Working {
        Working { what, since: Instant::now(), bar: None, stopped: false }
    }

    /// Reports the share that is done, 0 to 1. Answers whether to go on.
    pub(crate) fn reached(&mut self, share: f64) -> bool {
        if self.since.elapsed() > GLANCE {
            let what = self.what;
            let bar = self.bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{msg} [{bar:32}] {percent}% {eta} left, Ctrl-C stops");
                let bar = ProgressBar::new(STEPS as u64).with_message(what);
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
                bar
            });
            bar.set_position((share.clamp(0.0, 1.0) * STEPS) as u64);
        }
        self.stopped |= interrupted();
        !self.stopped
    }

    /// Says on standard error what is worked on now, above the bar if there is one.
    pub(crate) fn tell(&self, words: &str) {
        // Where nobody listens there is nothing to say.
        let say = || drop(writeln!(anstream::stderr(), "{}", clean(words)));
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// Removes the bar. Answers whether the work was stopped.
    pub(crate) fn finish(self) -> bool {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.stopped
    }
}
