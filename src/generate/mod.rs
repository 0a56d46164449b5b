//! Incidents without end: a world and a seed become a lesson like any other, which was proved before anybody sees it.
//! Luck draws a plot, proof runs it, words tell of it. Knows causes and the ground truth; what leaves here is a
//! [`Lesson`].
//!
//! The same world, seed and level give the same row of draws; the first one that is fit and that the learner has not
//! met is played. A draw is generated again from its [`Recipe`].

mod alarms;
mod causes;
mod history;
mod luck;
mod order;
mod plot;
mod proof;
mod survey;
mod typical;
mod words;

pub use history::History;
pub use order::{Order, OrderError, any_seed, from_recipe};

use std::collections::BTreeMap;

use crate::lab::Progress;
use crate::lesson::{Cause, Lesson, LessonSpec, Level, NamedFix, Recipe};
use crate::time::{Duration, Epoch};
use crate::world::FORMAT;
use crate::{Problems, Seed, World};
use causes::Candidate;
use luck::Luck;
use plot::Plot;
use survey::Survey;

/// The version of the generator: another one draws other incidents.
pub const VERSION: u32 = 1;
/// The most draws that are looked at, and the most that are proved.
const MOST_DRAWS: u32 = 400;
const MOST_PROOFS: u32 = 40;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The world.
    pub world: World,
    /// How a session file names it: its name if it is built in, else the path of its file.
    pub place: String,
    /// The seed of the draws, and of the run.
    pub seed: Seed,
    /// How hard it shall be.
    pub level: Level,
}

/// A lesson that nobody has met.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The lesson.
    pub lesson: Lesson,
    /// What a [`History`] remembers of it.
    pub fingerprint: String,
    /// Why earlier draws were passed over, in order.
    pub passed_over: Vec<&'static str>,
}

impl Generated {
    /// How it was found, in words that give nothing away: `draw 3; of those before it 2 rang an alarm`.
    pub fn search(&self) -> String {
        match self.passed_over.len() {
            0 => "draw 1".to_owned(),
            before => format!("draw {}; of those before it {}", before + 1, counted(&self.passed_over)),
        }
    }
}

/// Reasons, each with how often it was one.
fn counted(reasons: &[&'static str]) -> String {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    reasons.iter().for_each(|why| *counts.entry(why).or_default() += 1);
    counts.into_iter().map(|(why, count)| format!("{count} {why}")).collect::<Vec<_>>().join(", ")
}

/// Why there is no incident.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The world has no place where anything could fail silently.
    #[error("{0}")]
    NoRoom(String),
    /// No draw was fit and new.
    #[error("{0}")]
    Exhausted(String),
    /// Somebody asked to stop.
    #[error("the search for an incident was stopped")]
    Stopped,
    /// A recipe does not fit the program or the world.
    #[error("{0}")]
    Recipe(String),
    /// What was made is no lesson: a fault of the generator, told with its place.
    #[error("a generated lesson does not pass the check of lessons: {0}")]
    Check(#[from] Problems),
}

/// Why a plot is not played.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unfit {
    /// Too few users are harmed.
    Harmless,
    /// An alarm rings.
    Loud(String),
    /// There is harm without the cause.
    Spoiled,
    /// One of several causes does no harm of its own.
    Redundant,
    /// No chart shows it.
    Unsolvable,
    /// No fix ends it.
    Unfixable,
}

impl Unfit {
    fn words(&self) -> &'static str {
        match self {
            Unfit::Harmless => "harmed too few users",
            Unfit::Loud(_) => "rang an alarm",
            Unfit::Spoiled => "harmed users without its cause",
            Unfit::Redundant => "had a cause that did nothing",
            Unfit::Unsolvable => "left no evidence",
            Unfit::Unfixable => "could not be fixed",
        }
    }
}

/// BLAKE3 of a world.
pub fn digest(world: &World) -> String {
    let text = ron::to_string(world.spec()).unwrap_or_default();
    format!("blake3:{}", blake3::hash(text.as_bytes()))
}

/// A draw that nobody has met.
struct Drawn {
    draw: u32,
    luck: Luck,
    plot: Plot,
    fingerprint: String,
}

