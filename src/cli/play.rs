//! `allgreen play`: chooses the face, finds the lesson or the session, and sits the learner down.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Failure, answers, complain};
#[cfg(feature = "gui")]
use super::window;
use crate::generate::{GenerateError, Generated, Order, OrderError, any_seed, level_of};
use crate::lab::{Opening, Session, Shift, local_name};
use crate::lesson::Level;
use crate::terminal::{Desk, Working, choose_lesson, lesson_table, prompt, run_script, watch_for_interrupts};
use crate::{Seed, builtin};

/// Open the lab: an incident to investigate, in a window or at a prompt.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen play                                    choose a lesson
  allgreen play quiet-fallback --seed 7
  allgreen play quiet-fallback --terminal          the same lab as a prompt
  allgreen play quiet-fallback --script steps.txt  commands from a file, one a line
  allgreen play --session quiet-fallback-1.session continue where you or someone else stopped
  allgreen play --generate worlds/payments.ron --level practised    an incident that nobody has seen before")]
pub(super) struct PlayArguments {
    /// A lesson: its name, or a path to its file
    pub(super) lesson: Option<String>,
    #[command(flatten)]
    pub(super) options: PlayOptions,
}

/// How to play.
#[derive(Args)]
pub(super) struct PlayOptions {
    /// The seed instead of the lesson's own
    #[arg(long, value_parser = super::seed, allow_hyphen_values = true)]
    seed: Option<Seed>,
    /// The lab as a prompt in this terminal
    #[arg(long)]
    terminal: bool,
    /// Take commands from a file (or - for standard input), one a line; stop at the first that is refused. Several: each
    /// is a session of its own, from the same arrival
    #[arg(long, value_name = "FILE")]
    script: Vec<PathBuf>,
    /// Open a saved session and continue it
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    session: Option<PathBuf>,
    /// Save the session here at the end (of a prompt or script)
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Generate an incident in this world (a name, or a path to its file), which you have not met before
    #[arg(long, value_name = "WORLD", conflicts_with = "session")]
    generate: Option<String>,
    /// How hard a generated incident is: first-steps, practised or expert [default: drawn from the seed]
    #[arg(long, value_name = "LEVEL", requires = "generate", value_parser = level)]
    level: Option<Level>,
    /// Where the incidents that you have met are kept [default: allgreen/incidents.ron in your folder for data]
    #[arg(long, value_name = "FILE", requires = "generate")]
    history: Option<PathBuf>,
    /// For trainers: show the ground truth from the start; the session file says so
    #[arg(long)]
    trainer: bool,
    /// Your name, for the session file [default: the name of this machine's user]
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    #[cfg(feature = "gui")]
    #[command(flatten)]
    window: window::WindowOptions,
}

pub(super) fn play(arguments: &PlayArguments) -> Result<(), Failure> {
    if arguments.lesson.is_some() && arguments.options.session.is_some() {
        return Err(Failure::bad("a session names its own lesson: give either a lesson or --session, not both"));
    }
    if arguments.lesson.is_some() && arguments.options.generate.is_some() {
        return Err(Failure::bad("an incident is generated in a world: give either a lesson or --generate, not both"));
    }
    #[cfg(feature = "gui")]
    {
        let options = &arguments.options;
        let wants_terminal = options.terminal || !options.script.is_empty() || options.save.is_some();
        let wanted = (arguments.lesson.as_deref(), options.session.as_deref(), options.seed);
        let order = options.order();
        if !wants_terminal && window::open(&options.window, wanted, order, (options.who.as_deref(), options.trainer))? {
            return Ok(());
        }
    }
    terminal(arguments)
}

/// The lab as a prompt, or fed by a script.
fn terminal(arguments: &PlayArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let options = &arguments.options;
    let mut out = anstream::stdout().lock();
    if options.script.len() > 1 {
        return several(arguments, &mut out);
    }
    let given = options.script.first();
    let asks = given.is_none() && io::stdin().is_terminal();
    // Opened before the history is simulated, so that a wrong name costs no time.
    let script = match (given, asks) {
        (_, true) => None,
        (Some(path), false) => Some(open_script(path)?),
        (None, false) => Some(open_script(Path::new("-"))?),
    };
    let Some(mut session) = session(arguments, asks, &mut out)? else { return Ok(()) };
    session.sit_down(Shift::now(&options.who.clone().unwrap_or_else(local_name)));
    // A script thinks of nothing: what it needs is run when it asks.
    if script.is_none() {
        session.look_ahead();
    }
    let mut desk = Desk::new(session);
    options.session.iter().for_each(|file| desk.came_from(file));
    if options.trainer {
        desk.reveal(&mut out)?;
    }
    match script {
        None => match prompt(desk, options.save.as_deref(), &mut out)? {
            true => Err(Failure::Stopped),
            false => Ok(()),
        },
        Some((name, mut script)) => {
            let end = run_script(&mut desk, &name, &mut *script, &mut out);
            // What was done until then is kept, however the script ended.
            if let Some(path) = &options.save {
                desk.save(path)?;
            }
            out.flush()?;
            end?.into()
        }
    }
}

