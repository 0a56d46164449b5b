//! Fixes of processes: what runs, how many, what they accept, and roll-backs.

use super::deployed::Deployed;
use super::form::{FixField, FixKind, FixSort, FixTarget, SWITCH};
use super::sheet::Sheet;
use super::way::Way;
use crate::engine::NodeConfig;
use crate::lab::Refusal;
use crate::time::Duration;
use crate::world::{Autoscale, Idempotency, Setting};

pub(super) const ROLL_BACK: FixKind = FixKind {
    verb: "roll-back",
    title: "Roll back a change",
    does: "undo a change of the feed",
    target: FixTarget::Change,
    fields: &[],
    example: "roll-back deploy-1412",
    way: None,
    price: "",
};

pub(super) fn roll_back(change: &str) -> Sheet<'_> {
    Sheet::undo(format!("roll back {change}"))
}

/// A kind of fix of a whole node.
const fn node(
    names: [&'static str; 3],
    fields: &'static [FixField],
    example: &'static str,
    way: Way,
    price: &'static str,
) -> FixKind {
    let [verb, title, does] = names;
    FixKind { verb, title, does, target: FixTarget::Node, fields, example, way: Some(way), price }
}

pub(super) const RESTART: FixKind = node(
    ["restart", "Restart a node", "restart all replicas, one after another"],
    &[],
    "restart catalog",
    Way::Restart,
    "",
);

pub(super) fn restart(node: &str) -> Sheet<'_> {
    Sheet::node(format!("restart {node}"), Setting::Restart)
}

const WHICH: &[FixField] = &[FixField::new("replica", "Replica, counted from 1", FixSort::Count(1, 1000))];

/// Something that is done to one replica.
fn one(words: String, replica: &u16, to: Setting) -> Sheet<'_> {
    let does = move |_: &Deployed<'_>, name: &str, now: &NodeConfig| {
        if !(1..=now.replicas).contains(replica) {
            let what = format!("`{name}` has {} replicas, and none is number {replica}", now.replicas);
            return Err(Refusal::new(what, format!("give a number from 1 to {}", now.replicas)));
        }
        Ok(vec![to.clone()])
    };
    Sheet { replicas: vec![*replica], ..Sheet::node_with(words, does) }
}

pub(super) const RESTART_REPLICA: FixKind = node(
    ["restart-replica", "Restart one replica", "restart one replica of a node, where it is"],
    WHICH,
    "restart-replica catalog 2",
    Way::Restart,
    "a fault of its host stays",
);

pub(super) fn restart_replica<'a>(node: &'a str, replica: &'a u16) -> Sheet<'a> {
    one(format!("restart replica {replica} of {node}"), replica, Setting::Restart)
}

pub(super) const REPLACE_REPLICA: FixKind = node(
    ["replace-replica", "Replace one replica", "replace one replica by a new one on another host"],
    WHICH,
    "replace-replica catalog 2",
    Way::Replacement,
    "",
);

pub(super) fn replace_replica<'a>(node: &'a str, replica: &'a u16) -> Sheet<'a> {
    let words = format!("replace replica {replica} of {node} by one on another host");
    one(words, replica, Setting::Replace)
}

pub(super) const REMOVE_REPLICA: FixKind = node(
    ["remove-replica", "Take one replica out of service", "stop one replica; the others take its share"],
    WHICH,
    "remove-replica catalog 2",
    Way::Command,
    "the others have more to do, until it is rolled back or the replica replaced",
);

pub(super) fn remove_replica<'a>(node: &'a str, replica: &'a u16) -> Sheet<'a> {
    one(format!("take replica {replica} of {node} out of service"), replica, Setting::Down(true))
}

pub(super) const SCALE: FixKind = node(
    ["scale", "Scale a node", "change the number of replicas"],
    &[FixField::new("replicas", "Replicas", FixSort::Count(1, 1000))],
    "scale worker 4",
    Way::Scaling,
    "four times what there is at most; more replicas are more load on what is behind them",
);

pub(super) fn scale<'a>(node: &'a str, replicas: &'a u16) -> Sheet<'a> {
    Sheet::node_with(format!("scale {node} to {replicas} replicas"), |_, _, now| {
        let most = now.replicas.saturating_mul(4).clamp(8, 64);
        if *replicas > most {
            return Err(Refusal::range("the number of replicas", 1, most));
        }
        Ok(vec![Setting::Replicas(*replicas)])
    })
}

pub(super) const AUTOSCALE: FixKind = node(
    ["autoscale", "Scale a node automatically", "let the number of replicas follow how busy they are"],
    &[
        FixField::new("min", "Fewest replicas", FixSort::Count(1, 64)),
        FixField::new("max", "Most replicas", FixSort::Count(1, 64)),
        FixField::new("target", "Share of servers that should be busy", FixSort::Share(0.05, 1.0)).usually("0.6"),
    ],
    "autoscale catalog 2 8 target=0.6",
    Way::Config,
    "it sees how busy replicas are and nothing else; each new one takes time, and loads what is behind",
);

