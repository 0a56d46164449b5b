//! The network between a caller's replica and a callee's: time, loss, and what netem calls impairments. Knows packets,
//! not what they are about.

use super::bursts::Bursts;
use super::data::Part;
use super::emit::{ENVELOPE_BYTES, answer_bytes};
use super::flight::Context;
use super::ids::{InstanceId, LinkId, ZoneId};
use super::scoped::salt_of;
use super::slab::Key;
use super::{Simulation, dist};
use crate::random::Identity;
use crate::time::{Duration, SimTime};
use crate::world::{self, Dist, Partition, Reordering, Setting, Way};

/// Lanes of an arrow's network stream, for one packet. Latency has 0 and 1.
mod lane {
    pub const LOSS: u64 = 2;
    pub const ONE_WAY_LOSS: u64 = 3;
    pub const DUPLICATION: u64 = 4;
    pub const REORDERING: u64 = 5;
    pub const DELAY: u64 = 6;
    pub const LOOK_UP: u64 = 7;
    pub const BURST_LOSS: u64 = 8;
    /// Drawn for a turn of a network to good or bad, not for a packet.
    pub const TURN: u64 = 9;
}

/// The network: time one way, and packets that never arrive.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    pub latency: Dist,
    pub loss: f64,
    /// Whether there is more to look at: [`Impaired`], or what some users meet.
    pub impaired: bool,
}

/// What else the network does.
#[derive(Clone, Debug, Default)]
pub struct Impaired {
    pub request_loss: f64,
    pub response_loss: f64,
    pub bursts: Bursts,
    pub lookup_errors: f64,
    pub duplication: f64,
    pub reordering: Option<Reordering>,
    pub bandwidth: Option<u64>,
    pub partition: Option<Cut>,
    /// Until when the line is busy, there and back.
    busy_until: [SimTime; 2],
}

/// A partition, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub way: Way,
    pub zones: Option<(ZoneId, ZoneId)>,
}

impl Impaired {
    pub fn new(declared: &world::Impairments, zone: impl Fn(&str) -> ZoneId) -> Self {
        let cut = |partition: &world::Partition| Cut::new(partition, &zone);
        Impaired {
            request_loss: declared.request_loss,
            response_loss: declared.response_loss,
            bursts: Bursts::new(declared.burst_loss, SimTime::ZERO),
            lookup_errors: declared.lookup_errors,
            duplication: declared.duplication,
            reordering: declared.reordering,
            bandwidth: declared.bandwidth,
            partition: declared.partition.as_ref().map(cut),
            busy_until: [SimTime::ZERO; 2],
        }
    }

    /// Whether it does anything at all.
    pub fn is_on(&self) -> bool {
        self.request_loss > 0.0
            || self.response_loss > 0.0
            || self.bursts.policy.is_some()
            || self.lookup_errors > 0.0
            || self.duplication > 0.0
            || self.reordering.is_some()
            || self.bandwidth.is_some()
            || self.partition.is_some()
    }

    /// Another bandwidth from now on: what is in line leaves at the new rate. Answers what it was.
    fn set_bandwidth(&mut self, rate: Option<u64>, now: SimTime) -> Option<u64> {
        let before = std::mem::replace(&mut self.bandwidth, rate);
        for busy_until in &mut self.busy_until {
            let bytes = busy_until.since(now).as_secs_f64() * before.unwrap_or(0) as f64;
            let takes = rate.map_or(0.0, |rate| bytes / rate.max(1) as f64);
            *busy_until = now + Duration::from_secs_f64(takes);
        }
        before
    }

    /// Puts bytes on the line, behind those that are on it. Answers how long until the last one has left.
    fn transmit(&mut self, bytes: u32, is_answer: bool, now: SimTime) -> Duration {
        let Some(rate) = self.bandwidth else { return Duration::ZERO };
        let takes = Duration::from_secs_f64(f64::from(bytes) / rate.max(1) as f64);
        let busy_until = &mut self.busy_until[usize::from(is_answer)];
        *busy_until = now.max(*busy_until) + takes;
        busy_until.since(now)
    }
}

impl Cut {
    pub fn new(partition: &world::Partition, zone: impl Fn(&str) -> ZoneId) -> Cut {
        let zones = partition.zones.as_ref().map(|(from, to)| (zone(from), zone(to)));
        Cut { way: partition.way, zones }
    }

    fn cuts(&self, is_answer: bool, caller: Option<ZoneId>, callee: Option<ZoneId>) -> bool {
        let way = match self.way {
            Way::Both => true,
            Way::Request => !is_answer,
            Way::Response => is_answer,
        };
        way && self.zones.is_none_or(|(from, to)| caller == Some(from) && callee == Some(to))
    }
}

