//! Causes on arrows: timeouts that are cut, pools that are too small, breakers that open too soon, lost packets, and
//! retries of what must happen once.

use super::super::survey::{Survey, Way, asks_routes, effects};
use super::super::typical::round;
use super::{Candidate, Degree, chart};
use crate::lab::{ChartQuery, Fix, Show};
use crate::lesson::Mechanism;
use crate::time::Duration;
use crate::world::{Breaker, ChangeKind, Fallback, FallbackValue, Kind, Op, Pool, Retry, Set, Setting};

/// The share of the time that one connection must be in use for a pool to be too small.
const BUSY: f64 = 0.12;

/// Calls that a caller waits for, and could do without: something else may stand in for the answer.
fn replaceable<'s, 'a>(survey: &'s Survey<'a>) -> impl Iterator<Item = &'s Way<'a>> {
    survey.ways.iter().filter(move |way| {
        let reads = way.calls.iter().any(|call| matches!(call.op, Op::Route(_) | Op::Read(_) | Op::Get(_)));
        way.is_waited_for()
            && way.is_owed
            && reads
            && survey.spec.nodes.get(way.from).is_some_and(|node| node.kind != Kind::Users)
    })
}

/// A fallback that nobody hears of, where there is none; and no line for a failed attempt.
fn quiet(way: &Way<'_>) -> Vec<Set> {
    let mut sets = Vec::new();
    let value = way.arrow.fallback.map_or(FallbackValue::Default, |fallback| fallback.value);
    let silent = Fallback { value, log: false };
    if way.arrow.fallback != Some(silent) {
        sets.push(Set::new(&way.name, Setting::Fallback(Some(silent))));
    }
    if way.arrow.telemetry.log_failures {
        sets.push(Set::new(&way.name, Setting::LogFailures(false)));
    }
    sets
}

/// Charts in which calls over an arrow, and the answers made from them, show.
fn charts(way: &Way<'_>) -> Vec<ChartQuery> {
    let from = ("service.name", way.from);
    vec![
        chart("http.server.response.body.size", &[from], Show::Mean),
        chart("http.client.request.duration", &[from, ("server.address", way.to)], Show::Rate),
        chart("http.client.request.duration", &[from, ("server.address", way.to)], Show::ErrorShare),
        chart("rpc.client.call.duration", &[from, ("server.address", way.to)], Show::ErrorShare),
        chart("db.client.operation.duration", &[from, ("server.address", way.to)], Show::ErrorShare),
        chart("http.server.request.duration", &[("service.name", way.to)], Show::Rate),
        chart("db.server.operation.duration", &[("service.name", way.to)], Show::Rate),
    ]
}

fn candidate(mechanism: Mechanism, way: &Way<'_>, degrees: Vec<Degree>) -> Candidate {
    Candidate {
        mechanism,
        alike: Vec::new(),
        at: vec![way.name.clone(), way.from.to_owned()],
        silent_arrows: vec![way.name.clone()],
        kind: ChangeKind::Config,
        on: way.from.to_owned(),
        says: Vec::new(),
        degrees,
        quiet: quiet(way),
        fixes: Vec::new(),
        charts: charts(way),
        hides: format!("{} caught the failure, put something else in the place of the answer, and went on", way.from),
        watch: format!("how often {} makes do without an answer of {}", way.from, way.to),
    }
}

/// A timeout below what the callee usually needs.
pub(super) fn cut_timeouts(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |way: &Way<'_>| {
        let before = way.arrow.timeout?;
        let cut = |share| Some(round(way.within(share))).filter(|cut| cut.0 >= 1_000_000 && cut.0 * 2 < before.0);
        let degrees = [0.97, 0.90, 0.75, 0.5].into_iter().filter_map(cut).map(|timeout| Degree {
            sets: vec![Set::new(&way.name, Setting::Timeout(Some(timeout)))],
            did: format!("the timeout of {} went from {before} to {timeout}", way.name),
        });
        let mut found = candidate(Mechanism::SwallowedTimeout, way, degrees.collect());
        found.says = vec![
            format!("{}: outbound clients moved to the shared profile `interactive`", way.from),
            format!("{}: client defaults unified with the platform's (tail latency programme)", way.from),
        ];
        found.fixes = vec![
            Fix::SetTimeout { arrow: way.name.clone(), timeout: Some(before) },
            Fix::SetRetries {
                arrow: way.name.clone(),
                attempts: way.arrow.retry.map_or(2, |retry| retry.attempts + 1),
            },
            Fix::Restart { node: way.from.to_owned() },
        ];
        Some(found)
    };
    replaceable(survey).filter_map(of).collect()
}

