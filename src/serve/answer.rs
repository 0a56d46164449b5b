//! What an API answers, and the shape of Prometheus's answers and errors. Knows no socket.

use hyper::StatusCode;
use serde_json::{Value as Json, json};

/// A status, a type and a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
/// An object of JSON a line.
pub(super) const JSON_LINES: &str = "application/x-ndjson";
/// As Tempo names it.
pub(super) const PROTOBUF: &str = "application/protobuf";
/// As OTLP names it.
pub(super) const PROTOBUF_OTLP: &str = "application/x-protobuf";

impl Answer {
    pub(super) fn json(status: StatusCode, body: &Json) -> Answer {
        Answer { status, content_type: JSON, body: body.to_string().into_bytes() }
    }

    pub(super) fn text(status: StatusCode, body: &str) -> Answer {
        Answer { status, content_type: TEXT, body: body.as_bytes().to_vec() }
    }
}

/// Values in an answer.
pub(super) const VALUES: usize = 1_000_000;

/// What each API says about itself where it is asked for its version, which clients choose their questions by.
pub(super) fn build_info(version: &str) -> Json {
    json!({
        "version": version, "revision": concat!("allgreen-", env!("CARGO_PKG_VERSION")), "branch": "", "buildUser": "",
        "buildDate": "", "goVersion": "",
    })
}

/// Remarks that go with a result.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks {
    pub(super) warnings: Vec<String>,
    pub(super) infos: Vec<String>,
}

/// A result as Prometheus's API wraps it.
pub(super) fn success(data: Json, remarks: Remarks) -> Answer {
    let mut body = json!({ "status": "success", "data": data });
    for (key, words) in [("warnings", remarks.warnings), ("infos", remarks.infos)] {
        if !words.is_empty() {
            body[key] = words.into();
        }
    }
    Answer::json(StatusCode::OK, &body)
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    status: StatusCode,
    /// Prometheus's `errorType`.
    kind: &'static str,
    words: String,
}

impl Fault {
    fn new(status: StatusCode, kind: &'static str, words: impl Into<String>) -> Fault {
        Fault { status, kind, words: words.into() }
    }

    /// The question is wrong.
    pub(super) fn bad(words: impl Into<String>) -> Fault {
        Fault::new(StatusCode::BAD_REQUEST, "bad_data", words)
    }

    /// A parameter is wrong.
    pub(super) fn parameter(name: &str, why: impl std::fmt::Display) -> Fault {
        Fault::bad(format!("invalid parameter {name:?}: {why}"))
    }

    /// The question is well formed and has no answer.
    pub(super) fn execution(words: impl Into<String>) -> Fault {
        Fault::new(StatusCode::UNPROCESSABLE_ENTITY, "execution", words)
    }

    /// The answer would have more than [`VALUES`] values.
    pub(super) fn too_many(values: usize) -> Fault {
        Fault::execution(format!(
            "the answer would have {values} values, and {VALUES} are allowed: ask for fewer series or a longer step"
        ))
    }

    /// It took too long.
    pub(super) fn timeout(words: impl Into<String>) -> Fault {
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", words)
    }

    /// There is no such thing.
    pub(super) fn not_found(words: impl Into<String>) -> Fault {
        Fault::new(StatusCode::NOT_FOUND, "not_found", words)
    }

    /// The thing is there, and cannot be asked in this way.
    pub(super) fn method(words: impl Into<String>) -> Fault {
        Fault::new(StatusCode::METHOD_NOT_ALLOWED, "bad_data", words)
    }

    /// The question is too long.
    pub(super) fn too_large(words: impl Into<String>) -> Fault {
        Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "bad_data", words)
    }

    /// The question's head is too long.
    pub(super) fn head_too_large(words: impl Into<String>) -> Fault {
        Fault::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "bad_data", words)
    }

    /// A mistake of ours.
    pub(super) fn internal(words: impl Into<String>) -> Fault {
        Fault::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", words)
    }

    /// As Prometheus says it.
    pub(super) fn answer(&self) -> Answer {
        let body = json!({ "status": "error", "errorType": self.kind, "error": self.words });
        Answer::json(self.status, &body)
    }

    /// As Tempo and Loki say it: the words alone.
    pub(super) fn plain(&self) -> Answer {
        Answer::text(self.status, &self.words)
    }
}