pub(super) fn autoscale<'a>(node: &'a str, min: &'a u16, max: &'a u16, target: &'a f64) -> Sheet<'a> {
    let busy = target * 100.0;
    Sheet::node_with(format!("let {node} have {min} to {max} replicas, {busy:.0} % busy"), move |_, _, now| {
        if min > max {
            return Err(Refusal::new(
                format!("at least {min} is more than at most {max}"),
                "give the smaller one first",
            ));
        }
        let usual = Autoscale::between(*min, *max, *target);
        let policy = now.autoscale.map_or(usual, |now| Autoscale { min: *min, max: *max, target: *target, ..now });
        Ok(vec![Setting::Autoscale(Some(policy))])
    })
}

pub(super) const NO_AUTOSCALE: FixKind = node(
    ["stop-autoscale", "Stop scaling automatically", "leave the number of replicas as it is"],
    &[],
    "stop-autoscale catalog",
    Way::Config,
    "",
);

pub(super) fn no_autoscale(node: &str) -> Sheet<'_> {
    Sheet::node_with(format!("stop the autoscaler of {node}"), |_, name, now| match now.autoscale {
        Some(_) => Ok(vec![Setting::Autoscale(None)]),
        None => Err(Refusal::new(format!("`{name}` has no autoscaler"), "look at its configuration")),
    })
}

pub(super) const CONCURRENCY: FixKind = node(
    [
        "concurrency",
        "Set the concurrency of a node",
        "change how many requests or messages one replica works on at a time",
    ],
    &[FixField::new("concurrency", "At a time, per replica", FixSort::Count(1, 10_000))],
    "concurrency worker 8",
    Way::Config,
    "more at a time are more calls at a time for what is behind",
);

pub(super) fn concurrency<'a>(node: &'a str, concurrency: &'a u32) -> Sheet<'a> {
    let words = format!("let each replica of {node} work on {concurrency} at a time");
    Sheet::node(words, Setting::Concurrency(*concurrency))
}

pub(super) const QUEUE_LIMIT: FixKind = node(
    [
        "queue-limit",
        "Limit who waits at a node (shed load)",
        "change how many requests may wait at one replica; more are refused with 503 at once",
    ],
    &[FixField::new("limit", "Requests that may wait", FixSort::Count(0, 10_000_000))],
    "queue-limit catalog 50",
    Way::Config,
    "who is refused gets an error, or is tried again by a caller with retries",
);

pub(super) fn queue_limit<'a>(node: &'a str, limit: &'a u32) -> Sheet<'a> {
    Sheet::node(format!("let {limit} requests wait at each replica of {node}"), Setting::QueueLimit(*limit))
}

pub(super) const FLAG: FixKind = FixKind {
    verb: "flag",
    title: "Switch a feature flag",
    does: "switch a feature flag on or off, for everybody",
    target: FixTarget::Flagged,
    fields: &[FixField::new("flag", "Flag", FixSort::Flag), FixField::new("on", "Switched", SWITCH)],
    example: "flag catalog new-search off",
    way: Some(Way::Flag),
    price: "who had the flag otherwise loses that",
};

pub(super) fn flag<'a>(node: &'a str, flag: &'a str, on: &'a bool) -> Sheet<'a> {
    let switched = if *on { "on" } else { "off" };
    Sheet::node_with(format!("switch the flag {flag} of {node} {switched}"), move |_, _, now| {
        let flag = flag.trim();
        if !now.flags.contains_key(flag) {
            return Err(Refusal::unknown("flag", flag, now.flags.keys().map(String::as_str)));
        }
        Ok(vec![Setting::Flag(flag.to_owned(), *on)])
    })
}

pub(super) const IDEMPOTENCY: FixKind = node(
    [
        "idempotency-keys",
        "Keep idempotency keys",
        "make a node remember idempotency keys, so that what comes twice is done once",
    ],
    &[FixField::new(
        "keep",
        "How long a key is kept",
        FixSort::Time(Duration::from_secs(1), Duration::from_mins(60 * 24)),
    )],
    "idempotency-keys payments 24h",
    Way::Deploy,
    "helps only with requests that carry a key",
);

pub(super) fn idempotency<'a>(node: &'a str, keep: &'a Duration) -> Sheet<'a> {
    let words = format!("let {node} keep idempotency keys for {keep}");
    Sheet::node(words, Setting::Idempotency(Some(Idempotency { keep: *keep, shared: true })))
}
