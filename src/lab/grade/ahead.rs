//! Work of the debrief that can be done beforehand: the same luck on other seeds, without the learner's fixes and with
//! them, and the past without the cause, run on in the background while the learner thinks. Knows how far to run; a
//! debrief without it is the same and takes longer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::counterfactual::{SEEDS, horizon, scripted_without_cause};
use crate::engine::Simulation;
use crate::lab::Progress;
use crate::lab::limits::SLICE_EVENTS;
use crate::lab::session::scripted;
use crate::lesson::{Lesson, Mechanism};
use crate::random::Seed;
use crate::time::{Duration, SimTime};
use crate::world::Change;

/// Virtual time that is run before the thread looks whether it is still wanted, unless that is more than so many events.
const SLICE: Duration = Duration::from_secs(30);
/// Bytes that all lanes may hold, about.
const MOST_BYTES: usize = 2 << 30;
/// The time between two states that are kept.
const APART: Duration = Duration::from_mins(10);
/// Time between two looks at how far threads are.
const LOOK: std::time::Duration = std::time::Duration::from_millis(15);
/// How much later than now a fix that is ordered now may have settled.
const LEAD: Duration = Duration::from_mins(15);

/// One run without the learner's fixes, as it was every few minutes from the learner's arrival on.
pub struct Lane {
    kept: Vec<Simulation>,
    head: Simulation,
}

impl Lane {
    fn new(head: Simulation) -> Lane {
        Lane { kept: Vec::new(), head }
    }

    fn run(&mut self, opens: SimTime, until: SimTime) {
        let now = self.head.now();
        let mut due = self.kept.last().map_or(opens, |kept| kept.now() + APART);
        if now >= due {
            self.kept.push(self.head.fork());
            due = now + APART;
        }
        self.head.run_within((now + SLICE).min(until).min(due), SLICE_EVENTS);
    }

    fn bytes(&self) -> usize {
        self.head.bytes() + self.kept.iter().map(Simulation::unshared_bytes).sum::<usize>()
    }

    /// The last state of the time up to `at`, if it has come as far.
    fn past(&self, at: SimTime) -> Option<Simulation> {
        (self.head.now() >= at).then(|| self.before(at)).flatten()
    }

    /// The last state that is kept of the time up to `at`.
    pub fn before(&self, at: SimTime) -> Option<Simulation> {
        let states = self.kept.iter().chain([&self.head]);
        states.filter(|state| state.now() <= at).max_by_key(|state| state.now()).map(Simulation::fork)
    }
}

/// The fixes that were ordered so far.
#[derive(Clone)]
pub struct Orders {
    /// When the first was.
    pub first: SimTime,
    /// What each does, and when that begins.
    pub changes: Vec<(SimTime, Change)>,
    /// How far the futures of these fixes go.
    pub until: SimTime,
}

/// The runs with the fixes. Another order makes others of them.
struct Fixed {
    orders: Orders,
    /// Of each seed, once its lane has come to the first order; and whether the fixes lie ahead of it already.
    runs: Vec<(Simulation, bool)>,
}

impl Fixed {
    /// Runs the one that is furthest behind a little on, if all can begin and one is not done.
    fn step(&mut self, seeds: &[Lane]) -> bool {
        let Orders { first, changes, until } = &self.orders;
        if self.runs.is_empty() {
            self.runs = seeds.iter().map_while(|lane| Some((lane.past(*first)?, false))).collect();
            if self.runs.len() < seeds.len() {
                self.runs.clear();
            }
        }
        let behind = self.runs.iter_mut().filter(|(sim, _)| sim.now() < *until).min_by_key(|(sim, _)| sim.now());
        let Some((sim, placed)) = behind else { return false };
        if !*placed && sim.now() == *first {
            changes.iter().for_each(|(effective, change)| sim.schedule(*effective, change));
            *placed = true;
        }
        let next = (sim.now() + SLICE).min(if *placed { *until } else { *first });
        sim.run_within(next, SLICE_EVENTS);
        true
    }
}

/// All lanes of a session.
pub struct Lanes {
    opens: SimTime,
    /// Of each seed that fixes are tried on, this one first. Only the ground truth is in them.
    pub seeds: Vec<Lane>,
    /// The past without the cause, if there is one, with all that it emits.
    pub causeless: Option<Lane>,
    /// With the learner's fixes, if any was ordered.
    fixed: Option<Fixed>,
}

impl Lanes {
    /// At their start; `own` is a run of this seed without fixes.
    pub fn new(lesson: &Lesson, seed: Seed, own: Simulation) -> Lanes {
        let others = (1..SEEDS).map(|more| scripted(lesson, Seed(seed.0.wrapping_add(more))));
        let seeds = [own].into_iter().chain(others).map(|mut sim| {
            sim.mute();
            Lane::new(sim)
        });
        let quiet = lesson.spec().cause.mechanism == Mechanism::NoIncident;
        Lanes {
            opens: lesson.spec().opens_at,
            seeds: seeds.collect(),
            causeless: (!quiet).then(|| Lane::new(scripted_without_cause(lesson, seed))),
            fixed: None,
        }
    }

