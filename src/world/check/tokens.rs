//! Tokens: who issues them, who verifies them, and that no store holds them.

use std::collections::BTreeSet;

use super::{Check, ranges};
use crate::diagnostic::DataPath;
use crate::world::{Node, Step, Verifies, WorldSpec};

/// The families of data that are tokens: those that some step issues.
pub(super) fn families(spec: &WorldSpec) -> BTreeSet<&str> {
    let mut families = BTreeSet::new();
    let routes = spec.nodes.values().flat_map(|node| node.routes.values());
    for step in routes.flat_map(|route| &route.steps) {
        step.walk(&mut |step| {
            if let Step::Issue(datum) = step {
                families.insert(datum.as_str());
            }
        });
    }
    families
}

impl Check<'_> {
    /// A step that issues a token.
    pub(super) fn issue(&mut self, node: &str, path: &DataPath, datum: &str) {
        self.datum(path, datum);
        if self.spec.nodes.get(node).is_some_and(|node| node.issues.is_none()) {
            let what = format!("`{node}` issues tokens and does not say how long they are good");
            self.found.value(path, what, format!("add `issues: (valid_for: \"15m\")` to `{node}`"));
        }
    }

    pub(super) fn tokens(&mut self, path: &DataPath, node: &Node) {
        if let Some(issues) = &node.issues {
            let path = path.field("issues");
            ranges::token_lifetime(&mut self.found, &path.field("valid_for"), issues.valid_for);
            if let Some(not_before) = issues.not_before {
                ranges::clock_offset(&mut self.found, &path.field("not_before"), not_before);
            }
        }
        if let Some(verifies) = &node.verifies {
            self.verifies(&path.field("verifies"), verifies);
        }
    }

    fn verifies(&mut self, path: &DataPath, verifies: &Verifies) {
        ranges::time(&mut self.found, &path.field("leeway"), "`leeway`", verifies.leeway, crate::time::Duration::ZERO);
        for (at, route) in verifies.except.iter().enumerate() {
            self.request(&path.field("except").at(at), route);
        }
        if !self.tokens.contains(verifies.token.as_str()) {
            let token = path.field("token");
            self.found.unknown(&token, "step that issues the token", &verifies.token, self.tokens.iter().copied());
        }
    }

    /// No store may hold tokens: they are stamps, not versions.
    pub(super) fn not_a_token(&mut self, path: &DataPath, datum: &str) {
        if self.tokens.contains(datum) {
            let what = format!("`{datum}` is a token, which no store holds");
            self.found.value(path, what, "use a family of data that no step issues");
        }
    }
}
