//! A learner's session over one lesson and seed: it owns the run, carries commands out and records them. Knows the
//! ground truth, for grading alone: what leaves it is an [`Observation`], a [`View`] or, at the end, the [`Debrief`].

mod file;
mod opening;
mod pass;
mod snapshot;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use opening::Opening;
use snapshot::{Names, Snapshot};

use super::fix::{Deployed, arrow_name};
use super::limits::{
    LONGEST_SESSION, LONGEST_WAIT, MOST_COMMANDS, MOST_EVENTS, MOST_FIXES, MOST_PINS, MOST_TELEMETRY, SLICE,
    SLICE_EVENTS,
};
use super::notebook::{fits, room};
use super::{
    Command, Debrief, Deployment, Fix, Hypothesis, LaterTicket, Look, Notebook, Observation, PinnedEvidence, Progress,
    Recurrence, Refusal, Shift, TrainerView, View, Work, grade, look, reproduce,
};
use crate::engine::Simulation;
use crate::lesson::{Lesson, Mechanism};
use crate::random::Seed;
use crate::time::{Duration, SimTime};
use crate::world::Change;

/// Incident time without a hypothesis after which a second pair of eyes is suggested.
const HAND_OVER_AFTER: Duration = Duration::from_mins(60);

/// A learner's session over one lesson and seed.
pub struct Session {
    lesson: Lesson,
    /// Where the lesson came from, if it came from a file.
    lesson_path: Option<PathBuf>,
    seed: Seed,
    sim: Simulation,
    /// The run as it was right before the first fix was ordered.
    before_fixes: Option<Simulation>,
    opened_at: SimTime,
    commands: Vec<Command>,
    /// Who works on it now, and who did what.
    shift: Shift,
    work: Arc<Work>,
    /// The changes that fixes became, in the order of the notebook's deployments.
    changes: Vec<Change>,
    notebook: Arc<Notebook>,
    /// When the calendar jumped, and how far it was ahead from then on.
    jumps: Vec<(SimTime, Duration)>,
    /// What long times came to, and the tickets that were opened.
    recurrences: Vec<Recurrence>,
    later: Vec<LaterTicket>,
    trainer: Option<Arc<TrainerView>>,
    debrief: Option<Arc<Debrief>>,
    /// What runs in the background for the debrief, and how far it came.
    ahead: Option<grade::Ahead>,
    lanes: Option<Arc<grade::Lanes>>,
    snapshot: Snapshot,
    names: Names,
    digest: OnceLock<String>,
    /// Bytes of telemetry after which no time passes any more.
    most_telemetry: usize,
}

/// The answer to a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Done; a line that says what.
    Done(String),
    /// What was looked at.
    View(View),
    /// A hint.
    Hint(String),
    /// The ground truth, for a trainer.
    Trainer(Arc<TrainerView>),
    /// The end.
    Debrief(Box<Debrief>),
}

impl Session {
    /// Simulates the history up to the learner's arrival. A session cannot begin before that: if `progress` asks to
    /// stop, it is asked no more, and the history is simulated to its end.
    pub fn start(lesson: &Lesson, seed: Seed, progress: Progress<'_>) -> Session {
        let mut sim = scripted(lesson, seed);
        history(&mut sim, lesson, progress);
        history(&mut sim, lesson, &mut |_| true);
        Session::after(sim, lesson, seed)
    }

    /// A session that begins now.
    fn after(sim: Simulation, lesson: &Lesson, seed: Seed) -> Session {
        let names = Names::new(lesson.world().spec());
        let notebook = Notebook { hints_in_all: lesson.spec().texts.hints.len(), ..Notebook::default() };
        Session {
            snapshot: Snapshot::new(&sim, lesson, &[]),
            lesson: lesson.clone(),
            lesson_path: None,
            seed,
            opened_at: sim.now(),
            sim,
            before_fixes: None,
            commands: Vec::new(),
            shift: Shift::default(),
            work: Arc::default(),
            changes: Vec::new(),
            notebook: Arc::new(notebook),
            jumps: Vec::new(),
            recurrences: Vec::new(),
            later: Vec::new(),
            trainer: None,
            debrief: None,
            ahead: None,
            lanes: None,
            names,
            digest: OnceLock::new(),
            most_telemetry: MOST_TELEMETRY,
        }
    }

