//! The autoscaler: looks at how busy a node's replicas are and changes their number. Knows utilisation; must never know
//! whether more replicas help.

use super::ids::NodeId;
use super::rhythm::Rhythm;
use super::sharing::Processors;
use super::{Event, Simulation};
use crate::telemetry::ChangeRecord;
use crate::time::SimTime;
use crate::world::{Autoscale, ChangeKind};

/// The autoscaler of one node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scaler {
    pub(super) policy: Option<Autoscale>,
    /// The next look.
    pub(super) rhythm: Rhythm,
    busy: f64,
    samples: u32,
    /// Since when fewer replicas have been enough.
    calm_since: Option<SimTime>,
    /// Changes so far.
    count: u32,
}

/// Looks at utilisation for one decision.
const SAMPLES: u32 = 15;
/// Differences from the target that change nothing.
const TOLERANCE: f64 = 0.1;

impl Simulation {
    /// The autoscalers that a world declares.
    pub(super) fn start_autoscalers(&mut self) {
        for node in 0..self.plan.nodes.len() as u16 {
            let policy = self.plan.node_spec(NodeId(node)).autoscale;
            if policy.is_some() {
                self.set_autoscale(NodeId(node), policy);
            }
        }
    }

    /// Scaling begins, ends or goes on otherwise. Answers what it was.
    pub(super) fn set_autoscale(&mut self, node: NodeId, policy: Option<Autoscale>) -> Option<Autoscale> {
        let scaler = self.scalers.entry(node).or_default();
        let before = std::mem::replace(&mut scaler.policy, policy);
        if let Some(policy) = policy {
            self.plan_look(node, policy);
        }
        before
    }

    fn plan_look(&mut self, node: NodeId, policy: Autoscale) {
        let wait = policy.every.mul_f64(1.0 / f64::from(SAMPLES));
        let at = self.now + wait;
        if let Some(turn) = self.scalers.entry(node).or_default().rhythm.plan(at) {
            self.later(wait, Event::Autoscale(node.0, turn));
        }
    }

    /// A look at the replicas of a node; every so often a decision.
    pub(super) fn autoscale(&mut self, node: NodeId, turn: u32) {
        let scaler = self.scalers.entry(node).or_default();
        let is_next = scaler.rhythm.comes(turn);
        let Some(policy) = scaler.policy.filter(|_| is_next) else { return };
        self.plan_look(node, policy);
        let (mut busy, mut servers, mut running) = (0.0, 0.0, 0u16);
        for instance in self.fabric.replicas[node.at()].clone() {
            if self.fabric.replica(instance).process.retired {
                continue;
            }
            running += 1;
            // A replica that warms up counts as idle, as one without metrics does.
            let shared = self.fabric.peek_part::<Processors>(instance).map(|all| (all.used(), all.count()));
            let station = self.fabric.station(instance);
            let own = (f64::from(station.busy.min(station.servers)), f64::from(station.servers));
            let (used, there) = shared.unwrap_or(own);
            busy += used;
            servers += there;
        }
        let now = self.now;
        let scaler = self.scalers.entry(node).or_default();
        scaler.busy += busy / servers.max(1.0);
        scaler.samples += 1;
        if scaler.samples < SAMPLES {
            return;
        }
        let utilisation = scaler.busy / f64::from(scaler.samples);
        (scaler.busy, scaler.samples) = (0.0, 0);
        let ratio = utilisation / policy.target;
        let wanted = match (ratio - 1.0).abs() > TOLERANCE {
            true => libm::ceil(f64::from(running) * ratio) as u16,
            false => running,
        };
        let wanted = wanted.clamp(policy.min, policy.max.max(policy.min));
        if wanted >= running {
            scaler.calm_since = None;
        }
        let calm = wanted < running && now.since(*scaler.calm_since.get_or_insert(now)) >= policy.calm;
        if wanted > running || calm {
            scaler.calm_since = None;
            scaler.count += 1;
            let count = scaler.count;
            self.scale(node, wanted, policy.warm_up);
            let name = self.plan.nodes[node.at()].name.clone();
            self.telemetry.changes.push(ChangeRecord {
                stamp: now.stamp(),
                id: format!("autoscale-{name}-{count}"),
                kind: ChangeKind::Scaling,
                text: format!("{name}: {running} to {wanted} replicas at {:.0} % utilisation", utilisation * 100.0),
                on: name,
                by: "autoscaler".into(),
            });
        }
    }
}
