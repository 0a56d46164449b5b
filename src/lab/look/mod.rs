//! Views: what each [`super::Look`] shows, from telemetry and deployed configuration alone. Every function here is a
//! pure one of an observation; none may know a true time, an outcome or the lesson's script.

mod changes;
mod chart;
mod clocks;
mod config;
mod counts;
mod dependencies;
mod health;
mod logs;
mod metrics;
mod query;
mod reports;
mod stats;
mod summary;
mod traces;
mod vocabulary;
mod waterfall;

pub(super) use changes::changes;
pub(super) use chart::chart;
pub(super) use clocks::clocks;
pub(super) use config::config;
pub(super) use counts::counts;
pub(super) use dependencies::dependencies;
pub(super) use health::health;
pub(super) use logs::logs;
pub(super) use metrics::metrics;
pub(super) use query::query;
pub(super) use reports::{blast_radius, newest_reports, reports};
pub(super) use stats::stats;
pub(super) use summary::summary;
pub(super) use traces::traces;
pub(super) use vocabulary::vocabulary;
pub(super) use waterfall::{find_trace, trace, waterfall};

use std::collections::BTreeSet;

use super::Refusal;
use crate::telemetry::{ResourceId, Telemetry};
use crate::time::{Duration, Stamp};

/// The stamp `last` before the monitor's now; None looks at everything.
fn since(now: Stamp, last: Option<Duration>) -> Stamp {
    last.map_or(Stamp(i64::MIN), |last| Stamp(now.0.saturating_sub_unsigned(last.0)))
}

/// Which replicas a learner means by a node's or a replica's name: one flag for each resource.
fn replicas(telemetry: &Telemetry, name: Option<&str>) -> Result<Vec<bool>, Refusal> {
    let Some(name) = name else { return Ok(vec![true; telemetry.resources.len()]) };
    let means = telemetry.resources.iter().map(|resource| resource.service == name || resource.instance == name);
    let means: Vec<bool> = means.collect();
    if means.contains(&true) {
        return Ok(means);
    }
    let known: BTreeSet<&str> = telemetry
        .resources
        .iter()
        .flat_map(|resource| [resource.service.as_str(), resource.instance.as_str()])
        .collect();
    Err(Refusal::unknown("node or replica", name, known))
}

/// Whether a replica is among those that are meant.
fn is_meant(means: &[bool], resource: ResourceId) -> bool {
    means.get(usize::from(resource.0)).copied().unwrap_or(false)
}

#[cfg(test)]
pub(super) mod tests {
    //! Telemetry made by hand.

    use super::*;
    use crate::telemetry::*;
    use crate::time::{Epoch, SimTime};
    use crate::world::Kind;

    /// More values of a label than a chart has lines.
    pub const WIDE: usize = 20;

    pub struct Fixture {
        pub telemetry: Telemetry,
    }

    impl Fixture {
        /// One replica for each name, numbered within its service.
        pub fn new(services: &[&str]) -> Fixture {
            let mut telemetry = Telemetry::new(Epoch::UNIX);
            for (at, service) in services.iter().enumerate() {
                let number = 1 + services[..at].iter().filter(|other| other == &service).count();
                telemetry.resources.push(Resource {
                    service: (*service).to_owned(),
                    instance: format!("{service}-{number}"),
                    zone: String::new(),
                    kind: Kind::Service,
                });
            }
            Fixture { telemetry }
        }

        fn series(&mut self, replica: u16, name: &str, kind: MetricKind, labels: &[(&str, &str)]) -> u32 {
            let name = self.telemetry.names.intern(name);
            let family = Family { name, unit: "{request}", kind, bounds: &[], help: "" };
            let family = self.telemetry.metrics.family(family);
            let labels = labels
                .iter()
                .map(|(key, value)| (self.telemetry.names.intern(key), self.telemetry.names.intern(value)));
            let labels = labels.collect();
            self.telemetry.metrics.series(ResourceId(replica), family, labels)
        }

        pub fn counter(&mut self, replica: u16, name: &str, labels: &[(&str, &str)]) -> u32 {
            self.series(replica, name, MetricKind::Counter, labels)
        }

        pub fn gauge(&mut self, replica: u16, name: &str) -> u32 {
            self.series(replica, name, MetricKind::Gauge, &[])
        }

        pub fn scrape(&mut self, replica: u16, second: i64, values: &[(u32, f64)]) {
            let width = values.iter().map(|(slot, _)| *slot as usize + 1).max().unwrap_or(0);
            let mut row = vec![0.0; width];
            values.iter().for_each(|(slot, value)| row[*slot as usize] = *value);
            self.telemetry.metrics.push(ResourceId(replica), Stamp(second * 1_000_000_000), &row, &[]);
        }

        pub fn trace(&mut self) -> TraceRef {
            let identity = self.telemetry.spans.traces().count() as u64;
            self.telemetry.spans.start_trace(identity)
        }

        /// A span from and to a millisecond.
        pub fn span(
            &mut self,
            replica: u16,
            trace: TraceRef,
            ids: (u32, u32),
            name: &str,
            ms: (i64, i64),
            error: bool,
        ) {
            let shape = SpanShape {
                kind: SpanKind::Server,
                constants: Vec::new(),
                template: Template { text: name.to_owned(), fields: Vec::new() },
            };
            let shape = self.telemetry.spans.shape(name, || shape);
            self.telemetry.spans.push(SpanRecord {
                start: Stamp(ms.0 * 1_000_000),
                duration: Duration::from_millis(ms.0.abs_diff(ms.1)),
                trace,
                number: SpanNumber(ids.0),
                parent: SpanNumber(ids.1),
                resource: ResourceId(replica),
                shape,
                error,
                args: &[],
            });
        }

        pub fn log(&mut self, replica: u16, second: i64, severity: crate::world::Severity, text: &str, args: &[u32]) {
            let name = self.telemetry.names.intern("n");
            let fields = vec![Field { name, kind: ArgKind::Count }; args.len()];
            let template = self.telemetry.logs.template(severity, Template { text: text.to_owned(), fields });
            self.telemetry.logs.push(LogRecord {
                stamp: Stamp(second * 1_000_000_000),
                resource: ResourceId(replica),
                template,
                trace: None,
                span: SpanNumber(0),
                args,
            });
        }

        pub fn observe(self, now: SimTime) -> crate::lab::Observation {
            crate::lab::Observation {
                now,
                opened_at: SimTime::ZERO,
                lesson_id: String::new(),
                lesson_title: String::new(),
                seed: crate::Seed(0),
                telemetry: self.telemetry.into(),
                config: Default::default(),
                clocks: Default::default(),
                inventory: Default::default(),
                arrows: Default::default(),
                attributes: Default::default(),
                requests: Default::default(),
                scrape_every: Duration::from_secs(10),
                ticket: crate::lab::TicketView {
                    title: String::new(),
                    reporter: String::new(),
                    text: String::new(),
                    opened: Stamp(0),
                    reports: Vec::new(),
                    later: Vec::new(),
                }
                .into(),
                notebook: Default::default(),
                suggestion: None,
                pending: Vec::new(),
                work: Default::default(),
                trainer: None,
                debrief: None,
            }
        }
    }
}
