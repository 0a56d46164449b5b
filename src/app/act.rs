//! What panels ask for. A panel draws a view and pushes acts; it never touches the session, another panel or a file.

use std::path::PathBuf;

use super::dock::Panel;
use crate::lab::{ChartQuery, Command, Fix, LogFilter, Look, Query};
use crate::time::Duration;

/// One wish of a panel.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Carry out a command of the lab.
    Do(Command),
    /// Bring a panel to the front.
    Show(Panel),
    /// Narrow the panels to one node, or to none.
    Focus(Option<String>),
    /// Show log lines.
    Logs(LogFilter),
    /// Draw a chart.
    Chart(ChartQuery),
    /// Ask in a query language.
    Query(Query),
    /// Show one trace, by its id.
    Trace(String),
    /// Ask why this look matters, then pin it.
    AskPin(Look),
    /// Fill in the fix console, for the learner to confirm.
    Prepare(Fix),
    /// Let the incident clock run this much.
    Step(Duration),
    /// Let it run at this multiple of real time.
    Play(f64),
    /// Stop it.
    Pause,
    /// Stop what takes long.
    Cancel,
    /// Ask where to save.
    AskSave,
    /// Save the session.
    Save(PathBuf),
    /// Put text on the clipboard.
    Copy(String),
    /// Write the post-incident document to a file.
    Export(PathBuf),
    /// Put the post-incident document on the clipboard.
    CopyDocument,
    /// Ask whether to end the investigation.
    AskDebrief,
    /// Start again with the edited lesson; ask first if something would be lost.
    AskRestart(PathBuf),
    /// Show the trainer's view; ask whether to, the first time.
    AskTrainer,
    /// Ask whether to go back to the list of lessons.
    AskLeave,
}

/// What was asked for in a frame, in order.
pub type Outbox = Vec<Act>;