    /// Remembers the file that the lesson came from, for the session file.
    pub fn set_lesson_path(&mut self, path: &Path) {
        self.lesson_path = Some(path.to_owned());
    }

    /// The file that the lesson is read from, if it is one.
    pub fn lesson_file(&self) -> Option<PathBuf> {
        let usual = || crate::builtin::lesson_path(&self.lesson.spec().id).filter(|path| path.is_file());
        self.lesson_path.clone().or_else(usual)
    }

    /// Begins to run in the background what a debrief will need, so that it comes sooner. What it says is the same.
    pub fn look_ahead(&mut self) {
        if self.debrief.is_none() && self.ahead.is_none() {
            let own = self.before_fixes.as_ref().unwrap_or(&self.sim).fork();
            let lanes = self.lanes.take().and_then(Arc::into_inner);
            let lanes = lanes.unwrap_or_else(|| grade::Lanes::new(&self.lesson, self.seed, own));
            self.ahead = grade::Ahead::start(&self.lesson, lanes, self.sim.now());
            self.order_ahead();
        }
    }

    /// What runs in the background takes up all fixes that were ordered.
    fn order_ahead(&self) {
        let Some(ahead) = &self.ahead else { return };
        let orders = grade::orders(&self.lesson, &self.notebook.deployed, &self.changes);
        orders.into_iter().for_each(|orders| ahead.order(orders));
    }

    #[cfg(test)]
    pub(super) fn set_lanes(&mut self, lanes: grade::Lanes) {
        self.lanes = Some(Arc::new(lanes));
    }

    /// Somebody sits down: what is done from now on is theirs.
    pub fn sit_down(&mut self, shift: Shift) {
        self.shift = shift;
    }

    /// Carries out one command and records it. A refused command changes nothing.
    pub fn apply(&mut self, command: &Command, progress: Progress<'_>) -> Result<Reply, Refusal> {
        if let (Some(debrief), Command::Debrief) = (&self.debrief, command) {
            return Ok(Reply::Debrief(Box::new((**debrief).clone())));
        }
        if self.debrief.is_some() && !matches!(command, Command::Look(_)) {
            return Err(Refusal::new("the investigation is over", "look at what you like, or start a new session"));
        }
        if self.commands.len() >= MOST_COMMANDS && !matches!(command, Command::Debrief) {
            return Err(Refusal::new(format!("a session holds {MOST_COMMANDS} commands"), "ask for the debrief"));
        }
        if let Command::Look(look) | Command::Pin { look, .. } = command {
            fits(&look.words(), "what to look at")?;
        }
        let before = self.sim.now();
        let reply = self.carry_out(command, progress)?;
        // A wait is recorded as long as it really was.
        if !matches!(command, Command::Wait(_)) {
            self.record(command.clone(), before);
        }
        Ok(reply)
    }

