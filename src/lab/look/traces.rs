//! Lists of traces: one pass over all spans, a few numbers kept for each trace.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{is_meant, replicas, since};
use crate::lab::{Observation, Refusal, TraceFilter, TraceRow};
use crate::telemetry::{ResourceId, ShapeId, SpanHead, TraceRef, side_by_side};
use crate::time::{Duration, Stamp};

/// Traces listed unless a filter says otherwise.
const USUAL: usize = 50;
/// Traces listed at most.
const MOST: usize = 2000;

/// What is kept of a trace.
#[derive(Clone, Copy, Default)]
struct Seen {
    start: Stamp,
    end: Stamp,
    /// None: no span of it was met.
    spans: u32,
    errors: u32,
    /// The root, as far as it is known.
    root_start: Stamp,
    root_resource: ResourceId,
    root_shape: ShapeId,
    root_has_parent: bool,
    /// Whether a span is of the node that is asked for, and whether its name is.
    service: bool,
    name: bool,
}

/// The traces whose numbers follow one another.
#[derive(Default)]
struct Table {
    first: usize,
    traces: Vec<Seen>,
    /// So many from the first are in the table before.
    told: usize,
}

/// The newest or the slowest traces that match.
pub fn traces(seen: &Observation, filter: &TraceFilter) -> Result<Vec<TraceRow>, Refusal> {
    let telemetry = &*seen.telemetry;
    let means = replicas(telemetry, filter.service.as_deref())?;
    let named = names_that_match(seen, &filter.name);
    let from = since(seen.now.stamp(), filter.last);
    let is_named = |shape: ShapeId| named.get(usize::from(shape.0)).copied().unwrap_or(false);

    let tables = side_by_side(telemetry.spans.parts(), |part| {
        let heads = telemetry.spans.heads_of_part(part);
        Table::of(heads, |head| {
            let meant = is_meant(&means, head.resource);
            (meant, meant && filter.service.is_some() && is_named(head.shape))
        })
    });
    let all = Table::apart(tables);
    let matches = |trace: &Seen| {
        trace.spans > 0
            && trace.service
            && (trace.name || is_named(trace.root_shape))
            && trace.start >= from
            && !(filter.errors_only && trace.errors == 0)
            && filter.min_duration.is_none_or(|least| length(trace) >= least)
    };
    let limit = filter.limit.unwrap_or(USUAL).min(MOST);
    let found = all.iter().flat_map(Table::own).filter(|(_, trace)| matches(trace));
    let found = match filter.slowest {
        true => first(limit, found.map(|(at, trace)| (Reverse(length(trace)), at))),
        false => first(limit, found.map(|(at, trace)| (Reverse(trace.start), usize::MAX - at)))
            .into_iter()
            .map(|at| usize::MAX - at)
            .collect(),
    };
    let row = |at: usize| {
        let table = all.get(all.partition_point(|table| table.end() <= at))?;
        let (id, trace) = (TraceRef::from_raw(at as u32)?, table.traces.get(at - table.first)?);
        Some(TraceRow {
            id: telemetry.spans.trace_id(id),
            start: trace.start,
            duration: length(trace),
            service: telemetry.resource(trace.root_resource).service.clone(),
            name: telemetry.spans.shape_of(trace.root_shape).template.text.clone(),
            spans: trace.spans as usize,
            errors: trace.errors as usize,
        })
    };
    Ok(found.into_iter().filter_map(row).collect())
}

/// The places of the first few, in order, without sorting all.
fn first<K: Ord + Copy>(limit: usize, all: impl Iterator<Item = (K, usize)>) -> Vec<usize> {
    let mut best: BinaryHeap<(K, usize)> = BinaryHeap::with_capacity(limit + 1);
    for one in all {
        if best.len() < limit {
            best.push(one);
        } else if let Some(mut last) = best.peek_mut()
            && one < *last
        {
            *last = one;
        }
    }
    best.into_sorted_vec().into_iter().map(|(_, at)| at).collect()
}

