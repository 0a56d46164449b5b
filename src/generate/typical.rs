//! How long a call usually takes, by what a world declares: work, network and storage times without queues. Knows
//! routes and distributions; nothing of a run.

use crate::engine::dist::sample;
use crate::random::{Identity, Seed, Stream};
use crate::time::Duration;
use crate::world::check::Neighbours;
use crate::world::check::routing::{Next, next};
use crate::world::{Call, Critical, Op, Route, Step, When, WorldSpec};

/// Calls inside calls that are followed.
const DEEPEST: u32 = 24;
/// The share of look-ups in a cache that miss.
const MISSES: f64 = 0.3;

/// Draws of times in one world.
pub(super) struct Typical<'a> {
    pub spec: &'a WorldSpec,
    pub out: &'a Neighbours<'a>,
    stream: Stream,
}

impl<'a> Typical<'a> {
    pub fn new(spec: &'a WorldSpec, out: &'a Neighbours<'a>) -> Typical<'a> {
        Typical { spec, out, stream: Stream::new(Seed(0), "typical", "times") }
    }

    /// Times of one call from `from`, `count` draws, shortest first.
    pub fn call_times(&self, from: &str, call: &Call, count: u64) -> Vec<Duration> {
        let mut times: Vec<Duration> = (0..count).map(|n| self.call(from, call, Identity(n), 0)).collect();
        times.sort_unstable();
        times
    }

    /// Times that a node's handler of a message takes.
    pub fn handler_times(&self, node: &str, route: &Route, count: u64) -> Vec<Duration> {
        let mut times: Vec<Duration> = (0..count).map(|n| self.steps(node, &route.steps, Identity(n), 0)).collect();
        times.sort_unstable();
        times
    }

    /// The mean time of the work alone, without calls.
    pub fn work(&self, route: &Route, count: u64) -> Duration {
        let works =
            || route.steps.iter().filter_map(|step| if let Step::Work(dist) = step { Some(dist) } else { None });
        let all: u64 = (0..count)
            .flat_map(|n| works().enumerate().map(move |(at, dist)| (n, at, dist)))
            .map(|(n, at, dist)| sample(dist, self.stream, Identity(n).child(at as u64), 0).0)
            .sum();
        Duration(all / count.max(1))
    }

    fn call(&self, from: &str, call: &Call, who: Identity, depth: u32) -> Duration {
        let network =
            self.out.get(from).and_then(|callees| callees.get(call.to.as_str())).map_or(Duration::ZERO, |arrow| {
                sample(&arrow.latency, self.stream, who.child(1), 0)
                    + sample(&arrow.latency, self.stream, who.child(2), 0)
            });
        network + self.serve(&call.to, &call.op, who.child(3), depth + 1)
    }

    fn serve(&self, node: &str, op: &Op, who: Identity, depth: u32) -> Duration {
        let Some(spec) = self.spec.nodes.get(node).filter(|_| depth < DEEPEST) else { return Duration::ZERO };
        let dist = match op {
            Op::Route(route) => return self.route(node, route, who, depth),
            Op::Get(_) | Op::Put(_) | Op::Invalidate(_) => spec.cache.as_ref().map(|cache| cache.service),
            Op::Read(_) => spec.database.as_ref().map(|database| database.read),
            Op::Write(_) => spec.database.as_ref().map(|database| database.write),
            Op::Publish(_) => spec.queue.as_ref().map(|queue| queue.service),
        };
        dist.map_or(Duration::ZERO, |dist| sample(&dist, self.stream, who, 0))
    }

    fn route(&self, node: &str, route: &str, who: Identity, depth: u32) -> Duration {
        match next(self.spec, self.out, node, route) {
            Next::Answers(route) => self.steps(node, &route.steps, who, depth),
            Next::Forwards(declared, target) => {
                let own = declared.map_or(Duration::ZERO, |route| self.steps(node, &route.steps, who, depth));
                let on = Call {
                    to: target.to_owned(),
                    op: Op::Route(route.to_owned()),
                    when: When::Always,
                    detached: false,
                    keyed: false,
                };
                own + self.call(node, &on, who.child(4), depth + 1)
            }
            Next::Unknown => Duration::ZERO,
        }
    }

    fn steps(&self, node: &str, steps: &[Step], who: Identity, depth: u32) -> Duration {
        let mut all = Duration::ZERO;
        for (at, step) in steps.iter().enumerate() {
            let who = who.child(100 + at as u64);
            all = all
                + match step {
                    Step::Work(dist) => sample(dist, self.stream, who, 0),
                    Step::Call(call) => self.maybe(node, call, who, depth),
                    Step::All(calls) => {
                        let each = calls.iter().enumerate();
                        each.map(|(at, call)| self.maybe(node, call, who.child(at as u64), depth))
                            .max()
                            .unwrap_or_default()
                    }
                    Step::Critical(critical) => self.critical(node, critical, who, depth),
                    Step::Effect(_) | Step::Issue(_) => Duration::ZERO,
                };
        }
        all
    }

    /// Steps under a lock that nobody else holds: it is taken and freed.
    fn critical(&self, node: &str, critical: &Critical, who: Identity, depth: u32) -> Duration {
        let locks = self.spec.nodes.get(&critical.at).and_then(|node| node.locks);
        let once = |lane| locks.map_or(Duration::ZERO, |locks| sample(&locks.service, self.stream, who, lane));
        once(0) + self.steps(node, &critical.steps, who.child(3), depth) + once(2)
    }

    fn maybe(&self, node: &str, call: &Call, who: Identity, depth: u32) -> Duration {
        let flag =
            |flag: &String| self.spec.nodes.get(node).and_then(|node| node.flags.get(flag)).copied().unwrap_or(false);
        let happens = !call.detached
            && match &call.when {
                When::Always => true,
                When::Missing(_) => self.stream.chance(who, 90, MISSES),
                When::Fetched(_) | When::Account(_) => false,
                When::Chance(share) => self.stream.chance(who, 90, *share),
                When::Flag(name) => flag(name),
                When::NoFlag(name) => !flag(name),
            };
        if happens { self.call(node, call, who, depth) } else { Duration::ZERO }
    }
}

/// The value below which this share of sorted times lies.
pub(super) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f64) as usize).copied().unwrap_or_default()
}

/// Their mean.
pub(super) fn mean(times: &[Duration]) -> Duration {
    Duration(times.iter().map(|time| time.0).sum::<u64>() / times.len().max(1) as u64)
}

/// A time that a person would write in a configuration: two digits.
pub(super) fn round(time: Duration) -> Duration {
    let mut unit = 1_000u64;
    while time.0 / unit >= 100 {
        unit *= 10;
    }
    Duration((time.0 / unit).max(1) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_as_people_write_them() {
        for (ns, expect) in [(58_312_400, "58ms"), (1_234_000_000, "1s200ms"), (999_000, "990us"), (3, "1us")] {
            assert_eq!(round(Duration(ns)).to_string(), expect);
        }
    }
}
