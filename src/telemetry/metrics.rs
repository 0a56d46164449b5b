//! Metrics: families, series and scrapes. Knows what the monitor read from each replica and when, by the monitor's
//! clock. One scrape is one row of numbers for one replica; a series is a place in that row.

use std::collections::{BTreeMap, BTreeSet};

use super::chunks::{Chunks, Columns};
use super::names::Symbol;
use super::trace::TraceRef;
use super::{ResourceId, SpanNumber};
use crate::time::Stamp;

/// The kind of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricKind {
    /// Only grows, but for restarts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Explicit buckets; the family has their bounds.
    Histogram,
}

impl MetricKind {
    /// `counter`, `gauge`, `histogram`.
    pub fn name(self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        }
    }
}

/// Upper bounds of the buckets, in seconds: OpenTelemetry's advice for HTTP durations. One more bucket is above all.
pub const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// A metric family.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its OpenTelemetry name.
    pub name: Symbol,
    /// Its unit (UCUM).
    pub unit: &'static str,
    /// Its kind.
    pub kind: MetricKind,
    /// Upper bounds of a histogram's buckets; one more bucket is above them all. Empty for other kinds.
    pub bounds: &'static [f64],
    /// What it measures.
    pub help: &'static str,
}

impl Family {
    /// Numbers that one series takes in a row: a histogram has its sum, then the count in each bucket (not cumulative).
    pub fn width(&self) -> usize {
        match self.kind {
            MetricKind::Counter | MetricKind::Gauge => 1,
            MetricKind::Histogram => 2 + self.bounds.len(),
        }
    }
}

/// The number of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyId(pub u16);

/// One series of one replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Its family.
    pub family: FamilyId,
    /// Its labels besides the replica's, in order of name.
    pub labels: Vec<(Symbol, Symbol)>,
    /// Its first place in a row.
    pub slot: u32,
}

/// What is scraped: the series of one replica.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// In order of registration.
    pub series: Vec<Series>,
    known: BTreeMap<(FamilyId, Vec<(Symbol, Symbol)>), u32>,
    /// Families that it measures and does not expose.
    hidden: BTreeSet<FamilyId>,
    width: u32,
    scrapes: Vec<u32>,
}

impl Target {
    /// Numbers in a row now.
    pub fn width(&self) -> usize {
        self.width as usize
    }

    /// The place of a series with exactly these labels.
    pub fn find(&self, family: FamilyId, labels: &[(Symbol, Symbol)]) -> Option<u32> {
        let slot = self.known.get(&(family, labels.to_vec())).copied();
        slot.filter(|_| !self.hidden.contains(&family))
    }
}

/// All metrics of a run.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    families: Vec<Family>,
    targets: Vec<Target>,
    rows: Chunks<ScrapeColumns>,
}

/// An observation of a histogram that stands for the others of its bucket: the newest since the scrape before that
/// belongs to a recorded trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar {
    /// The place of its bucket in the row.
    pub place: u32,
    /// Its trace.
    pub trace: TraceRef,
    /// Its span.
    pub span: SpanNumber,
    /// When, by the replica's clock.
    pub stamp: Stamp,
    /// What was observed.
    pub value: f64,
}

#[derive(Clone, Debug, Default)]
struct ScrapeColumns {
    stamp: Vec<i64>,
    end: Vec<u32>,
    values: Vec<f64>,
    exemplars: Vec<Exemplar>,
    exemplars_end: Vec<u32>,
}

impl Columns for ScrapeColumns {
    const ROWS: usize = 256;
    fn rows(&self) -> usize {
        self.stamp.len()
    }
}

/// One scrape of one replica.
#[derive(Clone, Copy, Debug)]
pub struct Scrape<'a> {
    /// When, by the monitor's clock.
    pub stamp: Stamp,
    /// One row: indexed by a series' slot. Shorter than later rows if series were added since.
    pub values: &'a [f64],
    /// Exemplars, in the order of their places.
    pub exemplars: &'a [Exemplar],
}

