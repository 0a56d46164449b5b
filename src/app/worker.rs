//! The thread that owns the session, and the thread that prepares views. The window sends asks and reads news; it never
//! waits. While the incident clock plays, time advances in slices short enough to hear a pause at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration as Wall, Instant};

use super::editing::{Edited, Editing};
use super::looker::{self, LookAsk};
use crate::generate::Order;
use crate::lab::{Command, Look, Observation, Refusal, Reply, Session, Shift, View};
use crate::time::{Duration, SimTime};
use crate::{Lesson, Seed, builtin};

/// Wall time between two slices while the clock plays.
const TICK: Wall = Wall::from_millis(100);
/// Wall time after which a slice ends, done or not.
const SLICE: Wall = Wall::from_millis(150);

/// What the window asks of the thread.
#[derive(Debug)]
pub enum Ask {
    /// Start a lesson, by its name or its file; its own seed unless another is given.
    Start(String, Option<Seed>),
    /// Generate an incident, and start it.
    Generate(Order),
    /// Open a saved session.
    Open(PathBuf),
    /// Who works from the next start or opening on.
    Sit(String),
    /// Carry out a command.
    Do(Command),
    /// Let the clock run at this multiple of real time.
    Play(f64),
    /// Let the clock run this much, as fast as it can.
    Step(Duration),
    /// Stop the clock.
    Pause,
    /// Write the session file.
    Save(PathBuf),
    /// Make the post-incident document, for a file or for the clipboard.
    Document(Option<PathBuf>),
    /// Forget the session.
    Close,
}

/// What the thread tells.
pub enum News {
    /// Something that takes long is under way: what, and the share that is done.
    Working(String, f64),
    /// It is over.
    Rested,
    /// A session is there.
    Opened(Box<Observation>),
    /// A newer snapshot.
    Seen(Box<Observation>),
    /// A command was carried out or refused.
    Replied(Command, Result<Reply, Refusal>),
    /// The clock: the speed that was asked for (none: a step or nothing) and reached; whether it runs.
    Running {
        /// Whether it runs.
        running: bool,
        /// Simulated seconds a second.
        reached: f64,
    },
    /// The session was written.
    Saved(PathBuf),
    /// The post-incident document, for a file or for the clipboard.
    Document(String, Option<PathBuf>),
    /// Something could not be done: what, and the text of the problem.
    Failed(String, String),
    /// The files of the lesson that is open were edited.
    Edited(Edited),
    /// A view: key, look, snapshot, view.
    Viewed(String, Look, u64, Box<Result<View, Refusal>>),
}

/// The window's end of both threads.
pub struct Worker {
    asks: Sender<Ask>,
    looks: Sender<LookAsk>,
    /// Queries may take long, so that they have a thread of their own.
    queries: Sender<LookAsk>,
    news: Receiver<News>,
    cancel: Arc<AtomicBool>,
}

/// Called whenever there is news, from another thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

impl Worker {
    /// Starts the threads; they end when this is dropped.
    pub fn start(wake: Wake) -> std::io::Result<Worker> {
        let (asks, ask_receiver) = channel();
        let (news_sender, news) = channel();
        let (looks, look_receiver) = channel();
        let (queries, query_receiver) = channel();
        let cancel = Arc::new(AtomicBool::new(false));
        let told = Teller { news: news_sender, wake };
        for (name, receiver) in [("views", look_receiver), ("queries", query_receiver)] {
            let told = told.clone();
            std::thread::Builder::new().name(name.into()).spawn(move || looker::run(&receiver, &told))?;
        }
        let owner = Owner {
            session: None,
            asks: ask_receiver,
            told,
            cancel: cancel.clone(),
            clock: Clockwork::default(),
            who: String::new(),
            editing: None,
        };
        std::thread::Builder::new().name("session".into()).spawn(move || owner.run())?;
        Ok(Worker { asks, looks, queries, news, cancel })
    }

    /// Asks. What was asked before is done first.
    pub fn ask(&self, ask: Ask) {
        if matches!(ask, Ask::Pause | Ask::Close) {
            self.cancel.store(true, Ordering::Relaxed);
        }
        // The thread lives as long as this does; if it is gone, the window already told of it.
        let _ = self.asks.send(ask);
    }

