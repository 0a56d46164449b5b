//! Rare records: health probes, changes, user reports. Few enough to hold as plain structs.

use super::ResourceId;
use crate::time::Stamp;
use crate::world::ChangeKind;

/// The answer of a health page to the monitor's probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthRecord {
    /// When, by the monitor's clock.
    pub stamp: Stamp,
    /// Who answered.
    pub resource: ResourceId,
    /// HTTP status.
    pub code: u16,
    /// What is wrong, by the page's own checks.
    pub issues: Vec<String>,
    /// What the page checks; empty is "the process runs".
    pub checks: Vec<String>,
}

/// A process that started: from then on the replica runs this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStart {
    /// When, by the replica's own clock.
    pub stamp: Stamp,
    /// The replica.
    pub resource: ResourceId,
    /// `service.version`.
    pub version: String,
}

/// A record of the change feed, stamped by the delivery system's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// When it was recorded.
    pub stamp: Stamp,
    /// Its id.
    pub id: String,
    /// What it was.
    pub kind: ChangeKind,
    /// The node or arrow it names.
    pub on: String,
    /// Who did it.
    pub by: String,
    /// Its words.
    pub text: String,
}

/// What a user wrote to support: late, vague and in a user's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserReport {
    /// When it arrived, by the help desk's clock.
    pub stamp: Stamp,
    /// The user's number.
    pub user: u32,
    /// The user's region.
    pub region: String,
    /// The user's account type.
    pub account: String,
    /// The user's client version.
    pub client: String,
    /// What the user was doing.
    pub journey: String,
    /// The user's words.
    pub text: String,
}
