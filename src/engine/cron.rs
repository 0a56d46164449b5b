//! Jobs by the calendar: each replica's daemon looks at its own clock at least once a minute. A clock that jumps over a
//! time makes the job late; one that goes back makes it run twice.

use bevy_ecs::component::Component;

use super::flight::{Context, NOBODY, ReplyTo, TraceContext};
use super::ids::{InstanceId, RouteId};
use super::visit::Incoming;
use super::{Event, Simulation};
use crate::random::Identity;
use crate::time::{Duration, Stamp};
use crate::world::{Cron, Job};

/// When each job of a replica is due by its own clock, by the job's place.
#[derive(Component, Clone, Debug, Default)]
pub struct CronTable {
    due: Vec<i64>,
}

impl CronTable {
    /// The places of the jobs that the daemon looks after.
    pub fn jobs(&self) -> impl Iterator<Item = u16> {
        self.due.iter().zip(0..).filter(|(due, _)| **due != i64::MAX).map(|(_, job)| job)
    }
}

/// How often the daemon looks at its clock at least.
const LOOK: Duration = Duration::from_secs(60);

/// The first time after `local` (nanoseconds of Unix time) at which a job is due.
fn after(cron: &Cron, local: i64) -> i64 {
    let (every, at) = (cron.every.0.max(1) as i64, cron.at.0 as i64);
    ((local - at).div_euclid(every) + 1).saturating_mul(every).saturating_add(at)
}

impl Simulation {
    fn job(&self, instance: InstanceId, job: u16) -> Option<Job> {
        let node = self.fabric.home(instance).node;
        self.plan.node_spec(node).jobs.values().nth(usize::from(job)).cloned()
    }

    /// The calendar time of a replica in nanoseconds of Unix time.
    fn unix(&mut self, instance: InstanceId) -> i64 {
        let Stamp(local) = self.fabric.replica(instance).clock.stamp(self.now);
        self.plan.epoch_ns.saturating_add(local)
    }

    /// The jobs of a new replica.
    pub(super) fn start_cron(&mut self, instance: InstanceId) {
        let home = self.fabric.home(instance);
        for at in 0..self.plan.node_spec(home.node).jobs.len() as u16 {
            let Some(job) = self.job(instance, at) else { continue };
            let Some(cron) = job.cron.filter(|_| home.ordinal == 0 || job.on_each) else { continue };
            let local = self.unix(instance);
            let mut table = self.fabric.part_or_default::<CronTable>(instance);
            table.due.resize(usize::from(at) + 1, i64::MAX);
            table.due[usize::from(at)] = after(&cron, local);
            self.later(Duration::ZERO, Event::Cron(instance, at));
        }
    }

    /// The daemon looks at its clock, and starts what is due.
    pub(super) fn cron(&mut self, instance: InstanceId, at: u16) {
        let Some((job, cron)) = self.job(instance, at).and_then(|job| Some((job.clone(), job.cron?))) else { return };
        let local = self.unix(instance);
        let next = after(&cron, local);
        let Some(mut table) = self.fabric.part::<CronTable>(instance) else { return };
        let Some(due) = table.due.get_mut(usize::from(at)) else { return };
        let starts = *due <= local;
        let tick = *due;
        // The daemon goes by the clock: what it says is still to come, even for the second time.
        *due = next;
        self.later(Duration((next - local).max(1) as u64).min(LOOK), Event::Cron(instance, at));
        if starts && self.fabric.is_up(instance, self.now) {
            self.run_job(instance, &job, at, tick);
        }
    }

    fn run_job(&mut self, instance: InstanceId, job: &Job, at: u16, tick: i64) {
        let home = self.fabric.home(instance);
        let node = &self.plan.nodes[home.node.at()];
        let named = |route: &&RouteId| self.plan.routes[route.at()].name == job.route;
        let Some(route) = node.routes.iter().find(named).copied() else { return };
        // The replicas' runs of one tick are about the same keys.
        let journey = Identity(node.streams.jobs.bits(Identity(tick as u64), 8 + u64::from(at)));
        let visit = self.new_visit(Incoming {
            identity: journey.child(u64::from(home.ordinal) ^ self.now.0),
            instance,
            route,
            context: Context { journey, user: 0, token: 0, population: NOBODY, debt: None },
            trace: TraceContext::default(),
            reply_to: ReplyTo::Nobody,
            message: None,
            link: None,
            payload: None,
            key: None,
        });
        self.arrive(visit);
    }
}
