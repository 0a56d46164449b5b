//! How changes happen: for whom, in which steps, and what they wait for.

use std::collections::BTreeSet;

use super::Place;
use crate::diagnostic::{DataPath, Findings};
use crate::time::Duration;
use crate::world::check::ranges;
use crate::world::{Change, Cohort, Condition, Set};

const DAY: Duration = Duration::from_mins(24 * 60);

/// What a change is as a whole.
pub(super) fn check(place: &Place<'_>, found: &mut Findings, path: &DataPath, change: &Change) {
    if let Some(condition) = &change.when {
        self::condition(place, found, &path.field("when"), condition);
    }
    let Some(gradual) = change.gradual else { return };
    let path = path.field("gradual");
    found.range(&path.field("steps"), "the number of steps", gradual.steps, 1..=1_000);
    if gradual.over == Duration::ZERO {
        found.value(
            &path.field("over"),
            "a gradual change over no time at all",
            "write a time, or leave `gradual` out",
        );
    } else {
        ranges::up_to_a_day(found, &path.field("over"), "`over`", gradual.over);
    }
    if change.rolling != Duration::ZERO {
        found.key(&path, "a change is gradual or rolling, not both", "leave one of the two out");
    }
}

/// For whom a setting changes, and whether it can change in steps.
pub(super) fn set(place: &Place<'_>, found: &mut Findings, path: &DataPath, (change, set): (&Change, &Set)) {
    let zones = place.spec.nodes.values().flat_map(|node| node.zones.iter().map(String::as_str));
    let zones: BTreeSet<&str> = zones.collect();
    for (at, zone) in set.zones.iter().enumerate().filter(|(_, zone)| !zones.contains(zone.as_str())) {
        found.unknown(&path.field("zones").at(at), "zone", zone, zones.iter().copied());
    }
    let word = super::settings::name(&set.to);
    match &set.users {
        Some(users) if set.to.is_for_users() => cohort(place, found, &path.field("users"), users),
        Some(_) => {
            let what = format!("`{word}` is the same for all users");
            found.value(&path.field("users"), what, "leave `users` out, or choose replicas or zones");
        }
        None if change.gradual.is_some() && !set.to.is_gradual() => {
            let what = format!("`{word}` has no values between the old one and this");
            found.value(&path.field("to"), what, "make this change at once, or rolling");
        }
        None => {}
    }
}

fn cohort(place: &Place<'_>, found: &mut Findings, path: &DataPath, cohort: &Cohort) {
    ranges::share(found, &path.field("share"), "`share`", cohort.share);
    let users = || place.spec.nodes.values().filter_map(|node| node.users.as_ref());
    let known: [(&str, &str, &[String], BTreeSet<&str>); 3] = [
        (
            "regions",
            "region",
            &cohort.regions,
            users().flat_map(|users| users.regions.keys().map(String::as_str)).collect(),
        ),
        (
            "accounts",
            "account type",
            &cohort.accounts,
            users().flat_map(|users| users.accounts.keys().map(String::as_str)).collect(),
        ),
        (
            "clients",
            "client version",
            &cohort.clients,
            users().flat_map(|users| users.clients.keys().map(String::as_str)).collect(),
        ),
    ];
    for (field, kind, wanted, known) in known {
        for (at, word) in wanted.iter().enumerate().filter(|(_, word)| !known.contains(word.as_str())) {
            found.unknown(&path.field(field).at(at), kind, word, known.iter().copied());
        }
    }
}

fn condition(place: &Place<'_>, found: &mut Findings, path: &DataPath, condition: &Condition) {
    let Some(node) = place.node(found, &path.at(0), condition.node()) else { return };
    match condition {
        Condition::QueueDepth(..) | Condition::QueueAge(..) if node.queue.is_none() => {
            let queues = place.spec.nodes.iter().filter(|(_, node)| node.queue.is_some());
            found.unknown(&path.at(0), "queue", condition.node(), queues.map(|(name, _)| name.as_str()));
        }
        Condition::TimeOfDay(_, time) if *time >= DAY => {
            found.value(
                &path.at(1),
                format!("a time of day of {time}"),
                "write the time since midnight, such as \"8h30m\"",
            );
        }
        _ => {}
    }
}
