//! What every replica has. What few have are components, in files of their own.

use std::collections::VecDeque;

use super::clock::Clock;
use super::emit::Places;
use super::exemplars::Exemplars;
use super::idempotency::KnownKeys;
use super::queue::Consumer;
use super::scoped::Scoped;
use super::slab::Key;
use crate::telemetry::FamilyId;
use crate::time::{Duration, SimTime};
use crate::world::{Health, Instrumentation, Severity};

/// What runs, and whether it takes traffic.
#[derive(Clone, Debug)]
pub struct Process {
    pub version: String,
    pub started: SimTime,
    /// Takes no new traffic before this.
    pub down_until: SimTime,
    /// Scaled away: takes no traffic ever again.
    pub retired: bool,
    /// Does not run.
    pub down: bool,
    /// Look-ups don't find it: only who knows its address calls it.
    pub hidden: bool,
    /// Its machine is gone: what is on the way to it meets nobody, until another one takes its place.
    pub lost: bool,
}

impl Process {
    /// Whether new requests may be sent to it.
    #[inline]
    pub fn is_up(&self, now: SimTime) -> bool {
        !self.retired && self.runs(now)
    }

    /// Whether its process runs.
    #[inline]
    pub fn runs(&self, now: SimTime) -> bool {
        !self.down && self.down_until <= now
    }

    /// Whether a look-up finds it.
    #[inline]
    pub fn is_found(&self, now: SimTime) -> bool {
        self.is_up(now) && !self.hidden
    }
}

/// A station of queueing theory: servers and a line in front of them, first come first served.
#[derive(Clone, Debug)]
pub struct Station {
    pub servers: u32,
    pub busy: u32,
    pub line: VecDeque<Key>,
    pub line_limit: u32,
    /// Those who waited when the limit was set last: they may stay, if they are more than it allows.
    pub stood_already: u32,
}

/// How fast the replica works.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// All work times are multiplied by this.
    pub factor: f64,
    /// Each request adds this to the work of the next ones.
    pub growth: Duration,
    /// What has been added since the process started.
    pub grown: Duration,
    /// Honest failures, on top of the routes' own.
    pub error_rate: f64,
    /// The status of honest failures.
    pub error_status: u16,
    /// Some key is bad: [`super::bad_key::BadKeyHere`].
    pub bad_key: bool,
    /// Answers with 200 whose body says no, on top of the routes' own.
    pub refusal_rate: f64,
    /// Whether some users meet other settings: [`super::scoped::Scoped`].
    pub scoped: bool,
    /// Does nothing before this.
    pub stopped_until: SimTime,
    /// All pauses so far, the present one to its end.
    pub paused: Duration,
    /// The share of requests whose work is multiplied by `slow_factor`.
    pub slow_share: f64,
    pub slow_factor: f64,
    /// Pauses come after so many requests.
    pub collects: bool,
    /// Memory is counted: [`super::process::Heap`].
    pub counts_memory: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            factor: 1.0,
            growth: Duration::ZERO,
            grown: Duration::ZERO,
            error_rate: 0.0,
            error_status: 500,
            bad_key: false,
            refusal_rate: 0.0,
            scoped: false,
            stopped_until: SimTime::ZERO,
            paused: Duration::ZERO,
            slow_share: 0.0,
            slow_factor: 1.0,
            collects: false,
            counts_memory: false,
        }
    }
}

/// Feature flags, in order of name.
#[derive(Clone, Debug)]
pub struct Flags(pub Vec<bool>);

/// What the replica says about itself.
#[derive(Clone, Debug)]
pub struct Emitter {
    pub level: Severity,
    pub access_log: bool,
    pub metrics: bool,
    pub spans: bool,
    pub sampling: f64,
    pub data_version: bool,
    pub flags: bool,
    /// Live numbers, as an SDK holds them; a scrape copies them.
    pub live: Vec<f64>,
    /// Exemplars of histograms since the scrape before.
    pub exemplars: Exemplars,
    /// For each route of the node and each status: the place of its duration histogram.
    pub served: Places,
    /// The same for the RPC metrics of routes that are only called over gRPC.
    pub served_rpc: Places,
    /// The places of gauges without labels.
    pub gauges: Vec<(FamilyId, u32)>,
}

impl Emitter {
    pub fn new(declared: &Instrumentation) -> Self {
        Emitter {
            level: declared.level,
            access_log: declared.access_log,
            metrics: declared.metrics,
            spans: declared.spans,
            sampling: declared.sampling,
            data_version: declared.data_version,
            flags: declared.flags,
            live: Vec::new(),
            exemplars: Exemplars::default(),
            served: Places::default(),
            served_rpc: Places::default(),
            gauges: Vec::new(),
        }
    }
}

/// What the replica's health page checks, and what it found when it was last asked.
#[derive(Clone, Debug, Default)]
pub struct HealthPage {
    pub declared: Health,
    pub last: Option<(u16, Vec<String>, usize)>,
}

/// What every replica has. What no request asks for is elsewhere: the rows of ten thousand nodes are more than a
/// processor's caches hold.
#[derive(Clone, Debug)]
pub struct Replica {
    pub process: Process,
    pub clock: Clock,
    pub station: Station,
    pub pace: Pace,
    pub emitter: Emitter,
    pub health: Box<HealthPage>,
    pub keys: Box<KnownKeys>,
    pub flags: Flags,
    pub scoped: Scoped,
    pub consumer: Consumer,
}
