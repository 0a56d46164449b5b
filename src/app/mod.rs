//! The desktop face: panels over observations of a session that another thread owns. It sends commands and looks; it
//! must never name a type of the ground truth, nor know more than the lab's public interface tells.
//!
//! `window` holds everything and draws; `deeds` does what panels ask for; `worker` owns the session; `looks` keeps the
//! views that panels show; `dock` arranges the panels and `panels` draws them.

pub mod act;
pub mod chart;
pub mod clock;
mod deeds;
mod diagram;
pub mod dialogs;
pub mod dock;
mod editing;
pub mod help;
mod history;
pub mod layering;
mod looker;
pub mod looks;
pub mod menu;
pub mod near;
pub mod panels;
mod screenshot;
mod settings;
mod shortcuts;
mod start;
pub mod state;
pub mod theme;
pub mod toast;
mod topbar;
mod trainer;
pub mod widgets;
pub mod window;
pub mod worker;

pub use screenshot::Outcome;
pub use start::{RunOptions, StartError, run};
