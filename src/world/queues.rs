//! Message queues and their consumers.

use serde::{Deserialize, Serialize};

use super::Dist;
use super::policy::{Ack, Partitions};
use crate::time::Duration;

/// A message queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Messages that it holds.
    pub capacity: u32,
    /// What happens to one more.
    #[serde(default)]
    pub overflow: Overflow,
    /// Time to accept a message.
    pub service: Dist,
    /// Keeps the messages of one key in order. None keeps no order once a message is handed out.
    #[serde(default)]
    pub partitions: Option<Partitions>,
    /// How long a delivered message may stay without acknowledgement before it is delivered again, handled or not. None
    /// waits as long as the consumer's connection lives.
    #[serde(default)]
    pub visibility: Option<Duration>,
    /// Deliveries of one message before it is given up.
    #[serde(default = "five")]
    pub max_deliveries: u8,
    /// The queue that gets the messages that are given up. None: they are gone.
    #[serde(default)]
    pub dead_letters: Option<String>,
}

/// What a full queue does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overflow {
    /// Refuses the new message: the producer sees a 503.
    #[default]
    Reject,
    /// Acknowledges the new message and drops it.
    DropNewest,
    /// Drops the oldest message to make room.
    DropOldest,
}

/// Consumption from a queue. Each message is handled by the route that is named like the published message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consumes {
    /// The queue; an arrow from it to this node must exist.
    pub queue: String,
    /// Its group: each group gets every message, and the consumers of one group share them.
    #[serde(default)]
    pub group: String,
    /// When it acknowledges a message.
    #[serde(default)]
    pub ack: Ack,
}

fn five() -> u8 {
    5
}
