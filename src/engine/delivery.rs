//! Messages between a queue and its consumers: taken in, delivered, acknowledged, delivered again, given up. A consumer
//! replica gets a message when it has a server free.

use bevy_ecs::world::Mut;

use super::call::CONNECTION_GIVES_UP;
use super::data;
use super::fabric::Home;
use super::flight::{Context, NOBODY, ReplyTo, Visit};
use super::ids::{InstanceId, LinkId, NodeId};
use super::network::Packet;
use super::queue::{Message, QueueStore};
use super::slab::Key;
use super::visit::Incoming;
use super::{Event, Simulation};
use crate::world::Ack;

impl Simulation {
    /// A queue takes a message in, or not.
    pub(super) fn enqueue(&mut self, key: Key) {
        let Some(visit) = self.visits.get(key) else { return };
        let identity = visit.identity.child(0);
        let instance = visit.instance;
        let mut message = Message {
            identity,
            key: visit.key.unwrap_or(identity),
            route: visit.route,
            context: visit.context,
            trace: visit.children_trace(),
            enqueued: self.now,
            deliveries: 0,
            group: 0,
            partition: 0,
            receipt: 0,
            from: None,
            from_group: 0,
        };
        message.partition = self.partition_of(instance, message.context);
        let Some(mut queue) = self.fabric.queue(instance) else { return };
        if queue.refuses() {
            if let Some(visit) = self.visits.get_mut(key) {
                visit.status = 503;
            }
            return;
        }
        queue.published += 1;
        for group in 0..queue.groups() {
            self.take_in(instance, Message { group, ..message });
        }
        self.dispatch(instance);
    }

    /// The copy of a message for one group of consumers is under way until it is handled or dropped.
    fn take_in(&mut self, queue: InstanceId, message: Message) {
        self.carry(message.context, 1);
        self.flows.queue(queue).taken += 1;
        let Some(mut store) = self.fabric.queue(queue) else { return };
        if let Some(dropped) = store.push(message) {
            self.flows.queue(queue).dropped += 1;
            self.carry(dropped.context, -1);
        }
    }

    fn partition_of(&self, queue: InstanceId, context: Context) -> u16 {
        self.partition_at(self.fabric.home(queue).node, context).unwrap_or(0)
    }

    /// The partition of a queue that a message in this context belongs to, if it has any.
    pub(super) fn partition_at(&self, queue: NodeId, context: Context) -> Option<u16> {
        let (count, by) = self.plan.nodes[queue.at()].partitions?;
        let key = match by {
            Some(datum) => u64::from(data::key_of(&self.plan, datum, context.journey, context.user)),
            None if context.population == NOBODY => context.journey.0,
            None => u64::from(context.user),
        };
        Some((crate::random::mix(key) % u64::from(count.max(1))) as u16)
    }

    /// Hands messages of a queue to consumers that have a server free.
    pub(super) fn dispatch(&mut self, queue: InstanceId) {
        let Home { node, ordinal, .. } = self.fabric.home(queue);
        if !self.fabric.runs(queue, self.now) || self.stopped_for(queue).is_some() {
            return;
        }
        for group in 0..self.plan.nodes[node.at()].groups.len() as u8 {
            while let Some((consumer, link)) = self.free_consumer(queue, (node, ordinal), group) {
                self.deliver_message((queue, group), consumer, link);
            }
        }
    }

    /// Hands waiting messages to a replica that may have a server free: of its queue's replicas the one whose messages have
    /// waited longest comes first.
    pub(super) fn take_from_queues(&mut self, instance: InstanceId) {
        let node = self.fabric.home(instance).node;
        let Some(queue) = self.plan.nodes[node.at()].consumes else { return };
        if self.fabric.count(queue) == 1 {
            return self.dispatch(self.fabric.first(queue));
        }
        let mut replicas = self.fabric.replicas[queue.at()].clone();
        replicas.sort_by_key(|replica| self.fabric.queue(*replica).and_then(|store| store.oldest_of_all()));
        for replica in replicas {
            self.dispatch(replica);
        }
    }

