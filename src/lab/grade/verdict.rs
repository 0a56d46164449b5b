//! The verdict over the learner's fixes: harm with them against harm without, soon after and long after, on several
//! seeds. Counts of harmed requests are compared beyond the healthy background and beyond what chance does: a
//! difference counts if it is larger than three standard deviations of a Poisson count.
//!
//! - *Root fix*: long after, on every seed, at most a tenth of the harm is left, and soon after at most half.
//! - *Symptom patch*: not that, and on most seeds harm fell by 30 % or more in some window.
//! - *Partial fix*, of several causes: harm fell beyond chance, over all seeds, and long after by as much as soon after.
//! - *Worse*: on most seeds harm over the whole horizon is 20 % more than untouched.
//! - *No effect*: none of these.

use super::Case;
use super::counterfactual::{Run, Runs};
use crate::lab::{Futures, SeedHarm, Verdict};
use crate::time::{Duration, SimTime};

/// The time that a settled fix is given before it is measured: what piled up may drain.
const DRAIN: Duration = Duration::from_mins(5);
/// The length of the windows *soon* and *late*.
const WINDOW: Duration = Duration::from_mins(10);
/// The share of harm that may be left of a root fix, late and soon.
const LEFT_LATE: f64 = 0.10;
const LEFT_SOON: f64 = 0.50;
/// The share of harm under which a fix did something.
const FELL: f64 = 0.70;
/// The share of harm over which a fix did damage.
const GREW: f64 = 1.20;
/// History that is not counted as healthy background: the system warms up.
const WARM_UP: Duration = Duration::from_mins(5);

/// Harmed requests in one window of both futures, and what the healthy background would have.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Window {
    with: f64,
    without: f64,
    background: f64,
}

/// What chance may do to a count of harmed requests: three standard deviations of a Poisson count.
pub fn noise(count: f64) -> f64 {
    3.0 * count.max(1.0).sqrt()
}

impl Window {
    fn new(run: &Run, per_hour: f64, from: SimTime, to: SimTime) -> Window {
        let background = per_hour * to.since(from).as_secs_f64() / 3600.0;
        Window { with: count(&run.with, from, to) as f64, without: count(&run.without, from, to) as f64, background }
    }

    /// Whether at most this share of the harm is left, as far as chance lets one say.
    fn has_at_most(&self, share: f64) -> bool {
        let most = self.background + share * (self.without - self.background).max(0.0);
        self.with <= most + noise(most)
    }

    fn fell(&self) -> bool {
        let harm = self.without - self.background;
        let left = self.with - self.background;
        harm > noise(self.background)
            && left <= FELL * harm
            && self.without - self.with > noise(self.with + self.without)
    }

    /// Harmed requests that there would have been.
    fn fall(&self) -> f64 {
        self.without - self.with
    }

    fn plus(self, other: Window) -> Window {
        Window {
            with: self.with + other.with,
            without: self.without + other.without,
            background: self.background + other.background,
        }
    }

    fn grew(&self) -> bool {
        let harm = (self.without - self.background).max(0.0);
        let now = self.with - self.background;
        now > GREW * harm && self.with - self.without > noise(self.with + self.without)
    }
}

/// The three windows of one seed.
struct Windows {
    soon: Window,
    late: Window,
    all: Window,
}

/// What the fixes did.
pub fn verdict(case: &Case<'_>, runs: &Runs) -> Verdict {
    if case.notebook.deployed.is_empty() {
        return untouched(case);
    }
    let seeds: Vec<Windows> = runs.seeds.iter().map(|run| windows(case, runs, run)).collect();
    judge(&seeds, case.is_quiet())
}

/// The same of a learner, who may have ordered no more than a closer look: if that changed nothing, nothing was changed.
pub fn of_learner(case: &Case<'_>, runs: &Runs) -> Verdict {
    let looked = case.notebook.deployed.iter().all(|order| order.fix.kind().only_shows());
    match verdict(case, runs) {
        Verdict::NoEffect if looked => untouched(case),
        Verdict::NoEffect | Verdict::SymptomPatch if ended(case, runs).is_some() => Verdict::PartialFix,
        verdict => verdict,
    }
}

/// The share of the harm that ended and stayed away where several causes are at work. One cause is gone or it is not.
pub fn ended(case: &Case<'_>, runs: &Runs) -> Option<f64> {
    let seeds: Vec<Windows> = runs.seeds.iter().map(|run| windows(case, runs, run)).collect();
    if case.lesson.spec().also.is_empty() { None } else { stayed_away(&seeds) }
}

