//! What gRPC calls things: methods and status codes, as the conventions for gRPC name them. Knows how HTTP's statuses and
//! our kinds of failure map to codes; nothing of runs.

/// The full name of a method: `GET /nearby/{zone}` of `geo` is `Geo/GetNearbyZone`.
pub(super) fn method(node: &str, verb: &str, path: &str) -> String {
    format!("{}/{}{}", camel(node), camel(&verb.to_lowercase()), camel(path))
}

/// The words of a text, each with a capital letter.
fn camel(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    words.map(capital).collect()
}

/// The code that stands for an `error.type` of ours: a status, or what a client met. Success has none.
pub(super) fn code(error_type: &str) -> &'static str {
    match error_type {
        "" | "200" | "refused_in_body" => "OK",
        "400" => "INVALID_ARGUMENT",
        "401" => "UNAUTHENTICATED",
        "403" => "PERMISSION_DENIED",
        "404" => "NOT_FOUND",
        "409" => "ABORTED",
        "429" => "RESOURCE_EXHAUSTED",
        "500" => "INTERNAL",
        "504" | "timeout" => "DEADLINE_EXCEEDED",
        "cancelled" => "CANCELLED",
        "502" | "503" | "connection_refused" | "name_not_resolved" | "connection_reset" | "pool_timeout"
        | "circuit_open" | "bulkhead_full" => "UNAVAILABLE",
        _ => "UNKNOWN",
    }
}

/// The `error.type` of a call over gRPC: the code if a server answered with one, else what the client met.
pub(super) fn error_type(error_type: &'static str) -> &'static str {
    if error_type.starts_with(|c: char| c.is_ascii_digit()) { code(error_type) } else { error_type }
}

#[cfg(test)]
mod tests {
    use super::super::words::{RESULTS, STATUSES};
    use super::*;

    #[test]
    fn methods_have_full_names() {
        assert_eq!(method("geo", "GET", "/nearby/{zone}"), "Geo/GetNearbyZone");
        assert_eq!(method("ads-api", "POST", "/auctions"), "AdsApi/PostAuctions");
    }

    #[test]
    fn every_status_and_every_failure_has_a_code() {
        let statuses = STATUSES.map(|status| code(&status.to_string()));
        assert!(!statuses.contains(&"UNKNOWN"), "{statuses:?}");
        let unknown: Vec<&str> = RESULTS.into_iter().filter(|result| code(result) == "UNKNOWN").collect();
        assert_eq!(unknown, ["_OTHER"]);
        assert_eq!(["503", "timeout", "circuit_open"].map(error_type), ["UNAVAILABLE", "timeout", "circuit_open"]);
    }
}
