//! Fixes of queues and of those who take from them.

use super::form::{FixField, FixKind, FixSort, FixTarget};
use super::sheet::Sheet;
use super::way::Way;
use crate::time::Duration;
use crate::world::{Ack, Overflow, Setting};

pub(super) const CAPACITY: FixKind = FixKind {
    verb: "queue-capacity",
    title: "Set the capacity of a queue",
    does: "change how many messages a queue holds",
    target: FixTarget::Queue,
    fields: &[FixField::new("capacity", "Messages", FixSort::Count(1, 10_000_000))],
    example: "queue-capacity orders 50000",
    way: Some(Way::Config),
    price: "what waits longer is later",
};

pub(super) fn capacity<'a>(node: &'a str, capacity: &'a u32) -> Sheet<'a> {
    Sheet::node(format!("let {node} hold {capacity} messages"), Setting::QueueCapacity(*capacity))
}

pub(super) const OVERFLOW: FixKind = FixKind {
    verb: "overflow",
    title: "Set what a full queue does",
    does: "change what a full queue does with one message more",
    target: FixTarget::Queue,
    fields: &[FixField::new(
        "overflow",
        "When full",
        FixSort::Choice(&[
            ("reject", "refuses it: the producer hears of it"),
            ("drop-newest", "accepts it and drops it"),
            ("drop-oldest", "drops the oldest instead"),
        ]),
    )],
    example: "overflow orders reject",
    way: Some(Way::Config),
    price: "a producer that is refused fails, waits or tries again: the pressure goes back to it",
};

pub(super) fn overflow<'a>(node: &'a str, overflow: &'a Overflow) -> Sheet<'a> {
    let does = match overflow {
        Overflow::Reject => "refuse new messages",
        Overflow::DropNewest => "drop new messages",
        Overflow::DropOldest => "drop its oldest message",
    };
    Sheet::node(format!("let {node} {does} when it is full"), Setting::Overflow(*overflow))
}

pub(super) const ACK_MODE: FixKind = FixKind {
    verb: "ack",
    title: "Set when a consumer acknowledges",
    does: "change when a consumer acknowledges messages",
    target: FixTarget::Consumer,
    fields: &[FixField::new(
        "ack",
        "Acknowledges",
        FixSort::Choice(&[
            ("after-handling", "when a message was handled"),
            ("on-delivery", "when a message arrives: what fails then is lost"),
        ]),
    )],
    example: "ack mailer after-handling",
    way: Some(Way::Deploy),
    price: "what is acknowledged after handling may be handled twice, what is acknowledged before may be lost",
};

pub(super) fn ack_mode<'a>(node: &'a str, ack: &'a Ack) -> Sheet<'a> {
    let when = match ack {
        Ack::AfterHandling => "after it was handled",
        Ack::OnDelivery => "as it arrives",
    };
    Sheet::node(format!("let {node} acknowledge each message {when}"), Setting::AckMode(*ack))
}

pub(super) const MAX_DELIVERIES: FixKind = FixKind {
    verb: "max-deliveries",
    title: "Set the deliveries of a message",
    does: "change how often a queue delivers one message before it gives up",
    target: FixTarget::Queue,
    fields: &[FixField::new("deliveries", "Deliveries", FixSort::Count(1, 100))],
    example: "max-deliveries orders 5",
    way: Some(Way::Config),
    price: "a message that can never be handled takes consumers' time at each delivery",
};

pub(super) fn max_deliveries<'a>(node: &'a str, deliveries: &'a u8) -> Sheet<'a> {
    let words = format!("let {node} deliver a message {deliveries} times before it gives up");
    Sheet::node(words, Setting::MaxDeliveries(*deliveries))
}

pub(super) const VISIBILITY: FixKind = FixKind {
    verb: "visibility",
    title: "Set the visibility timeout of a queue",
    does: "change how long a delivered message may stay without acknowledgement",
    target: FixTarget::Queue,
    fields: &[FixField::new("timeout", "How long", FixSort::Time(Duration::from_millis(1), Duration::from_mins(60)))
        .or_none("waits as long as the consumer's connection lives")],
    example: "visibility orders 2m",
    way: Some(Way::Config),
    price: "shorter than the handling takes, and messages are handled twice",
};

pub(super) fn visibility<'a>(node: &'a str, timeout: &'a Option<Duration>) -> Sheet<'a> {
    let words = match timeout {
        Some(timeout) => format!("let {node} deliver again what is not acknowledged within {timeout}"),
        None => format!("remove the visibility timeout of {node}"),
    };
    Sheet::node(words, Setting::Visibility(*timeout))
}

pub(super) const REDRIVE: FixKind = FixKind {
    verb: "redrive",
    title: "Redrive dead letters",
    does: "send dead letters back to the queues that gave them up",
    target: FixTarget::DeadLetters,
    fields: &[],
    example: "redrive dead-letters",
    way: Some(Way::Command),
    price: "all come at once, in front of nothing else; what still cannot be handled comes back",
};

pub(super) fn redrive(node: &str) -> Sheet<'_> {
    Sheet::node(format!("send the messages of {node} back to where they came from"), Setting::Redrive)
}
