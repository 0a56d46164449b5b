//! A message queue's store: bounded, first in first out, for each group of consumers and each partition. Knows what it
//! holds; the producer hears only its acknowledgement.

use std::collections::{BTreeMap, VecDeque};

use bevy_ecs::component::Component;

use super::flight::{Context, TraceContext};
use super::ids::InstanceId;
use crate::random::Identity;
use crate::time::{Duration, SimTime};
use crate::world::{Ack, Overflow, Queue};

/// The messages of one queue replica.
#[derive(Component, Clone, Debug)]
pub struct QueueStore {
    pub capacity: u32,
    pub overflow: Overflow,
    pub visibility: Option<Duration>,
    pub most_deliveries: u8,
    pub published: u64,
    pub delivered: u64,
    pub redelivered: u64,
    pub dead_lettered: u64,
    groups: Vec<Group>,
    /// Messages that were delivered and may come back, by receipt.
    held: BTreeMap<u32, Message>,
    receipts: u32,
    partitioned: bool,
}

/// What waits for one group of consumers.
#[derive(Clone, Debug, Default)]
struct Group {
    lanes: Vec<Lane>,
    waiting: u32,
    /// Where the turn of its consumers stands.
    turn: u32,
}

/// A partition, or all messages if there are no partitions.
#[derive(Clone, Debug, Default)]
struct Lane {
    messages: VecDeque<Message>,
    /// A message of this partition is being handled, and the next one waits for that.
    busy: bool,
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
    /// The group of consumers that this copy is for.
    pub group: u8,
    pub partition: u16,
    /// The number under which the queue holds it while it is delivered; zero if it does not.
    pub receipt: u32,
    /// The queue that gave it up, for a dead letter, and for which of its groups it was.
    pub from: Option<InstanceId>,
    pub from_group: u8,
}

/// What a consumer replica does with messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Consumer {
    pub ack: Ack,
    /// The share of messages that it can never handle, on top of the routes' own.
    pub poison: f64,
}

impl QueueStore {
    pub fn new(declared: &Queue, groups: usize) -> Self {
        let partitions = declared.partitions.as_ref().map_or(1, |partitions| usize::from(partitions.count));
        let group = Group { lanes: vec![Lane::default(); partitions.max(1)], ..Group::default() };
        QueueStore {
            capacity: declared.capacity,
            overflow: declared.overflow,
            visibility: declared.visibility,
            most_deliveries: declared.max_deliveries,
            published: 0,
            delivered: 0,
            redelivered: 0,
            dead_lettered: 0,
            groups: vec![group; groups.max(1)],
            held: BTreeMap::new(),
            receipts: 0,
            partitioned: declared.partitions.is_some(),
        }
    }

    /// Groups of consumers, each of which gets every message. One, if nobody consumes.
    pub fn groups(&self) -> u8 {
        self.groups.len() as u8
    }

    /// Whether a new message is refused.
    pub fn refuses(&self) -> bool {
        self.overflow == Overflow::Reject && self.groups.iter().any(|group| group.waiting >= self.capacity)
    }

    /// Whether a message that a group gave up cannot come back to it now.
    pub fn has_no_room(&self, group: u8) -> bool {
        self.overflow == Overflow::Reject && self.groups[usize::from(group)].waiting >= self.capacity
    }

    /// Takes a message in for its group. Answers what is dropped for want of room: this one, or the oldest.
    pub fn push(&mut self, message: Message) -> Option<Message> {
        let (capacity, overflow) = (self.capacity, self.overflow);
        let full = self.groups[usize::from(message.group)].waiting >= capacity;
        if full && overflow != Overflow::DropOldest {
            return Some(message);
        }
        self.put(message, false);
        if full { self.groups[usize::from(message.group)].pop_oldest(false) } else { None }
    }

    fn put(&mut self, message: Message, first: bool) {
        let group = &mut self.groups[usize::from(message.group)];
        let messages = &mut group.lanes[usize::from(message.partition)].messages;
        if first {
            messages.push_front(message);
        } else {
            messages.push_back(message);
        }
        group.waiting += 1;
    }

    /// Whether a group has a message that may be delivered now.
    pub fn has_ready(&self, group: u8) -> bool {
        let group = &self.groups[usize::from(group)];
        group.waiting > 0 && group.lanes.iter().any(|lane| !lane.busy && !lane.messages.is_empty())
    }

    /// The turn of a group's consumers, which moves on.
    pub fn next_turn(&mut self, group: u8) -> u32 {
        let turn = &mut self.groups[usize::from(group)].turn;
        *turn = turn.wrapping_add(1);
        turn.wrapping_sub(1)
    }

    /// Takes the oldest message of a group that may be delivered.
    pub fn take(&mut self, group: u8) -> Option<Message> {
        let mut message = self.groups[usize::from(group)].pop_oldest(true)?;
        self.groups[usize::from(group)].lanes[usize::from(message.partition)].busy = self.partitioned;
        self.delivered += 1;
        self.redelivered += u64::from(message.deliveries > 0);
        message.deliveries = message.deliveries.saturating_add(1);
        Some(message)
    }

    /// Keeps a delivered message until it is acknowledged. Answers its receipt.
    pub fn hold(&mut self, message: Message) -> u32 {
        self.receipts = self.receipts.wrapping_add(1).max(1);
        self.held.insert(self.receipts, Message { receipt: self.receipts, ..message });
        self.receipts
    }