/// The first incident of this seed and level that is fit and not in `history`. `progress` is told now and then, and may
/// stop the search. As many draws as there are cores are rehearsed at a time; which one is found does not depend on it.
pub fn generate(wanted: &Wanted, history: &History, progress: Progress<'_>) -> Result<Generated, GenerateError> {
    let studio = Studio::new(wanted);
    let survey = Survey::new(&wanted.world);
    let families = causes::all(&survey);
    let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u32;
    // Why a draw was passed over.
    let mut passed_over: BTreeMap<u32, &'static str> = BTreeMap::new();
    let (mut draws, mut proofs) = (0..MOST_DRAWS, 0);
    while proofs < MOST_PROOFS {
        let mut drawn = Vec::new();
        while drawn.len() < at_once.min(MOST_PROOFS - proofs) as usize {
            let Some(draw) = draws.next() else { break };
            let mut luck = studio.luck(draw);
            let Some(plot) = plot::draw(&survey, &families, wanted.level, &mut luck) else {
                let what = format!(
                    "in the world `{}` too few things can fail silently for the level {}; try an easier level or another world",
                    wanted.world.spec().name,
                    wanted.level.name()
                );
                return Err(GenerateError::NoRoom(what));
            };
            let fingerprint = studio.fingerprint(&plot);
            if history.has(&fingerprint) {
                passed_over.insert(draw, "were met before");
            } else {
                drawn.push(Drawn { draw, luck, plot, fingerprint });
            }
        }
        if drawn.is_empty() {
            break;
        }
        let share = f64::from(proofs) / f64::from(MOST_PROOFS);
        let rehearsed = studio.rehearse(&survey, &mut drawn, &mut |_| progress(share));
        for (Drawn { draw, mut luck, plot, fingerprint }, rehearsed) in drawn.into_iter().zip(rehearsed) {
            let share = f64::from(proofs) / f64::from(MOST_PROOFS);
            if !progress(share) {
                return Err(GenerateError::Stopped);
            }
            proofs += 1;
            let mut told = |_| progress(share);
            let make = |()| studio.make((&survey, draw), &plot, &mut luck, &mut told);
            match rehearsed.map_err(Made::Unfit).and_then(make) {
                Ok(lesson) => {
                    let passed_over = passed_over.range(..draw).map(|(_, why)| *why).collect();
                    return Ok(Generated { lesson, fingerprint, passed_over });
                }
                Err(Made::Unfit(unfit)) => drop(passed_over.insert(draw, unfit.words())),
                Err(Made::Problems(problems)) => return Err(problems.into()),
            }
        }
    }
    let what = format!(
        "no new incident was found in `{}` at the level {} with seed {}: of the draws {}; try another seed, level or world",
        wanted.world.spec().name,
        wanted.level.name(),
        wanted.seed.0,
        counted(&passed_over.into_values().collect::<Vec<_>>())
    );
    Err(GenerateError::Exhausted(what))
}

/// The incident of a recipe, in the world that the recipe was made for.
pub fn again(world: &World, recipe: &Recipe, progress: Progress<'_>) -> Result<Generated, GenerateError> {
    if recipe.version != VERSION {
        let what = format!(
            "this incident was generated by version {} of the generator, and this program has version {VERSION}; open it \
             with the allgreen that saved it",
            recipe.version
        );
        return Err(GenerateError::Recipe(what));
    }
    if recipe.digest != digest(world) {
        let what = format!(
            "this incident was generated in another version of the world `{}`; open it with the world file that it was \
             played with",
            recipe.world
        );
        return Err(GenerateError::Recipe(what));
    }
    let wanted =
        Wanted { world: world.clone(), place: recipe.world.clone(), seed: Seed(recipe.seed), level: recipe.level };
    let studio = Studio::new(&wanted);
    let survey = Survey::new(&wanted.world);
    let families = causes::all(&survey);
    let mut luck = studio.luck(recipe.draw);
    let plot = plot::draw(&survey, &families, recipe.level, &mut luck);
    let unfit = || GenerateError::Recipe("this recipe makes no incident; the session file was changed".to_owned());
    let mut plot = plot.ok_or_else(unfit)?;
    let fingerprint = studio.fingerprint(&plot);
    let rehearsed = proof::rehearse((world, &survey), wanted.seed, &mut plot, grace(world));
    let make = |()| studio.make((&survey, recipe.draw), &plot, &mut luck, progress);
    match rehearsed.map_err(Made::Unfit).and_then(make) {
        Ok(lesson) => Ok(Generated { lesson, fingerprint, passed_over: Vec::new() }),
        Err(Made::Unfit(_)) => Err(unfit()),
        Err(Made::Problems(problems)) => Err(problems.into()),
    }
}

/// What all draws of one wish have in common.
struct Studio<'a> {
    wanted: &'a Wanted,
    digest: String,
}