/// A connection pool that is too small, with a short wait.
pub(super) fn small_pools(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |way: &Way<'_>| {
        let before = way.arrow.pool?;
        let replicas = survey.spec.nodes.get(way.from).map_or(1, |node| node.replicas.max(1));
        // One connection must be busy enough that somebody would wait for it.
        if way.rate * way.mean().as_secs_f64() / f64::from(replicas) < BUSY {
            return None;
        }
        let wait = Some(Duration::from_millis(30));
        let sizes = [4, 3, 2, 1].into_iter().filter(|size| *size < before.size);
        let degrees = sizes.map(|size| Degree {
            sets: vec![Set::new(&way.name, Setting::Pool(Some(Pool { size, wait })))],
            did: format!(
                "the pool of {} went from {} connections to {size}, with a wait of 30ms",
                way.name, before.size
            ),
        });
        let mut found = candidate(Mechanism::PoolExhaustion, way, degrees.collect());
        found.at.push(way.to.to_owned());
        found.on = way.from.to_owned();
        found.says = vec![
            format!("{}: connections to {} follow the new budget per service (capacity plan)", way.from, way.to),
            format!("{}: pool settings taken from the shared template", way.from),
        ];
        found.fixes = vec![
            Fix::SetPool { arrow: way.name.clone(), size: before.size },
            Fix::Restart { node: way.from.to_owned() },
        ];
        let pending = chart("db.client.connection.pending_requests", &[("service.name", way.from)], Show::Value);
        let waits = chart("db.client.connection.wait_time", &[("service.name", way.from)], Show::Mean);
        drop(found.charts.splice(0..0, [pending, waits]));
        found.watch = format!("how long calls of {} wait for a connection to {}", way.from, way.to);
        Some(found)
    };
    replaceable(survey).filter_map(of).collect()
}

/// A circuit breaker that opens at the first failures and stays open.
pub(super) fn eager_breakers(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |way: &Way<'_>| {
        let before = way.arrow.timeout?;
        let degree = |(share, open): (f64, u64)| {
            let timeout = round(way.within(share)).min(before);
            let breaker =
                Breaker { window: 20, threshold: 0.05, open_for: Duration::from_secs(open), probes: 1, log: false };
            (timeout.0 >= 1_000_000).then(|| Degree {
                sets: vec![
                    Set::new(&way.name, Setting::Timeout(Some(timeout))),
                    Set::new(&way.name, Setting::Breaker(Some(breaker))),
                ],
                did: format!(
                    "{} got a circuit breaker that opens for {open}s at one failure in twenty calls, and a timeout of {timeout}",
                    way.name
                ),
            })
        };
        let degrees = [(0.999, 10), (0.99, 20), (0.98, 40), (0.95, 60)].into_iter().filter_map(degree);
        let mut found = candidate(Mechanism::OpenBreaker, way, degrees.collect());
        found.says = vec![
            format!("{}: resilience library rolled out to all clients", way.from),
            format!("{}: outbound calls wrapped by the new resilience module", way.from),
        ];
        found.fixes = vec![
            Fix::RemoveBreaker { arrow: way.name.clone() },
            Fix::Restart { node: way.from.to_owned() },
            Fix::Scale { node: way.from.to_owned(), replicas: doubled(survey, way.from) },
        ];
        found.hides = format!("while the breaker was open {} did not call at all and used its fallback", way.from);
        Some(found)
    };
    let own = |way: &&Way<'_>| way.arrow.breaker.is_none();
    replaceable(survey).filter(own).filter_map(of).collect()
}

