//! Causes in stores: caches that keep what is out of date, replicas that fall behind. Only where users are owed fresh
//! data.

use super::super::survey::Survey;
use super::{Candidate, Degree, Find, chart};
use crate::lab::{ChartQuery, Fix, Show};
use crate::lesson::Mechanism;
use crate::time::Duration;
use crate::world::{ChangeKind, Set, Setting};

/// The families of this file.
pub(super) const FAMILIES: [Find; 2] = [stale, behind];

fn candidate(mechanism: Mechanism, survey: &Survey<'_>, name: &str, degrees: Vec<Degree>) -> Candidate {
    let ways: Vec<String> = survey.into(name).map(|way| way.name.clone()).collect();
    Candidate {
        mechanism,
        alike: Vec::new(),
        at: std::iter::once(name.to_owned()).chain(ways.clone()).collect(),
        silent_arrows: ways,
        kind: ChangeKind::Config,
        on: name.to_owned(),
        says: Vec::new(),
        degrees,
        quiet: Vec::new(),
        fixes: vec![Fix::Restart { node: name.to_owned() }],
        charts: Vec::new(),
        hides: format!("{name} answered at once and without a fault; what it answered had been true once"),
        watch: format!("how old what {name} answers is"),
    }
}

/// A cache that no longer hears of changes, and keeps for long what it has.
fn stale(survey: &Survey<'_>) -> Vec<Candidate> {
    let caches = survey.spec.nodes.iter().filter_map(|(name, node)| Some((name, node.cache.as_ref()?)));
    let of = |(name, cache): (&String, &crate::world::Cache)| {
        let before = cache.ttl.map_or("no end".to_owned(), |ttl| ttl.to_string());
        let degree = |(ttl, lost): (u64, f64)| Degree {
            sets: vec![
                Set::new(name, Setting::CacheTtl(Some(Duration::from_mins(ttl)))),
                Set::new(name, Setting::LostInvalidations(lost)),
            ],
            did: format!(
                "entries of {name} live for {ttl} minutes instead of {before}, and {:.0} % of the invalidations are lost",
                lost * 100.0
            ),
        };
        let mut found =
            candidate(Mechanism::StaleCache, survey, name, [(30, 0.3), (60, 0.7), (720, 1.0)].map(degree).into());
        found.says = vec![
            format!("{name}: entries kept longer, to take load off the database"),
            format!("{name}: moved to the shared cluster's defaults"),
        ];
        found.fixes.extend([
            Fix::FlushCache { node: name.clone() },
            Fix::SetCacheTtl { node: name.clone(), ttl: cache.ttl.unwrap_or(Duration::from_mins(1)) },
        ]);
        let own: [(&str, &str); 1] = [("service.name", name.as_str())];
        found.charts = vec![
            chart("cache.served_age", &own, Show::Rate),
            chart("cache.misses", &own, Show::Rate),
            chart("cache.hits", &own, Show::Rate),
        ];
        found
    };
    if survey.fresh { caches.map(of).collect() } else { Vec::new() }
}

/// A replica that is behind its primary.
fn behind(survey: &Survey<'_>) -> Vec<Candidate> {
    let replicas = survey
        .spec
        .nodes
        .iter()
        .filter(|(_, node)| node.database.as_ref().is_some_and(|database| database.follows.is_some()));
    let of = |(name, _): (&String, _)| {
        let degree = |secs: u64| Degree {
            sets: vec![Set::new(name, Setting::ReplicaLag(Duration::from_secs(secs)))],
            did: format!("{name} came to be {secs} s behind its primary"),
        };
        let mut found = candidate(Mechanism::ReplicaLag, survey, name, [4, 20, 90].map(degree).into());
        found.says = vec![
            format!("{name}: replication moved to the cheaper storage class"),
            format!("{name}: nightly reports read from here as well"),
        ];
        found.kind = ChangeKind::Infrastructure;
        found.charts = vec![read_share(name)];
        found
    };
    if survey.fresh { replicas.map(of).collect() } else { Vec::new() }
}

fn read_share(name: &str) -> ChartQuery {
    chart("db.replication.lag", &[("service.name", name)], Show::Value)
}
