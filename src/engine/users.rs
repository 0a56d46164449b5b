//! Users at work: arrivals, journeys, debts and their settling, and what users write when they did not get what they
//! were owed. The only place where an answer is compared with what is true; the result goes to the ledger, and to the
//! help desk late and in a user's words.

use super::call::Outgoing;
use super::data::{Part, Source};
use super::deadlines::Waiting;
use super::flight::{Call, Caller, Context, Debt, Failure, JourneyFlight, TraceContext};
use super::ids::EffectId;
use super::plan::Keyed;
use super::population::choose;
use super::slab::Key;
use super::token::token_in;
use super::{Event, Simulation, dist};
use crate::random::Identity;
use crate::telemetry::UserReport;
use crate::time::Duration;
use crate::truth::{Outcome, Settled, UserNumber};

/// A report that a user will write.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedReport {
    population: u16,
    user: u32,
    journey: u16,
    /// With a place for the journey's name.
    says: &'static str,
}

/// The share of reports that name another journey than the one that went wrong.
const MISREMEMBERED: f64 = 0.08;

impl Simulation {
    /// The first arrival and the first idle complaint of every population.
    pub(super) fn start_users(&mut self) {
        for population in 0..self.populations.len() as u16 {
            self.start_arrivals(population);
            self.plan_idle_complaint(population, 0);
            self.plan_traced(population, 0);
        }
    }

    /// The journey of a row of the trace starts at its time.
    fn plan_traced(&mut self, population: u16, row: u32) {
        if let Some(arrival) = self.populations[usize::from(population)].trace.get(row as usize) {
            self.later(arrival.at.since(self.now), Event::Traced(population, row));
        }
    }

    /// A user starts a journey because a file says so.
    pub(super) fn start_traced(&mut self, population: u16, row: u32) {
        let populations = self.populations.clone();
        let users = &populations[usize::from(population)];
        let Some(arrival) = users.trace.get(row as usize) else { return };
        let who = Identity(1 << 63 | u64::from(row));
        let Some((_, journey)) = users.journeys.get(usize::from(arrival.journey)).copied() else { return };
        let flight = JourneyFlight {
            identity: Identity(users.arrivals.bits(who, 1)),
            journey,
            step: 0,
            population,
            user: users.user_of(arrival, who),
            token: 0,
        };
        let key = self.journeys.insert(flight);
        self.plan_traced(population, row + 1);
        self.think(key);
    }

    /// A user starts a journey, and the next user is on the way.
    pub(super) fn start_journey(&mut self, population: u16) {
        let Some(number) = self.arrival(population) else { return };
        let users = &self.populations[usize::from(population)];
        let who = Identity(number);
        let identity = Identity(users.arrivals.bits(who, 1));
        let user = users.arrivals.index(who, 2, users.count as usize) as u32;
        let Some(journey) = choose(&users.journeys, users.arrivals.unit(who, 3)).copied() else { return };
        let key = self.journeys.insert(JourneyFlight { identity, journey, step: 0, population, user, token: 0 });
        self.think(key);
    }

    /// The user thinks before the next request, or is done.
    fn think(&mut self, key: Key) {
        let Some(flight) = self.journeys.get(key) else { return };
        let Some(step) = self.plan.journeys[usize::from(flight.journey)].steps.get(usize::from(flight.step)) else {
            self.journeys.remove(key);
            return;
        };
        let stream = self.populations[usize::from(flight.population)].thinking;
        let thinks = dist::sample(&step.think, stream, flight.identity.child(u64::from(flight.step)), 0);
        self.later(thinks, Event::JourneyStep(key));
    }

    /// The user makes a request, and is owed something for it.
    pub(super) fn journey_step(&mut self, key: Key) {
        let Some(flight) = self.journeys.get(key).copied() else { return };
        let plan = self.plan.clone();
        let journey = &plan.journeys[usize::from(flight.journey)];
        let step = &journey.steps[usize::from(flight.step)];
        let due = if step.effects.is_empty() {
            step.owes.answer_within
        } else {
            step.owes.answer_within.max(step.owes.effects_within)
        };
        let debt = self.debts.insert(Debt {
            asked: self.now,
            population: flight.population,
            user: flight.user,
            journey: flight.journey,
            step: flight.step,
            keys: flight.identity,
            trace: None,
            done: Default::default(),
            carriers: 0,
            misordered: false,
            answer: None,
        });
        self.flows.debts += 1;
        self.due_after(due, Waiting::Debt(debt));
        let context = Context {
            journey: flight.identity,
            user: flight.user,
            token: flight.token,
            population: flight.population,
            debt: Some(debt),
        };
        let identity = flight.identity.child(1000 + u64::from(flight.step));
        let keyed = plan.calls[step.call.at()].keyed == Keyed::Own;
        self.start_call(Outgoing {
            caller: Caller::Journey(key),
            instance: self.fabric.first(journey.users),
            plan: step.call,
            identity,
            context,
            trace: TraceContext::default(),
            payload: None,
            key: keyed.then_some(identity),
        });
    }

