//! The ends of an arrow, one for each replica of its caller: the network and the caller's policies.
//! Each policy is a type of its own; `call.rs` combines them.

use std::collections::{BTreeMap, VecDeque};

use super::connections::Connections;
use super::data::Part;
use super::emit::Places;
use super::ids::RouteId;
use super::network::{Impaired, Network};
use super::scoped::Scoped;
use super::slab::Key;
use super::targets::Targets;
use crate::time::{Duration, SimTime};
use crate::world::{self, Balance, Propagation};

/// How long the caller waits for one attempt.
#[derive(Clone, Copy, Debug)]
pub struct Timeout(pub Option<Duration>);

/// Retries, with a budget as a token bucket: each call earns a share of a token, each retry spends one.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    pub policy: Option<world::Retry>,
    tokens: f64,
}

impl Retries {
    const MOST_TOKENS: f64 = 10.0;

    pub fn new(policy: Option<world::Retry>) -> Self {
        Retries { policy, tokens: Self::MOST_TOKENS }
    }

    /// A call begins.
    pub fn earn(&mut self) {
        if let Some(budget) = self.policy.and_then(|policy| policy.budget) {
            self.tokens = (self.tokens + budget).min(Self::MOST_TOKENS);
        }
    }

    /// Whether attempt number `next` (from 1) may be made; spends a token if so.
    pub fn allow(&mut self, next: u8) -> Option<world::Retry> {
        let policy = self.policy.filter(|policy| next < policy.attempts)?;
        if policy.budget.is_some() {
            // Ten tenths are one.
            if self.tokens < 1.0 - 1e-9 {
                return None;
            }
            self.tokens = (self.tokens - 1.0).max(0.0);
        }
        Some(policy)
    }
}

/// What the caller uses when the call failed for good.
#[derive(Clone, Debug, Default)]
pub struct FallbackPolicy {
    pub policy: Option<world::Fallback>,
    kept: Option<Box<LastAnswers>>,
}

impl FallbackPolicy {
    pub fn new(policy: Option<world::Fallback>) -> Self {
        FallbackPolicy { policy, kept: None }
    }

    /// Whether the policy ever uses an old answer.
    pub fn remembers(&self) -> bool {
        self.policy.is_some_and(|policy| policy.value == world::FallbackValue::Stale)
    }

    /// Remembers what was answered about the key that was asked for.
    pub fn keep(&mut self, route: RouteId, asked: u64, part: Part) {
        self.kept.get_or_insert_default().keep((route, asked), part);
    }

    /// What was answered last about a key, whoever asked.
    pub fn recall(&self, route: RouteId, asked: u64) -> Option<Part> {
        self.kept.as_ref()?.by_key.get(&(route, asked)).copied()
    }
}

/// The last good answer about each key, for a stale fallback. Full, it forgets the key that it has known for longest.
#[derive(Clone, Debug, Default)]
struct LastAnswers {
    by_key: BTreeMap<(RouteId, u64), Part>,
    order: VecDeque<(RouteId, u64)>,
}

impl LastAnswers {
    const MOST: usize = 4096;

    fn keep(&mut self, asked: (RouteId, u64), part: Part) {
        if self.by_key.insert(asked, part).is_some() {
            return;
        }
        self.order.push_back(asked);
        if self.order.len() > Self::MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}

/// A circuit breaker: closed, open, half-open (Nygard, *Release It!*, 2007).
#[derive(Clone, Debug)]
pub struct Breaker(Option<Box<Circuit>>);

/// A breaker that is there.
#[derive(Clone, Debug)]
struct Circuit {
    policy: world::Breaker,
    state: BreakerState,
    window: VecDeque<bool>,
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BreakerState {
    Closed,
    Open(SimTime),
    HalfOpen(Probes),
}

/// The probes of a half-open breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Probes {
    since: SimTime,
    sent: u8,
    good: u8,
    bad: u8,
}

impl Breaker {
    pub fn new(policy: Option<world::Breaker>) -> Self {
        let closed =
            |policy| Box::new(Circuit { policy, state: BreakerState::Closed, window: VecDeque::new(), failures: 0 });
        Breaker(policy.map(closed))
    }

    pub fn policy(&self) -> Option<world::Breaker> {
        self.0.as_ref().map(|circuit| circuit.policy)
    }

    /// Whether a call may go out. Lets probes through when it has been open long enough.
    pub fn allow(&mut self, now: SimTime) -> bool {
        let Some(Circuit { policy, state, .. }) = self.0.as_deref_mut() else { return true };
        match state {
            BreakerState::Closed => true,
            BreakerState::HalfOpen(probes) if probes.sent < policy.probes => {
                probes.sent += 1;
                true
            }
            BreakerState::Open(since) | BreakerState::HalfOpen(Probes { since, .. })
                if now.since(*since) >= policy.open_for =>
            {
                *state = BreakerState::HalfOpen(Probes { since: now, sent: 1, good: 0, bad: 0 });
                true
            }
            _ => false,
        }
    }

