//! What detectors count: of each subject a sum and of how many, minute by minute, by the monitor's clock. Knows how
//! metrics are read; nothing of what is too much.

use std::collections::BTreeMap;

use crate::telemetry::{ResourceId, Series, Telemetry, series};
use crate::time::{Duration, Stamp};

/// What detectors look at in one piece.
pub const MINUTE: Duration = Duration::from_mins(1);

/// What is watched: a node, and what of it: a route, the other end of an arrow, a replica.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The node.
    pub service: String,
    /// What of it; empty if there is no more to say.
    pub of: String,
}

impl Subject {
    /// A node, or something of it.
    pub fn new(service: impl Into<String>, of: impl Into<String>) -> Subject {
        Subject { service: service.into(), of: of.into() }
    }
}

/// A sum, and of how many.
pub type Sum = [f64; 2];

/// Sums of the whole minutes of a run, by subject.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Of each subject its minutes, from the start of the run.
    pub lines: BTreeMap<Subject, Vec<Sum>>,
    minutes: usize,
}

/// A series, while it is read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    telemetry: &'a Telemetry,
    resource: ResourceId,
    series: &'a Series,
}

impl<'a> Reading<'a> {
    /// The value of a label; empty if it has none.
    pub fn label(&self, name: &str) -> &'a str {
        series::label(self.telemetry, self.resource, self.series, name)
    }

    /// The node that says it.
    pub fn service(&self) -> &'a str {
        &self.telemetry.resource(self.resource).service
    }

    /// The replica that says it.
    pub fn instance(&self) -> &'a str {
        &self.telemetry.resource(self.resource).instance
    }
}

/// Whose sum a series adds to, and how its numbers do.
pub type Adds = Option<(Subject, fn(&[f64]) -> Sum)>;

/// Observations of a histogram.
pub fn observations(numbers: &[f64]) -> f64 {
    numbers.iter().skip(1).sum()
}

/// The sum of a histogram's observations, and how many.
pub fn mean(numbers: &[f64]) -> Sum {
    [numbers.first().copied().unwrap_or_default(), observations(numbers)]
}

/// Of a histogram's observations all count as well.
pub fn hit(numbers: &[f64]) -> Sum {
    [observations(numbers); 2]
}

/// Of a histogram's observations none counts, but they are there.
pub fn miss(numbers: &[f64]) -> Sum {
    [0.0, observations(numbers)]
}

/// What a counter grew by, above the line.
pub fn above(numbers: &[f64]) -> Sum {
    [numbers.first().copied().unwrap_or_default(), 0.0]
}

/// What a counter grew by, below the line.
pub fn below(numbers: &[f64]) -> Sum {
    [0.0, numbers.first().copied().unwrap_or_default()]
}

/// A histogram's observations, above the line.
pub fn observed_above(numbers: &[f64]) -> Sum {
    [observations(numbers), 0.0]
}

impl Counts {
    /// Nothing yet, of as many whole minutes as the monitor has seen.
    pub fn new(telemetry: &Telemetry) -> Counts {
        let newest = |(id, _)| telemetry.metrics.scrapes(id).next_back().map(|scrape| scrape.stamp);
        let newest = telemetry.metrics.targets().filter_map(newest).max().unwrap_or_default();
        let newest = newest.max(telemetry.probed_at);
        let minutes = u64::try_from(newest.0).unwrap_or_default() / MINUTE.0;
        Counts { lines: BTreeMap::new(), minutes: minutes as usize }
    }

    /// Whole minutes.
    pub fn minutes(&self) -> usize {
        self.minutes
    }

    /// The minutes of a subject, made if they are not there.
    pub fn line(&mut self, subject: &Subject) -> &mut [Sum] {
        if !self.lines.contains_key(subject) {
            self.lines.insert(subject.clone(), vec![[0.0; 2]; self.minutes]);
        }
        self.lines.get_mut(subject).map_or(&mut [], Vec::as_mut_slice)
    }

    /// The minute of a stamp, if it is a whole one.
    pub fn minute(&self, stamp: Stamp) -> Option<usize> {
        let at = u64::try_from(stamp.0).ok()? / MINUTE.0;
        usize::try_from(at).ok().filter(|at| *at < self.minutes)
    }

    /// Adds to the minute of a stamp.
    pub fn add(&mut self, subject: &Subject, stamp: Stamp, sum: Sum) {
        if let Some(at) = self.minute(stamp)
            && let Some(minute) = self.line(subject).get_mut(at)
        {
            minute[0] += sum[0];
            minute[1] += sum[1];
        }
    }

    /// Adds what a counter or a histogram grew by.
    pub fn growth(&mut self, telemetry: &Telemetry, family: &str, adds: impl Fn(&Reading<'_>) -> Adds) {
        let keep = |resource, series| adds(&Reading { telemetry, resource, series });
        series::growths(telemetry, family, keep, |(subject, sum), stamp, grown| self.add(subject, stamp, sum(grown)));
    }

    /// Adds what a gauge showed: the mean of a minute is that of its scrapes.
    pub fn level(&mut self, telemetry: &Telemetry, family: &str, of: impl Fn(&Reading<'_>) -> Option<Subject>) {
        let Some((id, _)) = series::family(telemetry, family) else { return };
        for (resource, series) in series::of_family(telemetry, id) {
            let Some(subject) = of(&Reading { telemetry, resource, series }) else { continue };
            for scrape in telemetry.metrics.scrapes(resource) {
                if let Some(numbers) = scrape.numbers(series, 1) {
                    self.add(&subject, scrape.stamp, [numbers[0], 1.0]);
                }
            }
        }
    }

    /// Adds one of something that is counted by the minute, and not of how many.
    pub fn one(&mut self, subject: &Subject, stamp: Stamp) {
        self.add(subject, stamp, [1.0, 0.0]);
    }

    /// From now on sums are of a minute each.
    pub fn per_minute(mut self) -> Counts {
        self.lines.values_mut().flatten().for_each(|sum| sum[1] = 1.0);
        self
    }
}

/// Minutes after which a cache that keeps entries for ten minutes, as most do, holds what it will hold.
const FULL: usize = 12;
/// The minutes from [`FULL`] on, in halves, that show whether it does.
const HALVES: [std::ops::Range<usize>; 2] = [FULL..16, 16..20];
/// By how much the halves may differ.
const STEADY: f64 = 0.10;

impl Counts {
    /// Forgets the minutes in which caches fill, and subjects whose number still grew after them: that goes on, and is no sign
    /// of anything.
    pub fn full_caches(mut self) -> Counts {
        let mean = |minutes: &[Sum], part: &std::ops::Range<usize>| {
            let part = minutes.get(part.clone()).unwrap_or_default();
            let total = |at: usize| part.iter().map(|sum| sum[at]).sum::<f64>();
            total(0) / total(1).max(f64::MIN_POSITIVE)
        };
        self.lines.retain(|_, minutes| mean(minutes, &HALVES[1]) <= (1.0 + STEADY) * mean(minutes, &HALVES[0]));
        self.lines.values_mut().flat_map(|minutes| minutes.iter_mut().take(FULL)).for_each(|sum| *sum = [0.0; 2]);
        self
    }
}

/// The families in which a caller measures its attempts, by any protocol. The other end is at `server.address`.
pub const CALLS: [&str; 4] = [
    "http.client.request.duration",
    "rpc.client.call.duration",
    "db.client.operation.duration",
    "messaging.client.operation.duration",
];

/// The families in which a node measures what it works on.
pub const REQUESTS: [&str; 2] = ["http.server.request.duration", "messaging.process.duration"];
