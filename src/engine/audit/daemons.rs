//! What runs by itself has its next event in the agenda, once: time daemons, collections, autoscalers, probes, jobs by
//! the calendar, the first of a line of deadlines. A daemon that was started twice would run twice as often; one that was
//! forgotten, never again.

use std::collections::BTreeMap;

use super::super::cron::CronTable;
use super::super::ids::{InstanceId, LinkId, NodeId};
use super::super::process::Collector;
use super::super::timesync::TimeSync;
use super::super::{Event, Simulation};
use super::{Verdict, agree};

/// How many events of each kind are to come.
#[derive(Default)]
struct Coming {
    syncs: BTreeMap<(InstanceId, u32), u64>,
    collections: BTreeMap<(InstanceId, u32), u64>,
    jobs: BTreeMap<(InstanceId, u16), u64>,
    looks: BTreeMap<(NodeId, u32), u64>,
    probes: BTreeMap<(LinkId, u32), u64>,
    deadlines: BTreeMap<u8, u64>,
}

impl Simulation {
    pub(super) fn audit_daemons(&self) -> Verdict {
        let coming = self.coming();
        for instance in self.fabric.instances() {
            let who = || self.instance_name(instance);
            let poll = self.fabric.peek_part::<TimeSync>(instance).and_then(|sync| sync.rhythm.planned());
            comes(&who(), "polls of the time server to come", &coming.syncs, poll.map(|turn| (instance, turn)))?;
            let pause = self.fabric.peek_part::<Collector>(instance).and_then(|all| all.rhythm.planned());
            comes(&who(), "collections to come", &coming.collections, pause.map(|turn| (instance, turn)))?;
            let table = self.fabric.peek_part::<CronTable>(instance);
            for job in table.iter().flat_map(|table| table.jobs()) {
                agree(&who(), "looks at a job to come", 1, counted(&coming.jobs, &(instance, job)))?;
            }
        }
        for (node, scaler) in &self.scalers {
            let who = &self.plan.nodes[node.at()].name;
            let look = scaler.rhythm.planned();
            comes(who, "looks of the autoscaler to come", &coming.looks, look.map(|turn| (*node, turn)))?;
        }
        for link in (0..self.flows_links() as u32).map(LinkId) {
            let targets = self.fabric.peek_link(link).and_then(|link| link.balancer.targets.as_deref());
            let probe = targets.and_then(|targets| targets.rhythm.planned());
            comes(&self.link_name(link), "probes to come", &coming.probes, probe.map(|turn| (link, turn)))?;
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
                Event::Sync(instance, turn) => *coming.syncs.entry((instance, turn)).or_default() += 1,
                Event::Collect(instance, turn) => *coming.collections.entry((instance, turn)).or_default() += 1,
                Event::Cron(instance, job) => *coming.jobs.entry((instance, job)).or_default() += 1,
                Event::Autoscale(node, turn) => *coming.looks.entry((NodeId(node), turn)).or_default() += 1,
                Event::ProbeTargets(link, turn) => *coming.probes.entry((link, turn)).or_default() += 1,
                Event::DeadlineOf(line) => *coming.deadlines.entry(line).or_default() += 1,
                _ => {}
            }
        }
        coming
    }
}

/// The turn that is planned is to come, once; turns that it replaced mean nothing.
fn comes<K: Ord>(who: &str, what: &str, all: &BTreeMap<K, u64>, planned: Option<K>) -> Verdict {
    planned.map_or(Ok(()), |turn| agree(who, what, 1, counted(all, &turn)))
}

fn counted<K: Ord>(all: &BTreeMap<K, u64>, key: &K) -> u64 {
    all.get(key).copied().unwrap_or_default()
}