impl Table {
    /// Gathers spans; `what` tells whether a span is of the node that is asked for, and whether its name is.
    fn of(heads: impl Iterator<Item = SpanHead> + Clone, what: impl Fn(&SpanHead) -> (bool, bool)) -> Table {
        let place = |head: &SpanHead| TraceRef::to_raw(Some(head.trace)) as usize;
        let ends = heads.clone().map(|head| place(&head));
        let (least, most) = ends.fold((usize::MAX, 0), |(least, most), at| (least.min(at), most.max(at)));
        if least > most {
            return Table::default();
        }
        let mut traces = vec![Seen::default(); most - least + 1];
        for head in heads {
            let (service, name) = what(&head);
            let end = head.start + head.duration;
            traces[place(&head) - least].add(&Seen {
                start: head.start,
                end,
                spans: 1,
                errors: u32::from(head.error),
                root_start: head.start,
                root_resource: head.resource,
                root_shape: head.shape,
                root_has_parent: head.parent.0 != 0,
                service,
                name,
            });
        }
        Table { first: least, traces, told: 0 }
    }

    fn begin(&self) -> usize {
        self.first + self.told
    }

    fn end(&self) -> usize {
        self.first + self.traces.len()
    }

    /// Those that are in no table before, with their numbers.
    fn own(&self) -> impl Iterator<Item = (usize, &Seen)> {
        (self.begin()..).zip(&self.traces[self.told..])
    }

    /// All traces once, in order: tables overlap where traces of one part of the spans go on in the next. Tables of
    /// earlier spans come first.
    fn apart(tables: Vec<Table>) -> Vec<Table> {
        let mut all: Vec<Table> = Vec::with_capacity(tables.len());
        for mut table in tables.into_iter().filter(|table| !table.traces.is_empty()) {
            // Some trace took long: what began after it is one table.
            while all.last().is_some_and(|last| table.first < last.begin()) {
                let last = all.pop().unwrap_or_default();
                match all.last_mut() {
                    Some(before) => before.add(&last),
                    None => {
                        let mut wide = Table { first: table.first, ..Table::default() };
                        wide.add(&last);
                        all.push(wide);
                    }
                }
            }
            if let Some(last) = all.last_mut() {
                let known = last.end().saturating_sub(table.first).min(table.traces.len());
                let place = table.first - last.first;
                for (seen, more) in last.traces.iter_mut().skip(place).zip(&table.traces[..known]) {
                    seen.add(more);
                }
                table.told = known;
            }
            if table.told < table.traces.len() {
                all.push(table);
            }
        }
        all
    }

    /// Adds a table whose own begin no earlier.
    fn add(&mut self, more: &Table) {
        let own = &more.traces[more.told..];
        let place = more.begin() - self.first;
        self.traces.resize(self.traces.len().max(place), Seen::default());
        let known = (self.traces.len() - place).min(own.len());
        for (seen, more) in self.traces[place..].iter_mut().zip(own) {
            seen.add(more);
        }
        self.traces.extend_from_slice(&own[known..]);
    }
}

impl Seen {
    /// Adds what came later.
    #[inline]
    fn add(&mut self, more: &Seen) {
        if more.spans == 0 {
            return;
        }
        if self.spans == 0 {
            *self = *more;
            return;
        }
        self.start = self.start.min(more.start);
        self.end = self.end.max(more.end);
        self.spans += more.spans;
        self.errors += more.errors;
        if (more.root_has_parent, more.root_start) < (self.root_has_parent, self.root_start) {
            (self.root_has_parent, self.root_start) = (more.root_has_parent, more.root_start);
            (self.root_resource, self.root_shape) = (more.root_resource, more.root_shape);
        }
        self.service |= more.service;
        self.name |= more.name;
    }
}

/// For each span shape, whether its name contains the text.
fn names_that_match(seen: &Observation, text: &str) -> Vec<bool> {
    let text = text.to_lowercase();
    seen.telemetry.spans.shapes().iter().map(|shape| shape.template.text.to_lowercase().contains(&text)).collect()
}

