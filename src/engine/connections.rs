//! Connections that stay open between calls. One leads to one replica for as long as it lives, whatever balancing,
//! discovery or scaling say since.

use super::Simulation;
use super::ids::{InstanceId, LinkId};
use crate::time::SimTime;
use crate::world::KeepAlive;

/// The open connections of an arrow's end that no call uses, the one used last at the end. A shared one stays here.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    policy: Option<Box<KeepAlive>>,
    open: Vec<Connection>,
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    target: InstanceId,
    opened: SimTime,
    used: SimTime,
}

impl Connection {
    fn is_closed(&self, policy: &KeepAlive, now: SimTime) -> bool {
        policy.max_age.is_some_and(|most| now.since(self.opened) >= most)
            || policy.idle.is_some_and(|most| now.since(self.used) >= most)
    }
}

impl Connections {
    pub fn new(policy: Option<KeepAlive>) -> Self {
        Connections { policy: policy.map(Box::new), open: Vec::new() }
    }

    /// How long they stay open, if they do.
    pub fn policy(&self) -> Option<KeepAlive> {
        self.policy.as_deref().copied()
    }

    /// Takes the connection that was used last: its replica, and since when it is open.
    fn take(&mut self, now: SimTime) -> Option<(InstanceId, SimTime)> {
        let policy = self.policy()?;
        while let Some(mut connection) = self.open.pop() {
            if connection.is_closed(&policy, now) {
                continue;
            }
            if policy.shared {
                connection.used = now;
                self.open.push(connection);
            }
            return Some((connection.target, connection.opened));
        }
        None
    }

    /// A new connection.
    pub fn opened(&mut self, target: InstanceId, now: SimTime) {
        if self.policy.as_ref().is_some_and(|policy| policy.shared) {
            self.open.push(Connection { target, opened: now, used: now });
        }
    }

    /// A call over a connection is over; what had an answer can be used again.
    pub fn put_back(&mut self, target: InstanceId, opened: SimTime, answered: bool, now: SimTime) {
        if answered && self.policy.as_ref().is_some_and(|policy| !policy.shared) {
            self.open.push(Connection { target, opened, used: now });
        }
    }

    /// A process that ends closes its connections.
    pub fn close_to(&mut self, target: InstanceId) {
        self.open.retain(|connection| connection.target != target);
    }

    /// The process of the caller ends.
    pub fn close_all(&mut self) {
        self.open.clear();
    }

    /// How many are open with a call, of which there are so many, and without one. A shared one carries them all.
    pub fn counts(&mut self, calls: u32, now: SimTime) -> (u32, u32) {
        let Some(policy) = self.policy() else { return (0, 0) };
        self.open.retain(|connection| !connection.is_closed(&policy, now));
        let kept = self.open.len() as u32;
        match policy.shared {
            true if calls > 0 => (kept, 0),
            true => (0, kept),
            false => (calls, kept),
        }
    }
}

impl Simulation {
    /// An open connection to a replica that runs, if the caller keeps any.
    pub(super) fn open_connection(&mut self, link: LinkId) -> Option<(InstanceId, SimTime)> {
        loop {
            let now = self.now;
            let (target, opened) = self.fabric.link(link).connections.take(now)?;
            // A process that ended closed all that it had.
            if self.fabric.is_up(target, now) && self.fabric.replica(target).process.started <= opened {
                return Some((target, opened));
            }
            self.fabric.link(link).connections.close_to(target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;
    use crate::world::Dist;

    fn policy(shared: bool) -> KeepAlive {
        let secs = |secs| Some(Duration::from_secs(secs));
        KeepAlive { setup: Dist::Const(Duration::ZERO), idle: secs(10), max_age: secs(60), shared }
    }

    #[test]
    fn a_connection_is_used_again_until_it_is_idle_or_old() {
        let (mut connections, target) = (Connections::new(Some(policy(false))), InstanceId(3));
        let at = SimTime::from_secs;
        connections.put_back(target, at(0), true, at(1));
        assert_eq!(connections.take(at(10)), Some((target, at(0))));
        assert_eq!(connections.take(at(10)), None, "it is in use");
        connections.put_back(target, at(0), true, at(10));
        assert_eq!(connections.take(at(20)), None, "idle for ten seconds");
        connections.put_back(target, at(0), true, at(59));
        assert_eq!(connections.take(at(60)), None, "a minute old");
        connections.put_back(target, at(60), false, at(61));
        assert_eq!(connections.take(at(61)), None, "no answer closed it");
    }

    #[test]
    fn a_shared_connection_serves_all_calls_at_once() {
        let (mut connections, target) = (Connections::new(Some(policy(true))), InstanceId(3));
        let at = SimTime::from_secs;
        connections.opened(target, at(0));
        assert!((0..3).all(|_| connections.take(at(5)) == Some((target, at(0)))));
        connections.put_back(target, at(0), false, at(6));
        assert_eq!((connections.counts(3, at(6)), connections.counts(0, at(6))), ((1, 0), (0, 1)));
        assert_eq!(connections.take(at(6)), Some((target, at(0))));
        connections.close_to(target);
        assert_eq!(connections.take(at(6)), None);
    }
}