    /// Lets go of a held message. None if it was let go of before.
    pub fn release(&mut self, receipt: u32) -> Option<Message> {
        self.held.remove(&receipt)
    }

    /// A message is done with: the next one of its partition may be delivered.
    pub fn done(&mut self, message: &Message) {
        self.groups[usize::from(message.group)].lanes[usize::from(message.partition)].busy = false;
    }

    /// A message goes back: to its place at the head of its partition, or to the end where order means nothing.
    pub fn put_back(&mut self, message: Message) {
        self.done(&message);
        self.put(Message { receipt: 0, ..message }, self.partitioned);
    }

    /// All that waits, in order of groups and partitions; nothing waits any more.
    pub fn drain(&mut self) -> Vec<Message> {
        let mut all = Vec::new();
        for group in &mut self.groups {
            group.waiting = 0;
            group.lanes.iter_mut().for_each(|lane| all.extend(lane.messages.drain(..)));
        }
        all
    }

    /// How many messages wait for a group.
    pub fn depth(&self, group: u8) -> u32 {
        self.groups[usize::from(group)].waiting
    }

    /// How many messages are delivered and held.
    pub fn unacknowledged(&self) -> usize {
        self.held.len()
    }

    /// Bytes that its messages take, about.
    pub fn bytes(&self) -> usize {
        let waiting: usize = self.groups.iter().map(|group| group.waiting as usize).sum();
        (waiting + self.held.len()) * size_of::<Message>()
    }

    /// When the oldest message that waits for a group was taken in.
    pub fn oldest(&self, group: u8) -> Option<SimTime> {
        let lanes = self.groups[usize::from(group)].lanes.iter();
        let heads = lanes.filter_map(|lane| lane.messages.front().map(|message| message.enqueued));
        heads.min()
    }

    /// When the oldest message of all that wait was taken in.
    pub fn oldest_of_all(&self) -> Option<SimTime> {
        (0..self.groups()).filter_map(|group| self.oldest(group)).min()
    }

    /// Whether its exporter has more to tell than depth and throughput.
    pub fn tells_more(&self) -> bool {
        self.partitioned || self.visibility.is_some() || self.dead_lettered > 0
    }
}

impl Group {
    fn pop_oldest(&mut self, ready: bool) -> Option<Message> {
        let lanes = self.lanes.iter().enumerate().filter(|(_, lane)| !(ready && lane.busy));
        let heads = lanes.filter_map(|(at, lane)| Some((lane.messages.front()?.enqueued, at)));
        let (_, at) = heads.min()?;
        self.waiting -= 1;
        self.lanes[at].messages.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flight::NOBODY;
    use crate::engine::ids::RouteId;
    use crate::world::{Dist, Partitions};

    fn store(partitions: Option<u16>, overflow: Overflow) -> QueueStore {
        let declared = Queue {
            capacity: 3,
            overflow,
            service: Dist::Const(Duration::ZERO),
            partitions: partitions.map(|count| Partitions { count, by: None }),
            visibility: None,
            max_deliveries: 5,
            dead_letters: None,
        };
        QueueStore::new(&declared, 1)
    }

    fn message(number: u64, partition: u16) -> Message {
        let context = Context { journey: Identity(0), user: 0, token: 0, population: NOBODY, debt: None };
        Message {
            identity: Identity(number),
            key: Identity(number),
            route: RouteId(0),
            context,
            trace: TraceContext::default(),
            enqueued: SimTime(number),
            deliveries: 0,
            group: 0,
            partition,
            receipt: 0,
            from: None,
            from_group: 0,
        }
    }

    #[test]
    fn a_full_queue_drops_what_it_was_told_to() {
        let dropped = |overflow| {
            let mut store = store(None, overflow);
            (1..=3).for_each(|number| assert!(store.push(message(number, 0)).is_none()));
            (store.refuses(), store.push(message(4, 0)).map(|message| message.identity.0), store.depth(0))
        };
        assert_eq!(dropped(Overflow::Reject), (true, Some(4), 3));
        assert_eq!(dropped(Overflow::DropNewest), (false, Some(4), 3));
        assert_eq!(dropped(Overflow::DropOldest), (false, Some(1), 3));
    }

    #[test]
    fn a_partition_hands_out_one_message_at_a_time_and_in_order() {
        let mut store = store(Some(2), Overflow::Reject);
        [(1, 0), (2, 0), (3, 1)].iter().for_each(|(number, at)| assert!(store.push(message(*number, *at)).is_none()));
        let take = |store: &mut QueueStore| store.take(0).map(|message| message.identity.0);
        assert_eq!((take(&mut store), take(&mut store), take(&mut store)), (Some(1), Some(3), None));
        store.put_back(message(1, 0));
        assert_eq!((take(&mut store), take(&mut store)), (Some(1), None), "it keeps its place");
        store.done(&message(1, 0));
        assert_eq!(take(&mut store), Some(2));
    }

    #[test]
    fn a_receipt_is_good_once() {
        let mut store = store(None, Overflow::Reject);
        let receipt = store.hold(message(1, 0));
        assert_eq!((store.unacknowledged(), store.release(receipt).map(|held| held.receipt)), (1, Some(receipt)));
        assert!(store.release(receipt).is_none());
    }
}
