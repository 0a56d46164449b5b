//! Series of metrics, by the labels that a learner or a detector asks for, and how much counters grew over a time.

use std::collections::{BTreeMap, BTreeSet};

use super::{Family, FamilyId, Metrics, ResourceId, Series, Telemetry, add_growth};
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

/// What each number of a series grew by in `(from, to]`.
pub fn growth(telemetry: &Telemetry, resource: ResourceId, series: &Series, width: usize, from: Stamp) -> Vec<f64> {
    let mut grown = vec![0.0; width];
    let mut after: Option<&[f64]> = None;
    for scrape in telemetry.metrics.scrapes(resource).rev() {
        let now = scrape.numbers(series, width);
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

/// Visits what each number of a counter or a histogram grew by, scrape by scrape: series after series, those for which
/// `keep` answers something, and what it answers. A series that appears has counted from zero.
pub fn growths<'a, K>(
    telemetry: &'a Telemetry,
    name: &str,
    keep: impl Fn(ResourceId, &'a Series) -> Option<K>,
    mut visit: impl FnMut(&K, Stamp, &[f64]),
) {
    let Some((id, family)) = family(telemetry, name) else { return };
    let width = family.width();
    let (zero, mut grown) = (vec![0.0; width], vec![0.0; width]);
    for (resource, one) in of_family(telemetry, id) {
        let Some(kept) = keep(resource, one) else { continue };
        let mut before: Option<&[f64]> = None;
        for scrape in telemetry.metrics.scrapes(resource) {
            let now = scrape.numbers(one, width);
            if let Some(now) = now {
                grown.fill(0.0);
                add_growth(&mut grown, before.unwrap_or(&zero), now);
                visit(&kept, scrape.stamp, &grown);
            }
            before = now.or(before);
        }
    }
}
