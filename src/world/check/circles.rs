//! Circles: calls that would never end, and messages that would multiply for ever.

use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::NodeIndex;
use petgraph::visit::{EdgeFiltered, EdgeRef};

use super::Check;
use super::graph::Graph;

/// Circles that are shown in full; longer ones are cut in the middle.
const LONGEST_SHOWN: usize = 12;

impl Check<'_> {
    /// Whether there are circles; each is a problem, named in full.
    pub(super) fn circles(&mut self, graph: &Graph<'_>) -> bool {
        let calls = EdgeFiltered::from_fn(graph, |edge| !edge.weight().delivers);
        let mut any = false;
        for part in kosaraju_scc(&calls) {
            let first = part.iter().copied().min_by_key(|at| (graph[*at].node, &graph[*at].name));
            if let Some(circle) = first.and_then(|first| circle_from(graph, first, first, &part, false)) {
                any = true;
                let what = format!("calls go in a circle: {}", words(graph, &circle));
                self.at_call(graph, &circle, what, "remove one of these calls, or put a queue between");
            }
        }
        for part in kosaraju_scc(graph) {
            let members: std::collections::BTreeSet<NodeIndex> = part.iter().copied().collect();
            let deliveries = graph.edge_references().filter(|edge| edge.weight().delivers);
            let mut inside =
                deliveries.filter(|edge| members.contains(&edge.source()) && members.contains(&edge.target()));
            let Some(delivery) = (part.len() > 1).then(|| inside.next()).flatten() else { continue };
            if let Some(mut circle) = circle_from(graph, delivery.target(), delivery.source(), &part, true) {
                any = true;
                circle.push(delivery.target());
                let what = format!("messages go in a circle, and grow without bound: {}", words(graph, &circle));
                let help = "a consumer may not publish, even by way of others, to the queue that it consumes from";
                self.at_call(graph, &circle, what, help);
            }
        }
        any
    }

    /// Reports at the first call of the circle that the data says.
    fn at_call(&mut self, graph: &Graph<'_>, circle: &[NodeIndex], what: String, help: &str) {
        let edge = |pair: &[NodeIndex]| graph.find_edge(pair[0], pair[1]).map(|edge| graph[edge].path.clone());
        let Some(path) = circle.windows(2).find_map(edge) else { return };
        self.found.value(&path, what, help);
    }
}

/// The shortest way from a vertex to another (or back to itself) within a part of the graph, both ends included.
fn circle_from(
    graph: &Graph<'_>,
    from: NodeIndex,
    to: NodeIndex,
    part: &[NodeIndex],
    deliveries: bool,
) -> Option<Vec<NodeIndex>> {
    let inside: std::collections::BTreeSet<NodeIndex> = part.iter().copied().collect();
    let mut before = BTreeMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(here) = open.pop_front() {
        for edge in graph.edges(here).filter(|edge| deliveries || !edge.weight().delivers) {
            let next = edge.target();
            if next == to {
                let mut way = vec![to, here];
                let mut at = here;
                while at != from {
                    at = *before.get(&at)?;
                    way.push(at);
                }
                way.reverse();
                return Some(way);
            }
            if inside.contains(&next) && next != from && !before.contains_key(&next) {
                before.insert(next, here);
                open.push_back(next);
            }
        }
    }
    None
}

fn words(graph: &Graph<'_>, circle: &[NodeIndex]) -> String {
    let mut names: Vec<String> = circle.iter().map(|at| format!("{} `{}`", graph[*at].node, graph[*at].name)).collect();
    if names.len() > LONGEST_SHOWN {
        let half = LONGEST_SHOWN / 2;
        let cut = names.len() - LONGEST_SHOWN;
        names.splice(half..half + cut, [format!("({cut} more)")]);
    }
    names.join(" -> ")
}
