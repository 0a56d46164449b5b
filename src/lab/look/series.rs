//! Series of metrics, by learner's labels, and how much a counter grew between two scrapes. Knows that a process
//! starts anew from zero, and that a series which is not in a row yet is absent, not zero.

use std::collections::{BTreeMap, BTreeSet};

use crate::telemetry::{Family, FamilyId, Metrics, ResourceId, Series, Telemetry};
use crate::time::Stamp;

/// The labels that the monitor adds to every series of a replica.
pub const RESOURCE_LABELS: [&str; 3] = ["service.name", "service.instance.id", "cloud.availability_zone"];

/// The family with this name, if it has any series.
pub fn family<'a>(telemetry: &'a Telemetry, name: &str) -> Option<(FamilyId, &'a Family)> {
    let id = telemetry.metrics.find_family(telemetry.names.find(name)?)?;
    let family = telemetry.metrics.families().get(usize::from(id.0))?;
    has_series(&telemetry.metrics, id).then_some((id, family))
}

fn has_series(metrics: &Metrics, id: FamilyId) -> bool {
    metrics.targets().any(|(_, target)| target.series.iter().any(|series| series.family == id))
}

/// All families that have series, in order of name.
pub fn families(telemetry: &Telemetry) -> Vec<(FamilyId, &Family)> {
    let all = telemetry.metrics.families().iter().enumerate();
    let all = all.map(|(at, family)| (FamilyId(at as u16), family));
    let mut found: Vec<_> = all.filter(|(id, _)| has_series(&telemetry.metrics, *id)).collect();
    found.sort_by_key(|(_, family)| telemetry.names.text(family.name));
    found
}

/// All series of a family with their replicas.
pub fn of_family(telemetry: &Telemetry, id: FamilyId) -> impl Iterator<Item = (ResourceId, &Series)> {
    telemetry.metrics.targets().flat_map(move |(resource, target)| {
        target.series.iter().filter(move |series| series.family == id).map(move |series| (resource, series))
    })
}

/// The value of a label; the replica's own labels included. Empty if it has none.
pub fn label<'a>(telemetry: &'a Telemetry, resource: ResourceId, series: &Series, name: &str) -> &'a str {
    let replica = telemetry.resource(resource);
    match name {
        "service.name" => &replica.service,
        "service.instance.id" => &replica.instance,
        "cloud.availability_zone" => &replica.zone,
        _ => {
            let found = series.labels.iter().find(|(key, _)| telemetry.names.text(*key) == name);
            found.map_or("", |(_, value)| telemetry.names.text(*value))
        }
    }
}

/// The labels of a family with all values they have.
pub fn labels(telemetry: &Telemetry, id: FamilyId) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (resource, series) in of_family(telemetry, id) {
        let own = series.labels.iter().map(|(key, _)| telemetry.names.text(*key));
        for name in own.chain(RESOURCE_LABELS) {
            let value = label(telemetry, resource, series, name);
            if !value.is_empty() {
                found.entry(name).or_default().insert(value);
            }
        }
    }
    let text = |values: BTreeSet<&str>| values.into_iter().map(str::to_owned).collect();
    found.into_iter().map(|(name, values)| (name.to_owned(), text(values))).collect()
}

/// The numbers of a series in a scrape; None if it was not registered yet.
pub fn numbers<'a>(values: &'a [f64], series: &Series, width: usize) -> Option<&'a [f64]> {
    let start = series.slot as usize;
    values.get(start..start + width)
}

/// Adds to `grown` what each number of a series grew by from one scrape to the next. If any fell, the process had
/// started anew, from zero.
pub fn add_growth(grown: &mut [f64], before: &[f64], after: &[f64]) {
    let restarted = before.iter().zip(after).any(|(before, after)| after < before);
    for ((grown, before), after) in grown.iter_mut().zip(before).zip(after) {
        *grown += if restarted { *after } else { after - before };
    }
}

/// What each number of a series grew by in `(from, to]`.
pub fn growth(telemetry: &Telemetry, resource: ResourceId, series: &Series, width: usize, from: Stamp) -> Vec<f64> {
    let mut grown = vec![0.0; width];
    let mut after: Option<&[f64]> = None;
    for scrape in telemetry.metrics.scrapes(resource).rev() {
        let now = numbers(scrape.values, series, width);
        if let (Some(before), Some(after)) = (now, after) {
            add_growth(&mut grown, before, after);
        }
        if scrape.stamp <= from || now.is_none() {
            break;
        }
        after = now;
    }
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_fell_had_started_anew() {
        let mut grown = [0.0; 2];
        add_growth(&mut grown, &[10.0, 3.0], &[15.0, 3.0]);
        assert_eq!(grown, [5.0, 0.0]);
        add_growth(&mut grown, &[15.0, 3.0], &[2.0, 4.0]);
        assert_eq!(grown, [7.0, 4.0]);
    }
}
