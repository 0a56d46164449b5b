//! The arrows that a request may travel, by the compiled plan: what a correct drawing of a call path shows. Knows
//! routes; nothing of a run.

use std::collections::BTreeSet;

use super::Simulation;
use super::ids::{ArrowId, CallId, RouteId};
use super::plan::{Plan, StepPlan};

impl Simulation {
    /// The journeys, in the order of the ground truth's numbers: names that the world file has, and no outcome.
    pub(crate) fn journey_names(&self) -> Vec<String> {
        self.plan.journeys.iter().map(|journey| journey.name.clone()).collect()
    }

    /// The arrows, as (from, to) in order, that a journey's step may travel, messages to consumers included. `journey`
    /// is its place in the ground truth's list. Empty if there is no such step.
    pub fn call_graph(&self, journey: usize, step: usize) -> Vec<(String, String)> {
        let Some(step) = self.plan.journeys.get(journey).and_then(|journey| journey.steps.get(step)) else {
            return Vec::new();
        };
        let plan = &self.plan;
        let ends = |arrow: ArrowId| {
            let arrow = &plan.arrows[arrow.at()];
            (plan.nodes[arrow.from.at()].name.clone(), plan.nodes[arrow.to.at()].name.clone())
        };
        let arrows: BTreeSet<(String, String)> = travelled(plan, step.call).into_iter().map(ends).collect();
        arrows.into_iter().collect()
    }
}

fn travelled(plan: &Plan, first: CallId) -> BTreeSet<ArrowId> {
    let mut arrows = BTreeSet::new();
    let mut seen: BTreeSet<RouteId> = BTreeSet::new();
    let mut next = vec![first];
    while let Some(call) = next.pop() {
        let call = &plan.calls[call.at()];
        arrows.insert(call.arrow);
        let mut routes = vec![call.route];
        while let Some(route) = routes.pop() {
            if !seen.insert(route) {
                continue;
            }
            let route = &plan.routes[route.at()];
            for (consumer, handler) in &route.handlers {
                let deliveries = plan.deliveries(route.node);
                arrows.extend(deliveries.filter(|arrow| plan.arrows[arrow.at()].to == *consumer));
                routes.push(*handler);
            }
            for step in &route.steps {
                if let StepPlan::Calls(first, count) = step {
                    next.extend((first.0..first.0 + count).map(CallId));
                }
            }
        }
    }
    arrows
}
