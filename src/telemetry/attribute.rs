//! Attributes with their types: what OpenTelemetry calls them, as numbers where they are numbers.

use serde::Serialize;

use super::{ABSENT, ArgKind, LogRecord, Resource, SpanRecord, Symbol, Telemetry, Template};

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Int(i64),
    Double(f64),
    Bool(bool),
}

impl From<Value<'_>> for serde_json::Value {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Text(text) => text.into(),
            Value::Int(number) => number.into(),
            Value::Double(number) => number.into(),
            Value::Bool(flag) => flag.into(),
        }
    }
}

/// OpenTelemetry's resource attributes of a replica.
pub(crate) fn of_resource(resource: &Resource) -> impl Iterator<Item = (&'static str, &str)> {
    let zone = (!resource.zone.is_empty()).then_some(("cloud.availability_zone", resource.zone.as_str()));
    [("service.name", resource.service.as_str()), ("service.instance.id", &resource.instance)].into_iter().chain(zone)
}

/// The same, with the version that the process ran, if it is known.
pub(crate) fn of_process<'a>(
    resource: &'a Resource,
    version: &'a str,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    let version = (!version.is_empty()).then_some(("service.version", version));
    of_resource(resource).chain(version)
}

/// What a span's shape gives all such spans, then its own attributes that have a value.
pub(crate) fn of_span<'a>(
    telemetry: &'a Telemetry,
    span: SpanRecord<'a>,
) -> impl Iterator<Item = (&'a str, Value<'a>)> + 'a {
    let shape = telemetry.spans.shape_of(span.shape);
    let text = |symbol: Symbol| telemetry.names.text(symbol);
    let shared = shape.constants.iter().map(move |(key, value)| (text(*key), Value::Text(text(*value))));
    shared.chain(given(telemetry, &shape.template, span.args))
}

/// The attributes of a log record that have a value.
pub(crate) fn of_log<'a>(
    telemetry: &'a Telemetry,
    log: LogRecord<'a>,
) -> impl Iterator<Item = (&'a str, Value<'a>)> + 'a {
    given(telemetry, &telemetry.logs.words(log.template).1, log.args)
}

/// Arguments that have a value, by name, as numbers where they are numbers.
fn given<'a>(
    telemetry: &'a Telemetry,
    template: &'a Template,
    args: &'a [u32],
) -> impl Iterator<Item = (&'a str, Value<'a>)> + 'a {
    let given = template.fields.iter().zip(args).filter(|(_, arg)| **arg != ABSENT);
    given.map(|(field, arg)| (telemetry.names.text(field.name), value(telemetry, field.kind, *arg)))
}

/// An argument that has a value.
pub(crate) fn value(telemetry: &Telemetry, kind: ArgKind, arg: u32) -> Value<'_> {
    match kind {
        ArgKind::Name => Value::Text(telemetry.names.text(Symbol(arg))),
        ArgKind::Count => Value::Int(i64::from(arg)),
        ArgKind::Micros => Value::Double(f64::from(arg) / 1000.0),
        ArgKind::Float => Value::Double((f64::from(f32::from_bits(arg)) * 1e6).round() / 1e6),
        ArgKind::Flag => Value::Bool(arg != 0),
    }
}
