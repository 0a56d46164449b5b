//! Spans or log records by process in protobuf, each encoded as it comes: a tree of all messages would be measured anew
//! at each of its levels. The lists have the same numbers in both.

use std::collections::BTreeMap;

use prost::Message;

use super::common::{Process, resource, scope};
use crate::Telemetry;

/// The key of a message's first field (what a process sent, its resource, its scope) and of its second (its scopes, its
/// records); all are messages themselves.
const FIRST: u8 = 1 << 3 | 2;
const SECOND: u8 = 2 << 3 | 2;

/// Encoded records by process, in the order of replicas.
#[derive(Default)]
pub(super) struct Framed(BTreeMap<Process, Vec<u8>>);

impl Framed {
    pub(super) fn push(&mut self, process: Process, record: &impl Message) {
        field(self.0.entry(process).or_default(), SECOND, record);
    }

    /// The message of all records, which are taken.
    pub(super) fn take(&mut self, telemetry: &Telemetry) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.0.values().map(|records| records.len() + 512).sum());
        for (process, records) in std::mem::take(&mut self.0) {
            let (mut whose, mut by) = (Vec::new(), Vec::new());
            resource(telemetry, process).iter().for_each(|resource| field(&mut whose, FIRST, resource));
            scope().iter().for_each(|scope| field(&mut by, FIRST, scope));
            head(&mut whose, SECOND, by.len() + records.len());
            head(&mut all, FIRST, whose.len() + by.len() + records.len());
            for part in [whose, by, records] {
                all.extend_from_slice(&part);
            }
        }
        all
    }
}

fn head(out: &mut Vec<u8>, key: u8, length: usize) {
    out.push(key);
    // A vector has room for it.
    let _ = prost::encode_length_delimiter(length, out);
}

fn field(out: &mut Vec<u8>, key: u8, message: &impl Message) {
    out.push(key);
    let _ = message.encode_length_delimited(out);
}

#[cfg(test)]
mod tests {
    use super::super::common::ByProcess;
    use super::super::{logs, traces};
    use super::*;
    use crate::{Seed, SimTime, Simulation, World};

    #[test]
    fn the_bytes_are_those_of_the_whole_message() {
        let world = World::from_ron("tiny", include_str!("../../../tests/support/shop/worlds/tiny.ron")).unwrap();
        let mut sim = Simulation::new(&world, Seed(5));
        sim.run_until(SimTime::from_secs(30));
        let telemetry = sim.telemetry();
        let (mut framed, mut whole) = (Framed::default(), ByProcess::new());
        for record in telemetry.spans.iter() {
            let process = (record.resource, telemetry.process_at(record.resource, record.start));
            framed.push(process, &traces::span(telemetry, record));
            whole.push(process, traces::span(telemetry, record));
        }
        let whole = traces::message(telemetry, &mut whole);
        assert!(whole.resource_spans.len() > 2);
        assert_eq!(framed.take(telemetry), whole.encode_to_vec());
        let mut whole = ByProcess::new();
        for record in telemetry.logs.iter() {
            let process = (record.resource, telemetry.process_at(record.resource, record.stamp));
            framed.push(process, &logs::record(telemetry, record));
            whole.push(process, logs::record(telemetry, record));
        }
        assert_eq!(framed.take(telemetry), logs::message(telemetry, &mut whole).encode_to_vec());
        assert_eq!(framed.take(telemetry), Vec::<u8>::new());
    }
}
