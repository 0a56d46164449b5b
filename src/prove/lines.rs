//! The clean-log index: log lines that name the cause. A line does if there are more such lines (the same words by the
//! same node) than without the cause, by more than three standard deviations of a Poisson count, and
//! - its words name a place of the cause, a node of such an arrow, or the change that did it; or
//! - it is at WARN or above, and a place of the cause wrote it.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Simulation;
use crate::lab::proving::noise;
use crate::lesson::Lesson;
use crate::telemetry::{LogRecord, LogTemplateId, Telemetry};
use crate::time::SimTime;
use crate::world::Severity;

/// How many lines of one kind there are, and the row of the first.
type Kinds<'a> = BTreeMap<(&'a str, LogTemplateId), (u64, LogRecord<'a>)>;

/// Lines of a run that name the cause, one of a kind, from an instant to now.
pub fn telling(lesson: &Lesson, (run, causeless): (&Simulation, &Simulation), since: SimTime) -> Vec<String> {
    let (telemetry, usual) = (run.telemetry(), kinds(causeless.telemetry(), since));
    let causes = || lesson.spec().causes();
    let arrows = causes().flat_map(|cause| &cause.at).flat_map(|at| at.split(" -> "));
    let places: BTreeSet<&str> = arrows.collect();
    let changes = || causes().map(|cause| cause.change.as_str());
    let names = || places.iter().copied().chain(changes()).filter(|name| !name.is_empty());
    let mut found = Vec::new();
    for ((node, template), (count, record)) in kinds(telemetry, since) {
        // Templates are registered in the same order in every run of a world.
        let without = usual.get(&(node, template)).map_or(0, |(count, _)| *count);
        if count as f64 - without as f64 <= noise((count + without) as f64) {
            continue;
        }
        let mut text = String::new();
        telemetry.logs.render_into(&telemetry.names, record, &mut text);
        let alarming = telemetry.logs.words(template).0 >= Severity::Warn && places.contains(node);
        if alarming || names().any(|name| names_it(&text, name)) {
            found.push(format!("{node}: {text}"));
        }
    }
    found
}

fn kinds(telemetry: &Telemetry, since: SimTime) -> Kinds<'_> {
    let mut kinds = Kinds::new();
    for record in telemetry.logs.iter().filter(|record| record.stamp.0 >= since.0 as i64) {
        let node = telemetry.resource(record.resource).service.as_str();
        kinds.entry((node, record.template)).or_insert((0, record)).0 += 1;
    }
    kinds
}

/// Whether a text has a name as a whole word.
fn names_it(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_word() {
        assert!(names_it("call to inventory failed", "inventory"));
        assert!(names_it("inventory", "inventory") && names_it("[inventory]", "inventory"));
        assert!(!names_it("inventory-2 started", "inventory") && !names_it("reinventory", "inventory"));
    }
}