    /// A message reaches a consumer whose process does not run: the queue learns that nobody took it, unless it waits for
    /// an acknowledgement anyway or expects none.
    pub(super) fn undelivered(&mut self, key: Key) {
        let Some(Visit { instance, reply_to, message, .. }) = self.visits.remove(key) else { return };
        self.free_server(instance);
        let (ReplyTo::Queue(queue), Some(message)) = (reply_to, message) else { return };
        if self.fabric.replica(instance).consumer.ack == Ack::OnDelivery {
            self.message_done(queue, &message);
        } else if message.receipt == 0 {
            self.message_back(queue, message);
        }
        self.dispatch(queue);
    }

    /// A consumer replica of a group with a free server, in turn, if the queue has anything for it.
    fn free_consumer(
        &mut self,
        queue: InstanceId,
        (node, ordinal): (NodeId, u16),
        group: u8,
    ) -> Option<(InstanceId, LinkId)> {
        let mut store = self.fabric.queue(queue)?;
        if !store.has_ready(group) {
            return None;
        }
        let turn = store.next_turn(group) as usize;
        let plan = &self.plan;
        let arrows = &plan.nodes[node.at()].groups[usize::from(group)];
        let consumers = arrows.iter().map(|arrow| self.fabric.count(plan.arrows[arrow.at()].to)).sum::<usize>();
        for offset in 0..consumers {
            let mut place = (turn + offset) % consumers;
            for arrow in arrows {
                let consumer_node = plan.arrows[arrow.at()].to;
                let replicas = self.fabric.count(consumer_node);
                if place >= replicas {
                    place -= replicas;
                    continue;
                }
                let instance = self.fabric.replicas[consumer_node.at()][place];
                let station = self.fabric.station(instance);
                if station.busy < station.servers && self.fabric.is_up(instance, self.now) {
                    return Some((instance, self.fabric.ends[arrow.at()][usize::from(ordinal)]));
                }
                break;
            }
        }
        None
    }

    fn deliver_message(&mut self, (queue, group): (InstanceId, u8), consumer: InstanceId, link: LinkId) {
        let ack = self.fabric.replica(consumer).consumer.ack;
        let Some(mut store) = self.fabric.queue(queue) else { return };
        let Some(mut message) = store.take(group) else { return };
        let visibility = store.visibility;
        self.flows.queue(queue).handed += 1;
        let consumer_node = self.fabric.home(consumer).node;
        let handlers = &self.plan.routes[message.route.at()].handlers;
        let Some((_, route)) = handlers.iter().copied().find(|(node, _)| *node == consumer_node) else { return };
        let trace = message.trace.cross(self.fabric.link(link).emitter.trace);
        let identity = message.identity.child(u64::from(message.deliveries));
        let delay = self.cross(link, consumer, (identity, message.context), Packet::Request(None));
        if ack == Ack::AfterHandling && (visibility.is_some() || delay.is_none()) {
            message.receipt = self.hold(queue, message);
        }
        let Some(delay) = delay else {
            if ack == Ack::OnDelivery {
                self.message_done(queue, &message);
            }
            return;
        };
        self.fabric.station(consumer).busy += 1;
        let visit = self.new_visit(Incoming {
            identity,
            instance: consumer,
            route,
            context: message.context,
            trace,
            reply_to: ReplyTo::Queue(queue),
            message: Some(message),
            link: Some(link),
            payload: None,
            key: Some(message.key),
        });
        self.later(delay, Event::Begin(visit));
    }

    /// The queue keeps a delivered message, and delivers it again when it hears nothing of it: after the visibility
    /// timeout, or when the connection to the consumer is found dead.
    fn hold(&mut self, queue: InstanceId, message: Message) -> u32 {
        let Some(mut store) = self.fabric.queue(queue) else { return 0 };
        let receipt = store.hold(message);
        let after = store.visibility.unwrap_or(CONNECTION_GIVES_UP);
        self.later(after, Event::Visible(queue, receipt));
        receipt
    }

