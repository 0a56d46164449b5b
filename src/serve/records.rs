//! What none of the APIs has a place for: the change feed, health pages and what users wrote, as the lines that an export
//! writes. Knows questions and snapshots; no socket.

use hyper::StatusCode;

use super::answer::{Answer, Fault, JSON_LINES};
use super::ask::Ask;
use super::shelf::Snapshot;
use crate::export::{self, JsonLines};

/// Answers with all records of a kind, or says that there is no such path.
pub(super) fn answer(ask: &Ask, snapshot: &Snapshot) -> Option<Answer> {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    let kind = match path.as_slice() {
        ["changes"] => JsonLines::Changes,
        ["health-pages"] => JsonLines::Health,
        ["reports"] => JsonLines::Reports,
        _ => return None,
    };
    let mut body = Vec::new();
    Some(match export::write(&snapshot.telemetry, kind, &mut body) {
        Ok(_) => Answer { status: StatusCode::OK, content_type: JSON_LINES, body },
        Err(why) => Fault::internal(why.to_string()).plain(),
    })
}
