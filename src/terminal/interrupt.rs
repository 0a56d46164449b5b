//! Ctrl-C while the program works: a flag that long work asks for now and then. (While a line is typed, the line editor
//! sees the key itself.)

use std::sync::atomic::{AtomicBool, Ordering};

static PRESSED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C (and a polite kill) sets the flag and ends nothing by itself. Where the system refuses, Ctrl-C
/// ends the program as it always did.
pub(crate) fn watch_for_interrupts() {
    // A second call finds the handler in place.
    let _ = ctrlc::set_handler(|| {
        if PRESSED.swap(true, Ordering::SeqCst) {
            // Nobody asked since the press before: the work is stuck, and this is how to leave it.
            std::process::exit(130);
        }
    });
}

/// Whether Ctrl-C was pressed since the last call.
pub(crate) fn interrupted() -> bool {
    PRESSED.swap(false, Ordering::SeqCst)
}
