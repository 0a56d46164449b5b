//! Whether a lesson is right: its own words and numbers, and everything that it names in its world. Changes and their
//! settings are checked in [`settings`]; never runs anything.

mod changes;
mod fixes;
mod settings;

use std::path::{Component, Path};

use super::{Cause, Effect, LessonSpec, Mechanism, Part, SHORTEST_HISTORY};
use crate::World;
use crate::diagnostic::{DataPath, Findings, did_you_mean, short};
use crate::lab::{ChartQuery, Query, Show};
use crate::query::Language;
use crate::time::{LONGEST_RUN, SimTime};
use crate::world::check::{Neighbours, canonical, format_words, name, neighbours, not_blank, split};
use crate::world::{FORMAT, WorldSpec};

pub(super) use fixes::arrow_of;

/// How many hints there are.
const HINTS: usize = 3;
/// The most changes, settings in them, and fixes.
const MOST_CHANGES: usize = 1_000;
/// The steps of the work.
const STEPS: usize = 9;

/// The lesson's world, and its arrows by both ends.
struct Place<'a> {
    spec: &'a WorldSpec,
    out: Neighbours<'a>,
    /// The world's events per second, when they are asked for.
    events: std::cell::OnceCell<f64>,
}

/// Adds all that is wrong with a lesson that somebody wrote. Without a world, only what can be said without one.
pub(super) fn lesson(spec: &LessonSpec, world: Option<&World>, found: &mut Findings) {
    if spec.cause.mechanism != Mechanism::NoIncident {
        fix_effect(spec, Effect::Symptom, "only seems to end it", found);
    }
    any_lesson(spec, world, found);
}

/// The same of any lesson. What fixes do in a generated one was measured, and there may be no symptom patch among them.
pub(super) fn any_lesson(spec: &LessonSpec, world: Option<&World>, found: &mut Findings) {
    root(spec, found);
    texts(spec, found);
    evidence(spec, found);
    if !fits(spec, found) {
        return;
    }
    script(spec, found);
    cause_change(spec, found);
    if spec.cause.mechanism != Mechanism::NoIncident {
        fix_effect(spec, Effect::Root, "ends the harm", found);
    }
    let Some(world) = world else { return };
    let place = Place { spec: world.spec(), out: neighbours(world.spec()), events: Default::default() };
    settings::check(spec, &place, found);
    fixes::check(spec, &place, found);
    cause_places(spec, &place, found);
}

/// Whether a path stays in the folder that it is relative to.
pub(crate) fn is_inside(path: &str) -> bool {
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    !path.is_empty() && Path::new(path).components().all(inside) && !path.contains('\\')
}

/// Whether there are no more changes and fixes than a lesson can have.
fn fits(spec: &LessonSpec, found: &mut Findings) -> bool {
    let root = DataPath::root();
    let sets = spec.script.iter().map(|scripted| scripted.change.sets.len()).sum();
    let counts = [
        ("script", "the number of changes", spec.script.len()),
        ("script", "the number of settings in all changes", sets),
        ("fixes", "the number of fixes", spec.fixes.len()),
    ];
    let within = counts.map(|(field, what, count)| found.range(&root.field(field), what, count, 0..=MOST_CHANGES));
    within == [true; 3]
}

fn root(spec: &LessonSpec, found: &mut Findings) {
    let root = DataPath::root();
    if spec.format != FORMAT {
        let (what, help) = format_words(spec.format);
        found.value(&root.field("format"), what, help);
    }
    name(found, &root.field("id"), false, &spec.id);
    if !is_inside(&spec.world) {
        let what = format!("`{}` is not a path inside the folder of worlds and lessons", short(&spec.world));
        found.value(
            &root.field("world"),
            what,
            "write a relative path without `..`, such as \"worlds/storefront.ron\"",
        );
    }
    let (least, most) = (SimTime(SHORTEST_HISTORY.0), SimTime(LONGEST_RUN.0));
    if spec.opens_at < least {
        let what = format!("the learner arrives at {}, before there is a history to compare with", spec.opens_at);
        found.value(&root.field("opens_at"), what, format!("write a time from \"{least}\" on"));
    } else if spec.opens_at > most {
        found.value(&root.field("opens_at"), "the learner arrives after the longest run", "write an earlier time");
    }
}

