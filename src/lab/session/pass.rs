//! Long times in a session: months by windows that stand for them, and the ticket that comes when a symptom was only
//! patched. Knows the ground truth, to know whether somebody would write a ticket; hands out its words.

use std::sync::OnceLock;

use super::{Session, Snapshot};
use crate::lab::limits::{LONGEST_PASS, LONGEST_SESSION, SHORTEST_PASS, SLICE, SLICE_EVENTS};
use crate::lab::{Progress, Refusal, grade};
use crate::time::{Duration, SimTime};

impl Session {
    /// Lets a long time pass by windows that stand for it. Stopped on the way, nothing has happened.
    pub(super) fn pass(&mut self, length: Duration, progress: Progress<'_>) -> Result<String, Refusal> {
        if length < SHORTEST_PASS || length > LONGEST_PASS {
            return Err(Refusal::range("a long time", SHORTEST_PASS, LONGEST_PASS));
        }
        let now = self.sim.now();
        let mut fixes = self.notebook.deployed.iter().filter(|order| !order.fix.kind().only_shows());
        if !fixes.any(|order| order.settled <= now) {
            let what = "nothing was fixed yet, and nobody waits for months on an open incident";
            return Err(Refusal::new(what, "order a fix and wait until it has settled"));
        }
        let last = self.lesson.spec().script.iter().map(|scripted| scripted.at).max().unwrap_or_default();
        let windows = grade::windows(self.lesson.world(), self.sim.calendar(), self.on_calendar(last), length);
        let needs = windows.iter().fold(Duration::ZERO, |all, window| all + window.settles + window.counted);
        if now + needs > SimTime::ZERO + LONGEST_SESSION || self.sim.bytes() > self.most_telemetry {
            return Err(Refusal::new("the session holds as much as it can", "ask for the debrief"));
        }
        let (before, jumps) = (self.sim.fork(), self.jumps.len());
        let end = self.sim.calendar() + length;
        let mut spans: Vec<grade::Span> = Vec::new();
        for window in windows {
            self.jump(window.at);
            let from = self.sim.now() + window.settles;
            let until = from + window.counted;
            while self.sim.now() < until {
                self.sim.run_within((self.sim.now() + SLICE).min(until), SLICE_EVENTS);
                if !progress(self.sim.now().since(now).as_secs_f64() / needs.as_secs_f64()) {
                    self.sim = before;
                    self.jumps.truncate(jumps);
                    return Err(Refusal::new("the long time was interrupted; nothing of it has happened", "ask again"));
                }
            }
            self.sim.run_until(until);
            spans.push((window, from, until));
        }
        // What was asked at the end of the last window is still judged.
        self.sim.run_until(self.sim.now() + self.lesson.world().longest_debt());
        self.jump(end);
        let found = grade::recurrence_after(&self.sim, &spans, self.case().healthy());
        let ticket = grade::new_ticket(&found, self.later.len());
        let told = match &ticket {
            Some(_) => "a new ticket was opened: look at the ticket",
            None => "nobody opened a ticket",
        };
        let windows = if found.windows == 1 { "one window".to_owned() } else { format!("{} windows", found.windows) };
        let words = format!(
            "let {} pass, by {windows} of it ({needs} on the incident clock, which has left out the rest); {told}",
            grade::roughly(length)
        );
        self.later.extend(ticket);
        self.recurrences.push(found);
        self.snapshot = Snapshot::new(&self.sim, &self.lesson, &self.later);
        self.digest = OnceLock::new();
        Ok(words)
    }

    /// The calendar goes to this time; it never goes back.
    fn jump(&mut self, calendar: SimTime) {
        let ahead = calendar.since(self.sim.now()).max(self.sim.calendar().since(self.sim.now()));
        self.sim.set_ahead(ahead);
        self.jumps.push((self.sim.now(), ahead));
    }

    /// When something that is to happen at this time of the incident clock happens, by the calendar.
    fn on_calendar(&self, at: SimTime) -> SimTime {
        if at > self.sim.now() { self.sim.calendar() + at.since(self.sim.now()) } else { at }
    }
}