/// The share of the harm by which it fell long after, over all seeds: beyond chance, and as much as soon after.
fn stayed_away(seeds: &[Windows]) -> Option<f64> {
    let sum = |of: fn(&Windows) -> Window| seeds.iter().map(of).fold(Window::default(), Window::plus);
    let (soon, late, all) = (sum(|seed| seed.soon), sum(|seed| seed.late), sum(|seed| seed.all));
    let fell = all.fall() > noise(all.with + all.without);
    let less = soon.fall() - late.fall();
    let stayed = less <= 0.5 * soon.fall() && less <= noise(soon.with + soon.without + late.with + late.without);
    let harm = late.without - late.background;
    (fell && stayed && late.fall() > 0.0 && harm > 0.0).then(|| (late.fall() / harm).min(1.0))
}

fn untouched(case: &Case<'_>) -> Verdict {
    if case.is_quiet() { Verdict::RightlyLeftAlone } else { Verdict::NotTried }
}

fn judge(seeds: &[Windows], quiet: bool) -> Verdict {
    let most = |is: &dyn Fn(&Windows) -> bool| 2 * seeds.iter().filter(|seed| is(seed)).count() > seeds.len();
    let harmful = |seed: &Windows| seed.all.without - seed.all.background > noise(seed.all.background);
    let cured = |seed: &Windows| seed.late.has_at_most(LEFT_LATE) && seed.soon.has_at_most(LEFT_SOON);
    if most(&|seed| seed.all.grew()) {
        Verdict::Worse
    } else if !quiet && most(&harmful) && seeds.iter().all(cured) {
        Verdict::RootFix
    } else if most(&|seed| seed.soon.fell() || seed.late.fell() || seed.all.fell()) {
        Verdict::SymptomPatch
    } else {
        Verdict::NoEffect
    }
}

fn windows(case: &Case<'_>, runs: &Runs, run: &Run) -> Windows {
    Windows::new(run, background(case, run), (runs.settled, runs.end))
}

impl Windows {
    fn new(run: &Run, background: f64, (settled, end): (SimTime, SimTime)) -> Windows {
        let from = settled + DRAIN;
        let late = SimTime(end.0.saturating_sub(WINDOW.0)).max(from);
        Windows {
            soon: Window::new(run, background, from, (from + WINDOW).min(end)),
            late: Window::new(run, background, late, end),
            all: Window::new(run, background, settled, end),
        }
    }
}

/// What a fix did on some seeds, by the same rules: each seed with its healthy background in harmed requests an hour, when
/// the fix had settled, and until when both futures were run.
pub(in crate::lab) fn of_runs(seeds: &[(Run, f64, (SimTime, SimTime))]) -> Verdict {
    let seeds: Vec<Windows> = seeds.iter().map(|(run, healthy, span)| Windows::new(run, *healthy, *span)).collect();
    judge(&seeds, false)
}

/// Harmed requests an hour while all was well: before the cause, or before the learner's arrival if nothing is wrong.
pub fn background(case: &Case<'_>, run: &Run) -> f64 {
    let to = case.caused_at().unwrap_or(case.opened_at);
    let from = SimTime(WARM_UP.0.min(to.0 / 2));
    rate(&run.without, from, to)
}

/// The two futures of this seed by the minute, and the harm on every seed.
pub fn futures(case: &Case<'_>, runs: &Runs) -> Futures {
    let caused = case.caused_at();
    let first = case.first_fix();
    let per_hour = |run: &Run| {
        let windows = (runs.settled + DRAIN, SimTime(runs.end.0.saturating_sub(WINDOW.0)));
        let (soon, late) = (windows.0, windows.1.max(windows.0));
        SeedHarm {
            seed: run.seed,
            // Where nothing is wrong, all of the time before the learner's arrival is.
            before: caused
                .map_or_else(|| background(case, run), |caused| rate(&run.with, caused, first.unwrap_or(runs.end))),
            soon: rate(&run.with, soon, (soon + WINDOW).min(runs.end)),
            late: rate(&run.with, late, runs.end),
            untouched: rate(&run.without, late, runs.end),
            background: background(case, run),
        }
    };
    let own = runs.seeds.first().cloned().unwrap_or_default();
    let healthy = background(case, &own) / 60.0;
    let from = SimTime(caused.unwrap_or(case.opened_at).0.saturating_sub(Duration::from_mins(5).0));
    Futures {
        with: minutes(&own.with, healthy, from, runs.end),
        without: minutes(&own.without, healthy, from, runs.end),
        fixed_at: case.notebook.deployed.iter().map(|order| order.ordered).min(),
        seeds: runs.seeds.iter().map(per_hour).collect(),
    }
}