    fn carry_out(&mut self, command: &Command, progress: Progress<'_>) -> Result<Reply, Refusal> {
        let now = self.sim.now();
        if let Command::Hypothesise(hypothesis) = command {
            self.check_hypothesis(hypothesis)?;
        }
        if let Command::DrawArrow { from, to } = command {
            self.check_node(from)?;
            self.check_node(to)?;
        }
        let done = match command {
            Command::Wait(time) => self.wait(*time, progress)?,
            Command::Pass(time) => self.pass(*time, progress)?,
            Command::Look(look) => return self.look(look).map(Reply::View),
            Command::Pin { look, why } => self.pin(look, why)?,
            Command::Deploy(fix) => self.deploy(fix)?,
            Command::Hint => return self.hint().map(Reply::Hint),
            Command::Trainer => return Ok(Reply::Trainer(self.reveal())),
            Command::Debrief => return self.end(progress),
            Command::DrawArrow { from, to } => self.notebook().draw(from.trim(), to.trim())?,
            Command::EraseArrow { from, to } => self.notebook().erase(from.trim(), to.trim())?,
            Command::MarkArrow { from, to, suspect } => self.notebook().mark(from.trim(), to.trim(), *suspect)?,
            Command::Narrow(filter) => {
                let known = self.names.attributes.clone();
                self.notebook().narrow(filter, &known)?
            }
            Command::Tick(question, on) => self.notebook().tick(*question, *on),
            Command::Unpin(number) => self.notebook().unpin(*number)?,
            Command::Note(text) => self.notebook().note(now, text)?,
            Command::Hypothesise(hypothesis) => self.notebook().hypothesise(now, hypothesis)?,
            Command::WriteUp(write_up) => self.notebook().write(write_up)?,
        };
        Ok(Reply::Done(done))
    }

    fn notebook(&mut self) -> &mut Notebook {
        Arc::make_mut(&mut self.notebook)
    }

    /// Appends a command. Waits in a row are one, as long as one may be, and looking again at the same thing is no new step
    /// of the work.
    fn record(&mut self, command: Command, before: SimTime) {
        if self.debrief.is_some() && !matches!(command, Command::Debrief) {
            return;
        }
        if command == Command::Trainer && self.commands.contains(&command) {
            return;
        }
        let (begins, span) = (self.work.begins(&self.shift), (before, self.sim.now()));
        let place = self.commands.len();
        if let (Command::Wait(more), Some(Command::Wait(time)), false) = (&command, self.commands.last_mut(), begins)
            && *time + *more <= LONGEST_WAIT
        {
            *time = *time + *more;
            Arc::make_mut(&mut self.work).add(&self.shift, place, &command, span);
            return;
        }
        if matches!(command, Command::Look(_)) && !begins {
            let last = self.commands.iter().rev().find(|known| !matches!(known, Command::Wait(_)));
            if last == Some(&command) {
                return;
            }
        }
        Arc::make_mut(&mut self.work).add(&self.shift, place, &command, span);
        self.commands.push(command);
    }

    fn wait(&mut self, time: Duration, progress: Progress<'_>) -> Result<String, Refusal> {
        if time == Duration::ZERO || time > LONGEST_WAIT {
            return Err(Refusal::range("the time to wait", "1ns", LONGEST_WAIT));
        }
        let (from, until) = (self.sim.now(), self.sim.now() + time);
        if until > SimTime::ZERO + LONGEST_SESSION {
            return Err(Refusal::new(format!("a session lasts at most {LONGEST_SESSION}"), "ask for the debrief"));
        }
        let (most, events) = (self.most_telemetry, self.sim.events().saturating_add(MOST_EVENTS));
        let full = |sim: &Simulation| sim.bytes() > most;
        if full(&self.sim) {
            return Err(Refusal::new("the session holds as much as it can", "ask for the debrief"));
        }
        while self.sim.now() < until {
            let next = (self.sim.now() + SLICE).min(until);
            self.sim.run_within(next, SLICE_EVENTS);
            let share = self.sim.now().since(from).as_secs_f64() / time.as_secs_f64();
            if !progress(share) || full(&self.sim) || self.sim.events() > events {
                break;
            }
        }
        // The instant is finished, so that a replay ends in the same state.
        self.sim.run_until(self.sim.now());
        let waited = self.sim.now().since(from);
        self.record(Command::Wait(waited), from);
        self.ahead.iter().for_each(|ahead| ahead.reach(&self.lesson, self.sim.now()));
        self.snapshot = Snapshot::new(&self.sim, &self.lesson, &self.later);
        self.digest = OnceLock::new();
        let clock = self.sim.telemetry().epoch().time_of_day(self.sim.now().stamp());
        Ok(format!("waited {waited}; it is {clock} now"))
    }