    /// Learns how an attempt ended. True if this opened or closed the breaker.
    pub fn record(&mut self, ok: bool, now: SimTime) -> bool {
        let Some(Circuit { policy, state, window, failures }) = self.0.as_deref_mut() else { return false };
        if let BreakerState::HalfOpen(probes) = state {
            window.clear();
            *failures = 0;
            if ok {
                probes.good += 1;
            } else {
                probes.bad += 1;
            }
            let bad = probes.bad > 0 && f64::from(probes.bad) >= policy.threshold * f64::from(policy.probes);
            if bad {
                *state = BreakerState::Open(now);
            } else if probes.good + probes.bad >= policy.probes {
                *state = BreakerState::Closed;
                return true;
            }
            return false;
        }
        window.push_back(ok);
        *failures += u32::from(!ok);
        if window.len() > usize::from(policy.window) {
            *failures -= u32::from(window.pop_front() == Some(false));
        }
        let full = window.len() == usize::from(policy.window);
        let trips = full && f64::from(*failures) >= policy.threshold * window.len() as f64;
        if *state == BreakerState::Closed && trips {
            *state = BreakerState::Open(now);
            return true;
        }
        false
    }

    pub fn is_open(&self) -> bool {
        self.0.as_ref().is_some_and(|circuit| circuit.state != BreakerState::Closed)
    }
}

/// A connection pool: connections in use, and calls that wait for one.
#[derive(Clone, Debug)]
pub struct Pool {
    pub policy: Option<world::Pool>,
    pub used: u32,
    pub waiting: VecDeque<Key>,
    /// An average of recent waits, in seconds, newest weighing a tenth.
    pub recent_wait_secs: f64,
}

impl Pool {
    pub fn new(policy: Option<world::Pool>) -> Self {
        Pool { policy, used: 0, waiting: VecDeque::new(), recent_wait_secs: 0.0 }
    }

    /// Takes a connection, if there is one.
    pub fn acquire(&mut self) -> bool {
        if self.policy.is_some_and(|policy| self.used >= policy.size) {
            return false;
        }
        self.used += 1;
        true
    }

    /// Gives a connection to the next call that waits, if there is both.
    pub fn grant(&mut self) -> Option<Key> {
        if self.policy.is_some_and(|policy| self.used >= policy.size) {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.used += 1;
        Some(next)
    }

    /// A call does not wait any more. The one that gives up has mostly waited longest.
    pub fn leave(&mut self, key: Key) {
        if self.waiting.front() == Some(&key) {
            self.waiting.pop_front();
        } else {
            self.waiting.retain(|waiting| *waiting != key);
        }
    }

    pub fn waited(&mut self, wait: Duration) {
        self.recent_wait_secs += 0.1 * (wait.as_secs_f64() - self.recent_wait_secs);
    }
}

/// What the caller does about attempts, besides waiting for them: a bulkhead, a hedge, a look into the body.
#[derive(Clone, Copy, Debug)]
pub struct Guards {
    pub bulkhead: Option<u32>,
    under_way: u32,
    pub hedge: Option<world::Hedge>,
    pub checks_body: bool,
}

impl Guards {
    pub fn new(bulkhead: Option<u32>, hedge: Option<world::Hedge>, checks_body: bool) -> Self {
        Guards { bulkhead, under_way: 0, hedge, checks_body }
    }

    /// An attempt begins, if the bulkhead has room for it.
    pub fn enter(&mut self) -> bool {
        let fits = self.bulkhead.is_none_or(|most| self.under_way < most);
        self.under_way += u32::from(fits);
        fits
    }

    /// An attempt that entered is over.
    pub fn leave(&mut self) {
        self.under_way -= 1;
    }
}

/// How a replica of the callee is chosen.
#[derive(Clone, Debug)]
pub struct Balancer {
    pub policy: Balance,
    pub turn: u32,
    /// Calls in flight to each replica of the callee.
    pub in_flight: InFlightTo,
    /// What the caller knows of those replicas, if that is not all.
    pub targets: Option<Box<Targets>>,
}

/// Calls in flight to each replica of a callee, by ordinal. Most callees have one.
#[derive(Clone, Debug, Default)]
pub struct InFlightTo {
    first: u32,
    others: Vec<u32>,
}

impl InFlightTo {
    #[inline]
    pub fn to(&self, ordinal: usize) -> u32 {
        match ordinal.checked_sub(1) {
            None => self.first,
            Some(other) => self.others.get(other).copied().unwrap_or(0),
        }
    }

    #[inline]
    pub fn place(&mut self, ordinal: usize) -> &mut u32 {
        let Some(other) = ordinal.checked_sub(1) else { return &mut self.first };
        if self.others.len() <= other {
            self.others.resize(other + 1, 0);
        }
        &mut self.others[other]
    }

    /// Replicas that it knows of.
    pub fn len(&self) -> usize {
        1 + self.others.len()
    }