/// Several scripts, each in a session of its own. What they have in common is run once.
fn several(arguments: &PlayArguments, out: &mut dyn Write) -> Result<(), Failure> {
    let options = &arguments.options;
    let (Some(name), None) = (&arguments.lesson, &options.save) else {
        return Err(Failure::bad(
            "several scripts are played from the arrival in one lesson: name it, and leave --save out",
        ));
    };
    if options.script.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::bad("standard input is one script: put each of several into a file"));
    }
    let scripts: Vec<_> = options.script.iter().map(|path| open_script(path)).collect::<Result<_, _>>()?;
    let lesson = builtin::lesson(name)?;
    let seed = options.seed.unwrap_or(Seed(lesson.spec().seed));
    let mut working = Working::new("simulating the history, and the futures without fixes");
    let opening = Opening::new(&lesson, seed, &mut |share| working.reached(share));
    working.finish();
    let opening = opening.ok_or(Failure::Stopped)?;
    for (name, mut script) in scripts {
        let mut session = opening.session();
        session.sit_down(Shift::now(&options.who.clone().unwrap_or_else(local_name)));
        let mut desk = Desk::new(session);
        writeln!(out, "{name}")?;
        if options.trainer {
            desk.reveal(out)?;
        }
        let end = run_script(&mut desk, &name, &mut *script, out);
        out.flush()?;
        Result::<(), Failure>::from(end?)?;
    }
    Ok(())
}

/// Opens a script; `-` is standard input.
fn open_script(path: &Path) -> Result<(String, Box<dyn BufRead>), Failure> {
    if path == Path::new("-") {
        return Ok(("-".to_owned(), Box::new(io::stdin().lock())));
    }
    let file = File::open(path).and_then(|file| {
        if file.metadata()?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        Ok(file)
    });
    match file {
        Ok(file) => Ok((path.display().to_string(), Box::new(BufReader::new(file)))),
        Err(error) => Err(Failure::bad(format!("the script {} cannot be read: {error}", path.display()))),
    }
}

/// The session that was asked for; None if the learner left the menu.
fn session(arguments: &PlayArguments, asks: bool, out: &mut dyn Write) -> Result<Option<Session>, Failure> {
    let mut working;
    let session = if let Some(path) = &arguments.options.session {
        working = Working::new("replaying the session");
        Session::open_with(path, &|id| builtin::lesson(id).ok(), &mut |share| working.reached(share))
            .map_err(Failure::from)
    } else if let Some(order) = arguments.options.order() {
        working = Working::new("looking for an incident that you have not met");
        let Some(generated) = generated(&order, &mut working)? else { return Err(Failure::Stopped) };
        writeln!(out, "{}", generated.search())?;
        working = Working::new("simulating the history");
        Ok(Session::start(&generated.lesson, order.seed, &mut |share| working.reached(share)))
    } else {
        let Some(path) = lesson(arguments.lesson.as_deref(), asks, out)? else { return Ok(None) };
        let lesson = builtin::lesson_at(&path)?;
        let seed = arguments.options.seed.unwrap_or(Seed(lesson.spec().seed));
        working = Working::new("simulating the history");
        let mut session = Session::start(&lesson, seed, &mut |share| working.reached(share));
        if let Some(path) = builtin::path_to_remember(&path) {
            session.set_lesson_path(&path);
        }
        Ok(session)
    };
    if working.finish() { Err(Failure::Stopped) } else { session.map(Some) }
}

/// The incident that was ordered; None if the learner stopped the search.
fn generated(order: &Order, working: &mut Working) -> Result<Option<Generated>, Failure> {
    match order.carry_out(&mut |share| working.reached(share)) {
        Ok(generated) => Ok(Some(generated)),
        Err(OrderError::Problems(problems)) => Err(problems.into()),
        Err(OrderError::Generate(GenerateError::Stopped)) => Ok(None),
        Err(OrderError::Generate(error)) => Err(Failure::bad(error)),
    }
}

impl PlayOptions {
    /// The incident that is to be generated, if one is.
    fn order(&self) -> Option<Order> {
        let world = self.generate.clone()?;
        let seed = self.seed.unwrap_or_else(any_seed);
        let level = self.level.unwrap_or_else(|| level_of(seed));
        Some(Order { world, seed, level, history: self.history.clone() })
    }
}

/// Reads a level.
fn level(text: &str) -> Result<Level, String> {
    let known = || Level::ALL.map(Level::name).join(", ");
    Level::find(text).ok_or_else(|| format!("a level is one of {}", known()))
}

/// Where the lesson is; None if the learner left the menu.
fn lesson(name: Option<&str>, asks: bool, out: &mut dyn Write) -> Result<Option<PathBuf>, Failure> {
    if let Some(name) = name {
        // An unknown name is an error with a near one.
        return match builtin::lesson_path(name) {
            Some(path) => Ok(Some(path)),
            None => Ok(builtin::lesson(name).map(|_| None)?),
        };
    }
    let (cards, problems) = builtin::lessons(Path::new(builtin::LESSON_FOLDER));
    for problem in problems {
        complain(problem.render(true));
    }
    if !asks {
        answers().write_all(lesson_table(&cards).as_bytes())?;
        return Err(Failure::bad("no lesson is named and there is nobody to ask; write `allgreen play LESSON`"));
    }
    Ok(choose_lesson(&cards, out)?.map(|card| card.path.clone()))
}
