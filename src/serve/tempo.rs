//! Tempo's HTTP API: traces by their id, and what it says about itself. Knows questions and snapshots; no socket.

use hyper::StatusCode;
use prost::Message;
use serde_json::json;

use super::answer::{Answer, Fault, PROTOBUF, build_info};
use super::ask::Ask;
use super::shelf::Snapshot;
use crate::export::otlp;
use crate::telemetry::TraceId;

/// The version of the API that is spoken.
const VERSION: &str = "2.8.0";

/// Answers what Tempo would be asked, or says that there is no such path.
pub(super) fn answer(ask: &Ask, snapshot: &Snapshot) -> Option<Answer> {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["api", "echo"] => Some(Answer::text(StatusCode::OK, "echo")),
        ["ready"] => Some(Answer::text(StatusCode::OK, "ready\n")),
        ["api", "status", "buildinfo"] => Some(Answer::json(StatusCode::OK, &build_info(VERSION))),
        ["api", "traces", id] => Some(trace(ask, snapshot, id, false).unwrap_or_else(|fault| fault.plain())),
        ["api", "v2", "traces", id] => Some(trace(ask, snapshot, id, true).unwrap_or_else(|fault| fault.plain())),
        _ => None,
    }
}

/// A trace as OTLP. The second version wraps it in an object that could also say that it is not whole.
fn trace(ask: &Ask, snapshot: &Snapshot, id: &str, wrapped: bool) -> Result<Answer, Fault> {
    let digits = (1..=32).contains(&id.len()) && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let number = u128::from_str_radix(id, 16).ok().filter(|_| digits);
    let number =
        number.ok_or_else(|| Fault::bad(format!("{id:?} is no trace id: write up to 32 hexadecimal digits")))?;
    let missing = || Fault::not_found("trace not found");
    let trace = snapshot.telemetry.spans.find_trace(TraceId(number)).ok_or_else(missing)?;
    let found = otlp::trace(&snapshot.telemetry, trace).ok_or_else(missing)?;
    if ask.accept.contains("protobuf") {
        let mut body = Vec::new();
        match wrapped {
            // The first field of Tempo's `TraceByIDResponse`.
            true => prost::encoding::message::encode(1, &found, &mut body),
            false => body = found.encode_to_vec(),
        }
        return Ok(Answer { status: StatusCode::OK, content_type: PROTOBUF, body });
    }
    let unwritable = |why: serde_json::Error| Fault::internal(why.to_string());
    // The list of resources is `batches` in the first version.
    let body = match wrapped {
        true => json!({ "trace": serde_json::to_value(&found).map_err(unwritable)? }),
        false => json!({ "batches": serde_json::to_value(&found.resource_spans).map_err(unwritable)? }),
    };
    Ok(Answer::json(StatusCode::OK, &body))
}
