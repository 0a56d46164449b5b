//! Users and journeys: where they enter, what they ask for and what they are owed.

use std::collections::BTreeMap;

use super::{Check, label, name, nodes::message_name, ranges};
use crate::diagnostic::{DataPath, Findings};
use crate::time::Duration;
use crate::world::{Journey, Owes, Users};

/// Effects that one debt can keep count of.
pub(super) const MOST_EFFECTS: usize = 4;
/// Data that one answer can hold.
pub(super) const MOST_PARTS: usize = 8;
/// Crowds of one node of users.
const MOST_CROWDS: usize = 64;

impl<'a> Check<'a> {
    pub(super) fn users(&mut self) {
        let spec = self.spec;
        for (node_name, node) in &spec.nodes {
            let Some(users) = &node.users else { continue };
            let node_path = DataPath::root().field("nodes").key(node_name);
            let path = node_path.field("users");
            numbers(&mut self.found, &path, users);
            for journey in users.journeys.keys().filter(|journey| !spec.journeys.contains_key(*journey)) {
                let at = path.field("journeys").key(journey);
                let help = crate::diagnostic::did_you_mean(
                    journey,
                    spec.journeys.keys().map(String::as_str),
                    "declare it under `journeys`",
                );
                self.found.key(&at, format!("there is no journey `{}`", crate::diagnostic::short(journey)), help);
            }
            let callees: Vec<&str> =
                self.out.get(node_name.as_str()).into_iter().flat_map(|to| to.keys().copied()).collect();
            match callees[..] {
                [entry] => self.requests(users, entry),
                [] => self.found.key(
                    &node_path,
                    format!("no arrow leads from the users `{node_name}` into the system"),
                    format!("add \"{node_name} -> …\": () to `arrows`"),
                ),
                _ => self.found.key(
                    &node_path,
                    format!("{} arrows lead from the users `{node_name}`, and there may be one", callees.len()),
                    "put a load balancer or a gateway between, or make several nodes of users",
                ),
            }
        }
    }

    /// Every request of these users' journeys must be answered where they enter.
    fn requests(&mut self, users: &'a Users, entry: &'a str) {
        let spec = self.spec;
        for (journey_name, journey) in users.journeys.keys().filter_map(|name| spec.journeys.get_key_value(name)) {
            for (at, step) in journey.steps.iter().enumerate() {
                if super::nodes::is_request(&step.request) {
                    let path =
                        DataPath::root().field("journeys").key(journey_name).field("steps").at(at).field("request");
                    self.route(&path, entry, &step.request);
                }
            }
        }
    }

    pub(super) fn journeys(&mut self) {
        let spec = self.spec;
        for (journey_name, journey) in &spec.journeys {
            let path = DataPath::root().field("journeys").key(journey_name);
            name(&mut self.found, &path, true, journey_name);
            self.journey(&path, journey);
        }
    }

    fn journey(&mut self, path: &DataPath, journey: &'a Journey) {
        let steps = path.field("steps");
        if !(1..=255).contains(&journey.steps.len()) {
            let what = format!("a journey of {} steps", journey.steps.len());
            self.found.value(&steps, what, "write 1 to 255 steps");
        }
        for (at, step) in journey.steps.iter().enumerate() {
            let path = steps.at(at);
            self.request(&path.field("request"), &step.request);
            ranges::dist(&mut self.found, &path.field("think"), "`think`", &step.think);
            self.owes(&path.field("owes"), &step.owes);
        }
    }

