//! What goes wrong in a world, when, and what is asked: plain data, as written in `lessons/*.ron`.
//!
//! Everything here but [`LessonSpec::title`], [`LessonSpec::summary`] and the ticket is ground truth: a face may see
//! the rest only through the debrief. Words for people live in `texts`, apart from logic, so that they can be
//! translated.

use serde::{Deserialize, Serialize};

use crate::lab::{ChartQuery, Fix, Look, Query};
use crate::time::{Duration, SimTime};
use crate::world::Change;

/// A lesson: one incident in one world. The root of a lesson file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Lesson")]
pub struct LessonSpec {
    /// The version of this file format: 1.
    pub format: u32,
    /// Its short name, as the file is called: `"quiet-fallback"`.
    pub id: String,
    /// The world file, beside the `lessons` folder: `"worlds/storefront.ron"`.
    pub world: String,
    /// The seed a learner plays unless another is given.
    pub seed: u64,
    /// How hard it is.
    pub level: Level,
    /// When the learner arrives; everything before is history. At least 30 minutes after the start.
    pub opens_at: SimTime,
    /// What happens, by time. Background life, the cause, its camouflage and red herrings.
    pub script: Vec<Scripted>,
    /// The root cause, as data.
    pub cause: Cause,
    /// Further root causes that are at work at the same time: for the hardest lessons. Each is right to name.
    #[serde(default)]
    pub also: Vec<Cause>,
    /// The fixes that are worth naming, and what each does.
    pub fixes: Vec<NamedFix>,
    /// Queries over telemetry that separate this run from one without the cause.
    pub evidence: Vec<Evidence>,
    /// Words for people.
    pub texts: Texts,
}

impl LessonSpec {
    /// All root causes, the first one first.
    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        std::iter::once(&self.cause).chain(&self.also)
    }

    /// Whether a scripted change is a root cause or a part of one.
    pub fn is_cause(&self, scripted: &Scripted) -> bool {
        scripted.part == Part::Cause || self.causes().any(|cause| cause.change == scripted.change.id)
    }
}

/// How hard a lesson is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Level {
    FirstSteps,
    Practised,
    Expert,
}

impl Level {
    /// All levels, easiest first.
    pub const ALL: [Level; 3] = [Level::FirstSteps, Level::Practised, Level::Expert];

    /// Its name for people: `first steps`.
    pub fn words(self) -> &'static str {
        match self {
            Level::FirstSteps => "first steps",
            Level::Practised => "practised",
            Level::Expert => "expert",
        }
    }

    /// Its name on the command line and in file names: `first-steps`.
    pub fn name(self) -> &'static str {
        match self {
            Level::FirstSteps => "first-steps",
            other => other.words(),
        }
    }

    /// The level of this name.
    pub fn find(name: &str) -> Option<Level> {
        let plain = name.trim().to_lowercase().replace([' ', '_'], "-");
        Level::ALL.into_iter().find(|level| level.name() == plain)
    }
}

/// A change at a time, and its part in the story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    /// When, in true time from the start.
    pub at: SimTime,
    /// Its part. Only grading reads this; the engine gets the change alone.
    pub part: Part,
    /// The change.
    pub change: Change,
}

/// The part that a change plays in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// The root cause.
    Cause,
    /// Makes the cause quieter, or comes with it.
    Camouflage,
    /// Looks guilty and is not.
    RedHerring,
    /// Life as usual.
    Background,
}

/// The root cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Places that count as right: node names, or arrows as `"from -> to"`. The first one is the best answer.
    pub at: Vec<String>,
    /// How it fails.
    pub mechanism: Mechanism,
    /// Mechanisms that name the same from another side: they count as right too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<Mechanism>,
    /// The change that did it.
    pub change: String,
    /// Arrows that fail silently here: marks on these are right.
    pub silent_arrows: Vec<String>,
}

