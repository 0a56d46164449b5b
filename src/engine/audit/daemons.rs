//! What runs by itself has its next event in the agenda, once: time daemons, collections, autoscalers, probes, jobs by
//! the calendar, the first of a line of deadlines. A daemon that was started twice would run twice as often; one that was
//! forgotten, never again.

use std::collections::BTreeMap;

use super::super::cron::CronTable;
use super::super::ids::{InstanceId, LinkId, NodeId};
use super::super::process::Collector;
use super::super::targets::Targets;
use super::super::timesync::TimeSync;
use super::super::{Event, Simulation};
use super::{Verdict, agree};

/// How many events of each kind are to come.
#[derive(Default)]
struct Coming {
    syncs: BTreeMap<InstanceId, u64>,
    collections: BTreeMap<InstanceId, u64>,
    jobs: BTreeMap<(InstanceId, u16), u64>,
    looks: BTreeMap<NodeId, u64>,
    probes: BTreeMap<LinkId, u64>,
    deadlines: BTreeMap<u8, u64>,
}

impl Simulation {
    pub(super) fn audit_daemons(&self) -> Verdict {
        let coming = self.coming();
        for instance in self.fabric.instances() {
            let who = || self.instance_name(instance);
            let polls = self.fabric.peek_part::<TimeSync>(instance).is_some_and(TimeSync::is_polling);
            agree(&who(), "polls of the time server to come", u64::from(polls), counted(&coming.syncs, &instance))?;
            let plans = self.fabric.peek_part::<Collector>(instance).is_some_and(Collector::is_planned);
            agree(&who(), "collections to come", u64::from(plans), counted(&coming.collections, &instance))?;
            let table = self.fabric.peek_part::<CronTable>(instance);
            for job in table.iter().flat_map(|table| table.jobs()) {
                agree(&who(), "looks at a job to come", 1, counted(&coming.jobs, &(instance, job)))?;
            }
        }
        for (node, scaler) in &self.scalers {
            let who = &self.plan.nodes[node.at()].name;
            let looks = u64::from(scaler.is_looking());
            agree(who, "looks of the autoscaler to come", looks, counted(&coming.looks, node))?;
        }
        for link in (0..self.flows_links() as u32).map(LinkId) {
            let targets = self.fabric.peek_link(link).and_then(|link| link.balancer.targets.as_deref());
            let probes = targets.is_some_and(Targets::is_probing);
            agree(&self.link_name(link), "probes to come", u64::from(probes), counted(&coming.probes, &link))?;
        }
        for line in self.deadlines.watched() {
            agree("a line of deadlines", "events to come", 1, counted(&coming.deadlines, &line))?;
        }
        Ok(())
    }

    fn coming(&self) -> Coming {
        let mut coming = Coming::default();
        for event in self.agenda.events() {
            match event {
                Event::Sync(instance) => *coming.syncs.entry(instance).or_default() += 1,
                Event::Collect(instance) => *coming.collections.entry(instance).or_default() += 1,
                Event::Cron(instance, job) => *coming.jobs.entry((instance, job)).or_default() += 1,
                Event::Autoscale(node) => *coming.looks.entry(NodeId(node)).or_default() += 1,
                Event::ProbeTargets(link) => *coming.probes.entry(link).or_default() += 1,
                Event::DeadlineOf(line) => *coming.deadlines.entry(line).or_default() += 1,
                _ => {}
            }
        }
        coming
    }
}

fn counted<K: Ord>(all: &BTreeMap<K, u64>, key: &K) -> u64 {
    all.get(key).copied().unwrap_or_default()
}
