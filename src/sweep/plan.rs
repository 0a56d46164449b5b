//! What a sweep is of: the same for all its shards, and kept in each file, so that only what belongs together is merged.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Options, SweepError};
use crate::prove::kept::Build;
use crate::{Lesson, generate};

/// The version of a sweep's file.
pub const FORMAT: &str = "allgreen-sweep/1";

/// What a sweep is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The build of the program that ran.
    pub build: String,
    /// The first seed, and the one after the last.
    pub seeds: (u64, u64),
    /// Lessons, in order.
    pub lessons: Vec<Planned>,
    /// The world in which incidents are generated, by name and content.
    pub generated: Option<Planned>,
    /// Detectors, in order.
    pub detectors: Vec<String>,
    /// Tasks of all shards: an incident and a seed each.
    pub tasks: u64,
}

/// A lesson or a world, and what decides its runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// BLAKE3 of it.
    pub content: String,
}

/// A task that came to nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    /// Its number.
    pub task: u64,
    /// Why.
    pub why: String,
}

/// One of so many equal parts of a sweep. Written `2/3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub part: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { part: 1, of: 1 };
    /// The most parts.
    pub const MOST: u64 = 100_000;

    /// Whether a task belongs to it: every so manieth.
    pub fn has(self, task: u64) -> bool {
        task % self.of.max(1) == self.part.saturating_sub(1)
    }

    /// Whether there is such a part.
    pub fn is_sound(self) -> bool {
        (1..=self.of).contains(&self.part) && self.of <= Shard::MOST
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let read = text.split_once('/').and_then(|(part, of)| Some(Shard { part: number(part)?, of: number(of)? }));
        read.filter(|shard| shard.is_sound()).ok_or_else(|| {
            format!("name one part of at most {}, such as 1/3, 2/3 and 3/3: the parts are counted from 1", Shard::MOST)
        })
    }
}

impl Plan {
    /// The plan of some options.
    pub(super) fn new(lessons: &[Lesson], options: &Options<'_>) -> Result<Plan, SweepError> {
        let names = |mut names: Vec<String>, what: &str| {
            names.sort();
            let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
            twice.map_or(Ok(()), |pair| Err(SweepError::Plan(format!("the {what} {} is there twice", pair[0]))))
        };
        let detectors: Vec<String> = options.detectors.iter().map(|one| one.name().to_owned()).collect();
        names(detectors.clone(), "detector")?;
        names(lessons.iter().map(|lesson| lesson.spec().id.clone()).collect(), "lesson")?;
        let seeds = options.seeds.end.saturating_sub(options.seeds.start);
        let incidents = lessons.len() as u64 + u64::from(options.generated.is_some());
        let tasks = seeds.saturating_mul(incidents);
        if tasks == 0 || detectors.is_empty() || !options.shard.is_sound() {
            return Err(SweepError::Plan(
                "a sweep needs an incident, a seed, a detector and a shard that there is".into(),
            ));
        }
        if options.shard.of > tasks {
            let what = format!("{tasks} tasks cannot be cut into {} shards: name fewer", options.shard.of);
            return Err(SweepError::Plan(what));
        }
        let planned = |lesson: &Lesson| Planned { name: lesson.spec().id.clone(), content: lesson.content() };
        Ok(Plan {
            build: Build::own().name().to_owned(),
            seeds: (options.seeds.start, options.seeds.end),
            lessons: lessons.iter().map(planned).collect(),
            generated: options
                .generated
                .map(|(world, _)| Planned { name: world.spec().name.clone(), content: generate::digest(world) }),
            detectors,
            tasks,
        })
    }

    /// What differs from another plan, in a word; None if they are one.
    pub(super) fn differs(&self, other: &Plan) -> Option<&'static str> {
        let differences = [
            ("build of allgreen", self.build != other.build),
            ("range of seeds", self.seeds != other.seeds),
            ("set of lessons, or version of one", self.lessons != other.lessons),
            ("world for generated incidents", self.generated != other.generated),
            ("set of detectors", self.detectors != other.detectors),
            ("number of tasks", self.tasks != other.tasks),
        ];
        differences.into_iter().find(|(_, differs)| *differs).map(|(what, _)| what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_part_of_some() {
        assert_eq!("2/3".parse(), Ok(Shard { part: 2, of: 3 }));
        for wrong in ["0/0", "3/2", "0/2", "1", "1/0", "-1/2", "a/b", "1/9999999", ""] {
            assert!(wrong.parse::<Shard>().unwrap_err().contains("1/3"), "{wrong}");
        }
    }

    #[test]
    fn each_task_belongs_to_one_shard() {
        let shards: Vec<Shard> = (1..=3).map(|part| Shard { part, of: 3 }).collect();
        for task in 0..20 {
            assert_eq!(shards.iter().filter(|shard| shard.has(task)).count(), 1);
            assert!(Shard::WHOLE.has(task));
        }
    }
}