enum Made {
    Unfit(Unfit),
    Problems(Problems),
}

impl From<Unfit> for Made {
    fn from(unfit: Unfit) -> Made {
        Made::Unfit(unfit)
    }
}

impl Studio<'_> {
    fn new(wanted: &Wanted) -> Studio<'_> {
        Studio { wanted, digest: digest(&wanted.world) }
    }

    fn luck(&self, draw: u32) -> Luck {
        let level = self.wanted.level.name();
        let (seed, draw) = (self.wanted.seed.0.to_le_bytes(), draw.to_le_bytes());
        Luck::new(&[self.digest.as_bytes(), &seed, level.as_bytes(), &draw, &VERSION.to_le_bytes()])
    }

    /// What a history remembers: the world and what is to be found in it, not legible.
    fn fingerprint(&self, plot: &Plot) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("allgreen met incidents v1");
        hasher.update(self.wanted.world.spec().name.as_bytes());
        hasher.update(&[0]);
        hasher.update(plot.name().as_bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// Rehearses draws, each on a thread of its own.
    fn rehearse(&self, survey: &Survey<'_>, drawn: &mut [Drawn], progress: Progress<'_>) -> Vec<Result<(), Unfit>> {
        let (world, seed) = (&self.wanted.world, self.wanted.seed);
        let rehearse = |plot: &mut Plot| proof::rehearse((world, survey), seed, plot, grace(world));
        std::thread::scope(|scope| {
            let rehearse = &rehearse;
            let threads: Vec<_> =
                drawn.iter_mut().map(|drawn| scope.spawn(move || rehearse(&mut drawn.plot))).collect();
            while threads.iter().any(|thread| !thread.is_finished()) {
                // A rehearsal is short: who asked to stop is heard after it.
                progress(0.0);
                std::thread::park_timeout(std::time::Duration::from_millis(15));
            }
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    /// Proves a plot that was rehearsed and makes a lesson of it.
    fn make(
        &self,
        (survey, draw): (&Survey<'_>, u32),
        plot: &Plot,
        luck: &mut Luck,
        progress: Progress<'_>,
    ) -> Result<Lesson, Made> {
        let world = &self.wanted.world;
        let grace = grace(world);
        let proof = proof::prove((world, survey), self.wanted.seed, plot, grace, progress)?;
        let epoch = Epoch::parse(&world.spec().epoch).unwrap_or(Epoch::UNIX);
        let story = words::Story { survey, plot, proof: &proof, epoch };
        let mut causes = plot.causes.iter().map(|chosen| cause(&chosen.candidate, &chosen.id));
        let Some(first) = causes.next() else { return Err(Unfit::Harmless.into()) };
        let name = &world.spec().name;
        let spec = LessonSpec {
            format: FORMAT,
            id: format!("{name}-{}-{}-{draw}", self.wanted.level.name(), self.wanted.seed.0),
            world: format!("worlds/{name}.ron"),
            seed: self.wanted.seed.0,
            level: self.wanted.level,
            opens_at: plot.opens_at,
            script: proof::script(plot),
            cause: first,
            also: causes.collect(),
            fixes: named(&proof),
            evidence: story.evidence(),
            texts: story.texts(luck),
        };
        let recipe = Recipe {
            world: self.wanted.place.clone(),
            digest: self.digest.clone(),
            seed: self.wanted.seed.0,
            level: self.wanted.level,
            draw,
            version: VERSION,
        };
        Lesson::generated(spec, world.clone(), recipe).map_err(Made::Problems)
    }
}

fn cause(candidate: &Candidate, id: &str) -> Cause {
    Cause {
        at: candidate.at.clone(),
        mechanism: candidate.mechanism,
        change: id.to_owned(),
        silent_arrows: candidate.silent_arrows.clone(),
    }
}

fn named(proof: &proof::Proof) -> Vec<NamedFix> {
    let fixes = proof.fixes.iter().filter_map(|(orders, effect)| {
        let (fix, with) = orders.split_first()?;
        Some(NamedFix { fix: fix.clone(), with: with.to_vec(), effect: *effect })
    });
    fixes.collect()
}

/// The longest time between a request and the judgement of its debt.
fn grace(world: &World) -> Duration {
    let steps = world.spec().journeys.values().flat_map(|journey| &journey.steps);
    let owes = steps.map(|step| step.owes.answer_within.max(step.owes.effects_within));
    owes.max().unwrap_or(Duration::ZERO) + Duration::from_secs(1)
}

#[cfg(test)]
mod tests;