/// What crosses an arrow.
#[derive(Clone, Copy, Debug)]
pub enum Packet {
    /// A request or message, with the value that it carries.
    Request(Option<Part>),
    /// The answer of a visit; its identity is derived from the visit's.
    Answer(Key),
    /// An acknowledgement, or another answer without a body.
    Acknowledgement,
}

impl Simulation {
    /// A packet crosses an arrow between its caller and a replica of its callee. Answers how long it takes; None if it
    /// is lost.
    pub(super) fn cross(
        &mut self,
        link: LinkId,
        callee: InstanceId,
        (identity, context): (Identity, Context),
        packet: Packet,
    ) -> Option<Duration> {
        let arrow = self.fabric.side(link).arrow;
        let stream = self.plan.arrows[arrow.at()].streams.network;
        let mut network = self.fabric.network(link);
        let mut own_loss = None;
        if network.impaired {
            let is_answer = !matches!(packet, Packet::Request(_));
            own_loss = self.network_for(&mut network, link, context, is_answer);
        }
        if stream.chance(identity, lane::LOSS, network.loss) {
            return None;
        }
        let delay = dist::sample(&network.latency, stream, identity, 0);
        if !network.impaired {
            return Some(delay);
        }
        let is_answer = !matches!(packet, Packet::Request(_));
        let bytes = self.bytes_of(packet);
        let (from, to) = (self.zone_of(self.fabric.side(link).caller), self.zone_of(callee));
        let (now, ordinal) = (self.now, u64::from(self.fabric.home(self.fabric.side(link).caller).ordinal));
        let item = self.fabric.link(link);
        let impaired = &mut item.impaired;
        let one_way = own_loss.unwrap_or(if is_answer { impaired.response_loss } else { impaired.request_loss });
        let cut = impaired.partition.as_ref().is_some_and(|cut| cut.cuts(is_answer, from, to));
        if cut || stream.chance(identity, lane::ONE_WAY_LOSS, one_way) {
            return None;
        }
        let burst = impaired.bursts.loss(now, |turn| stream.unit(Identity(ordinal << 48 | turn), lane::TURN));
        if stream.chance(identity, lane::BURST_LOSS, burst) {
            return None;
        }
        let held = impaired.reordering.filter(|held| stream.chance(identity, lane::REORDERING, held.share));
        let extra = held.map_or(Duration::ZERO, |held| dist::sample(&held.delay, stream, identity, lane::DELAY));
        Some(delay + extra + impaired.transmit(bytes, is_answer, now))
    }

    /// Whether a partition keeps requests to a replica, or its answers, from their ends.
    pub(super) fn is_cut(&mut self, link: LinkId, callee: InstanceId) -> bool {
        let (from, to) = (self.zone_of(self.fabric.side(link).caller), self.zone_of(callee));
        let partition = self.fabric.link(link).impaired.partition.as_ref();
        partition.is_some_and(|cut| cut.cuts(false, from, to) || cut.cuts(true, from, to))
    }

    /// The network as a user meets it, if some meet another one. Answers the loss of the one way, if that is their own.
    fn network_for(&self, network: &mut Network, link: LinkId, context: Context, is_answer: bool) -> Option<f64> {
        let item = self.fabric.peek_link(link).filter(|item| !item.scoped.is_empty())?;
        let salt = salt_of(self.fabric.side(link).arrow);
        let find = |pick: &dyn Fn(&Setting) -> Option<f64>| item.scoped.find(&self.populations, context, salt, pick);
        let latency = item.scoped.find(&self.populations, context, salt, |to| match to {
            Setting::Latency(latency) => Some(*latency),
            _ => None,
        });
        let loss = find(&|to| if let Setting::Loss(loss) = to { Some(*loss) } else { None });
        network.latency = latency.unwrap_or(network.latency);
        network.loss = loss.unwrap_or(network.loss);
        find(&|to| match to {
            Setting::RequestLoss(loss) if !is_answer => Some(*loss),
            Setting::ResponseLoss(loss) if is_answer => Some(*loss),
            _ => None,
        })
    }

    /// Whether an attempt that opens a connection cannot look up the callee's name. Replicas that are known need no look-up.
    pub(super) fn look_up_fails(&mut self, link: LinkId, identity: Identity) -> bool {
        if !self.fabric.network(link).impaired {
            return false;
        }
        let stream = self.plan.arrows[self.fabric.side(link).arrow.at()].streams.network;
        let now = self.now;
        let link = self.fabric.link(link);
        let known = link.balancer.targets.as_ref().is_some_and(|targets| targets.is_fresh(now));
        !known && stream.chance(identity, lane::LOOK_UP, link.impaired.lookup_errors)
    }