    /// The user gets an answer, or an error, and goes on or gives up.
    pub(super) fn answer_user(&mut self, key: Key, call: &Call, result: Result<&[Part], Failure>) {
        let failed = result.is_err();
        let token = result.ok().and_then(token_in);
        if let Some(debt) = call.context.debt {
            self.judge(debt, result);
        }
        let Some(flight) = self.journeys.get_mut(key) else { return };
        if failed {
            self.journeys.remove(key);
            return;
        }
        flight.token = token.unwrap_or(flight.token);
        flight.step += 1;
        self.think(key);
    }

    /// Compares an answer with what was owed.
    fn judge(&mut self, key: Key, result: Result<&[Part], Failure>) {
        let Some(debt) = self.debts.get(key) else { return };
        let step = &self.plan.journeys[usize::from(debt.journey)].steps[usize::from(debt.step)];
        let outcome = match result {
            Err(Failure::Timeout) => Outcome::Late,
            Err(Failure::Status(status)) if status < 500 => Outcome::Refused,
            Err(_) => Outcome::Failed,
            Ok(parts) => {
                let worst = step.parts.iter().map(|datum| {
                    let part = parts.iter().find(|part| part.datum == *datum);
                    self.judge_part(
                        part,
                        self.recent.look_up(&self.plan, *datum, debt.keys, debt.user),
                        step.owes.fresh_within,
                    )
                });
                // Partial before stale before wrong: the order of the outcomes.
                let worst = worst.filter(|outcome| *outcome != Outcome::Right).min().unwrap_or(Outcome::Right);
                let late = self.now.since(debt.asked) > step.owes.answer_within;
                if worst == Outcome::Right && late { Outcome::Late } else { worst }
            }
        };
        let settles = outcome != Outcome::Right || step.effects.is_empty();
        if let Some(debt) = self.debts.get_mut(key) {
            debt.answer = Some(outcome);
        }
        if settles {
            self.settle(key, outcome);
        }
    }

    fn judge_part(&self, part: Option<&Part>, key: u32, fresh_within: Option<Duration>) -> Outcome {
        let Some(part) = part.filter(|part| part.source != Source::Default) else { return Outcome::Partial };
        if part.key != key {
            return Outcome::Wrong;
        }
        if part.source == Source::Token {
            return Outcome::Right;
        }
        let age = self.versions.superseded_for(part, self.now);
        if age.zip(fresh_within).is_some_and(|(age, allowed)| age > allowed) { Outcome::Stale } else { Outcome::Right }
    }

    /// An effect happens in the world.
    pub(super) fn pay(&mut self, context: Context, effect: EffectId) {
        let Some(debt) = context.debt.and_then(|debt| self.debts.get_mut(debt)) else { return };
        let order = &self.plan.journeys[usize::from(debt.journey)].steps[usize::from(debt.step)].order;
        if let Some(at) = order.iter().position(|known| *known == effect) {
            debt.misordered |= order[..at].iter().any(|earlier| !debt.done.iter().any(|(done, _)| done == earlier));
        }
        match debt.done.iter_mut().find(|(known, _)| *known == effect) {
            Some((_, times)) => *times += 1,
            None => {
                // Checked worlds never have more effects than fit.
                let _ = debt.done.try_push((effect, 1));
            }
        }
    }

    /// A message or a detached call that may still pay a debt sets out, or is no more.
    pub(super) fn carry(&mut self, context: Context, change: i32) {
        if let Some(debt) = context.debt.and_then(|debt| self.debts.get_mut(debt)) {
            debt.carriers = debt.carriers.saturating_add_signed(change as i16);
        }
    }

    /// The time for an answer and for effects is up.
    pub(super) fn debt_due(&mut self, key: Key) {
        let Some(debt) = self.debts.get(key) else { return };
        let step = &self.plan.journeys[usize::from(debt.journey)].steps[usize::from(debt.step)];
        let done =
            |effect: EffectId| debt.done.iter().find(|(known, _)| *known == effect).map_or(0, |(_, times)| *times);
        let missing = step.effects.iter().any(|(effect, times)| done(*effect) < *times);
        let surplus = step.effects.iter().any(|(effect, times)| done(*effect) > *times);
        let outcome = match debt.answer {
            None => Outcome::Late,
            Some(_) if missing && debt.carriers > 0 => Outcome::Late,
            Some(_) if missing => Outcome::Lost,
            Some(_) if surplus => Outcome::Duplicated,
            Some(_) if debt.misordered => Outcome::Misordered,
            Some(answer) => answer,
        };
        self.settle(key, outcome);
    }