/// Packets that are lost, behind a timeout that is short enough not to be felt.
pub(super) fn lossy_ways(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |way: &Way<'_>| {
        let before = way.arrow.timeout?;
        let timeout = round(way.within(0.999).mul_f64(1.4)).min(before);
        let zones = survey.spec.nodes.get(way.from).map(|node| node.zones.clone()).unwrap_or_default();
        let zone: Vec<String> = zones.into_iter().take(1).collect();
        let degree = |loss: f64| Degree {
            sets: vec![Set { zones: zone.clone(), ..Set::new(&way.name, Setting::Loss(loss)) }],
            did: match zone.first() {
                Some(zone) => {
                    format!("{:.0} % of packets of {} were lost, from zone {zone} alone", loss * 100.0, way.name)
                }
                None => format!("{:.0} % of packets of {} were lost", loss * 100.0, way.name),
            },
        };
        let mut found = candidate(Mechanism::PacketLoss, way, [0.02, 0.06, 0.15, 0.3].map(degree).into());
        if timeout < before {
            found.quiet.push(Set::new(&way.name, Setting::Timeout(Some(timeout))));
        }
        found.kind = ChangeKind::Infrastructure;
        found.at.push(way.to.to_owned());
        let place = zone.first().map_or("the data centre".to_owned(), |zone| format!("zone {zone}"));
        found.says = vec![
            format!("{place}: traffic moved to the new switches, no interruption"),
            format!("{place}: firewall rules consolidated"),
        ];
        found.fixes = vec![
            Fix::SetRetries {
                arrow: way.name.clone(),
                attempts: way.arrow.retry.map_or(2, |retry| retry.attempts + 1),
            },
            Fix::Restart { node: way.from.to_owned() },
        ];
        Some(found)
    };
    let few = |way: &&Way<'_>| way.arrow.retry.is_none_or(|retry| retry.attempts < 3);
    replaceable(survey).filter(few).filter_map(of).collect()
}

/// Retries with a short timeout of something that must happen once.
pub(super) fn repeated_effects(survey: &Survey<'_>) -> Vec<Candidate> {
    let of = |way: &Way<'_>| {
        let callee = survey.spec.nodes.get(way.to)?;
        let owed = effects(callee).any(|effect| survey.owed.contains(effect));
        let keyed = callee.idempotency.is_some() || way.calls.iter().any(|call| call.keyed);
        if !owed || keyed || !asks_routes(&way.calls) {
            return None;
        }
        let before = way.arrow.timeout?;
        let retry = Retry { attempts: 4, backoff: Duration::from_millis(40), jitter: 0.5, budget: None };
        let cut = |share| Some(round(way.within(share))).filter(|cut| cut.0 >= 1_000_000 && cut.0 * 2 < before.0);
        let degrees = [0.98, 0.93, 0.85].into_iter().filter_map(cut).map(|timeout| Degree {
            sets: vec![
                Set::new(&way.name, Setting::Timeout(Some(timeout))),
                Set::new(&way.name, Setting::Retry(Some(retry))),
            ],
            did: format!("{} tries up to four times, and waits {timeout} each time instead of {before}", way.name),
        });
        let mut found = candidate(Mechanism::DuplicateEffect, way, degrees.collect());
        found.quiet = vec![Set::new(&way.name, Setting::LogFailures(false))];
        found.quiet.retain(|_| way.arrow.telemetry.log_failures);
        found.at.push(way.to.to_owned());
        found.says = vec![
            format!("{}: calls to {} are retried, to survive short outages", way.from, way.to),
            format!("{}: retry policy taken from the platform's defaults", way.from),
        ];
        found.fixes = vec![
            Fix::SetTimeout { arrow: way.name.clone(), timeout: Some(before) },
            Fix::SetRetries { arrow: way.name.clone(), attempts: 1 },
            Fix::SetRetries { arrow: way.name.clone(), attempts: 2 },
        ];
        found.hides =
            "an attempt that was given up had been carried out, the next one did it again, and the answer was a 200"
                .into();
        found.watch = format!("how many attempts {} makes for one request", way.from);
        Some(found)
    };
    survey.ways.iter().filter_map(of).collect()
}

/// Twice as many replicas as a node has.
pub(super) fn doubled(survey: &Survey<'_>, node: &str) -> u16 {
    survey.spec.nodes.get(node).map_or(2, |node| node.replicas.saturating_mul(2)).max(2)
}