fn texts(spec: &LessonSpec, found: &mut Findings) {
    let (path, texts) = (DataPath::root().field("texts"), &spec.texts);
    let all = [
        ("title", &texts.title),
        ("summary", &texts.summary),
        ("reporter", &texts.reporter),
        ("ticket", &texts.ticket),
        ("debrief", &texts.debrief),
    ];
    for (field, text) in all {
        not_blank(found, &path.field(field), &format!("`{field}`"), text);
    }
    for (field, list) in [("assumes", &texts.assumes), ("teaches", &texts.teaches)] {
        for (at, line) in list.iter().enumerate() {
            not_blank(found, &path.field(field).at(at), "this line", line);
        }
    }
    let hints = path.field("hints");
    if texts.hints.len() != HINTS {
        let what = format!("a lesson has {HINTS} hints, and here are {}", texts.hints.len());
        found.value(&hints, what, format!("write {HINTS} hints, each saying more than the one before"));
    }
    for (at, hint) in texts.hints.iter().enumerate() {
        not_blank(found, &hints.at(at), "this hint", hint);
    }
    let expert = path.field("expert");
    if texts.expert.len() > STEPS {
        let what = format!("the work has {STEPS} steps, and here are {} lines", texts.expert.len());
        found.value(&expert, what, format!("write at most {STEPS} lines"));
    }
    for (at, line) in texts.expert.iter().enumerate() {
        not_blank(found, &expert.at(at), "this line", line);
    }
}

fn evidence(spec: &LessonSpec, found: &mut Findings) {
    let path = DataPath::root().field("evidence");
    if spec.evidence.is_empty() && spec.cause.mechanism != Mechanism::NoIncident {
        found.value(&path, "there is no evidence of the cause", "add a chart that shows it");
    }
    for (at, evidence) in spec.evidence.iter().enumerate() {
        let path = path.at(at);
        let chart = path.field("chart");
        if let Some(query) = &evidence.query {
            if evidence.chart != ChartQuery::default() {
                found.value(&chart, "there is a query as well", "leave one of them out");
            }
            asked(query, &path.field("query"), found);
        } else if evidence.chart.metric.trim().is_empty() {
            let help = "write a metric's name, such as \"http.server.request.duration\"";
            found.value(&chart.field("metric"), "the chart names no metric", help);
        }
        if let Show::Quantile(quantile) = evidence.chart.show {
            found.range(&chart.field("show").at(0), "a quantile", quantile, 0.0..=1.0);
        }
        not_blank(found, &path.field("shows"), "`shows`", &evidence.shows);
    }
}

/// A query must give numbers over time.
fn asked(query: &Query, path: &DataPath, found: &mut Findings) {
    let expression = path.field("expression");
    if query.language == Language::Traceql {
        found.value(&path.field("language"), "TraceQL gives traces, and evidence is numbers", "write PromQL or LogQL");
    } else if query.expression.trim().is_empty() {
        found.value(&expression, "nothing is asked", "write an expression, such as `sum(rate(cache_hits_total[5m]))`");
    } else if let Err(error) = query.language.check(&query.expression) {
        found.value(&expression, error.to_string(), format!("write what {} understands", query.language.name()));
    }
}

/// What can be said of changes without a world: their names, times and what they undo.
fn script(spec: &LessonSpec, found: &mut Findings) {
    let script = DataPath::root().field("script");
    for (at, scripted) in spec.script.iter().enumerate() {
        let path = script.at(at);
        let change = path.field("change");
        let earlier = spec.script.get(..at).unwrap_or_default();
        let id = &scripted.change.id;
        if id.trim().is_empty() || id.len() > 64 || id.contains(char::is_whitespace) {
            let help = "write 1 to 64 characters without blanks, such as \"deploy-1412\"";
            found.value(&change.field("id"), format!("`{}` is not an identifier of a change", short(id)), help);
        }
        if earlier.iter().any(|before| before.change.id == *id) {
            found.value(
                &change.field("id"),
                format!("another change is called `{}` already", short(id)),
                "rename one of the two",
            );
        }
        if scripted.at > SimTime(LONGEST_RUN.0) {
            found.value(&path.field("at"), "this is later than the longest run", "write an earlier time");
        }
        let Some(undone) = &scripted.change.undoes else {
            let nothing = scripted.change.sets.is_empty() && scripted.change.says.is_none();
            if nothing {
                let help = "give it `sets: […]`, `undoes: \"…\"`, or words for the feed in `says`";
                found.value(&change, "this change does nothing, and nobody hears of it", help);
            }
            continue;
        };
        let before =
            || earlier.iter().filter(|before| before.at <= scripted.at).map(|before| before.change.id.as_str());
        if !before().any(|id| id == undone) && !found.is_full() {
            let what = format!("there is no earlier change `{}` to undo", short(undone));
            let help = did_you_mean(undone, before(), "list the change that it undoes before it, at an earlier time");
            found.value(&change.field("undoes"), what, help);
        }
    }
}

