//! What the simulated system says about itself, and all that a learner or a detector may see: logs, metrics, spans,
//! health pages, the change feed and user reports. Columnar and append-only. Every stamp is what some node's own clock
//! said. Must never know a true time, a data version that nobody reported, or an outcome.

mod args;
pub(crate) mod attribute;
mod chunks;
mod digest;
pub(crate) mod event;
mod find;
mod logs;
mod metrics;
mod names;
mod parts;
mod processes;
pub mod prometheus;
mod reading;
mod records;
pub mod series;
mod template;
mod trace;

pub use find::{Contains, LineFinder, LineReader};
pub use logs::{LogHead, LogRecord, LogTemplateId, Logs};
pub use metrics::{BOUNDS, Exemplar, Family, FamilyId, MetricKind, Metrics, Scrape, Series, Target};
pub use names::{Names, Symbol};
pub use parts::side_by_side;
pub use processes::Processes;
pub use reading::{add_growth, bucket_quantile};
pub use records::{ChangeRecord, HealthRecord, ProcessStart, UserReport};
pub use template::{ABSENT, ArgKind, Field, Template};
pub use trace::{ShapeId, SpanHead, SpanKind, SpanLink, SpanRecord, SpanShape, Spans, TraceId, TraceRef};

pub(crate) use chunks::{Chunks, Columns};

use crate::time::{Epoch, Stamp};
use crate::world::Kind;

/// The number of a replica that reports telemetry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u16);

/// The number of a span within one run, from 1; zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanNumber(pub u32);

impl SpanNumber {
    /// Its id, 16 hexadecimal digits; none for no span.
    pub fn id(self) -> Option<String> {
        (self.0 != 0).then(|| format!("{:016x}", self.0))
    }
}

/// Who reports: OpenTelemetry's resource attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `service.name`: the node.
    pub service: String,
    /// `service.instance.id`: the replica, such as `catalog-2`.
    pub instance: String,
    /// `cloud.availability_zone`; empty if the node has no zones.
    pub zone: String,
    /// What the node is called on a diagram.
    pub kind: Kind,
}

/// Everything that was emitted so far.
///
/// ```no_run
/// # fn main() -> Result<(), allgreen::Problems> {
/// let world = allgreen::World::load("worlds/storefront.ron")?;
/// let mut sim = allgreen::Simulation::new(&world, allgreen::Seed(7));
/// sim.run_until(allgreen::SimTime::from_secs(60));
/// println!("{} log records", sim.telemetry().logs.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// Interned text of all of it.
    pub names: Names,
    /// Who reports, by [`ResourceId`].
    pub resources: Vec<Resource>,
    /// Processes in the order they started.
    pub processes: Processes,
    /// Log records.
    pub logs: Logs,
    /// Spans.
    pub spans: Spans,
    /// Metrics.
    pub metrics: Metrics,
    /// Health probes whose answer differed from the replica's one before.
    pub health: Vec<HealthRecord>,
    /// The newest round of health probes, by the monitor's clock.
    pub probed_at: Stamp,
    /// The change feed.
    pub changes: Vec<ChangeRecord>,
    /// What users wrote.
    pub reports: Vec<UserReport>,
    epoch: Epoch,
}

impl Telemetry {
    /// Nothing yet.
    pub fn new(epoch: Epoch) -> Self {
        Telemetry {
            names: Names::default(),
            resources: Vec::new(),
            processes: Processes::default(),
            logs: Logs::default(),
            spans: Spans::default(),
            metrics: Metrics::default(),
            health: Vec::new(),
            probed_at: Stamp(0),
            changes: Vec::new(),
            reports: Vec::new(),
            epoch,
        }
    }

    /// The calendar instant of stamp zero.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The replica with this number.
    pub fn resource(&self, id: ResourceId) -> &Resource {
        &self.resources[id.0 as usize]
    }

    /// The process of a replica at a time by its own clock, as a place in [`Telemetry::processes`].
    pub fn process_at(&self, resource: ResourceId, stamp: Stamp) -> Option<usize> {
        self.processes.at(resource, stamp)
    }

    /// The version that a replica ran at a time by its own clock; empty if nothing is known of it.
    pub fn version_at(&self, resource: ResourceId, stamp: Stamp) -> &str {
        self.process_at(resource, stamp).and_then(|at| self.processes.get(at)).map_or("", |start| &start.version)
    }

    /// The replicas of a node.
    pub fn replicas<'a>(&'a self, service: &'a str) -> impl Iterator<Item = ResourceId> + 'a {
        self.resources
            .iter()
            .enumerate()
            .filter(move |(_, resource)| resource.service == service)
            .map(|(at, _)| ResourceId(at as u16))
    }

    /// The attributes of a span: those its shape gives all, then its own that have a value.
    pub fn span_attributes<'a>(&'a self, span: &SpanRecord<'a>) -> Vec<(&'a str, String)> {
        let shape = self.spans.shape_of(span.shape);
        let constants =
            shape.constants.iter().map(|(key, value)| (self.names.text(*key), self.names.text(*value).to_owned()));
        constants.chain(self.fields(&shape.template, span.args)).collect()
    }

    /// The attributes of a log record that have a value.
    pub fn log_attributes<'a>(&'a self, log: &LogRecord<'a>) -> Vec<(&'a str, String)> {
        self.fields(&self.logs.words(log.template).1, log.args).collect()
    }

    fn fields<'a>(&'a self, template: &'a Template, args: &'a [u32]) -> impl Iterator<Item = (&'a str, String)> {
        let given = template.fields.iter().zip(args).filter(|(_, arg)| **arg != ABSENT);
        given.map(|(field, arg)| (self.names.text(field.name), field.kind.text(&self.names, *arg)))
    }
}
