//! A replica's mean latency beside the median of its siblings': a replica that limps hides in the mean of all, and its
//! health page says ok. Peers are compared as in gray failure's differential observability (Huang et al., *Gray Failure: The
//! Achilles' Heel of Cloud-Scale Systems*, HotOS 2017).

use std::collections::BTreeMap;

use super::Finding;
use super::counts::{Counts, REQUESTS, Subject, mean};
use super::rule::{Noise, Rule, Side, figure, median};
use crate::telemetry::Telemetry;

/// The factor strays by this much at least.
const STRAY: f64 = 0.15;
/// A minute in which a replica had fewer requests says nothing.
const FEWEST: f64 = 10.0;

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let mut own = Counts::new(telemetry);
    for family in REQUESTS {
        own.growth(telemetry, family, |reading| {
            Some((Subject::new(reading.service(), reading.instance()), mean as fn(&[f64]) -> _))
        });
    }
    let mut replicas: BTreeMap<&str, Vec<&Subject>> = BTreeMap::new();
    own.lines.keys().for_each(|subject| replicas.entry(&subject.service).or_default().push(subject));
    let mut beside = Counts::new(telemetry);
    let at = |subject: &Subject, minute: usize| {
        let [sum, of] = own.lines.get(subject).and_then(|line| line.get(minute)).copied().unwrap_or_default();
        (of >= FEWEST).then(|| sum / of)
    };
    for siblings in replicas.values() {
        for subject in siblings {
            for (minute, sum) in beside.line(subject).iter_mut().enumerate() {
                let others = siblings.iter().filter(|other| *other != subject);
                let others: Vec<f64> = others.filter_map(|other| at(other, minute)).collect();
                let (Some(own), Some(usual)) = (at(subject, minute), median(others)) else { continue };
                *sum = [own / usual.max(f64::MIN_POSITIVE), 1.0];
            }
        }
    }
    let rule = Rule { side: Side::Above, noise: Noise::Seen, floor: STRAY, share: 0.0, fewest: 1.0 };
    rule.findings(&beside, |subject, now, before| {
        format!("{} takes {} times as long as its siblings, {} before", subject.of, figure(now), figure(before))
    })
}
