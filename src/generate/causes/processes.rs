//! Causes in processes: 200s that say no (of a provider, or to some users), leaks, one replica that limps.

use super::super::survey::{Survey, Way, asks_routes};
use super::super::typical::round;
use super::arrows::doubled;
use super::{Candidate, Degree, chart};
use crate::lab::{ChartQuery, Fix, Show};
use crate::lesson::Mechanism;
use crate::time::Duration;
use crate::world::{ChangeKind, Cohort, Fallback, FallbackValue, Kind, Retry, Set, Setting};

/// The incident time in which a leak grows before the learner arrives.
const LEAKS_FOR: Duration = Duration::from_mins(14);

fn candidate(mechanism: Mechanism, node: &str, at: Vec<String>, degrees: Vec<Degree>) -> Candidate {
    Candidate {
        mechanism,
        alike: Vec::new(),
        at,
        silent_arrows: Vec::new(),
        kind: ChangeKind::Deploy,
        on: node.to_owned(),
        says: Vec::new(),
        degrees,
        quiet: Vec::new(),
        fixes: Vec::new(),
        charts: Vec::new(),
        hides: String::new(),
        watch: String::new(),
    }
}

/// A provider, or a service towards some users, answers 200 and says no in the body.
pub(super) fn refusing(survey: &Survey<'_>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for (name, node) in &survey.spec.nodes {
        let ways: Vec<&Way<'_>> = survey.into(name).filter(|way| asks_routes(&way.calls) && way.is_owed).collect();
        let checked = ways.iter().any(|way| way.arrow.checks_body);
        match (node.kind, ways.is_empty() || checked) {
            (Kind::External, false) => found.extend(provider(name, &ways)),
            (Kind::Service, false) => found.extend(cohorts(survey).map(|cohort| subset(name, &ways, cohort))),
            _ => {}
        }
    }
    found
}