impl<'a> Scrape<'a> {
    /// The numbers of a series whose family has this width; None if the series was registered later.
    pub fn numbers(&self, series: &Series, width: usize) -> Option<&'a [f64]> {
        let start = series.slot as usize;
        self.values.get(start..start + width)
    }

    /// The exemplars of a histogram whose family has this width, each with the number of its bucket.
    pub fn exemplars_of(&self, series: &Series, width: usize) -> impl Iterator<Item = (usize, &'a Exemplar)> + use<'a> {
        let first = series.slot + 1;
        let from = self.exemplars.partition_point(|exemplar| exemplar.place < first);
        let until = series.slot + width as u32;
        let own = self.exemplars[from..].iter().take_while(move |exemplar| exemplar.place < until);
        own.map(move |exemplar| ((exemplar.place - first) as usize, exemplar))
    }
}

impl Metrics {
    /// Registers a family, once.
    pub fn family(&mut self, family: Family) -> FamilyId {
        if let Some(at) = self.families.iter().position(|known| known.name == family.name) {
            return FamilyId(at as u16);
        }
        self.families.push(family);
        FamilyId(self.families.len() as u16 - 1)
    }

    /// All families, by id.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The family with this name.
    pub fn find_family(&self, name: Symbol) -> Option<FamilyId> {
        self.families.iter().position(|family| family.name == name).map(|at| FamilyId(at as u16))
    }

    /// Registers a series of a replica, once, and answers its first place in the replica's rows. `labels` are in
    /// order of name.
    pub fn series(&mut self, resource: ResourceId, family: FamilyId, labels: Vec<(Symbol, Symbol)>) -> u32 {
        let width = self.families[family.0 as usize].width() as u32;
        let target = self.target_mut(resource);
        if let Some(slot) = target.known.get(&(family, labels.clone())) {
            return *slot;
        }
        let slot = target.width;
        target.known.insert((family, labels.clone()), slot);
        if !target.hidden.contains(&family) {
            target.series.push(Series { family, labels, slot });
        }
        target.width += width;
        slot
    }

    /// From now on no series of a family is exposed by a replica.
    pub fn hide(&mut self, resource: ResourceId, family: FamilyId) {
        self.target_mut(resource).hidden.insert(family);
    }

    fn target_mut(&mut self, resource: ResourceId) -> &mut Target {
        let at = resource.0 as usize;
        if self.targets.len() <= at {
            self.targets.resize_with(at + 1, Target::default);
        }
        &mut self.targets[at]
    }

    /// Appends a scrape. Exemplars are in the order of their places.
    pub fn push(&mut self, resource: ResourceId, stamp: Stamp, values: &[f64], exemplars: &[Exemplar]) {
        let row = self.rows.len() as u32;
        let chunk = self.rows.open();
        chunk.stamp.push(stamp.0);
        chunk.values.extend_from_slice(values);
        chunk.end.push(chunk.values.len() as u32);
        chunk.exemplars.extend_from_slice(exemplars);
        chunk.exemplars_end.push(chunk.exemplars.len() as u32);
        self.target_mut(resource).scrapes.push(row);
    }

    /// The replicas' targets, by resource number.
    pub fn targets(&self) -> impl Iterator<Item = (ResourceId, &Target)> {
        self.targets.iter().enumerate().map(|(at, target)| (ResourceId(at as u16), target))
    }

    /// The scrapes of one replica, oldest first.
    pub fn scrapes(&self, resource: ResourceId) -> impl DoubleEndedIterator<Item = Scrape<'_>> {
        let rows = self.targets.get(resource.0 as usize).map_or(&[][..], |target| &target.scrapes);
        rows.iter().map(|row| {
            let (chunk, place) = self.rows.locate(*row as usize);
            let start = if place == 0 { 0 } else { chunk.end[place - 1] as usize };
            let first = if place == 0 { 0 } else { chunk.exemplars_end[place - 1] as usize };
            Scrape {
                stamp: Stamp(chunk.stamp[place]),
                values: &chunk.values[start..chunk.end[place] as usize],
                exemplars: &chunk.exemplars[first..chunk.exemplars_end[place] as usize],
            }
        })
    }

    /// Samples stored in all.
    pub fn samples(&self) -> usize {
        self.rows.iter().map(|chunk| chunk.values.len()).sum()
    }

    /// Bytes held by the columns.
    pub fn bytes(&self) -> usize {
        self.rows.iter().map(|c| c.stamp.len() * 16 + c.values.len() * 8 + c.exemplars.len() * 32).sum::<usize>()
            + self.targets.iter().map(|target| target.scrapes.len() * 4).sum::<usize>()
    }
}
