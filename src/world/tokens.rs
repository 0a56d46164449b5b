//! Tokens: what an issuer stamps with its clock and a verifier judges by its own (RFC 7519: `iat`, `nbf`, `exp`).

use serde::{Deserialize, Serialize};

use crate::time::{Duration, SignedDuration};

/// A node that stamps tokens, by steps `Issue`. A token is a part of an answer and stays with the user's journey.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issues {
    /// From `iat` to `exp`.
    pub valid_for: Duration,
    /// From `iat` to `nbf`. None leaves `nbf` out.
    #[serde(default)]
    pub not_before: Option<SignedDuration>,
}

/// A node that answers 401 to users' requests without a token that is good by its own clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verifies {
    /// The family of data that the token is of.
    pub token: String,
    /// How far `iat`, `nbf` and `exp` may be off.
    #[serde(default)]
    pub leeway: Duration,
    /// Whether a token that was issued in the future is refused, as many libraries do.
    #[serde(default = "yes")]
    pub issued_at: bool,
    /// Routes that need no token, such as the one that issues it.
    #[serde(default)]
    pub except: Vec<String>,
    /// Whether a line at WARN says why a token was refused.
    #[serde(default)]
    pub log: bool,
}

fn yes() -> bool {
    true
}