    fn owes(&mut self, path: &DataPath, owes: &'a Owes) {
        for (at, part) in owes.parts.iter().enumerate() {
            self.datum(&path.field("parts").at(at), part);
        }
        let found = &mut self.found;
        if owes.parts.len() > MOST_PARTS {
            let what = format!("an answer with {} parts", owes.parts.len());
            found.value(&path.field("parts"), what, format!("owe at most {MOST_PARTS} parts"));
        }
        if owes.effects.len() > MOST_EFFECTS {
            let what = format!("a debt of {} different effects", owes.effects.len());
            found.value(&path.field("effects"), what, format!("owe at most {MOST_EFFECTS} different effects"));
        }
        for (effect, times) in &owes.effects {
            let at = path.field("effects").key(effect);
            message_name(found, &at, true, effect);
            found.range(&at, "how many times an effect is owed", *times, 1..=1_000);
        }
        for (at, effect) in owes.order.iter().enumerate() {
            let path = path.field("order").at(at);
            if owes.order[..at].contains(effect) {
                found.value(&path, format!("`{effect}` is named twice"), "name each effect once");
            } else if !owes.effects.contains_key(effect) {
                found.unknown(&path, "owed effect", effect, owes.effects.keys().map(String::as_str));
            }
        }
        ranges::some_time(found, &path.field("answer_within"), "`answer_within`", owes.answer_within);
        let least = if owes.effects.is_empty() { Duration::ZERO } else { Duration(1) };
        ranges::time(found, &path.field("effects_within"), "`effects_within`", owes.effects_within, least);
        if let Some(fresh) = owes.fresh_within {
            ranges::up_to_a_day(found, &path.field("fresh_within"), "`fresh_within`", fresh);
        }
    }
}

fn numbers(found: &mut Findings, path: &DataPath, users: &Users) {
    found.range(&path.field("count"), "the number of users", users.count, 1..=100_000_000);
    let rate = path.field("journeys_per_second");
    if users.journeys_per_second == 0.0 && users.trace.is_none() {
        found.value(&rate, "users who start 0 journeys per second do nothing", "write a number above 0, up to 100,000");
    } else {
        found.range(&rate, "`journeys_per_second`", users.journeys_per_second, 0.0..=100_000.0);
    }
    weights(found, &path.field("journeys"), "journey", &users.journeys, true);
    weights(found, &path.field("regions"), "region", &users.regions, true);
    weights(found, &path.field("accounts"), "account type", &users.accounts, false);
    weights(found, &path.field("clients"), "client version", &users.clients, false);
    ranges::share(found, &path.field("daily_swing"), "`daily_swing`", users.daily_swing);
    crowds(found, &path.field("crowds"), users);
    let reports = path.field("reports");
    ranges::share(found, &reports.field("probability"), "`probability`", users.reports.probability);
    ranges::dist(found, &reports.field("delay"), "`delay`", &users.reports.delay);
    found.range(&reports.field("idle_per_hour"), "`idle_per_hour`", users.reports.idle_per_hour, 0.0..=3_600.0);
}

fn crowds(found: &mut Findings, path: &DataPath, users: &Users) {
    if users.crowds.len() > MOST_CROWDS {
        let what = format!("{} crowds", users.crowds.len());
        found.value(path, what, format!("write at most {MOST_CROWDS}, or a trace"));
    }
    for (at, crowd) in users.crowds.iter().enumerate() {
        let path = path.at(at);
        ranges::some_time(found, &path.field("lasts"), "`lasts`", crowd.lasts);
        found.range(&path.field("factor"), "a crowd's `factor`", crowd.factor, 0.0..=1_000.0);
    }
}

fn weights(found: &mut Findings, path: &DataPath, kind: &str, weights: &BTreeMap<String, f64>, needed: bool) {
    if weights.is_empty() && needed {
        found.value(path, format!("users need at least one {kind}"), format!("write {{ \"a {kind}\": 1.0 }}"));
    }
    for (word, weight) in weights {
        let at = path.key(word);
        label(found, &at, true, word);
        if !(*weight > 0.0 && *weight <= 1e9) {
            let what = format!("the weight {weight:?} is not a number above 0, up to 1e9");
            found.value(&at, what, "write a number such as 1.0; only how weights compare matters");
        }
    }
}
