//! What one session may hold, so that no learner and no session file can ask for unbounded work. One table.

use crate::time::Duration;

/// One wait.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(24 * 60);
/// A long time that passes at once: at least and at most.
pub(super) const SHORTEST_PASS: Duration = Duration::from_mins(24 * 60);
pub(super) const LONGEST_PASS: Duration = Duration::from_mins(366 * 24 * 60);
/// A whole session, from the start of its history.
pub(super) const LONGEST_SESSION: Duration = Duration::from_mins(30 * 24 * 60);
/// Telemetry and what is under way, in bytes: a session that holds more than this stops waiting.
pub(super) const MOST_TELEMETRY: usize = 3 << 30;
/// Events of one wait: a system that does more, such as one whose retries explode, ends the wait there.
pub(super) const MOST_EVENTS: u64 = 2_000_000_000;
/// Virtual time between two reports of progress, unless that is more than so many events.
pub(super) const SLICE: Duration = Duration::from_secs(5);
pub(super) const SLICE_EVENTS: u64 = 500_000;
/// Commands of a session.
pub(super) const MOST_COMMANDS: usize = 100_000;
/// Bytes of a session file.
pub(super) const MOST_FILE: u64 = 8 << 20;
/// Pieces of pinned evidence.
pub(super) const MOST_PINS: usize = 200;
/// Fixes ordered.
pub(super) const MOST_FIXES: usize = 200;
/// Arrows on the learner's map.
pub(super) const MOST_ARROWS: usize = 2_000;
/// Hypotheses, notes.
pub(super) const MOST_ENTRIES: usize = 2_000;
/// Characters of one text of the learner.
pub(super) const MOST_TEXT: usize = 20_000;
