//! Versioned data: a datum is (key, version, valid since). Writes make versions; an answer carries the versions that
//! the answering copy held. No node reads from here whether a value is still current: only the ledger does.

use arrayvec::ArrayVec;

use super::by_key::{ByKey, packed};
use super::ids::DatumId;
use super::plan::{KeyLaw, Plan};
use crate::random::Identity;
use crate::time::{Duration, SimTime};

/// A version of some key, counted over the whole run; zero is the version that a key had at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionId(pub u32);

/// Where a part of an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Database,
    Cache,
    /// A constant in the code.
    Default,
    /// An old answer, kept for a bad day.
    Stale,
    /// A token; its version is its number.
    Token,
    /// Not a value: a lock service's word that the work was done before.
    Done,
}

/// One part of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub datum: DatumId,
    pub key: u32,
    pub version: VersionId,
    pub source: Source,
}

/// The parts of an answer. Worlds whose answers could have more are refused.
pub type Parts = ArrayVec<Part, 8>;

/// Adds a part, or replaces a default for the same datum.
pub fn merge(parts: &mut Parts, part: Part) {
    let same = |known: &&mut Part| known.datum == part.datum && part.source != Source::Done;
    match parts.iter_mut().find(same) {
        Some(known) => {
            if known.source == Source::Default {
                *known = part;
            }
        }
        None => {
            // Checked worlds never collect more than fit.
            let _ = parts.try_push(part);
        }
    }
}

/// All versions of all data.
#[derive(Clone, Debug)]
pub struct Versions {
    /// The newest version of what was ever written.
    current: ByKey<VersionId>,
    log: Vec<Version>,
    /// When the first version of a key was superseded.
    first_superseded: ByKey<SimTime>,
}

#[derive(Clone, Copy, Debug)]
struct Version {
    since: SimTime,
    superseded: SimTime,
    before: VersionId,
    datum: DatumId,
    key: u32,
}

impl Versions {
    pub fn new() -> Self {
        let start = Version {
            since: SimTime::ZERO,
            superseded: SimTime(u64::MAX),
            before: VersionId(0),
            datum: DatumId(0),
            key: 0,
        };
        Versions { current: ByKey::default(), log: vec![start], first_superseded: ByKey::default() }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.log.capacity() * size_of::<Version>() + (self.current.len() + self.first_superseded.len()) * 32
    }

    /// The version that the authority holds now.
    pub fn current(&self, datum: DatumId, key: u32) -> VersionId {
        self.current.get(&packed(datum, key)).copied().unwrap_or_default()
    }

    /// The version that was current at `at`.
    pub fn as_of(&self, datum: DatumId, key: u32, at: SimTime) -> VersionId {
        let mut version = self.current(datum, key);
        while version.0 != 0 && self.log[version.0 as usize].since > at {
            version = self.log[version.0 as usize].before;
        }
        version
    }

    /// A write: a new version, current from now on.
    pub fn write(&mut self, datum: DatumId, key: u32, now: SimTime) -> VersionId {
        let before = self.current(datum, key);
        if before.0 == 0 {
            self.first_superseded.insert(packed(datum, key), now);
        } else {
            self.log[before.0 as usize].superseded = now;
        }
        let version = VersionId(self.log.len() as u32);
        self.log.push(Version { since: now, superseded: SimTime(u64::MAX), before, datum, key });
        self.current.insert(packed(datum, key), version);
        version
    }

    /// Versions of these families since `since` are gone, and what was there before is current again. To whoever asks what
    /// is still true they have been superseded all the same: the users were told of them.
    pub fn forget_since(&mut self, families: &[DatumId], since: SimTime, now: SimTime) {
        for at in (1..self.log.len()).rev() {
            let Version { since: written, before, datum, key, .. } = self.log[at];
            if written <= since {
                return;
            }
            if families.contains(&datum) && self.current(datum, key) == VersionId(at as u32) {
                self.log[at].superseded = now;
                self.current.insert(packed(datum, key), before);
            }
        }
    }

    /// How long ago a version was superseded; None if it is current.
    pub fn superseded_for(&self, part: &Part, now: SimTime) -> Option<Duration> {
        let at = if part.version.0 == 0 {
            *self.first_superseded.get(&packed(part.datum, part.key))?
        } else {
            self.log[part.version.0 as usize].superseded
        };
        (at <= now).then(|| now.since(at))
    }
}

/// The key of a datum that a journey of a user is about.
pub fn key_of(plan: &Plan, datum: DatumId, journey: Identity, user: u32) -> u32 {
    let family = &plan.data[datum.at()];
    match &family.law {
        KeyLaw::Uniform => family.stream.index(journey, 0, family.keys as usize) as u32,
        KeyLaw::PerUser => (crate::random::mix(u64::from(user)) % u64::from(family.keys)) as u32,
        KeyLaw::Zipf(zipf) => zipf.key(family.stream.unit(journey, 0)),
    }
}

/// Keys that were asked for lately. The nodes that a request passes ask for the same ones, and to find one in a table of
/// popularity is to wait for memory.
#[derive(Clone, Debug)]
pub struct RecentKeys(Vec<Recent>);

#[derive(Clone, Copy, Debug)]
struct Recent {
    journey: Identity,
    datum: DatumId,
    key: u32,
}

impl RecentKeys {
    const PLACES: usize = 256;

    pub fn new() -> RecentKeys {
        RecentKeys(vec![Recent { journey: Identity(0), datum: DatumId(u16::MAX), key: 0 }; Self::PLACES])
    }

    /// [`key_of`], which is remembered.
    pub fn find(&mut self, plan: &Plan, datum: DatumId, journey: Identity, user: u32) -> u32 {
        let key = self.look_up(plan, datum, journey, user);
        if matches!(plan.data[datum.at()].law, KeyLaw::Zipf(_)) {
            self.0[Self::place(datum, journey)] = Recent { journey, datum, key };
        }
        key
    }

    /// [`key_of`], without a look into the table if it is remembered. Only keys of a table are: they depend on no user.
    pub fn look_up(&self, plan: &Plan, datum: DatumId, journey: Identity, user: u32) -> u32 {
        let recent = self.0[Self::place(datum, journey)];
        if recent.journey == journey && recent.datum == datum {
            return recent.key;
        }
        key_of(plan, datum, journey, user)
    }

    fn place(datum: DatumId, journey: Identity) -> usize {
        (journey.0 as usize).wrapping_add(datum.at()) % Self::PLACES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_behind_answers_with_the_version_of_its_time() {
        let (datum, mut versions) = (DatumId(0), Versions::new());
        let first = versions.write(datum, 5, SimTime::from_secs(10));
        let second = versions.write(datum, 5, SimTime::from_secs(20));
        assert_eq!(versions.as_of(datum, 5, SimTime::from_secs(9)), VersionId(0));
        assert_eq!(versions.as_of(datum, 5, SimTime::from_secs(15)), first);
        assert_eq!(versions.current(datum, 5), second);
        let part = |version| Part { datum, key: 5, version, source: Source::Cache };
        let now = SimTime::from_secs(50);
        assert_eq!(versions.superseded_for(&part(first), now), Some(Duration::from_secs(30)));
        assert_eq!(versions.superseded_for(&part(VersionId(0)), now), Some(Duration::from_secs(40)));
        assert_eq!(versions.superseded_for(&part(second), now), None);
    }
}