    /// A consumer is done with a message.
    pub(super) fn handled(&mut self, queue: InstanceId, visit: &Visit) {
        let Some(message) = visit.message else { return };
        let ok = visit.status < 400;
        if self.fabric.replica(visit.instance).consumer.ack == Ack::OnDelivery {
            // One that was held when it was delivered, before the mode changed, may have become visible again.
            let held = |mut store: Mut<'_, QueueStore>| store.release(message.receipt).is_some();
            if message.receipt == 0 || self.fabric.queue(queue).is_some_and(held) {
                self.message_done(queue, &message);
            }
            return;
        }
        let heard = !self.acknowledgement_is_lost(visit);
        let Some(mut store) = self.fabric.queue(queue) else { return };
        if message.receipt != 0 {
            // What the queue hears nothing of, or what failed, becomes visible again by itself.
            if ok && heard && store.release(message.receipt).is_some() {
                self.message_done(queue, &message);
            }
        } else if !heard {
            self.hold(queue, message);
        } else if ok {
            self.message_done(queue, &message);
        } else {
            self.message_back(queue, message);
        }
    }

    fn acknowledgement_is_lost(&mut self, visit: &Visit) -> bool {
        let Some(link) = visit.link else { return false };
        let network = self.fabric.network(link);
        let may_be = network.loss > 0.0 || network.impaired;
        let who = (visit.identity.child(1), visit.context);
        may_be && self.cross(link, visit.instance, who, Packet::Acknowledgement).is_none()
    }

    /// A message that the queue held has not been acknowledged in time; without a receipt, the queue stood still and does
    /// not any more.
    pub(super) fn visible_again(&mut self, queue: InstanceId, receipt: u32) {
        let held = self.fabric.queue(queue).and_then(|mut store| store.release(receipt));
        if held.is_some() || receipt == 0 {
            held.into_iter().for_each(|message| self.message_back(queue, message));
            self.dispatch(queue);
        }
    }

    fn message_done(&mut self, queue: InstanceId, message: &Message) {
        if let Some(mut store) = self.fabric.queue(queue) {
            store.done(message);
        }
        self.flows.queue(queue).done += 1;
        self.carry(message.context, -1);
    }

    /// A message goes back to the queue, or is given up.
    fn message_back(&mut self, queue: InstanceId, message: Message) {
        let Home { node, ordinal, .. } = self.fabric.home(queue);
        let Some(mut store) = self.fabric.queue(queue) else { return };
        if message.deliveries < store.most_deliveries {
            self.flows.queue(queue).returned += 1;
            return store.put_back(message);
        }
        if let Some(letters) = self.plan.nodes[node.at()].dead_letters {
            store.dead_lettered += 1;
            let replicas = &self.fabric.replicas[letters.at()];
            let instance = replicas[usize::from(ordinal) % replicas.len()];
            let from = Some(queue);
            let letter = Message { deliveries: 0, receipt: 0, from, from_group: message.group, ..message };
            self.dead_letter(instance, letter);
        }
        self.message_done(queue, &message);
    }

    /// A queue takes in what another one gave up.
    fn dead_letter(&mut self, queue: InstanceId, message: Message) {
        let partition = self.partition_of(queue, message.context);
        let nobody_comes = self.plan.nodes[self.fabric.home(queue).node.at()].groups.is_empty();
        let Some(mut store) = self.fabric.queue(queue) else { return };
        if store.refuses() {
            return;
        }
        store.published += 1;
        for group in 0..store.groups() {
            self.take_in(queue, Message { group, partition, enqueued: self.now, ..message });
        }
        if nobody_comes {
            self.carry(message.context, -1);
        }
        self.dispatch(queue);
    }

    /// Dead letters go back to the queues that gave them up, and there to the groups that did. What one has no room for
    /// stays a dead letter.
    pub(super) fn redrive(&mut self, letters: InstanceId) {
        let nobody_came = self.plan.nodes[self.fabric.home(letters).node.at()].groups.is_empty();
        let Some(mut store) = self.fabric.queue(letters) else { return };
        for message in store.drain() {
            self.flows.queue(letters).handed += 1;
            let group = message.from_group;
            let room = |from: &InstanceId| self.fabric.queue(*from).is_some_and(|store| !store.has_no_room(group));
            let Some(queue) = message.from.filter(room) else {
                self.flows.queue(letters).returned += 1;
                if let Some(mut store) = self.fabric.queue(letters) {
                    store.put_back(message);
                }
                continue;
            };
            self.flows.queue(letters).done += 1;
            if !nobody_came {
                self.carry(message.context, -1);
            }
            let partition = self.partition_of(queue, message.context);
            self.take_in(queue, Message { group, partition, from: None, enqueued: self.now, ..message });
            self.dispatch(queue);
        }
    }
}
