//! Shards become one sweep again: all of them, each once, and of one plan.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Row, Shard, Swept};

/// Why files are not one sweep.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MergeError(String);

/// One sweep of the shards in these files, in whatever order they come.
///
/// # Errors
///
/// They are of several sweeps, or one is there twice or not at all, or has not all its rows.
pub fn merge(shards: Vec<(PathBuf, Swept)>) -> Result<Swept, MergeError> {
    let Some((first, sample)) = shards.first() else {
        return Err(MergeError("there is nothing to merge: name the files of all shards".into()));
    };
    let (plan, of) = (sample.plan.clone(), sample.shard.of);
    let mut places: BTreeMap<Shard, &Path> = BTreeMap::new();
    for (path, swept) in &shards {
        let (path, first) = (path.as_path(), first.display());
        let shown = path.display();
        if let Some(what) = plan.differs(&swept.plan) {
            return Err(MergeError(format!(
                "{shown} has another {what} than {first}: they are not of one sweep. Sweep all shards with the same command \
                 and the same program, but for --shard"
            )));
        }
        if swept.shard.of != of {
            return Err(MergeError(format!(
                "{shown} is shard {} and {first} one of {of}: they were cut otherwise. Sweep all with the same number of \
                 shards",
                swept.shard
            )));
        }
        if let Some(other) = places.insert(swept.shard, path) {
            let other = other.display();
            return Err(MergeError(format!("{other} and {shown} are both shard {}: name each once", swept.shard)));
        }
        complete(swept).map_err(|what| MergeError(format!("{shown} {what}: sweep this shard again")))?;
    }
    let missing: Vec<String> = (1..=of)
        .map(|part| Shard { part, of })
        .filter(|shard| !places.contains_key(shard))
        .take(MOST_NAMED)
        .map(|shard| shard.to_string())
        .collect();
    if !missing.is_empty() {
        let (there, missing) = (places.len(), missing.join(", "));
        return Err(MergeError(format!(
            "{there} of {of} shards are here, and missing are {missing}: sweep them with --shard, and name the files of all"
        )));
    }
    let (mut rows, mut passed) = (Vec::new(), Vec::new());
    for (_, swept) in shards {
        rows.extend(swept.rows);
        passed.extend(swept.passed);
    }
    // Stable: the detectors of a task stay in their order.
    rows.sort_by_key(|row: &Row| row.task);
    passed.sort_by_key(|passed| passed.task);
    Ok(Swept { plan, shard: Shard::WHOLE, passed, rows })
}

/// Missing shards that a message names at most.
const MOST_NAMED: usize = 10;

/// Whether a shard has a row for each of its tasks and detectors, in order, but for tasks that were passed.
fn complete(swept: &Swept) -> Result<(), &'static str> {
    let passed: BTreeSet<u64> = swept.passed.iter().map(|passed| passed.task).collect();
    let tasks = (0..swept.plan.tasks).filter(|task| swept.shard.has(*task) && !passed.contains(task));
    let mut expected = tasks.flat_map(|task| swept.plan.detectors.iter().map(move |detector| (task, detector)));
    let mut rows = swept.rows.iter();
    loop {
        match (expected.next(), rows.next()) {
            (None, None) => return Ok(()),
            (Some((task, detector)), Some(row)) if row.task == task && row.detector == *detector => {}
            (Some(_), None) => return Err("lacks rows"),
            _ => return Err("has rows that are not its own"),
        }
    }
}
