//! What a face may see: a snapshot of telemetry and deployed configuration, and the learner's own notebook. Must never
//! hold anything made from the ground truth but the debrief and the trainer's view.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::look;
use super::{Debrief, Look, Notebook, Refusal, TicketView, TrainerView, UserAttribute, View, Work};
use crate::engine::{ClockReading, SettingRow};
use crate::query::Language;
use crate::random::Seed;
use crate::telemetry::Telemetry;
use crate::time::{Duration, SimTime, Stamp};
use crate::world::Kind;

/// The most files that one folder has for the same lesson and seed.
const MOST_TRIES: usize = 1000;

/// What a face may see: a snapshot. Cheap to clone and to send to another thread.
#[derive(Clone)]
pub struct Observation {
    /// The incident clock (what the monitor's clock says).
    pub now: SimTime,
    /// When the learner arrived.
    pub opened_at: SimTime,
    /// The lesson's short name.
    pub lesson_id: String,
    /// The lesson's title.
    pub lesson_title: String,
    /// The seed of the run.
    pub seed: Seed,
    /// Everything the system has said about itself.
    pub telemetry: Arc<Telemetry>,
    /// Deployed configuration.
    pub config: Arc<Vec<SettingRow>>,
    /// What every replica's clock says at `now`.
    pub clocks: Arc<Vec<ClockReading>>,
    /// All nodes: (name, kind), in order of name. Users nodes included.
    pub inventory: Arc<Vec<(String, Kind)>>,
    /// All arrows as (from, to), as an architecture document would list them: names for completion and for fixes.
    /// (A face must not draw these as "the map": the drawn topology comes from `Look::Dependencies`.)
    pub arrows: Arc<Vec<(String, String)>>,
    /// The known values of the users' attributes, in order: names for completion.
    pub attributes: Arc<BTreeMap<UserAttribute, Vec<String>>>,
    /// The requests that users make (`"GET /product/{id}"`), in order: names for `Look::ReproduceLocally`.
    pub requests: Arc<Vec<String>>,
    /// Time between two scrapes of one replica.
    pub scrape_every: Duration,
    /// The ticket, with the newest reports.
    pub ticket: Arc<TicketView>,
    /// The learner's notebook.
    pub notebook: Arc<Notebook>,
    /// Something the lab suggests now (a hand-over after an hour without a hypothesis), if anything.
    pub suggestion: Option<String>,
    /// Fixes that were ordered and are not in effect yet: (words, when they will be).
    pub pending: Vec<(String, SimTime)>,
    /// Who did what, and when.
    pub work: Arc<Work>,
    /// What a trainer may see, once it was asked for.
    pub trainer: Option<Arc<TrainerView>>,
    /// The debrief, once it was asked for.
    pub debrief: Option<Arc<Debrief>>,
}

impl Observation {
    /// A file in `folder` that this session could be saved to: named after lesson and seed, and not there yet, so that
    /// an earlier try at the same lesson is kept.
    pub(crate) fn new_file(&self, folder: &Path) -> PathBuf {
        let name = format!("{}-{}", self.lesson_id, self.seed.0);
        let tries = (2..=MOST_TRIES).map(|more| format!("{name}-{more}"));
        let mut files = std::iter::once(name.clone()).chain(tries).map(|name| folder.join(name + ".session"));
        files.find(|file| !file.exists()).unwrap_or_else(|| folder.join(name + ".session"))
    }

    /// Looks without recording it (a face that refreshes an open panel). `Look::ReproduceLocally` is refused here: it
    /// takes a command.
    pub fn look(&self, look: &Look) -> Result<View, Refusal> {
        Ok(match look {
            Look::Ticket => View::Ticket((*self.ticket).clone()),
            Look::Reports(filter) => View::Reports(look::reports(self, filter)?),
            Look::BlastRadius(attribute) => View::BlastRadius(look::blast_radius(self, *attribute)),
            Look::Dependencies => View::Dependencies(look::dependencies(self)),
            Look::Logs(filter) => View::Logs(look::logs(self, filter)?),
            Look::Chart(query) => View::Chart(look::chart(&self.telemetry, self.scrape_every, self.now, query)?),
            Look::Metrics => View::Metrics(look::metrics(&self.telemetry)),
            Look::Traces(filter) => View::Traces(look::traces(self, filter)?),
            Look::Trace(id) => View::Trace(look::trace(&self.telemetry, id)?),
            Look::Health => View::Health(look::health(&self.telemetry)),
            Look::Changes => View::Changes(look::changes(&self.telemetry)),
            Look::Clocks => View::Clocks(look::clocks(self)),
            Look::Queues => View::Stats(look::stats(&self.telemetry, &["messaging.queue."])),
            Look::Caches => View::Stats(look::stats(&self.telemetry, &["cache."])),
            Look::Config(name) => View::Config(look::config(self, name)?),
            Look::Query(query) => View::Answer(look::query(&self.telemetry, self.scrape_every, self.now, query)?),
            Look::ReproduceLocally(_) => {
                return Err(Refusal::new("a request in a quiet copy is an action of its own", "send it as a command"));
            }
        })
    }

    /// The names that an expression of a query language may hold, sorted: for completion.
    pub fn vocabulary(&self, language: Language) -> Vec<String> {
        look::vocabulary(&self.telemetry, language)
    }

    /// The monitor's clock at this moment.
    pub fn monitor(&self) -> Stamp {
        self.now.stamp()
    }

    /// A stamp as `08:30:00.123` in UTC.
    pub fn stamp_text(&self, stamp: Stamp) -> String {
        self.telemetry.epoch().time_of_day(stamp)
    }
}