/// Harmed requests of each whole minute beyond the healthy background.
fn minutes(harmed: &[SimTime], healthy: f64, from: SimTime, to: SimTime) -> Vec<(SimTime, u64)> {
    let minute = Duration::from_mins(1);
    let first = SimTime(from.0 / minute.0 * minute.0);
    let starts = (0..).map(|n| SimTime(first.0 + n * minute.0)).take_while(|start| *start + minute <= to);
    starts
        .map(|start| (start, (count(harmed, start, start + minute) as f64 - healthy).round().max(0.0) as u64))
        .collect()
}

/// Harmed requests made in `[from, to)`.
pub fn count(harmed: &[SimTime], from: SimTime, to: SimTime) -> usize {
    let before = |end: SimTime| harmed.partition_point(|at| *at < end);
    before(to.max(from)) - before(from)
}

/// Harmed requests an hour in `[from, to)`.
pub fn rate(harmed: &[SimTime], from: SimTime, to: SimTime) -> f64 {
    let hours = to.since(from).as_secs_f64() / 3600.0;
    if hours > 0.0 { count(harmed, from, to) as f64 / hours } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(soon: (f64, f64), late: (f64, f64)) -> Windows {
        let window = |(with, without), background| Window { with, without, background };
        let all = (soon.0 + late.0, soon.1 + late.1);
        Windows { soon: window(soon, 10.0), late: window(late, 10.0), all: window(all, 20.0) }
    }

    fn check(seeds: &[Windows], expect: Verdict) {
        assert_eq!(judge(seeds, false), expect);
    }

    #[test]
    fn harm_that_ends_and_stays_away_is_a_root_fix() {
        check(&[seed((10.0, 500.0), (12.0, 500.0)), seed((8.0, 480.0), (9.0, 510.0))], Verdict::RootFix);
    }

    #[test]
    fn harm_that_returns_on_one_seed_is_a_symptom_patch() {
        check(&[seed((10.0, 500.0), (12.0, 500.0)), seed((10.0, 500.0), (400.0, 500.0))], Verdict::SymptomPatch);
        check(&[seed((150.0, 500.0), (150.0, 500.0))], Verdict::SymptomPatch);
    }

    #[test]
    fn chance_is_no_effect() {
        check(&[seed((480.0, 500.0), (510.0, 500.0))], Verdict::NoEffect);
        check(&[seed((8.0, 13.0), (9.0, 12.0))], Verdict::NoEffect);
    }

    #[test]
    fn more_harm_is_worse_even_without_an_incident() {
        check(&[seed((900.0, 500.0), (800.0, 500.0))], Verdict::Worse);
        assert_eq!(judge(&[seed((900.0, 10.0), (10.0, 10.0))], true), Verdict::Worse);
        assert_eq!(judge(&[seed((10.0, 10.0), (10.0, 10.0))], true), Verdict::NoEffect);
    }

    #[test]
    fn of_several_causes_one_may_be_gone_for_good() {
        let share =
            |soon, late| stayed_away(&[seed(soon, late), seed(soon, late)]).map(|share| (share * 100.0).round());
        assert_eq!(share((255.0, 500.0), (255.0, 500.0)), Some(50.0));
        assert_eq!(share((420.0, 500.0), (418.0, 500.0)), Some(17.0), "less than a symptom patch must do");
        assert_eq!(share((300.0, 500.0), (900.0, 1100.0)), Some(18.0), "the other cause grows");
        assert_eq!(share((100.0, 500.0), (480.0, 500.0)), None, "it returned");
        assert_eq!(share((490.0, 500.0), (488.0, 500.0)), None, "chance");
        assert_eq!(stayed_away(&[]), None);
    }

    #[test]
    fn minutes_are_whole_and_beyond_the_background() {
        let harmed: Vec<SimTime> = (0..90).map(|n| SimTime::from_secs(60 + n)).collect();
        let rows = minutes(&harmed, 10.0, SimTime::from_secs(30), SimTime::from_secs(170));
        assert_eq!(rows, [(SimTime::ZERO, 0), (SimTime::from_secs(60), 50)]);
    }
}
