//! The ledger: what each user was owed and got, in true time. For tests and grading. A face, a query, an exporter or a
//! detector must never import this module; a test reads their source to hold that.

use serde::{Deserialize, Serialize};

use crate::telemetry::{Chunks, Columns, TraceRef};
use crate::time::SimTime;

/// What became of a debt to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Everything owed, in time.
    Right,
    /// An honest error status: the user was told, and so is every dashboard.
    Failed,
    /// A 200 without a part that was owed.
    Partial,
    /// A 200 with a version that was superseded longer ago than allowed.
    Stale,
    /// A 200 with a value that belongs to something else.
    Wrong,
    /// The answer, or an effect, came after its time.
    Late,
    /// An effect never happened.
    Lost,
    /// An effect happened too often.
    Duplicated,
    /// Effects happened in the wrong order.
    Misordered,
    /// A request that should have been granted was refused as the user's fault.
    Refused,
}

impl Outcome {
    /// All outcomes, in order.
    pub const ALL: [Outcome; 10] = [
        Outcome::Right,
        Outcome::Failed,
        Outcome::Partial,
        Outcome::Stale,
        Outcome::Wrong,
        Outcome::Late,
        Outcome::Lost,
        Outcome::Duplicated,
        Outcome::Misordered,
        Outcome::Refused,
    ];

    /// Whether the user did not get what was owed.
    pub fn is_harm(self) -> bool {
        self != Outcome::Right
    }

    /// Harm that no error of a server shows.
    pub fn is_silent_harm(self) -> bool {
        !matches!(self, Outcome::Right | Outcome::Failed)
    }

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Right => "right",
            Outcome::Failed => "failed",
            Outcome::Partial => "partial",
            Outcome::Stale => "stale",
            Outcome::Wrong => "wrong",
            Outcome::Late => "late",
            Outcome::Lost => "lost",
            Outcome::Duplicated => "duplicated",
            Outcome::Misordered => "misordered",
            Outcome::Refused => "refused",
        }
    }
}

/// One settled debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// When the request was made.
    pub asked: SimTime,
    /// When the debt was judged.
    pub due: SimTime,
    /// Who was owed.
    pub user: UserNumber,
    /// The journey, by its place in [`Truth::journeys`].
    pub journey: u16,
    /// The step of the journey, from 0.
    pub step: u8,
    /// What became of it.
    pub outcome: Outcome,
    /// The trace of the request, if one was started.
    pub trace: Option<TraceRef>,
}

/// A user: which population, and who in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserNumber {
    /// The population, by its place in [`Truth::populations`].
    pub population: u16,
    /// The user's number in it.
    pub number: u32,
}

/// What is known of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFacts {
    /// Region.
    pub region: String,
    /// Account type.
    pub account: String,
    /// Client version.
    pub client: String,
}

/// The ground truth of a run.
#[derive(Clone, Debug)]
pub struct Truth {
    journeys: Vec<String>,
    populations: Vec<crate::engine::Population>,
    settled: Chunks<Ledger>,
}

#[derive(Clone, Debug, Default)]
struct Ledger {
    rows: Vec<Settled>,
}

impl Columns for Ledger {
    const ROWS: usize = 1 << 14;
    fn rows(&self) -> usize {
        self.rows.len()
    }
}

impl Truth {
    pub(crate) fn new(journeys: Vec<String>, populations: Vec<crate::engine::Population>) -> Self {
        Truth { journeys, populations, settled: Chunks::default() }
    }

    pub(crate) fn settle(&mut self, settled: Settled) {
        self.settled.open().rows.push(settled);
    }

    /// The names of the journeys, by number.
    pub fn journeys(&self) -> &[String] {
        &self.journeys
    }

    /// The names of the populations, by number.
    pub fn populations(&self) -> impl Iterator<Item = &str> {
        self.populations.iter().map(crate::engine::Population::name)
    }

    /// What is known of a user.
    pub fn user(&self, user: UserNumber) -> UserFacts {
        self.populations[user.population as usize].facts(user.number)
    }

    /// Every settled debt, in the order they fell due.
    pub fn settled(&self) -> impl DoubleEndedIterator<Item = &Settled> {
        self.settled.iter().flat_map(|chunk| &chunk.rows)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.settled.len() * size_of::<Settled>()
    }

    /// Settled debts whose requests were made in `[from, to)`, by outcome in the order of [`Outcome::ALL`].
    pub fn outcomes(&self, from: SimTime, to: SimTime) -> [u64; 10] {
        let mut counts = [0; 10];
        for settled in self.settled().filter(|s| s.asked >= from && s.asked < to) {
            counts[settled.outcome as usize] += 1;
        }
        counts
    }

    /// Feeds everything to `hasher`.
    pub fn digest_into(&self, hasher: &mut blake3::Hasher) {
        for name in &self.journeys {
            hasher.update(name.as_bytes());
        }
        for settled in self.settled() {
            let mut bytes = [0u8; 26];
            bytes[..8].copy_from_slice(&settled.asked.0.to_le_bytes());
            bytes[8..16].copy_from_slice(&settled.due.0.to_le_bytes());
            bytes[16..20].copy_from_slice(&settled.user.number.to_le_bytes());
            bytes[20..22].copy_from_slice(&settled.user.population.to_le_bytes());
            bytes[22..24].copy_from_slice(&settled.journey.to_le_bytes());
            bytes[24] = settled.step;
            bytes[25] = settled.outcome as u8;
            hasher.update(&bytes);
        }
    }
}
