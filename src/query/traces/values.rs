//! The different values of an attribute over all spans, read off shapes, replicas and arguments: no trace is put together.

use std::collections::BTreeSet;

use super::super::traceql::{Attribute, Intrinsic, Scope, Value};
use super::{kind, status, value};
use crate::Telemetry;
use crate::telemetry::{ABSENT, ArgKind, SpanShape, attribute};
use crate::time::Stamp;

/// What spans of one shape have.
enum Own {
    /// The same each.
    Same,
    /// An argument of each, and how it is read.
    Arg(usize, usize),
    /// Nothing, so what the replica has counts if any scope will do.
    Nothing,
}

/// One that was seen: a shape's, a replica's, or an argument as the field of a shape reads it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Shape(u16),
    Replica(u16),
    Arg(usize, u32),
}

const KINDS: [ArgKind; 5] = [ArgKind::Name, ArgKind::Count, ArgKind::Micros, ArgKind::Float, ArgKind::Flag];

/// The values of an attribute on spans that start from an instant and before another; nothing where this takes more than
/// spans by themselves.
pub(super) fn of(telemetry: &Telemetry, wanted: &Attribute, from: Stamp, until: Stamp) -> Option<Vec<Value>> {
    let within = telemetry.spans.iter().filter(|span| from <= span.start && span.start < until);
    let shape = |at: u16| &telemetry.spans.shapes()[usize::from(at)];
    let text = |symbol| telemetry.names.text(symbol);
    let (scope, name) = match wanted {
        Attribute::Intrinsic(Intrinsic::Name) => {
            let seen: BTreeSet<u16> = within.map(|span| span.shape.0).collect();
            return Some(seen.into_iter().map(|at| Value::Text(shape(at).template.text.clone())).collect());
        }
        Attribute::Intrinsic(Intrinsic::Kind) => {
            let seen: BTreeSet<u16> = within.map(|span| span.shape.0).collect();
            return Some(seen.into_iter().map(|at| Value::Kind(kind(shape(at).kind))).collect());
        }
        Attribute::Intrinsic(Intrinsic::Status) => {
            let seen: BTreeSet<bool> = within.map(|span| span.error).collect();
            return Some(seen.into_iter().map(|error| Value::Status(status(error))).collect());
        }
        // The version differs from process to process.
        Attribute::Named { scope: Scope::Any | Scope::Resource, name, .. } if name == "service.version" => return None,
        Attribute::Named { scope: scope @ (Scope::Any | Scope::Span | Scope::Resource), parent: false, name } => {
            (*scope, name)
        }
        _ => return None,
    };
    let constant = |shape: &SpanShape| shape.constants.iter().find(|(key, _)| text(*key) == name).map(|(_, own)| *own);
    let place = |shape: &SpanShape| {
        let (at, field) = shape.template.fields.iter().enumerate().find(|(_, field)| text(field.name) == name)?;
        Some((at, KINDS.iter().position(|kind| *kind == field.kind)?))
    };
    let of_shape = |shape: &SpanShape| match (scope, constant(shape), place(shape)) {
        (Scope::Resource, ..) => Own::Nothing,
        (_, Some(_), _) => Own::Same,
        (_, None, Some((at, kind))) => Own::Arg(at, kind),
        (_, None, None) => Own::Nothing,
    };
    let owns: Vec<Own> = telemetry.spans.shapes().iter().map(of_shape).collect();
    let mut seen = BTreeSet::new();
    let mut last = None;
    for span in within {
        let replica = || (scope != Scope::Span).then_some(Seen::Replica(span.resource.0));
        let found = match owns[usize::from(span.shape.0)] {
            Own::Same => Some(Seen::Shape(span.shape.0)),
            Own::Arg(at, kind) => match span.args.get(at).copied().filter(|arg| *arg != ABSENT) {
                Some(arg) => Some(Seen::Arg(kind, arg)),
                None => replica(),
            },
            Own::Nothing => replica(),
        };
        if found != last {
            seen.extend(found);
            last = found;
        }
    }
    let shown = |seen: Seen| match seen {
        Seen::Shape(at) => constant(shape(at)).map(|own| Value::Text(text(own).to_owned())),
        Seen::Replica(at) => {
            let found = attribute::of_resource(&telemetry.resources[usize::from(at)]).find(|(key, _)| key == name);
            found.map(|(_, own)| Value::Text(own.to_owned()))
        }
        Seen::Arg(kind, arg) => Some(value(attribute::value(telemetry, KINDS[kind], arg))),
    };
    Some(seen.into_iter().filter_map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::super::super::traceql::{parse, values};
    use super::super::{Traces, tests::telemetry};
    use super::*;

    #[test]
    fn values_are_those_that_a_look_at_each_trace_gives() {
        let telemetry = telemetry();
        let store = Traces::new(&telemetry);
        let [all, each] = ["{ }", "{ duration >= 0s }"].map(|query| parse(query).unwrap());
        let mut told = 0;
        for tag in [
            "name",
            "kind",
            "status",
            ".service.name",
            "resource.service.name",
            "span.service.name",
            ".http.request.method",
            "span.http.response.status_code",
            ".http.response.status_code",
            ".server.address",
            "resource.none",
        ] {
            let attribute = parse(&format!("{{ }} | select({tag})")).unwrap().selected().unwrap();
            assert!(of(&telemetry, &attribute, Stamp(i64::MIN), Stamp(i64::MAX)).is_some());
            let fast = values(&store, &all, &attribute, i64::MIN, i64::MAX, 100);
            assert_eq!(fast, values(&store, &each, &attribute, i64::MIN, i64::MAX, 100), "{tag}");
            told += fast.len();
        }
        assert!(told >= 12, "{told}");
        let version = parse("{ } | select(resource.service.version)").unwrap().selected().unwrap();
        assert!(of(&telemetry, &version, Stamp(0), Stamp(1)).is_none());
    }
}
