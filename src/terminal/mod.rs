//! The lab as a prompt: the same session and commands as the desktop, in text. Knows how commands are written and how
//! views are printed; must never know what really happens in the system before the debrief says it.

mod complete;
mod desk;
mod fixes;
mod help;
mod interrupt;
mod looks;
mod mechanism;
mod menu;
mod mode;
mod names;
mod paint;
mod progress;
mod prompt;
mod script;
mod show;
mod verbs;
mod words;

pub(crate) use desk::Desk;
pub(crate) use interrupt::{interrupted, watch_for_interrupts};
pub(crate) use menu::{choose_lesson, lesson_list, lesson_table};
pub(crate) use paint::{Cell, count, row, table};
pub(crate) use progress::Working;
pub(crate) use prompt::prompt;
pub(crate) use script::{ScriptEnd, run_script};

use crate::lab::Refusal;

fn refuse(what: impl Into<String>, remedy: impl Into<String>) -> Refusal {
    Refusal { what: what.into(), remedy: remedy.into() }
}
