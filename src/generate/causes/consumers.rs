//! Causes behind queues: consumers that are too slow, queues that overflow, messages that cannot be handled.

use super::super::survey::{Consumer, Survey};
use super::arrows::doubled;
use super::{Candidate, Degree, chart};
use crate::lab::{Fix, Show};
use crate::lesson::Mechanism;
use crate::world::{ChangeKind, Overflow, Set, Setting, Severity};

/// The factor on a consumer's own work that brings it to this share of what it can take; None if that is no factor that
/// anybody would believe.
fn factor(consumer: &Consumer<'_>, busy: f64) -> Option<f64> {
    let servers = f64::from(consumer.node.replicas) * f64::from(consumer.node.concurrency);
    let (work, whole) = (consumer.work.as_secs_f64(), consumer.handling.as_secs_f64());
    let allowed = busy * servers / consumer.rate;
    let factor = (allowed - (whole - work)) / work;
    (2.0..=400.0).contains(&factor).then(|| (factor * 10.0).round() / 10.0)
}

fn candidate(mechanism: Mechanism, consumer: &Consumer<'_>, degrees: Vec<Degree>) -> Candidate {
    let (name, queue) = (consumer.name, consumer.queue);
    let delivery = format!("{queue} -> {name}");
    let of_queue = [("service.name", queue)];
    Candidate {
        mechanism,
        alike: Vec::new(),
        at: vec![name.to_owned(), delivery.clone(), queue.to_owned()],
        silent_arrows: vec![delivery],
        kind: ChangeKind::Deploy,
        on: name.to_owned(),
        says: vec![
            format!("{name}: templates rendered by the new library"),
            format!("{name}: attachments and audit records for each message"),
        ],
        degrees,
        quiet: Vec::new(),
        fixes: vec![
            Fix::Scale { node: name.to_owned(), replicas: consumer.node.replicas.saturating_mul(2).max(2) },
            Fix::Restart { node: name.to_owned() },
        ],
        charts: vec![
            chart("messaging.queue.oldest_age", &of_queue, Show::Value),
            chart("messaging.queue.depth", &of_queue, Show::Value),
            chart("messaging.process.duration", &[("service.name", name)], Show::Mean),
            chart("messaging.client.consumed.messages", &[("service.name", name)], Show::Rate),
            chart("messaging.queue.dead_lettered", &of_queue, Show::Rate),
            chart("messaging.queue.redelivered", &of_queue, Show::Rate),
        ],
        hides: format!("the producer was told OK for each message, {queue} was up, and {name} made no mistake"),
        watch: format!("how old the oldest message of {queue} is"),
    }
}

fn degrees(consumer: &Consumer<'_>, busy: &[f64]) -> Vec<Degree> {
    let factors = busy.iter().filter_map(|busy| factor(consumer, *busy));
    let degree = |factor: f64| Degree {
        sets: vec![Set::new(consumer.name, Setting::WorkFactor(factor))],
        did: format!("each message costs {} {factor} times the work that it did before", consumer.name),
    };
    factors.map(degree).collect()
}

/// A consumer that is slower than its producer.
pub(super) fn slow(survey: &Survey<'_>) -> Vec<Candidate> {
    let of =
        |consumer: &Consumer<'_>| candidate(Mechanism::ConsumerLag, consumer, degrees(consumer, &[1.15, 1.35, 1.7]));
    survey.consumers.iter().map(of).collect()
}

/// The same, with a queue that is small and says OK to what it drops.
pub(super) fn overflowing(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |consumer: &Consumer<'_>| {
        let holds = (consumer.rate * survey.effects_within.as_secs_f64() * 0.25).clamp(20.0, 50_000.0) as u32;
        let mut found = candidate(Mechanism::QueueOverflow, consumer, degrees(consumer, &[1.15, 1.4]));
        let queue = consumer.queue;
        // What changed is the consumer: it is slow, and what it leaves waiting overflows.
        found.alike = vec![Mechanism::ConsumerLag];
        found.at = vec![queue.to_owned(), consumer.name.to_owned(), format!("{queue} -> {}", consumer.name)];
        found.at.extend(survey.into(queue).map(|way| way.name.clone()));
        found.silent_arrows.extend(survey.into(queue).map(|way| way.name.clone()));
        found.quiet = vec![
            Set::new(queue, Setting::QueueCapacity(holds)),
            Set::new(queue, Setting::Overflow(Overflow::DropNewest)),
        ];
        found.fixes.push(Fix::SetQueueCapacity { node: queue.to_owned(), capacity: holds * 4 });
        found.hides = format!("{queue} holds {holds} messages, acknowledges one more, and drops it");
        found.watch = format!("whether what is published to {queue} is also consumed");
        found
    };
    survey.consumers.iter().map(of).collect()
}

/// Messages that a consumer can never handle.
pub(super) fn poisoned(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |consumer: &Consumer<'_>| {
        let degree = |share: f64| Degree {
            sets: vec![Set::new(consumer.name, Setting::Poison(share))],
            did: format!("{} cannot read {:.0} % of the messages any more", consumer.name, share * 100.0),
        };
        let mut found = candidate(Mechanism::DeadLetters, consumer, [0.03, 0.08, 0.2].map(degree).into());
        found.at.push(consumer.node.consumes.as_ref().map_or(String::new(), |consumes| consumes.queue.clone()));
        found.at.dedup();
        let letters = survey.spec.nodes.get(consumer.queue).and_then(|node| node.queue.as_ref()?.dead_letters.clone());
        found.at.extend(letters);
        found.quiet = vec![Set::new(consumer.name, Setting::LogLevel(Severity::Error))];
        found.says = vec![
            format!("{}: stricter schema of messages", consumer.name),
            format!("{}: parser generated from the new schema registry", consumer.name),
        ];
        found.fixes = vec![
            Fix::Restart { node: consumer.name.to_owned() },
            Fix::Scale { node: consumer.name.to_owned(), replicas: doubled(survey, consumer.name) },
        ];
        found.hides = format!("{} gives a message up after some deliveries and tells no one", consumer.queue);
        found.watch = format!("how many messages {} gives up", consumer.queue);
        found
    };
    survey.consumers.iter().map(of).collect()
}