fn length(trace: &Seen) -> Duration {
    Duration(trace.start.0.abs_diff(trace.end.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::look::tests::Fixture;
    use crate::time::SimTime;

    fn seen() -> Observation {
        let mut fixture = Fixture::new(&["edge", "cart"]);
        for number in 0..10u32 {
            let trace = fixture.trace();
            let start = i64::from(number) * 1000;
            let length = i64::from(100 - number);
            fixture.span(1, trace, (2 * number + 2, 2 * number + 1), "read cart", (start + 1, start + 9), number == 3);
            fixture.span(0, trace, (2 * number + 1, 0), "GET /cart", (start, start + length), false);
        }
        fixture.observe(SimTime::from_secs(10))
    }

    #[test]
    fn the_newest_and_the_slowest_are_listed() {
        let seen = seen();
        let newest = traces(&seen, &TraceFilter { limit: Some(3), ..TraceFilter::default() }).unwrap();
        assert_eq!(newest.iter().map(|row| row.start.0 / 1_000_000_000).collect::<Vec<_>>(), [9, 8, 7]);
        assert_eq!((newest[0].service.as_str(), newest[0].name.as_str(), newest[0].spans), ("edge", "GET /cart", 2));
        let slowest = traces(&seen, &TraceFilter { slowest: true, ..TraceFilter::default() }).unwrap();
        assert_eq!(slowest[0].duration, Duration::from_millis(100));
        assert_eq!(slowest.len(), 10);
    }

    #[test]
    fn tables_that_overlap_in_any_way_hold_each_trace_once() {
        let spans = |first: usize, counts: &[u32]| {
            let traces = counts.iter().map(|spans| Seen { spans: *spans, ..Seen::default() }).collect();
            Table { first, traces, told: 0 }
        };
        let told = |tables: Vec<Table>| {
            let all = Table::apart(tables);
            assert!(all.windows(2).all(|pair| pair[0].end() <= pair[1].begin()));
            let met = all.iter().flat_map(Table::own).filter(|(_, seen)| seen.spans > 0);
            met.map(|(at, seen)| (at, seen.spans)).collect::<Vec<_>>()
        };
        let four = || vec![spans(0, &[1, 1, 1, 1]), spans(3, &[1, 0, 1]), spans(4, &[1, 1, 1]), spans(9, &[1])];
        let expected = vec![(0, 1), (1, 1), (2, 1), (3, 2), (4, 1), (5, 2), (6, 1), (9, 1)];
        assert_eq!(told(four()), expected);
        // One that goes far back, one that is inside of others, one that leaves a gap, and one that comes before all.
        let mut more = four();
        more.extend([spans(1, &[1; 4]), spans(2, &[1]), Table::default(), spans(7, &[1]), spans(0, &[1; 12])]);
        let all = told(more);
        assert_eq!(all.iter().map(|(at, _)| *at).collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
        let sum: u32 = all.iter().map(|(_, spans)| spans).sum();
        assert_eq!(sum, 10 + 4 + 1 + 1 + 12);
        assert_eq!(told(vec![spans(5, &[1]), spans(2, &[1, 1])]), [(2, 1), (3, 1), (5, 1)]);
    }

    #[test]
    fn filters_combine() {
        let seen = seen();
        let count = |filter: TraceFilter| traces(&seen, &filter).unwrap().len();
        let cart = || Some("cart".to_owned());
        assert_eq!(count(TraceFilter { errors_only: true, ..TraceFilter::default() }), 1);
        assert_eq!(count(TraceFilter { name: "READ".into(), service: cart(), ..TraceFilter::default() }), 10);
        assert_eq!(
            count(TraceFilter { name: "read".into(), ..TraceFilter::default() }),
            0,
            "the root has another name"
        );
        assert_eq!(count(TraceFilter { last: Some(Duration::from_millis(2500)), ..TraceFilter::default() }), 2);
        let least = Some(Duration::from_millis(98));
        assert_eq!(count(TraceFilter { min_duration: least, ..TraceFilter::default() }), 3);
        let wrong = TraceFilter { service: Some("crat".into()), ..TraceFilter::default() };
        assert_eq!(traces(&seen, &wrong).unwrap_err().remedy, "did you mean `cart`?");
    }
}
