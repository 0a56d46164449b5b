//! Log lines about fallbacks and circuit breakers, of any level: somebody made the caller say so, and nobody looks.

use std::collections::BTreeSet;

use super::Finding;
use super::counts::{Counts, Subject};
use super::rule::{Noise, Rule, Side, figure};
use crate::telemetry::Telemetry;

/// Lines a minute stray by this share, and by so many, at least.
const SHARE: f64 = 0.5;
const STRAY: f64 = 0.5;
/// What such lines say.
const WORDS: [&str; 2] = ["fallback", "circuit breaker"];

pub(super) fn detect(telemetry: &Telemetry) -> Vec<Finding> {
    let says = |text: &str| WORDS.iter().any(|word| text.contains(word));
    let templates = (0..).zip(telemetry.logs.templates());
    let telling: BTreeSet<u16> = templates.filter(|(_, words)| says(&words.1.text)).map(|(id, _)| id).collect();
    let mut counts = Counts::new(telemetry);
    for resource in &telemetry.resources {
        counts.line(&Subject::new(resource.service.as_str(), ""));
    }
    for line in telemetry.logs.heads().filter(|line| telling.contains(&line.template.0)) {
        counts.one(&Subject::new(telemetry.resource(line.resource).service.as_str(), ""), line.stamp);
    }
    let rule = Rule { side: Side::Above, noise: Noise::Count, floor: STRAY, share: SHARE, fewest: 1.0 };
    rule.findings(&counts.per_minute(), |subject, now, before| {
        let [now, before] = [now, before].map(figure);
        format!("{} writes {now} lines a minute about fallbacks and breakers, {before} before", subject.service)
    })
}
