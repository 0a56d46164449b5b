//! Places for the nodes of a directed graph in columns from left to right: each node stands right of those that call it,
//! and the order within a column keeps arrows from crossing (Sugiyama's method: break cycles, rank, order by
//! barycentre). Knows graphs; must never know what is drawn.

use std::collections::BTreeMap;

use petgraph::algo::{greedy_feedback_arc_set, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

/// The columns, left to right, each from top to bottom. Nodes without any edge come last, in columns of their own; but
/// those of `sources` come first.
pub fn layers(nodes: &[&str], edges: &[(&str, &str)], sources: &[&str]) -> Vec<Vec<String>> {
    let mut graph = DiGraph::<&str, ()>::new();
    let index: BTreeMap<&str, NodeIndex> = nodes.iter().map(|name| (*name, graph.add_node(name))).collect();
    for (from, to) in edges {
        if let (Some(from), Some(to)) = (index.get(from), index.get(to))
            && from != to
        {
            graph.update_edge(*from, *to, ());
        }
    }
    // Edges against the flow are left out, from the last on: an index stands for another edge once it is removed.
    let mut against: Vec<_> = greedy_feedback_arc_set(&graph).map(|edge| edge.id()).collect();
    against.sort_unstable();
    for edge in against.into_iter().rev() {
        graph.remove_edge(edge);
    }
    let ranks = ranks(&graph);
    let mut columns: Vec<Vec<NodeIndex>> = Vec::new();
    let mut alone = Vec::new();
    for node in graph.node_indices() {
        let Some(rank) = ranks.get(&node).copied() else { continue };
        if graph.neighbors_undirected(node).next().is_none() {
            alone.push(node);
            continue;
        }
        if columns.len() <= rank {
            columns.resize(rank + 1, Vec::new());
        }
        if let Some(column) = columns.get_mut(rank) {
            column.push(node);
        }
    }
    order(&graph, &mut columns);
    let is_source = |node: &NodeIndex| graph.node_weight(*node).is_some_and(|name| sources.contains(name));
    let (first, last): (Vec<NodeIndex>, Vec<NodeIndex>) = alone.into_iter().partition(is_source);
    columns.insert(0, first);
    columns.extend(last.chunks(5).map(<[_]>::to_vec));
    let name = |node: NodeIndex| graph.node_weight(node).map(|name| (*name).to_owned());
    columns
        .into_iter()
        .filter(|column| !column.is_empty())
        .map(|column| column.into_iter().filter_map(name).collect())
        .collect()
}

/// The longest path to each node; then a node whose callees are all far right moves next to them.
fn ranks(graph: &DiGraph<&str, ()>) -> BTreeMap<NodeIndex, usize> {
    let sorted = toposort(graph, None).unwrap_or_else(|_| graph.node_indices().collect());
    let mut ranks: BTreeMap<NodeIndex, usize> = BTreeMap::new();
    for node in &sorted {
        let callers = graph.neighbors_directed(*node, petgraph::Incoming);
        let rank = callers.filter_map(|caller| ranks.get(&caller)).max().map_or(0, |rank| rank + 1);
        ranks.insert(*node, rank);
    }
    for node in sorted.iter().rev() {
        let has_caller = graph.neighbors_directed(*node, petgraph::Incoming).next().is_some();
        let nearest = graph.neighbors_directed(*node, petgraph::Outgoing).filter_map(|callee| ranks.get(&callee)).min();
        if let (false, Some(nearest)) = (has_caller, nearest.copied()) {
            ranks.insert(*node, nearest.saturating_sub(1));
        }
    }
    ranks
}

/// Sweeps over the columns, each time putting every node at the mean place of its neighbours in the column before.
fn order(graph: &DiGraph<&str, ()>, columns: &mut [Vec<NodeIndex>]) {
    for sweep in 0..8 {
        let mut place: BTreeMap<NodeIndex, f64> = BTreeMap::new();
        for column in columns.iter() {
            for (at, node) in column.iter().enumerate() {
                place.insert(*node, (at as f64 + 0.5) / column.len() as f64);
            }
        }
        let towards = if sweep % 2 == 0 { petgraph::Incoming } else { petgraph::Outgoing };
        let mut sweep_one = |column: &mut Vec<NodeIndex>| {
            let wish = |node: NodeIndex| {
                let near: Vec<f64> =
                    graph.neighbors_directed(node, towards).filter_map(|other| place.get(&other).copied()).collect();
                if near.is_empty() {
                    place.get(&node).copied()
                } else {
                    Some(near.iter().sum::<f64>() / near.len() as f64)
                }
            };
            let wishes: BTreeMap<NodeIndex, f64> =
                column.iter().map(|node| (*node, wish(*node).unwrap_or_default())).collect();
            let of = |node: &NodeIndex| wishes.get(node).copied().unwrap_or_default();
            column.sort_by(|a, b| of(a).total_cmp(&of(b)));
            for (at, node) in column.iter().enumerate() {
                place.insert(*node, (at as f64 + 0.5) / column.len() as f64);
            }
        };
        if sweep % 2 == 0 {
            columns.iter_mut().for_each(&mut sweep_one);
        } else {
            columns.iter_mut().rev().for_each(&mut sweep_one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(columns: &[Vec<String>], name: &str) -> usize {
        columns.iter().position(|column| column.iter().any(|node| node == name)).unwrap()
    }

    #[test]
    fn callers_stand_left_of_callees_even_where_calls_go_round() {
        let nodes = ["db", "gateway", "a", "b", "users", "alone"];
        let edges =
            [("users", "gateway"), ("gateway", "a"), ("gateway", "b"), ("a", "db"), ("b", "a"), ("a", "b"), ("a", "a")];
        let columns = layers(&nodes, &edges, &["nobody"]);
        assert_eq!(columns.iter().map(Vec::len).sum::<usize>(), nodes.len());
        assert!(rank(&columns, "users") < rank(&columns, "gateway"));
        assert!(rank(&columns, "gateway") < rank(&columns, "a"));
        assert!(rank(&columns, "a") < rank(&columns, "db"));
        assert_eq!(rank(&columns, "alone"), columns.len() - 1);
    }

    #[test]
    fn a_caller_out_of_nowhere_stands_beside_what_it_calls() {
        let columns = layers(&["a", "b", "c", "job"], &[("a", "b"), ("b", "c"), ("job", "c")], &[]);
        assert_eq!(rank(&columns, "job"), rank(&columns, "b"));
    }

    #[test]
    fn nothing_is_no_columns() {
        assert!(layers(&[], &[("a", "b")], &[]).is_empty());
        assert_eq!(layers(&["a", "b", "users"], &[("a", "b")], &["users"]).first(), Some(&vec!["users".to_owned()]));
    }
}
