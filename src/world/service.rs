//! How a process works: by which discipline, how fast, when it stops the world, what it holds in memory, and how many of
//! it there are.

use serde::{Deserialize, Serialize};

use super::Dist;
use crate::time::Duration;

/// In which order the requests that a replica works on get its processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Discipline {
    /// First come, first served: each has a server to itself until it is done.
    #[default]
    Fifo,
    /// All at once share this many processors evenly (Kleinrock 1967); one uses at most one processor.
    ProcessorSharing(f64),
}

/// A share of requests whose work takes longer: queries without an index, large accounts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// The share of requests, 0 to 1.
    pub share: f64,
    /// Their work is multiplied by this.
    pub factor: f64,
}

/// Pauses in which a process does nothing else, as a garbage collector makes them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pauses {
    /// Time from the end of a pause to the next one.
    #[serde(default)]
    pub every: Option<Dist>,
    /// A pause after this many requests.
    #[serde(default)]
    pub requests: Option<u32>,
    /// How long one takes.
    pub lasts: Dist,
}

/// Memory of a process. Above three quarters of the limit work slows down, up to tenfold; at the limit the process is
/// killed and starts anew.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Bytes that it always holds.
    pub base: u64,
    /// Bytes that it holds for each request while it works on it.
    #[serde(default)]
    pub per_request: u64,
    /// Bytes that each request leaves behind for ever.
    #[serde(default)]
    pub leak: u64,
    /// Bytes that it may hold.
    pub limit: u64,
}

/// Scaling by utilisation, as Kubernetes' horizontal autoscaler does it: the replicas that are wanted are those that run
/// × utilisation / target, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// The fewest replicas.
    pub min: u16,
    /// The most replicas.
    pub max: u16,
    /// The share of servers that should be busy.
    pub target: f64,
    /// Time between two looks.
    #[serde(default = "a_quarter_minute")]
    pub every: Duration,
    /// How long fewer replicas must be enough before some are taken away.
    #[serde(default = "five_minutes")]
    pub calm: Duration,
    /// How long a new replica takes to warm up before it gets traffic.
    #[serde(default = "twenty_seconds")]
    pub warm_up: Duration,
}

impl Autoscale {
    /// Between two numbers of replicas, with the usual times.
    pub fn between(min: u16, max: u16, target: f64) -> Self {
        let (every, calm, warm_up) = (a_quarter_minute(), five_minutes(), twenty_seconds());
        Autoscale { min, max, target, every, calm, warm_up }
    }
}

fn a_quarter_minute() -> Duration {
    Duration::from_secs(15)
}
fn five_minutes() -> Duration {
    Duration::from_mins(5)
}
fn twenty_seconds() -> Duration {
    Duration::from_secs(20)
}