fn cause_change(spec: &LessonSpec, found: &mut Findings) {
    let path = DataPath::root().field("cause").field("change");
    if spec.cause.mechanism == Mechanism::NoIncident {
        if !spec.cause.change.is_empty() {
            found.value(&path, "no change causes nothing", "write change: \"\" where the mechanism is NoIncident");
        }
        if let Some(at) = spec.script.iter().position(|scripted| scripted.part == Part::Cause) {
            let path = DataPath::root().field("script").at(at).field("part");
            found.value(
                &path,
                "nothing is wrong in this lesson, so no change is its cause",
                "write RedHerring or Background",
            );
        }
        return;
    }
    let scripted = || spec.script.iter().filter(|scripted| scripted.part == Part::Cause);
    let ids = || scripted().map(|scripted| scripted.change.id.as_str());
    for (path, cause) in causes(spec) {
        let path = path.field("change");
        if ids().any(|id| id == cause.change) {
            continue;
        }
        let (what, help) = match spec.script.iter().find(|scripted| scripted.change.id == cause.change) {
            Some(other) => (
                format!("the change `{}` is scripted as {:?}", short(&cause.change), other.part),
                "give it part: Cause",
            ),
            None => (
                format!("there is no scripted change `{}`", short(&cause.change)),
                "give one change of the script part: Cause",
            ),
        };
        found.value(&path, what, did_you_mean(&cause.change, ids(), help));
    }
}

fn fix_effect(spec: &LessonSpec, effect: Effect, why: &str, found: &mut Findings) {
    if !spec.fixes.iter().any(|named| named.effect == effect) {
        let what = format!("no fix has the effect {effect:?}");
        found.value(&DataPath::root().field("fixes"), what, format!("add a fix that {why}"));
    }
}

fn cause_places(spec: &LessonSpec, place: &Place<'_>, found: &mut Findings) {
    for (path, cause) in causes(spec) {
        if cause.at.is_empty() && cause.mechanism != Mechanism::NoIncident {
            found.value(&path.field("at"), "the cause is nowhere", "name a node, or an arrow as \"from -> to\"");
        }
        for (at, node_or_arrow) in cause.at.iter().enumerate() {
            place.target(found, &path.field("at").at(at), node_or_arrow);
        }
        for (at, arrow) in cause.silent_arrows.iter().enumerate() {
            place.arrow(found, &path.field("silent_arrows").at(at), arrow);
        }
    }
}

/// All causes, and where each is written.
fn causes(spec: &LessonSpec) -> impl Iterator<Item = (DataPath, &Cause)> {
    let root = DataPath::root();
    let also = root.field("also");
    let further = spec.also.iter().enumerate().map(move |(at, cause)| (also.at(at), cause));
    std::iter::once((root.field("cause"), &spec.cause)).chain(further)
}

/// What a change or a fix is about.
#[derive(Clone, Copy, Debug)]
enum Target<'a> {
    Node(&'a str),
    /// An arrow, by its caller.
    Arrow(&'a str),
}

impl<'a> Place<'a> {
    /// A node or an arrow of the world; if it is neither, that is wrong.
    fn target<'n>(&self, found: &mut Findings, path: &DataPath, name: &'n str) -> Option<Target<'n>> {
        if name.contains("->") {
            return self.arrow(found, path, name).map(|(from, _)| Target::Arrow(from));
        }
        if self.spec.nodes.contains_key(name) {
            return Some(Target::Node(name));
        }
        let nodes = self.spec.nodes.keys().map(String::as_str);
        found.unknown(path, "node", name, nodes);
        None
    }

    fn arrow<'n>(&self, found: &mut Findings, path: &DataPath, name: &'n str) -> Option<(&'n str, &'n str)> {
        let ends = split(name);
        if let Some((from, to)) = ends
            && self.out.get(from).is_some_and(|callees| callees.contains_key(to))
        {
            return Some((from, to));
        }
        if let Some((from, to)) = ends
            && self.out.get(to).is_some_and(|callees| callees.contains_key(from))
        {
            let what = format!("there is no arrow `{from} -> {to}`");
            found.value(path, what, format!("did you mean `{to} -> {from}`?"));
            return None;
        }
        let arrows = self.spec.arrows.keys().map(String::as_str);
        found.unknown(path, "arrow", &canonical(name), arrows);
        None
    }

    fn node<'n>(&self, found: &mut Findings, path: &DataPath, name: &'n str) -> Option<&'a crate::world::Node> {
        let node = self.spec.nodes.get(name);
        if node.is_none() {
            found.unknown(path, "node", name, self.spec.nodes.keys().map(String::as_str));
        }
        node
    }
}