    fn look(&self, look: &Look) -> Result<View, Refusal> {
        match look {
            Look::ReproduceLocally(request) => {
                reproduce::reproduce(self.lesson.world(), self.seed, request).map(View::Reproduced)
            }
            _ => self.observe().look(look),
        }
    }

    fn pin(&mut self, look: &Look, why: &str) -> Result<String, Refusal> {
        room(self.notebook.pinned.len(), MOST_PINS, "pieces of evidence")?;
        fits(why, "the reason")?;
        let view = self.look(look)?;
        let showed = look::summary(self.sim.telemetry(), &view);
        // The first digits of an id may mean several traces later.
        let look = match &view {
            View::Trace(trace) => Look::Trace(trace.id.to_string()),
            _ => look.clone(),
        };
        let words = look.words();
        let pinned = PinnedEvidence { at: self.sim.now(), look, why: why.to_owned(), showed };
        self.notebook().pinned.push(pinned);
        Ok(format!("pinned {words} as number {}", self.notebook.pinned.len()))
    }

    fn deploy(&mut self, fix: &Fix) -> Result<String, Refusal> {
        room(self.changes.len(), MOST_FIXES, "fixes")?;
        let now = self.sim.now();
        let deployments = &self.notebook.deployed;
        let pending = self.changes.iter().zip(deployments).filter(|(_, order)| order.is_pending(now));
        let pending = pending.map(|(change, _)| change).collect();
        let id = format!("you-{}", self.changes.len() + 1);
        let deployed = Deployed { sim: &self.sim, pending, deployments };
        let order = deployed.order(fix, &id)?;
        if self.before_fixes.is_none() {
            self.before_fixes = Some(self.sim.fork());
        }
        let effective = now + order.lead;
        self.sim.schedule(effective, &order.change);
        let deployment = Deployment {
            fix: fix.clone(),
            change: id.clone(),
            ordered: now,
            effective,
            settled: effective + order.settles,
        };
        self.changes.push(order.change);
        self.notebook().deployed.push(deployment);
        self.order_ahead();
        let clock = self.sim.telemetry().epoch().time_of_day(effective.stamp());
        Ok(format!("ordered {id}: {}; it begins at {clock}", fix.words()))
    }

    fn hint(&mut self) -> Result<String, Refusal> {
        let Some(hint) = self.lesson.spec().texts.hints.get(self.notebook.hints.len()).cloned() else {
            return Err(Refusal::new("there are no more hints", "state a hypothesis, or ask for the debrief"));
        };
        self.notebook().hints.push(hint.clone());
        Ok(hint)
    }

    fn end(&mut self, progress: Progress<'_>) -> Result<Reply, Refusal> {
        if let Some(ahead) = self.ahead.take() {
            self.lanes = ahead.halt().map(Arc::new);
        }
        let debrief = grade::debrief(&self.case(), progress)?;
        self.debrief = Some(Arc::new(debrief.clone()));
        self.lanes = None;
        Ok(Reply::Debrief(Box::new(debrief)))
    }

    /// Looks at the ground truth as it is now, for the trainer.
    fn reveal(&mut self) -> Arc<TrainerView> {
        let view = Arc::new(grade::trainer_view(&self.case()));
        self.trainer = Some(view.clone());
        view
    }

