//! Fixes: what each is called, what it costs, and the change of the world that it becomes. Knows deployed
//! configuration; must never know whether a fix is the right one.
//!
//! A kind of fix is a row in [`kinds`] and, in the file of its family, a [`FixKind`] (what a face offers) and a function
//! that makes a [`Sheet`] (what is done). Everything else follows from these.

mod arrows;
mod clocks;
mod deployed;
mod form;
mod guards;
mod instrumentation;
mod kinds;
mod processes;
mod queues;
mod sheet;
mod stores;
mod targets;
#[cfg(test)]
mod tests;
mod value;
mod way;

pub(super) use deployed::{Deployed, LEARNER, arrow_name};
pub use form::{FixField, FixKind, FixSort, FixTarget};
pub use kinds::Fix;
pub use value::FixValue;
