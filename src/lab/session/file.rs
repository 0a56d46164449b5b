//! A session's file: written, and replayed to where it was. Knows that a replay must end in the very same state; how the
//! file is laid out, [`save`] knows.

use std::path::Path;

use super::{Session, history, scripted};
use crate::Problems;
use crate::lab::limits::{LONGEST_WAIT, MOST_COMMANDS, MOST_TELEMETRY};
use crate::lab::{Command, Progress, Refusal, save};
use crate::lesson::Lesson;
use crate::random::Seed;
use crate::time::Duration;

impl Session {
    /// Writes the session file, atomically.
    pub fn save(&self, path: &Path) -> Result<(), Problems> {
        let place = (self.lesson_path.as_deref(), self.seed);
        let file = save::SessionFile::new(&self.lesson, place, (&self.commands, self.work.shifts()), self.digest());
        save::write(&file, path)
    }

    /// Reads a session file and replays it to where it was saved, verifying the digest. The lesson is looked for where
    /// it was when the session was saved, then among `lessons/` and those that are built in.
    pub fn open(path: &Path, progress: Progress<'_>) -> Result<Session, Problems> {
        Session::open_with(path, &|id| crate::builtin::lesson(id).ok(), progress)
    }

    /// The same; `find` is asked for the lesson by its id when it is not where it was.
    pub fn open_with(
        path: &Path,
        find: &dyn Fn(&str) -> Option<Lesson>,
        progress: Progress<'_>,
    ) -> Result<Session, Problems> {
        let file = save::read(path)?;
        // How long a search takes is not known, so that its progress is that of the first step: none yet.
        let found = file.find_lesson(path, find, &mut |_| progress(0.0))?;
        let (lesson, lesson_path) = (&found.lesson, found.path.clone());
        let history_ns = lesson.spec().opens_at.0 as f64;
        let waits: u64 = file.commands.iter().map(Command::takes).fold(0, |all, time| all.saturating_add(time.0));
        let total = (history_ns + waits as f64).max(1.0);
        let mut report = |done: f64| progress((done / total).min(1.0));
        let mut sim = scripted(lesson, Seed(file.seed));
        history(&mut sim, lesson, &mut |share| report(share * history_ns));
        if sim.now() < lesson.spec().opens_at {
            return Err(save::interrupted(path));
        }
        let mut session = Session::after(sim, lesson, Seed(file.seed));
        session.lesson_path = lesson_path;
        // Recorded waits in a row are one, so they do not stop where each of them did.
        session.most_telemetry = MOST_TELEMETRY + MOST_TELEMETRY / 8;
        let mut done = history_ns;
        for (at, command) in file.commands.iter().enumerate() {
            if let Some(shift) = file.shifts.iter().rfind(|shift| shift.first == at) {
                session.sit_down(shift.clone());
            }
            let takes = command.takes().0 as f64;
            let mut goes_on = report(done);
            let replayed = session.replay(command, &mut |share| {
                goes_on = goes_on && report(done + share * takes);
                goes_on
            });
            if !goes_on {
                return Err(save::interrupted(path));
            }
            replayed.map_err(|why| file.refused((path, &found), at, command, &why))?;
            done += takes;
        }
        if !report(total) {
            return Err(save::interrupted(path));
        }
        session.most_telemetry = MOST_TELEMETRY;
        file.verify((path, &found), &session.digest())?;
        Ok(session)
    }

    /// Carries out a recorded command. A look that is not pinned changes nothing and is not looked at again.
    fn replay(&mut self, command: &Command, progress: Progress<'_>) -> Result<(), Refusal> {
        // Waits in a row were one, however long, in files of the first builds.
        if let Command::Wait(time) = command
            && *time > LONGEST_WAIT
        {
            let first = LONGEST_WAIT.as_secs_f64() / time.as_secs_f64();
            self.replay(&Command::Wait(LONGEST_WAIT), &mut |share| progress(share * first))?;
            let rest = Command::Wait(*time - LONGEST_WAIT);
            return self.replay(&rest, &mut |share| progress(first + share * (1.0 - first)));
        }
        if matches!(command, Command::Look(_)) && self.commands.len() < MOST_COMMANDS {
            self.record(command.clone(), self.sim.now());
            return Ok(());
        }
        self.apply(command, progress).map(drop)
    }
}

impl Command {
    /// The incident time that it takes.
    pub(in crate::lab) fn takes(&self) -> Duration {
        match self {
            Command::Wait(time) => *time,
            _ => Duration::ZERO,
        }
    }
}
