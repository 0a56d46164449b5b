//! What an arrow can have besides the basics: what the network does to packets, and further policies of the caller.
//! Everything here is off unless a world or a change says otherwise.

use serde::{Deserialize, Serialize};

use super::spec::Dist;
use crate::time::Duration;

/// What the network does to what crosses an arrow, besides taking time (the words are those of Linux's `netem` and of
/// Chaos Mesh's NetworkChaos).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Impairments {
    /// The probability that a request is lost: it was never there.
    pub request_loss: f64,
    /// The probability that an answer is lost: the work was done.
    pub response_loss: f64,
    /// Loss that comes in bursts, on top of the others.
    pub burst_loss: Option<BurstLoss>,
    /// The probability that a request arrives twice.
    pub duplication: f64,
    /// A share of packets is held up, so that later ones overtake them.
    pub reordering: Option<Reordering>,
    /// Bytes per second, in each direction, of one caller replica. None takes no time for bytes.
    pub bandwidth: Option<u64>,
    /// What doesn't get through at all.
    pub partition: Option<Partition>,
    /// The probability that the callee's name cannot be looked up: the attempt fails at once. Open connections and replicas
    /// that are known by `discovery` need no look-up.
    pub lookup_errors: f64,
}

/// Loss with a memory: the network of a caller's replica is good or bad for times of its own, each exponential (the channel
/// of Gilbert, 1960, and Elliott, 1963). The share of packets lost over time is `loss` × `lasts` / (`every` + `lasts`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurstLoss {
    /// The probability that a packet is lost while the network is bad.
    pub loss: f64,
    /// How long it is good, in the mean.
    pub every: Duration,
    /// How long it is bad, in the mean.
    pub lasts: Duration,
}

/// Packets that are held up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reordering {
    /// The share of packets, 0 to 1.
    pub share: f64,
    /// How long they are held up, on top of the latency.
    pub delay: Dist,
}

/// A network partition: packets vanish without a word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Partition {
    /// Which way nothing gets through.
    pub way: Way,
    /// Only between a caller in the first zone and a callee in the second. None is everywhere.
    pub zones: Option<(String, String)>,
}

/// A direction over an arrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// Both.
    #[default]
    Both,
    /// From the caller to the callee.
    Request,
    /// From the callee to the caller.
    Response,
}

/// Hedged requests (Dean and Barroso, *The tail at scale*, 2013): a second attempt next to the first one; the first
/// answer wins, and the other attempt is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hedge {
    /// How long the first attempt has before the second one goes out.
    pub after: Duration,
}

/// Connections that stay open between calls. A connection leads to one replica until it is closed: by age, for want of
/// use, or because an attempt over it got no answer. Without this, each attempt chooses a replica anew.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepAlive {
    /// Time to open a connection: look-up, handshakes.
    #[serde(default = "no_time")]
    pub setup: Dist,
    /// Closed when not used for this long. None stays open.
    #[serde(default)]
    pub idle: Option<Duration>,
    /// Closed when open for this long. None stays open.
    #[serde(default)]
    pub max_age: Option<Duration>,
    /// All calls of one caller replica share one connection (HTTP/2, gRPC), and an attempt without an answer does not
    /// close it.
    #[serde(default)]
    pub shared: bool,
}

/// A node that keeps idempotency keys: a request or message whose key it knows is answered as the first one was, and
/// nothing is done again. While the first is being worked on, the second is refused with 409.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// How long a key is kept.
    pub keep: Duration,
    /// One store for all replicas; else each has its own, in memory.
    #[serde(default = "yes")]
    pub shared: bool,
}

/// Partitions of a queue: the messages of one key are in one partition, whose messages are handled one after another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partitions {
    /// How many.
    pub count: u16,
    /// The datum whose key decides. None: the user.
    #[serde(default)]
    pub by: Option<String>,
}

/// When a consumer acknowledges a message, after which the queue forgets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ack {
    /// When it was handled without an error (manual acknowledgement).
    #[default]
    AfterHandling,
    /// When it arrives (automatic acknowledgement): what fails then is lost.
    OnDelivery,
}

fn no_time() -> Dist {
    Dist::Const(Duration::ZERO)
}

fn yes() -> bool {
    true
}