    /// How much later a request arrives for a second time, if it does, and the identity of that second one.
    pub(super) fn duplicate(&mut self, link: LinkId, identity: Identity) -> Option<(Identity, Duration)> {
        let network = self.fabric.network(link);
        if !network.impaired {
            return None;
        }
        let stream = self.plan.arrows[self.fabric.side(link).arrow.at()].streams.network;
        let share = self.fabric.link(link).impaired.duplication;
        let again = identity.child(u64::MAX);
        let twice = stream.chance(identity, lane::DUPLICATION, share);
        twice.then(|| (again, dist::sample(&network.latency, stream, again, 0)))
    }

    fn bytes_of(&self, packet: Packet) -> u32 {
        match packet {
            Packet::Acknowledgement => ENVELOPE_BYTES,
            Packet::Request(payload) => answer_bytes(&self.plan, payload.as_slice(), false),
            Packet::Answer(visit) => self
                .visits
                .get(visit)
                .map_or(ENVELOPE_BYTES, |visit| answer_bytes(&self.plan, &visit.parts, visit.status >= 400)),
        }
    }

    /// Settings of what the network does besides taking time. Answers what it was before.
    pub(super) fn impair(&mut self, id: LinkId, to: &Setting) -> Option<Setting> {
        let (plan, now) = (self.plan.clone(), self.now);
        let link = self.fabric.link(id);
        let impaired = &mut link.impaired;
        let before = match to {
            Setting::RequestLoss(share) => Setting::RequestLoss(std::mem::replace(&mut impaired.request_loss, *share)),
            Setting::ResponseLoss(share) => {
                Setting::ResponseLoss(std::mem::replace(&mut impaired.response_loss, *share))
            }
            Setting::BurstLoss(to) => {
                let before = std::mem::replace(&mut impaired.bursts, Bursts::new(*to, now));
                Setting::BurstLoss(before.policy)
            }
            Setting::LookupErrors(share) => {
                Setting::LookupErrors(std::mem::replace(&mut impaired.lookup_errors, *share))
            }
            Setting::Duplication(share) => Setting::Duplication(std::mem::replace(&mut impaired.duplication, *share)),
            Setting::Reordering(held) => Setting::Reordering(std::mem::replace(&mut impaired.reordering, *held)),
            Setting::Bandwidth(rate) => Setting::Bandwidth(impaired.set_bandwidth(*rate, now)),
            Setting::Partition(partition) => {
                let cut = partition.as_ref().map(|partition| Cut::new(partition, |zone| plan.zone(zone)));
                let name = |zone: ZoneId| plan.zones.get(zone.at()).cloned().unwrap_or_default();
                let before = std::mem::replace(&mut impaired.partition, cut);
                Setting::Partition(
                    before.map(|cut| Partition {
                        way: cut.way,
                        zones: cut.zones.map(|(from, to)| (name(from), name(to))),
                    }),
                )
            }
            _ => return None,
        };
        link.network.impaired = link.impaired.is_on() || !link.scoped.is_empty();
        Some(before)
    }

    /// The zone of a replica, if its node has zones.
    pub(super) fn zone_of(&self, instance: InstanceId) -> Option<ZoneId> {
        let home = self.fabric.home(instance);
        let zones = &self.plan.nodes[home.node.at()].zones;
        (!zones.is_empty()).then(|| zones[usize::from(home.ordinal) % zones.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_wait_for_the_bytes_before_them() {
        let mut line = Impaired { bandwidth: Some(1000), ..Impaired::default() };
        let at = SimTime::from_millis;
        assert_eq!(line.transmit(500, false, at(0)), Duration::from_millis(500));
        assert_eq!(line.transmit(500, false, at(100)), Duration::from_millis(900), "400 ms behind the first");
        assert_eq!(line.transmit(100, true, at(100)), Duration::from_millis(100), "the way back is free");
        assert_eq!(line.transmit(100, false, at(2000)), Duration::from_millis(100));
        line.set_bandwidth(Some(10_000), at(2000));
        assert_eq!(
            line.transmit(100, false, at(2000)),
            Duration::from_millis(20),
            "100 bytes before it, ten times as fast"
        );
        line.set_bandwidth(None, at(2000));
        assert_eq!(line.transmit(100, false, at(2000)), Duration::ZERO);
    }

    #[test]
    fn a_partition_cuts_one_way_between_two_zones() {
        let (a, b) = (Some(ZoneId(0)), Some(ZoneId(1)));
        let cut = Cut { way: Way::Request, zones: Some((ZoneId(0), ZoneId(1))) };
        assert!(cut.cuts(false, a, b));
        assert!(!cut.cuts(true, a, b) && !cut.cuts(false, b, a) && !cut.cuts(false, a, None));
        let all = Cut { way: Way::Both, zones: None };
        assert!(all.cuts(false, None, None) && all.cuts(true, a, a));
    }
}