    /// Runs those of all seeds on, each on a thread of its own, as far as the debrief of a fix that is ordered at once needs
    /// them; or until they hold as much as they may. False if `progress` asked to stop.
    pub fn run_seeds(&mut self, lesson: &Lesson, progress: Progress<'_>) -> bool {
        let (opens, until) = (self.opens, horizon(lesson, self.opens) + lesson.world().longest_debt());
        let lanes = self.seeds.len() as f64;
        let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let run = |lane: &mut Lane| {
            let most = MOST_BYTES / SEEDS as usize;
            while lane.head.now() < until && lane.bytes() < most && !stop.load(Ordering::Relaxed) {
                let from = lane.head.now();
                lane.run(opens, until);
                done.fetch_add(lane.head.now().since(from).0, Ordering::Relaxed);
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = self.seeds.iter_mut().map(|lane| scope.spawn(move || run(lane))).collect();
            while threads.iter().any(|thread| !thread.is_finished()) {
                let share = done.load(Ordering::Relaxed) as f64 / (lanes * until.0 as f64);
                if !progress(share.min(1.0)) {
                    stop.store(true, Ordering::Relaxed);
                }
                std::thread::park_timeout(LOOK);
            }
        });
        !stop.into_inner()
    }

    /// From now on the futures of these fixes are wanted, and of none before.
    pub fn order(&mut self, orders: Orders) {
        self.fixed = Some(Fixed { orders, runs: Vec::new() });
    }

    /// A run of one seed with all of so many fixes, no further than an instant. Only the ground truth is in it.
    pub fn fixed(&self, seed: usize, fixes: usize, until: SimTime) -> Option<Simulation> {
        let fixed = self.fixed.as_ref().filter(|fixed| fixed.orders.changes.len() == fixes)?;
        let (sim, placed) = fixed.runs.get(seed)?;
        (*placed && sim.now() <= until).then(|| sim.fork())
    }

    /// Runs the lane that is furthest behind a little on. False if all have come to `now`, and those of seeds to the end
    /// of the fixes' futures, or to `until` as long as there are no fixes; or if they hold as much as they may, and the
    /// debrief does the rest.
    pub fn step(&mut self, now: SimTime, until: SimTime) -> bool {
        if self.bytes() > MOST_BYTES {
            return false;
        }
        let until = self.fixed.as_ref().map_or(until, |fixed| fixed.orders.until);
        let seeds = self.seeds.iter_mut().filter(|lane| lane.head.now() < until).min_by_key(|lane| lane.head.now());
        if let Some(lane) = seeds {
            lane.run(self.opens, until);
            return true;
        }
        if self.fixed.as_mut().is_some_and(|fixed| fixed.step(&self.seeds)) {
            return true;
        }
        let causeless = self.causeless.as_mut().filter(|lane| lane.head.now() < now);
        causeless.map(|lane| lane.run(self.opens, now)).is_some()
    }

    fn bytes(&self) -> usize {
        let fixed = self.fixed.iter().flat_map(|fixed| &fixed.runs).map(|(sim, _)| sim.unshared_bytes());
        self.seeds.iter().chain(&self.causeless).map(Lane::bytes).chain(fixed).sum()
    }
}

/// A thread that runs lanes on, as far as a debrief that is asked for soon would need them.
pub struct Ahead {
    wanted: Arc<Wanted>,
    thread: Option<JoinHandle<Lanes>>,
}

#[derive(Default)]
struct Wanted {
    now: AtomicU64,
    until: AtomicU64,
    stop: AtomicBool,
    /// Fixes that the thread does not know of yet.
    orders: Mutex<Option<Orders>>,
}

impl Ahead {
    /// None if the system has no thread to spare.
    pub fn start(lesson: &Lesson, mut lanes: Lanes, now: SimTime) -> Option<Ahead> {
        let wanted = Arc::new(Wanted::default());
        wanted.set(lesson, now);
        let order = wanted.clone();
        let run = move || {
            while !order.stop.load(Ordering::Acquire) {
                let orders = order.orders.lock().ok().and_then(|mut orders| orders.take());
                orders.into_iter().for_each(|orders| lanes.order(orders));
                let time = |wanted: &AtomicU64| SimTime(wanted.load(Ordering::Acquire));
                if !lanes.step(time(&order.now), time(&order.until)) {
                    std::thread::park();
                }
            }
            lanes
        };
        let thread = std::thread::Builder::new().name("ahead".into()).spawn(run).ok()?;
        Some(Ahead { wanted, thread: Some(thread) })
    }

    /// Time has passed: more is wanted.
    pub fn reach(&self, lesson: &Lesson, now: SimTime) {
        self.wanted.set(lesson, now);
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }

    /// A fix was ordered: these are all.
    pub fn order(&self, orders: Orders) {
        if let Ok(mut wanted) = self.wanted.orders.lock() {
            *wanted = Some(orders);
        }
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }

    /// Ends it, and hands over how far it came.
    pub fn halt(mut self) -> Option<Lanes> {
        let thread = self.stop()?;
        thread.join().ok()
    }

    fn stop(&mut self) -> Option<JoinHandle<Lanes>> {
        self.wanted.stop.store(true, Ordering::Release);
        let thread = self.thread.take()?;
        thread.thread().unpark();
        Some(thread)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Wanted {
    fn set(&self, lesson: &Lesson, now: SimTime) {
        self.now.store(now.0, Ordering::Release);
        self.until.store((horizon(lesson, now + LEAD) + lesson.world().longest_debt()).0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::super::counterfactual::orders;
    use super::*;
    use crate::lab::{ChartQuery, Command, Debrief, Fix, Look, Opening, Reply, Session, Show};

    const LESSON: &str = "tests/support/shop/lessons/tiny.ron";

    fn deeds() -> Vec<Command> {
        let with = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let chart = ChartQuery {
            metric: "http.server.response.body.size".to_owned(),
            with: [with("service.name", "shop"), with("http.route", "/products/{id}")].into(),
            show: Show::Mean,
            ..ChartQuery::default()
        };
        vec![
            Command::Pin { look: Look::Chart(chart), why: "smaller".to_owned() },
            Command::Wait(Duration::from_mins(7)),
            Command::Deploy(Fix::RollBack { change: "config-2".to_owned() }),
            Command::Wait(Duration::from_mins(2)),
        ]
    }

    fn played(prepare: impl FnOnce(&mut Session)) -> Debrief {
        ended(prepare, |_| {})
    }

    fn ended(prepare: impl FnOnce(&mut Session), at_the_end: impl FnOnce(&mut Session)) -> Debrief {
        let lesson = Lesson::load(LESSON).unwrap();
        let mut session = Session::start(&lesson, Seed(3), &mut |_| true);
        prepare(&mut session);
        for command in deeds() {
            session.apply(&command, &mut |_| true).unwrap();
        }
        at_the_end(&mut session);
        match session.apply(&Command::Debrief, &mut |_| true).unwrap() {
            Reply::Debrief(debrief) => *debrief,
            other => panic!("{other:?}"),
        }
    }

    /// Lanes of the lesson that were run this far, step by step.
    fn lanes(until: SimTime) -> Lanes {
        let lesson = Lesson::load(LESSON).unwrap();
        let mut lanes = Lanes::new(&lesson, Seed(3), scripted(&lesson, Seed(3)));
        while lanes.step(until, until) {}
        lanes
    }

    #[test]
    fn a_debrief_is_the_same_however_much_of_it_was_run_beforehand() {
        let plain = played(|_| {});
        for minutes in [5, 44, 49, 150] {
            let lanes = lanes(SimTime::from_secs(60 * minutes));
            assert_eq!(played(|session| session.set_lanes(lanes)), plain, "{minutes} minutes");
        }
        assert_eq!(played(Session::look_ahead), plain);
        let opening = Opening::new(&Lesson::load(LESSON).unwrap(), Seed(3), &mut |_| true).unwrap();
        for _ in 0..2 {
            assert_eq!(played(|session| *session = opening.session()), plain);
        }
    }

    #[test]
    fn a_debrief_is_the_same_with_futures_of_its_fixes_run_beforehand_and_with_those_of_others() {
        let plain = played(|_| {});
        let with = |steps: usize, forget: usize| {
            ended(
                |_| {},
                |session| {
                    let case = session.case();
                    let mut orders = orders(case.lesson, &case.notebook.deployed, case.changes).unwrap();
                    let now = case.sim.now();
                    orders.changes.truncate(orders.changes.len() - forget);
                    let mut lanes = lanes(orders.first);
                    lanes.order(orders);
                    for _ in 0..steps {
                        lanes.step(now, now);
                    }
                    let all = lanes.fixed.as_ref().map(|fixed| fixed.runs.iter().filter(|(_, placed)| *placed).count());
                    assert_eq!(all.unwrap() > 0, steps > 300, "{steps} steps");
                    session.set_lanes(lanes);
                },
            )
        };
        assert_eq!(with(3, 0), plain);
        assert_eq!(with(100_000, 0), plain);
        assert_eq!(with(100_000, 1), plain);
    }

    #[test]
    fn lanes_keep_a_state_for_every_few_minutes_since_the_arrival() {
        let lanes = lanes(SimTime::from_secs(60 * 52));
        for lane in lanes.seeds.iter().chain(&lanes.causeless) {
            let kept: Vec<u64> = lane.kept.iter().map(|kept| kept.now().0 / Duration::from_mins(1).0).collect();
            assert_eq!(kept, [40, 50]);
            assert_eq!(
                lane.before(SimTime::from_secs(60 * 47)).map(|sim| sim.now()),
                Some(SimTime::from_secs(60 * 40))
            );
            assert_eq!(
                lane.before(SimTime::from_secs(60 * 60)).map(|sim| sim.now()),
                Some(SimTime::from_secs(60 * 52))
            );
            assert!(lane.before(SimTime::from_secs(60 * 39)).is_none());
        }
    }
}