    pub fn sum(&self) -> u32 {
        self.first + self.others.iter().sum::<u32>()
    }
}

/// What the caller says about this arrow, and how recent calls went.
#[derive(Clone, Debug)]
pub struct LinkEmitter {
    pub trace: Propagation,
    pub spans: bool,
    pub metrics: bool,
    pub span_errors: bool,
    pub log_failures: bool,
    pub refusals: bool,
    /// By the callee's local route and the kind of result: the place of the client histogram.
    pub called: Places,
    /// The place of the histogram of waits for a connection, plus one; zero is not yet.
    pub waits: u32,
    /// Recent attempts and failures; halved at each health probe.
    pub attempts: f64,
    pub failures: f64,
}

/// An arrow's end: the network and the caller's policies.
#[derive(Clone, Debug)]
pub struct Link {
    pub network: Network,
    pub impaired: Box<Impaired>,
    pub connections: Connections,
    pub guards: Guards,
    pub scoped: Scoped,
    pub timeout: Timeout,
    pub retries: Retries,
    pub fallback: FallbackPolicy,
    pub breaker: Breaker,
    pub pool: Pool,
    pub balancer: Balancer,
    pub emitter: LinkEmitter,
}

#[cfg(test)]
mod tests {
    use super::super::data::Source;
    use super::super::ids::DatumId;
    use super::*;

    #[test]
    fn a_breaker_opens_probes_and_closes() {
        let policy =
            world::Breaker { window: 4, threshold: 0.5, open_for: Duration::from_secs(10), probes: 1, log: false };
        let mut breaker = Breaker::new(Some(policy));
        let at = SimTime::from_secs;
        for ok in [true, true, false, false] {
            assert!(breaker.allow(at(1)));
            breaker.record(ok, at(1));
        }
        assert!(breaker.is_open() && !breaker.allow(at(10)));
        assert!(breaker.allow(at(11)), "one probe");
        assert!(!breaker.allow(at(12)), "and no second one");
        breaker.record(false, at(12));
        assert!(!breaker.allow(at(21)) && breaker.allow(at(22)));
        assert!(breaker.record(true, at(22)) && !breaker.is_open());
    }

    #[test]
    fn a_half_open_breaker_lets_as_many_probes_through_as_it_is_told() {
        let policy =
            world::Breaker { window: 2, threshold: 0.5, open_for: Duration::from_secs(10), probes: 4, log: false };
        let mut breaker = Breaker::new(Some(policy));
        let at = SimTime::from_secs;
        let open = |breaker: &mut Breaker, now| (0..2).for_each(|_| _ = breaker.record(false, at(now)));
        open(&mut breaker, 1);
        assert_eq!((0..9).filter(|_| breaker.allow(at(11))).count(), 4);
        assert!([true, false, true].iter().all(|ok| !breaker.record(*ok, at(12))), "three of four say nothing yet");
        assert!(breaker.record(true, at(12)) && !breaker.is_open(), "one failure of four is below half");
        open(&mut breaker, 13);
        assert_eq!((0..9).filter(|_| breaker.allow(at(23))).count(), 4);
        [false, true, false].iter().for_each(|ok| _ = breaker.record(*ok, at(24)));
        assert!(breaker.is_open() && !breaker.allow(at(33)) && breaker.allow(at(34)), "two of four open it anew");
    }

    #[test]
    fn a_bulkhead_is_full_until_one_leaves() {
        let mut guards = Guards::new(Some(2), None, false);
        assert!(guards.enter() && guards.enter() && !guards.enter());
        guards.leave();
        assert!(guards.enter() && !guards.enter());
    }

    #[test]
    fn a_stale_fallback_remembers_the_last_answer_about_each_of_so_many_keys() {
        let mut fallback = FallbackPolicy::new(None);
        let part = |key| Part { datum: DatumId(0), key, version: Default::default(), source: Source::Database };
        (0..5000).for_each(|key| fallback.keep(RouteId(1), key, part(key as u32)));
        fallback.keep(RouteId(1), 4999, part(7));
        assert_eq!(fallback.recall(RouteId(1), 4999), Some(part(7)), "the newer answer");
        assert_eq!(fallback.recall(RouteId(2), 4999), None, "another question");
        assert_eq!((0..5000).filter(|key| fallback.recall(RouteId(1), *key).is_some()).count(), 4096);
        assert_eq!(fallback.recall(RouteId(1), 0), None, "the oldest is forgotten");
    }

    #[test]
    fn a_retry_budget_runs_dry_and_refills() {
        let policy = world::Retry { attempts: 3, backoff: Duration::ZERO, jitter: 0.0, budget: Some(0.1) };
        let mut retries = Retries::new(Some(policy));
        assert_eq!((0..20).filter(|_| retries.allow(1).is_some()).count(), 10);
        (0..10).for_each(|_| retries.earn());
        assert!(retries.allow(1).is_some() && retries.allow(1).is_none());
        assert!(retries.allow(3).is_none(), "three attempts in all");
    }
}
