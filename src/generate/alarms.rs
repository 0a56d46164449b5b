//! The naive alarms that an incident must not ring: share of errors, slow answers, lines at WARN and above, health
//! pages. A run is laid beside its healthy twin of the same seed. Reads telemetry alone.

use std::collections::BTreeSet;

use crate::Simulation;
use crate::lab::{ChartQuery, Show, trial};
use crate::time::SimTime;
use crate::world::Severity;

/// How much larger a node's share of errors may be, in requests of a hundred.
const ERRORS: f64 = 0.005;
/// How much slower the slowest hundredth of answers may be, as a factor and in seconds.
const SLOWER: f64 = 1.25;
const SLOWER_SECS: f64 = 0.02;
/// How many more lines at WARN and above there may be, as a share, and in standard deviations of a Poisson count.
const LINES: f64 = 0.10;
const DEVIATIONS: f64 = 4.0;

/// The first alarm that rings in a run and not in its twin, since a time; None if all stay quiet.
pub(super) fn rings(run: &Simulation, twin: &Simulation, since: SimTime, entries: &BTreeSet<&str>) -> Option<String> {
    errors(run, twin, since)
        .or_else(|| slowness(run, twin, since, entries))
        .or_else(|| lines(run, twin, since))
        .or_else(|| health(run, twin))
}

/// Means of a chart's lines since a time, by name.
fn means(sim: &Simulation, query: &ChartQuery, since: SimTime) -> Vec<(String, f64)> {
    let from = since.0 as i64;
    let mean = |points: &[(crate::time::Stamp, f64)]| {
        let values: Vec<f64> = points.iter().filter(|(at, _)| at.0 >= from).map(|(_, value)| *value).collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    trial::chart(sim, query).lines.into_iter().map(|line| (line.name, mean(&line.points))).collect()
}

fn of(lines: &[(String, f64)], name: &str) -> f64 {
    lines.iter().find(|(known, _)| known == name).map_or(0.0, |(_, value)| *value)
}

fn errors(run: &Simulation, twin: &Simulation, since: SimTime) -> Option<String> {
    let query = ChartQuery {
        metric: "http.server.request.duration".into(),
        by: Some("service.name".into()),
        show: Show::ErrorShare,
        ..ChartQuery::default()
    };
    let healthy = means(twin, &query, since);
    let found = means(run, &query, since).into_iter().find(|(name, share)| *share > of(&healthy, name) + ERRORS);
    found.map(|(name, share)| format!("errors of {name}: {:.1} %", share * 100.0))
}

fn slowness(run: &Simulation, twin: &Simulation, since: SimTime, entries: &BTreeSet<&str>) -> Option<String> {
    entries.iter().find_map(|entry| {
        let query = ChartQuery {
            metric: "http.server.request.duration".into(),
            with: [("service.name".to_owned(), (*entry).to_owned())].into(),
            show: Show::Quantile(0.99),
            ..ChartQuery::default()
        };
        let (healthy, now) = (means(twin, &query, since), means(run, &query, since));
        let slow = now.iter().find(|(name, secs)| *secs > SLOWER * of(&healthy, name) + SLOWER_SECS);
        slow.map(|(_, secs)| format!("slow answers of {entry}: {secs:.2} s"))
    })
}

fn lines(run: &Simulation, twin: &Simulation, since: SimTime) -> Option<String> {
    let count = |sim: &Simulation| {
        let logs = &sim.telemetry().logs;
        let loud: Vec<bool> = logs.templates().iter().map(|(severity, _)| *severity >= Severity::Warn).collect();
        let late = logs.iter().rev().take_while(|record| record.stamp.0 >= since.0 as i64);
        late.filter(|record| loud.get(usize::from(record.template.0)).copied().unwrap_or(false)).count() as f64
    };
    let (now, healthy) = (count(run), count(twin));
    let most = healthy * (1.0 + LINES) + DEVIATIONS * healthy.max(1.0).sqrt();
    (now > most).then(|| format!("{now} lines at WARN and above, where {healthy} are usual"))
}

fn health(run: &Simulation, twin: &Simulation) -> Option<String> {
    let ill = |sim: &Simulation| {
        let answers = &sim.telemetry().health;
        answers.iter().filter(|answer| answer.code != 200 || !answer.issues.is_empty()).count()
    };
    (ill(run) > ill(twin)).then(|| "a health page".to_owned())
}
