//! How far a long piece of work has come, and whether it shall go on.

/// Called now and then with the share of the work that is done, 0 to 1. Answers whether to go on; `false` stops the
/// work as soon as it safely can (a wait ends at the time reached so far).
pub type Progress<'a> = &'a mut dyn FnMut(f64) -> bool;
