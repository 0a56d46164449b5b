//! What was proved of lessons, as `docs/proof.json` keeps it: plain data. Knows no run, and no way to prove anything.

use serde::{Deserialize, Serialize};

/// What was proved of the catalogue. The root of a file that `allgreen prove --json` writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProofTable {
    /// The version of this file format: 1.
    pub format: u32,
    /// The command that makes it.
    pub command: String,
    /// The share of lessons with an incident in which no log line names the cause, 0 to 1.
    pub clean_log_index: f64,
    /// One row for each lesson, easiest first.
    pub lessons: Vec<Proof>,
}

/// What was proved of one lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// The lesson's short name.
    pub lesson: String,
    /// BLAKE3 of the lesson without its words, and its world: see [`crate::Lesson::content`].
    pub content: String,
    /// The first seed.
    pub first_seed: u64,
    /// Seeds, one after the other.
    pub seeds: u64,
    /// Whether no log line within the incident names the cause, on most seeds. None if nothing is wrong.
    pub clean_log: Option<bool>,
    /// Each property.
    pub properties: Vec<Proved>,
}

/// Something that must be true of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Property {
    /// Naive alarms stay within what healthy runs do.
    Silent,
    /// Users are harmed; nobody is, if nothing is wrong.
    Harmful,
    /// Each evidence tells the run from one without the cause.
    Solvable,
    /// Each root fix ends the harm.
    Fixable,
    /// Every other fix does what the lesson says of it.
    Honest,
    /// Without the cause alone there is no harm.
    Minimal,
    /// No red herring harms anybody by itself.
    Unspoiled,
}

/// One property of one lesson over all seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proved {
    /// Which.
    pub property: Property,
    /// Whether it holds: no more seeds failed than chance explains.
    pub holds: bool,
    /// The seeds on which it held.
    pub held: u64,
    /// The seeds that failed.
    pub failed_on: Vec<u64>,
    /// What was seen, in words.
    pub words: String,
    /// The same, piece by piece: each alarm, piece of evidence, fix or red herring.
    pub details: Vec<String>,
}

impl Property {
    /// All properties, in order.
    pub const ALL: [Property; 7] = [
        Property::Silent,
        Property::Harmful,
        Property::Solvable,
        Property::Fixable,
        Property::Honest,
        Property::Minimal,
        Property::Unspoiled,
    ];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Property::Silent => "silent",
            Property::Harmful => "harmful",
            Property::Solvable => "solvable",
            Property::Fixable => "fixable",
            Property::Honest => "honest",
            Property::Minimal => "minimal",
            Property::Unspoiled => "unspoiled",
        }
    }

    /// What it means.
    pub fn words(self) -> &'static str {
        match self {
            Property::Silent => "naive alarms stay within what healthy runs do",
            Property::Harmful => "users are harmed (nobody is, if nothing is wrong)",
            Property::Solvable => "each evidence tells the run from one without the cause",
            Property::Fixable => "each root fix ends the harm",
            Property::Honest => "every other fix does what the lesson says of it",
            Property::Minimal => "without the cause alone there is no harm",
            Property::Unspoiled => "no red herring harms anybody by itself",
        }
    }
}

impl ProofTable {
    /// The version of the file format.
    pub const FORMAT: u32 = 1;

    /// The row of a lesson.
    pub fn of(&self, lesson: &str) -> Option<&Proof> {
        self.lessons.iter().find(|proof| proof.lesson == lesson)
    }
}

impl Proof {
    /// Whether every property holds.
    pub fn holds(&self) -> bool {
        self.properties.iter().all(|proved| proved.holds)
    }
}

impl Proved {
    /// Seeds on which it held, of all: `20/20`.
    pub fn share(&self) -> String {
        format!("{}/{}", self.held, self.held + self.failed_on.len() as u64)
    }
}
