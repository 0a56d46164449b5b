//! The part of a graph that is near to some nodes: what a canvas shows of a graph that has no room on it. Knows graphs;
//! must never know what is drawn.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The nodes nearest to `from`, those included, by calls in either direction: at most `most` of them. Among equals those
/// that come first by name.
pub fn nearest<'a>(edges: &[(&'a str, &'a str)], from: &[&'a str], most: usize) -> BTreeSet<&'a str> {
    let mut beside: BTreeMap<&str, BTreeSet<&'a str>> = BTreeMap::new();
    for (caller, callee) in edges {
        beside.entry(caller).or_default().insert(callee);
        beside.entry(callee).or_default().insert(caller);
    }
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut ahead: VecDeque<&'a str> = from.iter().copied().collect();
    while let Some(node) = ahead.pop_front() {
        if found.len() == most {
            break;
        }
        if found.insert(node) {
            ahead.extend(beside.get(node).into_iter().flatten().copied().filter(|node| !found.contains(node)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first_and_not_more_than_asked_for() {
        let edges = [("users", "edge"), ("edge", "a"), ("edge", "b"), ("a", "db"), ("b", "db"), ("x", "y")];
        let of = |from: &[&'static str], most| nearest(&edges, from, most).into_iter().collect::<Vec<_>>();
        assert_eq!(of(&["a"], 3), ["a", "db", "edge"]);
        assert_eq!(of(&["users"], 3), ["a", "edge", "users"]);
        assert_eq!(of(&["users"], 99), ["a", "b", "db", "edge", "users"]);
        assert_eq!(of(&["alone"], 9), ["alone"]);
        assert!(of(&[], 9).is_empty());
    }
}
