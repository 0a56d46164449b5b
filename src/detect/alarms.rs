//! The alarms that everybody has, minute by minute: errors and latency at the edge, health pages, alarming log lines.
//! Knows telemetry alone.

use serde::{Deserialize, Serialize};

use super::counts::MINUTE;
use crate::telemetry::{Telemetry, bucket_quantile, series};
use crate::time::{SimTime, Stamp};
use crate::world::Severity;

/// What one alarm watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// The share of answers of the edge that are server errors.
    Errors,
    /// The 95th percentile of the edge's answers.
    P95,
    /// The 99th percentile of the edge's answers.
    P99,
    /// Replicas whose health page did not say ok.
    Health,
    /// Log lines at WARN.
    Warnings,
    /// Log lines at ERROR.
    ErrorLines,
}

impl Alarm {
    /// All alarms, in the order of a [`Minute`].
    pub const ALL: [Alarm; 6] =
        [Alarm::Errors, Alarm::P95, Alarm::P99, Alarm::Health, Alarm::Warnings, Alarm::ErrorLines];

    /// What it watches, in words.
    pub fn words(self) -> &'static str {
        match self {
            Alarm::Errors => "error ratio at the edge",
            Alarm::P95 => "95th percentile of latency at the edge",
            Alarm::P99 => "99th percentile of latency at the edge",
            Alarm::Health => "health pages that are not ok",
            Alarm::Warnings => "lines at WARN",
            Alarm::ErrorLines => "lines at ERROR",
        }
    }
}

/// What each alarm watches, over one minute, in the order of [`Alarm::ALL`]. Latencies in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Minute(pub [f64; 6]);

/// The whole minutes from an instant to another, by the monitor's clock. `edges` are the nodes that users call.
pub fn minutes(telemetry: &Telemetry, edges: &[&str], from: SimTime, to: SimTime) -> Vec<Minute> {
    let count = (to.since(from).0 / MINUTE.0) as usize;
    let mut minutes = vec![Minute::default(); count];
    let place = |stamp: Stamp| -> Option<usize> {
        let after = u64::try_from(stamp.0).ok()?.checked_sub(from.0)?;
        usize::try_from(after / MINUTE.0).ok().filter(|at| *at < count)
    };
    edge(telemetry, edges, &mut minutes, &place);
    health(telemetry, &mut minutes, &place);
    for log in telemetry.logs.iter() {
        let Some(at) = place(log.stamp) else { continue };
        match telemetry.logs.words(log.template).0 {
            Severity::Warn => minutes[at].0[4] += 1.0,
            Severity::Error => minutes[at].0[5] += 1.0,
            _ => {}
        }
    }
    minutes
}

fn edge(telemetry: &Telemetry, edges: &[&str], minutes: &mut [Minute], place: &dyn Fn(Stamp) -> Option<usize>) {
    const REQUESTS: &str = "http.server.request.duration";
    let Some((_, family)) = series::family(telemetry, REQUESTS) else { return };
    let (mut all, mut failed) = (vec![vec![0.0; family.width()]; minutes.len()], vec![0.0; minutes.len()]);
    let status = |resource, one| {
        let label = |name| series::label(telemetry, resource, one, name);
        let is_edge = edges.contains(&label("service.name"));
        is_edge.then(|| label("http.response.status_code").parse::<u16>().unwrap_or_default())
    };
    series::growths(telemetry, REQUESTS, status, |status, stamp, grown| {
        let Some(at) = place(stamp) else { return };
        failed[at] += if *status >= 500 { grown[1..].iter().sum() } else { 0.0 };
        all[at].iter_mut().zip(grown).for_each(|(sum, more)| *sum += more);
    });
    for ((minute, numbers), failed) in minutes.iter_mut().zip(&all).zip(&failed) {
        let requests: f64 = numbers[1..].iter().sum();
        let quantile = |q| bucket_quantile(q, family.bounds, &numbers[1..]).unwrap_or_default();
        minute.0[..3].copy_from_slice(&[failed / requests.max(1.0), quantile(0.95), quantile(0.99)]);
    }
}

/// A page is not ok from the probe that found it so to the probe that found it well again.
fn health(telemetry: &Telemetry, minutes: &mut [Minute], place: &dyn Fn(Stamp) -> Option<usize>) {
    let replicas = telemetry.resources.len();
    let mut changes: Vec<Vec<(usize, bool)>> = vec![Vec::new(); minutes.len()];
    let mut bad = vec![false; replicas];
    let mut begun = false;
    for record in &telemetry.health {
        let (replica, is_bad) = (usize::from(record.resource.0), record.code != 200 || !record.issues.is_empty());
        match place(record.stamp) {
            Some(at) => {
                begun = true;
                changes[at].push((replica, is_bad));
            }
            None if !begun => bad[replica] = is_bad,
            None => {}
        }
    }
    for (minute, changes) in minutes.iter_mut().zip(changes) {
        let mut was = bad.clone();
        for (replica, is_bad) in changes {
            was[replica] |= is_bad;
            bad[replica] = is_bad;
        }
        minute.0[3] = was.iter().filter(|bad| **bad).count() as f64;
    }
}