    /// Writes a debt into the ledger; a harmed user may write to the help desk.
    fn settle(&mut self, key: Key, outcome: Outcome) {
        let Some(debt) = self.debts.remove(key) else { return };
        self.truth.settle(Settled {
            asked: debt.asked,
            due: self.now,
            user: UserNumber { population: debt.population, number: debt.user },
            journey: debt.journey,
            step: debt.step,
            outcome,
            trace: debt.trace,
        });
        let users = &self.populations[usize::from(debt.population)];
        let who = debt.keys.child(2000 + u64::from(debt.step));
        let writes = outcome.is_harm() && users.complaints.chance(who, 0, users.reports.probability);
        if !writes {
            return;
        }
        let owes_effects =
            !self.plan.journeys[usize::from(debt.journey)].steps[usize::from(debt.step)].effects.is_empty();
        let others: Vec<u16> = users.journeys.iter().map(|(_, journey)| *journey).collect();
        let journey = if users.complaints.chance(who, 1, MISREMEMBERED) {
            others[users.complaints.index(who, 2, others.len())]
        } else {
            debt.journey
        };
        let says = complaint(outcome, owes_effects);
        let says = says[users.complaints.index(who, 3, says.len())];
        let delay = dist::sample(&users.reports.delay, users.complaints, who, 4);
        let number = self.reports.len() as u32;
        self.reports.push(PlannedReport { population: debt.population, user: debt.user, journey, says });
        self.later(delay, Event::Report(number));
    }

    /// A user's report arrives at the help desk.
    pub(super) fn report(&mut self, number: u32) {
        let Some(PlannedReport { population, user, journey, says }) = self.reports.get(number as usize).copied() else {
            return;
        };
        self.file_report(population, user, journey, says);
    }

    fn file_report(&mut self, population: u16, user: u32, journey: u16, says: &str) {
        if self.muted {
            return;
        }
        let facts = self.populations[usize::from(population)].facts(user);
        let name = &self.plan.journeys[usize::from(journey)].name;
        self.telemetry.reports.push(UserReport {
            stamp: self.now.stamp(),
            user,
            region: facts.region,
            account: facts.account,
            client: facts.client,
            journey: name.clone(),
            text: says.replace("{journey}", &name.replace(['-', '_'], " ")),
        });
    }

    fn plan_idle_complaint(&mut self, population: u16, count: u32) {
        let users = &self.populations[usize::from(population)];
        let per_hour = users.reports.idle_per_hour;
        if per_hour > 0.0 {
            let unit = users.complaints.unit(Identity(u64::from(count)), 10);
            let wait = dist::exponential(3600e9 / per_hour, unit);
            self.later(wait, Event::IdleComplaint(population, count));
        }
    }

    /// A user who was not harmed complains.
    pub(super) fn idle_complaint(&mut self, population: u16, count: u32) {
        let users = &self.populations[usize::from(population)];
        let who = Identity(u64::from(count));
        let user = users.complaints.index(who, 11, users.count as usize) as u32;
        let says = IDLE_WORDS[users.complaints.index(who, 12, IDLE_WORDS.len())];
        if let Some(journey) = choose(&users.journeys, users.complaints.unit(who, 13)).copied() {
            self.file_report(population, user, journey, says);
        }
        self.plan_idle_complaint(population, count + 1);
    }
}

/// What harmed users write: vague, and without a cause.
fn complaint(outcome: Outcome, owes_effects: bool) -> &'static [&'static str] {
    match outcome {
        Outcome::Right => &[""],
        Outcome::Failed => &[
            "I got an error page while I tried to {journey}.",
            "Something went wrong, it says. I only wanted to {journey}.",
        ],
        Outcome::Partial => &[
            "When I {journey}, part of the page is just not there. No error, nothing.",
            "Is something missing? I wanted to {journey} and it looks half empty.",
            "I cannot {journey} properly. Where did the details go?",
        ],
        Outcome::Stale => {
            &["What I see when I {journey} is out of date.", "It still shows me the old values when I {journey}."]
        }
        Outcome::Wrong => {
            &["This is not mine! I wanted to {journey} and saw something else.", "Wrong item again when I {journey}."]
        }
        Outcome::Late if owes_effects => &[
            "I did {journey} a while ago and still have no confirmation. Did it work?",
            "No e-mail yet. I tried to {journey} some minutes ago. Should I do it again?",
            "Was my order lost? I have heard nothing since.",
        ],
        Outcome::Late => &["It takes for ever to {journey} today.", "So slow. I gave up when I tried to {journey}."],
        Outcome::Lost => {
            &["I did {journey} and never got what I was promised.", "Nothing ever arrived after I tried to {journey}."]
        }
        Outcome::Duplicated => &["I got it twice!", "Why was this done two times? I only did {journey} once."],
        Outcome::Misordered => &["The messages about my order came in a strange order."],
        Outcome::Refused => &[
            "It says I am not allowed to {journey}. I have done it for years.",
            "I was thrown out in the middle of it.",
        ],
    }
}

/// What users write about nothing in particular.
const IDLE_WORDS: [&str; 8] = [
    "How do I change my password?",
    "The new colours are hard to read.",
    "Your app drains my battery.",
    "It was slow yesterday evening, now it is fine.",
    "I got logged out again. Is that normal?",
    "Please bring the old start page back.",
    "The page jumped around while it loaded.",
    "Do you ship to islands?",
];
