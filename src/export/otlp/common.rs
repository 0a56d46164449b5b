//! Resources, attributes, ids and times.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::Telemetry;
use crate::telemetry::attribute::{self, Value};
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

/// A replica as one of its processes.
pub(super) type Process = (ResourceId, Option<usize>);

pub(super) fn resource(telemetry: &Telemetry, (id, process): Process) -> Option<Resource> {
    let version = process.and_then(|at| telemetry.processes.get(at)).map_or("", |start| &start.version);
    let pairs = attribute::of_process(telemetry.resource(id), version);
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

/// Records by the process that wrote them, in the order of replicas.
pub(super) struct ByProcess<T>(BTreeMap<Process, Vec<T>>);

impl<T> ByProcess<T> {
    pub(super) fn new() -> Self {
        ByProcess(BTreeMap::new())
    }

    pub(super) fn push(&mut self, process: Process, record: T) {
        self.0.entry(process).or_default().push(record);
    }

    /// Takes all records, leaving none.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (Process, Vec<T>)> + use<T> {
        std::mem::take(&mut self.0).into_iter()
    }
}