/// How a system fails silently. One list for hypotheses, lessons and debriefs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mechanism {
    /// A timeout is caught, a fallback value is used, and the answer is a 200.
    SwallowedTimeout,
    /// A consumer is slower than its producer.
    ConsumerLag,
    /// A bounded queue drops messages after it acknowledged them.
    QueueOverflow,
    /// A cache serves an old version.
    StaleCache,
    /// A cache holds a wrong value under one key.
    PoisonedCache,
    /// A clock is wrong and tokens are judged by it.
    ClockSkewTokens,
    /// A clock is wrong and leases are judged by it.
    ClockSkewLease,
    /// A clock is wrong and events are ordered by it.
    ClockSkewOrder,
    /// A connection pool is exhausted.
    PoolExhaustion,
    /// A circuit breaker is open and a fallback serves.
    OpenBreaker,
    /// Retries keep an overload alive.
    RetryStorm,
    /// Packets are lost between two places.
    PacketLoss,
    /// Data, a flag or a permission is wrong for a subset of users.
    SubsetData,
    /// Trace context is lost.
    LostTraceContext,
    /// A dependency answers 200 with a refusal.
    DependencyRefusal,
    /// A resource leaks until a restart.
    Leak,
    /// A replica is behind its primary.
    ReplicaLag,
    /// An effect is repeated by a retry without idempotency.
    DuplicateEffect,
    /// A poison message goes to a silent dead-letter queue.
    DeadLetters,
    /// Sampling hides the traces that matter.
    SamplingBlindness,
    /// A scheduled job starves a shared resource.
    ScheduledStarvation,
    /// An old address is still used.
    StaleDiscovery,
    /// One replica limps and is counted healthy.
    GrayFailure,
    /// Nothing is wrong.
    NoIncident,
}

/// A fix that the lesson knows of, and what the simulation shows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFix {
    /// The fix.
    pub fix: Fix,
    /// Further fixes that are ordered with it, where one alone can't end the harm.
    #[serde(default)]
    pub with: Vec<Fix>,
    /// What it does, as `prove` and the tests check it.
    pub effect: Effect,
}

impl NamedFix {
    /// All that is ordered, in order.
    pub fn orders(&self) -> impl Iterator<Item = &Fix> {
        std::iter::once(&self.fix).chain(&self.with)
    }

    /// In words: `roll back deploy-1412, then scale web to 4`.
    pub fn words(&self) -> String {
        self.orders().map(Fix::words).collect::<Vec<_>>().join(", then ")
    }
}

/// What a fix does to the harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// The harm ends and stays away.
    Root,
    /// The harm falls, then returns or moves.
    Symptom,
    /// Nothing changes.
    None,
    /// More harm than before.
    Worse,
}

/// A measurement over telemetry that separates the run from its counterfactual without the cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The chart a learner would draw: see [`crate::lab::ChartQuery`]. Left out if there is a `query`.
    #[serde(default)]
    pub chart: ChartQuery,
    /// Numbers that a learner would ask for in a query language, where no chart of one metric shows it:
    /// `query: (expression: "sum(rate(…[6m]))", last: "50m")` is PromQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// What it shows.
    pub shows: String,
}

impl Evidence {
    /// What a learner would look at.
    pub fn look(&self) -> Look {
        match &self.query {
            Some(query) => Look::Query(query.clone()),
            None => Look::Chart(self.chart.clone()),
        }
    }
}

/// Words for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// The lesson's name.
    pub title: String,
    /// One line for the list of lessons; gives nothing away.
    pub summary: String,
    /// Who opened the ticket.
    pub reporter: String,
    /// The ticket, in a user's words.
    pub ticket: String,
    /// What it builds on: other lessons by their ids (`"quiet-fallback"`), none of them harder, or words
    /// (`"what a percentile is"`), which have blanks. Lessons are listed after what they build on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumes: Vec<String>,
    /// What a learner can do after it, in words that give nothing away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teaches: Vec<String>,
    /// Three steps, each saying more.
    pub hints: Vec<String>,
    /// What really happened.
    pub debrief: String,
    /// What an expert would have looked at, by step of the work, in order; up to nine.
    pub expert: Vec<String>,
}

/// The minimum of healthy life before the learner arrives.
pub const SHORTEST_HISTORY: Duration = Duration::from_mins(30);