    /// Stops what takes long.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
        let _ = self.asks.send(Ask::Pause);
    }

    /// Asks for a view of a snapshot.
    pub fn look(&self, key: String, look: Look, version: u64, observation: Arc<Observation>) {
        let thread = if matches!(look, Look::Query(_)) { &self.queries } else { &self.looks };
        let _ = thread.send(LookAsk { key, look, version, observation });
    }

    /// The next news, if there is any.
    pub fn news(&self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

/// The threads' way to tell.
#[derive(Clone)]
pub(super) struct Teller {
    news: Sender<News>,
    wake: Wake,
}

impl Teller {
    /// Tells the window, and answers whether it is still there.
    pub(super) fn tell(&self, news: News) -> bool {
        let sent = self.news.send(news).is_ok();
        (self.wake)();
        sent
    }
}

/// The thread that owns the session.
struct Owner {
    session: Option<Session>,
    asks: Receiver<Ask>,
    told: Teller,
    cancel: Arc<AtomicBool>,
    clock: Clockwork,
    who: String,
    /// Watches the files of the lesson that is open.
    editing: Option<Editing>,
}

/// How the incident clock runs.
#[derive(Default)]
struct Clockwork {
    /// Simulated seconds a second while it plays.
    speed: Option<f64>,
    /// Where a step ends.
    until: Option<SimTime>,
    last: Option<Instant>,
    reached: f64,
}

impl Owner {
    fn run(mut self) {
        loop {
            let ask = if self.clock.speed.is_some() || self.clock.until.is_some() {
                let pause = if self.clock.until.is_some() { Wall::ZERO } else { TICK };
                self.asks.recv_timeout(pause)
            } else {
                self.asks.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match ask {
                Ok(ask) => self.carry_out(ask),
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn carry_out(&mut self, ask: Ask) {
        match ask {
            Ask::Start(lesson, seed) => self.start(&lesson, seed),
            Ask::Generate(order) => self.generate(&order),
            Ask::Open(path) => {
                let words = format!("Replaying {}", path.display());
                let opened = self
                    .working(&words, |progress| Session::open_with(&path, &|id| builtin::lesson(id).ok(), progress));
                match opened {
                    Ok(session) => {
                        self.watch(session.lesson_file(), None);
                        self.adopt(session);
                    }
                    Err(problems) => self.fail("The session was not opened", &problems.to_string()),
                }
            }
            Ask::Sit(who) => self.who = who,
            Ask::Do(command) => self.apply(command),
            Ask::Play(speed) => {
                self.cancel.store(false, Ordering::Relaxed);
                self.clock = Clockwork { speed: Some(speed), last: Some(Instant::now()), ..Clockwork::default() };
                self.tell_clock();
            }
            Ask::Step(length) => {
                let Some(session) = &self.session else { return };
                let from = self.clock.until.unwrap_or(session.observe().now);
                self.clock = Clockwork { until: Some(from + length), ..Clockwork::default() };
                self.cancel.store(false, Ordering::Relaxed);
                self.tell_clock();
            }
            Ask::Pause => self.stop_clock(),
            Ask::Save(path) => {
                let Some(session) = &self.session else { return };
                match session.save(&path) {
                    Ok(()) => drop(self.told.tell(News::Saved(path))),
                    Err(problems) => self.fail("The session was not saved", &problems.to_string()),
                }
            }
            Ask::Document(path) => {
                let Some(session) = &self.session else { return };
                self.told.tell(News::Document(session.document(), path));
            }
            Ask::Close => {
                self.stop_clock();
                (self.session, self.editing) = (None, None);
            }
        }
    }

    fn start(&mut self, name: &str, seed: Option<Seed>) {
        let lesson = match builtin::lesson(name) {
            Ok(lesson) => lesson,
            Err(problem) => return self.fail("The lesson was not started", &problem.to_string()),
        };
        let file = builtin::lesson_path(name).filter(|path| path.is_file());
        self.watch(file, Some(lesson.clone()));
        let seed = seed.unwrap_or(Seed(lesson.spec().seed));
        let words = format!("Simulating the time before you arrive (seed {})", seed.0);
        let mut session = self.working(&words, |progress| Session::start(&lesson, seed, progress));
        if self.cancel.load(Ordering::Relaxed) {
            return self.fail("The lesson was not started", "You stopped it while its history was being simulated.");
        }
        let path = Path::new(name);
        if path.is_file() {
            session.set_lesson_path(path);
        }
        self.adopt(session);
    }

    fn generate(&mut self, order: &Order) {
        let words = format!("Looking for an incident that you have not met (seed {})", order.seed.0);
        let generated = match self.working(&words, |progress| order.carry_out(progress)) {
            Ok(generated) => generated,
            Err(why) => return self.fail("No incident was generated", &why.to_string()),
        };
        self.editing = None;
        let words = format!("Simulating the time before you arrive (seed {})", order.seed.0);
        let session = self.working(&words, |progress| Session::start(&generated.lesson, order.seed, progress));
        if self.cancel.load(Ordering::Relaxed) {
            return self.fail("The incident was not started", "You stopped it while its history was being simulated.");
        }
        self.adopt(session);
    }

    /// Tells of edits of a lesson's file from now on; `begun` is the lesson as the session has it, if that is at hand.
    fn watch(&mut self, path: Option<PathBuf>, begun: Option<Lesson>) {
        // The old one ends first, so that nothing of the lesson before is told of this one.
        self.editing = None;
        let Some(path) = path else { return };
        match Editing::watch(path, begun, self.told.clone()) {
            Ok(editing) => self.editing = Some(editing),
            Err(why) => self.fail("Edits of the lesson's file will not be noticed", &why),
        }
    }

    fn adopt(&mut self, mut session: Session) {
        self.stop_clock();
        session.sit_down(Shift::now(&self.who));
        session.look_ahead();
        self.told.tell(News::Opened(Box::new(session.observe())));
        self.session = Some(session);
    }

    /// Runs something long, telling of its progress; the window can stop it.
    fn working<T>(&self, words: &str, work: impl FnOnce(&mut dyn FnMut(f64) -> bool) -> T) -> T {
        self.cancel.store(false, Ordering::Relaxed);
        let (mut told_at, started) = (None::<Instant>, Instant::now());
        let result = work(&mut |done| {
            let now = Instant::now();
            let quick = now.duration_since(started) < SLICE;
            if !quick && told_at.is_none_or(|at| now.duration_since(at) >= TICK) {
                told_at = Some(now);
                self.told.tell(News::Working(words.to_owned(), done));
            }
            !self.cancel.load(Ordering::Relaxed)
        });
        self.told.tell(News::Rested);
        result
    }

    fn apply(&mut self, command: Command) {
        let Some(mut session) = self.session.take() else { return };
        let reply = self.working(&work_words(&command), |progress| session.apply(&command, progress));
        if matches!(reply, Ok(Reply::Debrief(_))) {
            self.stop_clock();
        }
        self.told.tell(News::Seen(Box::new(session.observe())));
        self.told.tell(News::Replied(command, reply));
        self.session = Some(session);
    }

    /// Lets the clock run for one slice.
    fn tick(&mut self) {
        let Some(session) = &mut self.session else { return self.stop_clock() };
        let from = session.observe().now;
        let started = Instant::now();
        let owed = match (self.clock.until, self.clock.speed) {
            (Some(until), _) => until.since(from),
            (None, Some(speed)) => {
                let passed = self.clock.last.map_or(TICK, |last| started.duration_since(last)).min(TICK * 3);
                Duration::from_secs_f64(passed.as_secs_f64() * speed)
            }
            (None, None) => return,
        };
        self.clock.last = Some(started);
        let cancel = &self.cancel;
        let waited =
            session.apply(&Command::Wait(owed), &mut |_| started.elapsed() < SLICE && !cancel.load(Ordering::Relaxed));
        let observation = session.observe();
        let (reached, spent) = (observation.now, started.elapsed().max(TICK.min(SLICE)));
        let rate = reached.since(from).as_secs_f64() / spent.as_secs_f64();
        self.clock.reached = if self.clock.reached == 0.0 { rate } else { self.clock.reached * 0.8 + rate * 0.2 };
        self.told.tell(News::Seen(Box::new(observation)));
        if let Err(refusal) = waited {
            self.stop_clock();
            self.told.tell(News::Replied(Command::Wait(owed), Err(refusal)));
        } else if self.clock.until.is_some_and(|until| reached >= until) {
            self.stop_clock();
        } else {
            self.tell_clock();
        }
    }

    fn stop_clock(&mut self) {
        self.clock = Clockwork::default();
        self.tell_clock();
    }

    fn tell_clock(&self) {
        let running = self.clock.speed.is_some() || self.clock.until.is_some();
        self.told.tell(News::Running { running, reached: self.clock.reached });
    }

    fn fail(&self, what: &str, text: &str) {
        self.told.tell(News::Failed(what.to_owned(), text.to_owned()));
    }
}

fn work_words(command: &Command) -> String {
    match command {
        Command::Debrief => "Running both futures, on several seeds".to_owned(),
        Command::Look(Look::ReproduceLocally(_)) => "Reproducing it in a quiet copy".to_owned(),
        Command::Wait(_) => "Letting time pass".to_owned(),
        Command::Pass(_) => "Letting a long time pass, by windows that stand for it".to_owned(),
        _ => "Working".to_owned(),
    }
}
