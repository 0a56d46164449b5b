//! Locks with leases, and the critical sections that they guard.

use serde::{Deserialize, Serialize};

use super::{Dist, Step};
use crate::time::Duration;

/// A lock service: one holder for each key, until it releases the lock or its lease ends. It remembers for which request
/// the work under a key was done last, so that a second try of the same request has nothing left to do. Its replicas share
/// one table of locks, which is lost when the first of them starts anew.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locks {
    /// How long a lock is held at most.
    pub lease: Duration,
    /// Whose clock says when a lease began and whether it has ended.
    #[serde(default)]
    pub judge: LeaseJudge,
    /// Time for one operation.
    pub service: Dist,
}

/// Whose clock judges a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeaseJudge {
    /// The lock service's.
    #[default]
    Server,
    /// The holder's when it begins and the contender's when it is judged, as with a row that says until when.
    Caller,
}

/// Steps that at most one request at a time should do for a key. A lock that is held by another is answered with 409,
/// which the arrow's retries try again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Critical {
    /// The lock service.
    pub at: String,
    /// The family of data whose key is locked.
    pub key: String,
    /// What is done under the lock.
    pub steps: Vec<Step>,
}
