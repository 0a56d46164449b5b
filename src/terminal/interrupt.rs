//! Ctrl-C and a polite kill. While the program works they set a flag, which long work asks for now and then. While a
//! line is typed the line editor sees the key itself, so that what comes then is a kill: what is to be kept is kept, and
//! the program ends.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::mode;

/// The exit status of a program that was stopped.
pub(super) const STOPPED: i32 = 130;

static PRESSED: AtomicBool = AtomicBool::new(false);
/// What a kill does while a line is awaited.
static LAST_DEED: Mutex<Option<LastDeed>> = Mutex::new(None);
/// Held while something is kept.
static KEEPING: Mutex<()> = Mutex::new(());

type LastDeed = Box<dyn FnOnce() -> Ending + Send>;

/// How the program ends by a kill.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// What is said; may be empty.
    pub(super) words: String,
    pub(super) status: i32,
}

/// From now on Ctrl-C (and a polite kill) sets the flag and ends nothing by itself. Where the system refuses, Ctrl-C
/// ends the program as it always did.
pub(crate) fn watch_for_interrupts() {
    // A second call finds the handler in place.
    let _ = ctrlc::set_handler(|| {
        if let Some(ending) = signalled() {
            end(&ending);
        }
    });
}

/// Whether Ctrl-C was pressed since the last call.
pub(crate) fn interrupted() -> bool {
    PRESSED.swap(false, Ordering::SeqCst)
}

/// Asks for a line; `last_deed` is what a kill does meanwhile.
pub(super) fn awaiting<T>(last_deed: impl FnOnce() -> Ending + Send + 'static, ask: impl FnOnce() -> T) -> T {
    mode::remember();
    *lock(&LAST_DEED) = Some(Box::new(last_deed));
    let answer = ask();
    *lock(&LAST_DEED) = None;
    answer
}

/// Keeps something: a signal meanwhile waits until that is done.
pub(super) fn keeping<T>(work: impl FnOnce() -> T) -> T {
    let _held = lock(&KEEPING);
    work()
}

/// What is held, whatever became of others who held it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A signal came: answers how the program ends, if it does.
fn signalled() -> Option<Ending> {
    let last_deed = lock(&LAST_DEED).take();
    let before = PRESSED.swap(true, Ordering::SeqCst);
    match last_deed {
        Some(last_deed) => Some(last_deed()),
        // Nobody asked since the press before: the work is stuck, and this is how to leave it.
        None => before.then(|| Ending { words: String::new(), status: STOPPED }),
    }
}

fn end(ending: &Ending) -> ! {
    let _held = lock(&KEEPING);
    mode::restore();
    if !ending.words.is_empty() {
        // The terminal may be gone.
        let _ = writeln!(anstream::stderr(), "{}", ending.words);
    }
    std::process::exit(ending.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_while_a_line_is_awaited_does_the_last_deed_once() {
        let kept = || Ending { words: "kept".to_owned(), status: STOPPED };
        let ending = awaiting(kept, || signalled().map(|ending| (ending, lock(&LAST_DEED).is_none())));
        assert_eq!(ending, Some((kept(), true)));
        // No other test is to be stopped by it.
        interrupted();
        let line = awaiting(kept, || "a line");
        assert_eq!((line, lock(&LAST_DEED).is_none()), ("a line", true));
    }
}
