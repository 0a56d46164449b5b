//! A message queue's store: bounded, first in first out. Knows what it holds; the producer hears only its
//! acknowledgement.

use std::collections::VecDeque;

use bevy_ecs::component::Component;

use super::flight::{Context, TraceContext};
use crate::random::Identity;
use crate::time::SimTime;
use crate::world::Overflow;

/// The messages of one queue replica.
#[derive(Component, Clone, Debug)]
pub struct QueueStore {
    pub capacity: u32,
    pub overflow: Overflow,
    pub messages: VecDeque<Message>,
    pub published: u64,
    pub delivered: u64,
    /// Where the turn of the consumers stands.
    pub turn: u32,
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub identity: Identity,
    /// Tells consumers that it is the same message; the producer's key, if it gave one.
    pub key: Identity,
    /// The publishing route of the queue, which names the message.
    pub route: super::ids::RouteId,
    pub context: Context,
    pub trace: TraceContext,
    pub enqueued: SimTime,
    pub deliveries: u8,
}

/// What became of a message that was offered to a queue.
#[derive(Clone, Copy, Debug)]
pub enum Offered {
    Accepted,
    Rejected,
    /// Acknowledged, and gone: this one, or an older one.
    Dropped(Message),
}

/// Deliveries of one message before it is given up.
pub const MOST_DELIVERIES: u8 = 5;

impl QueueStore {
    pub fn new(capacity: u32, overflow: Overflow) -> Self {
        QueueStore { capacity, overflow, messages: VecDeque::new(), published: 0, delivered: 0, turn: 0 }
    }

    /// Takes a message in, or not.
    pub fn offer(&mut self, message: Message) -> Offered {
        let full = self.messages.len() >= self.capacity as usize;
        if full && self.overflow == Overflow::Reject {
            return Offered::Rejected;
        }
        self.published += 1;
        if full && self.overflow == Overflow::DropNewest {
            return Offered::Dropped(message);
        }
        self.messages.push_back(message);
        if full {
            return self.messages.pop_front().map_or(Offered::Accepted, Offered::Dropped);
        }
        Offered::Accepted
    }
}
