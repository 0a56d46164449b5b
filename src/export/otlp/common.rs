//! Resources, attributes, ids and times.

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::Telemetry;
use crate::export::attribute::{self, Value};
use crate::telemetry::{ResourceId, SpanNumber, TraceRef};
use crate::time::Stamp;

pub(super) fn text(value: &str) -> AnyValue {
    AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) }
}

pub(super) fn pair(key: &str, value: Value<'_>) -> KeyValue {
    let value = match value {
        Value::Text(value) => any_value::Value::StringValue(value.to_owned()),
        Value::Int(value) => any_value::Value::IntValue(value),
        Value::Double(value) => any_value::Value::DoubleValue(value),
        Value::Bool(value) => any_value::Value::BoolValue(value),
    };
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

pub(super) fn resource(telemetry: &Telemetry, id: ResourceId) -> Option<Resource> {
    let pairs = attribute::of_resource(telemetry.resource(id));
    let attributes = pairs.map(|(key, value)| pair(key, Value::Text(value))).collect();
    Some(Resource { attributes, ..Resource::default() })
}

pub(super) fn scope() -> Option<InstrumentationScope> {
    let (name, version) = (env!("CARGO_PKG_NAME").to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    Some(InstrumentationScope { name, version, ..InstrumentationScope::default() })
}

/// Nanoseconds since 1970.
pub(super) fn unix_nano(telemetry: &Telemetry, stamp: Stamp) -> u64 {
    u64::try_from(telemetry.epoch().unix_ns(stamp)).unwrap_or(0)
}

pub(super) fn trace_id(telemetry: &Telemetry, trace: TraceRef) -> Vec<u8> {
    telemetry.spans.trace_id(trace).0.to_be_bytes().to_vec()
}

/// Eight bytes, or none for no span.
pub(super) fn span_id(number: SpanNumber) -> Vec<u8> {
    if number.0 == 0 { Vec::new() } else { u64::from(number.0).to_be_bytes().to_vec() }
}

/// Records by the replica that wrote them, in the order of replicas.
pub(super) struct ByResource<T>(Vec<Vec<T>>);

impl<T> ByResource<T> {
    pub(super) fn new(telemetry: &Telemetry) -> Self {
        ByResource(telemetry.resources.iter().map(|_| Vec::new()).collect())
    }

    pub(super) fn push(&mut self, resource: ResourceId, record: T) {
        self.0[usize::from(resource.0)].push(record);
    }

    /// Takes all records, leaving none.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (ResourceId, Vec<T>)> {
        let full = self.0.iter_mut().enumerate().filter(|(_, records)| !records.is_empty());
        full.map(|(at, records)| (ResourceId(at as u16), std::mem::take(records)))
    }
}
