//! Who answers a request: the node that is asked, or the one that it passes the request on to. The same rules as the
//! engine's, which compiles what is checked here.

use super::Neighbours;
use crate::world::{Node, Route, Step, WorldSpec};

/// Nodes that may pass one request on, one after another.
pub(super) const MOST_HOPS: usize = 64;

/// What a node does with a request.
pub(crate) enum Next<'a> {
    /// It does these steps itself.
    Answers(&'a Route),
    /// It does these steps, if any, and passes the request on.
    Forwards(Option<&'a Route>, &'a str),
    /// It doesn't know it.
    Unknown,
}

/// What `node` does with the request or message `route`.
pub(crate) fn next<'a>(spec: &'a WorldSpec, out: &Neighbours<'a>, node: &str, route: &str) -> Next<'a> {
    let Some(declaring) = spec.nodes.get(node) else { return Next::Unknown };
    let named = declaring.routes.get(route);
    let declared = named.or_else(|| declaring.routes.get("*"));
    if declared.is_none() && is_store(declaring) {
        return Next::Unknown;
    }
    let calls = declared.is_some_and(|route| route.steps.iter().any(Step::calls));
    let passes_on = !calls && named.is_none_or(|route| route.steps.is_empty());
    match (passes_on.then(|| forward_target(spec, out, node, route)).flatten(), declared) {
        (Some(target), declared) => Next::Forwards(declared, target),
        (None, Some(route)) => Next::Answers(route),
        (None, None) => Next::Unknown,
    }
}

/// Over the only arrow, or to the first callee that has the route.
fn forward_target<'a>(spec: &'a WorldSpec, out: &Neighbours<'a>, node: &str, route: &str) -> Option<&'a str> {
    let callees = out.get(node)?;
    if callees.len() == 1 {
        return callees.keys().next().copied();
    }
    callees.keys().copied().find(|callee| spec.nodes.get(*callee).is_some_and(|node| node.routes.contains_key(route)))
}

/// Nodes with operations of their own, which pass nothing on.
fn is_store(node: &Node) -> bool {
    node.cache.is_some() || node.database.is_some() || node.queue.is_some() || node.users.is_some()
}

/// The node at which a request ends without an answer, if it does.
pub(super) fn dead_end<'a>(
    spec: &'a WorldSpec,
    out: &Neighbours<'a>,
    node: &'a str,
    route: &str,
) -> Option<(&'a str, DeadEnd)> {
    let mut here = node;
    for _ in 0..MOST_HOPS {
        match next(spec, out, here, route) {
            Next::Answers(_) => return None,
            Next::Forwards(_, target) => here = target,
            Next::Unknown => return Some((here, DeadEnd::NoRoute)),
        }
    }
    Some((here, DeadEnd::TooFar))
}

/// Why a request ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeadEnd {
    /// The node neither has the route nor passes it on.
    NoRoute,
    /// It was passed on too often, or in a circle.
    TooFar,
}
