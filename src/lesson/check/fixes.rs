//! Fixes that a lesson names: each is about something that exists and that can be changed so.

use super::Place;
use crate::diagnostic::{DataPath, Findings};
use crate::lab::{Fix, FixField, FixSort, FixTarget, FixValue};
use crate::lesson::LessonSpec;
use crate::world::check::health_check;

pub(super) fn check(spec: &LessonSpec, place: &Place<'_>, found: &mut Findings) {
    let fixes = DataPath::root().field("fixes");
    for (at, named) in spec.fixes.iter().enumerate() {
        let with = fixes.at(at).field("with");
        let further = named.with.iter().enumerate().map(|(at, fix)| (with.at(at), fix));
        for (path, fix) in std::iter::once((fixes.at(at).field("fix"), &named.fix)).chain(further) {
            target(spec, place, found, &path, fix);
            for (field, given) in fix.kind().fields.iter().zip(fix.values()) {
                value(place, found, &path.field(field.name), fix.target(), field, &given);
            }
        }
    }
}

/// The arrow that a fix changes.
pub(in crate::lesson) fn arrow_of(fix: &mut Fix) -> Option<&mut String> {
    let is_arrow = fix.kind().target.is_arrow();
    is_arrow.then(|| fix.target_field().1)
}

fn target(spec: &LessonSpec, place: &Place<'_>, found: &mut Findings, path: &DataPath, fix: &Fix) {
    let mut named = fix.clone();
    let (field, name) = named.target_field();
    let path = path.field(field);
    match fix.kind().target {
        FixTarget::Change => {
            if !spec.script.iter().any(|scripted| scripted.change.id == *name) {
                let known = spec.script.iter().map(|scripted| scripted.change.id.as_str());
                found.unknown(&path, "scripted change", name, known);
            }
        }
        FixTarget::Arrow | FixTarget::Call => drop(place.arrow(found, &path, name)),
        sort => {
            let Some(node) = place.node(found, &path, name) else { return };
            let queues = place.spec.nodes.values().filter_map(|node| node.queue.as_ref());
            let letters = queues.filter_map(|queue| queue.dead_letters.as_ref()).any(|to| to == name);
            if !sort.suits(node, letters) {
                let words = sort.words();
                found.value(&path, format!("`{name}` is not a {words}"), format!("name a {words}"));
            }
        }
    }
}

/// A value of a fix: in its range, and a name that is known.
fn value(place: &Place<'_>, found: &mut Findings, path: &DataPath, target: &str, field: &FixField, given: &FixValue) {
    if let Err(refusal) = field.check(given) {
        found.value(path, refusal.what, refusal.remedy);
    }
    match (field.sort, given) {
        (FixSort::Flag, FixValue::Word(flag)) => {
            let flags = place.spec.nodes.get(target).map(|node| &node.flags);
            if let Some(flags) = flags.filter(|flags| !flags.contains_key(flag)) {
                found.unknown(path, &format!("flag of `{target}` called"), flag, flags.keys().map(String::as_str));
            }
        }
        (FixSort::Datum, FixValue::Word(datum)) if !place.spec.data.contains_key(datum) => {
            found.unknown(path, "datum", datum, place.spec.data.keys().map(String::as_str));
        }
        (_, FixValue::Checks(checks)) => {
            for (at, check) in checks.iter().enumerate() {
                health_check(found, &path.at(at), (place.spec, &place.out), target, check);
            }
        }
        _ => {}
    }
}