fn provider(name: &str, ways: &[&Way<'_>]) -> Option<Candidate> {
    let way = ways.first()?;
    let degree = |share: f64| Degree {
        sets: vec![Set::new(name, Setting::RefusalRate(share))],
        did: format!("{name} began to refuse {:.0} % of the calls in the body of a 200", share * 100.0),
    };
    let at = ways.iter().map(|way| way.name.clone()).chain([name.to_owned(), way.from.to_owned()]).collect();
    let mut found = candidate(Mechanism::DependencyRefusal, name, at, [0.03, 0.08, 0.2].map(degree).into());
    found.silent_arrows = ways.iter().map(|way| way.name.clone()).collect();
    found.kind = ChangeKind::DependencySla;
    found.says = vec![
        format!("{name}: new fair use rules from today; see the developer portal"),
        format!("{name}: version of the terms of service updated"),
    ];
    // The caller can only help itself if it tries again.
    let retry = Retry { attempts: 4, backoff: Duration::from_millis(100), jitter: 0.5, budget: None };
    let few = ways.iter().filter(|way| way.arrow.retry.is_none_or(|retry| retry.attempts < 3));
    found.quiet = few.map(|way| Set::new(&way.name, Setting::Retry(Some(retry)))).collect();
    found.fixes = vec![
        Fix::CheckBody { arrow: way.name.clone() },
        Fix::Restart { node: way.from.to_owned() },
        Fix::SetRetries { arrow: way.name.clone(), attempts: 6 },
    ];
    let own = [("service.name", way.from)];
    found.charts = vec![
        chart("app.client.refusals", &own, Show::Rate),
        chart("http.client.request.duration", &[own[0], ("server.address", name)], Show::Mean),
        chart("http.server.response.body.size", &own, Show::Mean),
    ];
    found.hides = format!("{} looked at the status alone, which was 200 each time", way.from);
    found.watch = format!("how often the body of an answer of {name} says no");
    Some(found)
}

/// Kinds of users who are some of all, and not few.
fn cohorts(survey: &Survey<'_>) -> impl Iterator<Item = (String, Cohort)> {
    let users = survey.spec.nodes.values().find_map(|node| node.users.as_ref());
    let some = |weights: &std::collections::BTreeMap<String, f64>| -> Vec<String> {
        let all: f64 = weights.values().sum();
        let is_some = |weight: &f64| (0.08..=0.4).contains(&(weight / all));
        weights.iter().filter(|(_, weight)| is_some(weight)).map(|(name, _)| name.clone()).collect()
    };
    let mut found: Vec<(String, Cohort)> = Vec::new();
    if let Some(users) = users {
        let one = |name: String| vec![name];
        let named = |name: &str| name.to_owned();
        found.extend(
            some(&users.accounts)
                .into_iter()
                .map(|name| (format!("account {}", named(&name)), Cohort { accounts: one(name), ..Cohort::default() })),
        );
        found.extend(
            some(&users.regions)
                .into_iter()
                .map(|name| (format!("region {}", named(&name)), Cohort { regions: one(name), ..Cohort::default() })),
        );
        found.extend(
            some(&users.clients)
                .into_iter()
                .map(|name| (format!("client {}", named(&name)), Cohort { clients: one(name), ..Cohort::default() })),
        );
    }
    found.into_iter()
}

fn subset(name: &str, ways: &[&Way<'_>], (words, cohort): (String, Cohort)) -> Candidate {
    let degree = |share: f64| Degree {
        sets: vec![Set { users: Some(cohort.clone()), ..Set::new(name, Setting::RefusalRate(share)) }],
        did: format!("{name} answered {:.0} % of the requests of users with {words} without their data", share * 100.0),
    };
    let at = std::iter::once(name.to_owned()).chain(ways.iter().map(|way| way.name.clone())).collect();
    let mut found = candidate(Mechanism::SubsetData, name, at, [0.15, 0.4, 0.9].map(degree).into());
    found.silent_arrows = ways.iter().map(|way| way.name.clone()).collect();
    found.kind = ChangeKind::Config;
    found.says = vec![
        format!("{name}: entitlements read from the new policy tables"),
        format!("{name}: permissions migrated to roles"),
    ];
    found.fixes = vec![Fix::Restart { node: name.to_owned() }];
    found.charts = sizes(ways);
    found.charts.insert(0, chart("http.server.response.body.size", &[("service.name", name)], Show::Mean));
    found.hides = format!("{name} answered 200 with an empty body, and its callers passed that on");
    found.watch = format!("how large the answers of {name} are, by kind of user");
    found
}

/// The sizes of what callers answer.
fn sizes(ways: &[&Way<'_>]) -> Vec<ChartQuery> {
    let size = |way: &&Way<'_>| chart("http.server.response.body.size", &[("service.name", way.from)], Show::Mean);
    ways.iter().map(size).collect()
}

/// What makes slowness of a node quiet: its callers have a timeout close to what it usually needs, and a fallback.
fn cut_off(ways: &[&Way<'_>]) -> Vec<Set> {
    let mut sets = Vec::new();
    for way in ways {
        let value = way.arrow.fallback.map_or(FallbackValue::Default, |fallback| fallback.value);
        sets.push(Set::new(&way.name, Setting::Fallback(Some(Fallback { value, log: false }))));
        let timeout = round(way.within(0.999).mul_f64(1.2));
        if way.arrow.timeout.is_none_or(|before| timeout < before) {
            sets.push(Set::new(&way.name, Setting::Timeout(Some(timeout))));
        }
        if way.arrow.telemetry.log_failures {
            sets.push(Set::new(&way.name, Setting::LogFailures(false)));
        }
    }
    sets
}

fn slow_charts(name: &str, ways: &[&Way<'_>]) -> Vec<ChartQuery> {
    let own = [("service.name", name)];
    let by = |mut query: ChartQuery, label: &str| {
        query.by = Some(label.to_owned());
        query
    };
    let mut charts = vec![
        by(chart("http.server.request.duration", &own, Show::Mean), "service.instance.id"),
        chart("http.server.active_requests", &own, Show::Value),
    ];
    charts.extend(sizes(ways));
    charts
}

/// Services whose callers can do without them.
fn services<'s, 'a>(survey: &'s Survey<'a>) -> impl Iterator<Item = (&'a str, Vec<&'s Way<'a>>)> {
    survey.spec.nodes.iter().filter(|(_, node)| node.kind == Kind::Service).filter_map(move |(name, _)| {
        let ways: Vec<&Way<'_>> = survey.ways.iter().filter(|way| way.to == name).collect();
        let suits = |way: &&Way<'_>| asks_routes(&way.calls) && way.is_waited_for() && way.within(0.5).0 >= 2_000_000;
        (ways.iter().any(|way| way.is_owed) && ways.iter().all(suits)).then_some((name.as_str(), ways))
    })
}

/// A process that becomes slower with each request until it is restarted.
pub(super) fn leaking(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |(name, ways): (&str, Vec<&Way<'_>>)| {
        let node = survey.spec.nodes.get(name)?;
        let requests = survey.rates.get(name)? * LEAKS_FOR.as_secs_f64() / f64::from(node.replicas.max(1));
        let slack = ways.iter().map(|way| Duration(way.within(0.999).0.saturating_sub(way.within(0.5).0))).max()?;
        let degree = |times: f64| {
            let growth = Duration((slack.0 as f64 * times / requests.max(1.0)) as u64);
            (growth.0 > 0).then(|| Degree {
                sets: vec![Set::new(name, Setting::WorkGrowth(growth))],
                did: format!("each request leaves {name} {growth} slower than before, until it is restarted"),
            })
        };
        let degrees = [0.7, 1.2, 2.0].into_iter().filter_map(degree).collect();
        let at = std::iter::once(name.to_owned()).chain(ways.iter().map(|way| way.name.clone())).collect();
        let mut found = candidate(Mechanism::Leak, name, at, degrees);
        found.silent_arrows = ways.iter().map(|way| way.name.clone()).collect();
        found.says =
            vec![format!("{name}: keeps recent results for the new dashboard"), format!("{name}: request journal")];
        found.quiet = cut_off(&ways);
        found.fixes = vec![
            Fix::Restart { node: name.to_owned() },
            Fix::Scale { node: name.to_owned(), replicas: doubled(survey, name) },
        ];
        found.charts = slow_charts(name, &ways);
        found.hides = "its callers gave up after their timeout, used a fallback, and were faster than ever".into();
        found.watch = format!("how long {name} works on a request, by time since its start");
        Some(found)
    };
    services(survey).filter_map(of).collect()
}

/// One replica that is slow, and that the balancer counts as healthy.
pub(super) fn limping(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |(name, ways): (&str, Vec<&Way<'_>>)| {
        let node = survey.spec.nodes.get(name).filter(|node| node.replicas >= 2)?;
        let replica = node.replicas;
        let degree = |factor: f64| Degree {
            sets: vec![Set { replicas: vec![replica], ..Set::new(name, Setting::WorkFactor(factor)) }],
            did: format!("replica {replica} of {name} needs {factor} times as long as the others"),
        };
        let at = std::iter::once(name.to_owned()).chain(ways.iter().map(|way| way.name.clone())).collect();
        let mut found = candidate(Mechanism::GrayFailure, name, at, [2.5, 4.0, 8.0].map(degree).into());
        found.silent_arrows = ways.iter().map(|way| way.name.clone()).collect();
        found.kind = ChangeKind::Infrastructure;
        found.says = vec![
            format!("{name}: one host moved to the new rack"),
            format!("{name}: host of replica {replica} got a firmware update"),
        ];
        found.quiet = cut_off(&ways);
        found.fixes = vec![
            Fix::ReplaceReplica { node: name.to_owned(), replica },
            Fix::RestartReplica { node: name.to_owned(), replica },
            Fix::Scale { node: name.to_owned(), replicas: doubled(survey, name) },
        ];
        found.charts = slow_charts(name, &ways);
        found.hides =
            "the mean over all replicas hardly moved, and the balancer asks only whether the process is there".into();
        found.watch = format!("how long each replica of {name} works on a request");
        Some(found)
    };
    services(survey).filter_map(of).collect()
}