    pub(super) fn case(&self) -> grade::Case<'_> {
        grade::Case {
            lesson: &self.lesson,
            seed: self.seed,
            sim: &self.sim,
            before_fixes: self.before_fixes.as_ref(),
            changes: &self.changes,
            notebook: &self.notebook,
            commands: &self.commands,
            jumps: &self.jumps,
            recurrences: &self.recurrences,
            lanes: self.lanes.as_deref(),
            opened_at: self.opened_at,
        }
    }

    fn check_node(&self, name: &str) -> Result<(), Refusal> {
        let known = || self.names.inventory.iter().map(|(name, _)| name.as_str());
        if known().any(|known| known == name.trim()) {
            return Ok(());
        }
        Err(Refusal::unknown("node", name, known()))
    }

    fn check_hypothesis(&self, hypothesis: &Hypothesis) -> Result<(), Refusal> {
        if hypothesis.mechanism != Mechanism::NoIncident {
            match arrow_name(&hypothesis.at).split_once(" -> ") {
                None => self.check_node(&hypothesis.at)?,
                Some((from, to)) => {
                    let arrows: Vec<String> =
                        self.names.arrows.iter().map(|(from, to)| format!("{from} -> {to}")).collect();
                    let name = format!("{from} -> {to}");
                    if !arrows.contains(&name) {
                        return Err(Refusal::unknown("arrow", &name, arrows.iter().map(String::as_str)));
                    }
                }
            }
        }
        let Some(change) = &hypothesis.change else { return Ok(()) };
        let feed = &self.sim.telemetry().changes;
        if feed.iter().any(|record| record.id == *change) {
            return Ok(());
        }
        Err(Refusal::unknown("change in the feed", change, feed.iter().map(|record| record.id.as_str())))
    }

    /// A snapshot for a face; cheap.
    pub fn observe(&self) -> Observation {
        let texts = &self.lesson.spec().texts;
        let now = self.sim.now();
        let pending = self.notebook.deployed.iter().filter(|order| order.is_pending(now));
        Observation {
            now,
            opened_at: self.opened_at,
            lesson_id: self.lesson.spec().id.clone(),
            lesson_title: texts.title.clone(),
            seed: self.seed,
            telemetry: self.snapshot.telemetry.clone(),
            config: self.snapshot.config.clone(),
            clocks: self.snapshot.clocks.clone(),
            inventory: self.names.inventory.clone(),
            arrows: self.names.arrows.clone(),
            attributes: self.names.attributes.clone(),
            requests: self.names.requests.clone(),
            scrape_every: self.lesson.world().spec().monitor.scrape_every,
            ticket: self.snapshot.ticket.clone(),
            notebook: self.notebook.clone(),
            suggestion: self.suggestion(),
            pending: pending.map(|order| (order.fix.words(), order.effective)).collect(),
            work: self.work.clone(),
            trainer: self.trainer.clone(),
            debrief: self.debrief.clone(),
        }
    }

    fn suggestion(&self) -> Option<String> {
        let long = self.sim.now().since(self.opened_at) >= HAND_OVER_AFTER;
        let stuck = long && self.notebook.hypotheses.is_empty() && self.debrief.is_none();
        stuck.then(|| {
            format!(
                "{HAND_OVER_AFTER} of the incident have passed without a hypothesis: save the session and give the \
                 file to a second pair of eyes, who can open it and go on where you are"
            )
        })
    }

    /// Every command so far.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The post-incident document as Markdown: what was thought, done and found, and the debrief once it was asked for.
    pub fn document(&self) -> String {
        super::document::document(&self.observe())
    }

    /// BLAKE3 over all telemetry and ground truth so far, as `blake3:HEX`.
    pub fn digest(&self) -> String {
        self.digest.get_or_init(|| format!("blake3:{}", self.sim.digest())).clone()
    }
}

/// Simulates up to the learner's arrival, or until `progress` asks to stop.
fn history(sim: &mut Simulation, lesson: &Lesson, progress: Progress<'_>) {
    let opens_at = lesson.spec().opens_at;
    while sim.now() < opens_at {
        sim.run_within((sim.now() + SLICE).min(opens_at), SLICE_EVENTS);
        if !progress(sim.now().as_secs_f64() / opens_at.as_secs_f64()) {
            return;
        }
    }
    sim.run_until(opens_at);
}

/// The lesson's world with its whole script ahead, at its start.
pub(super) fn scripted(lesson: &Lesson, seed: Seed) -> Simulation {
    let mut sim = Simulation::new(lesson.world(), seed);
    for scripted in &lesson.spec().script {
        sim.schedule(scripted.at, &scripted.change);
    }
    sim
}
